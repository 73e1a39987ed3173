"""Spaces in which pictures are compared: the features of a frozen network, and what it takes each picture for.

A space has one name everywhere, `<network> <first 12 of the SHA-256 of its weights>`: figures in two spaces do not compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from genai.checkpoint import load_checkpoint, weights_sha256
from genai.errors import UserError
from genai.metrics.context import CHUNK, Context, progress
from genai.models.classifier import Classifier

ANY = "classifier-digits"  # where pictures have no network of their own: shapes, and little else


@dataclass(frozen=True)
class Seen:
    """Of images: features float32 [n, F] and predicted classes int64 [n], on the CPU."""

    features: Tensor
    predicted: Tensor


@dataclass(frozen=True)
class Space:
    """A classifier, its name, and what it has learned from: the data set and the split of it.

    own: whether these are its own pictures. Others are shown to it at its own size, grey if it knows no colours: it then
    tells shapes apart, as far as they differ as its own do, and figures say little beyond comparing models of the same data.
    """

    network: Classifier
    name: str
    learned: str
    own: bool

    def look(self, images: Tensor, what: str) -> Seen:
        """Images uint8 [n, C, H, W], in chunks."""
        rows = [self.network.classify(self._fit(part)) for part in progress(images.split(CHUNK), f"classifying {what}")]
        features, predicted = zip(*rows)
        return Seen(torch.cat(features).float().cpu(), torch.cat(predicted).cpu())

    def _fit(self, images: Tensor) -> Tensor:
        config = self.network.config
        if images.shape[1:] == (config.channels, config.image_size, config.image_size):
            return images
        images = images.float()
        if images.size(1) != config.channels:
            images = images.mean(1, keepdim=True).expand(-1, config.channels, -1, -1)
        size = (config.image_size, config.image_size)
        return F.interpolate(images, size, mode="bilinear", antialias=True).round().clamp(0, 255).to(torch.uint8)

    def record(self) -> dict:
        """What a record says of it."""
        said = {"features": self.name, "features_learned": self.learned}
        return said if self.own else said | {"features_worth": "other pictures than its own, resized: shapes, roughly"}


def space(context: Context) -> Space:
    """The caller's network, else the one that the data set names, else ANY; loaded once.

    Raises UserError where there is no such file, it is no classifier, or it is the data set's own and does not fit.
    """
    return context.once(_load)


def _load(context: Context) -> Space:
    path = context.find(context.about.features or ANY)
    network, meta = load_checkpoint(path, context.device)
    if not isinstance(network, Classifier):
        raise UserError("bad_option", name="classifier", value=str(path), expected="a checkpoint of family classifier")
    shape = (network.config.channels, network.config.image_size, network.config.image_size)
    own = meta.dataset == context.meta.dataset or (bool(context.about.features) and shape == context.test.shape)
    learned = " ".join(filter(None, (meta.dataset, meta.training.get("split", ""))))
    return Space(network, space_name(path), learned, own)


def space_name(path: Path) -> str:
    return f"{path.stem} {weights_sha256(path)[:12]}"
