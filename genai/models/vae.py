"""Variational autoencoder (Kingma & Welling 2013) for images, with Bernoulli pixels and dynamic binarisation.

Gated convolutions (van den Oord et al. 2016) down to a 7x7 map, a dense bottleneck, and the mirror image back. It learns with
the prior N(0, I), and its bounds are of that one. What encodings of the data fill is less than N(0, I) does, and between them
the decoder draws hybrids; so a second prior, for samples, learns where they are.
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

LOOKED_AT = 10_000  # training images that tell which latents carry something


@dataclass(frozen=True)
class Config(family.Config):
    image_size: int = 28
    channels: int = 1
    latents: int = 32
    widths: tuple[int, ...] = (32, 64)  # channels after each halving of the resolution
    blocks: int = 1  # gated residual blocks a resolution
    hidden: int = 256
    beta: float = 1.0  # weight of the KL term in training; reported bounds always use 1
    warmup: float = 0.1  # share of the run over which the KL weight rises from 0 to beta
    components: int = 0  # Gaussians of the prior that samples come from; 0: samples come from N(0, I)
    prior_only: bool = False  # train that prior alone: encoder and decoder stay what they are, to the bit

    RANGES: ClassVar = {"latents": (1, 65_536), "hidden": (1, 65_536), "warmup": (0, 1), "components": (0, 65_536)}


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
    """Images [B, C, H, W] in {0, 1} -> mu, logvar [B, latents]."""

    def __init__(self, config: Config):
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
    """Latents [B, latents] -> Bernoulli logits [B, C, H, W]."""

    def __init__(self, config: Config):
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


class Mixture(nn.Module):
    """The learned prior: a mixture of diagonal Gaussians that follows the aggregate posterior, the encodings of all data.

    Unlike a VampPrior (Tomczak & Welling 2018) it has no part in the bound: the encoder does not know of it.
    """

    def __init__(self, components: int, latents: int):
        super().__init__()
        # All together begin as N(0, I), each near the others: spread out at once, most would be near no encoding, and learn none.
        self.means = nn.Parameter(0.3 * torch.randn(components, latents))
        self.log_scales = nn.Parameter(torch.full((components, latents), -0.05))
        self.logits = nn.Parameter(torch.zeros(components))

    def log_prob(self, z: Tensor) -> Tensor:
        """z [B, latents] -> log density [B], nats. In float32 always: squares are subtracted from each other."""
        with torch.autocast(z.device.type, enabled=False):
            precision = (-2 * self.log_scales).exp()
            squares = (
                z.square() @ precision.T - 2 * z @ (precision * self.means).T + (precision * self.means.square()).sum(1)
            )
            scale = self.log_scales.sum(1) + 0.5 * z.size(1) * math.log(2 * math.pi)
            return (self.logits.log_softmax(0) - 0.5 * squares - scale).logsumexp(1)

    def place(self, noise: Tensor, uniform: Tensor) -> Tensor:
        """Standard normal noise [B, latents] as draws [B, latents]; uniform [B], in [0, 1), decides on the components."""
        edges = self.logits.cpu().double().softmax(0).cumsum(0)  # on the CPU: the same component on every machine
        chosen = torch.searchsorted(edges, uniform.cpu().double()).clamp(max=len(edges) - 1).to(noise.device)
        return self.means[chosen] + self.log_scales[chosen].exp() * noise


class VAE(family.Family):
    Config = Config
    compilable = ("encoder", "decoder")
    likelihood = True

    def __init__(self, config: Config):
        super().__init__()
        if config.image_size % 2 ** len(config.widths):
            raise ValueError(f"image_size {config.image_size} must divide by 2^{len(config.widths)}")
        if config.prior_only and not config.components:
            raise ValueError("prior_only needs components")
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.prior = Mixture(config.components, config.latents) if config.components else None

    @property
    def players(self) -> dict[str, nn.Module]:
        """The autoencoder, and the prior if there is one."""
        coder = {} if self.config.prior_only else {"vae": nn.ModuleList([self.encoder, self.decoder])}
        return coder if self.prior is None else {**coder, "prior": self.prior}

    @property
    def lr_scale(self) -> dict[str, float]:
        return {"prior": 5.0}  # it follows encodings that move

    def losses(self, batch: Batch) -> Iterator[tuple[str, Tensor, dict[str, Tensor]]]:
        """The negative evidence lower bound in nats an image, for freshly binarised pixels; then what the prior loses.

        -elbo = E_q[-log p(x|z)] + KL(q(z|x) || N(0, I))   (Kingma & Welling 2013, eq. 3)

        The prior's is -E_q[log prior(z)], for z that the encoder wrote and takes no gradient from.
        batch.inputs: uint8 [B, C, H, W]; a pixel of grey value g is 1 with probability g / 255.
        """
        config = self.config
        grey = batch.inputs.float() / 255
        x = (batch.noise.uniform(*grey.shape[1:]) < grey).float()  # dynamic binarisation
        with torch.set_grad_enabled(torch.is_grad_enabled() and not config.prior_only):
            mu, logvar = self.encoder(x)
        z = mu + batch.noise.normal(config.latents) * (0.5 * logvar).exp()
        if not config.prior_only:
            reconstruction = -log_bernoulli(x, self.decoder(z)).mean()
            kl = kl_per_dimension(mu, logvar).mean(0)  # [latents]
            beta = config.beta * min(1.0, batch.progress / config.warmup) if config.warmup else config.beta
            loss = reconstruction + beta * kl.sum()
            elbo = -(reconstruction + kl.sum())
            yield (
                "vae",
                loss,
                {"elbo": elbo.detach(), "kl": kl.sum().detach(), "active": (kl > 0.01).sum().detach()},
            )
        if self.prior is not None:
            yield "prior", -self.prior.log_prob(z.detach()).mean(), {}

    @torch.inference_mode()
    def complete(self, data) -> dict:
        """How the latents are used over the first LOOKED_AT training images (grey values as the input): latent_kl, the mean KL
        of each, nats; latent_order, the latents by falling KL, as the page offers them."""
        device, total, count = next(self.parameters()).device, 0.0, 0
        for images in data.chunks(LOOKED_AT):
            mu, logvar = self.encode(images.to(device).float() / 255)
            total, count = total + kl_per_dimension(mu, logvar).double().sum(0), count + len(mu)
        kl = total / count
        return {"latent_kl": [round(v, 5) for v in kl.tolist()], "latent_order": kl.argsort(descending=True).tolist()}

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
    def log_importance(self, x: Tensor, mu: Tensor, logvar: Tensor, noise: Tensor) -> Tensor:
        """log p(x|z) + log p(z) - log q(z|x) for z = mu + noise * sigma: [B], nats.

        Its mean is the elbo; a log-mean-exp over K draws is the importance-weighted bound (Burda et al. 2015, eq. 8).
        x in {0, 1} [B, C, H, W]; mu, logvar, noise [B, latents].
        """
        z = mu + noise * (0.5 * logvar).exp()
        log_p_z = -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)
        log_q_z = -0.5 * (noise.square() + logvar + math.log(2 * math.pi)).sum(1)
        return log_bernoulli(x, self.decoder(z)) + log_p_z - log_q_z


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x | logits) summed over pixels: [B], nats."""
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)


def kl_per_dimension(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, exp(logvar)) || N(0, 1)) of each dimension, nats (Kingma & Welling 2013, appendix B)."""
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar)
