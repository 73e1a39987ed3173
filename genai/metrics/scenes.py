"""What the metrics of scenes share: fresh scenes, the judge of scenes, and pictures drawn from captions.

Fresh means: of a seed that no training run uses, so that neither the judge nor the model has met them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from genai.checkpoint import load_checkpoint
from genai.data import scenes
from genai.data.scenes.captions import Caption
from genai.data.scenes.world import Scene
from genai.data.words import WordTokenizer
from genai.errors import UserError
from genai.generation import noise
from genai.generation.images import to_uint8
from genai.generation.text2image import GUIDANCE, STEPS, TEMPERATURE, guidance_of_tokens
from genai.metrics.context import FRESH, Context, progress
from genai.metrics.features import space_name
from genai.models.judge import Judge
from genai.models.text2image import ORDERS, How

CHUNK = 36  # pictures drawn at once
BEST_OF = 4
NAMES = list(scenes.ATTRIBUTES)


@dataclass(frozen=True)
class Prompt:
    """A caption, the scene that it was made from, and the seed of its first picture."""

    caption: Caption
    scene: Scene
    seed: int


def render_scenes(split: str, count: int, seed: int = FRESH) -> tuple[Tensor, list[dict[str, str]]]:
    """`count` fresh scenes: images uint8 [n, 3, 64, 64] and what is in them."""
    images, answers = [], []
    for i in range(count):
        scene, rng = scenes.sample(split, seed, i)
        images.append(np.asarray(scenes.render(scene, rng)))
        answers.append(scenes.attributes(scene))
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous(), answers


def judge(context: Context) -> tuple[Judge, str]:
    """The judge of the checkpoint's data set, which may be the checkpoint itself, and its name as a space has one."""
    return context.once(_load_judge)


def _load_judge(context: Context) -> tuple[Judge, str]:
    if isinstance(context.model, Judge):
        return context.model, space_name(context.path)
    path = context.find(context.about.judge)
    model, _ = load_checkpoint(path, context.device)
    if not isinstance(model, Judge):
        raise UserError("bad_option", name="classifier", value=str(path), expected="a checkpoint of family judge")
    return model, space_name(path)


def judge_name(context: Context) -> str:
    return judge(context)[1]


def ask_judge(context: Context, images: Tensor) -> tuple[list[dict[str, str]], list[dict[str, float]]]:
    """The judge's answers for images uint8 [n, 3, 64, 64], and their probabilities."""
    rows = [rows.cpu() for rows in judge(context)[0].answer(images)]
    best = [r.max(1) for r in rows]
    choices = list(scenes.ATTRIBUTES.values())
    answers = [{name: choices[q][int(best[q].indices[i])] for q, name in enumerate(NAMES)} for i in range(len(images))]
    sure = [{name: float(best[q].values[i]) for q, name in enumerate(NAMES)} for i in range(len(images))]
    return answers, sure


def prompts(split: str, language: str, count: int, full: bool = False) -> list[Prompt]:
    """Captions of fresh scenes; those of held-out splits name every held-out combination that they are there for."""
    found, index = [], 0
    while len(found) < count:
        scene, rng = scenes.sample(split, FRESH, index)
        caption = scenes.describe(scene, rng, language, full)
        index += 1
        if all(_names(caption, combination) for combination in scenes.held_out(scene)):
            found.append(Prompt(caption, scene, seed=10_000 * BEST_OF + BEST_OF * index))
    return found


def _names(caption: Caption, combination: tuple[str, ...]) -> bool:
    if len(combination) == 3:
        return caption.relation in scenes.RELATIONS
    if combination[0] in scenes.COLOURS:
        return any((thing.colour, thing.kind) == combination for thing in caption.things)
    return caption.ground == combination[1]


def draw_prompts(context: Context, texts: Sequence[str], seeds: Sequence[int], order: str = ORDERS[0]) -> Tensor:
    """A picture of each text with its seed, as the model draws by default but for the order: uint8 [n, C, H, W]."""
    model, words, parts = context.model, WordTokenizer.from_state(context.meta.tokenizer), []
    for start in progress(range(0, len(texts), CHUNK), "drawing"):
        rows = slice(start, start + CHUNK)
        uniform = noise.uniforms(seeds[rows], *model.draws).to(context.device)
        captions = words.encode(list(texts[rows])).to(context.device)
        how = How(
            model.make_plan(captions, uniform, GUIDANCE, TEMPERATURE),
            uniform,
            rounds=model.tokens if order == "raster" else STEPS,
            cfg_scale=guidance_of_tokens(model, GUIDANCE),
            temperature=TEMPERATURE,
            order=order,
        )
        *_, canvas = model.sample(model.blank(len(uniform), context.device), how)
        parts.append(to_uint8(model.tokenizer.decode(canvas.ids)))
    return torch.from_numpy(np.concatenate(parts)).permute(0, 3, 1, 2).contiguous()


@dataclass
class Drawn:
    """Pictures of prompts and what the judge sees in them: BEST_OF for each prompt, and a free one of the same seed."""

    prompts: list[Prompt]
    answers: list[list[dict[str, str]]]
    sure: list[list[dict[str, float]]]
    free: list[dict[str, str]]


def benchmark(context: Context) -> Benchmark:
    return context.once(Benchmark)


class Benchmark:
    """All pictures that the prompt metrics share, drawn once: split and language -> Drawn."""

    SPLITS = ("seen", "level1", "level2")

    def __init__(self, context: Context):
        self.context, self.count = context, context.count(200, 100_000)

    @cached_property
    def drawn(self) -> dict[tuple[str, str], Drawn]:
        return {(s, lang): self._draw(s, lang) for s in self.SPLITS for lang in ("en", "zh")}

    def _draw(self, split: str, language: str) -> Drawn:
        asked = prompts(split, language, self.count)
        texts = [p.caption.text for p in asked for _ in range(BEST_OF)]
        seeds = [p.seed + i for p in asked for i in range(BEST_OF)]
        answers, sure = ask_judge(self.context, draw_prompts(self.context, texts, seeds))
        free, _ = ask_judge(self.context, draw_prompts(self.context, [""] * len(asked), [p.seed for p in asked]))
        rows = range(0, len(texts), BEST_OF)
        return Drawn(asked, [answers[i : i + BEST_OF] for i in rows], [sure[i : i + BEST_OF] for i in rows], free)
