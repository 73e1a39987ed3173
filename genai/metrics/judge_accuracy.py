"""How often the judge is right about fresh scenes, attribute by attribute: what every verdict of it is worth."""

from __future__ import annotations

from genai.data import scenes
from genai.metrics.context import Context
from genai.metrics.scenes import ask_judge, judge_name, render_scenes


def measure(context: Context) -> dict:
    """Of all combinations, held-out ones too. `lowest` is the attribute it is worst at."""
    images, truth = render_scenes("all", context.count(5_000, 1_000_000))
    answers, _ = ask_judge(context, images)
    each = {name: sum(a[name] == t[name] for a, t in zip(answers, truth)) / len(truth) for name in scenes.ATTRIBUTES}
    return {
        "value": sum(each.values()) / len(each), "unit": "share", "split": "all", "n": len(truth),
        "attributes": {name: round(v, 4) for name, v in each.items()}, "lowest": min(each, key=each.get),
        "judge": judge_name(context),
    }  # fmt: skip
