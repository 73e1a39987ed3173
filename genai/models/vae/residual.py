"""The bodies for photographs: residual convolutions, wider where the picture is small, and no dense layer but one each."""

from __future__ import annotations

from torch import Tensor, nn

from genai.models.layers import Residual


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
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(channels, width, 3, padding=1)]  # H -> 2 H
            layers += [Residual(width) for _ in range(config.blocks)]
            channels = width
        self.net = nn.Sequential(*layers, nn.GroupNorm(1, channels), nn.GELU())
        self.out = nn.Conv2d(channels, config.channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        return self.out(self.net(self.base(z))).float()
