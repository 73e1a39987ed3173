"""A stranger's checkpoints in the folder: small files that ask for much, or say what is not so. Each is a problem of its own."""

from __future__ import annotations

import json
import resource
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import in_fork

from genai.checkpoint import MAX_MEMORY, Meta, load_checkpoint, read_meta, save_checkpoint, update_meta
from genai.errors import UserError
from genai.generation.engine import Engine
from genai.generation.shelf import Shelf
from genai.models import FAMILIES, build_model
from genai.ui import build_ui

CPU = torch.device("cpu")


def problem(folder: Path, name: str) -> str:
    """What the shelf says of it, without having read its weights."""
    entry = Shelf(folder, CPU).find(name)
    assert entry.problem is not None and entry.problem.code == "checkpoint_broken"
    return str(entry.problem)


def described(path: Path, change: Callable[[dict], None], **raw: str) -> Path:
    """The same weights with another description; raw: JSON in place of a string of that name."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    meta = json.loads(header["__metadata__"]["genai"])
    change(meta)
    text = json.dumps(meta)
    for name, written in raw.items():
        text = text.replace(f'"{name}"', written)
    header["__metadata__"]["genai"] = text
    new = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(new)) + new + content[8 + length :])
    return path


# -- memory --------------------------------------------------------------------------------------------------

LARGE = {
    "a GAN's grid": ("gan", dict(widths=(2,) * 9, d_widths=(2,) * 9, z_dim=1, blocks=1, image_size=2**13)),
    "a VAE's grid": ("vae", dict(widths=(1, 1), hidden=1, latents=1, image_size=2**12)),
    "a text's context": ("gpt", dict(n_layer=1, n_head=64, n_embd=128, block_size=65_536, vocab_size=4)),
    "attention between tokens": (
        "text2image",
        dict(n_layer=1, n_head=1, n_embd=2, plan_layer=1, plan_head=1, plan_embd=2, plan=(2,), places=(), words=4,
             image_size=1024, tokenizer_hidden=1, tokenizer_widths=(1,), tokenizer_blocks=0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("family, config", LARGE.values(), ids=LARGE)
def test_what_takes_more_memory_than_there_is_for_it_is_refused_by_its_description(family, config, tmp_path):
    """The description says so: no weight is needed, so none is read."""
    save_checkpoint(tmp_path / "large.safetensors", torch.nn.Module(), Meta(family, config))
    assert (tmp_path / "large.safetensors").stat().st_size < 2000
    assert "GB of memory; at most 2 are taken" in problem(tmp_path, "large")


def test_weights_and_buffers_are_counted_before_they_are_taken(tmp_path, monkeypatch):
    config = dict(widths=(8, 8), d_widths=(8, 8), z_dim=8)
    path = tmp_path / "a.safetensors"
    model = build_model("gan", config)
    save_checkpoint(path, model, Meta("gan", config))
    numbers = sum(t.numel() for t in (*model.parameters(), *model.buffers()))
    working = FAMILIES["gan"].working_numbers(model.config)
    monkeypatch.setattr("genai.checkpoint.MAX_MEMORY", 4 * (numbers + working))
    load_checkpoint(path)
    monkeypatch.setattr("genai.checkpoint.MAX_MEMORY", 4 * (numbers + working) - 1)
    assert read_meta(path).family == "gan"
    with pytest.raises(UserError, match="of memory"):
        load_checkpoint(path)


def test_what_is_estimated_is_about_what_is_taken(tmp_path):
    """A grid of 64 of a VAE, in a process that may take no more than the estimate beyond what it has, and three times that for
    what torch keeps beside it."""
    config = dict(widths=(16, 32), hidden=8, latents=2, image_size=128)
    save_checkpoint(tmp_path / "a.safetensors", build_model("vae", config), Meta("vae", config))
    numbers = FAMILIES["vae"].working_numbers(FAMILIES["vae"].Config(**config))
    assert 1e8 < 4 * numbers < MAX_MEMORY

    def draw():
        torch.set_num_threads(1)
        engine = Engine(tmp_path, device="cpu")
        engine.generate("a", "sample", {"count": 1})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        engine.generate("a", "sample", {"count": 64})
        taken = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        assert 0.2 * 4 * numbers < taken < 3 * 4 * numbers, (taken, 4 * numbers)

    assert in_fork(draw) == 0


@pytest.mark.parametrize("path", sorted(Path("checkpoints").glob("*.safetensors")), ids=lambda p: p.stem)
def test_what_is_shipped_takes_a_small_part_of_it(path):
    meta = read_meta(path)
    config = FAMILIES[meta.family].Config(**{k: tuple(v) if isinstance(v, list) else v for k, v in meta.config.items()})
    assert 4 * FAMILIES[meta.family].working_numbers(config) < MAX_MEMORY / 10


@pytest.mark.parametrize(
    "changes", [{"hidden": 0}, {"latents": 0}, {"warmup": 2.0}, {"couplings": 1001}, {"components": -1}], ids=str
)
def test_ranges_hold_for_what_is_read(changes, engine, tmp_path):
    """As they do for what is typed."""
    path = Path(shutil.copy(engine.folder / "vae-digits.safetensors", tmp_path))
    described(path, lambda meta: meta["config"].update(changes))
    (name,) = changes
    low, high = FAMILIES["vae"].Config.RANGES[name]
    assert f"{name} cannot be" in problem(tmp_path, "vae-digits") and f"between {low} and {high}" in problem(
        tmp_path, "vae-digits"
    )


# -- what is not so ------------------------------------------------------------------------------------------

NOT_SO = {
    "nats that are words": ("vae-digits", lambda m: m["extra"].update(latent_kl=["x"])),
    "nats of another": ("vae-digits", lambda m: m["extra"].update(latent_kl=[1.0] * 11)),
    "one latent again and again": ("vae-digits", lambda m: m["extra"].update(latent_order=[0] * 12)),
    "an order of words": ("vae-digits", lambda m: m["extra"].update(latent_order=["x"] * 12)),
    "no order": ("vae-digits", lambda m: m["extra"].update(latent_order=7)),
    "directions of another": (
        "vae-digits",
        lambda m: m["extra"].update(directions={"mean": [0.0], "axes": [[1.0]], "deviations": [1.0]}),
    ),
    "directions that are none": ("vae-digits", lambda m: m["extra"].update(directions=[])),
    "a figure without a record": ("gan-digits", lambda m: m["metrics"].update(fd=10.0)),
    "a history of words": ("gan-digits", lambda m: m.update(history=["x"])),
    "classes that are numbers": ("gan-digits", lambda m: m.update(classes=list(range(10)))),
    "a plan of another's words": ("text2image-scenes", lambda m: m["extra"].update(plan={"kind": ["cat"]})),
    "a plan that is none": ("text2image-scenes", lambda m: m["extra"].update(plan=[1])),
}


@pytest.mark.parametrize("name, change", NOT_SO.values(), ids=NOT_SO)
def test_a_description_that_is_not_so_is_a_problem(name, change, engine, tmp_path):
    path = Path(shutil.copy(engine.folder / f"{name}.safetensors", tmp_path))
    described(path, change)
    assert name in problem(tmp_path, name)


@pytest.mark.parametrize("written", [f"1{'0' * 400}", f"-{'9' * 20}", "9" * 5000])
def test_numbers_beyond_all_counting_are_a_problem(written, engine, tmp_path):
    path = Path(shutil.copy(engine.folder / "gan-digits.safetensors", tmp_path))
    described(path, lambda m: m["metrics"].update(fd={"value": "huge"}), huge=written)
    assert "digits" in problem(tmp_path, "gan-digits")


@pytest.mark.parametrize("written", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_figures_that_are_no_numbers_are_left_aside(written, engine, tmp_path):
    """Training may have written one; nothing that the page sends can carry it."""
    path = Path(shutil.copy(engine.folder / "gan-digits.safetensors", tmp_path))
    described(path, lambda m: m["metrics"].update(fd={"value": "none"}), none=written)
    assert read_meta(path).metrics["fd"] == {"value": None}
    assert Engine(tmp_path, device="cpu").get("gan-digits").meta.metrics["fd"] == {"value": None}


def test_the_page_opens_beside_all_of_them(engine, tmp_path):
    """With a card for a tab that has no other model, and the sound ones in theirs."""
    for i, (name, change) in enumerate(NOT_SO.values()):
        described(
            Path(shutil.copy(engine.folder / f"{name}.safetensors", tmp_path / f"{name}-{i}.safetensors")), change
        )
    for i, (family, config) in enumerate(LARGE.values()):
        save_checkpoint(tmp_path / f"large-{i}.safetensors", torch.nn.Module(), Meta(family, config))
    described(
        Path(shutil.copy(engine.folder / "vae-digits.safetensors", tmp_path)),
        lambda m: m["extra"].update(latent_kl=["x"]),
    )
    shutil.copy(engine.folder / "gan-digits.safetensors", tmp_path)
    update_meta(tmp_path / "gan-digits.safetensors", lambda meta: meta.metrics.update(fd={"value": float("nan")}))
    shown = json.dumps(build_ui(Engine(tmp_path, device="cpu")).get_config_file(), default=str)
    assert "latent_kl does not tell of 12 latents" in shown and "data:image" in shown
