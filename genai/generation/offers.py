"""What somebody who gives words to a model is offered."""

from __future__ import annotations


def examples(loaded) -> list[str]:
    """Prompts to begin with, at least two: those of its data set, or the words it knows."""
    openings = loaded.about.openings.get("en")
    if openings:
        return list(openings)
    words = [word for word in loaded.tokenizer.words if word not in loaded.tokenizer.fillers]
    return [*words, "", ""]


def nearest(loaded, word: str) -> list[str]:
    """Known words in place of an unknown one: those that mean nearly that, or are written alike."""
    return loaded.about.prompts.nearest(word) or loaded.tokenizer.nearest(word)
