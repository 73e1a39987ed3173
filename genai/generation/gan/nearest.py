"""How near a sample is to the pictures that were learned from: a copy would be very near."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from genai.errors import UserError
from genai.generation.actions import action
from genai.generation.controls import Control
from genai.generation.gan.base import common, draw, has_levels, labels_of, latent_control, seed_control
from genai.generation.gan.steer import amounts_control, steered
from genai.generation.noise import latents

COUNT = 3


def _controls(model) -> list[Control]:
    own = [latent_control(model), amounts_control(model)] if has_levels(model) else []
    return [seed_control("seed", 1), *common(model), *own]


@action("gan", "data", _controls, offered=lambda model: model.about.photographs and bool(model.about.features))
def nearest(loaded, c: dict) -> dict[str, Any]:
    """Of a sample, steered or not, the nearest of the training pictures (or of their mirror images), in the features of the
    network that measures such pictures: `places` of the nearest three among them, the `distance` to the first, and its
    `percentile`: so many of 100 test pictures, which nobody learned from, are nearer to one. Far below 1: a copy.
    """
    network, quantiles = _network(loaded)
    distances, places = network.nearest(_sample(loaded, c), COUNT)
    distance = float(distances[0, 0])
    percentile = 100 * bisect_left(quantiles, distance) / (len(quantiles) - 1)
    return {
        "distance": round(distance, 4),
        "percentile": round(min(100.0, percentile), 1),
        "places": places[0].tolist(),
    }


def _sample(loaded, c: dict) -> Tensor:
    """The picture uint8 [1, C, H, W] that the controls name."""
    if has_levels(loaded):
        pixels = steered(loaded, c, [c["amounts"]])
    else:
        z = latents([c["seed"]], loaded.config.z_dim)
        pixels = draw(loaded, z, labels_of(loaded, c["label"], [c["seed"]]), c["truncation_psi"])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def _network(loaded) -> tuple[Any, list[float]]:
    """The network that measures, with the embeddings of all training pictures, and the quantiles of the test pictures' distances.

    Raises UserError where the folder has none, or it carries none.
    """
    name = loaded.about.features
    if loaded.shelf.find(name) is None:
        raise UserError("checkpoint_missing", name=str(loaded.shelf.folders[0] / f"{name}.safetensors"))
    measuring = loaded.shelf.load(name)
    record = measuring.meta.metrics.get("nearest_test")
    quantiles = record.get("quantiles") if isinstance(record, dict) else None
    if not getattr(measuring.config, "gallery", 0) >= COUNT or not _rise(quantiles):
        raise UserError("no_gallery", name=name)
    return measuring.model, quantiles


def _rise(quantiles: Any) -> bool:
    """Whether these are quantiles: at least two numbers, none below the one before."""
    listed = isinstance(quantiles, list) and len(quantiles) > 1 and all(isinstance(q, (int, float)) for q in quantiles)
    return listed and all(a <= b for a, b in pairwise(quantiles))
