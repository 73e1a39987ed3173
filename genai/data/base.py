"""What every data set looks like from outside."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from genai.data.tokenizer import CharTokenizer
from genai.data.words import WordTokenizer
from genai.errors import UserError

BROKEN_SHARE = 0.05  # of a folder's images: so many may be left out
BROKEN_NAMED = 3


@dataclass
class Images:
    """Images in memory: `images` uint8 [N, C, H, W], `labels` int64 [N], and what each class is called."""

    images: Tensor
    labels: Tensor
    classes: list[str] = field(default_factory=list)
    kind: ClassVar[str] = "images"

    def __len__(self) -> int:
        return len(self.images)

    def chunks(self, count: int, size: int = 500) -> Iterator[Tensor]:
        """The first `count` images, or all of them if there are fewer, `size` at a time: uint8 [n, C, H, W]."""
        yield from self.images[:count].split(size)

    def first(self, count: int) -> Images:
        """The first `count` of them alone."""
        return dataclasses.replace(self, images=self.images[:count], labels=self.labels[:count])

    @property
    def shape(self) -> tuple[int, int, int]:
        return tuple(self.images.shape[1:])

    def decides(self) -> dict[str, Any]:
        """What these data decide of a model's configuration, as fields that its Config may have."""
        return _picture_fields(self)

    def metadata(self) -> dict[str, Any]:
        """What a checkpoint that learned from these data says of them, as fields of its metadata."""
        return {"classes": self.classes}


@dataclass
class LazyImages:
    """Images too many for memory: `load(i)` decodes one, uint8 [C, H, W], when it is wanted.

    One that cannot be read gives way to the next that can, and is named; too many of them are an error. `broken` [N] notes
    them, for all processes that read.
    """

    paths: list[Path]
    labels: Tensor
    load: Callable[[Path], Tensor]
    shape: tuple[int, int, int]
    classes: list[str] = field(default_factory=list)
    kind: ClassVar[str] = "images"

    def __post_init__(self):
        self.broken = torch.zeros(len(self.paths), dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return len(self.paths)

    def chunks(self, count: int, size: int = 500) -> Iterator[Tensor]:
        """As `Images.chunks`."""
        for start in range(0, min(count, len(self)), size):
            yield torch.stack([self[i][0] for i in range(start, min(start + size, count, len(self)))])

    def first(self, count: int) -> LazyImages:
        """As `Images.first`."""
        return dataclasses.replace(self, paths=self.paths[:count], labels=self.labels[:count])

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        while True:
            try:
                return self.load(self.paths[index]), self.labels[index]
            except UserError as error:
                known = bool(self.broken[index])
                self.broken[index] = True
                others = [str(self.paths[i]) for i in self.broken.nonzero().flatten() if i != index]
                count = 1 + len(others)  # said of the first, the second, the fourth, ...
                named = [f"{self.paths[index]} ({error.details['cause']})", *others]
                leave_out(named, len(self), aloud=not known and count & (count - 1) == 0)
            index = (index + 1) % len(self)

    def decides(self) -> dict[str, Any]:
        """What these data decide of a model's configuration, as fields that its Config may have."""
        return _picture_fields(self)

    def metadata(self) -> dict[str, Any]:
        """What a checkpoint that learned from these data says of them, as fields of its metadata."""
        return {"classes": self.classes}


@dataclass
class Text:
    """One long text as token ids: `ids` [N], uint8 where the vocabulary fits, and the tokenizer that made them."""

    ids: Tensor
    tokenizer: CharTokenizer
    kind: ClassVar[str] = "text"

    def __len__(self) -> int:
        return len(self.ids)

    def first(self, count: int) -> Text:
        """The first `count` tokens alone."""
        return dataclasses.replace(self, ids=self.ids[:count])

    def decides(self) -> dict[str, Any]:
        """As `Images.decides`."""
        return {"vocab_size": len(self.tokenizer)}

    def metadata(self) -> dict[str, Any]:
        """As `Images.metadata`."""
        return {"tokenizer": self.tokenizer.state()}


@dataclass
class Procedural:
    """Samples made when they are wanted, endlessly: `make(seed, indices [B])` -> (images uint8 [B, C, H, W], targets).

    What the targets are, the data set says; where they are captions, `tokenizer` made them. Other processes can be given `make`
    (it can be pickled).

    plan: where targets are captions with what each picture shows, the entries of that in order, each with its choices.
    places: entries after them that are places on a grid: for each thing that may be there, in how many at most.
    answers: where targets are answers to questions about each picture, how many choices each question has.
    """

    make: Callable[[int, np.ndarray], tuple[Tensor, Tensor]]
    shape: tuple[int, int, int]
    tokenizer: WordTokenizer | None = None
    classes: list[str] = field(default_factory=list)
    plan: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        return "captions" if self.tokenizer else "images"

    def __len__(self) -> int:
        return 2**31

    def chunks(self, count: int, size: int = 500) -> Iterator[Tensor]:
        """As `Images.chunks`."""
        for start in range(0, count, size):
            yield self.make(0, np.arange(start, min(start + size, count)))[0]

    def first(self, count: int) -> Procedural:
        """As `Images.first`: these again and again."""
        return dataclasses.replace(self, make=partial(_again, self.make, count))

    def decides(self) -> dict[str, Any]:
        """As `Images.decides`, and of captions how long they are, of how many words, and what a plan has to choose from."""
        fields = _picture_fields(self)
        if self.answers:
            fields["answers"] = self.answers
        if self.tokenizer:
            fields |= {"words": len(self.tokenizer), "caption_length": self.tokenizer.length}
            fields |= {"plan": tuple(map(len, self.plan.values())), "places": self.places}
        return fields

    def metadata(self) -> dict[str, Any]:
        """As `Images.metadata`."""
        said: dict[str, Any] = {"classes": self.classes}
        if self.tokenizer:
            said["tokenizer"] = self.tokenizer.state()
        if self.plan:
            said["extra"] = {"plan": self.plan}
        return said


def _again(make: Callable, count: int, seed: int, indices: np.ndarray) -> tuple[Tensor, Tensor]:
    return make(seed, indices % count)


def leave_out(broken: list[str], total: int, aloud: bool = True) -> None:
    """Name the images that cannot be read, the first few. Raises UserError for more than BROKEN_SHARE of all."""
    names = broken[:BROKEN_NAMED]
    if len(broken) > BROKEN_SHARE * total:
        share = f"{100 * BROKEN_SHARE:g} %"
        raise UserError("folder_broken", count=len(broken), total=f"{total:,}", names=names, share=share)
    if aloud:
        more = ", ..." if len(broken) > len(names) else ""
        tqdm.write(
            f"{len(broken)} of {total:,} images cannot be read and are left out: {', '.join(names)}{more}",
            file=sys.stderr,
        )


def _picture_fields(data: Images | LazyImages | Procedural) -> dict[str, Any]:
    channels, height, _ = data.shape
    return {"image_size": height, "channels": channels, "classes": len(data.classes)}
