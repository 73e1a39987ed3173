"""What words can be made into: pictures, variations, edits, blends. And a look inside: tokens, certainty, attention.

Every picture is decided in rounds. An action begins with a canvas, blank or half-filled, and how to go on; a round is a
function of both, so a visitor's browser can ask for one after the other, show each, and stop anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from genai.data import about
from genai.data.words import UNDERSTOOD, UNKNOWN, WordTokenizer
from genai.errors import UserError
from genai.generation import images, noise, offers
from genai.generation.actions import Round, action
from genai.generation.controls import Choice, Control, Number, Rows, Vector, Words
from genai.generation.look import look
from genai.models.text2image import ORDERS, Canvas, How

MAX_PROMPT = 300
GUIDANCE, STEPS, TEMPERATURE = 1.5, 8, 0.5
SURE = 0.8  # from how probable on an entry of a plan counts as said, where a part of a picture is drawn anew
SEEN = 9  # pictures that a judge looks at, at most
ALTERNATIVES = 6  # other tokens that a place offers

# -- controls ------------------------------------------------------------------------------------------------


def _prompt(loaded, name: str = "prompt") -> Words:
    if not len(loaded.tokenizer):
        raise ValueError("it knows no words")
    return Words(name, MAX_PROMPT, "", empty=True)


def _drawing(loaded) -> list[Control]:
    """What every way of drawing takes."""
    return [
        Number("seed", 0, noise.MAX_SEED, 1, integer=True),
        Number("count", 1, 9, 1, integer=True),
        Number("cfg_scale", 1.0, 8.0, GUIDANCE),
        Number("steps", 1, 64, STEPS, integer=True),
        Number("temperature", 0.0, 2.0, TEMPERATURE),
        Choice("order", ORDERS, ORDERS[0]),
    ]


def _tokens(loaded) -> Vector:
    config = loaded.config.tokenizer
    return Vector("tokens", config.side**2, 0, config.vocabulary - 1, integer=True)


def _mask(loaded) -> Vector:
    return Vector("mask", loaded.config.tokenizer.side**2, 0, 1, integer=True)


def _plan(loaded) -> Vector:
    """Beyond an entry's choices: not known."""
    _entries(loaded)
    choices = loaded.config.choices
    return Vector("plan", len(choices), 0, max(choices), integer=True, fill=max(choices))


# -- beginnings ----------------------------------------------------------------------------------------------


def _how(loaded, c: dict, plan: Tensor | None, make: Callable | None = None, **planned) -> How:
    """plan: the one that an earlier round has made; None makes it.  make: `Text2Image.make_plan`, or what is like it.
    planned: its arguments."""
    model, rows = loaded.model, c["count"]
    seeds = [(c["seed"] + i) % (noise.MAX_SEED + 1) for i in range(rows)]
    uniform = noise.uniforms(seeds, *model.draws).to(loaded.device)
    if plan is None:
        planned |= dict(cfg_scale=c["cfg_scale"], temperature=c["temperature"])
        plan = (make or model.make_plan)(captions=_caption(loaded, c["prompt"], rows), uniform=uniform, **planned)
    return How(
        plan=plan, uniform=uniform, rounds=model.tokens if c["order"] == "raster" else c["steps"],
        cfg_scale=guidance_of_tokens(model, c["cfg_scale"]), temperature=c["temperature"], order=c["order"],
    )  # fmt: skip


def guidance_of_tokens(model, cfg_scale: float) -> float:
    """How much more than no plan a plan counts for the tokens. One that says where things stand says all of a picture, words
    were weighed when it was written, and to weigh it once more would double the time for nothing; of a digit it says
    only which one."""
    return 1.0 if model.config.places else cfg_scale


def _caption(loaded, prompt: str, rows: int = 1) -> Tensor:
    return loaded.tokenizer.encode([prompt]).to(loaded.device).expand(rows, -1)


def _given(loaded, c: dict, hidden: Tensor) -> Canvas:
    """A canvas of given tokens, hidden [rows, N] ones to be drawn again."""
    ids = torch.tensor(c["tokens"], device=loaded.device).expand(c["count"], -1)
    return Canvas(ids, ~hidden, hidden.sum(1))


def _begin_draw(loaded, c: dict, plan: Tensor | None) -> tuple[Canvas, How]:
    return loaded.model.blank(c["count"], loaded.device), _how(loaded, c, plan)


def _begin_blend(loaded, c: dict, plan: Tensor | None) -> tuple[Canvas, How]:
    other = _caption(loaded, c["prompt_to"], c["count"])
    return loaded.model.blank(c["count"], loaded.device), _how(loaded, c, plan, other=other, blend=c["position"])


def _begin_vary(loaded, c: dict, plan: Tensor | None) -> tuple[Canvas, How]:
    """Of a picture whose plan is known, some of that is written anew, and what follows from it drawn. Else some tokens are
    drawn anew; what the prompt leaves open, and where things stand, is told by those that stay, until none stays."""
    model, before = loaded.model, _known_plan(loaded, c["plan"], c["count"])
    first = len(model.config.plan)
    if (before[:, :first] < model.open[:first]).all():
        how = _how(loaded, c, plan, partial(model.vary, before, amount=c["amount"]))
        return _given(loaded, c, (how.plan != before).any(1, keepdim=True).expand(-1, model.tokens)), how
    some = c["amount"] < 1
    how = _how(loaded, c, plan, sure=SURE if some else 0.0, placed=not some)
    return _given(loaded, c, how.uniform[:, -2].flip(-1) < c["amount"]), how


def _begin_edit(loaded, c: dict, plan: Tensor | None) -> tuple[Canvas, How]:
    """What is new stands where the brush was. What the prompt leaves open is as in the picture's plan, if that is known; else
    the tokens around it tell."""
    hidden = torch.tensor(c["mask"], device=loaded.device).bool().expand(c["count"], -1)
    planned: dict = {}
    if hidden.any() and not hidden.all():
        planned = dict(sure=SURE, instead=_known_plan(loaded, c["plan"], c["count"]), where=_room(hidden))
    return _given(loaded, c, hidden), _how(loaded, c, plan, **planned)


def _known_plan(loaded, plan: list[int], rows: int = 1) -> Tensor:
    """The plan that came with a picture [rows, P], hidden where it is not known."""
    return torch.tensor(plan, device=loaded.device).minimum(loaded.model.open).expand(rows, -1)


def _room(brushed: Tensor) -> Tensor:
    """Cells with the most room for a thing that stands there, bool [rows, N]: what it would cover, three cells wide and high,
    is brushed as far as it can be."""
    side = math.isqrt(brushed.size(1))
    grid = brushed.view(-1, 1, side, side).float()
    room = F.conv2d(F.pad(grid, (1, 1, 2, 0)), torch.ones(1, 1, 3, 3, device=grid.device)) * grid
    return (room == room.amax((2, 3), keepdim=True)).flatten(1)


# -- rounds --------------------------------------------------------------------------------------------------


def _round(loaded, c: dict, state: Any, show: bool, begin: Callable, keep: Callable | None = None) -> Round:
    """One round, see `Round`. One that nobody looks at costs less.

    Args:
        begin: (loaded, controls, the plans that an earlier round has made) -> the canvas that the action begins with, and how
            to go on.  keep: what it does to pictures uint8 [rows, H, W, C] that are to be seen.
    """
    canvas, how = begin(loaded, c, None if state is None else _settled(loaded, c, state))
    k, canvas = _resumed(loaded, state, canvas, how)
    canvas = loaded.model.decide(canvas, k + 1, how, rough=show)
    tokens, plan, last = canvas.ids.tolist(), how.plan.tolist(), k + 1 >= how.rounds
    pixels = None
    if show or last:
        pixels = images.to_uint8(loaded.model.tokenizer.decode(canvas.ids))
        pixels = images.grid(pixels if keep is None else keep(pixels))
    left = None if last else {"k": k + 1, "ids": tokens, "decided": canvas.decided.int().tolist(), "plan": plan}
    return Round(pixels, left, {"tokens": tokens, "plan": plan})


def _settled(loaded, c: dict, state: Any) -> Tensor:
    """The plans of a state, one for each picture."""
    try:
        plans = [_check_plan(loaded, plan) for plan in state["plan"]]
        if len(plans) != c["count"]:
            raise ValueError
    except (TypeError, KeyError, ValueError):
        raise UserError("bad_request") from None
    return torch.tensor(plans, device=loaded.device)


def _check_plan(loaded, plan: Any) -> list[int]:
    """For each entry one of its choices, or the number of them where it is hidden."""
    most = loaded.config.choices
    if not isinstance(plan, list) or len(plan) != len(most):
        raise ValueError
    if not all(type(value) is int and 0 <= value <= high for value, high in zip(plan, most)):
        raise ValueError
    return plan


def _resumed(loaded, state: Any, canvas: Canvas, how: How) -> tuple[int, Canvas]:
    if state is None:
        return 0, canvas
    try:
        k = state["k"]
        ids, decided = np.asarray(state["ids"]), np.asarray(state["decided"])
        whole = ids.dtype.kind == decided.dtype.kind == "i" and type(k) is int and 0 < k < how.rounds
        shapes = ids.shape == decided.shape == tuple(canvas.ids.shape)
        if not (whole and shapes and ids.min() >= 0 and ids.max() < loaded.model.mask_id):
            raise ValueError
    except (TypeError, KeyError, ValueError):
        raise UserError("bad_request") from None
    to = dict(device=loaded.device)
    decided = torch.from_numpy(decided).to(**to).bool() | canvas.decided
    return k, Canvas(torch.where(canvas.decided, canvas.ids, torch.from_numpy(ids).to(**to)), decided, canvas.total)


# -- actions -------------------------------------------------------------------------------------------------


@action("text2image", "rounds", lambda m: [_prompt(m), *_drawing(m)])
def draw(loaded, c: dict, state: Any = None, show: bool = True) -> Round:
    """`count` pictures of a prompt, picture i from seed + i; an empty prompt draws freely."""
    return _round(loaded, c, state, show, _begin_draw)


@action(
    "text2image", "rounds",
    lambda m: [_prompt(m), _prompt(m, "prompt_to"), Number("position", 0.0, 1.0, 0.5), *_drawing(m)],
)  # fmt: skip
def blend(loaded, c: dict, state: Any = None, show: bool = True) -> Round:
    """Between two prompts: at 0 the first, at 1 the second, between them each entry of the plan is one's or the other's."""
    return _round(loaded, c, state, show, _begin_blend)


@action(
    "text2image", "rounds",
    lambda m: [_prompt(m), _tokens(m), _plan(m), Number("amount", 0.0, 1.0, 0.5), *_drawing(m)],
)  # fmt: skip
def vary(loaded, c: dict, state: Any = None, show: bool = True) -> Round:
    """More like this one: a random share `amount` of its plan is written anew, or, without one, of its tokens."""
    return _round(loaded, c, state, show, _begin_vary)


@action("text2image", "rounds", lambda m: [_prompt(m), _tokens(m), _plan(m), _mask(m), *_drawing(m)])
def edit(loaded, c: dict, state: Any = None, show: bool = True) -> Round:
    """What the prompt says where the mask is 1; every other pixel stays. A mask of nothing changes nothing."""

    def keep(made: np.ndarray) -> np.ndarray:
        side = loaded.config.tokenizer.side
        brushed = np.asarray(c["mask"], dtype=bool).reshape(1, side, side, 1)
        size = made.shape[1] // side
        return np.where(brushed.repeat(size, 1).repeat(size, 2), made, _decoded(loaded, [c["tokens"]]))

    return _round(loaded, c, state, show, _begin_edit, keep)


@action("text2image", "image", lambda m: [_tokens(m)])
def decode(loaded, c: dict) -> np.ndarray:
    """The picture of given tokens, row by row."""
    return _decoded(loaded, [c["tokens"]])[0]


def _decoded(loaded, tokens: list[list[int]]) -> np.ndarray:
    """[rows, N] -> uint8 [rows, H, W, C]."""
    return images.to_uint8(loaded.model.tokenizer.decode(torch.tensor(tokens, device=loaded.device)))


# -- looks ---------------------------------------------------------------------------------------------------


@action("text2image", "data", lambda m: [_prompt(m)], light=True)
def read(loaded, c: dict) -> list[dict[str, Any]]:
    """Each word of a prompt: {"text", "status": understood | ignored | unknown | unread, "nearest": known words}.

    unread: beyond the caption length; the model never sees it.
    """
    found, known = [], 0
    for word in loaded.tokenizer.read(c["prompt"]):
        known += word.status != UNKNOWN
        unread = word.status != UNKNOWN and known > loaded.tokenizer.length
        nearest = offers.nearest(loaded, word.text) if word.status == UNKNOWN else []
        found.append({"text": word.text, "status": "unread" if unread else word.status, "nearest": nearest})
    return found


@action("text2image", "data", lambda m: [_prompt(m), _tokens(m), _plan(m)])
def inside(loaded, c: dict) -> dict[str, Any]:
    """What the model makes of a picture: for each token its certainty (its probability given all the others), the
    likeliest alternatives, how much it looks at each word of the prompt; and what the plan says.

    plan: that of the picture; where it is not given, what the prompt says for sure.
    """
    model, caption = loaded.model, _caption(loaded, c["prompt"])
    ids = torch.tensor([c["tokens"]], device=loaded.device)
    if c["plan"] == _plan(loaded).default:
        middle = torch.full((1, *model.draws), 0.5, device=loaded.device)
        plan = model.make_plan(caption, middle, GUIDANCE, sure=SURE, placed=False)
    else:
        plan = _known_plan(loaded, c["plan"])
    own, others, likely = model.certainty(plan, ids, ALTERNATIVES)
    words = [w for w in loaded.tokenizer.read(c["prompt"]) if w.id][: loaded.tokenizer.length]
    looks = model.attention(caption, plan, ids)[0, :, : len(words)]  # [N, words]
    return {
        "tokens": c["tokens"],
        "plan": plan_in_words(loaded, plan[0].tolist()),
        "certainty": [round(v, 4) for v in own.tolist()],
        "alternatives": [
            [[token, round(p, 4)] for token, p in zip(*row)] for row in zip(others.tolist(), likely.tolist())
        ],
        "words": [{"text": w.text, "understood": w.status == UNDERSTOOD} for w in words],
        "attention": [[round(v, 5) for v in row] for row in looks.tolist()],
    }


def _see_controls(loaded) -> list[Control]:
    return [_prompt(loaded), Rows("tokens", _tokens(loaded), SEEN), Rows("plans", _plan(loaded), SEEN, empty=True)]


@action("text2image", "data", _see_controls)
def see(loaded, c: dict) -> list[dict[str, Any]]:
    """What the judge sees in pictures, and word by word whether the prompt is fulfilled.

    tokens: one list for each picture.  plans: theirs, to be told in words beside it, or none.
    Returns: for each {"seen": attribute -> {"value", "p"}, "words": [{"text", "right": True | False | None}], "plan": see
    `plan_in_words`, or None}.
    """
    plans = c["plans"] or [None] * len(c["tokens"])
    if len(plans) != len(c["tokens"]):
        raise UserError("not_rows", name="plans", value=plans, most=len(c["tokens"]), length=len(loaded.config.choices))
    words = [word.text for word in loaded.tokenizer.read(c["prompt"])]
    return [
        {
            "seen": seen,
            "words": [
                {"text": text, "right": right} for text, right in zip(words, loaded.about.prompts.verdicts(words, seen))
            ],
            "plan": None if plan is None else plan_in_words(loaded, _known_plan(loaded, plan)[0].tolist()),
        }
        for seen, plan in zip(_answers(loaded.judge(), _decoded(loaded, c["tokens"])), plans)
    ]


def _answers(judge, pixels: np.ndarray) -> list[dict[str, dict[str, Any]]]:
    """For each picture uint8 [n, H, W, C]: question -> {"value", "p"}, the judge's answer and its probability."""
    batch = torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)
    answers = [rows.max(1) for rows in judge.model.answer(batch)]  # of each question: (probabilities, indices) [n]
    return [
        {
            name: {"value": choices[int(best.indices[i])], "p": round(float(best.values[i]), 4)}
            for (name, choices), best in zip(judge.about.questions.items(), answers)
        }
        for i in range(len(batch))
    ]


def _entries(model) -> dict[str, list]:
    """What each entry of a plan may say, by its name; {} where the checkpoint does not tell. Raises ValueError for another
    model's."""
    told = model.meta.extra.get("plan", {})
    if told and tuple(map(len, told.values())) != model.config.plan:
        raise ValueError("the words of its plan are another model's")
    return told


def plan_in_words(loaded, plan: list[int]) -> dict[str, Any]:
    """A plan in words: what was chosen of each entry, None where that is open, and the cells where things stand."""
    named = {name: (*values, None)[value] for (name, values), value in zip(_entries(loaded).items(), plan)}
    cells = [cell for cell in plan[len(loaded.config.plan) :] if cell < loaded.model.tokens]
    return {"entries": named, "cells": cells}


@look("text2image")
def look_at(model, meta, data) -> np.ndarray:
    """Four pictures of each of a few prompts, in columns."""
    tokenizer, device = WordTokenizer.from_state(meta.tokenizer), next(model.parameters()).device
    known = [word for word in tokenizer.words if word not in tokenizer.fillers]
    asked = [prompt for pair in zip(*about(meta.dataset).openings.values()) for prompt in pair] or known[:12]
    seeds = [i // len(asked) for i in range(4 * len(asked))]
    uniform = noise.uniforms(seeds, *model.draws).to(device)
    how = How(model.make_plan(tokenizer.encode(asked * 4).to(device), uniform), uniform, temperature=TEMPERATURE)
    *_, canvas = model.sample(model.blank(len(seeds), device), how)
    return images.grid(images.to_uint8(model.tokenizer.decode(canvas.ids)), columns=len(asked))
