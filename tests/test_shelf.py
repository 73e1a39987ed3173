"""The shelf: what lies in the checkpoint folders, while files come, change and go."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import threading
import time
from pathlib import Path

import pytest
import torch
from conftest import PATIENCE

from genai import checkpoint
from genai.checkpoint import Meta, save_checkpoint, update_meta, weights_sha256
from genai.errors import UserError
from genai.generation import shelf as module
from genai.generation.engine import Engine
from genai.generation.shelf import Shelf
from genai.models import build_model

CONFIG = dict(widths=(8, 8), d_widths=(8, 8), z_dim=8)
CPU = torch.device("cpu")


def write(path: Path, value: int = 1, **meta) -> Path:
    """A small GAN whose every weight is `value`, so that a model tells which version of the file it came from."""
    model = build_model("gan", CONFIG)
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(value)
    save_checkpoint(path, model, Meta("gan", CONFIG, step=value, **{"classes": [*"0123456789"], **meta}))
    return path


def value_of(loaded) -> int:
    values = torch.cat([p.flatten() for p in loaded.model.parameters()]).unique()
    assert len(values) == 1, "half of one version and half of another"
    return int(values)


def at_rest(path: Path) -> Path:
    """As if it had been written long ago."""
    os.utime(path, (1e9, 1e9))
    return path


def refusal(code: str, call, *args) -> UserError:
    with pytest.raises(UserError) as caught:
        call(*args)
    assert caught.value.code == code, str(caught.value)
    return caught.value


def names(entries) -> list[str]:
    return [entry.name for entry in entries]


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """The files whose weights were read, in order."""
    seen, original = [], module.open_checkpoint

    def spy(path, device):
        seen.append(Path(path).stem)
        return original(path, device)

    monkeypatch.setattr(module, "open_checkpoint", spy)
    return seen


# -- descriptions and weights --------------------------------------------------------------------------------


def test_thirty_checkpoints_are_described_without_their_weights(tmp_path, opened, monkeypatch):
    first = write(tmp_path / "m00.safetensors", dataset="mnist")
    for i in range(1, 30):
        shutil.copy(first, tmp_path / f"m{i:02}.safetensors")
    monkeypatch.setattr(module, "file_sha256", lambda path: pytest.fail("read for its digest"))
    engine = Engine(tmp_path, device="cpu")
    entries = engine.shelf.of("gan")
    assert names(entries) == [f"m{i:02}" for i in range(30)] and engine.shelf.of("vae") == []
    assert engine.check("m29", "sample", {"seed": 3})["seed"] == 3
    assert entries[7].meta.dataset == "mnist" and entries[7].about.label == "digit" and entries[7].config.z_dim == 8
    assert entries[7].bytes == first.stat().st_size and not opened
    assert engine.get("m03").name == "m03" and engine.get("m03") is engine.get("m03") and opened == ["m03"]


def test_one_reading_gives_weights_and_digests(tmp_path):
    path = write(tmp_path / "a.safetensors", 3)
    shelf = Shelf(tmp_path, CPU)
    digest = shelf.get("a").sha256
    loaded = shelf.load("a")
    assert value_of(loaded) == 3
    assert digest == loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.weights_sha256 == weights_sha256(path)


def test_what_was_asked_for_longest_ago_is_let_go(tmp_path, opened):
    for name in "abcd":
        write(tmp_path / f"{name}.safetensors")
    shelf = Shelf(tmp_path, CPU)
    size = shelf.load("a").memory
    assert size == sum(t.nbytes for t in shelf.load("a").model.state_dict().values())
    shelf.limit = 2.5 * size
    shelf.load("b")
    shelf.load("a")
    shelf.load("c")  # b goes
    opened.clear()
    for name in "ac":
        shelf.load(name)
    assert opened == []
    shelf.load("b")  # a goes
    shelf.load("c")
    assert opened == ["b"]
    shelf.limit = 1  # one is always held
    assert value_of(shelf.load("d")) == 1 and shelf.load("d") is shelf.load("d")
    assert opened == ["b", "d"]


def test_two_who_ask_at_once_read_it_once(tmp_path, opened):
    write(tmp_path / "a.safetensors")
    shelf, found = Shelf(tmp_path, CPU), []
    threads = [threading.Thread(target=lambda: found.append(shelf.load("a"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == ["a"] and len(found) == 8 and len({id(loaded) for loaded in found}) == 1


# -- files that come, change and go --------------------------------------------------------------------------


def test_new_files_are_found_and_gone_ones_forgotten(tmp_path):
    engine = Engine(tmp_path, device="cpu")
    assert engine.shelf.entries() == []
    refusal("checkpoint_missing", engine.get, "a")
    path = write(tmp_path / "a.safetensors")
    assert value_of(engine.get("a")) == 1 and names(engine.shelf.entries()) == ["a"]
    write(tmp_path / "b.safetensors", 2)
    assert names(engine.shelf.of("gan")) == ["a", "b"] and value_of(engine.first("gan", "b")) == 2
    path.unlink()
    assert "Models: b." in str(refusal("unknown_model", engine.get, "a"))
    assert names(engine.shelf.entries()) == ["b"]
    write(tmp_path / "a.safetensors", 3)
    assert value_of(engine.get("a")) == 3


@pytest.mark.parametrize("how", ["renamed into its place", "copied over it"])
def test_a_changed_file_is_another_model(tmp_path, how):
    engine = Engine(tmp_path, device="cpu")
    at_rest(write(tmp_path / "a.safetensors", 1))
    before = engine.get("a")
    new = write(tmp_path / "new", 2)
    (os.replace if how.startswith("renamed") else shutil.copyfile)(new, tmp_path / "a.safetensors")
    after = engine.get("a")
    assert (value_of(before), value_of(after)) == (1, 2) and before.sha256 != after.sha256
    assert engine.generate("a", "sample", {}).receipt["sha256"] == after.sha256
    assert engine.shelf.get("a").meta.step == 2


def test_figures_written_later_are_seen(tmp_path):
    shelf = Shelf(tmp_path, CPU)
    path = write(tmp_path / "a.safetensors")
    before = shelf.load("a")
    update_meta(path, lambda meta: meta.metrics.update(fd={"value": 1.5}))
    assert shelf.get("a").meta.metrics == {"fd": {"value": 1.5}}
    after = shelf.load("a")
    assert after.sha256 != before.sha256 and after.weights_sha256 == before.weights_sha256


def test_a_file_that_is_still_on_its_way_is_looked_at_again(tmp_path):
    """Copied into the folder piece by piece: damaged at first, and sound as soon as it is whole."""
    whole = write(tmp_path / "whole", 5).read_bytes()
    engine, path = Engine(tmp_path, device="cpu"), tmp_path / "a.safetensors"
    for length in (0, 4, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        refusal("checkpoint_broken", engine.get, "a")
    path.write_bytes(whole)
    assert value_of(engine.get("a")) == 5
    path.write_bytes(bytes(len(whole)))  # of one size and, on a coarse clock, one date with what it becomes
    stamp = path.stat()
    refusal("checkpoint_broken", engine.get, "a")
    path.write_bytes(whole)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert value_of(engine.get("a")) == 5


@pytest.mark.parametrize("when", ["before its weights are read", "after"])
def test_a_file_that_is_replaced_while_it_is_opened_is_not_kept_as_damaged(tmp_path, monkeypatch, when):
    at_rest(write(tmp_path / "a.safetensors", 1))
    new = write(tmp_path / "new", 2)
    shelf, original, turns = Shelf(tmp_path, CPU), module.open_checkpoint, []

    def hooked(path, device):
        turns.append(1)
        if len(turns) > 1:
            return original(path, device)
        if when == "after":
            loaded = original(path, device)
            os.replace(new, path)
            return loaded
        os.replace(new, path)
        raise UserError("checkpoint_broken", name="a.safetensors", cause="half of it")

    monkeypatch.setattr(module, "open_checkpoint", hooked)
    assert value_of(shelf.load("a")) == (1 if when == "after" else 2)
    assert value_of(shelf.load("a")) == 2 and shelf.get("a").problem is None


def test_weights_are_read_of_one_version_of_the_file(tmp_path, monkeypatch):
    """Written over between header and weights: the reader says so, and the shelf reads it again."""
    path = at_rest(write(tmp_path / "a.safetensors", 1))
    other = write(tmp_path / "other", 2).read_bytes()
    shelf = Shelf(tmp_path, CPU)
    original, turns = json.loads, []

    def parse_then_write(text, **how):
        found = original(text, **how)
        turns.append(1)
        if len(turns) == 1:
            path.write_bytes(other)
        return found

    monkeypatch.setattr(checkpoint.json, "loads", parse_then_write)
    assert value_of(shelf.load("a")) == 2 and len(turns) > 2


def test_a_request_fits_the_version_that_answers_it(tmp_path, monkeypatch):
    """Replaced by a model of other classes, or another family, between a request's check and its answer."""
    at_rest(write(tmp_path / "a.safetensors", 1))
    new = [write(tmp_path / "cats", 2, classes=[f"cat {i}" for i in range(10)]), tmp_path / "judge"]
    save_checkpoint(new[1], build_model("judge", {}), Meta("judge", {}))
    engine, original = Engine(tmp_path, device="cpu"), module.open_checkpoint

    def hooked(path, device):
        os.replace(new.pop(0), path)
        return original(path, device)

    monkeypatch.setattr(module, "open_checkpoint", hooked)
    refusal("bad_choice", engine.generate, "a", "sample", {"label": "3"})
    engine.shelf._loaded.clear()
    refusal("unknown_action", engine.generate, "a", "sample", {"label": "cat 3"})
    refusal("checkpoint_missing", engine.generate, "a", "sample", {})  # nothing is left that can be asked


# -- what cannot be used -------------------------------------------------------------------------------------


def test_each_broken_file_keeps_its_own_problem(tmp_path, opened):
    write(tmp_path / "good.safetensors")
    at_rest(write(tmp_path / "misnamed.safetensors", classes=["cat"]))
    weights = at_rest(write(tmp_path / "weights.safetensors"))
    raw = bytearray(weights.read_bytes())
    raw[-2:] = b"\x00\x7e"  # half-precision NaN
    weights.write_bytes(raw)
    at_rest(weights)
    at_rest(write(tmp_path / "cut.safetensors")).write_bytes(b"no tensors")
    at_rest(tmp_path / "cut.safetensors")
    (tmp_path / ".hidden.safetensors").write_bytes(b"a file that is being written")
    engine = Engine(tmp_path, device="cpu")
    problems = {entry.name: entry.problem for entry in engine.shelf.entries()}
    assert [*problems] == ["cut", "good", "misnamed", "weights"]
    assert problems["good"] is None and problems["weights"] is None  # only whoever reads them all finds out
    assert "1 names for 10 classes" in str(problems["misnamed"])
    assert engine.shelf.find("misnamed").family == "gan" and engine.shelf.find("cut").family == ""
    for _ in range(3):
        assert "not finite" in str(refusal("checkpoint_broken", engine.get, "weights"))
        assert "cut.safetensors" in str(refusal("checkpoint_broken", engine.get, "cut"))
    assert opened == ["weights"] and names(engine.shelf.of("gan")) == ["good"]
    assert engine.first("gan", "weights").name == "good"
    write(weights, 4)  # mended
    assert value_of(engine.get("weights")) == 4


def test_a_tokenizer_that_does_not_fit_is_found_at_once(engine, tmp_path):
    path = shutil.copy(engine.folder / "text2image-scenes.safetensors", tmp_path)
    update_meta(path, lambda meta: meta.tokenizer["words"].pop())
    (entry,) = Shelf(tmp_path, CPU).entries()
    assert "words for" in str(entry.problem)


# -- folders and snapshots -----------------------------------------------------------------------------------


def test_several_folders_are_one_shelf(tmp_path):
    for folder, name, value in (("a", "x", 1), ("b", "x", 2), ("b", "y", 3)):
        write(tmp_path / folder / f"{name}.safetensors", value)
    engine = Engine([tmp_path / "a", tmp_path / "b", tmp_path / "nowhere"], device="cpu")
    assert names(engine.shelf.entries()) == ["x", "y"]
    assert value_of(engine.get("x")) == 1 and value_of(engine.get("y")) == 3
    (tmp_path / "a" / "x.safetensors").unlink()
    assert value_of(engine.get("x")) == 2
    write(tmp_path / "nowhere" / "z.safetensors", 4)
    assert names(engine.shelf.of("gan")) == ["x", "y", "z"]


def test_snapshots_stand_with_their_model(tmp_path):
    write(tmp_path / "photos.safetensors", 9)
    for step in (1000, 200, 30):
        write(tmp_path / f"photos@{step}.safetensors", step % 7)
    write(tmp_path / "me@home.safetensors")
    engine = Engine(tmp_path, device="cpu")
    assert names(engine.shelf.of("gan")) == names(engine.shelf.entries()) == ["me@home", "photos"]
    photos = engine.shelf.get("photos")
    assert photos.snapshots == ("photos@30", "photos@200", "photos@1000") and photos.step == -1
    for name in photos.snapshots:
        step = engine.shelf.get(name).step
        assert value_of(engine.get(name)) == step % 7
        assert engine.generate(name, "sample", {}).receipt["model"] == name
    assert "photos@30" not in str(refusal("unknown_model", engine.get, "photos@31"))
    (tmp_path / "photos@200.safetensors").unlink()
    engine.shelf.entries()
    assert engine.shelf.get("photos").snapshots == ("photos@30", "photos@1000")


# -- many at once --------------------------------------------------------------------------------------------


def test_asking_while_files_are_replaced_added_and_deleted(tmp_path):
    """Whatever happens to the files, an answer is one whole version of one of them, or that it is not there."""
    versions = {value: write(tmp_path / f"version{value}", value).read_bytes() for value in (1, 2, 3)}
    digests = {hashlib.sha256(raw).hexdigest(): value for value, raw in versions.items()}
    engine = Engine(tmp_path, device="cpu", limit=1)
    for name in "abc":
        (tmp_path / f"{name}.safetensors").write_bytes(versions[1])
    stop, failures, answers = threading.Event(), [], []

    def change(seed: int) -> None:
        rng, name = random.Random(seed), "abc"[seed]
        path = tmp_path / f"{name}.safetensors"
        while not stop.is_set():
            raw = versions[rng.choice([1, 2, 3])]
            if seed == 0:  # as `cp` does
                path.write_bytes(raw)
            elif seed == 1:  # as training does
                (tmp_path / "temporary").write_bytes(raw)
                os.replace(tmp_path / "temporary", path)
            else:
                path.unlink(missing_ok=True)
                time.sleep(0.002)
                path.write_bytes(raw)
            time.sleep(rng.random() * 0.02)

    def ask(seed: int) -> None:
        rng = random.Random(seed)
        while not stop.is_set():
            try:
                loaded = engine.get(rng.choice("abc"))
                assert digests[loaded.sha256] == value_of(loaded) == loaded.meta.step
                assert set(names(engine.shelf.of("gan"))) <= set("abc")
                answers.append(loaded.name)
            except UserError as error:
                # c goes and comes; a is written over without a break, so that it may never be found whole
                if error.code not in ("unknown_model", "checkpoint_missing", "checkpoint_broken"):
                    failures.append(error)
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=change, args=(i,)) for i in range(3)]
    threads += [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PATIENCE
    while {*answers} != {*"abc"} or len(answers) < 60:
        assert time.monotonic() < deadline and not failures, (failures, len(answers))
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    for name in "abc":  # at rest again
        (tmp_path / f"{name}.safetensors").write_bytes(versions[3])
        assert value_of(engine.get(name)) == 3
    assert all(entry.problem is None for entry in engine.shelf.entries())
