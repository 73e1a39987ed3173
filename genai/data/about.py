"""What belongs to a data set, whoever learned from it: how its pictures are shown, what its classes are called, who judges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Prompts:
    """What a data set of captions knows of its words. These defaults suit one that knows no more of them than their spelling."""

    def nearest(self, word: str) -> list[str]:
        """Words in place of an unknown one, where their meaning tells."""
        return []

    def sheet(self, lang: str) -> list[tuple[str, list[tuple[str, str]]]]:
        """Everything that can be asked for, as (string key, [(what to show, a prompt with it)]) in one language."""
        return []

    def never_seen(self, lang: str) -> tuple[str, list[tuple[str, ...]]] | None:
        """A prompt that names combinations that training never showed, another one each time, and those combinations."""
        return None

    def verdicts(self, words: list[str], seen: dict[str, dict[str, Any]]) -> list[bool | None]:
        """Word by word: is what it names in a picture? None for a word that names nothing.

        seen: what the judge sees: question -> {"value", "p"}.
        """
        return [None] * len(words)


PLAIN = Prompts()


@dataclass(frozen=True)
class About:
    """A data set's own words and measures. The defaults suit pictures that nobody knows more of: a folder's.

    kind: "images", "text", or "captions" (pictures with words).
    label: what a class is called on the page; the string `ui.labels.<label>`.
    features: the checkpoint whose features measure pictures like these; "": none.
    unseen: the split of real pictures that neither that network nor `test` knows: how far real is from real.
    held_out: the split that no training reads, to see how a model fares beyond what it learned from; "": none.
    samples: how many drawn pictures are measured against those held out; 0: as many as there are of them.
    photographs: whether they are: then `models/backbone.py` measures them too, where a data root has its weights.
    mirrored: whether a picture's mirror image is as good as the picture.
    peer: the checkpoint that others who learned from the same are compared with; "": none.
    judge: the checkpoint of family `judge` that answers questions about them; "": none.
    pixels: "crisp" (each pixel a square, however large) or "smooth" (enlarged as a photograph).
    scale: how many times as large a downloaded picture is.
    openings: prompts to begin with, for each language; {}: the model's own words.
    prompts: what else there is to know of its words.
    questions: what its judge answers about a picture, each with its choices.
    drawn: whether a picture that somebody gives is a drawing, to be read as light ink on black, not a photograph.
    """

    kind: str = "images"
    label: str = "class"
    features: str = ""
    unseen: str = "train"
    held_out: str = ""
    samples: int = 0
    photographs: bool = False
    mirrored: bool = False
    peer: str = ""
    judge: str = ""
    pixels: str = "smooth"
    scale: int = 4
    openings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    prompts: Prompts = PLAIN
    questions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    drawn: bool = False
