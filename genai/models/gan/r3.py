"""The two bodies that R3GAN's game was written with (Huang et al. 2024, section 4): no normalisation layers, no tricks.

"plain" (strided convolutions) is the fast one on CPUs, where grouped convolutions cost three to six times more a step;
"residual" (R3GAN's inverted grouped bottleneck) is the better one on GPUs.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


def conv(i: int, o: int, k: int, gain: float = math.sqrt(2), **kwargs) -> nn.Conv2d:
    """A convolution with variance-preserving initialisation for leaky ReLU; gain 0 starts it at zero."""
    layer = nn.Conv2d(i, o, k, padding=k // 2 if "padding" not in kwargs else kwargs.pop("padding"), **kwargs)
    nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def up_conv(i: int, o: int) -> nn.ConvTranspose2d:
    """H -> 2 H by a 4x4 transposed convolution, variance-preserving too: four taps reach each output pixel."""
    layer = nn.ConvTranspose2d(i, o, 4, stride=2, padding=1)
    nn.init.normal_(layer.weight, std=math.sqrt(2 / (4 * i)))
    nn.init.zeros_(layer.bias)
    return layer


def linear(i: int, o: int, bias: bool = True) -> nn.Linear:
    layer = nn.Linear(i, o, bias=bias)
    nn.init.normal_(layer.weight, std=1 / math.sqrt(i))
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


class Residual(nn.Module):
    """Inverted grouped bottleneck: 1x1 -> grouped 3x3 -> 1x1, the last zero-initialised (R3GAN, section 4)."""

    def __init__(self, width: int, group: int = 16, expansion: int = 2):
        super().__init__()
        inner = expansion * width
        self.expand = conv(width, inner, 1, bias=False)
        self.mix = conv(inner, inner, 3, groups=max(1, inner // group))
        self.project = conv(inner, width, 1, gain=0, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.project(leaky(self.mix(leaky(self.expand(x)))))


class PlainResidual(nn.Module):
    """x + a 3x3 convolution of it, zero-initialised."""

    def __init__(self, width: int):
        super().__init__()
        self.conv = conv(width, width, 3, gain=0)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(leaky(x))


class Resample(nn.Module):
    """Bilinear change of resolution, with a 1x1 convolution where the width changes."""

    def __init__(self, i: int, o: int, scale: float):
        super().__init__()
        self.scale = scale
        self.width = conv(i, o, 1, gain=1, bias=False) if i != o else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        if self.scale < 1:
            return self.width(F.avg_pool2d(x, 2))
        return F.interpolate(self.width(x), scale_factor=2, mode="bilinear", align_corners=False)


class Activation(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return leaky(x)


def whole_steps(config, ups: int) -> None:
    """Raises ValueError for pictures that so many doublings do not make."""
    if config.image_size % 2**ups:
        raise ValueError(f"image_size {config.image_size} must divide by 2^{ups} for widths {config.widths}")


class Generator(nn.Module):
    """z [B, z_dim] and class labels [B] -> images [B, C, H, W] in (-1, 1)."""

    def __init__(self, config):
        super().__init__()
        whole_steps(config, len(config.widths) - 1)
        first, size = config.widths[0], config.image_size // 2 ** (len(config.widths) - 1)
        self.classes, self.shape = config.classes, (first, size, size)
        self.embedding = nn.Embedding(config.classes, config.z_dim) if config.classes else None
        inputs = config.z_dim * (2 if config.classes else 1)
        steps = list(zip(config.widths, config.widths[1:]))
        if config.body == "plain":
            self.base = linear(inputs, first * size * size)
            layers: list[nn.Module] = [PlainResidual(first), Activation()]
            for i, o in steps:
                layers += [up_conv(i, o), Activation()]  # H -> 2 H
        else:
            self.base = linear(inputs, first, bias=False)  # scales a learned constant map, as R3GAN does
            self.constant = nn.Parameter(torch.randn(first, size, size))
            layers = [Residual(first) for _ in range(config.blocks)]
            for i, o in steps:
                layers += [Resample(i, o, 2), *(Residual(o) for _ in range(config.blocks))]
        self.body = nn.Sequential(*layers)
        self.out = conv(config.widths[-1], config.channels, 3, gain=1)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        if self.embedding is not None:
            e = self.embedding(labels)
            z = torch.cat((z, e * torch.rsqrt(e.square().mean(1, keepdim=True) + 1e-8)), dim=1)
        x = self.base(z)
        x = x.view(-1, *self.shape) if x.size(1) != self.shape[0] else x[:, :, None, None] * self.constant
        return torch.tanh(self.out(self.body(x)).float())


class Discriminator(nn.Module):
    """Images [B, C, H, W] and class labels [B] -> logits [B]: how real, by projection (Miyato & Koyama 2018).

    The last layer has no bias: the relativistic loss sees differences of logits only, in which it would cancel.
    """

    def __init__(self, config):
        super().__init__()
        downs = len(config.widths) - 1
        if len(config.d_widths) <= downs:
            raise ValueError(f"d_widths {config.d_widths} needs at least {downs + 1} entries")
        size = config.image_size // 2**downs
        widths = config.d_widths
        if config.d_body == "plain":
            layers: list[nn.Module] = []
            channels = config.channels
            for width in widths[:downs]:
                layers += [conv(channels, width, 4, stride=2, padding=1), Activation()]  # H -> H / 2
                channels = width
            for width in widths[downs:]:
                layers += [conv(channels, width, 3), Activation()]
                channels = width
        else:
            layers, channels = [conv(config.channels, widths[0], 3, gain=1)], widths[0]
            for stage in range(downs + 1):
                if stage:
                    layers += [Resample(channels, widths[stage], 0.5)]
                    channels = widths[stage]
                layers += [Residual(channels) for _ in range(config.blocks)]
        self.body = nn.Sequential(*layers)
        self.pool = conv(channels, channels, size, groups=channels, padding=0, bias=False)  # depthwise, H -> 1
        self.classes = config.classes
        self.embedding = nn.Embedding(config.classes, channels) if config.classes else None
        self.head = linear(channels, 1, bias=False)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        h = self.pool(self.body(images)).flatten(1)  # [B, channels]
        logits = self.head(h).squeeze(1)
        if self.embedding is not None:
            logits = logits + (h * self.embedding(labels)).sum(1) / math.sqrt(h.size(1))
        return logits.float()
