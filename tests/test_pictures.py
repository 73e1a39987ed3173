"""Words to pictures through the engine: rounds, edits, blends, looks inside, and whatever a visitor may send."""

from __future__ import annotations

import copy
import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from genai.data import scenes
from genai.errors import UserError
from genai.generation import noise
from genai.generation.engine import Engine
from genai.generation.text2image import _room, guidance_of_tokens
from genai.models.attention import rotations
from genai.models.batch import Noise
from genai.models.planner import Planner, choose
from genai.models.text2image import ORDERS, How, Text2Image, _turns, _window

MODEL = "text2image-scenes"
OPENINGS, PROMPTS = scenes.ABOUT.openings, scenes.ABOUT.prompts
NAN = float("nan")


def tokens_of(engine: Engine, seed: int = 5) -> list[int]:
    return engine.generate(MODEL, "draw", {"prompt": "a red car", "seed": seed}).detail["tokens"][0]


def read(engine: Engine, prompt) -> list[dict]:
    return engine.generate(MODEL, "read", {"prompt": prompt}).data


def inside(engine: Engine, prompt, tokens, plan=None) -> dict:
    plan = {} if plan is None else {"plan": plan}
    return engine.generate(MODEL, "inside", {"prompt": prompt, "tokens": tokens, **plan}).data


def see(engine: Engine, prompt, tokens, plans=()) -> list[dict]:
    return engine.generate(MODEL, "see", {"prompt": prompt, "tokens": tokens, "plans": plans}).data


# -- drawing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
def test_a_tile_alone_is_the_tile_of_nine(engine: Engine, order: str):
    asked = {"prompt": "two blue cats", "seed": 40, "order": order, "steps": 6}
    nine = engine.generate(MODEL, "draw", asked | {"count": 9})
    assert nine.pixels.shape == (192, 192, 3)
    for i in (0, 4, 8):
        one = engine.generate(MODEL, "draw", asked | {"seed": 40 + i})
        assert one.detail["tokens"] == [nine.detail["tokens"][i]]
        y, x = i // 3 * 64, i % 3 * 64
        assert np.abs(one.pixels.astype(int) - nine.pixels[y : y + 64, x : x + 64]).max() <= 1
    assert len({tuple(row) for row in nine.detail["tokens"]}) == 9


@pytest.fixture
def round_by_round(monkeypatch):
    monkeypatch.setattr("genai.generation.engine.ROUNDS_SECONDS", 0)


def test_rounds_end_where_generate_does(engine: Engine, round_by_round):
    """A browser that asks for round after round sees the same picture grow, and holds the same receipt."""
    asked = {"prompt": "a fish", "seed": 3, "count": 2, "steps": 5}
    whole, state, decided = engine.generate(MODEL, "draw", asked), None, []
    for k in range(1, 6):
        result, state = engine.advance(MODEL, "draw", asked, json.loads(json.dumps(state)))
        decided.append(64 if state is None else sum(state["decided"][0]))
        assert (state is None) == (k == 5) == ("result" in result.receipt)
    assert np.array_equal(result.pixels, whole.pixels) and result.receipt == whole.receipt
    assert decided == sorted(decided) and decided[0] >= 1 and len(set(decided)) == 5


def test_quick_rounds_share_a_call(engine: Engine, monkeypatch):
    """The first round comes alone; the others come together if they are quick, and end where single ones do."""
    asked = {"prompt": "a fish", "seed": 3, "steps": 5}
    monkeypatch.setattr("genai.generation.engine.ROUNDS_SECONDS", 3600)
    _, state = engine.advance(MODEL, "draw", asked)
    assert state["k"] == 1
    result, state = engine.advance(MODEL, "draw", asked, state)
    assert state is None and result.receipt == engine.generate(MODEL, "draw", asked).receipt


def test_what_is_decided_stays(engine: Engine, round_by_round):
    state, before = None, {}
    for _ in range(7):
        _, state = engine.advance(MODEL, "draw", {"prompt": "a hat", "steps": 8}, state)
        now = {i: token for i, token in enumerate(state["ids"][0]) if state["decided"][0][i]}
        assert before.items() <= now.items()
        before = now


PLAN = [*(0 for _ in scenes.PLAN), *(64 for _ in range(sum(scenes.PLACES)))]


def a_state(**changed) -> dict:
    return {"k": 1, "ids": [[0] * 64], "decided": [[0] * 64], "plan": [PLAN]} | changed


def test_an_honest_state_goes_on(engine: Engine):
    engine.advance(MODEL, "draw", {}, a_state())


@pytest.mark.parametrize(
    "state",
    [
        7, [], {}, {"k": 1}, a_state(ids=[[0] * 63]), a_state(k=0), a_state(k=99), a_state(k=True), a_state(k=NAN),
        a_state(ids=[[8**8] * 64]), a_state(ids=[[-1] * 64]), a_state(ids=[[0.5] * 64]), a_state(ids=[["x"] * 64]),
        a_state(ids=[[0], [1, 2]]), a_state(plan=None), a_state(plan=[]), a_state(plan=[PLAN, PLAN]),
        a_state(plan=[PLAN[1:]]), a_state(plan=[[-1, *PLAN[1:]]]), a_state(plan=[[9, *PLAN[1:]]]), a_state(plan=PLAN),
        a_state(plan=[[0.5, *PLAN[1:]]]), a_state(plan=[["a", *PLAN[1:]]]), a_state(plan=["abcdefghijklmn"]), a_state(plan=7),
    ],
    ids=lambda s: str(s)[:40],
)  # fmt: skip
def test_a_forged_state_is_refused(engine: Engine, state):
    with pytest.raises(UserError):
        engine.advance(MODEL, "draw", {}, state)


def test_attention_turns_with_distances():
    """Between cells of the grid, and between words, what rotations add depends on how far apart they are alone."""
    cos, sin = rotations(5, 4, 8)
    turned = torch.complex(cos, sin)  # [5 + 16, pairs]
    between = (turned[:, None] * turned[None].conj()).view(21, 21, 8)
    cells = between[5:, 5:].view(4, 4, 4, 4, 8)  # [row, column, row, column, pairs]
    torch.testing.assert_close(cells[:-1, :-1, :-1, :-1], cells[1:, 1:, 1:, 1:])
    torch.testing.assert_close(between[:4, :4], between[1:5, 1:5])
    apart = cells[0, 0].flatten(0, 1)
    assert (
        torch.cdist(torch.view_as_real(apart).flatten(1), torch.view_as_real(apart).flatten(1)).fill_diagonal_(9).min()
        > 0.1
    )
    assert between[:5, 5:, 2:].sub(between[:1, 5:, 2:]).abs().max() == 0, (
        "a cell does not care how far on a word stands"
    )


def test_raster_order_is_autoregressive():
    assert _turns("raster", 8) == list(range(64))
    assert sorted(_turns("halton", 8)) == list(range(64)) and _turns("halton", 8) != list(range(64))


def test_temperature_zero_takes_the_likeliest():
    logits = torch.randn(2, 5, 9)
    assert torch.equal(choose(logits, torch.rand(2, 5), 0.0), logits.argmax(-1))
    drawn = torch.stack([choose(logits, torch.rand(2, 5), 1.0) for _ in range(4000)])
    share = torch.nn.functional.one_hot(drawn, 9).double().mean(0)
    assert (share - logits.softmax(-1)).abs().max() < 0.05


def test_guidance_of_one_follows_the_plan_alone(engine: Engine):
    """And stronger guidance moves away from what no plan gives."""
    model: Text2Image = engine.get(MODEL).model
    plan = torch.tensor([PLAN])
    ids, uniform = torch.full((1, 64), model.mask_id), torch.full((1, *model.draws), 0.5)

    def drawn(cfg_scale: float) -> torch.Tensor:
        how = How(plan, uniform, cfg_scale=cfg_scale, temperature=0.0)
        return model.choose_tokens(model.look(ids, how), ids == model.mask_id, how)[0]

    x = model.features(plan, ids)
    first = model.writer.logits(x, torch.zeros_like(x), 0).argmax(-1)
    assert torch.equal(model.symbols.digits(drawn(1.0))[..., 0], first[0])
    assert not torch.equal(drawn(1.0), drawn(8.0))


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_decided_does_not_depend_on_who_looks(engine: Engine, order: str):
    """Rough rounds show every token, the others only what is decided; they end with the same picture."""
    model: Text2Image = engine.get(MODEL).model
    uniform = noise.uniforms([5, 6], *model.draws)
    how = How(torch.tensor([PLAN, PLAN]), uniform, rounds=64 if order == "raster" else 6, order=order)
    shown = list(model.sample(model.blank(2), how, rough=True))
    quick = list(model.sample(model.blank(2), how))
    for rough, plain in zip(shown, quick):
        assert torch.equal(rough.decided, plain.decided)
        assert torch.equal(rough.ids[rough.decided], plain.ids[plain.decided])
    assert torch.equal(shown[-1].ids, quick[-1].ids) and shown[-1].decided.all()
    assert any(
        (rough.ids[~rough.decided] != plain.ids[~plain.decided]).any() for rough, plain in zip(shown, quick)
    ) == (
        order != "surest"  # which has to draw them all to know how sure it is
    )


def test_tokens_are_guided_where_a_plan_leaves_them_much(engine: Engine):
    model: Text2Image = engine.get(MODEL).model
    assert guidance_of_tokens(model, 3.0) == 1
    digits = dataclasses.replace(model.config, plan=(10,), places=())
    assert guidance_of_tokens(Text2Image(digits), 3.0) == 3


# -- plans ---------------------------------------------------------------------------------------------------


@pytest.fixture
def planner(engine: Engine) -> Planner:
    """That of the studio, its words and entries louder than they begin."""
    planner = copy.deepcopy(engine.get(MODEL).model.planner)
    torch.manual_seed(3)
    torch.nn.init.normal_(planner.head.weight, std=0.5)
    return planner


def captions_of(count: int) -> torch.Tensor:
    return torch.randint(1, 300, (count, scenes.CAPTION_LENGTH), generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def test_an_entry_knows_those_before_it_alone(planner: Planner):
    captions, plan = captions_of(1), torch.tensor([PLAN])
    before = planner(captions, plan).exp()
    torch.testing.assert_close(before.sum(-1), torch.ones(1, len(PLAN)))
    for j, (start, count) in enumerate(zip(planner.offsets, planner.choices)):
        torch.testing.assert_close(before[0, j, start : start + count].sum(), torch.tensor(1.0))
    plan[0, 5] = 3
    after = planner(captions, plan).exp()
    torch.testing.assert_close(after[:, :6], before[:, :6])
    assert not torch.allclose(after[:, 6], before[:, 6], atol=1e-4)


@pytest.mark.parametrize("cfg_scale", [1.0, 2.5])
@torch.inference_mode()
def test_plans_are_written_as_training_reads_them(planner: Planner, cfg_scale: float):
    """Entry by entry with a memory is what all at once gives: the likeliest of each, and how probable it was."""
    captions = captions_of(3)
    plan, sure = planner.fill(captions, torch.rand(3, len(PLAN)), cfg_scale, temperature=0.0)
    asked, free = planner(captions, plan), planner(torch.zeros_like(captions), plan)
    guided = (cfg_scale * asked + (1 - cfg_scale) * free).masked_fill(~planner.mine, -torch.inf)
    likely, best = guided.softmax(-1).max(-1)
    assert torch.equal(best - torch.tensor(planner.offsets), plan)
    torch.testing.assert_close(likely, sure)


def test_a_plan_keeps_to_the_brush_and_hides_what_was_not_said(engine: Engine):
    model: Text2Image = engine.get(MODEL).model
    uniform = noise.uniforms(range(40), *model.draws)
    first = len(model.config.plan)
    where = torch.zeros(40, 64, dtype=torch.bool)
    where[:, [9, 10]] = True
    placed = model.make_plan(captions_of(40), uniform, where=where)
    assert set(placed[:, first:].unique().tolist()) <= {9, 10, 64} and (placed[:, first] < 64).all()
    assert (placed[:, :first] < model.open[:first]).all()
    hidden = model.make_plan(captions_of(40), uniform, sure=1.1, placed=False)
    assert torch.equal(hidden, model.open.expand(40, -1))
    known = torch.tensor(PLAN).expand(40, -1)
    assert torch.equal(model.make_plan(captions_of(40), uniform, sure=1.1, instead=known)[:, :first], known[:, :first])


def test_what_is_new_stands_where_there_is_room():
    brushed = torch.zeros(1, 8, 8, dtype=torch.bool)
    brushed[0, :4] = True  # the upper half
    room = _room(brushed.flatten(1)).view(8, 8)
    assert room.nonzero().tolist() == [[row, column] for row in (2, 3) for column in range(1, 7)]
    brushed[:] = False
    brushed[0, 5, 3] = brushed[0, 0, 7] = True
    assert torch.equal(_room(brushed.flatten(1)), brushed.flatten(1)), "as good as any"


def test_a_cell_is_told_how_far_it_is_from_a_place():
    window = _window(8)
    assert window.shape == (66, 64)
    far = window.max()
    at = lambda row, column: row * 8 + column  # noqa: E731
    assert window[at(2, 3), at(3, 2)] == window[at(5, 6), at(6, 5)] != window[at(3, 2), at(2, 3)]
    assert window[at(0, 0), at(0, 5)] == window[at(7, 0), at(2, 0)] == far > window[at(0, 0), at(4, 4)]
    assert (window[64:] == far).all(), "nowhere, and hidden"


def test_training_hides_some_of_a_plan(engine: Engine):
    """Sometimes all of it, sometimes the places, sometimes a few entries; mostly nothing."""
    model: Text2Image = engine.get(MODEL).model
    plans = torch.tensor(PLAN).expand(20_000, -1)
    hidden = model.withheld(plans, Noise(torch.Generator().manual_seed(0), len(plans))) == model.open
    first = len(model.config.plan)
    places, others = hidden[:, first:], hidden[:, :first]
    assert (places.all(1) == places.any(1)).all(), "all places or none"
    assert abs(hidden.all(1).float().mean() - model.config.label_drop) < 0.01
    assert 0.1 < (places.all(1) & ~others.any(1)).float().mean() < 0.2
    assert 0.05 < (others.any(1) & ~others.all(1) & ~places.any(1)).float().mean() < 0.2
    assert (~hidden.any(1)).float().mean() > 0.5


def test_an_empty_prompt_and_only_unknown_words_draw_freely(engine: Engine):
    free = engine.generate(MODEL, "draw", {"prompt": "", "seed": 9})
    unknown = engine.generate(MODEL, "draw", {"prompt": "xylophone <b></b> ☃", "seed": 9})
    spaces = engine.generate(MODEL, "draw", {"prompt": "   ", "seed": 9})
    assert np.array_equal(free.pixels, spaces.pixels)
    assert read(engine, "xylophone ☃")[0]["status"] == "unknown"
    known = [w for w in read(engine, "xylophone <b></b> ☃") if w["status"] != "unknown"]
    assert known or np.array_equal(free.pixels, unknown.pixels)


def test_words_that_contradict_each_other_are_settled(engine: Engine):
    """One ground, one colour: a plan has no place for two, and every word counts as understood."""
    prompt = "a red blue car on the grass at night, four cars"
    drawn = engine.generate(MODEL, "draw", {"prompt": prompt, "count": 4, "seed": 3})
    choices = [len(values) for values in scenes.PLAN.values()]
    assert all(0 <= value < most for plan in drawn.detail["plan"] for value, most in zip(plan, choices))
    assert {word["status"] for word in read(engine, prompt)} <= {"understood", "ignored"}


def test_the_receipt_makes_it_again(engine: Engine):
    for action, more in (
        ("draw", {}), ("blend", {"prompt_to": "a star", "position": 0.3}),
        ("vary", {"tokens": tokens_of(engine), "amount": 0.4}),
        ("edit", {"tokens": tokens_of(engine), "mask": [1] * 20 + [0] * 44}),
    ):  # fmt: skip
        result = engine.generate(MODEL, action, {"prompt": "一个红色的汽车", "count": 2, **more})
        again, verdict = engine.again(json.loads(json.dumps(result.receipt)))
        assert verdict == "identical" and again.detail == result.detail, action


# -- edits ---------------------------------------------------------------------------------------------------


def test_an_edit_keeps_every_pixel_outside_its_mask(engine: Engine):
    tokens = tokens_of(engine)
    mask = np.zeros((8, 8), dtype=int)
    mask[2:5, 3:7] = 1
    before = engine.generate(MODEL, "decode", {"tokens": tokens}).pixels
    after = engine.generate(
        MODEL, "edit", {"prompt": "a hat", "tokens": tokens, "mask": mask.ravel().tolist(), "seed": 8}
    )
    outside = ~mask.repeat(8, 0).repeat(8, 1).astype(bool)
    assert np.array_equal(after.pixels[outside], before[outside])
    assert not np.array_equal(after.pixels[~outside], before[~outside])
    kept = [i for i in range(64) if not mask.ravel()[i]]
    assert all(after.detail["tokens"][0][i] == tokens[i] for i in kept)


def test_a_mask_of_nothing_and_of_everything(engine: Engine):
    tokens = tokens_of(engine)
    same = engine.generate(MODEL, "edit", {"prompt": "a hat", "tokens": tokens, "mask": [0] * 64})
    assert same.detail["tokens"] == [tokens]
    asked = {"prompt": "a hat", "seed": 4}
    all_new = engine.generate(MODEL, "edit", asked | {"tokens": tokens, "mask": [1] * 64})
    assert all_new.detail["tokens"] == engine.generate(MODEL, "draw", asked).detail["tokens"]


def test_how_much_varies(engine: Engine):
    tokens = tokens_of(engine)
    changed = []
    for amount in (0.0, 0.3, 1.0):
        made = engine.generate(MODEL, "vary", {"prompt": "a red car", "tokens": tokens, "amount": amount, "seed": 11})
        changed.append(sum(a != b for a, b in zip(made.detail["tokens"][0], tokens)))
    assert changed[0] == 0 < changed[1] < changed[2]


def test_a_known_plan_is_varied_entry_by_entry(engine: Engine):
    """What stays of it stays; pictures whose plan is the same stay as they are."""
    model: Text2Image = engine.get(MODEL).model
    captions, uniform = captions_of(60), noise.uniforms(range(60), *model.draws)
    plan = model.make_plan(captions, noise.uniforms(range(100, 160), *model.draws))
    assert torch.equal(model.vary(plan, captions, uniform, 0.0), plan)
    assert torch.equal(model.vary(plan, captions, uniform, 1.0), model.make_plan(captions, uniform))
    first = len(model.config.plan)
    new = model.vary(plan, captions, uniform, 0.4)
    kept = uniform[:, -2, :first] >= 0.4
    assert torch.equal(new[:, :first][kept], plan[:, :first][kept]) and (new != plan).any()
    same = (new == plan)[:, :first].all(1) & (uniform[:, -2, first] >= 0.4)
    assert torch.equal(new[same], plan[same])

    drawn = engine.generate(MODEL, "draw", {"prompt": "a red car", "seed": 5}).detail
    asked = {"prompt": "a red car", "tokens": drawn["tokens"][0], "plan": drawn["plan"][0], "count": 9, "seed": 11}
    for amount in (0.0, 0.3):
        varied = engine.generate(MODEL, "vary", asked | {"amount": amount}).detail
        for tokens, settled in zip(varied["tokens"], varied["plan"]):
            assert settled != drawn["plan"][0] or tokens == drawn["tokens"][0]
        assert (varied["plan"] == drawn["plan"] * 9) == (amount == 0)


def test_between_two_prompts_every_entry_is_one_ones_or_the_others(planner: Planner):
    a, b = captions_of(2)
    captions, other, uniform = a.expand(400, -1), b.expand(400, -1), torch.rand(400, len(PLAN))
    ends = [planner.fill(captions, uniform, 1.5, 0.0, other, blend)[0] for blend in (0.0, 1.0)]
    assert torch.equal(ends[0], planner.fill(captions, uniform, 1.5, 0.0)[0])
    assert torch.equal(ends[1], planner.fill(other, uniform, 1.5, 0.0)[0])
    first = planner.fill(captions, uniform, 1.5, 1.0, other, 0.5)[0][:, 0]
    apart = [
        planner(each[:1], torch.tensor([PLAN]))[0, 0, : planner.choices[0]].softmax(-1) for each in (captions, other)
    ]
    free = planner(torch.zeros_like(captions[:1]), torch.tensor([PLAN]))[0, 0, : planner.choices[0]]
    apart = [(1.5 * each.log() - 0.5 * free).softmax(-1) for each in apart]
    share = torch.nn.functional.one_hot(first, planner.choices[0]).float().mean(0)
    assert (share - sum(apart) / 2).abs().max() < 0.1


def test_the_ends_of_a_blend_are_its_prompts(engine: Engine):
    asked = {"seed": 2, "count": 2}
    for position, prompt in ((0.0, "a red car"), (1.0, "three yellow stars")):
        blended = engine.generate(
            MODEL, "blend", {"prompt": "a red car", "prompt_to": "three yellow stars", "position": position, **asked}
        )
        assert blended.detail["tokens"] == engine.generate(MODEL, "draw", {"prompt": prompt, **asked}).detail["tokens"]


# -- looks ---------------------------------------------------------------------------------------------------


def test_words_are_read_one_by_one(engine: Engine):
    words = {word["text"]: word for word in read(engine, "please draw a crimsn car <script>, nine hundred cars")}
    assert words["please"]["status"] == "ignored" and words["car"]["status"] == "understood"
    assert words["crimsn"]["status"] == "unknown" and "crimson" in words["crimsn"]["nearest"]
    assert words["nine"]["status"] == words["hundred"]["status"] == words["script"]["status"] == "unknown"
    assert words["nine"]["nearest"] == words["hundred"]["nearest"] == ["four", "many"]
    chinese = {word["text"]: word for word in read(engine, "九百辆红色的汽车")}
    assert chinese["九"]["nearest"] == ["四", "许多"] and chinese["汽车"]["status"] == "understood"
    long = read(engine, "red " * 40)
    assert [word["status"] for word in long].count("unread") == 40 - scenes.CAPTION_LENGTH


@pytest.mark.parametrize(
    "prompt", ["x" * 301, "车" * 3_000_000, None, 7, NAN, ["a"], {"a": 1}], ids=lambda p: str(p)[:12]
)
def test_what_is_no_prompt_is_named(engine: Engine, prompt):
    for ask in (lambda: read(engine, prompt), lambda: see(engine, prompt, [tokens_of(engine)])):
        with pytest.raises(UserError) as caught:
            ask()
        assert len(str(caught.value)) < 1000
    if prompt is not None:
        with pytest.raises(UserError):
            engine.generate(MODEL, "draw", {"prompt": prompt})


@pytest.mark.parametrize(
    "controls",
    [{"cfg_scale": NAN}, {"cfg_scale": 99}, {"steps": 0}, {"steps": 2.5}, {"count": 10}, {"temperature": float("inf")},
     {"order": "zigzag"}, {"seed": -1}, {"seed": True}, {"tokens": [0] * 64}],
    ids=str,
)  # fmt: skip
def test_bad_controls_are_named(engine: Engine, controls: dict):
    with pytest.raises(UserError) as caught:
        engine.generate(MODEL, "draw", controls)
    assert next(iter(controls)) in str(caught.value)


@pytest.mark.parametrize("tokens", [None, [], [0] * 63, [8**8] * 64, [-1] * 64, [0.5] * 64, [NAN] * 64, "0" * 64])
def test_bad_tokens_are_named(engine: Engine, tokens):
    for ask in (
        lambda: engine.generate(MODEL, "decode", {"tokens": tokens}),
        lambda: inside(engine, "a car", tokens),
        lambda: see(engine, "a car", [tokens]),
    ):
        with pytest.raises(UserError):
            ask()


def test_inside_tells_probabilities(engine: Engine):
    tokens = tokens_of(engine)
    found = inside(engine, "a red car", tokens)
    assert found["tokens"] == tokens and len(found["certainty"]) == 64
    assert found["plan"]["entries"].keys() == scenes.PLAN.keys()
    for own, others in zip(found["certainty"], found["alternatives"]):
        likely = [p for _, p in others]
        assert len(others) == 6 and likely == sorted(likely, reverse=True) and sum(likely) <= 1.001
        assert own <= likely[0] + 1e-3 and len({token for token, _ in others}) == 6
    assert [word["text"] for word in found["words"]] == ["a", "red", "car"]
    assert len(found["attention"]) == 64 and all(len(row) == 3 and 0 <= sum(row) <= 1.001 for row in found["attention"])


def test_a_plan_is_told_in_words(engine: Engine):
    drawn = engine.generate(MODEL, "draw", {"prompt": "a red car", "seed": 5}).detail
    (plan,), tokens = drawn["plan"], drawn["tokens"]
    (verdict,) = see(engine, "a red car", tokens, [plan])
    described = inside(engine, "a red car", tokens[0], plan)["plan"]
    assert verdict["plan"] == described and described["entries"]["kind"] == scenes.KINDS[plan[2]]
    assert described["cells"] == [cell for cell in plan[len(scenes.PLAN) :] if cell < 64]
    (plain,) = see(engine, "a red car", tokens)
    assert plain["plan"] is None
    hidden = [*map(len, scenes.PLAN.values()), *plan[len(scenes.PLAN) :]]
    assert set(inside(engine, "a car", tokens[0], hidden)["plan"]["entries"].values()) == {None}
    for wrong in ([plan[1:]], [plan, plan], "plan", [[-1, *plan[1:]]], [[99, *plan[1:]]]):
        with pytest.raises(UserError):
            see(engine, "a red car", tokens, wrong)


def test_beam_search_finds_the_likeliest_token(engine: Engine):
    """Its probabilities are those of the chain of symbols, and no greedy choice beats its first."""
    model: Text2Image = engine.get(MODEL).model
    plan = torch.tensor([PLAN])
    ids = torch.tensor([tokens_of(engine)])
    _, best, likely = model.certainty(plan, ids, 6)
    for i in (0, 33):
        swapped = ids.clone()
        swapped[0, i] = best[i, 0]
        own, _, _ = model.certainty(plan, swapped, 1)
        torch.testing.assert_close(own[i], likely[i, 0])


def test_the_judge_looks_at_each_picture(engine: Engine):
    verdicts = see(engine, "a red car on the grass", [tokens_of(engine, s) for s in (1, 2, 3)])
    assert len(verdicts) == 3
    for verdict in verdicts:
        assert verdict["seen"].keys() == scenes.ATTRIBUTES.keys()
        for name, answer in verdict["seen"].items():
            assert answer["value"] in scenes.ATTRIBUTES[name] and 0 < answer["p"] <= 1
        verdicts = {word["text"]: word["right"] for word in verdict["words"]}
        assert verdicts["a"] is None and verdicts["the"] is None and isinstance(verdicts["red"], bool)


def test_the_judges_word_for_word(engine: Engine):
    """Held against a scene that is known, every word of a true caption is right, and a wrong colour is not."""
    spell = engine.get(MODEL).tokenizer.read
    for i in range(300):
        scene, rng = scenes.sample("all", 7, i)
        caption = scenes.describe(scene, rng)
        seen = {name: {"value": value, "p": 1.0} for name, value in scenes.attributes(scene).items()}
        words = spell(caption.text)
        wrong = [
            w.text
            for w, verdict in zip(words, PROMPTS.verdicts([word.text for word in words], seen))
            if verdict is False
        ]
        assert not wrong, (caption, wrong)
    scene = scenes.Scene("sea", (scenes.Thing("car", "red", "small"),))
    seen = {name: {"value": value, "p": 1.0} for name, value in scenes.attributes(scene).items()}
    assert PROMPTS.verdicts(["a", "blue", "car", "in", "the", "sea"], seen) == [None, False, True, None, None, True]


def test_without_a_judge_it_still_draws(engine: Engine, tmp_path):
    (tmp_path / f"{MODEL}.safetensors").write_bytes((engine.folder / f"{MODEL}.safetensors").read_bytes())
    alone = Engine(tmp_path, device="cpu")
    assert alone.generate(MODEL, "draw", {}).pixels.shape == (64, 64, 3)
    with pytest.raises(UserError, match="judge-scenes"):
        see(alone, "a car", [tokens_of(engine)])


def test_ten_visitors_at_once(engine: Engine):
    """Each gets their own pictures, the same as alone."""
    asked = [
        {"prompt": prompt, "seed": i, "count": 2, "steps": 4}
        for i, prompt in enumerate((*OPENINGS["zh"], *OPENINGS["en"]))
    ][:10]
    with ThreadPoolExecutor(10) as visitors:
        made = list(visitors.map(lambda c: engine.generate(MODEL, "draw", c).detail["tokens"], asked))
    assert made == [engine.generate(MODEL, "draw", c).detail["tokens"] for c in asked]


# -- what is offered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_offer_is_understood(engine: Engine, lang: str):
    offered = [prompt for _, chips in PROMPTS.sheet(lang) for _, prompt in chips]
    assert len(offered) > 50
    for prompt in [*offered, *(PROMPTS.never_seen(lang)[0] for _ in range(30))]:
        assert all(word["status"] in ("understood", "ignored") for word in read(engine, prompt)), prompt
    shown = {chip for key, chips in PROMPTS.sheet(lang) for chip, _ in chips if key == "ui.paint.sheet_kinds"}
    assert len(shown) == len(scenes.KINDS)


def test_never_seen_was_never_seen():
    for _ in range(50):
        prompt, combinations = PROMPTS.never_seen("en")
        lists = scenes.holdout()
        assert (
            prompt and combinations and all(any(item in listed for listed in lists.values()) for item in combinations)
        )


def test_the_articles_sentence_is_the_first_example():
    assert OPENINGS["zh"][0] == "一个红色的汽车在草地上" and OPENINGS["en"][0] == "a red car on the grass"
