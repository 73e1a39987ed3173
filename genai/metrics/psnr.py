"""Peak signal-to-noise ratio of what comes back from an image tokenizer's tokens, in decibels over all pixels of all images."""

from __future__ import annotations

import torch
from torch import Tensor

from genai.generation.images import to_uint8
from genai.metrics.context import CHUNK, Context, progress


def psnr(images: Tensor, back: Tensor) -> float:
    """Of uint8 [n, C, H, W] and its like: -10 log10 of the mean squared error, 1 being white."""
    return float(-10 * (images.double() - back.double()).div(255).square().mean().log10())


@torch.inference_mode()
def reconstruct(tokenizer, images: Tensor, device: torch.device) -> Tensor:
    """Images uint8 [n, C, H, W] to tokens and back, 8 bits a pixel."""
    parts = progress(images.split(CHUNK // 5), "reconstructing")
    made = [to_uint8(tokenizer.decode(tokenizer.encode(part.to(device)))) for part in parts]
    return torch.cat([torch.from_numpy(part).permute(0, 3, 1, 2) for part in made])


def measure(context: Context) -> dict:
    """The first 2,000 images of the split that no training reads; made ones are fresh."""
    images, _ = context.pictures(context.held_out, range(context.count(2_000, len(context.test))))
    if images.ndim == 5:  # in layers: the picture itself comes first
        images = images[:, 0]
    value = psnr(images, reconstruct(context.model, images, context.device))
    return {"value": value, "unit": "dB", "split": context.held_out, "n": len(images)}
