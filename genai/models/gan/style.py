"""A generator whose latent enters at every resolution (Karras et al. 2019, 2020: StyleGAN, StyleGAN2), small enough for a CPU.

A mapping network makes a style w of each z. Every convolution's inputs are scaled by w and its outputs by what that did to
their variance (modulation and demodulation), so coarse layers can follow one w and fine ones another. Each resolution adds
its colours to the picture so far. No noise inputs: a picture is a function of z alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models.gan.r3 import whole_steps


class Modulated(nn.Module):
    """A k x k convolution of x [B, I, H, W], its input channels scaled by a style w [B, D] -> [B, O, H, W].

    Scaling activations instead of weights is the same function (StyleGAN2, eq. 1 and 3), and one convolution serves the
    whole batch.
    """

    def __init__(self, i: int, o: int, style: int, k: int = 3, demodulate: bool = True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(o, i, k, k) / (i * k * k) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(o))
        self.scale = nn.Linear(style, i)
        nn.init.normal_(self.scale.weight, std=style**-0.5)
        nn.init.ones_(self.scale.bias)
        self.demodulate = demodulate

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        s = self.scale(w).float()  # [B, I]
        x = F.conv2d(x * s.to(x.dtype)[:, :, None, None], self.weight.to(x.dtype), padding=self.weight.size(-1) // 2)
        if self.demodulate:
            energy = self.weight.float().square().sum((2, 3))  # [O, I]
            x = x * (s.square() @ energy.t() + 1e-8).rsqrt().to(x.dtype)[:, :, None, None]
        return x + self.bias.to(x.dtype)[:, None, None]


class Level(nn.Module):
    """One resolution: i channels at half its side -> o channels, and what it adds to the picture."""

    def __init__(self, i: int, o: int, style: int, channels: int, enlarge: bool):
        super().__init__()
        self.enlarge = enlarge
        # The first convolution runs at the side before: a quarter of the cost, and enlarging smooths what it made.
        self.before = Modulated(i, o, style) if enlarge else None
        self.after = Modulated(o, o, style)
        self.colours = Modulated(o, channels, style, k=1, demodulate=False)

    def forward(self, x: Tensor, picture: Tensor | None, w: Tensor) -> tuple[Tensor, Tensor]:
        if self.before is not None:
            x = double(leaky(self.before(x, w)))
        x = leaky(self.after(x, w))
        colours = self.colours(x, w).float()
        return x, colours if picture is None else double(picture) + colours


def leaky(x: Tensor) -> Tensor:
    """Leaky ReLU that keeps the variance."""
    return F.leaky_relu(x, 0.2) * 2**0.5


def double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class StyleGenerator(nn.Module):
    """z [B, z_dim], or one for each resolution [B, levels, z_dim], and class labels [B] -> images [B, C, H, W] in (-1, 1).

    widths: channels of each resolution, from the lowest up; the side of the lowest is image_size / 2^(levels - 1).
    """

    def __init__(self, config):
        super().__init__()
        z_dim, widths = config.z_dim, config.widths
        whole_steps(config, len(widths) - 1)
        style, side = z_dim, config.image_size // 2 ** (len(widths) - 1)
        self.embedding = nn.Embedding(config.classes, z_dim) if config.classes else None
        # z is not normalised: a shorter one (truncation) is a more usual picture.
        self.mapping = nn.Sequential(
            nn.Linear(z_dim * (2 if config.classes else 1), style),
            nn.LeakyReLU(0.2),
            nn.Linear(style, style),
            nn.LeakyReLU(0.2),
        )
        for layer in self.mapping[::2]:
            nn.init.normal_(layer.weight, std=(2 / layer.in_features) ** 0.5)
            nn.init.zeros_(layer.bias)
        self.constant = nn.Parameter(torch.randn(widths[0], side, side))
        self.levels = nn.ModuleList(
            Level(i, o, style, config.channels, enlarge=n > 0)
            for n, (i, o) in enumerate(zip((widths[0], *widths), widths))
        )

    def styles(self, z: Tensor, labels: Tensor) -> Tensor:
        """z [B, z_dim] or [B, levels, z_dim] -> a style for each resolution [B, levels, D]."""
        z = z[:, None] if z.ndim == 2 else z
        if self.embedding is not None:
            e = self.embedding(labels)
            e = e * torch.rsqrt(e.square().mean(1, keepdim=True) + 1e-8)
            z = torch.cat((z, e[:, None].expand(-1, z.size(1), -1)), dim=2)
        return self.mapping(z).expand(-1, len(self.levels), -1)

    def synthesise(self, styles: Tensor) -> Tensor:
        """Styles [B, levels, D] -> images [B, C, H, W]."""
        x = self.constant.expand(len(styles), -1, -1, -1)
        picture = None
        for n, level in enumerate(self.levels):
            x, picture = level(x, picture, styles[:, n])
        return torch.tanh(picture)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.synthesise(self.styles(z, labels))
