"""Readers: what worker processes make is what this process would have made, and they end when it does."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import PATIENCE, ROOT, environment, tiny_family
from test_training import command, folder_of

from genai.checkpoint import load_state
from genai.data import LazyImages, Procedural, load_dataset
from genai.data.read import MOST_WORKERS, Share, count_workers, reader
from genai.errors import UserError
from genai.training.config import RunConfig, TrainConfig
from genai.training.distributed import Group
from genai.training.prepare import prepare

CPU = torch.device("cpu")


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def until(condition, seconds: float = PATIENCE) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.mark.parametrize("targets, layered", [("plan", True), ("attributes", False), ("classes", False)])
def test_workers_make_what_this_process_would(targets: str, layered: bool):
    """From any step on, of any share, and after a jump."""
    data = load_dataset("scenes", targets=targets, layered=layered)
    for first, rows in ((0, 6), (3, 3)):
        share = Share(6, 5, 7, first, rows)
        ahead, here = (reader(data, share, CPU, workers) for workers in (2, 0))
        for step in (0, 1, 3, 4, 2, 9):
            for made, expected in zip(ahead(step), here(step), strict=True):
                assert made.dtype == expected.dtype and torch.equal(made, expected) and len(made) == rows


def test_a_worker_s_error_keeps_its_words():
    def make(seed: int, indices: np.ndarray):
        if 7 in indices:
            raise UserError("data_does_not_fit", family="VAE", needs="images", got=f"nothing at {indices[0]}")
        return torch.zeros(len(indices), 1, 8, 8, dtype=torch.uint8), torch.zeros(len(indices), dtype=torch.int64)

    ahead = reader(Procedural(make, (1, 8, 8)), Share(2, 9, 0, 0, 2), CPU, workers=2)
    for step in range(3):
        ahead(step)
    with pytest.raises(UserError, match="nothing at 6") as caught:
        ahead(3)
    assert caught.value.code == "data_does_not_fit"


def test_workers_are_no_more_than_shared_memory_has_room_for(monkeypatch):
    """Containers often have 64 MB of it; a worker that finds it full is killed without a word."""
    data = load_dataset("scenes", targets="classes")
    step = 6 * 3 * 64 * 64 + 6 * 8
    for free, workers in ((0, 0), (2 * 4 * step - 1, 0), (2 * 4 * step, 1), (10**9, 2)):
        monkeypatch.setattr("shutil.disk_usage", lambda place, free=free: SimpleNamespace(free=free))
        ahead, here = (reader(data, Share(6, 5, 7, 0, 6), CPU, count) for count in (2, 0))
        for number in range(3):
            assert torch.equal(ahead(number)[0], here(number)[0])
        assert len(ahead.stream._workers if ahead.stream else ()) == workers


@pytest.mark.parametrize("dataset, targets", [("scenes", "plan"), ("mnist-words", "plan"), ("mnist-words", "classes")])
def test_what_is_made_can_be_made_elsewhere(dataset: str, targets: str, data_root):
    """By a process that shares no memory with this one, as on a Mac."""
    data = load_dataset(dataset, "train", data_root, targets=targets)
    elsewhere = pickle.loads(pickle.dumps(data))
    for here, there in zip(data.make(3, np.arange(4)), elsewhere.make(3, np.arange(4))):
        assert torch.equal(here, there)


def test_how_many_workers(monkeypatch):
    """As many as there are cores for: a GPU leaves them all but one, a CPU those that the model does not compute on."""
    made = Procedural(lambda seed, indices: None, (1, 8, 8))
    lazy = LazyImages([], torch.zeros(0), lambda path: None, (1, 8, 8))
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: range(6), raising=False)
    torch.set_num_threads(2)
    cuda = torch.device("cuda")
    assert [count_workers(n, CPU, made) for n in (0, 3, -1)] == [0, 3, 4]
    assert count_workers(-1, CPU, made, world=3) == 0 and count_workers(-1, CPU, lazy, world=3) == 2
    assert count_workers(-1, cuda, made) == 5 and count_workers(-1, cuda, made, world=6) == 1
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: range(100), raising=False)
    assert count_workers(-1, cuda, made) == count_workers(-1, CPU, lazy) == MOST_WORKERS


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda n: n.name)
def test_workers_end_with_the_run(number: signal.Signals, data_root, tmp_path):
    """Ctrl-C reaches the whole group, kill -9 nobody's handler; nothing is left of either, and no traceback."""
    tiny = tiny_family("judge", data_root)
    words = command(tiny, data_root, tmp_path, steps=100_000, log_every=1, save_every=100_000, workers=2)
    process = subprocess.Popen(
        [sys.executable, "train.py", *words], cwd=ROOT, env=environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    run = folder_of(tiny, tmp_path)
    log = run / "log.jsonl"
    assert until(lambda: process.poll() is not None or (log.exists() and log.read_text().count("\n") > 3))
    workers = children(process.pid)
    assert len(workers) == 2 and process.poll() is None
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number), err
    assert "Traceback" not in err and "Exception" not in err
    assert until(lambda: not any(map(alive, workers))), "a worker has outlived its run"
    if number != signal.SIGKILL:
        assert load_state(run / "state.pt")["step"] > 3


def test_a_limit_is_the_first_so_many_of_any_kind_of_data(data_root, tmp_path):
    """And a step of a run has nothing else in it, whatever reads it."""
    digits = load_dataset("mnist", "train", data_root)
    few = digits.first(6)
    assert len(few) == 6 and torch.equal(few.images, digits.images[:6]) and few.classes == digits.classes
    text = load_dataset("shakespeare", "train", data_root)
    assert torch.equal(text.first(50).ids, text.ids[:50])
    made = load_dataset("mnist-words", "train", data_root, targets="classes")
    again = pickle.loads(pickle.dumps(made.first(4).make))(3, np.array([0, 5, 6, 4]))[0]
    assert torch.equal(again, made.make(3, np.array([0, 1, 2, 0]))[0])
    paths = [tmp_path / f"{i}.png" for i in range(5)]
    lazy = LazyImages(
        paths, torch.arange(5), lambda path: torch.full((1, 2, 2), int(path.stem), dtype=torch.uint8), (1, 2, 2)
    )
    assert [int(label) for _, label in (lazy.first(3)[i] for i in range(3))] == [0, 1, 2] and len(
        lazy.first(3).broken
    ) == 3
    run = RunConfig(data_root=str(data_root), device="cpu", workers=0)
    config = TrainConfig(dataset="mnist", batch_size=20, limit=6, steps=3)
    rows = prepare("gan", {}, config, run, Group(torch.device("cpu"))).batches(1).inputs
    known = {image.numpy().tobytes() for image in few.images}
    assert len(rows) == 20 and {row.numpy().tobytes() for row in rows} <= known
