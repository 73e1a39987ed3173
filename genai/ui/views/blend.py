"""Two prompts and a slider between them."""

from __future__ import annotations

import html

from genai.generation.offers import examples
from genai.ui.pictures import TILES, picture_stage
from genai.ui.pieces import fill
from genai.ui.section import Section


def build(section: Section) -> None:
    here, there, *_ = examples(section.loaded)
    body = fill("blend.html", **{"from": html.escape(here), "to": html.escape(there)})
    ends = {"prompt": here, "prompt_to": there, "count": TILES}
    picture_stage(section, "paint-blend", "blend", body, "blend", ends)
    section.restores("blend", {}, "pictures blend", "paint-blend")
