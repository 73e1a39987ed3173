"""MNIST: 60,000 + 10,000 handwritten digits, 28x28 grey (LeCun, Cortes, Burges). CC BY-SA 3.0.

Found or downloaded in torchvision's layout, `<root>/MNIST/raw`, with torchvision's mirrors and checksums.
"""

from __future__ import annotations

from pathlib import Path

import torchvision

from genai.data.about import About
from genai.data.base import Images, missing

SPLITS = ("train", "test")
ABOUT = About(label="digit", features="classifier-digits", pixels="crisp", scale=8)
HOME = "https://ossci-datasets.s3.amazonaws.com/mnist/"


def load(split: str, root: Path) -> Images:
    """images uint8 [N, 1, 28, 28], labels int64 [N]; every class is the digit's name."""
    try:
        data = torchvision.datasets.MNIST(root, train=split == "train", download=False)
    except Exception:  # not there; or damaged, which torchvision reports in many ways
        try:
            data = torchvision.datasets.MNIST(root, train=split == "train", download=True)
        except Exception as error:
            raise missing("mnist", root / "MNIST" / "raw", HOME, error) from error
    return Images(data.data[:, None].contiguous(), data.targets.long(), [str(digit) for digit in range(10)])
