"""Tiny Shakespeare: 1,115,394 characters of the plays (Karpathy 2015). Public domain.

The first 90 % train, the last 10 % validate: nanoGPT's split.
"""

from __future__ import annotations

from pathlib import Path

from genai.data.about import About
from genai.data.base import Text, fetch, missing, read_text
from genai.data.tokenizer import CharTokenizer

OPENINGS = (
    "ROMEO:\n",
    "To be, or not to be",
    "First Citizen:\nWhat news from Rome?",
    "KING RICHARD III:\nMy horse",
    "JULIET:\nO ",
)
SPLITS = ("train", "val")
ABOUT = About(kind="text", openings={"en": OPENINGS})
HOME = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


def load(split: str, root: Path) -> Text:
    path = root / "text" / "tinyshakespeare.txt"
    if not path.exists():
        try:
            fetch(HOME, path, SHA256[:16])
        except (RuntimeError, OSError) as error:
            raise missing("shakespeare", path, HOME, error) from error
    text = read_text("shakespeare", path, HOME)
    tokenizer = CharTokenizer(text)
    cut = int(0.9 * len(text))
    part = text[:cut] if split == "train" else text[cut:]
    return Text(tokenizer.compact(part), tokenizer)
