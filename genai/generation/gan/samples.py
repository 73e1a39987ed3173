"""Samples of seeds."""

from __future__ import annotations

import numpy as np
import torch

from genai.generation import images, noise
from genai.generation.actions import action
from genai.generation.controls import Number
from genai.generation.gan.base import common, draw, labels_of, seed_control, tile_seeds
from genai.generation.look import COLUMNS, look


@action(
    "gan", "image", lambda m: [seed_control("seed", 1), Number("count", 1, 64, 1, integer=True), *common(m)]
)  # fmt: skip
def sample(loaded, c: dict) -> np.ndarray:
    """A grid of `count` samples."""
    seeds = tile_seeds(c["seed"], c["count"])
    z = noise.latents(seeds, loaded.config.z_dim)
    return images.grid(draw(loaded, z, labels_of(loaded, c["label"], seeds), c["truncation_psi"]))


@look("gan")
def look_at(model, meta, data) -> np.ndarray:
    """Eight of each class, a column each; of a model without classes a square."""
    columns, device = model.config.classes or COLUMNS, next(model.parameters()).device
    labels = torch.arange(columns * 8, device=device) % max(1, model.config.classes)
    z = noise.latents(range(columns * 8), model.config.z_dim).to(device)
    return images.grid(images.to_uint8(model.sample(z, labels)), columns)
