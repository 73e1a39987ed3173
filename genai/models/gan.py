"""Class-conditional GAN, trained by R3GAN's game (Huang et al. 2024, "The GAN is dead; long live the GAN!").

The relativistic pairing loss (Jolicoeur-Martineau 2018) judges a real image *against* a fake one, which leaves no
minimum where modes are dropped; zero-centred gradient penalties on real (R1) and on fake images (R2) make it converge.
Nothing else is needed: no normalisation layers, no spectral norm, no tricks.

Two bodies share that game. "plain" (strided convolutions) is the fast one on CPUs, where grouped convolutions cost
three to six times more a step; "residual" (R3GAN's inverted grouped bottleneck) is the better one on GPUs.
"""

from __future__ import annotations

import math
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
    classes: int = 10  # 0: unconditional
    z_dim: int = 64
    body: str = "plain"  # "plain" or "residual"
    widths: tuple[int, ...] = (128, 64, 32)  # generator channels, from the lowest resolution up
    d_widths: tuple[int, ...] = (64, 128, 128)  # discriminator channels, from the highest resolution down
    blocks: int = 2  # residual blocks a resolution ("residual" only)
    gamma: float = 1.0  # weight of R1 and R2 at the start
    gamma_end: float = 0.2  # ... and at the end (cosine between)
    generator_lr: float = 0.4  # the generator's learning rate as a share of the discriminator's
    penalty_every: int = 1  # lazy regularisation: every n-th step, n times as strong (Karras et al. 2020)
    shift: int = 2  # augmentation: translation by up to so many pixels
    flip: bool = False  # augmentation: mirror half of the images; never for digits
    truncation_psi: float = 1.0  # how far latents are scaled where nobody says otherwise; training uses 1

    RANGES: ClassVar = {"z_dim": (1, 65_536), "penalty_every": (1, 1_000_000)}


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


class Generator(nn.Module):
    """z [B, z_dim] and class labels [B] -> images [B, C, H, W] in (-1, 1)."""

    def __init__(self, config: Config):
        super().__init__()
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

    def __init__(self, config: Config):
        super().__init__()
        downs = len(config.widths) - 1
        size = config.image_size // 2**downs
        widths = config.d_widths
        if config.body == "plain":
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


class GAN(family.Family):
    Config = Config
    # The penalties differentiate the discriminator twice, which torch.compile cannot do.
    compilable = ("generator",)

    def __init__(self, config: Config):
        super().__init__()
        downs = len(config.widths) - 1
        if config.image_size % 2**downs:
            raise ValueError(f"image_size {config.image_size} must divide by 2^{downs} for widths {config.widths}")
        if config.body not in ("plain", "residual"):
            raise ValueError(f"body {config.body!r} is not one of: plain, residual")
        if len(config.d_widths) <= downs:
            raise ValueError(f"d_widths {config.d_widths} needs at least {downs + 1} entries")
        self.config = config
        self.generator = Generator(config)
        self.discriminator = Discriminator(config)

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"discriminator": self.discriminator, "generator": self.generator}

    @property
    def lr_scale(self) -> dict[str, float]:
        """A generator that chases as fast as it is judged drags all samples of a class along as one, and none of its
        variety survives (measured: spread within a class 0.06 at equal rates, 0.17 and rising at 0.4; data 0.31)."""
        return {"generator": self.config.generator_lr}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """The whole game.

        D: softplus(D(fake) - D(real)) + gamma / 2 (R1 + R2);  G: softplus(D(real) - D(fake))   (R3GAN, eq. 2 and 6)

        batch.inputs: real images uint8 [B, C, H, W]; batch.targets: their classes, which the fakes share.
        """
        config, noise = self.config, batch.noise
        real, labels = to_signed(batch.inputs), batch.targets
        # One batch of fakes serves both players: the generator does not move while the discriminator steps.
        generated = self.generator(noise.normal(config.z_dim), labels)

        penalise = batch.step % config.penalty_every == 0
        real, fake = real.requires_grad_(penalise), generated.detach().requires_grad_(penalise)
        real_logits, fake_logits = self.discriminate(real, labels, batch), self.discriminate(fake, labels, batch)
        loss = F.softplus(fake_logits - real_logits).mean()
        stats = {"margin": (real_logits - fake_logits).mean().detach()}
        if penalise:
            r1, r2 = gradient_penalty(real_logits, real), gradient_penalty(fake_logits, fake)
            gamma = cosine(config.gamma, config.gamma_end, batch.progress)
            stats |= {"adversarial": loss.detach(), "r1_penalty": r1.detach(), "r2_penalty": r2.detach()}
            loss = loss + 0.5 * gamma * config.penalty_every * (r1 + r2)
        yield "discriminator", loss, stats

        with torch.no_grad():
            real_logits = self.discriminate(real, labels, batch)
        yield "generator", F.softplus(real_logits - self.discriminate(generated, labels, batch)).mean(), {}

    def discriminate(self, images: Tensor, labels: Tensor, batch: Batch) -> Tensor:
        """The discriminator's logits [B] for augmented images."""
        return self.discriminator(shift(images, batch.noise, self.config.shift, self.config.flip), labels)

    # -- generation ----------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def sample(self, z: Tensor, labels: Tensor) -> Tensor:
        """z [B, z_dim] and labels int64 [B] -> images [B, C, H, W] in (-1, 1)."""
        return self.generator(z, labels)


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """E[||grad_x D(x)||^2] over the batch (Mescheder et al. 2018, eq. 9), w.r.t. pixels before augmentation."""
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.float().square().flatten(1).sum(1).mean()


def cosine(start: float, end: float, progress: float) -> float:
    """From start to end along half a cosine."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
