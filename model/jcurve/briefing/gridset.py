"""Tables of any notebook, measured and cut as our own exhibits are.

A table first takes smaller text; then, when it is worth a page of its own, a turned page; then
it is cut into parts, each with the columns that name the rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jcurve.briefing.document import Cell, Grid, placed
from jcurve.briefing.grids import is_number
from jcurve.briefing.lettering import runs, text
from jcurve.briefing.widths import NARROW, PAD, SIZES, WEIGHT, Fit, Measure, em, fit, whole, wrapped
from jcurve.figures.display import Formula, Paragraph, Run, words
from jcurve.figures.plaintext import is_rtl

_WRAPS = (26.0, 9.0)  # em from which words may wrap: only long ones, then all
_LINE = 1.15  # of a line of text, in em
_ROW = 5.8  # above and below a row's text, in points
_PORTRAIT = 170 / 25.4 * 72
_FILLS = 0.33  # of a turned page, which a table must fill to be worth one
_WHOLE = 0.45  # of a page; a table, or a row, up to this stays in one piece
_MONO = 0.52  # em of a letter of code
_SIGN = 0.65  # em of a sign of a formula, about


@dataclass(frozen=True)
class Sheet:
    """The pages that a table may take: the height of the text, upright and turned, in points."""

    tall: float
    wide: float
    """Of the text of a turned page."""
    low: float


def planned(grid: Grid, sheet: Sheet) -> dict[str, object]:
    """``grid`` as the template takes it."""
    across = len(grid.aligns)
    stub = min(max(grid.stub, 1), across)
    loose, tight = (_measures(grid, wraps) for wraps in _WRAPS)
    found = fit(loose, SIZES[:1], _PORTRAIT, stub)
    if len(found.parts) > 1:
        found = fit(tight, SIZES, _PORTRAIT, stub)
    turned = False
    if len(found.parts) > 1:
        aside = fit(tight, SIZES, sheet.wide, stub)
        if len(aside.parts) == 1 and _height(grid, aside) >= _FILLS * sheet.low:
            found, turned = aside, True
    room = sheet.low if turned else sheet.tall
    return {
        "kind": "grid",
        "caption": runs(grid.caption),
        "size": found.size,
        "turned": turned,
        "whole": len(found.parts) == 1 and _height(grid, found) <= _WHOLE * room,
        "parts": [
            _part(grid, part, wide, found.size, room)
            for part, wide in zip(found.parts, found.widths, strict=True)
        ],
    }


def _part(
    grid: Grid, columns: Sequence[int], widths: Sequence[float], size: float, room: float
) -> dict[str, object]:
    head = _clipped(grid.head, columns)
    tall = sum(_tallest(row, widths, size) for row in head)
    return {
        "widths": list(widths),
        "aligns": [grid.aligns[at] for at in columns],
        # Where nobody has marked a head, the first column names the rows.
        "stub": grid.stub or int(not grid.head and len(grid.aligns) > 1),
        "repeats": tall <= _WHOLE * room,
        "head": [[_cell(at, cell, widths, size) for at, cell in row] for row in head],
        "rows": [
            {
                "cells": [_cell(at, cell, widths, size) for at, cell in row],
                "breaks": _tallest(row, widths, size) > _WHOLE * room
                or any(cell.down > 1 for _, cell in row),
            }
            for row in _clipped(grid.rows, columns)
        ],
    }


def _clipped(
    rows: Sequence[Sequence[Cell]], columns: Sequence[int]
) -> list[list[tuple[int, Cell]]]:
    """The cells in these columns, at their places among them; a wide one is cut to them."""
    made = []
    for row in placed(rows):
        line = []
        for at, cell in row:
            inside = [
                place for place, column in enumerate(columns) if at <= column < at + cell.across
            ]
            if inside:
                line.append((inside[0], Cell(cell.runs, len(inside), cell.down, cell.head,
                                             cell.shade)))  # fmt: skip
        made.append(line)
    return made


def _cell(at: int, cell: Cell, widths: Sequence[float], size: float) -> dict[str, object]:
    across = (sum(widths[at : at + cell.across]) - PAD) / size
    shown = [
        run | {"text": whole(run["text"], across)} if "text" in run else run
        for run in runs(cell.runs, NARROW)
    ]
    made: dict[str, object] = {"x": at, "runs": shown}
    if is_rtl(words(cell.runs)):
        made["rtl"] = True
    if cell.across > 1:
        made["across"] = cell.across
    if cell.down > 1:
        made["down"] = cell.down
    if cell.shade:
        made["shade"] = cell.shade
    return made


def _height(grid: Grid, found: Fit) -> float:
    """About how tall the table is, in points."""
    return sum(
        _tallest(row, wide, found.size)
        for part, wide in zip(found.parts, found.widths, strict=True)
        for row in (*_clipped(grid.head, part), *_clipped(grid.rows, part))
    )


def _tallest(row: Sequence[tuple[int, Cell]], widths: Sequence[float], size: float) -> float:
    lines = (
        _lines(cell, (sum(widths[at : at + cell.across]) - PAD) / size)
        for at, cell in row
        if cell.down == 1
    )
    return max(lines, default=1) * size * _LINE + _ROW


def _lines(cell: Cell, across: float) -> int:
    shown = "".join(text(run.text, NARROW) for run in cell.runs)
    bold = any(run.strong for run in cell.runs)
    return max(sum(wrapped(line, across, bold=bold) for line in shown.split("\n")), 1)


def _measures(grid: Grid, wraps: float) -> list[Measure]:
    across = len(grid.aligns)
    lines = [1.0] * across
    words = [1.0] * across
    heads: list[list[float]] = [[] for _ in range(across)]
    is_text = [False] * across
    spans: list[tuple[int, int, float]] = []
    for rows, head in ((grid.head, True), (grid.rows, False)):
        for row in placed(rows):
            for at, cell in row:
                width, word, longest = _extent(cell.runs)
                if cell.across > 1:
                    spans.append((at, cell.across, word))
                    continue
                words[at] = max(words[at], word)
                lines[at] = max(lines[at], word if head else width)
                if head:
                    heads[at].append(longest)
                elif not is_number("".join(run.text for run in cell.runs)):
                    is_text[at] = True
    for at, count, word in spans:
        lacking = word - sum(lines[at : at + count])
        if lacking > 0:
            for column in range(at, at + count):
                lines[column] += lacking / count
    return [
        Measure(
            line=lines[at],
            word=words[at],
            head=max(heads[at], default=0.0),
            wraps=is_text[at] and lines[at] > wraps,
            weight=math.sqrt(lines[at] * _WRAPS[0]) / WEIGHT if lines[at] > _WRAPS[0] else 0.0,
            names_rows=False,
        )
        for at in range(across)
    ]


def _extent(paragraph: Paragraph) -> tuple[float, float, float]:
    """Em of a cell on its own lines, of its longest word, and on two lines."""
    pieces: list[list[float]] = [[]]
    gap = em(" ")
    for run in paragraph:
        for number, line in enumerate(text(run.text, NARROW).split("\n")):
            if number:
                pieces.append([])
            parts = line.replace("\N{ZERO WIDTH SPACE}", " ").split()
            pieces[-1] += [_width(run, part) for part in parts]
    longest = [sum(line) + gap * max(len(line) - 1, 0) for line in pieces]
    words = [word for line in pieces for word in line]
    total = sum(longest)
    return (
        max(longest, default=0.0),
        max(words, default=0.0),
        max(total / 2 + max(words, default=0.0) / 2, max(words, default=0.0)),
    )


def _width(run: Run, part: str) -> float:
    if isinstance(run, Formula):
        return len(part) * _SIGN
    return len(part) * _MONO if run.code else em(part, bold=True)
