"""GANs: one game, several generators, discriminators, losses and stabilisers, chosen by the configuration.

The game that the digits are trained by is R3GAN's (Huang et al. 2024, "The GAN is dead; long live the GAN!"): the relativistic
pairing loss judges a real image *against* a fake one, which leaves no minimum where modes are dropped, and zero-centred
gradient penalties on real (R1) and on fake images (R2) make it converge. Photographs are judged through a frozen network
(`projected.py`), by the hinge loss. The articles' own two networks (`classic.py`) have the classic loss, and what has been
invented since to steady it, each as an option of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models import family
from genai.models.batch import Batch
from genai.models.gan import classic, projected, r3, style
from genai.models.gan.encoder import Encoder
from genai.models.layers import queued, shift, to_signed

GENERATORS: dict[str, Callable[[Config], nn.Module]] = {
    "plain": r3.Generator,
    "residual": r3.Generator,
    "style": style.StyleGenerator,
    "dense": classic.DenseGenerator,
    "dcgan": classic.ConvGenerator,
}
DISCRIMINATORS: dict[str, Callable[[Config], nn.Module]] = {
    "plain": r3.Discriminator,
    "residual": r3.Discriminator,
    "projected": projected.ProjectedDiscriminator,
    "dense": classic.DenseDiscriminator,
    "dcgan": classic.ConvDiscriminator,
}
LOSSES = ("relativistic", "hinge", "non_saturating", "wasserstein")
PENALTIES = ("r1+r2", "r1", "r2", "gp", "none")
CACHED = 8  # pictures that a CPU draws at once: of more, what lies between two layers no longer fits into its cache


@dataclass(frozen=True)
class Config(family.Config):
    image_size: int = 28
    channels: int = 1
    classes: int = 10  # 0: unconditional
    z_dim: int = 64
    body: str = "plain"  # the generator
    d_body: str = "plain"  # the discriminator; "projected": through a frozen network
    widths: tuple[int, ...] = (128, 64, 32)  # generator channels, from the lowest resolution up; (): "style" knows some
    d_widths: tuple[int, ...] = (64, 128, 128)  # discriminator channels, from the highest resolution down
    blocks: int = 2  # residual blocks a resolution ("residual" only)
    loss: str = "relativistic"
    penalty: str = "r1+r2"  # on the discriminator's gradient: zero-centred on reals (r1), fakes (r2), or WGAN's (gp)
    gamma: float = 1.0  # its weight at the start
    gamma_end: float = 0.2  # ... and at the end (cosine between)
    penalty_every: int = 1  # lazy regularisation: every n-th step, n times as strong (Karras et al. 2020)
    spectral: bool = False  # spectral normalisation of the discriminator (Miyato et al. 2018; "dense" and "dcgan")
    d_steps: int = 1  # steps of the discriminator for one of the generator
    frozen_steps: tuple[int, ...] = ()  # (from, to): the discriminator stands still between these steps
    generator_lr: float = 0.4  # the generator's learning rate as a share of the discriminator's
    shift: int = 2  # augmentation: translation by up to so many pixels
    flip: bool = False  # augmentation: mirror half of the images; never for digits
    encoder: bool = False  # a way back from pictures to latents ("style" only)
    encoder_only: bool = False  # train that alone: generator and discriminator stay what they are, to the bit
    truncation_psi: float = 1.0  # how far latents are scaled where nobody says otherwise; training uses 1

    RANGES: ClassVar = {"z_dim": (1, 65_536), "penalty_every": (1, 1_000_000), "d_steps": (1, 100)}
    CHOICES: ClassVar = {
        "body": tuple(GENERATORS), "d_body": tuple(DISCRIMINATORS), "loss": LOSSES, "penalty": PENALTIES,
    }  # fmt: skip


class GAN(family.Family):
    Config = Config
    # The penalties differentiate the discriminator twice, which torch.compile cannot do.
    compilable = ("generator",)
    sampled = ("generator",)
    at_once = CACHED

    def __init__(self, config: Config):
        super().__init__()
        for name, choices in Config.CHOICES.items():
            if getattr(config, name) not in choices:
                raise ValueError(f"{name} {getattr(config, name)!r} is not one of: {', '.join(choices)}")
        if config.d_body == "projected" and config.penalty != "none":
            raise ValueError('penalties are on pixels, which "projected" does not see: --penalty none')
        if config.encoder and config.body != "style":
            raise ValueError('an encoder finds a latent for each resolution, which only "style" has: --body style')
        if config.encoder_only and not config.encoder:
            raise ValueError("encoder_only needs --encoder true")
        self.config = config
        self.generator = GENERATORS[config.body](config)
        self.discriminator = DISCRIMINATORS[config.d_body](config)
        self.encoder = Encoder(config) if config.encoder else None

    def train(self, mode: bool = True) -> GAN:
        """A generator that stands still keeps its running statistics, too."""
        super().train(mode)
        if self.config.encoder_only:
            self.generator.eval()
        return self

    @classmethod
    def widths_drawn(cls, config: Config) -> tuple[int, ...]:
        return config.widths

    @classmethod
    def wants_backbone(cls, config: Config) -> bool:
        return config.d_body == "projected" or config.encoder_only

    def look_through(self, backbone: nn.Module) -> None:
        self._backbone = (backbone,)  # in a tuple: no part of the model, nor of its checkpoint

    @property
    def players(self) -> dict[str, nn.Module]:
        """Who plays the game; or the encoder, which learns from a generator that stands still."""
        if self.config.encoder_only:
            return {"encoder": self.encoder}
        return {"discriminator": self.discriminator, "generator": self.generator}

    @property
    def lr_scale(self) -> dict[str, float]:
        """A generator that chases as fast as it is judged drags all samples of a class along as one, and none of its
        variety survives (measured: spread within a class 0.06 at equal rates, 0.17 and rising at 0.4; data 0.31)."""
        return {"generator": self.config.generator_lr}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """The whole game, by what the discriminator sees.

        batch.inputs: real images uint8 [B, C, H, W]; batch.targets: their classes, which the fakes share.
        """
        if self.config.encoder_only:
            yield self._way_back(batch)
        elif self.config.d_body == "projected":
            yield from self._through_network(batch)
        else:
            yield from self._on_pixels(batch)

    def _on_pixels(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """D sees pictures, shifted and mirrored, and may be penalised for its gradient."""
        config, noise = self.config, batch.noise
        real, labels = to_signed(batch.inputs), batch.targets
        # One batch of fakes serves both players: the generator does not move while the discriminator steps.
        generated = self.generator(noise.normal(config.z_dim), labels)

        penalise = config.penalty != "none" and batch.step % config.penalty_every == 0
        for turn in range(self._turns(batch.step)):
            fake = generated.detach() if turn == 0 else self._fresh(batch)
            real, fake = real.requires_grad_(penalise), fake.requires_grad_(penalise)
            real_logits, fake_logits = self.discriminate(real, labels, batch), self.discriminate(fake, labels, batch)
            loss = d_loss(config.loss, real_logits, fake_logits)
            stats = {"margin": (real_logits - fake_logits).mean().detach()}
            if penalise:
                penalties = self._penalties(real, real_logits, fake, fake_logits, batch)
                gamma = cosine(config.gamma, config.gamma_end, batch.progress)
                stats |= {"adversarial": loss.detach(), **{name: p.detach() for name, p in penalties.items()}}
                loss = loss + 0.5 * gamma * config.penalty_every * sum(penalties.values())
            yield "discriminator", loss, stats

        real_logits = None
        if config.loss == "relativistic":
            with torch.no_grad():
                real_logits = self.discriminate(real, labels, batch)
        yield "generator", g_loss(config.loss, real_logits, self.discriminate(generated, labels, batch)), {}

    def _through_network(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """D sees what the frozen network makes of augmented pictures (Sauer et al. 2021): no penalties needed."""
        config, noise, labels = self.config, batch.noise, batch.targets
        (backbone,) = self._backbone
        with torch.no_grad():
            real = shift(to_signed(batch.inputs), noise, 0, config.flip)
            real_maps = backbone(projected.augment(real, noise))
        generated = self.generator(noise.normal(config.z_dim), labels)
        # One pass of the fakes through the network serves both players: D's heads see it without its history.
        fake_maps = backbone(projected.augment(generated, noise))
        for turn in range(self._turns(batch.step)):
            maps = fake_maps if turn == 0 else backbone(projected.augment(self._fresh(batch), noise))
            real_logits = self.discriminator(real_maps, labels)
            fake_logits = self.discriminator([features.detach() for features in maps], labels)
            stats = {"margin": (real_logits - fake_logits).mean().detach()}
            yield "discriminator", d_loss(config.loss, real_logits, fake_logits), stats

        real_logits = None
        if config.loss == "relativistic":
            with torch.no_grad():
                real_logits = self.discriminator(real_maps, labels)
        yield "generator", g_loss(config.loss, real_logits, self.discriminator(fake_maps, labels)), {}

    def _way_back(self, batch: Batch) -> tuple[str, Tensor, dict[str, Tensor]]:
        """The encoder finds the latents of the generator's own pictures, coarse and fine from two seeds, and latents for
        photographs that draw them again: alike in pixels, and in what the frozen network sees of them."""
        config, noise, labels = self.config, batch.noise, batch.targets
        levels, (backbone,) = len(config.widths), self._backbone
        one, other = noise.normal(config.z_dim), noise.normal(config.z_dim)
        cut = noise.integers(1, 2 * levels, 1).to(one.device)  # from which level on the other's; half of them: never
        coarse = torch.arange(levels, device=one.device) < cut  # [B, levels]
        z = torch.where(coarse[:, :, None], one[:, None], other[:, None])
        with torch.no_grad():
            generated = self.generator(z, labels)
            photographs = shift(to_signed(batch.inputs), noise, 0, config.flip)
            seen = backbone(photographs)
        latents = (self.encoder(generated) - z).square().mean()
        redrawn = self.generator(self.encoder(photographs), labels)
        pixels = (redrawn - photographs).abs().mean()
        likeness = sum((a - b).square().mean() / b.var() for a, b in zip(backbone(redrawn), seen)) / len(seen)
        stats = {"latents": latents.detach(), "pixels": pixels.detach(), "likeness": likeness.detach()}
        return "encoder", latents + pixels + likeness, stats

    def discriminate(self, images: Tensor, labels: Tensor, batch: Batch) -> Tensor:
        """The discriminator's logits [B] for augmented images."""
        return self.discriminator(shift(images, batch.noise, self.config.shift, self.config.flip), labels)

    def _turns(self, step: int) -> int:
        """How often D steps before G does: not at all while it is frozen."""
        start, stop = self.config.frozen_steps or (0, 0)
        return 0 if start <= step < stop else self.config.d_steps

    @torch.no_grad()
    def _fresh(self, batch: Batch) -> Tensor:
        """Other fakes, for a further turn of D."""
        return self.generator(batch.noise.normal(self.config.z_dim), batch.targets)

    def _penalties(self, real: Tensor, real_logits: Tensor, fake: Tensor, fake_logits: Tensor,
                   batch: Batch) -> dict[str, Tensor]:  # fmt: skip
        if self.config.penalty == "gp":
            share = batch.noise.uniform(1, 1, 1).to(real.device)
            between = torch.lerp(fake, real, share).detach().requires_grad_()
            logits = self.discriminator(between, batch.targets)
            return {"gradient_penalty": 2 * gradient_penalty(logits, between, norm=1.0)}
        penalties = {}
        if "r1" in self.config.penalty:
            penalties["r1_penalty"] = gradient_penalty(real_logits, real)
        if "r2" in self.config.penalty:
            penalties["r2_penalty"] = gradient_penalty(fake_logits, fake)
        return penalties

    @classmethod
    def fit(cls, config: dict[str, Any], data) -> dict[str, Any]:
        fitted = super().fit(config, data)
        return fitted | {"widths": fitted["widths"] or style.widths_for(fitted["image_size"])}

    # -- generation ----------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def sample(self, z: Tensor, labels: Tensor) -> Tensor:
        """z [B, z_dim] and labels int64 [B] -> images [B, C, H, W] in (-1, 1); "style" takes one z a resolution, too."""
        if queued(z):
            return self.generator(z, labels)
        pieces = zip(z.split(CACHED), labels.split(CACHED))
        return torch.cat([self.generator(*piece) for piece in pieces])

    @torch.inference_mode()
    def encode(self, images: Tensor) -> Tensor:
        """Images [B, C, H, W] in [-1, 1] -> latents [B, levels, z_dim] that draw them, about."""
        return self.encoder(images)


def d_loss(kind: str, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """What the discriminator minimises.

    relativistic: softplus(D(fake) - D(real)) (Jolicoeur-Martineau 2018; R3GAN, eq. 2); hinge: relu(1 - D(real)) + relu(1 +
    D(fake)) (Lim & Ye 2017); non_saturating: -log s(D(real)) - log(1 - s(D(fake))) (Goodfellow et al. 2014); wasserstein:
    D(fake) - D(real) (Arjovsky et al. 2017).
    """
    if kind == "relativistic":
        return F.softplus(fake_logits - real_logits).mean()
    if kind == "hinge":
        return F.relu(1 - real_logits).mean() + F.relu(1 + fake_logits).mean()
    if kind == "non_saturating":
        return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    return fake_logits.mean() - real_logits.mean()


def g_loss(kind: str, real_logits: Tensor | None, fake_logits: Tensor) -> Tensor:
    """What the generator minimises; only the relativistic loss needs the reals' logits."""
    if kind == "relativistic":
        return F.softplus(real_logits - fake_logits).mean()
    if kind == "non_saturating":
        return F.softplus(-fake_logits).mean()
    return -fake_logits.mean()


def gradient_penalty(logits: Tensor, images: Tensor, norm: float = 0.0) -> Tensor:
    """E[(||grad_x D(x)|| - norm)^2] over the batch, w.r.t. pixels before augmentation: zero-centred by Mescheder et al. 2018,
    eq. 9; around 1 by Gulrajani et al. 2017, eq. 3."""
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    square = gradient.float().square().flatten(1).sum(1)
    return square.mean() if norm == 0 else ((square + 1e-12).sqrt() - norm).square().mean()


def cosine(start: float, end: float, progress: float) -> float:
    """From start to end along half a cosine."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
