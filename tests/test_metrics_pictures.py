"""Metrics that compare pictures, where the answer is known: the same pictures, a class left out, noise; and whose features."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from conftest import ROOT, draw_digits
from PIL import Image

from genai.checkpoint import Meta, save_checkpoint, weights_sha256
from genai.data import folder
from genai.errors import UserError
from genai.generation import noise
from genai.metrics import coverage, fd, measure, pictures
from genai.metrics.context import Context
from genai.metrics.features import space
from genai.models import backbone, build_model

N = 300
NETWORK = ROOT / "checkpoints" / "classifier-digits.safetensors"


@pytest.fixture(scope="module")
def digits():
    """2 N drawn digits: those that a model is compared with, and as many others."""
    images, labels = draw_digits(2 * N, seed=5)
    return torch.from_numpy(images)[:, None], torch.from_numpy(labels).long()


@pytest.fixture
def score(digits, tmp_path, monkeypatch):
    """What generated pictures uint8 [N, 1, 28, 28] score against the drawn digits, in the shipped classifier's features."""
    save_checkpoint(tmp_path / "vae.safetensors", build_model("vae", SMALL), Meta("vae", SMALL, dataset="mnist"))
    shutil.copy(NETWORK, tmp_path)
    context = Context(tmp_path / "vae.safetensors", n=N, device="cpu")
    context.test = digits[0]
    monkeypatch.setattr(Context, "pictures", lambda self, split, chosen: (digits[0][: len(chosen)], digits[1]))

    def of(images: torch.Tensor) -> dict[str, float]:
        drawn = space(context).look(images, "samples")
        real = pictures.real(context, space(context))
        return {
            "fd": fd.frechet_distance(real.features, drawn.features),
            "coverage": coverage.coverage(real.features, drawn.features),
        }

    return of


SMALL = {"widths": (4, 4), "hidden": 8, "latents": 3}


def test_the_same_pictures_are_at_no_distance_and_covered(score, digits):
    same = score(digits[0][:N])
    assert same["fd"] == pytest.approx(0, abs=1e-3) and same["coverage"] == 1


def test_a_class_left_out_costs_its_share(score, digits):
    images, labels = digits[0][:N], digits[1][:N]
    whole, kept = score(digits[0][N:]), labels != 7
    without = score(images[kept])
    assert without["coverage"] == pytest.approx(kept.float().mean().item(), abs=0.02)
    others = score(digits[0][N:][digits[1][N:] != 7])
    assert others["fd"] > 1.5 * whole["fd"] and others["coverage"] < whole["coverage"] - 0.05


def test_noise_covers_nothing(score, digits):
    scored = score(torch.randint(256, (N, 1, 28, 28), dtype=torch.uint8))
    assert scored["coverage"] < 0.01 and scored["fd"] > 50 * score(digits[0][N:])["fd"]


def test_a_vaes_prior_is_scored_beside_the_normal_one(data_root, tmp_path):
    """A prior of two points draws two pictures; beside it stands what N(0, I) gives."""
    model = build_model("vae", SMALL | {"components": 2}).requires_grad_(False)
    model.prior.log_scales.fill_(-30)
    for weight in model.decoder.parameters():
        weight.mul_(4)  # so that its pictures differ
    save_checkpoint(tmp_path / "vae.safetensors", model, Meta("vae", model.config.__dict__, dataset="mnist"))
    shutil.copy(NETWORK, tmp_path)
    context = Context(tmp_path / "vae.safetensors", n=60, root=data_root, device="cpu")
    own = space(context)
    learned, normal = pictures.samples(context, own).features, pictures.normal_samples(context, own).features
    assert len(learned.round(decimals=3).unique(dim=0)) == 2 < len(normal.round(decimals=3).unique(dim=0))
    drawn = (context.model.decode(noise.latents(range(60), 3)) * 255).round().to(torch.uint8)
    assert torch.allclose(space(context).look(drawn, "samples").features, normal, atol=1e-2)
    (record,) = measure(tmp_path / "vae.safetensors", ["fd_prior"], n=60, root=data_root, device="cpu")
    assert record["value"] > 0 < record["normal"] and record["pixels"] == "means"


def test_a_space_has_one_name_and_says_whose_it_is(data_root, tmp_path):
    save_checkpoint(tmp_path / "vae.safetensors", build_model("vae", SMALL), Meta("vae", SMALL, dataset="mnist"))
    own = space(Context(tmp_path / "vae.safetensors", root=data_root, network=NETWORK, device="cpu"))
    assert own.record()["features"] == f"classifier-digits {weights_sha256(NETWORK)[:12]}"
    assert "features_worth" not in own.record() and own.learned.startswith("mnist")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A GAN that learned from a folder of 120 colour pictures, in two subfolders; no data root but the folder."""
    monkeypatch.chdir(tmp_path)
    for i in range(120):
        pixels = np.random.default_rng(i).integers(256, size=(20, 20, 3), dtype=np.uint8)
        place = tmp_path / "photos" / "ab"[i % 2] / f"{i}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(place)
    config = {"image_size": 32, "channels": 3, "classes": 2, "widths": (8, 4, 4), "d_widths": (4, 4, 4), "z_dim": 8}
    save_checkpoint(tmp_path / "photos.safetensors", build_model("gan", config), Meta("gan", config, dataset="folder"))
    return tmp_path / "photos.safetensors"


def test_a_model_of_a_folder_is_measured_in_features_that_say_what_they_are_worth(photos):
    shutil.copy(NETWORK, photos.parent)
    coverage, distance = measure(photos, ["coverage", "fd"], root=photos.parent / "photos", device="cpu")
    assert (coverage["metric"], distance["metric"]) == ("coverage", "fd") and coverage["value"] < 0.5
    for record in (coverage, distance):
        assert (
            record["n"] == distance["floor_n"] >= 10
            and record["features_learned"].startswith("mnist")
            and "shapes" in record["features_worth"]
        )
    assert distance["floor"] < distance["value"] and distance["floor_split"] == "train"


def test_a_network_of_photographs_is_preferred_where_its_weights_are(photos, monkeypatch):
    import timm
    from safetensors.torch import save_file

    network = timm.create_model(backbone.NAME, pretrained=False, features_only=True, out_indices=(1, 2, 3, 4))
    place = photos.parent / "data" / "weights" / f"{backbone.NAME}.safetensors"
    place.parent.mkdir(parents=True)
    save_file({k: v.contiguous() for k, v in network.state_dict().items()}, place)
    (record,) = measure(photos, ["fd"], root=photos.parent / "photos", device="cpu")
    assert (
        record["features"] == f"{backbone.NAME} {weights_sha256(place)[:12]}"
        and record["features_learned"] == "ImageNet-1k"
    )
    seen = space(Context(photos, device="cpu")).look(torch.zeros(2, 3, 32, 32, dtype=torch.uint8), "pictures")
    assert seen.features.shape == (2, 320) and seen.predicted is None


def test_the_callers_network_comes_first(photos):
    (record,) = measure(photos, ["fd"], root=photos.parent / "photos", classifier=NETWORK, device="cpu")
    assert record["features"].startswith("classifier-digits ")
    (photos.parent / "other.safetensors").write_bytes(photos.read_bytes())
    with pytest.raises(UserError, match="classifier"):
        list(measure(photos, ["fd"], root=photos.parent / "photos", classifier=photos, device="cpu"))


def test_made_pictures_are_measured_on_fresh_ones(tmp_path):
    """Of a data set that is drawn and has no test split; no two of them are the same scene."""
    config = {"image_size": 64, "channels": 3, "classes": 0, "widths": (8, 4, 4), "d_widths": (4, 4, 4), "z_dim": 8}
    path = tmp_path / "drawn.safetensors"
    save_checkpoint(path, build_model("gan", config), Meta("gan", config, dataset="scenes"))
    coverage, distance = measure(path, ["coverage", "fd"], n=20, classifier=NETWORK, device="cpu")
    assert coverage["split"] == "seen" and distance["floor"] > 1e-3 < distance["value"] and "features_worth" in distance


def test_a_folder_with_few_to_test_on_says_so(photos):
    shutil.copy(NETWORK, photos.parent)
    for path in photos.parent.glob("photos/*/??*.png"):  # all but ten of them
        path.unlink()
    with pytest.raises(UserError, match="at least 10"):
        list(measure(photos, root=photos.parent / "photos", device="cpu"))


def test_pictures_too_many_for_memory_are_compared_too(photos, monkeypatch):
    shutil.copy(NETWORK, photos.parent)
    monkeypatch.setattr(folder, "RESIDENT_BYTES", 1)
    assert all(r["n"] >= 10 for r in measure(photos, root=photos.parent / "photos", device="cpu"))
