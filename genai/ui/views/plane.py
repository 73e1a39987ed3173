"""A plane through a seed's latent: a map of pictures, under a pad."""

from __future__ import annotations

from gradio.components import Component

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import opening, stage


def build(section: Section, shared: dict[str, Component]) -> None:
    stage("gan-plane", "plane", section, fill("plane.html"), opening(section, "plane"))
    section.draws("gan-plane", "plane", shared)
    section.restores("plane", shared, "plane", "gan-plane")
    section.restores("plane_map", shared, "plane", "gan-plane")
