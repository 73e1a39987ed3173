"""Variational autoencoder (Kingma & Welling 2013): pictures to a few latents and back, and pictures from latents alone.

Digits are learned by the bound itself, with Bernoulli pixels and dynamic binarisation (`gated.py`). The bound says how well
each pixel is known, and of photographs that is how well noise is known; so theirs are learned by what a frozen network sees in
them, by a discriminator that judges reconstructions, and by little KL (`residual.py`), and the likelihood, the discretised
logistic, is stated beside that (`likelihood.py`).

Both learn with the prior N(0, I), and their bounds are of that one. What encodings of the data fill is less than N(0, I) does,
and between them the decoder draws hybrids; so a second prior, for samples, learns where they are (`prior.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai.models import family
from genai.models.batch import Batch
from genai.models.gan.projected import ProjectedDiscriminator, augment_by
from genai.models.layers import shift
from genai.models.vae import gated, residual
from genai.models.vae.directions import principal_directions
from genai.models.vae.likelihood import LIKELIHOODS, Bernoulli, Logistic, log_bernoulli
from genai.models.vae.prior import Flow, Mixture

__all__ = ["VAE", "Bernoulli", "Config", "Flow", "Logistic", "Mixture", "kl_per_dimension", "log_bernoulli"]

LOOKED_AT = 10_000  # training images that tell which latents carry something
BODIES = {"gated": gated, "residual": residual}


@dataclass(frozen=True)
class Config(family.Config):
    image_size: int = 28
    channels: int = 1
    latents: int = 32
    body: str = "gated"
    widths: tuple[int, ...] = (32, 64)  # channels after each halving of the resolution; (): "residual" knows some
    decoder_widths: tuple[int, ...] = (64, 64, 32)  # ... and from the lowest resolution up ("residual" only)
    blocks: int = 1  # residual blocks a resolution
    hidden: int = 256  # of the dense layers ("gated"), or of the prior's couplings
    likelihood: str = "bernoulli"  # of a pixel: black or white; "logistic": a grey level
    loss: str = "elbo"  # or "perceptual": pixels, a frozen network's features, and what a discriminator says
    pixels: float = 4.0  # weight of the mean absolute difference of pixels in [-1, 1] ("perceptual")
    adversarial: float = 0.0  # weight of fooling a discriminator with reconstructions ("perceptual"); 0: there is none
    adversarial_from: float = 0.4  # share of the run after which it begins
    beta: float = 1.0  # weight of the KL term in training; reported bounds always use 1
    warmup: float = 0.1  # share of the run over which the KL weight rises from 0 to beta
    flip: bool = False  # augmentation: mirror half of the images; never for digits
    prior: str = "mixture"  # that samples come from: a mixture of Gaussians, or one Gaussian that a "flow" bends
    components: int = 0  # Gaussians of the mixture; 0: samples come from N(0, I)
    couplings: int = 0  # affine couplings of the flow; 0: the Gaussian alone
    prior_only: bool = False  # train that prior alone: encoder and decoder stay what they are, to the bit

    classes: ClassVar[int] = 0  # the discriminator asks
    RANGES: ClassVar = {
        "latents": (1, 65_536), "hidden": (1, 65_536), "warmup": (0, 1), "components": (0, 65_536),
        "couplings": (0, 1000), "adversarial_from": (0, 1),
    }  # fmt: skip
    CHOICES: ClassVar = {
        "body": tuple(BODIES), "likelihood": tuple(LIKELIHOODS), "loss": ("elbo", "perceptual"),
        "prior": ("mixture", "flow"),
    }  # fmt: skip


class VAE(family.Family):
    Config = Config
    compilable = ("encoder", "decoder")
    likelihood = True

    def __init__(self, config: Config):
        super().__init__()
        for name, choices in Config.CHOICES.items():
            if getattr(config, name) not in choices:
                raise ValueError(f"{name} {getattr(config, name)!r} is not one of: {', '.join(choices)}")
        halvings = [len(config.widths)] + [len(config.decoder_widths) - 1] * (config.body == "residual")
        if config.image_size % 2 ** max(halvings):
            raise ValueError(f"image_size {config.image_size} must divide by 2^{max(halvings)}")
        if config.loss == "perceptual" and config.likelihood == "bernoulli":
            raise ValueError("pixels that are black or white are learned by the bound: --likelihood logistic")
        if config.adversarial and config.loss != "perceptual":
            raise ValueError("a discriminator judges through the frozen network: --loss perceptual")
        if config.prior_only and config.prior == "mixture" and not config.components:
            raise ValueError("prior_only needs components")
        if config.prior == "flow" and config.couplings and config.latents < 2:
            raise ValueError("a coupling needs two latents: --couplings 0")
        self.config = config
        self.encoder = BODIES[config.body].Encoder(config)
        self.decoder = BODIES[config.body].Decoder(config)
        self.observation = LIKELIHOODS[config.likelihood](config.channels)
        self.prior = _prior(config)
        self.discriminator = ProjectedDiscriminator(config) if config.adversarial else None

    @classmethod
    def fit(cls, config: dict[str, Any], data) -> dict[str, Any]:
        fitted = super().fit(config, data)
        down, up = residual.widths_for(fitted["image_size"])
        return fitted | {"widths": fitted["widths"] or down, "decoder_widths": fitted["decoder_widths"] or up}

    @classmethod
    def widths_drawn(cls, config: Config) -> tuple[int, ...]:
        return config.decoder_widths if config.body == "residual" else tuple(reversed(config.widths))

    @classmethod
    def wants_backbone(cls, config: Config) -> bool:
        return config.loss == "perceptual" and not config.prior_only

    @classmethod
    def knows_backbone(cls, config: Config) -> bool:
        return config.loss == "perceptual"

    def look_through(self, backbone: nn.Module) -> None:
        self._backbone = (backbone,)  # in a tuple: no part of the model, nor of its checkpoint

    @property
    def players(self) -> dict[str, nn.Module]:
        """The discriminator, if there is one; the autoencoder; the prior, if there is one."""
        prior = {} if self.prior is None else {"prior": self.prior}
        if self.config.prior_only:
            return prior
        judge = {} if self.discriminator is None else {"discriminator": self.discriminator}
        return {**judge, "vae": nn.ModuleList([self.encoder, self.decoder, self.observation]), **prior}

    @property
    def lr_scale(self) -> dict[str, float]:
        """A mixture follows encodings that move. The discriminator learns at the rate that it was found to judge well at."""
        return {"prior": 5.0 if self.config.prior == "mixture" else 1.0, "discriminator": 0.2}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """What the autoencoder loses, by `loss`; then what the prior does: -E_q[log prior(z)], for z that the encoder wrote and
        takes no gradient from.

        batch.inputs: uint8 [B, C, H, W]; of Bernoulli pixels one of grey value g is 1 with probability g / 255, drawn anew.
        """
        config, noise = self.config, batch.noise
        x = batch.inputs.float() / 255
        if config.likelihood == "bernoulli":
            x = (noise.uniform(*x.shape[1:]) < x).float()  # dynamic binarisation
        x = shift(x, noise, 0, config.flip)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not config.prior_only):
            mu, logvar = self.encoder(x)
        z = mu + noise.normal(config.latents) * (0.5 * logvar).exp()
        if not config.prior_only:
            kl = kl_per_dimension(mu, logvar).mean(0)  # [latents]
            beta = config.beta * min(1.0, batch.progress / config.warmup) if config.warmup else config.beta
            yield from (self._bound if config.loss == "elbo" else self._likeness)(x, z, kl, beta, batch)
        if self.prior is not None:
            yield "prior", -self.prior.log_prob(z.detach()).mean(), {}

    def _bound(self, x: Tensor, z: Tensor, kl: Tensor, beta: float, batch: Batch):
        """The negative evidence lower bound in nats an image.

        -elbo = E_q[-log p(x|z)] + KL(q(z|x) || N(0, I))   (Kingma & Welling 2013, eq. 3)
        """
        reconstruction = -self.observation.log_prob(x, self.decoder(z)).mean()
        elbo = -(reconstruction + kl.sum())
        stats = {"elbo": elbo.detach(), "kl": kl.sum().detach(), "active": (kl > 0.01).sum().detach()}
        yield "vae", reconstruction + beta * kl.sum(), stats

    def _likeness(self, x: Tensor, z: Tensor, kl: Tensor, beta: float, batch: Batch):
        """How alike picture and reconstruction are: in pixels, and in four scales of what the frozen network sees, as shares
        of their variance (perceptual loss, Johnson et al. 2016); and whether a discriminator takes the reconstruction for a
        photograph (Larsen et al. 2016; through the network, Sauer et al. 2021). No likelihood, so the likelihood's scales
        learn beside it, from reconstructions that take no gradient from them.
        """
        config, noise, (backbone,) = self.config, batch.noise, self._backbone
        judged = self.discriminator is not None and batch.progress >= config.adversarial_from and not noise.still
        logits = self.decoder(z)
        real, redrawn = 2 * x - 1, 2 * logits.sigmoid() - 1
        seen_real, seen_redrawn = real, redrawn
        if judged:
            # Both are augmented alike, so that one pass through the network serves the likeness and the discriminator.
            draw = noise.uniform(7)
            seen_real, seen_redrawn = augment_by(real, draw), augment_by(redrawn, draw)
        with torch.no_grad():
            real_maps = backbone(seen_real)
        maps = backbone(seen_redrawn)

        fooling = torch.zeros((), device=x.device)
        if judged:
            labels = torch.zeros(len(x), dtype=torch.int64, device=x.device)
            verdicts = self.discriminator(real_maps, labels), self.discriminator([m.detach() for m in maps], labels)
            loss = F.relu(1 - verdicts[0]).mean() + F.relu(1 + verdicts[1]).mean()  # hinge (Lim & Ye 2017)
            yield "discriminator", loss, {"margin": (verdicts[0] - verdicts[1]).mean().detach()}
            fooling = -self.discriminator(maps, labels).mean()

        off = (redrawn - real).abs().mean()
        unlike = sum((a - b).square().mean() / b.var() for a, b in zip(maps, real_maps)) / len(maps)
        bits = -self.observation.log_prob(x, logits.detach()).mean() / (math.log(2) * x[0].numel())
        loss = config.pixels * off + unlike + config.adversarial * fooling + beta * kl.sum() + bits
        stats = {"pixels": off, "unlike": unlike, "kl": kl.sum(), "active": (kl > 0.01).sum(), "bits": bits}
        yield "vae", loss, {name: value.detach() for name, value in stats.items()}

    @torch.inference_mode()
    def complete(self, data) -> dict:
        """How the latents are used over the first LOOKED_AT training images (grey values as the input): latent_kl, the mean KL
        of each, nats; latent_order, the latents by falling KL, as the page offers them; and of photographs `directions`, in
        which no latent says much alone: see `principal_directions`."""
        device, total, encoded = next(self.parameters()).device, 0.0, []
        for images in data.chunks(LOOKED_AT):
            mu, logvar = self.encode(images.to(device).float() / 255)
            total = total + kl_per_dimension(mu, logvar).double().sum(0)
            encoded.append(mu)
        mu = torch.cat(encoded)
        kl = total / len(mu)
        said = {"latent_kl": [round(v, 5) for v in kl.tolist()], "latent_order": kl.argsort(descending=True).tolist()}
        if self.config.body == "residual":
            said["directions"] = principal_directions(mu, self.decode)
        return said

    # -- generation ----------------------------------------------------------------------------------------------

    @torch.inference_mode()
    def place(self, noise: Tensor, uniform: Tensor) -> Tensor:
        """The latents [B, latents] of samples, from standard normal noise [B, latents] and uniform [B] in [0, 1): draws of
        the learned prior; the noise itself, as N(0, I) has it, where none was learned."""
        return noise if self.prior is None else self.prior.place(noise, uniform)

    @torch.inference_mode()
    def decode(self, z: Tensor) -> Tensor:
        """z [B, latents] -> mean images [B, C, H, W] in [0, 1]."""
        return self.decoder(z).sigmoid()

    @torch.inference_mode()
    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images [B, C, H, W] in [0, 1] -> mu, logvar [B, latents] of q(z|x)."""
        return self.encoder(images)

    @torch.inference_mode()
    def log_prior(self, z: Tensor) -> Tensor:
        """How likely a sample's latent is z [B, latents]: log density [B], nats, of the learned prior, or else of N(0, I)."""
        return _log_normal(z) if self.prior is None else self.prior.log_prob(z)

    @torch.inference_mode()
    def log_importance(self, x: Tensor, mu: Tensor, logvar: Tensor, noise: Tensor, learned: bool = False) -> Tensor:
        """log p(x|z) + log p(z) - log q(z|x) for z = mu + noise * sigma: [B], nats. p(z) is N(0, I), or the `learned` prior.

        Its mean is the elbo; a log-mean-exp over K draws is the importance-weighted bound (Burda et al. 2015, eq. 8).
        x [B, C, H, W] as the likelihood has it: in {0, 1}, or grey levels in [0, 1]; mu, logvar, noise [B, latents].
        """
        z = mu + noise * (0.5 * logvar).exp()
        log_p_z = self.log_prior(z) if learned else _log_normal(z)
        log_q_z = -0.5 * (noise.square() + logvar + math.log(2 * math.pi)).sum(1)
        return self.observation.log_prob(x, self.decoder(z)) + log_p_z - log_q_z


def _prior(config: Config) -> nn.Module | None:
    if config.prior == "flow":
        return Flow(config.couplings, config.latents, config.hidden)
    return Mixture(config.components, config.latents) if config.components else None


def _log_normal(z: Tensor) -> Tensor:
    """log N(z; 0, I): [B], nats."""
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)


def kl_per_dimension(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(0, 1)) of each dimension, nats (Kingma & Welling 2013, appendix B)."""
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)
