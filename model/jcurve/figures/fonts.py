"""The house font: where its files are, and how each renderer gets hold of it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

FAMILY = "JCurve Sans"  # Family of every chart, table and paragraph

FALLBACK = "'JCurve Sans', 'IBM Plex Sans', 'Helvetica Neue', Arial, sans-serif"
"""What a browser without the embedded font falls back to."""

_PACKAGES = (
    "fontpkg_noto_sans_devanagari",
    "fontpkg_noto_sans_thai",
    "noto_cjk_sans_jp_regular",
)
"""Packages of a font each, which the extra ``scripts`` brings; Typst's name stands in the file."""

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


@dataclass(frozen=True)
class Face:
    """A font for what the house font lacks."""

    family: str  # its name, as Typst knows it
    folder: str  # where its file is
    font: FT2Font = field(compare=False)  # for measuring


class Drawable:
    """Code points that some font at hand can draw: of the house, packaged, or the system's."""

    def __contains__(self, code: object) -> bool:
        return code in charset() or (isinstance(code, int) and fallback(code) is not None)


@cache
def fallback(code: int) -> Face | None:
    """The font that draws a code point which the house's fonts lack, if there is one.

    matplotlib's own DejaVu Sans comes first (Hebrew, Arabic, signs), then packaged fonts, then
    the system's, so that the same installation draws the same letters on every machine as long
    as it can.
    """
    return next((face for face in _faces() if face.font.get_char_index(code)), None)


def _faces() -> Iterator[Face]:
    yield from _packaged()
    yield from (face for found in _of_system() if (face := _opened(*found)) is not None)


@cache
def _packaged() -> tuple[Face, ...]:
    from matplotlib import get_data_path

    found = [_opened("DejaVu Sans", str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")))]
    for name in _PACKAGES:
        spec = find_spec(name)
        home = Path(spec.origin).parent if spec and spec.origin else None
        for path in sorted(home.rglob("*.[ot]tf")) if home else ():
            found.append(_opened("", str(path)))
    return tuple(face for face in found if face is not None)


@cache
def _of_system() -> tuple[tuple[str, str, int], ...]:
    """Families, files and places in them: upright sans fonts first, Noto before others."""
    import typst

    listed = typst.Fonts(include_system_fonts=True, include_embedded_fonts=False).fonts()
    faces = {
        (face.family, face.path, face.index)
        for face in listed
        if face.path and face.style == "normal" and "Last Resort" not in face.family
    }
    return tuple(
        sorted(
            faces,
            key=lambda it: (
                "Sans" not in it[0],
                not it[0].startswith("Noto"),
                "Mono" in it[0],
                it,
            ),
        )
    )


@cache
def _opened(family: str, path: str, index: int = 0) -> Face | None:
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path, face_index=index)
    except (RuntimeError, OSError):
        return None
    return Face(family or str(font.family_name), str(Path(path).parent), font)


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
