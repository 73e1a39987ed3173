"""From one latent to another, beside the cross-fade of their pictures."""

from __future__ import annotations

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import later, stage


def build(section: Section) -> None:
    body = fill("morph.html", own=fill("own.html", id=""))
    stage("vae-morph", "morph", section, body, later(section.opening.get("morph", {})))
    section.tells("vae-morph")
    for action in ("morph", "film", "morph_loop"):
        section.restores(action, {}, "morph", "vae-morph")
