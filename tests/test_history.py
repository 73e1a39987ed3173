"""What a checkpoint says of the runs that made it, and the snapshots of its way."""

from __future__ import annotations

import itertools
import json

import pytest
import torch
from conftest import tiny_family
from test_training import assert_same_model, command, folder_of, same

import train
from genai.checkpoint import Meta, load_checkpoint, load_state, read_meta, save_state, update_meta, weights_sha256
from genai.training.config import RunConfig
from genai.training.history import recorded


def test_a_run_is_recorded_by_the_loop(data_root, tmp_path):
    tiny = tiny_family("vae", data_root)
    assert train.main(command(tiny, data_root, tmp_path, seed=5, run="mine")) == 0
    path = tmp_path / "mine" / "mine.safetensors"
    meta = read_meta(path)
    (record,) = meta.history
    assert meta.step == record["steps"] == 8 and record["from_step"] == 0 and record["seed"] == 5
    assert (record["preset"], record["size"], record["begun_from"]) == ("vae-digits", "cpu", None)
    assert record["options"]["steps"] == 8 and record["options"]["widths"] == [16, 8] and "lr" not in record["options"]
    assert record["seconds"] > 0
    assert "image_size" not in record["options"] and "run" not in record["options"], "data and place are no options"


def test_the_history_of_what_a_run_begins_from_is_carried_on(data_root, tmp_path):
    """And is the same for a run that was stopped in between."""
    tiny = tiny_family("vae", data_root)
    assert train.main(command(tiny, data_root, tmp_path, run="first")) == 0
    first = tmp_path / "first" / "first.safetensors"
    update_meta(first, lambda meta: meta.metrics.update(nll={"value": 1.0}))  # figures do not change what it is
    words = command(tiny, data_root, tmp_path, run="second", steps=5, init=first)
    assert train.main([*words, "--stop_after", "2"]) == 0
    second = tmp_path / "second" / "second.safetensors"
    stopped = read_meta(second).history[-1]
    assert read_meta(second).step == 10 and stopped["steps"] == 2
    state = tmp_path / "second" / "state.pt"
    save_state(state, load_state(state) | {"seconds": 1000.0})  # it took its time
    assert train.main(words) == 0
    meta = read_meta(second)
    assert meta.step == 13 and [r["steps"] for r in meta.history] == [8, 5]
    assert 1000 < meta.history[1]["seconds"] < 1100, "summed over what it was stopped by"
    assert meta.history[0] == read_meta(first).history[0] and meta.history[1]["from_step"] == 8
    assert meta.history[1]["begun_from"] == {"name": "first.safetensors", "sha256": weights_sha256(first)}
    assert not meta.metrics, "figures of another model"


def test_an_old_checkpoint_says_what_it_knows(data_root, tmp_path):
    """One record, of its description; what came before that nobody knows."""
    training = {"seed": 3, "lr": 0.5, "steps": 900, "init": "runs/x/before.safetensors"}
    meta = Meta("vae", {}, preset="vae-digits", size="cpu", step=700, training=training)
    assert recorded(meta) == [{
        "steps": 700, "from_step": 0, "seed": 3, "options": {"lr": 0.5, "steps": 900}, "preset": "vae-digits",
        "size": "cpu", "begun_from": {"name": "before.safetensors", "sha256": None},
    }]  # fmt: skip
    assert recorded(Meta("vae", {})) == [], "random weights have none"
    json.dumps(recorded(meta))


@pytest.mark.parametrize("count", [1, 8, 40])
def test_snapshots_lie_close_at_the_beginning(count: int):
    steps = sorted(RunConfig(snapshots=count).snapshot_steps(9_000))
    assert len(steps) == count and steps[0] == 0 and steps[-1] < 9_000
    gaps = [b - a for a, b in zip(steps, [*steps[1:], 9_000])]
    assert gaps == sorted(gaps) or count == 40
    assert RunConfig().snapshot_steps(9_000) == set()


def test_snapshots_are_checkpoints(data_root, tmp_path):
    """From the untrained model on, with what it lost; the same whether the run was stopped or not."""
    tiny = tiny_family("vae", data_root)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert train.main(command(tiny, data_root, whole, snapshots=3, log_every=1)) == 0
    stopped = command(tiny, data_root, parts, snapshots=3, log_every=1)
    assert train.main([*stopped, "--stop_after", "2"]) == 0 and train.main(stopped) == 0
    found = sorted(folder_of(tiny, whole).glob("*@*.safetensors"), key=lambda p: read_meta(p).step)
    assert [p.name for p in found] == [f"vae-digits@{step}.safetensors" for step in (0, 1, 4)]
    for path in found:
        model, meta = load_checkpoint(path)
        assert meta.step == meta.history[-1]["steps"] == int(path.stem.partition("@")[2])
        assert ("vae/loss" in meta.extra["losses"]) == (meta.step > 0)
        other, _ = load_checkpoint(folder_of(tiny, parts) / path.name)
        assert same(model.state_dict(), other.state_dict())
    weights = [load_checkpoint(p)[0].decoder.out.weight for p in found]
    assert not any(torch.equal(a, b) for a, b in itertools.pairwise(weights))
    without = tmp_path / "without"
    assert train.main(command(tiny, data_root, without, log_every=1)) == 0
    last = [folder_of(tiny, root) / "vae-digits.safetensors" for root in (whole, parts, without)]
    for path in last[1:]:  # looking back changes nothing
        assert_same_model(last[0], path)
