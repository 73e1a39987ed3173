"""Accuracy of a classifier on the test set: how far its verdicts on generated images can be trusted."""

from __future__ import annotations

from genai.metrics.class_accuracy import class_accuracy
from genai.metrics.context import CHUNK, Context, progress


def measure(context: Context) -> dict:
    """The first n test images (default 10,000)."""
    n = context.count(10_000, len(context.test))
    images, labels = context.pictures(context.held_out, range(n))
    chunks = zip(progress(images.split(CHUNK), "classifying"), labels.split(CHUNK))
    correct = sum(class_accuracy(context.model.classify(x)[1].cpu(), y) * len(y) for x, y in chunks)
    return {"value": correct / n, "unit": "share", "split": context.held_out, "n": n}
