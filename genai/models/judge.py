"""A judge of scenes: one convolutional network that answers several questions about a picture at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models import family
from genai.models.batch import Batch
from genai.models.layers import Residual, shift, to_signed

NOISE = 0.04  # augmentation: standard deviation of noise on the pixels, in [-1, 1]


@dataclass(frozen=True)
class Config(family.Config):
    image_size: int = 64
    channels: int = 3
    answers: tuple[int, ...] = (8, 8, 24, 10, 3, 25, 11, 4)  # choices of each question
    widths: tuple[int, ...] = (32, 64, 96)  # each stage halves the resolution
    depths: tuple[int, ...] = (1, 2, 3)  # convolutions of each stage: one that halves, the others residual
    features: int = 256
    shift: int = 1  # augmentation: translation by up to so many pixels

    RANGES: ClassVar = {"features": (1, 65_536)}


class Judge(family.Family):
    Config = Config
    compilable = ("trunk",)
    likelihood = True

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        layers: list[nn.Module] = []
        channels, size = config.channels, config.image_size
        for width, depth in zip(config.widths, config.depths):
            layers += [nn.Conv2d(channels, width, 4, stride=2, padding=1), *(Residual(width) for _ in range(depth - 1))]
            layers += [nn.GELU()]
            channels, size = width, size // 2
        self.trunk = nn.Sequential(*layers)
        self.neck = nn.Linear(channels * size * size, config.features)
        self.head = nn.Linear(config.features, sum(config.answers))

    @classmethod
    def options(cls, config: dict) -> dict:
        return super().options(config) | {"targets": "attributes"}

    @classmethod
    def fit(cls, config: dict, data) -> dict:
        fitted = super().fit(config, data)
        if "answers" not in data.decides():
            cls.refuse("pictures with attributes", "pictures without")
        return fitted

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"judge": self}

    @property
    def matrices(self) -> list[nn.Parameter]:
        """Filters of the hidden convolutions and the neck: the parameters that Muon may orthogonalise."""
        convolutions = [m.weight for m in self.trunk.modules() if isinstance(m, nn.Conv2d)]
        return [*convolutions[1:], self.neck.weight]

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """Cross-entropy in nats, summed over the questions. batch.inputs uint8 [B, C, H, W], batch.targets [B, Q].

        Each picture is blurred or not, moved and made noisy: a judge of generated pictures must not hang on the exact
        pixels that only the renderer makes.
        """
        images = to_signed(batch.inputs)
        soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        images = torch.lerp(images, soft, 0.8 * batch.noise.uniform(1, 1, 1).to(images.device))
        images = shift(images, batch.noise, self.config.shift)
        images = images + NOISE * batch.noise.normal(*images.shape[1:]).to(images.device)
        logits = self(images)
        loss = sum(F.cross_entropy(row, target) for row, target in zip(logits, batch.targets.T))
        right = torch.stack([row.argmax(1) for row in logits], 1) == batch.targets
        stats = {"accuracy": right.float().mean().detach(), "all_right": right.all(1).float().mean().detach()}
        yield "judge", loss, stats

    def embed(self, images: Tensor) -> Tensor:
        """Images float [B, C, H, W] in [-1, 1] -> features [B, features]."""
        return F.gelu(self.neck(self.trunk(images).flatten(1)))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Images float [B, C, H, W] in [-1, 1] -> for each question its logits [B, choices]."""
        return self.head(self.embed(images)).split(self.config.answers, dim=1)

    @torch.inference_mode()
    def answer(self, images: Tensor) -> tuple[Tensor, ...]:
        """Images uint8 [N, C, H, W] -> for each question the probabilities of its choices [N, choices]."""
        chunks = [self(to_signed(chunk.to(self.head.weight.device))) for chunk in images.split(250)]
        return tuple(torch.cat(rows).softmax(1) for rows in zip(*chunks))
