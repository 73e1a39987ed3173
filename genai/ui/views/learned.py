"""How a model learned: the visitor's own seeds, drawn by its earlier states."""

from __future__ import annotations

import json
from typing import Any

from gradio.components import Component

from genai.generation.engine import Loaded
from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import later, stage

FEWEST = 2  # states that tell something of a way
TILES = 16


def suits(loaded: Loaded) -> bool:
    return len(loaded.entry.snapshots) >= FEWEST


def states(loaded: Loaded) -> list[dict[str, Any]]:
    """A model's snapshots and itself, the earliest first: name, step, and the losses and figures that each tells of itself."""
    shelf = loaded.shelf
    entries = [entry for entry in map(shelf.find, loaded.entry.snapshots) if entry is not None] + [loaded.entry]
    return [
        {
            "name": entry.name, "step": entry.meta.step, "losses": told(entry.meta.extra.get("losses")),
            "figures": {k: v for k, r in entry.meta.metrics.items() if (v := told(r).get("value")) is not None},
        }
        for entry in entries
    ]  # fmt: skip


def told(record: Any) -> dict[str, float]:
    """The numbers in what a description says."""
    found = record.items() if isinstance(record, dict) else ()
    return {k: v for k, v in found if isinstance(v, (int, float)) and not isinstance(v, bool)}


def build(section: Section, shared: dict[str, Component]) -> None:
    first = {"model": section.opening.get("model"), "action": "sample", "controls": {"count": TILES}}
    stage("gan-learned", "learned", section, fill("learned.html"), later(first), facts=json.dumps(section.opening))
    section.tells("gan-learned")
    section.draws("gan-learned", "sample", shared, count=TILES)
