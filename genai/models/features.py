"""Features learned from pictures alone: a network that tells which way up a picture is.

Rotation prediction (Gidaris et al. 2018, "Unsupervised Representation Learning by Predicting Image Rotations"): nobody
labels anything; to know which way is up one has to know what is in a picture. Its features are a space to measure
pictures in that no ImageNet, and no generator, had a hand in. Where the pictures are few it keeps what it makes of each, its
gallery: how near a picture is to those that were learned from can then be told without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models import family
from genai.models.batch import Batch
from genai.models.layers import Residual, shift, to_signed
from genai.models.neighbours import nearest

TURNS = 4  # by 0, 90, 180 and 270 degrees
GALLERY = 20_000  # pictures that a gallery holds at most: 5 MB at 128 features


@dataclass(frozen=True)
class Config(family.Config):
    image_size: int = 64
    channels: int = 3
    widths: tuple[int, ...] = (32, 64, 128, 192)  # each stage halves the resolution
    depth: int = 2  # residual convolutions of each stage
    features: int = 128
    shift: int = 4  # augmentation: translation by up to so many pixels
    noise: float = 0.05  # augmentation: standard deviation of noise on the pixels, in [-1, 1]
    gallery: int = 0  # training pictures whose features are kept: all, or none if there are too many (the data decide)

    RANGES: ClassVar = {"features": (1, 65_536), "gallery": (0, GALLERY)}


class Features(family.Family):
    Config = Config
    compilable = ("trunk",)
    filled = ("gallery",)

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels, size = config.channels, config.image_size
        for width in config.widths:
            layers += [
                nn.Conv2d(channels, width, 4, stride=2, padding=1),
                *(Residual(width) for _ in range(config.depth)),
            ]
            channels, size = width, size // 2
        self.trunk = nn.Sequential(*layers, nn.GroupNorm(1, channels), nn.GELU())
        self.neck = nn.Linear(channels * size * size, config.features)
        self.head = nn.Linear(config.features, TURNS)
        self.register_buffer("gallery", torch.zeros(config.gallery, config.features) if config.gallery else None)

    @classmethod
    def fit(cls, config: dict[str, Any], data) -> dict[str, Any]:
        return super().fit(config, data) | {"gallery": len(data) if len(data) <= GALLERY else 0}

    def complete(self, data) -> dict[str, Any]:
        """Fills the gallery: picture i of the data is its row i."""
        if self.config.gallery:
            self.gallery.copy_(torch.cat([self.classify(chunk)[0] for chunk in data.chunks(self.config.gallery)]))
        return {}

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"features": self}

    @property
    def matrices(self) -> list[nn.Parameter]:
        """Filters of the hidden convolutions and the neck: the parameters that Muon may orthogonalise."""
        convolutions = [m.weight for m in self.trunk.modules() if isinstance(m, nn.Conv2d)]
        return [*convolutions[1:], self.neck.weight]

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """Cross-entropy in nats of the turn. batch.inputs uint8 [B, C, H, W], turned here; targets are not looked at."""
        turns = batch.noise.integers(0, TURNS, 1)[:, 0].to(batch.inputs.device)
        images = turn(shift(to_signed(batch.inputs), batch.noise, self.config.shift, flip=True), turns)
        images = images + self.config.noise * batch.noise.normal(*images.shape[1:]).to(images.device)
        logits = self(images)
        accuracy = (logits.argmax(1) == turns).float().mean()
        yield "features", F.cross_entropy(logits, turns), {"accuracy": accuracy.detach()}

    def embed(self, images: Tensor) -> Tensor:
        """Images float [B, C, H, W] in [-1, 1] -> features [B, features], the space of the distances."""
        return self.neck(self.trunk(images).flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        """Images float [B, C, H, W] in [-1, 1] -> logits [B, TURNS]."""
        return self.head(F.gelu(self.embed(images)))

    @torch.inference_mode()
    def nearest(self, images: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
        """The k <= gallery training pictures nearest to each of images uint8 [B, C, H, W], the nearest first: distances [B, k] of
        features, the smaller of the picture's and its mirror image's, and places among the training data int64 [B, k]."""
        views = torch.stack([self.classify(x)[0] for x in (images, images.flip(-1))], 1)  # [B, 2, features]
        return nearest(views, self.gallery, k)

    @torch.inference_mode()
    def classify(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images uint8 [N, C, H, W] -> (features [N, features], predicted turn int64 [N])."""
        features, predicted = [], []
        for chunk in images.split(250):
            f = self.embed(to_signed(chunk.to(self.head.weight.device)))
            features.append(f)
            predicted.append(self.head(F.gelu(f)).argmax(1))
        return torch.cat(features), torch.cat(predicted)


def turn(images: Tensor, turns: Tensor) -> Tensor:
    """Each square picture [B, C, H, H] turned by 90 degrees as often as turns [B] says, counter-clockwise."""
    turned = torch.stack([images.rot90(k, (2, 3)) for k in range(TURNS)])  # [4, B, C, H, H]
    return turned[turns, torch.arange(len(images), device=images.device)]
