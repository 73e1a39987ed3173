"""Tiny Shakespeare: 1,115,394 characters of the plays (Karpathy 2015).

From: HOME, kept as `<root>/text/tinyshakespeare.txt`.  Checksum: SHA256, of that file.
Splits: the first 90 % train, the last 10 % are `val`: nanoGPT's.
Licence: public domain.
"""

from __future__ import annotations

from pathlib import Path

from genai.data.about import About
from genai.data.base import Text
from genai.data.files import Source, read_text, write_noise
from genai.data.tokenizer import CharTokenizer

OPENINGS = (
    "ROMEO:\n",
    "To be, or not to be",
    "First Citizen:\nWhat news from Rome?",
    "KING RICHARD III:\nMy horse",
    "JULIET:\nO ",
)
SPLITS = ("train", "val")
ABOUT = About(kind="text", held_out="val", openings={"en": OPENINGS})
HOME = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHA256 = "86c4e6aa9db7c042"


def load(split: str, root: Path) -> Text:
    path = root / "text" / "tinyshakespeare.txt"
    text = read_text(Source("shakespeare", path, (HOME,), SHA256))
    tokenizer = CharTokenizer(text)
    cut = int(0.9 * len(text))
    part = text[:cut] if split == "train" else text[cut:]
    return Text(tokenizer.compact(part), tokenizer)


def stand_in(root: Path) -> None:
    """A text of as many different characters, at random."""
    write_noise(root / "text" / "tinyshakespeare.txt", 200_000)
