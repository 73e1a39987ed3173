"""Look at the world.

python -m genai.data.world --out sheet.png --scenes 40 --seed 1     scenes at random, and a caption of each in either language
python -m genai.data.world --out sheet.png --kind cat               a kind's drawings: builds, colours, times of day, sizes
python -m genai.data.world --out sheet.png --ground sea             a ground's views, at every time and in every weather
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from genai import cli
from genai.data.world.backdrops import VIEWS, backdrop, overlay
from genai.data.world.captions import LANGUAGES, describe
from genai.data.world.cast import PIXELS, Spot
from genai.data.world.paint import compose, render
from genai.data.world.scene import COLOURS, GROUNDS, KINDS, TIMES, WEATHERS, possible, random_scene
from genai.data.world.sprites import BUILDS, drawings, sprite
from genai.errors import UserError

COLUMNS = 8
MARGIN = 4  # pixels between pictures


def main(words: list[str]) -> int:
    return cli.run(_main, words)


def _main(words: list[str]) -> int:
    parser = cli.Parser("python -m genai.data.world", __doc__)
    parser.add_argument("--out", default="sheet.png", metavar="FILE", help="where the sheet goes (default: sheet.png)")
    parser.add_argument("--scenes", metavar="N", help="how many scenes to draw (default: 40)")
    parser.add_argument("--seed", default="0", help="which scenes (default: 0)")
    parser.add_argument("--kind", metavar="NAME", help="the drawings of this kind instead")
    parser.add_argument("--ground", metavar="NAME", help="the views of this ground instead")
    options = parser.parse(words)
    for name, value, choices in (("kind", options.kind, KINDS), ("ground", options.ground, GROUNDS)):
        if value is not None and value not in choices:
            raise UserError("bad_choice", name=name, value=value, choices=list(choices))
    count, seed = cli.whole("scenes", options.scenes or "40", 1, 10_000), cli.whole("seed", options.seed)
    if options.kind:
        rows = of_kind(options.kind)
    elif options.ground:
        rows = of_ground(options.ground)
    else:
        rows = at_random(count, seed)
    sheet(rows).save(Path(options.out))
    print(f"{options.out}: {sum(map(len, rows))} pictures")
    return 0


def at_random(count: int, seed: int) -> list[list[np.ndarray]]:
    """Scenes, whose captions are printed."""
    rng, pictures = np.random.default_rng(seed), []
    for i in range(count):
        scene = random_scene(rng, "all")
        pictures.append(render(scene, rng))
        print(
            f"{i // COLUMNS + 1}, {i % COLUMNS + 1}:",
            *(describe(scene, rng, lang).text for lang in LANGUAGES),
            sep="  ",
        )
    return [pictures[i : i + COLUMNS] for i in range(0, count, COLUMNS)]


def of_kind(kind: str) -> list[list[np.ndarray]]:
    """A row for each drawing of a kind: its builds, all colours by day, sunset and night, its sizes."""
    places = {"day": ("grass", 0), "sunset": ("sand", 1), "night": ("snow", 3)}
    rows = []
    for drawing in range(drawings(kind)):
        shown = [(build, "red", "day", "large") for build in range(BUILDS)]
        shown += [(0, colour, time, "large") for time in TIMES for colour in COLOURS]
        shown += [(BUILDS - 1, "blue", "day", size) for size in PIXELS]
        for i in range(0, len(shown), 12):
            row = []
            for build, colour, time, size in shown[i : i + 12]:
                spot = Spot(0, 64, 112, PIXELS[size], False, drawing, build, True)
                image = sprite(kind, drawing, build, colour, time, True)
                row.append(compose(backdrop(*places[time], time, "clear"), [image], (spot,)))
            rows.append(row)
    return rows


def of_ground(ground: str) -> list[list[np.ndarray]]:
    """A row for each time of day and weather in which there is such a ground: its views."""
    lights = [(time, weather) for time in TIMES for weather in WEATHERS if possible(ground, time, weather)]
    return [
        [compose(backdrop(ground, view, *light), [], (), overlay(ground, view, *light)) for view in range(VIEWS)]
        for light in lights
    ]


def sheet(rows: list[list[np.ndarray]]) -> Image.Image:
    """Pictures [H, W, 3] of one size, in rows, on black."""
    height, width = (side + MARGIN for side in rows[0][0].shape[:2])
    canvas = np.zeros((len(rows) * height, max(map(len, rows)) * width, 3), np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            canvas[y * height :, x * width :][: height - MARGIN, : width - MARGIN] = picture
    return Image.fromarray(canvas)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
