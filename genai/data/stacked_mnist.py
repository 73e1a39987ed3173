"""Stacked MNIST: three handwritten digits as the colours of one picture, 1,000 combinations that are all equally frequent.

What a GAN drops can be counted on it (Metz et al. 2017, "Unrolled Generative Adversarial Networks", section 3.3.1).

From, Checksum, Splits: the digits are those of `mnist`, in its splits; chance stacks them, other ones for every picture.
Licence: CC BY-SA 3.0, as MNIST.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genai.data import mnist
from genai.data.about import About
from genai.data.base import Images, Procedural

SPLITS = mnist.SPLITS
ABOUT = About(
    label="digit", features="classifier-digits", unseen="second", held_out="test", stacked=True, pixels="crisp", scale=8
)


def load(split: str, root: Path) -> Procedural:
    """uint8 images [B, 3, 28, 28]; as targets the number that the three digits are, red first, int64 [B] of 0 to 999.

    There are no classes: a model is asked for none, and has to find all of them.
    """
    data = mnist.load(split, root)
    return Procedural(partial(_make, data), (3, *data.shape[1:]))


def _make(data: Images, seed: int, indices: np.ndarray) -> tuple[Tensor, Tensor]:
    generators = (np.random.Generator(np.random.PCG64([seed, index])) for index in indices.tolist())
    chosen = torch.from_numpy(np.stack([rng.integers(len(data), size=3) for rng in generators]))  # [B, 3]
    return data.images[chosen, 0], data.labels[chosen] @ torch.tensor([100, 10, 1])


stand_in = mnist.stand_in
