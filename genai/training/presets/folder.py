"""Your own pictures, in a folder."""

from __future__ import annotations

import dataclasses

from genai.training.presets.cats import CODER, LARGE, LARGE_CODER, PHOTOS, PICTURES, SMALL, SMALL_CODER
from genai.training.presets.preset import Preset

# How wide they are follows from the size of the pictures (`--image_size 128`).
BY_SIZE, CODER_BY_SIZE = dict(widths=()), dict(widths=(), decoder_widths=())
OWN = dataclasses.replace(PHOTOS, dataset="folder")
OWN_CODER = dataclasses.replace(CODER, dataset="folder")

PRESETS = [
    Preset("gan-photos", "cpu", "gan", OWN, SMALL | PICTURES | BY_SIZE),
    Preset("gan-photos", "gpu", "gan", dataclasses.replace(OWN, steps=60_000, batch_size=64), LARGE | PICTURES),
    Preset("vae-photos", "cpu", "vae", OWN_CODER, SMALL_CODER | PICTURES | CODER_BY_SIZE),
    Preset(
        "vae-photos", "gpu", "vae", dataclasses.replace(OWN_CODER, steps=40_000, batch_size=64), LARGE_CODER | PICTURES
    ),
]
