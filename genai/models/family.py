"""The contract of a model family: all that training, checkpoints, the page and the metrics ask of one, with defaults.

A family is one file with a `Config` and a class that derives from `Family`, and its line in `models.FAMILIES`. What it has
to say itself: who plays (`players`) and what they lose (`losses`). Everything else has a default that suits a model of images.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from genai.errors import UserError
from genai.models.batch import Batch

NEEDS = {"images": "images", "text": "text", "captions": "pictures with captions"}  # kinds of data, in words


@dataclass(frozen=True)
class Config:
    """What a model's shape and losses depend on: plain numbers, words, and tuples of whole numbers.

    RANGES: of a number, where it may lie.  CHOICES: of a word, what it may be.
    """

    RANGES: ClassVar[dict[str, tuple[float, float]]] = {}
    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {}


class Family(nn.Module, abc.ABC):
    """A model of any family.

    Config: its configuration; fields that the data decide (see `data.decides`) or the frozen child are filled in by them.
    kind: what it learns from: "images" (their captions, if there are any, are left aside), "text" (its Config then has a
        block_size), or "captions".
    frozen: the child module, "" for none, that a trained checkpoint of that family fills and that takes no gradient.
    likelihood: whether its losses are those of a likelihood, in nats, and tell something on data that it never learned from.
    compilable: the submodules that `torch.compile` may take, by their names.
    sampled: the children that sampling needs, for checkpoints that hold no more (see `checkpoint.Meta.slim`); (): all of them.
    filled: the buffers that `complete` fills from the data: a run that begins with another's weights leaves them aside.
    at_once: pictures that it draws at the same time, of a whole grid.
    """

    Config: ClassVar[type] = Config
    kind: ClassVar[str] = "images"
    frozen: ClassVar[str] = ""
    likelihood: ClassVar[bool] = False
    compilable: ClassVar[tuple[str, ...]] = ()
    sampled: ClassVar[tuple[str, ...]] = ()
    filled: ClassVar[tuple[str, ...]] = ()
    at_once: ClassVar[int] = 64

    @property
    @abc.abstractmethod
    def players(self) -> dict[str, nn.Module]:
        """Who takes optimizer steps, by the names that `losses` yields, in its order; no parameter is two players'."""

    @abc.abstractmethod
    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """One training step: (player, loss [], stats of [] each) for each player in turn, who steps before the next is asked."""

    @property
    def matrices(self) -> list[nn.Parameter]:
        """The parameters that Muon may orthogonalise: hidden weight matrices, and filters of hidden convolutions."""
        return []

    @property
    def lr_scale(self) -> dict[str, float]:
        """What a player's learning rates are multiplied by; 1 where nothing is said."""
        return {}

    @classmethod
    def wants_backbone(cls, config: Config) -> bool:
        """Whether training needs the frozen network of `models/backbone.py`, which `look_through` then gives it."""
        return False

    @classmethod
    def knows_backbone(cls, config: Config) -> bool:
        """Whether a model so configured was taught through it, by this run or one before: its features then flatter the model."""
        return cls.wants_backbone(config)

    def look_through(self, backbone: nn.Module) -> None:
        """Take the frozen network; it is no part of the model's weights."""

    @classmethod
    def options(cls, config: dict[str, Any]) -> dict[str, Any]:
        """What it asks of `load_dataset`; a data set takes of it what it knows. targets: what is beside the images."""
        asked = {name: config[name] for name in ("image_size", "channels") if name in config}
        return {"targets": "classes", **asked}

    @classmethod
    def fit(cls, config: dict[str, Any], data) -> dict[str, Any]:
        """`config` with what the data decide. Raises UserError for data that it cannot learn from."""
        if data.kind != cls.kind and (cls.kind, data.kind) != ("images", "captions"):
            cls.refuse(NEEDS[cls.kind], NEEDS[data.kind])
        if len(data) == 0:
            cls.refuse(NEEDS[cls.kind], "nothing")
        return cls._filled(config, data.decides())

    @classmethod
    def adopt(cls, config: dict[str, Any], child: Family) -> dict[str, Any]:
        """`config` with what the frozen child decides: its own fields, here with its name before them."""
        return cls._filled(config, {f"{cls.frozen}_{k}": v for k, v in dataclasses.asdict(child.config).items()})

    @classmethod
    def refuse(cls, needs: str, got: str) -> None:
        raise UserError("data_does_not_fit", family=cls.__name__, needs=needs, got=got)

    @classmethod
    def _filled(cls, config: dict[str, Any], decided: dict[str, Any]) -> dict[str, Any]:
        known = {f.name for f in dataclasses.fields(cls.Config)}
        return {**config, **{k: v for k, v in decided.items() if k in known}}

    @classmethod
    def widths_drawn(cls, config: Config) -> tuple[int, ...]:
        """Channels of what it draws a picture with, from the lowest resolution up; each step doubles the side."""
        return tuple(reversed(getattr(config, "widths", ())))

    @classmethod
    def working_numbers(cls, config: Config) -> int:
        """About how many numbers are in memory, beside the weights, while a full grid is drawn: from the config alone, so that
        one that asks for more than there is can be refused before anything is taken."""
        if not hasattr(config, "image_size"):
            return 0
        widths = (*cls.widths_drawn(config), config.channels)
        steps = range(len(widths) - 2, -2, -1)  # a stage's channels may be enlarged before they become the next one's
        largest = max(width * (config.image_size / 2 ** max(0, n)) ** 2 for width, n in zip(widths, steps))
        return int(2 * cls.at_once * largest)  # what a layer reads, and what it makes of that

    def complete(self, data) -> dict[str, Any]:
        """What the trained model knows about itself, once, for its checkpoint's `extra`: plain JSON values."""
        return {}
