"""What stands around the tabs: header, theme, language and light switches, and the cards that describe a model."""

from __future__ import annotations

import html

import gradio as gr

from genai.errors import UserError
from genai.generation.engine import Loaded
from genai.ui.pieces import ASSETS, asset, piece
from genai.ui.words import strings_script

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.teal,
    secondary_hue=gr.themes.colors.teal,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_lg,
    font=[
        "system-ui",
        "-apple-system",
        "Segoe UI",
        "Noto Sans",
        "PingFang SC",
        "Microsoft YaHei",
        "sans-serif",
    ],
    font_mono=["ui-monospace", "SF Mono", "Menlo", "Consolas", "monospace"],
).set(
    body_background_fill="*neutral_50",
    body_background_fill_dark="#12151b",
    background_fill_primary="white",
    background_fill_primary_dark="#1a1e26",
    background_fill_secondary="*neutral_100",
    background_fill_secondary_dark="#222833",
    body_text_color="*neutral_800",
    body_text_color_dark="*neutral_100",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_400",
    border_color_primary="*neutral_200",
    border_color_primary_dark="#323a48",
    block_border_width="0px",
    block_background_fill="transparent",
    block_background_fill_dark="transparent",
    block_shadow="none",
    block_padding="6px 4px",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_600",
    button_primary_background_fill_dark="*primary_600",
    button_primary_text_color="white",
    slider_color="*primary_600",
    slider_color_dark="*primary_400",
)


def script() -> str:
    """The page's own JavaScript: the language, the words, then studio.js and all others."""
    language, *others = names("*.js", first=("language.js", "studio.js"))
    return "\n".join((asset(language), f"window.GENAI_STRINGS = {strings_script()};", *map(asset, others)))


def css() -> str:
    return "\n".join(map(asset, names("*.css", first=("studio.css", "tiles.css"))))


def names(pattern: str, first: tuple[str, ...]) -> list[str]:
    """Files of assets/ in alphabetical order behind the first ones."""
    return [*first, *sorted(path.name for path in ASSETS.glob(pattern) if path.name not in first)]


def header() -> None:
    piece("head", asset("head.html"), elem_id="head")


def model_card(loaded: Loaded) -> str:
    """Which checkpoint, how large, and its measured figures, as HTML."""
    figures = ", ".join(
        f"{html.escape(name)} <b>{record['value']:.4g}</b>"
        for name, record in loaded.meta.metrics.items()
        if ("/" not in name or name.endswith("/en/1"))
        and isinstance(record, dict)
        and isinstance(record.get("value"), (int, float))
    )
    size = f"{loaded.parameters / 1e6:.2f}M <span data-t='ui.parameters'></span>, {loaded.bytes / 1e6:.1f} MB"
    trained = f"<span data-t='ui.trained_on'></span> {html.escape(loaded.meta.dataset)}, "
    trained += f"{loaded.meta.step:,} <span data-t='ui.steps'></span>"
    return (
        f'<div class="model-card"><b>{html.escape(loaded.name)}</b> · {size} · {trained} · '
        f"sha256 {loaded.sha256[:12]}{'<br>' + figures if figures else ''}</div>"
    )


def problem_card(error: UserError) -> str:
    """In place of a section whose checkpoint is missing or broken: what is wrong and what to do, in both languages."""
    said = "".join(
        f'<p lang="{code}" data-only="{lang}" hidden>{html.escape(error.message(lang))}</p>'
        for lang, code in (("en", "en"), ("zh", "zh-CN"))
    )
    return f'<div class="notice bad">{said}</div>'
