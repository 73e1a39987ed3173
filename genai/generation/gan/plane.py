"""A plane through a sample's latent, and a map of it."""

from __future__ import annotations

import numpy as np
import torch

from genai.generation import images, noise
from genai.generation.actions import action
from genai.generation.controls import Number
from genai.generation.gan.base import common, draw, labels_of, seed_control

MAP = 7  # pictures a side of the map


@action(
    "gan", "image",
    lambda m: [seed_control("seed", 1), *common(m), Number("x", -1.0, 1.0, 0.0), Number("y", -1.0, 1.0, 0.0)],
)  # fmt: skip
def plane(loaded, c: dict) -> np.ndarray:
    """A point of a plane through the seed's latent: (0, 0) is the sample itself.

    The two directions are orthogonal to the latent and to each other, as long as it is, and drawn by the
    seed. The point is put back at the latent's distance from the origin, where samples are typical: at the
    rim, 60 degrees away.
    """
    return _at(loaded, c, [(c["x"], c["y"])])[0]


@action("gan", "image", lambda m: [seed_control("seed", 1), *common(m)])
def plane_map(loaded, c: dict) -> np.ndarray:
    """The plane seen from above: a square of pictures, each of the point in its middle; up is larger y."""
    middles = (np.arange(MAP) + 0.5) / MAP * 2 - 1
    return images.grid(_at(loaded, c, [(x, y) for y in middles[::-1] for x in middles]), columns=MAP)


def _at(loaded, c: dict, points: list[tuple[float, float]]) -> np.ndarray:
    """The pictures uint8 [N, H, W, C] of points of the plane."""
    dim = loaded.config.z_dim
    generator = np.random.Generator(np.random.PCG64([c["seed"], 2]))
    z = noise.latents([c["seed"]], dim)[0].double().numpy()
    basis, _ = np.linalg.qr(np.column_stack([z, generator.standard_normal((dim, 2))]))
    length = np.linalg.norm(z)
    u, v = basis[:, 1], basis[:, 2]
    latents = [z + np.sqrt(3) * length * (x * u + y * v) for x, y in points]
    latents = [point * (length / np.linalg.norm(point)) for point in latents]
    labels = labels_of(loaded, c["label"], [c["seed"]]).expand(len(points))
    return draw(loaded, torch.from_numpy(np.stack(latents).astype(np.float32)), labels, c["truncation_psi"])
