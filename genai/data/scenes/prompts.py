"""What scenes know of words: what can be asked for, what stands in for an unknown one, whether a picture is what was asked."""

from __future__ import annotations

from typing import Any

import numpy as np

from genai.data.about import Prompts
from genai.data.scenes import lexicon as lx
from genai.data.scenes.captions import describe, vocabulary
from genai.data.scenes.world import COLOURS, GROUNDS, KINDS, MIRROR, RELATIONS, held_out, random_scene
from genai.data.words import WordTokenizer

CAPTION_LENGTH = 20

# Prompts to begin with; those of the two languages side by side need not say the same.
OPENINGS = {
    "en": (
        "a red car on the grass",
        "a blue bird above a yellow house at sunset",
        "three purple fish in the sea",
        "a small white cat to the left of a large green tree",
        "a pink umbrella on the sand",
        "two orange balloons at night",
    ),
    "zh": (
        "一个红色的汽车在草地上",
        "雪地里有一座蓝色的房子",
        "三条紫色的鱼在海里",
        "一只白色的小猫在绿色的树的左边",
        "夕阳下，一只黄色的鸟在红色的船上方",
        "两个橙色的气球",
    ),
}


def tokenizer() -> WordTokenizer:
    words, fillers = vocabulary()
    return WordTokenizer(words, fillers, CAPTION_LENGTH)


class ScenePrompts(Prompts):
    def nearest(self, word: str) -> list[str]:
        """For a number beyond four, the largest there is."""
        if word.isascii() and (word.isdigit() or word in lx.EN_TOO_MANY):
            return ["four", "many"]
        if word.isdigit() or word in lx.ZH_TOO_MANY:
            return ["四", "许多"]
        return []

    def sheet(self, lang: str) -> list[tuple[str, list[tuple[str, str]]]]:
        examples = ("ui.paint.sheet_examples", [(prompt, prompt) for prompt in OPENINGS[lang]])
        if lang == "en":
            return [
                examples,
                ("ui.paint.sheet_kinds", [(lx.EN_KINDS[k][0], f"a {lx.EN_KINDS[k][0]}") for k in KINDS]),
                ("ui.paint.sheet_colours", [(c, f"a {c} car") for c in COLOURS]),
                ("ui.paint.sheet_grounds", [(lx.EN_GROUNDS[g][0], f"a cat {lx.EN_GROUNDS[g][0]}") for g in GROUNDS]),
                ("ui.paint.sheet_relations",
                 [(lx.EN_RELATIONS[r][0], f"a red ball {lx.EN_RELATIONS[r][0]} a blue chair") for r in RELATIONS]),
                ("ui.paint.sheet_more", [*((s, f"a {s} purple star") for s in ("small", "medium-sized", "large")),
                                         ("two", "two apples"), ("three", "three apples"), ("four", "four apples")]),
            ]  # fmt: skip
        return [
            examples,
            ("ui.paint.sheet_kinds",
             [(noun, f"一{measure}{noun}") for noun, measure in (lx.ZH_KINDS[k][0] for k in KINDS)]),
            ("ui.paint.sheet_colours", [(lx.ZH_COLOURS[c][0], f"一辆{lx.ZH_COLOURS[c][0]}的汽车") for c in COLOURS]),
            ("ui.paint.sheet_grounds",
             [(lx.ZH_GROUNDS[g][0], f"一只猫在{lx.ZH_GROUNDS[g][0]}") for g in GROUNDS]),
            ("ui.paint.sheet_relations",
             [(lx.ZH_RELATIONS[r][0], f"一个红色的球在一把蓝色的椅子{lx.ZH_RELATIONS[r][0]}") for r in RELATIONS]),
            ("ui.paint.sheet_more", [("小", "一颗紫色的小星星"), ("中等大小", "一颗中等大小的紫色的星星"),
                                     ("大", "一颗紫色的大星星"),
                                     ("两", "两个苹果"), ("三", "三个苹果"), ("四", "四个苹果")]),
        ]  # fmt: skip

    def never_seen(self, lang: str) -> tuple[str, list[tuple[str, ...]]]:
        rng, words = np.random.default_rng(), tokenizer()
        while True:
            scene = random_scene(rng, "level1" if rng.random() < 0.6 else "level2")
            prompt = describe(scene, rng, lang, full=True).text
            if len(words.read(prompt)) <= words.length:  # a wordy one would be cut
                return prompt, held_out(scene)

    def verdicts(self, words: list[str], seen: dict[str, dict[str, Any]]) -> list[bool | None]:
        meaning = lx.concepts()
        return [_holds(meaning[word], seen) if word in meaning else None for word in words]


def _holds(meant: tuple[tuple[str, str], ...], seen: dict) -> bool:
    """Any of the (attribute, value) pairs that a word may mean; a thing's attribute may be either thing's."""
    value = {name: answer["value"] for name, answer in seen.items()}
    arrangements = {value["arrangement"], MIRROR.get(value["arrangement"], "")}
    for name, wanted in meant:
        if name == "ground" and value["ground"] == wanted:
            return True
        if name == "arrangement" and wanted in arrangements:
            return True
        if name in ("kind", "colour", "size") and wanted in (value[name], value[f"{name}2"]):
            return True
    return False
