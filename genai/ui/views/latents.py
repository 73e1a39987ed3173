"""What the decoder makes of a latent, which sliders, a drawing or a picture set."""

from __future__ import annotations

import json

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import opening, stage


def build(section: Section) -> None:
    first = opening(section, "decode", {"z": section.opening.get("start")})
    body = fill("latents.html", own=fill("own.html", id='id="vae-upload"'))
    stage("vae", "latents", section, body, first, facts=json.dumps(section.opening))
    section.tells("vae")
    section.restores("decode", {}, "latents", "vae")
    section.restores("sample", {}, "latents", "vae")
