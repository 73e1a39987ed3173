"""Coverage (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models").

Which share of the real images has a generated one nearby? Dropped modes show here first, where a loss curve
and the accuracy of the classes stay pretty.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genai.metrics.context import Context, progress

K = 5
EXACT = "donot_use_mm_for_euclid_dist"  # the matrix product's shortcut cancels digits between near neighbours
ROWS = 500  # real points at a time: 500 x 10,000 distances are 20 MB


def coverage(real: Tensor, fake: Tensor, k: int = K) -> float:
    """Share in [0, 1] of real points with a fake point nearer than their k-th nearest real neighbour.

    Equal distributions and counts give 1 - 2^-k in the limit (0.969 for k = 5), not 1.

    Args:
        real: features [N, F], N > k.  fake: features [M, F].
        k: which neighbour, the point itself not counted.
    """
    covered = 0
    for start in progress(range(0, len(real), ROWS), "coverage"):
        points = real[start : start + ROWS]
        among = torch.cdist(points, real, compute_mode=EXACT)  # [rows, N]
        rows = torch.arange(len(points))
        among[rows, start + rows] = torch.inf  # a point is not its own neighbour
        radius = among.kthvalue(k, dim=1).values
        nearest = torch.cdist(points, fake, compute_mode=EXACT).amin(1)
        covered += int((nearest < radius).sum())
    return covered / len(real)


def measure(context: Context) -> dict:
    """10,000 test images against 10,000 samples, in the classifier's features."""
    real, fake = context.real.features, context.fake.features
    value = coverage(real, fake)
    return {
        "value": value,
        "unit": "share",
        "split": "test",
        "n": len(fake),
        "features": context.classifier_name,
        "truncation_psi": context.model.config.truncation_psi,
        "k": K,
    }
