"""Structural similarity (Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity", eq. 13) of
what comes back from a VAE: brightness, contrast and structure of small windows, 1 where they are the same."""

from __future__ import annotations

from torch import Tensor

from genai.metrics.context import CHUNK, Context, progress
from genai.metrics.reconstructions import reconstructions


def ssim(images: Tensor, back: Tensor) -> float:
    """The mean over uint8 images [n, C, H, W] and their like, in windows of 11x11 pixels; at most 1."""
    from torchmetrics.functional.image import structural_similarity_index_measure as similarity  # seconds to import

    parts = progress(list(zip(images.split(CHUNK), back.split(CHUNK))), "comparing")
    total = sum(similarity(b.double() / 255, a.double() / 255, data_range=1.0).item() * len(a) for a, b in parts)
    return total / len(images)


def measure(context: Context) -> dict:
    images, back = reconstructions(context)
    return {"value": ssim(images, back), "unit": "similarity", "split": context.held_out, "n": len(images)}
