"""Coarse from one picture, fine from another: a table of both."""

from __future__ import annotations

import json

import gradio as gr
from gradio.components import Component

from genai.generation.engine import Loaded, actions_of
from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.seed import seed_box
from genai.ui.stage import later, stage


def suits(loaded: Loaded) -> bool:
    return "mix" in actions_of(loaded)


def build(section: Section, shared: dict[str, Component]) -> None:
    with gr.Row(equal_height=True):
        columns = seed_box("gan-mix-seed", 101, "ui.gan.mix_columns", scale=2)
    first = {"model": section.opening.get("model"), "action": "mix", "controls": {}}
    stage("gan-mix", "mix", section, fill("mix.html"), later(first), facts=json.dumps(section.opening))
    section.tells("gan-mix")
    section.draws("gan-mix", "mix", {**shared, "seed_to": columns})
    section.restores("mix", {**shared, "seed_to": columns}, "mix", "gan-mix")
