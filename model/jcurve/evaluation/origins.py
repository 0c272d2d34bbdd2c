"""Where an input comes from: an assumption with its range, a fact with its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from jcurve.engine.trace import Leaf
from jcurve.ground.quarters import FIRST_QUARTER, Quarter

if TYPE_CHECKING:
    from jcurve.assumptions import Assumption, Path, Scenario
    from jcurve.company import Assembly
    from jcurve.facts import HistoryRow

_YEAR_LENGTH = 4


def origin(scenario: Scenario, assembly: Assembly, name: str, at: str | None) -> Leaf | None:
    """What is known of the input called ``name`` in a quarter or year; None of the calendar."""
    fact = assembly.history.get(name)
    if fact is not None:
        return _fact(fact, at)
    key = assembly.keys.get(name)
    if key is not None:
        if key in scenario.assumptions:
            return _assumption(scenario.assumptions[key], at)
        # A slot of a list of changes (life.change.date.2) is known as the list, whose range is
        # that of the values and not of their dates.
        of, slot, _ = key.rsplit(".", 2)
        leaf = _assumption(scenario.assumptions[of], at)
        return replace(leaf, low=None, high=None) if slot == "date" else leaf
    fixed = assembly.constants.get(name)
    if fixed is None:
        return None
    return Leaf(fixed.key, fixed.label, fixed.kind, fixed.source, rationale=fixed.basis)


def _fact(row: HistoryRow, at: str | None) -> Leaf:
    if at is None:
        cells = [cell for _, cell in row.filled()][-1:]
    else:  # a quarter, or all of a year
        cells = [cell for quarter, cell in row.filled() if quarter.startswith(at)]
    return Leaf(
        key=row.name,
        label=row.definition,
        kind=_joined([cell.status for cell in cells]) or "not reported",
        source=_joined([cell.source for cell in cells]),
        rationale=_joined([cell.why for cell in cells]),
    )


def _joined(texts: Sequence[str]) -> str:
    parts = (part for text in texts for part in text.split(";"))
    return "; ".join(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _assumption(found: Assumption, at: str | None) -> Leaf:
    return Leaf(
        key=found.key,
        label=found.label,
        kind=found.kind,
        source=", ".join(found.source),
        as_of=found.as_of.isoformat(),
        low=_at(found.book.low, at),
        high=_at(found.book.high, at),
        rationale=found.rationale,
    )


def _at(value: float | Path | None, at: str | None) -> float | None:
    """A bound at a date; a path's bound only where a date is asked for."""
    if value is None or isinstance(value, float | int):
        return None if value is None else float(value)
    if at is None:
        return None
    last_of_year = f"{at}Q4" if len(at) == _YEAR_LENGTH else at
    return float(value.quarters()[Quarter(last_of_year) - FIRST_QUARTER])
