"""Brush over a part of a picture, or let some of it be drawn again."""

from __future__ import annotations

from genai.ui.pictures import picture_stage
from genai.ui.pieces import fill
from genai.ui.section import Section


def build(section: Section) -> None:
    picture_stage(section, "paint-edit", "edit", fill("edit.html"))
    section.restores("edit", {}, "pictures edit", "paint-edit")
    section.restores("vary", {}, "pictures edit", "paint-edit")
