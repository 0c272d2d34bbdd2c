"""Statements of the company by year, and the identities that hold between their lines."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Literal

from jcurve.case import Check
from jcurve.figures.display import Frozen
from jcurve.figures.exhibit import Cell, TableExhibit, heading, saying, table
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import NOTHING, NumberStyle, lowest, money, percent, quarter, spelt

_BEFORE, _AFTER = 3, 6
"""Years shown in a row before and from the first forecast year; then every fifth."""


_DERIVED = "No line of the filings: on history J-Curve derives it from reported totals."


class Item(Frozen):
    """A row of a statement."""

    label: str  # as the statement calls it
    line: str = ""  # the model's line; empty for a heading
    sign: int = 1  # -1 where the statement deducts what the line holds as a positive number
    role: Literal["normal", "heading", "subtotal", "total"] = "normal"  # what it is among the rows
    indent: int = 1  # how deep under the row above
    # how its numbers are written when they are no part of the sums
    style: NumberStyle | None = None
    decimals: int | None = None  # digits after the point


def _items(statement: str) -> tuple[Item, ...]:
    """The rows of a statement, from the table beside this module; what stands above a sub-total,
    from the last heading on, sums to it."""
    with Path(__file__).with_name("statements.csv").open(encoding="utf-8", newline="") as table:
        return tuple(
            Item.model_validate({name: value for name, value in row.items() if value})
            for row in csv.DictReader(table)
            if row.pop("statement") == statement
        )


INCOME = _items("income")
CASH_FLOW = _items("cash_flow")
BALANCE_SHEET = _items("balance_sheet")


def income(lens: Lens) -> TableExhibit:
    """The income statement of the company with its programme."""
    revenue, net = lens.bn("revenue", "with"), lens.bn("net_income", "with")
    known = lens.first_forecast_year - 1
    at = lens.years().index(known)
    return _statement(
        lens,
        INCOME,
        id="income-statement",
        title=f"Revenue is {money(revenue[at])} in {known} and {money(revenue[-1])} in "
        f"{lens.horizon}, net income {money(net[at])} in {known} and {money(net[-1])} in "
        f"{lens.horizon}",
        subtitle="Income statement, the company with its programme, USD bn",
        reading=f"Net income is {percent(net[at] / revenue[at])} of revenue in {known} and "
        f"{percent(net[-1] / revenue[-1])} in {lens.horizon}. "
        f"The lines above each sub-total add up to it.",
    )


def cash_flow(lens: Lens) -> TableExhibit:
    """The cash flow statement of the company with its programme."""
    now = lens.first_forecast_year
    ahead = [year for year in _shown(lens) if year >= now]
    free = [lens.bn("free_cash_flow", "with", year, year)[0] for year in ahead]
    low = lowest(free)
    bought = sum(lens.bn("repurchases", "with", now))
    return _statement(
        lens,
        CASH_FLOW,
        id="cash-flow-statement",
        title=f"Free cash flow is lowest in {ahead[low]}, at {money(free[low])}",
        subtitle="Cash flow, the company with its programme, USD bn",
        reading=f"To {lens.horizon} free cash flow sums to "
        f"{money(sum(lens.bn('free_cash_flow', 'with', now)))}. "
        f"Repurchases take {money(bought)} of it.",
    )


def balance_sheet(lens: Lens) -> TableExhibit:
    """The balance sheet of the company with its programme."""
    now = lens.first_forecast_year
    ahead = [year for year in _shown(lens) if year >= now]
    net = [lens.bn("net_cash", "with", year, year)[0] for year in ahead]
    low = lowest(net)
    return _statement(
        lens,
        BALANCE_SHEET,
        id="balance-sheet",
        title=f"Net cash is lowest in {ahead[low]}, at {money(net[low])}"
        if net[low] >= 0
        else f"Net debt peaks at {money(-net[low])} in {ahead[low]}",
        subtitle="Balance sheet at the year's end, the company with its programme, USD bn",
        reading=f"Debt is drawn when cash would fall below its minimum. Net cash is "
        f"{money(net[0])} at the end of {now} and {money(net[-1])} in {lens.horizon}.",
    )


def _shown(lens: Lens) -> list[int]:
    """The years of a statement."""
    now = lens.first_forecast_year
    near = list(range(now - _BEFORE, now + _AFTER))
    return near + [year for year in range(near[-1] + 1, lens.horizon + 1) if year % 5 == 0]


def filed(lens: Lens) -> frozenset[str]:
    """The lines of the statements whose history is a reported row, as filings state it."""
    year, made = lens.first_forecast_year - 1, lens.case.assembly.model
    rows = (name for name in made.inputs if name.startswith("reported_"))
    stated = [abs(lens.values(name, None, year, year)[0]) for name in rows]

    def is_stated(line: str) -> bool:
        own = lens.values(line, "with" if "with" in made.tags(line) else None, year, year)[0]
        return any(math.isclose(abs(own), each, rel_tol=1e-9) for each in stated)

    lines = {item.line for item in (*INCOME, *CASH_FLOW, *BALANCE_SHEET) if item.line}
    return frozenset(filter(is_stated, lines))


def _named(item: Item, stated: frozenset[str]) -> str | Cell:
    """A row's name, with a note where no filing states its history."""
    derived = item.role == "normal" and item.style is None and item.line not in stated
    return Cell(value=item.label, note=0) if derived else item.label


def _statement(
    lens: Lens, items: tuple[Item, ...], *, id: str, title: str, subtitle: str, reading: str
) -> TableExhibit:
    now, shown, stated = lens.first_forecast_year, _shown(lens), filed(lens)
    rows = []
    for item in items:
        if item.role == "heading":
            rows.append(heading(item.label))
            continue
        yearly = values(lens, item, shown[0])
        if item.role == "normal" and max(map(abs, yearly)) < NOTHING:
            continue  # what never happens takes no line
        cells = (yearly[year - shown[0]] for year in shown)
        look = item.model_dump(include={"role", "indent", "style", "decimals"})
        rows.append(saying(lens.clause(item.line), _named(item, stated), *cells, **look))
    mixed = f"{now}: actual to {lens.quarter(lens.case.data_through)}, forecast after it."
    return table(
        ["", *lens.columns(shown)],
        rows,
        id=id,
        title=title,
        subtitle=subtitle,
        source=lens.source(),
        notes=[_DERIVED, *[mixed] * lens.has_mixed_year],
        reading=reading,
        dense=True,
    )


def values(lens: Lens, item: Item, first: int) -> list[float]:
    """A statement's row by year from ``first``: USD bn for amounts, else the line's unit."""
    made = lens.case.assembly.model
    tag = "with" if "with" in made.tags(item.line) else None
    read = lens.bn if made.unit(item.line).name == "USD m" else lens.values
    return [item.sign * value + 0.0 for value in read(item.line, tag, first)]


def checks(lens: Lens) -> TableExhibit:
    """Every identity of the model with its largest breach in any world and quarter."""
    found = lens.case.checks()
    worst: dict[str, Check] = {}
    for each in found:
        name = each.row.partition("@")[0]
        if name not in worst or each.worst / each.scale > worst[name].worst / worst[name].scale:
            worst[name] = each
    broken = len({each.row.partition("@")[0] for each in found if not each.holds})
    largest = max((each.worst / each.scale for each in worst.values()), default=0.0)
    refused = "A report with a failed check is not published."
    return table(
        [("Check", 1.4), ("What must be zero", 3), "Largest breach", "Holds"],
        [
            (
                name.removeprefix("check_").replace("_", " ").capitalize(),
                " ".join(each.definition.split()).removesuffix(": 0."),
                _power_of_ten(each.worst / each.scale),
                "yes" if each.holds else f"no: {each.row} {quarter(each.at)}".rstrip(),
            )
            for name, each in worst.items()
        ],
        id="checks",
        title=f"Of {len(worst)} accounting checks {spelt(broken)} fail"
        if broken
        else f"All {len(worst)} accounting checks pass",
        subtitle="Largest breach in any case and quarter, relative to the largest amount in it; "
        "a millionth is allowed",
        source=lens.modelled(),
        reading=refused
        if broken
        else f"The largest relative breach is {_power_of_ten(largest)}, which is rounding. "
        f"{refused}",
        dense=True,
    )


def _power_of_ten(ratio: float) -> str:
    return "0" if ratio == 0 else f"below 1e{math.floor(math.log10(ratio)) + 1:d}"
