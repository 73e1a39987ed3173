"""What a GPT can be asked for: to continue a prompt."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from genai.data.tokenizer import CharTokenizer
from genai.generation import noise
from genai.generation.actions import action
from genai.generation.controls import Control, Number, Words
from genai.generation.look import look
from genai.generation.sampling import sampler


def openings(model) -> list[str]:
    """Prompts to begin with: those of the data set that the model can read, else a character that it knows."""
    known = set(model.tokenizer.alphabet)
    readable = [words for listed in model.about.openings.values() for words in listed if known.issuperset(words)]
    return readable or [next((c for c in model.tokenizer.alphabet if c.isalpha()), model.tokenizer.alphabet[-1])]


def _controls(loaded) -> list[Control]:
    return [
        Words("prompt", 2_000, openings(loaded)[0]),
        Number("max_new_tokens", 1, 2_000, 240, integer=True),
        Number("temperature", 0.0, 2.0, 0.8),
        Number("top_k", 0, len(loaded.tokenizer), 0, integer=True),
        Number("top_p", 0.05, 1.0, 0.95),
        Number("seed", 0, noise.MAX_SEED, 1, integer=True),
    ]


@action("gpt", "text", _controls)
def write(loaded, c: dict) -> Iterator[str]:
    """The continuation, one character at a time; the prompt itself is not repeated.

    top_k 0 is off; temperature 0 always takes the likeliest character. Raises UserError for a prompt with
    characters that the model has never seen, before anything is written.
    """
    tokenizer: CharTokenizer = loaded.tokenizer
    ids = tokenizer.encode(c["prompt"].replace("\r\n", "\n"))[None].to(loaded.device)
    draw = sampler([c["seed"]], c["temperature"], c["top_k"], c["top_p"])

    return (tokenizer.decode(token) for token in loaded.model.sample(ids, draw, c["max_new_tokens"]))


@look("gpt")
def look_at(model, meta, data) -> str:
    """Two texts from the first character on."""
    tokenizer = CharTokenizer.from_state(meta.tokenizer)
    prompt = torch.zeros(2, 1, dtype=torch.int64, device=next(model.parameters()).device)
    tokens = torch.stack(list(model.sample(prompt, sampler([0, 1], temperature=0.8), 400)), dim=1)
    return "\n\n--------\n\n".join(tokenizer.decode(row) for row in tokens)
