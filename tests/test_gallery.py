"""The gallery of what features were learned from: how near a picture is to it, without a single picture in the file."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from conftest import SMALL, tiny_family, write_cats

from genai.checkpoint import Meta, load_checkpoint, read_meta, save_checkpoint
from genai.data import load_dataset
from genai.errors import UserError
from genai.metrics import measure
from genai.models import Features, build_model
from genai.models.features import GALLERY
from genai.training.config import RunConfig, TrainConfig
from genai.training.loop import train

CONFIG = {name: SMALL[name] for name in ("widths", "features")} | {"depth": 1}
CATS = 30


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data root with 30 + 20 drawn cats."""
    root = tmp_path_factory.mktemp("cats")
    write_cats(root, CATS, 20)
    return root


@pytest.fixture(scope="module")
def trained(root, tmp_path_factory):
    run = RunConfig(run="features-cats", runs_root=str(tmp_path_factory.mktemp("runs")), data_root=str(root),
                    device="cpu", threads=1)  # fmt: skip
    return train("features", CONFIG, TrainConfig(dataset="cats", steps=4, batch_size=8), run).checkpoint


def test_a_trained_checkpoint_finds_the_pictures_that_it_learned_from(root, trained):
    model, meta = load_checkpoint(trained)
    images = load_dataset("cats", "train", root).images
    assert meta.config["gallery"] == CATS and model.gallery.shape == (CATS, SMALL["features"])
    features, _ = model.classify(images)
    torch.testing.assert_close(model.gallery, features, rtol=1e-3, atol=1e-3)  # the file holds half precision
    spread = model.nearest(images, 2)[0][:, 1].min()
    for asked in (images, images.flip(-1)):
        distances, places = model.nearest(asked, 3)
        assert distances.shape == places.shape == (CATS, 3) and places.dtype == torch.int64
        assert places[:, 0].tolist() == list(range(CATS)), "each is its own nearest, and so is its mirror image"
        assert distances[:, 0].max() < spread / 2 and (distances.diff(dim=1) >= 0).all()
    assert not any(name.startswith("gallery") for name, _ in model.named_parameters())


def test_the_distance_is_that_of_the_nearer_of_a_picture_and_its_mirror_image(root, trained):
    model, _ = load_checkpoint(trained)
    images = load_dataset("cats", "test", root).images
    one, other = (torch.cdist(model.classify(x)[0].double(), model.gallery.double()) for x in (images, images.flip(-1)))
    expected = torch.minimum(one, other).sort(1)
    distances, places = model.nearest(images, 4)
    torch.testing.assert_close(distances.double(), expected.values[:, :4], rtol=1e-4, atol=1e-5)
    assert torch.equal(places[:, 0], expected.indices[:, 0])


def test_a_checkpoint_from_before_gets_its_gallery_and_keeps_its_weights_to_the_bit(root, tmp_path):
    torch.manual_seed(0)
    before = tmp_path / "before.safetensors"
    save_checkpoint(before, build_model("features", CONFIG), Meta("features", CONFIG, dataset="cats", step=7))
    run = RunConfig(run="after", runs_root=str(tmp_path), data_root=str(root), device="cpu", threads=1)
    after = train("features", CONFIG, TrainConfig(dataset="cats", steps=1, batch_size=8, lr=0.0, init=str(before)), run)
    old, new = load_checkpoint(before)[0].state_dict(), load_checkpoint(after.checkpoint)[0].state_dict()
    assert "gallery" not in old and len(new.pop("gallery")) == CATS
    assert old.keys() == new.keys() and all(torch.equal(old[name], new[name]) for name in old)
    again = TrainConfig(dataset="cats", steps=1, batch_size=8, lr=0.0, init=str(after.checkpoint))
    few = dataclasses.replace(run, run="few", data_root=str(tmp_path / "few"))
    write_cats(tmp_path / "few", 9, 2)
    other = load_checkpoint(train("features", CONFIG, again, few).checkpoint)[0]
    assert len(other.gallery) == 9 and torch.equal(other.neck.weight, new["neck.weight"]), "of other pictures, its own"


def test_the_data_decide_whether_there_is_a_gallery(data_root, root):
    tiny = tiny_family("features", data_root)
    config = dataclasses.asdict(Features.Config(**tiny.config))
    cats = load_dataset("cats", "train", root)
    assert Features.fit(config | {"gallery": 5}, cats)["gallery"] == CATS, "all of them, whatever anybody asks for"
    many = dataclasses.replace(cats, images=cats.images[:1].expand(GALLERY + 1, -1, -1, -1))
    assert Features.fit(config | {"gallery": 5}, many)["gallery"] == 0
    assert Features.fit(config, load_dataset("mnist-words", "train", data_root, targets="classes"))["gallery"] == 0


def test_a_distance_becomes_a_percentile(root, trained):
    accuracy, record = measure(trained, root=root, device="cpu", save=True)
    assert accuracy["metric"] == "rotation_accuracy" and 0 <= accuracy["value"] <= 1 and accuracy["n"] == 20
    assert read_meta(trained).metrics["nearest_test"] == record
    quantiles = record["quantiles"]
    assert len(quantiles) == 101 and quantiles == sorted(quantiles) and record["gallery"] == CATS and record["n"] == 20
    model, _ = load_checkpoint(trained)

    def percentile(images: torch.Tensor) -> np.ndarray:
        return np.searchsorted(quantiles, model.nearest(images)[0][:, 0].numpy())

    copies = percentile(load_dataset("cats", "train", root).images)
    assert copies.max() == 0, "copies are nearer than any test picture"
    tests = percentile(load_dataset("cats", "test", root).images)
    assert abs(tests.mean() - 50) < 5
    noise = percentile(torch.randint(256, (20, 3, 64, 64), dtype=torch.uint8))
    assert noise.mean() > 50


def test_features_without_a_gallery_have_no_percentiles(root, tmp_path):
    path = tmp_path / "features-cats.safetensors"
    save_checkpoint(path, build_model("features", CONFIG), Meta("features", CONFIG, dataset="cats"))
    with pytest.raises(UserError, match="gallery"):
        list(measure(path, ["nearest_test"], root=root, device="cpu"))


def test_rotation_accuracy_is_all_of_a_network_that_knows_and_a_quarter_of_one_that_does_not(
    root, tmp_path, monkeypatch
):
    path = tmp_path / "features-cats.safetensors"
    save_checkpoint(path, build_model("features", CONFIG), Meta("features", CONFIG, dataset="cats"))
    upright = {x.numpy().tobytes(): k for picture in load_dataset("cats", "test", root).images
               for k, x in enumerate(picture.rot90(k, (1, 2)).contiguous() for k in range(4))}  # fmt: skip

    def score(verdict) -> float:
        monkeypatch.setattr(
            Features, "classify", lambda self, images: (None, torch.tensor([verdict(x) for x in images]))
        )
        return next(measure(path, ["rotation_accuracy"], root=root, device="cpu"))["value"]

    assert score(lambda x: upright[x.contiguous().numpy().tobytes()]) == 1
    assert score(lambda x: 2) == 0.25
