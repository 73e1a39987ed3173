"""Latent: sliders through a VAE's latent space, and a drawing that sets them."""

from __future__ import annotations

from genai.generation.engine import Engine
from genai.ui.section import Section, Tab
from genai.ui.views import latents


def build(engine: Engine) -> list[Section]:
    section = Section(engine, "vae", "vae", "vae-digits")
    if section.loaded is not None:
        latents.build(section)
    return [section]


TAB = Tab("vae", build)
