"""What a hand does to an assumption, as the overrides that make it so.

A value, a single period, a row pasted from a sheet, the changes of a life, a path moved in time,
a whole mix. Texts come in as typed and leave as texts with the unit that a control shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.idle import end_of
from jcurve.assumptions.nodes import Place
from jcurve.assumptions.paths import Change, Value
from jcurve.assumptions.values import period_of, values_of
from jcurve.ground.errors import ScenarioError
from jcurve.ground.quarters import FIRST_QUARTER, Quarter
from jcurve.workbench.controls import scale_of

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Hand:
    """A state that is edited; every method gives the overrides of the next one, and raises
    ScenarioError where what was typed does not validate.
    """

    start: Scenario  # the scenario that was opened
    now: Scenario  # the present state
    overrides: Mapping[str, str]  # what was changed since
    reported: str  # the last reported quarter

    def others(self, key: str) -> dict[str, str]:
        """What was changed of all assumptions but one, its single periods included."""
        own = re.compile(rf"{re.escape(key)}(\.[0-9][^.]*)?")
        return {k: v for k, v in self.overrides.items() if not own.fullmatch(k)}

    def value(self, key: str, text: str, period: str) -> dict[str, str]:
        """A value as typed, of a dated one in one period where it is named."""
        item = self.start[key]
        if item.derived:
            raise ScenarioError("the remainder of a mix is computed, never set", where=key)
        if not text.strip():
            raise ScenarioError("no value", where=key, allowed="a value, or reset")
        scale, present = scale_of(item), self.now[key]
        value = scale.read(present, text, period)
        if not period:
            # A whole value replaces the single years set before it.
            return self._whole(key, value)
        if isinstance(present.value, Path) and isinstance(value, float):
            return self._dated(key, {period_of(period, present.value.by, _place(item)): value})
        return {**self.overrides, f"{key}.{period}": scale.override(value)}

    def row(self, key: str, period: str, cells: Sequence[str]) -> dict[str, str]:
        """A row of cells of a sheet, the first in ``period``; an empty one leaves its period."""
        path, last = self._path(key), self._last(key)
        first = period_of(period, path.by, _place(self.now[key]))
        filled = [(first + at, text) for at, text in enumerate(cells) if text.strip()]
        if filled and filled[-1][0] > last:
            what = f"a row that is longer than the {path.by}s that can be set"
            allowed = f"{max(last - first + 1, 0)} from {period}, up to {path.label(last)}"
            raise ScenarioError(what, received=len(cells), allowed=allowed)
        # A plus in a sheet's format is a sign, never a change.
        plain = ((at, text.strip().removeprefix("+")) for at, text in filled)
        return self._dated(key, {at: self._cell(key, text, path.label(at)) for at, text in plain})

    def lives(self, key: str, rows: Sequence[Sequence[str]]) -> dict[str, str]:
        """All changes of a life, from rows of a date and a life."""
        start = self.start[key]
        made = self._changes(start, rows)
        own = start.value if isinstance(start.value, tuple) else ()
        if not {each.date for each in own} <= {each.date for each in made}:
            return self.others(key) | {key: scale_of(start).override(made)}
        more = (each for each in made if each not in own)
        single = {f"{key}.{Quarter.at(each.date)}": f"{each.life:.12g} years" for each in more}
        return self.others(key) | single

    def shifted(self, key: str, by: int) -> dict[str, str]:
        """A path some periods later, or earlier below 0, from the first that is not wholly
        reported to the last that counts; what comes in is the value that stood at the end."""
        path, last = self._path(key), self._last(key)
        quarter = Quarter(self.reported).plus(1)
        first = quarter.year if path.by == "year" else quarter - FIRST_QUARTER
        points = dict(path.points)
        for period in range(first, last + 1):
            points[period] = path.at(min(max(period - by, first), last))
        return self._whole(key, replace(path, points=tuple(sorted(points.items()))))

    def shared(self, key: str, text: str) -> dict[str, str]:
        """One member of a mix as typed, and all others in the proportions that they have."""
        (mix,) = [each for each in self.start.mixes if key in (*each.others, each.remainder)]
        scale, items = scale_of(self.start[key]), self.now.assumptions
        members = {each: items[each].value for each in (*mix.others, mix.remainder)}
        shares = {each: value for each, value in members.items() if isinstance(value, float)}
        if len(shares) < len(members):
            raise ScenarioError("a mix by date is set member by member", received=key)
        share = scale.read(items[key], text)
        assert isinstance(share, float)
        if not 0 <= share <= 1:
            raise ScenarioError("out of bounds", received=text, allowed="0% to 100%")
        left = sum(shares.values()) - shares[key]
        rest = (1 - share) / left if left else 0.0
        made = {each: share if each == key else value * rest for each, value in shares.items()}
        texts = {each: scale.override(round(made[each], _DIGITS)) for each in mix.others}
        return {**self.overrides, **texts}

    # ---- how ----------------------------------------------------------------------------

    def _path(self, key: str) -> Path:
        path = self.now[key].value
        if not isinstance(path, Path):
            raise ScenarioError("one value for all dates", received=key, allowed="a value by date")
        return path

    def _last(self, key: str) -> int:
        """The last period of a path that can be set."""
        path, end = self._path(key), end_of(key, self.now.assumptions)
        if end is None:
            return path.last
        return Quarter.at(end[0]).year if path.by == "year" else int(end[0])

    def _cell(self, key: str, text: str, label: str) -> float:
        try:
            value = scale_of(self.start[key]).read(self.now[key], text, label)
        except ScenarioError as error:
            raise ScenarioError(
                f"{error.what} in {label}",
                received=error.received,
                allowed=error.allowed,
                suggestion=error.suggestion,
            ) from error
        assert isinstance(value, float)
        return value

    def _changes(self, start: Assumption, rows: Sequence[Sequence[str]]) -> tuple[Change, ...]:
        place, reader = _place(start), values_of(start)
        found: dict[int, float] = {}
        for date, life in rows:
            at = period_of(date, "quarter", place)
            if at in found:
                raise ScenarioError("two changes of a life at one date", received=date)
            if not life.strip():
                raise ScenarioError(f"no life from {date} on", allowed="years, or no change")
            found[at] = reader.number(life, place)
        return reader.in_order((Change(at, life) for at, life in found.items()), place)

    def _whole(self, key: str, value: Value) -> dict[str, str]:
        """A whole value, in place of single periods; a path up to its end."""
        own = self.start[key].value
        if isinstance(value, Path) and isinstance(own, Path) and own.by == value.by:
            last = self._last(key)
            kept = (each for each in own.points if each[0] > last)
            made = (each for each in value.points if each[0] <= last)
            value = replace(value, points=(*made, *kept))
        return self.others(key) | {key: scale_of(self.start[key]).override(value)}

    def _dated(self, key: str, values: Mapping[int, float]) -> dict[str, str]:
        """Values of single periods: in the whole path where that was set and has an end."""
        path, scale = self._path(key), scale_of(self.start[key])
        if key in self.overrides and end_of(key, self.now.assumptions):
            points = dict(path.points) | dict(values)
            return self._whole(key, replace(path, points=tuple(sorted(points.items()))))
        single = {f"{key}.{path.label(at)}": scale.override(v) for at, v in values.items()}
        return {**self.overrides, **single}


def _place(item: Assumption) -> Place:
    return Place("", None, item.key)
