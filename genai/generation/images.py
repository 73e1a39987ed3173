"""Tensor -> pixels: the one place. And pixels -> files."""

from __future__ import annotations

import base64
import io
import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor

HEAT = ((12, 14, 18), (146, 64, 14), (245, 158, 11), (255, 251, 235))  # colours of `heat`, from none to full
HEAT_AT = (0.0, 0.35, 0.7, 1.0)


def to_uint8(images: Tensor, low: float = -1.0) -> np.ndarray:
    """float [N, C, H, W] in [low, 1] -> uint8 [N, H, W, C], rounded to nearest, clipped beyond the range."""
    scaled = (images.float() - low).mul(255 / (1 - low)).round().clamp(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()


def grid(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """uint8 [N, H, W, C] -> one picture [rows * H, columns * W, C], black where no image is left; None: as square as it goes."""
    n, h, w, c = images.shape
    columns = columns or math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    canvas = np.zeros((rows * h, columns * w, c), dtype=np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * h, i % columns * w
        canvas[y : y + h, x : x + w] = image
    return canvas


def heat(amount: np.ndarray, full: float = 0.4) -> np.ndarray:
    """float [H, W] -> uint8 [H, W, 3]: dark where it is 0, over orange to white where it is `full` or more."""
    share = np.clip(amount / full, 0, 1)
    return np.stack([np.interp(share, HEAT_AT, levels) for levels in zip(*HEAT)], axis=-1).round().astype(np.uint8)


def data_uri(pixels: np.ndarray) -> str:
    """pixels uint8 [H, W, C] as a lossless WebP data URI at native size; the browser enlarges it."""
    buffer = io.BytesIO()
    to_pil(pixels).save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def to_pil(image: np.ndarray, scale: int = 1, smooth: bool = False) -> Image.Image:
    """uint8 [H, W, C] -> a picture `scale` times as large: each pixel a crisp square, or as a photograph is enlarged."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    way = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    return picture.resize((picture.width * scale, picture.height * scale), way)
