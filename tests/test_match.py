"""A picture to its latents: the guess, the search, what a browser may send between two steps, and pictures of every kind."""

from __future__ import annotations

import base64
import copy
import io
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from conftest import draw_cat
from PIL import Image

from genai.errors import UserError
from genai.generation import receipt
from genai.generation.controls import NO_INK, from_code
from genai.generation.gan.match import FURTHEST, LARGEST, read_square
from genai.strings import LANGUAGES

MODEL, SIDE = "gan-styled", 16


def file_of(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def uri(file: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(file).decode()


def own(engine, **controls) -> str:
    """A picture that the model itself drew."""
    return uri(file_of(Image.fromarray(engine.generate(MODEL, "sample", {"seed": 3, **controls}).pixels)))


def rounds(engine, controls: dict) -> list:
    """Every result on the way, as a browser asks for them."""
    results, state = [], None
    while True:
        result, state = engine.advance(MODEL, "match", controls, state)
        results.append(result)
        if state is None:
            return results


@pytest.fixture
def every_step(monkeypatch):
    """Each call takes one step and shows it."""
    monkeypatch.setattr("genai.generation.engine.ROUNDS_SECONDS", 0)


# -- the search ----------------------------------------------------------------------------------------------


def test_the_encoder_s_guess_is_there_at_once(engine):
    image = own(engine)
    result, state = engine.advance(MODEL, "match", {"image": image})
    assert state["k"] == result.detail["k"] == 0 and result.pixels.shape == (SIDE, SIDE, 3)
    config = engine.get(MODEL).config
    guess = engine.get(MODEL).model.encode(read_square(image, config))
    assert np.abs(from_code(result.detail["latent"]) - guess.flatten().numpy()).max() <= 1 / 64
    alone = engine.generate(MODEL, "match", {"image": image, "steps": 0})
    assert alone.detail == result.detail and (alone.pixels == result.pixels).all()


def test_what_the_model_drew_itself_is_found_nearer_and_nearer(engine, every_step):
    results = rounds(engine, {"image": own(engine), "steps": 60})
    far = [result.detail["distance"] for result in results]
    assert [result.detail["k"] for result in results] == list(range(61))
    assert far[60] < 0.5 * far[0] and far[30] < far[0]
    last = results[-1]
    target = engine.generate(MODEL, "sample", {"seed": 3}).pixels.astype(float)
    error = (last.pixels - target) ** 2
    assert math.isclose(last.detail["distance"], error.mean() ** 0.5, abs_tol=0.5)
    row, column = last.detail["least_alike"]
    parts = [[part.mean() for part in np.array_split(strip, 3, axis=1)] for strip in np.array_split(error, 3, axis=0)]
    assert parts[row][column] > np.median(parts)


def test_steps_alone_and_together_are_the_same_to_the_bit(engine, every_step):
    controls = {"image": own(engine), "steps": 7}
    whole = engine.generate(MODEL, "match", controls)
    *_, last = rounds(engine, controls)
    assert whole.receipt == last.receipt and whole.detail == last.detail
    assert (whole.pixels == last.pixels).all()


def test_the_latent_that_it_tells_draws_its_picture(engine):
    result = engine.generate(MODEL, "match", {"image": uri(file_of(draw_cat(1))), "steps": 4})
    again = engine.generate(MODEL, "steer", {"latent": result.detail["latent"]})
    assert (again.pixels == result.pixels).all()
    assert engine.generate(MODEL, "nearest", {"latent": result.detail["latent"]}).data["places"]


def test_two_at_once_find_what_each_finds_alone(engine):
    wishes = [{"image": uri(file_of(draw_cat(seed))), "steps": 9} for seed in (1, 2)]
    alone = [engine.generate(MODEL, "match", wish) for wish in wishes]
    assert alone[0].detail["latent"] != alone[1].detail["latent"]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda wish: rounds(engine, wish)[-1], wishes))
    assert [one.receipt for one in together] == [one.receipt for one in alone]
    assert [one.detail for one in together] == [one.detail for one in alone]


def test_a_search_leaves_the_model_as_it_was(engine):
    before = copy.deepcopy(engine.get(MODEL).model.state_dict())
    engine.generate(MODEL, "match", {"image": own(engine), "steps": 3})
    model = engine.get(MODEL).model
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())


def test_no_model_without_an_encoder_is_asked(engine):
    with pytest.raises(UserError) as caught:
        engine.generate("gan-digits", "match", {"image": NO_INK})
    assert caught.value.code == "unknown_action" and "sample" in str(caught.value)


# -- what comes back from a browser --------------------------------------------------------------------------


def numbers_of(state: dict) -> np.ndarray:
    """Latents and both moments [3, N]."""
    return np.frombuffer(base64.b64decode(state["numbers"]), "<f4").reshape(3, -1).copy()


def with_number(row: int, value: float):
    """A state with another number: of the latents (0), the first moments (1), the second (2)."""

    def forge(state: dict) -> dict:
        numbers = numbers_of(state)
        numbers[row, 4] = value
        return {**state, "numbers": base64.b64encode(numbers.tobytes()).decode()}

    return forge


FORGED = {
    "NaN latent": with_number(0, math.nan),
    "infinite latent": with_number(0, -math.inf),
    "latent too far": with_number(0, FURTHEST * 1.01),
    "NaN moment": with_number(1, math.nan),
    "infinite moment": with_number(1, math.inf),
    "overflowing moment": with_number(1, -3e38),
    "negative square": with_number(2, -1e-6),
    "NaN square": with_number(2, math.nan),
    "overflowing square": with_number(2, 3e38),
    "short": lambda state: {**state, "numbers": state["numbers"][:-8]},
    "long": lambda state: {**state, "numbers": state["numbers"] + "AAAAAAAA"},
    "huge": lambda state: {**state, "numbers": "A" * 4_000_000},
    "no base64": lambda state: {**state, "numbers": "☃" * len(state["numbers"])},
    "no text": lambda state: {**state, "numbers": 7},
    "null numbers": lambda state: {**state, "numbers": None},
    "a list": lambda state: {**state, "numbers": [0.0] * 54},
    "k beyond": lambda state: {**state, "k": 5},
    "k before": lambda state: {**state, "k": -1},
    "huge k": lambda state: {**state, "k": 10**400},
    "k not whole": lambda state: {**state, "k": 1.0},
    "NaN k": lambda state: {**state, "k": math.nan},
    "k true": lambda state: {**state, "k": True},
    "k null": lambda state: {**state, "k": None},
    "k missing": lambda state: {"numbers": state["numbers"]},
    "empty": lambda state: {},
    "words": lambda state: "state",
    "number": lambda state: 7,
    "rows": lambda state: [state],
    "false": lambda state: False,
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_state_that_nobody_wrote_is_refused(engine, forged):
    controls = {"image": NO_INK, "steps": 5}
    _, state = engine.advance(MODEL, "match", controls)
    with pytest.raises(UserError) as caught:
        engine.advance(MODEL, "match", controls, FORGED[forged](copy.deepcopy(state)))
    assert caught.value.code == "bad_request"


@pytest.mark.parametrize("k", [0, 4])
@pytest.mark.parametrize("row, value", [(0, -FURTHEST), (1, LARGEST), (1, -LARGEST), (2, 0.0), (2, LARGEST)])
def test_what_is_just_allowed_comes_to_numbers(engine, every_step, k, row, value):
    controls = {"image": NO_INK, "steps": 9}
    _, state = engine.advance(MODEL, "match", controls)
    for _ in range(2):
        result, state = engine.advance(MODEL, "match", controls, with_number(row, value)({**state, "k": k}))
        assert np.isfinite(numbers_of(state)).all() and math.isfinite(result.detail["distance"])


# -- pictures of every kind ----------------------------------------------------------------------------------


CAT = draw_cat(2)
CLEAR = CAT.copy()
CLEAR.putalpha(Image.new("L", CAT.size, 255))
GREY = CAT.convert("L")


def turned(picture: Image.Image, turn: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    return file_of(picture, "JPEG", exif=exif, quality=98, subsampling=0)


ALIKE = {
    "JPEG": lambda: file_of(CAT, "JPEG", quality=98, subsampling=0),
    "WebP": lambda: file_of(CAT, "WEBP", lossless=True),
    "GIF": lambda: file_of(CAT, "GIF"),
    "CMYK": lambda: file_of(CAT.convert("CMYK"), "JPEG", quality=98, subsampling=0),
    "palette": lambda: file_of(CAT.convert("P", palette=Image.Palette.ADAPTIVE)),
    "opaque": lambda: file_of(CLEAR),
    "on its side, and says so": lambda: turned(CAT.transpose(Image.Transpose.ROTATE_90), 6),
    "mirrored, and says so": lambda: turned(CAT.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 2),
    "with a margin at both sides": lambda: file_of(wide(CAT)),
}


def wide(picture: Image.Image) -> Image.Image:
    canvas = Image.new("RGB", (200, 64), "red")
    canvas.paste(picture, (68, 0))
    return canvas


def square(engine, file: bytes) -> np.ndarray:
    return read_square(uri(file), engine.get(MODEL).config)[0].numpy()


@pytest.mark.parametrize("kind", ALIKE)
def test_a_photograph_reads_the_same_in_every_form(engine, kind):
    plain, same = square(engine, file_of(CAT)), square(engine, ALIKE[kind]())
    assert plain.shape == same.shape == (3, SIDE, SIDE) and np.abs(plain).max() <= 1
    assert np.abs(same - plain).mean() < 0.03 and plain.std() > 0.1


def test_sixteen_bits_are_scaled_and_nothing_shows_white(engine):
    deep = Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257)
    assert np.abs(square(engine, file_of(deep)) - square(engine, file_of(GREY))).max() <= 2 / 127
    empty = Image.new("RGBA", (9, 9), (0, 0, 0, 0))
    for nothing in (file_of(empty), file_of(Image.new("LA", (9, 9), (0, 0))), file_of(empty, "GIF", transparency=0)):
        assert (square(engine, nothing) == 1).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1)], ids=str)
def test_what_has_next_to_no_pixels_is_matched_all_the_same(engine, size):
    image = uri(file_of(Image.new("L", size, 90)))
    result = engine.generate(MODEL, "match", {"image": image, "steps": 1})
    assert math.isfinite(result.detail["distance"]) and result.pixels.shape == (SIDE, SIDE, 3)


BAD = {
    "12,000x12,000": (lambda: file_of(Image.new("1", (12_000, 12_000))), "image_too_large", "144,000,000"),
    "text called png": (lambda: b"I am no picture", "picture_unreadable", "PNG"),
    "cut short": (lambda: file_of(CAT)[:200], "picture_unreadable", ""),
    "a format that is not read": (lambda: file_of(CAT, "TIFF"), "picture_unreadable", "JPEG"),
    "nothing": (lambda: b"", "picture_unreadable", "PNG"),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_is_said(engine, kind):
    file, code, word = BAD[kind]
    with pytest.raises(UserError) as caught:
        engine.advance(MODEL, "match", {"image": uri(file())})
    assert caught.value.code == code
    assert all(word in caught.value.message(lang) for lang in LANGUAGES)


def test_a_result_remembers_the_picture(engine, tmp_path):
    """Its file makes it again, to the bit, though no picture but the result is in it."""
    result = engine.generate(MODEL, "match", {"image": uri(file_of(CAT)), "steps": 2})
    path = tmp_path / "cat.png"
    path.write_bytes(result.file_bytes())
    assert engine.again(*receipt.read_file(str(path)))[1] == "identical"
