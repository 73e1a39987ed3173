"""What the views of pictures from words share: a stage that is drawn when it is first seen, and what it asks beside pictures."""

from __future__ import annotations

from typing import Any

import gradio as gr

from genai.ui.section import Section
from genai.ui.stage import answering, stage

TILES = 9


def picture_stage(
    section: Section, stage_id: str, view: str, body: str, action: str = "", controls: Any = None
) -> gr.HTML:
    """A stage whose first picture, if it has one, the browser asks for when it comes into sight."""
    first: dict = {"lazy": True, "request": {}}
    if action:
        checked = section.engine.check(section.loaded.name, action, controls)
        first["request"] = {"model": section.loaded.name, "action": action, "controls": checked}
    return stage(stage_id, view, section, body, first, questions(section))


def questions(section: Section) -> list:
    """What the stages ask: plain values in, plain values or {"error"} out."""
    engine = section.engine

    def read(payload):
        return {"words": engine.generate(*asked(payload, "read", prompt="prompt")).data}

    def see(payload):
        return {
            "verdicts": engine.generate(*asked(payload, "see", prompt="prompt", tokens="tokens", plan="plans")).data
        }

    def inside(payload):
        return engine.generate(*asked(payload, "inside", prompt="prompt", tokens="tokens", plan="plan")).data

    return [answering(function) for function in (read, see, inside)]


def asked(payload: Any, action: str, **controls: str) -> tuple[Any, str, dict]:
    """The engine's request in a browser's: its fields as controls of other names; a plan that is null is not given."""
    given = payload if isinstance(payload, dict) else {}
    values = {name: given.get(field) for field, name in controls.items()}
    return given.get("model"), action, {k: v for k, v in values.items() if v is not None or k not in ("plan", "plans")}
