"""Noise: samples of a GAN, the way between two of them, and a plane of its latent space."""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine, Loaded
from genai.generation.gan import ANY
from genai.ui.pieces import piece
from genai.ui.section import Section, Tab
from genai.ui.seed import seed_box
from genai.ui.views import between, grid, plane
from genai.ui.words import i18n

VIEWS = {"grid": grid.build, "between": between.build, "plane": plane.build}


def build(engine: Engine) -> list[Section]:
    section = Section(engine, "gan", "gan", "gan-digits", "gan")

    def classes(loaded: Loaded) -> dict:
        names = section.controls(loaded, "sample")["label"].choices
        return {
            "choices": [(i18n("ui.any") if name == ANY else name, name) for name in names], "value": ANY,
            "label": i18n(f"ui.labels.{loaded.about.label}"), "visible": len(names) > 1,
        }  # fmt: skip

    with section.body, gr.Row():
        with gr.Column(scale=2, min_width=270):
            section.chooser()
            with gr.Row(equal_height=True):
                seed = seed_box("gan-seed")
            label = section.follows(gr.Dropdown, classes, elem_id="gan-label", filterable=False)
            truncation = section.slider(
                "sample", "truncation_psi", 0.05, label=i18n("ui.gan.truncation"), info=i18n("ui.gan.truncation_info"),
                elem_id="gan-truncation",
            )  # fmt: skip
            piece("plain", '<p class="hint" data-t="ui.gan.about"></p>')
        with gr.Column(scale=5, min_width=320):
            shared = {"seed": seed, "label": label, "truncation_psi": truncation}
            with gr.Tabs(elem_id="gan-views"):
                for name, build_view in VIEWS.items():
                    with gr.Tab(i18n(f"ui.gan.views.{name}"), elem_id=f"view-gan-{name}"):
                        build_view(section, shared)
            section.card()
    section.stands()
    return [section]


TAB = Tab("gan", build)
