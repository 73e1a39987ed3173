"""The world as a data set; a plan says all of a picture, and of what its caption says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import ROOT

from genai.data import load_dataset, world
from genai.data.world.captions import describe, tokenizer
from genai.data.world.match import agrees, right
from genai.data.world.paint import rasterise, view_of
from genai.data.world.plans import PLAN, STEP, read, written
from genai.data.world.scene import held_out
from genai.data.world.settle import settle


@pytest.fixture(scope="module")
def told():
    """Scenes as they are settled, told and planned: (scene, setting, caption, plan)."""
    found = []
    for index in range(150):
        scene, rng = world.sample("train", 7, index)
        setting = settle(scene, rng)
        caption = describe(scene, rng)
        found.append((scene, setting, caption, written(scene, setting, caption.order)))
    return found


def test_a_plan_says_what_its_caption_says(told):
    for _, _, caption, plan in told:
        scene, _ = read(plan)
        assert all(agrees(caption, scene).values()), caption.text
        assert [group.kind for group in scene.groups] == [group.kind for group in caption.groups], (
            "in the caption's order"
        )


def test_a_picture_is_painted_from_its_plan_as_from_its_scene(told):
    """... but for places, which a plan tells to two pixels."""
    for _, setting, caption, plan in told:
        planned, settled = read(plan)
        assert len(settled.spots) == len(setting.spots) and settled.view == setting.view
        ours = sorted(setting.spots, key=lambda spot: (caption.order.index(spot.group), spot.x, spot.bottom))
        theirs = sorted(settled.spots, key=lambda spot: spot.group)
        for a in ours:
            near = [b for b in theirs if abs(a.x - b.x) <= STEP and abs(a.bottom - b.bottom) <= STEP]
            near = [b for b in near if caption.order.index(a.group) == b.group and abs(a.side - b.side) <= 2]
            same = [
                b
                for b in near
                if (a.mirrored, a.drawing, a.build, a.shadow) == (b.mirrored, b.drawing, b.build, b.shadow)
            ]
            assert same, (a, theirs)
        if not caption.absent:
            assert right(caption, view_of(planned, settled)) or caption.links, caption.text
    exact = np.array([np.abs(rasterise(*read(p)).astype(int) - rasterise(s, t)).mean() for s, t, _, p in told[:40]])
    assert exact.mean() < 6, "grey levels"


def test_any_plan_is_read():
    """Whatever a model may write: groups without a kind, links to nobody, things without a place."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        plan = [int(rng.integers(len(choices))) for choices in PLAN.values()]
        scene, setting = read(plan)
        assert len(scene.groups) <= 3 and len(setting.spots) <= 6
        assert {spot.group for spot in setting.spots} <= set(range(len(scene.groups)))


@pytest.mark.parametrize("split, level", [("train", 0), ("seen", 0), ("level1", 1), ("level2", 2)])
def test_a_split_shows_as_many_new_combinations_as_it_says(split, level):
    assert {len(held_out(world.sample(split, 3, index)[0])) for index in range(60)} == {level}


def test_the_data_set_makes_pictures_captions_and_plans(tmp_path):
    data = load_dataset("world", "train", tmp_path, targets="plan")
    images, targets = data.make(3, np.arange(4))
    assert images.shape == (4, 3, 128, 128) and images.dtype == torch.uint8
    assert targets.shape == (4, tokenizer().length + len(PLAN)) and data.decides()["plan"] == tuple(
        map(len, PLAN.values())
    )
    again, same = data.make(3, np.array([2]))
    assert torch.equal(again[0], images[2]) and torch.equal(same[0], targets[2]), "each by its number alone"
    assert load_dataset("world", "train", tmp_path, targets="classes").make(3, np.arange(2))[1].tolist() == [0, 0]


def test_openings_are_words_that_it_knows():
    for prompts in world.OPENINGS.values():
        for prompt in prompts:
            assert all(word.id for word in tokenizer().read(prompt)), prompt


def test_without_the_package_that_draws_everything_else_works():
    """... and drawing says what to install."""
    blocked = "import sys; sys.modules['resvg_py'] = None\n"
    code = blocked + (
        "from genai.data import load_dataset, world\nimport numpy as np\n"
        "print(len(world.tokenizer()) > 500)\n"
        "load_dataset('world', 'train').make(0, np.arange(1))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "True" and "pip install resvg-py" in done.stderr, done
