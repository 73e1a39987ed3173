"""Copies? The distance of generated pictures to the nearest scene that training showed, beside that of fresh scenes.

Root mean square distance of pictures shrunk to 32x32. A model that repeats its training pictures scores far below 1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from genai.data import load_dataset
from genai.metrics.context import Context, progress
from genai.metrics.scenes import draw_prompts, prompts, render_scenes

TRAINING = 10_000  # of the scenes that training began with


def shrink(images: Tensor) -> Tensor:
    """uint8 [n, C, 64, 64] -> float [n, C * 32 * 32]."""
    return F.avg_pool2d(images.float(), 2).flatten(1)


def nearest(images: Tensor, training: Tensor) -> Tensor:
    """Distance of each image to the nearest of `training`, both [n, d] -> [n], in grey levels."""
    return torch.cdist(images, training).amin(1) / images.size(1) ** 0.5


def measure(context: Context) -> dict:
    count = context.count(100, 10_000)
    seed = context.meta.training.get("seed", 0)
    make = load_dataset(context.meta.dataset, "train", context.root).make
    steps = progress(range(0, TRAINING, 1000), "training scenes")
    training = torch.cat([shrink(make(seed, torch.arange(i, i + 1000).numpy())[0]) for i in steps])
    asked = prompts("seen", "en", count, full=True)
    made = nearest(shrink(draw_prompts(context, [p.caption.text for p in asked], [p.seed for p in asked])), training)
    fresh = nearest(shrink(render_scenes("seen", count)[0]), training)
    return {
        "value": (made.median() / fresh.median()).item(), "unit": "ratio", "split": "seen", "n": count,
        "training_scenes": TRAINING, "generated": round(made.median().item(), 2),
        "fresh": round(fresh.median().item(), 2), "least": round(made.min().item(), 2),
    }  # fmt: skip
