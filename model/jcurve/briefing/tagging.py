"""A pass over the finished PDF: cells that name rows become heads of rows.

Typst marks the heads of columns by itself; for heads of rows its binding for Python has no word
yet. A screen reader that stands on a number says what its row is called only when the cell that
says so is marked. Typst also lists the heads of columns in each cell, and a reader that finds a
list looks for no other head: without it the heads of a cell are the ones to its left and above it.

What changes is written over the list, in as many bytes, so that everything else stays in its place:
writing all of a long report anew would cost half as much as typesetting it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf

_LEAVES = frozenset({"/P", "/Span", "/Figure", "/Caption", "/Formula", "/TOC", "/Link"})
_CELL = re.compile(
    rb"\n(?P<number>\d+) 0 obj\n<</Type/StructElem/S/TD(?P<between>/P \d+ 0 R/A\[<</O/Table)"
    rb"(?P<listed>/Headers\[(?:\(U\d+x\d+y\d+\))*\])"
)


def with_row_heads(pdf: bytes, stubs: Sequence[int]) -> bytes:
    """``pdf`` with the cells that name its tables' rows as heads of these rows.

    Args:
        pdf: from Typst.
        stubs: how many columns at the left name the rows, for each table in reading order.

    Raises:
        ValueError: its tables are others.
    """
    if not any(stubs):
        return pdf
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        tables = _tables(opened.Root.StructTreeRoot)
        naming = {
            cell.objgen[0]
            for table, stub in zip(tables, stubs, strict=True)
            for cell in (_naming(table, stub) if stub else ())
        }

    def written(found: re.Match[bytes]) -> bytes:
        number, room = int(found["number"]), len(found["listed"])
        kind, scope = (b"TH", b"/Scope/Row") if number in naming else (b"TD", b"")
        naming.discard(number)
        told = b"\n%d 0 obj\n<</Type/StructElem/S/%s" % (number, kind)
        return told + found["between"] + scope.ljust(room)

    made = _CELL.sub(written, pdf)
    if naming:
        raise ValueError(f"{len(naming)} cells are not as Typst writes them")
    return made


def _kids(element: Any) -> Iterator[Any]:
    kids = element.get("/K")
    for kid in kids if isinstance(kids, pikepdf.Array) else (kids,):
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid


def _tables(element: Any) -> Iterator[Any]:
    for kid in _kids(element):
        if kid.S == "/Table":
            yield kid
        elif kid.S not in _LEAVES:
            yield from _tables(kid)


def _naming(table: Any, stub: int) -> Iterator[Any]:
    """The cells in the first columns of the table's body that are no heads yet."""
    # A table without heads holds its rows itself.
    for section in [kid for kid in _kids(table) if kid.S == "/TBody"] or [table]:
        taken: dict[int, int] = {}  # column: rows that a cell above still takes of it
        for row in _kids(section):
            if row.S != "/TR":
                continue
            at, cells = 0, row.K
            for number in range(len(cells)):
                while taken.get(at):
                    at += 1
                if at >= stub:
                    break
                cell = cells[number]  # a cell that is not asked for is not read from the file
                if cell.S == "/TD":
                    yield cell
                across, down = _span(cell)
                if down > 1:
                    taken |= dict.fromkeys(range(at, at + across), down)
                at += across
            taken = {column: left - 1 for column, left in taken.items() if left > 1}


def _span(cell: Any) -> tuple[int, int]:
    found = cell.get("/A")
    for each in found if isinstance(found, pikepdf.Array) else (found,):
        if each is not None and each.get("/O") == "/Table":
            return int(each.get("/ColSpan", 1)), int(each.get("/RowSpan", 1))
    return 1, 1
