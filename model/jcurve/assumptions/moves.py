"""A value by date moved as a whole: later or earlier, higher or lower, in all years or in some.

``1 year later``; ``-10 percent from 2027``; ``x 0.9 from 2027 to 2029``; several of them with
commas between, one after the other. A share is taken of what stood there: -10 percent of 200 is
180, and of 40 percent 36 percent. Without ``from`` a move begins in the period in which the value
was last stated (its ``as_of``), so that history stays; what comes later leaves the level before it
in its place. A date can be moved later or earlier.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.nodes import Node, Place
from jcurve.assumptions.paths import DATE, Between, Path, Period, Value
from jcurve.assumptions.values import period_of, values_of
from jcurve.ground.quarters import FIRST_QUARTER, QUARTERS_IN_YEAR, Quarter

_FORMS = "such as '1 year later', '-10 percent from 2027', 'x 0.9 from 2027 to 2029'"

_TELLS = re.compile(r"\s(later|earlier|from|to)\b|^\s*[x×]\s", re.ASCII)
_NUMBER = r"\d{1,6}(?:\.\d{1,12})?"
_SPAN = r"(?:\s+from\s+(?P<first>\w+))?(?:\s+to\s+(?P<last>\w+))?"
_SHIFT = re.compile(
    rf"(?P<count>\d{{1,3}})\s+(?P<unit>years?|quarters?)\s+(?P<way>later|earlier){_SPAN}", re.ASCII
)
_SCALE = re.compile(
    rf"(?:(?P<sign>[+-])\s*(?P<share>{_NUMBER})\s*(?:percent|%)|[x×]\s*(?P<factor>{_NUMBER})){_SPAN}",
    re.ASCII,
)
_HUNDRED = 100.0


def new_value(
    parent: Assumption, node: Node, between: Between | None, place: Place, *, insist: bool = False
) -> Value:
    """What is written in place of a value: another one, or how the present one moves.

    Args:
        parent: the assumption as it is.
        node: as written.
        between: the rule between dates of a table.
        place: for errors.
        insist: take a bare number as it is, however unusual.
    """
    reader = values_of(parent, insist=insist)
    text = node if isinstance(node, str) else ""
    if _TELLS.search(text) and isinstance(parent.value, Path):
        stated = parent.as_of
        quarter = Quarter.on(stated.isoformat()) - FIRST_QUARTER
        first = stated.year if parent.value.by == "year" else quarter
        path = _path_after(parent.value, text, first, place)
        floor, ceiling = reader.bounds
        for period, value in path.points:
            if not floor <= value <= ceiling:
                received = f"{reader.written(value)} in {path.label(period)}, by {text}"
                allowed = f"{reader.written(floor)} to {reader.written(ceiling)} {parent.unit}"
                raise place.error("out of bounds", received, allowed)
        return path
    if _TELLS.search(text) and parent.unit == DATE and isinstance(parent.value, float):
        at = parent.value + _date_steps(text, place)
        return reader.value(Quarter.at(at), between, place)
    return reader.value(node, between, place)


def _path_after(path: Path, text: str, begin: int, place: Place) -> Path:
    """A path after the moves that a text names, one after the other."""
    for each in text.replace("−", "-").split(","):
        said = each.strip()
        shift = _SHIFT.fullmatch(said)
        found = shift or _SCALE.fullmatch(said)
        if found is None:
            raise place.error("not a move of a value by date", said, _FORMS)
        first, last = _span(path, found, begin, place)
        if shift is not None:
            steps = _steps(path.by, shift, place)
            path = _shifted(path, steps, first, last)
        else:
            path = _scaled(path, _factor(found), first, last)
    return path


def _date_steps(text: str, place: Place) -> int:
    found = _SHIFT.fullmatch(text.strip())
    if found is None or found["first"] or found["last"]:
        raise place.error("not a move of a date", text, "'1 year later', '2 quarters earlier'")
    return _steps("quarter", found, place)


def _steps(by: Period, found: re.Match[str], place: Place) -> int:
    """How many of its own periods a path moves; below 0 where it comes earlier."""
    steps = int(found["count"])
    if found["unit"].startswith("year"):
        steps *= QUARTERS_IN_YEAR
    if by == "year":
        steps, rest = divmod(steps, QUARTERS_IN_YEAR)
        if rest:
            what = "not whole years, for a value by year"
            raise place.error(what, found[0], "such as 1 year later")
    return steps if found["way"] == "later" else -steps


def _factor(found: re.Match[str]) -> float:
    if found["factor"]:
        return float(found["factor"])
    share = float(found["share"]) / _HUNDRED
    return 1.0 + share if found["sign"] == "+" else 1.0 - share


def _span(path: Path, found: re.Match[str], begin: int, place: Place) -> tuple[int, int]:
    """The first and the last period that move: by default from ``begin`` on, for ever."""

    def named(label: str, quarter: str) -> int:
        if path.by == "quarter" and label.isdecimal():
            label += quarter
        return period_of(label, path.by, place)

    first = named(found["first"], "Q1") if found["first"] else begin
    last = named(found["last"], "Q4") if found["last"] else path.last
    if first > last:
        raise place.error("a span that runs backwards", found[0], "from an earlier to a later one")
    return first, last


def _scaled(path: Path, factor: float, first: int, last: int) -> Path:
    def at(period: int) -> float:
        return _at(path, period) * (factor if first <= period <= last else 1.0)

    edges = {first - 1, first, last, last + 1}
    return _through(path, edges.union(path.periods), at)


def _shifted(path: Path, steps: int, first: int, last: int) -> Path:
    """From ``first`` to ``last`` the path reads what stood ``steps`` periods before; what comes
    later is preceded by the level before it."""
    before = max(first - 1, path.first)

    def at(period: int) -> float:
        if first <= period <= last:
            period = min(max(period - steps, before), path.last)
        return _at(path, period)

    moved = {each + steps for each in (*path.periods, before)}
    points = {each for each in moved if first <= each <= last}
    edges = {first - 1, first, last, last + 1}
    return _through(path, edges.union(path.periods, points), at)


def _through(path: Path, periods: set[int], at: Callable[[int], float]) -> Path:
    """The path by the same rule through these periods, without those that add nothing."""
    inside = sorted(each for each in periods if path.first <= each <= path.last)
    values = {each: at(each) for each in inside}

    def trim(end: int, beside: int, own: range) -> None:
        """Drop periods at an end that the path did not have and that say what the next says."""
        while len(inside) > 1 and inside[end] not in own:
            if values[inside[end]] != values[inside[beside]]:
                return
            del inside[end]

    own = range(path.periods[0], path.periods[-1] + 1)
    trim(0, 1, own)
    trim(-1, -2, own)
    points = tuple((each, values[each]) for each in inside)
    return Path(path.by, path.between, points)


def _at(path: Path, period: int) -> float:
    """A point's own value, to the last digit, or the one between points."""
    return dict(path.points).get(period, path.at(period))
