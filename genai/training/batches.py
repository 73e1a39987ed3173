"""What step s of a run reads: a function of (seed, s), so resuming needs no saved random state, and any number of
processes agree on it without a word."""

from __future__ import annotations

import os
from functools import lru_cache, partial

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from genai.data import Images, LazyImages, Procedural, Text
from genai.models.batch import Batch, Noise


def derive_seed(*parts: int) -> int:
    """One 32-bit seed from several numbers, well mixed."""
    return int(np.random.SeedSequence([p % 2**64 for p in parts]).generate_state(1)[0])


@lru_cache(maxsize=2)
def epoch_order(length: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which an epoch visits the data."""
    return np.random.default_rng([seed, epoch]).permutation(length)


def epoch_indices(length: int, seed: int, start: int, count: int) -> np.ndarray:
    """Indices of samples start .. start + count of the endless shuffled stream."""
    positions = np.arange(start, start + count)
    epochs = positions // length
    return np.concatenate(
        [epoch_order(length, seed, int(e))[positions[epochs == e] % length] for e in np.unique(epochs)]
    )


def _share(length: int, seed: int, batch_size: int, mine: slice, step: int) -> np.ndarray:
    """Indices of one process's rows of a step's batch."""
    return epoch_indices(length, seed, step * batch_size, batch_size)[mine]


def _own_group(worker: int) -> None:
    """Ctrl-C and torchrun signal a whole process group: a reader leaves it, and lives until the loop has saved."""
    os.setpgrp()


class Batches:
    """`batches(step)` -> this process's rows of the step's batch, on `device`; `batches.parts(step, n)`: in n parts.

    Data that fits lives on the device, as uint8 or ids, and is indexed there. `LazyImages` stream through a DataLoader,
    `Procedural` data is made on the spot.

    Args:
        batch_size: of all processes together.  rank, world: which share is ours.
        block_size: tokens a row, for text.
    """

    def __init__(self, data, batch_size: int, steps: int, seed: int, device: torch.device,
                 rank: int = 0, world: int = 1, block_size: int = 0):  # fmt: skip
        self.data, self.batch_size, self.steps, self.seed, self.device = data, batch_size, steps, seed, device
        self.rows = batch_size // world
        self.first = rank * self.rows
        self.block_size = block_size
        self._mine = partial(_share, len(data), seed, batch_size, slice(self.first, self.first + self.rows))
        self._stream = None
        if isinstance(data, Text):
            self.ids = self._resident(data.ids)
        elif isinstance(data, Images):
            self.images, self.labels = self._resident(data.images), self._resident(data.labels)

    def __call__(self, step: int) -> Batch:
        (batch,) = self.parts(step, 1)
        return batch

    def parts(self, step: int, count: int) -> list[Batch]:
        """Read once, then cut: each part is what a process with only these rows would have, its noise included."""
        if isinstance(self.data, Text):
            inputs, targets = self._read_text(step)
        elif isinstance(self.data, LazyImages):
            inputs, targets = self._read_stream(step)
        elif isinstance(self.data, Procedural):
            inputs, targets = self._make(step)
        else:
            inputs, targets = self._read_images(step)
        generator = torch.Generator(self.device).manual_seed(derive_seed(self.seed, 1, step))
        noises = Noise(generator, self.batch_size, self.first, self.rows).split(count)
        rows, progress = self.rows // count, step / max(1, self.steps)
        return [Batch(*part, step, progress) for part in zip(inputs.split(rows), targets.split(rows), noises)]

    def _resident(self, tensor: Tensor) -> Tensor:
        """On the device if it takes less than a quarter of its free memory; else it stays where it is."""
        if self.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(self.device)
            if tensor.nbytes > free // 4:
                return tensor.pin_memory()
        return tensor.to(self.device)

    def _read_images(self, step: int) -> tuple[Tensor, Tensor]:
        index = torch.from_numpy(self._mine(step)).to(self.images.device)
        return (t[index].to(self.device, non_blocking=True) for t in (self.images, self.labels))

    def _make(self, step: int) -> tuple[Tensor, Tensor]:
        """Samples that nobody has seen before: their numbers only count on."""
        start = step * self.batch_size + self.first
        made = self.data.make(self.seed, np.arange(start, start + self.rows))
        return tuple(t.to(self.device, non_blocking=True) for t in made)

    def _read_text(self, step: int) -> tuple[Tensor, Tensor]:
        """Blocks that start anywhere: inputs [B, T] and the same shifted by one."""
        starts = np.random.default_rng([self.seed, 2, step]).integers(
            len(self.data) - self.block_size, size=self.batch_size
        )
        starts = torch.from_numpy(starts[self.first : self.first + self.rows])
        index = (starts[:, None] + torch.arange(self.block_size + 1)).to(self.ids.device)
        block = self.ids[index].to(self.device, torch.int64, non_blocking=True)  # [B, T + 1]
        return block[:, :-1], block[:, 1:]

    def _read_stream(self, step: int) -> tuple[Tensor, Tensor]:
        if self._stream is None:  # starts where the run (re)starts
            mine = self._mine  # `self` in here would be a cycle, and readers would outlive their last reference
            order = (mine(s).tolist() for s in range(step, self.steps))
            loader = DataLoader(
                self.data, batch_sampler=order, num_workers=2, prefetch_factor=4, worker_init_fn=_own_group
            )
            self._stream = iter(loader)
        try:
            batch = next(self._stream)
        except Exception:
            for index in self._mine(step):  # an error loses its words on the way from a worker: meet it here
                self.data[index]
            raise
        return tuple(t.to(self.device, non_blocking=True) for t in batch)
