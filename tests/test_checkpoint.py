"""Checkpoints: what goes in comes out; whatever else lies there is refused, by name and at no cost."""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import resource
import signal
import struct
import threading
from pathlib import Path

import pytest
import torch
from conftest import in_fork, run_python, tiny_family
from safetensors.torch import load_file, save_file

from genai import checkpoint
from genai.checkpoint import (
    MAX_BYTES,
    Meta,
    atomic,
    file_sha256,
    load_checkpoint,
    load_state,
    read_meta,
    save_checkpoint,
    save_state,
    save_tensors,
    update_meta,
    weights_sha256,
)
from genai.errors import UserError
from genai.models import FAMILIES


@pytest.fixture
def saved(data_root, tmp_path) -> tuple[Path, torch.nn.Module, Meta]:
    """A GPT's checkpoint, its model and its description."""
    tiny = tiny_family("gpt", data_root)
    model = tiny.model()
    meta = Meta(
        family="gpt", config=tiny.config, preset="gpt-shakespeare", size="cpu", dataset="shakespeare",
        step=70_000, tokenizer=tiny.data.tokenizer.state(), training={"lr": 1e-3}, extra={"note": "爱"},
        metrics={"val_loss": {"metric": "val_loss", "value": 1.5}},
    )  # fmt: skip
    save_checkpoint(tmp_path / "story.safetensors", model, meta)
    return tmp_path / "story.safetensors", model, meta


def refused(path: Path, *codes: str) -> str:
    """Loading raises a UserError of one of the codes that names the file, and leaves it; its message."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(UserError) as caught:
        load_checkpoint(path)
    assert caught.value.code in codes and path.name in str(caught.value)
    assert path.name in caught.value.details["name"]
    if before is not None:
        assert path.read_bytes() == before
    return str(caught.value)


def header_of(path: Path) -> tuple[dict, bytes]:
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def forge(path: Path, header: dict, body: bytes) -> Path:
    text = json.dumps(header).encode()
    target = path.with_name("forged.safetensors")
    target.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return target


def forged_meta(path: Path, **changes) -> Path:
    """The same tensors with another description."""
    header, body = header_of(path)
    meta = json.loads(header["__metadata__"]["genai"]) | changes
    header["__metadata__"]["genai"] = json.dumps(meta)
    return forge(path, header, body)


# -- what is shipped -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(Path("checkpoints").glob("*.safetensors")), ids=lambda p: p.stem)
def test_what_is_shipped_opens(path: Path):
    model, meta = load_checkpoint(path)
    _, at, step = path.stem.partition("@")  # of a snapshot, which may be what training began with
    assert meta.dataset and type(model) is FAMILIES[meta.family]
    assert meta.step == int(step) and meta.slim if at else meta.step > 0 and not meta.slim


# -- what is saved is what is loaded -------------------------------------------------------------------------


def test_metadata_comes_back(saved):
    path, _, meta = saved
    assert read_meta(path) == meta
    loaded, again = load_checkpoint(path)
    assert again == meta
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    assert all(p.dtype == torch.float32 for p in loaded.parameters())
    assert {t.dtype for t in load_file(path).values()} == {torch.float16}


def test_config_tuples_survive_json(data_root, tmp_path):
    tiny = tiny_family("vae", data_root)
    save_checkpoint(tmp_path / "v.safetensors", tiny.model(), Meta("vae", dataclasses.asdict(tiny.model().config)))
    loaded, _ = load_checkpoint(tmp_path / "v.safetensors")
    assert loaded.config == tiny.model().config and isinstance(loaded.config.widths, tuple)


def test_update_meta_leaves_the_weights_alone(saved):
    path, _, meta = saved
    before, size = load_file(path), path.stat().st_size
    update_meta(path, lambda m: m.metrics.update(n={"value": 3}))
    after = load_file(path)
    assert all(torch.equal(before[k], after[k]) for k in before.keys() | after.keys())
    assert read_meta(path) == dataclasses.replace(meta, metrics=meta.metrics | {"n": {"value": 3}})
    assert abs(path.stat().st_size - size) < 1000


def test_loading_draws_no_random_number(tiny, tmp_path):
    """A request that reads a model changes nothing for whoever draws next."""
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, tiny.model(), Meta(tiny.family, tiny.config))
    before = torch.get_rng_state()
    model, _ = load_checkpoint(path)
    assert torch.equal(torch.get_rng_state(), before)
    assert not any(t.isnan().any() for t in (*model.buffers(), *model.parameters()))


OPENED = """
import sys
from genai.checkpoint import load_checkpoint
for path in sys.argv[1:]:
    load_checkpoint(path)
print("torch._dynamo" in sys.modules)
"""


def test_loading_does_not_import_a_compiler(data_root, tmp_path):
    """As torch does at the first sum on the meta device: one to several seconds before the page answers."""
    paths = []
    for name in FAMILIES:
        tiny = tiny_family(name, data_root)
        paths.append(tmp_path / f"{name}.safetensors")
        save_checkpoint(paths[-1], tiny.model(), Meta(name, tiny.config))
    done = run_python("-c", OPENED, *paths)
    assert done.stdout.strip() == "False", done.stderr


def test_figures_do_not_rename_the_weights(saved):
    """A judge is named by its weights, so that writing its figures beside them makes it no other judge."""
    path, model, meta = saved
    before, whole = weights_sha256(path), file_sha256(path)
    update_meta(path, lambda m: m.metrics.update(n={"value": 3}))
    assert weights_sha256(path) == before and file_sha256(path) != whole
    with torch.no_grad():
        next(model.parameters()).add_(1)
    save_checkpoint(path, model, meta)
    assert weights_sha256(path) != before


def test_same_model_same_bytes(saved, tmp_path):
    """So that a model trained again has the SHA-256 that receipts name."""
    path, model, meta = saved
    for _ in range(8):
        save_checkpoint(tmp_path / "again.safetensors", model, meta)
        assert file_sha256(path) == file_sha256(tmp_path / "again.safetensors")


# -- what is refused -----------------------------------------------------------------------------------------


def test_missing(tmp_path):
    assert "train.py" in refused(tmp_path / "gone.safetensors", "checkpoint_missing")
    (tmp_path / "folder.safetensors").mkdir()
    refused(tmp_path / "folder.safetensors", "checkpoint_missing")


def test_truncated_anywhere(saved):
    path, _, _ = saved
    raw = path.read_bytes()
    (header,) = struct.unpack("<Q", raw[:8])
    for length in (0, 1, 7, 8, 9, 8 + header // 2, 8 + header, 9 + header, len(raw) // 2, len(raw) - 1):
        path.write_bytes(raw[:length])
        refused(path, "checkpoint_broken")
    path.write_bytes(raw + b"more")
    refused(path, "checkpoint_broken")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"\xff" * 1000,
        b"PK\x03\x04 a zip, perhaps a pickled one",
        pickle.dumps({"weight": [1, 2, 3]}),
        b"<!DOCTYPE html><title>404</title>",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 4) + b"null",
        struct.pack("<Q", 100_000) + b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:12]),
)
def test_garbage(content: bytes, tmp_path):
    path = tmp_path / "garbage.safetensors"
    path.write_bytes(content)
    refused(path, "checkpoint_broken", "checkpoint_foreign")


def test_a_pickle_is_never_run(tmp_path):
    """torch.save's format could run code as it loads: such a file is refused unread."""

    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "exploded"),)

    path = tmp_path / "bomb.safetensors"
    torch.save({"weight": Bomb()}, path)
    refused(path, "checkpoint_broken")
    path.rename(tmp_path / "state.pt")
    with pytest.raises(UserError, match=r"state\.pt") as caught:
        load_state(tmp_path / "state.pt")
    assert caught.value.code == "state_broken" and not (tmp_path / "exploded").exists()


def test_foreign_safetensors(tmp_path):
    path = tmp_path / "other.safetensors"
    for metadata in (None, {"format": "pt"}, {"format": "genai-99", "genai": "{}"}):
        save_file({"weight": torch.ones(2)}, path, metadata=metadata)
        refused(path, "checkpoint_foreign")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '"gpt"',
        "{}",
        '{"family": "gpt"}',
        '{"family": "gpt", "config": {}, "x": 1}',
        "[" * 10**5,
    ],
    ids=lambda text: text[:30],
)
def test_meta_that_is_none(text: str, saved):
    path, _, _ = saved
    header, body = header_of(path)
    header["__metadata__"]["genai"] = text
    refused(forge(path, header, body), "checkpoint_broken")
    del header["__metadata__"]["genai"]
    refused(forge(path, header, body), "checkpoint_broken")


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "diffusion"},
        {"family": ["gpt"]},
        {"family": None},
        {"family": "classifier"},
        {"config": None},
        {"config": []},
        {"config": {"layers": 3}},
        {"step": "many"},
        {"classes": 5},
        {"tokenizer": "abc"},
        {"metrics": []},
    ],
    ids=str,
)
def test_forged_meta(changes: dict, saved):
    message = refused(forged_meta(saved[0], **changes), "checkpoint_broken")
    if changes == {"family": "diffusion"}:
        assert all(name in message for name in FAMILIES)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_layer": 10**9},
        {"n_layer": 60_000},
        {"n_layer": -1},
        {"n_embd": 10**12},
        {"n_embd": 2**16},
        {"vocab_size": 10**18},
        {"vocab_size": 2**16},
        {"block_size": 10**15},
        {"n_head": 0},
        {"n_head": 10**30},
        {"n_layer": "2"},
        {"n_layer": 2.0},
        {"n_layer": None},
        {"n_layer": True},
        {"dropout": float("nan")},
        {"dropout": float("inf")},
        {"dropout": "x"},
        {"dropout": [0.1]},
        {"n_embd": [16, 16]},
        {"n_embd": {"a": 1}},
    ],
    ids=str,
)
def test_forged_config_costs_nothing(changes: dict, saved, monkeypatch):
    """Refused before anything of that size is allocated: real tensors are made once the shapes agree."""
    path, _, meta = saved
    forged = forged_meta(path, config=meta.config | changes)
    build = checkpoint.build_model

    def on_meta_only(family, config):
        assert torch.empty(1).is_meta, "the forged config reached memory"
        return build(family, config)

    monkeypatch.setattr(checkpoint, "build_model", on_meta_only)
    refused(forged, "checkpoint_broken")


@pytest.mark.parametrize("widths", [[], [8] * 5000, [10**9, 10**9], "ab", [8, "x"], [8.5, 8], [-1, 8]], ids=str)
def test_forged_widths(widths, data_root, tmp_path):
    tiny = tiny_family("vae", data_root)
    path = tmp_path / "v.safetensors"
    save_checkpoint(path, tiny.model(), Meta("vae", tiny.config))
    refused(forged_meta(path, config=tiny.config | {"widths": widths}), "checkpoint_broken")


def test_wrong_shapes_and_names(saved):
    path, _, meta = saved
    tensors = load_file(path)
    name, tensor = "head.weight", tensors["head.weight"]
    wrong = {
        "transposed": tensors | {name: tensor.T.contiguous()},
        "one too many": tensors | {"extra": torch.ones(1)},
        "one too few": {k: v for k, v in tensors.items() if k != name},
    }
    for change in wrong.values():
        save_tensors(path, change, meta)
        assert "tensors do not fit" in refused(path, "checkpoint_broken")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(value: float, saved):
    path, _, meta = saved
    tensors = load_file(path)
    tensors["head.weight"][0, 0] = value
    save_tensors(path, tensors, meta)
    assert "head.weight" in refused(path, "checkpoint_broken")


@pytest.mark.parametrize("value", [float("nan"), 1e6])
def test_a_model_that_blew_up_is_not_saved_over_a_good_one(value: float, saved):
    """1e6 is a number, but not in half precision."""
    path, model, meta = saved
    before = path.read_bytes()
    with torch.no_grad():
        model.head.weight[1, 1] = value
    with pytest.raises(UserError, match=r"head\.weight") as caught:
        save_checkpoint(path, model, meta)
    assert caught.value.code == "not_finite"
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_a_refused_file_can_be_replaced(saved):
    path, model, meta = saved
    path.write_bytes(b"broken")
    refused(path, "checkpoint_broken")
    save_checkpoint(path, model, meta)
    assert load_checkpoint(path)[1] == meta


# -- state ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_broken_state_is_named(length: int, tmp_path):
    path = tmp_path / "state.pt"
    save_state(path, {"step": 3, "model": {"w": torch.ones(100)}})
    assert load_state(path)["step"] == 3
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(UserError, match=r"state\.pt") as caught:
        load_state(path)
    assert caught.value.code == "state_broken"


# -- atomic --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["writing", "fsync", "replace"])
def test_full_disk_keeps_the_old_file(where: str, saved, monkeypatch):
    path, model, meta = saved
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    if where == "writing":
        monkeypatch.setattr(Path, "write_bytes", full)
    else:
        monkeypatch.setattr(os, where, full)
    for save in (lambda: save_checkpoint(path, model, meta), lambda: update_meta(path, lambda m: None)):
        with pytest.raises(UserError, match="No space left") as caught:
            save()
        assert caught.value.code == "cannot_write" and str(path) in str(caught.value)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_file_size_limit_keeps_the_old_files(saved):
    """A real refusal by the system, in the middle of the write, for both kinds of file."""
    path, model, meta = saved
    state = path.with_name("state.pt")
    save_state(state, {"step": 1, "w": torch.ones(9000)})
    before = path.read_bytes(), state.read_bytes()

    def save_on_a_full_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        with pytest.raises(UserError, match=r"story\.safetensors") as caught:
            save_checkpoint(path, model, meta)
        assert caught.value.code == "cannot_write"
        with pytest.raises(UserError, match=r"state\.pt") as caught:
            save_state(state, {"step": 2, "w": torch.ones(9000)})
        assert caught.value.code == "cannot_write"

    assert in_fork(save_on_a_full_disk) == 0
    assert (path.read_bytes(), state.read_bytes()) == before
    assert load_checkpoint(path)[1] == meta and load_state(state)["step"] == 1
    assert sorted(os.listdir(path.parent)) == ["state.pt", "story.safetensors"]


def test_killed_in_the_middle_of_a_save(saved, monkeypatch):
    """kill -9 after half of the file is written: the old one is whole, and the next save works."""
    path, model, meta = saved
    before = path.read_bytes()

    def half(self, content):
        with open(self, "wb") as file:
            file.write(content[: len(content) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", half)
        assert in_fork(lambda: save_checkpoint(path, model, meta)) == -signal.SIGKILL
    assert path.read_bytes() == before
    save_checkpoint(path, model, meta)
    assert load_checkpoint(path)[1] == meta


def test_readers_see_a_whole_file_at_any_moment(saved):
    path, model, meta = saved
    stop, seen = threading.Event(), []

    def read():
        while not stop.is_set():
            seen.append(load_checkpoint(path)[1].step)

    reader = threading.Thread(target=read)
    reader.start()
    step = 0
    while reader.is_alive() and (step < 30 or len(set(seen)) < 3):  # until both have had their turns
        step += 1
        save_checkpoint(path, model, dataclasses.replace(meta, step=meta.step + step))
    stop.set()
    reader.join()
    assert len(set(seen)) >= 3 and seen == sorted(seen)


def test_atomic_makes_the_folder_and_passes_other_errors_on(tmp_path):
    with atomic(tmp_path / "new" / "deep" / "file") as temporary:
        temporary.write_text("x")
    assert (tmp_path / "new" / "deep" / "file").read_text() == "x"
    with pytest.raises(KeyError), atomic(tmp_path / "file") as temporary:
        temporary.write_text("x")
        raise KeyError
    assert not (tmp_path / "file").exists() and not list(tmp_path.glob(".*"))


def test_the_limit_is_what_hosts_allow(saved):
    assert saved[0].stat().st_size < MAX_BYTES <= 10_000_000
