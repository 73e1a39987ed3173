"""Pictures that were taken apart and put together again: what comes back beside what was given, for metrics that compare them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from genai.generation.images import to_uint8
from genai.metrics import pictures
from genai.metrics.context import CHUNK, Context, progress


def reconstructions(context: Context) -> tuple[Tensor, Tensor]:
    """Images of the split that no training reads and what the model makes of them: uint8 [n, C, H, W] each.

    A VAE's: the mean picture of the mean latent, of all test images.  An image tokenizer's: the first 2,000, to tokens and back.
    """
    return context.once({"vae": _by_vae, "tokenizer": _by_tokenizer}[context.meta.family])


def by_tokens(tokenizer, images: Tensor, device: torch.device) -> Tensor:
    """Images uint8 [n, C, H, W] to tokens and back, 8 bits a pixel."""
    return _back(images, lambda part: tokenizer.decode(tokenizer.encode(part)), -1.0, device)


def _by_vae(context: Context) -> tuple[Tensor, Tensor]:
    images = pictures.real_images(context)
    model = context.model
    return images, _back(images, lambda part: model.decode(model.encode(part / 255)[0]), 0.0, context.device)


def _by_tokenizer(context: Context) -> tuple[Tensor, Tensor]:
    images, _ = context.pictures(context.held_out, range(context.count(2_000, len(context.test))))
    if images.ndim == 5:  # in layers: the picture itself comes first
        images = images[:, 0]
    return images, by_tokens(context.model, images, context.device)


@torch.inference_mode()
def _back(images: Tensor, through: Callable[[Tensor], Tensor], low: float, device: torch.device) -> Tensor:
    """Some at a time. low: what the model calls black."""
    parts = progress(images.split(CHUNK // 5), "reconstructing")
    made = [to_uint8(through(part.to(device)), low) for part in parts]
    return torch.cat([torch.from_numpy(part).permute(0, 3, 1, 2) for part in made])
