"""MNIST with words: handwritten digits captioned in English and Chinese ("a seven", "数字七").

From, Checksum, Splits: the digits are those of `mnist`, in its splits; the captions are written by this code, another one
whenever a digit is drawn.
Licence: CC BY-SA 3.0, as MNIST.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genai.data import mnist
from genai.data.base import Images, Procedural
from genai.data.words import WordTokenizer

SPLITS = mnist.SPLITS
ABOUT = dataclasses.replace(mnist.ABOUT, kind="captions")
CAPTION_LENGTH = 8
EN_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
EN_PATTERNS = ["a {}", "{}", "the digit {}", "the number {}", "a handwritten {}", "draw a {}", "write {}"]
ZH_DIGITS = "零一二三四五六七八九"
ZH_PATTERNS = ["{}", "数字{}", "一个{}", "写{}", "画数字{}", "手写的{}"]
FILLERS = ["a", "the", "digit", "number", "draw", "write", "handwritten", "数字", "一个", "写", "画", "手写", "的"]


def caption(digit: int, rng: np.random.Generator, language: str = "") -> str:
    english = rng.random() < 0.5 if not language else language == "en"
    patterns = EN_PATTERNS if english else ZH_PATTERNS
    word = (EN_DIGITS if english else ZH_DIGITS)[digit] if rng.random() < 0.7 else str(digit)
    return patterns[int(rng.integers(len(patterns)))].format(word)


def tokenizer() -> WordTokenizer:
    words = {*EN_DIGITS, *ZH_DIGITS, *map(str, range(10)), *FILLERS}
    return WordTokenizer(sorted(words), FILLERS, CAPTION_LENGTH)


def load(split: str, root: Path, targets: str = "caption") -> Procedural:
    """uint8 images [B, 1, 28, 28] drawn with replacement, with as targets caption ids int64 [B, 8] ("caption"), these and the
    digit int64 [B, 9] ("plan"), or the digit alone int64 [B] ("classes")."""
    data, words = mnist.load(split, root), tokenizer()
    planned = dict(plan={"digit": tuple(data.classes)}) if targets == "plan" else {}
    make, read = partial(_make, data, words, targets), None if targets == "classes" else words
    return Procedural(make, data.shape, tokenizer=read, classes=data.classes, **planned)


def _make(data: Images, words: WordTokenizer, targets: str, seed: int, indices: np.ndarray) -> tuple[Tensor, Tensor]:
    generators = [np.random.Generator(np.random.PCG64([seed, index])) for index in indices.tolist()]
    chosen = torch.tensor([int(rng.integers(len(data))) for rng in generators])
    digits = data.labels[chosen]
    if targets == "classes":
        return data.images[chosen], digits
    ids = words.encode([caption(int(digit), rng) for digit, rng in zip(digits, generators)])
    return data.images[chosen], torch.cat((ids, digits[:, None]), 1) if targets == "plan" else ids


stand_in = mnist.stand_in
