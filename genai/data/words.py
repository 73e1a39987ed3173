"""Words <-> ids for captions: one vocabulary for all languages, which travels inside the checkpoint."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

import torch
from torch import Tensor

PAD = 0  # also all that an empty caption consists of
LATIN = re.compile(r"[^\W\d_]+(?:[-'][^\W\d_]+)*|\d+")
CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
UNDERSTOOD, IGNORED, UNKNOWN = "understood", "ignored", "unknown"


@dataclass(frozen=True)
class Word:
    """A piece of a caption: what was written, its id (PAD for an unknown one), and what becomes of it."""

    text: str
    id: int
    status: str  # UNDERSTOOD, IGNORED (it says nothing about the picture) or UNKNOWN


class WordTokenizer:
    """Latin words as they are, lower case; Chinese cut into the longest words known, from the left.

    Args:
        words: the vocabulary; word i has id i + 1.  fillers: those that say nothing about a picture.
        length: ids of a caption, padded with PAD; what is longer is cut.
    """

    def __init__(self, words: list[str], fillers: list[str] = (), length: int = 24):
        self.words, self.fillers, self.length = list(words), frozenset(fillers), length
        self._ids = {word: i + 1 for i, word in enumerate(self.words)}
        self._longest = max((len(word) for word in self.words if CJK.match(word)), default=1)

    def __len__(self) -> int:
        """Ids, PAD among them."""
        return len(self.words) + 1

    def read(self, text: str) -> list[Word]:
        """Every word of the text in order, known or not; punctuation and markup signs are no words."""
        text = unicodedata.normalize("NFKC", text).lower()
        found, i = [], 0
        while i < len(text):
            if CJK.match(text[i]):
                for n in range(self._longest, 0, -1):
                    if text[i : i + n] in self._ids or n == 1:
                        break
                found.append(self._word(text[i : i + n]))
                i += n
            elif match := LATIN.match(text, i):
                end = next((j for j in range(i, match.end()) if CJK.match(text[j])), match.end())
                found.append(self._word(text[i:end]))
                i = end
            else:
                i += 1
        return found

    def _word(self, text: str) -> Word:
        known = self._ids.get(text, PAD)
        return Word(text, known, UNKNOWN if not known else IGNORED if text in self.fillers else UNDERSTOOD)

    def ids(self, text: str) -> list[int]:
        """`length` ids; unknown words are left out."""
        ids = [word.id for word in self.read(text) if word.id][: self.length]
        return ids + [PAD] * (self.length - len(ids))

    def encode(self, texts: list[str]) -> Tensor:
        """ids int64 [len(texts), length]."""
        return torch.tensor([self.ids(text) for text in texts], dtype=torch.int64)

    def nearest(self, word: str, count: int = 3) -> list[str]:
        """Known words that are written like an unknown one; those that mean something."""
        candidates = [w for w in self.words if w not in self.fillers]
        if CJK.match(word):
            return [w for w in candidates if set(w) & set(word)][:count]
        return difflib.get_close_matches(word[:40], candidates, count, cutoff=0.6)

    def decode(self, ids) -> str:
        return " ".join(self.words[int(i) - 1] for i in ids if int(i) != PAD)

    def state(self) -> dict:
        return {"kind": "words", "words": self.words, "fillers": sorted(self.fillers), "length": self.length}

    @classmethod
    def from_state(cls, state: dict) -> WordTokenizer:
        return cls(state["words"], state["fillers"], state["length"])
