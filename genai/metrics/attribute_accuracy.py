"""Which attributes of a caption a picture gets right, each for itself; one sample a prompt, both languages together.

single and pair: everything right, for captions of one kind of thing and of two. binding: both colours on their own things.
"""

from __future__ import annotations

from genai.data.scenes.match import compare
from genai.metrics.context import Context
from genai.metrics.scenes import Benchmark, benchmark, judge_name

ATTRIBUTES = ("single", "pair", "kind", "count", "colour", "size", "relation", "ground", "binding")


def measure(context: Context) -> list[dict]:
    records = []
    for split in Benchmark.SPLITS:
        parts = [benchmark(context).drawn[split, language] for language in ("en", "zh")]
        captions = [p.caption for part in parts for p in part.prompts]
        shown = [row[0] for part in parts for row in part.answers]
        free = [answers for part in parts for answers in part.free]
        others = [captions[i - 1] for i in range(len(captions))]
        for attribute in ATTRIBUTES:
            scores = [
                _of(attribute, pairs) for pairs in (zip(captions, shown), zip(captions, free), zip(others, shown))
            ]
            if scores[0]:
                value, empty, shuffled = (sum(s) / len(s) for s in scores)
                records.append({
                    "value": value, "unit": "share", "key": f"{split}/{attribute}", "attribute": attribute,
                    "split": split, "best_of": 1, "n": len(scores[0]),
                    "empty_caption": empty, "shuffled_caption": shuffled, "judge": judge_name(context),
                })  # fmt: skip
    return records


def _of(attribute: str, pairs) -> list[bool]:
    found = []
    for caption, answers in pairs:
        checked = compare(caption, answers)
        if attribute in ("single", "pair"):
            if (attribute == "single") == (caption.relation is None):
                found.append(all(checked.values()))
        elif attribute in checked:
            found.append(checked[attribute])
    return found
