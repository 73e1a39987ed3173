"""What a GAN can be asked for: samples, the way between two of them, a plane of its latent space."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genai.generation import images, noise
from genai.generation.actions import action
from genai.generation.controls import Choice, Control, Number
from genai.generation.look import COLUMNS, look

ANY = "any"
LOOP_FRAMES = 48


def _seed(name: str, default: int) -> Number:
    return Number(name, 0, noise.MAX_SEED, default, integer=True)


def _common(loaded) -> list[Control]:
    """Class and truncation. truncation_psi scales z: nearer to 0, more typical samples and less variety."""
    labels = tuple(loaded.meta.classes) or tuple(map(str, range(loaded.config.classes)))
    if len(labels) != loaded.config.classes:
        raise ValueError(f"{len(labels)} names for {loaded.config.classes} classes")
    return [
        Choice("label", (ANY, *labels), ANY),
        Number("truncation_psi", 0.0, 1.5, loaded.config.truncation_psi),
    ]


def _labels(loaded, label: str, seeds: list[int]) -> Tensor:
    """The class asked for, or for each seed its own."""
    count = loaded.config.classes
    if count == 0:
        return torch.zeros(len(seeds), dtype=torch.int64, device=loaded.device)
    if label == ANY:
        chosen = noise.classes(seeds, count)
    else:
        names = loaded.meta.classes or list(map(str, range(count)))
        chosen = [names.index(label)] * len(seeds)
    return torch.tensor(chosen, device=loaded.device)


def _draw(loaded, z: Tensor, labels: Tensor, truncation_psi: float) -> np.ndarray:
    """z [N, z_dim] -> pixels uint8 [N, H, W, C]."""
    return images.to_uint8(loaded.model.sample(z.to(loaded.device) * truncation_psi, labels))


def tile_seeds(seed: int, count: int) -> list[int]:
    """Tile i of a grid is the sample of seed + i, so that any tile can be made alone."""
    return [(seed + i) % (noise.MAX_SEED + 1) for i in range(count)]


@action(
    "gan", "image", lambda m: [_seed("seed", 1), Number("count", 1, 64, 1, integer=True), *_common(m)]
)  # fmt: skip
def sample(loaded, c: dict) -> np.ndarray:
    """A grid of `count` samples."""
    seeds = tile_seeds(c["seed"], c["count"])
    z = noise.latents(seeds, loaded.config.z_dim)
    return images.grid(_draw(loaded, z, _labels(loaded, c["label"], seeds), c["truncation_psi"]))


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Spherical interpolation [N, D] between a and b [D] at t [N] (Shoemake 1985).

    Gaussian latents lie near a sphere; the straight line would cut through its empty inside.
    """
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=0).clamp(-1, 1)
    angle = cosine.acos()
    if angle.sin().abs() < 1e-4:
        return torch.lerp(a[None], b[None], t[:, None])
    return ((1 - t)[:, None] * angle).sin() / angle.sin() * a + (t[:, None] * angle).sin() / angle.sin() * b


def _between(loaded, c: dict, t: Tensor) -> np.ndarray:
    a, b = noise.latents([c["seed"], c["seed_to"]], loaded.config.z_dim)
    labels = _labels(loaded, c["label"], [c["seed"]]).expand(len(t))
    return _draw(loaded, slerp(a, b, t), labels, c["truncation_psi"])


def _pair(loaded) -> list[Control]:
    return [_seed("seed", 1), _seed("seed_to", 2), *_common(loaded)]


@action("gan", "image", lambda m: [*_pair(m), Number("position", 0.0, 1.0, 0.5)])
def interpolate(loaded, c: dict) -> np.ndarray:
    """The sample at `position` on the way from one seed (0) to another (1); the class is the first seed's."""
    return _between(loaded, c, torch.tensor([c["position"]]))[0]


@action("gan", "loop", _pair)
def loop(loaded, c: dict) -> np.ndarray:
    """There and back again: frames [48, H, W, C], eased at both ends."""
    t = 0.5 - 0.5 * torch.cos(torch.arange(LOOP_FRAMES) / LOOP_FRAMES * 2 * torch.pi)
    return _between(loaded, c, t)


@action(
    "gan", "image",
    lambda m: [_seed("seed", 1), *_common(m), Number("x", -1.0, 1.0, 0.0), Number("y", -1.0, 1.0, 0.0)],
)  # fmt: skip
def plane(loaded, c: dict) -> np.ndarray:
    """A point of a plane through the seed's latent: (0, 0) is the sample itself.

    The two directions are orthogonal to the latent and to each other, as long as it is, and drawn by the
    seed. The point is put back at the latent's distance from the origin, where samples are typical: at the
    rim, 60 degrees away.
    """
    dim = loaded.config.z_dim
    generator = np.random.Generator(np.random.PCG64([c["seed"], 2]))
    z = noise.latents([c["seed"]], dim)[0].double().numpy()
    basis, _ = np.linalg.qr(np.column_stack([z, generator.standard_normal((dim, 2))]))
    length = np.linalg.norm(z)
    u, v = basis[:, 1], basis[:, 2]
    point = z + np.sqrt(3) * length * (c["x"] * u + c["y"] * v)
    point *= length / np.linalg.norm(point)
    z = torch.from_numpy(point.astype(np.float32))[None]
    return _draw(loaded, z, _labels(loaded, c["label"], [c["seed"]]), c["truncation_psi"])[0]


@look("gan")
def look_at(model, meta, data) -> np.ndarray:
    """Eight of each class, a column each; of a model without classes a square."""
    columns, device = model.config.classes or COLUMNS, next(model.parameters()).device
    labels = torch.arange(columns * 8, device=device) % max(1, model.config.classes)
    z = noise.latents(range(columns * 8), model.config.z_dim).to(device)
    return images.grid(images.to_uint8(model.sample(z, labels)), columns)
