"""What belongs to a data set, whoever learned from it: how its pictures are shown, what its classes are called, who judges."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class About:
    """A data set's own words and measures. The defaults suit pictures that nobody knows more of: a folder's.

    kind: "images", "text", or "captions" (pictures with words).
    label: what a class is called on the page; the string `ui.labels.<label>`.
    features: the checkpoint whose features measure pictures like these; "": none.
    unseen: the split of real pictures that neither that network nor `test` knows: how far real is from real.
    held_out: the split that no training reads, to see how a model fares beyond what it learned from; "": none.
    judge: the checkpoint of family `judge` that answers questions about them; "": none.
    pixels: "crisp" (each pixel a square, however large) or "smooth" (enlarged as a photograph).
    scale: how many times as large a downloaded picture is.
    openings: prompts to begin with, for each language; {}: the model's own words.
    """

    kind: str = "images"
    label: str = "class"
    features: str = ""
    unseen: str = "train"
    held_out: str = ""
    judge: str = ""
    pixels: str = "smooth"
    scale: int = 4
    openings: dict[str, tuple[str, ...]] = field(default_factory=dict)
