"""The two networks that every article on GANs begins with, as they are told there: the dense one and DCGAN.

They are here to be compared with (and to fail as they do): batch normalisation, N(0, 0.02) weights, nothing against collapse
unless a stabiliser is asked for (see `gan.Config`).
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from genai.models.gan.r3 import whole_steps


class Labelled(nn.Module):
    """z with what class is wanted beside it [B, z_dim (+ z_dim)]."""

    def __init__(self, z_dim: int, classes: int):
        super().__init__()
        self.embedding = nn.Embedding(classes, z_dim) if classes else None
        self.width = z_dim * (2 if classes else 1)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return z if self.embedding is None else torch.cat((z, self.embedding(labels)), dim=1)


class DenseGenerator(nn.Module):
    """z [B, z_dim] and labels [B] -> images [B, C, H, W] in (-1, 1), by dense layers of `widths` (128, 256, 512, 1024)."""

    def __init__(self, config):
        super().__init__()
        widths = config.widths
        self.latent = Labelled(config.z_dim, config.classes)
        self.shape = (config.channels, config.image_size, config.image_size)
        layers: list[nn.Module] = [nn.Linear(self.latent.width, widths[0]), nn.LeakyReLU(0.2)]
        for i, o in itertools.pairwise(widths):
            layers += [nn.Linear(i, o), nn.BatchNorm1d(o), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Linear(widths[-1], math.prod(self.shape)), nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.body(self.latent(z, labels)).view(-1, *self.shape).float()


class DenseDiscriminator(nn.Module):
    """Images [B, C, H, W] and labels [B] -> logits [B]."""

    def __init__(self, config):
        super().__init__()
        classes, widths, spectral = config.classes, config.d_widths, config.spectral
        self.embedding = nn.Embedding(classes, classes) if classes else None
        sizes = (config.channels * config.image_size**2 + classes, *widths)
        layers: list[nn.Module] = []
        for i, o in itertools.pairwise(sizes):
            layers += [normalised(nn.Linear(i, o), spectral), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, normalised(nn.Linear(widths[-1], 1), spectral))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        x = images.flatten(1)
        if self.embedding is not None:
            x = torch.cat((x, self.embedding(labels).to(x.dtype)), dim=1)
        return self.body(x).squeeze(1).float()


class ConvGenerator(nn.Module):
    """DCGAN (Radford et al. 2016): z [B, z_dim] and labels [B] -> images [B, C, H, W] in (-1, 1).

    widths: channels from the lowest resolution up; each step doubles it, the last one to the picture.
    """

    def __init__(self, config):
        super().__init__()
        widths = config.widths
        whole_steps(config, len(widths))
        self.latent = Labelled(config.z_dim, config.classes)
        side = config.image_size // 2 ** len(widths)
        layers: list[nn.Module] = [nn.ConvTranspose2d(self.latent.width, widths[0], side, bias=False)]  # 1 -> side
        layers += [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for i, o in itertools.pairwise(widths):
            layers += [nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]  # H -> 2 H
        self.body = nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], config.channels, 4, 2, 1), nn.Tanh())
        self.apply(start)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.body(self.latent(z, labels)[:, :, None, None]).float()


class ConvDiscriminator(nn.Module):
    """DCGAN's other half: images [B, C, H, W] and labels [B] -> logits [B]. widths from the highest resolution down.

    With spectral normalisation there is no batch normalisation (Miyato et al. 2018).
    """

    def __init__(self, config):
        super().__init__()
        widths, spectral = config.d_widths, config.spectral
        whole_steps(config, len(widths))
        sizes = (config.channels, *widths)
        layers: list[nn.Module] = []
        for n, (i, o) in enumerate(itertools.pairwise(sizes)):
            plain = spectral or n == 0
            layers.append(normalised(nn.Conv2d(i, o, 4, 2, 1, bias=plain), spectral))  # H -> H / 2
            layers += [nn.LeakyReLU(0.2)] if plain else [nn.BatchNorm2d(o), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers)
        self.out = normalised(nn.Conv2d(widths[-1], 1, config.image_size // 2 ** len(widths)), spectral)  # -> 1
        self.embedding = nn.Embedding(config.classes, widths[-1]) if config.classes else None
        self.apply(start)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        h = self.body(images)
        logits = self.out(h).flatten(1).mean(1)
        if self.embedding is not None:  # by projection (Miyato & Koyama 2018)
            logits = logits + (h.mean((2, 3)) * self.embedding(labels)).sum(1) / math.sqrt(h.size(1))
        return logits.float()


def normalised(layer: nn.Module, spectral: bool) -> nn.Module:
    return spectral_norm(layer) if spectral else layer


def start(layer: nn.Module) -> None:
    """DCGAN's initial weights. Spectral normalisation keeps its own: it fixes their scale anyway."""
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)) and not is_parametrized(layer):
        nn.init.normal_(layer.weight, std=0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
