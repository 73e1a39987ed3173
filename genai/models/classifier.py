"""A small convolutional classifier, frozen, whose features and answers the image metrics use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models import family
from genai.models.batch import Batch
from genai.models.layers import shift, to_signed


@dataclass(frozen=True)
class Config(family.Config):
    image_size: int = 28
    channels: int = 1
    classes: int = 10
    widths: tuple[int, ...] = (32, 64)
    features: int = 64
    dropout: float = 0.3
    shift: int = 2  # augmentation: translation by up to so many pixels

    RANGES: ClassVar = {"features": (1, 65_536), "dropout": (0, 0.9)}


class Classifier(family.Family):
    Config = Config
    compilable = ("trunk",)
    likelihood = True

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels, size = config.channels, config.image_size
        for width in config.widths:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.GELU()]
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.GELU(), nn.MaxPool2d(2)]
            channels, size = width, size // 2
        self.trunk = nn.Sequential(*layers)
        self.neck = nn.Linear(channels * size * size, config.features)
        self.head = nn.Linear(config.features, config.classes)

    @classmethod
    def fit(cls, config: dict, data) -> dict:
        fitted = super().fit(config, data)
        if fitted["classes"] < 2:
            cls.refuse("pictures of two or more classes", "pictures alone")
        return fitted

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"classifier": self}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """Cross-entropy in nats. batch.inputs uint8 [B, C, H, W], batch.targets int64 [B]."""
        images = shift(to_signed(batch.inputs), batch.noise, self.config.shift)
        features = batch.noise.dropout(self.embed(images), self.config.dropout)
        logits = self.head(features)
        accuracy = (logits.argmax(1) == batch.targets).float().mean()
        yield "classifier", F.cross_entropy(logits, batch.targets), {"accuracy": accuracy.detach()}

    def embed(self, images: Tensor) -> Tensor:
        """Images float [B, C, H, W] in [-1, 1] -> features [B, features], the space of the distances."""
        return F.gelu(self.neck(self.trunk(images).flatten(1)))

    def forward(self, images: Tensor) -> Tensor:
        """Images float [B, C, H, W] in [-1, 1] -> logits [B, classes]."""
        return self.head(self.embed(images))

    @torch.inference_mode()
    def classify(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images uint8 [N, C, H, W] -> (features [N, features], predicted class int64 [N])."""
        features, predicted = [], []
        for chunk in images.split(500):
            f = self.embed(to_signed(chunk.to(self.head.weight.device)))
            features.append(f)
            predicted.append(self.head(f).argmax(1))
        return torch.cat(features), torch.cat(predicted)
