"""Latent: sliders through the VAE's latent space, and a drawing that sets them."""

from __future__ import annotations

import base64
import io
import random

import gradio as gr

from genai.errors import UserError
from genai.generation.engine import Engine, Loaded, Result
from genai.generation.noise import MAX_SEED
from genai.generation.vae import LIMIT, prior_latent
from genai.ui.shell import model_card, problem_card
from genai.ui.stage import answer, language, stage
from genai.ui.tab import QUIET, Built, Tab
from genai.ui.words import guarded, i18n, message_of

SHOWN = 10  # sliders in sight; the others are folded away
MAX_DRAWING = 5_000_000  # characters of a drawing's data URI

BODY = """
<div class="pair">
  <div><figure class="frame">
    <img class="one-picture" data-t="ui.vae.alt" data-t-attr="alt" alt="decoded digit" src="{src}"></figure>
    <p class="caption" data-t="ui.vae.decoded"></p></div>
  <div><canvas class="ink" width="280" height="280" tabindex="0" role="img" data-t="ui.vae.canvas" data-t-attr="aria-label"
    aria-label="canvas"></canvas>
    <p class="caption" data-t="ui.vae.draw_hint"></p>
    <button class="tool" data-act="clear"><span data-t="ui.vae.clear"></span></button></div>
</div>
"""

JS = """
const picture = element.querySelector(".one-picture");
const self = genai.stage("vae", element, server, (answer) => { picture.src = answer.src; });

// Drawing: white ink on black; while it grows, its latent is read again and again, latest wins.
const canvas = element.querySelector(".ink"), pen = canvas.getContext("2d", { willReadFrequently: true });
const wipe = () => { pen.fillStyle = "#000"; pen.fillRect(0, 0, canvas.width, canvas.height); };
let down = false, reading = false, dirty = false;
wipe();
const at = (event) => {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
};
const read = async () => {
  dirty = true;
  if (reading) return;
  reading = true;
  while (dirty) {
    dirty = false;
    const answer = await server.encode({ image: canvas.toDataURL("image/png"), lang: genai.lang });
    if (answer.error) self.say(answer.error, true);
    else genai.bridges.vae(answer.z);
  }
  reading = false;
};
const draw = (event) => { pen.lineTo(...at(event)); pen.stroke(); read(); };
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  down = true;
  Object.assign(pen, { strokeStyle: "#fff", lineWidth: 24, lineCap: "round", lineJoin: "round" });
  pen.beginPath();
  pen.moveTo(...at(event));
  draw(event);
});
canvas.addEventListener("pointermove", (event) => down && draw(event));
canvas.addEventListener("pointerup", () => { down = false; });
element.querySelector('[data-act="clear"]').addEventListener("click", wipe);
"""

# A gr.HTML that carries values from JavaScript to Gradio's components: a change of its value is an event.
BRIDGE_JS = """
genai.bridges = genai.bridges || {};
genai.bridges.vae = (z) => { props.value = JSON.stringify(z); trigger("change"); };
"""


def build(engine: Engine) -> Built:
    try:
        loaded = engine.first("vae", "vae-digits")
    except UserError as error:
        problem_card(error)
        return Built("vae")
    count = loaded.model.config.latents
    kl = loaded.meta.extra.get("latent_kl", [0.0] * count)
    order = loaded.meta.extra.get("latent_order", list(range(count)))
    start = start_latent(loaded)

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
            gr.HTML('<p class="hint" data-t="ui.vae.about"></p>', js_on_load="genai.translate(element);")
            shown = min(SHOWN, count)
            with gr.Column(elem_id="vae-sliders"):
                sliders = [slider(i) for i in range(shown)]
            with gr.Accordion(i18n("ui.vae.more"), open=False, elem_id="vae-more"):
                sliders += [slider(i) for i in range(shown, count)]
        with gr.Column(scale=5, min_width=320):
            first = engine.generate(loaded.name, "decode", {"z": start})
            stage("vae", engine, BODY, answer(first), JS, model_card(loaded), extra=[encoder(engine, loaded)])
            upload = gr.UploadButton(
                i18n("ui.vae.upload"), file_types=["image"], elem_id="vae-upload", size="sm", scale=0
            )
    bridge = gr.HTML("", elem_id="vae-bridge", html_template="", js_on_load=BRIDGE_JS)

    # Sliders stand in order of KL; a latent in order of its dimensions.
    place_of = [order.index(dim) for dim in range(count)]
    draw = (
        f"(...v) => {{ const z = {place_of}.map((i) => v[i]);"
        f" genai.ask('vae', {{ model: {loaded.name!r}, action: 'decode', controls: {{ z }} }}); }}"
    )
    gr.on([s.change for s in sliders], None, sliders, None, js=draw, **QUIET)
    bridge.change(
        None, bridge, sliders, js=f"(z) => {{ z = JSON.parse(z); return {order}.map((d) => z[d]); }}", **QUIET
    )
    reset.click(None, None, sliders, js=f"() => Array({count}).fill(0)", **QUIET)

    def by_order(z: list[float]) -> list[float]:
        return [round(z[dim], 2) for dim in order]

    @guarded
    def roll(request: gr.Request):
        return by_order(prior_latent(loaded, random.randint(0, MAX_SEED)))

    @guarded
    def read_upload(request: gr.Request, path: str | None):
        if not path:
            raise UserError("picture_unreadable", cause="no file")
        return by_order(engine.encode(loaded.name, path))

    dice.click(roll, None, sliders, **QUIET)
    upload.upload(read_upload, upload, sliders, show_progress="hidden", api_visibility="private")

    def restored(result: Result) -> dict:
        controls = result.receipt["controls"]
        if result.receipt["action"] == "sample":
            z = prior_latent(loaded, controls["seed"])
        else:
            z = controls["z"]
        return dict(zip(sliders, by_order(z)))

    return Built("vae", loaded.name, "vae", widgets={"decode": {}, "sample": {}}, extra=restored, others=sliders)


def start_latent(loaded: Loaded) -> list[float]:
    """What the tab opens with: a sample of the prior (the centre itself is a blur between digits)."""
    return prior_latent(loaded, 4)


def encoder(engine: Engine, loaded: Loaded):
    def encode(payload):
        """{"image": data URI of a drawing} -> {"z": latent} or {"error"}."""
        try:
            return {"z": engine.encode(loaded.name, from_data_uri(payload))}
        except Exception as error:
            return {"error": message_of(error, language(payload))}

    return encode


def from_data_uri(payload) -> io.BytesIO:
    uri = payload.get("image") if isinstance(payload, dict) else None
    try:
        if not isinstance(uri, str) or not uri.startswith("data:image/") or len(uri) > MAX_DRAWING:
            raise ValueError
        return io.BytesIO(base64.b64decode(uri.partition(",")[2], validate=True))
    except ValueError as error:
        raise UserError("not_a_picture", name="image", value=uri, limit=f"{MAX_DRAWING:,}") from error


TAB = Tab("vae", lambda engine: [build(engine)])
