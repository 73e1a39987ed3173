"""Directions of a latent space: found by what they change, named by a command, and then on the page."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from studio import write_checkpoints
from torch import nn

from genai import cli
from genai.checkpoint import load_checkpoint, read_meta
from genai.explore import __main__ as program
from genai.explore.directions import LONGEST, SHORTEST, candidates, levels_apart
from genai.generation.engine import Engine
from genai.models.gan import Config


class Known(nn.Module):
    """A model whose pictures are known: level 0 lights all of one, level 2 its left half, half as much."""

    def __init__(self):
        super().__init__()
        self.config = Config(image_size=16, channels=1, classes=0, z_dim=4, widths=(8, 8, 8), body="style")
        self.weight = nn.Parameter(torch.zeros(1))

    def sample(self, z, labels):
        left = torch.cat((torch.ones(8), torch.zeros(8)))
        return (0.2 * z[:, 0, 1])[:, None, None, None].expand(-1, 1, 16, 16) + 0.1 * z[:, 2, 3, None, None, None] * left


@pytest.mark.parametrize("levels, axis", [((0,), 1), ((2,), 3)])
def test_the_first_direction_is_what_changes_most(levels, axis):
    vectors, shares = candidates(Known(), levels, 2, samples=400)
    first = vectors[0] / vectors[0].norm()
    assert first[axis] > 0.95, "and its brighter side is the positive one"
    assert shares[0] > 10 * shares[1] and 0 < shares[0] <= 1
    assert ((vectors.norm(dim=1) >= SHORTEST - 1e-4) & (vectors.norm(dim=1) <= LONGEST + 1e-4)).all()


def test_what_changes_more_is_gone_along_less_far():
    far, near = (candidates(Known(), levels, 1, samples=400)[0].norm() for levels in ((2,), (0,)))
    assert near < far


@pytest.mark.parametrize("count", range(2, 8))
def test_every_resolution_is_looked_at_once(count: int):
    groups = levels_apart(Config(widths=(8,) * count))
    assert sorted(level for group in groups for level in group) == list(range(count))


@pytest.fixture
def path(tmp_path):
    return write_checkpoints(tmp_path) / "gan-styled.safetensors"


def test_candidates_are_drawn_a_row_each(path, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("genai.explore.directions.SAMPLES", 100)
    out = tmp_path / "sheet.png"
    assert program.main([str(path), "--count", "2", "--out", str(out)]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if "variance" in line]
    with Image.open(out) as sheet:
        assert sheet.size == (15 * 16, len(rows) * 16) and np.asarray(sheet).std() > 0


def test_named_ones_are_kept_in_order_and_are_on_the_page(path, capsys):
    before = load_checkpoint(path)[0].state_dict()
    assert (
        program.main([str(path), "--count", "2", "--name", "2:1=thin ↔ thick=细 ↔ 粗", "-0:0=light ↔ dark=浅 ↔ 深"])
        == 0
    )
    kept = read_meta(path).extra["directions"]
    assert [one["name"]["en"] for one in kept] == ["thin ↔ thick", "light ↔ dark"]
    assert [one["levels"] for one in kept] == [[2], [0]] and kept[1]["name"]["zh"] == "浅 ↔ 深"
    after = load_checkpoint(path)[0].state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    made = Engine(path.parent, device="cpu").generate("gan-styled", "steer", {"amounts": [0.5, -1.0]})
    assert made.pixels.shape == (16, 16, 3)


@pytest.mark.parametrize("words, said", [
    (["--name", "nonsense"], "LEVELS:NUMBER"), (["--name", "7:0=a=b"], "0:0 to"), (["--count", "0"], "count"),
])  # fmt: skip
def test_mistakes_are_told(words, said, path, capsys):
    assert cli.run(program.main, [str(path), *words]) == 2
    assert said in capsys.readouterr().err


def test_a_model_without_levels_is_refused(path, capsys):
    assert program.main([str(path.parent / "gan-digits.safetensors")]) == 2
    assert "--body style" in capsys.readouterr().err
