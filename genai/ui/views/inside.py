"""A look inside: a picture's tokens, how sure the model is of each, what else it would put there, where it looks."""

from __future__ import annotations

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import stage


def build(section: Section) -> None:
    stage("paint-inside", "inside", section, fill("inside.html"))
    section.tells("paint-inside")
    section.restores("decode", {}, "pictures inside", "paint-inside")
