"""A generator whose latent enters at every resolution (Karras et al. 2019, "StyleGAN"), small enough for a CPU.

A mapping network makes a style w of each z. Every convolution's outputs are normalised over the batch, then scaled and shifted
by what its resolution's w says (conditional batch normalisation: Brock et al. 2019, "BigGAN", whose z enters in chunks), so
coarse layers can follow one w and fine ones another. No noise inputs: a picture is a function of z alone.

Normalising by expectation instead, as StyleGAN2's demodulation does, let a discriminator that looks through a frozen network
drive every pixel to the ends of the tanh within a hundred steps.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models.gan.r3 import whole_steps

# Channels of each resolution, from 4x4 up: the larger the picture, the less there is to decide at each of its pixels.
WIDTHS = (256, 256, 160, 80, 40, 24, 16, 12)


def widths_for(image_size: int) -> tuple[int, ...]:
    """Channels for pictures of that size, from the resolution up that halving leads to, 4x4 or a little more."""
    levels, side = 1, image_size
    while side >= 8 and side % 2 == 0 and levels < len(WIDTHS):
        levels, side = levels + 1, side // 2
    return WIDTHS[:levels]


class Styled(nn.Module):
    """x [B, C, H, W], normalised over the batch, then scaled and shifted by a style w [B, D], through a leaky ReLU.

    y = leaky_relu((1 + scale(w)) * (x - mean) / std + shift(w)); what is sampled uses running means, so no sample depends on
    others.
    """

    def __init__(self, width: int, style: int):
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.affine = nn.Linear(style, 2 * width)
        nn.init.normal_(self.affine.weight, std=0.5 * style**-0.5)
        nn.init.zeros_(self.affine.bias)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        scale, shift = self.affine(w)[:, :, None, None].chunk(2, dim=1)
        scale = 1 + scale
        if self.training:
            x = self.norm(x)
        else:  # running moments are constants, so all is one scale and one shift: once over the picture instead of twice
            scale = scale * (self.norm.running_var + self.norm.eps).rsqrt()[:, None, None]
            shift = shift - scale * self.norm.running_mean[:, None, None]
        return F.leaky_relu(torch.addcmul(shift.to(x.dtype), x, scale.to(x.dtype)), 0.2, inplace=True)


class Level(nn.Module):
    """One resolution: x [B, i, H / 2, W / 2] and its style -> [B, o, H, W]."""

    def __init__(self, i: int, o: int, style: int):
        super().__init__()
        # The first convolution runs at the side before: a quarter of the cost, and enlarging smooths what it made.
        self.before = nn.Conv2d(i, o, 3, padding=1, bias=False)
        self.styled = Styled(o, style)
        self.after = nn.Conv2d(o, o, 3, padding=1, bias=False)
        self.restyled = Styled(o, style)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        x = self.styled(double(self.before(x)), w)
        return x + self.restyled(self.after(x), w)


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
        self.shape = (widths[0], side, side)
        self.base = nn.Linear(
            style, widths[0] * side * side, bias=False
        )  # the coarse layout is the lowest level's style
        self.start = Styled(widths[0], style)
        self.levels = nn.ModuleList(Level(i, o, style) for i, o in itertools.pairwise(widths))
        self.out = nn.Conv2d(widths[-1], config.channels, 3, padding=1)

    def styles(self, z: Tensor, labels: Tensor) -> Tensor:
        """z [B, z_dim] or [B, levels, z_dim] -> a style for each resolution [B, levels, D]."""
        z = z[:, None] if z.ndim == 2 else z
        if self.embedding is not None:
            e = self.embedding(labels)
            e = e * torch.rsqrt(e.square().mean(1, keepdim=True) + 1e-8)
            z = torch.cat((z, e[:, None].expand(-1, z.size(1), -1)), dim=2)
        return self.mapping(z).expand(-1, 1 + len(self.levels), -1)

    def synthesise(self, styles: Tensor) -> Tensor:
        """Styles [B, levels, D] -> images [B, C, H, W]."""
        x = self.base(styles[:, 0]).view(-1, *self.shape)
        x = self.start(x.contiguous(memory_format=torch.channels_last), styles[:, 0])  # a quarter faster on a CPU
        for n, level in enumerate(self.levels, 1):
            x = level(x, styles[:, n])
        return torch.tanh(self.out(x).float())

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.synthesise(self.styles(z, labels))
