"""Changes of useful life: what they move in the model, beside what companies disclosed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import Change, Scenario
from jcurve.company import Assembly
from jcurve.engine.model import SHARED, RowKey
from jcurve.facts import LifeChange, life_changes
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where
from jcurve.ground.quarters import FIRST_QUARTER, QUARTERS_IN_YEAR, Quarter
from jcurve.lines.assets import depreciation_charge

Array = NDArray[np.float64]

CHANGES = "life.change"
_OWN = (
    "life_book", "life_changes_share", "asset_changes_life", "asset_depreciable",
    "life_early_retirement_share", "life_early_retirement_age",
)  # fmt: skip
_WINDOW = re.compile(
    r"(?P<fiscal>FY)?(?P<first>\d{4}(?:Q[1-4])?)(?:-(?P<last>\d{4}Q[1-4]))?(?P<expected> expected)?"
)


@dataclass(frozen=True, slots=True)
class Disclosed:
    """An effect on depreciation that a company disclosed."""

    change: LifeChange  # the disclosure
    year: str  # fiscal year in which the changes took effect
    quarters: tuple[str, ...]  # the calendar quarters that the figure covers
    amount: float  # USD m, less depreciation is negative
    expected: bool  # said in advance, of the assets then in service

    @property
    def window(self) -> str:
        """The quarters in words."""
        first, last = self.quarters[0], self.quarters[-1]
        whole = len(self.quarters) == QUARTERS_IN_YEAR
        return self.year if whole else first if first == last else f"{first} to {last}"


def disclosed_effects(
    company: str = "META", project: Where = None, ends_in_month: int = 12
) -> tuple[Disclosed, ...]:
    """Every disclosed effect of a change of useful life, in the order of the table."""
    found = []
    for change in life_changes(company, project):
        if change.type != "change" or change.effect is None:
            continue
        window = _WINDOW.fullmatch(change.effect_window)
        if window is None:
            raise FactsError(
                "not a window of an effect",
                received=change.effect_window,
                allowed="2022, FY2021, 2025Q1, 2025Q1-2025Q3, 2025 expected",
            )
        first = window["first"]
        if len(first) == 4:
            quarters = Quarter.of_fiscal_year(first, ends_in_month)
        else:
            quarters = Quarter(first).through(window["last"] or first)
        found.append(
            Disclosed(
                change=change,
                year=first[:4],
                quarters=quarters,
                amount=change.effect,
                expected=window["expected"] is not None,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class QuarterEffect:
    """What disclosures say of the effect in one quarter."""

    quarter: str  # a calendar quarter
    # the effect lies between, USD m, less depreciation is negative; alike where it is known
    small: float
    large: float
    how: str  # how that follows, in words

    def worst(self, modelled: float) -> float:
        """The error of the model's figure at the end that it is further from: its own over the
        disclosed, less 1."""
        return max((modelled / end - 1.0 for end in (self.small, self.large)), key=abs)


def by_quarter(disclosed: Sequence[Disclosed], year: str) -> tuple[QuarterEffect, ...]:
    """The disclosed effect of a year's changes, quarter by quarter, as far as it is known.

    Companies disclose a quarter and figures to date; differences of those to date give the rest.
    Where two or more quarters are known together only, each lies in the range that the fading of
    the effect leaves it: it covers assets in service when the change was made, which are written
    off one after the other, so no quarter's is larger than that of the quarter before.

    Args:
        disclosed: effects of any years (see :func:`disclosed_effects`).
        year: of the change. One that took effect later in the year than its first day gives
            nothing: its effect does not fade from the first quarter on.
    """
    to_date = {
        len(each.quarters): each
        for each in disclosed
        if each.year == year
        and not each.expected
        and each.quarters[0] == f"{year}Q1"
        and each.change.effective_date <= f"{year}-01-01"
    }
    groups: list[tuple[tuple[str, ...], float, str]] = []
    done, counted = 0.0, 0
    for length, each in sorted(to_date.items()):
        how = "disclosed" if not counted else f"{each.window} less {_window_of(groups)}"
        groups.append((each.quarters[counted:], each.amount - done, how))
        done, counted = each.amount, length
    found = []
    for place, (quarters, total, how) in enumerate(groups):
        count = len(quarters)
        mean_before = groups[place - 1][1] / len(groups[place - 1][0]) if place else float("-inf")
        after = groups[place + 1] if place + 1 < len(groups) else None
        mean_after = after[1] / len(after[0]) if after else 0.0
        for at, quarter in enumerate(quarters):
            # In absolute amounts: as large as those before it and the smallest after it allow,
            # as small as the largest before it and those after it allow.
            large = max(mean_before, (total - (count - at - 1) * mean_after) / (at + 1))
            rest = total - at * mean_before if at else total
            small = min(mean_after, rest / (count - at))
            if count == 1:
                large = small = total
            told = how if count == 1 else f"{how}, {count} quarters together; the effect fades"
            found.append(QuarterEffect(quarter, small, large, told))
    return tuple(found)


def _window_of(groups: Sequence[tuple[tuple[str, ...], float, str]]) -> str:
    """The quarters of the groups so far, in words."""
    first, last = groups[0][0][0], groups[-1][0][-1]
    return first if first == last else f"{first} to {last}"


def changes_of(scenario: Scenario) -> tuple[Change, ...]:
    """The changes of useful life that a scenario holds, in order."""
    value = scenario[CHANGES].value
    if not isinstance(value, tuple):
        raise TypeError(f"{CHANGES} is a list of changes, not {type(value).__name__}")
    return value


def _year(change: Change) -> str:
    return str(Quarter.at(change.date).year)


def depreciation(
    assembly: Assembly,
    values: Mapping[RowKey, Array],
    changes: Sequence[Change],
    placed_through: str | None = None,
) -> Array:
    """Depreciation of property of the company had its lives changed so: (quarter, scenario).

    Args:
        assembly: the model.
        values: rows of an evaluation, inputs and ``placed_in_service`` among them; no change
            of life moves them.
        changes: of useful life, in order.
        placed_through: the last quarter of placements that count; None for all.
    """
    first = Quarter(assembly.timeline.first) - FIRST_QUARTER
    made = [
        (np.array([[max(float(each.date - first), 0.0)]]), np.array([[each.life * 1.0]]))
        for each in changes
    ]
    return charged(assembly, values, made, placed_through)


def charged(
    assembly: Assembly,
    values: Mapping[RowKey, Array],
    changes: Sequence[tuple[Array, Array]],
    placed_through: str | None = None,
) -> Array:
    """:func:`depreciation`, the changes as rows: each a date counted from the first quarter of
    the timeline and a life in years, (1, scenario)."""
    timeline = assembly.timeline
    # Without any change, one that never comes.
    never = [(np.full((1, 1), float(len(timeline))), np.ones((1, 1)))]
    slots = {str(slot): each for slot, each in enumerate(changes or never, start=1)}
    counts = np.ones((len(timeline), 1))
    if placed_through is not None:
        counts[timeline.index(placed_through) + 1 :] = 0.0
    total = np.zeros((len(timeline), 1))
    for member in assembly.company.sets["asset_class"]:
        own = {name: values[f"{name}.{member}", SHARED] for name in _OWN}
        # A model of outlays alone has no worlds.
        placed = values.get((f"placed_in_service.{member}", "with"))
        if placed is None:
            placed = values[f"placed_in_service.{member}", SHARED]
        parts = depreciation_charge(
            placed_in_service=placed * counts,
            life_rest_follows_from=values["life_rest_follows_from", SHARED],
            life_change_date={slot: date for slot, (date, _) in slots.items()},
            life_change_life={slot: life for slot, (_, life) in slots.items()},
            quarter_index=values["quarter_index", SHARED],
            **own,
        )
        total = total + sum(parts)
    return total


def effect(
    assembly: Assembly,
    values: Mapping[RowKey, Array],
    changes: Sequence[Change],
    year: str,
    placed_through: str | None = None,
) -> Array:
    """What the changes of a calendar year moved in depreciation: (quarter, scenario)."""
    moved = depreciation(assembly, values, changes, placed_through)
    others = [change for change in changes if _year(change) != year]
    return moved - depreciation(assembly, values, others, placed_through)


def in_service_at(changes: Sequence[Change], year: str) -> str:
    """The quarter before the last change of a year: its end is what a disclosed effect
    covers, since companies state the effect on assets then in service."""
    return Quarter.at(max(each.date for each in changes if _year(each) == year) - 1)


@dataclass(frozen=True, slots=True)
class Cut:
    """What a shorter life costs, USD m; all of it timing: cost over life is the same."""

    # depreciation beyond that of the lives in force, by calendar year from the cut on
    extra: Mapping[int, float]
    first_quarter: float  # the part of it in the quarter of the cut
    # the year's depreciation of the assets times old life over new, less 1: what a reader of one
    # annual report can work out
    static: float


def cut(
    assembly: Assembly,
    values: Mapping[RowKey, Array],
    changes: Sequence[Change],
    date: str,
    life: float,
    years: int = 5,
) -> Cut:
    """What it costs to give servers and network a shorter life from a quarter on.

    Args:
        assembly: the model.
        values: rows of an evaluation (see :func:`depreciation`).
        changes: of useful life in force.
        date: the quarter of the cut; changes of that quarter and later are not made.
        life: the new life, years.
        years: how many to look at.
    """
    timeline = assembly.timeline
    at = Quarter(date) - FIRST_QUARTER
    before = tuple(each for each in changes if each.date < at)
    short = depreciation(assembly, values, (*before, Change(at, life)))[:, 0]
    whole = depreciation(assembly, values, changes)[:, 0]
    extra = (short - whole).reshape(-1, QUARTERS_IN_YEAR).sum(axis=1)
    first = timeline.years.index(Quarter(date).year)
    in_force = [each.life for each in changes if each.date <= at][-1]
    servers = [
        values[f"book_depreciation.{member}", "with"][:, 0]
        for member in assembly.company.sets["asset_class"]
        if values[f"asset_changes_life.{member}", SHARED][0, 0] > 0.0
    ]
    charge = np.sum(servers, axis=0).reshape(-1, QUARTERS_IN_YEAR).sum(axis=1)[first]
    return Cut(
        {timeline.years[first + step]: float(extra[first + step]) for step in range(years)},
        float((short - whole)[timeline.index(date)]),
        float(charge * (in_force / life - 1.0)),
    )
