"""Named directions of the latent space as sliders, each with pictures of where it leads."""

from __future__ import annotations

import json

from gradio.components import Component

from genai.generation.engine import Loaded, actions_of
from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.stage import later, stage


def suits(loaded: Loaded) -> bool:
    return "steer" in actions_of(loaded)


def build(section: Section, shared: dict[str, Component]) -> None:
    first = {"model": section.opening.get("model"), "action": "steer", "controls": {}}
    stage("gan-steer", "steer", section, fill("steer.html"), later(first), facts=json.dumps(section.opening))
    section.tells("gan-steer")
    section.draws("gan-steer", "steer", shared)
    section.restores("steer", shared, "steer", "gan-steer")
    section.restores("strips", shared, "steer", "gan-steer")
