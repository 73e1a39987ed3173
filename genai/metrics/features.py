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
    """

    network: Classifier | Features | Backbone
    name: str
    learned: str
    worth: str

    def look(self, images: Tensor, what: str) -> Seen:
        """Images uint8 [n, C, H, W], in chunks."""
        if isinstance(self.network, Backbone):
            parts = progress(images.split(CHUNK // 10), f"looking at {what}")
            return Seen(torch.cat([self._pooled(part) for part in parts]), None)
        parts = progress(images.split(CHUNK), f"classifying {what}")
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
        return said | ({"features_worth": self.worth} if self.worth else {})


def space(context: Context) -> Space:
    """The caller's network; else the one that the data set names; else one of photographs, if its weights lie in a data root;
    else ANY. Loaded once.

    Raises UserError where there is no such file, or it is no classifier.
    """
    return context.once(_load)


def _load(context: Context) -> Space:
    if context.network is None and not context.about.features:
        roots = [data_root(context.root), data_root()]
        for path in map(backbone.weights_below, roots):
            if path.is_file():
                worth = FLATTERED if context.model.wants_backbone(context.model.config) else NEUTRAL
                return Space(Backbone(path).to(context.device), space_name(path), "ImageNet-1k", worth)
    path = context.find(context.about.features or ANY)
    network, meta = load_checkpoint(path, context.device)
    if not isinstance(network, (Classifier, Features)):
        raise UserError("bad_option", name="classifier", value=str(path), expected="a checkpoint of family classifier")
    own = meta.dataset == context.meta.dataset or about(meta.dataset).features == context.about.features != ""
    learned = " ".join(filter(None, (meta.dataset, meta.training.get("split", ""))))
    return Space(network, space_name(path), learned, OWN if own else OTHER)


def space_name(path: Path) -> str:
    return f"{path.stem} {weights_sha256(path)[:12]}"
