"""Upper bounds, in nats an image, of a VAE's negative log-likelihood on binarised test images.

    -log p(x) <= -E[log 1/K sum_k p(x, z_k) / q(z_k|x)],  z_k ~ q(z|x)      (Burda et al. 2015, "IWAE", eq. 8)

K = 1 is the negative evidence lower bound (Kingma & Welling 2013); more draws come closer to the likelihood.
p(z) is N(0, I), whatever prior a model has learned for its samples. Weights of the KL term and free bits belong to training
and have no part here. The test set is binarised by one fixed draw (`binarised`), the same images for every K; figures for
other binarisations, or for part of the test set, do not compare.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genai.generation.noise import latents, sample_generator
from genai.metrics.context import CHUNK, Context, progress

SEED = 1_000_000  # of the binarisation; beyond every image's index: those seed the posterior's noise


def binarised(context: Context, n: int) -> Tensor:
    """The first n test images in black and white: float32 [n, C, H, W] of 0 and 1.

    A pixel of grey value g is 1 with probability g / 255, by one draw for all: each has a number, uniform in [0, 1), taken in
    order from PCG64(SEED), and is 1 where that is below g / 255.
    """
    grey = context.pictures(context.held_out, range(n))[0].numpy() / 255
    return torch.from_numpy(sample_generator(SEED).random(grey.shape) < grey).float()


def observed(context: Context, n: int) -> Tensor:
    """The first n test images as the model's likelihood has them, float32 [n, C, H, W]: in black and white, or in grey levels
    in [0, 1]."""
    if context.model.config.likelihood == "bernoulli":
        return binarised(context, n)
    return context.pictures(context.held_out, range(n))[0].float() / 255


@torch.inference_mode()
def nll_bound(model: nn.Module, images: Tensor, k: int, learned: bool = False) -> float:
    """The mean K-sample bound of `images` float32 [N, C, H, W], as `observed` has them, in nats an image; with the `learned`
    prior in place of N(0, I), if asked.

    The draws for image i come from seed i: the first of K = 50 is that of K = 1, and no batch size matters.
    The network computes in float32; the sums over draws and images are in float64.
    """
    device = next(model.parameters()).device
    size, dim, total = max(1, CHUNK // k), model.config.latents, 0.0
    for start in progress(range(0, len(images), size), f"nll, K = {k}"):
        x = images[start : start + size].to(device)
        noise = latents(range(start, start + len(x)), k * dim).view(-1, dim).to(device)  # [B * K, latents]
        mu, logvar = (t.repeat_interleave(k, dim=0) for t in model.encode(x))
        weights = model.log_importance(x.repeat_interleave(k, dim=0), mu, logvar, noise, learned)  # [B * K]
        bound = weights.view(-1, k).cpu().double().logsumexp(1) - math.log(k)
        total -= bound.sum().item()
    return total / len(images)


def measure_k1(context: Context) -> dict:
    """All 10,000 test images."""
    return _measure(context, 1)


def measure_k50(context: Context) -> dict:
    """All 10,000 test images; fifty times the work."""
    return _measure(context, 50)


def _measure(context: Context, k: int) -> dict:
    images = binarised(context, context.count(10_000, len(context.test)))
    return {
        "value": nll_bound(context.model, images, k),
        "unit": "nats/image",
        "split": context.held_out,
        "n": len(images),
        "k": k,
        "binarisation": f"static, seed {SEED}",
    }
