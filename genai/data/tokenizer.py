"""Text <-> ids. A tokenizer's state is plain JSON and travels inside the checkpoint."""

from __future__ import annotations

import torch
from torch import Tensor

from genai.errors import UserError


class CharTokenizer:
    """One id for each character of a fixed alphabet, in code point order."""

    def __init__(self, alphabet: str):
        self.alphabet = "".join(sorted(set(alphabet)))
        self._ids = {character: i for i, character in enumerate(self.alphabet)}

    def __len__(self) -> int:
        return len(self.alphabet)

    def unknown(self, text: str) -> list[str]:
        """Characters of `text` outside the alphabet, each once, in order of appearance."""
        return list(dict.fromkeys(c for c in text if c not in self._ids))

    def encode(self, text: str) -> Tensor:
        """ids int64 [len(text)]. Raises UserError naming the characters that the alphabet lacks."""
        strange = self.unknown(text)
        if strange:
            raise UserError("unknown_characters", characters=" ".join(strange[:20]), alphabet=self.printable)
        return torch.tensor([self._ids[c] for c in text], dtype=torch.int64)

    def compact(self, text: str) -> Tensor:
        """The same ids in the smallest type that holds them: how long texts are kept."""
        return self.encode(text).to(torch.uint8 if len(self) <= 256 else torch.int32)

    def decode(self, ids) -> str:
        return "".join(self.alphabet[int(i)] for i in ids)

    @property
    def printable(self) -> str:
        """The alphabet as a person may read it."""
        return "".join(c for c in self.alphabet if not c.isspace())

    def state(self) -> dict:
        return {"kind": "char", "alphabet": self.alphabet}

    @classmethod
    def from_state(cls, state: dict) -> CharTokenizer:
        return cls(state["alphabet"])
