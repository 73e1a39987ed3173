"""Noise: samples of the GAN, the way between two of them, and a plane of its latent space."""

from __future__ import annotations

import gradio as gr

from genai.errors import UserError
from genai.generation.engine import Engine
from genai.ui.seed import seed_box
from genai.ui.shell import model_card, problem_card
from genai.ui.stage import answer, data_uri, stage
from genai.ui.tab import QUIET, Built, Tab
from genai.ui.words import i18n

TILES = 64

GRID = """
<div class="stage-main">
  <figure class="frame large"><img class="grid-picture" data-t="ui.gan.grid_alt" data-t-attr="alt" alt="samples" src="{src}">
    <span class="tile-mark" hidden></span></figure>
  <figure class="frame small">
    <div class="tile"><img class="tile-picture" data-t="ui.gan.tile_alt" data-t-attr="alt" alt="one sample" src="{tile}"></div>
    <figcaption></figcaption>
    <div class="tools">
      <button class="tool" data-act="tile-download"><span data-t="ui.gan.tile_download"></span></button>
      <button class="tool" data-act="tile-link"><span data-t="ui.gan.tile_link"></span></button>
    </div>
  </figure>
</div>
"""

GRID_JS = """
const picture = element.querySelector(".grid-picture"), mark = element.querySelector(".tile-mark");
const tile = element.querySelector(".tile-picture"), caption = element.querySelector("figcaption");
let chosen = 0, tileAnswer = null, tileTurn = 0;
const columns = () => Math.ceil(Math.sqrt(self.last.request.controls.count));
const seedOf = (i) => (self.last.request.controls.seed + i) % 4294967296;
const placeMark = () => {
  const side = picture.clientWidth / columns();
  mark.style.width = mark.style.height = side + "px";
  mark.style.left = picture.offsetLeft + (chosen % columns()) * side + "px";
  mark.style.top = picture.offsetTop + Math.floor(chosen / columns()) * side + "px";
  mark.hidden = false;
};
const showTile = async () => {
  const turn = ++tileTurn, last = self.last.request;
  const request = { model: last.model, action: "sample", controls: { ...last.controls, seed: seedOf(chosen), count: 1 } };
  caption.textContent = genai.t("ui.gan.tile_seed", { seed: seedOf(chosen) });
  placeMark();
  const answer = await server.frame({ ...request, lang: genai.lang });
  if (turn !== tileTurn) return;
  if (answer.error) return self.say(answer.error, true);
  tileAnswer = answer;
  tile.src = answer.src;
  element.dataset.tile = seedOf(chosen);
};
const self = genai.stage("gan-grid", element, server, (answer) => {
  picture.src = answer.src;
  chosen = Math.min(chosen, answer.request.controls.count - 1);
  showTile();
});
picture.addEventListener("click", (event) => {
  const side = picture.clientWidth / columns();
  const i = Math.floor(event.offsetY / side) * columns() + Math.floor(event.offsetX / side);
  chosen = Math.max(0, Math.min(self.last.request.controls.count - 1, i));
  showTile();
});
element.querySelector('[data-act="tile-download"]').addEventListener("click",
  (event) => tileAnswer && self.download(tileAnswer.request, event.currentTarget));
element.querySelector('[data-act="tile-link"]').addEventListener("click", async (event) => {
  if (!tileAnswer) return;
  const label = event.currentTarget.querySelector("span");
  await genai.copy(genai.linkTo(tileAnswer.query));
  label.textContent = genai.t("ui.copied");
  setTimeout(() => { label.textContent = genai.t("ui.gan.tile_link"); }, 1400);
});
new ResizeObserver(() => self.last && picture.clientWidth && placeMark()).observe(picture);
"""

ONE = """
<div class="stage-main"><figure class="frame large"><img class="one-picture" data-t="ui.gan.tile_alt" data-t-attr="alt"
  alt="one sample" src="{src}"></figure></div>
"""

BETWEEN_JS = """
const picture = element.querySelector(".one-picture");
const self = genai.stage("gan-between", element, server, (answer) => { picture.src = answer.src; });
element.querySelector('[data-act="loop"]').addEventListener("click", (event) => {
  if (!self.last) return;
  const { position, ...controls } = self.last.request.controls;
  self.download({ model: self.last.request.model, action: "loop", controls }, event.currentTarget);
});
"""

PLANE = """
<div class="pair narrow">
  <div><div class="pad" tabindex="0" role="slider" data-t="ui.gan.pad" data-t-attr="aria-label" aria-label="pad"
    aria-valuemin="-1" aria-valuemax="1" aria-valuenow="0"><div class="pad-dot"></div></div>
    <p class="caption" data-t="ui.gan.pad_hint"></p></div>
  <figure class="frame"><img class="one-picture" data-t="ui.gan.tile_alt" data-t-attr="alt" alt="one sample" src="{src}"></figure>
</div>
"""

PLANE_JS = """
const picture = element.querySelector(".one-picture");
const self = genai.stage("gan-plane", element, server, (answer) => { picture.src = answer.src; });
const pad = genai.pad(element.querySelector(".pad"), (x, y) => {
  if (!self.last) return;
  self.draw({ ...self.last.request, controls: { ...self.last.request.controls, x, y } });
});
self.pad = pad;
self.follow = ({ point, ...request }) => {
  if (point) pad.set(...point, !request.model);
  if (!request.model) return;
  const [x, y] = pad.get();
  self.draw({ ...request, controls: { ...request.controls, x, y } });
};
"""


def build(engine: Engine) -> Built:
    try:
        loaded = engine.first("gan", "gan-digits")
    except UserError as error:
        problem_card(error)
        return Built("gan")
    controls = {c.name: c for c in engine.action(loaded, "sample").controls(loaded)}
    labels = [("0–9" if c == "any" else c, c) for c in controls["label"].choices]
    psi = controls["truncation_psi"]
    card = model_card(loaded)

    with gr.Row():
        with gr.Column(scale=2, min_width=270):
            with gr.Row(equal_height=True):
                seed = seed_box("gan-seed")
            label = gr.Dropdown(labels, value="any", label=i18n("ui.gan.label"), elem_id="gan-label", filterable=False)
            truncation = gr.Slider(
                psi.low, psi.high, psi.default, step=0.05, label=i18n("ui.gan.truncation"),
                info=i18n("ui.gan.truncation_info"), elem_id="gan-truncation",
            )  # fmt: skip
            gr.HTML('<p class="hint" data-t="ui.gan.about"></p>', js_on_load="genai.translate(element);")
        with gr.Column(scale=5, min_width=320), gr.Tabs(elem_id="gan-views"):
            with gr.Tab(i18n("ui.gan.views.grid"), elem_id="view-gan-grid"):
                start = engine.generate(loaded.name, "sample", {"seed": 1, "count": TILES})
                tile = engine.generate(loaded.name, "sample", {"seed": 1})
                stage(
                    "gan-grid",
                    engine,
                    GRID.replace("{tile}", data_uri(tile.pixels)),
                    answer(start),
                    GRID_JS,
                    card,
                )
            with gr.Tab(i18n("ui.gan.views.between"), elem_id="view-gan-between"):
                with gr.Row(equal_height=True):
                    seed_to = seed_box("gan-seed-to", 2, "ui.gan.seed_to", scale=2)
                    position = gr.Slider(
                        0, 1, 0.5, step=0.01, label=i18n("ui.gan.position"), elem_id="gan-position", scale=5
                    )
                middle = engine.generate(loaded.name, "interpolate", {"seed": 1, "seed_to": 2})
                loop = '<div><button class="tool" data-act="loop"><span data-t="ui.gan.loop"></span></button></div>'
                stage("gan-between", engine, ONE + loop, answer(middle), BETWEEN_JS, card)
            with gr.Tab(i18n("ui.gan.views.plane"), elem_id="view-gan-plane"):
                centre = engine.generate(loaded.name, "plane", {"seed": 1})
                stage("gan-plane", engine, PLANE, answer(centre), PLANE_JS, card)
                # The pad is no Gradio component; these two carry a link's point to it.
                x = gr.Number(0, visible=False, elem_id="gan-x")
                y = gr.Number(0, visible=False, elem_id="gan-y")

    common = [seed, label, truncation]
    base = f"""const model = {loaded.name!r}, common = {{ seed, label, truncation_psi: psi }};"""
    grid_js = (
        f"(seed, label, psi) => {{ {base} genai.ask('gan-grid',"
        f" {{ model, action: 'sample', controls: {{ ...common, count: {TILES} }} }}); }}"
    )
    between_js = (
        f"(seed, label, psi, seed_to, position) => {{ {base} genai.ask('gan-between',"
        f" {{ model, action: 'interpolate', controls: {{ ...common, seed_to, position }} }}); }}"
    )
    plane_js = (
        f"(seed, label, psi) => {{ {base} genai.ask('gan-plane', {{ model, action: 'plane', controls: common }}); }}"
    )
    gr.on([c.change for c in common], None, common, None, js=grid_js, **QUIET)
    gr.on(
        [c.change for c in [*common, seed_to, position]],
        None,
        [*common, seed_to, position],
        None,
        js=between_js,
        **QUIET,
    )
    gr.on([c.change for c in common], None, common, None, js=plane_js, **QUIET)
    gr.on(
        [x.change, y.change],
        None,
        [x, y],
        None,
        js="(x, y) => genai.ask('gan-plane', { point: [x, y] })",
        **QUIET,
    )

    shared = {"seed": seed, "label": label, "truncation_psi": truncation}
    return Built(
        "gan", loaded.name, "gan",
        widgets={
            "sample": shared,
            "interpolate": {**shared, "seed_to": seed_to, "position": position},
            "loop": {**shared, "seed_to": seed_to},
            "plane": {**shared, "x": x, "y": y},
        },
        views={"sample": "grid", "interpolate": "between", "loop": "between", "plane": "plane"},
    )  # fmt: skip


TAB = Tab("gan", lambda engine: [build(engine)])
