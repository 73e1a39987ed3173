"""MNIST: 60,000 + 10,000 handwritten digits, 28x28 grey (LeCun, Cortes, Burges).

From: the mirrors in HOMES, as gzip; kept unzipped in torchvision's layout, `<root>/MNIST/raw`.
Checksum: of each unzipped file, in FILES.
Splits: `train` and `test`, as published; `first` and `second`, two halves of `train` that share no digit, to learn from one
what measures the other. Chance deals them, once for all: in the file, even and odd places differ (mean grey 31.3, 35.4).
Licence: CC BY-SA 3.0.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import torch

from genai.data.about import About
from genai.data.base import Images
from genai.data.files import Source, read, unreadable, vouch

SPLITS = ("train", "test", "first", "second")
ABOUT = About(
    label="digit", features="classifier-digits", unseen="second", held_out="test", pixels="crisp", scale=8, drawn=True
)
HOMES = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7a",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d7",
    "t10k-images-idx3-ubyte": "0fa7898d509279e4",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de3373",
}
DEAL = 0  # the seed by which chance deals the halves


def load(split: str, root: Path) -> Images:
    """images uint8 [N, 1, 28, 28], labels int64 [N]; every class is the digit's name."""
    prefix = "t10k" if split == "test" else "train"
    images = _read(root / "MNIST" / "raw" / f"{prefix}-images-idx3-ubyte", 28, 28)
    labels = _read(root / "MNIST" / "raw" / f"{prefix}-labels-idx1-ubyte", count=len(images))
    if split in ("first", "second"):
        dealt = np.random.RandomState(DEAL).permutation(len(images))  # the same in every version of numpy
        part = np.sort(np.array_split(dealt, 2)[split == "second"])
        images, labels = images[part], labels[part]
    return Images(images[:, None].contiguous(), labels.long(), [str(digit) for digit in range(10)])


def _read(path: Path, *sizes: int, count: int | None = None) -> torch.Tensor:
    """An IDX file of bytes, uint8 [N, *sizes], checked, by torchvision."""
    from torchvision.datasets.mnist import read_sn3_pascalvincent_tensor  # late: no page needs it

    homes = tuple(f"{home}{path.name}.gz" for home in HOMES)
    read(Source("mnist", path, homes, FILES[path.name], unpack=gzip.decompress))
    try:
        values = read_sn3_pascalvincent_tensor(str(path))
        if values.dtype != torch.uint8 or values.shape[1:] != sizes or count not in (None, len(values)):
            raise ValueError(f"{values.dtype} of shape {tuple(values.shape)}")
    except Exception as error:  # somebody vouched for no IDX file
        raise unreadable("mnist", path, error) from error
    return values


def stand_in(root: Path) -> None:
    """As many files of the same shapes: 2,000 + 500 pictures of noise."""
    rng, folder = np.random.default_rng(0), root / "MNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        sizes = (2000 if name.startswith("train") else 500, *((28, 28) if "images" in name else ()))
        values = rng.integers(256 if "images" in name else 10, size=sizes, dtype=np.uint8)
        (folder / name).write_bytes(struct.pack(f">4B{len(sizes)}I", 0, 0, 8, len(sizes), *sizes) + values.tobytes())
        vouch(folder / name)
