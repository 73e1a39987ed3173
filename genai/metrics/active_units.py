"""How many latents a VAE uses: those whose posterior mean moves with the image (Burda et al. 2015)."""

from __future__ import annotations

import torch
from torch import Tensor

from genai.metrics.context import CHUNK, Context, progress
from genai.metrics.nll import observed

THRESHOLD = 0.01


def active_units(mu: Tensor, threshold: float = THRESHOLD) -> int:
    """How many columns of mu [N, latents], posterior means of N > 1 images, have a variance > threshold."""
    return int((mu.double().var(0) > threshold).sum())


def measure(context: Context) -> dict:
    """The first 10,000 test images, as for the bounds: digits binarised."""
    images = observed(context, context.count(10_000, len(context.test), least=2))
    chunks = progress(images.split(CHUNK), "encoding")
    mu = torch.cat([context.model.encode(chunk.to(context.device))[0].cpu() for chunk in chunks])
    return {
        "value": active_units(mu),
        "unit": "latents",
        "split": context.held_out,
        "n": len(mu),
        "latents": mu.size(1),
        "threshold": THRESHOLD,
    }
