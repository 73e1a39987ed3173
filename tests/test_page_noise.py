"""The Noise tab's views in a real browser, with a GAN of photographs, its earlier states, and two that failed."""

from __future__ import annotations

import base64
import json
import re
import shutil
import urllib.parse
from pathlib import Path

import pytest
from browsing import copied, needs_chromium, open_tab, source, wait_for_change
from conftest import draw_cat, write_cats
from PIL import Image, ImageSequence
from studio import Gate
from test_chooser import choose, visit, wait_last  # noqa: F401 (a fixture among them)

from genai.checkpoint import load_checkpoint, save_checkpoint, update_meta
from genai.data import cats as data_of_cats
from genai.generation import receipt
from genai.generation.engine import Engine

pytestmark = needs_chromium
VIEWS = ("grid", "steer", "mix", "between", "plane", "match", "learned", "fails")
STEPS = (0, 40, 200)  # of the snapshots
FIGURES = {
    "gan-digits": {"coverage": 0.84, "fd": 4.66, "class_accuracy": 0.99, "memorised_share": 0.01, "density": 0.9},
    "gan-collapsed": {"coverage": 0.07, "fd": 91.2, "class_accuracy": 0.97},
    "gan-memorised": {"memorised_share": 0.875, "coverage": 0.31, "class_accuracy": 0.98, "density": 1.2},
}


@pytest.fixture(scope="module")
def folder(engine, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("noise")
    shutil.copy(engine.folder / "features-cats.safetensors", folder)
    model, meta = load_checkpoint(engine.folder / "gan-styled.safetensors")
    meta.step, meta.metrics = 900, {"coverage": {"value": 0.75}}
    save_checkpoint(folder / "gan-cats.safetensors", model, meta)
    meta.slim = True
    meta.metrics = {}
    for step in STEPS:
        for p in model.generator.parameters():
            p.data *= 1.05
        meta.step, meta.extra = step, {"losses": {"generator/loss": 1.5 + step, "generator/lr": 0.1}}
        save_checkpoint(folder / f"gan-cats@{step}.safetensors", model, meta)
    for name, figures in FIGURES.items():
        shutil.copy(engine.folder / "gan-digits.safetensors", folder / f"{name}.safetensors")
        records = {figure: {"value": value} for figure, value in figures.items()}
        update_meta(folder / f"{name}.safetensors", lambda meta, records=records: meta.metrics.update(records))
    return folder


@pytest.fixture(scope="module")
def noise_engine(folder) -> Engine:
    return Engine(folder, device="cpu")


@pytest.fixture(scope="module")
def served(noise_engine):
    from genai.ui import build_ui

    page = build_ui(noise_engine)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    yield url
    page.close()


@pytest.fixture
def cats(visit, served):  # noqa: F811
    """A fresh visitor who sees the cats."""
    page = visit(served)
    wait_last(page, "gan-grid", "gan-cats")
    return page


def controls_of(page, stage: str, condition: str) -> None:
    """Until the last result of a stage is of such `controls`."""
    page.wait_for_function(
        f"""stage => {{
          const last = genai.stages[stage]?.last, controls = last?.request?.controls;
          return last?.src && ({condition});
        }}""",
        arg=stage,
    )


def painted(page, selector: str) -> None:
    """Until an element has a picture behind it."""
    page.wait_for_function("s => document.querySelector(s)?.style.backgroundImage.startsWith('url(')", arg=selector)


# -- the grid ------------------------------------------------------------------------------------------------


def test_a_tile_opens_as_large_as_the_window_and_tells_how_near_it_is(cats, noise_engine):
    side = cats.locator("#stage-gan-grid .grid-picture").bounding_box()["width"] / 8
    cats.locator("#stage-gan-grid .grid-picture").click(position={"x": side * 2.5, "y": side * 1.5})  # tile 10
    shown = cats.locator("dialog.lightbox[open]")
    for seed, key in ((11, "ArrowRight"), (12, "ArrowLeft"), (11, "Escape")):
        shown.locator(".lightbox-caption", has_text=f"seed {seed}").wait_for()
        assert cats.locator(".lightbox-picture").bounding_box()["width"] >= 512
        percentile = noise_engine.generate("gan-cats", "nearest", {"seed": seed}).data["percentile"]
        shown.locator(".resemblance", has_text=re.compile(rf"\b{percentile:g}\b")).wait_for()
        cats.keyboard.press(key)
    cats.locator("dialog.lightbox").wait_for(state="hidden")
    assert source(cats, ".lightbox-picture") == source(cats, "#stage-gan-grid .tile-picture")


def test_photographs_that_were_learned_from_stand_beside_it_where_they_are(cats, tmp_path, monkeypatch):
    write_cats(tmp_path, 20, 2)
    monkeypatch.setattr(data_of_cats, "_index", lambda: (("", f"train/cat_{i:05}.jpg", "", "") for i in range(20)))
    monkeypatch.setenv("GENAI_DATA", str(tmp_path))
    cats.locator('[data-act="tile-open"]').click()
    cats.wait_for_function(
        """[...document.querySelectorAll(".neighbours img")].filter((one) => one.naturalWidth === 64).length === 3"""
    )


# -- steering and mixing -------------------------------------------------------------------------------------


def test_steering(cats):
    open_tab(cats, "Steer")
    picture = "#stage-gan-steer .one-picture"
    controls_of(cats, "gan-steer", "controls.amounts.join() === '0,0'")
    for words in ("dark", "light", "small", "large"):
        cats.locator("#stage-gan-steer .ends", has_text=words).wait_for()
    painted(cats, "#stage-gan-steer .direction:nth-child(2) .cell:nth-child(5)")
    shown, strip = source(cats, picture), "#stage-gan-steer .direction:first-child .cell"
    cats.locator("#gan-steer-1").fill("0.6")
    shown = wait_for_change(cats, picture, shown)
    controls_of(cats, "gan-steer", "controls.amounts.join() === '0.6,0'")
    cats.locator(strip).nth(4).click()  # a picture under a slider moves it there
    controls_of(cats, "gan-steer", "controls.amounts.join() === '1,0'")
    assert cats.locator("#gan-steer-1").input_value() == "1"
    cats.locator('#stage-gan-steer [data-act="reset"]').click()
    controls_of(cats, "gan-steer", "controls.amounts.join() === '0,0'")
    cats.locator('#stage-gan-steer [data-act="surprise"]').click()
    controls_of(cats, "gan-steer", "controls.amounts.some((amount) => amount !== 0)")
    cats.locator("#gan-seed input").fill("7")
    cats.locator("#gan-seed input").press("Enter")
    controls_of(cats, "gan-steer", "controls.seed === 7 && controls.amounts.some((amount) => amount !== 0)")
    cats.locator('#stage-gan-steer [data-act="large"]').click()
    cats.locator("dialog.lightbox[open] .resemblance").wait_for()


def test_mixing(cats):
    open_tab(cats, "Mix")
    picture = "#stage-gan-mix .one-picture"
    controls_of(cats, "gan-mix", "controls.seed === 1 && controls.seed_to === 101 && controls.level === 1")
    assert cats.locator(picture).evaluate("node => node.naturalWidth") == 6 * 16
    cats.locator(".level output", has_text="from 8x8").wait_for()
    shown = source(cats, picture)
    cats.locator("#gan-mix-level").fill("2")
    shown = wait_for_change(cats, picture, shown)
    cats.locator(".level output", has_text="from 16x16").wait_for()
    cats.locator("#gan-mix-seed input").fill("55")
    cats.locator("#gan-mix-seed input").press("Enter")
    wait_for_change(cats, picture, shown)
    controls_of(cats, "gan-mix", "controls.seed_to === 55 && controls.level === 2")


# -- ways and maps -------------------------------------------------------------------------------------------


def test_a_way_with_a_stop_is_played_and_saved(cats, tmp_path):
    open_tab(cats, "Between")
    stage = "#stage-gan-between"
    painted(cats, f"{stage} .film")
    cats.locator(f'{stage} [data-act="stop-add"]').click()
    controls_of(cats, "gan-between", "controls.via.length === 1")
    cats.locator('[data-film="1"]').wait_for()
    width = cats.locator(f"{stage} .film").bounding_box()["width"]
    cats.locator(f"{stage} .film").click(position={"x": width / 4, "y": 5})
    controls_of(cats, "gan-between", "Math.abs(controls.position - 0.25) < 0.01")
    cats.locator(f'{stage} [data-act="play"]').click()
    places = [cats.evaluate("genai.stages['gan-between'].last.request.controls.position")]
    for _ in range(3):  # live
        controls_of(cats, "gan-between", f"!{json.dumps(places)}.includes(controls.position)")
        places.append(cats.evaluate("genai.stages['gan-between'].last.request.controls.position"))
    cats.locator(f'{stage} [data-act="play"][aria-pressed="true"]', has_text="Pause").click()
    cats.locator(f'{stage} [data-act="play"][aria-pressed="false"]', has_text="Play").wait_for()
    with cats.expect_download() as waiting:
        cats.locator(f'{stage} [data-act="loop-webp"]').click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    with Image.open(path) as film:
        assert film.format == "WEBP"
        shown = 0
        for frame in ImageSequence.Iterator(film):
            frame.load()
            shown += frame.info["duration"]  # of frames that are alike one stays, and stays longer
        assert shown == 2 * 48 * 40
    carried, _ = receipt.read_file(str(path))
    assert len(carried["controls"]["via"]) == 1 and carried["controls"]["format"] == "webp"
    cats.locator(f"{stage} button.stop").click()
    controls_of(cats, "gan-between", "controls.via.length === 0")


def test_the_plane_has_a_map(cats):
    open_tab(cats, "Plane")
    painted(cats, "#stage-gan-plane .pad.mapped")
    cats.locator("#gan-seed input").fill("12")
    cats.locator("#gan-seed input").press("Enter")
    cats.locator('[data-map="12"]').wait_for()


# -- a visitor's own picture ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cat_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("own") / "my cat.jpg"
    draw_cat(5).resize((320, 240)).save(path)
    return path


def wait_done(page) -> None:
    """Until a search has come to its end."""
    page.locator("#stage-gan-match .told", has_text=re.compile(r"^After \d+ steps: [\d.]+ grey levels")).wait_for()


def test_my_picture_is_matched_stopped_steered_and_mixed(cats, noise_engine, cat_file, monkeypatch):
    gate = Gate(lambda controls: "image" in controls)
    monkeypatch.setattr(noise_engine, "advance", gate.advance(noise_engine.advance))
    open_tab(cats, "My picture")
    gate.let(2)
    cats.locator("#gan-match-upload").set_input_files(str(cat_file))
    cats.wait_for_function("genai.stages['gan-match'].frames === 2")
    cats.locator("#stage-gan-match .told", has_text=re.compile(r"^Step [1-9]\d*: [\d.]+ grey levels")).wait_for()
    cats.locator('#stage-gan-match [data-act="stop"]').click()
    gate.open()
    cats.locator('#stage-gan-match [data-act="stop"]:disabled').wait_for(state="attached")
    latent = cats.evaluate("genai.stages['gan-match'].last.latent")
    cats.locator('#stage-gan-match [data-act="to-steer"]').click()
    controls_of(cats, "gan-steer", f"controls.latent === '{latent}'")
    cats.locator("#stage-gan-steer .from", has_text="From my picture").wait_for()
    assert cats.evaluate("genai.stages['gan-match'].frames") == 2  # stopped is stopped
    cats.locator("#gan-steer-2").fill("-1")
    controls_of(cats, "gan-steer", f"controls.latent === '{latent}' && controls.amounts.join() === '0,-1'")
    cats.locator('#stage-gan-steer [data-act="forget"]').click()
    controls_of(cats, "gan-steer", "controls.latent === ''")
    open_tab(cats, "My picture")
    cats.locator('#stage-gan-match [data-act="to-mix"]').click()
    controls_of(cats, "gan-mix", f"controls.latent === '{latent}'")
    cats.get_by_text("The first row is your picture.").wait_for()


def test_a_pasted_picture_is_matched_and_what_is_none_is_told(cats, cat_file, tmp_path):
    open_tab(cats, "My picture")
    false = tmp_path / "cat.png"
    false.write_text("I am no picture")
    cats.locator("#gan-match-upload").set_input_files(str(false))
    cats.locator("#stage-gan-match .told", has_text="cannot").wait_for()
    cats.evaluate(
        """base64 => {
          const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([bytes], "cat.jpg", { type: "image/jpeg" }));
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        base64.b64encode(cat_file.read_bytes()).decode(),
    )
    wait_done(cats)
    assert cats.evaluate("genai.stages['gan-match'].last.k") == 100
    heat = cats.locator("#stage-gan-match .difference")
    assert heat.get_attribute("src").startswith("data:image/") and heat.evaluate("node => node.naturalWidth") > 0
    link = receipt.from_query(
        dict(urllib.parse.parse_qsl(copied(cats, '#stage-gan-match [data-act="link"]').partition("?")[2]))
    )
    assert link["action"] == "match" and link["controls"]["image"].startswith("data:image/jpeg;base64,")


def test_two_visitors_search_at_once_and_both_find(visit, served, tmp_path):  # noqa: F811
    pages = [visit(served), visit(served)]
    for n, page in enumerate(pages):
        path = tmp_path / f"{n}.png"
        draw_cat(n).save(path)
        open_tab(page, "My picture")
        page.locator("#gan-match-upload").set_input_files(str(path))
    for page in pages:
        wait_done(page)
    first, second = (page.evaluate("genai.stages['gan-match'].last.latent") for page in pages)
    assert first != second


# -- how it learned, and when it fails -----------------------------------------------------------------------


def test_how_it_learned(cats):
    open_tab(cats, "How it learned")
    wait_last(cats, "gan-learned", "gan-cats", "controls.count === 16 && controls.seed === 1")
    stage = "#stage-gan-learned"
    cats.locator(f"{stage} .step", has_text="After 900 steps").wait_for()
    cats.locator(f"{stage} .figures", has_text="coverage").wait_for()
    picture = f"{stage} .one-picture"
    shown = source(cats, picture)
    cats.locator("#gan-learned-state").fill("0")
    wait_for_change(cats, picture, shown)
    wait_last(cats, "gan-learned", "gan-cats@0")
    assert cats.locator(f"{stage} .figures dt").all_inner_texts() == ["generator/loss"]
    cats.locator(f'{stage} [data-act="play"]').click()
    cats.locator(f"{stage} .step", has_text="After 40 steps").wait_for()
    wait_last(cats, "gan-learned", "gan-cats")
    cats.locator(f'{stage} [data-act="play"][aria-pressed="false"]').wait_for()
    cats.locator("#gan-seed input").fill("3")
    cats.locator("#gan-seed input").press("Enter")
    wait_last(cats, "gan-learned", "gan-cats", "controls.seed === 3")


def test_when_it_fails(cats):
    open_tab(cats, "When it fails")
    stage = "#stage-gan-fails"
    wait_last(cats, "gan-fails", "gan-collapsed", "controls.count === 64 && controls.seed === 1")
    lines = cats.locator(f"{stage} .figures")
    assert "0.07 (a sound one: 0.84)" in lines.inner_text() and "0.97 (a sound one: 0.99)" in lines.inner_text()
    cats.locator(f"{stage} .kinds button", has_text="Learned by heart").click()
    wait_last(cats, "gan-fails", "gan-memorised")
    assert "0.875 (a sound one: 0.01)" in lines.inner_text() and "1.2 (a sound one: 0.9)" in lines.inner_text()
    assert lines.locator("h4").all_inner_texts() == ["What exposes it", "What is fooled"]
    cats.locator("#gan-seed input").fill("3")
    cats.locator("#gan-seed input").press("Enter")
    wait_last(cats, "gan-fails", "gan-memorised", "controls.seed === 3")


# -- what follows the model, links, telephones ---------------------------------------------------------------


def test_what_a_model_cannot_do_is_not_there(cats):
    """Cats have no classes; digits no levels to steer, and no earlier states here."""
    cats.locator("#gan-label").wait_for(state="hidden")
    choose(cats, "gan-model", "gan-digits · mnist")
    wait_last(cats, "gan-grid", "gan-digits", "controls.label === 'any'")
    cats.locator("#gan-label").wait_for()
    for view in VIEWS:
        there = view in ("grid", "between", "plane", "fails")
        cats.locator(f"#view-gan-{view}-button").wait_for(state="visible" if there else "hidden")
    open_tab(cats, "Plane")
    wait_last(cats, "gan-plane", "gan-digits")
    choose(cats, "gan-model", "gan-cats · cats")
    open_tab(cats, "Steer")
    wait_last(cats, "gan-steer", "gan-cats", "controls.label === 'any'")


LINKS = {
    "steer": ({"seed": 4, "amounts": [0.5, -0.25]}, "gan-steer", "controls.amounts.join() === '0.5,-0.25'"),
    "strips": ({"seed": 4, "amounts": [1, 0]}, "gan-steer", "controls.amounts.join() === '1,0'"),
    "mix": ({"seed": 4, "seed_to": 60, "level": 2}, "gan-mix", "controls.level === 2 && controls.seed_to === 60"),
    "interpolate": (
        {"via": [7, 8], "position": 0.25}, "gan-between", "controls.via.join() === '7,8' && controls.position === 0.25",
    ),
    "loop": ({"via": [7], "format": "webp"}, "gan-between", "controls.via.join() === '7'"),
    "strip": ({"seed": 4, "via": [9]}, "gan-between", "controls.via.join() === '9' && controls.seed === 4"),
    "plane": ({"seed": 4, "x": 0.5}, "gan-plane", "controls.x === 0.5 && controls.seed === 4"),
    "plane_map": ({"seed": 4}, "gan-plane", "controls.seed === 4"),
}  # fmt: skip


@pytest.mark.parametrize("action", LINKS)
def test_a_link_opens_its_view(visit, served, noise_engine, action):  # noqa: F811
    controls, stage, condition = LINKS[action]
    made = noise_engine.generate("gan-cats", action, controls)
    page = visit(f"{served}?{receipt.to_query(made.receipt)}")
    page.locator('[data-verdict="identical"]').wait_for()
    page.locator(f"#stage-{stage}").wait_for()
    controls_of(page, stage, condition)
    if "seed" in controls:
        page.wait_for_function(
            "seed => +document.querySelector('#gan-seed input').value === seed", arg=controls["seed"]
        )


def test_the_link_of_a_match_searches_again(visit, served, noise_engine, cat_file):  # noqa: F811
    image = "data:image/jpeg;base64," + base64.b64encode(cat_file.read_bytes()).decode()
    made = noise_engine.generate("gan-cats", "match", {"image": image, "steps": 2})
    page = visit(f"{served}?{receipt.to_query(made.receipt)}")
    page.locator('[data-verdict="identical"]').wait_for()
    page.locator("#stage-gan-match .told", has_text="grey levels").wait_for()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_on_a_telephone_every_view_is_in_reach(visit, served, lang):  # noqa: F811
    page = visit(served)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{served}?lang={lang}")
    wait_last(page, "gan-grid", "gan-cats")
    for view in VIEWS:
        button = page.locator(f"#view-gan-{view}-button")
        button.click()
        page.locator(f"#view-gan-{view} .stage").wait_for()
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, view
        shown = page.locator("body").inner_text()
        assert not re.search(r"\bui\.|__i18n__", shown), shown
        if lang == "zh":
            for word in ("Seed", "Download", "Play", "Stop", "Upload", "steps", "Steer", "sound", "Position"):
                assert word not in shown, (view, word)
