"""What a reader's name for a number means (``npv.go_forward``), how a figure is written, and where
an input comes from: an assumption with its range, a fact with its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jcurve.engine.model import SHARED, SYSTEM_INPUTS, VIEWS, WORLDS, Model, RowKey
from jcurve.engine.trace import Leaf
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import amount, named, quarter, raised
from jcurve.ground.quarters import FIRST_QUARTER, Quarter

if TYPE_CHECKING:
    from jcurve.assumptions import Assumption, Path, Scenario
    from jcurve.company import Assembly
    from jcurve.facts import HistoryRow

DEFAULT_VIEW = "programme"
DEFAULT_WORLD = "with"

VIEW_WORDS: Mapping[str, str] = MappingProxyType(
    {"programme": "whole programme", "go_forward": "from today"}
)
"""What a reader calls each view."""

HEADLINES: Mapping[str, str] = MappingProxyType(
    {
        "view_start": "Counted from",
        "npv": "Net present value",
        "npv_within_horizon": "NPV to the horizon",
        "terminal_value": "NPV beyond the horizon",
        "npv_sbc_added_back": "NPV before share-based pay",
        "npv_sbc_as_cost": "NPV after share-based pay",
        "terminal_share_of_npv": "Terminal share of NPV",
        "irr": "IRR to the horizon",
        "irr_with_terminal_value": "IRR with terminal value",
        "payback": "Payback",
        "discounted_payback": "Discounted payback",
        "payback_crossings": "Crossings of zero",
        "unrecovered_balance": "Shortfall at the horizon",
        "trough_amount": "Trough",
        "trough_quarter": "Trough quarter",
        "quarters_under_water": "Quarters below zero",
        "operating_income_turns_positive": "Operating income positive from",
        "ebitda_turns_positive": "EBITDA positive from",
        "multiple_on_invested_capital": "Multiple on invested capital",
        "profitability_index": "Profitability index",
    }
)
"""What a reader calls each headline figure, the same everywhere."""

LINE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "cumulative_discounted_free_cash_flow": "Cumulative present value",
        "free_cash_flow_per_share": "FCF per share",
        "irr_with_terminal_value_status": "Status of terminal IRR",
        "multiple_on_invested_capital_status": "Status of the multiple",
        "operating_cash_flow_from_income": "Operating cash flow, indirect",
        "operating_income_turns_positive_status": "Status of operating income",
        "terminal_share_of_npv_status": "Status of terminal share",
        "unlevered_free_cash_flow_sbc_added_back": "Unlevered flow before SBC",
        "value_of_share_based_pay": "Value of share-based pay",
    }
)
"""What a reader calls the lines whose own name has more than four words."""

MOVED_BY = ("NPV rises by", "NPV falls by")
"""How the sentence on what moved NPV begins, by which a mail finds it."""


def clause(model: Model, line: str) -> str:
    """What a line is: its definition to the first full stop or semicolon, in the words of the
    house."""
    definition = " ".join(model.outputs[line].definition.split())
    first = re.split(r"[.;](?: |$)", definition.removeprefix("Memo: "))[0]
    return re.sub(r"\bworld", "case", raised(first))


def key_of(model: Model, name: str, tag: str | None = None) -> RowKey:
    """The row that ``name`` means.

    Args:
        model: the lines.
        name: ``line``, ``line.member``, either with ``@world`` or ``@view``, or with
            ``.view``; or an input.
        tag: a world or view; the name's own wins. None means the company with its
            programme, and for lines of a view the programme view.

    Raises:
        UsageError: no such line, world or view, or not together.
    """
    row, _, given = name.partition("@")
    if not given and row not in model.outputs:
        head, _, last = row.rpartition(".")
        if last in (*VIEWS, *WORLDS) and head:
            row, given = head, last
    wanted = given or tag
    if row in model.families:
        members = ", ".join(model.families[row].values())
        raise UsageError("a family of lines, not one", received=row, allowed=members)
    if row not in model.outputs and row not in model.inputs and row not in SYSTEM_INPUTS:
        known = {*model.outputs, *model.inputs, *SYSTEM_INPUTS, *model.families}
        raise UsageError.not_among("unknown line", row, known, allowed="")
    if wanted is not None and wanted not in (*VIEWS, *WORLDS):
        raise UsageError.not_among("unknown world or view", wanted, (*WORLDS, *VIEWS))
    if row in model.viewed:
        if wanted in WORLDS:
            raise UsageError(
                f"{row} is a line of a view, not of a world",
                received=wanted,
                allowed=", ".join(VIEWS),
            )
        return row, wanted or DEFAULT_VIEW
    if row in model.worldly:
        return row, wanted or DEFAULT_WORLD
    # A row that no world changes is the same in each, and its difference in a view is zero.
    return row, wanted if wanted is not None and wanted in VIEWS else SHARED


def members_of(model: Model, names: Iterable[str]) -> list[str]:
    """``names`` with each family replaced by its members, in order, ``@world`` kept."""
    found: list[str] = []
    for name in names:
        row, at, tag = name.partition("@")
        rows = model.families[row].values() if row in model.families else (row,)
        found.extend(f"{each}{at}{tag}" for each in rows)
    return found


def headline_text(figure: Mapping[str, Any] | None) -> str:
    """``−$371bn``, ``2034 Q3``, ``none: never within the horizon``; empty for None.

    Args:
        figure: as :meth:`jcurve.case.Case.headlines` gives it: value and unit, or reason.
    """
    if figure is None:
        return ""
    value, unit = figure["value"], figure.get("unit", "")
    if value is None:
        return f"none: {plain_reason(figure['reason'])}"
    return quarter(value) if isinstance(value, str) else amount(value, unit)


def plain_reason(reason: str) -> str:
    """Why a headline has no number, for a reader."""
    return reason.replace("no outlay", "nothing")


def figure_label(name: str) -> str:
    """What a reader calls a headline figure."""
    return HEADLINES.get(name) or LINE_NAMES.get(name) or named(name)


_AREAS: Mapping[str, str] = MappingProxyType(
    {
        "capex": "Capital expenditure",
        "advertising": "Response and growth of advertising",
        "channel": "AI products",
        "demand": "Demand for AI products",
        "cloud": "Third-party cloud",
        "compute": "Price and use of compute",
        "fleet": "Long-run fleet",
        "leasing": "Leasing out",
        "lever": "Split of the gain of advertising",
        "market": "Advertising market",
        "products": "Compute of AI products",
        "rent": "Rent of compute",
        "sector": "The frontier's other companies",
        "costs": "Core costs",
        "life": "Lives of assets",
        "power": "Power",
        "returns": "Cost of capital and terminal growth",
        "saving": "Cost savings",
        "talent": "People of the programme",
    }
)


def area(group: str) -> str:
    """What the first part of a key is about, in words."""
    return _AREAS.get(group, named(group))


_YEAR_LENGTH = 4


def origin(scenario: Scenario, assembly: Assembly, name: str, at: str | None) -> Leaf | None:
    """What is known of the input called ``name`` in a quarter or year; None of the calendar."""
    fact = assembly.history.get(name)
    if fact is not None:
        return _fact(fact, at)
    key = assembly.keys.get(name)
    if key is not None:
        if key in scenario.assumptions:
            return _assumption(scenario.assumptions[key], at)
        # A slot of a list of changes (life.change.date.2) is known as the list, whose range is
        # that of the values and not of their dates.
        of, slot, _ = key.rsplit(".", 2)
        leaf = _assumption(scenario.assumptions[of], at)
        return replace(leaf, low=None, high=None) if slot == "date" else leaf
    fixed = assembly.constants.get(name)
    if fixed is None:
        return None
    return Leaf(fixed.key, fixed.label, fixed.kind, fixed.source, rationale=fixed.basis)


def _fact(row: HistoryRow, at: str | None) -> Leaf:
    if at is None:
        cells = [cell for _, cell in row.filled()][-1:]
    else:  # a quarter, or all of a year
        cells = [cell for quarter, cell in row.filled() if quarter.startswith(at)]
    return Leaf(
        key=row.name,
        label=row.definition,
        kind=_joined([cell.status for cell in cells]) or "not reported",
        source=_joined([cell.source for cell in cells]),
        rationale=_joined([cell.why for cell in cells]),
    )


def _joined(texts: Sequence[str]) -> str:
    parts = (part for text in texts for part in text.split(";"))
    return "; ".join(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _assumption(found: Assumption, at: str | None) -> Leaf:
    return Leaf(
        key=found.key,
        label=found.label,
        kind=found.kind,
        source=", ".join(found.source),
        as_of=found.as_of.isoformat(),
        low=_at(found.book.low, at),
        high=_at(found.book.high, at),
        rationale=found.rationale,
    )


def _at(value: float | Path | None, at: str | None) -> float | None:
    """A bound at a date; a path's bound only where a date is asked for."""
    if value is None or isinstance(value, float | int):
        return None if value is None else float(value)
    if at is None:
        return None
    last_of_year = f"{at}Q4" if len(at) == _YEAR_LENGTH else at
    return float(value.quarters()[Quarter(last_of_year) - FIRST_QUARTER])
