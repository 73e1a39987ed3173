"""Data sets. Each is one file with SPLITS, ABOUT, `load(split, root, ...)` and `stand_in(root)`; to add one, write it and name
it here.

A data set is looked for below the data root (`--data_root`, else the environment's GENAI_DATA, else `data/`), and
downloaded there from its public home where it is missing.
"""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from types import ModuleType

from torch import Tensor

from genai.data import cats, folder, mnist, mnist_words, scenes, shakespeare, stacked_mnist, tales, world
from genai.data.about import About
from genai.data.base import Images, LazyImages, Procedural, Text
from genai.errors import UserError

__all__ = [
    "DATASETS",
    "About",
    "Images",
    "LazyImages",
    "Procedural",
    "Text",
    "about",
    "data_root",
    "load_dataset",
    "options_of",
    "picture",
    "stand_in",
]

DATASETS: dict[str, ModuleType] = {
    "mnist": mnist,
    "shakespeare": shakespeare,
    "tales": tales,
    "folder": folder,
    "mnist-words": mnist_words,
    "stacked-mnist": stacked_mnist,
    "cats": cats,
    "scenes": scenes,
    "world": world,
}


def data_root(root: str | Path | None = None) -> Path:
    return Path(root or os.environ.get("GENAI_DATA") or "data")


def about(name: str) -> About:
    """What belongs to a data set; the defaults for a name that is none of ours, as a checkpoint from elsewhere may say."""
    return DATASETS[name].ABOUT if name in DATASETS else About()


def load_dataset(name: str, split: str = "train", root: str | Path | None = None, **options):
    """A data set's split: `Images`, `LazyImages` or `Text`.

    Args:
        name: a key of DATASETS.  split: one of its SPLITS.  root: the data root.
        **options: what the data set itself takes, e.g. image_size and channels for `folder`.
    Raises UserError: unknown name or split; data neither found nor downloadable (names both ways to get it),
        or others than this project knows (names the file, its checksums, and the commands that help).
    """
    module = _module(name)
    if split not in module.SPLITS:
        raise UserError("unknown_split", value=split, dataset=name, choices=list(module.SPLITS))
    return module.load(split, data_root(root), **options)


def picture(name: str, split: str, place: int, root: str | Path | None = None) -> Tensor | None:
    """Picture number `place` of a split, uint8 [C, H, W], without reading the others; None where it is not here, or the data set
    has no way to read one alone."""
    find = getattr(_module(name), "picture", None)
    return None if find is None else find(split, data_root(root), place)


def options_of(name: str) -> list[str]:
    """What a data set lets its user choose: what its `load` takes beside the split and the root."""
    return list(inspect.signature(_module(name).load).parameters)[2:]


def stand_in(name: str, root: str | Path) -> None:
    """Write below `root` what `load_dataset(name, ..., root)` then reads, made up: for who only needs the data set's shapes."""
    _module(name).stand_in(Path(root))


def _module(name: str) -> ModuleType:
    if name not in DATASETS:
        raise UserError("unknown_dataset", value=name, choices=sorted(DATASETS))
    return DATASETS[name]
