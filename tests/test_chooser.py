"""The model chooser in a real browser: what follows another model, what a link and Back restore, what comes while it runs."""

from __future__ import annotations

import shutil
import urllib.parse
from pathlib import Path

import pytest
import torch
from browsing import PATIENCE, copied, drag_slider, needs_chromium, open_tab, source, wait_for_change, wait_value
from studio import ALPHABET

from genai.checkpoint import Meta, save_checkpoint
from genai.data.tokenizer import CharTokenizer
from genai.data.words import WordTokenizer
from genai.generation.engine import Engine
from genai.models import build_model

pytestmark = needs_chromium


def write_model(folder: Path, name: str, family: str, config: dict, **meta) -> Path:
    torch.manual_seed(len(name))
    model = build_model(family, config)
    for p in model.parameters():  # as they start, many draw nearly the same for every latent
        if p.ndim > 1:
            torch.nn.init.normal_(p, std=0.3)
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, model, Meta(family, config, preset=name, step=1, **meta))
    return path


def write_gan(folder: Path, name: str, dataset: str, classes: list[str], **config) -> Path:
    config = dict(widths=(16, 8, 8), d_widths=(8, 8, 16), classes=len(classes), **config)
    return write_model(folder, name, "gan", config, dataset=dataset, classes=classes)


def write_vae(folder: Path, name: str, dataset: str, latents: int, order: list[int] | None = None) -> Path:
    extra = {"latent_order": order, "latent_kl": [0.5] * latents} if order else {}
    config = dict(widths=(8, 16), hidden=16, latents=latents)
    return write_model(folder, name, "vae", config, dataset=dataset, extra=extra)


def write_gpt(folder: Path, name: str, dataset: str, alphabet: str) -> Path:
    config = dict(n_layer=1, n_head=2, n_embd=16, block_size=32, vocab_size=len(alphabet))
    return write_model(folder, name, "gpt", config, dataset=dataset, tokenizer=CharTokenizer(alphabet).state())


def write_painter(folder: Path, name: str, dataset: str, words: list[str], plan: dict, config: dict) -> Path:
    tokenizer = WordTokenizer(words, [], 4)
    config = dict(
        words=len(tokenizer), caption_length=4, plan=tuple(map(len, plan.values())), n_layer=1, n_head=2, n_embd=16,
        plan_layer=1, plan_head=2, plan_embd=16, tokenizer_widths=(8,), tokenizer_blocks=1, **config,
    )  # fmt: skip
    tokens = tokenizer.state()
    return write_model(folder, name, "text2image", config, dataset=dataset, tokenizer=tokens, extra={"plan": plan})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two models of each family, unlike in every way that a control can follow."""
    folder = tmp_path_factory.mktemp("shelf")
    write_gan(folder, "gan-digits", "mnist", list("0123456789"), truncation_psi=0.95)
    write_gan(folder, "pets", "folder", ["cat", "dog"], truncation_psi=0.7, z_dim=5)
    write_vae(folder, "vae-digits", "mnist", 12, [*range(11, -1, -1)])
    write_vae(folder, "small", "folder", 3, [2, 0, 1])
    write_gpt(folder, "gpt-shakespeare", "shakespeare", ALPHABET)
    write_gpt(folder, "letters", "folder", "xyz ")
    shape = dict(
        image_size=8, channels=1, tokenizer_patch=4, tokenizer_levels=(8, 5, 5), tokenizer_layers=(), places=()
    )
    write_painter(folder, "text2image-scenes", "folder", ["one", "two"], {"digit": ["1", "2"]}, shape)
    write_painter(folder, "text2image-toys", "folder", ["bear", "doll", "kite"], {"toy": ["b", "d", "k"]}, shape)
    return folder


@pytest.fixture(scope="module")
def served(folder):
    from genai.ui import build_ui

    page = build_ui(Engine(folder, device="cpu"))
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    yield url
    page.close()


@pytest.fixture
def visit(browser):
    """visit(url) -> a fresh visitor there; fails on any JavaScript error."""
    contexts, errors = [], []

    def visit(url: str, **settings):
        context = browser.new_context(
            viewport={"width": 1280, "height": 1000}, locale="en-US",
            permissions=["clipboard-read", "clipboard-write"], **settings,
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(1000 * PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.wait_for_function("document.querySelector('#tab-gan-button')")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not errors, errors


def choose(page, elem_id: str, name: str) -> None:
    page.locator(f"#{elem_id} input").click()
    page.get_by_role("option", name=name).click()
    page.wait_for_function("!document.querySelector('[role=option]')")


def wait_last(page, stage: str, model: str, more: str = "true") -> None:
    """Until the last whole result of a stage is the model's, and `more` of it (its request's `controls`) holds."""
    page.wait_for_function(
        f"""([stage, model]) => {{
          const request = window.genai?.stages[stage]?.settled?.request, controls = request?.controls;
          return request?.model === model && ({more});
        }}""",
        arg=[stage, model],
    )


def wait_options(page, elem_id: str, names: list[str]) -> None:
    """Until a dropdown, opened, offers these."""
    page.locator(f"#{elem_id} input").click()
    page.wait_for_function(
        """names => JSON.stringify(names) ===
          JSON.stringify([...document.querySelectorAll("[role=option]")].map((node) => node.ariaLabel))""",
        arg=names,
    )
    page.keyboard.press("Escape")
    page.locator(f"#{elem_id} input").blur()
    page.wait_for_function("!document.querySelector('[role=option]')")


def test_controls_follow_the_chosen_gan(visit, served):
    page = visit(served)
    wait_last(page, "gan-grid", "gan-digits")
    wait_options(page, "gan-model", ["gan-digits · mnist", "pets · folder"])
    page.get_by_text("Digit", exact=True).wait_for()
    wait_value(page, "#gan-truncation input[type=range]", "0.95")
    page.locator('#stage-gan-grid .stage[data-pixels="crisp"]').wait_for()
    before = source(page, "#stage-gan-grid .grid-picture")
    choose(page, "gan-model", "pets · folder")
    wait_for_change(page, "#stage-gan-grid .grid-picture", before)
    wait_last(page, "gan-grid", "pets", "controls.label === 'any' && controls.truncation_psi === 0.7")
    page.get_by_text("Class", exact=True).wait_for()
    page.get_by_text("Digit", exact=True).wait_for(state="detached")
    wait_value(page, "#gan-truncation input[type=range]", "0.7")
    wait_options(page, "gan-label", ["any", "cat", "dog"])
    page.locator('#stage-gan-grid .stage[data-pixels="smooth"]').wait_for()
    page.locator("#gan-card", has_text="pets").wait_for()
    choose(page, "gan-label", "dog")
    wait_last(page, "gan-grid", "pets", "controls.label === 'dog'")
    open_tab(page, "Plane")  # a view that was out of sight
    wait_last(page, "gan-plane", "pets", "controls.label === 'dog'")


def test_sliders_follow_the_chosen_vae(visit, served):
    page = visit(served)
    open_tab(page, "Latent")
    wait_last(page, "vae", "vae-digits", "controls.z.length === 12")
    page.wait_for_function("document.querySelectorAll('#vae-sliders input[type=range]').length === 12")
    choose(page, "vae-model", "small · folder")
    wait_last(page, "vae", "small", "controls.z.length === 3")
    page.wait_for_function("document.querySelectorAll('#vae-sliders input[type=range]').length === 3")
    drag_slider(page, "vae-z1", "2.5")  # the first slider is dimension 2 here
    wait_last(page, "vae", "small", "controls.z[2] === 2.5")
    page.locator("#vae-dice").click()
    wait_last(page, "vae", "small", "controls.z[2] !== 2.5")


def test_prompts_follow_the_chosen_gpt(visit, served):
    page = visit(served)
    open_tab(page, "Prompt", "Text")
    wait_last(page, "gpt", "gpt-shakespeare")
    page.locator("#gpt-examples .chip", has_text="ROMEO:").first.wait_for()
    choose(page, "gpt-model", "letters · folder")
    wait_last(page, "gpt", "letters")
    wait_value(page, "#gpt-prompt textarea", "x")
    page.locator("#view-prompt-text").get_by_text("More controls").click()
    page.locator('#gpt-top-k input[type=range][max="4"]').wait_for()
    page.locator("#gpt-prompt textarea").fill("zR")
    page.wait_for_function("document.querySelector('#gpt-unknown p').textContent.endsWith(': R')")
    page.locator("#gpt-examples .chip").first.click()
    page.wait_for_function("document.querySelector('#gpt-prompt textarea').value === 'x'")
    # The page has heard of it, too: what is typed next is not overtaken.
    page.wait_for_function("document.querySelector('#gpt-unknown p').textContent === ''")
    page.locator("#gpt-prompt textarea").fill("zyx")
    page.locator("#gpt-run").click()
    page.wait_for_function("document.querySelector('#gpt-page b').innerText === 'zyx'")
    wait_last(page, "gpt", "letters", "controls.prompt === 'zyx'")


def test_every_view_of_pictures_follows_the_chosen_painter(visit, served):
    page = visit(served)
    open_tab(page, "Prompt", "Pictures")
    wait_last(page, "paint", "text2image-scenes", "controls.prompt === 'one'")
    page.locator('#stage-paint [data-act="tile-edit"]').click()
    page.wait_for_function("document.querySelectorAll('#stage-paint-edit .brush i').length === 4")
    open_tab(page, "Draw")
    choose(page, "paint-model", "text2image-toys · folder")
    wait_last(page, "paint", "text2image-toys", "controls.prompt === 'bear'")
    page.wait_for_function(
        "[...document.querySelectorAll('#paint-sheet .chip')].map((node) => node.innerText).join() === 'bear,doll,kite'"
    )
    page.locator("#paint-words .understood", has_text="bear").wait_for()
    open_tab(page, "Edit and vary")  # what lay there meant something to the other model alone
    page.wait_for_function("document.querySelectorAll('#stage-paint-edit .brush i').length === 0")
    open_tab(page, "Blend")  # not seen before
    wait_last(page, "paint-blend", "text2image-toys", "controls.prompt_to === 'doll'")
    open_tab(page, "Draw")
    page.locator('#stage-paint [data-act="tile-inside"]').click()
    page.wait_for_function("document.querySelectorAll('#stage-paint-inside .heat button').length === 4")


def test_a_link_names_the_model_and_restores_it(visit, served):
    page = visit(served)
    choose(page, "gan-model", "pets · folder")
    wait_last(page, "gan-grid", "pets")
    choose(page, "gan-label", "dog")
    wait_last(page, "gan-grid", "pets", "controls.label === 'dog'")
    link = copied(page, '#stage-gan-grid [data-act="link"]')
    assert urllib.parse.parse_qs(urllib.parse.urlparse(link).query)["model"] == ["pets"]
    other = visit(link)
    other.locator('[data-verdict="identical"]').wait_for()
    wait_last(other, "gan-grid", "pets", "controls.label === 'dog'")
    wait_value(other, "#gan-model input", "pets · folder")
    wait_value(other, "#gan-label input", "dog")
    open_tab(other, "Between")
    wait_last(other, "gan-between", "pets", "controls.label === 'dog'")


def test_back_and_forward_move_between_results(visit, served):
    page = visit(served)
    wait_last(page, "gan-grid", "gan-digits")

    def at(model: str, psi: float) -> None:
        wait_last(page, "gan-grid", model, f"controls.truncation_psi === {psi}")
        page.wait_for_function(
            """([model, psi]) => {
              const shown = new URLSearchParams(location.search);
              return shown.get("model") === model && Number(shown.get("c.truncation_psi")) === psi;
            }""",
            arg=[model, psi],
        )
        page.wait_for_function("p => +document.querySelector('#gan-truncation input[type=range]').value === p", arg=psi)

    drag_slider(page, "gan-truncation", "0.5")
    at("gan-digits", 0.5)
    choose(page, "gan-model", "pets · folder")
    at("pets", 0.7)
    page.go_back()
    at("gan-digits", 0.5)
    page.wait_for_function("document.querySelector('#gan-model input').value === 'gan-digits · mnist'")
    page.go_back()
    at("gan-digits", 0.95)  # what the page opened with
    page.go_forward()
    at("gan-digits", 0.5)
    page.go_forward()
    at("pets", 0.7)
    assert not page.locator("#notice .notice").is_visible()


def test_back_brings_a_text_back(visit, served):
    page = visit(served)
    open_tab(page, "Prompt", "Text")
    wait_last(page, "gpt", "gpt-shakespeare")
    for prompt in ("To be", "Or not"):
        page.locator("#gpt-prompt textarea").fill(prompt)
        page.locator("#gpt-run").click()
        wait_last(page, "gpt", "gpt-shakespeare", f"controls.prompt === '{prompt}'")
        page.wait_for_function("p => new URLSearchParams(location.search).get('c.prompt') === p", arg=prompt)
    page.go_back()
    page.wait_for_function("document.querySelector('#gpt-page b').innerText === 'To be'")
    page.wait_for_function("document.querySelector('#gpt-prompt textarea').value === 'To be'")


@pytest.mark.parametrize(
    ("link", "stage", "shown"),
    [
        ("model=pets&action=sample&c.seed=4", "gan-grid", "controls.seed === 4 && controls.count === 64"),
        ("model=small&action=sample&c.seed=4", "vae", "controls.z.length === 3"),
        ("model=pets&action=plane&c.seed=4&c.x=0.5", "gan-plane", "controls.x === 0.5"),
    ],
)
def test_a_link_is_one_step(visit, served, link, stage, shown):
    """What a link opens is shown by a request that need not be the link's own; Back leads out of it all the same."""
    page = visit(served)
    wait_last(page, "gan-grid", "gan-digits")
    page.goto(f"{served}?{link}")
    wait_last(page, stage, urllib.parse.parse_qs(link)["model"][0], shown)
    page.wait_for_function("link => location.search.slice(1) !== link", arg=link)
    assert page.evaluate("history.length") == 3  # an empty page, the studio, the link


def test_a_link_may_name_a_snapshot(visit, served, folder):
    shutil.copy(folder / "pets.safetensors", folder / "pets@1.safetensors")
    page = visit(f"{served}?model=pets@1&action=sample&c.label=cat&c.count=64")
    page.locator('[data-verdict="unverified"]').wait_for()
    wait_last(page, "gan-grid", "pets@1", "controls.label === 'cat'")
    assert page.locator("#gan-model input").input_value() == "pets@1 · folder"
    wait_options(page, "gan-model", ["gan-digits · mnist", "pets · folder", "pets@1 · folder"])
    choose(page, "gan-model", "gan-digits · mnist")
    wait_last(page, "gan-grid", "gan-digits")
    wait_options(page, "gan-model", ["gan-digits · mnist", "pets · folder"])


def test_what_comes_while_the_page_runs_is_there_when_it_is_opened(visit, browser, folder, tmp_path):
    """A tab without a model says so, and works once there is one; a second one brings the chooser; one that goes is gone."""
    from genai.ui import build_ui

    shutil.copy(folder / "vae-digits.safetensors", tmp_path)
    ui = build_ui(Engine(tmp_path, device="cpu"))
    _, url, _ = ui.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    try:
        page = visit(url)
        page.get_by_text("There is no checkpoint").first.wait_for()
        assert not page.locator("#stage-gan-grid").is_visible()
        shutil.copy(folder / "pets.safetensors", tmp_path)
        page.reload()
        wait_last(page, "gan-grid", "pets")
        page.locator("#stage-gan-grid .grid-picture").wait_for()
        page.locator("#gan-model").wait_for(state="hidden")
        shutil.copy(folder / "gan-digits.safetensors", tmp_path)
        page.reload()
        wait_last(page, "gan-grid", "gan-digits")
        wait_options(page, "gan-model", ["gan-digits · mnist", "pets · folder"])
        choose(page, "gan-model", "pets · folder")
        wait_last(page, "gan-grid", "pets")
        (tmp_path / "pets.safetensors").unlink()
        page.goto(url)
        wait_last(page, "gan-grid", "gan-digits")
        page.locator("#gan-model").wait_for(state="hidden")
    finally:
        ui.close()
