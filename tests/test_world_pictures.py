"""The world's pictures: what is asked for is in them, where it is said to be, in the colour that it is said to have."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from genai.data.world import __main__ as sheets
from genai.data.world.backdrops import SHELTERED, VIEWS, backdrop, overlay
from genai.data.world.cast import FEET, PIXELS, POSES, SIDE, Spot
from genai.data.world.colours import TONES, lit, rgb
from genai.data.world.paint import compose, layers, rasterise, render, shrunk, view_of
from genai.data.world.relations import holds
from genai.data.world.scene import (
    COLOURS,
    GROUNDS,
    HABITS,
    KINDS,
    LAND,
    MAX_COUNT,
    RELATIONS,
    SIZES,
    TIMES,
    WEATHERS,
    Group,
    Link,
    Scene,
    possible,
    random_scene,
)
from genai.data.world.settle import Setting, boxes, settle
from genai.data.world.sprites import BUILDS, FOOT, FRAME, box, coloured, drawings, sprite
from genai.errors import UserError

COLOURED = 0.45  # of a thing's area, the share at least that shows its colour


def stream(count: int, seed: int = 0, split: str = "all") -> Iterator[tuple[Scene, np.random.Generator]]:
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        yield random_scene(rng, split), rng


def each_drawing() -> Iterator[tuple[str, int]]:
    return ((kind, n) for kind in KINDS for n in range(drawings(kind)))


# -- things --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_three_drawings_that_differ_at_thirty_pixels(kind: str):
    assert drawings(kind) >= 3
    seen = [shrunk(sprite(kind, n, 0, "red", "day", False), PIXELS["small"]) for n in range(drawings(kind))]
    for a, b in itertools.combinations(seen, 2):
        mirrored = min(np.abs(a - b).mean(), np.abs(a - b[:, :, ::-1]).mean())
        assert mirrored > 8, "another picture, not the same one turned round"


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_fills_its_frame_and_stands_at_its_foot(kind: str):
    for n, build in itertools.product(range(drawings(kind)), range(BUILDS)):
        left, upper, right, lower = box(kind, n, build)
        assert max(right - left, lower - upper) >= 50, (kind, n, build)
        assert HABITS[kind][0] != LAND or lower <= FOOT + 1, (kind, n, build)
        assert abs((left + right) / 2 - FRAME / 2) <= 4, (kind, n, build)


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_shows_its_colour(kind: str):
    """By the share of its area that takes the colour; and by what somebody calls most of it."""
    for n, build in itertools.product(range(drawings(kind)), range(BUILDS)):
        assert coloured(kind, n, build) >= COLOURED, (kind, n, build)
    tones = np.stack([rgb(tone) for colour in COLOURS for tone in TONES[colour]])  # [11 * 4, 3]
    for n, (i, colour) in itertools.product(range(drawings(kind)), enumerate(COLOURS)):
        pixels = sprite(kind, n, 0, colour, "day", False)[::2, ::2].reshape(-1, 4).astype(float)
        nearest = np.abs(pixels[pixels[:, 3] > 250, None, :3] - tones).sum(-1).argmin(1)
        called = np.bincount(nearest // 4, minlength=len(COLOURS))
        assert called[i] > 0.7 * called.max(), (kind, n, colour)  # the light on a black disc is as grey as it is black


def test_colours_stay_apart_by_the_light_of_every_time():
    for time in TIMES:
        seen = lit(np.stack([rgb(TONES[colour][0]) for colour in COLOURS]), time)
        for (i, a), (j, b) in itertools.combinations(enumerate(COLOURS), 2):
            assert np.abs(seen[i] - seen[j]).sum() > 60, (time, a, b)


def test_a_colour_is_as_if_it_were_drawn_so():
    """One matrix makes a colour of a drawing's shares: what the renderer makes of the same drawing in these tones."""
    import io

    import resvg_py

    from genai.data.world.sprites import FOLDER, _styled

    for kind in ("cat", "house", "cup"):
        svg = _styled((FOLDER / f"{kind}-0.svg").read_text(), TONES["purple"], ".a{display:none}.b{display:none}")
        png = resvg_py.svg_to_bytes(svg_string=svg, width=FRAME, height=FRAME, skip_system_fonts=True)
        drawn = np.array(Image.open(io.BytesIO(png)).convert("RGBA"), float)
        ours = sprite(kind, 0, 0, "purple", "day", False).astype(float)
        solid = drawn[..., 3] == 255
        assert np.abs(drawn - ours)[solid].max() <= 4 and np.abs(drawn - ours)[..., 3].max() <= 1


def test_white_is_seen_on_snow_and_black_at_night():
    for colour, time, rows in (("white", "day", "snow"), ("black", "night", "grass"), ("black", "night", "road")):
        ground = backdrop(rows, 0, time, "clear")[FEET[rows][0] + 10 :].reshape(-1, 3).astype(float)
        usual = np.median(ground, axis=0)
        for kind, n in each_drawing():
            pixels = sprite(kind, n, 0, colour, time, False).astype(float)
            apart = np.abs(pixels[..., :3] - usual).sum(-1)[pixels[..., 3] > 250]
            assert (apart > 60).mean() > 0.2, (kind, n, colour)


def test_a_shadow_is_at_the_foot_alone():
    plain, shaded = (sprite("cat", 0, 0, "red", "day", shadow).astype(int) for shadow in (False, True))
    changed = np.argwhere((plain != shaded).any(-1))
    assert len(changed) and changed[:, 0].min() > FOOT - 10
    assert (shaded[..., 3] >= plain[..., 3]).all()


def test_poses_are_of_drawings_that_there_are():
    assert all(n < drawings(kind) for kind, n in POSES)


# -- places --------------------------------------------------------------------------------------------------


def test_places_are_drawn_as_they_are_called():
    """3,000 scenes: everything is inside the picture, as often as asked for, and every link holds, none of them mirrored."""
    for scene, rng in stream(3000):
        setting = settle(scene, rng)
        found = boxes(scene, setting)
        assert [len(each) for each in found] == [group.count for group in scene.groups]
        for left, upper, right, lower in itertools.chain.from_iterable(found):
            assert left >= 0 and upper >= 0 and right <= SIDE and lower <= SIDE, scene
        for link in scene.links:
            assert holds(link.relation, found[link.a], found[link.b]), scene
            assert not holds(link.relation, found[link.b], found[link.a]), scene


def test_sizes_stay_apart_and_are_mostly_their_own():
    own = total = 0
    for scene, rng in stream(1000):
        sides = {scene.groups[spot.group].size: spot.side for spot in settle(scene, rng).spots}
        ordered = [sides[size] for size in SIZES if size in sides]
        assert ordered == sorted(set(ordered)), "small < medium < large"
        own += sum(side == PIXELS[size] for size, side in sides.items())
        total += len(sides)
    assert own > 0.6 * total


def test_things_stand_where_they_are_at_home():
    """A horse on the ground, a kite in the air, a boat on the water, a bird that flies in the sky."""
    for kind, ground, test in (
        ("horse", "grass", lambda s: s.bottom >= FEET["grass"][0] and s.shadow),
        ("kite", "grass", lambda s: not s.shadow),
        ("boat", "sea", lambda s: s.bottom >= FEET["sea"][0]),
        ("bird", "sky", lambda s: s.drawing in (0, 1)),
        ("duck", "sea", lambda s: s.drawing == 0),
        ("chair", "room", lambda s: s.bottom >= FEET["room"][0] and s.shadow),
    ):
        for seed in range(30):
            scene = Scene(ground, "day", "clear", (Group(kind, "red", "medium"),))
            (spot,) = settle(scene, np.random.default_rng(seed)).spots
            assert test(spot), (kind, ground, spot)


def test_places_are_anywhere():
    """Nothing falls onto a lattice: columns and rows of all residues by 8, things to the left, the right and the middle."""
    spots = [spot for scene, rng in stream(400, 3) for spot in settle(scene, rng).spots]
    for of in (lambda s: s.x, lambda s: s.bottom):
        assert len({of(spot) % 8 for spot in spots}) == 8
    assert min(s.x for s in spots) < 24 and max(s.x for s in spots) > SIDE - 24
    assert 0.4 < np.mean([s.mirrored for s in spots]) < 0.6
    assert len({(s.drawing, s.build) for s in spots}) >= 3 * BUILDS


@pytest.mark.parametrize("relation", [*RELATIONS, "beside", "with"])
def test_what_scenes_at_random_do_not_hold_finds_a_place_too(relation: str):
    """Several things that touch several, a ground where nothing is at home, all large."""
    for ground in GROUNDS:
        for counts in ((1, 1), (2, 1), (1, 2), (3, 2), (MAX_COUNT, MAX_COUNT)):
            groups = tuple(Group(kind, "blue", "large", n) for kind, n in zip(("cat", "table"), counts))
            scene = Scene(ground, "day", "clear", groups, (Link(0, relation, 1),))
            found = boxes(scene, settle(scene, np.random.default_rng(1)))
            assert tuple(map(len, found)) == counts and holds(relation, *found), (ground, counts)


def test_what_cannot_be_is_refused():
    groups = (Group("cat", "red", "small"), Group("dog", "red", "small"))
    for relations in (("left_of", "left_of"), ("on", "on")):
        links = (Link(0, relations[0], 1), Link(1, relations[1], 0))
        with pytest.raises(ValueError):
            settle(Scene("grass", "day", "clear", groups, links), np.random.default_rng(0))


def test_what_is_in_front_is_drawn_later():
    for relation, later in (("in_front_of", 0), ("behind", 1), ("on", 0), ("under", 0)):
        for seed in range(40):
            groups = (Group("cat", "red", "small"), Group("tree", "green", "large"))
            scene = Scene("grass", "day", "clear", groups, (Link(0, relation, 1),))
            assert settle(scene, np.random.default_rng(seed)).spots[-1].group == later, relation


def test_relations_are_geometry():
    a, b = [(10.0, 60.0, 40.0, 90.0)], [(60.0, 60.0, 90.0, 90.0)]
    assert holds("left_of", a, b) and holds("right_of", b, a) and holds("beside", b, a) and holds("with", a, b)
    assert not any(holds(r, a, b) for r in RELATIONS if r != "left_of")
    over = [(62.0, 32.0, 88.0, 62.0)]
    assert holds("on", over, b) and holds("under", b, over) and not holds("above", over, b)
    near = [(50.0, 70.0, 80.0, 100.0)]
    assert holds("in_front_of", near, b) and holds("behind", b, near) and not holds("behind", near, b)


# -- backdrops -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", GROUNDS)
def test_backdrops_differ_by_view_time_and_weather(ground: str):
    lights = [(time, weather) for time in TIMES for weather in WEATHERS if possible(ground, time, weather)]
    shown = {}
    for view, light in itertools.product(range(VIEWS), lights):
        shown[view, light] = compose(backdrop(ground, view, *light), [], (), overlay(ground, view, *light)).astype(int)
        assert shown[view, light].shape == (SIDE, SIDE, 3)
    for (one, first), (other, second) in itertools.combinations(shown.items(), 2):
        if (one[0] == other[0]) != (one[1] == other[1]):  # another view in the same light, or the same in another
            inside = ground in SHELTERED and one[1][0] == other[1][0]
            foggy = one[1][1] == other[1][1] == "fog"  # it hides much of a view
            assert np.abs(first - second).mean() > (1 if inside else 2 if foggy else 3), (one, other)


def test_grounds_differ_by_day_and_by_night():
    for time in ("day", "night"):
        seen = {}
        for ground in GROUNDS:
            views = [backdrop(ground, view, time, "clear").astype(float) for view in range(VIEWS)]
            seen[ground] = np.mean(views, axis=0)
        for a, b in itertools.combinations(GROUNDS, 2):
            assert np.abs(seen[a] - seen[b]).mean() > 5, (time, a, b)


def test_night_is_darker_and_weather_is_not_the_time():
    for ground in GROUNDS:
        for weather in WEATHERS:
            if possible(ground, "night", weather):
                day, night = (backdrop(ground, 0, time, weather).mean() for time in ("day", "night"))
                assert night < 0.75 * day, (ground, weather)


def test_no_weather_comes_between_where_one_is_sheltered():
    for ground in GROUNDS:
        for weather in WEATHERS:
            assert (overlay(ground, 0, "day", weather) is None) == (weather == "clear" or ground in SHELTERED)


# -- pictures ------------------------------------------------------------------------------------------------


def test_a_picture_is_a_function_of_scene_and_seed():
    for scene, rng in stream(30):
        state = rng.bit_generator.state
        first = render(scene, rng)
        rng.bit_generator.state = state
        assert np.array_equal(first, render(scene, rng)) and first.shape == (SIDE, SIDE, 3) and first.dtype == np.uint8


def test_layers_are_what_a_picture_is_made_of():
    for scene, rng in stream(40, 5):
        setting = settle(scene, rng)
        back, sprites, over = layers(scene, setting)
        assert np.array_equal(compose(back, sprites, setting.spots, over), rasterise(scene, setting))
        assert len(sprites) == sum(group.count for group in scene.groups)
        assert all(image.shape == (FRAME, FRAME, 4) and image.dtype == np.uint8 for image in sprites)


def test_a_thing_changes_the_picture_in_its_box_alone():
    """But for its shadow, which reaches a little further."""
    scene = Scene("grass", "day", "clear", (Group("dog", "blue", "medium"),))
    for seed in range(20):
        setting = settle(scene, np.random.default_rng(seed))
        ((left, upper, right, lower),) = boxes(scene, setting)[0]
        empty = rasterise(Scene("grass", "day", "clear", ()), Setting(setting.view, ()))
        rows, columns = np.nonzero((np.abs(rasterise(scene, setting).astype(int) - empty) > 24).any(-1))
        assert rows.min() >= upper - 2 and rows.max() <= lower + 3
        assert columns.min() >= left - 6 and columns.max() <= right + 6


def test_shrinking_keeps_what_there_is():
    image = sprite("tree", 0, 0, "green", "day", False)
    whole = shrunk(image, FRAME)
    for side in (60, 44, 30):
        small = shrunk(image, side)
        assert small.shape == (4, side, side)
        assert np.allclose(small.mean((1, 2)), whole.mean((1, 2)), atol=0.1)
        assert np.allclose(shrunk(image, side, True), small[:, :, ::-1], atol=1e-3)


def test_what_hangs_over_the_edge_is_cut():
    image = sprite("ball", 0, 0, "red", "day", False)
    back = backdrop("grass", 0, "day", "clear")
    for x, bottom in ((0, 20), (128, 140), (64, -80), (-90, 64)):
        assert compose(back, [image], (Spot(0, x, bottom, 60, False, 0, 0, False),)).shape == back.shape


def test_a_view_is_what_is_there():
    for scene, rng in stream(40, 6):
        view = view_of(scene, settle(scene, rng))
        assert (view.ground, view.time, view.weather) == (scene.ground, scene.time, scene.weather)
        wanted = sorted((g.kind, g.colour, g.size) for g in scene.groups for _ in range(g.count))
        assert sorted((thing.kind, thing.colour, thing.size) for thing in view.things) == wanted


# -- sheets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--scenes", "5"], ["--kind", "cat"], ["--ground", "underwater"]])
def test_sheets(words: list[str], tmp_path, capsys):
    out = tmp_path / "sheet.png"
    assert sheets.main([*words, "--out", str(out)]) == 0
    assert Image.open(out).width > SIDE and str(out) in capsys.readouterr().out


def test_sheets_of_what_there_is_not(capsys):
    assert sheets.main(["--kind", "catt"]) == 2
    assert "Did you mean cat?" in capsys.readouterr().err
    with pytest.raises(UserError):
        random_scene(np.random.default_rng(0), "nowhere")
