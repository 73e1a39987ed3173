"""How near a sample is to what its model learned from, and those pictures themselves where the data are there."""

from __future__ import annotations

import math
import shutil

import numpy as np
import pytest
import torch
from conftest import write_cats
from studio import CONFIGS

from genai.checkpoint import load_checkpoint, save_checkpoint, update_meta
from genai.data import cats, load_dataset
from genai.errors import UserError
from genai.generation.controls import to_code
from genai.generation.engine import Engine, actions_of
from genai.strings import LANGUAGES

MODEL, FEATURES = "gan-styled", "features-cats"
QUANTILES = [1.0 + i for i in range(101)]  # of 100 test pictures' distances


@pytest.fixture(scope="module")
def folder(engine, tmp_path_factory):
    """The styled GAN, and features whose gallery holds its samples of seeds 1, 2 and 3 (3: mirrored) at places 4, 9 and 14."""
    folder = tmp_path_factory.mktemp("nearest")
    shutil.copy(engine.folder / f"{MODEL}.safetensors", folder)
    path = shutil.copy(engine.folder / f"{FEATURES}.safetensors", folder)
    model, meta = load_checkpoint(path)
    model.gallery.copy_(1e3 * torch.arange(1, 21)[:, None])  # all others are far away
    for seed, place in ((1, 4), (2, 9), (3, 14)):
        picture = torch.from_numpy(engine.generate(MODEL, "sample", {"seed": seed}).pixels).permute(2, 0, 1)[None]
        model.gallery[place] = model.classify(picture.flip(-1) if seed == 3 else picture)[0][0]
    meta.metrics = {"nearest_test": {"value": 1.0, "quantiles": QUANTILES}}
    save_checkpoint(path, model, meta)
    return folder


@pytest.fixture(scope="module")
def measured(folder):
    return Engine(folder, device="cpu")


@pytest.mark.parametrize("seed, place", [(1, 4), (2, 9), (3, 14)])
def test_a_copy_is_found_at_its_place_and_so_is_a_mirrored_one(measured, seed, place):
    found = measured.generate(MODEL, "nearest", {"seed": seed}).data
    assert found["places"][0] == place and len(set(found["places"])) == 3
    assert found["distance"] < 0.01 and found["percentile"] == 0  # the file holds half precision


def test_what_is_steered_is_measured_steered(measured):
    plain = measured.generate(MODEL, "nearest", {"seed": 1}).data
    assert measured.generate(MODEL, "nearest", {"seed": 1, "amounts": [0, 0]}).data == plain
    assert measured.generate(MODEL, "nearest", {"seed": 1, "amounts": [1, -1]}).data["distance"] > plain["distance"]
    by_latent = [
        measured.generate(MODEL, "nearest", {"seed": seed, "latent": to_code([1] * 18)}).data for seed in (1, 2)
    ]
    assert by_latent[0] == by_latent[1] != plain


@pytest.mark.parametrize(
    "quantiles, percentile",
    [
        ([0.0] * 101, 100),  # farther than every test picture
        ([1e9] * 101, 0),  # nearer than each
        ([0.0] * 50 + [1e9] * 51, 50),
        ([0.0] * 3 + [1e9] * 98, 3),
        ([0.0, 0.0, 1e9], 100),  # however many there are
        ([0.0, 1e9, 1e9], 50),
    ],
)
def test_the_percentile_counts_test_pictures_that_are_nearer(folder, tmp_path, quantiles, percentile):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    record = {"value": 1.0, "quantiles": quantiles}
    update_meta(tmp_path / f"{FEATURES}.safetensors", lambda meta: meta.metrics.update(nearest_test=record))
    found = Engine(tmp_path, device="cpu").generate(MODEL, "nearest", {"seed": 5}).data
    assert found["percentile"] == percentile


RECORDS = [
    {},
    {"value": 1.0},
    {"quantiles": []},
    {"quantiles": 7},
    {"quantiles": ["x"] * 9},
    {"quantiles": [1.0]},
]


@pytest.mark.parametrize("record", [*RECORDS, {"quantiles": [math.nan] * 5}], ids=str)
def test_without_measured_test_pictures_it_is_said_what_to_do(folder, tmp_path, record):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    update_meta(tmp_path / f"{FEATURES}.safetensors", lambda meta: meta.metrics.update(nearest_test=record))
    told(Engine(tmp_path, device="cpu"), "no_gallery", FEATURES, "genai.metrics")


def test_without_a_gallery_or_features_it_is_said_what_to_do(engine, folder, tmp_path):
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    path = tmp_path / f"{FEATURES}.safetensors"
    path.unlink()
    told(Engine(tmp_path, device="cpu"), "checkpoint_missing", FEATURES, "train.py")
    shutil.copy(engine.folder / "gan-digits.safetensors", path)
    told(Engine(tmp_path, device="cpu"), "no_gallery", FEATURES, "genai.metrics")
    path.write_bytes(b"damaged")
    told(Engine(tmp_path, device="cpu"), "checkpoint_broken", FEATURES, "")


def told(engine: Engine, code: str, *words: str) -> None:
    """The other things that it can be asked go on."""
    with pytest.raises(UserError) as caught:
        engine.generate(MODEL, "nearest", {})
    assert caught.value.code == code
    for lang in LANGUAGES:
        assert all(word in caught.value.message(lang) for word in words), caught.value.message(lang)
    assert engine.generate(MODEL, "sample", {}).pixels.any()


def test_only_photographs_have_a_gallery_to_be_near_to(engine):
    assert "nearest" in actions_of(engine.shelf.get(MODEL)) and CONFIGS[FEATURES][1]["gallery"]
    assert "nearest" not in actions_of(engine.shelf.get("gan-digits"))


# -- the pictures themselves ---------------------------------------------------------------------------------


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """A data root with 12 drawn cats to learn from, listed as the real ones are."""
    write_cats(tmp_path, 12, 3)
    listed = [("", f"train/cat_{i:05}.jpg", "", "") for i in range(12)] + [("", "test/cat_00012.jpg", "", "")]
    monkeypatch.setattr(cats, "_index", lambda: iter(listed))
    monkeypatch.setenv("GENAI_DATA", str(tmp_path))
    return load_dataset("cats", "train", tmp_path).images.permute(0, 2, 3, 1).numpy()


def test_those_that_were_learned_from_are_shown_in_the_order_that_is_asked(engine, photographs):
    shown = engine.learned_from(MODEL, [7, 0, 11])
    assert len(shown) == 3 and all(one.dtype == np.uint8 for one in shown)
    assert all((one == photographs[place]).all() for one, place in zip(shown, (7, 0, 11)))
    assert engine.learned_from(MODEL, []) == []


def test_a_place_without_a_picture_is_left_out(engine, photographs, tmp_path):
    (tmp_path / "cats64/train/cat_00003.jpg").write_bytes(b"no picture")
    (tmp_path / "cats64/train/cat_00004.jpg").unlink()
    shown = engine.learned_from(MODEL, [3, 4, 5, 12, 2**31])
    assert len(shown) == 1 and (shown[0] == photographs[5]).all()


@pytest.mark.parametrize("model", [MODEL, "gan-digits"])
def test_without_data_none_are_shown(engine, tmp_path, monkeypatch, model):
    monkeypatch.setenv("GENAI_DATA", str(tmp_path))
    assert engine.learned_from(model, [0, 1, 2]) == []


@pytest.mark.parametrize("places", [None, 7, "0", {}, [-1], [0.5], [math.nan], [None], [True], ["../x"], [2**31 + 1], [10**400],
                                    [0] * 10, [[0]]], ids=str)  # fmt: skip
def test_hostile_places_are_refused(engine, photographs, places):
    with pytest.raises(UserError) as caught:
        engine.learned_from(MODEL, places)
    assert "places" in str(caught.value) and len(str(caught.value)) < 2000


@pytest.mark.parametrize("model", [None, "", "nope", 7, [MODEL], "features-cats", "../gan-styled"], ids=str)
def test_a_model_that_is_none_is_refused_with_those_there_are(engine, model):
    with pytest.raises(UserError) as caught:
        engine.learned_from(model, [0])
    assert caught.value.code == "unknown_model" and MODEL in str(caught.value)
