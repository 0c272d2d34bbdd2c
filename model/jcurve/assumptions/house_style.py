"""``reports/house_style.yml``: whose report it is, for pages, PDFs, mail and workbooks.

    company: Example Research Ltd
    colour: "#7a1f2b"
    logo: logo.svg
    footer: For professional investors only.
    paper: us-letter
    author: A. Writer
    contact: writer@example.org
    date: 2026-11-30

Every key may be left out, and so may the file.
"""

from __future__ import annotations

import base64
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from xml.etree import ElementTree

from jcurve.assumptions.nodes import Table, read
from jcurve.ground.errors import ScenarioError, UsageError, nearest

FILE_NAME = "house_style.yml"

Mime: TypeAlias = Literal["image/svg+xml", "image/png", "image/jpeg"]

_KEYS = (
    "company", "colour", "accent", "logo", "footer", "paper", "author", "contact", "date"
)  # fmt: skip
_PAPERS = ("a4", "us-letter")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_KINDS: Mapping[str, Mime] = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}
_LARGEST = 500_000  # bytes of a logo: it stands in every report
_CONTRAST = 4.5  # of text on white, as accessibility rules want it


@dataclass(frozen=True)
class Logo:
    """A picture: its kind, and an SVG's text or base64."""

    mime: Mime
    data: str
    path: Path


@dataclass(frozen=True)
class HouseStyle:
    """What a project says of how its reports look."""

    company: str = ""  # who publishes; empty: nobody is named
    # of heads and rules, as ``#rrggbb``
    colour: str = "#0b3c6f"
    # of numbers and marks
    accent: str = "#a8480a"
    logo: Logo | None = None  # stands at the head; None: there is none
    footer: str = ""  # at the foot of every page, after what a report itself says there
    paper: Literal["a4", "us-letter"] = "a4"  # of the PDF
    author: str = ""  # who signs; empty: the company
    contact: str = ""  # an address or a number beside it
    date: datetime.date | None = None  # of publication; None: the day of the run


def read_house_style(reports: Path) -> HouseStyle:
    """The house style that lies in a project's ``reports`` folder; the usual one without."""
    origin = f"reports/{FILE_NAME}"
    try:
        content = (reports / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return HouseStyle()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=origin) from error
    try:
        entries = read(content, origin).entries
    except ScenarioError as error:
        what = error.what.replace("a scenario file", "the house style")
        raise UsageError(what, where=error.where, received=error.received) from error
    given: dict[str, Any] = {}
    for key, node, line in ((each.key, each.value, each.line) for each in entries):
        where, is_nested = f"{origin}:{line}, {key}", isinstance(node, Table | tuple)
        if key == "currency":
            what = "no presentation currency: reports are in US dollars, as the accounts are"
            allowed = "a table of jcurve lines, converted with a rate and a day of your own"
            raise UsageError(what, where=where, received="" if is_nested else node, allowed=allowed)
        if key not in _KEYS:
            known = ", ".join(_KEYS)
            raise UsageError(
                "unknown key", where=where, allowed=known, suggestion=nearest(key, _KEYS)
            )
        if isinstance(node, Table | tuple):
            raise UsageError("not a text", where=where)
        if not node:
            continue
        given[key] = node
        if key in ("colour", "accent"):
            given[key] = _colour(node, where)
        elif key == "logo":
            given[key] = _logo(reports, node, where)
        elif key == "paper" and node not in _PAPERS:
            raise UsageError.not_among("unknown paper", node, _PAPERS, where=where)
        elif key == "date":
            given[key] = _date(node, where)
    return HouseStyle(**given)


def _date(text: str, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "not a date", where=where, received=text, allowed="as in 2026-11-30"
        ) from None


def _colour(text: str, where: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise UsageError("not a colour", where=where, received=text, allowed="as in '#0b3c6f'")
    contrast = 1.05 / (luminance(text) + 0.05)
    if contrast < _CONTRAST:
        what = f"too light for text on white (a contrast of {contrast:.1f})"
        allowed = f"a contrast of at least {_CONTRAST}"
        raise UsageError(what, where=where, received=text, allowed=allowed)
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
        allowed = "an SVG, PNG or JPG beside this file"
        raise UsageError("not a logo", where=where, received=name, allowed=allowed)
    try:
        content = path.read_bytes()
    except OSError as error:
        what = f"the logo cannot be read ({error.strerror})"
        raise UsageError(what, where=where, received=name) from error
    if len(content) > _LARGEST:
        what = "the logo is too large"
        raise UsageError(what, where=where, received=name, allowed="up to 500 kB")
    if mime != "image/svg+xml":
        return Logo(mime, base64.b64encode(content).decode(), path)
    try:
        text = content.decode()
        ElementTree.fromstring(text)
    except (ValueError, ElementTree.ParseError) as error:
        raise UsageError("the logo is no SVG", where=where, received=name) from error
    return Logo(mime, text, path)
