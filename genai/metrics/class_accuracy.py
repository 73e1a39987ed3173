"""Does a conditional GAN draw the class it was asked for? The share that a frozen classifier recognises.

It rewards clean, typical samples and says nothing about variety: read it beside `coverage`.
"""

from __future__ import annotations

from torch import Tensor

from genai.metrics import pictures
from genai.metrics.context import Context
from genai.metrics.features import space


def class_accuracy(predicted: Tensor, labels: Tensor) -> float:
    """Share in [0, 1] of predicted classes int64 [n] that equal labels int64 [n]."""
    return (predicted == labels).double().mean().item()


def measure(context: Context) -> dict:
    """As many samples as test images, sample i with seed i and the class of test image i."""
    predicted = pictures.samples(context, space(context)).predicted
    return {
        "value": class_accuracy(predicted, pictures.labels(context, range(len(predicted)))),
        "unit": "share", "split": context.held_out, "n": len(predicted), **space(context).record(),
        "truncation_psi": context.model.config.truncation_psi,
    }  # fmt: skip
