"""A slider for each dimension of a latent, the most informative first, and what the decoder makes of them."""

from __future__ import annotations

import random
from pathlib import Path

import gradio as gr

from genai.errors import UserError
from genai.generation.engine import Engine, Loaded, Result
from genai.generation.noise import MAX_SEED
from genai.generation.vae import LIMIT, prior_latent
from genai.ui.pieces import QUIET, fill, on, piece
from genai.ui.section import Section
from genai.ui.stage import answer, answering, stage
from genai.ui.words import guarded, i18n

SHOWN = 10  # sliders in sight; the others are folded away


def build(section: Section) -> None:
    engine, loaded = section.engine, section.loaded
    count = loaded.model.config.latents
    kl = loaded.meta.extra.get("latent_kl", [0.0] * count)
    order = loaded.meta.extra.get("latent_order", list(range(count)))
    start = prior_latent(loaded, 4)  # a sample: the centre itself is a blur between digits

    def slider(place: int) -> gr.Slider:
        dim = order[place]
        return gr.Slider(
            -LIMIT, LIMIT, round(start[dim], 2), step=0.01, label=f"z{place + 1} · {kl[dim]:.2f} nats",
            elem_id=f"vae-z{place + 1}", buttons=[],
        )  # fmt: skip

    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            with gr.Row():
                reset = gr.Button(i18n("ui.vae.reset"), elem_id="vae-reset", min_width=80)
                dice = gr.Button("⚄", elem_id="vae-dice", elem_classes="dice", min_width=44)
            piece("plain", '<p class="hint" data-t="ui.vae.about"></p>')
            shown = min(SHOWN, count)
            with gr.Column(elem_id="vae-sliders"):
                sliders = [slider(i) for i in range(shown)]
            with gr.Accordion(i18n("ui.vae.more"), open=False, elem_id="vae-more"):
                sliders += [slider(i) for i in range(shown, count)]
        with gr.Column(scale=5, min_width=320):
            first = engine.generate(loaded.name, "decode", {"z": start})
            stage("vae", "latents", section, fill("latents.html"), answer(first), extra=[encoder(engine, loaded)])
            upload = gr.UploadButton(
                i18n("ui.vae.upload"), file_types=["image"], elem_id="vae-upload", size="sm", scale=0
            )
    bridge = piece("latentBridge", elem_id="vae-bridge", html_template="")

    on([s.change for s in sliders], "gather", sliders, stage="vae", model=loaded.name, order=order)
    on([bridge.change], "spread", bridge, sliders, order=order)
    on([reset.click], "zeros", None, sliders, count=count)

    def by_order(z: list[float]) -> list[float]:
        return [round(z[dim], 2) for dim in order]

    @guarded
    def roll(request: gr.Request):
        return by_order(prior_latent(loaded, random.randint(0, MAX_SEED)))

    @guarded
    def read_upload(request: gr.Request, path: str | None):
        if not path:
            raise UserError("picture_unreadable", cause="no file")
        return by_order(engine.generate(loaded.name, "encode", {"image": Path(str(path))}).data["z"])

    dice.click(roll, None, sliders, **QUIET)
    upload.upload(read_upload, upload, sliders, show_progress="hidden", api_visibility="private")

    def restored(result: Result) -> dict:
        controls = result.receipt["controls"]
        if result.receipt["action"] == "sample":
            z = prior_latent(loaded, controls["seed"])
        else:
            z = controls["z"]
        return dict(zip(sliders, by_order(z)))

    section.restored, section.others = restored, sliders
    section.restores("decode", {})
    section.restores("sample", {})


def encoder(engine: Engine, loaded: Loaded):
    @answering
    def encode(payload):
        """{"image": data URI of a drawing} -> {"z": latent} or {"error"}."""
        image = payload.get("image") if isinstance(payload, dict) else None
        return engine.generate(loaded.name, "encode", {"image": image}).data

    return encode
