"""When it fails: seeds drawn by GANs that were made to fail, each beside the figures that expose it and those that it fools."""

from __future__ import annotations

import json
from typing import Any

from gradio.components import Component

from genai.generation.engine import Engine, Loaded
from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import later, stage
from genai.ui.views.learned import told

TILES = 64
# What went wrong -> the model, the figures that tell of it, and those that it fools. The sound one beside them.
FAILURES = {
    "collapsed": ("gan-collapsed", ("coverage", "fd"), ("class_accuracy",)),
    "memorised": ("gan-memorised", ("memorised_share", "coverage"), ("class_accuracy", "density")),
}
SOUND = "gan-digits"


def suits(loaded: Loaded) -> bool:
    return any(loaded.shelf.find(name) for name, *_ in FAILURES.values())


def figures(engine: Engine) -> list[dict[str, Any]]:
    """Of each failure that is here: its model, and of each figure what it is and what it is of a sound model."""
    sound = engine.shelf.find(SOUND)
    listed = []
    for kind, (name, exposed, fooled) in FAILURES.items():
        entry = engine.shelf.find(name)
        if entry is None or entry.problem is not None:
            continue
        told_of = {
            role: [
                {"figure": figure, "value": value_of(entry, figure), "sound": value_of(sound, figure)}
                for figure in names if value_of(entry, figure) is not None
            ]
            for role, names in (("exposed", exposed), ("fooled", fooled))
        }  # fmt: skip
        listed.append({"kind": kind, "model": name, **told_of})
    return listed


def value_of(entry: Any, figure: str) -> float | None:
    return told(entry.meta.metrics.get(figure)).get("value") if entry is not None and entry.meta else None


def build(section: Section, shared: dict[str, Component]) -> None:
    failures = figures(section.engine)
    first = {"model": failures[0]["model"] if failures else None, "action": "sample", "controls": {"count": TILES}}
    body = fill("fails.html")
    stage("gan-fails", "fails", section, body, later(first), failures=json.dumps(failures))
    section.draws("gan-fails", "sample", {"seed": shared["seed"]}, count=TILES)
