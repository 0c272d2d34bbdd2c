"""What a hand does beyond one value: a pasted row, lives, a path moved in time, a whole mix.

Texts come in as typed and leave as values in the key's unit; the scale is that of the control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jcurve.assumptions import Assumption, Path
from jcurve.assumptions.nodes import Place, Text
from jcurve.assumptions.paths import Change
from jcurve.assumptions.relations import Mix
from jcurve.assumptions.values import period_of, values_of
from jcurve.ground.errors import ScenarioError
from jcurve.workbench.controls import Scale

__all__ = ["lives", "pasted", "shifted", "whole_mix"]

_DIGITS = 12


def pasted(
    scale: Scale, now: Assumption, period: str, cells: Sequence[str], last: int
) -> dict[int, float]:
    """The values of a row of cells by period, the first in ``period``.

    Args:
        scale: of the control.
        now: the assumption as it is.
        period: of the cell in which it was pasted.
        cells: texts as they stand in a sheet; empty ones leave their period as it is.
        last: the last period that can be set.

    Raises:
        ScenarioError: a cell does not validate, or the row is longer than the path.
    """
    path = now.value
    assert isinstance(path, Path)
    first = period_of(period, path.by, Place("", None, now.key))
    filled = [(first + at, text) for at, text in enumerate(cells) if text.strip()]
    if filled and filled[-1][0] > last:
        what = f"a row that is longer than the {path.by}s that can be set"
        fits = max(last - first + 1, 0)
        allowed = f"{fits} from {period}, up to {path.label(last)}"
        raise ScenarioError(what, received=len(cells), allowed=allowed)
    made: dict[int, float] = {}
    for at, text in filled:
        label = path.label(at)
        # A plus in a sheet's format is a sign, never a change.
        plain = text.strip().removeprefix("+")
        try:
            value = scale.read(now, plain, label)
            assert isinstance(value, float)
            made[at] = value
        except ScenarioError as error:
            raise ScenarioError(
                f"{error.what} in {label}",
                received=error.received,
                allowed=error.allowed,
                suggestion=error.suggestion,
            ) from error
    return made


def lives(start: Assumption, rows: Sequence[Sequence[str]]) -> tuple[Change, ...]:
    """Changes of a life from rows of a date and a life.

    Raises:
        ScenarioError: a date or life does not validate, or a date comes twice.
    """
    place, reader = Place("", None, start.key), values_of(start)
    found: dict[int, float] = {}
    for date, life in rows:
        at = period_of(date, "quarter", place)
        if at in found:
            raise ScenarioError("two changes of a life at one date", received=date)
        if not life.strip():
            raise ScenarioError(f"no life from {date} on", allowed="years, or no change")
        found[at] = reader.number(Text(life), place)
    return reader.in_order((Change(at, life) for at, life in found.items()), place)


def shifted(path: Path, by: int, first: int, last: int) -> Path:
    """A path some periods later (or earlier, below 0), between two periods; what comes in at an
    end is the value that stood there."""
    points = dict(path.points)
    for period in range(first, last + 1):
        points[period] = path.at(min(max(period - by, first), last))
    return replace(path, points=tuple(sorted(points.items())))


def whole_mix(
    scale: Scale, mix: Mix, items: Mapping[str, Assumption], key: str, text: str
) -> dict[str, float]:
    """One member of a mix as typed, and all others in the proportions that they have.

    Raises:
        ScenarioError: the mix is by date, or the share does not validate.
    """
    members = {each: items[each].value for each in (*mix.others, mix.remainder)}
    shares = {each: value for each, value in members.items() if isinstance(value, float)}
    if len(shares) < len(members):
        raise ScenarioError("a mix by date is set member by member", received=key)
    share = scale.read(items[key], text)
    assert isinstance(share, float)
    if not 0 <= share <= 1:
        raise ScenarioError("out of bounds", received=text, allowed="0 to 100 %")
    left = sum(shares.values()) - shares[key]
    made = {
        each: share if each == key else (value * (1 - share) / left if left else 0.0)
        for each, value in shares.items()
    }
    return {each: round(made[each], _DIGITS) for each in mix.others}
