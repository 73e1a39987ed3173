"""Steering, mixing, ways through stops, and the map of a plane: what each has to be, whatever the model learned."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from studio import DIRECTIONS

from genai.checkpoint import Meta, save_checkpoint
from genai.errors import UserError
from genai.generation import noise
from genai.generation.controls import to_code
from genai.generation.engine import Engine, actions_of
from genai.generation.gan import directions
from genai.generation.gan.plane import MAP
from genai.generation.gan.steer import STOPS, TABLE, offsets
from genai.models import build_model

MODEL, SIDE, LEVELS, Z = "gan-styled", 16, 3, 6
CODE = to_code(noise.latents([1, 2, 3], Z))  # a picture whose coarse, middle and fine come from three seeds


def pixels(engine, action: str, model: str = MODEL, **controls) -> np.ndarray:
    return engine.generate(model, action, controls).pixels.astype(int)


def parts(sheet: np.ndarray, side: int = SIDE) -> np.ndarray:
    """A sheet's pictures [rows, columns, H, W, C]."""
    rows, columns = sheet.shape[0] // side, sheet.shape[1] // side
    return sheet.reshape(rows, side, columns, side, -1).swapaxes(1, 2)


def near(a: np.ndarray, b: np.ndarray) -> bool:
    """Alike but for how a batch of another size rounds."""
    return np.abs(a - b).max() <= 1


# -- steering ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("controls", [{}, {"seed": 9, "truncation_psi": 0.5}], ids=str)
def test_what_nobody_steers_is_the_sample(engine, controls):
    sample = engine.generate(MODEL, "sample", controls)
    assert (engine.generate(MODEL, "steer", controls).pixels == sample.pixels).all()
    assert not near(pixels(engine, "steer", **controls, amounts=[1, 0]), sample.pixels)
    assert not near(pixels(engine, "steer", **controls, amounts=[0, -1]), sample.pixels)


def test_a_direction_moves_the_styles_of_its_levels_and_no_others(engine):
    """By so much of its vector; several add up."""
    model = engine.shelf.get(MODEL)
    first, second = (torch.tensor(one["vector"]) for one in DIRECTIONS)
    moved = offsets(model, [[0.5, 0], [0, -1], [1, 1]])
    assert moved.shape == (3, LEVELS, Z)
    assert torch.equal(moved[0], torch.stack([0.5 * first, 0.5 * first, 0 * first]))
    assert torch.equal(moved[1], torch.stack([0 * second, 0 * second, -second]))
    assert torch.equal(moved[2], torch.stack([first, first, second]))
    styles = []
    loaded = engine.get(MODEL)
    handle = loaded.model.generator.levels[-1].register_forward_pre_hook(lambda _, given: styles.append(given[1]))
    engine.generate(MODEL, "steer", {"amounts": [1, 0]})
    engine.generate(MODEL, "steer", {})
    handle.remove()
    assert torch.equal(*styles)  # a coarse direction leaves the finest style


def test_strips_show_where_each_slider_would_lead(engine):
    """A row for each direction; where the slider stands is the picture itself, each other place what moving it there makes."""
    controls = {"seed": 4, "amounts": [0.5, 0]}
    rows = parts(pixels(engine, "strips", **controls))
    assert rows.shape[:2] == (len(DIRECTIONS), len(STOPS))
    picture = pixels(engine, "steer", **controls)
    assert near(rows[0, STOPS.index(0.5)], picture) and near(rows[1, STOPS.index(0.0)], picture)
    for n, stop in enumerate(STOPS):
        assert near(rows[0, n], pixels(engine, "steer", seed=4, amounts=[stop, 0]))
        assert near(rows[1, n], pixels(engine, "steer", seed=4, amounts=[0.5, stop]))


def test_a_latent_takes_the_seed_s_place_and_knows_no_truncation(engine):
    one = pixels(engine, "steer", latent=CODE)
    assert (one == pixels(engine, "steer", latent=CODE, seed=77, truncation_psi=0.1)).all()
    assert not near(one, pixels(engine, "steer"))
    assert not near(one, pixels(engine, "steer", latent=CODE, amounts=[1, 0]))
    loaded = engine.get(MODEL)
    z = noise.latents([1, 2, 3], Z)[None]
    drawn = loaded.model.sample(z, torch.zeros(1, dtype=torch.int64))[0].permute(1, 2, 0)
    assert np.abs((drawn + 1).numpy() * 127.5 - one).max() < 12  # steps of 1/32, as the finer the nearer


GOOD = DIRECTIONS[0]
FOREIGN = {
    "of another length": {**GOOD, "vector": [1.0] * (Z + 1)},
    "of a level beyond": {**GOOD, "levels": [LEVELS]},
    "of a level before": {**GOOD, "levels": [-1]},
    "not finite": {**GOOD, "vector": [math.inf] * Z},
    "not numbers": {**GOOD, "vector": ["x"] * Z},
    "without a name": {**GOOD, "name": {}},
    "of no words": {**GOOD, "name": {"en": 7}},
    "incomplete": {"name": GOOD["name"]},
    "no direction": 7,
}


@pytest.fixture(scope="module")
def style_config(engine) -> dict:
    return engine.shelf.get(MODEL).meta.config


@pytest.mark.parametrize("bad", FOREIGN)
def test_directions_that_do_not_fit_are_the_file_s_problem(style_config, tmp_path, bad):
    """It is named, and nothing else stops."""
    model = build_model("gan", style_config)
    for name, listed in (("good", [GOOD]), ("bad", [GOOD, FOREIGN[bad]])):
        save_checkpoint(
            tmp_path / f"{name}.safetensors", model, Meta("gan", style_config, extra={"directions": listed})
        )
    engine = Engine(tmp_path, device="cpu")
    assert [entry.name for entry in engine.shelf.of("gan")] == ["good"]
    with pytest.raises(UserError) as caught:
        engine.generate("bad", "sample", {})
    assert caught.value.code == "checkpoint_broken" and "bad.safetensors" in str(caught.value)


def test_only_a_generator_with_levels_steers(engine, style_config, tmp_path):
    """Directions in the file of one without are no reason to offer it; neither are levels without directions."""
    digits = engine.shelf.get("gan-digits")
    assert not {"steer", "strips", "mix", "match"} & set(actions_of(digits))
    bare = build_model("gan", style_config)
    save_checkpoint(tmp_path / "bare.safetensors", bare, Meta("gan", style_config, dataset="cats"))
    plain = {**digits.meta.config, "widths": (8, 8, 8)}
    meta = Meta("gan", plain, extra={"directions": DIRECTIONS})
    save_checkpoint(tmp_path / "plain.safetensors", build_model("gan", plain), meta)
    shelf = Engine(tmp_path, device="cpu").shelf
    assert {"steer", "strips"}.isdisjoint(actions_of(shelf.get("bare"))) and "mix" in actions_of(shelf.get("bare"))
    assert directions(shelf.get("plain")) == [] and "steer" not in actions_of(shelf.get("plain"))


# -- mixing --------------------------------------------------------------------------------------------------


def test_a_table_has_its_sources_at_its_edges(engine):
    table = parts(pixels(engine, "mix", seed=5, seed_to=50))
    assert table.shape[:2] == (1 + TABLE, 1 + TABLE) and not table[0, 0].any()
    for n in range(TABLE):
        assert near(table[1 + n, 0], pixels(engine, "sample", seed=5 + n))
        assert near(table[0, 1 + n], pixels(engine, "sample", seed=50 + n))


@pytest.mark.parametrize("level", [1, 2])
def test_the_level_is_the_border_between_the_two(engine, level):
    """Below it the row's, from it on the column's."""
    table = parts(pixels(engine, "mix", seed=5, seed_to=50, level=level))
    latents = torch.stack([noise.latents([7], Z)[0]] * level + [noise.latents([53], Z)[0]] * (LEVELS - level))
    drawn = engine.get(MODEL).model.sample(latents[None], torch.zeros(1, dtype=torch.int64))[0]
    assert np.abs((drawn.permute(1, 2, 0).numpy() + 1) * 127.5 - table[3, 4]).max() <= 1
    assert not near(table, parts(pixels(engine, "mix", seed=5, seed_to=50, level=3 - level)))


def test_a_latent_is_the_first_row(engine):
    plain, given = (parts(pixels(engine, "mix", seed=5, seed_to=50, latent=code)) for code in ("", CODE))
    assert near(given[1, 0], pixels(engine, "steer", latent=CODE))
    assert (given[2:] == plain[2:]).all() and (given[0] == plain[0]).all()
    assert not near(given[1, 1:], plain[1, 1:])


# -- the way through stops -----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gan-digits", MODEL])
@pytest.mark.parametrize("via", [[], [8], [8, 3, 11, 8]], ids=str)
def test_a_way_passes_through_its_stops(engine, model, via):
    """Each leg as long; the class is the first seed's."""
    controls = {"seed": 5, "seed_to": 9, "via": via, "truncation_psi": 0.9}
    first = engine.get(model)
    label = "any" if not first.config.classes else str(noise.classes([5], 10)[0])
    stops = [5, *via, 9]
    for k, stop in enumerate(stops):
        position = k / (len(stops) - 1)
        found = pixels(engine, "interpolate", model, **controls, position=position)
        assert near(found, pixels(engine, "sample", model, seed=stop, label=label, truncation_psi=0.9)), (k, stop)
    frames = engine.generate(model, "loop", controls).frames
    assert len(frames) == 48 * (1 + len(via))


def test_a_way_without_stops_is_what_it_was(engine):
    """Receipts from before there were any name none."""
    named, silent = ({"seed": 5, "seed_to": 9, "position": 0.3} | more for more in ({"via": []}, {}))
    made = engine.generate("gan-digits", "interpolate", named).receipt["result"]
    assert made == engine.generate("gan-digits", "interpolate", silent).receipt["result"]
    one = pixels(engine, "interpolate", "gan-digits", **silent)
    assert near(one, pixels(engine, "interpolate", "gan-digits", seed=9, seed_to=5, position=0.7, label=label_of(5)))


def label_of(seed: int) -> str:
    return str(noise.classes([seed], 10)[0])


def test_a_film_begins_and_ends_at_the_ends(engine):
    film = parts(pixels(engine, "strip", seed=5, seed_to=9, via=[8]))
    assert film.shape[:2] == (1, 9)
    for n, seed in ((0, 5), (4, 8), (8, 9)):
        assert near(film[0, n], pixels(engine, "sample", seed=seed))
    assert near(film[0, 2], pixels(engine, "interpolate", seed=5, seed_to=9, via=[8], position=0.25))


# -- the map -------------------------------------------------------------------------------------------------


def test_the_map_shows_what_the_pad_draws(engine):
    """The sample in the middle; x to the right, y up."""
    plan = parts(pixels(engine, "plane_map", seed=12))
    middle = MAP // 2
    assert near(plan[middle, middle], pixels(engine, "sample", seed=12))
    step = 2 / MAP
    for row, column in ((middle, MAP - 1), (0, middle), (MAP - 1, 1)):
        x, y = (column - middle) * step, (middle - row) * step
        assert near(plan[row, column], pixels(engine, "plane", seed=12, x=x, y=y))
