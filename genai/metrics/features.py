"""Spaces in which pictures are compared: the features of a frozen network, and what it takes each picture for.

A space has one name everywhere, `<network> <first 12 of the SHA-256 of its weights>`: figures in two spaces do not compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from genai.checkpoint import load_checkpoint, weights_sha256
from genai.data import about, data_root
from genai.errors import UserError
from genai.metrics.context import CHUNK, Context, progress
from genai.models import backbone
from genai.models.backbone import Backbone
from genai.models.classifier import Classifier
from genai.models.features import Features
from genai.models.layers import to_signed

ANY = "classifier-digits"  # where pictures have no network of their own: shapes, and little else


OWN = ""
OTHER = (
    "a network of other pictures, these resized for it: it sees shapes, roughly; compare models of the same data only"
)
NEUTRAL = "photographs of a thousand kinds of things: it sees texture and parts, in whatever pictures"
FLATTERED = "the network that it was trained through, which flatters it; compare with models trained alike"


@dataclass(frozen=True)
class Seen:
    """Of images: features float32 [n, F] and predicted classes int64 [n] (none by a network of no classes), on the CPU."""

    features: Tensor
    predicted: Tensor | None


@dataclass(frozen=True)
class Space:
    """A frozen network and its name.

    learned: the data set and the split that it learned from.  worth: what its figures are worth, OWN for its own pictures.
    key: of its records, where there is another space beside it.
    """

    network: Classifier | Features | Backbone
    name: str
    learned: str
    worth: str
    key: str = ""

    def look(self, images: Tensor, what: str) -> Seen:
        """Images uint8 [n, C, H, W], in chunks."""
        return self.look_at(images.split(CHUNK), what)

    def look_at(self, chunks: Iterable[Tensor], what: str) -> Seen:
        """The same of chunks, each uint8 [n, C, H, W], of which no more than one need be in memory."""
        parts = progress(chunks, f"looking at {what}")
        if isinstance(self.network, Backbone):
            return Seen(torch.cat([self._pooled(part) for chunk in parts for part in chunk.split(CHUNK // 10)]), None)
        features, predicted = zip(*(self.network.classify(self._fit(part)) for part in parts))
        return Seen(torch.cat(features).float().cpu(), torch.cat(predicted).cpu())

    @torch.inference_mode()
    def _pooled(self, images: Tensor) -> Tensor:
        """The last scale's channels, averaged over the picture: float32 [n, 320]."""
        device = next(self.network.parameters()).device
        return self.network(to_signed(images.to(device)))[-1].mean((2, 3)).float().cpu()

    def _fit(self, images: Tensor) -> Tensor:
        """As large as the classifier's own, grey if it knows no colours."""
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
        said |= {"features_worth": self.worth} if self.worth else {}
        return said | ({"key": self.key} if self.key else {})


def space(context: Context) -> Space:
    """The first of `spaces`."""
    return spaces(context)[0]


def spaces(context: Context) -> list[Space]:
    """The caller's network alone; else the one that the data set names, and beside it, for photographs, the one of photographs,
    if its weights lie in a data root; else one of these; else ANY. Loaded once.

    Raises UserError where there is no such file, or it is no classifier.
    """
    return context.once(_load)


def in_each(context: Context, measured: Callable[[Space], dict]) -> list[dict]:
    """What is measured in each of the spaces, with what a record says of the space."""
    return [measured(one) | one.record() for one in spaces(context)]


def photographs_network(context: Context) -> Path | None:
    """Where the weights of the network of photographs lie: below the caller's data root, or the usual one."""
    places = [backbone.weights_below(data_root(root)) for root in (context.root, None)]
    return next((path for path in places if path.is_file()), None)


def _load(context: Context) -> list[Space]:
    said, found = context.about, []
    if context.network is not None or said.features:
        found.append(_own(context, said.features or ANY))
    path = photographs_network(context)
    if path and context.network is None and (said.photographs or not said.features):
        worth = FLATTERED if context.model.wants_backbone(context.model.config) else NEUTRAL
        network, key = Backbone(path).to(context.device), "backbone" if found else ""
        found.append(Space(network, space_name(path), "ImageNet-1k", worth, key))
    return found or [_own(context, ANY)]


def _own(context: Context, name: str) -> Space:
    path = context.find(name)
    network, meta = load_checkpoint(path, context.device)
    if not isinstance(network, (Classifier, Features)):
        raise UserError("bad_option", name="classifier", value=str(path), expected="a checkpoint of family classifier")
    own = meta.dataset == context.meta.dataset or about(meta.dataset).features == context.about.features != ""
    learned = " ".join(filter(None, (meta.dataset, meta.training.get("split", ""))))
    return Space(network, space_name(path), learned, OWN if own else OTHER)


def space_name(path: Path) -> str:
    return f"{path.stem} {weights_sha256(path)[:12]}"
