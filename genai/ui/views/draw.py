"""Nine pictures of a prompt, from rough to sharp."""

from __future__ import annotations

import json

from gradio.components import Component

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import later, stage

TILES = 9


def build(section: Section, controls: dict[str, Component]) -> None:
    facts = json.dumps(section.opening)
    stage("paint", "draw", section, fill("draw.html"), later(section.opening.get("draw", {})), facts=facts)
    section.restores("draw", controls, "pictures draw", "paint", count=TILES)
