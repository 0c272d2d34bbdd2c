"""Outputs that are not ours: pictures, tables and text of any notebook, made safe."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Literal
from xml.etree import ElementTree

from jcurve.briefing.document import Grid, Picture
from jcurve.figures.prose import Run

__all__ = ["grids", "joined", "picture", "stripped"]

_SKIPPED = frozenset({"style", "script", "head", "title"})
_NUMERIC = re.compile(r"[-−+(]?[$€£]?\d[\d,.\s]*%?x?\)?|nan|NaN|-|–|—|")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_DEFAULT = (640.0, 480.0)


def joined(value: object) -> str:
    """A notebook's multi-line text as one string."""
    if isinstance(value, list):
        return "".join(str(part) for part in value)
    return str(value)


def picture(data: Mapping[str, Any], alt: str) -> Picture | None:
    """The picture in an output's ``data``, or None when there is none that can be shown."""
    if "image/svg+xml" in data:
        text = joined(data["image/svg+xml"])
        size = _svg_size(text)
        if size is not None:
            return Picture("image/svg+xml", text, alt, size)
    kinds: tuple[Literal["image/png", "image/jpeg"], ...] = ("image/png", "image/jpeg")
    for mime in kinds:
        if mime not in data:
            continue
        text = re.sub(r"\s+", "", joined(data[mime]))
        try:
            raw = base64.b64decode(text, validate=True)
        except binascii.Error:
            continue
        if raw.startswith(_PNG):
            width, height = struct.unpack(">II", raw[16:24])
            return Picture("image/png", text, alt, (float(width), float(height)))
        if raw.startswith(_JPEG):
            return Picture("image/jpeg", text, alt, _jpeg_size(raw))
    return None


def _svg_size(text: str) -> tuple[float, float] | None:
    if "<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    box = [float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", root.get("viewBox", ""))]
    if len(box) == 4:
        return box[2], box[3]
    sides = [re.match(r"\d+(?:\.\d+)?", root.get(side, "")) for side in ("width", "height")]
    if sides[0] and sides[1]:
        return float(sides[0][0]), float(sides[1][0])
    return None


def _jpeg_size(raw: bytes) -> tuple[float, float]:
    at = 2
    while at + 9 < len(raw):
        marker, length = raw[at + 1], int.from_bytes(raw[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", raw[at + 5 : at + 9])
            return float(width), float(height)
        at += 2 + length
    return _DEFAULT


def stripped(html: str) -> str:
    """The text of ``html`` without its tags."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return re.sub(r"[ \t]*\n\s*", "\n", "".join(reader.outside)).strip()


def grids(html: str) -> tuple[Grid, ...]:
    """The tables in ``html``, as text; merged cells are written once."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tuple(grid for table in reader.tables if (grid := _grid(table)) is not None)


class _Cell:
    def __init__(self, *, head: bool, across: int) -> None:
        self.head = head
        self.across = across
        self.parts: list[str] = []


class _Reader(HTMLParser):
    """Collects the tables of a page, row by row, and the text around them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[_Cell]]] = []
        self.outside: list[str] = []
        self._cell: _Cell | None = None
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            if not self.tables[-1]:
                self.tables[-1].append([])
            across = dict(attrs).get("colspan") or "1"
            self._cell = _Cell(
                head=tag == "th", across=min(int(across), 100) if across.isdecimal() else 1
            )
            self.tables[-1][-1].append(self._cell)
        elif tag in ("br", "p", "div", "li"):
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        elif tag in ("td", "th", "tr", "table"):
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._cell is not None:
            self._cell.parts.append(data)
        else:
            self.outside.append(data)


def _grid(table: list[list[_Cell]]) -> Grid | None:
    lines = [_spread(row) for row in table if row]
    if not lines:
        return None
    across = max(len(line) for line in lines)
    heads = 0
    while heads < len(table) and table[heads] and all(cell.head for cell in table[heads]):
        heads += 1
    heads = min(heads, len(lines) - 1)
    lines = [line + [""] * (across - len(line)) for line in lines]
    stub = 0
    body = [row for row in table[heads:] if row]
    if body:
        stub = min(_leading(row) for row in body)
    return Grid(
        head=tuple(_row(line) for line in lines[:heads]),
        rows=tuple(_row(line) for line in lines[heads:]),
        aligns=tuple(
            "right"
            if index >= stub and all(_NUMERIC.fullmatch(line[index]) for line in lines[heads:])
            else "left"
            for index in range(across)
        ),
        stub=stub,
    )


def _leading(row: list[_Cell]) -> int:
    count = 0
    for cell in row:
        if not cell.head:
            break
        count += cell.across
    return count


def _spread(row: list[_Cell]) -> list[str]:
    line: list[str] = []
    for cell in row:
        text = re.sub(r"\s+", " ", "".join(cell.parts)).strip()
        line.extend([text] + [""] * (cell.across - 1))
    return line


def _row(line: list[str]) -> tuple[tuple[Run, ...], ...]:
    return tuple((Run(text=text),) if text else () for text in line)
