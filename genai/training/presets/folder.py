"""Your own pictures, in a folder."""

from __future__ import annotations

import dataclasses

from genai.training.presets.cats import LARGE, PHOTOS, SMALL
from genai.training.presets.preset import Preset

OWN = dataclasses.replace(PHOTOS, dataset="folder")
PICTURES = dict(image_size=64, channels=3)

PRESETS = [
    Preset("gan-photos", "cpu", "gan", OWN, SMALL | PICTURES),
    Preset("gan-photos", "gpu", "gan", dataclasses.replace(OWN, steps=60_000, batch_size=64), LARGE | PICTURES),
]
