"""Which ways to go from a picture: directions in the latent space that a person can tell apart."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

COUNT = 10
CANDIDATES = 40  # principal components that are looked at, the widest
FROM = 32  # pictures that each is tried on


def principal_directions(mu: Tensor, decode: Callable[[Tensor], Tensor], count: int = COUNT) -> dict:
    """Principal components of the encodings mu [N, latents], of which the `count` are kept that change a picture most.

    A single latent of many says little, and the widest component need not be seen. So each is tried: from pictures on, two
    standard deviations down and up, and what counts is how far apart the two are, in mean absolute pixels; up is lighter.

    Returns plain numbers, rounded: mean [latents]; axes [count][latents], orthonormal; deviations [count], of the encodings
    along each; changes [count], how far apart the two pictures are, of 1, falling.
    """
    centre = mu.mean(0)
    variances, axes = torch.linalg.eigh(torch.cov(mu.T.double(), correction=0).view(mu.size(1), -1).cpu())  # rising
    most = min(CANDIDATES, mu.size(1))
    axes = axes.T.flip(0)[:most].to(mu)  # [most, latents]
    deviations = variances.flip(0)[:most].clamp(min=0).sqrt().to(mu)
    starts = mu[:: max(1, len(mu) // FROM)][:FROM]
    changes = []
    for i in range(most):
        step = 2 * deviations[i] * axes[i]
        down, up = decode(starts - step), decode(starts + step)
        if up.mean() < down.mean():
            axes[i] = -axes[i]
        changes.append((up - down).abs().mean())
    changes = torch.stack(changes)
    kept = changes.argsort(descending=True)[:count]
    return {
        "mean": _rounded(centre), "axes": [_rounded(axis) for axis in axes[kept]],
        "deviations": _rounded(deviations[kept]), "changes": _rounded(changes[kept]),
    }  # fmt: skip


def _rounded(values: Tensor) -> list[float]:
    return [round(v, 4) for v in values.tolist()]
