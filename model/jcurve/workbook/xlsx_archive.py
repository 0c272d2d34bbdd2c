"""The cells of an ``.xlsx`` file as they stand, whatever program wrote it.

Texts may stand in place or in a list of all, formulas be shared or not, the range of used cells
be wrong, places of cells be left out.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from posixpath import join, normpath
from typing import Any, TypeAlias

from lxml import etree

from jcurve.workbook.grid import column, column_at

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]+)")
_ROW = re.compile(r'(?:[^>]*?\s)?r="([0-9]+)"')
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

    @cached_property
    def _texts(self) -> list[str]:
        """The list of texts that cells refer to."""
        if "xl/sharedStrings.xml" not in self._archive.namelist():
            return []
        strings = self._tree("xl/sharedStrings.xml").iterchildren("{*}si")
        return [_text_of(each) for each in strings]

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
                    text = _moved_to(shared[number], row, at)
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

    def row_texts(self, name: str) -> dict[int, str]:
        """Each row of a sheet as text of XML, by its number from 0; none where a program writes
        rows in another way."""
        text = self._archive.read(self._parts[name]).decode("utf-8")
        found = ((_ROW.match(each), each) for each in text.split("<row ")[1:])
        return {int(match[1]) - 1: each for match, each in found if match}


def _text_of(element: Any) -> str:
    """The text of a string, without its phonetic hints."""
    if len(element) == 1 and len(element[0]) == 0:
        return element[0].text or ""
    return "".join(
        each.text or ""
        for each in element.iter("{*}t")
        if etree.QName(each.getparent()).localname != "rPh"
    )


def _moved_to(origin: tuple[int, int, str], row: int, at: int) -> str:
    """A formula as it is in another cell."""
    down, right = row - origin[0], at - origin[1]

    def spell(match: re.Match[str]) -> str:
        fixed, letters, fixed_row, digits = match.groups()
        letters = letters if fixed else column(column_at(letters) + right)
        return f"{fixed}{letters}{fixed_row}{digits if fixed_row else int(digits) + down}"

    return _MOVING.sub(spell, origin[2])
