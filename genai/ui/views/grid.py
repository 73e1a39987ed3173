"""A grid of samples; one of them stands large beside it, and opens as large as the screen."""

from __future__ import annotations

import json

from gradio.components import Component

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import opening, stage

TILES = 64


def build(section: Section, shared: dict[str, Component]) -> None:
    first, tile = opening(section, "sample", {"count": TILES}), opening(section, "sample") or {}
    body = fill("grid.html", tile=tile.get("src", ""))
    stage("gan-grid", "grid", section, body, first, facts=json.dumps(section.opening))
    section.draws("gan-grid", "sample", shared, count=TILES)
    section.restores("sample", shared, "grid", count=TILES)
