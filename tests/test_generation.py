"""Generation without the page: actions, seeds, controls, receipts, pictures that come in, command line."""

from __future__ import annotations

import ast
import io
import json
import math
import random
import shlex
import shutil
import struct
import urllib.parse
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, run_python
from PIL import Image, ImageDraw, PngImagePlugin
from studio import offering

from genai.__main__ import main
from genai.checkpoint import Meta, save_checkpoint, update_meta
from genai.data import DATASETS, Images
from genai.data.tokenizer import CharTokenizer
from genai.errors import UserError
from genai.generation import engine as engine_module
from genai.generation import gan, images, noise, receipt, vae
from genai.generation.actions import ACTIONS, Round
from genai.generation.actions import action as an_action
from genai.generation.controls import Choice, Code, Number, Picture, Rows, Vector, Words, from_code, to_code
from genai.generation.engine import AT_ONCE, Engine, actions_of
from genai.generation.look import LOOKS, take_look
from genai.generation.sampling import filter_logits
from genai.models import FAMILIES, build_model
from genai.strings import LANGUAGES

EVERY_ACTION = [(family, name) for family, actions in ACTIONS.items() for name in actions]
each_action = pytest.mark.parametrize("family, action", EVERY_ACTION, ids=lambda word: word)
SHEETS = {"strip": (1, 9), "strips": (2, 5), "mix": (6, 6), "plane_map": (7, 7)}  # pictures in what makes several
SHORT = {"write": {"max_new_tokens": 12}, "match": {"steps": 3}}


def ask(engine, family: str, action: str, **controls):
    """The result of an action of the first model of a family that offers it; texts and searches are kept short."""
    return engine.generate(offering(engine, family, action).name, action, {**SHORT.get(action, {}), **controls})


def models(engine) -> list[str]:
    """Names of everything that can be asked."""
    return [entry.name for entry in engine.shelf.entries() if entry.family in ACTIONS and entry.problem is None]


def pixels(engine, family: str, action: str, **controls) -> np.ndarray:
    return ask(engine, family, action, **controls).pixels.astype(int)


def encode(engine, image: Path | bytes | str) -> list[float]:
    return ask(engine, "vae", "encode", image=image).data["z"]


def write(engine, **controls) -> str:
    return ask(engine, "gpt", "write", **controls).text


def refusal(code: str, call, *args, **kwargs) -> UserError:
    with pytest.raises(UserError) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code, str(caught.value)[:500]
    return caught.value


# -- every action --------------------------------------------------------------------------------------------


def test_every_family_with_actions_has_a_model_here(engine):
    missing = set(ACTIONS) - {entry.family for entry in engine.shelf.entries()}
    assert not missing, f"give {missing} a model in CONFIGS of tests/studio.py"


@each_action
def test_an_action_gives_its_kind_of_result_with_defaults(engine, family, action):
    model = offering(engine, family, action)
    result = engine.generate(model.name, action, {})
    assert list(result.receipt["controls"]) == [c.name for c in ACTIONS[family][action].controls(model)]
    assert math.isfinite(result.milliseconds) and result.milliseconds > 0
    if result.action.kind == "text":
        assert result.text.startswith(result.receipt["controls"]["prompt"])
        assert len(result.text) == len(result.receipt["controls"]["prompt"]) + result.tokens
        return
    if result.action.kind == "data":
        assert json.loads(json.dumps(result.data, allow_nan=False)) == result.data is not None
        return
    array = result.frames if result.action.kind == "loop" else result.pixels
    assert array.dtype == np.uint8
    assert array.ndim == (4 if result.action.kind == "loop" else 3)
    assert array.min() < array.max()
    side, (height, width, channels) = model.config.image_size, array.shape[-3:]
    assert channels == model.config.channels and height and width
    assert (height % side, width % side) == (0, 0), "whole pictures, one or some of them"


@each_action
def test_random_numbers_elsewhere_are_not_touched(engine, family, action):
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    ask(engine, family, action)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()
    assert before[2] == random.getstate()


def another(control, i: int):
    """One of eight values of a control that make eight results; None for one that may stay as it is."""
    if control.name == "seed":
        return i
    if control.name == "mask":
        return [1] * control.length
    if control.name == "prompt" and control.empty:
        return f"{i} " + "".join("ab"[i >> bit & 1] for bit in range(3))
    if isinstance(control, Picture):
        return stored(drawing(ink=0, paper=255).rotate(20 * i, fillcolor=255)).getvalue()
    if isinstance(control, Rows):
        return [another(control.row, i)] if not control.empty else None
    if isinstance(control, Vector) and control.name in ("z", "tokens"):
        return [i / 2 - 2.0 if control.name == "z" else 1000 * i] * control.length
    return None


@each_action
def test_at_the_same_time_gives_the_same_as_alone(engine, family, action):
    """Eight threads, each with other controls."""
    controls = engine.controls(offering(engine, family, action).name, action)
    wishes = [{c.name: wished for c in controls if (wished := another(c, i)) is not None} for i in range(8)]
    alone = [ask(engine, family, action, **wish).receipt["result"] for wish in wishes]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda w: ask(engine, family, action, **w).receipt["result"], wishes * 2))
    assert together == alone * 2
    assert len(set(alone)) == 8


ORDERS = ["actions", "text2image vae", "vae gan", "engine", "shelf", "look"]
IMPORTED = """
import importlib, multiprocessing, sys
import numpy, torch  # once for all: they take longer than all of ours

def after(first):
    for name in first.split():
        importlib.import_module(f"genai.generation.{name}")
    from genai.generation.actions import ACTIONS
    print([[family, [*actions]] for family, actions in ACTIONS.items()], flush=True)

for first in sys.argv[1:]:
    process = multiprocessing.get_context("fork").Process(target=after, args=(first,))
    process.start()
    process.join()
"""


def test_actions_do_not_depend_on_what_is_imported_first():
    done = run_python("-c", IMPORTED, *ORDERS)
    listed = str([[family, [*actions]] for family, actions in ACTIONS.items()])
    assert done.stdout.splitlines() == [listed] * len(ORDERS), done.stderr


# -- an action of each kind ----------------------------------------------------------------------------------


@pytest.fixture
def rounds_seen() -> list[tuple[int, bool]]:
    """Of the toy's rounds: which, and whether anybody looked."""
    return []


@pytest.fixture
def toy(tmp_path, monkeypatch, rounds_seen) -> Engine:
    """An engine whose only model is of a family that made nothing until now, with an action of each kind."""
    monkeypatch.setitem(ACTIONS, "classifier", {})
    config = dict(features=4)
    save_checkpoint(tmp_path / "toy.safetensors", build_model("classifier", config), Meta("classifier", config))

    def seed(entry):
        return [Number("seed", 0, 9, 1, integer=True)]

    @an_action("classifier", "image", seed)
    def image(loaded, c):
        return np.full((2, 3, 1), c["seed"], np.uint8)

    @an_action("classifier", "loop", seed)
    def loop(loaded, c):
        return np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1).repeat(3, 1).repeat(3, 2) * 20 + c["seed"]

    @an_action("classifier", "text", lambda entry: [Words("prompt", 9, "on"), *seed(entry)])
    def text(loaded, c):
        return iter(["-", str(c["seed"])])

    @an_action("classifier", "data", seed)
    def data(loaded, c):
        return {"twice": 2 * c["seed"], "model": loaded.name}

    @an_action("classifier", "rounds", seed)
    def rounds(loaded, c, state=None, show=True):
        k = 0 if state is None else state
        if type(k) is not int or not 0 <= k < 3:
            raise UserError("bad_request")
        rounds_seen.append((k, show))
        last = k == 2
        return Round(np.full((2, 2, 1), 10 * k, np.uint8) if show or last else None, None if last else k + 1, {"k": k})

    return Engine(tmp_path, device="cpu")


def test_each_kind_of_action_makes_its_own_and_carries_its_receipt(toy, tmp_path):
    made = {name: toy.generate("toy", name, {"seed": 3}) for name in ACTIONS["classifier"]}
    assert made["image"].pixels.tolist() == [[[3]] * 3] * 2 and made["loop"].frames.shape == (4, 3, 3, 1)
    assert made["text"].text == "on-3" and made["data"].data == {"twice": 6, "model": "toy"}
    assert made["rounds"].pixels.max() == 20 and made["rounds"].detail == {"k": 2}
    for name, suffix in (("image", ".png"), ("loop", ".gif"), ("text", ".txt"), ("data", ".json"), ("rounds", ".png")):
        result = made[name]
        assert result.suffix == suffix and result.media_type and result.file_name == f"toy-{name}-3{suffix}"
        carried, shown = receipt.read_file(saved(result, tmp_path))
        assert carried == result.receipt and toy.again(carried, shown)[1] == "identical"


def test_rounds_are_seen_one_by_one_or_only_at_the_end(toy, rounds_seen, monkeypatch):
    toy.generate("toy", "rounds", {})
    assert rounds_seen == [(0, False), (1, False), (2, False)]
    assert [result.pixels.max() for result in toy.stream("toy", "rounds", {})] == [
        0,
        10,
        20,
        20,
    ]  # at last with a digest
    monkeypatch.setattr(engine_module, "ROUNDS_SECONDS", 3600)
    result, state = toy.advance("toy", "rounds", {})
    assert state == 1 and result.pixels.max() == 0 and "result" not in result.receipt
    result, state = toy.advance("toy", "rounds", {}, state)
    assert state is None and result.receipt == toy.generate("toy", "rounds", {}).receipt
    for forged in (-1, 3, "1", [], math.nan):
        refusal("bad_request", toy.advance, "toy", "rounds", {}, forged)
    for name in ("image", "data", "loop", "text"):  # what takes one call
        result, state = toy.advance("toy", name, {})
        assert state is None and result.receipt == toy.generate("toy", name, {}).receipt


def test_what_json_cannot_carry_is_no_data(toy):
    """A number that is none would be an answer that no browser reads."""

    @an_action("classifier", "data", lambda entry: [])
    def broken(loaded, c):
        return {"p": math.nan}

    with pytest.raises(ValueError):
        toy.generate("toy", "broken", {})


# -- seeds ---------------------------------------------------------------------------------------------------


def test_noise_is_the_same_on_every_machine():
    """Were these numbers others, no receipt from before could be made again."""
    first = [0.001230153371579945, 0.2987455427646637, -0.27413785457611084]
    assert noise.latents([7], 3).tolist() == [first]
    assert noise.classes([1, 2, 3, 4, 5, 6, 7, 8], 10) == [5, 2, 9, 4, 1, 0, 8, 8]


@pytest.mark.parametrize("family", sorted(f for f in ACTIONS if "sample" in ACTIONS[f]))
def test_a_tile_alone_is_the_tile_of_the_grid(engine, family):
    grid, side = (
        pixels(engine, family, "sample", seed=100, count=64),
        engine.first(family).model.config.image_size,
    )
    tile = grid[:side, 7 * side :]  # tile 7
    assert abs(tile - pixels(engine, family, "sample", seed=107)).max() <= 1
    assert abs(tile - pixels(engine, family, "sample", seed=108)).max() > 1
    last = pixels(engine, family, "sample", seed=noise.MAX_SEED, count=2)
    assert abs(last[:, side:] - pixels(engine, family, "sample", seed=0)).max() <= 1  # after the last comes the first


@pytest.mark.parametrize("psi", [1.0, 0.5])
def test_interpolation_starts_and_ends_at_the_samples(engine, psi):
    same = dict(label="3", truncation_psi=psi)
    ends = [pixels(engine, "gan", "sample", seed=seed, **same) for seed in (5, 9)]
    for position, end in zip((0, 1), ends):
        between = pixels(engine, "gan", "interpolate", seed=5, seed_to=9, position=position, **same)
        assert abs(between - end).max() <= 1
    frames = ask(engine, "gan", "loop", seed=5, seed_to=9, **same).frames.astype(int)
    assert abs(frames[0] - ends[0]).max() <= 1
    assert abs(frames[len(frames) // 2] - ends[1]).max() <= 1


def test_the_centre_of_the_plane_is_the_sample(engine):
    for seed in (1, 12, noise.MAX_SEED):
        sample = pixels(engine, "gan", "sample", seed=seed)
        assert abs(pixels(engine, "gan", "plane", seed=seed) - sample).max() <= 1
        assert abs(pixels(engine, "gan", "plane", seed=seed, x=1) - sample).max() > 1
        assert abs(pixels(engine, "gan", "plane", seed=seed, y=-1) - sample).max() > 1


def test_without_truncation_scale_all_seeds_of_a_class_are_equal(engine):
    def one(seed, label):
        return pixels(engine, "gan", "sample", seed=seed, label=label, truncation_psi=0)

    assert (one(1, "3") == one(2, "3")).all()
    assert (one(1, "3") != one(1, "4")).any()


def test_slerp_goes_along_the_sphere():
    a, b = noise.latents([1, 2], 64).double()
    a, b = a / a.norm(), b / b.norm()
    t = torch.linspace(0, 1, 9).double()
    path = gan.slerp(a, b, t)
    assert torch.equal(path[0], a) and torch.allclose(path[-1], b)
    assert torch.allclose(path.norm(dim=1), torch.ones(9).double())
    steps = (path[1:] * path[:-1]).sum(1)
    assert torch.allclose(steps, steps[0].expand(8))  # equal angles
    assert torch.allclose(gan.slerp(b, a, 1 - t), path)


def test_slerp_knows_the_cases_without_an_angle():
    a = noise.latents([1], 64)[0]
    for b in (a, -a, a * 3, torch.zeros(64)):
        path = gan.slerp(a, b, torch.linspace(0, 1, 5))
        assert path.isfinite().all() and torch.allclose(path[0], a) and torch.allclose(path[-1], b)


def test_prior_latent_is_what_the_sample_decodes(engine):
    """The page's dice gives slider values: they draw the sample of that seed."""
    z = vae.prior_latent(engine.first("vae"), 11)
    assert abs(pixels(engine, "vae", "decode", z=z) - pixels(engine, "vae", "sample", seed=11)).max() <= 1


# -- text ----------------------------------------------------------------------------------------------------


def test_text_depends_on_its_seed(engine):
    assert write(engine, seed=3) == write(engine, seed=3)
    assert write(engine, seed=3) != write(engine, seed=4)


def test_temperature_zero_takes_the_likeliest_whatever_the_seed(engine):
    greedy = write(engine, temperature=0, seed=3)
    assert greedy == write(engine, temperature=0, seed=4)
    assert greedy == write(engine, temperature=1e-320, seed=5)  # so small that logits / temperature overflows
    assert greedy == write(engine, top_k=1, seed=6)


def test_a_stopped_text_is_the_shorter_text(engine):
    stream = engine.stream(engine.first("gpt").name, "write", {"seed": 2, "max_new_tokens": 1000})
    for _ in range(12):
        stopped = next(stream)
    assert "result" not in stopped.receipt
    assert not torch.is_inference_mode_enabled()  # a stream may be resumed by another thread
    text = stopped.text
    stream.close()
    assert text == write(engine, seed=2, max_new_tokens=12)


def test_a_prompt_may_be_longer_than_the_context(engine):
    block = engine.first("gpt").model.config.block_size
    prompt = "Now is the winter of our discontent\n" * (3 * block // 36 + 1)
    text = write(engine, prompt=prompt, max_new_tokens=20)
    assert text.startswith(prompt) and len(text) == len(prompt) + 20
    assert write(engine, prompt=prompt[-block:], max_new_tokens=20) == text[len(prompt) - block :]


def test_a_prompt_from_windows_reads_the_same(engine):
    assert write(engine, prompt="ROMEO:\r\nO") == write(engine, prompt="ROMEO:\nO")


def test_unknown_characters_are_refused_before_anything_is_written(engine):
    stream = engine.stream(engine.first("gpt").name, "write", {"prompt": "snow ☃ and π"})
    error = refusal("unknown_characters", next, stream)
    assert "☃ π" in error.message("zh")
    lone = refusal("not_text", write, engine, prompt="half \ud83d")
    lone.message("en").encode()


def test_filtered_probabilities():
    logits = torch.randn(5, 20, generator=torch.Generator().manual_seed(0))
    assert (filter_logits(logits).sum(-1) - 1).abs().max() < 1e-12
    assert (filter_logits(logits, top_k=3) > 0).sum(-1).tolist() == [3] * 5
    assert (filter_logits(logits, top_k=100) > 0).all()
    assert torch.equal(filter_logits(logits, top_p=0.01), filter_logits(logits, temperature=0))
    for p in (0.3, 0.9):
        whole, kept = filter_logits(logits), filter_logits(logits, top_p=p) > 0
        mass = (whole * kept).sum(-1)
        smallest = torch.where(kept, whole, torch.inf).amin(-1)
        assert (mass >= p).all() and (mass - smallest < p).all()  # the fewest that reach p
    assert filter_logits(logits * 1e4, temperature=1e-300).isfinite().all()


# -- many at once --------------------------------------------------------------------------------------------


def test_when_every_place_is_taken_a_visitor_is_told(engine, monkeypatch):
    monkeypatch.setattr(engine_module, "WAIT_SECONDS", 0.05)
    model = engine.first("gpt").name
    streams = [engine.stream(model, "write", {}) for _ in range(AT_ONCE)]
    for stream in streams:
        next(stream)
    refusal("busy", write, engine)
    ask(engine, "gan", "sample")  # pictures do not wait for texts
    for stream in streams:
        stream.close()
    write(engine)


def test_a_failed_request_gives_its_place_back(engine, monkeypatch):
    monkeypatch.setattr(engine_module, "WAIT_SECONDS", 0.05)
    for _ in range(AT_ONCE + 1):
        refusal("unknown_characters", write, engine, prompt="☃")
        refusal("picture_unreadable", encode, engine, b"no picture")
    write(engine)
    ask(engine, "vae", "decode")


# -- controls: what is refused -------------------------------------------------------------------------------


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


LONG = "x" * 3_000_000
ALWAYS_BAD = [
    math.nan, math.inf, -math.inf, None, True, False, [], {}, {"seed": 1}, [[1]], nested(5000), 10**5000,
    -(10**5000), [LONG], b"1", 1j, LONG,
]  # fmt: skip


def bad_values(control) -> list:
    if isinstance(control, Number):
        off = [control.low - 1, control.high + 1, "1", "", "\ud83d", *[control.low + 0.5] * control.integer]
    elif isinstance(control, Choice):
        off = ["", "no such choice", " ", "\ud83d", -1, 0.5]
    elif isinstance(control, Words):
        off = [7, "x" * (control.max_length + 1), "\ud83d", *([] if control.empty else ["", " \n\t"])]
    elif isinstance(control, Picture):
        png = "data:image/png;base64,"
        off = ["", "x", 7, png + "☃", png + "a", png + "A" * 5_500_000, "data:text/html;base64,aGk=", "/etc/passwd"]
        return [*off, *(value for value in ALWAYS_BAD if value != b"1")]  # bytes are a file; JSON has none
    elif isinstance(control, Code):
        one = to_code([0.5] * control.length)
        off = [7, " ", "x", one[:-4], one + "AAAA", one.replace("E", "☃"), "\n" + one[1:], "=" * len(one), "\ud83d"]
    elif isinstance(control, Rows):
        return [value for value in ALWAYS_BAD if value != [] or not control.empty] + [
            [bad] for bad in bad_values(control.row)
        ]
    elif control.optional:
        last = (
            math.nan,
            -math.inf,
            None,
            True,
            "0",
            [0],
            {},
            LONG,
            control.low - 1,
            control.high + 1,
            control.low + 0.5,
        )
        off = [[control.low] * (control.length + 1), "00", 0, *([control.low, bad] for bad in last)]
        return [*off, *(value for value in ALWAYS_BAD if value != [])]
    else:
        zeros = [0.0] * (control.length - 1)
        last = (
            math.nan,
            -math.inf,
            None,
            True,
            "0",
            [0],
            {},
            LONG,
            control.low - 0.001,
            control.high + 0.001,
        )
        off = [zeros, [*zeros, 0.0, 0.0], "0" * control.length, 0, *([*zeros, bad] for bad in last)]
    return [*off, *ALWAYS_BAD]


def valid(control) -> list[str]:
    """What a message about the control has to say, beside its name."""
    if isinstance(control, Choice):
        return [", ".join(control.choices)]
    if isinstance(control, Number):
        return [str(control.low), str(control.high)]
    return []


@each_action
def test_bad_values_are_refused_with_their_name_and_the_choices(engine, family, action):
    model = offering(engine, family, action)
    for control in ACTIONS[family][action].controls(model):
        for value in bad_values(control):
            with pytest.raises(UserError) as caught:
                engine.check(model.name, action, {control.name: value})
            for lang in LANGUAGES:
                message = caught.value.message(lang)
                assert control.name in message and len(message) < 2000, (control, message[:300])
                assert all(word in message for word in valid(control)), (control, message)
                assert not isinstance(value, float) or str(value) in message, message
                message.encode()
        with pytest.raises(UserError):
            engine.generate(model.name, action, {control.name: math.nan})


def test_messages_name_the_limits(engine):
    model = engine.first("vae").name
    assert "12 numbers" in str(refusal("not_a_vector", engine.check, model, "decode", {"z": [0.0]}))
    too_far = refusal("out_of_range", engine.check, model, "decode", {"z": [9] * 12})
    assert "9" in str(too_far) and "-4.0 and 4.0" in str(too_far)
    long = refusal("too_long", engine.check, engine.first("gpt").name, "write", {"prompt": LONG})
    assert "3,000,000" in str(long) and "2,000" in str(long)


def test_a_code_is_a_byte_for_each_number():
    """To the nearest of its steps, within its ends; read back and written again it is the same, and a link may carry it."""
    numbers = np.random.default_rng(0).normal(0, 1.5, (3, 50)).astype(np.float32)
    code = to_code(numbers)
    found = from_code(code)
    assert len(found) == 150 and np.abs(found - numbers.ravel().clip(-127 / 32, 127 / 32)).max() <= 1 / 64
    assert to_code(found) == code == urllib.parse.quote(code, safe="=")
    assert from_code(to_code([9, -9, 0.02, -0.01])).tolist() == [127 / 32, -127 / 32, 1 / 32, 0]
    control = Code("latent", 150)
    assert control.check(code) == code == control.check(control.parse(code)) and control.check("") == ""


def test_no_link_names_a_file_of_this_machine(engine, tmp_path):
    path = tmp_path / "drawing.png"
    path.write_bytes(stored(drawing()).getvalue())
    refusal("not_a_picture", engine.controls_from_words, "vae-digits", "encode", {"image": str(path)})
    own = engine.controls_from_words("vae-digits", "encode", {"image": str(path)}, files=True)  # a command line may
    assert engine.generate("vae-digits", "encode", own).data["z"] == encode(engine, path)
    refusal("picture_unreadable", engine.controls_from_words, "vae-digits", "encode", {"image": "no.png"}, True)


def test_what_is_not_known_is_refused_with_what_is(engine):
    names = models(engine)
    for bad in ("nope", "", None, 3, ["gan-digits"], {}, math.nan, LONG, "../gan-digits", "\ud83d"):
        model = refusal("unknown_model", engine.generate, bad, "sample", {})
        action = refusal("unknown_action", engine.generate, "gan-digits", bad, {})
        for error, choices in ((model, names), (action, sorted(actions_of(engine.get("gan-digits"))))):
            for lang in LANGUAGES:
                assert ", ".join(choices) in error.message(lang) and len(error.message(lang)) < 2000
                error.message(lang).encode()
    controls = "seed, count, label, truncation_psi"
    for bad in ("nope", "", LONG, "Seed"):
        error = refusal("unknown_control", engine.generate, "gan-digits", "sample", {bad: 1})
        assert controls in str(error) and len(str(error)) < 2000
    for bad in (None, [], "seed", 7, nested(5000), [LONG]):
        error = refusal("not_controls", engine.generate, "gan-digits", "sample", bad)
        assert controls in str(error) and len(str(error)) < 2000


def test_only_a_vae_encodes(engine):
    refusal("unknown_action", engine.generate, "gan-digits", "encode", {})


def test_good_values_of_every_kind_are_taken(engine):
    checked = engine.check("gan-digits", "sample", {"seed": 3.0, "label": 3, "truncation_psi": 1})
    assert checked == {"seed": 3, "count": 1, "label": "3", "truncation_psi": 1.0}
    assert type(checked["seed"]) is int and type(checked["truncation_psi"]) is float
    z = engine.check("vae-digits", "decode", {"z": (0, 1.23456, -4, *[4] * 9)})["z"]
    assert z == [0.0, 1.2346, -4.0, *[4.0] * 9]
    words = {"seed": "3.0", "label": "3", "truncation_psi": "1e-1"}
    assert engine.controls_from_words("gan-digits", "sample", words)["seed"] == 3
    vector = ",".join(["0.5"] * 12)
    assert engine.check("gan-digits", "interpolate", {"via": (7.0, 2**32 - 1)})["via"] == [7, 2**32 - 1]
    assert engine.check("gan-digits", "interpolate", {})["via"] == []
    for raw, via in (("", []), ("[]", []), ("7", [7]), ("7,0", [7, 0]), ("[7,0]", [7, 0])):
        assert engine.controls_from_words("gan-digits", "loop", {"via": raw})["via"] == via
    for raw in (vector, f"[{vector}]", f" [ {vector} ]"):
        assert engine.controls_from_words("vae-digits", "decode", {"z": raw})["z"] == [0.5] * 12


NO_VALUES = ["", "nan", "inf", "1e999", "x", "0x1", "[" * 50_000, "9" * 50_000, "{}", "null", "☃", "1,2"]


def means_something(control, raw: str) -> bool:
    """Nothing is no latent and no stops; two numbers are two stops."""
    few = isinstance(control, Vector) and control.optional
    return (raw == "" and (few or isinstance(control, Code))) or (raw == "1,2" and few)


@each_action
def test_bad_words_of_a_link_are_refused(engine, family, action):
    model = offering(engine, family, action)
    for control in ACTIONS[family][action].controls(model):
        if not isinstance(control, Words):
            for raw in (word for word in NO_VALUES if not means_something(control, word)):
                with pytest.raises(UserError, match=control.name):
                    engine.controls_from_words(model.name, action, {control.name: raw})


# -- receipts ------------------------------------------------------------------------------------------------


def saved(result, folder: Path) -> str:
    path = folder / result.file_name
    path.write_bytes(result.file_bytes())
    return str(path)


def repainted(made, change=lambda array: None, **receipt_changes) -> tuple[dict, np.ndarray]:
    """What `read_file` says of a result's PNG after somebody painted in it."""
    with Image.open(io.BytesIO(made.file_bytes())) as picture:
        array = np.array(picture)
    change(array)
    carried = {k: v for k, v in {**made.receipt, **receipt_changes}.items() if v is not None}
    return carried, array


def test_equal_receipts_are_equal_strings(engine):
    made = ask(engine, "gan", "sample", seed=3).receipt
    turned = dict(reversed(made.items()))
    turned["controls"] = dict(reversed(made["controls"].items()))
    assert receipt.canonical(made) == receipt.canonical(turned)
    assert receipt.parse(receipt.canonical(made)) == made
    assert set(made) == set(receipt.KEYS)
    assert made["sha256"] == engine.get("gan-digits").sha256
    with pytest.raises(ValueError):
        receipt.canonical({"controls": math.nan})


@each_action
def test_a_file_carries_what_makes_it_again(engine, family, action, tmp_path):
    result = ask(engine, family, action)
    carried, shown = receipt.read_file(saved(result, tmp_path))
    assert carried == result.receipt
    made, verdict = engine.again(carried, shown)
    assert verdict == "identical" and made.receipt == result.receipt


def test_a_loop_of_one_picture_carries_it_too(engine, tmp_path):
    result = ask(engine, "gan", "loop", truncation_psi=0)  # all its frames are the same
    assert engine.again(*receipt.read_file(saved(result, tmp_path)))[1] == "identical"


@pytest.mark.parametrize("model", ["gan-digits", "gan-styled"])
def test_a_loop_as_webp_has_every_colour_and_carries_it_too(engine, tmp_path, model):
    result = engine.generate(model, "loop", {"via": [7], "format": "webp"})
    assert result.file_name.endswith(".webp") and result.media_type == "image/webp"
    path = saved(result, tmp_path)
    with Image.open(path) as film:
        assert film.format == "WEBP" and film.is_animated and film.info["loop"] == 0
        first = np.asarray(film.convert("RGB")).astype(int)
    scale = first.shape[0] // result.frames.shape[1]
    smooth = result.about.pixels == "smooth"
    expected = np.asarray(images.to_pil(result.frames[0], scale, smooth).convert("RGB")).astype(int)
    assert abs(first - expected).mean() < 12  # it is compressed
    carried, _ = receipt.read_file(path)
    assert carried == result.receipt
    assert engine.again(carried)[1] == "identical"
    assert engine.generate(model, "loop", {"via": [7]}).file_name.endswith(".gif")


@each_action
def test_a_link_carries_what_makes_it_again(engine, family, action):
    result = ask(engine, family, action)
    query = dict(urllib.parse.parse_qsl(receipt.to_query(result.receipt), keep_blank_values=True))
    made, verdict = engine.again(receipt.from_query(query))
    assert verdict == "identical" and made.receipt == result.receipt


@each_action
def test_the_command_line_makes_it_again(engine, family, action, tmp_path, monkeypatch, capsys):
    result = ask(engine, family, action)
    suffix = Path(result.file_name).suffix
    assert "--checkpoints" not in receipt.to_command(result.receipt, suffix)
    command = shlex.split(receipt.to_command(result.receipt, suffix, engine.shelf.folders))
    assert command[:3] == ["python", "-m", "genai"]
    monkeypatch.chdir(tmp_path)
    assert main([*command[3:], "--device", "cpu"]) == 0
    carried, _ = receipt.read_file(f"{result.receipt['model']}{suffix}")
    assert carried == result.receipt
    said = capsys.readouterr().out
    assert (
        json.loads(said) == result.data
        if result.action.kind == "data"
        else said == (result.text and result.text + "\n")
    )


def test_a_text_with_awkward_words_comes_back(engine, tmp_path):
    """Quotes, a minus, an equals sign, blank ends, and the words that mark a receipt."""
    alphabet = engine.first("gpt").tokenizer.alphabet
    prompt = "\n --seed 3 'no' & so;\n\n--- genai receipt: me  \n"
    assert set(prompt) <= set(alphabet)
    result = ask(engine, "gpt", "write", prompt=prompt)
    carried, shown = receipt.read_file(saved(result, tmp_path))
    assert carried["controls"]["prompt"] == prompt and shown == result.text
    query = dict(urllib.parse.parse_qsl(receipt.to_query(carried), keep_blank_values=True))
    assert engine.again(receipt.from_query(query))[1] == "identical"
    words = shlex.split(receipt.to_command(carried, ""))[4:]
    assert f"--prompt={prompt}" in words


@pytest.mark.parametrize(
    "level, digest, verdict",
    [
        (0, True, "identical"),
        (0, False, "identical"),
        (1, False, "within_tolerance"),
        (1, True, "within_tolerance"),
        (2, True, "different"),
        (2, False, "different"),
    ],
)
def test_pixels_are_compared_by_grey_levels(engine, level, digest, verdict):
    result = ask(engine, "gan", "sample", seed=4)

    def change(array):
        array[101, 99] += level if array[101, 99] < 128 else -level  # one pixel amid a crisp square

    changes = {} if digest else {"result": None}
    assert engine.again(*repainted(result, change, **changes))[1] == verdict


def test_other_verdicts(engine):
    result = ask(engine, "gan", "sample", seed=4)
    assert engine.again(*repainted(result, sha256="0" * 64))[1] == "identical"  # what counts is what it shows
    invert = lambda array: np.subtract(255, array, out=array)  # noqa: E731
    assert engine.again(*repainted(result, invert, sha256="0" * 64))[1] == "different"  # of the same weights
    assert engine.again(*repainted(result, invert, sha256="0" * 64, weights="0" * 16))[1] == "other_checkpoint"
    assert engine.again(*repainted(result, invert, sha256="0" * 64, weights=None))[1] == "other_checkpoint"
    assert engine.again({**result.receipt, "weights": "0" * 16, "result": "0" * 16})[1] == "other_checkpoint"
    assert engine.again({**result.receipt, "result": "0" * 16})[1] == "different"
    without = {k: v for k, v in result.receipt.items() if k != "result"}
    assert engine.again(without)[1] == "unverified"
    carried, array = repainted(result)
    assert engine.again(carried, array[:-1])[1] == "different"
    assert engine.again(carried, np.stack([array] * 3, -1))[1] == "different"
    text = ask(engine, "gpt", "write")
    assert engine.again(text.receipt, text.text)[1] == "identical"
    assert engine.again(text.receipt, text.text + "!")[1] == "different"
    gone = refusal("receipt_without_model", engine.again, {**result.receipt, "model": "gone"})
    assert "gone.safetensors" in str(gone) and result.receipt["sha256"][:12] in str(gone)
    refusal("unknown_action", engine.again, {**result.receipt, "action": "gone"})
    refusal("not_a_number", engine.again, {**result.receipt, "controls": {"seed": None}})


def test_figures_written_later_change_no_result(engine, tmp_path):
    """The checkpoint's file is another, its weights are the same; a receipt from before weights had a digest, too."""
    path = shutil.copy(engine.folder / "gan-digits.safetensors", tmp_path)
    other = Engine(tmp_path, device="cpu")
    result = other.generate("gan-digits", "sample", {"seed": 4})
    update_meta(path, lambda meta: meta.metrics.update(fd={"value": 2.5}))
    for missing in ((), ("weights",), ("result", "weights")):
        old = {k: v for k, v in result.receipt.items() if k not in missing}
        made, verdict = other.again(old, repainted(result)[1])
        assert verdict == "identical" and made.receipt["sha256"] != old["sha256"]
    assert other.again(result.receipt)[1] == "identical"
    assert other.again({k: v for k, v in result.receipt.items() if k != "result"})[1] == "unverified"
    shutil.copy(engine.folder / "vae-digits.safetensors", path)  # and now it is something else
    refusal("unknown_action", other.again, result.receipt | {"action": "plane"})


def test_smooth_data_are_enlarged_smoothly(engine, tmp_path):
    """A photograph's pixels are no squares; its file verifies like any other, one from before as well."""
    for name, dataset in (("photos", "folder"), ("digits", "mnist")):
        path = shutil.copy(engine.folder / "gan-digits.safetensors", tmp_path / f"{name}.safetensors")
        update_meta(path, lambda meta, dataset=dataset: setattr(meta, "dataset", dataset))
    other = Engine(tmp_path, device="cpu")
    photo, digit = (other.generate(name, "sample", {"seed": 4}) for name in ("photos", "digits"))
    (carried, smooth), (_, crisp) = repainted(photo), repainted(digit)
    assert smooth.shape == (4 * 28, 4 * 28) and crisp.shape == (8 * 28, 8 * 28)
    assert len(np.unique(smooth)) > len(np.unique(photo.pixels)) and (crisp[::8, ::8, None] == digit.pixels).all()
    assert other.again(carried, smooth)[1] == other.again(carried, crisp)[1] == "identical"
    near = np.where(smooth < 128, smooth + 1, smooth - 1)
    assert other.again(carried, near)[1] == "within_tolerance"
    assert other.again(carried, 255 - smooth)[1] == "different"


NO_RECEIPTS = [
    None, 7, "", "{", "[]", "null", "[" * 50_000, "x" * 200_000, "{}",
    '{"model": "m", "action": "a", "sha256": "s"}',
    '{"model": 1, "action": "a", "sha256": "s", "controls": {}}',
    '{"model": "m", "action": "a", "sha256": "s", "controls": []}',
]  # fmt: skip


@pytest.mark.parametrize("text", NO_RECEIPTS, ids=range(len(NO_RECEIPTS)))
def test_what_is_no_receipt_is_refused(text):
    assert len(str(refusal("receipt_broken", receipt.parse, text))) < 500


def test_links_that_are_none(engine):
    assert receipt.from_query({}) is None
    assert receipt.from_query({"lang": "zh", "model": "gan-digits"}) is None
    refusal("receipt_broken", receipt.from_query, {"model": "m", "action": "a", "c.prompt": "x" * 200_000})
    hostile = receipt.from_query({"model": "gan-digits", "action": "sample", "c.seed": "1", "c.shell": "rm"})
    refusal("unknown_control", engine.again, hostile)


def test_files_without_a_receipt_are_refused(tmp_path):
    def file(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    png = io.BytesIO()
    Image.new("L", (8, 8)).save(png, "PNG")
    refusal("no_receipt", receipt.read_file, file("plain.png", png.getvalue()))
    refusal("no_receipt", receipt.read_file, file("plain.txt", b"to be \xff or not"))
    refusal("no_receipt", receipt.read_file, file("empty.txt", b""))
    refusal("picture_unreadable", receipt.read_file, file("cut.png", png.getvalue()[:20]))
    refusal("picture_unreadable", receipt.read_file, file("cut.gif", b"GIF89a"))
    refusal("receipt_broken", receipt.read_file, file("broken.txt", f"text{receipt.TEXT_MARK}{{".encode()))
    refusal("receipt_broken", receipt.read_file, str(tmp_path / "missing.png"))
    refusal("receipt_broken", receipt.read_file, str(tmp_path))
    refusal("image_too_large", receipt.read_file, file("bomb.png", declared_png(30_000, 30_000)))
    forged = PngImagePlugin.PngInfo()
    forged.add_itxt(receipt.KEY, "{not json")
    Image.new("L", (8, 8)).save(png := io.BytesIO(), "PNG", pnginfo=forged)
    refusal("receipt_broken", receipt.read_file, file("forged.png", png.getvalue()))


# -- pictures that come in -----------------------------------------------------------------------------------


def drawing(size: tuple[int, int] = (300, 200), ink: int = 0, paper: int = 255) -> Image.Image:
    """A lopsided seven off the centre."""
    picture = Image.new("L", size, paper)
    ImageDraw.Draw(picture).line([(40, 30), (120, 30), (80, 150)], fill=ink, width=14, joint="curve")
    return picture


def stored(picture: Image.Image, kind: str = "PNG", **options) -> io.BytesIO:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return io.BytesIO(buffer.getvalue())


def read(source) -> np.ndarray:
    return vae.fit_drawing(receipt.open_picture(source), 28).astype(int)


def transparent(ink: int, opacity: float = 1.0) -> Image.Image:
    """The drawing's ink on nothing."""
    shape = drawing(ink=round(255 * opacity), paper=0)
    picture = Image.new("LA", shape.size, (ink, 0))
    picture.putalpha(shape)
    return picture


def with_exif(picture: Image.Image, turn: int) -> io.BytesIO:
    exif = Image.Exif()
    exif[0x0112] = turn
    return stored(picture, "JPEG", exif=exif, quality=95)


PICTURES = {
    "light on dark": lambda: stored(drawing(ink=255, paper=0)),
    "pencil": lambda: stored(drawing(ink=150, paper=230)),
    "JPEG": lambda: stored(drawing(), "JPEG", quality=95),
    "WebP": lambda: stored(drawing(), "WEBP"),
    "GIF": lambda: stored(drawing(), "GIF"),
    "colour": lambda: stored(drawing().convert("RGB")),
    "CMYK": lambda: stored(drawing().convert("CMYK"), "JPEG", quality=95),
    "palette": lambda: stored(drawing().convert("P")),
    "one bit": lambda: stored(drawing().convert("1", dither=Image.Dither.NONE)),
    "16 bits": lambda: stored(Image.fromarray(np.asarray(drawing()).astype(np.uint16) * 257)),
    "dark ink on nothing": lambda: stored(transparent(0)),
    "white ink on nothing": lambda: stored(transparent(255)),
    "faint white ink on nothing": lambda: stored(transparent(255, opacity=0.4)),
    "colours on nothing": lambda: stored(transparent(40).convert("RGBA")),
    "a palette with nothing": lambda: stored(drawing().convert("P"), transparency=0),
    "on its side, and says so": lambda: with_exif(drawing().transpose(Image.Transpose.ROTATE_90), 6),
    "on its head, and says so": lambda: with_exif(drawing().transpose(Image.Transpose.ROTATE_180), 3),
    "elsewhere": lambda: stored(drawing((260, 190))),
    "large": lambda: stored(drawing().resize((4500, 3000), Image.Resampling.BICUBIC)),
}  # fmt: skip


@pytest.mark.parametrize("kind", PICTURES)
def test_a_drawing_reads_the_same_in_every_form(kind):
    plain = read(stored(drawing()))
    assert plain.max() > 200 and plain.min() == 0
    same = read(PICTURES[kind]())
    assert same.shape == plain.shape and abs(same - plain).mean() < 4 and abs(same - plain).max() < 110, abs(
        same - plain
    ).mean()


def test_a_digit_stands_as_in_the_training_data():
    grey = read(stored(drawing()))
    rows, columns = np.flatnonzero(grey.max(1) > 50), np.flatnonzero(grey.max(0) > 50)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    ys, xs = np.mgrid[:28, :28]
    for centre in ((ys * grey).sum() / grey.sum(), (xs * grey).sum() / grey.sum()):
        assert abs(centre - 13.5) <= 0.5 or grey[0].any() or grey[-1].any() or grey[:, 0].any() or grey[:, -1].any()


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 4000), (4000, 1), (28, 28)])
@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "1"])
def test_a_blank_picture_is_all_zeros(engine, size, mode):
    for fill in (0, 1):
        picture = Image.new(mode, size, fill if mode in ("1", "P") else (255 * fill,) * len(mode))
        assert not read(stored(picture)).any()
    z = encode(engine, stored(picture).getvalue())
    assert len(z) == 12 and all(math.isfinite(v) and abs(v) <= vae.LIMIT for v in z)


def test_odd_shapes_of_ink():
    for box in ([(0, 0), (299, 199)], [(150, 0), (150, 199)], [(0, 100), (299, 100)], [(5, 5), (5, 5)]):
        picture = Image.new("L", (300, 200), 255)
        ImageDraw.Draw(picture).line(box, fill=0, width=1)
        assert read(stored(picture)).max() > 0


def declared_png(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes whose header promises width x height pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [5_001, 12_000, 30_000, 2**31 - 1])
def test_a_bomb_is_refused_before_it_is_unpacked(side, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("unpacked"))
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda self: pytest.fail("unpacked"))
    error = refusal("image_too_large", receipt.open_picture, io.BytesIO(declared_png(side, side)))
    assert f"{side * side:,}" in str(error) and f"{receipt.MAX_PIXELS:,}" in str(error)


UNREADABLE = {
    "zero bytes": b"",
    "text": b"this is not a picture",
    "truncated PNG": stored(drawing()).getvalue()[:200],
    "truncated JPEG": stored(drawing(), "JPEG").getvalue()[:500],
    "truncated WebP": stored(drawing(), "WEBP").getvalue()[:100],
    "a header only": declared_png(300, 300),
    "no pixels": declared_png(0, 10),
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
    "TIFF": stored(drawing(), "TIFF").getvalue(),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_picture_is_refused(kind, engine, tmp_path):
    path = tmp_path / "drawing.png"
    path.write_bytes(UNREADABLE[kind])
    for source in (path, UNREADABLE[kind]):
        error = refusal("picture_unreadable", encode, engine, source)
        assert "PNG" in error.message("zh") and "object at" not in str(error)
    refusal("picture_unreadable", receipt.open_picture, str(tmp_path / "missing.png"))


# -- the folder of checkpoints -------------------------------------------------------------------------------


def test_a_broken_file_leaves_the_others_alone(engine, tmp_path):
    shutil.copytree(engine.folder, tmp_path, dirs_exist_ok=True)
    good = (tmp_path / "gan-digits.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(good[: len(good) // 2])
    (tmp_path / "empty.safetensors").write_bytes(b"")
    (tmp_path / "text.safetensors").write_text("not tensors")
    (tmp_path / "folder.safetensors").mkdir()
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "foreign.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    for name in ("gan-names", "gan-far", "gpt-wordless", "gpt-letters"):
        family = name.partition("-")[0]
        shutil.copy(tmp_path / f"{engine.first(family).name}.safetensors", tmp_path / f"{name}.safetensors")
    update_meta(tmp_path / "gan-names.safetensors", lambda meta: setattr(meta, "classes", ["cat", "dog"]))
    update_meta(tmp_path / "gan-far.safetensors", lambda meta: meta.config.update(truncation_psi=50.0))
    update_meta(tmp_path / "gpt-wordless.safetensors", lambda meta: setattr(meta, "tokenizer", None))
    update_meta(tmp_path / "gpt-letters.safetensors", lambda meta: meta.tokenizer.update(alphabet="ab"))

    beside = Engine(tmp_path, device="cpu")
    assert models(beside) == models(engine)
    codes = {entry.name: entry.problem.code for entry in beside.shelf.entries() if entry.problem}
    broken = ("cut", "empty", "text", "gan-names", "gan-far", "gpt-wordless", "gpt-letters")
    assert codes == {name: "checkpoint_broken" for name in broken} | {
        "folder": "checkpoint_missing",
        "foreign": "checkpoint_foreign",
    }
    for name in codes:
        error = refusal(codes[name], beside.generate, name, "sample", {})
        assert f"{name}.safetensors" in str(error) and "train.py" in error.message("zh")
    assert refusal("unknown_model", beside.get, "nope").message("en").endswith(", ".join(models(engine)) + ".")


def test_a_family_that_makes_nothing_is_no_choice(engine, tmp_path):
    """The classifier that judges samples lies in the same folder."""
    silent = sorted(set(FAMILIES) - set(ACTIONS))
    shutil.copy(engine.folder / "vae-digits.safetensors", tmp_path)
    for family in silent:
        save_checkpoint(tmp_path / f"{family}.safetensors", build_model(family, {}), Meta(family, {}))
    beside = Engine(tmp_path, device="cpu")
    assert models(beside) == ["vae-digits"] and not any(entry.problem for entry in beside.shelf.entries())


def test_asking_for_a_broken_one_leaves_nothing_behind(tmp_path):
    (tmp_path / "gan-digits.safetensors").write_bytes(b"")
    engine = Engine(tmp_path, device="cpu")
    for _ in range(3):
        error = refusal("checkpoint_broken", engine.get, "gan-digits")
    frames = 0
    trace = error.__traceback__
    while trace is not None:
        frames, trace = frames + 1, trace.tb_next
    assert frames < 6


def test_a_missing_folder_says_what_is_missing(tmp_path):
    engine = Engine(tmp_path / "nowhere", device="cpu")
    assert not engine.shelf.entries()
    error = refusal("checkpoint_missing", engine.first, "gan", "gan-digits")
    assert "gan-digits.safetensors" in str(error) and "train.py" in error.message("zh")
    assert "nowhere" in str(refusal("checkpoint_missing", engine.get, "gan-digits"))


def test_first_takes_the_preferred_of_the_family(engine, tmp_path):
    shutil.copy(engine.folder / "gan-digits.safetensors", tmp_path / "another-gan.safetensors")
    shutil.copy(engine.folder / "gan-digits.safetensors", tmp_path / "gan-digits.safetensors")
    both = Engine(tmp_path, device="cpu")
    assert both.first("gan", "gan-digits").name == "gan-digits"
    assert both.first("gan").name == both.first("gan", "vae-digits").name == "another-gan"
    refusal("checkpoint_missing", both.first, "vae", "gan-digits")
    (tmp_path / "gan-digits.safetensors").write_bytes(b"")
    assert Engine(tmp_path, device="cpu").first("gan", "gan-digits").name == "another-gan"
    (tmp_path / "another-gan.safetensors").unlink()
    refusal("checkpoint_broken", Engine(tmp_path, device="cpu").first, "gan", "gan-digits")


def test_an_unknown_device_is_refused(tmp_path):
    error = refusal("bad_choice", Engine, tmp_path, device="banana")
    assert "device" in str(error) and "auto, cpu" in str(error)


# -- looks at a model in training ----------------------------------------------------------------------------


def seen(family: str, data, path: Path, dataset: str = "folder", tokenizer=None, **config):
    """What `take_look` writes of a new model: a picture, or text."""
    torch.manual_seed(0)
    model = build_model(family, config).eval()
    with torch.inference_mode():
        take_look(model, Meta(family, config, dataset=dataset, tokenizer=tokenizer), path / "look", data)
    (file,) = path.iterdir()
    return file.read_text() if file.suffix == ".txt" else np.asarray(Image.open(file))


GAN = dict(widths=(8, 8), d_widths=(8, 8), z_dim=8)
PICTURES_16 = Images(torch.randint(0, 256, (40, 3, 16, 16), dtype=torch.uint8), torch.zeros(40, dtype=torch.int64))


@pytest.mark.parametrize("classes, columns", [(0, 8), (3, 3), (10, 10)])
def test_samples_without_classes_are_a_square(classes, columns, tmp_path):
    picture = seen("gan", None, tmp_path, image_size=16, channels=3, classes=classes, **GAN)
    assert picture.shape == (8 * 16 * 2, columns * 16 * 2, 3)


def test_pictures_of_any_data_stand_above_what_comes_back(tmp_path):
    config = dict(image_size=16, channels=3, patch=4, levels=(8, 8), hidden=16, widths=(8, 16), blocks=1)
    picture = seen("tokenizer", PICTURES_16, tmp_path, "mnist", **config)
    first = PICTURES_16.images[:10].permute(2, 0, 3, 1).reshape(16, 160, 3)
    assert picture.shape == (6 * 32, 10 * 32, 3) and (picture[:32:2, ::2] == first.numpy()).all()


def test_every_family_that_can_be_asked_is_looked_at(engine):
    assert set(ACTIONS) <= set(LOOKS)


def test_a_text_and_words_are_looked_at(engine, tmp_path):
    for name in ("gpt-shakespeare", "text2image-scenes"):
        loaded = engine.get(name)
        take_look(loaded.model, loaded.meta, tmp_path / name, None)
    assert len((tmp_path / "gpt-shakespeare.txt").read_text()) == 2 * 400 + len("\n\n--------\n\n")
    assert np.asarray(Image.open(tmp_path / "text2image-scenes.png")).shape == (4 * 64 * 2, 12 * 64 * 2, 3)
    take_look(engine.get("gan-digits").model, Meta("judge", {}), tmp_path / "nobody", None)
    assert not list(tmp_path.glob("nobody*"))


# -- what belongs to a data set ------------------------------------------------------------------------------


def test_no_data_set_is_known_by_name():
    """What belongs to one stands with it: its judge, its words, how its pictures are shown."""
    for path in sorted([*Path(gan.__file__).parent.rglob("*.py"), *(ROOT / "genai" / "ui").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and node.value in DATASETS), (path, node.lineno, node.value)
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            known = {name.replace("-", "_") for name in DATASETS}
            assert not known & {*names, *module.split(".")}, (path, node.lineno)


def test_a_vae_of_photographs_reads_their_middle(tmp_path):
    config = dict(image_size=16, channels=3, widths=(8, 16), hidden=16, latents=4)
    save_checkpoint(tmp_path / "photos.safetensors", build_model("vae", config), Meta("vae", config, dataset="folder"))
    other = Engine(tmp_path, device="cpu")
    picture = Image.effect_noise((300, 200), 90).convert("RGB")
    wide = Image.new("RGB", (500, 200), (200, 0, 0))
    wide.paste(picture, (100, 0))
    z, same, grey = (
        other.generate("photos", "encode", {"image": stored(p).getvalue()}).data["z"]
        for p in (picture, wide, picture.convert("L").convert("P"))
    )
    assert z == same and len(z) == 4 and any(z)
    x = torch.from_numpy(vae.fit_photograph(picture, other.get("photos").config)).permute(2, 0, 1)[None] / 255
    assert z == [round(v, 4) for v in other.get("photos").model.encode(x)[0][0].clamp(-4, 4).tolist()]
    assert np.allclose(z, grey, atol=0.2)


def test_a_text_of_another_alphabet_opens_with_what_it_knows(tmp_path):
    config = dict(n_layer=1, n_head=2, n_embd=16, block_size=16, vocab_size=4)
    meta = Meta("gpt", config, dataset="shakespeare", tokenizer=CharTokenizer("\n abc"[1:]).state())
    save_checkpoint(tmp_path / "abc.safetensors", build_model("gpt", config), meta)
    assert Engine(tmp_path, device="cpu").generate("abc", "write", {"max_new_tokens": 3}).text.startswith("a")


# -- the command line ----------------------------------------------------------------------------------------


@pytest.fixture
def genai(engine, tmp_path, monkeypatch, capsys):
    """genai(*words) -> (exit code, stdout, stderr), in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str):
        code = main([*words, "--checkpoints", str(engine.folder), "--device", "cpu"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_list_names_every_model_action_and_control(engine, tmp_path, capsys):
    shutil.copytree(engine.folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "broken.safetensors").write_bytes(b"")
    shutil.copy(tmp_path / "gan-digits.safetensors", tmp_path / "gan-digits@500.safetensors")
    assert main(["--checkpoints", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "python -m genai gan-digits --seed 7" in shown and "broken.safetensors is damaged" in shown
    assert shown.count("gan-digits@500") == shown.count("snapshots: gan-digits@500\n") == 1
    for name in models(engine):
        entry = engine.shelf.get(name)
        assert f"{name}  ({entry.family}" in shown
        for action in actions_of(entry).values():
            assert f"--action {action.name}" in shown
            assert all(f"--{control.name}" in shown for control in action.controls(entry))
    assert main(["gan-digits", "--help"]) == 0
    assert "python -m genai gan-digits --seed 7" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert main(["--checkpoints", str(tmp_path / "empty")]) == 0
    assert "train.py" in capsys.readouterr().out
    assert main(["--checkpoints", str(tmp_path / "nowhere")]) == 2
    assert "There is no folder" in capsys.readouterr().err


def test_seven(genai, engine):
    code, _, err = genai("gan-digits", "--seed", "7", "--label", "3", "--out", "seven.png")
    assert code == 0 and err.startswith("seven.png")
    carried, shown = receipt.read_file("seven.png")
    assert carried["controls"] == {"seed": 7, "count": 1, "label": "3", "truncation_psi": 1.0}
    assert shown.shape == (8 * 28, 8 * 28)
    assert engine.again(carried, shown)[1] == "identical"


def test_files_are_named_by_default(genai):
    assert genai("vae-digits", "--action", "sample", "--seed=3", "--count", "4")[0] == 0
    assert genai("gan-digits", "--action=loop")[0] == 0
    assert sorted(p.name for p in Path.cwd().iterdir()) == [
        "gan-digits-loop-1.gif",
        "vae-digits-sample-3.png",
    ]


def test_text_goes_to_stdout(genai, engine):
    code, out, err = genai("gpt-shakespeare", "--prompt", "--so", "--max-new-tokens", "30", "--seed", "5")
    assert (code, err) == (0, "")
    assert out == write(engine, prompt="--so", max_new_tokens=30, seed=5) + "\n"
    assert not list(Path.cwd().iterdir())


def test_a_receipt_makes_it_again(genai, engine):
    genai("gan-digits", "--seed", "7", "--out", "seven.png")
    code, out, _ = genai("--receipt", "seven.png")
    assert (code, out) == (0, "seven.png: identical\n")
    assert Path("again-gan-digits-sample-7.png").read_bytes() == Path("seven.png").read_bytes()
    with Image.open("seven.png") as picture:
        carried, _ = receipt.read_file("seven.png")
        wrong = receipt.png_bytes(255 - np.asarray(picture)[..., None], carried)
    Path("wrong.png").write_bytes(wrong)
    assert genai("--receipt", "wrong.png", "--out", "right.png")[:2] == (1, "wrong.png: different\n")
    assert Path("right.png").read_bytes() == Path("seven.png").read_bytes()
    genai("gpt-shakespeare", "--max_new_tokens", "9", "--out", "deep/er/text.txt")
    assert genai("--receipt", "deep/er/text.txt")[0] == 0


MISTAKES = {
    "no such model": ("nope", "gan-digits, gan-styled, gpt-shakespeare, text2image-scenes, vae-digits"),
    "no model": ("--seed 3", "gan-digits, gan-styled, gpt-shakespeare, text2image-scenes, vae-digits"),
    "no such control": ("gan-digits --sed 3", "Did you mean --seed?"),
    "no such action": ("gan-digits --action fly", "fly. It can: interpolate, loop"),
    "out of range": ("gan-digits --seed -1", "seed cannot be -1"),
    "not a number": ("gan-digits --seed seven", "seed cannot be seven"),
    "nan": ("gan-digits --truncation_psi nan", "truncation_psi cannot be nan"),
    "no such choice": ("gan-digits --label cat", "label cannot be cat"),
    "a short vector": ("vae-digits --z 1,2", "12 numbers"),
    "a stray word": ("gan-digits seven", "seven is neither"),
    "no value": ("gan-digits --seed", "--seed needs a value"),
    "unknown characters": ("gpt-shakespeare --prompt ☃", "☃"),
    "no such file": ("--receipt nowhere.png", "nowhere.png"),
    "a folder": ("--receipt .", "no file"),
    "a receipt and more": ("--receipt x.png --seed 3", "seed"),
    "no such device": ("gan-digits --device banana", "auto, cpu"),
    "a folder in the way": ("gan-digits --out taken", "taken"),
    "a file in the way": ("gan-digits --out file/seven.png", "file/seven.png"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(mistake, engine, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("taken").mkdir()
    Path("file").touch()
    line, expected = MISTAKES[mistake]
    assert main(["--checkpoints", str(engine.folder), "--device", "cpu", *line.split()]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ") and expected in said.err and said.err.count("\n") == 1
    assert said.out in ("", "☃") and sorted(p.name for p in tmp_path.rglob("*")) == ["file", "taken"]


def test_as_a_program(engine):
    """The exit code and the message as a shell sees them."""
    bad = run_python("-m", "genai", "gan-digits", "--seed", "nan", "--checkpoints", engine.folder)
    assert bad.returncode == 2 and bad.stdout == ""
    assert bad.stderr.strip() == "error: seed cannot be nan: it must be a number from 0 to 4294967295."
