"""Seeded noise: one generator for each sample, so that sample i depends on seed i alone.

NumPy's PCG64 on the CPU: the same bits on every machine, whatever batch, threads or device use them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

MAX_SEED = 2**32 - 1


def sample_generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def latents(seeds: Sequence[int], dim: int) -> Tensor:
    """Standard normal [len(seeds), dim] float32; row i is a function of seeds[i]."""
    rows = [sample_generator(seed).standard_normal(dim) for seed in seeds]
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def uniforms(seeds: Sequence[int], *shape: int) -> Tensor:
    """Uniform in [0, 1): [len(seeds), *shape] float32; row i is a function of seeds[i]."""
    return torch.from_numpy(np.stack([sample_generator(seed).random(shape, dtype=np.float32) for seed in seeds]))


def choices(seeds: Sequence[int]) -> Tensor:
    """A number for each seed, uniform in [0, 1), drawn apart from the latent: float64 [len(seeds)]."""
    return torch.tensor(
        [np.random.Generator(np.random.PCG64([seed, 1])).random() for seed in seeds], dtype=torch.float64
    )


def classes(seeds: Sequence[int], count: int) -> list[int]:
    """A class for each seed, for when none is asked for; drawn apart from the latent."""
    return [int(np.random.Generator(np.random.PCG64([seed, 1])).integers(count)) for seed in seeds]
