"""What the decoder makes of a latent, which sliders, a drawing or a picture set."""

from __future__ import annotations

import json

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import opening, stage


def build(section: Section) -> None:
    first = opening(section, "decode", {"z": section.opening.get("start")})
    stage("vae", "latents", section, fill("latents.html"), first, facts=json.dumps(section.opening))
    section.tells("vae")
    section.restores("decode", {}, stage="vae")
    section.restores("sample", {}, stage="vae")
