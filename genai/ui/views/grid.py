"""A grid of samples; one of them stands large beside it."""

from __future__ import annotations

from gradio.components import Component

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import answer, data_uri, stage

TILES = 64


def build(section: Section, shared: dict[str, Component]) -> None:
    engine, model = section.engine, section.loaded.name
    start = engine.generate(model, "sample", {"count": TILES})
    tile = engine.generate(model, "sample", {})
    stage("gan-grid", "grid", section, fill("grid.html", tile=data_uri(tile.pixels)), answer(start))
    section.draws("gan-grid", "sample", shared, count=TILES)
    section.restores("sample", shared, "grid")
