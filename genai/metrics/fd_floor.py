"""The Fréchet distance from real training to real test images: what a perfect generator would score."""

from __future__ import annotations

from genai.generation.noise import sample_generator
from genai.metrics.context import Context
from genai.metrics.fd import frechet_distance

SEED = 0


def measure(context: Context) -> dict:
    """10,000 training images, drawn without replacement by SEED, against 10,000 test images."""
    train, real = context.images("train").images, context.real
    chosen = sample_generator(SEED).permutation(len(train))[: context.image_count]
    others = context.classified(train[chosen], "training images")
    value = frechet_distance(real.features, others.features)
    name, n = context.classifier_name, len(others.features)
    return {
        "value": value,
        "unit": "squared features",
        "split": "test",
        "n": n,
        "against": "train",
        "features": name,
        "seed": SEED,
    }
