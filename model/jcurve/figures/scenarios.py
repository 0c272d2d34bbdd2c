"""Scenarios side by side: values, curves, a table, and the bridge from one to another."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from jcurve.facts.calendar import stale
from jcurve.figures import style
from jcurve.figures.cover import Cover, KeyFigure
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import MILLIONS, NOTHING, VIEW_NAMES, Lens, joined, money, percent, spelt
from jcurve.figures.numbers import written
from jcurve.figures.prose import paragraph
from jcurve.figures.table import Column, Row, TableExhibit, table
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

if TYPE_CHECKING:
    from jcurve.case import Case

__all__ = ["chosen", "comparison", "cover", "curves", "family", "steps", "values"]

_ACROSS = 3
_STEPS = 9
_LEAST = 0.5  # USD bn; a smaller step goes with the others
_MOST = 5
_ROWS: tuple[tuple[str, str], ...] = (
    ("Net present value, USD bn", "npv"),
    ("of which beyond the horizon", "terminal_value"),
    ("Rate of return to the horizon, a year", "irr"),
    ("Rate of return, value beyond included", "irr_with_terminal_value"),
    ("Payback, years", "payback"),
    ("Trough, USD bn", "trough_amount"),
    ("Trough quarter", "trough_quarter"),
    ("Shortfall at the horizon, USD bn", "unrecovered_balance"),
    ("Operating income positive from", "operating_income_turns_positive"),
    ("Profitability index", "profitability_index"),
)
_AREAS: Mapping[str, str] = MappingProxyType(
    {
        "capex": "Capital expenditure",
        "advertising": "Response and growth of advertising",
        "channel": "AI products",
        "demand": "Demand for AI products",
        "cloud": "Third-party cloud",
        "compute": "Price and use of compute",
        "fleet": "Long-run fleet",
        "market": "Advertising market",
        "products": "Compute of AI products",
        "sector": "The frontier's other companies",
        "costs": "Core costs",
        "life": "Lives of assets",
        "power": "Power",
        "returns": "Cost of capital and terminal growth",
        "saving": "Cost savings",
        "talent": "People of the programme",
    }
)
"""What the first part of a key is about, in words."""
_INDENTED = ("terminal_value",)


def chosen(
    case: Case, against: str, project: Project | str | Path | None = None
) -> tuple[Case, ...]:
    """The case and the scenarios named in ``against``, evaluated, the case first.

    Args:
        case: an evaluated scenario.
        against: names of scenario files, with spaces or commas between them.
        project: where they are.

    Raises:
        UsageError: no name, the case's own, one given twice, or too many for a page.
        ScenarioError: a scenario does not validate.
    """
    from jcurve.case import evaluate

    names = against.replace(",", " ").split() if isinstance(against, str) else []
    if not names or len(set(names)) < len(names) or case.scenario.name in names:
        raise UsageError(
            "not a list of other scenarios",
            where="parameter against",
            received=against,
            allowed="names of scenario files, each once, such as 'bear bull'",
        )
    if len(names) > _MOST:
        raise UsageError(
            "too many scenarios for one table",
            where="parameter against",
            received=len(names),
            allowed=f"at most {_MOST}",
        )
    return (case, *(evaluate(name, project=project) for name in names))


def cover(cases: Sequence[Case], view: str = "programme") -> Cover:
    """The head of a report on several scenarios: what each is worth and when it pays back."""
    lenses = [Lens(case, view) for case in cases]
    first = lenses[0]
    worth = [lens.figure("npv") or 0.0 for lens in lenses]
    best, least = (
        max(range(len(lenses)), key=worth.__getitem__),
        min(range(len(lenses)), key=worth.__getitem__),
    )
    titles = [lens.case.scenario.title for lens in lenses]
    return Cover(
        kicker=f"{first.case.assembly.company.display_name} · Comparison report",
        title=_back_title(lenses),
        subtitle=joined(titles),
        figures=tuple(
            KeyFigure(
                label=_name(lens),
                value=money(value),
                note=f"pays back in {_outcome(lens)}"
                if lens.payback_at is not None
                else "never pays back"
                if lens.reason("payback").startswith("never")
                else "nothing to pay back",
            )
            for lens, value in zip(lenses, worth, strict=True)
        ),
        summary=(
            paragraph(
                f"{_back_title(lenses)}. {titles[best]} is worth the most, {money(worth[best])} at "
                f"{percent(_wacc(lenses[best]))} a year, and {titles[least]} the least, "
                f"{money(worth[least])}. The figures above are net present values, "
                f"{_view_words(view)}."
            ),
        ),
        status=(
            ("Scenarios", ", ".join(lens.case.scenario.name for lens in lenses)),
            ("View", VIEW_NAMES[view].lower()),
            ("Data through", first.quarter(first.case.data_through)),
            ("Valuation date", f"{first.valued_on:%d %B %Y}".lstrip("0")),
            ("Hash", first.case.scenario.short_hash),
        ),
        stale=stale(first.case.assembly.company, datetime.date.today()),
        date=first.valued_on,
    )


def _back_title(lenses: Sequence[Lens]) -> str:
    back = sum(lens.payback_at is not None for lens in lenses)
    if back:
        verb = "pays" if back == 1 else "pay"
        count = f"{spelt(back).capitalize()} of {spelt(len(lenses))}"
        return f"{count} scenarios {verb} back by {lenses[0].horizon}"
    return f"No scenario pays back by {lenses[0].horizon}"


def family(
    case: Case,
    view: str = "programme",
    project: Project | str | Path | None = None,
    against: str = "",
) -> tuple[Case, ...]:
    """The case, and the other scenarios in which something is spent, evaluated.

    Args:
        case: an evaluated scenario.
        view: in which something is spent.
        project: where the scenarios are.
        against: their names, with spaces between them; those that come with J-Curve when empty.
    """
    from jcurve.assumptions import shipped_or
    from jcurve.case import evaluate

    names = shipped_or(against, project, "parameter against")
    others = [name for name in names if name != case.scenario.name]
    found = (evaluate(name, project=project) for name in others)
    return (case, *(each for each in found if not Lens(each, view).is_empty))


def values(
    cases: Sequence[Case], view: str = "programme", *, own: str = "", height: float = 0.0
) -> Exhibit:
    """Net present value of each scenario, the highest on top.

    Args:
        cases: at least one.
        view: of the value.
        own: title of the scenario that the report is about; it is set apart.
        height: in mm; from the number of scenarios when 0.
    """
    lenses = sorted(
        (Lens(case, view) for case in cases), key=lambda lens: -(lens.figure("npv") or 0.0)
    )
    amounts = [lens.figure("npv") or 0.0 for lens in lenses]
    names = [_name(lens, 44) for lens in lenses]
    rank = list(range(len(names)))[::-1]
    with style.house():
        figure, axes = style.plot(height=height or 12 + 4.2 * len(names))
        for y, lens, amount in zip(rank, lenses, amounts, strict=True):
            is_own = lens.case.scenario.title == own
            look = style.series("with" if is_own else "positive" if amount >= 0 else "negative")
            style.rung(axes, y, 0.0, amount, look)
        style.rungs(axes, rank, names)
        style.room(axes, amounts, below=0.12, above=0.12, along="x")
        for y, amount in zip(rank, amounts, strict=True):
            side = 1 if amount >= 0 else -1
            style.beside(axes, amount, y, written(amount, decimals=0, sign=True), side=side)
        style.numbers(axes.xaxis)
    gains = [amount for amount in amounts if amount > 0]
    return chart(
        figure,
        id="scenario-values",
        title=_value_title(len(gains), len(amounts), view),
        subtitle=f"Net present value by scenario, {_view_words(view)}, USD bn",
        source="J-Curve model, scenario files",
        alt="Bars of net present value by scenario: "
        + "; ".join(f"{name} {money(value)}" for name, value in zip(names, amounts, strict=True))
        + ".",
        reading=f"{names[0]} is worth the most, {money(amounts[0])}, and {names[-1]} the least, "
        f"{money(amounts[-1])}. Each scenario changes several assumptions together; none has a "
        f"probability.",
    )


def _name(lens: Lens, most: int = 26) -> str:
    return _cut(lens.case.scenario.title, most)


def _view_words(view: str) -> str:
    return "since the programme's start" if view == "programme" else "from today"


def _value_title(gains: int, count: int, view: str) -> str:
    what = "The programme" if view == "programme" else "Continuing"
    if gains == 0:
        return f"{what} costs more than it returns in every scenario"
    if gains == count:
        return f"{what} returns more than it costs in every scenario"
    return f"{what} returns more than it costs in {spelt(gains)} of {spelt(count)} scenarios"


def curves(cases: Sequence[Case], view: str = "programme") -> Exhibit:
    """The J-curves of scenarios as small multiples on one scale, the first one's behind each."""
    lenses = [Lens(case, view) for case in cases]
    rows = math.ceil(len(lenses) / _ACROSS)
    drawn = [[0.0, *lens.quarterly("cumulative_free_cash_flow", view)] for lens in lenses]
    at = [[lens.start, *lens.quarter_ends] for lens in lenses]
    everything = [value for curve in drawn for value in curve]
    first = min(int(lens.start) for lens in lenses)
    with style.house():
        figure, every = style.panels(
            rows, min(_ACROSS, len(lenses)), height=8 + 42 * rows, share_y=True, gap=0.08
        )
        for axes, lens, x, y in zip(every, lenses, at, drawn, strict=False):
            style.line(axes, at[0], drawn[0], "without")
            style.line(axes, x, y, view)
            style.room(axes, everything, below=0.1, above=0.1)
            axes.set_xticks(list(range(first + 2, lens.horizon + 1, 5)))
            axes.set_xlim(first - 0.2, lens.horizon + 1.2)
            style.numbers(axes.xaxis, "plain")
            style.numbers(axes.yaxis)
            style.zero_line(axes)
            style.forecast_from(
                axes, lens.today, words=("", "Forecast" if axes is every[0] else "")
            )
            axes.set_title(f"{_name(lens)}: {_outcome(lens)}")
        for axes in every[len(lenses) :]:
            axes.set_visible(False)
    return chart(
        figure,
        id="scenario-curves",
        title=_back_title(lenses),
        subtitle=f"Cumulative incremental free cash flow, {_view_words(view)}, USD bn; dashed: "
        f"{lenses[0].case.scenario.title}",
        source="J-Curve model, scenario files; filings for reported quarters",
        alt="Small line charts of cumulative cash flow, one a scenario: "
        + "; ".join(
            f"{lens.case.scenario.title} ends at {money(curve[-1])}"
            for lens, curve in zip(lenses, drawn, strict=True)
        )
        + ".",
        reading=_curves_reading(lenses, drawn),
    )


def _outcome(lens: Lens) -> str:
    if lens.payback_at is not None:
        return lens.calendar(lens.payback_at)
    return "never" if lens.reason("payback").startswith("never") else "no outlay"


def _curves_reading(lenses: list[Lens], drawn: list[list[float]]) -> str:
    deepest = min(range(len(lenses)), key=lambda at: min(drawn[at]))
    best = max(range(len(lenses)), key=lambda at: drawn[at][-1])
    return (
        f"{lenses[deepest].case.scenario.title} has the deepest trough, "
        f"{money(min(drawn[deepest]))}. "
        f"{lenses[best].case.scenario.title} ends highest, at {money(drawn[best][-1])} "
        f"in {lenses[best].horizon}."
    )


def comparison(cases: Sequence[Case], view: str = "programme") -> TableExhibit:
    """Headline figures of scenarios side by side."""
    lenses = [Lens(case, view) for case in cases]
    peaks = [max(lens.bn("capex", "with")) for lens in lenses]
    sales = [lens.bn("revenue", "with")[-1] for lens in lenses]
    rows = [
        Row(
            cells=(label, *(lens.shown(name) for lens in lenses)),
            indent=1 if name in _INDENTED else 0,
        )
        for label, name in _ROWS
    ]
    last = lenses[0].horizon
    rows += [
        Row(cells=("Cost of capital a year", *(percent(_wacc(lens)) for lens in lenses))),
        Row(cells=("Highest capex of a year, USD bn", *(written(peak) for peak in peaks))),
        Row(cells=(f"Revenue in {last}, USD bn", *(written(sale) for sale in sales))),
    ]
    worth = [lens.figure("npv") or 0.0 for lens in lenses]
    best = max(range(len(lenses)), key=worth.__getitem__)
    least = min(range(len(lenses)), key=worth.__getitem__)
    return table(
        [
            Column(label="", style="text"),
            *(
                Column(label=_name(lens, 40), style="text", figures=True, weight=1.6)
                for lens in lenses
            ),
        ],
        rows,
        id="comparison",
        title=f"{lenses[best].case.scenario.title} is worth {money(worth[best] - worth[least])} "
        f"more than {lenses[least].case.scenario.title}"
        if worth[best] - worth[least] > NOTHING
        else "The scenarios are worth the same",
        subtitle=f"Headline figures, {_view_words(view)}",
        source="J-Curve model, scenario files",
        reading=f"Payback comes in {_paybacks(lenses)}. A figure that has no answer says why.",
    )


def _wacc(lens: Lens) -> float:
    return lens.number("returns_wacc")


def _paybacks(lenses: list[Lens]) -> str:
    back = [
        f"{lens.calendar(lens.payback_at)} ({lens.case.scenario.title})"
        for lens in lenses
        if lens.payback_at is not None
    ]
    return joined(back) if back else f"none of them by {lenses[0].horizon}"


def steps(
    start: Case,
    end: Case,
    view: str = "programme",
    project: Project | str | Path | None = None,
) -> Exhibit:
    """The bridge of net present value from one scenario to another, step by step."""
    from jcurve.analysis.bridging import bridge
    from jcurve.ground.project import find_project

    home = project if isinstance(project, Project) else find_project(project)
    found = bridge(start.scenario, end.scenario, f"npv.{view}", project=home)
    shares = sorted(found.shares, key=lambda share: -abs(share.amount))
    named = [(_group(end, share.group, share.keys), share.amount / MILLIONS) for share in shares]
    told = sum(abs(amount) >= _LEAST for _, amount in named[:_STEPS])
    rest = sum(amount for _, amount in named[told:])
    named = named[:told] + ([("All others", rest)] if len(named) > told else [])
    before, after = found.before / MILLIONS, found.after / MILLIONS
    names = [start.scenario.title, *(_cut(name) for name, _ in named), end.scenario.title]
    rank = list(range(len(names)))[::-1]
    with style.house():
        figure, axes = style.plot(height=12 + 4.6 * len(names))
        style.rung(axes, rank[0], 0.0, before, style.series("with"))
        at, ends = before, [(rank[0], max(before, 0.0), before)]
        for y, (_, amount) in zip(rank[1:-1], named, strict=True):
            style.rung(axes, y, at, amount, style.series("positive" if amount >= 0 else "negative"))
            ends.append((y, max(at, at + amount), amount))
            at += amount
        style.rung(axes, rank[-1], 0.0, after, style.series("with"))
        ends.append((rank[-1], max(after, 0.0), after))
        style.rungs(axes, rank, names)
        reach = [place for _, right, amount in ends for place in (right, right - abs(amount))]
        style.room(axes, reach, below=0.02, above=0.12, along="x")
        for y, right, amount in ends:
            style.beside(axes, right, y, written(amount, decimals=0, sign=True))
        style.numbers(axes.xaxis)
    gap = after - before
    return chart(
        figure,
        id="bridge-" + end.scenario.name.replace("_", "-").lower(),
        title=f"{named[0][0]} is the largest step from {start.scenario.title} to "
        f"{end.scenario.title}: {money(named[0][1], sign=True)}"
        if named
        else f"Nothing differs between {start.scenario.title} and {end.scenario.title}",
        subtitle="Net present value by what changes, USD bn; each step is a Shapley value"
        + ("" if found.exact else ", estimated from sampled orders"),
        source="J-Curve model, scenario files",
        alt=f"Waterfall from {money(before)} to {money(after)}: "
        + "; ".join(f"{name} {money(amount, sign=True)}" for name, amount in named)
        + ".",
        reading=_steps_reading(named, gap),
    )


def _group(case: Case, group: str, keys: Sequence[str]) -> str:
    """A group in words: its only assumption's label, or what its keys are about."""
    if len(keys) == 1:
        return case.scenario[keys[0]].label
    return _AREAS.get(group, group.replace("_", " ").capitalize())


def _cut(text: str, most: int = 46) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _steps_reading(named: list[tuple[str, float]], gap: float) -> str:
    if not named:
        return "The two scenarios state the same values. There is nothing to attribute."
    against = [name for name, amount in named if amount * gap < 0]
    turn = (
        f"{joined(name[0].lower() + name[1:] for name in against[:2])} work the other way."
        if against
        else "None of the steps works the other way."
    )
    return (
        f"The steps sum to {money(gap, sign=True)}, with what assumptions do together shared "
        f"among them. {turn[0].upper()}{turn[1:]}"
    )
