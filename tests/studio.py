"""A studio for tests: models of the shipped families, freshly initialised and small, behind the real page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from genai.checkpoint import Meta, save_checkpoint
from genai.data import scenes
from genai.data.tokenizer import CharTokenizer
from genai.generation.engine import Engine, actions_of
from genai.models import build_model

ALPHABET = "\n !'&,-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CONFIGS = {
    "gan-digits": ("gan", dict(widths=(32, 16, 8), d_widths=(8, 16, 16))),
    "vae-digits": ("vae", dict(widths=(8, 16), hidden=32, latents=12)),
    "gpt-shakespeare": (
        "gpt",
        dict(n_layer=2, n_head=2, n_embd=32, block_size=64, vocab_size=len(ALPHABET)),
    ),
    "text2image-scenes": (
        "text2image",
        dict(
            n_layer=2,
            n_head=2,
            n_embd=32,
            plan_layer=1,
            plan_head=2,
            plan_embd=32,
            words=len(scenes.tokenizer()),
            tokenizer_widths=(8, 16),
            tokenizer_blocks=1,
        ),
    ),
    "judge-scenes": ("judge", dict(widths=(8, 8, 8), depths=(1, 1, 1), features=16)),
    "gan-styled": (
        "gan",
        dict(
            image_size=16, channels=3, classes=0, z_dim=6, widths=(16, 8, 8), body="style", d_body="projected",
            loss="hinge", penalty="none", encoder=True,
        ),
    ),
    "features-cats": ("features", dict(image_size=16, widths=(8, 8, 8, 8), features=4, gallery=20)),
}  # fmt: skip
DATASETS = {
    "gan": "mnist", "vae": "mnist", "gpt": "shakespeare", "text2image": "scenes", "judge": "scenes", "features": "cats",
}  # fmt: skip
DIRECTIONS = [
    {"name": {"en": "dark ↔ light", "zh": "深 ↔ 浅"}, "vector": [1.0, 0, 0, 0.5, 0, 0], "levels": [0, 1]},
    {"name": {"en": "small ↔ large", "zh": "小 ↔ 大"}, "vector": [0, -1.0, 0, 0, 2.0, 0], "levels": [2]},
]


def write_checkpoints(folder: Path) -> Path:
    for name, (family, config) in CONFIGS.items():
        torch.manual_seed(len(name))
        model = build_model(family, config)
        for p in model.parameters():  # zero-initialised layers would make every sample the same
            if p.ndim > 1 and not p.any():
                torch.nn.init.normal_(p, std=0.3)
            elif p.ndim > 1 and family == "vae":  # as it starts, it draws nearly the same for every latent
                p.data *= 2
        meta = Meta(family, config, preset=name, dataset=DATASETS[family], step=1)
        if name == "gan-digits":
            meta.classes = [str(digit) for digit in range(10)]
        if name == "gan-styled":
            meta.dataset, meta.extra = "cats", {"directions": DIRECTIONS}
        if family == "features":
            model.gallery.normal_()
            meta.metrics = {"nearest_test": {"value": 1.0, "quantiles": [0.02 * i for i in range(101)]}}
        if family == "text2image":
            meta.tokenizer, meta.extra = scenes.tokenizer().state(), {"plan": scenes.PLAN}
        if family == "gpt":
            meta.dataset, meta.tokenizer = "shakespeare", CharTokenizer(ALPHABET).state()
        save_checkpoint(folder / f"{name}.safetensors", model, meta)
    return folder


def offering(engine: Engine, family: str, action: str):
    """The first model of a family, by name, that can be asked for it."""
    return next(entry for entry in engine.shelf.of(family) if action in actions_of(entry))


@dataclass
class Studio:
    url: str
    engine: Engine
    folder: Path
    page: Any


@pytest.fixture(scope="session")
def engine(tmp_path_factory) -> Engine:
    return Engine(write_checkpoints(tmp_path_factory.mktemp("checkpoints")), device="cpu")


@pytest.fixture(scope="session")
def studio(engine) -> Studio:
    """The page, served on a free port of this machine for the length of the test run."""
    from genai.ui import build_ui

    page = build_ui(engine)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    yield Studio(url, engine, engine.folder, page)
    page.close()


# -- slowness that is certain --------------------------------------------------------------------------------


class Gate:
    """In the way of the requests that `holds(controls)`: they get no further than the test lets them, so what it finds them at
    does not depend on how fast the machine is.

    Rounds (`engine.advance`) wait before each call. A text (`engine.stream`) stays at its token number `tokens` and tells the
    same again and again, as a slow model would, so that it can be stopped.
    """

    def __init__(self, holds: Callable[[dict], bool], tokens: int = 0):
        self.holds, self.tokens = holds, tokens
        self.left = threading.Event()  # a held text was given up by who asked for it
        self._opened, self._calls = threading.Event(), threading.Semaphore(0)

    def let(self, calls: int) -> None:
        """So many calls more may pass."""
        self._calls.release(calls)

    def open(self) -> None:
        """Nothing is held any more."""
        self._opened.set()
        self.let(1000)

    def advance(self, advance: Callable) -> Callable:
        def held(model, action, controls, state=None):
            if self.holds(controls):
                self._calls.acquire()
            return advance(model, action, controls, state)

        return held

    def stream(self, stream: Callable) -> Callable:
        def held(model, action, controls) -> Iterator:
            results = stream(model, action, controls)
            try:
                for number, result in enumerate(results, 1):
                    yield result
                    while self.holds(controls) and number == self.tokens and not self._opened.wait(0.02):
                        yield result
            except GeneratorExit:
                results.close()
                self.left.set()
                raise

        return held


@pytest.fixture
def gate(engine, monkeypatch) -> Iterator[Callable[..., Gate]]:
    """gate(holds, tokens=0) -> a Gate in the studio's engine; open when the test is over."""
    made = []

    def make(holds: Callable[[dict], bool], tokens: int = 0) -> Gate:
        made.append(Gate(holds, tokens))
        monkeypatch.setattr(engine, "advance", made[-1].advance(engine.advance))
        monkeypatch.setattr(engine, "stream", made[-1].stream(engine.stream))
        return made[-1]

    yield make
    for one in made:
        one.open()
