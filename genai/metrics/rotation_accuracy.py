"""Can a network that learned which way up pictures are tell it of pictures that it never saw?

The task is only the way to the features (Gidaris et al. 2018); where it is hardly solved, the features see little.
"""

from __future__ import annotations

import torch

from genai.metrics import pictures
from genai.metrics.class_accuracy import class_accuracy
from genai.metrics.context import CHUNK, Context, progress
from genai.models.features import TURNS


def measure(context: Context) -> dict:
    """All four turns of each test picture; guessing scores 0.25."""
    images = pictures.real_images(context)
    right = 0.0
    for part in progress(images.split(CHUNK), "turning"):
        for k in range(TURNS):
            predicted = context.model.classify(part.rot90(k, (2, 3)))[1].cpu()
            right += class_accuracy(predicted, torch.full_like(predicted, k)) * len(part)
    return {
        "value": right / len(images) / TURNS,
        "unit": "share",
        "split": context.held_out,
        "n": len(images),
        "turns": TURNS,
    }
