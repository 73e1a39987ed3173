"""Peak signal-to-noise ratio of what comes back from a model's latents or tokens, in decibels over all pixels of all images."""

from __future__ import annotations

from torch import Tensor

from genai.metrics.context import Context
from genai.metrics.reconstructions import reconstructions


def psnr(images: Tensor, back: Tensor) -> float:
    """Of uint8 [n, C, H, W] and its like: -10 log10 of the mean squared error, 1 being white."""
    return float(-10 * (images.double() - back.double()).div(255).square().mean().log10())


def measure(context: Context) -> dict:
    images, back = reconstructions(context)
    return {"value": psnr(images, back), "unit": "dB", "split": context.held_out, "n": len(images)}
