"""What every test shares: drawn digits and written text in place of the real data, tiny models, no network.

A family is found through FAMILIES and made small by the field names in SMALL, so a new one is tested from the
day it is registered.
"""

from __future__ import annotations

import os

import genai  # noqa: F401 (before torch: how its threads wait)

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models: more threads only wait for each other
os.environ.pop("GENAI_DATA", None)

import dataclasses
import multiprocessing
import random
import socket
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from browsing import browser, page  # noqa: F401 (fixtures)
from PIL import Image, ImageDraw, ImageFont
from studio import engine, gate, studio  # noqa: F401 (fixtures)

from genai.checkpoint import Meta, save_checkpoint
from genai.data import cats, load_dataset, options_of, stand_in
from genai.data.files import vouch
from genai.models import FAMILIES, build_model
from genai.training.batches import Batches
from genai.training.config import TrainConfig
from genai.training.presets import PRESETS

ROOT = Path(__file__).parent.parent

# Any family's Config field of such a name takes this value in tests.
SMALL = {
    "widths": (16, 8),
    "d_widths": (8, 16),
    "blocks": 1,
    "hidden": 16,
    "latents": 4,
    "z_dim": 8,
    "features": 8,
    "depths": (1, 2),
    "tokenizer_hidden": 16,
    "tokenizer_widths": (16, 8),
    "tokenizer_blocks": 1,
    "tokenizer_levels": (8, 8, 8, 8),
    "n_layer": 2,
    "n_head": 2,
    "n_embd": 16,
    "plan_layer": 1,
    "plan_head": 2,
    "plan_embd": 16,
    "block_size": 16,
    "warmup": 0.0,
    "penalty_every": 2,
}
PATIENCE = 600  # seconds: the longest wait for another process, on however busy a machine
SMALL_PARAMETERS = 100_000
FROZEN = "tokenizer.safetensors"


# -- the machine ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """Only this machine may be spoken to."""
    real = socket.socket.connect

    def connect(self, address):
        local = self.family == socket.AF_UNIX or str(address[0]) in ("localhost", "::1") or address[0][:4] == "127."
        if not local:
            raise OSError(f"tests have no network (wanted {address})")
        return real(self, address)

    socket.socket.connect = connect
    yield
    socket.socket.connect = real


@pytest.fixture(autouse=True)
def same_torch():
    """Each test starts from the same random state and leaves the thread count as it was."""
    threads = torch.get_num_threads()
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """However slow the machine, nobody is told that it is busy."""
    monkeypatch.setattr("genai.generation.engine.WAIT_SECONDS", 600)


def environment(**changes: str) -> dict[str, str]:
    """For a subprocess: one thread, no GPU, this code importable from any folder."""
    base = {k: v for k, v in os.environ.items() if k != "GENAI_DATA"}
    return base | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)} | changes


def run_python(*words, timeout: float = PATIENCE, **changes: str) -> subprocess.CompletedProcess:
    """`python *words` from the repository's root, to its end; stdout and stderr as text."""
    command = [sys.executable, *map(str, words)]
    return subprocess.run(
        command, cwd=ROOT, env=environment(**changes), capture_output=True, text=True, timeout=timeout
    )


# -- data ----------------------------------------------------------------------------------------------------


def draw_digit(digit: int, rng: random.Random) -> np.ndarray:
    """A digit in Pillow's own font, uint8 [28, 28], white on black: place, size, slant and weight vary."""
    font = ImageFont.load_default(size=rng.randint(24, 28))
    canvas = Image.new("L", (56, 56))
    ImageDraw.Draw(canvas).text((28, 28), str(digit), fill=255, font=font, anchor="mm", stroke_width=rng.randint(0, 1))
    canvas = canvas.rotate(rng.uniform(-10, 10), Image.Resampling.BILINEAR)
    x, y = 14 + rng.randint(-1, 1), 14 + rng.randint(-1, 1)
    return np.asarray(canvas.crop((x, y, x + 28, y + 28)))


def draw_digits(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(images uint8 [count, 28, 28], labels uint8 [count]), every class about equally often."""
    rng = random.Random(seed)
    labels = [i % 10 for i in range(count)]
    rng.shuffle(labels)
    return np.stack([draw_digit(digit, rng) for digit in labels]), np.array(labels, dtype=np.uint8)


def write_idx(path: Path, values: np.ndarray) -> None:
    """MNIST's file format: magic number, sizes, bytes; its folder says that this is the file it should be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    path.write_bytes(header + values.astype(np.uint8).tobytes())
    vouch(path)


def write_mnist(root: Path, train: int, test: int) -> None:
    for prefix, count, seed in (("train", train, 1), ("t10k", test, 2)):
        images, labels = draw_digits(count, seed)
        write_idx(root / "MNIST" / "raw" / f"{prefix}-images-idx3-ubyte", images)
        write_idx(root / "MNIST" / "raw" / f"{prefix}-labels-idx1-ubyte", labels)


def write_play(path: Path, lines: int = 400) -> None:
    """Lines that a play might have, from a few words: something a small model can learn."""
    rng = random.Random(3)
    who = ["ROMEO", "JULIET", "NURSE", "FRIAR"]
    words = "the moon is a lamp; speak, night! what love would hide my heart from thee? I go, adieu".split()  # noqa: SIM905
    text = ""
    for _ in range(lines):
        text += f"{rng.choice(who)}:\n{' '.join(rng.choices(words, k=rng.randint(3, 9)))}.\n\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    vouch(path)


def draw_cat(seed: int) -> Image.Image:
    """A face with ears, 64x64 colour: fur, ground, eyes and place vary."""
    rng = random.Random(seed)
    fur, ground, eyes = (tuple(rng.randrange(256) for _ in "rgb") for _ in range(3))
    picture, x, y = Image.new("RGB", (64, 64), ground), rng.randint(-6, 6), rng.randint(-6, 6)
    pen = ImageDraw.Draw(picture)
    for side in (-1, 1):
        pen.polygon([(x + 32 + side * a, y + b) for a, b in ((20, 30), (18, 6), (4, 18))], fur)
    pen.ellipse((x + 12, y + 16, x + 52, y + 54), fur)
    for side in (-1, 1):
        pen.ellipse((x + 28 + side * 8, y + 28, x + 35 + side * 8, y + 35), eyes)
    return picture


def write_cats(root: Path, train: int, test: int) -> None:
    """`cats64` with drawn faces, and its list of what belongs there."""
    folder = root / "cats64"
    for split, numbers in (("train", range(train)), ("test", range(train, train + test))):
        (folder / split).mkdir(parents=True)
        for i in numbers:
            draw_cat(i).save(folder / split / f"cat_{i:05}.jpg", quality=95, subsampling=0)
    cats.write_sums(folder)


@pytest.fixture(scope="session")
def data_root(tmp_path_factory) -> Path:
    """A data root in the real one's layout: mnist (400 + 100 drawn digits) and shakespeare, and a small image tokenizer
    for the families that hold one. Read only."""
    root = tmp_path_factory.mktemp("data")
    write_mnist(root, 400, 100)
    write_play(root / "text" / "tinyshakespeare.txt")
    stand_in("cats", root)
    torch.manual_seed(0)
    config = {name: SMALL[name] for name in ("widths", "blocks", "hidden")} | {
        "levels": (8,) * 6,
        "layers": (2, 2, 1, 1),
    }
    save_checkpoint(root / FROZEN, build_model("tokenizer", config), Meta("tokenizer", config))
    return root


def in_fork(function) -> int:
    """Run `function` in a fork of this process; its exit code: 1 if it raised, -9 if kill -9 ended it."""
    process = multiprocessing.get_context("fork").Process(target=function)
    process.start()
    process.join(PATIENCE)
    return process.exitcode


# -- families ------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Tiny:
    """A family made small: its config, the data it reads, its preset's hyperparameters."""

    family: str
    config: dict
    data: object
    train: TrainConfig

    def model(self, seed: int = 0, **overrides) -> torch.nn.Module:
        torch.manual_seed(seed)
        return build_model(self.family, {**self.config, **overrides})

    def batches(self, batch_size: int = 8, seed: int = 0, steps: int = 100, data=None, rank: int = 0, world: int = 1):
        data = self.data if data is None else data
        block = self.config.get("block_size", 0)
        return Batches(data, batch_size, steps, seed, torch.device("cpu"), rank, world, block, workers=0)

    @property
    def preset(self) -> str:
        """The name of a preset of this family."""
        names = [p.name for p in PRESETS.values() if p.family == self.family]
        if not names:
            pytest.fail(f"the family {self.family} has no preset in genai/training/presets")
        return names[0]

    def words(self, **overrides) -> list[str]:
        """The command line of `train.py` that builds this config: --widths 16,8 ..."""
        values = {k: v for k, v in self.config.items() if k in SMALL} | overrides
        written = {k: ",".join(map(str, v)) if isinstance(v, tuple) else str(v) for k, v in values.items()}
        return [word for k, v in written.items() for word in (f"--{k}", v)]


def tiny_family(family: str, root: Path) -> Tiny:
    """Fails, saying what to add, for a family that SMALL does not make small."""
    fields = {f.name for f in dataclasses.fields(FAMILIES[family].Config)}
    config = {name: value for name, value in SMALL.items() if name in fields}
    own = next((p.train for p in PRESETS.values() if p.family == family), TrainConfig())
    wanted = FAMILIES[family].options(dataclasses.asdict(FAMILIES[family].Config(**config)))
    data = load_dataset(own.dataset, "train", root, **{k: wanted[k] for k in options_of(own.dataset) if k in wanted})
    config |= {name: value for name, value in data.decides().items() if name in ("vocab_size", "words")}
    size = sum(p.numel() for p in build_model(family, config).parameters())
    if size > SMALL_PARAMETERS:
        pytest.fail(
            f"the family {family} has no tiny config: {size:,} parameters with {config}. Add to SMALL in "
            f"tests/conftest.py what makes it large, one or more of: {', '.join(sorted(fields - set(SMALL)))}"
        )
    return Tiny(family, config, data, dataclasses.replace(own, precision="fp32"))


def pytest_generate_tests(metafunc):
    """A test that takes `family` or `tiny` runs once for each registered family, unless it names some."""
    own = [m.args[0] for m in metafunc.definition.iter_markers("parametrize")]
    if "family" in metafunc.fixturenames and not any("family" in names for names in own):
        metafunc.parametrize("family", sorted(FAMILIES))


@pytest.fixture
def tiny(family: str, data_root: Path) -> Tiny:
    """The family of this test, made small."""
    return tiny_family(family, data_root)
