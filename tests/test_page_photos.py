"""The Latent tab of a VAE of photographs in a real browser: directions, a visitor's own picture, from A to B."""

from __future__ import annotations

import pytest
import torch
from browsing import PATIENCE, drag_slider, needs_chromium, open_tab, source, wait_for_change
from conftest import draw_cat

from genai.checkpoint import Meta, save_checkpoint
from genai.generation.engine import Engine
from genai.models import build_model
from genai.models.vae.directions import principal_directions

pytestmark = needs_chromium
CONFIG = dict(
    image_size=64, channels=3, latents=12, body="residual", widths=(8, 8, 8), decoder_widths=(8, 8, 8, 8),
    likelihood="logistic", loss="perceptual", prior="flow", couplings=2, hidden=8,
)  # fmt: skip
STRIPS = "document.querySelectorAll('#vae-sliders .strip[src]').length === 10"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A page with a model of cats and one of digits."""
    from genai.ui import build_ui

    folder = tmp_path_factory.mktemp("photos")
    torch.manual_seed(0)
    built = build_model("vae", CONFIG).requires_grad_(False)
    for p in built.parameters():
        p *= 2 if p.ndim > 1 else 1  # as it starts, it draws nearly the same for every latent
    rarity = {"value": 1.0, "rarity": [float(i) for i in range(101)], "off": [float(i) for i in range(101)]}
    extra = {"directions": principal_directions(torch.randn(60, 12), built.decode)}
    meta = Meta("vae", CONFIG, dataset="cats", extra=extra, metrics={"rarity": rarity})
    save_checkpoint(folder / "vae-cats.safetensors", built, meta)
    digits = dict(widths=(8, 16), hidden=16, latents=12)
    save_checkpoint(folder / "vae-digits.safetensors", build_model("vae", digits), Meta("vae", digits, dataset="mnist"))
    page = build_ui(Engine(folder, device="cpu"))
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    yield address
    page.close()


@pytest.fixture
def page(browser, url):
    """A fresh visitor in the tab; fails on any JavaScript error."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US")
    context.set_default_timeout(1000 * PATIENCE)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{url}?lang=en")
    open_tab(page, "Latent")
    page.wait_for_function("genai.stages.vae?.last?.request.model === 'vae-cats'")
    yield page
    context.close()
    assert not errors, errors


def test_a_direction_moves_all_latents_and_shows_where_it_leads(page):
    picture = "#stage-vae .one-picture"
    page.wait_for_function(STRIPS)
    shown, second = source(page, picture), page.locator("#vae-d2 .strip").get_attribute("src")
    before = page.evaluate("genai.stages.vae.z")
    drag_slider(page, "vae-d1", "3")
    shown = wait_for_change(page, picture, shown)
    after = page.evaluate("genai.stages.vae.z")
    assert sum(abs(a - b) > 1e-4 for a, b in zip(before, after)) > 6
    page.wait_for_function("before => document.querySelector('#vae-d2 .strip').src !== before", arg=second)
    # The slider stands over the last picture of its strip; a click on the first goes to the other end.
    box = page.locator("#vae-d1 .strip").bounding_box()
    page.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2)
    wait_for_change(page, picture, shown)
    page.wait_for_function("Number(document.querySelector('#vae-d1 input').value) === -3")


def test_no_strip_is_drawn_while_somebody_drags(page):
    page.wait_for_function(STRIPS)
    asked, longest = page.evaluate(
        """async () => {
          const { server } = genai.stages.vae, frame = server.frame, asked = [];
          const input = document.querySelector("#vae-d3 input");
          let longest = 0, last = 0;
          for (let i = 0; i < 20; i++) {
            input.value = -2 + 0.2 * i;
            input.dispatchEvent(new Event("input", { bubbles: true }));
            if (i === 0) server.frame = (payload) => (asked.push(payload.action), frame(payload));
            else longest = Math.max(longest, performance.now() - last);
            last = performance.now();
            await new Promise((done) => setTimeout(done, 20));
          }
          server.frame = frame;
          return [asked, longest];
        }"""
    )
    assert "strip" not in asked or longest > 300, "on a busy machine a drag may look like a rest"


def test_a_photograph_of_ones_own_stands_beside_its_reconstruction(page, tmp_path):
    draw_cat(2).resize((900, 900)).save(tmp_path / "mine.jpg")
    page.set_input_files("#vae-upload", tmp_path / "mine.jpg")
    page.locator(".given").wait_for()
    said = page.locator(".found").inner_text()
    assert "grey levels" in said and "% of the test pictures" in said and "{" not in said
    for name in ("seen", "redrawn", "difference"):
        assert source(page, f".given .{name}").startswith("data:image/webp")
    mine = page.evaluate("genai.stages.vae.z")
    page.locator("#vae-dice").click()
    page.wait_for_function("mine => JSON.stringify(genai.stages.vae.z) !== JSON.stringify(mine)", arg=mine)
    page.locator('[data-act="back"]').click()
    page.wait_for_function("mine => JSON.stringify(genai.stages.vae.z) === JSON.stringify(mine)", arg=mine)
    (tmp_path / "cat.png").write_text("I am a cat.")
    page.set_input_files("#vae-upload", tmp_path / "cat.png")
    page.locator("#stage-vae .stage-status.bad", has_text="cannot be read").wait_for()
    drag_slider(page, "vae-d1", "1")
    page.wait_for_function("!document.querySelector('#stage-vae .stage-status.bad')")


def test_from_a_to_b(page, tmp_path):
    draw_cat(4).save(tmp_path / "mine.png")
    sliders = page.evaluate("genai.stages.vae.z")
    open_tab(page, "From A to B")
    page.wait_for_function("genai.stages['vae-morph']?.settled && document.querySelector('.film').src")
    last = "genai.stages['vae-morph'].settled.request.controls"
    film, ends = source(page, ".film"), page.locator(".morph .end")
    ends.nth(0).locator('[data-do="dice"]').click()
    film = wait_for_change(page, ".film", film)
    ends.nth(1).locator('[data-do="sliders"]').click()
    page.wait_for_function(f"z => JSON.stringify({last}.z_to) === JSON.stringify(z)", arg=sliders)
    film = source(page, ".film")
    ends.nth(1).locator(".upload").set_input_files(tmp_path / "mine.png")
    wait_for_change(page, ".film", film)
    page.locator("#vae-position").evaluate("(n) => { n.value = 0.25; n.dispatchEvent(new Event('input')); }")
    page.wait_for_function(f"{last}.position === 0.25")
    assert (
        len(set(page.evaluate("[...document.querySelectorAll('.morph .one-picture')].map((image) => image.src)"))) == 1
    )
    with page.expect_download() as download:
        page.locator('.morph [data-act="loop"]').click()
    assert download.value.suggested_filename.startswith("vae-cats-morph_loop")


def test_digits_are_drawn_and_have_no_directions(page):
    page.locator("#vae-model input").click()
    page.get_by_role("option", name="vae-digits · mnist").click()
    page.wait_for_function("genai.stages.vae.last.request.model === 'vae-digits'")
    page.locator("canvas.ink").wait_for()
    assert not page.locator(".photograph").is_visible() and not page.locator(".latent.direction").count()
    assert page.locator("#vae-sliders .shown .latent").count() == 10


def test_a_telephone_shows_the_picture_above_the_sliders(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('#vae-sliders .preview').src")
    page.evaluate("document.querySelector('#vae-d6').scrollIntoView()")
    box = page.locator("#vae-sliders .preview").bounding_box()
    assert -1 <= box["y"] < 200 and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
