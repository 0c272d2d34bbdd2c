"""The house font: where its files are, and how each renderer gets hold of it."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

__all__ = ["FALLBACK", "FAMILY", "MONO", "charset", "folder", "register", "web_faces"]

FAMILY = "JCurve Sans"
"""Family of every chart, table and paragraph."""

FALLBACK = "'JCurve Sans', 'IBM Plex Sans', 'Helvetica Neue', Arial, sans-serif"
"""What a browser without the embedded font falls back to."""

MONO = "DejaVu Sans Mono"
"""Code, and characters that the house font lacks; Typst and matplotlib both carry it."""

_STYLES = {
    "Regular": ("normal", 400),
    "Italic": ("italic", 400),
    "SemiBold": ("normal", 600),
}


def folder() -> Path:
    """The folder with the font files."""
    return Path(__file__).with_name("fonts")


def register() -> None:
    """Make matplotlib know the family; a second call does nothing."""
    from matplotlib import font_manager

    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for style in _STYLES:
        path = str(folder() / f"JCurveSans-{style}.ttf")
        if path not in known:
            font_manager.fontManager.addfont(path)


@cache
def charset() -> frozenset[int]:
    """Code points that the house font or the mono font can draw."""
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font

    house = FT2Font(str(folder() / "JCurveSans-Regular.ttf")).get_charmap()
    mono = FT2Font(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"))
    return frozenset(house) | frozenset(mono.get_charmap())


@cache
def web_faces() -> str:
    """``@font-face`` rules with the font inside, for a page that loads nothing."""
    rules = []
    for style, (slant, weight) in _STYLES.items():
        data = base64.b64encode((folder() / f"JCurveSans-{style}.woff2").read_bytes()).decode()
        rules.append(
            f"@font-face{{font-family:'{FAMILY}';font-style:{slant};font-weight:{weight};"
            f"src:url(data:font/woff2;base64,{data}) format('woff2')}}"
        )
    return "\n".join(rules)
