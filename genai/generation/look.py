"""Looks at a model in training (the same seeds every time)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from genai.checkpoint import Meta
from genai.data import scenes
from genai.data.tokenizer import CharTokenizer
from genai.data.words import WordTokenizer
from genai.generation import images, noise
from genai.generation.offers import OPENINGS
from genai.generation.sampling import sampler
from genai.generation.vae import prior_latents
from genai.models.text2image import How


def look(model: nn.Module, meta: Meta, path: Path) -> None:
    """Write a fixed-seed sample grid (PNG) or text (TXT) at `path`."""
    draw = LOOKS.get(meta.family)
    if draw is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(model, meta, path)


def _look_gan(model: nn.Module, meta: Meta, path: Path) -> None:
    config, device = model.config, next(model.parameters()).device
    columns = config.classes or 8  # a class each, if there are any
    z = noise.latents(range(columns * 8), config.z_dim).to(device)
    labels = torch.arange(columns * 8, device=device) % max(1, config.classes)
    pixels = images.to_uint8(model.sample(z, labels))
    images.to_pil(images.grid(pixels, columns=columns), scale=2).save(path.with_suffix(".png"))


def _look_vae(model: nn.Module, meta: Meta, path: Path) -> None:
    pixels = images.to_uint8(model.decode(prior_latents(model, range(80))), low=0.0)
    images.to_pil(images.grid(pixels, columns=10), scale=2).save(path.with_suffix(".png"))


def _look_gpt(model: nn.Module, meta: Meta, path: Path) -> None:
    tokenizer = CharTokenizer.from_state(meta.tokenizer)
    device = next(model.parameters()).device
    prompt = torch.zeros(2, 1, dtype=torch.int64, device=device)  # the first character
    tokens = torch.stack(list(model.sample(prompt, sampler([0, 1], temperature=0.8), 400)), dim=1)
    path.with_suffix(".txt").write_text("\n\n--------\n\n".join(tokenizer.decode(row) for row in tokens))


def _look_tokenizer(model: nn.Module, meta: Meta, path: Path) -> None:
    """Scenes above what comes back of them; nothing for other data, which is not at hand here."""
    if meta.dataset != "scenes":
        return
    drawn = [scenes.render(*scenes.sample("train", 1, i)) for i in range(30)]
    before = np.stack([np.asarray(picture) for picture in drawn])  # [30, 64, 64, 3]
    device = next(model.parameters()).device
    after = images.to_uint8(model.decode(model.encode(torch.from_numpy(before).permute(0, 3, 1, 2).to(device))))
    rows = [part for i in range(0, 30, 10) for part in (before[i : i + 10], after[i : i + 10])]
    images.to_pil(images.grid(np.concatenate(rows), columns=10), scale=2).save(path.with_suffix(".png"))


def _look_text2image(model: nn.Module, meta: Meta, path: Path) -> None:
    """Four pictures of each of a few prompts, in columns."""
    tokenizer, device = WordTokenizer.from_state(meta.tokenizer), next(model.parameters()).device
    known = [word for word in tokenizer.words if word not in tokenizer.fillers]
    asked = [p for pair in zip(*OPENINGS.values()) for p in pair] if meta.dataset == "scenes" else known[:12]
    seeds = [i // len(asked) for i in range(4 * len(asked))]
    uniform = noise.uniforms(seeds, *model.draws).to(device)
    how = How(model.make_plan(tokenizer.encode(asked * 4).to(device), uniform), uniform, temperature=0.5)
    *_, canvas = model.sample(model.blank(len(seeds), device), how)
    pixels = images.to_uint8(model.tokenizer.decode(canvas.ids))
    images.to_pil(images.grid(pixels, columns=len(asked)), scale=2).save(path.with_suffix(".png"))


LOOKS = {
    "gan": _look_gan, "vae": _look_vae, "gpt": _look_gpt, "tokenizer": _look_tokenizer, "text2image": _look_text2image,
}  # fmt: skip
