"""Noise: samples of a GAN, ways to steer and to mix them, one's own picture among them, and how the model came to draw so."""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine, Loaded, actions_of
from genai.generation.gan import ANY, directions
from genai.ui.pieces import piece
from genai.ui.section import Section, Tab
from genai.ui.seed import seed_box
from genai.ui.views import between, fails, grid, learned, match, mix, plane, steer
from genai.ui.words import i18n

VIEWS = {
    "grid": grid, "steer": steer, "mix": mix, "between": between, "plane": plane, "match": match, "learned": learned,
    "fails": fails,
}  # fmt: skip


def facts(loaded: Loaded) -> dict:
    """offers: what it can be asked for.  directions: what each is called, by language.  levels: resolutions at which a latent
    enters.  snapshots: the model's own states, the earliest first, with what was measured of each.  unsuited: the views that are
    for what it cannot do."""
    return {
        "offers": list(actions_of(loaded)), "directions": [one.name for one in directions(loaded)],
        "levels": len(loaded.config.widths), "side": loaded.config.image_size,
        "snapshots": learned.states(loaded), "dataset": loaded.meta.dataset,
        "unsuited": [f"view-gan-{name}" for name, view in VIEWS.items() if not suits(view, loaded)],
    }  # fmt: skip


def build(engine: Engine) -> list[Section]:
    section = Section(engine, "gan", "gan", ("gan-cats", "gan-digits"), "gan", facts)

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
            with gr.Tabs(elem_id="gan-views", overflow_behavior="wrap"):
                for name, view in VIEWS.items():
                    with gr.Tab(i18n(f"ui.gan.views.{name}"), elem_id=f"view-gan-{name}"):
                        view.build(section, shared)
            section.card()
    section.stands()
    return [section]


def suits(view, loaded: Loaded) -> bool:
    """Whether the model can do what a view is for."""
    return view.suits(loaded) if hasattr(view, "suits") else True


TAB = Tab("gan", build)
