"""A studio for tests: models of the shipped families, freshly initialised and small, behind the real page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from genai.checkpoint import Meta, save_checkpoint
from genai.data import scenes
from genai.data.tokenizer import CharTokenizer
from genai.generation.engine import Engine
from genai.models import build_model

ALPHABET = "\n !'&,-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CONFIGS = {
    "gan-digits": ("gan", dict(widths=(32, 16, 8), d_widths=(8, 16, 16))),
    "vae-digits": ("vae", dict(widths=(8, 16), hidden=32, latents=12)),
    "gpt-shakespeare": (
        "gpt",
        dict(n_layer=12, n_head=2, n_embd=32, block_size=64, vocab_size=len(ALPHABET)),
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
}


def write_checkpoints(folder: Path) -> Path:
    for name, (family, config) in CONFIGS.items():
        torch.manual_seed(len(name))
        model = build_model(family, config)
        for p in model.parameters():  # zero-initialised layers would make every sample the same
            if p.ndim > 1 and not p.any():
                torch.nn.init.normal_(p, std=0.3)
            elif p.ndim > 1 and family == "vae":  # as it starts, it draws nearly the same for every latent
                p.data *= 2
        meta = Meta(family, config, preset=name, dataset="drawn", step=1)
        if family == "gan":
            meta.classes = [str(digit) for digit in range(10)]
        if family == "judge":
            meta.dataset = "scenes"
        if family == "text2image":
            meta.dataset, meta.tokenizer, meta.extra = "scenes", scenes.tokenizer().state(), {"plan": scenes.PLAN}
        if family == "gpt":
            meta.tokenizer = CharTokenizer(ALPHABET).state()
        save_checkpoint(folder / f"{name}.safetensors", model, meta)
    return folder


@dataclass
class Studio:
    url: str
    engine: Engine
    folder: Path


@pytest.fixture(scope="session")
def engine(tmp_path_factory) -> Engine:
    return Engine(write_checkpoints(tmp_path_factory.mktemp("checkpoints")), device="cpu")


@pytest.fixture(scope="session")
def studio(engine) -> Studio:
    """The page, served on a free port of this machine for the length of the test run."""
    from genai.ui import build_ui

    page = build_ui(engine)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    yield Studio(url, engine, engine.folder)
    page.close()
