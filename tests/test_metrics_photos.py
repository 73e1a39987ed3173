"""Photographs are measured in two spaces, by more samples than there are test pictures, and beside the article's DCGAN."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import SMALL, write_cats

from genai.checkpoint import Meta, read_meta, save_checkpoint, update_meta, weights_sha256
from genai.data import load_dataset
from genai.errors import UserError
from genai.metrics import measure, metrics_for, pictures
from genai.metrics.context import Context
from genai.metrics.fd_ratio import minutes
from genai.metrics.features import FLATTERED, NEUTRAL, spaces
from genai.metrics.perceptual_distance import perceptual_distance
from genai.models import backbone, build_model
from genai.models.backbone import Backbone

GAN = dict(image_size=64, channels=3, classes=0, z_dim=8, body="dcgan", d_body="dcgan", widths=(8, 8, 4, 4),
           d_widths=(4, 4, 8, 8), loss="non_saturating", penalty="none")  # fmt: skip
THROUGH = dict(image_size=64, channels=3, classes=0, z_dim=8, widths=(8, 8, 4), body="style", d_body="projected",
               loss="hinge", penalty="none")  # fmt: skip
FEATURES = {name: SMALL[name] for name in ("widths", "features")} | {"depth": 1}
VAE = {"image_size": 64, "channels": 3, "widths": (4, 4), "hidden": 8, "latents": 3}
COMPARED = ("coverage", "density", "fd", "kd", "memorised_share")


def save(path, family: str, config: dict, **more) -> None:
    save_checkpoint(path, build_model(family, config), Meta(family, config, dataset="cats", **more))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with checkpoints that learned from cats, and `data` in it: 60 + 24 drawn cats, the frozen network's stand-in."""
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("place")
    write_cats(place / "data", 60, 24)
    backbone.stand_in(place / "data")
    save(
        place / "gan-cats.safetensors",
        "gan",
        THROUGH,
        history=[{"steps": 1, "seconds": 90}, {"steps": 1, "seconds": 30.0}],
    )
    save(place / "dcgan-cats.safetensors", "gan", GAN, preset="dcgan-cats", history=[{"steps": 5}])
    save(place / "features-cats.safetensors", "features", FEATURES)
    save(place / "vae-cats.safetensors", "vae", VAE)
    return place


def measured(path, *names: str, **options) -> dict[str, dict]:
    records = measure(
        path, names or None, root=path.parent / "data", device="cpu", **{"n": 20, "save": True, **options}
    )
    list(records)
    return read_meta(path).metrics


def test_a_gan_is_measured_in_both_spaces_and_each_record_says_which(place):
    metrics = measured(place / "gan-cats.safetensors")
    assert metrics.keys() == {
        *COMPARED, *(f"{name}/backbone" for name in COMPARED), "spectrum_distance", "fd_ratio_to_dcgan",
        "fd_ratio_to_dcgan/backbone",
    }  # fmt: skip
    weights = backbone.weights_below(place / "data")
    for name in (*COMPARED, "fd_ratio_to_dcgan"):
        first, second = metrics[name], metrics[f"{name}/backbone"]
        assert first["features"] == f"features-cats {weights_sha256(place / 'features-cats.safetensors')[:12]}"
        assert second["features"] == f"{backbone.NAME} {weights_sha256(weights)[:12]}"
        assert "features_worth" not in first and second["features_worth"] == FLATTERED
        assert first["metric"] == second["metric"] == name and first["n"] == first["samples"] == 20
        assert "key" not in first and "key" not in second


def test_a_dcgan_is_not_flattered_and_is_nobodys_peer_but_others(place):
    path = place / "dcgan-cats.safetensors"
    assert "fd_ratio_to_dcgan" not in metrics_for(read_meta(path))
    assert measured(path, "fd")["fd/backbone"]["features_worth"] == NEUTRAL


def test_without_the_frozen_networks_weights_there_is_one_space(place, tmp_path, monkeypatch):
    monkeypatch.delenv("GENAI_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    for path in place.glob("*.safetensors"):
        shutil.copy(path, tmp_path)
    shutil.copytree(place / "data" / "cats64", tmp_path / "data" / "cats64")
    assert [one.key for one in spaces(Context(tmp_path / "gan-cats.safetensors", root=tmp_path / "data"))] == [""]
    with pytest.raises(UserError, match="frozen network"):
        list(
            measure(
                tmp_path / "vae-cats.safetensors", ["perceptual_distance"], root=tmp_path / "data", device="cpu", n=20
            )
        )
    (tmp_path / "dcgan-cats.safetensors").unlink()
    with pytest.raises(UserError, match=r"train\.py dcgan-cats"):
        list(
            measure(
                tmp_path / "gan-cats.safetensors", ["fd_ratio_to_dcgan"], root=tmp_path / "data", device="cpu", n=20
            )
        )


def test_there_are_more_samples_than_test_pictures_and_n_bounds_both(place):
    def counts(n: int | None) -> tuple[int, int]:
        return pictures.counts(Context(place / "gan-cats.safetensors", n=n, root=place / "data", device="cpu"))

    assert counts(None) == (24, 10_000)
    assert counts(20) == (20, 20) and counts(500) == (24, 500)
    with pytest.raises(UserError, match="10 to 10,000"):
        counts(10_001)
    context = Context(place / "gan-cats.safetensors", n=50, root=place / "data", device="cpu")
    assert len(pictures.real_images(context)) == 24 and len(pictures.sample_images(context)) == 50
    assert len(pictures.other_images(context)) == 50
    (record,) = measure(place / "gan-cats.safetensors", ["spectrum_distance"], n=50, root=place / "data", device="cpu")
    assert (record["n"], record["samples"], record["floor_n"]) == (24, 50, 50)


def test_the_ratio_is_that_of_two_distances_of_one_run_and_says_how_long_each_learned(place):
    metrics = measured(place / "gan-cats.safetensors", "fd", "fd_ratio_to_dcgan")
    record = metrics["fd_ratio_to_dcgan"]
    assert record["value"] == record["fd"] / record["peer_fd"] and record["fd"] == metrics["fd"]["value"]
    assert record["peer_fd"] == pytest.approx(measured(place / "dcgan-cats.safetensors", "fd")["fd"]["value"])
    assert record["minutes"] == 2.0 and record["peer_minutes"] is None, "an old run does not say"
    assert record["peer"].startswith("dcgan-cats ")
    twin = place / "twin.safetensors"
    shutil.copy(place / "dcgan-cats.safetensors", twin)
    update_meta(twin, lambda meta: setattr(meta, "preset", "mine"))
    assert measured(twin, "fd_ratio_to_dcgan")["fd_ratio_to_dcgan"]["value"] == pytest.approx(1)


def test_minutes_are_summed_over_a_history():
    def of(*records: dict) -> float | None:
        return minutes(Meta("gan", {}, history=list(records)))

    assert of({"seconds": 60.0}, {"seconds": 90.0}) == 2.5
    assert of({"seconds": 60.0}, {}) is None and of() is None


@pytest.mark.parametrize("samples", ["copies", "mirrored", "fresh", "noise"])
def test_copies_of_photographs_are_found_in_both_spaces(place, monkeypatch, samples: str):
    train, test = (load_dataset("cats", split, place / "data").images for split in ("train", "test"))
    drawn = {
        "copies": train[:20], "mirrored": train[:20].flip(-1), "fresh": test[:20],
        "noise": torch.randint(256, (20, 3, 64, 64), dtype=torch.uint8),
    }[samples]  # fmt: skip
    monkeypatch.setattr(pictures, "_gan", lambda context, seeds: drawn[list(seeds)].permute(0, 2, 3, 1).numpy())
    records = list(measure(place / "gan-cats.safetensors", list(COMPARED), n=20, root=place / "data", device="cpu"))
    for record in (r for r in records if r["metric"] == "memorised_share"):
        assert record["training_pictures"] == 60 and record["mirrored"]
        assert record["value"] == 1 if samples in ("copies", "mirrored") else record["value"] <= 0.05
    if samples == "fresh":  # the test pictures themselves
        for record in (r for r in records if r["metric"] in ("fd", "coverage")):
            assert record["value"] == pytest.approx({"fd": 0, "coverage": 1}[record["metric"]], abs=1e-3)


def test_a_model_of_few_pictures_is_compared_with_these(place):
    """What it learned from is what its description says: a limit, and of what is made, the run's own seed."""
    path = place / "few.safetensors"
    save(path, "gan", GAN, training={"split": "train", "limit": 16})
    context = Context(path, root=place / "data", device="cpu")
    learned = torch.cat(list(context.learned(1000)))
    assert torch.equal(learned, load_dataset("cats", "train", place / "data").images[:16])
    scenes = place / "scenes.safetensors"
    save_checkpoint(scenes, build_model("gan", GAN), Meta("gan", GAN, dataset="scenes", training={"seed": 5}))
    made = torch.cat(list(Context(scenes, root=place / "data", device="cpu").learned(8)))
    assert torch.equal(made, load_dataset("scenes", "train", place / "data").make(5, np.arange(8))[0])


# -- reconstructions -------------------------------------------------------------------------------------------


def test_a_vaes_reconstructions_are_measured(place):
    metrics = measured(place / "vae-cats.safetensors", "fd_reconstruction", "psnr", "ssim", "perceptual_distance")
    for name in ("fd_reconstruction", "fd_reconstruction/backbone"):
        assert (
            metrics[name]["n"] == metrics[name]["floor_n"] == 20 and metrics[name]["value"] > metrics[name]["floor"] > 0
        )
    assert metrics["perceptual_distance"]["n"] == 20 and metrics["perceptual_distance"]["features"].startswith(
        backbone.NAME
    )
    assert metrics["psnr"]["value"] < 20 and metrics["ssim"]["value"] < 0.9, "it has learned nothing"


def test_perfect_reconstructions_cost_nothing(place, monkeypatch):
    monkeypatch.setattr("genai.metrics.reconstructions._back", lambda images, *rest: images)
    context = {"root": place / "data", "device": "cpu", "n": 20}
    names = ["fd_reconstruction", "ssim", "perceptual_distance"]
    fd, fd_backbone, ssim, perceptual = measure(place / "vae-cats.safetensors", names, **context)
    assert fd["value"] == pytest.approx(0, abs=1e-3) and fd_backbone["value"] == pytest.approx(0, abs=1e-3)
    assert ssim["value"] == pytest.approx(1) and perceptual["value"] == 0 < perceptual["strangers"]


def test_perceptual_distance_grows_with_damage(place):
    network = Backbone(backbone.weights_below(place / "data"))
    images = load_dataset("cats", "test", place / "data").images[:12]
    blurred = F.avg_pool2d(images.float(), 5, 1, 2).round().to(torch.uint8)
    noise = torch.randint(256, images.shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    same, blur, noisy = (perceptual_distance(network, images, back) for back in (images, blurred, noise))
    assert same == 0 < blur < noisy
    assert perceptual_distance(network, blurred, images) == pytest.approx(blur, rel=1e-4), "a distance is symmetric"
    assert perceptual_distance(network, images, images.roll(2, -1)) > 0
