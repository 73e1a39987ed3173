"""What all of a GAN's actions share: seeds, classes, truncation, latents that were found for a picture."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genai.generation import images, noise
from genai.generation.controls import Choice, Code, Control, Number, from_code

ANY = "any"


def seed_control(name: str, default: int) -> Number:
    return Number(name, 0, noise.MAX_SEED, default, integer=True)


def common(model) -> list[Control]:
    """Class and truncation. truncation_psi scales z: nearer to 0, more typical samples and less variety."""
    labels = tuple(model.meta.classes) or tuple(map(str, range(model.config.classes)))
    if len(labels) != model.config.classes:
        raise ValueError(f"{len(labels)} names for {model.config.classes} classes")
    return [Choice("label", (ANY, *labels), ANY), Number("truncation_psi", 0.0, 1.5, model.config.truncation_psi)]


def has_levels(model) -> bool:
    """Whether its latents enter at every resolution, so that coarse and fine can come from different ones."""
    return model.config.body == "style"


def latent_control(model) -> Code:
    """A latent for each resolution, as `match` finds it for a picture; empty: the seed's."""
    return Code("latent", len(model.config.widths) * model.config.z_dim)


def labels_of(loaded, label: str, seeds: list[int]) -> Tensor:
    """The class asked for, or for each seed its own: int64 [len(seeds)]."""
    count = loaded.config.classes
    if count == 0:
        return torch.zeros(len(seeds), dtype=torch.int64, device=loaded.device)
    if label == ANY:
        chosen = noise.classes(seeds, count)
    else:
        names = loaded.meta.classes or list(map(str, range(count)))
        chosen = [names.index(label)] * len(seeds)
    return torch.tensor(chosen, device=loaded.device)


def levels_of(loaded, c: dict, seeds: list[int]) -> Tensor:
    """A latent for each resolution, scaled by the truncation: [len(seeds), levels, z_dim]."""
    z = noise.latents(seeds, loaded.config.z_dim) * c["truncation_psi"]
    return z[:, None].expand(-1, len(loaded.config.widths), -1)


def found(loaded, code: str) -> Tensor:
    """The latents [1, levels, z_dim] of a code. They are what they are: no truncation."""
    return torch.from_numpy(from_code(code)).view(1, len(loaded.config.widths), loaded.config.z_dim)


def tile_seeds(seed: int, count: int) -> list[int]:
    """Tile i of a grid is the sample of seed + i, so that any tile can be made alone."""
    return [(seed + i) % (noise.MAX_SEED + 1) for i in range(count)]


def draw(loaded, z: Tensor, labels: Tensor, truncation_psi: float = 1.0) -> np.ndarray:
    """z [N, z_dim] or [N, levels, z_dim] -> pixels uint8 [N, H, W, C]."""
    return images.to_uint8(loaded.model.sample(z.to(loaded.device) * truncation_psi, labels))
