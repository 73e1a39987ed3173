"""A visitor's own picture, drawn again by the model from latents that are found for it."""

from __future__ import annotations

import json

from gradio.components import Component

from genai.generation.engine import Loaded, actions_of
from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import stage


def suits(loaded: Loaded) -> bool:
    return "match" in actions_of(loaded)


def build(section: Section, shared: dict[str, Component]) -> None:
    body = fill("match.html", own=fill("own.html", id='id="gan-match-upload"'))
    stage("gan-match", "match", section, body, facts=json.dumps(section.opening))
    section.tells("gan-match")
    section.restores("match", {}, "match", "gan-match")
