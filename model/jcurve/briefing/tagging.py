"""A pass over the finished PDF: cells that name rows become heads of rows.

Typst marks the heads of columns by itself; for heads of rows its binding for Python has no word
yet. A screen reader that stands on a number says what its row is called only when the cell that
says so is marked.

Typst also lists the heads of columns in each cell, and a reader that finds a list looks for no
other head. Blanks of the same length take its place: then each cell's heads are the ones to its
left and above it, as their scopes say.

What else changes is appended, as PDF allows: writing all of a long report anew would cost half as
much as typesetting it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf

__all__ = ["with_row_heads"]

_LEAVES = frozenset({"/P", "/Span", "/Figure", "/Caption", "/Formula", "/TOC", "/Link"})
_LISTED = re.compile(rb"(?<=/O/Table)/Headers\[(?:\(U\d+x\d+y\d+\))*\]")
_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")


def with_row_heads(pdf: bytes, stubs: Sequence[int]) -> bytes:
    """``pdf`` with the cells that name its tables' rows as heads of these rows.

    Args:
        pdf: from Typst.
        stubs: how many columns at the left name the rows, for each table in reading order.
    """
    if not any(stubs):
        return pdf
    pdf = _LISTED.sub(lambda found: b" " * len(found[0]), pdf)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        tables = _tables(opened.Root.StructTreeRoot)
        changed = [
            cell
            for table, stub in zip(tables, stubs, strict=True)
            for cell in (_naming(table, stub) if stub else ())
        ]
        for cell in changed:
            _make_head(cell)
        return _appended(pdf, changed, opened.trailer) if changed else pdf


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


def _attributes(cell: Any) -> tuple[Any, ...]:
    found = cell.get("/A")
    if found is None:
        return ()
    return tuple(found) if isinstance(found, pikepdf.Array) else (found,)


def _span(cell: Any) -> tuple[int, int]:
    for found in _attributes(cell):
        if found.get("/O") == "/Table":
            return int(found.get("/ColSpan", 1)), int(found.get("/RowSpan", 1))
    return 1, 1


def _make_head(cell: Any) -> None:
    cell.S = pikepdf.Name.TH
    for found in _attributes(cell):
        if found.get("/O") == "/Table":
            found.Scope = pikepdf.Name.Row
            return
    made = pikepdf.Dictionary(O=pikepdf.Name.Table, Scope=pikepdf.Name.Row)
    cell.A = pikepdf.Array([*_attributes(cell), made])


def _appended(pdf: bytes, changed: Sequence[Any], trailer: Any) -> bytes:
    """``pdf``, the objects that have changed, and a table that says where they are now."""
    start = _START.search(pdf)
    if start is None:
        raise ValueError("a PDF without an end")
    made = bytearray(pdf.rstrip() + b"\n")
    places = []
    for item in changed:
        number, generation = item.objgen
        places.append(b"%d 1\n%010d %05d n\r\n" % (number, len(made), generation))
        made += b"%d %d obj\n%s\nendobj\n" % (number, generation, item.unparse(resolved=True))
    kept = b"".join(
        b"/%s %s" % (name, trailer[f"/{name.decode()}"].unparse())
        for name in (b"Root", b"Info", b"ID")
        if f"/{name.decode()}" in trailer
    )
    size, before = int(trailer.Size), int(start[1])
    table = len(made)
    made += b"xref\n" + b"".join(places)
    made += b"trailer\n<</Size %d%s/Prev %d>>\n" % (size, kept, before)
    made += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(made)
