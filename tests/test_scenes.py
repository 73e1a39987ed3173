"""Scenes: what is drawn is what is told, in both languages; what is held out never comes."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from genai.data import load_dataset, scenes
from genai.data.scenes import captions, lexicon
from genai.data.scenes.draw import (
    GRID,
    GROUND_VIEWS,
    NOTHING,
    PIXELS,
    RGB,
    THINGS,
    backdrop,
    layers,
    places,
    rasterise,
    settle,
    sprite,
)
from genai.data.scenes.match import compare, right
from genai.data.scenes.world import MIRROR, Thing
from genai.data.words import IGNORED, PAD, UNDERSTOOD, UNKNOWN, WordTokenizer


@pytest.fixture(scope="module")
def words() -> WordTokenizer:
    return scenes.tokenizer()


def stream(split: str, count: int, seed: int = 0):
    for i in range(count):
        yield scenes.sample(split, seed, i)


# -- the world -----------------------------------------------------------------------------------------------


def test_the_world_is_as_large_as_promised():
    named = "car bus boat house tree flower ball star cat fish bird cup umbrella circle square triangle"
    assert len(scenes.KINDS) >= 24 and set(named.split()) <= set(scenes.KINDS)
    assert len(scenes.COLOURS) == 10 and len(scenes.SIZES) == 3 and len(scenes.RELATIONS) == 6
    assert set(scenes.GROUNDS) == {"grass", "road", "sea", "sand", "snow", "night", "sunset", "room"}
    assert tuple(THINGS) == scenes.KINDS


def test_training_never_shows_what_is_held_out():
    """Twenty thousand scenes of the stream, and their own list says so too, by another way than the sampler's."""
    lists = scenes.holdout()
    assert all(len(items) >= 24 for items in lists.values())
    for scene, _ in stream("train", 20_000):
        assert not scenes.held_out(scene)
        for thing in scene.things:
            assert (thing.colour, thing.kind) not in lists["colour_thing"]
            assert (thing.kind, scene.ground) not in lists["thing_ground"]
        if scene.relation:
            a, b = (thing.kind for thing in scene.things)
            assert (a, scene.relation, b) not in lists["relation"]
            assert (b, MIRROR.get(scene.relation), a) not in lists["relation"]


def test_training_practises_what_is_hard():
    """More pairs than elsewhere, and no arrangement of two things much rarer than another."""
    shares = {}
    for split in ("train", "seen"):
        relations = [scene.canonical().relation for scene, _ in stream(split, 3000)]
        shares[split] = {
            name: relations.count(name) / len(relations) for name in ("left_of", "above", "on", "in_front_of")
        }
    pairs = {split: sum(each.values()) for split, each in shares.items()}
    assert pairs["train"] > 0.7 and 0.4 < pairs["seen"] < 0.6
    assert min(shares["train"].values()) > 0.15 and shares["seen"]["on"] < 0.7 * shares["seen"]["above"]


def test_the_lists_hold_out_no_factor_altogether():
    """Every kind, colour, ground and relation is still seen, with most partners: else nothing could compose."""
    lists = scenes.holdout()
    for kind in scenes.KINDS:
        assert sum(item[1] == kind for item in lists["colour_thing"]) <= 2
        assert sum(item[0] == kind for item in lists["thing_ground"]) <= 2
    seen = [scene for scene, _ in stream("train", 3000)]
    assert {thing.kind for scene in seen for thing in scene.things} == set(scenes.KINDS)
    assert {scene.ground for scene in seen} == set(scenes.GROUNDS)
    assert {scene.relation for scene in seen} == {None, *scenes.RELATIONS}


@pytest.mark.parametrize("split, level", [("seen", 0), ("level1", 1), ("level2", 2)])
def test_levels_count_the_new_combinations(split: str, level: int):
    kinds = set()
    for scene, _ in stream(split, 300):
        found = scenes.held_out(scene)
        assert len(found) == level
        kinds |= {(len(item), item[0] in scenes.COLOURS) for item in found}
    assert len(kinds) == (3 if level else 0), "all three kinds of combinations come"


def test_a_scene_is_a_function_of_seed_split_and_number():
    make = load_dataset("scenes", "train").make
    one, ids = make(3, np.arange(10, 20))
    again, more = make(3, np.arange(15, 25))
    assert torch.equal(one[5:], again[:5]) and torch.equal(ids[5:], more[:5])
    assert not torch.equal(make(4, np.arange(10, 20))[0], one)
    assert one.dtype == torch.uint8 and one.shape == (10, 3, 64, 64)
    assert ids.shape == (10, scenes.CAPTION_LENGTH) and ids.max() < len(scenes.tokenizer())


def test_attributes_as_targets():
    _, targets = load_dataset("scenes", "all", targets="attributes").make(0, np.arange(50))
    for row, (scene, _) in zip(targets.tolist(), stream("all", 50)):
        answers = {name: choices[i] for (name, choices), i in zip(scenes.ATTRIBUTES.items(), row)}
        assert answers == scenes.attributes(scene)


# -- pictures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", scenes.KINDS)
def test_things_fill_their_size_and_show_their_colour(kind: str):
    for size, pixels in PIXELS.items():
        image = sprite(Thing(kind, "red", size))
        assert pixels - 2 <= max(image.size) <= pixels
        rgba = np.asarray(image).reshape(-1, 4).astype(int)
        solid = rgba[rgba[:, 3] > 250]
        reddish = (solid[:, 0] > solid[:, 1] + 60) & (solid[:, 0] > solid[:, 2] + 60)
        assert reddish.mean() > 0.12, f"a {size} red {kind} shows {reddish.mean():.0%} red"
        soft = ((rgba[:, 3] > 0) & (rgba[:, 3] < 255)).any()
        assert soft or kind == "square", "edges are anti-aliased"


def test_kinds_look_different():
    shapes = {}
    for kind in scenes.KINDS:
        canvas = np.zeros((30, 30, 4))
        image = np.asarray(sprite(Thing(kind, "blue", "large")))
        canvas[: image.shape[0], : image.shape[1]] = image
        shapes[kind] = canvas
    for a in scenes.KINDS:
        for b in scenes.KINDS:
            assert a == b or np.abs(shapes[a] - shapes[b]).mean() > 5, f"{a} and {b}"


def test_grounds_look_different():
    means = {
        g: np.mean([np.asarray(backdrop(g, v)) for v in range(GROUND_VIEWS)], axis=(0, 1, 2)) for g in scenes.GROUNDS
    }
    for a in scenes.GROUNDS:
        for b in scenes.GROUNDS:
            assert a == b or np.abs(means[a] - means[b]).max() > 4, f"{a} and {b}"


def test_things_stay_in_the_picture():
    """Nothing that is asked for may be cut off: every thing lies inside, whatever the arrangement."""
    for scene, rng in stream("all", 1500):
        placed = places(scene, rng)
        assert len(placed) == (2 if scene.relation else scene.count)
        for image, (x, bottom) in placed:
            left, top = x - image.width // 2, bottom - image.height
            assert left >= -1 and top >= -1 and left + image.width <= 65 and bottom <= 64, scene


@pytest.mark.parametrize("relation", scenes.RELATIONS)
def test_relations_are_drawn_as_they_are_called(relation: str):
    from genai.data.scenes import draw

    rng = np.random.default_rng(0)
    for _ in range(100):
        kinds = rng.permutation(scenes.KINDS)[:2]
        a, b = (sprite(Thing(k, "red", str(rng.choice(scenes.SIZES)))) for k in kinds)
        at = {id(image): place for image, place in draw._pair([a, b], relation, rng)}
        (xa, ya), (xb, yb) = at[id(a)], at[id(b)]
        if relation in ("left_of", "right_of"):
            assert (xa < xb) == (relation == "left_of")
        elif relation == "above":
            assert ya < yb - b.height
        elif relation == "below":
            assert yb < ya - a.height
        elif relation == "on":
            assert -2 <= ya - (yb - b.height) <= 0.4 * b.height and abs(xa - xb) <= GRID
        else:
            assert ya > yb and abs(xa - xb) < (a.width + b.width) / 2


def test_the_same_thing_falls_into_the_same_cells():
    """On the grid wherever it stands, also where it carries something: its corner lies at one place within a cell."""
    corners: dict = {}
    for scene, rng in stream("all", 3000):
        of = {id(sprite(thing)): thing for thing in scene.things}
        for image, (x, bottom) in places(scene, rng):
            thing = of[id(image)]
            assert bottom % GRID == 0, scene
            corners.setdefault((thing.kind, thing.size), set()).add((x - image.width // 2) % GRID)
    assert len(corners) == 24 * 3 and all(len(found) == 1 for found in corners.values())


def test_what_things_stand_on_repeats():
    """A ground is a few cells over and over, so that a thing's edge meets the same few wherever it stands."""
    for ground in scenes.GROUNDS:
        pixels = np.concatenate([np.asarray(backdrop(ground, view))[40:] for view in range(GROUND_VIEWS)])
        cells = pixels.reshape(-1, 8, 8, 8, 3).swapaxes(1, 2).reshape(-1, 8 * 8 * 3)
        assert len(np.unique(cells, axis=0)) <= 4, ground


def test_layers_show_each_alone():
    """The picture as it is; shapes whatever their colours and ground; one chip of colour wherever a thing is; the ground."""
    for i in range(60):
        scene, rng = scenes.sample("all", 4, i)
        others = tuple(dataclasses.replace(thing, colour=c) for thing, c in zip(scene.things, ("pink", "green")))
        other = dataclasses.replace(scene, things=others, ground="night")
        again, change = copy.deepcopy(rng), copy.deepcopy(rng)
        picture, shapes, colours, ground, behind = layers(scene, settle(scene, rng))
        assert np.array_equal(picture, scenes.render(scene, again))
        others = layers(other, settle(other, change))
        assert np.array_equal(shapes, others[1]) and np.array_equal(behind, others[4])
        assert any(np.array_equal(ground, backdrop(scene.ground, view)) for view in range(GROUND_VIEWS))
        cells = colours.reshape(8, GRID, 8, GRID, 3)
        assert (cells == cells[:, :, :, :1]).all() and (cells[:, :4] == cells[:, :1]).all()
        thing = (cells[:, 0, :, 0] != NOTHING).any(-1)
        drawn = (
            (abs(picture.astype(int) - ground) > 40).reshape(8, GRID, 8, GRID, 3).any((1, 3, 4))
        )  # no mere breath of it
        assert (drawn <= thing).all(), scene
        used = {tuple(colour) for colour in cells[:, :, :, 0][:, [0, -1]].reshape(-1, 3).tolist()} - {NOTHING}
        assert used == {RGB[t.colour] for t in scene.things}, scene


def test_what_is_behind_another_is_a_layer_of_its_own():
    """Each cell of each thing's shape looks as if the thing were alone, also where another hides a part of it."""

    def cells(image) -> np.ndarray:
        return np.asarray(image).reshape(8, GRID, 8, GRID, 3).swapaxes(1, 2).reshape(64, -1)

    hidden = 0
    for i in range(200):
        scene, rng = scenes.sample("all", 4, i)
        ahead = copy.deepcopy(rng)
        _, shapes, _, _, behind = layers(scene, settle(scene, rng))
        ahead.integers(GROUND_VIEWS)  # what `settle` draws first
        alone = []
        for image, (x, bottom) in places(
            dataclasses.replace(scene, things=tuple(dataclasses.replace(t, colour="red") for t in scene.things)), ahead
        ):
            canvas = Image.new("RGB", (64, 64), NOTHING)
            canvas.paste(image, (x - image.width // 2, bottom - image.height), image)
            alone.append(cells(canvas))
        shown, half = (cells(layer) for layer in (shapes, behind))
        empty = cells(Image.new("RGB", (64, 64), NOTHING))
        for k in range(64):
            here = [each[k] for each in alone if (each[k] != empty[k]).any()]  # in the order of painting
            if (shown[k] != empty[k]).any():
                assert any((shown[k] == each).all() for each in here)
            if (half[k] != empty[k]).any():
                hidden += 1
                assert len(here) == 2 and (half[k] == here[0]).all() and (shown[k] == here[1]).all()
        assert scene.relation in ("in_front_of", "on") or (behind == NOTHING).all(), scene
    assert hidden > 20


def test_pictures_come_in_layers():
    indices = np.arange(3)
    images, captions = load_dataset("scenes", "all", layered=True).make(0, indices)
    plain, same = load_dataset("scenes", "all").make(0, indices)
    assert images.shape == (3, 5, 3, 64, 64) and images.dtype == torch.uint8
    assert torch.equal(images[:, 0], plain) and torch.equal(captions, same)


# -- plans ---------------------------------------------------------------------------------------------------


def test_a_plan_says_all_that_a_picture_shows():
    """Scenes of equal plans are equal pictures, and other plans are other pictures."""
    shown: dict[tuple, bytes] = {}
    met = 0
    for i in range(6):
        scene, rng = scenes.sample("all", 9, i)
        for _ in range(150):
            setting = settle(scene, rng)
            plan, picture = tuple(scenes.plan(scene, setting)), rasterise(scene, setting).tobytes()
            met += plan in shown
            assert shown.setdefault(plan, picture) == picture, scene
    assert met > 100 and len(set(shown.values())) == len(shown)


def test_plans_are_the_answers_and_where_things_stand():
    for scene, rng in stream("all", 300):
        setting = settle(scene, rng)
        plan = scenes.plan(scene, setting)
        chosen, places = plan[: len(scenes.PLAN)], plan[len(scenes.PLAN) :]
        named = {name: choices[value] for (name, choices), value in zip(scenes.PLAN.items(), chosen)}
        assert named.items() >= scenes.attributes(scene).items() and named["view"] == str(setting.view)
        first, second = places[: scenes.PLACES[0]], places[scenes.PLACES[0] :]
        assert [cell < 64 for cell in first] == [i < scene.count for i in range(scenes.PLACES[0])]
        assert (second[0] < 64) == (scene.relation is not None)
        for thing, x, bottom in setting.spots:  # the lower edge, at the middle
            mine = second if thing != scene.canonical().things[0] else first
            assert any(divmod(cell, 8) == (bottom // 8 - 1, x // 8) for cell in mine)


def test_plans_come_with_captions():
    data = load_dataset("scenes", "all", targets="plan")
    images, targets = data.make(3, np.arange(5))
    alone, captions = load_dataset("scenes", "all").make(3, np.arange(5))
    length = data.tokenizer.length
    assert torch.equal(images, alone) and torch.equal(targets[:, :length], captions)
    choices = torch.tensor([len(c) for c in data.plan.values()] + [65] * sum(data.places))
    assert targets.size(1) == length + len(choices)
    assert (targets[:, length:] >= 0).all() and (targets[:, length:] < choices).all()


# -- words ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", captions.LANGUAGES)
def test_every_word_is_known_and_every_caption_is_true(language: str, words: WordTokenizer):
    lengths = []
    for scene, rng in stream("all", 1500):
        caption = scenes.describe(scene, rng, language)
        read = words.read(caption.text)
        assert not [word.text for word in read if word.status == UNKNOWN], caption.text
        assert any(word.status == UNDERSTOOD for word in read)
        lengths.append(len(read))
        assert right(caption, scenes.attributes(scene)), caption
        full = scenes.describe(scene, rng, language, full=True)
        assert full.ground == scene.ground and all(thing.colour and thing.size for thing in full.things)
    assert max(lengths) <= scenes.CAPTION_LENGTH and min(lengths) <= 3 < 12 <= max(lengths)


def test_captions_say_it_in_many_ways():
    scene = scenes.Scene("grass", (Thing("car", "red", "large"),))
    rng = np.random.default_rng(0)
    for language in captions.LANGUAGES:
        assert len({scenes.describe(scene, rng, language).text for _ in range(400)}) > 100


def test_a_wrong_picture_is_found_out():
    """Change one attribute of a scene: a caption that names it is no longer right, one that does not still is."""
    rng = np.random.default_rng(1)
    changed = 0
    for scene, _ in stream("all", 400):
        caption = scenes.describe(scene, rng, full=True)
        truth = scenes.attributes(scene)
        name = str(rng.choice(["ground", "kind", "colour", "size", "arrangement"]))
        wrong = truth | {name: next(v for v in scenes.ATTRIBUTES[name] if v not in (truth[name], "none"))}
        if name in ("kind", "colour", "size") and wrong[name] == truth[f"{name}2"]:
            continue
        assert not right(caption, wrong), (caption, wrong)
        changed += 1
    assert changed > 300
    bare = captions.Caption("a car", "en", (captions.Named("car"),), count=1)
    for colour in scenes.COLOURS:
        assert right(bare, scenes.attributes(scenes.Scene("sea", (Thing("car", colour, "small"),))))


def test_binding_needs_both_colours_on_their_things():
    scene = scenes.Scene("sea", (Thing("car", "red", "small"), Thing("cup", "blue", "small")), relation="left_of")
    caption = scenes.describe(scene, np.random.default_rng(0), "en", full=True)
    swapped = scenes.attributes(scene) | {"colour": "blue", "colour2": "red"}
    assert compare(caption, scenes.attributes(scene))["binding"] is True
    assert compare(caption, swapped)["binding"] is False


def test_chinese_is_cut_into_the_longest_words(words: WordTokenizer):
    read = [word.text for word in words.read("一个红色的汽车在草地上")]
    assert read == ["一", "个", "红色", "的", "汽车", "在", "草地上"]
    assert [w.text for w in words.read("Draw a RED car, 请!")] == ["draw", "a", "red", "car", "请"]
    assert [w.text for w in words.read("red汽车")] == ["red", "汽车"]


def test_words_that_nobody_knows(words: WordTokenizer):
    read = {word.text: word for word in words.read("a crimsn elephant <b>car</b> 大象")}
    assert read["crimsn"].status == UNKNOWN and "crimson" in words.nearest("crimsn")
    assert read["elephant"].status == UNKNOWN and read["car"].status == UNDERSTOOD and read["a"].status == IGNORED
    assert words.read("大象")[0].status == UNDERSTOOD, "大 is a word"
    assert words.ids("elephant") == [PAD] * words.length == words.ids("")
    assert len(words.ids("red " * 100)) == words.length
    again = WordTokenizer.from_state(words.state())
    assert again.ids("a red car 汽车") == words.ids("a red car 汽车") and len(again) == len(words)


def test_concepts_are_known_words(words: WordTokenizer):
    known = set(words.words)
    for word, meant in lexicon.concepts().items():
        assert word in known, word
        for attribute, value in meant:
            assert value in scenes.ATTRIBUTES[attribute] or value in scenes.RELATIONS
