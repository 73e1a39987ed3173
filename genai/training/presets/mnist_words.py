"""Words to handwritten digits, as to scenes: the image tokenizer, which needs no words, and the transformers."""

from __future__ import annotations

import dataclasses

from genai.training.presets import scenes
from genai.training.presets.preset import Preset

TOKENIZER = dataclasses.replace(scenes.TOKENIZER, dataset="mnist", steps=1_500)
TOKENS = dict(widths=(64,), blocks=2, levels=(8, 5, 5))
PRIOR = dataclasses.replace(
    scenes.PRIOR, dataset="mnist-words", frozen="checkpoints/tokenizer-digits.safetensors", steps=2_000
)
PAINTER = dict(n_layer=4, n_head=4, n_embd=128)

PRESETS = [
    Preset("tokenizer-digits", "cpu", "tokenizer", TOKENIZER, TOKENS, "7 min", "psnr 24"),
    Preset("tokenizer-digits", "gpu", "tokenizer", TOKENIZER, TOKENS),
    Preset("text2image-digits", "cpu", "text2image", PRIOR, PAINTER, "22 min", "word accuracy 99 %"),
    Preset("text2image-digits", "gpu", "text2image", PRIOR, PAINTER),
]
