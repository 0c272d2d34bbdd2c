"""Which assumptions and lines stand for each mechanism that the articles name.

Each record moves one assumption from low to high and names the lines that must rise and fall;
``also`` switches on what the move needs. A test makes every move.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jcurve.facts.registers import drivers
from jcurve.facts.tables import data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = ["Move", "driver_moves"]


@dataclass(frozen=True, slots=True)
class Move:
    """One assumption moved from low to high.

    Attributes:
        driver: key of the mechanism.
        key: the assumption.
        low, high: text of the values, both empty for the ends of the assumption's own range.
        also: other keys and the text of their values, set at both ends.
        rises, falls: rows by the name that a case takes.
        note: what a reader should know; may be empty.
    """

    driver: str
    key: str
    low: str
    high: str
    also: tuple[tuple[str, str], ...]
    rises: tuple[str, ...]
    falls: tuple[str, ...]
    note: str


def driver_moves(project: Project | str | Path | None = None) -> tuple[Move, ...]:
    """Every move, in the order of the file.

    Raises:
        FactsError: a mechanism is unknown, one end of a range is missing, or a move names no
            line.
    """
    columns = ("driver", "key", "low", "high", "also", "rises", "falls", "note")
    known = drivers(project)
    found: list[Move] = []
    for row in read_table(data_folder(project), "evidence/driver_map.csv", columns):
        driver = row.text("driver")
        if driver not in known:
            raise FactsError.not_among(
                "unknown driver", driver, known, where=row.at("driver"), allowed=""
            )
        low, high = row.optional("low"), row.optional("high")
        if bool(low) != bool(high):
            raise FactsError("one end of a range", where=row.at("low"), received=low or high)
        also: list[tuple[str, str]] = []
        for part in filter(None, row.optional("also").split(";")):
            key, equals, value = part.partition("=")
            if not equals or not value:
                raise FactsError("not KEY=VALUE", where=row.at("also"), received=part)
            also.append((key, value))
        rises, falls = (tuple(row.optional(side).split()) for side in ("rises", "falls"))
        if not rises and not falls:
            raise FactsError("a move that names no line", where=row.at("rises"))
        found.append(
            Move(driver, row.text("key"), low, high, tuple(also), rises, falls,
                 row.optional("note"))
        )  # fmt: skip
    return tuple(found)
