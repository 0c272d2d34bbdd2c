"""What a run sets on top of its scenario's file: each value beside the one that it replaces."""

from __future__ import annotations

from dataclasses import dataclass

from jcurve.assumptions import Assumption, Scenario
from jcurve.assumptions.fields import number_text
from jcurve.assumptions.nodes import Place
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH, Path
from jcurve.assumptions.values import period_of
from jcurve.figures.display import Paragraph, Run, paragraph, strong
from jcurve.ground.numbers import assumed, counted, lowered, readable

THIS_RUN = "This run"
"""What a case with values of its own is called beside the scenario that it comes from."""

_POINTS = 3
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class SetValue:
    """A value set for one run: what it is of, its text, and the text of what it replaces."""

    key: str
    name: str
    now: str
    filed: str

    def __str__(self) -> str:
        return f"{self.name}: {self.filed} → {self.now}"


def filed(scenario: Scenario) -> Scenario | None:
    """The scenario as its file has it; None where no value set for a run changes it."""
    file = scenario.filed
    return None if file is None or file.hash == scenario.hash else file


def called(scenario: Scenario) -> str:
    """What a case is called: its scenario's title, or *This run* where it sets values."""
    return scenario.title if filed(scenario) is None else THIS_RUN


def the(title: str) -> str:
    """A case's title as it stands in a sentence: ``the base case``, ``this run``; one that is no
    case by its name is the report's own."""
    name = lowered(title)
    if name.startswith("this "):
        return name
    return f"the {name}" if name.endswith(" case") else "this scenario"


def set_values(scenario: Scenario) -> tuple[SetValue, ...]:
    """Every value that a run sets, by key, as it was given."""
    file = filed(scenario)
    if file is None:
        return ()
    found = []
    for given, _ in scenario.overrides:
        key, period = (given, "") if given in scenario else given.rpartition(".")[::2]
        one, other = scenario[key], file[key]
        name = f"{one.name or one.label} {period}".strip()
        before, now = between(other, one, period)
        found.append(SetValue(given, name, now, before))
    return tuple(found)


def strip(scenario: Scenario) -> Paragraph:
    """A first page's line of every value that a run sets; nothing without any."""
    file, found = filed(scenario), set_values(scenario)
    if file is None:
        return ()
    title = lowered(file.title)
    said = f"{counted(len(found), 'value')} set for this run ({title} in brackets): "
    parts: list[str | Run] = [strong(f"Not the {title}. "), said]
    for at, each in enumerate(found):
        parts += [" · " if at else "", f"{each.name} ", strong(each.now), f" ({each.filed})"]
    return paragraph(parts)


def quantity(value: float, unit: str, choices: tuple[str, ...] = (), digits: int = 3) -> str:
    """A value of an assumption in prose, with its unit and at most ``digits`` digits of what is no
    date, name or switch."""
    if unit in (DATE, CHOICE, SWITCH):
        return number_text(value, unit, choices)
    return assumed(value, unit, digits)


def between(then: Assumption, now: Assumption, period: str = "") -> tuple[str, str]:
    """A value before and after, in a period where one is given, with as many digits as tell the
    two apart; of a path the points that moved, from the first few to the last: ``2027 $188bn``."""
    pairs = (_texts(then, now, period, digits) for digits in (_DIGITS, 2 * _DIGITS))
    first, second = pairs
    return first if first[0] != first[1] else second


def _texts(then: Assumption, now: Assumption, period: str, digits: int) -> tuple[str, str]:
    one, other = then.value, now.value
    if period:
        return _at(then, period, digits), _at(now, period, digits)
    if not isinstance(one, Path) or not isinstance(other, Path):
        return _whole(then, digits), _whole(now, digits)
    periods = sorted({*one.periods, *other.periods})
    moved = [at for at in periods if one.at(at) != other.at(at)]
    shown = moved if len(moved) <= _POINTS else [*moved[: _POINTS - 1], moved[-1]]
    before, after = (
        ", ".join(f"{other.label(at)} {quantity_at(item, at, digits)}" for at in shown)
        for item in (then, now)
    )
    return before, after.partition(" ")[2] if len(shown) == 1 else after


def _at(item: Assumption, period: str, digits: int) -> str:
    value = item.value
    if isinstance(value, Path):
        return quantity_at(item, period_of(period, value.by, Place(item.key)), digits)
    assert isinstance(value, tuple)
    at = period_of(period, "quarter", Place(item.key))
    lives = [change.life for change in value if change.date <= at]
    return quantity(lives[-1], item.unit, digits=digits) if lives else "none"


def _whole(item: Assumption, digits: int) -> str:
    value = item.value
    if isinstance(value, float | int):
        return quantity(value, item.unit, item.choices, digits)
    return item.text()


def in_cell(item: Assumption, value: float) -> str:
    """A value of an assumption where its unit stands elsewhere or goes without saying."""
    text = quantity(value, item.unit, item.choices, digits=4)
    return text.removesuffix(f" {item.unit}").removesuffix(" a year")


def last_stated(text: str, unit: str, digits: int = 4) -> str:
    """A stated value for a reader in little room: a path by its last year."""
    year, colon, last = readable(text.rpartition("; ")[2], unit, digits).rpartition(": ")
    return f"{last} in {year}" if colon else last


def quantity_at(item: Assumption, period: int, digits: int = _DIGITS) -> str:
    """A path's value in one period; the value itself of what is the same at all dates."""
    value = item.value
    if isinstance(value, Path):
        return quantity(value.at(period), item.unit, item.choices, digits)
    return _whole(item, digits)
