"""Two prompts and a slider between them."""

from __future__ import annotations

import html

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import later, stage


def build(section: Section) -> None:
    first = section.opening.get("blend", {})
    ends = first.get("controls", {})
    values = {"from": ends.get("prompt", ""), "to": ends.get("prompt_to", "")}
    body = fill("blend.html", **{name: html.escape(value) for name, value in values.items()})
    stage("paint-blend", "blend", section, body, later(first))
    section.tells("paint-blend")
    section.restores("blend", {}, "pictures blend", "paint-blend")
