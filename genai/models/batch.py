"""What a training step hands to `model.losses`: data, and the only randomness that losses may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


class Noise:
    """Random numbers for some rows of the global batch.

    Every process draws the numbers of the whole batch and keeps its own rows, so a step does not depend on how many
    processes share it. The generator is re-seeded from (seed, step) each step: nothing needs saving to resume.

    Args:
        generator: seeded for this step, on the device where the numbers are wanted.
        total: rows of the global batch.  start, rows: which of them are ours.
    """

    def __init__(self, generator: torch.Generator, total: int, start: int = 0, rows: int | None = None):
        self.generator, self.total, self.start = generator, total, start
        self.rows = total if rows is None else rows
        self.still = False  # whether nothing is dropped: what was learned is looked at
        self._turn, self._drawn, self._sharers = 0, {}, 1

    def split(self, count: int) -> list[Noise]:
        """One Noise for each of `count` equal parts of the rows. What one part has drawn the others take from it."""
        rows, drawn = self.rows // count, {}
        parts = [Noise(self.generator, self.total, self.start + i * rows, rows) for i in range(count)]
        for part in parts:
            part._drawn, part._sharers = drawn, count
        return parts

    def _mine(self, make: Callable[[], Tensor]) -> Tensor:
        """Our rows of the step's next draw, [total, ...]; kept until every sharer has had it."""
        turn, self._turn = self._turn, self._turn + 1
        whole, left = self._drawn.pop(turn, None) or (make(), self._sharers)
        if left > 1:
            self._drawn[turn] = (whole, left - 1)
        return whole[self.start : self.start + self.rows]

    def normal(self, *shape: int) -> Tensor:
        """[rows, *shape], standard normal."""
        g = self.generator
        return self._mine(lambda: torch.randn(self.total, *shape, generator=g, device=g.device))

    def uniform(self, *shape: int) -> Tensor:
        """[rows, *shape], uniform in [0, 1)."""
        g = self.generator
        return self._mine(lambda: torch.rand(self.total, *shape, generator=g, device=g.device))

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """[rows, *shape], int64, uniform in [low, high)."""
        g = self.generator
        return self._mine(lambda: torch.randint(low, high, (self.total, *shape), generator=g, device=g.device))

    def kept(self, p: float, *shape: int) -> Tensor:
        """[rows, *shape]: 0 for a share p, else 1. What `dropout` keeps, for whoever is not `still`."""
        g = self.generator
        return self._mine(lambda: torch.empty(self.total, *shape, device=g.device).bernoulli_(1 - p, generator=g))

    def dropout(self, x: Tensor, p: float) -> Tensor:
        """x [rows, ...] with a share p of its entries zeroed and the rest scaled by 1 / (1 - p)."""
        return dropout(x, self.kept(p, *x.shape[1:]), p) if p and not self.still else x


def dropout(x: Tensor, kept: Tensor, p: float) -> Tensor:
    """x with what was drawn to be `kept` scaled by 1 / (1 - p), and nothing else."""
    return x * kept.to(x.dtype) / (1 - p)


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
