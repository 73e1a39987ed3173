"""The real page in a real browser: what a person does on each tab. Skipped, saying so, where Chromium is missing."""

from __future__ import annotations

import json
import re
import urllib.parse

from browsing import PATIENCE, copied, drag_slider, needs_chromium, open_tab, opened, source, wait_for_change
from PIL import Image

from genai.generation import receipt

pytestmark = needs_chromium


def test_the_result_is_there_when_the_page_opens(page):
    for selector in (".grid-picture", ".tile-picture"):
        assert source(page, f"#stage-gan-grid {selector}").startswith("data:image/webp;base64,")
    width = page.locator("#stage-gan-grid .grid-picture").evaluate("node => node.naturalWidth")
    assert width == 8 * 28


def test_noise_tab_follows_seed_dice_class_and_truncation(page):
    picture = "#stage-gan-grid .grid-picture"
    shown = source(page, picture)
    drag_slider(page, "gan-truncation", "0.4")
    shown = wait_for_change(page, picture, shown)
    page.locator("#gan-dice").click()
    shown = wait_for_change(page, picture, shown)
    page.locator("#gan-label input").click()
    page.get_by_role("option", name="7", exact=True).click()
    wait_for_change(page, picture, shown)
    page.wait_for_function("genai.stages['gan-grid'].last.request.controls.label === '7'")


def test_a_tile_opens_large_with_its_seed(page):
    """Of digits nobody knows how near they are to others: it says the seed and no more."""
    before = source(page, "#stage-gan-grid .tile-picture")
    side = page.locator("#stage-gan-grid .grid-picture").bounding_box()["width"] / 8
    page.locator("#stage-gan-grid .grid-picture").click(position={"x": side * 2.5, "y": side * 1.5})  # tile 10
    wait_for_change(page, "#stage-gan-grid .tile-picture", before)
    page.locator("dialog.lightbox[open] .lightbox-caption", has_text="seed 11").wait_for()
    assert page.locator(".lightbox-more").inner_text() == ""
    page.keyboard.press("Escape")
    page.locator("#stage-gan-grid figcaption", has_text="seed 11").wait_for()
    with page.expect_download() as waiting:
        page.locator('[data-act="tile-download"]').click()
    path = waiting.value.path()
    carried, _ = receipt.read_file(str(path))
    assert carried["controls"]["seed"] == 11 and carried["controls"]["count"] == 1


def test_between_two_seeds_and_the_loop(page):
    open_tab(page, "Between")
    picture = "#stage-gan-between .one-picture"
    shown = source(page, picture)
    drag_slider(page, "gan-position", "0.9")
    wait_for_change(page, picture, shown)
    with page.expect_download() as waiting:
        page.locator('[data-act="loop"]').click()
    with Image.open(waiting.value.path()) as loop:
        assert loop.n_frames == 48


def test_the_pad_is_live_under_mouse_and_keys(page):
    open_tab(page, "Plane")
    picture = "#stage-gan-plane .one-picture"
    shown = source(page, picture)
    box = page.locator(".pad").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.2, steps=8)
    page.mouse.up()
    shown = wait_for_change(page, picture, shown)
    page.wait_for_function("Math.abs(genai.stages['gan-plane'].last.request.controls.x - 0.8) < 0.02")
    page.locator(".pad").press("ArrowLeft")
    wait_for_change(page, picture, shown)


def test_latent_sliders_reset_and_dice(page):
    open_tab(page, "Latent")
    picture = "#stage-vae .one-picture"
    shown = source(page, picture)
    drag_slider(page, "vae-z1", "3")
    shown = wait_for_change(page, picture, shown)
    page.locator("#vae-reset").click()
    shown = wait_for_change(page, picture, shown)
    page.wait_for_function("genai.stages.vae.last.request.controls.z.every((v) => v === 0)")
    page.locator("#vae-dice").click()
    wait_for_change(page, picture, shown)


def test_drawing_a_digit_sets_the_sliders(page):
    open_tab(page, "Latent")
    picture = "#stage-vae .one-picture"
    shown = source(page, picture)
    box = page.locator("canvas.ink").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.8, steps=6)
    page.mouse.up()
    wait_for_change(page, picture, shown)
    page.wait_for_function(
        """genai.stages.vae.last.request.controls.z.some(
             (v) => Math.abs(v - document.querySelector("#vae-z1 input[type=range]").value) < 0.011)"""
    )


def test_text_streams_and_stops(page, gate):
    """Its place is free again, and the text on the page is one of so many characters: what links and files say."""
    held = gate(lambda controls: controls.get("prompt") == "Once more", tokens=30)
    open_tab(page, "Prompt", "Text")
    drag_slider(page, "gpt-max-new-tokens", "2000")
    page.locator("#gpt-prompt textarea").fill("Once more")
    page.locator("#gpt-run").click()
    page.wait_for_function(
        "document.querySelector('#gpt-page .cursor') && document.querySelector('#gpt-page .written').textContent.length > 20"
    )
    assert page.locator("#gpt-page b").inner_text() == "Once more"
    page.locator("#gpt-stop").click()
    assert held.left.wait(PATIENCE)
    page.wait_for_function("!document.querySelector('#gpt-page .cursor')")
    assert 20 < len(page.locator("#gpt-page .written").text_content()) <= 30
    page.wait_for_function(
        """genai.stages.gpt.last.request.controls.max_new_tokens
             === document.querySelector('#gpt-page .written').textContent.length"""
    )
    page.locator("#stage-gpt .stage-status", has_text="a second").wait_for()


def test_unknown_characters_are_named_before_writing(page):
    open_tab(page, "Prompt", "Text")
    page.locator("#gpt-prompt textarea").fill("snow ☃ and π")
    page.wait_for_function("document.querySelector('#gpt-unknown p').textContent.includes('☃')")
    page.locator("#gpt-run").click()
    page.get_by_text("never seen these characters").first.wait_for()


def test_a_link_restores_the_controls(page, studio):
    drag_slider(page, "gan-truncation", "0.55")
    page.wait_for_function("genai.stages['gan-grid'].last.request.controls.truncation_psi === 0.55")
    link = copied(page, '#stage-gan-grid [data-act="link"]')
    assert urllib.parse.parse_qs(urllib.parse.urlparse(link).query)["c.truncation_psi"] == ["0.55"]
    page.goto(link)
    page.locator('[data-verdict="identical"]').wait_for()
    page.wait_for_function("document.querySelector('#gan-truncation input[type=range]').value === '0.55'")
    page.wait_for_function("genai.stages['gan-grid'].last?.request.controls.truncation_psi === 0.55")


def test_a_dropped_file_restores_the_controls(page, studio, tmp_path):
    result = studio.engine.generate("gan-digits", "plane", {"seed": 5, "x": 0.5, "y": -0.25})
    path = tmp_path / "plane.png"
    path.write_bytes(result.file_bytes())
    page.locator("#open button").first.click()
    page.locator("#open-file input[type=file]").set_input_files(str(path))
    page.locator('[data-verdict="identical"]').wait_for()
    page.wait_for_function("JSON.stringify(genai.stages['gan-plane'].pad.get()) === '[0.5,-0.25]'")
    page.locator("#stage-gan-plane").wait_for()


def test_a_hostile_link_only_shows_a_message(page, studio):
    page.goto(f"{studio.url}?model=gan-digits&action=sample&c.seed=<script>alert(1)</script>&c.truncation_psi=nan")
    notice = page.locator('[data-verdict="error"]')
    notice.wait_for()
    assert "seed cannot be <script>" in notice.inner_text()


def test_the_language_switches_and_stays(page, studio):
    page.locator('[data-lang="zh"]').click()
    page.get_by_role("tab", name="潜空间", exact=True).wait_for()
    page.locator('#stage-gan-grid [data-act="download"]', has_text="下载").wait_for()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    open_tab(page, "提示", "写文字")
    page.locator("#gpt-prompt textarea").fill("☃")
    page.locator("#gpt-run").click()
    page.get_by_text("这个模型从未见过这些字符").first.wait_for()
    opened(page, studio.url)
    page.get_by_role("tab", name="噪声", exact=True).wait_for()


def test_every_word_on_the_page_comes_from_the_strings(page):
    """In Chinese, no label of ours is left in English or as a bare key."""
    page.locator('[data-lang="zh"]').click()
    page.get_by_role("tab", name="潜空间", exact=True).wait_for()
    for tabs in (
        ("噪声",),
        ("潜空间",),
        ("提示", "画图", "作画"),
        ("提示", "修改与变化"),
        ("提示", "混合"),
        ("提示", "写文字"),
    ):
        open_tab(page, *tabs)
        text = page.locator("body").inner_text()
        assert not re.search(r"\bui\.|__i18n__", text), text
        for word in ("Download", "Reset", "Write", "Seed", "Copy link", "Draw a digit"):
            assert word not in text, word


def test_make_it_again_shows_a_command_that_does(page):
    page.locator('#stage-gan-grid [data-act="again"]').click()
    command = page.locator("#stage-gan-grid .command").inner_text()
    assert command.startswith("python -m genai gan-digits --action sample --seed=1 --count=64")
    assert "/gan_sample" in page.locator("#stage-gan-grid .api").inner_text()


def test_dark_mode_is_remembered(page, studio):
    page.locator("[data-theme]").click()
    dark = page.evaluate("document.body.classList.contains('dark')")
    opened(page, studio.url)
    page.wait_for_function(f"document.body.classList.contains('dark') === {json.dumps(dark)}")


def test_on_a_telephone_every_view_is_in_reach(page, studio):
    """In rows: Gradio would put tabs that do not fit into a menu, where neither links nor our own buttons find them. (The Noise
    tab's: test_page_noise.py.)"""
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, studio.url)
    for tab, views in (
        ("vae", ()),
        ("prompt", ("draw", "edit", "blend", "inside")),
        ("prompt", ("text",)),
    ):
        page.locator(f"#tab-{tab}-button").click()
        for view in views:
            page.locator(f"#view-{tab}-{view}-button").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
