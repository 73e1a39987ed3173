"""The way from one seed to another, through others: a slider, a film, a loop to download."""

from __future__ import annotations

import gradio as gr
from gradio.components import Component

from genai.ui.pieces import fill
from genai.ui.section import Section
from genai.ui.seed import seed_box
from genai.ui.stage import opening, stage
from genai.ui.words import i18n


def build(section: Section, shared: dict[str, Component]) -> None:
    with gr.Row(equal_height=True):
        seed_to = seed_box("gan-seed-to", 2, "ui.gan.seed_to", scale=2)
        position = gr.Slider(0, 1, 0.5, step=0.01, label=i18n("ui.gan.position"), elem_id="gan-position", scale=5)
    stage("gan-between", "between", section, fill("between.html"), opening(section, "interpolate"))
    ends = {**shared, "seed_to": seed_to}
    section.draws("gan-between", "interpolate", {**ends, "position": position})
    section.restores("interpolate", {**ends, "position": position}, "between", "gan-between")
    section.restores("loop", ends, "between", "gan-between")
    section.restores("strip", ends, "between", "gan-between")
