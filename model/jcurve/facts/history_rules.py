"""How a row of history is filled: each rule of the rules table, as a function on cells.

A rule proposes cells for the quarters it can; the caller keeps those that fall in empty quarters
of the rule's range. A value that is more than arithmetic on reported figures is an *estimate*.
Rules never look beyond the rows and metrics that the table names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from jcurve.ground.errors import FactsError
from jcurve.ground.quarters import QUARTERS_IN_YEAR


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of one quarter: how it stands, its sources, and the rule that filled it.

    ``why`` is empty where the figure is on file.
    """

    value: float
    status: str
    source: str
    why: str = ""


Cells: TypeAlias = Sequence[Cell | None]
_Proposals: TypeAlias = Iterable[tuple[int, Cell | None]]
_Estimates: TypeAlias = Iterable[tuple[int, Cell]]


@dataclass(frozen=True, slots=True)
class View:
    """What a rule may look at."""

    quarters: Sequence[str]  # of the cells, and the fiscal year of each
    years: Sequence[str]
    first: int  # the place of the row's first quarter among them
    why: str  # the reason that the rules table gives
    own: Cells  # the row as the rules before have filled it
    cells: Callable[[str], Cells]  # a row by its name, or a metric's quarters
    fact: Callable[[str, str], Cell | None]  # one reported value, by metric and period
    peer: Callable[[str, str], Cells]  # another company's quarters of a metric

    def arithmetic(self, value: float, *cells: Cell) -> Cell:
        """A value worked from others: an estimate only if one of them is."""
        status = "estimate" if any(c.status == "estimate" for c in cells) else "derived"
        return Cell(value, status, _sources(cells), self.why)

    def estimate(self, value: float, *cells: Cell) -> Cell:
        """A value that a rule made up for one that is not on file."""
        return Cell(value, "estimate", _sources(cells), self.why)


_Rule: TypeAlias = Callable[..., _Proposals]


def _sources(cells: Iterable[Cell]) -> str:
    return ";".join(sorted({part for cell in cells for part in cell.source.split(";") if part}))


def _filled(cells: Cells) -> list[tuple[int, Cell]]:
    """The filled cells with their places."""
    return [(i, c) for i, c in enumerate(cells) if c is not None]


def _all(*cells: Cell | None) -> tuple[Cell, ...]:
    """The cells if every one is filled; otherwise none."""
    filled = tuple(c for c in cells if c is not None)
    return filled if len(filled) == len(cells) else ()


def _side_by_side(*rows: Cells) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """The cells of several rows, where all are filled, with their place."""
    for i, column in enumerate(zip(*rows, strict=True)):
        if cells := _all(*column):
            yield i, cells


# ---- what is on file ----------------------------------------------------------------------


def _quarters(view: View, metric: str) -> _Proposals:
    """The metric's quarterly values, or another row under a second name."""
    return enumerate(view.cells(metric))


def _year_ends(view: View, metric: str) -> _Proposals:
    """A stock's annual values, at the last quarter of each fiscal year."""
    for i, year in enumerate(view.years):
        found = None if view.years[i + 1 : i + 2] == (year,) else view.fact(metric, year)
        if found is not None:
            yield i, replace(found, why=view.why)


def _at(view: View, metric: str, period: str) -> _Proposals:
    """One reported value, placed in the row's first quarter."""
    return [(view.first, view.fact(metric, period))]


def _peer(view: View, company: str, metric: str) -> _Proposals:
    """Another company's quarters of a metric, as they are on file."""
    return enumerate(view.peer(company, metric))


# ---- arithmetic ---------------------------------------------------------------------------


def _year_split(view: View, metric: str, like: str) -> _Proposals:
    """A year's total less its known quarters, over the missing ones in proportion to a row.

    One missing quarter is arithmetic; several are an estimate. ``even`` splits evenly.
    """
    weights = None if like == "even" else view.cells(like)
    years: dict[str, list[int]] = {}
    for i, year in enumerate(view.years):
        years.setdefault(year, []).append(i)
    for year, indices in years.items():
        total = view.fact(metric, year)
        missing = [i for i in indices if view.own[i] is None]
        if total is None or not missing or len(indices) < QUARTERS_IN_YEAR:
            continue
        known = [c for i in indices if (c := view.own[i]) is not None]
        rest = total.value - sum(c.value for c in known)
        if len(missing) == 1:
            yield missing[0], view.arithmetic(rest, total, *known)
            continue
        parts = [_weight(weights, i) for i in missing]
        whole = sum(parts)
        if whole != 0.0:
            for i, part in zip(missing, parts, strict=True):
                yield i, view.estimate(rest * part / whole, total, *known)


def _weight(weights: Cells | None, index: int) -> float:
    if weights is None:
        return 1.0
    cell = weights[index]
    return 0.0 if cell is None else cell.value


def _combine(sign: float) -> _Rule:
    """The first named row, plus or less all others."""

    def rule(view: View, *names: str) -> _Proposals:
        for i, cells in _side_by_side(*map(view.cells, names)):
            value = cells[0].value + sign * sum(c.value for c in cells[1:])
            yield i, view.arithmetic(value, *cells)

    return rule


def _quotient(view: View, top: str, bottom: str) -> _Proposals:
    """The first row over the second; an estimate, since printed ratios are rounded."""
    for i, (a, b) in _side_by_side(view.cells(top), view.cells(bottom)):
        if b.value != 0.0:
            yield i, view.estimate(a.value / b.value, a, b)


def _chain(view: View, growth: str) -> _Proposals:
    """An index from growth on a year earlier; the row's first four quarters are 1."""
    steps = view.cells(growth)
    out: list[Cell | None] = [None] * len(steps)
    for k in range(view.first, len(out)):
        if k < view.first + QUARTERS_IN_YEAR:
            out[k] = Cell(1.0, "derived", "", view.why)
        elif cells := _all(out[k - 4], steps[k]):
            then, step = cells
            out[k] = view.arithmetic(then.value * (1.0 + step.value), then, step)
        yield k, out[k]


# ---- estimates from the row's own neighbours ------------------------------------------------


def _stand_in(view: View, name: str) -> _Proposals:
    """Another row in place of one that is not on file."""
    return ((i, view.estimate(c.value, c)) for i, c in _filled(view.cells(name)))


def _constant(view: View, number: str) -> _Proposals:
    """A stated number."""
    cell = Cell(float(number), "estimate", "", view.why)
    return ((i, cell) for i in range(len(view.quarters)))


def _hold(view: View, step: int = 1) -> _Estimates:
    """The last known value stands; the next one, where quarters are gone through backwards."""
    last: Cell | None = None
    for i, cell in list(enumerate(view.own))[::step]:
        last = cell or last
        if cell is None and last is not None:
            yield i, view.estimate(last.value, last)


def _between(view: View) -> _Estimates:
    """On the straight line between the known neighbours."""
    for (i, a), (j, b) in pairwise(_filled(view.own)):
        for k in range(i + 1, j):
            yield k, view.estimate(a.value + (b.value - a.value) * (k - i) / (j - i), a, b)


# ---- estimates from another row -------------------------------------------------------------


def _of_share(rule: Callable[[View], _Estimates]) -> _Rule:
    """What a rule makes of the row's share of another, or ratio to it, times that other row."""

    def on_share(view: View, name: str) -> _Proposals:
        whole = view.cells(name)
        known: list[Cell | None] = [None] * len(whole)
        for i, (cell, base) in _side_by_side(view.own, whole):
            if base.value != 0.0:
                known[i] = replace(cell, value=cell.value / base.value)
        for k, share in rule(replace(view, own=known)):
            if (total := whole[k]) is not None:
                yield k, view.estimate(share.value * total.value, share, total)

    return on_share


def _share_back_smooth(view: View, name: str) -> _Proposals:
    """Before the first known value: its ratio to the average of a row over four quarters."""
    whole, known = view.cells(name), _filled(view.own)
    if not known:
        return
    at, cell = known[0]
    base = _trailing(whole, at)
    for k in range(at if base else 0):
        mean = _trailing(whole, k)
        if base and mean is not None:
            yield k, view.estimate(cell.value * mean / base, cell)


def _trailing(cells: Cells, at: int) -> float | None:
    if cells[at] is None:
        return None
    window = [c.value for c in cells[max(0, at - 3) : at + 1] if c is not None]
    return sum(window) / len(window)


# ---- estimates quarter after quarter, each from those before --------------------------------


def _onward(start: int, step: Callable[..., Cell | None]) -> _Rule:
    """A rule on the place of a quarter, the row so far, and the rows that are named."""

    def rule(view: View, *names: str) -> _Proposals:
        out, named = list(view.own), [view.cells(name) for name in names]
        for k in range(start, len(out)):
            out[k] = out[k] or step(view, k, out, *named)
            yield k, out[k]

    return rule


def _share_year_ago(view: View, k: int, out: Cells, whole: Cells) -> Cell | None:
    """The row's share of another in the same quarter of the year before."""
    if not (cells := _all(out[k - 4], whole[k - 4], whole[k])):
        return None
    then, total_then, total = cells
    return view.estimate(total.value * then.value / total_then.value, then, total)


def _growth_hold(view: View, k: int, out: Cells) -> Cell | None:
    """The same quarter of the year before, at the growth on the year of the quarter before."""
    if not (cells := _all(out[k - 4], out[k - 1], out[k - 5])):
        return None
    then, before, base = cells
    return view.estimate(then.value * before.value / base.value, then, before, base)


def _roll(view: View, k: int, out: Cells, flow: Cells) -> Cell | None:
    """The balance before plus the part of a flow that stayed in it over four quarters."""
    if not (cells := _all(flow[k], out[k - 1], out[k - 5], *flow[k - 4 : k])):
        return None
    now, before, start, *last = cells
    kept = (before.value - start.value) / sum(c.value for c in last)
    return view.estimate(before.value + kept * now.value, before, now)


def _follow(view: View, k: int, out: Cells, *others: Cells) -> Cell | None:
    """The balance before plus the change in other balances."""
    if not (cells := _all(out[k - 1], *(row[i] for i in (k - 1, k) for row in others))):
        return None
    before, then, now = cells[0], cells[1 : 1 + len(others)], cells[1 + len(others) :]
    change = sum(b.value - a.value for a, b in zip(then, now, strict=True))
    return view.estimate(before.value + change, before, *now)


RULES: Mapping[str, tuple[_Rule, int]] = {
    "quarters": (_quarters, 1),
    "year_ends": (_year_ends, 1),
    "at": (_at, 2),
    "year_split": (_year_split, 2),
    "sum": (_combine(1.0), -2),
    "difference": (_combine(-1.0), -2),
    "quotient": (_quotient, 2),
    "peer": (_peer, 2),
    "same": (_quarters, 1),
    "stand_in": (_stand_in, 1),
    "constant": (_constant, 1),
    "hold": (_hold, 0),
    "between": (_between, 0),
    "share_between": (_of_share(_between), 1),
    "share_hold": (_of_share(_hold), 1),
    "share_back": (_of_share(lambda view: _hold(view, -1)), 1),
    "share_back_smooth": (_share_back_smooth, 1),
    "share_year_ago": (_onward(4, _share_year_ago), 1),
    "growth_hold": (_onward(5, _growth_hold), 0),
    "chain": (_chain, 1),
    "roll": (_onward(5, _roll), 1),
    "follow": (_onward(1, _follow), -1),
}
"""Each rule with its number of inputs; a negative number is a least number."""


def check_inputs(rule: str, names: tuple[str, ...], where: str) -> None:
    """Whether a rule is given as many inputs as it takes."""
    count = RULES[rule][1]
    if len(names) != count if count >= 0 else len(names) < -count:
        raise FactsError(
            f"rule {rule} takes {abs(count)}{' or more' if count < 0 else ''} inputs",
            where=where,
            received=" ".join(names),
        )
