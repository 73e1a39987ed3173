"""A visitor's picture as the pictures that a model learned from: a photograph's middle, or a drawing in their ink."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

PAPER = 255  # what shows through where a photograph is transparent


def fit_photograph(picture: Image.Image, config) -> np.ndarray:
    """The largest square in the middle, uint8 [image_size, image_size, channels]; on white where it is transparent."""
    if has_alpha(picture):
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, (PAPER, PAPER, PAPER, 255)), picture)
    picture = picture.convert("L" if config.channels == 1 else "RGB")
    square = ImageOps.fit(picture, (config.image_size, config.image_size), Image.Resampling.LANCZOS)
    return np.array(square).reshape(config.image_size, config.image_size, -1)


def fit_drawing(picture: Image.Image, size: int) -> np.ndarray:
    """A drawing as the training data looks: white ink on black, 20/28 of the side long, centred by its mass.

    Ink may be dark on light (paper, a canvas) or light on dark; it is what differs from the border. Returns
    uint8 [size, size]; all zeros for a drawing without ink.
    """
    grey = np.asarray(flatten(picture), dtype=np.float32)
    border = np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    ink = np.abs(grey - border)
    if ink.max() < 32:  # nothing but noise
        return np.zeros((size, size), dtype=np.uint8)
    ink = np.clip(ink / ink.max(), 0, 1)
    rows, columns = np.flatnonzero(ink.max(1) > 0.2), np.flatnonzero(ink.max(0) > 0.2)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = round(size * 20 / 28)
    scale = box / max(ink.shape)
    shape = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = Image.fromarray((ink * 255).astype(np.uint8)).resize(
        shape, Image.Resampling.BOX if scale < 1 else Image.Resampling.LANCZOS
    )
    small = np.asarray(small, dtype=np.float32)
    ys, xs = np.mgrid[: small.shape[0], : small.shape[1]]
    mass = max(float(small.sum()), 1e-6)
    top = round(size / 2 - 0.5 - float((ys * small).sum()) / mass)
    left = round(size / 2 - 0.5 - float((xs * small).sum()) / mass)
    top, left = (min(max(0, v), size - n) for v, n in zip((top, left), small.shape))
    canvas = np.zeros((size, size), dtype=np.float32)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas.round().astype(np.uint8)


def flatten(picture: Image.Image) -> Image.Image:
    """Grey, below 2,000 pixels a side. Transparent pixels become white paper, or black below light ink."""
    factor = max(1, max(picture.size) // 1000)
    if not has_alpha(picture):
        return picture.convert("L").reduce(factor)
    rgba = picture.convert("RGBA").reduce(factor)
    pixels = np.asarray(rgba, dtype=np.float32)
    alpha = pixels[..., 3]
    light = (pixels[..., :3].mean(-1) * alpha).sum() > 127 * alpha.sum()
    paper = Image.new("RGBA", rgba.size, (0, 0, 0, 255) if light else (255, 255, 255, 255))
    return Image.alpha_composite(paper, rgba).convert("L")


def has_alpha(picture: Image.Image) -> bool:
    """Whether some of it may be transparent."""
    return "A" in picture.getbands() or "transparency" in picture.info
