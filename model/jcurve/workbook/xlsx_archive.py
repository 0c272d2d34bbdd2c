"""The cells of an ``.xlsx`` file as they stand, whatever program wrote it.

Texts may stand in place or in a list of all, formulas be shared or not, the range of used cells
be wrong, places of cells be left out. Small sheets are parsed whole; of large ones formulas alone
are looked for.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from html import unescape
from posixpath import join, normpath
from typing import Any, TypeAlias

from lxml import etree

from jcurve.workbook.grid import column, column_at

__all__ = ["NOTHING", "Archive", "Found", "Rows", "moved_to"]

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]+)")
_FORMULA = re.compile(
    r'\sr="([A-Z]{1,3})([0-9]+)"[^>]*>\s*'
    r"<(?:\w+:)?f\b([^>]*?)(?:/>|>([^<]*)</)"
)
_FIXED = r'<(?:\w+:)?c\s(?:[^>]*?\s)?r="{letters}([0-9]+)"[^>]*>\s*<(?:\w+:)?v>([-+.0-9eE]+)</'
_SHARED = re.compile(r'\bsi="([0-9]+)"')
_MOVING = re.compile(r"(?<![A-Za-z0-9_.$])(\$?)([A-Z]{1,3})(\$?)([0-9]+)(?![A-Za-z0-9_(.!])")


@dataclass(frozen=True, slots=True)
class Found:
    """A cell: the text of its formula, if it has one, and its value."""

    formula: str | None
    value: float | str | bool | None


Rows: TypeAlias = dict[int, dict[int, Found]]
NOTHING = Found(None, None)


class Archive:
    """The sheets of an ``.xlsx`` file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = set(archive.namelist())
        related = self._tree("xl/_rels/workbook.xml.rels")
        targets = {each.get("Id"): each.get("Target", "") for each in related}
        self._parts: dict[str, str] = {}
        for sheet in self._tree("xl/workbook.xml").iter("{*}sheet"):
            target = targets.get(sheet.get(_RELATION), "")
            part = target[1:] if target.startswith("/") else normpath(join("xl", target))
            if part in names:
                self._parts[str(sheet.get("name"))] = part
        self._texts: list[str] = []
        if "xl/sharedStrings.xml" in names:
            strings = self._tree("xl/sharedStrings.xml").iter("{*}si")
            self._texts = [_text_of(each) for each in strings]

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def _tree(self, part: str) -> Any:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        return etree.fromstring(self._archive.read(part), parser)

    def rows(self, name: str) -> Rows:
        """Every cell of a sheet that holds something, by row and column from 0."""
        found: Rows = {}
        shared: dict[str, tuple[int, int, str]] = {}
        row = -1
        for line in self._tree(self._parts[name]).iter("{*}row"):
            row = int(line.get("r") or row + 2) - 1
            at = -1
            for cell in line.iterchildren("{*}c"):
                place = _PLACE.fullmatch(cell.get("r") or "")
                at = column_at(place[1]) if place else at + 1
                each = self._cell(cell, row, at, shared)
                if each.value is not None or each.formula is not None:
                    found.setdefault(row, {})[at] = each
        return found

    def _cell(self, cell: Any, row: int, at: int, shared: dict[str, tuple[int, int, str]]) -> Found:
        kind, value, formula = cell.get("t", "n"), cell.find("{*}v"), cell.find("{*}f")
        text: str | None = None
        if formula is not None:
            text = formula.text or ""
            if (number := formula.get("si")) is not None:
                if text:
                    shared[number] = (row, at, text)
                elif number in shared:
                    text = moved_to(shared[number], row, at)
            text = "=" + text
        if kind == "inlineStr":
            inline = cell.find("{*}is")
            return Found(text, None if inline is None else _text_of(inline))
        raw = None if value is None else value.text
        if raw is None:
            return Found(text, None)
        if kind == "s":
            return Found(text, self._texts[int(raw)])
        if kind == "b":
            return Found(text, raw.strip() in ("1", "true"))
        return Found(text, raw if kind in ("str", "e", "d") else float(raw))

    def numbers(self, name: str, at: int) -> Rows:
        """The fixed numbers of one column of a large sheet."""
        text = self._archive.read(self._parts[name]).decode("utf-8")
        pattern = _FIXED.format(letters=column(at))
        return {
            int(row) - 1: {at: Found(None, float(value))}
            for row, value in re.findall(pattern, text)
        }

    def formulas(self, name: str) -> dict[int, dict[int, str | tuple[int, int, str]]]:
        """The formulas of a large sheet: texts, and of one that is shared from another row or
        column the row, column and text that it is moved from."""
        text = self._archive.read(self._parts[name]).decode("utf-8")
        found: dict[int, dict[int, str | tuple[int, int, str]]] = {}
        shared: dict[str, tuple[int, int, str]] = {}
        for letters, digits, kind, formula in _FORMULA.findall(text):
            row, at = int(digits) - 1, column_at(letters)
            own: str | tuple[int, int, str] = unescape(formula) if "&" in formula else formula
            if "si=" in kind and (match := _SHARED.search(kind)):
                if formula:
                    shared[match[1]] = (row, at, str(own))
                elif match[1] in shared:
                    own = shared[match[1]]
            found.setdefault(row, {})[at] = own
        return found


def _text_of(element: Any) -> str:
    """The text of a string, without its phonetic hints."""
    return "".join(
        each.text or ""
        for each in element.iter("{*}t")
        if etree.QName(each.getparent()).localname != "rPh"
    )


def moved_to(origin: tuple[int, int, str], row: int, at: int) -> str:
    """A formula as it is in another cell."""
    down, right = row - origin[0], at - origin[1]

    def spell(match: re.Match[str]) -> str:
        fixed, letters, fixed_row, digits = match.groups()
        letters = letters if fixed else column(column_at(letters) + right)
        return f"{fixed}{letters}{fixed_row}{digits if fixed_row else int(digits) + down}"

    return _MOVING.sub(spell, origin[2])
