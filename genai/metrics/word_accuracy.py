"""Does a picture show the digit that words ask for? The share that a frozen classifier recognises.

Beside each score the two controls of `prompt_accuracy`: pictures of no caption, and the same ones held against another's.
"""

from __future__ import annotations

import numpy as np

from genai.data import DATASETS
from genai.metrics.class_accuracy import class_accuracy
from genai.metrics.context import FRESH, Context
from genai.metrics.features import space
from genai.metrics.scenes import draw_prompts


def measure(context: Context) -> list[dict]:
    """Captions of all ten digits in turn, picture i with seed i; one record a language."""
    n, records = context.count(500, 100_000, least=10), []
    labels = np.arange(n) % 10
    caption, network = DATASETS[context.meta.dataset].caption, space(context)
    free = network.look(draw_prompts(context, [""] * n, range(n)), "free pictures").predicted
    for language in ("en", "zh"):
        rng = np.random.default_rng([FRESH, language == "en"])
        texts = [caption(int(label), rng, language) for label in labels]
        seen = network.look(draw_prompts(context, texts, range(n)), f"pictures of words ({language})").predicted
        asked = seen.new_tensor(labels)
        records.append({
            "value": class_accuracy(seen, asked), "unit": "share", "key": language, "split": "test", "n": n,
            "language": language, "empty_caption": class_accuracy(free, asked),
            "shuffled_caption": class_accuracy(seen, asked.roll(1)), **network.record(),
        })  # fmt: skip
    return records
