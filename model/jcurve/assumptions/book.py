"""The assumption book: every assumption of a scenario as a row for a reader."""

from __future__ import annotations

from dataclasses import dataclass

from jcurve.assumptions.assumption import Assumption, Level
from jcurve.assumptions.paths import Path, Value
from jcurve.assumptions.scenario import Scenario
from jcurve.ground.quarters import Quarter

__all__ = ["BookRow", "Driver", "describe", "drivers"]


@dataclass(frozen=True, slots=True)
class BookRow:
    """One assumption in words.

    Attributes:
        key: dotted name.
        label: in words.
        unit: of value, low and high.
        value: the value; points of a path, dates and lives of changes.
        between: the rule between dates, empty for others.
        low, high: the range of the evidence, empty where there is none; of a list of changes
            with the date of the next one.
        level, name, group, why_detail: as :class:`~jcurve.assumptions.Assumption` has them.
        distribution: how the value varies in between.
        kind: reported, guided, evidence, estimate or judgement.
        source: keys of sources and evidence.
        as_of: ISO date.
        rationale: why this value and this range in the base scenario.
        changed: whether the value differs from the base scenario's.
        base_value: that of the base scenario where it differs, else empty.
        why: the reason for the difference.
        set_by: the scenario that set the value, or ``override``.
        where: file and line of that.
    """

    key: str
    label: str
    unit: str
    value: str
    between: str
    low: str
    high: str
    level: str
    name: str
    group: str
    why_detail: str
    distribution: str
    kind: str
    source: tuple[str, ...]
    as_of: str
    rationale: str
    changed: bool
    base_value: str
    why: str
    set_by: str
    where: str


@dataclass(frozen=True, slots=True)
class Driver:
    """One of the few assumptions that the answer turns on.

    Attributes:
        key: dotted name.
        name: of at most four words.
        unit: of value, low and high.
        value: as the scenario has it.
        low, high: the range of the evidence; of a list of changes, lives of the next one.
        level: ``decision`` or ``driver``.
        group: drivers of one group count as one; its own name where it stands alone.
    """

    key: str
    name: str
    unit: str
    value: Value
    low: float | Path | None
    high: float | Path | None
    level: Level
    group: str


def drivers(scenario: Scenario) -> tuple[Driver, ...]:
    """What the answer of ``scenario`` turns on: the decision, then every driver.

    >>> import jcurve
    >>> [each.name for each in jcurve.assumptions.drivers(jcurve.scenario())][:2]
    ['Size of the plan', 'Talent follows the size']
    """
    return tuple(
        Driver(
            item.key,
            item.name,
            item.unit,
            item.value,
            item.book.low,
            item.book.high,
            item.level,
            item.group or item.name,
        )
        for item in scenario.items
        if item.level != "detail"
    )


def describe(scenario: Scenario) -> tuple[BookRow, ...]:
    """Every assumption of ``scenario``, in the order of the base scenario's file."""
    base = (scenario.base or scenario).assumptions
    rows = []
    for item in scenario.items:
        own = base.get(item.key)
        changed = own is not None and own.value != item.value
        rows.append(
            BookRow(
                key=item.key,
                label=item.label,
                unit=item.unit,
                value=item.text(),
                between=item.value.between if isinstance(item.value, Path) else "",
                low=_end(item.book, item.book.low),
                high=_end(item.book, item.book.high),
                level=item.level,
                name=item.name,
                group=item.group,
                why_detail=item.why_detail,
                distribution=item.distribution,
                kind=item.kind,
                source=item.source,
                as_of=item.as_of.isoformat(),
                rationale=item.rationale,
                changed=changed,
                base_value=own.text() if own is not None and changed else "",
                why=item.why,
                set_by=item.set_by,
                where=item.where,
            )
        )
    return tuple(rows)


def _end(item: Assumption, bound: float | Path | None) -> str:
    if bound is None:
        return ""
    return item.text(bound) + ("" if item.next is None else f" from {Quarter.at(item.next)}")
