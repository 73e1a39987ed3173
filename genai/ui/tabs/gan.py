"""Noise: samples of a GAN, the way between two of them, and a plane of its latent space."""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine
from genai.ui.pieces import piece
from genai.ui.section import Section, Tab
from genai.ui.seed import seed_box
from genai.ui.views import between, grid, plane
from genai.ui.words import i18n

VIEWS = {"grid": grid.build, "between": between.build, "plane": plane.build}


def build(engine: Engine) -> list[Section]:
    section = Section(engine, "gan", "gan", "gan-digits")
    if section.loaded is None:
        return [section]
    controls = section.controls("sample")
    labels = [("0–9" if c == "any" else c, c) for c in controls["label"].choices]
    psi = controls["truncation_psi"]

    with gr.Row():
        with gr.Column(scale=2, min_width=270):
            with gr.Row(equal_height=True):
                seed = seed_box("gan-seed")
            label = gr.Dropdown(labels, value="any", label=i18n("ui.gan.label"), elem_id="gan-label", filterable=False)
            truncation = gr.Slider(
                psi.low, psi.high, psi.default, step=0.05, label=i18n("ui.gan.truncation"),
                info=i18n("ui.gan.truncation_info"), elem_id="gan-truncation",
            )  # fmt: skip
            piece("plain", '<p class="hint" data-t="ui.gan.about"></p>')
        with gr.Column(scale=5, min_width=320), gr.Tabs(elem_id="gan-views"):
            shared = {"seed": seed, "label": label, "truncation_psi": truncation}
            for name, build_view in VIEWS.items():
                with gr.Tab(i18n(f"ui.gan.views.{name}"), elem_id=f"view-gan-{name}"):
                    build_view(section, shared)
    return [section]


TAB = Tab("gan", build)
