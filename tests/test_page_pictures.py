"""Words to pictures in a real browser: every part of the Prompt tab's pictures, driven as a person would."""

from __future__ import annotations

import json
import urllib.parse

import pytest
from browsing import copied, needs_chromium, open_tab, wait_value

from genai.generation import receipt
from genai.generation.text2image import STEPS

pytestmark = needs_chromium


def wait_done(page, stage: str, frames: int = 0) -> int:
    """Until the stage has drawn its last round, and more often than `frames`; how often it has drawn."""
    page.wait_for_function(
        "([s, n]) => { const d = genai.stages[s]?.element.dataset ?? {}; return d.round === 'done' && +d.frames > n; }",
        arg=[stage, frames],
    )
    return int(dataset_of(page, stage, "frames"))


def dataset_of(page, stage: str, what: str) -> str:
    """What a stage says about itself, in its data- attributes."""
    return page.evaluate("([stage, what]) => genai.stages[stage].element.dataset[what]", [stage, what])


def last(page, stage: str = "paint") -> dict:
    return page.evaluate(f"(({{ request, tokens }}) => ({{ request, tokens }}))(genai.stages['{stage}'].last)")


def wait_base(page, tokens: list[int]) -> None:
    """Until the picture of these tokens lies on the edit stage."""
    wanted = ",".join(map(str, tokens))
    page.wait_for_function("(t) => genai.stages['paint-edit'].element.dataset.base === t", arg=wanted)


@pytest.fixture
def pictures(page):
    """The page with the Prompt tab open and its first nine pictures drawn."""
    open_tab(page, "Prompt", "Pictures")
    wait_done(page, "paint")
    return page


def ask(page, prompt: str) -> None:
    frames = int(dataset_of(page, "paint", "frames"))
    page.locator("#paint-prompt textarea").fill(prompt)
    page.locator("#paint-run").click()
    page.wait_for_function(
        "(p) => genai.stages.paint.last.request.controls.prompt === p", arg=prompt
    )  # not one before it
    wait_done(page, "paint", frames)


def test_nine_pictures_come_from_rough_to_sharp(pictures, monkeypatch):
    """Rounds are shown as they come; tile i of the sheet is the picture of seed + i; the judge has a word about each."""
    monkeypatch.setattr("genai.generation.engine.ROUNDS_SECONDS", 0)  # each round in a call of its own
    page = pictures
    assert page.locator("#stage-paint .sheet .cell").count() == 9
    page.evaluate("""() => { window.rounds = []; new MutationObserver(() => window.rounds.push(
      genai.stages['paint'].element.dataset.round)).observe(genai.stages['paint'].element,
      { attributes: true, attributeFilter: ['data-round'] }); }""")
    ask(page, "two blue cats in the snow")
    rounds = page.evaluate("window.rounds")
    assert rounds == [*map(str, range(1, STEPS)), "done"]
    assert last(page)["request"]["controls"]["prompt"] == "two blue cats in the snow"
    page.locator("#stage-paint .sheet .badge").first.wait_for()
    assert page.locator("#stage-paint .sheet .badge").count() == 9
    page.locator("#stage-paint .sheet .cell").nth(4).click()
    assert "seed 5" in page.locator("#stage-paint figcaption").inner_text()
    words = page.locator("#stage-paint .verdicts .verdict").all_inner_texts()
    assert [word.split()[0] for word in words] == ["two", "blue", "cats", "in", "the", "snow"]
    assert "The judge sees" in page.locator("#stage-paint .verdicts").inner_text()
    assert "Planned from the words:" in page.locator("#stage-paint .verdicts .planned").inner_text()
    page.wait_for_function("genai.stages['paint'].element.dataset.twin === '5'")


def test_stop_keeps_what_is_there(pictures, gate, monkeypatch):
    """What is under way when the button is pressed is shown still, and nothing after it."""
    monkeypatch.setattr("genai.generation.engine.ROUNDS_SECONDS", 0)  # each round in a call of its own
    rounds = gate(lambda controls: controls.get("order") == "raster")
    page = pictures
    page.locator("#prompt-kinds").get_by_text("More controls").locator("visible=true").click()
    page.get_by_label("row by row (autoregressive)").check()  # 64 rounds
    rounds.let(2)
    page.wait_for_function("genai.stages.paint.element.dataset.round === '2'")
    page.locator("#paint-stop").click()
    page.wait_for_function("genai.stages.paint.stopped")
    rounds.let(60)
    page.wait_for_function("!genai.stages.paint.busy")
    assert dataset_of(page, "paint", "round") == "3"


def test_words_are_marked_while_typing(pictures):
    page = pictures
    page.locator("#paint-prompt textarea").fill("please draw a crimsn elephant")
    page.wait_for_function(
        "document.querySelector('#paint-words .read').dataset.read === 'please draw a crimsn elephant'"
    )
    read = dict(
        page.evaluate(
            "[...document.querySelectorAll('#paint-words .word')].map((node) => [node.innerText, node.className])"
        )
    )
    assert "ignored" in read["please"] and "unknown" in read["elephant"] and "unknown" in read["crimsn"]
    page.locator("#paint-words .offer", has_text="crimson").click()
    page.wait_for_function(
        "document.querySelector('#paint-prompt textarea').value === 'please draw a crimson elephant'"
    )
    page.wait_for_function("genai.stages.paint.last.request.controls.prompt === 'please draw a crimson elephant'")


def test_an_empty_prompt_draws_freely_and_says_so(pictures):
    ask(pictures, "")
    assert "drawn freely" in pictures.locator("#stage-paint .paint-note").inner_text()


def test_the_sheet_and_never_seen_together(pictures):
    page = pictures
    page.locator("#paint-sheet .chip", has_text="three purple fish").click()
    page.wait_for_function("genai.stages.paint.last.request.controls.prompt === 'three purple fish in the sea'")
    wait_done(page, "paint")
    before = last(page)["request"]["controls"]["prompt"]
    page.locator("#paint-never").click()
    page.locator("#paint-never-said p").wait_for()
    assert "Training never showed" in page.locator("#paint-never-said").inner_text()
    page.wait_for_function("(before) => genai.stages.paint.last.request.controls.prompt !== before", arg=before)


def test_brush_redraw_vary_and_go_on(pictures):
    page = pictures
    page.locator("#stage-paint .sheet .cell").nth(2).click()
    tokens = last(page)["tokens"][2]
    page.locator('#stage-paint [data-act="tile-edit"]').click()
    wait_base(page, tokens)
    page.locator('#stage-paint-edit [data-act="redraw"]').click()
    assert "Nothing is brushed" in page.locator("#stage-paint-edit .stage-status").inner_text()
    box = page.locator("#stage-paint-edit .brush").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.55)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.55, steps=6)
    page.mouse.up()
    assert dataset_of(page, "paint-edit", "masked") == "3"
    page.locator("#stage-paint-edit input.words").fill("a star")
    page.locator('#stage-paint-edit [data-act="redraw"]').click()
    frames = wait_done(page, "paint-edit")
    made = last(page, "paint-edit")
    assert made["request"]["action"] == "edit" and made["request"]["controls"]["prompt"] == "a star"
    kept = [i for i, masked in enumerate(made["request"]["controls"]["mask"]) if not masked]
    assert len(kept) == 61 and all(row[i] == tokens[i] for row in made["tokens"] for i in kept)
    page.locator('#stage-paint-edit [data-act="vary"]').click()
    wait_done(page, "paint-edit", frames)
    varied = last(page, "paint-edit")
    assert varied["request"]["action"] == "vary" and any(row != tokens for row in varied["tokens"])
    page.locator("#stage-paint-edit .sheet .cell").nth(1).click()
    wait_base(page, varied["tokens"][1])


def test_blend_follows_its_slider(pictures):
    page = pictures
    open_tab(page, "Blend")
    frames = wait_done(page, "paint-blend")
    page.locator("#stage-paint-blend input[type=range]").fill("0.9")
    wait_done(page, "paint-blend", frames)
    page.wait_for_function("genai.stages['paint-blend'].last.request.controls.position === 0.9")


def test_inside_tokens_certainty_and_words(pictures):
    page = pictures
    page.locator('#stage-paint [data-act="tile-inside"]').click()
    page.wait_for_function("document.querySelectorAll('#stage-paint-inside .heat button').length === 64")
    page.wait_for_function("genai.stages['paint-inside'].element.dataset.heat === 'certainty'")
    assert "Planned from the words:" in page.locator("#stage-paint-inside .planned").inner_text()
    page.locator("#stage-paint-inside .look-words button", has_text="car").click()
    assert dataset_of(page, "paint-inside", "heat") == "attention"
    before = dataset_of(page, "paint-inside", "tokens")
    page.locator("#stage-paint-inside .heat button").nth(27).click()
    page.wait_for_function("document.querySelectorAll('#stage-paint-inside .others .cell').length === 6")
    other = page.locator('#stage-paint-inside .others .cell[aria-pressed="false"]').first
    token = other.get_attribute("data-token")
    other.click()
    page.wait_for_function("(b) => genai.stages['paint-inside'].element.dataset.tokens !== b", arg=before)
    now = dataset_of(page, "paint-inside", "tokens").split(",")
    assert now[27] == token and [a == b for a, b in zip(now, before.split(","))].count(False) == 1


def test_a_link_draws_the_same_pictures_again(pictures, studio):
    page = pictures
    page.locator("#paint-seed input").fill("77")
    page.locator("#paint-seed input").press("Tab")
    page.wait_for_function("genai.stages.paint.last.request.controls.seed === 77")
    ask(page, "a green house at night")
    tokens = last(page)["tokens"]
    link = copied(page, '#stage-paint [data-act="link"]')
    query = urllib.parse.parse_qs(urllib.parse.urlparse(link).query)
    assert query["c.prompt"] == ["a green house at night"] and query["c.seed"] == ["77"]
    page.goto(link)
    page.locator('[data-verdict="identical"]').wait_for()
    page.wait_for_function("genai.stages.paint?.last?.request.controls.prompt === 'a green house at night'")
    wait_done(page, "paint")
    assert last(page)["tokens"] == tokens
    wait_value(page, "#paint-prompt textarea", "a green house at night")


def test_an_edit_comes_back_from_its_file(page, studio, tmp_path):
    tokens = studio.engine.generate("text2image-scenes", "draw", {"seed": 3}).detail["tokens"][0]
    mask = [int(i % 8 > 4) for i in range(64)]
    result = studio.engine.generate(
        "text2image-scenes", "edit", {"prompt": "a red hat", "tokens": tokens, "mask": mask, "count": 4}
    )
    path = tmp_path / "edit.png"
    path.write_bytes(result.file_bytes())
    page.locator("#open button").first.click()
    page.locator("#open-file input[type=file]").set_input_files(str(path))
    page.locator('[data-verdict="identical"]').wait_for()
    wait_done(page, "paint-edit")
    assert last(page, "paint-edit")["request"]["controls"]["mask"] == mask
    assert last(page, "paint-edit")["tokens"] == result.detail["tokens"]


def test_a_tile_downloads_with_its_receipt(pictures):
    page = pictures
    page.locator("#stage-paint .sheet .cell").nth(3).click()
    with page.expect_download() as waiting:
        page.locator('#stage-paint [data-act="tile-download"]').click()
    carried, pixels = receipt.read_file(str(waiting.value.path()))
    assert carried["controls"]["seed"] == 4 and carried["controls"]["count"] == 1
    assert pixels.shape == (256, 256, 3)


def test_in_chinese(page, studio):
    page.locator('[data-lang="zh"]').click()
    open_tab(page, "提示", "画图")
    wait_done(page, "paint")
    page.locator("#paint-sheet .chip", has_text="一个红色的汽车在草地上").click()
    page.wait_for_function("genai.stages.paint.last.request.controls.prompt === '一个红色的汽车在草地上'")
    wait_done(page, "paint")
    page.locator("#stage-paint .verdict", has_text="汽车").wait_for()
    assert "评判网络看到" in page.locator("#stage-paint .verdicts").inner_text()
    assert json.loads(page.evaluate("JSON.stringify(genai.stages.paint.last.request.controls.count)")) == 9
