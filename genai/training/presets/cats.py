"""Cat faces: photographs from noise, judged through a frozen network; and the features that measure them."""

from __future__ import annotations

import dataclasses

from genai.training.config import TrainConfig
from genai.training.presets.preset import Preset

PICTURES = dict(image_size=64, channels=3)

# Judged through a frozen network (Sauer et al. 2021): few steps, no penalties, and mirrors and DiffAugment for few pictures.
PHOTOS = TrainConfig(
    dataset="cats", steps=10_000, batch_size=32, lr=2e-4, schedule="linear", cooldown=0.3, lr_end=0.05, beta1=0.0,
    beta2=0.99, shards=1, ema_half_life=0.05,
)  # fmt: skip
THROUGH = dict(body="style", d_body="projected", loss="hinge", penalty="none", generator_lr=1.0, shift=0, flip=True)
SMALL = dict(z_dim=128, widths=(256, 256, 160, 80, 40), truncation_psi=0.9, **THROUGH)
LARGE = dict(z_dim=192, widths=(288, 288, 192, 96, 48), truncation_psi=0.9, **THROUGH)

# The articles' own network on the same pictures: what the one above is compared with.
DCGAN = TrainConfig(
    dataset="cats", steps=20_000, batch_size=64, lr=2e-4, beta1=0.5, beta2=0.999, lr_end=1.0, shards=1, ema_half_life=0.02,
)  # fmt: skip
CLASSIC = dict(
    z_dim=100, body="dcgan", d_body="dcgan", widths=(256, 128, 64, 32), d_widths=(32, 64, 128, 256), loss="non_saturating",
    penalty="none", generator_lr=1.0, shift=0, flip=True,
)  # fmt: skip

# Little KL, a discriminator late in the run that judges reconstructions, and a prior that follows the encodings.
CODER = TrainConfig(
    dataset="cats", steps=3_500, batch_size=32, lr=1e-3, warmup_steps=100, schedule="linear", cooldown=0.5, lr_end=0.02,
    beta1=0.5, beta2=0.99, weight_decay=0.01, grad_clip=5.0, shards=1, ema_half_life=0.05,
)  # fmt: skip
LATENT = dict(
    latents=128, body="residual", likelihood="logistic", loss="perceptual", adversarial=0.1, beta=0.0005, warmup=0.0,
    flip=True, prior="flow", couplings=8, hidden=160,
)  # fmt: skip
SMALL_CODER = dict(widths=(32, 64, 112, 160), decoder_widths=(224, 192, 128, 64, 40), **LATENT)
LARGE_CODER = dict(widths=(40, 80, 112, 160), decoder_widths=(232, 200, 136, 72, 48), **LATENT)

FEATURES = TrainConfig(
    dataset="cats", steps=2_500, batch_size=64, lr=1e-3, warmup_steps=50, schedule="linear", cooldown=0.6, grad_clip=5.0,
    weight_decay=0.05, ema_half_life=0.02, shards=1,
)  # fmt: skip

PRESETS = [
    Preset("gan-cats", "cpu", "gan", PHOTOS, SMALL),
    Preset("gan-cats", "gpu", "gan", dataclasses.replace(PHOTOS, steps=60_000, batch_size=64), LARGE),
    Preset("dcgan-cats", "cpu", "gan", DCGAN, CLASSIC, "1 to 2 h", "coverage 0.997, fd 43 (floor 7)"),
    Preset("dcgan-cats", "gpu", "gan", DCGAN, CLASSIC),
    Preset("vae-cats", "cpu", "vae", CODER, PICTURES | SMALL_CODER),
    Preset("vae-cats", "gpu", "vae", dataclasses.replace(CODER, steps=40_000, batch_size=64), PICTURES | LARGE_CODER),
    Preset("features-cats", "cpu", "features", FEATURES, {}),
    Preset("features-cats", "gpu", "features", dataclasses.replace(FEATURES, steps=10_000), {}),
]
