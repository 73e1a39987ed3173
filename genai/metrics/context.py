"""What a metric is given: the checkpoint, the data it learned from, and a place to keep what several metrics share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from genai.checkpoint import load_checkpoint
from genai.data import Images, LazyImages, Procedural, about, load_dataset, options_of
from genai.device import pick_device
from genai.errors import UserError

CHUNK = 500  # images in one pass through a model
FRESH = 1_000_003  # the seed of everything drawn for a measurement: no training run uses it, so nobody has met it
OF_PICTURES = ("image_size", "channels", "classes")  # what a model and its data have to agree on
T = TypeVar("T")


class Context:
    """A checkpoint on the bench. Everything is loaded or computed when first asked for, once.

    Args: as `genai.metrics.measure`; network: its `classifier`. Raises UserError for a broken checkpoint or an unknown
    device.
    """

    def __init__(
        self,
        path: Path,
        *,
        n: int | None = None,
        root: str | Path | None = None,
        network: str | Path | None = None,
        device: str = "auto",
    ):
        self.path, self.root, self.n, self.network = path, root, n, network
        self.device = pick_device(device)
        self.model, self.meta = load_checkpoint(path, self.device)
        self.about = about(self.meta.dataset)
        self.held_out = self.about.held_out or "test"
        self._kept: dict[object, object] = {}

    def once(self, make: Callable[..., T], *args) -> T:
        """`make(self, *args)`, kept: metrics that need the same work do it once."""
        key = (make, *args)
        if key not in self._kept:
            self._kept[key] = make(self, *args)
        return self._kept[key]

    def count(self, default: int, available: int, least: int = 1) -> int:
        """How many to measure: `default`, or --n. Raises UserError where it is not in [least, available], or nothing is."""
        if available < least:
            needs, got = f"at least {least} of the data held out, for this metric", f"{available}"
            raise UserError("data_does_not_fit", family=self.meta.family, needs=needs, got=got)
        if self.n is None:
            return min(default, available)
        if not least <= self.n <= available:
            raise UserError("bad_option", name="n", value=self.n, expected=f"{least} to {available:,} for this metric")
        return self.n

    def find(self, name: str) -> Path:
        """The file of a network that measures: as the caller named it, else `name` beside the checkpoint or in checkpoints/.

        Raises UserError naming the places where none is.
        """
        if self.network is not None:
            return Path(self.network)
        places = self.places(name)
        if not (found := [place for place in places if place.is_file()]):
            raise UserError("network_missing", preset=name, places=[str(place) for place in places])
        return found[0]

    def places(self, name: str) -> list[Path]:
        """Where another checkpoint may lie: beside this one, or in checkpoints/."""
        return [self.path.parent / f"{name}.safetensors", Path("checkpoints") / f"{name}.safetensors"]

    def data(self, split: str):
        """The checkpoint's data set. Raises UserError where it has other images or classes than the model knows of."""
        return self.once(Context._load, split)

    def _load(self, split: str):
        config = dataclasses.asdict(self.model.config)
        asked = self.model.options(config)
        taken = {name: asked[name] for name in options_of(self.meta.dataset) if name in asked}
        data = load_dataset(self.meta.dataset, split, self.root, **taken)
        decided = {name: value for name, value in data.decides().items() if name in OF_PICTURES}
        needs = {name: config[name] for name in decided if config.get(name)}  # no classes: it knows of none
        got = {name: decided[name] for name in needs}
        if needs != got:
            raise UserError("data_does_not_fit", family=self.meta.family, needs=_said(needs), got=_said(got))
        return data

    @cached_property
    def test(self):
        """The split that no training reads, `held_out` by name."""
        return self.data(self.held_out)

    def learned(self, most: int) -> Iterator[Tensor]:
        """The pictures that the model learned from, the first `most` of them: uint8 [n, C, H, W], in chunks."""
        asked = self.meta.training
        data = self.data(asked.get("split") or "train")
        if isinstance(data, Procedural):  # chance makes them, by the run's seed
            data = dataclasses.replace(data, make=partial(_of_seed, data.make, asked.get("seed", 0)))
        return data.chunks(min(most, asked.get("limit") or most), CHUNK)

    def pictures(self, split: str, chosen: range | np.ndarray) -> tuple[Tensor, Tensor]:
        """Images uint8 [n, C, H, W] of a split and what is told of them, int64 [n] or [n, T]; made ones are fresh."""
        data = self.data(split)
        if isinstance(data, Images):
            index = torch.as_tensor(np.asarray(chosen))
            return data.images[index], data.labels[index]
        if isinstance(data, LazyImages):
            images, labels = zip(*(data[int(i)] for i in chosen))
            return torch.stack(images), torch.stack(labels)
        return data.make(FRESH, np.asarray(chosen))


def _of_seed(make: Callable, seed: int, _: int, indices: np.ndarray) -> tuple[Tensor, Tensor]:
    return make(seed, indices)


def _said(fields: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in fields.items())


def progress(steps: Iterable, what: str) -> Iterable:
    """A progress bar on stderr, gone when done; none where stderr is not a terminal."""
    return tqdm(steps, desc=what, leave=False, disable=None)
