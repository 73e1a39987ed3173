"""Does a picture show all that its caption names? For combinations that training showed, and for those it never did.

Beside every score stand two controls: pictures drawn from no caption at all, and the same pictures held against another
prompt's caption. Only what is far above both was understood.
"""

from __future__ import annotations

from genai.data.scenes.match import compare, right
from genai.metrics.context import Context
from genai.metrics.scenes import BEST_OF, Drawn, benchmark, judge_name


def best(drawn: Drawn, i: int) -> dict[str, str]:
    """Of the pictures of prompt i, the one that the judge finds to fit best: right first, then by how sure it is."""
    caption = drawn.prompts[i].caption
    ranked = sorted(
        zip(drawn.answers[i], drawn.sure[i]),
        key=lambda pair: (sum(compare(caption, pair[0]).values()), min(pair[1].values())),
        reverse=True,
    )
    return ranked[0][0]


def measure(context: Context) -> list[dict]:
    records = []
    for (split, language), drawn in benchmark(context).drawn.items():
        n = len(drawn.prompts)
        captions = [prompt.caption for prompt in drawn.prompts]
        others = captions[1:] + captions[:1]
        for best_of in (1, BEST_OF):
            shown = [row[0] for row in drawn.answers] if best_of == 1 else [best(drawn, i) for i in range(n)]
            records.append({
                "value": sum(map(right, captions, shown)) / n, "unit": "share", "key": f"{split}/{language}/{best_of}",
                "split": split, "language": language, "best_of": best_of, "n": n,
                "empty_caption": sum(map(right, captions, drawn.free)) / n,
                "shuffled_caption": sum(map(right, others, shown)) / n,
                "judge": judge_name(context),
            })  # fmt: skip
    return records
