"""SVG -> pixels. Only who draws needs the package for it: who reads captions, or shows the page, does without."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from genai.errors import UserError


def rasterise(svg: str, side: int) -> np.ndarray:
    """A square drawing, uint8 [side, side, 4], straight alpha. Raises UserError where resvg-py is not installed."""
    try:
        import resvg_py
    except ImportError as error:
        raise UserError("package_missing", name="resvg-py") from error
    png = resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True)
    return np.array(Image.open(io.BytesIO(png)).convert("RGBA"))
