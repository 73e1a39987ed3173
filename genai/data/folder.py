"""A folder of your own images. Subfolders, if there are any, are the classes.

From: the data root itself and all below it, in the formats of SUFFIXES. Links to folders are followed, each folder is read
once; names that begin with a dot are passed over.
Checksum: none is known; an image that cannot be read is left out and named, and more than a twentieth of them is an error.
Splits: `test` is a tenth, `train` the rest, `all` both. Chance decides by the image's path below the root: the tenth is what
hashes lowest, at most 1,000 and at least one. Images may be added to ten or more, and none that was learned from will test.
Copies and bursts of one scene fall on both sides: sort them out first.
Licence: yours.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import sys
import unicodedata
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from tqdm import tqdm

from genai.data.about import About
from genai.data.base import Images, LazyImages, leave_out
from genai.errors import UserError

SPLITS = ("train", "test", "all")
ABOUT = About(held_out="test", photographs=True, mirrored=True)
SUFFIXES = {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
RAW = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf"}  # cameras' own formats: left out, and said so
RESIDENT_BYTES = 2 * 1024**3  # more pixels than this are read from disk as they are needed
TEST_SHARE, TEST_MOST = 0.1, 1000


def load(split: str, root: Path, image_size: int = 64, channels: int = 3) -> Images | LazyImages:
    """A split of the images below `root`, centre-cropped to a square of image_size, in `channels` (1 grey, 3 colour).

    Raises UserError for a folder without images or with too few to split, or with too many that cannot be read (named).
    """
    if channels not in (1, 3):
        raise UserError("bad_choice", name="channels", value=channels, choices=["1", "3"])
    found = find(root)
    if not found:
        raise UserError("folder_empty", place=str(root), choices=sorted(SUFFIXES))
    chosen = choose(split, [path.relative_to(root) for path in found])
    if not chosen:
        raise UserError("folder_small", place=str(root), count=len(found), split=split)
    kinds = [path.relative_to(root).parts[0] if path.parent != root else "" for path in found]
    classes = {kind: i for i, kind in enumerate(sorted(set(kinds)))}
    paths, labels = [found[i] for i in chosen], torch.tensor([classes[kinds[i]] for i in chosen])
    read = partial(read_image, image_size=image_size, channels=channels)
    names = list(classes) if len(classes) > 1 else []
    if len(paths) * channels * image_size**2 > RESIDENT_BYTES:
        return LazyImages(paths, labels, read, (channels, image_size, image_size), names)

    images = torch.empty(len(paths), channels, image_size, image_size, dtype=torch.uint8)
    broken: dict[Path, UserError] = {}

    def take(i: int) -> None:
        try:
            images[i] = read(paths[i])
        except UserError as error:
            broken[paths[i]] = error

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # Pillow lets others run while it decodes
        try:
            list(tqdm(pool.map(take, range(len(paths))), "reading images", len(paths), leave=False, disable=None))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if broken:
        leave_out([f"{p.relative_to(root)} ({broken[p].details['cause']})" for p in paths if p in broken], len(found))
        whole = torch.tensor([path not in broken for path in paths])
        if not whole.any():
            raise broken[paths[0]]
        images, labels = images[whole], labels[whole]
    return Images(images, labels, names)


def find(root: Path) -> list[Path]:
    """Every image below `root`, in the order of their names. What looks like one and has no known format is counted aloud."""
    found: list[Path] = []
    strange: Counter[str] = Counter()
    seen: set[tuple[int, int]] = set()
    folders, links = [root], []
    while folders or links:  # links last: a folder that is here anyway keeps its own name, and loops end
        folder = folders.pop() if folders else links.pop(0)
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            if folder != root:
                tqdm.write(f"the folder {folder} cannot be read and is left out: {error.strerror}", file=sys.stderr)
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                (links if entry.is_symlink() else folders).append(path)
            elif path.suffix.lower() in SUFFIXES:
                if entry.is_file() or entry.is_symlink():  # a link to nothing is an image that cannot be read
                    found.append(path)
            elif path.suffix.lower() in RAW or (mimetypes.guess_type(entry.name)[0] or "").startswith("image/"):
                strange[path.suffix.lower()] += 1
        links.sort()
    if strange:
        kinds = ", ".join(f"{count:,} {suffix}" for suffix, count in strange.most_common())
        tqdm.write(f"images of unknown formats are left out: {kinds}", file=sys.stderr)
    return sorted(found)


def choose(split: str, names: list[Path]) -> list[int]:
    """Which of the images, by their paths below the root, belong to the split."""
    if split == "all":
        return list(range(len(names)))
    chances = [_chance(name) for name in names]
    order = sorted(range(len(names)), key=chances.__getitem__)
    count = sum(chance < TEST_SHARE for chance in chances)
    test = set(order[: min(max(count, 1), len(names) // 2, TEST_MOST)])
    return [i for i in range(len(names)) if (i in test) == (split == "test")] if test else []


def _chance(name: Path) -> float:
    """In [0, 1), of a path alone: the same on every machine."""
    digest = hashlib.sha256(unicodedata.normalize("NFC", name.as_posix()).encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def read_image(path: Path, image_size: int, channels: int) -> Tensor:
    """One file as uint8 [C, image_size, image_size]: turned upright, on white paper, centre-cropped, resampled."""
    try:
        with Image.open(path) as image:
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I;16"):  # Pillow would clip 16 bits to 8
                image = image.point(lambda value: value / 257).convert("L")
            if image.mode in ("I", "F"):
                raise ValueError("nobody knows which of its 32-bit numbers is white: save it with 8 or 16 bits")
            if image.has_transparency_data:
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
            image = image.convert("RGB" if channels == 3 else "L")
            image = ImageOps.fit(image, (image_size, image_size), Image.Resampling.LANCZOS)
    except UnidentifiedImageError as error:
        raise UserError("image_unreadable", name=str(path), cause="no image, or one of an unknown format") from error
    except Exception as error:  # Pillow meets damage in many ways
        raise UserError("image_unreadable", name=str(path), cause=str(error) or type(error).__name__) from error
    pixels = np.asarray(image, dtype=np.uint8)
    return torch.from_numpy(pixels.reshape(image_size, image_size, channels).copy()).permute(2, 0, 1)


def stand_in(root: Path) -> None:
    """Pictures of noise in two classes."""
    rng = np.random.default_rng(0)
    for i in range(200):
        path = root / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(64, 64, 3), dtype=np.uint8)).save(path)
