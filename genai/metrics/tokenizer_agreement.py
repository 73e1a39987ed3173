"""What survives the image tokens: does the judge see in a reconstruction what it sees in the scene itself?"""

from __future__ import annotations

import torch

from genai.data import scenes
from genai.generation.images import to_uint8
from genai.metrics.context import Context
from genai.metrics.scenes import ask_judge, judge_name, render_scenes
from genai.models.text2image import Text2Image


def measure(context: Context) -> dict:
    """Fresh scenes of all combinations; `whole` is the share of pictures in which every attribute survives."""
    images, _ = render_scenes("all", context.count(2_000, 1_000_000))
    tokenizer = context.model.tokenizer if isinstance(context.model, Text2Image) else context.model
    with torch.inference_mode():
        parts = [to_uint8(tokenizer.decode(tokenizer.encode(part.to(context.device)))) for part in images.split(100)]
    made = torch.cat([torch.from_numpy(part).permute(0, 3, 1, 2) for part in parts])
    before, after = ask_judge(context, images)[0], ask_judge(context, made)[0]
    same = [{name: a[name] == b[name] for name in scenes.ATTRIBUTES} for a, b in zip(before, after)]
    each = {name: sum(row[name] for row in same) / len(same) for name in scenes.ATTRIBUTES}
    error = (images.float() - made.float()).div(255).square().mean()
    return {
        "value": sum(each.values()) / len(each), "unit": "share", "split": "all", "n": len(same),
        "attributes": {name: round(v, 4) for name, v in each.items()},
        "whole": sum(all(row.values()) for row in same) / len(same),
        "psnr": round(float(-10 * error.log10()), 2), "judge": judge_name(context),
    }  # fmt: skip
