"""Three digits in one picture: the data, how its modes are counted, and when a run was stable."""

from __future__ import annotations

import math
import pickle
import shutil

import numpy as np
import pytest
import torch
from conftest import ROOT

from genai.checkpoint import Meta, save_checkpoint
from genai.data import about, load_dataset
from genai.metrics import measure, metrics_for, pictures
from genai.metrics.context import Context
from genai.metrics.features import space
from genai.metrics.modes import is_stable, modes
from genai.models import build_model

GAN = dict(image_size=28, channels=3, classes=0, z_dim=8, body="dcgan", d_body="dcgan", widths=(8, 8), d_widths=(8, 8),
           loss="non_saturating", penalty="none")  # fmt: skip


def test_a_picture_is_three_digits_of_the_split_and_its_target_their_number(data_root):
    stacked, digits = load_dataset("stacked-mnist", "test", data_root), load_dataset("mnist", "test", data_root)
    images, numbers = pickle.loads(pickle.dumps(stacked.make))(5, np.arange(200))
    assert images.shape == (200, 3, 28, 28) and images.dtype == torch.uint8 and stacked.shape == (3, 28, 28)
    known = {image.numpy().tobytes(): int(label) for image, label in zip(digits.images, digits.labels)}
    for image, number in zip(images, numbers.tolist()):
        assert [known[channel.numpy().tobytes()] for channel in image] == [int(digit) for digit in f"{number:03}"]
    assert torch.equal(stacked.make(5, np.array([7, 3]))[0], images[[7, 3]]), (
        "picture i depends on the seed and i alone"
    )
    assert not torch.equal(stacked.make(6, np.arange(200))[1], numbers)
    assert stacked.decides() == {"image_size": 28, "channels": 3, "classes": 0}


def test_modes_are_counted_and_uneven_ones_diverge():
    everything = torch.arange(1000).repeat(3)
    assert modes(everything, 1000) == (1000, pytest.approx(0, abs=1e-12))
    assert modes(torch.zeros(50, dtype=torch.int64), 1000) == (1, pytest.approx(math.log(1000)))
    half = torch.arange(500).repeat(2)
    assert modes(half, 1000) == (500, pytest.approx(math.log(2)))
    uneven = torch.cat((everything, torch.zeros(9000, dtype=torch.int64)))
    assert modes(uneven, 1000)[0] == 1000 and modes(uneven, 1000)[1] > 3, "all there, most of them rare"
    noisy = torch.randint(1000, (10_000,), generator=torch.Generator().manual_seed(0))
    found, divergence = modes(noisy, 1000)
    assert found >= 998 and divergence == pytest.approx(999 / 20_000, rel=0.2)  # (modes - 1) / 2 n, by chance alone


def run(*counts: int, losses: dict[int, float] | None = None) -> list[dict]:
    """Ten moments of a run of 900 steps."""
    return [{"step": 100 * i, "modes": c, "loss": (losses or {}).get(i, 1.0)} for i, c in enumerate(counts)]


def test_a_stable_run_keeps_its_modes_and_its_losses():
    kept = (0, 100, 300, 500, 700, 800, 850, 900, 880, 890)
    assert is_stable(run(*kept), 900)
    assert not is_stable(run(*kept[:7], 700, 880, 890), 900), "lost some in the last third"
    assert is_stable(run(0, 100, 200, 300, 400, 500, 550, 560, 650, 900), 900), "still finding more"
    assert is_stable(run(0, 900, 300, *kept[3:]), 900), "lost some, and found them again in time"
    assert not is_stable(run(*kept[:9], 1), 900), "lost them at the end"
    assert not is_stable(run(*kept, losses={8: 11.0}), 900) and is_stable(run(*kept, losses={2: 5.0, 8: 11.0}), 900)
    assert not is_stable(run(*kept[:9]), 900), "never came to its end"
    assert not is_stable(run(1000)[:1], 900) and not is_stable([], 900)


@pytest.fixture
def place(data_root, tmp_path):
    """A GAN of stacked digits with three snapshots of its way, and the classifier that ships."""
    torch.manual_seed(0)
    shutil.copy(ROOT / "checkpoints" / "classifier-digits.safetensors", tmp_path)
    for step in (0, 40, 80, 100):
        name = "mine.safetensors" if step == 100 else f"mine@{step}.safetensors"
        extra = (
            {"losses": {"discriminator/loss": 1.5, "generator/loss": -2.5, "generator/grad_norm": 99.0}} if step else {}
        )
        meta = Meta("gan", GAN, dataset="stacked-mnist", step=step, training={"steps": 100, "seed": 0}, extra=extra,
                    slim=step < 100)  # fmt: skip
        save_checkpoint(tmp_path / name, build_model("gan", GAN), meta)
    return tmp_path


def test_each_channel_is_read_by_itself(place, data_root):
    context = Context(place / "mine.safetensors", root=data_root, device="cpu", n=40)
    images, numbers = context.pictures("test", np.arange(40))
    seen = space(context).look(images, "pictures")
    assert seen.features.shape == (40, 3 * 64) and (seen.predicted == numbers).float().mean() > 0.6  # drawn digits
    network = space(context).network
    features, digits = network.classify(images[:, 1:2])
    assert torch.equal(seen.predicted // 10 % 10, digits) and torch.allclose(
        seen.features[:, 64:128], features, atol=1e-4
    )


def test_a_gans_modes_are_measured_with_its_way(place, data_root, monkeypatch):
    real = load_dataset("stacked-mnist", "test", data_root)

    def drawn(context, seeds) -> np.ndarray:
        """Ever more of what there is, from snapshot to snapshot."""
        indices = np.asarray(seeds) % max(1, context.meta.step)
        return real.make(1, indices)[0].permute(0, 2, 3, 1).numpy()

    monkeypatch.setattr(pictures, "_gan", drawn)
    (record,) = measure(place / "mine.safetensors", ["modes"], root=data_root, device="cpu", n=300)
    assert [moment["step"] for moment in record["way"]] == [0, 40, 80, 100]
    counts = [moment["modes"] for moment in record["way"]]
    assert counts[0] == 1 and counts == sorted(counts) and record["value"] == counts[-1] > 50
    assert [moment["loss"] for moment in record["way"]] == [0, 2.5, 2.5, 0] and record["unit"] == "modes of 1,000"
    assert record["real"] > record["value"] and record["kl"] > record["real_kl"] > 0 and record["n"] == 300
    assert record["stable"] is True, "it never drew fewer than before"
    for snapshot in place.glob("*@*"):
        snapshot.unlink()
    (record,) = measure(place / "mine.safetensors", ["modes"], root=data_root, device="cpu", n=300)
    assert record["stable"] is None and len(record["way"]) == 1, "nobody knows"


def test_modes_are_of_stacked_pictures_alone():
    assert "modes" in metrics_for(Meta("gan", {}, dataset="stacked-mnist")) and about("stacked-mnist").stacked
    assert "modes" not in metrics_for(Meta("gan", {}, dataset="mnist"))
