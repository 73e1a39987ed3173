"""Density (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", section 3).

How many real neighbourhoods a sample lies in, on average, beside how many it should: about 1 for real images. Nobody has to
be varied for it: a model that repeats one typical picture scores high. Read it beside `coverage`.
"""

from __future__ import annotations

from torch import Tensor

from genai.metrics import pictures
from genai.metrics.context import Context
from genai.metrics.coverage import K, neighbourhoods
from genai.metrics.features import Space, in_each


def density(real: Tensor, fake: Tensor, k: int = K) -> float:
    """From 0 up: the mean over fake points [M, F] of how many real ones [N, F] have their k-th neighbour farther off, over k."""
    return sum(int(inside.sum()) for inside in neighbourhoods(real, fake, k)) / (k * len(fake))


def measure(context: Context) -> list[dict]:
    """The samples among the test images; `real`: other real images among the same."""

    def record(space: Space) -> dict:
        real, drawn = pictures.real(context, space).features, pictures.samples(context, space).features
        others = pictures.others(context, space).features
        return {
            "value": density(real, drawn), "unit": "neighbourhoods", "split": context.held_out, "n": len(real),
            "samples": len(drawn), "real": density(real, others), "real_n": len(others),
            "real_split": context.about.unseen, "k": K, "truncation_psi": context.model.config.truncation_psi,
        }  # fmt: skip

    return in_each(context, record)
