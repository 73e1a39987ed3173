"""What survives the image tokens: does the judge see in a reconstruction what it sees in the scene itself?"""

from __future__ import annotations

from genai.data import scenes
from genai.metrics.context import Context
from genai.metrics.psnr import psnr
from genai.metrics.reconstructions import by_tokens
from genai.metrics.scenes import ask_judge, judge_name, render_scenes
from genai.models.text2image import Text2Image


def measure(context: Context) -> dict:
    """Fresh scenes of all combinations; `whole` is the share of pictures in which every attribute survives."""
    images, _ = render_scenes("all", context.count(2_000, 1_000_000))
    tokenizer = context.model.tokenizer if isinstance(context.model, Text2Image) else context.model
    made = by_tokens(tokenizer, images, context.device)
    before, after = ask_judge(context, images)[0], ask_judge(context, made)[0]
    same = [{name: a[name] == b[name] for name in scenes.ATTRIBUTES} for a, b in zip(before, after)]
    each = {name: sum(row[name] for row in same) / len(same) for name in scenes.ATTRIBUTES}
    return {
        "value": sum(each.values()) / len(each), "unit": "share", "split": "all", "n": len(same),
        "attributes": {name: round(v, 4) for name, v in each.items()},
        "whole": sum(all(row.values()) for row in same) / len(same),
        "psnr": round(psnr(images, made), 2), "judge": judge_name(context),
    }  # fmt: skip
