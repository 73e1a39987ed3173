"""README's figures are those that the shipped checkpoints carry, and the checkpoints say how they came about."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

from genai.checkpoint import Meta, load_checkpoint, read_meta, weights_sha256
from genai.data import about
from genai.metrics import metrics_for
from genai.models import backbone

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHIPPED = sorted(path.stem for path in (ROOT / "checkpoints").glob("*.safetensors") if "@" not in path.stem)
FIGURE = re.compile(r"`([\w/]+)` \**(-?[\d.]+)( %)?")


def meta_of(name: str) -> Meta:
    return read_meta(ROOT / "checkpoints" / f"{name}.safetensors")


def rows(header: str) -> dict[str, list[str]]:
    """A table of README by the beginning of its first line: first cell -> the cells after it."""
    lines = iter(README.splitlines())
    next(line for line in lines if line.startswith(header))
    next(lines)
    found = {}
    for line in lines:
        if not line.startswith("|"):
            return found
        first, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[first.strip("`")] = cells
    return found


RESULTS = rows("| checkpoint | parameters")


def assert_written(said: str, percent: bool, value: float, what: str) -> None:
    """`said` is `value`, rounded to as many digits as it has."""
    digits = len(said.partition(".")[2])
    assert abs(float(said) - value * (100 if percent else 1)) <= 0.5 * 10**-digits + 1e-9, (what, said, value)


def test_every_shipped_checkpoint_has_its_row():
    assert sorted(RESULTS) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_row_is_what_the_file_says(name: str):
    """Size, parameters and steps; each figure under its name in the metadata, those in brackets fields of the one before."""
    path = ROOT / "checkpoints" / f"{name}.safetensors"
    model, meta = load_checkpoint(path)
    parameters, megabytes, steps, figures = RESULTS[name]
    assert parameters == f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f}M"
    assert megabytes == f"{path.stat().st_size / 1e6:.1f} MB"
    assert steps == " + ".join(f"{record['steps']:,}" for record in meta.history)
    record, found = None, FIGURE.findall(figures)
    for key, said, percent in found:
        if key in meta.metrics:
            record = meta.metrics[key]
            value = record["value"]
        else:
            value = record[key]
        assert_written(said, bool(percent), value, key)
    assert meta.metrics.keys() & {key for key, *_ in found}, "no figure of its own"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_history_adds_up(name: str):
    meta, before = meta_of(name), 0
    for i, record in enumerate(meta.history):
        assert record["from_step"] == before and (record["begun_from"] is None) == (i == 0)
        before += record["steps"]
    assert meta.step == before > 0


@pytest.mark.parametrize("name", SHIPPED)
def test_figures_are_of_metrics_that_apply_and_of_this_file(name: str):
    """In the features of the network, or by the judge, that ships with it: a figure in another's says nothing here."""
    meta = meta_of(name)
    for key, record in meta.metrics.items():
        assert record["metric"] in metrics_for(meta) and key.split("/")[0] == record["metric"], key
        assert record["checkpoint"] == f"{name}.safetensors"
        if key.endswith("/backbone") or key == "perceptual_distance":  # the frozen network of photographs: it says so
            assert record["features"].startswith(backbone.NAME) and record["features_worth"]
            continue
        for field, network in (("features", about(meta.dataset).features), ("judge", about(meta.dataset).judge)):
            if field in record:
                assert (
                    record[field] == f"{network} {weights_sha256(ROOT / 'checkpoints' / f'{network}.safetensors')[:12]}"
                )


def test_the_tables_of_words_to_pictures_are_what_the_file_says():
    metrics = meta_of("text2image-scenes").metrics
    columns = [("en/1", "value"), ("zh/1", "value"), ("en/4", "value"), ("zh/4", "value")]
    columns += [("en/1", "empty_caption"), ("en/1", "shuffled_caption")]
    table = rows("| combinations | English")
    for split, cells in zip(("seen", "level1", "level2"), table.values(), strict=True):
        for (key, field), cell in zip(columns, cells, strict=True):
            assert_written(cell.strip("* %"), True, metrics[f"prompt_accuracy/{split}/{key}"][field], f"{split} {key}")
    names = ("single", "pair", "kind", "count", "colour", "size", "relation", "ground", "binding")
    for split, cells in rows("| | single | pair").items():
        for attribute, cell in zip(names, cells, strict=True):
            assert_written(
                cell.strip(" %"), True, metrics[f"attribute_accuracy/{split}/{attribute}"]["value"], attribute
            )


def test_what_the_readme_says_of_the_vaes_prior_holds():
    """The goals that it was made for: a quarter of N(0, I)'s distance, three quarters covered."""
    metrics = meta_of("vae-digits").metrics
    assert metrics["fd_prior"]["value"] <= metrics["fd_prior"]["normal"] / 4
    assert metrics["coverage_prior"]["value"] >= 0.75 > metrics["coverage_prior"]["normal"]


def test_both_bounds_of_the_vae_are_of_the_same_digits():
    one, fifty = (meta_of("vae-digits").metrics[f"nll_k{k}"] for k in (1, 50))
    assert one["n"] == fifty["n"] == 10_000 and one["binarisation"] == fifty["binarisation"]
    assert fifty["value"] < one["value"]
