"""Steering: named directions of the latent space as sliders, and coarse from one picture with fine from another.

A direction is a vector added to the latents of some resolutions only (as Härkönen et al. 2020, "GANSpace", do in the space of
styles), named by who looked at what it changes; a checkpoint lists its own, see `genai/explore`. Mixing is StyleGAN's (Karras et
al. 2019, figure 3): one latent up to a resolution, another from there on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genai.generation import images
from genai.generation.actions import action
from genai.generation.controls import Control, Number, Vector
from genai.generation.gan.base import (
    common,
    draw,
    found,
    has_levels,
    labels_of,
    latent_control,
    levels_of,
    seed_control,
    tile_seeds,
)  # fmt: skip

STOPS = (-1.0, -0.5, 0.0, 0.5, 1.0)  # of the pictures under a slider
TABLE = 5  # pictures a side of the mixing table


@dataclass(frozen=True)
class Direction:
    """name: language -> what moving along it does.  vector [z_dim]: what 1 adds to the latent of each of `levels`."""

    name: dict[str, str]
    vector: tuple[float, ...]
    levels: tuple[int, ...]


def directions(model) -> list[Direction]:
    """Those that a model's checkpoint lists; none for a model whose latents do not enter at every resolution. Raises ValueError
    for a list that its own latents cannot be moved by."""
    if not has_levels(model):
        return []
    listed = [
        Direction(dict(one["name"]), tuple(map(float, one["vector"])), tuple(map(int, one["levels"])))
        for one in model.meta.extra.get("directions", [])
    ]
    for one in listed:
        if len(one.vector) != model.config.z_dim or not set(one.levels) <= set(range(len(model.config.widths))):
            raise ValueError(f"a direction that fits another model: {one.name}")
        if not np.isfinite(one.vector).all():
            raise ValueError(f"a direction that is not finite: {one.name}")
        if not one.name.get("en") or not all(isinstance(said, str) for said in one.name.values()):
            raise ValueError(f"a direction without an English name: {one.name}")
    return listed


def offsets(model, amounts: list[list[float]]) -> Tensor:
    """What amounts [N][directions] add to the latents: [N, levels, z_dim]."""
    listed = directions(model)
    moved = torch.zeros(len(amounts), len(model.config.widths), model.config.z_dim)
    for n, one in enumerate(listed):
        along = torch.tensor([row[n] for row in amounts])[:, None] * torch.tensor(one.vector)  # [N, z_dim]
        for level in one.levels:
            moved[:, level] += along
    return moved


def begin(loaded, c: dict) -> Tensor:
    """The latents [1, levels, z_dim] that somebody steers from: those found for a picture, else the seed's."""
    return found(loaded, c["latent"]) if c["latent"] else levels_of(loaded, c, [c["seed"]])


def amounts_control(model) -> Vector:
    return Vector("amounts", len(directions(model)), -1.0, 1.0)


def _controls(model) -> list[Control]:
    return [seed_control("seed", 1), *common(model), latent_control(model), amounts_control(model)]


def steered(loaded, c: dict, amounts: list[list[float]]) -> np.ndarray:
    """The picture that the controls name, with each of amounts [N][directions]: pixels uint8 [N, H, W, C]."""
    labels = labels_of(loaded, c["label"], [c["seed"]]).expand(len(amounts))
    return draw(loaded, begin(loaded, c) + offsets(loaded, amounts), labels)


@action("gan", "image", _controls, offered=lambda model: bool(directions(model)))
def steer(loaded, c: dict) -> np.ndarray:
    """A picture, each named direction followed by its amount, from -1 to 1."""
    return steered(loaded, c, [c["amounts"]])[0]


@action("gan", "image", _controls, offered=lambda model: bool(directions(model)))
def strips(loaded, c: dict) -> np.ndarray:
    """What each direction would change: a row for each, with five pictures along it, from -1 to 1, the others as they stand."""
    rows = [
        [stop if n == k else amount for n, amount in enumerate(c["amounts"])]
        for k in range(len(c["amounts"])) for stop in STOPS
    ]  # fmt: skip
    return images.grid(steered(loaded, c, rows), columns=len(STOPS))


@action(
    "gan", "image",
    lambda m: [
        seed_control("seed", 1), seed_control("seed_to", 101), *common(m), latent_control(m),
        Number("level", 1, len(m.config.widths) - 1, max(1, len(m.config.widths) // 2), integer=True),
    ],
    offered=lambda model: has_levels(model) and len(model.config.widths) > 1,
)  # fmt: skip
def mix(loaded, c: dict) -> np.ndarray:
    """A table: each row has its coarse styles from the picture at its left, each column its fine ones from the picture above it.

    Rows are of the seeds from `seed` on, columns from `seed_to` on; `level`: the resolution from which on the column's hold. A
    latent stands in the first row's place.
    """
    rows, columns = tile_seeds(c["seed"], TABLE), tile_seeds(c["seed_to"], TABLE)
    coarse, fine = levels_of(loaded, c, rows), levels_of(loaded, c, columns)
    if c["latent"]:
        coarse = torch.cat((found(loaded, c["latent"]), coarse[1:]))
    table = coarse[:, None].repeat(1, TABLE, 1, 1)  # [rows, columns, levels, z_dim]
    table[:, :, c["level"] :] = fine[None, :, c["level"] :]
    z = torch.cat((fine, *(torch.cat((coarse[n : n + 1], table[n])) for n in range(TABLE))))
    seeds = [*columns, *(seed for seed in rows for _ in range(1 + TABLE))]
    pictures = draw(loaded, z, labels_of(loaded, c["label"], seeds))
    corner = np.zeros_like(pictures[:1])
    return images.grid(np.concatenate((corner, pictures)), columns=1 + TABLE)
