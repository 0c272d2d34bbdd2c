"""Which assumptions and lines stand for each mechanism that the articles name.

Each record moves one assumption from low to high and names the lines that must rise and fall;
``also`` switches on what the move needs. A test makes every move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from jcurve.facts.registers import drivers
from jcurve.facts.tables import AnyWords, Column, Row, Text, home_of, records
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where


def _also(row: Row, key: str) -> tuple[tuple[str, str], ...]:
    """``key=value;key=value``, or nothing."""
    pairs = []
    for part in filter(None, row.optional(key).split(";")):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise FactsError("not KEY=VALUE", where=row.at(key), received=part)
        pairs.append((name, value))
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class Move:
    """One assumption moved from low to high."""

    driver: str  # key of the mechanism
    key: str  # the assumption
    low: Text  # text of the values, both empty for the ends of the assumption's own range
    high: Text
    # other keys and the text of their values, set at both ends
    also: Annotated[tuple[tuple[str, str], ...], Column(read=_also)]
    rises: AnyWords  # rows by the name that a case takes
    falls: AnyWords
    note: Text  # what a reader should know; may be empty


def driver_moves(project: Where = None) -> tuple[Move, ...]:
    """Every move, in the order of the file."""

    def whole(move: Move, row: Row) -> None:
        if bool(move.low) != bool(move.high):
            raise FactsError(
                "one end of a range", where=row.at("low"), received=move.low or move.high
            )
        if not move.rises and not move.falls:
            raise FactsError("a move that names no line", where=row.at("rises"))

    known = {"driver": drivers(project)}
    return tuple(records(home_of(project).data, "evidence/driver_map.csv", Move, known, whole))
