"""A folder of your own images. Subfolders, if there are any, are the classes. No test split: all of it trains."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from genai.data.about import About
from genai.data.base import Images, LazyImages
from genai.errors import UserError

SPLITS = ("train",)
ABOUT = About()
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}
RESIDENT_BYTES = 2 * 1024**3  # more pixels than this are read from disk as they are needed


def load(split: str, root: Path, image_size: int = 64, channels: int = 3) -> Images | LazyImages:
    """Every image below `root`, centre-cropped to a square of image_size, in `channels` (1 grey, 3 colour).

    Raises UserError for a folder without images, or an image that cannot be read (named).
    """
    if channels not in (1, 3):
        raise UserError("bad_choice", name="channels", value=channels, choices=["1", "3"])
    paths = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise UserError("folder_empty", place=str(root), choices=sorted(SUFFIXES))
    classes = sorted({p.relative_to(root).parts[0] if p.parent != root else "" for p in paths})
    index = {name: i for i, name in enumerate(classes)}
    labels = torch.tensor([index[p.relative_to(root).parts[0] if p.parent != root else ""] for p in paths])
    read = partial(read_image, image_size=image_size, channels=channels)
    names = classes if len(classes) > 1 else []
    if len(paths) * channels * image_size**2 > RESIDENT_BYTES:
        return LazyImages(paths, labels, read, (channels, image_size, image_size), names)
    return Images(torch.stack([read(p) for p in paths]), labels, names)


def read_image(path: Path, image_size: int, channels: int) -> Tensor:
    """One file as uint8 [C, image_size, image_size]: turned upright, on white paper, centre-cropped, resampled."""
    try:
        with Image.open(path) as image:
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I;16"):  # Pillow would clip 16 bits to 8
                image = image.point(lambda value: value / 257).convert("L")
            if image.has_transparency_data:
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
            image = image.convert("RGB" if channels == 3 else "L")
            image = ImageOps.fit(image, (image_size, image_size), Image.Resampling.LANCZOS)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UserError("image_unreadable", name=str(path), cause=str(error)) from error
    pixels = np.asarray(image, dtype=np.uint8)
    return torch.from_numpy(pixels.reshape(image_size, image_size, channels).copy()).permute(2, 0, 1)


def stand_in(root: Path) -> None:
    """Pictures of noise in two classes."""
    rng = np.random.default_rng(0)
    for i in range(16):
        path = root / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(64, 64, 3), dtype=np.uint8)).save(path)
