"""The pictures that metrics compare, as a network sees them: real ones, other real ones, and those that a model draws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from genai.generation import noise
from genai.generation.images import to_uint8
from genai.generation.vae import prior_latents
from genai.metrics.context import CHUNK, Context, progress
from genai.metrics.features import Seen, Space, space

SEED = 0  # of the choice among other real pictures
LEARNED = 60_000  # training pictures that are looked at, at most


def counts(context: Context) -> tuple[int, int]:
    """How many test pictures and how many samples; the same for all metrics that compare pictures, so that they share them.

    --n bounds both.
    """
    available, drawn = len(context.test), context.about.samples
    n = context.count(10_000, max(available, drawn) if available >= 10 else available, least=10)
    return min(n, available), min(n, drawn or available)


def real_images(context: Context) -> Tensor:
    """The first test images: uint8 [n, C, H, W]."""
    return context.once(_real_images)


def other_images(context: Context) -> Tensor:
    """As many more real images as there are samples, that neither the test images nor (where the data set has such a split) the
    network's training had: how far real is from real.

    Drawn by SEED without replacement from the split that the data set names for it; fewer where it has fewer.
    """
    return context.once(_other_images)


def sample_images(context: Context) -> Tensor:
    """What the model draws by default: sample i of seed i, 8 bits a pixel."""
    return context.once(_drawn, {"gan": _gan, "vae": _vae}[context.meta.family])


def real(context: Context, space: Space, mirrored: bool = False) -> Seen:
    """The first test images, or their mirror images, as the space's network sees them."""
    return context.once(_real, space, mirrored)


def others(context: Context, space: Space) -> Seen:
    """The other real images."""
    return context.once(_others, space)


def samples(context: Context, space: Space, mirrored: bool = False) -> Seen:
    """The model's samples, or their mirror images."""
    return context.once(_samples, space, mirrored)


def normal_samples(context: Context, space: Space) -> Seen:
    """What a VAE draws from N(0, I) in its learned prior's place, by the same seeds."""
    return context.once(_normal_samples, space)


def learned(context: Context, space: Space) -> Seen:
    """The pictures that the model learned from, LEARNED of them at most."""
    return context.once(_learned, space)


def labels(context: Context, seeds: range) -> Tensor:
    """The class that each sample is asked for: int64 [n], that of test image i, and from the first one on again."""
    return context.pictures(context.held_out, np.asarray(seeds) % counts(context)[0])[1]


def _real_images(context: Context) -> Tensor:
    return context.pictures(context.held_out, range(counts(context)[0]))[0]


def _other_images(context: Context) -> Tensor:
    split, n = context.about.unseen, counts(context)[1]
    chosen = noise.sample_generator(SEED).permutation(min(len(context.data(split)), 2**20))[:n]
    return context.pictures(split, chosen)[0]


def _drawn(context: Context, pixels: Callable[[Context, range], np.ndarray]) -> Tensor:
    space(context)  # no network, no work
    n, parts = counts(context)[1], []
    for start in progress(range(0, n, CHUNK), "sampling"):
        parts.append(torch.from_numpy(pixels(context, range(start, min(start + CHUNK, n)))).permute(0, 3, 1, 2))
    return torch.cat(parts)


def _real(context: Context, space: Space, mirrored: bool) -> Seen:
    return space.look(_turned(real_images(context), mirrored), "test images")


def _others(context: Context, space: Space) -> Seen:
    return space.look(other_images(context), f"{context.about.unseen} images")


def _samples(context: Context, space: Space, mirrored: bool) -> Seen:
    return space.look(_turned(sample_images(context), mirrored), "samples")


def _normal_samples(context: Context, space: Space) -> Seen:
    return space.look(context.once(_drawn, _vae_normal), "samples")


def _learned(context: Context, space: Space) -> Seen:
    return space.look_at(context.learned(LEARNED), "training images")


def _turned(images: Tensor, mirrored: bool) -> Tensor:
    return images.flip(-1) if mirrored else images


def _gan(context: Context, seeds: range) -> np.ndarray:
    """At the model's own truncation."""
    config = context.model.config
    z = noise.latents(seeds, config.z_dim) * config.truncation_psi
    asked = labels(context, seeds) if config.classes else torch.zeros(len(seeds), dtype=torch.int64)
    return to_uint8(context.model.sample(z.to(context.device), asked.to(context.device)))


def _vae(context: Context, seeds: range) -> np.ndarray:
    """Mean images, as the page shows them: what a draw of every pixel for itself would look like, nobody sees."""
    return _decoded(context, prior_latents(context.model, seeds))


def _vae_normal(context: Context, seeds: range) -> np.ndarray:
    return _decoded(context, noise.latents(seeds, context.model.config.latents))


def _decoded(context: Context, z: Tensor) -> np.ndarray:
    return to_uint8(context.model.decode(z.to(context.device)), low=0.0)
