"""One loop: exact to resume, the same on one process or two, honest about what goes wrong."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import FROZEN, PATIENCE, ROOT, SMALL, Tiny, environment, in_fork, tiny_family
from PIL import Image
from torch import nn

import train
from genai.checkpoint import Meta, load_checkpoint, load_state, read_meta, save_checkpoint, weights_sha256
from genai.data import LazyImages, folder, load_dataset
from genai.data.read import epoch_indices
from genai.errors import UserError
from genai.models import FAMILIES, build_model
from genai.models.layers import count_parameters
from genai.training import log, loop, resume
from genai.training.batches import Batches
from genai.training.config import RunConfig, TrainConfig
from genai.training.ema import EMA
from genai.training.presets import PRESETS

CPU = torch.device("cpu")


def command(tiny: Tiny, data_root: Path, runs_root: Path, *more, **options) -> list[str]:
    """A short run of the family's preset with its own optimizer, on drawn data."""
    settings = {
        "size": "cpu", "device": "cpu", "precision": "fp32", "threads": 1, "workers": 0, "steps": 8, "batch_size": 8,
        "warmup_steps": 2, "log_every": 2, "save_every": 3, "sample_every": 1000,
        "data_root": data_root, "runs_root": runs_root,
    } | options  # fmt: skip
    if FAMILIES[tiny.family].frozen:
        settings["frozen"] = data_root / FROZEN
    written = [word for key, value in settings.items() for word in (f"--{key}", str(value))]
    return [tiny.preset, *written, *tiny.words(), *map(str, more)]


def folder_of(tiny: Tiny, runs_root: Path) -> Path:
    return runs_root / tiny.preset


def same(a, b) -> bool:
    """Bit for bit, through dicts, lists and tensors."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return a == b


def assert_same_run(one: Path, two: Path) -> None:
    """Model, EMA, optimizers and checkpoint are bit-equal; only the clock differs."""
    a, b = load_state(one / "state.pt"), load_state(two / "state.pt")
    for part in a.keys() - {"seconds"}:
        assert same(a[part], b[part]), f"{part} differs"
    (first,), (second,) = one.glob("*.safetensors"), two.glob("*.safetensors")
    assert_same_model(first, second)


def assert_same_model(one: Path, two: Path) -> None:
    """Two checkpoints have the same weights, bit for bit, and the same description but for the seconds that they took."""
    assert weights_sha256(one) == weights_sha256(two)
    first, second = (dataclasses.asdict(read_meta(path)) for path in (one, two))
    for record in (*first["history"], *second["history"]):
        assert record.pop("seconds") > 0
    assert first == second


def logged_steps(run: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()]


# -- stop and go on ------------------------------------------------------------------------------------------


def test_a_stopped_run_goes_on_exactly(tiny: Tiny, data_root, tmp_path, capsys):
    """Stopped twice, once between two saves: the same command ends bit-equal to a run never stopped."""
    assert train.main(command(tiny, data_root, tmp_path / "whole")) == 0
    stopped = command(tiny, data_root, tmp_path / "parts")
    assert train.main([*stopped, "--stop_after", "2"]) == 0
    run = folder_of(tiny, tmp_path / "parts")
    assert load_state(run / "state.pt")["step"] == 2
    assert "stopped at step 2" in capsys.readouterr().out
    assert train.main([*stopped, "--stop_after", "3"]) == 0
    assert load_state(run / "state.pt")["step"] == 5
    assert train.main(stopped) == 0
    assert_same_run(folder_of(tiny, tmp_path / "whole"), run)
    _, meta = load_checkpoint(run / f"{tiny.preset}.safetensors")
    assert meta.step == 8 and meta.family == tiny.family and meta.preset == tiny.preset
    before = (run / "state.pt").stat().st_mtime_ns
    assert train.main(stopped) == 0, "a finished run is finished"
    assert (run / "state.pt").stat().st_mtime_ns == before


# train.py, whose sixth step takes as long as it takes until a file is there: so long that a signal surely comes before its end.
LONG_STEP = """
import pathlib, runpy, sys, time
from genai.models import FAMILIES
family, go, sys.argv = FAMILIES[sys.argv[1]], pathlib.Path(sys.argv[2]), ["train.py", *sys.argv[3:]]
losses = family.losses

def held(self, batch):
    while batch.step == 5 and not go.exists():
        time.sleep(0.01)
    yield from losses(self, batch)

family.losses = held
runpy.run_path("train.py", run_name="__main__")
"""


@pytest.mark.parametrize("family", ["gpt", "gan"])
def test_sigterm_in_the_middle(family: str, tiny: Tiny, data_root, tmp_path, capsys):
    """A real signal to a real process: its step is ended and saved, exit code 143, how to go on; and going on is exact."""
    steps, go = 12, tmp_path / "go"
    words = command(tiny, data_root, tmp_path / "parts", steps=steps, log_every=1, save_every=4)
    run = folder_of(tiny, tmp_path / "parts")
    process = subprocess.Popen(
        [sys.executable, "-c", LONG_STEP, family, str(go), *words],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and not ((run / "log.jsonl").exists() and len(logged_steps(run)) > 2):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    go.touch()
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 143, err
    stopped_at = load_state(run / "state.pt")["step"]
    assert 2 < stopped_at <= 6
    assert f"stopped at step {stopped_at}" in out and out.strip().endswith(f"python train.py {' '.join(words)}")
    load_checkpoint(run / f"{tiny.preset}.safetensors")

    assert train.main(words) == 0
    assert logged_steps(run) == list(range(1, steps + 1))
    assert train.main(command(tiny, data_root, tmp_path / "whole", steps=steps, log_every=1)) == 0
    assert_same_run(folder_of(tiny, tmp_path / "whole"), run)


def test_control_c_saves_too(data_root, tmp_path, monkeypatch, capsys):
    tiny = tiny_family("vae", data_root)
    monkeypatch.setattr("genai.generation.look.take_look", lambda *args: os.kill(os.getpid(), signal.SIGINT))
    words = command(tiny, data_root, tmp_path, sample_every=4)
    before = signal.getsignal(signal.SIGINT)
    assert train.main(words) == 130
    assert signal.getsignal(signal.SIGINT) is before
    assert load_state(folder_of(tiny, tmp_path) / "state.pt")["step"] == 4
    assert "stopped at step 4" in capsys.readouterr().out


def test_second_signal_ends_at_once():
    with pytest.raises(KeyboardInterrupt), resume.catch_signals() as caught:
        signal.raise_signal(signal.SIGINT)
        assert caught.signal == signal.SIGINT
        signal.raise_signal(signal.SIGINT)


def test_another_configuration_is_another_run(data_root, tmp_path, capsys):
    tiny = tiny_family("vae", data_root)
    words = command(tiny, data_root, tmp_path)
    assert train.main([*words, "--stop_after", "1"]) == 0
    before = (folder_of(tiny, tmp_path) / "state.pt").read_bytes()
    assert train.main([*words, "--lr", "0.5"]) == 2
    message = capsys.readouterr().err
    assert "lr: " in message and "-> 0.5" in message and "--run" in message
    assert (folder_of(tiny, tmp_path) / "state.pt").read_bytes() == before
    assert train.main([*words, "--log_every", "1", "--save_every", "1"]) == 0, "how it is logged changes nothing"


@pytest.mark.parametrize("content", [b"junk", {"step": 3}, [1, 2]], ids=repr)
def test_a_state_that_is_none(content, data_root, tmp_path, capsys):
    tiny = tiny_family("vae", data_root)
    path = folder_of(tiny, tmp_path) / "state.pt"
    path.parent.mkdir()
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    assert train.main(command(tiny, data_root, tmp_path)) == 2
    assert "state.pt" in capsys.readouterr().err


def test_log_lines_are_not_doubled(data_root, tmp_path):
    """Steps that are run again are logged once; a line cut short by a crash is dropped."""
    tiny = tiny_family("vae", data_root)
    words = command(tiny, data_root, tmp_path, log_every=1)
    assert train.main([*words, "--stop_after", "5"]) == 0
    log = folder_of(tiny, tmp_path) / "log.jsonl"
    assert logged_steps(log.parent) == [1, 2, 3, 4, 5]
    with log.open("a") as file:  # as if it had gone on, unsaved, to the power cut
        file.write('{"step": 6, "vae/loss": 1.0}\n{"step": 7, "vae/loss": 1.0}\n{"step": 8, "va')
    assert train.main(words) == 0
    assert logged_steps(log.parent) == list(range(1, 9))
    records = [json.loads(line) for line in log.read_text().splitlines()]
    for record in records:
        assert {"vae/loss", "vae/grad_norm", "learning_rate", "samples_per_second"} <= record.keys()
        assert all(np.isfinite(value) for value in record.values())


def test_samples_are_drawn_while_it_trains(data_root, tmp_path):
    for family, suffix in (("vae", "png"), ("gpt", "txt")):
        tiny = tiny_family(family, data_root)
        assert train.main(command(tiny, data_root, tmp_path, steps=4, sample_every=2)) == 0
        found = sorted(p.name for p in (folder_of(tiny, tmp_path) / "samples").iterdir())
        assert found == [f"step_0000002.{suffix}", f"step_0000004.{suffix}"]


@pytest.mark.parametrize("family", [name for name, cls in FAMILIES.items() if cls.likelihood])
def test_the_log_shows_what_held_out_data_loses(family: str, tiny: Tiny, data_root, tmp_path):
    """Of data that no step learned from, without dropout; whenever samples are drawn, and at the end."""
    assert train.main(command(tiny, data_root, tmp_path, steps=5, sample_every=2, log_every=3)) == 0
    lines = [json.loads(line) for line in (folder_of(tiny, tmp_path) / "log.jsonl").open()]
    for line in lines:
        players = {name.partition("/")[0] for name in line if name.endswith("/loss")}
        lost = {name.partition("/")[0] for name in line if name.endswith("/held_out")}
        assert lost == (players if line["step"] in (2, 4, 5) else set())
        assert all(np.isfinite(line[f"{player}/held_out"]) for player in lost)
    assert [line["step"] for line in lines] == [2, 3, 4, 5]


def test_held_out_text_loses_what_the_average_gives_it(data_root, tmp_path):
    tiny = tiny_family("gpt", data_root)
    assert train.main(command(tiny, data_root, tmp_path, dropout=0.5)) == 0
    run = folder_of(tiny, tmp_path)
    model = tiny.model()
    model.load_state_dict(load_state(run / "state.pt")["ema"])
    others = Batches(load_dataset("shakespeare", "val", data_root), 8, 1, 0, CPU, block_size=SMALL["block_size"])
    blocks = [others(step) for step in range(4)]
    expected = [F.cross_entropy(model(b.inputs).flatten(0, 1), b.targets.flatten()).item() for b in blocks]
    shown = json.loads((run / "log.jsonl").read_text().splitlines()[-1])["gpt/held_out"]
    assert shown == pytest.approx(np.mean(expected), rel=1e-4)


def test_samples_without_classes_are_a_grid(data_root, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(12):
        Image.new("L", (28, 28), 20 * i).save(pictures / f"{i}.png")
    tiny = tiny_family("gan", data_root)
    words = command(tiny, data_root, tmp_path, dataset="folder", sample_every=8)
    assert train.main([*words, "--data_root", str(pictures)]) == 0
    with Image.open(folder_of(tiny, tmp_path) / "samples" / "step_0000008.png") as grid:
        assert grid.width == grid.height, "64 of them, 8 by 8"


# -- many processes ------------------------------------------------------------------------------------------


def on_two_processes(words: list[str]) -> subprocess.CompletedProcess:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    return subprocess.run(
        [sys.executable, *launcher, "train.py", *words],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip


@pytest.mark.parametrize("family, alone", [("gan", 0), ("gpt", 3)])
def test_two_processes_do_what_one_does(family: str, alone: int, tiny: Tiny, data_root, tmp_path):
    """Bit for bit, penalties and dropout included: one process computes both halves of the batch, as two would.

    `alone`: steps that one process makes before.
    """
    two = tmp_path / "two"
    words = command(tiny, data_root, two, log_every=1, shards=2)
    assert train.main(command(tiny, data_root, tmp_path / "one", log_every=1, shards=2)) == 0
    if alone:
        assert train.main([*words, "--stop_after", str(alone)]) == 0
    done = on_two_processes(words)
    assert done.returncode == 0, done.stderr[-3000:]
    run = folder_of(tiny, two)
    assert load_state(run / "state.pt")["step"] == 8
    assert_same_run(folder_of(tiny, tmp_path / "one"), run)
    assert logged_steps(run) == list(range(1, 9)), "only the first process writes"
    assert len(list(run.glob("events.*"))) == (2 if alone else 1)
    assert done.stdout.count("done: ") == 1
    losses = [[json.loads(x) for x in (folder_of(tiny, r) / "log.jsonl").open()] for r in (tmp_path / "one", two)]
    for one, other in zip(*losses):
        assert one | {"samples_per_second": 0} == other | {"samples_per_second": 0}


def test_parts_make_up_the_step(tiny: Tiny, data_root, tmp_path):
    """However many parts the batch is cut into, the step is the whole batch's, up to rounding: what Muon makes of that while
    gradients are nearly nothing is still a hundredth of its step."""
    limit = 1e-5 if tiny.train.optimizer != "muon" else 0.01 * tiny.train.muon_lr
    states = []
    for shards in (1, 2, 4):
        root = tmp_path / str(shards)
        assert train.main(command(tiny, data_root, root, shards=shards, steps=4)) == 0
        states.append(load_state(folder_of(tiny, root) / "state.pt"))
    for part in ("model", "ema"):
        for other in states[1:]:
            difference = max((states[0][part][k] - v).abs().max().item() for k, v in other[part].items())
            assert difference < limit, f"{part} differs by {difference:.2e}"


def test_pictures_of_a_single_word_and_symbol(data_root, tmp_path):
    """Words to digits: a plan of one entry without places, tokens of one symbol."""
    tokenizer = dict(image_size=28, channels=1, levels=(8, 5, 5), widths=(8,), blocks=1, hidden=16)
    frozen = tmp_path / "tokenizer-digits.safetensors"
    save_checkpoint(frozen, build_model("tokenizer", tokenizer), Meta("tokenizer", tokenizer))
    small = [f"--{name}={size}" for name, size in (("n_layer", 1), ("n_embd", 16), ("n_head", 2), ("plan_embd", 16))]
    where = [f"--frozen={frozen}", f"--data_root={data_root}", f"--runs_root={tmp_path}", "--device=cpu"]
    assert train.main(["text2image-digits", "--steps=3", "--batch_size=4", *small, *where]) == 0
    model, meta = load_checkpoint(tmp_path / "text2image-digits" / "text2image-digits.safetensors")
    assert model.config.plan == (10,) and model.config.places == () and len(model.config.symbols) == 1
    assert list(meta.extra["plan"]) == ["digit"]


def test_parts_of_a_batch():
    """One process computes as many as divide the batch; several share them out, or take one each."""
    for batch, shards, world, parts in (
        (8, 2, 1, 2), (8, 2, 2, 1), (8, 2, 4, 1), (8, 4, 2, 2), (8, 1, 2, 1), (12, 4, 3, 1),
        (1, 2, 1, 1), (7, 2, 1, 1), (6, 4, 1, 2), (6, 4, 2, 1), (6, 100, 2, 1),
    ):  # fmt: skip
        config = TrainConfig(batch_size=batch, shards=shards)
        assert config.parts(world) == parts and batch // world % parts == 0


@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_batch_that_cannot_be_halved(batch_size: int, tiny: Tiny, data_root, tmp_path):
    assert train.main(command(tiny, data_root, tmp_path, batch_size=batch_size, steps=2)) == 0


def test_batch_that_cannot_be_shared(data_root, tmp_path, monkeypatch):
    class Three:
        world, rank, first, device = 3, 0, True, CPU

        def __init__(self, device):
            pass

        def close(self):
            pass

    monkeypatch.setattr(loop, "Group", Three)
    run = RunConfig(data_root=str(data_root), runs_root=str(tmp_path), device="cpu")
    with pytest.raises(UserError, match="multiple of 3") as caught:
        loop.train("vae", {}, TrainConfig(batch_size=8), run)
    assert caught.value.code == "batch_not_divisible" and not list(tmp_path.iterdir())


# -- what goes wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["discriminator", "generator"])
def test_non_finite_loss_names_step_and_phase(phase: str, data_root, tmp_path, monkeypatch, capsys):
    """And what was saved before is good: without the fault, the same command ends as if nothing had been."""
    tiny = tiny_family("gan", data_root)
    words = command(tiny, data_root, tmp_path / "broken", save_every=2)
    losses = FAMILIES["gan"].losses

    def faulty(self, batch):
        for name, loss, stats in losses(self, batch):
            yield name, loss * (float("nan") if batch.step == 5 and name == phase else 1), stats

    with monkeypatch.context() as patch:
        patch.setattr(FAMILIES["gan"], "losses", faulty)
        assert train.main(words) == 2
    message = capsys.readouterr().err
    assert "loss" in message and phase in message and "nan at step 5" in message and "--lr" in message
    run = folder_of(tiny, tmp_path / "broken")
    assert load_state(run / "state.pt")["step"] == 4
    assert train.main(words) == 0
    assert train.main(command(tiny, data_root, tmp_path / "whole")) == 0
    assert_same_run(folder_of(tiny, tmp_path / "whole"), run)


def test_non_finite_gradient_is_told_from_the_loss(data_root, tmp_path, monkeypatch, capsys):
    tiny = tiny_family("vae", data_root)
    losses = FAMILIES["vae"].losses

    def faulty(self, batch):
        for name, loss, stats in losses(self, batch):
            weight = self.decoder.out.weight
            yield name, loss + (0 * weight).sqrt().sum() if batch.step == 1 else loss, stats

    monkeypatch.setattr(FAMILIES["vae"], "losses", faulty)
    assert train.main(command(tiny, data_root, tmp_path)) == 2
    assert "gradient of the vae is nan at step 1" in capsys.readouterr().err


def test_absurd_learning_rate_stops_and_saves_nothing_broken(data_root, tmp_path, capsys):
    tiny = tiny_family("vae", data_root)
    assert train.main(command(tiny, data_root, tmp_path, lr=1e11, warmup_steps=0, save_every=1)) == 2
    assert "--lr" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.safetensors")) and not list(tmp_path.rglob("*.tmp"))


def test_full_disk_in_the_middle_of_a_run(data_root, tmp_path, capfd):
    """The system refuses to write more: a clear error, the last save whole; with room it goes on."""
    tiny = tiny_family("vae", data_root)
    words = command(tiny, data_root, tmp_path / "parts")
    assert train.main([*words, "--stop_after", "3"]) == 0
    run = folder_of(tiny, tmp_path / "parts")
    files = ("state.pt", "vae-digits.safetensors")
    before = [(run / name).read_bytes() for name in files]

    def with_little_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        assert train.main(words) == 2

    assert in_fork(with_little_room) == 0
    assert f"Could not write {run}" in capfd.readouterr().err
    assert [(run / name).read_bytes() for name in files] == before
    assert not list(run.glob(".*.tmp"))
    assert train.main(words) == 0
    assert train.main(command(tiny, data_root, tmp_path / "whole")) == 0
    assert_same_run(folder_of(tiny, tmp_path / "whole"), run)


def test_full_disk_while_logging(data_root, tmp_path, monkeypatch, capsys):
    tiny = tiny_family("vae", data_root)

    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device", str(tmp_path / "log.jsonl"))

    monkeypatch.setattr(log.Log, "write", full)
    assert train.main(command(tiny, data_root, tmp_path)) == 2
    assert "log.jsonl: No space left on device" in capsys.readouterr().err


def test_killed_between_checkpoint_and_state(data_root, tmp_path, monkeypatch):
    """kill -9 when the weights are saved and the state is not: some steps are run again, nothing is lost."""
    tiny = tiny_family("vae", data_root)
    words = command(tiny, data_root, tmp_path / "parts")
    run, save_state = folder_of(tiny, tmp_path / "parts"), loop.save_state

    def killed(path, state):
        if state["step"] == 6:
            os.kill(os.getpid(), signal.SIGKILL)
        save_state(path, state)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "save_state", killed)
        assert in_fork(lambda: train.main(words)) == -signal.SIGKILL
    assert load_state(run / "state.pt")["step"] == 3
    assert load_checkpoint(run / "vae-digits.safetensors")[1].step == 6
    assert train.main(words) == 0
    assert train.main(command(tiny, data_root, tmp_path / "whole")) == 0
    assert_same_run(folder_of(tiny, tmp_path / "whole"), run)


def test_data_that_does_not_fit_the_family(data_root, tmp_path, capsys):
    for family, dataset, needed in (("vae", "shakespeare", "images"), ("gpt", "mnist", "text")):
        words = command(tiny_family(family, data_root), data_root, tmp_path, dataset=dataset)
        assert train.main(words) == 2
        assert f"needs {needed}" in capsys.readouterr().err


# -- batches -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length, batch", [(10, 3), (7, 7), (5, 12), (1, 1)])
def test_an_epoch_visits_each_sample_once(length: int, batch: int):
    steps = 4 * length
    visited = np.concatenate([epoch_indices(length, 3, s * batch, batch) for s in range(steps)])
    epochs = visited[: len(visited) // length * length].reshape(-1, length)
    assert all(sorted(epoch) == list(range(length)) for epoch in epochs)
    if length > 4:
        assert len({tuple(epoch) for epoch in epochs}) > 1, "each epoch has its own order"
        other = np.concatenate([epoch_indices(length, 4, s * batch, batch) for s in range(steps)])
        assert not np.array_equal(visited, other), "and each seed"


@pytest.mark.parametrize("family", ["vae", "gpt"])
@pytest.mark.parametrize("world", [1, 2, 4])
def test_shares_make_up_the_batch(family: str, world: int, tiny: Tiny):
    """Inputs, targets and every kind of noise; of processes, and of the two parts that each computes."""

    def content(batch) -> list[torch.Tensor]:
        x = torch.ones(len(batch.inputs), 5)
        noise = batch.noise
        drawn = [noise.normal(3), noise.uniform(2, 2), noise.integers(0, 9, 4), noise.dropout(x, 0.5)]
        return [batch.inputs, batch.targets, *drawn]

    for step in (0, 77):
        whole = content(tiny.batches()(step))
        for parts in (1, 2):
            shares = [content(b) for r in range(world) for b in tiny.batches(rank=r, world=world).parts(step, parts)]
            assert len(shares) == world * parts
            for k, part in enumerate(whole):
                assert torch.equal(torch.cat([share[k] for share in shares]), part)


def test_a_step_is_a_function_of_its_number(tiny: Tiny):
    batches, again = tiny.batches(), tiny.batches()
    forth = [batches(s) for s in (0, 1, 2)]
    back = [again(s) for s in (2, 1, 0)][::-1]
    for a, b in zip(forth, back):
        assert torch.equal(a.inputs, b.inputs) and torch.equal(a.targets, b.targets) and a.step == b.step
    assert torch.equal(tiny.batches()(1).noise.normal(4), batches(1).noise.normal(4))
    assert not torch.equal(batches(1).noise.normal(4), batches(2).noise.normal(4))
    assert not torch.equal(forth[0].inputs, forth[1].inputs)
    assert not torch.equal(tiny.batches(seed=1)(0).inputs, forth[0].inputs)


def test_text_targets_are_the_next_tokens(data_root):
    tiny = tiny_family("gpt", data_root)
    batch = tiny.batches()(5)
    assert batch.inputs.shape == batch.targets.shape == (8, SMALL["block_size"])
    assert torch.equal(batch.inputs[:, 1:], batch.targets[:, :-1])
    text = tiny.data.tokenizer.decode(tiny.data.ids)
    assert all(tiny.data.tokenizer.decode(row) in text for row in batch.inputs)


def test_dropout_keeps_the_mean(data_root):
    noise = tiny_family("vae", data_root).batches(batch_size=64)(0).noise
    kept = noise.dropout(torch.ones(64, 500), 0.3)
    assert kept.unique().tolist() == [0.0, pytest.approx(1 / 0.7)]
    assert kept.mean() == pytest.approx(1, abs=0.02)
    x = torch.randn(64, 3)
    assert noise.dropout(x, 0) is x


@pytest.fixture
def lazy(tmp_path) -> LazyImages:
    for i in range(10):
        Image.new("L", (8, 8), 20 * i).save(tmp_path / f"{i}.png")
    paths = sorted(tmp_path.glob("*.png"))
    return LazyImages(paths, torch.arange(10), lambda p: folder.read_image(p, 8, 1), (1, 8, 8))


def test_a_stream_reads_what_a_resident_set_would(lazy, data_root):
    """From the first step, or where a run is resumed; past the end of an epoch; split among processes."""
    whole = load_dataset("folder", "all", lazy.paths[0].parent, image_size=8, channels=1)
    whole.labels = lazy.labels
    for start, rank, world, parts in ((0, 0, 1, 1), (3, 1, 2, 1), (2, 0, 1, 2)):
        stream = Batches(lazy, 4, 6, 0, CPU, rank, world)
        resident = Batches(whole, 4, 6, 0, CPU, rank, world)
        for step in range(start, 6):
            for a, b in zip(stream.parts(step, parts), resident.parts(step, parts), strict=True):
                assert len(a.inputs) == 4 // world // parts
                assert torch.equal(a.inputs, b.inputs) and torch.equal(a.targets, b.targets)


def test_signals_to_the_whole_group_do_not_reach_the_readers(lazy):
    """Ctrl-C and torchrun signal a whole process group; the loop must still end its step and save."""
    stream = Batches(lazy, 5, 4, 0, CPU)
    for step in range(3):  # the first is read here, the others by a reader each: both have begun
        stream(step)
    assert len(stream.read.stream._workers) == 2
    assert all(os.getpgid(worker.pid) != os.getpgid(0) for worker in stream.read.stream._workers)


def test_readers_end_with_their_last_reference(lazy):
    """At once, not when the garbage collector comes by: it may come in the thread that should tell them to end."""
    stream = Batches(lazy, 5, 4, 0, CPU)
    stream(0)
    readers = stream.read.stream._workers
    gc.disable()
    try:
        del stream
        for reader in readers:
            reader.join(PATIENCE)  # a busy machine may take its time
        assert not any(reader.is_alive() for reader in readers)
    finally:
        gc.enable()


def test_unreadable_images_in_a_stream_are_named(lazy):
    lazy.paths[7].write_bytes(b"no picture")
    stream = Batches(lazy, 5, 2, 0, CPU)
    with pytest.raises(UserError, match=r"7\.png") as caught:
        stream(0), stream(1)
    assert caught.value.code == "folder_broken"
    del stream, caught
    gc.collect()  # what the traceback still holds: the readers end now


# -- schedules and averages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: f"{p.name}-{p.size}")
def test_learning_rates_rise_and_fall_within_bounds(preset):
    config = preset.train
    scales = [config.lr_scale(step) for step in range(0, config.steps, max(1, config.steps // 500))]
    assert all(min(config.lr_end, 1 / (config.warmup_steps + 1)) <= s <= 1 for s in scales)
    after = [config.lr_scale(step) for step in range(config.warmup_steps, config.steps)]
    assert after == sorted(after, reverse=True), "after the warmup they only fall"
    assert after[0] > 0.9 and after[-1] == pytest.approx(config.lr_end, abs=0.01)


@pytest.mark.parametrize("size", ["cpu", "gpu"])
def test_words_to_pictures_stay_small(size: str):
    """The image tokenizer and the transformer together: under five million weights, ten megabytes in half precision."""
    tokenizer = build_model("tokenizer", PRESETS["tokenizer-scenes", size].model)
    fitted = FAMILIES["text2image"].adopt(PRESETS["text2image-scenes", size].model, tokenizer)
    model = build_model("text2image", fitted)
    assert model.config.tokenizer_levels == tokenizer.config.levels
    assert count_parameters(model) < 5_000_000


def test_schedules():
    linear = TrainConfig(steps=100, warmup_steps=10, schedule="linear", cooldown=0.4, lr_end=0.1)
    rise = [linear.lr_scale(s) for s in range(10)]
    assert rise == sorted(rise) and rise[0] > 0 and rise[-1] < 1
    assert all(linear.lr_scale(s) == 1 for s in range(10, 61))
    assert linear.lr_scale(80) == pytest.approx(0.1 + 0.9 * 0.5)
    cosine = TrainConfig(steps=100, lr_end=0.2)
    assert cosine.lr_scale(0) == 1 and cosine.lr_scale(50) == pytest.approx(0.6)
    for schedule in ("linear", "cosine"):
        assert TrainConfig(steps=100, schedule=schedule, lr_end=0.2, cooldown=0.5).lr_scale(100) == pytest.approx(0.2)
    assert TrainConfig(steps=10, schedule="linear", cooldown=0).lr_scale(9) == 1


def constant(value: float) -> nn.Module:
    layer = nn.Linear(3, 2)
    for p in layer.parameters():
        nn.init.constant_(p, value)
    return layer


@pytest.mark.parametrize("half_life", [1, 10, 50])
def test_after_a_half_life_half_is_forgotten(half_life: int):
    ema = EMA(constant(0.0), half_life)
    for step in range(half_life):
        ema.update(constant(1.0), step=10_000 + step)
    assert ema.model.weight[0, 0].item() == pytest.approx(0.5, abs=1e-4)


def test_early_noise_is_forgotten_quickly():
    """The half-life is a twentieth of the steps so far: after a few hundred, the first weights are gone."""
    ema = EMA(constant(0.0), half_life=1e9)
    for step in range(300):
        ema.update(constant(1.0), step)
    assert ema.model.weight.min() > 0.999
    exact = EMA(constant(0.0), half_life=0)
    exact.update(constant(3.0), 5)
    assert torch.equal(exact.model.weight, constant(3.0).weight)


def test_average_is_a_copy_without_gradients(tiny: Tiny):
    model = tiny.model()
    ema = EMA(model, 10)
    assert not ema.model.training and not any(p.requires_grad for p in ema.model.parameters())
    assert all(a is not b and torch.equal(a, b) for a, b in zip(ema.model.parameters(), model.parameters()))
    before = [p.clone() for p in model.parameters()]
    ema.update(dataclasses.replace(tiny).model(seed=9), 100)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before))
