"""Nine pictures of a prompt, from rough to sharp."""

from __future__ import annotations

from gradio.components import Component

from genai.ui.pictures import TILES, picture_stage
from genai.ui.pieces import fill
from genai.ui.section import Section


def build(section: Section, controls: dict[str, Component]) -> None:
    first = {"prompt": controls["prompt"].value, "count": TILES}
    picture_stage(section, "paint", "draw", fill("draw.html"), "draw", first)
    section.restores("draw", controls, "pictures draw", "paint", count=TILES)
