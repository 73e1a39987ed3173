"""The receipt: what made a result, so that it can be made again and checked.

One canonical JSON, carried in a PNG's text chunk, a GIF's comment, a WebP's XMP, a text's last line, a link, a command.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import urllib.parse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from genai.errors import UserError
from genai.generation.images import to_pil

KEY = "genai"  # the PNG text chunk's keyword
TEXT_MARK = "\n\n--- genai receipt: "
KEYS = ("model", "action", "controls", "sha256", "weights", "version", "torch", "device", "dtype", "result")
MAX_LENGTH = 100_000  # characters of a receipt that anyone needs
MILLISECONDS = 40  # that a frame of an animation is shown
MAX_PIXELS = 25_000_000  # of a picture that is read: a telephone's fit
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")  # Pillow knows many more, some of which start other programs


def canonical(receipt: dict) -> str:
    """Sorted keys, no spaces: equal receipts are equal strings."""
    return json.dumps(receipt, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def parse(text: Any) -> dict:
    """The receipt in `text`. Raises UserError for anything else; controls are checked by the engine."""
    if not isinstance(text, str) or len(text) > MAX_LENGTH:
        cause = f"{len(text):,} characters" if isinstance(text, str) else repr(text)
        raise UserError("receipt_broken", cause=cause)
    try:
        receipt = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError("receipt_broken", cause=str(error)) from error
    strings = ("model", "action", "sha256")
    if not isinstance(receipt, dict) or any(not isinstance(receipt.get(key), str) for key in strings):
        raise UserError("receipt_broken", cause=f"needs {', '.join(strings)}")
    if not isinstance(receipt.get("controls"), dict):
        raise UserError("receipt_broken", cause="needs controls")
    return {key: receipt[key] for key in KEYS if key in receipt}


# -- into files and back -------------------------------------------------------------------------------------


def png_bytes(pixels: np.ndarray, receipt: dict, scale: int = 1, smooth: bool = False) -> bytes:
    """pixels uint8 [H, W, C] as a PNG, `scale` times as large, with its receipt."""
    chunk = PngImagePlugin.PngInfo()
    chunk.add_itxt(KEY, canonical(receipt))
    buffer = io.BytesIO()
    to_pil(pixels, scale, smooth).save(buffer, "PNG", pnginfo=chunk)
    return buffer.getvalue()


def webp_bytes(frames: np.ndarray, receipt: dict, scale: int = 1, smooth: bool = False) -> bytes:
    """frames uint8 [N, H, W, C] as an endless animated WebP with its receipt as XMP: every colour, unlike a GIF's 256."""
    pictures = [to_pil(frame, scale, smooth).convert("RGB") for frame in frames]
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "WEBP", save_all=True, append_images=pictures[1:], duration=MILLISECONDS, loop=0, quality=90, method=2,
        xmp=canonical(receipt).encode(),
    )  # fmt: skip
    return buffer.getvalue()


def gif_bytes(frames: np.ndarray, receipt: dict, scale: int = 1, smooth: bool = False) -> bytes:
    """frames uint8 [N, H, W, C] as an endless GIF with its receipt in the comment."""
    pictures = [to_pil(frame, scale, smooth).convert("P" if frame.shape[-1] == 3 else "L") for frame in frames]
    buffer = io.BytesIO()
    comment = json.dumps(receipt, sort_keys=True).encode()  # ASCII: a comment has no encoding
    pictures[0].save(
        buffer, "GIF", save_all=True, append_images=pictures[1:],
        duration=MILLISECONDS, loop=0, comment=comment,
    )  # fmt: skip
    return buffer.getvalue()


def json_bytes(data: Any, receipt: dict) -> bytes:
    return (
        json.dumps({"data": data, "receipt": receipt}, sort_keys=True, ensure_ascii=False, indent=1) + "\n"
    ).encode()


def text_bytes(text: str, receipt: dict) -> bytes:
    return f"{text}{TEXT_MARK}{canonical(receipt)}\n".encode()


def open_picture(source) -> Image.Image:
    """A picture from a path or file, decoded and turned upright. Raises UserError for none or a huge one."""
    with _opened(source) as picture:
        picture.load()
        if picture.mode == "I;16":  # Pillow would clip 16 bits, not scale them
            return picture.point(lambda v: v / 257).convert("L")
        return ImageOps.exif_transpose(picture)


@contextlib.contextmanager
def _opened(source) -> Iterator[Image.Image]:
    """A picture of bearable size, not yet decoded; what goes wrong in the block becomes a UserError."""
    try:
        with Image.open(source, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError(f"{picture.width * picture.height} pixels")
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        pixels = int(re.search(r"\d+", str(error))[0])
        raise UserError("image_too_large", pixels=f"{pixels:,}", limit=f"{MAX_PIXELS:,}") from error
    except UnidentifiedImageError as error:
        raise UserError("picture_unreadable", cause=f"not one of {', '.join(FORMATS)}") from error
    except Exception as error:  # decoders raise nearly anything on hostile bytes
        raise UserError("picture_unreadable", cause=str(error) or type(error).__name__) from error


def read_file(path: str) -> tuple[dict, Any]:
    """The receipt in a PNG, GIF, WebP, JSON or text file, and what the file shows (pixels uint8 [H, W], data, or text)."""
    try:
        with open(path, "rb") as file:
            start = file.read(MAX_LENGTH)
    except OSError as error:
        raise UserError("receipt_broken", cause=error.strerror or str(error)) from error
    if start[:4] in (b"\x89PNG", b"GIF8", b"RIFF"):
        with _opened(path) as picture:
            carried = picture.info.get(KEY) or picture.info.get("comment") or picture.info.get("xmp")
            pixels = np.asarray(picture) if picture.format == "PNG" and carried else None
        if not carried:
            raise UserError("no_receipt")
        words = carried.decode("utf-8", "replace") if isinstance(carried, bytes) else str(carried)
        return parse(words), pixels
    text = start.decode("utf-8", "replace").replace("\r\n", "\n")
    if text.startswith("{") and str(path).endswith(".json"):
        return _read_json(text)
    body, mark, tail = text.rpartition(TEXT_MARK)
    if not mark:
        raise UserError("no_receipt")
    return parse(tail.strip()), body


def _read_json(text: str) -> tuple[dict, Any]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError("receipt_broken", cause=str(error)) from error
    if "receipt" not in whole:
        raise UserError("no_receipt")
    return parse(json.dumps(whole["receipt"])), whole.get("data")


# -- into a link, a command line and an API call -------------------------------------------------------------


def to_query(receipt: dict) -> str:
    """The receipt as a query string that a person can read: ?model=gan-digits&action=sample&seed=7..."""
    flat = {key: receipt[key] for key in ("model", "action")}
    for name, value in receipt["controls"].items():
        shown = json.dumps(value, separators=(",", ":")) if isinstance(value, list) else str(value)
        flat[f"c.{name}"] = shown
    for key in ("sha256", "weights", "result", "version", "torch", "device", "dtype"):
        if key in receipt:
            flat[key] = str(receipt[key])
    return urllib.parse.urlencode(flat)


def from_query(query: dict[str, str]) -> dict | None:
    """`to_query` undone, or None where the query names no result. Values stay words; the engine parses."""
    if "model" not in query or "action" not in query:
        return None
    if sum(len(k) + len(v) for k, v in query.items()) > MAX_LENGTH:
        raise UserError("receipt_broken", cause="too long")
    controls = {key[2:]: value for key, value in query.items() if key.startswith("c.")}
    rest = {key: query[key] for key in KEYS if key in query and key != "controls"}
    return {"sha256": "", **rest, "controls": controls}


def to_command(receipt: dict, suffix: str = ".png", folders: Iterable[str | Path] = ("checkpoints",)) -> str:
    """The command line that makes the result again.  folders: of checkpoints, named unless they are the usual one."""
    words = ["python", "-m", "genai", receipt["model"], "--action", receipt["action"]]
    for name, value in receipt["controls"].items():
        plain = isinstance(value, list) and value and not isinstance(value[0], list)
        shown = ",".join(map(str, value)) if plain else json.dumps(value) if isinstance(value, list) else str(value)
        words += [f"--{name}={shown}"]
    if suffix:
        words += ["--out", f"{receipt['model']}{suffix}"]
    folders = list(map(str, folders))
    if folders != ["checkpoints"]:
        words += ["--checkpoints", *folders]
    return shlex.join(words)


def to_api_call(receipt: dict, family: str) -> str:
    """The Python call that makes it again through a running page's API."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in receipt["controls"].items())
    arguments += f", model={receipt['model']!r}"
    name = f"/{family}_{receipt['action']}"
    return f'gradio_client.Client("http://127.0.0.1:7860").predict({arguments}, api_name="{name}")'
