"""How Excel writes each operation, and the texts that formulas are put together from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jcurve.workbook.grid import TABLES, Cell, Name, Piece, Range, prefixed

NO_ANSWER = "none"  # What a cell holds whose value does not exist; its status says why

COMPARISON, SUM, PRODUCT, POWER, ATOM = range(5)
INFIX, LOGICAL = TABLES["infix"], TABLES["logical"]
FORMS: Mapping[str, str] = TABLES["forms"]
_PLACE = re.compile(r"{(\w+)}")
BINDS: Mapping[str, int] = dict.fromkeys(("lowest_at", "part", "near", "far", "year_to_date"), SUM)
LOOK_BACK = "(1-{2})*INDEX({3},{0})+{2}*INDEX({3},{1})"
"""Between two whole quarters of a lag, in a row with the blank cell ahead of its first quarter."""


@dataclass(frozen=True, slots=True)
class Text:
    """A part of a formula: its pieces, how strongly its outermost operation binds, and whether it
    is a condition."""

    pieces: tuple[Piece, ...]
    binds: int = ATOM
    truth: bool = False

    def size(self, host: str) -> int:
        """About how many characters it takes on the sheet ``host``."""
        return sum(_size(piece, host) for piece in self.pieces)


def _size(piece: Piece, host: str) -> int:
    if isinstance(piece, str):
        return len(piece)
    if isinstance(piece, Name):
        return len(piece.text)
    sheet = piece.sheet if isinstance(piece, Cell) else piece.place.sheet
    return (14 if isinstance(piece, Range) else 6) + len(prefixed(sheet, host))


def places(form: str) -> tuple[str, ...]:
    """The names or numbers of a form's places, each once."""
    return tuple(dict.fromkeys(_PLACE.findall(form)))


def call(form: str, *texts: Text, truth: bool = False, **named: Text) -> Text:
    """A form with texts in its numbered and named places."""
    given = {str(at): text for at, text in enumerate(texts)} | named
    pieces: list[Piece] = []
    for at, part in enumerate(_PLACE.split(form)):
        pieces += given[part].pieces if at % 2 else [part]
    return Text(joined(pieces), truth=truth)


def joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbouring texts as one, so that equal formulas are equal pieces."""
    made: list[Piece] = []
    for piece in pieces:
        if not piece:
            continue
        if made and isinstance(piece, str) and isinstance(made[-1], str):
            made[-1] += piece
        else:
            made.append(piece)
    return tuple(made)


def infix(op: str, left: Text, right: Text) -> Text:
    """Two texts with the sign of an operation between them, in brackets where they need them."""
    sign, binds = INFIX[op]
    # Excel takes a minus before a power and powers from the left: always in brackets.
    left, right = wrapped(left, binds + (op == "power")), wrapped(right, binds + 1)
    pieces = (*left.pieces, sign, *right.pieces)
    return Text(pieces, binds, binds == COMPARISON)


def wrapped(text: Text, binds: int) -> Text:
    """``text`` in brackets unless it binds at least so strongly."""
    if text.binds >= binds:
        return text
    return Text(joined(["(", *text.pieces, ")"]))


def number_text(value: float) -> str:
    """A number as a formula spells it."""
    if value != value:
        return "NA()"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value).upper()
