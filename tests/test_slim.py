"""Checkpoints that hold what sampling needs, in eight bits a weight: snapshots of the way, to be looked at."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from test_training import command

import train
from genai.checkpoint import Meta, load_checkpoint, read_meta, save_checkpoint
from genai.errors import UserError
from genai.generation.engine import Engine, actions_of
from genai.models import build_model
from genai.models.eight_bits import STEP, rounded, widened

MODEL = "gan-styled"


def states() -> dict[str, torch.Tensor]:
    """Tensors of every kind that a model may have."""
    g = torch.Generator().manual_seed(0)
    return {
        "linear": torch.randn(5, 7, generator=g),
        "convolution": torch.randn(4, 3, 3, 3, generator=g) * torch.tensor([1e-3, 1.0, 30.0, 0.0]).view(4, 1, 1, 1),
        "tiny": torch.full((2, 3), 1e-9),
        "bias": torch.randn(5, generator=g),
        "count": torch.tensor(12345),
        "indices": torch.arange(6).view(2, 3),
    }  # fmt: skip


def test_no_weight_is_further_off_than_half_a_step_of_its_row():
    before = states()
    small = rounded(before)
    after = widened(small)
    assert after.keys() == before.keys()
    for name in ("linear", "convolution", "tiny"):
        assert small[name].dtype == torch.int8 and small[name].abs().max() <= 127
        steps = small[name + STEP].float().view(-1, *[1] * (before[name].ndim - 1))
        largest = before[name].flatten(1).abs().amax(1)
        assert (steps.flatten() <= largest / 127 * 1.001 + 2**-24).all(), "no step is longer than it has to be"
        # A step is itself rounded to half precision: 2^-11 of it, 127 times at most.
        assert ((after[name] - before[name]).abs() <= steps * (0.5 + 127 * 2**-11)).all()
    assert torch.equal(after["bias"], before["bias"].half()) and torch.equal(after["indices"], before["indices"])
    assert after["count"] == 12345 and not after["convolution"][3].any()


def test_what_was_rounded_once_stays():
    once = widened(rounded(states()))
    again = widened(rounded(once))
    for name in ("linear", "convolution", "tiny"):
        step = rounded(once)[name + STEP].float().view(-1, *[1] * (once[name].ndim - 1))
        assert ((again[name] - once[name]).abs() <= step / 16).all()


@pytest.fixture(scope="module")
def folder(engine, tmp_path_factory):
    """The styled GAN, whole and slim."""
    folder = tmp_path_factory.mktemp("slim")
    model, meta = load_checkpoint(engine.folder / f"{MODEL}.safetensors")
    save_checkpoint(folder / "whole.safetensors", model, meta)
    meta.slim = True
    save_checkpoint(folder / "slim.safetensors", model, meta)
    return folder


def test_a_slim_file_is_half_the_size_and_holds_the_generator_alone(folder):
    whole, slim = (load_file(folder / f"{name}.safetensors") for name in ("whole", "slim"))
    assert all(name.startswith("generator.") for name in slim)
    assert {name for name in slim if not name.endswith(STEP)} == {n for n in whole if n.startswith("generator.")}
    wide = [name for name, t in whole.items() if name in slim and t.ndim > 1]
    assert sum(slim[name].nbytes for name in wide) * 2 == sum(whole[name].nbytes for name in wide)
    model, meta = load_checkpoint(folder / "slim.safetensors")
    assert meta.slim and model.discriminator is None and model.encoder is None and not model.training


def test_it_draws_nearly_the_same_and_can_be_asked_for_the_same_but_a_match(folder):
    engine = Engine(folder, device="cpu")
    one, same = (
        engine.generate(name, "sample", {"seed": 1, "count": 64}).pixels.astype(int) for name in ("whole", "slim")
    )
    other = engine.generate("whole", "sample", {"seed": 101, "count": 64}).pixels.astype(int)
    assert np.abs(one - same).mean() < 0.05 * np.abs(one - other).mean()
    assert set(actions_of(engine.shelf.get("whole"))) - set(actions_of(engine.shelf.get("slim"))) == {"match"}
    with pytest.raises(UserError) as caught:
        engine.generate("slim", "match", {})
    assert caught.value.code == "unknown_action"
    assert engine.generate("slim", "steer", {"amounts": [1, 0]}).pixels.any()


def forged(folder, tmp_path, change) -> str:
    """The slim file, its tensors and its description changed by somebody."""
    path = folder / "slim.safetensors"
    tensors = load_file(path)
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))["__metadata__"]
    meta = json.loads(header["genai"])
    change(tensors, meta)
    save_file(tensors, tmp_path / "forged.safetensors", {**header, "genai": json.dumps(meta)})
    return str(tmp_path / "forged.safetensors")


BASE = "generator.base.weight"
FORGERIES = {
    "another shape": lambda tensors, meta: tensors.update({BASE: tensors[BASE][:-1].contiguous()}),
    "more steps than rows": lambda tensors, meta: tensors.update({BASE + STEP: torch.ones(10_000).half()}),
    "one step": lambda tensors, meta: tensors.update({BASE + STEP: torch.ones(1).half()}),
    "steps of nothing": lambda tensors, meta: tensors.update({f"generator.nothing{STEP}": torch.ones(3).half()}),
    "steps of a bias": lambda tensors, meta: tensors.update({f"generator.out.bias{STEP}": torch.ones(3).half()}),
    "a discriminator": lambda tensors, meta: tensors.update({"discriminator.x": torch.ones(3)}),
    "one tensor less": lambda tensors, meta: tensors.pop(BASE),
    "steps that are none": lambda tensors, meta: tensors.update({BASE + STEP: tensors[BASE + STEP] * torch.nan}),
    "not slim": lambda tensors, meta: meta.update(slim=False),
    "slim as a word": lambda tensors, meta: meta.update(slim="yes"),
    "a wider model": lambda tensors, meta: meta["config"].update(widths=[60_000, 60_000, 60_000]),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_slim_file_is_refused(folder, tmp_path, forgery):
    path = forged(folder, tmp_path, FORGERIES[forgery])
    with pytest.raises(UserError) as caught:
        load_checkpoint(path)
    assert caught.value.code == "checkpoint_broken" and "forged.safetensors" in str(caught.value)


def test_families_that_sample_with_all_they_have_keep_it(tmp_path):
    config = dict(widths=(8,), hidden=8, latents=3)
    torch.manual_seed(0)
    model = build_model("vae", config).eval()
    save_checkpoint(tmp_path / "vae.safetensors", model, Meta("vae", config, slim=True))
    read, _ = load_checkpoint(tmp_path / "vae.safetensors")
    z = torch.randn(2, 3)
    assert (read.decode(z) - model.decode(z)).abs().max() < 0.05
    assert set(read.state_dict()) == set(model.state_dict())


@pytest.mark.parametrize("family", ["gan"])
def test_a_run_s_snapshots_are_slim_and_another_run_may_begin_with_one(tiny, data_root, tmp_path):
    """With its generator; the discriminator that it lacks is a fresh one."""
    assert train.main(command(tiny, data_root, tmp_path, steps=3, snapshots=2)) == 0
    folder = tmp_path / tiny.preset
    snapshot = folder / f"{folder.name}@1.safetensors"
    assert read_meta(snapshot).slim and not read_meta(folder / f"{folder.name}.safetensors").slim
    assert read_meta(snapshot).extra["losses"]
    words = command(tiny, data_root, tmp_path, steps=1, init=str(snapshot), run="after", lr=0.0)
    assert train.main(words) == 0
    before, _ = load_checkpoint(snapshot)
    after, meta = load_checkpoint(tmp_path / "after" / "after.safetensors")
    assert meta.step == 2 and after.discriminator is not None and not meta.slim
    for name, t in before.generator.state_dict().items():
        torch.testing.assert_close(after.generator.state_dict()[name], t, rtol=1e-3, atol=1e-4)
