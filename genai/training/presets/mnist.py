"""Handwritten digits: drawn from noise, under sliders, and judged."""

from __future__ import annotations

import dataclasses

from genai.training.config import TrainConfig
from genai.training.presets.preset import Preset

# From one half of the training digits: with the other half it measures how far real digits are from real ones.
CLASSIFIER = TrainConfig(
    dataset="mnist", split="first", steps=1400, batch_size=128, lr=2e-3, weight_decay=0.01, warmup_steps=50, grad_clip=1.0,
    ema_half_life=0.03,
)  # fmt: skip

# The articles' own two networks, with the classic loss and nothing to steady it; options add what does.
CLASSIC = TrainConfig(
    dataset="mnist", steps=9_000, batch_size=64, lr=2e-4, beta1=0.5, beta2=0.999, lr_end=1.0, shards=1, ema_half_life=0.005,
)  # fmt: skip
PLAIN_GAME = dict(z_dim=100, loss="non_saturating", penalty="none", generator_lr=1.0, shift=0)
DENSE = dict(body="dense", d_body="dense", widths=(128, 256, 512, 1024), d_widths=(512, 256), **PLAIN_GAME)
DCGAN = dict(body="dcgan", d_body="dcgan", widths=(128, 64), d_widths=(64, 128), **PLAIN_GAME)

# Two GANs that fail on purpose, small ones: in the classic game a generator that learns twice as fast as it is judged runs after
# single verdicts; and where there are only 64 pictures, a good game learns these by heart.
FAILING = TrainConfig(
    dataset="mnist", steps=2_000, batch_size=32, lr=1e-3, lr_end=0.1, beta1=0.0, beta2=0.95, shards=1, ema_half_life=0.02,
)  # fmt: skip
FEW = dict(z_dim=32, widths=(64, 32, 16), d_widths=(32, 64, 64), shift=0)
COLLAPSED = FEW | dict(loss="non_saturating", penalty="r1", gamma=0.1, gamma_end=0.1, penalty_every=4, generator_lr=2.0)
MEMORISED = FEW | dict(gamma=0.3, gamma_end=0.03, penalty_every=4)

# Three digits in one picture, 1,000 combinations: how many does a game keep? The same small network for each stabiliser.
STACKED = dataclasses.replace(CLASSIC, dataset="stacked-mnist", steps=3_000)

PRESETS = [
    Preset(
        "gan-digits", "cpu", "gan",
        TrainConfig(
            dataset="mnist", steps=9_000, batch_size=64, lr=5e-4, lr_end=0.02, beta1=0.0, beta2=0.95, ema_half_life=0.05,
        ),
        dict(body="plain", widths=(128, 64, 32), d_widths=(64, 128, 128), gamma=1.0, gamma_end=0.2, penalty_every=8,
             shift=2, truncation_psi=0.95),
        duration="31 min", expected="class accuracy 99.0 %, coverage 0.85 (ceiling 0.95), fd 4.4 (floor 1.8)",
    ),
    Preset(
        "gan-digits", "gpu", "gan",
        TrainConfig(
            dataset="mnist", steps=60_000, batch_size=256, lr=2e-4, lr_end=0.25, beta1=0.0, beta2=0.99, shards=1,
            ema_half_life=0.05,
        ),
        dict(body="residual", d_body="residual", widths=(192, 128, 96), d_widths=(96, 128, 192), blocks=2, gamma=1.0,
             gamma_end=0.1, penalty_every=1, shift=2),
    ),
    Preset(
        "vae-digits", "cpu", "vae",
        TrainConfig(
            dataset="mnist", steps=5_000, batch_size=128, lr=2e-3, warmup_steps=100, grad_clip=200.0, ema_half_life=0.02,
            beta2=0.999, weight_decay=0.01,
        ),
        dict(latents=32, widths=(32, 64), blocks=1, hidden=256, warmup=0.1, components=500),
        duration="24 min", expected="nll_k1 88.8 nats",
    ),
    Preset(
        "vae-digits", "gpu", "vae",
        TrainConfig(
            dataset="mnist", steps=60_000, batch_size=256, lr=1e-3, warmup_steps=500, grad_clip=200.0, shards=1,
            ema_half_life=0.02, beta2=0.999, weight_decay=0.05,
        ),
        dict(latents=40, widths=(48, 64), blocks=3, hidden=256, warmup=0.05, components=500),
    ),
    *(Preset("dense-digits", size, "gan", CLASSIC, DENSE) for size in ("cpu", "gpu")),
    *(Preset("dcgan-digits", size, "gan", CLASSIC, DCGAN) for size in ("cpu", "gpu")),
    Preset("gan-collapsed", "cpu", "gan", FAILING, COLLAPSED, "3 min", "class accuracy 94.5 %, coverage 0.018: ten pictures"),
    Preset("gan-collapsed", "gpu", "gan", FAILING, COLLAPSED),
    Preset(
        "gan-memorised", "cpu", "gan", dataclasses.replace(FAILING, limit=64), MEMORISED,
        "2 min", "class accuracy 100 %, memorised share 0.91",
    ),
    Preset("gan-memorised", "gpu", "gan", dataclasses.replace(FAILING, limit=64), MEMORISED),
    *(Preset("dcgan-stacked", size, "gan", STACKED, DCGAN | dict(widths=(64, 32), d_widths=(32, 64)))
      for size in ("cpu", "gpu")),
    Preset("classifier-digits", "cpu", "classifier", CLASSIFIER, {}, "3 min", "accuracy 99.4 %"),
    Preset("classifier-digits", "gpu", "classifier", dataclasses.replace(CLASSIFIER, shards=1), {}),
]  # fmt: skip
