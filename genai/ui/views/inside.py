"""A look inside: a picture's tokens, how sure the model is of each, what else it would put there, where it looks."""

from __future__ import annotations

from genai.ui.pictures import picture_stage
from genai.ui.pieces import fill
from genai.ui.section import Section


def build(section: Section) -> None:
    picture_stage(section, "paint-inside", "inside", fill("inside.html"))
    section.restores("decode", {}, "pictures inside", "paint-inside")
