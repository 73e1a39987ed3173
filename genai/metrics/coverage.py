"""Coverage (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative Models").

Which share of the real images has a generated one nearby? Dropped modes show here first, where a loss curve
and the accuracy of the classes stay pretty.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genai.metrics import pictures
from genai.metrics.context import Context, progress
from genai.metrics.features import Seen, space

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
    """10,000 test images against 10,000 samples; `ceiling`: against 10,000 other real images, which a model cannot beat."""
    return _record(context, pictures.samples(context)) | {"truncation_psi": context.model.config.truncation_psi}


def measure_prior(context: Context) -> dict:
    """The same of a VAE's samples; `normal`: of N(0, I) in its learned prior's place."""
    normal = coverage(pictures.real(context).features, pictures.normal_samples(context).features)
    return _record(context, pictures.samples(context)) | {"normal": normal, "pixels": "means"}


def _record(context: Context, drawn: Seen) -> dict:
    real, others = pictures.real(context).features, pictures.others(context).features
    return {
        "value": coverage(real, drawn.features), "unit": "share", "split": context.held_out, "n": len(drawn.features),
        "ceiling": coverage(real, others), "ceiling_n": len(others), "ceiling_split": context.about.unseen, "k": K,
        **space(context).record(),
    }  # fmt: skip
