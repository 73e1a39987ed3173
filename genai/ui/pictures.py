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
        return {"words": engine.read(*given(payload, "model", "prompt"))}

    def see(payload):
        return {"verdicts": engine.see(*given(payload, "model", "prompt", "tokens", "plan"))}

    def inside(payload):
        return engine.inside(*given(payload, "model", "prompt", "tokens", "plan"))

    return [answering(function) for function in (read, see, inside)]


def given(payload: Any, *names: str) -> list:
    return [payload.get(name) if isinstance(payload, dict) else None for name in names]
