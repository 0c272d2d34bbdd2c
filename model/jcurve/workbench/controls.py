"""Controls, generated from the assumptions of a scenario: one each, in groups.

A control shows per cent and billions, as analysts do. Its text always leaves with its unit
(``9.5 percent``), so that it means the same in an override, in a scenario file and on the command
line. What is made here is plain data for the panel's front end; nothing in it is computed with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from typing import Any

import numpy as np

from jcurve.assumptions import Assumption, Path, Scenario, position
from jcurve.assumptions.fields import number_text
from jcurve.assumptions.nodes import Place, read_value
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH, Value, changes_text
from jcurve.assumptions.values import period_of, values_of
from jcurve.ground.numbers import assumed, span
from jcurve.ground.quarters import LAST_QUARTER, Quarter
from jcurve.ground.units import UNITS, convert
from jcurve.workbench.words import CHOICES

_LARGE = 1000.0
_STEPS = 200
_STATED = 6  # digits of a value that somebody has stated
WORDS = {"percent": "%", "percent per year": "% a year"}  # Units as a label writes them

_GROUPS: Mapping[str, str] = {
    family: title for title, families in CHOICES["groups"].items() for family in families.split()
}

_FIRST = "Decision and drivers"


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit that a control shows."""

    unit: str  # a name of :data:`jcurve.ground.units.UNITS`, into which the key's unit converts
    own: str  # the key's unit
    choices: tuple[str, ...] = ()  # the names of a choice

    @property
    def label(self) -> str:
        """The unit beside a number; empty for dates, switches, choices and factors."""
        if self.unit in (DATE, SWITCH, CHOICE, "index", "x"):
            return ""
        return WORDS.get(self.unit, self.unit)

    def shown(self, value: float) -> float:
        """A value of the key's unit in this one."""
        if self.unit == self.own:
            return value
        return convert(value, UNITS[self.own], UNITS[self.unit])

    def text(self, value: float) -> str:
        """A value of the key's unit as a control writes it, to a dozen digits, without unit."""
        if self.unit in (DATE, CHOICE):
            return number_text(value, self.unit, self.choices)
        return plain(self.shown(value))

    def said(self, value: float) -> str:
        """A value of the key's unit as a reader has it, with its unit."""
        if self.unit == SWITCH:
            return "on" if value else "off"
        is_name = self.unit in (DATE, CHOICE)
        return self.text(value) if is_name else assumed(value, self.own, _STATED)

    def override(self, value: Value) -> str:
        """A value of the key's unit as an override: a number with the shown unit, of a path a
        table by period."""
        if isinstance(value, tuple):
            return changes_text(value)
        if isinstance(value, Path):
            points = (f"{value.label(at)}: {self.override(v)}" for at, v in value.points)
            return f"{{{', '.join(points)}}}"
        if self.unit == SWITCH:
            return "on" if value else "off"
        text = self.text(value)
        return text if self.unit in (DATE, CHOICE) else f"{text} {self.unit}"

    def read(self, item: Assumption, text: str, period: str = "") -> Value:
        """What was typed for an assumption, in the key's unit: a bare number is in the shown
        unit, ``+10%`` a change of what ``item`` has, in a period of its own where one is given.
        """
        reader, place = values_of(self._shown(item)), Place("", None, item.key)
        node, own = read_value(text, place), item.value
        if isinstance(own, tuple):
            return reader.value(node, None, place) if not period else reader.number(node, place)
        if isinstance(own, Path) and not period:
            return self._own(reader.value(node, own.between, place))
        at = period_of(period, own.by, place) if isinstance(own, Path) else None
        return self._own(reader.number(node, place, at))

    def _shown(self, item: Assumption) -> Assumption:
        """An assumption in the shown unit."""
        if self.unit == self.own or isinstance(item.value, tuple):
            return item
        moved = {name: getattr(item, name) for name in ("value", "low", "high", "bounds")}
        told = {name: _each(self.shown, each) for name, each in moved.items()}
        return replace(item, unit=self.unit, **told)

    def _own(self, value: Value) -> Value:
        back = partial(convert, source=UNITS[self.unit], target=UNITS[self.own])
        made: Value = _each(back, value) if self.unit != self.own else value
        return made


def scale_of(item: Assumption) -> Scale:
    """Per cent for shares and rates, billions for large amounts, else the key's own unit."""
    if item.unit == "share":
        return Scale("percent", item.unit)
    if item.unit == "per year":
        return Scale("percent per year", item.unit)
    if item.unit == "USD m" and not isinstance(item.value, tuple):
        sizes = [*abs(item.row()), *abs(item.lows()), *abs(item.highs())]
        if max(sizes) >= _LARGE:
            return Scale("USD bn", item.unit)
    return Scale(item.unit, item.unit, item.choices)


def _each(change: Callable[[float], float], value: Any) -> Any:
    """A number, a path or a pair of bounds with ``change`` applied to every number."""
    if isinstance(value, Path):
        return value.each(change)
    if isinstance(value, tuple):
        return tuple(map(change, value))
    return None if value is None else change(value)


def plain(number: float) -> str:
    """Digits without groups, no more than a dozen: what a text field holds."""
    if number == round(number) and abs(number) < 1e15:
        return f"{number:.0f}"
    shown = f"{number:.12g}"
    return shown if "e" not in shown else f"{number:.15f}".rstrip("0")


def slider(item: Assumption, scale: Scale) -> dict[str, float] | None:
    """Ends and step of a slider over the range and half as much beyond, within the bounds; of a
    list of changes over the life that the next one brings.

    Returns:
        In the shown unit: min, max, step, and the range's low and high; None without a range.
    """
    if not item.has_range or isinstance(item.value, Path) or item.unit in (SWITCH, CHOICE):
        return None
    low, high = scale.shown(float(item.lows()[0])), scale.shown(float(item.highs()[0]))
    value = scale.shown(float(item.row()[0]))
    margin = (high - low) / 2
    ends = [min(low - margin, value), max(high + margin, value)]
    if item.bounds is not None:
        floor, ceiling = (scale.shown(bound) for bound in item.bounds)
        ends = [max(ends[0], floor), min(ends[1], ceiling)]
    step = 1.0 if item.unit == DATE else _round_step((ends[1] - ends[0]) / _STEPS)
    # A slider's ends are whole steps, and never beyond what is accepted.
    first, last = math.ceil(ends[0] / step - 1e-9), math.floor(ends[1] / step + 1e-9)
    if last <= first:
        return None
    found = {"min": first * step, "max": last * step, "step": step, "low": low, "high": high}
    return {name: float(f"{each:.12g}") for name, each in found.items()}


def _step(item: Assumption, scale: Scale, ends: Mapping[str, float] | None) -> float | None:
    """By how much an arrow key moves a number: a slider's step, else about one in a hundred."""
    if ends is not None or item.unit in (DATE, SWITCH, CHOICE):
        return ends["step"] if ends is not None and item.unit != DATE else None
    size = scale.shown(float(abs(item.row()).max())) if item.shape != "changes" else 0.0
    return _round_step(size / 200) if size else None


def _round_step(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least ``step``."""
    power = 10.0 ** math.floor(math.log10(step))
    return float(next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= step * (1 - 1e-9)))


def position_of(item: Assumption, own: Path, moved: Path) -> float | None:
    """The position at which ``own`` becomes ``moved``, None where there is none."""
    before, after = own.over(), moved.over()
    up = after.sum() > before.sum()
    step = (item.highs() - before) if up else (before - item.lows())
    widest = int(step.argmax())
    if not step[widest]:
        return None
    at = round(float((after - before)[widest] / step[widest]), 4)
    alike = [f"{v:.6g}" for v in moved_path(item, own, at).over()] == [f"{v:.6g}" for v in after]
    return at if alike else None


def moved_path(item: Assumption, value: Path, at: float) -> Path:
    """The path at a position, told at the points of the value and of its range."""
    paths = [each for each in (value, item.low, item.high) if isinstance(each, Path)]
    periods = sorted({period for path in paths for period in path.periods})
    over = position(item, np.array([at]))[:, 0]
    points = tuple((each, float(f"{over[each - value.first]:.6g}")) for each in periods)
    return Path(value.by, value.between, points)


def groups(scenario: Scenario) -> list[dict[str, Any]]:
    """Every assumption's control, by group, in the order of the base scenario's file.

    Returns:
        ``{title, keys}``; the decision and the first drivers come first and stand in their own
        group too.
    """
    found: dict[str, list[str]] = {}
    for item in scenario.items:
        family = item.key.partition(".")[0]
        title = _GROUPS.get(family, family.replace("_", " ").capitalize())
        found.setdefault(title, []).append(item.key)
    first = {_FIRST: [each.key for each in scenario.first_drivers]}
    return [{"title": title, "keys": keys} for title, keys in (first | found).items()]


def mixes(scenario: Scenario) -> list[dict[str, Any]]:
    """The mixes: title, members in the order of their entries with a short name each, and the one
    that is computed."""
    found = []
    for mix in scenario.mixes:
        keys = {*mix.others, mix.remainder}
        members = [item.key for item in scenario.items if item.key in keys]
        labels = [scenario[key].label.split() for key in members]
        alike = len([*takewhile(lambda words: len({*words}) == 1, zip(*labels, strict=False))])
        title = " ".join(labels[0][:alike]).rstrip(":")
        names = [" ".join(words[alike:]) for words in labels]
        made = {"title": title, "members": members, "names": names, "remainder": mix.remainder}
        found.append(made)
    return found


def kind_of(item: Assumption) -> str:
    """How an assumption is set: ``number``, ``date``, ``switch``, ``choice``, ``path``,
    ``changes``, or ``derived`` where it cannot be."""
    if item.derived:
        return "derived"
    if item.shape == "changes":
        return "changes"
    if isinstance(item.value, Path):
        return "path"
    return {DATE: "date", SWITCH: "switch", CHOICE: "choice"}.get(item.unit, "number")


def control(item: Assumption, years: Iterable[int], reported: str = "") -> dict[str, Any]:
    """What the front end must know of an assumption to draw its control."""
    scale = scale_of(item)
    plain_texts = ("key", "rationale", "why", "distribution")
    made: dict[str, Any] = {name: getattr(item, name) for name in plain_texts}
    made |= {"label": item.called, "says": item.label}
    made |= {"unit": scale.label, "kind": kind_of(item), "basis": item.kind}
    made |= {"source": list(item.source), "as_of": item.as_of.isoformat()}
    if item.bounds is not None and item.shape != "changes":
        made["accepted"] = span(*map(scale.said, item.bounds))
        if item.unit == DATE:
            made["bounds"] = [scale.text(bound) for bound in item.bounds]
    low, high = item.book.low, item.book.high
    if low is not None and high is not None:
        made["low"], made["high"] = said(low, scale), said(high, scale)
        made["range"] = span(made["low"], made["high"])
    if item.choices:
        made["choices"] = list(item.choices)
    if (ends := slider(item, scale)) is not None:
        made["slider"] = ends
    if (step := _step(item, scale, made.get("slider"))) is not None:
        made["step"] = step
    if item.next is not None:
        made["period"] = Quarter.at(item.next)
    if item.shape == "changes":
        made |= {"reported": reported, "last": LAST_QUARTER}
    if isinstance(item.value, Path):
        made |= {"by": item.value.by, "between": item.value.between}
        made |= {"has_position": item.has_range and not item.derived}
        made |= {"periods": _periods(item.value, years)}
        if item.has_range:
            made["band"] = [
                {end.label(at): float(f"{scale.shown(end.at(at)):.6g}") for at in end.periods}
                for end in (item.low, item.high)
                if isinstance(end, Path)
            ]
    return made | reading(item, scale)


def reading(item: Assumption, scale: Scale | None = None) -> dict[str, Any]:
    """The value of an assumption as its control shows it.

    Returns:
        ``text``, for a number or date also ``number``; ``rows`` by period and the ``points``
        that are set for a path.
    """
    unit = scale or scale_of(item)
    value = item.value
    if isinstance(value, tuple):
        told = [[Quarter.at(each.date), plain(each.life)] for each in value]
        return {"text": item.text(), "changes": told, "number": value[-1].life if value else None}
    if isinstance(value, Path):
        periods = range(value.first, value.last + 1)
        rows = zip(periods, value.over().tolist(), strict=True)
        return {
            "text": item.text(),
            "rows": {value.label(period): unit.text(row) for period, row in rows},
            "points": [value.label(period) for period in value.periods],
        }
    return {"text": unit.text(value), "number": unit.shown(value)}


def readings(scenario: Scenario, start: Scenario) -> dict[str, Any]:
    """The values that differ from those of ``start``, as controls show them, by key; ``note``
    says why one changes nothing."""
    before, notes = start.assumptions, scenario.notes
    return {
        item.key: reading(item, scale_of(before[item.key]))
        | ({"note": notes[item.key]} if item.key in notes else {})
        for item in scenario.items
        if item.value is not before[item.key].value and item.value != before[item.key].value
    }


def said(value: float | Path, scale: Scale) -> str:
    """A value with its unit; of a path, its points."""
    if isinstance(value, Path):
        return "; ".join(f"{value.label(at)}: {scale.said(v)}" for at, v in value.points)
    return scale.said(value)


def _periods(path: Path, years: Iterable[int]) -> list[str]:
    """The periods that a table shows: the forecast's, and every point before it."""
    if path.by == "quarter":
        return [path.label(period) for period in path.periods]
    return [str(year) for year in sorted({*years, *path.periods})]
