"""What deciding many tokens at once costs and saves: the same weights in every order, "raster" being autoregressive.

A raster drawing decides the tokens one by one, row by row, each given all before it, as DALL-E's transformer does; the others
decide them in a few rounds.
"""

from __future__ import annotations

import time

from genai.data.scenes.match import right
from genai.generation.text2image import STEPS
from genai.metrics.context import Context
from genai.metrics.scenes import ask_judge, draw_prompts, judge_name, prompts
from genai.models.text2image import ORDERS


def measure(context: Context) -> list[dict]:
    """The first captions of `prompt_accuracy` (seen, English), one sample; `seconds_a_picture` in batches on this machine."""
    asked = prompts("seen", "en", context.count(100, 100_000))
    texts, seeds = [p.caption.text for p in asked], [p.seed for p in asked]
    records = []
    for order in ORDERS:
        start = time.perf_counter()
        images = draw_prompts(context, texts, seeds, order)
        spent = time.perf_counter() - start
        answers, _ = ask_judge(context, images)
        records.append({
            "value": sum(right(p.caption, a) for p, a in zip(asked, answers)) / len(asked), "unit": "share", "key": order,
            "split": "seen", "language": "en", "order": order, "n": len(asked),
            "rounds": context.model.tokens if order == "raster" else STEPS,
            "seconds_a_picture": round(spent / len(asked), 4), "judge": judge_name(context),
        })  # fmt: skip
    return records
