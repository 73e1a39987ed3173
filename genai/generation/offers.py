"""What text2image can be offered to draw: examples, a sheet of words, and combinations that training never showed."""

from __future__ import annotations

import numpy as np

from genai.data import scenes
from genai.data.scenes import lexicon as lx

OPENINGS = scenes.ABOUT.openings


def examples(loaded) -> list[str]:
    """Prompts to begin with, at least two: those for scenes, or the words of another vocabulary."""
    if loaded.meta.dataset == "scenes":
        return list(OPENINGS["en"])
    words = [word for word in loaded.tokenizer.words if word not in loaded.tokenizer.fillers]
    return [*words, "", ""]


def nearest(loaded, word: str) -> list[str]:
    """Known words in place of an unknown one: those written alike; for a number beyond four, the largest there is."""
    if loaded.meta.dataset == "scenes":
        if word.isascii() and (word.isdigit() or word in lx.EN_TOO_MANY):
            return ["four", "many"]
        if word.isdigit() or word in lx.ZH_TOO_MANY:
            return ["四", "许多"]
    return loaded.tokenizer.nearest(word)


def sheet(lang: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything that scenes know, as (string key, [(what to show, a prompt with it)]) in one language."""
    examples = ("ui.paint.sheet_examples", [(prompt, prompt) for prompt in OPENINGS[lang]])
    if lang == "en":
        return [
            examples,
            ("ui.paint.sheet_kinds", [(lx.EN_KINDS[k][0], f"a {lx.EN_KINDS[k][0]}") for k in scenes.KINDS]),
            ("ui.paint.sheet_colours", [(c, f"a {c} car") for c in scenes.COLOURS]),
            ("ui.paint.sheet_grounds", [(lx.EN_GROUNDS[g][0], f"a cat {lx.EN_GROUNDS[g][0]}") for g in scenes.GROUNDS]),
            ("ui.paint.sheet_relations",
             [(lx.EN_RELATIONS[r][0], f"a red ball {lx.EN_RELATIONS[r][0]} a blue chair") for r in scenes.RELATIONS]),
            ("ui.paint.sheet_more", [*((s, f"a {s} purple star") for s in ("small", "medium-sized", "large")),
                                     ("two", "two apples"), ("three", "three apples"), ("four", "four apples")]),
        ]  # fmt: skip
    return [
        examples,
        ("ui.paint.sheet_kinds",
         [(noun, f"一{measure}{noun}") for noun, measure in (lx.ZH_KINDS[k][0] for k in scenes.KINDS)]),
        ("ui.paint.sheet_colours", [(lx.ZH_COLOURS[c][0], f"一辆{lx.ZH_COLOURS[c][0]}的汽车") for c in scenes.COLOURS]),
        ("ui.paint.sheet_grounds",
         [(lx.ZH_GROUNDS[g][0], f"一只猫在{lx.ZH_GROUNDS[g][0]}") for g in scenes.GROUNDS]),
        ("ui.paint.sheet_relations",
         [(lx.ZH_RELATIONS[r][0], f"一个红色的球在一把蓝色的椅子{lx.ZH_RELATIONS[r][0]}") for r in scenes.RELATIONS]),
        ("ui.paint.sheet_more", [("小", "一颗紫色的小星星"), ("中等大小", "一颗中等大小的紫色的星星"), ("大", "一颗紫色的大星星"),
                                 ("两", "两个苹果"), ("三", "三个苹果"), ("四", "四个苹果")]),
    ]  # fmt: skip


def never_seen(lang: str) -> tuple[str, list[tuple[str, ...]]]:
    """A prompt that names one or two combinations that training never showed, and those combinations."""
    rng, words = np.random.default_rng(), scenes.tokenizer()
    while True:
        scene = scenes.random_scene(rng, "level1" if rng.random() < 0.6 else "level2")
        prompt = scenes.describe(scene, rng, lang, full=True).text
        if len(words.read(prompt)) <= words.length:  # a wordy one would be cut
            return prompt, scenes.held_out(scene)
