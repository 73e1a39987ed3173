"""Coverage (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models", section 3).

Which share of the real images has a generated one nearby? Dropped modes show here first, where a loss curve
and the accuracy of the classes stay pretty.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from genai.metrics import pictures
from genai.metrics.context import Context, progress
from genai.metrics.features import Space, in_each

K = 5
EXACT = "donot_use_mm_for_euclid_dist"  # the matrix product's shortcut cancels digits between near neighbours
ROWS = 500  # real points at a time: 500 x 10,000 distances are 20 MB


def coverage(real: Tensor, fake: Tensor, k: int = K) -> float:
    """Share in [0, 1] of real points with a fake point nearer than their k-th nearest real neighbour.

    Equal distributions and counts give 1 - 2^-k in the limit (0.969 for k = 5), not 1; more fake points than real ones
    give more.

    Args:
        real: features [N, F], N > k.  fake: features [M, F].
        k: which neighbour, the point itself not counted.
    """
    return sum(int(inside.any(1).sum()) for inside in neighbourhoods(real, fake, k)) / len(real)


def neighbourhoods(real: Tensor, fake: Tensor, k: int) -> Iterator[Tensor]:
    """Which fake points lie nearer to a real one than its k-th nearest real neighbour: bool [rows, M], some rows at a time."""
    for start in progress(range(0, len(real), ROWS), "neighbourhoods"):
        points = real[start : start + ROWS]
        among = torch.cdist(points, real, compute_mode=EXACT)  # [rows, N]
        rows = torch.arange(len(points))
        among[rows, start + rows] = torch.inf  # a point is not its own neighbour
        radius = among.kthvalue(k, dim=1).values
        yield torch.cdist(points, fake, compute_mode=EXACT) < radius[:, None]


def measure(context: Context) -> list[dict]:
    """The samples against the test images; `ceiling`: other real images against the same, which a model cannot beat."""
    return in_each(
        context, lambda space: _record(context, space) | {"truncation_psi": context.model.config.truncation_psi}
    )


def measure_prior(context: Context) -> list[dict]:
    """The same of a VAE's samples; `normal`: of N(0, I) in its learned prior's place."""

    def record(space: Space) -> dict:
        normal = pictures.normal_samples(context, space).features
        return _record(context, space) | {
            "normal": coverage(pictures.real(context, space).features, normal),
            "pixels": "means",
        }

    return in_each(context, record)


def _record(context: Context, space: Space) -> dict:
    real, others = pictures.real(context, space).features, pictures.others(context, space).features
    drawn = pictures.samples(context, space).features
    return {
        "value": coverage(real, drawn), "unit": "share", "split": context.held_out, "n": len(real), "samples": len(drawn),
        "ceiling": coverage(real, others), "ceiling_n": len(others), "ceiling_split": context.about.unseen, "k": K,
    }  # fmt: skip
