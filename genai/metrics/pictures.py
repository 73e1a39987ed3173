"""The pictures that metrics compare, as a network sees them: real ones, other real ones, and those that a model draws."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from genai.generation import noise
from genai.generation.images import to_uint8
from genai.generation.vae import prior_latents
from genai.metrics.context import CHUNK, Context, progress
from genai.metrics.features import Seen, space

SEED = 0  # of the choice among other real pictures


def count(context: Context) -> int:
    """n of all metrics that compare pictures; one count for all, so that they share them."""
    return context.count(10_000, len(context.test), least=10)


def real(context: Context) -> Seen:
    """The first n test images."""
    return context.once(_real)


def others(context: Context) -> Seen:
    """n more real images, that neither the test images nor the network's training had: how far real is from real.

    Drawn by SEED without replacement from the split that the data set names for it; fewer where it has fewer.
    """
    return context.once(_others)


def samples(context: Context) -> Seen:
    """What the model draws by default: sample i of seed i, 8 bits a pixel."""
    return context.once(_samples)


def normal_samples(context: Context) -> Seen:
    """What a VAE draws from N(0, I) in its learned prior's place, by the same seeds."""
    return context.once(_normal_samples)


def _real(context: Context) -> Seen:
    images, _ = context.pictures(context.held_out, range(count(context)))
    return space(context).look(images, "test images")


def _others(context: Context) -> Seen:
    split = context.about.unseen
    chosen = noise.sample_generator(SEED).permutation(min(len(context.data(split)), 2**20))[: count(context)]
    return space(context).look(context.pictures(split, chosen)[0], f"{split} images")


def _samples(context: Context) -> Seen:
    return _draw(context, {"gan": _gan, "vae": _vae}[context.meta.family])


def _normal_samples(context: Context) -> Seen:
    return _draw(context, _vae_normal)


def _draw(context: Context, pixels: Callable[[Context, range], object]) -> Seen:
    whole, n = space(context), count(context)  # no network, no work
    parts = []
    for start in progress(range(0, n, CHUNK), "sampling"):
        parts.append(torch.from_numpy(pixels(context, range(start, min(start + CHUNK, n)))).permute(0, 3, 1, 2))
    return whole.look(torch.cat(parts), "samples")


def _gan(context: Context, seeds: range):
    """Of test image i's class, at the model's own truncation."""
    config = context.model.config
    z = noise.latents(seeds, config.z_dim) * config.truncation_psi
    labels = (
        context.pictures(context.held_out, seeds)[1] if config.classes else torch.zeros(len(seeds), dtype=torch.int64)
    )
    return to_uint8(context.model.sample(z.to(context.device), labels.to(context.device)))


def _vae(context: Context, seeds: range):
    """Mean images, as the page shows them: what a draw of every pixel for itself would look like, nobody sees."""
    return _decoded(context, prior_latents(context.model, seeds))


def _vae_normal(context: Context, seeds: range):
    return _decoded(context, noise.latents(seeds, context.model.config.latents))


def _decoded(context: Context, z: Tensor):
    return to_uint8(context.model.decode(z.to(context.device)), low=0.0)
