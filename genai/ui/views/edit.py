"""Brush over a part of a picture, or let some of it be drawn again."""

from __future__ import annotations

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import stage


def build(section: Section) -> None:
    stage("paint-edit", "edit", section, fill("edit.html"))
    section.tells("paint-edit")
    section.restores("edit", {}, "pictures edit", "paint-edit")
    section.restores("vary", {}, "pictures edit", "paint-edit")
