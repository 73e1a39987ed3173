"""The bodies for photographs: residual convolutions, wider where the picture is small, and no dense layer but one each."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models.layers import Residual

# A 3x3 filter over a picture whose pixels are each repeated is, for each of the four that came of one, a 2x2 filter over the
# picture as it was: along one axis, [which of the two, tap of two, tap of three].
PHASES = ((1, 0, 0), (0, 1, 1)), ((1, 1, 0), (0, 0, 1))


class Doubled(nn.Conv2d):
    """A 3x3 convolution of the picture enlarged by repeating pixels: x [B, i, H, W] -> [B, o, 2 H, 2 W].

    Computed at the side before, with four ninths of the multiplications; of the smallest pictures the filters weigh more.
    """

    def __init__(self, i: int, o: int):
        super().__init__(i, o, 3, padding=1)
        self.register_buffer("phases", torch.tensor(PHASES, dtype=torch.float32), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        B, _, H, W = x.shape
        if H * W < 256:
            return super().forward(F.interpolate(x, scale_factor=2))
        filters = torch.einsum("pay,qbx,oiyx->pqoiab", self.phases, self.phases, self.weight)  # [2, 2, o, i, 2, 2]
        y = F.conv2d(x, filters.flatten(0, 2), self.bias.repeat(4), padding=1)  # [B, 4 o, H + 1, W + 1]
        y = y.permute(0, 2, 3, 1).unflatten(3, (2, 2, -1))  # [B, H + 1, W + 1, 2, 2, o]
        rows = [
            torch.stack([y[:, p : p + H, q : q + W, p, q] for q in (0, 1)], 3) for p in (0, 1)
        ]  # 2 of [B, H, W, 2, o]
        return torch.stack(rows, 2).reshape(B, 2 * H, 2 * W, -1).permute(0, 3, 1, 2)


# Channels after each halving that leads to 4x4, and of each resolution from there up: the last ones of larger pictures.
DOWN, UP = (16, 16, 32, 64, 112, 160), (224, 192, 128, 64, 40, 24, 16)


def widths_for(image_size: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Channels of the encoder and of the decoder for pictures of that size; they end at 4x4, or a little more."""
    halvings, side = 0, image_size
    while side >= 8 and side % 2 == 0 and halvings < len(DOWN):
        halvings, side = halvings + 1, side // 2
    return DOWN[len(DOWN) - halvings :], UP[: halvings + 1]


class Encoder(nn.Module):
    """Images [B, C, H, W] in [0, 1] -> mu, logvar [B, latents]."""

    def __init__(self, config):
        super().__init__()
        layers: list[nn.Module] = []
        channels, side = config.channels, config.image_size
        for width in config.widths:
            layers += [nn.Conv2d(channels, width, 4, stride=2, padding=1)]  # H -> H / 2
            layers += [Residual(width) for _ in range(config.blocks)]
            channels, side = width, side // 2
        self.net = nn.Sequential(*layers, nn.GroupNorm(1, channels), nn.GELU(), nn.Flatten())
        self.moments = nn.Linear(channels * side * side, 2 * config.latents)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = self.moments(self.net(2 * x - 1)).float().chunk(2, dim=1)
        return mu, logvar.clamp(-12, 6)


class Decoder(nn.Module):
    """Latents [B, latents] -> logits [B, C, H, W] of the mean images.

    Enlarged by repeating pixels: what a transposed convolution enlarges shows its grid.
    """

    def __init__(self, config):
        super().__init__()
        first, *rest = config.decoder_widths
        side = config.image_size // 2 ** len(rest)
        self.base = nn.Sequential(
            nn.Linear(config.latents, first * side * side), nn.Unflatten(1, (first, side, side)), Residual(first)
        )
        layers: list[nn.Module] = []
        channels = first
        for width in rest:
            layers += [Doubled(channels, width)]  # H -> 2 H
            layers += [Residual(width) for _ in range(config.blocks)]
            channels = width
        self.net = nn.Sequential(*layers, nn.GroupNorm(1, channels), nn.GELU())
        self.out = nn.Conv2d(channels, config.channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        return self.out(self.net(self.base(z))).float()
