"""Readers: what step s of a run reads, on its device. One for each kind of data:

resident  `Images` and `Text` live on the device, as uint8 or ids, and are indexed there
streamed  `LazyImages` are decoded by worker processes, some steps ahead
made      `Procedural` samples are rendered by worker processes, some steps ahead, or on the spot

A step's rows are a function of (seed, s), so resuming needs no saved random state, and any number of processes and workers
agree on them without a word.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from genai.data.base import LazyImages, Procedural, Text

Rows = tuple[Tensor, Tensor]  # inputs and targets
PREFETCH = 3  # steps that each worker is ahead
MOST_WORKERS = 8


@dataclass(frozen=True)
class Share:
    """Which rows of each step's batch are read: `rows` of them, from `first` on, of `batch_size` in all."""

    batch_size: int
    steps: int
    seed: int
    first: int
    rows: int

    def of_epochs(self, length: int, step: int) -> np.ndarray:
        """Indices of a step's rows, where each epoch visits all `length` samples in an order of its own."""
        return epoch_indices(length, self.seed, step * self.batch_size + self.first, self.rows)

    def in_order(self, step: int) -> np.ndarray:
        """Numbers of a step's rows, where there is no end of samples: they only count on."""
        start = step * self.batch_size + self.first
        return np.arange(start, start + self.rows)

    def anywhere(self, length: int, step: int) -> np.ndarray:
        """Places in [0, length) of a step's rows, drawn at random."""
        drawn = np.random.default_rng([self.seed, 2, step]).integers(length, size=self.batch_size)
        return drawn[self.first : self.first + self.rows]


def reader(data, share: Share, device: torch.device, workers: int = 0, block_size: int = 0) -> Callable[[int], Rows]:
    """A function from a step's number to this share's inputs and targets, on `device`.

    workers: processes that read ahead, for what is not resident.  block_size: tokens of a row, for text.
    """
    if isinstance(data, Text):
        return _Blocks(data.ids, share, device, block_size)
    if isinstance(data, LazyImages):
        return _Ahead(_Streamed(data, share), share.steps, device, workers)
    if isinstance(data, Procedural):
        return _Ahead(_Made(data, share), share.steps, device, workers)
    return _Resident(data, share, device)


def count_workers(wanted: int, device: torch.device, data, world: int = 1) -> int:
    """How many worker processes read ahead; `wanted` of -1 leaves it to the machine.

    A GPU leaves the cores to them. On a CPU they get the cores that the model's threads leave: to decode pictures, two at least.
    """
    if wanted >= 0:
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    free = cores // world - (1 if device.type == "cuda" else torch.get_num_threads())
    least = 2 if isinstance(data, LazyImages) else 1 if device.type == "cuda" else 0
    return min(MOST_WORKERS, max(least, free))


class _Resident:
    """Images and labels on the device."""

    def __init__(self, data, share: Share, device: torch.device):
        self.images, self.labels = _placed(data.images, device), _placed(data.labels, device)
        self.share, self.device = share, device

    def __call__(self, step: int) -> Rows:
        index = sent(torch.from_numpy(self.share.of_epochs(len(self.images), step)), self.images.device)
        return tuple(sent(t[index], self.device) for t in (self.images, self.labels))


class _Blocks:
    """Blocks of a text that start anywhere: inputs [B, T] and the same shifted by one."""

    def __init__(self, ids: Tensor, share: Share, device: torch.device, block_size: int):
        self.ids, self.share, self.device, self.block_size = _placed(ids, device), share, device, block_size

    def __call__(self, step: int) -> Rows:
        starts = torch.from_numpy(self.share.anywhere(len(self.ids) - self.block_size, step))
        index = sent(starts[:, None] + torch.arange(self.block_size + 1), self.ids.device)
        block = sent(self.ids[index], self.device).to(torch.int64)  # [B, T + 1]
        return block[:, :-1], block[:, 1:]


class _Streamed(Dataset):
    """Step -> its rows, each decoded."""

    def __init__(self, data: LazyImages, share: Share):
        self.data, self.share = data, share

    def __getitem__(self, step: int) -> Rows:
        rows = [self.data[i] for i in self.share.of_epochs(len(self.data), step)]
        return tuple(torch.stack(part) for part in zip(*rows))


class _Made(Dataset):
    """Step -> its rows, each made: samples that nobody has seen before."""

    def __init__(self, data: Procedural, share: Share):
        self.data, self.share = data, share

    def __getitem__(self, step: int) -> Rows:
        return self.data.make(self.share.seed, self.share.in_order(step))


class _Ahead:
    """Steps of `source`, read ahead by worker processes as long as one follows the other; with no workers, on the spot.

    Workers hand their steps over in shared memory, of which containers often have little: there are no more of them than it
    has room for.
    """

    def __init__(self, source: Dataset, steps: int, device: torch.device, workers: int):
        self.source, self.steps, self.device, self.workers = source, steps, device, workers
        self.stream: Iterator[Rows] | None = None
        self.next = -1  # the step that the stream yields next

    def __call__(self, step: int) -> Rows:
        rows = self._read(step) if self.workers else self.source[step]
        return tuple(sent(t, self.device) for t in rows)

    def _read(self, step: int) -> Rows:
        if step != self.next:  # the first one, or another than is being read
            return self._start(step)
        self.next += 1
        try:
            return next(self.stream)
        except Exception:
            self.source[step]  # an error loses its words on the way from a worker: meet it here
            raise

    def _start(self, step: int) -> Rows:
        """This step's rows, read here, and workers that go on from the next one."""
        rows, later = self.source[step], range(step + 1, self.steps)
        workers = min(self.workers, _room(sum(t.nbytes for t in rows)))
        if workers and later:
            loader = DataLoader(
                self.source, batch_size=None, sampler=later, num_workers=workers, prefetch_factor=PREFETCH,
                worker_init_fn=_begin, pin_memory=self.device.type == "cuda",
            )  # fmt: skip
            self.stream, self.next = iter(loader), step + 1
        return rows


def _begin(worker: int) -> None:
    """Ctrl-C and torchrun signal a whole process group: a worker leaves it, and lives until the loop has saved."""
    os.setpgrp()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not the loop's handler, which only raises a flag


def _room(step_bytes: int) -> int:
    """For how many workers half of the free shared memory suffices."""
    try:
        free = shutil.disk_usage("/dev/shm").free
    except OSError:  # no such place: nobody limits it
        return MOST_WORKERS
    return int(free / 2 / (PREFETCH + 1) / step_bytes)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """On `device`, or on its way there: from pinned memory, of which a GPU fetches it when it comes to that. From any other it
    is waited for, and for all that was queued before it."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def _placed(tensor: Tensor, device: torch.device) -> Tensor:
    """On the device if it takes less than a quarter of its free memory; else it stays where it is."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if tensor.nbytes > free // 4:
            return tensor.pin_memory()
    return tensor.to(device)


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
