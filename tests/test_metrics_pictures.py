"""Metrics that compare pictures, where the answer is known: the same pictures, a class left out, noise; and whose features."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from conftest import ROOT, draw_digits
from PIL import Image

from genai.checkpoint import Meta, save_checkpoint, weights_sha256
from genai.generation import noise
from genai.metrics import coverage, fd, measure, pictures
from genai.metrics.context import Context
from genai.metrics.features import space
from genai.models import build_model

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
        real = pictures.real(context)
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
    learned, normal = pictures.samples(context).features, pictures.normal_samples(context).features
    assert len(learned.round(decimals=3).unique(dim=0)) == 2 < len(normal.round(decimals=3).unique(dim=0))
    drawn = (context.model.decode(noise.latents(range(60), 3)) * 255).round().to(torch.uint8)
    assert torch.allclose(space(context).look(drawn, "samples").features, normal, atol=1e-2)
    (record,) = measure(tmp_path / "vae.safetensors", ["fd_prior"], n=60, root=data_root, device="cpu")
    assert record["value"] > 0 < record["normal"] and record["pixels"] == "means"


def test_a_space_has_one_name_and_says_whose_it_is(data_root, tmp_path):
    save_checkpoint(tmp_path / "vae.safetensors", build_model("vae", SMALL), Meta("vae", SMALL, dataset="mnist"))
    own = space(Context(tmp_path / "vae.safetensors", root=data_root, network=NETWORK, device="cpu"))
    assert own.record()["features"] == f"classifier-digits {weights_sha256(NETWORK)[:12]}"
    assert own.own and "features_worth" not in own.record() and own.learned.startswith("mnist")


def test_pictures_of_any_folder_are_looked_at_in_a_size_that_the_network_knows(tmp_path):
    config = {"image_size": 40, "channels": 3, "widths": (4, 4), "hidden": 8, "latents": 3}
    save_checkpoint(tmp_path / "vae.safetensors", build_model("vae", config), Meta("vae", config, dataset="folder"))
    for i in range(24):
        pixels = np.random.default_rng(i).integers(256, size=(40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    context = Context(tmp_path / "vae.safetensors", root=tmp_path, network=NETWORK, device="cpu")
    images, _ = context.pictures("train", range(12))
    assert images.shape == (12, 3, 40, 40)
    assert space(context).look(images, "pictures").features.shape == (12, 64)
    assert "features_worth" in space(context).record()
