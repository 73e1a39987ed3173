"""Kernel distance between generated and real images (Binkowski et al. 2018, "Demystifying MMD GANs"), in a network's features.

KID is its name in Inception's features, which these are not. Unlike the Fréchet distance its expectation does not depend on
how many images there are, and it comes with a standard error.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genai.metrics import pictures
from genai.metrics.context import Context
from genai.metrics.features import Space, in_each

BLOCKS = 10
SEED = 0  # of the order in which images are dealt to blocks


def mmd(x: Tensor, y: Tensor) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy (Gretton et al. 2012, lemma 6) under the kernel (x . y / F + 1)^3
    of features float64 [N, F] and [M, F]; now and then below 0, where there is none."""
    xx, yy, xy = ((a @ b.T / x.size(1) + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    n, m = len(x), len(y)
    within_x = (xx.sum() - xx.trace()) / (n * (n - 1))
    within_y = (yy.sum() - yy.trace()) / (m * (m - 1))
    return (within_x + within_y - 2 * xy.mean()).item()


def kernel_distance(real: Tensor, fake: Tensor, blocks: int = BLOCKS) -> tuple[float, float]:
    """The mean of `mmd` over blocks that share no image, and its standard error, of features [N, F] and [M, F], N and M >= 4."""
    count = min(blocks, len(real) // 2, len(fake) // 2)
    # Sample i may be asked for test image i's class, and pairs that are alike bias the estimate: of as many, no block holds both.
    x, y = (t[torch.randperm(len(t), generator=torch.Generator().manual_seed(SEED))].double() for t in (real, fake))
    each = torch.tensor([mmd(x[i::count], y[(i + 1) % count :: count]) for i in range(count)])
    return each.mean().item(), (each.std() / count**0.5).item()


def measure(context: Context) -> list[dict]:
    """The samples against the test images; `floor`: other real images against the same."""

    def record(space: Space) -> dict:
        real, drawn = pictures.real(context, space).features, pictures.samples(context, space).features
        others = pictures.others(context, space).features
        (value, error), (floor, floor_error) = kernel_distance(real, drawn), kernel_distance(real, others)
        return {
            "value": value, "unit": "squared mean discrepancy", "error": error, "split": context.held_out, "n": len(real),
            "samples": len(drawn), "floor": floor, "floor_error": floor_error, "floor_n": len(others),
            "floor_split": context.about.unseen, "truncation_psi": context.model.config.truncation_psi,
        }  # fmt: skip

    return in_each(context, record)
