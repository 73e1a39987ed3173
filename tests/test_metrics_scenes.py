"""The benchmark of words to pictures: a perfect painter scores 1, its controls do not, and every figure is told apart."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from genai.checkpoint import Meta, read_meta, save_checkpoint
from genai.data import mnist_words, scenes
from genai.errors import UserError
from genai.generation.text2image import STEPS
from genai.metrics import diversity, measure, nearest_training, prompt_accuracy, word_accuracy
from genai.metrics import scenes as bench
from genai.metrics.context import Context
from genai.metrics.features import Seen
from genai.models import build_model

MODEL = "text2image-scenes.safetensors"


@pytest.fixture
def checkpoint(engine, tmp_path):
    """The small painter and its judge, in a folder of their own."""
    for name in (MODEL, "judge-scenes.safetensors"):
        (tmp_path / name).write_bytes((engine.folder / name).read_bytes())
    return tmp_path / MODEL


def records_of(path, *names, **options) -> list[dict]:
    records = list(measure(path, names, device="cpu", **options))
    assert json.loads(json.dumps(records)) == records
    return records


@pytest.fixture
def perfect(monkeypatch):
    """A painter that draws exactly the scene each caption was made from, and a judge that is never wrong.

    A picture's first pixels carry the number of its scene, so that the judge can look the truth up.
    """
    known: list[dict] = []
    truth = {}
    for split in bench.Benchmark.SPLITS:
        for language in ("en", "zh"):
            truth |= {(p.caption.text, p.seed): p.scene for p in bench.prompts(split, language, 12)}

    def draw_prompts(context, texts, seeds):
        images = torch.zeros(len(texts), 3, 64, 64, dtype=torch.uint8)
        for i, (text, seed) in enumerate(zip(texts, seeds)):
            scene = truth.get((text, seed - seed % bench.BEST_OF)) or scenes.sample("all", 5, i)[0]
            known.append(scenes.attributes(scene))
            images[i, :2, 0, 0] = torch.tensor(divmod(len(known) - 1, 256))
        return images

    def ask_judge(context, images):
        rows = [known[int(high) * 256 + int(low)] for high, low in images[:, :2, 0, 0]]
        return rows, [dict.fromkeys(scenes.ATTRIBUTES, 1.0) for _ in rows]

    monkeypatch.setattr(bench, "draw_prompts", draw_prompts)
    monkeypatch.setattr(bench, "ask_judge", ask_judge)


def test_a_perfect_painter_is_always_right_and_its_controls_are_not(checkpoint, perfect):
    records = records_of(checkpoint, "prompt_accuracy", n=12)
    assert {(r["split"], r["language"], r["best_of"]) for r in records} == {
        (s, lang, b) for s in ("seen", "level1", "level2") for lang in ("en", "zh") for b in (1, 4)
    }
    for record in records:
        assert record["value"] == 1 and record["n"] == 12 and record["metric"] == "prompt_accuracy"
        assert record["empty_caption"] < 0.3 and record["shuffled_caption"] < 0.3
    for record in records_of(checkpoint, "attribute_accuracy", n=12):
        assert record["value"] == 1 and record["attribute"] and record["split"]


def test_figures_are_kept_each_under_its_own_name(checkpoint):
    records = records_of(checkpoint, "prompt_accuracy", "tokenizer_attribute_agreement", n=2, save=True)
    assert len(records) == 13 and all(0 <= r["value"] <= 1 for r in records)
    kept = read_meta(checkpoint).metrics
    assert kept["prompt_accuracy/level2/zh/4"]["best_of"] == 4 and len(kept) == 13
    assert kept["tokenizer_attribute_agreement"]["n"] == 2


def test_a_tokenizer_of_layers_is_measured_on_fresh_pictures(tmp_path):
    config = dict(widths=(8,), levels=(8,) * 4, layers=(1,) * 4, hidden=8)
    path = tmp_path / "tokenizer-scenes.safetensors"
    save_checkpoint(path, build_model("tokenizer", config), Meta("tokenizer", config, dataset="scenes"))
    (record,) = records_of(path, "psnr", n=6)
    assert record["n"] == 6 and record["split"] == "seen" and np.isfinite(record["value"])


def test_a_judge_is_measured_on_fresh_scenes(checkpoint):
    (record,) = records_of(checkpoint.with_name("judge-scenes.safetensors"), "judge_accuracy", n=40)
    assert record["attributes"].keys() == scenes.ATTRIBUTES.keys()
    assert record["value"] == pytest.approx(np.mean(list(record["attributes"].values())), abs=1e-4)
    assert record["attributes"][record["lowest"]] == min(record["attributes"].values())


@pytest.mark.parametrize("split", ["level1", "level2"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_prompts_of_held_out_splits_name_what_is_new(split: str, language: str):
    for prompt in bench.prompts(split, language, 40):
        for combination in scenes.held_out(prompt.scene):
            if len(combination) == 3:
                assert prompt.caption.relation in scenes.RELATIONS
            elif combination[0] in scenes.COLOURS:
                assert combination in {(thing.colour, thing.kind) for thing in prompt.caption.things}
            else:
                assert prompt.caption.ground == combination[1]
    seeds = [prompt.seed for prompt in bench.prompts(split, language, 40)]
    assert len(set(seeds)) == 40 and all(seed % bench.BEST_OF == 0 for seed in seeds)


def test_the_best_of_four_is_the_one_that_fits():
    prompt = bench.prompts("seen", "en", 1, full=True)[0]
    truth = scenes.attributes(prompt.scene)
    wrong = truth | {"ground": next(g for g in scenes.GROUNDS if g != truth["ground"])}
    sure = dict.fromkeys(truth, 0.9)
    drawn = bench.Drawn([prompt], [[wrong, wrong, truth, wrong]], [[sure] * 4], [wrong])
    assert prompt_accuracy.best(drawn, 0) == truth


def test_spread_and_nearest():
    images = torch.randint(256, (6, 3, 64, 64), dtype=torch.uint8)
    assert diversity.spread(images[:1].expand(4, -1, -1, -1)) == 0 < diversity.spread(images)
    flat = nearest_training.shrink(images)
    assert nearest_training.nearest(flat[:2], flat).max() < 1e-2
    assert nearest_training.nearest(flat[:2], flat[2:]).min() > 10


def test_diversity_and_nearest_run(checkpoint, monkeypatch):
    monkeypatch.setattr(nearest_training, "TRAINING", 1000)
    records = records_of(checkpoint, "diversity", "nearest_training", n=2)
    assert [r["metric"] for r in records] == ["diversity", "nearest_training"] and all(r["value"] > 0 for r in records)


def test_every_order_is_measured_on_the_same_prompts(checkpoint):
    records = records_of(checkpoint, "order_accuracy", n=3)
    assert {r["order"]: r["rounds"] for r in records} == {"surest": STEPS, "halton": STEPS, "raster": 64}
    assert all(r["n"] == 3 and r["seconds_a_picture"] > 0 and 0 <= r["value"] <= 1 for r in records)


def test_the_judge_is_found_beside_the_checkpoint_or_missed(checkpoint, monkeypatch):
    monkeypatch.chdir(checkpoint.parent)
    assert bench.judge_name(Context(checkpoint, device="cpu")).startswith("judge-scenes ")
    checkpoint.with_name("judge-scenes.safetensors").unlink()
    with pytest.raises(UserError, match="judge-scenes, or name one"):
        bench.judge_name(Context(checkpoint, device="cpu"))


def test_a_painter_that_reads_is_told_from_one_that_does_not(monkeypatch):
    """Words to digits: the pixel that a judge looks at is the digit of the caption, or always 3."""

    class Bench:
        meta = Meta("text2image", {}, dataset="mnist-words")

        def count(self, default, available, least=1):
            return 40

    class Space:
        def look(self, images, what):
            return Seen(images.float(), images.flatten().long())

        def record(self):
            return {}

    monkeypatch.setattr(word_accuracy, "space", lambda context: Space())

    def reading(context, texts, seeds):
        words = {w: d for d in range(10) for w in (str(d), mnist_words.EN_DIGITS[d], mnist_words.ZH_DIGITS[d])}
        return torch.tensor(
            [[words[w] for w in sorted(words) if w in text.replace("一个", "")][:1] or [3] for text in texts]
        )

    monkeypatch.setattr(word_accuracy, "draw_prompts", reading)
    for record in word_accuracy.measure(Bench()):
        assert record["value"] == 1 and record["empty_caption"] == 0.1 and record["shuffled_caption"] == 0
    monkeypatch.setattr(word_accuracy, "draw_prompts", lambda context, texts, seeds: torch.full((len(texts), 1), 3))
    assert [r["value"] for r in word_accuracy.measure(Bench())] == [0.1, 0.1]
