"""The answer: cover block with five numbers, a generated paragraph, and returns in both views."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from jcurve.facts.freshness import stale
from jcurve.figures.cover import Cover, KeyFigure
from jcurve.figures.curve import cash_parts
from jcurve.figures.lens import NOTHING, VIEW_NAMES, Lens, joined, lowered, money, percent
from jcurve.figures.prose import Part, paragraph, ref
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.case import Case

__all__ = ["cover", "headline", "returns"]

_DISCLAIMER = "Analysis, not investment advice."


def headline(case: Case, view: str = "programme") -> str:
    """The answer in one sentence without its full stop: whether it pays back, and when."""
    lens = Lens(case, view)
    if lens.is_empty:
        return (
            "There is no AI programme in this scenario, and so nothing to pay back"
            if view == "programme"
            else "Nothing new is spent after the valuation date, and so nothing to pay back"
        )
    if lens.payback_at is not None:
        return f"{lens.subject} pays back in {lens.calendar(lens.payback_at)}"
    if lens.reason("payback").startswith("never"):
        return f"{lens.subject} does not pay back by the end of {lens.horizon}"
    return f"{lens.subject} never needs cash that it has not earned"


def cover(
    case: Case,
    view: str = "programme",
    kind: str = "Scenario report",
    today: datetime.date | None = None,
) -> Cover:
    """The head of a report: the answer, five numbers, a paragraph, and what it is about; and a
    warning where results have come out since (``today`` is by default the day of the run)."""
    lens, scenario = Lens(case, view), case.scenario
    company = case.assembly.company
    changed = f", {len(scenario.overrides)} values set for this run" if scenario.overrides else ""
    return Cover(
        kicker=f"{company.display_name} · {kind}",
        title=headline(case, view),
        subtitle=f"{scenario.title}{changed}: {_gist(lens)}",
        figures=_figures(lens),
        summary=tuple(paragraph(parts) for parts in _summary(lens)),
        status=(
            ("Scenario", f"{scenario.title} ({scenario.name})"),
            ("View", VIEW_NAMES[view].lower()),
            ("Data through", lens.quarter(case.data_through)),
            ("Valuation date", f"{lens.valued_on:%d %B %Y}".lstrip("0")),
            ("Hash", scenario.short_hash),
        ),
        disclaimer=_DISCLAIMER,
        stale=stale(company, today or datetime.date.today()),
        date=lens.valued_on,
    )


def _gist(lens: Lens) -> str:
    if lens.is_empty:
        return "every incremental number is zero"
    value = money(lens.figure("npv") or 0.0)
    return f"net present value {value} at {percent(_wacc(lens))} a year"


def _wacc(lens: Lens) -> float:
    return lens.number("returns_wacc")


def _figures(lens: Lens) -> tuple[KeyFigure, ...]:
    value, rate, back = lens.figure("npv"), lens.figure("irr"), lens.figure("payback")
    trough, share = lens.figure("trough_amount") or 0.0, lens.figure("terminal_share_of_npv")
    since = "from its start" if lens.view == "programme" else "from now"
    figures = [
        KeyFigure(
            label="Net present value",
            value=money(value or 0.0),
            note=f"at {percent(_wacc(lens))} a year",
        ),
        KeyFigure(
            label="Rate of return",
            value="none" if rate is None else percent(rate),
            note=_short(lens.reason("irr")) if rate is None else "a year, to the horizon",
        ),
        KeyFigure(
            label="Payback",
            value="none"
            if lens.reason("payback").startswith("no outlay")
            else "never"
            if back is None
            else f"{back:.1f} years",
            note=_payback_note(lens, since),
        ),
        KeyFigure(
            label="Deepest point",
            value=money(trough),
            note=f"in {lens.label('trough_quarter')}" if trough < -NOTHING else "never below zero",
        ),
        KeyFigure(
            label="Terminal share",
            value="none" if share is None else percent(share, 0),
            note="of NPV, which is not positive" if share is None else "of net present value",
        ),
    ]
    return tuple(figures)


def _payback_note(lens: Lens, since: str) -> str:
    if lens.payback_at is not None:
        return f"{since}: {lens.calendar(lens.payback_at)}"
    if lens.reason("payback").startswith("never"):
        return f"{money(lens.figure('unrecovered_balance') or 0.0)} short in {lens.horizon}"
    return lens.reason("payback")


def _short(reason: str) -> str:
    return {
        "no rate makes the present value zero": "no rate gives zero",
        "several rates make the present value zero": "several rates give zero",
    }.get(reason, reason)


def _summary(lens: Lens) -> list[list[Part]]:
    first: list[Part] = [f"{headline(lens.case, lens.view)}."]
    if lens.is_empty:
        return [
            [
                *first,
                " Revenue, cost and capex are the same in both worlds in every quarter. "
                "The report shows the company as it is, and zero wherever it compares.",
            ]
        ]
    trough = lens.figure("trough_amount") or 0.0
    if trough < -NOTHING:
        first += [
            f" Cumulative incremental cash flow falls to {money(trough)} in "
            f"{lens.label('trough_quarter')} (",
            ref("jcurve"),
            f"){_still(lens)}.",
        ]
    first += [f" {_earning(lens)}"]
    value, terminal = lens.figure("npv") or 0.0, lens.figure("terminal_value") or 0.0
    second: list[Part] = [
        f"At a cost of capital of {percent(_wacc(lens))} a year it is worth {money(value)} on "
        f"the valuation date{_beyond(lens, terminal)}. {_other_view(lens)} "
        f"{_causes(lens)}",
    ]
    return [first, second]


def _still(lens: Lens) -> str:
    if not lens.reason("payback").startswith("never"):
        return ""
    short = lens.figure("unrecovered_balance") or 0.0
    return f" and is still {money(short)} short at the end of {lens.horizon}"


def _earning(lens: Lens) -> str:
    cash, income = (
        lens.label("ebitda_turns_positive"),
        lens.label("operating_income_turns_positive"),
    )
    if cash and income:
        return (
            f"Incremental EBITDA stays positive from {cash} on, operating income, which carries "
            f"the depreciation, from {income} on."
        )
    if cash:
        return (
            f"Incremental EBITDA stays positive from {cash} on; operating income, which carries "
            f"the depreciation, does not."
        )
    return "Incremental EBITDA does not stay positive."


def _beyond(lens: Lens, terminal: float) -> str:
    if abs(terminal) < NOTHING:
        return "; no value beyond the horizon is counted"
    return f", with {money(terminal)} counted for the time beyond {lens.horizon}"


def _other_view(lens: Lens) -> str:
    other = Lens(lens.case, "go_forward" if lens.view == "programme" else "programme")
    value = money(other.figure("npv") or 0.0)
    if other.is_empty:
        return ""
    if other.view == "go_forward":
        return f"Counted from now on, against stopping, carrying on is worth {value}."
    return f"Counted from its start, with what is already spent, the programme is worth {value}."


def _causes(lens: Lens) -> str:
    parts = cash_parts(lens.case, lens.view)
    gains = sorted((name for name in parts if parts[name] > NOTHING), key=lambda n: -parts[n])[:2]
    if not gains:
        return ""
    said = joined(f"{name[0].lower()}{name[1:]} ({money(parts[name])})" for name in gains)
    capex = parts["Capital expenditure"]
    return f"To {lens.horizon} most comes from {said}, against capex of {money(-capex)}."


_ROWS: tuple[tuple[str, str], ...] = (
    ("Net present value, USD bn", "npv"),
    ("of which to the horizon", "npv_within_horizon"),
    ("of which beyond it", "terminal_value"),
    ("with share-based pay added back", "npv_sbc_added_back"),
    ("Internal rate of return a year", "irr"),
    ("Payback, years", "payback"),
    ("Discounted payback, years", "discounted_payback"),
    ("Deepest point, USD bn", "trough_amount"),
    ("in", "trough_quarter"),
    ("Years under water", "quarters_under_water"),
    ("Not recovered by the horizon, USD bn", "unrecovered_balance"),
    ("EBITDA stays positive from", "ebitda_turns_positive"),
    ("Operating income stays positive from", "operating_income_turns_positive"),
    ("Multiple on invested capital", "multiple_on_invested_capital"),
    ("Profitability index", "profitability_index"),
)
_INDENTED = ("npv_within_horizon", "terminal_value", "npv_sbc_added_back", "trough_quarter")


def returns(case: Case) -> TableExhibit:
    """Every headline figure in both views, with the reason where there is none."""
    both = [Lens(case, view) for view in VIEW_NAMES]
    rows = [
        Row(
            cells=(label, *(lens.shown(name) for lens in both)),
            indent=1 if name in _INDENTED else 0,
        )
        for label, name in _ROWS
    ]
    values = [lens.figure("npv") or 0.0 for lens in both]
    return table(
        [
            Column(label="", style="text"),
            *(
                Column(
                    label=VIEW_NAMES[lens.view], unit=_compared(lens), style="text", figures=True
                )
                for lens in both
            ),
        ],
        rows,
        id="returns",
        title="Without a programme there is nothing to value"
        if both[0].is_empty
        else f"From its start the programme is worth {money(values[0])}, "
        f"from now on {money(values[1])}",
        subtitle=f"On incremental unlevered free cash flow after tax, "
        f"at the end of {both[0].quarter(case.valuation_date)}",
        source=both[0].modelled(),
        reading="The programme view asks whether it was worth beginning, sunk cost in. The "
        "go-forward view asks whether to carry on: what is already bought works either way.",
    )


def _compared(lens: Lens) -> str:
    return f"from {lens.calendar(lens.start)}, against {lowered(lens.other_name)}".replace(
        "against without the programme", "against none"
    ).replace("against if stopped now", "against stopping")
