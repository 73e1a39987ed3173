"""Latent: sliders through a VAE's latent space, and a drawing that sets them."""

from __future__ import annotations

import gradio as gr

from genai.generation.engine import Engine, Loaded
from genai.generation.vae import LIMIT, prior_latent
from genai.ui.pieces import asset, piece
from genai.ui.section import Section, Tab
from genai.ui.views import latents


def facts(loaded: Loaded) -> dict:
    """order: dimensions, the most informative first.  kl: nats of each; none where nobody measured.  ink: its pictures are
    grey, so a drawing in ink can be one."""
    count, extra = loaded.config.latents, loaded.meta.extra
    return {
        "order": extra.get("latent_order", list(range(count))), "kl": extra.get("latent_kl"), "limit": LIMIT,
        "start": prior_latent(loaded, 4),  # a sample: the centre itself is a blur between digits
        "ink": loaded.config.channels == 1,
    }  # fmt: skip


def build(engine: Engine) -> list[Section]:
    section = Section(engine, "vae", "vae", "vae-digits", "vae", facts)
    with section.body, gr.Row():
        with gr.Column(scale=2, min_width=280):
            section.chooser()
            piece("sliders", asset("sliders.html"), elem_id="vae-sliders")
        with gr.Column(scale=5, min_width=320):
            latents.build(section)
            section.card()
    section.stands()
    return [section]


TAB = Tab("vae", build)
