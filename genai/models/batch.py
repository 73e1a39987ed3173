"""What a training step hands to `model.losses`: data, and the only randomness that losses may use."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


class Noise:
    """Random numbers for this process's rows of the global batch.

    Every process draws the numbers of the whole batch and keeps its own rows, so a step does not depend on how many
    processes share it. The generator is re-seeded from (seed, step) each step: nothing needs saving to resume.

    Args:
        generator: seeded for this step, on the device where the numbers are wanted.
        total: rows of the global batch.  start, rows: which of them are ours.
    """

    def __init__(self, generator: torch.Generator, total: int, start: int = 0, rows: int | None = None):
        self.generator, self.total, self.start = generator, total, start
        self.rows = total if rows is None else rows

    def _mine(self, whole: Tensor) -> Tensor:
        return whole[self.start : self.start + self.rows]

    def normal(self, *shape: int) -> Tensor:
        """[rows, *shape], standard normal."""
        g = self.generator
        return self._mine(torch.randn(self.total, *shape, generator=g, device=g.device))

    def uniform(self, *shape: int) -> Tensor:
        """[rows, *shape], uniform in [0, 1)."""
        g = self.generator
        return self._mine(torch.rand(self.total, *shape, generator=g, device=g.device))

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """[rows, *shape], int64, uniform in [low, high)."""
        g = self.generator
        return self._mine(torch.randint(low, high, (self.total, *shape), generator=g, device=g.device))

    def dropout(self, x: Tensor, p: float) -> Tensor:
        """x [rows, ...] with a share p of its entries zeroed and the rest scaled by 1 / (1 - p)."""
        if p == 0:
            return x
        g = self.generator
        keep = torch.empty(self.total, *x.shape[1:], device=x.device).bernoulli_(1 - p, generator=g)
        return x * self._mine(keep).to(x.dtype).div_(1 - p)


@dataclass
class Batch:
    """One process's share of one training step.

    inputs: images uint8 [B, C, H, W], or token ids int64 [B, T].
    targets: class labels int64 [B], or next tokens int64 [B, T].
    noise: the step's random numbers, for these rows.
    step: counts from 0.  progress: step / steps, in [0, 1): schedules depend on it.
    """

    inputs: Tensor
    targets: Tensor
    noise: Noise
    step: int
    progress: float
