"""Cats: 8,188 + 1,000 photographs of cats' faces, 64x64 colour.

From: GitHub, `AnnikaV9/cat-dataset` at one commit, an archive of 280 MB with 29,843 PNGs, a repackaging of
`fferlito/Cat-faces-dataset`. Kept in `<root>/cats64/train` and `test` as JPEG (quality 95, colour at full resolution).
Almost every picture is there twice or more, and about a quarter show no face: `cats.csv` says which are kept, one of each set
of twins, a face found by OpenCV's cascade, centred, at least 0.62 of the width.
Checksum: in `cats.csv`, 12 digits of each original's git blob and of its JPEG's SHA-256. Another encoder writes other bytes,
so what is made here lists its own in `cats64/SHA256SUMS`; such a list, where there is one, says what belongs there.
Splits: `train` and `test` share no twins.
Licence: MIT on the repackaging; the photographs come from open data sets that the original's README names (Oxford pets,
Pixabay, CAT, COCO, cats faces 64x64). No picture is part of this project.
"""

from __future__ import annotations

import csv
import hashlib
import http.client
import io
import os
import shlex
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from genai.data.about import About
from genai.data.base import Images
from genai.data.files import PART, SUMS, fetched, first_line, missing, sha256, unreadable, vouched
from genai.errors import UserError

SPLITS = ("train", "test")
ABOUT = About(
    label="cat", features="features-cats", held_out="test", samples=10_000, photographs=True, mirrored=True,
    peer="dcgan-cats", pixels="smooth", scale=8,
)  # fmt: skip
SIDE = 64
COMMIT = "c463f7f29d538bf46e5972f040ba16ddddfba533"
HOMES = (
    f"https://github.com/AnnikaV9/cat-dataset/archive/{COMMIT}/cat-dataset-{COMMIT}.zip",
    f"https://codeload.github.com/AnnikaV9/cat-dataset/zip/{COMMIT}",
)
INDEX = Path(__file__).with_name("cats.csv")
DIGITS = 12  # of each checksum in it


def load(split: str, root: Path) -> Images:
    """images uint8 [N, 3, 64, 64], labels int64 [N], all 0: there are no classes.

    Raises UserError: neither there nor to be had; or some are missing or others than they should be (which, what to do).
    """
    folder = root / "cats64"
    if not folder.exists():
        _make(folder)
    known = vouched(folder) or {name: digest for _, name, _, digest in _index()}
    names = sorted(name for name in known if name.startswith(f"{split}/"))
    images = torch.empty(len(names), 3, SIDE, SIDE, dtype=torch.uint8)

    def read(i: int) -> str:
        """Fills in one picture; returns the checksum of its file if that is not the known one, else nothing."""
        path = folder / names[i]
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return "nothing"
        except OSError as error:
            raise unreadable("cats", path, error) from error
        found = sha256(content)
        if not found.startswith(known[names[i]]):
            return found
        try:
            pixels = np.array(Image.open(io.BytesIO(content)).convert("RGB"))
            images[i] = torch.from_numpy(pixels).permute(2, 0, 1)
        except Exception as error:  # somebody vouched for no picture, or one of another size
            raise unreadable("cats", path, error) from error
        return ""

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        found = list(tqdm(pool.map(read, range(len(names))), "reading cats", len(names), leave=False, disable=None))
    wrong = [i for i, digest in enumerate(found) if digest]
    if wrong or not names:
        raise UserError(
            "pictures_damaged", dataset="cats", place=str(folder), count=len(wrong), total=f"{len(names):,}",
            name=names[wrong[0]] if wrong else split, known=known[names[wrong[0]]] if wrong else "",
            found=found[wrong[0]] if wrong else "", delete=[shlex.join(["rm", "-r", str(folder)])], vouch=_vouch(folder),
        )  # fmt: skip
    return Images(images, torch.zeros(len(names), dtype=torch.int64))


def picture(split: str, root: Path, place: int) -> torch.Tensor | None:
    """See `data.picture`."""
    folder = root / "cats64"
    names = sorted(name for _, name, _, _ in _index() if name.startswith(f"{split}/"))
    try:
        with Image.open(folder / names[place]) as file:
            return torch.from_numpy(np.array(file.convert("RGB"))).permute(2, 0, 1)
    except (OSError, IndexError):
        return None


def _index() -> Iterator[tuple[str, str, str, str]]:
    """Of each cat that is kept: its original's name, its own, and the checksums of both."""
    with INDEX.open(encoding="utf-8", newline="") as file:
        for cat, test, blob, digest in list(csv.reader(file))[1:]:
            yield f"cats/cat_{cat}.png", f"{SPLITS[int(test)]}/cat_{int(cat):05}.jpg", blob, digest


def _vouch(folder: Path) -> list[str]:
    return [f"cd {shlex.quote(str(folder))} && sha256sum train/*.jpg test/*.jpg > {SUMS}"]


def _make(folder: Path) -> None:
    """The whole folder from its public home, or nothing."""
    part = folder.with_name(f"{folder.name}.{os.getpid()}.unpacked{PART}")
    try:
        with fetched(HOMES, folder) as archive:
            for split in SPLITS:
                (part / split).mkdir(parents=True)
            _unpack(archive, part, folder)
            part.replace(folder)
    except UserError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise missing("cats", folder, HOMES[0], error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _unpack(archive: Path, part: Path, folder: Path) -> None:
    """Each original that is kept, checked, into `part` as JPEG, with a list of what that gave."""
    expected = ""
    try:
        with zipfile.ZipFile(archive) as originals:
            top = originals.namelist()[0].partition("/")[0]
            for original, name, expected, _ in tqdm(list(_index()), "unpacking cats", leave=False, disable=None):
                content = originals.read(f"{top}/{original}")
                blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()[:DIGITS]
                if blob != expected:
                    raise ValueError(f"{blob} ({original})")
                Image.open(io.BytesIO(content)).convert("RGB").save(part / name, "JPEG", quality=95, subsampling=0)
    except OSError:
        raise
    except Exception as error:  # no archive, a broken one, one without that picture or with another
        raise UserError(
            "data_changed", dataset="cats", home=HOMES[0], known=expected, found=first_line(error), place=str(folder),
            vouch=_vouch(folder),
        ) from error  # fmt: skip
    write_sums(part)


def write_sums(folder: Path) -> None:
    """A list of what lies there, as `sha256sum` writes it."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.jpg"))
    lines = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def stand_in(root: Path) -> None:
    """200 + 50 pictures of noise."""
    rng, folder = np.random.default_rng(0), root / "cats64"
    for split, count in (("train", 200), ("test", 50)):
        (folder / split).mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pixels = rng.integers(256, size=(SIDE, SIDE, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / split / f"cat_{i:05}.jpg", quality=95, subsampling=0)
    write_sums(folder)
