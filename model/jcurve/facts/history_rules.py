"""How a row of history is filled: each rule of the rules table, as a function on cells.

A rule proposes a cell for every quarter it can; the caller keeps those that fall in empty
quarters of the rule's range. A value that is more than arithmetic on reported figures is an
*estimate*. Rules never look beyond the rows and metrics that the table names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from jcurve.ground.errors import FactsError

__all__ = ["RULES", "Cell", "Cells", "View", "check_inputs"]


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
_Blank: TypeAlias = list[Cell | None]


@dataclass(frozen=True, slots=True)
class View:
    """What a rule may look at.

    Attributes:
        quarters, years: of the cells, and the fiscal year of each.
        first: the place of the row's first quarter among them.
        why: the reason that the rules table gives.
        cells: a row by its name, or a metric's quarters.
        fact: one reported value, by metric and period.
        peer: another company's quarters of a metric.
    """

    quarters: Sequence[str]
    years: Sequence[str]
    first: int
    why: str
    cells: Callable[[str], Cells]
    fact: Callable[[str, str], Cell | None]
    peer: Callable[[str, str], Cells]


_Rule: TypeAlias = Callable[[View, tuple[str, ...], Cells], Cells]


def _blank(view: View) -> _Blank:
    return [None] * len(view.quarters)


def _sources(*cells: Cell) -> str:
    return ";".join(sorted({part for cell in cells for part in cell.source.split(";") if part}))


def _arithmetic(view: View, value: float, *cells: Cell) -> Cell:
    """A value worked from others: an estimate only if one of them is."""
    status = "estimate" if any(c.status == "estimate" for c in cells) else "derived"
    return Cell(value, status, _sources(*cells), view.why)


def _estimate(view: View, value: float, *cells: Cell) -> Cell:
    """A value that a rule made up for one that is not on file."""
    return Cell(value, "estimate", _sources(*cells), view.why)


def _filled(cells: Cells) -> list[tuple[int, Cell]]:
    """The filled cells with their places."""
    return [(i, c) for i, c in enumerate(cells) if c is not None]


def _quarters(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The metric's quarterly values as they are on file."""
    (metric,) = names
    return view.cells(metric)


def _year_ends(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """A stock's annual values, at the last quarter of each fiscal year."""
    (metric,) = names
    out = _blank(view)
    for i in range(len(out)):
        year = view.years[i]
        if i + 1 == len(out) or view.years[i + 1] != year:
            found = view.fact(metric, year)
            if found is not None:
                out[i] = Cell(found.value, found.status, found.source, view.why)
    return out


def _at(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """One reported value, placed in the row's first quarter."""
    metric, period = names
    out = _blank(view)
    out[view.first] = view.fact(metric, period)
    return out


def _year_split(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """A year's total less its known quarters, over the missing ones in proportion to a row.

    One missing quarter is arithmetic; several are an estimate. ``even`` splits evenly.
    """
    metric, like = names
    weights = None if like == "even" else view.cells(like)
    out = _blank(view)
    years: dict[str, list[int]] = {}
    for i in range(len(out)):
        years.setdefault(view.years[i], []).append(i)
    for year, indices in years.items():
        total = view.fact(metric, year)
        missing = [i for i in indices if own[i] is None]
        if total is None or not missing or len(indices) < 4:
            continue
        known = [c for i in indices if (c := own[i]) is not None]
        rest = total.value - sum(c.value for c in known)
        if len(missing) == 1:
            out[missing[0]] = _arithmetic(view, rest, total, *known)
            continue
        parts = [_weight(weights, i) for i in missing]
        whole = sum(parts)
        if whole == 0.0:
            continue
        for i, part in zip(missing, parts, strict=True):
            out[i] = _estimate(view, rest * part / whole, total, *known)
    return out


def _weight(weights: Cells | None, index: int) -> float:
    if weights is None:
        return 1.0
    cell = weights[index]
    return 0.0 if cell is None else cell.value


def _combine(sign: float) -> _Rule:
    """The first named row, plus or less all others."""

    def rule(view: View, names: tuple[str, ...], own: Cells) -> Cells:
        inputs = [view.cells(name) for name in names]
        out = _blank(view)
        for i, column in enumerate(zip(*inputs, strict=True)):
            cells = [c for c in column if c is not None]
            if len(cells) == len(names):
                value = cells[0].value + sign * sum(c.value for c in cells[1:])
                out[i] = _arithmetic(view, value, *cells)
        return out

    return rule


def _quotient(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The first row over the second; an estimate, since printed ratios are rounded."""
    top, bottom = (view.cells(name) for name in names)
    out = _blank(view)
    for i, (a, b) in enumerate(zip(top, bottom, strict=True)):
        if a is not None and b is not None and b.value != 0.0:
            out[i] = _estimate(view, a.value / b.value, a, b)
    return out


def _peer(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """Another company's quarters of a metric, as they are on file."""
    company, metric = names
    return view.peer(company, metric)


def _same(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """Another row under a second name."""
    (name,) = names
    return view.cells(name)


def _stand_in(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """Another row in place of one that is not on file."""
    (name,) = names
    return [None if c is None else _estimate(view, c.value, c) for c in view.cells(name)]


def _constant(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """A stated number."""
    (number,) = names
    return [Cell(float(number), "estimate", "", view.why) for _ in view.quarters]


def _hold(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The last known value stands."""
    out = _blank(view)
    last: Cell | None = None
    for i, cell in enumerate(own):
        last = cell if cell is not None else last
        if cell is None and last is not None:
            out[i] = _estimate(view, last.value, last)
    return out


def _between(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """On the straight line between the known neighbours."""
    out = _blank(view)
    known = _filled(own)
    for (i, a), (j, b) in pairwise(known):
        for k in range(i + 1, j):
            out[k] = _estimate(view, a.value + (b.value - a.value) * (k - i) / (j - i), a, b)
    return out


def _shares(view: View, name: str, own: Cells) -> tuple[Cells, list[tuple[int, float, Cell]]]:
    whole = view.cells(name)
    known = []
    for i, cell in _filled(own):
        total = whole[i]
        if total is not None and total.value != 0.0:
            known.append((i, cell.value / total.value, cell))
    return whole, known


def _share_between(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The row's share of another, on the straight line between the known shares."""
    whole, known = _shares(view, names[0], own)
    out = _blank(view)
    for (i, a, first), (j, b, last) in pairwise(known):
        for k in range(i + 1, j):
            total = whole[k]
            if total is not None:
                share = a + (b - a) * (k - i) / (j - i)
                out[k] = _estimate(view, share * total.value, first, last, total)
    return out


def _share_hold(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The row's last known share of another, or ratio to it."""
    whole, known = _shares(view, names[0], own)
    out = _blank(view)
    for k, total in _filled(whole):
        before = [(share, cell) for i, share, cell in known if i < k]
        if before:
            share, cell = before[-1]
            out[k] = _estimate(view, share * total.value, cell, total)
    return out


def _share_back(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The row's next known share of another, before it is known."""
    whole, known = _shares(view, names[0], own)
    out = _blank(view)
    for k, total in _filled(whole):
        after = [(share, cell) for i, share, cell in known if i > k]
        if after:
            share, cell = after[0]
            out[k] = _estimate(view, share * total.value, cell, total)
    return out


def _share_back_smooth(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """Before the first known value: its ratio to the average of a row over four quarters."""
    whole = view.cells(names[0])
    known = _filled(own)
    out = _blank(view)
    if not known:
        return out
    at, cell = known[0]
    base = _trailing(whole, at)
    if not base:
        return out
    for k in range(at):
        mean = _trailing(whole, k)
        if mean is not None:
            out[k] = _estimate(view, cell.value * mean / base, cell)
    return out


def _trailing(cells: Cells, at: int) -> float | None:
    if cells[at] is None:
        return None
    window = [c.value for c in cells[max(0, at - 3) : at + 1] if c is not None]
    return sum(window) / len(window)


def _share_year_ago(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The row's share of another in the same quarter of the year before."""
    whole = view.cells(names[0])
    out = list(own)
    for k in range(4, len(out)):
        then, total_then, total = out[k - 4], whole[k - 4], whole[k]
        if out[k] is None and then is not None and total_then is not None and total is not None:
            out[k] = _estimate(view, total.value * then.value / total_then.value, then, total)
    return out


def _growth_hold(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The same quarter of the year before, at the growth on the year of the quarter before."""
    out = list(own)
    for k in range(5, len(out)):
        then, before, base = out[k - 4], out[k - 1], out[k - 5]
        if out[k] is None and then is not None and before is not None and base is not None:
            out[k] = _estimate(view, then.value * before.value / base.value, then, before, base)
    return out


def _chain(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """An index from growth on a year earlier; the row's first four quarters are 1."""
    growth = view.cells(names[0])
    out = _blank(view)
    for k in range(view.first, len(out)):
        if k < view.first + 4:
            out[k] = Cell(1.0, "derived", "", view.why)
            continue
        then, step = out[k - 4], growth[k]
        if then is not None and step is not None:
            out[k] = _arithmetic(view, then.value * (1.0 + step.value), then, step)
    return out


def _roll(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The balance before plus the part of a flow that stayed in it over four quarters."""
    flow = view.cells(names[0])
    out = list(own)
    for k in range(5, len(out)):
        now, before, start = flow[k], out[k - 1], out[k - 5]
        last = [c for c in flow[k - 4 : k] if c is not None]
        if out[k] is not None or now is None or before is None or start is None or len(last) < 4:
            continue
        kept = (before.value - start.value) / sum(c.value for c in last)
        out[k] = _estimate(view, before.value + kept * now.value, before, now)
    return out


def _follow(view: View, names: tuple[str, ...], own: Cells) -> Cells:
    """The balance before plus the change in other balances."""
    others = [view.cells(name) for name in names]
    out = list(own)
    for k in range(1, len(out)):
        before = out[k - 1]
        pairs = [(cells[k - 1], cells[k]) for cells in others]
        whole = [(a, b) for a, b in pairs if a is not None and b is not None]
        if out[k] is None and before is not None and len(whole) == len(pairs):
            change = sum(b.value - a.value for a, b in whole)
            out[k] = _estimate(view, before.value + change, before, *(b for _, b in whole))
    return out


RULES: Mapping[str, tuple[_Rule, int]] = MappingProxyType(
    {
        "quarters": (_quarters, 1),
        "year_ends": (_year_ends, 1),
        "at": (_at, 2),
        "year_split": (_year_split, 2),
        "sum": (_combine(1.0), -2),
        "difference": (_combine(-1.0), -2),
        "quotient": (_quotient, 2),
        "peer": (_peer, 2),
        "same": (_same, 1),
        "stand_in": (_stand_in, 1),
        "constant": (_constant, 1),
        "hold": (_hold, 0),
        "between": (_between, 0),
        "share_between": (_share_between, 1),
        "share_hold": (_share_hold, 1),
        "share_back": (_share_back, 1),
        "share_back_smooth": (_share_back_smooth, 1),
        "share_year_ago": (_share_year_ago, 1),
        "growth_hold": (_growth_hold, 0),
        "chain": (_chain, 1),
        "roll": (_roll, 1),
        "follow": (_follow, -1),
    }
)
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
