"""A run among other runs and after accidents: one in a folder at a time, nothing lost, and a sentence for whatever is wrong."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from conftest import PATIENCE, ROOT, environment, in_fork, run_python, tiny_family
from PIL import Image
from test_training import LONG_STEP, command, folder_of, logged_steps

import app
import train
from genai.checkpoint import atomic, load_state
from genai.training import loop
from genai.training.lock import LOCK, check_free, only_run


@pytest.fixture
def vae(data_root, tmp_path):
    """(words, folder) of a short run."""
    tiny = tiny_family("vae", data_root)
    return command(tiny, data_root, tmp_path), folder_of(tiny, tmp_path)


@pytest.fixture
def ended_pid() -> int:
    """Of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


class One:
    """A group of one process; `elsewhere`: one of its processes has been refused."""

    def __init__(self, first: bool = True, elsewhere: bool = False):
        self.first, self.elsewhere, self.device = first, elsewhere, torch.device("cpu")

    def sum(self, tensors: list[torch.Tensor]) -> None:
        for tensor in tensors:
            tensor += self.elsewhere


# -- two runs ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def training(words: list[str], folder: Path, go: Path):
    """`train.py` in a process of its own, in the middle of its sixth step until `go` is there."""
    process = subprocess.Popen(
        [sys.executable, "-c", LONG_STEP, "vae", str(go), *words],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + PATIENCE
        while process.poll() is None and not ((folder / "log.jsonl").exists() and len(logged_steps(folder)) > 2):
            assert time.monotonic() < until
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_run_in_the_folder_is_told_who_is_there(vae, tmp_path, capsys):
    """And after kill -9 of the first, the same command goes on; what it left half written is gone."""
    words, folder = vae
    with training(words, folder, tmp_path / "go") as first:
        before = (folder / "log.jsonl").read_bytes()
        for more in ([], ["--dry_run"], ["--lr", "0.5"]):
            assert train.main([*words, *more]) == 2
            message = capsys.readouterr().err
            assert f"Process {first.pid} on " in message and str(folder) in message and time.strftime("%Y-") in message
        assert (folder / "log.jsonl").read_bytes() == before
        half_written = folder / f".state.pt.{first.pid}.tmp"
        half_written.write_bytes(b"half")
        first.kill()
        first.wait()
    assert load_state(folder / "state.pt")["step"] == 3
    assert train.main(words) == 0
    assert logged_steps(folder) == [2, 3, 4, 6, 8] and not half_written.exists()
    assert (folder / LOCK).read_bytes() == b"", "a run that is over claims nothing"


def test_two_processes_are_refused_together(vae, tmp_path):
    words, folder = vae
    with training(words, folder, tmp_path / "go") as first:
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
        done = run_python(*launcher, "train.py", *words, timeout=PATIENCE)
        assert done.returncode != 0 and done.stderr.count(f"error: Process {first.pid} on ") == 1
        assert "RuntimeError" not in done.stderr and logged_steps(folder) == [2, 3, 4]


def test_the_lock_goes_with_its_process_not_with_its_children(tmp_path):
    program = f"""
import os, pathlib, signal, sys, time
sys.path.insert(0, {str(ROOT / "tests")!r})
from genai.training.lock import only_run
from test_runs import One
with only_run(pathlib.Path({str(tmp_path)!r}), One()):
    child = os.fork()
    if child == 0:
        time.sleep({PATIENCE})
    print(child, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment(), cwd=ROOT)
    child = int(process.stdout.readline())
    process.wait()
    try:
        os.kill(child, 0)
        check_free(tmp_path)
        with only_run(tmp_path, One()):
            assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    finally:
        os.kill(child, signal.SIGKILL)


def test_all_processes_of_a_run_hear_that_it_is_refused(tmp_path):
    with pytest.raises(SystemExit) as ended, only_run(tmp_path, One(first=False, elsewhere=True)):
        pass
    assert ended.value.code == 2
    with only_run(tmp_path / "new", One(first=False)):
        assert not (tmp_path / "new").exists(), "only the first process writes"


def test_a_lock_that_says_nothing_yet(tmp_path):
    """Between taking the lock and writing who has it."""
    with only_run(tmp_path, One()), (tmp_path / LOCK).open("r+") as file:
        file.truncate(0)
        # that closed a file of the lock's: take it again
    from genai.training import lock

    with (tmp_path / LOCK).open("a+") as file:
        assert lock._take(file)

        def other():
            with pytest.raises(lock.UserError, match=r"Process \? on \?"):
                check_free(tmp_path)

        assert in_fork(other) == 0


def test_half_written_files_of_the_dead_go_those_of_the_living_stay(tmp_path, ended_pid):
    target = tmp_path / "state.pt"
    mine, others = (tmp_path / f".state.pt.{pid}.tmp" for pid in (os.getppid(), ended_pid))
    another = tmp_path / f".model.safetensors.{ended_pid}.tmp"
    strange = [tmp_path / name for name in (".tmp", ".state.pt.tmp", ".state.pt.x.tmp", "state.pt.1.tmp")]
    for path in (mine, others, another, *strange):
        path.touch()
    with atomic(target) as temporary:
        temporary.write_text("whole")
    assert target.read_text() == "whole" and mine.exists() and not others.exists()
    assert another.exists() and all(path.exists() for path in strange)
    with only_run(tmp_path, One()):
        assert mine.exists() and not another.exists() and all(path.exists() for path in strange)


# -- files that are not what they should be ------------------------------------------------------------------


def foreign(state: dict) -> None:
    state["model"] = {"weight": torch.zeros(3)}


def other_shapes(state: dict) -> None:
    state["ema"] = {name: t[..., None] for name, t in state["ema"].items()}


def no_optimizer(state: dict) -> None:
    state["optimizers"] = {name: [] for name in state["optimizers"]}


STATES = {
    "foreign weights": foreign,
    "other shapes": other_shapes,
    "no optimizer": no_optimizer,
    "no step": lambda state: state.pop("step"),
    "a word for a step": lambda state: state.update(step="three"),
    "no fingerprint": lambda state: state.update(fingerprint=None),
    "a fingerprint of another kind": lambda state: state.update(fingerprint={"model": 3}),
}


@pytest.mark.parametrize("change", STATES.values(), ids=STATES)
def test_a_state_of_something_else(change, vae, capsys):
    words, folder = vae
    assert train.main([*words, "--stop_after", "3"]) == 0
    state = load_state(folder / "state.pt")
    change(state)
    torch.save(state, folder / "state.pt")
    assert_refused(words, capsys, "state.pt cannot be read (it is not the state of this run)", "Delete it")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_state_that_is_cut_short(share, vae, capsys):
    words, folder = vae
    assert train.main([*words, "--stop_after", "3"]) == 0
    whole = (folder / "state.pt").read_bytes()
    (folder / "state.pt").write_bytes(whole[: int(share * len(whole))])
    assert_refused(words, capsys, "state.pt cannot be read (it is cut short or damaged)", "Delete it")


def test_a_state_with_code_in_it(vae, capsys):
    words, folder = vae
    folder.mkdir()
    torch.save({"step": Path("x")}, folder / "state.pt")
    assert_refused(words, capsys, "state.pt cannot be read (train.py did not write it)")


def test_a_state_beyond_the_end(vae, capsys):
    words, folder = vae
    assert train.main([*words, "--stop_after", "3"]) == 0
    state = load_state(folder / "state.pt")
    torch.save({**state, "step": 12}, folder / "state.pt")
    assert_refused(words, capsys, "state.pt stands at step 12", "ends at step 8")


def assert_refused(words: list[str], capsys, *said: str) -> None:
    """In one line."""
    capsys.readouterr()
    assert train.main(words) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ") and message.count("\n") == 1 and all(part in message for part in said), message


@pytest.mark.parametrize("line", ["}", '{"loss": 1}', '{"step": null}', "[1]}", "\0\0\0}", "\xff}"], ids=repr)
def test_a_bad_line_in_the_log_is_told_and_dropped(line, vae, capsys):
    words, folder = vae
    words = [*words, "--log_every", "1"]
    assert train.main([*words, "--stop_after", "4"]) == 0
    log = folder / "log.jsonl"
    first, *rest = log.read_text().splitlines()
    log.write_bytes("\n".join([first, line, *rest]).encode("latin-1") + b"\n")
    assert train.main(words) == 0
    assert f"Line 2 of {log}" in capsys.readouterr().err
    assert logged_steps(folder) == list(range(1, 9))


# -- precision -----------------------------------------------------------------------------------------------


def test_what_auto_means_is_settled_when_a_run_begins(vae, monkeypatch, capsys):
    """A machine on which it means something else says so, and how to go on as it began."""
    words, folder = vae
    words = [*words, "--precision", "auto"]

    def computes_in(precision: str) -> None:
        monkeypatch.setattr(loop, "pick_precision", lambda asked, device: precision if asked == "auto" else asked)

    computes_in("fp32")
    assert train.main([*words, "--stop_after", "3"]) == 0
    assert load_state(folder / "state.pt")["fingerprint"]["train"]["precision"] == "fp32"
    computes_in("bf16")
    assert_refused(words, capsys, "precision: fp32 -> bf16", "--precision fp32")
    assert train.main([*words, "--precision", "fp32"]) == 0


# -- Ctrl-C --------------------------------------------------------------------------------------------------

# Runs a program as `python` would, with Ctrl-C where it imports torch, or whatever module is named first.
INTERRUPTED = """
import os, runpy, signal, sys
where, words = sys.argv[1], sys.argv[2:]
class Spy:
    def find_spec(self, name, path=None, target=None):
        if name == where:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Spy())
sys.path.insert(0, "")
if words[0] == "-m":
    sys.argv = words[1:]
    runpy.run_module(words[1], run_name="__main__", alter_sys=True)
else:
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")
"""

INTERRUPTIONS = {
    "train.py at the start": ("torch", ["train.py", "gan-digits"]),
    "train.py before the loop": ("genai.training.loop", ["train.py", "gan-digits", "--device", "cpu"]),
    "app.py": ("torch", ["app.py"]),
    "the page's libraries": ("gradio", ["app.py"]),
    "genai": ("torch", ["-m", "genai", "gan-digits"]),
}


@pytest.mark.parametrize("where, words", INTERRUPTIONS.values(), ids=INTERRUPTIONS)
def test_control_c_while_it_starts(where, words):
    done = run_python("-c", INTERRUPTED, where, *words)
    assert done.returncode == 130 and "Traceback" not in done.stderr, done


# train.py, which is interrupted by itself: `times` times while its data is read, or in its third step.
BY_ITSELF = """
import os, runpy, signal, sys
from genai.data import mnist
from genai.models import FAMILIES
where, times, sys.argv = sys.argv[1], int(sys.argv[2]), ["train.py", *sys.argv[3:]]
load, losses = mnist.load, FAMILIES["vae"].losses

def interrupt():
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGINT)

def reading(split, root):
    if where == "data":
        interrupt()
    return load(split, root)

def stepping(self, batch):
    if where == "step" and batch.step == 2:
        interrupt()
    yield from losses(self, batch)

mnist.load, FAMILIES["vae"].losses = reading, stepping
runpy.run_path("train.py", run_name="__main__")
"""


@pytest.mark.parametrize("where, times, said", [("data", 1, "at once"), ("step", 2, "at once"), ("step", 1, "step 3")])
def test_control_c_while_it_trains(where, times, said, vae):
    words, folder = vae
    done = run_python("-c", BY_ITSELF, where, times, *words, "--save_every", "2", "--shards", "1")
    assert done.returncode == 130 and "Traceback" not in done.stderr, done
    assert said in done.stdout + done.stderr and f"python train.py {words[0]}" in done.stdout + done.stderr
    assert (folder / "state.pt").exists() == (where == "step")
    if where == "step":
        assert load_state(folder / "state.pt")["step"] == (2 if times == 2 else 3)


# -- from a folder of one's own to the page ------------------------------------------------------------------


def test_pictures_of_ones_own_come_to_the_page_by_the_command_that_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for i in range(12):
        Image.new("RGB", (20, 16), (20 * i, 90, 255 - 20 * i)).save(tmp_path / f"{i}.png")
    words = (
        "gan-digits --dataset folder --data_root . --image_size 8 --channels 3 --run photos --steps 2 --batch_size 4"
    )
    assert train.main([*words.split(), "--widths", "8,8", "--d_widths", "8,8", "--device", "cpu"]) == 0
    said = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines() if ": python " in line)
    assert "runs/photos/photos.safetensors" in said["measure it"]
    program, name, *words = shlex.split(said["see it"])
    assert (program, name) == ("python", "app.py")

    opened = []
    monkeypatch.setattr("genai.ui.build_ui", lambda engine: opened.append(engine) or Page())
    assert app.main([*words, "--device", "cpu"]) == 0
    (engine,) = opened
    assert [entry.name for entry in engine.shelf.of("gan")] == ["photos"]
    assert engine.generate("photos", "sample", {"seed": 7}).pixels.shape == (8, 8, 3)


class Page:
    def launch(self, **settings):
        pass
