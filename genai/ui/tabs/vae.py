"""Latent: sliders through a VAE's latent space, a drawing or a photograph that sets them, and ways from one latent to another."""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine, Loaded
from genai.generation.vae import ALONG, LIMIT, directions_of, informative, prior_latent
from genai.ui.pieces import asset, piece
from genai.ui.section import Section, Tab
from genai.ui.views import latents, morph
from genai.ui.words import i18n

VIEWS = {"latents": latents.build, "morph": morph.build}
REACH = ALONG[-1] + (ALONG[1] - ALONG[0]) / 2  # of a direction's slider: it stands over the picture that it stands for


def facts(loaded: Loaded) -> dict:
    """order: dimensions, the most informative first.  kl: nats of each; none where nobody measured.  directions: where there
    are any, they come before single latents.  ink: its pictures are grey, so a drawing in ink can be one."""
    order, kl = informative(loaded)
    start, to = (prior_latent(loaded, seed) for seed in (21, 0))  # samples: the centre itself is a blur
    said = {
        "order": order, "kl": kl, "limit": LIMIT, "start": start,
        "ink": loaded.config.channels == 1,
        "morph": {"model": loaded.name, "action": "morph", "controls": {"z": start, "z_to": to, "position": 0.5}},
    }  # fmt: skip
    if "directions" in loaded.meta.extra:
        said["directions"] = directions_of(loaded) | {"along": ALONG, "reach": REACH}
    return said


def build(engine: Engine) -> list[Section]:
    section = Section(engine, "vae", "vae", ("vae-cats", "vae-digits"), "vae", facts)
    with section.body, gr.Row():
        with gr.Column(scale=2, min_width=280):
            section.chooser()
            piece("sliders", asset("sliders.html"), elem_id="vae-sliders")
        with gr.Column(scale=5, min_width=320):
            with gr.Tabs(elem_id="vae-views"):
                for name, build_view in VIEWS.items():
                    with gr.Tab(i18n(f"ui.vae.views.{name}"), elem_id=f"view-vae-{name}"):
                        build_view(section)
            section.card()
    section.stands()
    return [section]


TAB = Tab("vae", build)
