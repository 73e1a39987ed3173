"""The bodies for drawings: gated convolutions (van den Oord et al. 2016), a dense bottleneck, and the mirror image back."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Gate(nn.Module):
    """The activation: half of the channels, each opened or closed by its partner. [B, 2C, ...] -> [B, C, ...]"""

    def forward(self, x: Tensor) -> Tensor:
        return F.glu(x, dim=1)


class GatedResidual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, 2 * width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.glu(self.second(F.elu(self.first(F.elu(x)))), dim=1)


class Encoder(nn.Module):
    """Images [B, C, H, W] in [0, 1] -> mu, logvar [B, latents]."""

    def __init__(self, config):
        super().__init__()
        layers: list[nn.Module] = []
        channels = config.channels
        for width in config.widths:
            layers += [nn.Conv2d(channels, 2 * width, 4, stride=2, padding=1), Gate()]  # H -> H / 2
            layers += [GatedResidual(width) for _ in range(config.blocks)]
            channels = width
        size = config.image_size // 2 ** len(config.widths)
        layers += [nn.Flatten(), nn.Linear(channels * size * size, 2 * config.hidden), Gate()]
        self.net = nn.Sequential(*layers)
        self.moments = nn.Linear(config.hidden, 2 * config.latents)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = self.moments(self.net(2 * x - 1)).float().chunk(2, dim=1)
        return mu, logvar.clamp(-12, 6)


class Decoder(nn.Module):
    """Latents [B, latents] -> logits [B, C, H, W] of the mean images."""

    def __init__(self, config):
        super().__init__()
        size = config.image_size // 2 ** len(config.widths)
        widths = config.widths[::-1]
        self.base = nn.Sequential(
            nn.Linear(config.latents, 2 * config.hidden),
            Gate(),
            nn.Linear(config.hidden, 2 * widths[0] * size * size),
            Gate(),
            nn.Unflatten(1, (widths[0], size, size)),
        )
        layers: list[nn.Module] = []
        last = max(8, widths[-1] // 2)
        for width, narrower in zip(widths, (*widths[1:], last)):
            layers += [GatedResidual(width) for _ in range(config.blocks)]
            layers += [nn.ConvTranspose2d(width, 2 * narrower, 4, stride=2, padding=1), Gate()]  # H -> 2 H
        self.net = nn.Sequential(*layers)
        self.out = nn.Conv2d(last, config.channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        return self.out(self.net(self.base(z))).float()
