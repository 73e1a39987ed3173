"""What step s of a run is given: rows of the data and random numbers, both functions of (seed, s)."""

from __future__ import annotations

import numpy as np
import torch

from genai.data.read import Share, count_workers, reader
from genai.models.batch import Batch, Noise


def derive_seed(*parts: int) -> int:
    """One 32-bit seed from several numbers, well mixed."""
    return int(np.random.SeedSequence([p % 2**64 for p in parts]).generate_state(1)[0])


class Batches:
    """`batches(step)` -> this process's rows of the step's batch, on `device`; `batches.parts(step, n)`: in n parts.

    Args:
        batch_size: of all processes together.  rank, world: which share is ours.
        block_size: tokens a row, for text.  workers: processes that read ahead, see `data.read.count_workers`.
    """

    def __init__(self, data, batch_size: int, steps: int, seed: int, device: torch.device,
                 rank: int = 0, world: int = 1, block_size: int = 0, workers: int = -1):  # fmt: skip
        rows = batch_size // world
        self.share, self.device = Share(batch_size, steps, seed, rank * rows, rows), device
        self.read = reader(data, self.share, device, count_workers(workers, device, data, world), block_size)

    def __call__(self, step: int) -> Batch:
        (batch,) = self.parts(step, 1)
        return batch

    def still(self, step: int) -> Batch:
        """A batch to look at what was learned: nothing is dropped, and the schedules have come to their end."""
        batch = self(step)
        batch.noise.still, batch.progress = True, 1.0
        return batch

    def parts(self, step: int, count: int) -> list[Batch]:
        """Read once, then cut: each part is what a process with only these rows would have, its noise included."""
        share, (inputs, targets) = self.share, self.read(step)
        generator = torch.Generator(self.device).manual_seed(derive_seed(share.seed, 1, step))
        noises = Noise(generator, share.batch_size, share.first, share.rows).split(count)
        rows, progress = share.rows // count, step / max(1, share.steps)
        return [Batch(*part, step, progress) for part in zip(inputs.split(rows), targets.split(rows), noises)]
