"""The answer: cover with key figures and a summary, and returns in both views."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from jcurve.facts.calendar import stale
from jcurve.figures.beliefs import asked, beliefs, believed
from jcurve.figures.cover import Cover, KeyFigure
from jcurve.figures.curve import cash_parts
from jcurve.figures.decision import closed
from jcurve.figures.lens import (
    MILLIONS,
    NOTHING,
    VIEW_NAMES,
    Lens,
    dollars,
    joined,
    lowered,
    money,
    percent,
)
from jcurve.figures.prose import Part, paragraph, ref, strong
from jcurve.figures.size import against_scale, best_size
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.figures.decision import Decision
    from jcurve.figures.exhibit import Exhibit
    from jcurve.figures.prose import Prose

__all__ = ["cover", "headline", "pictures", "returns"]

_DISCLAIMER = "Analysis, not investment advice."
_HALF_TALL = 54.0  # mm: they share the page with the cover


def pictures(decision: Decision) -> tuple[Exhibit | Prose, ...]:
    """The pictures of a first page, side by side: value over size, and the map of beliefs; one
    line where nothing is left to decide."""
    if not decision.is_open:
        return (closed(),)
    return (
        against_scale(decision, width="half", height=_HALF_TALL),
        beliefs(decision, width="half", height=_HALF_TALL),
    )


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
    decision: Decision | None = None,
    today: datetime.date | None = None,
) -> Cover:
    """The head of a report: the answer, key figures, a summary, and what it is about; and a
    warning where results have come out since (``today`` is by default the day of the run).

    With a ``decision`` the title is its finding and the summary begins with it.
    """
    lens, scenario = Lens(case, view), case.scenario
    company = case.assembly.company
    changed = f", {len(scenario.overrides)} values set for this run" if scenario.overrides else ""
    decided = decision if decision is not None and decision.is_open else None
    return Cover(
        kicker=f"{company.display_name} · {kind}",
        title=headline(case, view) if decided is None else best_size(decided.size),
        subtitle=f"{scenario.title}{changed}: {_gist(lens)}",
        figures=_figures(lens, decided),
        summary=tuple(
            paragraph(parts)
            for parts in (_summary(lens) if decided is None else _decided(lens, decided))
        ),
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
        return "nothing is spent or earned"
    value = money(lens.figure("npv") or 0.0)
    return f"net present value {value} at {percent(_wacc(lens))} a year"


def _wacc(lens: Lens) -> float:
    return lens.number("returns_wacc")


def _other(lens: Lens) -> Lens:
    return Lens(lens.case, "go_forward" if lens.view == "programme" else "programme")


_COUNTED: Mapping[str, str] = MappingProxyType(
    {"programme": "NPV since the start", "go_forward": "NPV from today"}
)


def _figures(lens: Lens, decision: Decision | None) -> tuple[KeyFigure, ...]:
    rate, inside = lens.figure("irr_with_terminal_value"), lens.figure("irr")
    back, trough = lens.figure("payback"), lens.figure("trough_amount") or 0.0
    figures = [
        KeyFigure(
            label=_COUNTED[each.view],
            value=money(each.figure("npv") or 0.0),
            note="against stopping" if each.view == "go_forward" else "against no AI programme",
        )
        for each in (lens, _other(lens))
    ]
    if decision is not None:
        best, last = decision.size.best, decision.size.scales[-1]
        more = " or more" if best.high >= last else ""
        figures.append(
            KeyFigure(
                label="Best size",
                value=f"{percent(best.value, 0)} of plan",
                note=f"evidence {percent(best.low, 0)} to {percent(best.high, 0)}{more}",
            )
        )
    figures += [
        KeyFigure(
            label="Rate of return",
            value="none" if rate is None else percent(rate),
            note=lens.reason("irr_with_terminal_value").replace("makes the present value", "gives")
            if rate is None
            else f"{'none' if inside is None else percent(inside)} to {lens.horizon} alone",
        ),
        KeyFigure(
            label="Payback",
            value="none"
            if lens.reason("payback").startswith("no outlay")
            else "never"
            if back is None
            else f"{back:.1f} years",
            note=_payback_note(lens),
        ),
        KeyFigure(
            label="Trough",
            value=money(trough),
            note=f"in {lens.label('trough_quarter')}" if trough < -NOTHING else "never below zero",
        ),
    ]
    return tuple(figures)


def _payback_note(lens: Lens) -> str:
    if lens.payback_at is not None:
        return f"in {lens.calendar(lens.payback_at)}"
    if lens.reason("payback").startswith("never"):
        return f"{money(lens.figure('unrecovered_balance') or 0.0)} short in {lens.horizon}"
    return lens.reason("payback")


def _summary(lens: Lens) -> list[list[Part]]:
    first: list[Part] = [f"{headline(lens.case, lens.view)}."]
    if lens.is_empty:
        return [
            [
                *first,
                " Revenue, cost and capex are the same in both cases in every quarter. "
                "The report shows the company as it is, and zero wherever it compares.",
            ]
        ]
    trough = lens.figure("trough_amount") or 0.0
    if trough < -NOTHING:
        first += [
            f" Cumulative incremental cash falls to {money(trough)} in "
            f"{lens.label('trough_quarter')} (",
            ref("jcurve"),
            f"){_still(lens)}.",
        ]
    first += [f" {_earning(lens)}"]
    second: list[Part] = [f"{_worth(lens)} {_causes(lens)}"]
    return [first, second]


def _worth(lens: Lens) -> str:
    value, terminal = lens.figure("npv") or 0.0, lens.figure("terminal_value") or 0.0
    said = (
        f"At a cost of capital of {percent(_wacc(lens))} it is worth {money(value)}"
        f"{_beyond(lens, terminal)}."
    )
    other = _other(lens)
    if other.is_empty:
        return said
    amount = money(other.figure("npv") or 0.0)
    return f"{said} " + (
        f"From today, continuing is worth {amount} against stopping."
        if other.view == "go_forward"
        else f"Since its start, money already spent included, the programme is worth {amount}."
    )


def _still(lens: Lens) -> str:
    if not lens.reason("payback").startswith("never"):
        return ""
    short = lens.figure("unrecovered_balance") or 0.0
    if short > -(lens.figure("trough_amount") or 0.0) - NOTHING:
        return " and is still falling then"
    return f" and is still {money(-short)} at the end of {lens.horizon}"


def _earning(lens: Lens) -> str:
    cash, income = (
        lens.label("ebitda_turns_positive"),
        lens.label("operating_income_turns_positive"),
    )
    who = "AI" if lens.view == "programme" else "Continuing"
    if cash and income:
        return (
            f"{who} adds to EBITDA from {cash} on and, after depreciation, to profit from {income}."
        )
    if cash:
        return (
            f"{who} adds to EBITDA from {cash} on; after depreciation it lowers profit to "
            f"{lens.horizon}."
        )
    return f"{who} does not add to EBITDA for good by {lens.horizon}."


def _beyond(lens: Lens, terminal: float) -> str:
    if abs(terminal) < NOTHING:
        return "; nothing beyond the horizon is counted"
    return f", {money(terminal)} of it from the time after {lens.horizon}"


def _causes(lens: Lens) -> str:
    parts = cash_parts(lens.case, lens.view)
    gains = sorted((name for name in parts if parts[name] > NOTHING), key=lambda n: -parts[n])[:2]
    if not gains:
        return ""
    said = joined(f"{lowered(name)} ({money(parts[name])})" for name in gains)
    capex = parts["Capital expenditure"]
    return f"To {lens.horizon} most comes from {said}, against capex of {money(-capex)}."


def _decided(lens: Lens, found: Decision) -> list[list[Part]]:
    """The first page in words: the decision, what it rests on, what is spent, what comes back."""
    case = lens.case
    ahead = Lens(case, "go_forward")
    plan = money(ahead.figure("npv") or 0.0)
    best = found.size.best
    size: list[Part] = [
        strong("Decision. "),
        f"{best_size(found.size)}. From today the plan is worth {plan} against stopping",
        f"; the best size is worth {money(best.npv_go_forward / MILLIONS)} (",
        ref("against-scale"),
        ").",
    ]
    believe: list[Part] = [
        strong("What must be believed. "),
        f"{believed(case, found.beliefs)} (",
        ref("beliefs"),
        ").",
    ]
    price: list[Part] = [
        strong("What the price implies. "),
        f"{asked(found.prices)}; a share is worth "
        f"{dollars(found.prices[0].value_per_share)} in this scenario.",
    ]
    spend: list[Part] = [strong("What is spent. "), _spent(lens)]
    back: list[Part] = [
        strong("When it comes back. "),
        f"{headline(case, lens.view)}. {_earning(lens)}{_losing(lens)}",
    ]
    return [size, believe, price, spend, back]


def _spent(lens: Lens) -> str:
    """Capex, free cash flow, net debt and depreciation of the company, in two sentences."""
    now = lens.first_forecast_year
    years = lens.years(now)
    capex, free, net = (
        dict(zip(years, lens.bn(name, "with", now), strict=True))
        for name in ("capex", "free_cash_flow", "net_cash")
    )
    depreciation = [
        charge / revenue
        for charge, revenue in zip(
            lens.bn("depreciation_and_amortisation", "with", now - 1),
            lens.bn("revenue", "with", now - 1),
            strict=True,
        )
    ]
    most = max(years, key=capex.__getitem__)
    told = [f"{money(capex[year])} in {year}" for year in sorted({now, now + 1, most})]
    low, poor = min(years, key=free.__getitem__), min(years, key=net.__getitem__)
    at = max(range(len(depreciation)), key=depreciation.__getitem__)
    debt = f"net debt reaches {money(-net[poor])} in {poor}" if net[poor] < 0 else "no net debt"
    return (
        f"Capex is {joined(told)}; free cash flow is lowest in {low}, {money(free[low])}; {debt}. "
        f"Depreciation goes from {percent(depreciation[0], 0)} of revenue in {now - 1} to "
        f"{percent(depreciation[at], 0)} in {now - 1 + at}."
    )


def _losing(lens: Lens) -> str:
    """That the company trails its market by assumption, where it does."""
    from jcurve.figures.uplift import trails

    first = trails(lens)
    if first is None:
        return ""
    return (
        f" From {first} advertising grows slower than its market because the fleet's share of the "
        f"frontier falls: share loss by assumption."
    )


_ROWS: tuple[tuple[str, str], ...] = (
    ("Net present value, USD bn", "npv"),
    ("of which to the horizon", "npv_within_horizon"),
    ("of which beyond it", "terminal_value"),
    ("with share-based pay added back", "npv_sbc_added_back"),
    ("Rate of return a year on cash to the horizon", "irr"),
    ("Rate of return a year on NPV's own flows, value beyond included", "irr_with_terminal_value"),
    ("Payback, years", "payback"),
    ("Discounted payback, years", "discounted_payback"),
    ("Trough, USD bn", "trough_amount"),
    ("Trough quarter", "trough_quarter"),
    ("Years below zero", "quarters_under_water"),
    ("Shortfall at the horizon, USD bn", "unrecovered_balance"),
    ("EBITDA stays positive from", "ebitda_turns_positive"),
    ("Operating income stays positive from", "operating_income_turns_positive"),
    ("Multiple on invested capital", "multiple_on_invested_capital"),
    ("Profitability index", "profitability_index"),
)
_INDENTED = ("npv_within_horizon", "terminal_value", "npv_sbc_added_back")


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
        else f"Since its start the programme is worth {money(values[0])}, "
        f"from today {money(values[1])}",
        subtitle=f"On incremental unlevered free cash flow after tax, "
        f"at the end of {both[0].quarter(case.valuation_date)}",
        source=both[0].modelled(),
        reading="The programme view includes money already spent. The go-forward view compares "
        "continuing with stopping: existing assets are kept in both cases.",
    )


def _compared(lens: Lens) -> str:
    return (
        f"since {lens.calendar(lens.start)}, against no programme"
        if lens.view == "programme"
        else f"from {lens.calendar(lens.start)}, against stopping"
    )
