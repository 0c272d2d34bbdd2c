"""``reports/house_style.yml``: whose report it is, for pages, PDFs, mail and workbooks.

    company: Example Research Ltd
    colour: "#7a1f2b"
    logo: logo.svg
    footer: For professional investors only.
    paper: us-letter

Every key may be left out, and so may the file.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from xml.etree import ElementTree

from jcurve.ground.errors import ScenarioError, UsageError, nearest

__all__ = ["FILE_NAME", "HouseStyle", "Logo", "luminance", "read_house_style"]

FILE_NAME = "house_style.yml"

_KEYS = ("company", "colour", "accent", "logo", "footer", "paper")
_PAPERS = ("a4", "us-letter")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}
_LARGEST = 500_000  # bytes of a logo: it stands in every report
_CONTRAST = 4.5  # of text on white, as accessibility rules want it


@dataclass(frozen=True)
class Logo:
    """A picture: its kind, and an SVG's text or base64."""

    mime: Literal["image/svg+xml", "image/png", "image/jpeg"]
    data: str
    path: Path


@dataclass(frozen=True)
class HouseStyle:
    """What a project says of how its reports look.

    Attributes:
        company: who publishes; empty: nobody is named.
        colour: of heads and rules, as ``#rrggbb``.
        accent: of numbers and marks.
        logo: stands at the head; None: there is none.
        footer: at the foot of every page, after what a report itself says there.
        paper: of the PDF.
    """

    company: str = ""
    colour: str = "#0b3c6f"
    accent: str = "#a8480a"
    logo: Logo | None = None
    footer: str = ""
    paper: Literal["a4", "us-letter"] = "a4"


def read_house_style(reports: Path) -> HouseStyle:
    """The house style that lies in a project's ``reports`` folder; the usual one without.

    Raises:
        UsageError: a key or value is wrong; names file, line and key.
    """
    from jcurve.assumptions.nodes import Text, read

    origin = f"reports/{FILE_NAME}"
    try:
        content = (reports / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return HouseStyle()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=origin) from error
    try:
        table = read(content, origin)
    except ScenarioError as error:
        what = error.what.replace("a scenario file", "the house style")
        raise UsageError(what, where=error.where, received=error.received) from error
    given: dict[str, str] = {}
    places: dict[str, str] = {}
    for entry in table.entries:
        places[entry.key] = f"{origin}:{entry.line}, {entry.key}"
        if entry.key not in _KEYS:
            raise UsageError(
                "unknown key",
                where=places[entry.key],
                allowed=", ".join(_KEYS),
                suggestion=nearest(entry.key, _KEYS),
            )
        if not isinstance(entry.value, Text):
            raise UsageError("not a text", where=places[entry.key])
        if entry.value.text:
            given[entry.key] = entry.value.text
    for key in ("colour", "accent"):
        if key in given:
            given[key] = _colour(given[key], places[key])
    if given.get("paper", "a4") not in _PAPERS:
        raise UsageError.not_among("unknown paper", given["paper"], _PAPERS, where=places["paper"])
    logo = _logo(reports, given["logo"], places["logo"]) if "logo" in given else None
    usual = HouseStyle()
    return HouseStyle(
        company=given.get("company", ""),
        colour=given.get("colour", usual.colour),
        accent=given.get("accent", usual.accent),
        logo=logo,
        footer=given.get("footer", ""),
        paper=cast("Literal['a4', 'us-letter']", given.get("paper", "a4")),
    )


def _colour(text: str, where: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise UsageError("not a colour", where=where, received=text, allowed="as in '#0b3c6f'")
    contrast = 1.05 / (luminance(text) + 0.05)
    if contrast < _CONTRAST:
        raise UsageError(
            f"too light for text on white (a contrast of {contrast:.1f})",
            where=where,
            received=text,
            allowed=f"a contrast of at least {_CONTRAST}",
        )
    return text.lower()


def luminance(colour: str) -> float:
    """How light a colour ``#rrggbb`` is, from 0 to 1, as the eye weighs its parts."""
    linear = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    )
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def _logo(reports: Path, name: str, where: str) -> Logo:
    path = (reports / name).resolve()
    mime = _KINDS.get(path.suffix.lower())
    if mime is None or not path.is_relative_to(reports.resolve()):
        raise UsageError(
            "not a logo", where=where, received=name, allowed="an SVG, PNG or JPG beside this file"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the logo cannot be read ({error.strerror})", where=where, received=name
        ) from error
    if len(content) > _LARGEST:
        raise UsageError(
            "the logo is too large", where=where, received=name, allowed="up to 500 kB"
        )
    if mime != "image/svg+xml":
        kind = cast("Literal['image/png', 'image/jpeg']", mime)
        return Logo(kind, base64.b64encode(content).decode(), path)
    try:
        text = content.decode()
        ElementTree.fromstring(text)
    except (ValueError, ElementTree.ParseError) as error:
        raise UsageError("the logo is no SVG", where=where, received=name) from error
    return Logo("image/svg+xml", text, path)
