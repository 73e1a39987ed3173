"""Metrics: each against a case whose answer is known, and the command line from checkpoint to JSON."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont
from safetensors.torch import load_file

from genai.checkpoint import Meta, read_meta, save_checkpoint, weights_sha256
from genai.data.files import vouch
from genai.errors import UserError
from genai.metrics import METRICS, class_accuracy, measure, metrics_for, pictures
from genai.metrics.__main__ import main
from genai.metrics.active_units import active_units
from genai.metrics.context import Context
from genai.metrics.coverage import coverage
from genai.metrics.fd import frechet_distance
from genai.metrics.features import space
from genai.metrics.nll import binarised, nll_bound
from genai.metrics.psnr import psnr
from genai.metrics.val_loss import val_loss
from genai.metrics.val_loss_sliding import val_loss_sliding, windows
from genai.models import build_model
from genai.models.vae import kl_per_dimension, log_bernoulli

TEXT = "How like a fawning publican he looks! I hate him for he is a Christian. " * 20
TINY_GAN = {"widths": (8, 4, 4), "d_widths": (4, 4, 4), "z_dim": 8}
TINY_VAE = {"widths": (4, 4), "hidden": 8, "latents": 3}
SMALL_IMAGE_VAE = {"image_size": 4, "widths": (4,), "hidden": 8, "latents": 2}
TINY_CLASSIFIER = {"widths": (4, 4), "features": 12}
TINY_GPT = {"n_layer": 1, "n_head": 2, "n_embd": 16, "block_size": 16}


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# -- coverage, Fréchet distance, active units --------------------------------------------------------------


def test_coverage_of_equal_distributions_is_one_minus_a_half_to_the_k():
    real, fake = normal(2000, 4), normal(2000, 4, seed=1)
    assert coverage(real, fake, k=5) == pytest.approx(1 - 2**-5, abs=0.015)
    assert coverage(real, fake, k=1) == pytest.approx(1 / 2, abs=0.05)


def test_coverage_of_a_collapsed_set_is_small():
    real = normal(1000, 4)
    one_point = normal(1, 4, seed=1).repeat(1000, 1)
    assert coverage(real, one_point) < 0.05
    half = torch.where(real[:, :1] > 0, real, real + 100)  # one of two modes, the other far off
    kept = half[:, 0] < 50
    assert coverage(half, half[kept]) == pytest.approx(kept.float().mean().item(), abs=0.01)


def test_coverage_does_not_count_a_point_as_its_own_neighbour():
    real = torch.tensor([[0.0], [1.0], [3.0]])
    # nearest real neighbours at 1, 1, 2; the fake at 1.5 is 1.5, 0.5, 1.5 away: it covers the last two
    assert coverage(real, torch.tensor([[1.5]]), k=1) == pytest.approx(2 / 3)


def test_frechet_distance_has_its_analytic_values():
    x = normal(3000, 5)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    offset = torch.tensor([3.0, 0.0, 0.0, 4.0, 0.0])
    assert frechet_distance(x, x + offset) == pytest.approx(25, rel=1e-5)  # |difference of means|^2
    x = x - x.mean(0)
    spread = torch.cov(x.double().T).trace().item()
    assert frechet_distance(x, 2 * x) == pytest.approx(spread, rel=1e-5)  # tr(C + 4 C - 2 * 2 C)
    independent = frechet_distance(normal(5000, 3, seed=2), 2 + normal(5000, 3, seed=3))
    assert independent == pytest.approx(12, rel=0.03)


def test_active_units_counts_the_columns_that_vary():
    mu = normal(500, 4) * torch.tensor([1.0, 0.2, 0.05, 0.0])  # variances 1, 0.04, 0.0025, 0
    assert active_units(mu + 7) == 2


def test_psnr_has_its_known_values():
    images = torch.full((3, 1, 4, 4), 100, dtype=torch.uint8)
    assert psnr(images, images + 51) == pytest.approx(-20 * math.log10(0.2))  # an error of a fifth everywhere
    assert psnr(images, images) == math.inf


# -- bounds of a VAE ---------------------------------------------------------------------------------------


def vae(**moments: float) -> torch.nn.Module:
    """A VAE that ignores its input: p(x|z) = 1/2 a pixel, q(z|x) = N(mu, exp(logvar)) as given."""
    model = build_model("vae", SMALL_IMAGE_VAE).requires_grad_(False)
    for layer in (model.encoder.moments, model.decoder.out):
        layer.weight.zero_()
        layer.bias.zero_()
    latents = model.config.latents
    model.encoder.moments.bias[:latents] = moments.get("mu", 0.0)
    model.encoder.moments.bias[latents:] = moments.get("logvar", 0.0)
    return model


def test_nll_is_the_known_one_where_nothing_is_encoded():
    images = (normal(7, 1, 4, 4) > 0).float()
    for k in (1, 50):
        assert nll_bound(vae(), images, k) == pytest.approx(16 * math.log(2), rel=1e-6)


def test_nll_k1_adds_the_divergence_and_more_draws_take_it_away():
    images = torch.zeros(4000, 1, 4, 4)
    model = vae(mu=1.0, logvar=0.5)  # wider than the prior, so that importance weights are tame
    exact = 16 * math.log(2)  # -log p(x), whatever q is
    divergence = 2 * 0.5 * (1 + math.exp(0.5) - 1 - 0.5)
    k1, k50 = nll_bound(model, images, 1), nll_bound(model, images[:500], 50)
    assert k1 == pytest.approx(exact + divergence, abs=0.1)
    assert exact - 0.05 < k50 < exact + 0.1 * divergence


def test_log_importance_averages_to_the_elbo():
    torch.manual_seed(0)
    model, draws = build_model("vae", SMALL_IMAGE_VAE).requires_grad_(False), 20_000
    x = (normal(1, 1, 4, 4) > 0).float()
    mu, logvar = model.encode(x)
    noise = normal(draws, 2)
    z = mu + noise * (0.5 * logvar).exp()
    reconstruction = log_bernoulli(x.expand(draws, -1, -1, -1), model.decoder(z)).mean()
    elbo = reconstruction - kl_per_dimension(mu, logvar).sum()
    weights = model.log_importance(x.expand(draws, -1, -1, -1), mu.expand(draws, -1), logvar.expand(draws, -1), noise)
    error = weights.std().item() / draws**0.5
    assert weights.mean().item() == pytest.approx(elbo.item(), abs=5 * error + 1e-3)


def test_nll_falls_with_k_and_an_images_draws_are_its_own():
    torch.manual_seed(0)
    model = build_model("vae", SMALL_IMAGE_VAE).requires_grad_(False)
    model.encoder.moments.bias.copy_(torch.tensor([1.0, -1.0, 0.5, -1.0]))
    images = (normal(600, 1, 4, 4) > 0).float()
    bounds = [nll_bound(model, images, k) for k in (1, 5, 50)]
    assert bounds[0] > bounds[1] > bounds[2]

    def of_the_last_50(images: torch.Tensor) -> float:
        return nll_bound(model, images, 1) * 600 - nll_bound(model, images[:550], 1) * 550

    others = torch.cat((images[:550].flip(0), images[550:]))
    assert of_the_last_50(others) == pytest.approx(of_the_last_50(images), abs=1e-3)


# -- losses of a GPT ---------------------------------------------------------------------------------------


def gpt(trained: bool = True, vocab: int = 30) -> torch.nn.Module:
    torch.manual_seed(0)
    model = build_model("gpt", TINY_GPT | {"vocab_size": vocab, "dropout": 0.5}).requires_grad_(False)
    if trained:
        for p in model.parameters():
            torch.nn.init.normal_(p, std=0.3)
    return model


def ids(n: int, vocab: int = 30) -> torch.Tensor:
    return torch.randint(vocab, (n,), generator=torch.Generator().manual_seed(0))


def test_losses_of_an_untrained_gpt_are_those_of_guessing():
    model = gpt(trained=False)
    assert val_loss(model, ids(100), blocks=25) == pytest.approx(math.log(30), rel=1e-6)
    assert val_loss_sliding(model, ids(100)) == pytest.approx(math.log(30), rel=1e-6)


def test_val_loss_is_repeatable_and_sees_the_whole_text():
    model, text = gpt(), ids(18)  # 2 possible blocks: starts 0 and 1
    assert val_loss(model, text, blocks=50) == val_loss(model, text, blocks=50)
    logits = model(torch.stack((text[:16], text[1:17])))
    both = torch.nn.functional.cross_entropy(
        logits.transpose(1, 2), torch.stack((text[1:17], text[2:])), reduction="none"
    )
    low, high = sorted(both.mean(1).tolist())
    assert low < val_loss(model, text, blocks=50) < high


def test_sliding_windows_predict_every_character_once_and_from_a_good_context():
    for block in (1, 2, 3, 7, 8):
        for length in range(2, 60):
            size = min(block, length - 1)
            seen = []
            for start, skip in windows(length, block):
                assert 0 <= start <= length - 1 - size
                assert start == 0 or skip >= size // 2 or size < 2
                seen += range(start + skip + 1, start + size + 1)
            assert seen == list(range(1, length))


@pytest.mark.parametrize("length", [2, 10, 17])
def test_sliding_loss_of_a_short_text_is_the_plain_one(length):
    model, text = gpt(), ids(length)
    plain = torch.nn.functional.cross_entropy(model(text[None, :-1])[0], text[1:])
    assert val_loss_sliding(model, text) == pytest.approx(plain.item(), rel=1e-5)


def test_sliding_loss_of_a_long_text_is_the_one_by_hand():
    model, text = gpt(), ids(41)
    total = 0.0
    # 40 predictions: windows at 0, 8 and 16 score 16, 8 and 8 characters; the last, at 24, scores 8
    for start, skip in ((0, 0), (8, 8), (16, 8), (24, 8)):
        logits = model(text[None, start : start + 16])[0, skip:]
        total += torch.nn.functional.cross_entropy(logits, text[start + skip + 1 : start + 17], reduction="sum").item()
    assert val_loss_sliding(model, text) == pytest.approx(total / 40, rel=1e-5)


# -- the command line --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A data root: 60 + 40 drawn digits in MNIST's format, and a short text in Shakespeare's place."""
    root = tmp_path_factory.mktemp("data")
    (root / "MNIST" / "raw").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for prefix, count in (("train", 60), ("t10k", 40)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.stack([digit(str(label), *rng.integers(2, 10, 2)) for label in labels])
        write_idx(root / "MNIST" / "raw" / f"{prefix}-images-idx3-ubyte", images)
        write_idx(root / "MNIST" / "raw" / f"{prefix}-labels-idx1-ubyte", labels)
    (root / "text").mkdir()
    (root / "text" / "tinyshakespeare.txt").write_text(TEXT)
    vouch(root / "text" / "tinyshakespeare.txt")
    return root


def digit(text: str, x: int, y: int) -> np.ndarray:
    picture = Image.new("L", (28, 28))
    ImageDraw.Draw(picture).text((int(x), int(y)), text, fill=255, font=ImageFont.load_default())
    return np.asarray(picture)


def write_idx(path: Path, array: np.ndarray) -> None:
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(header + array.tobytes())
    vouch(path)


@pytest.fixture
def folder(tmp_path, root, monkeypatch) -> Path:
    """Freshly initialised checkpoints of every family, in the working directory; the data root is set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENAI_DATA", str(root))
    torch.manual_seed(0)
    alphabet = "".join(sorted(set(TEXT)))
    save(tmp_path / "gan.safetensors", "gan", TINY_GAN, "mnist")
    save(tmp_path / "vae.safetensors", "vae", TINY_VAE, "mnist")
    tokens = {"image_size": 28, "channels": 1, "levels": (8, 5, 5), "widths": (4,), "blocks": 1, "hidden": 8}
    save(tmp_path / "tokenizer.safetensors", "tokenizer", tokens, "mnist")
    save(tmp_path / "classifier-digits.safetensors", "classifier", TINY_CLASSIFIER, "mnist")
    tokenizer = {"kind": "char", "alphabet": alphabet}
    save(
        tmp_path / "gpt.safetensors",
        "gpt",
        TINY_GPT | {"vocab_size": len(alphabet)},
        "shakespeare",
        tokenizer,
    )
    return tmp_path


def save(path: Path, family: str, config: dict, dataset: str, tokenizer: dict | None = None) -> None:
    save_checkpoint(path, build_model(family, config), Meta(family, config, dataset=dataset, tokenizer=tokenizer))


EXPECTED = {
    "gan": dict.fromkeys(
        ("class_accuracy", "coverage", "density", "fd", "kd", "memorised_share", "spectrum_distance"), 40
    ),
    "vae": {
        "coverage_prior": 40,
        "fd_prior": 40,
        "fd_reconstruction": 40,
        "psnr": 40,
        "ssim": 40,
        "nll_k1": 40,
        "nll_k50": 40,
        "active_units": 40,
    },
    "gpt": {"val_loss": 2400, "val_loss_sliding": len(TEXT) - int(0.9 * len(TEXT)) - 1},
    "classifier-digits": {"classifier_accuracy": 40},
    "tokenizer": {"psnr": 40},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_command_line_prints_json_and_saves_it(name, folder, capsys):
    path = folder / f"{name}.safetensors"
    weights = load_file(path)
    judge = weights_sha256(folder / "classifier-digits.safetensors")[:12]
    assert main([path.name, "--save"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {r["metric"]: r["n"] for r in records} == EXPECTED[name]
    for r in records:
        assert r["checkpoint"] == path.name and r["device"] and r["unit"] and r["seconds"] >= 0
        assert r["split"] == ("val" if name == "gpt" else "test")
        assert math.isfinite(r["value"])
        if (name == "gan" and r["metric"] != "spectrum_distance") or r["metric"].endswith("_prior"):
            assert r["features"] == f"classifier-digits {judge}" and r["features_learned"] == "mnist"
        if r["metric"].startswith("fd"):
            assert r["floor"] > 0 and (r["floor_n"], r["floor_split"]) == (30, "second")
        if r["metric"].startswith("coverage"):
            assert 0 <= r["ceiling"] <= 1 and (r["ceiling_n"], r["ceiling_split"]) == (30, "second")
        if r["unit"] == "share":
            assert 0 <= r["value"] <= 1
    assert read_meta(path).metrics == {r["metric"]: r for r in records}
    after = load_file(path)
    assert weights.keys() == after.keys() and all(torch.equal(weights[k], after[k]) for k in weights)


def test_command_line_measures_what_is_asked_for(folder, capsys):
    before = (folder / "gan.safetensors").read_bytes()
    assert main(["gan.safetensors", "--metric", "fd", "coverage", "fd", "--n", "20"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["metric"], r["n"]) for r in records] == [("fd", 20), ("coverage", 20)]
    assert (folder / "gan.safetensors").read_bytes() == before  # nothing is kept without --save
    assert main(["gpt.safetensors", "--n", "30"]) == 0
    assert [json.loads(line)["n"] for line in capsys.readouterr().out.splitlines()] == [30, 30]


def test_another_classifier_is_another_feature_space(folder, capsys):
    other = folder / "elsewhere" / "judge.safetensors"
    save(other, "classifier", TINY_CLASSIFIER, "mnist")
    assert main(["gan.safetensors", "--metric", "fd", "--classifier", str(other)]) == 0
    assert json.loads(capsys.readouterr().out)["features"] == f"judge {weights_sha256(other)[:12]}"


def test_classifier_is_looked_for_in_checkpoints_too(folder, capsys):
    (folder / "checkpoints").mkdir()
    (folder / "runs").mkdir()
    (folder / "classifier-digits.safetensors").rename(folder / "checkpoints" / "classifier-digits.safetensors")
    (folder / "gan.safetensors").rename(folder / "runs" / "gan.safetensors")
    assert main(["runs/gan.safetensors", "--metric", "class_accuracy"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gan.safetensors", "--metric", "fid"], ["fid", "class_accuracy, coverage, density, fd"]),
        (["gan.safetensors", "--metric", "val_loss"], ["val_loss", "class_accuracy, coverage, density, fd"]),
        (["nowhere.safetensors"], ["nowhere.safetensors"]),
        (["gan.safetensors", "--classifier", "no.safetensors"], ["no.safetensors"]),
        (["gan.safetensors", "--classifier", "vae.safetensors"], ["vae.safetensors", "classifier"]),
        (["gan.safetensors", "--n", "many"], ["many", "whole number"]),
        (["gan.safetensors", "--n", "41"], ["41", "10 to 40"]),
        (["vae.safetensors", "--metric", "nll_k1", "--n", "0"], ["1 to 40"]),
        (["gan.safetensors", "--device", "abacus"], ["abacus", "auto, ", "cpu"]),
        (["colour.safetensors"], ["channels 3", "channels 1"]),
        (["judge.safetensors"], ["judge.safetensors (judge on folder)", "judge on data with judge", "gan"]),
        (["mute.safetensors"], ["mute.safetensors", "vocabulary of 65"]),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments, said, folder, capsys):
    save(folder / "colour.safetensors", "vae", TINY_VAE | {"channels": 3}, "mnist")
    save(folder / "judge.safetensors", "judge", {"widths": (4, 4), "depths": (1, 1), "features": 4}, "folder")
    save(folder / "mute.safetensors", "gpt", TINY_GPT, "shakespeare")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1
    assert all(words in err for words in said), err


def test_a_missing_classifier_is_told_with_the_places(folder, capsys):
    (folder / "classifier-digits.safetensors").unlink()
    assert main([str(folder / "gan.safetensors")]) == 2
    err = capsys.readouterr().err
    assert str(folder / "classifier-digits.safetensors") in err
    assert str(Path("checkpoints") / "classifier-digits.safetensors") in err and "train.py classifier-digits" in err


def test_unknown_words_on_the_command_line_exit_2_in_one_line(folder, capsys):
    assert main(["gan.safetensors", "--bogus"]) == 2
    err = capsys.readouterr().err
    assert "--bogus" in err and len(err.splitlines()) == 1


# -- what the metrics of images look at --------------------------------------------------------------------


def test_test_set_is_binarised_once_for_all(folder):
    context = Context(folder / "vae.safetensors")
    grey, ones = context.test.images, binarised(context, 40)
    assert set(ones.unique().tolist()) == {0.0, 1.0}
    assert not ones[grey == 0].any() and ones[grey == 255].all()
    assert torch.equal(ones[:10], binarised(context, 10))


def test_sample_i_has_seed_i_and_the_class_of_test_image_i(folder):
    few, all_ = Context(folder / "gan.safetensors", n=20), Context(folder / "gan.safetensors")
    assert torch.equal(pictures.sample_images(few), pictures.sample_images(all_)[:20])
    context = Context(folder / "gan.safetensors")
    context.model.sample = lambda z, labels: (labels / 9 * 2 - 1).view(-1, 1, 1, 1).expand(-1, 1, 28, 28)
    space(context).network.classify = lambda images: (
        images.float().mean((1, 2, 3))[:, None],
        (images[:, 0, 0, 0] / 255 * 9).round().long(),
    )
    assert class_accuracy.measure(context)["value"] == 1


def test_a_value_that_is_not_finite_is_still_json(folder, monkeypatch):
    bad = METRICS["active_units"].__class__(
        lambda context: {"value": math.nan, "unit": "latents", "split": "test", "n": 1}, ("vae",)
    )
    monkeypatch.setitem(METRICS, "active_units", bad)
    (record,) = measure(folder / "vae.safetensors", ["active_units"])
    assert record["value"] is None


def test_metrics_apply_by_family_data_set_and_condition():
    compared = ["coverage", "density", "fd", "kd", "memorised_share", "spectrum_distance"]
    assert metrics_for(Meta("gan", {}, dataset="mnist")) == ["class_accuracy", *compared]
    assert "class_accuracy" not in metrics_for(Meta("gan", {"classes": 0}, dataset="mnist"))
    assert metrics_for(Meta("gan", {}, dataset="folder")) == compared  # no network knows its classes
    assert metrics_for(Meta("text2image", {}, dataset="mnist-words")) == ["word_accuracy"]
    assert metrics_for(Meta("judge", {}, dataset="mnist")) == []
    with pytest.raises(UserError):
        next(measure("nowhere.safetensors"))
