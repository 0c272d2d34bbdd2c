"""The answer: cover with key figures and a summary, and returns in both views."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from jcurve import __version__
from jcurve.evaluation.naming import figure_label, plain_reason
from jcurve.facts.calendar import stale
from jcurve.figures.curve import cash_parts
from jcurve.figures.display import Cover, Displayed, KeyFigure, Part, paragraph, ref
from jcurve.figures.exhibit import Column, TableExhibit, saying, table
from jcurve.figures.lens import VIEW_NAMES, Lens
from jcurve.figures.overrides import strip
from jcurve.ground.numbers import NOTHING, joined, lasting, lowered, money, percent, written_date


def headline(lens: Lens) -> str:
    """The answer in one sentence without its full stop: whether it pays back, and when."""
    if lens.is_empty:
        return (
            "This scenario has no AI programme, so there is nothing to pay back"
            if lens.view == "programme"
            else "Nothing new is spent after the valuation date, so there is nothing to pay back"
        )
    what = "The AI programme" if lens.view == "programme" else "Continuing the AI programme"
    if lens.payback_at is not None:
        return f"{what} pays back in {lens.calendar(lens.payback_at)}"
    if lens.never_pays_back:
        return f"{what} does not pay back by the end of {lens.horizon}"
    return f"{what} never needs more cash than it has earned"


def cover(
    lens: Lens,
    kind: str,
    *,
    shown: Sequence[Displayed] = (),
    today: datetime.date | None = None,
) -> Cover:
    """The head of a report: the answer, key figures, a summary, and what it is about.

    Args:
        kind: what report it is, for the line above the title.
        shown: exhibits of the report that the summary refers to, such as the J-curve; with
            value over size the best size is among the figures.
        today: for the warning that results have come out since; by default the day of the
            run.
    """
    scenario, company = lens.case.scenario, lens.case.assembly.company
    ids = {each.mark().get("exhibit") for each in shown}
    decided = "against-scale" in ids
    gist = f"net present value {money(lens.npv)} at {percent(lens.wacc)} a year"
    day, data = today or datetime.date.today(), lens.quarter(lens.case.data_through)
    summary = _summary(lens, "jcurve" in ids)
    return Cover(
        kicker=f"{company.display_name} · {kind}",
        title=headline(lens),
        subtitle=f"{_whose(lens)}: {'nothing is spent or earned' if lens.is_empty else gist}",
        byline=f"Data to {data} · J-Curve {__version__}",
        changed=strip(scenario),
        figures=_figures(lens, decided),
        summary=tuple(paragraph(parts) for parts in summary),
        status=(
            ("Scenario", f"{scenario.title} ({scenario.name})"),
            ("View", VIEW_NAMES[lens.view].lower()),
            ("Data through", data),
            ("Valuation date", written_date(lens.valued_on)),
            ("Hash", scenario.short_hash),
        ),
        stale=stale(company, day),
        date=day,
    )


def _whose(lens: Lens) -> str:
    """The scenario; a run with values of its own beside the scenario as its file has it."""
    scenario = lens.case.scenario
    if lens.filed is None:
        return scenario.title
    return f"This run ({lowered(lens.filed.title)} {money(lens.filed.npv)})"


def _other(lens: Lens) -> Lens:
    """The same case in the other view."""
    return lens.forward if lens.view == "programme" else Lens(lens.case, project=lens.project)


_COUNTED: Mapping[str, tuple[str, str]] = {
    "programme": ("NPV since the start", "against no AI"),
    "go_forward": ("NPV from today", "against stopping"),
}


def _figures(lens: Lens, decided: bool) -> tuple[KeyFigure, ...]:
    rate, inside = lens.figure("irr_with_terminal_value"), lens.figure("irr")
    figures = [
        KeyFigure(label=_COUNTED[each.view][0], value=money(each.npv), note=_COUNTED[each.view][1])
        for each in (lens, _other(lens))
    ]
    if decided:
        best, last = lens.scale_study.best, lens.scale_study.scales[-1]
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
        _payback(lens),
        KeyFigure(
            label="Trough",
            value=money(lens.trough),
            note=f"in {lens.label('trough_quarter')}"
            if lens.trough < -NOTHING
            else "never below zero",
        ),
    ]
    return tuple(figures)


def _payback(lens: Lens) -> KeyFigure:
    years, reason = lens.figure("payback"), lens.reason("payback")
    if years is not None and lens.payback_at is not None:
        value, note = lasting(years), f"in {lens.calendar(lens.payback_at)}"
    elif lens.never_pays_back:
        value, note = "never", f"{money(lens.shortfall)} short in {lens.horizon}"
    else:
        value = "none" if reason.startswith("no outlay") else "never"
        note = plain_reason(reason)
    return KeyFigure(label="Payback", value=value, note=note)


def _summary(lens: Lens, refers: bool) -> list[list[Part]]:
    first: list[Part] = [f"{headline(lens)}."]
    if lens.is_empty:
        first.append(
            " Revenue, cost and capex are the same in both cases in every quarter. "
            "The report shows the company as it is, and zero wherever it compares."
        )
        return [first]
    if lens.trough < -NOTHING:
        falls = f" Cumulative incremental cash falls to {money(lens.trough)}"
        said = f"{falls} in {lens.label('trough_quarter')}"
        still = f"{_still(lens)}."
        first += [f"{said} (", ref("jcurve"), f"){still}"] if refers else [said + still]
    first.append(f" {earning(lens)}")
    return [first, [f"{_worth(lens)} {_causes(lens)}"]]


def _worth(lens: Lens) -> str:
    terminal = lens.figure("terminal_value") or 0.0
    what = "the programme" if lens.view == "programme" else "continuing"
    beyond = (
        "; no value beyond the horizon is counted"
        if abs(terminal) < NOTHING
        else f", of which {money(terminal)} lies beyond {lens.horizon}"
    )
    said = (
        f"At a cost of capital of {percent(lens.wacc)} {what} is worth {money(lens.npv)}{beyond}."
    )
    other = _other(lens)
    if other.is_empty:
        return said
    return f"{said} " + (
        f"From today, continuing is worth {money(other.npv)} against stopping."
        if other.view == "go_forward"
        else f"Since its start, money already spent included, the programme is worth "
        f"{money(other.npv)}."
    )


def _still(lens: Lens) -> str:
    if not lens.never_pays_back:
        return ""
    if lens.shortfall > -lens.trough - NOTHING:
        return " and is still falling"
    return f" and is still {money(-lens.shortfall)} at the end of {lens.horizon}"


def earning(lens: Lens) -> str:
    cash = lens.label("ebitda_turns_positive")
    income = lens.label("operating_income_turns_positive")
    if not cash:
        return f"{lens.doing} does not add to EBITDA for good by {lens.horizon}."
    adds = f"{lens.doing} adds to EBITDA from {cash} on"
    if income:
        return f"{adds} and, after depreciation, to profit from {income}."
    return f"{adds}; after depreciation it lowers profit to {lens.horizon}."


def _causes(lens: Lens) -> str:
    parts = cash_parts(lens)
    gains = sorted((name for name in parts if parts[name] > NOTHING), key=lambda n: -parts[n])[:2]
    if not gains:
        return ""
    said = joined(f"{lowered(name)} ({money(parts[name])})" for name in gains)
    capex = parts["Capital expenditure"]
    return f"To {lens.horizon} the largest gains are {said}, against capex of {money(-capex)}."


_SHOWN = (
    *("npv", "npv_within_horizon", "terminal_value", "npv_sbc_added_back"),
    *("irr", "irr_with_terminal_value", "payback", "discounted_payback"),
    *("trough_amount", "trough_quarter", "quarters_under_water", "unrecovered_balance"),
    *("ebitda_turns_positive", "operating_income_turns_positive"),
    *("multiple_on_invested_capital", "profitability_index"),
)
_UNITS = {"npv": "USD bn", "trough_amount": "USD bn", "unrecovered_balance": "USD bn",
          "payback": "years", "discounted_payback": "years"}  # fmt: skip
"""What the name of a figure does not say."""


def _label(name: str) -> str:
    is_time = name == "quarters_under_water"  # shown in years
    words = "Years below zero" if is_time else figure_label(name)
    return f"{words}, {_UNITS[name]}" if name in _UNITS else words


ROWS: tuple[tuple[str, str], ...] = tuple((_label(name), name) for name in _SHOWN)
INDENTED = ("npv_within_horizon", "terminal_value", "npv_sbc_added_back")


def returns(lens: Lens) -> TableExhibit:
    """Every headline figure in both views, with the reason where there is none."""
    both = [Lens(lens.case, view) for view in VIEW_NAMES]
    whole, forward = both
    ends = ("since {}", "from {}")
    columns = [
        Column(
            label=VIEW_NAMES[each.view],
            unit=end.format(each.calendar(each.start)),
            style="text",
            figures=True,
        )
        for each, end in zip(both, ends, strict=True)
    ]
    return table(
        [("", 3), *columns],
        [
            saying(
                lens.clause(name),
                label,
                *(each.shown(name) for each in both),
                indent=1 if name in INDENTED else 0,
            )
            for label, name in ROWS
        ],
        id="returns",
        title="Without a programme there is nothing to value"
        if whole.is_empty
        else f"Since its start the programme is worth {money(whole.npv)}, "
        f"from today {money(forward.npv)}",
        subtitle="On incremental unlevered free cash flow after tax, against no programme and "
        f"against stopping, at the end of {whole.quarter(lens.case.valuation_date)}",
        source=whole.modelled(),
        reading="The programme view includes money already spent. The go-forward view compares "
        "continuing with stopping: existing assets are kept in both cases.",
    )
