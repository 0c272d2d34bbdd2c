"""Scenarios side by side: values, curves, a table, and the bridge from one to another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jcurve.analysis.bridging import bridge as shapley_bridge
from jcurve.assumptions import available, shipped_or
from jcurve.case import evaluate
from jcurve.evaluation.naming import area
from jcurve.figures import answer, plotting, style
from jcurve.figures.answer import INDENTED, ROWS
from jcurve.figures.display import Cover, KeyFigure, paragraph
from jcurve.figures.exhibit import Exhibit, Row, TableExhibit, chart, figures, saying, table
from jcurve.figures.lens import Lens
from jcurve.figures.overrides import called
from jcurve.figures.recipes import Bars, bars_across, bridge
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import (
    MILLIONS,
    NOTHING,
    highest,
    joined,
    lowered,
    lowest,
    money,
    percent,
    spelt,
    written,
)

_ACROSS = 3
_STEPS = 9
_LEAST = 0.5  # USD bn; a smaller step goes with the others
_MOST = 12
_BESIDE = 6  # Scenarios that have room side by side; more stand one under the other
_SOURCE = "J-Curve model, scenario files"
_LEFT_OUT = (
    *("npv_within_horizon", "npv_sbc_added_back", "discounted_payback", "quarters_under_water"),
    *("ebitda_turns_positive", "multiple_on_invested_capital"),
)


def chosen(lens: Lens, against: str) -> tuple[Lens, ...]:
    """The case and the scenarios named in ``against``, evaluated, the case first.

    Args:
        against: names of scenario files, with spaces or commas between them.

    Raises:
        UsageError: no name, the case's own, one given twice, or too many for a page.
        ScenarioError: a scenario does not validate.
    """
    names = against.replace(",", " ").split() if isinstance(against, str) else []
    if not names or len(set(names)) < len(names) or lens.case.scenario.name in names:
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
    return (lens, *(_beside(lens, name) for name in names))


def family(lens: Lens, against: str = "") -> tuple[Lens, ...]:
    """The case, and the other scenarios in which something is spent, evaluated.

    Args:
        against: their names, with spaces between them; those that come with J-Curve when
            empty.
    """
    names = shipped_or(against, lens.project, "parameter against")
    return (lens, *(each for each in named_beside(lens, names) if not each.is_empty))


def named_beside(lens: Lens, names: Sequence[str]) -> tuple[Lens, ...]:
    """The scenarios of ``names`` that the project has, evaluated, without the case itself; a run
    with values of its own stands beside the scenario that it comes from."""
    own = lens.case.scenario
    filed = () if lens.filed is None else (lens.filed,)
    known = set(available(lens.project))
    others = (name for name in names if name != own.name and name in known)
    return (*filed, *(_beside(lens, name) for name in others))


def _beside(lens: Lens, name: str) -> Lens:
    return Lens(evaluate(name, project=lens.project), lens.view, lens.project)


def _title(lens: Lens, most: int = 0) -> str:
    title = called(lens.case.scenario)
    return _cut(title, most) if most else title


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def cover(lenses: Sequence[Lens]) -> Cover:
    """The head of a report on several scenarios: what each is worth and when it pays back."""
    first, worth = lenses[0], [lens.npv for lens in lenses]
    best, least = lenses[highest(worth)], lenses[lowest(worth)]
    head, title = answer.cover(first, "Comparison report"), _back_title(lenses)
    figures = tuple(
        KeyFigure(
            label=_title(lens, 26),
            value=money(lens.npv),
            note=f"pays back in {_outcome(lens)}"
            if lens.payback_at is not None
            else "never pays back"
            if lens.never_pays_back
            else "nothing to pay back",
        )
        for lens in lenses[:_BESIDE]
    )
    summary = (
        f"{title}. {_title(best)} is worth the most, {money(best.npv)} at {percent(best.wacc)} a "
        f"year, and {_title(least)} the least, {money(least.npv)}. The figures above are net "
        f"present values, {first.since}."
    )
    names = ", ".join(lens.case.scenario.name for lens in lenses)
    return head.model_copy(
        update={
            "title": title,
            "subtitle": joined(map(_title, lenses)),
            "figures": figures,
            "summary": (paragraph(summary),),
            "status": (("Scenarios", names), *head.status[1:]),
        }
    )


def _back_title(lenses: Sequence[Lens]) -> str:
    back = sum(lens.payback_at is not None for lens in lenses)
    if not back:
        return f"No scenario pays back by {lenses[0].horizon}"
    count = f"{spelt(back).capitalize()} of {spelt(len(lenses))}"
    return f"{count} scenarios {'pays' if back == 1 else 'pay'} back by {lenses[0].horizon}"


def _outcome(lens: Lens) -> str:
    if lens.payback_at is not None:
        return lens.calendar(lens.payback_at)
    return "never" if lens.never_pays_back else "no cost"


def values(lenses: Sequence[Lens], *, own: bool = False, height: float = 0.0) -> Exhibit:
    """Net present value of each scenario, the highest on top.

    Args:
        own: whether the first is the one that the report is about, to be set apart.
        height: in mm; from the number of scenarios when 0.
    """
    ranked = sorted(lenses, key=lambda lens: -lens.npv)
    worth = [(_title(lens, 44), lens.npv) for lens in ranked]
    bars = []
    for lens, (name, amount) in zip(ranked, worth, strict=True):
        sign = 1 if amount >= 0 else -1
        role = "with" if own and lens is lenses[0] else "positive" if amount >= 0 else "negative"
        label = (amount, written(amount, sign=True), sign)
        bars.append(Bars(name, [(0.0, amount, role)], [label]))
    (best, most), (worst, least) = worth[0], worth[-1]
    return chart(
        bars_across(bars, height=height or 12 + 4.2 * len(bars), below=0.12, above=0.12),
        id="scenario-values",
        title=_value_title(ranked),
        subtitle=f"Net present value by scenario, {ranked[0].since}, USD bn",
        source=_SOURCE,
        alt="Bars of net present value by scenario: "
        + "; ".join(f"{name} {money(value)}" for name, value in worth)
        + ".",
        reading=f"{best} is worth the most, {money(most)}, and {worst} the least, "
        f"{money(least)}. Each scenario changes several assumptions together; none has a "
        f"probability.",
    )


def _value_title(lenses: Sequence[Lens]) -> str:
    gains, count = sum(lens.npv > 0 for lens in lenses), len(lenses)
    what = "The programme" if lenses[0].view == "programme" else "Continuing"
    if gains == 0:
        return f"{what} costs more than it returns in every scenario"
    if gains == count:
        return f"{what} returns more than it costs in every scenario"
    return f"{what} returns more than it costs in {spelt(gains)} of {spelt(count)} scenarios"


def curves(lenses: Sequence[Lens]) -> Exhibit:
    """The J-curves of scenarios as small multiples on one scale, the first one's behind each."""
    rows = math.ceil(len(lenses) / _ACROSS)
    drawn = [[0.0, *lens.quarterly("cumulative_free_cash_flow", lens.view)] for lens in lenses]
    at = [[lens.start, *lens.quarter_ends] for lens in lenses]
    everything = [value for curve in drawn for value in curve]
    first = min(int(lens.start) for lens in lenses)
    with style.house():
        figure, every = style.panels(
            rows,
            min(_ACROSS, len(lenses)),
            height=8 + (42 if rows < _ACROSS else 34) * rows,
            share_y=True,
            gap=0.08,
        )
        for axes, lens, x, y in zip(every, lenses, at, drawn, strict=False):
            plotting.line(axes, at[0], drawn[0], "without", f"_{_title(lenses[0], 26)}")
            plotting.line(axes, x, y, lens.view, f"_{_title(lens, 26)}")
            style.room(axes, everything, below=0.1, above=0.18)
            style.years_of_quarters(axes, first, lens.horizon, 5)
            style.numbers(axes.yaxis)
            style.zero_line(axes)
            words = ("", "Forecast" if axes is every[0] else "")
            style.forecast_from(axes, lens.today, words=words)
            axes.set_title(f"{_title(lens, 26)}: {_outcome(lens)}")
        for axes in every[len(lenses) :]:
            axes.set_visible(False)
        for axes in every[: len(lenses) - _ACROSS] if rows >= _ACROSS else ():
            axes.tick_params(labelbottom=False)  # its years stand under the one below it
    titled = list(zip(map(_title, lenses), drawn, strict=True))
    back = joined(
        f"{_title(lens)} in {lens.calendar(lens.payback_at)}"
        for lens in lenses
        if lens.payback_at is not None
    )
    deepest = min(titled, key=lambda each: min(each[1]))
    best = max(titled, key=lambda each: each[1][-1])
    return chart(
        figure,
        id="scenario-curves",
        title=f"{deepest[0]} has the lowest trough, {money(min(deepest[1]))}; {best[0]} ends "
        f"highest, at {money(best[1][-1])}",
        subtitle=f"Cumulative incremental free cash flow, {lenses[0].since}, USD bn; dashed: "
        f"{_title(lenses[0])}",
        source=f"{_SOURCE}; filings for reported quarters",
        alt="Small lines of cumulative cash flow, one a scenario: "
        + "; ".join(
            f"{name} falls to {money(min(curve))} and ends at {money(curve[-1])}"
            for name, curve in titled
        )
        + ".",
        reading=f"Paid back: {back}." if back else f"{_back_title(lenses)}.",
    )


def comparison(lenses: Sequence[Lens]) -> TableExhibit:
    """Headline figures of scenarios side by side."""
    first, worth = lenses[0], [lens.npv for lens in lenses]
    last, costs = first.horizon, first.case.scenario["returns.wacc"].label
    best, least = lenses[highest(worth)], lenses[lowest(worth)]
    peaks = [written(max(lens.bn("capex", "with"))) for lens in lenses]
    sales = [written(lens.bn("revenue", "with")[-1]) for lens in lenses]
    rows = [
        *(
            saying(
                first.clause(name),
                label,
                *(lens.shown(name).partition(":")[0] for lens in lenses),  # none without its reason
                indent=1 if name in INDENTED else 0,
            )
            for label, name in ROWS
            if name not in _LEFT_OUT
        ),
        saying(costs, "Cost of capital a year", *(percent(lens.wacc) for lens in lenses)),
        saying(first.clause("capex"), "Highest capex of a year, USD bn", *peaks),
        saying(first.clause("revenue"), f"Revenue in {last}, USD bn", *sales),
    ]
    names = [_title(lens, 40) for lens in lenses]
    if len(lenses) > _BESIDE:  # under one another, with the figures of the first few rows
        shown = [row for row in rows if not row.indent][:_BESIDE]
        names = [str(row.cells[0]) for row in shown]
        rows = [
            Row.of(_title(lens, 40), *(row.cells[at] for row in shown))
            for at, lens in enumerate(lenses, start=1)
        ]
    return table(
        ["", *figures(*names, weight=1.6)],
        rows,
        id="comparison",
        title=f"{_title(best)} is worth {money(best.npv - least.npv)} more than {_title(least)}"
        if best.npv - least.npv > NOTHING
        else "The scenarios are worth the same",
        subtitle=f"Headline figures, {lenses[0].since}",
        source=_SOURCE,
    )


def steps(start: Lens, end: Lens) -> Exhibit:
    """The bridge of net present value from one scenario to another, step by step."""
    one, other = start.case.scenario, end.case.scenario
    found = shapley_bridge(one, other, f"npv.{start.view}", project=start.home)
    shares = sorted(found.shares, key=lambda share: -abs(share.amount))
    parts = [  # a group of one is called as its assumption is
        (end.called(share.keys[0]) if len(share.keys) == 1 else area(share.group),
         share.amount / MILLIONS)
        for share in shares
    ]  # fmt: skip
    large = sum(abs(amount) >= _LEAST for _, amount in parts[:_STEPS])
    rest = sum(amount for _, amount in parts[large:])
    parts = parts[:large] + [("All others", rest)] * (len(parts) > large)
    before, after = found.before / MILLIONS, found.after / MILLIONS
    return chart(
        bridge(
            (_title(start, 46), before),
            [(_cut(name, 46), amount) for name, amount in parts],
            (_title(end, 46), after),
            height=12 + 4.6 * (len(parts) + 2),
        ),
        id="bridge-" + other.name.replace("_", "-").lower(),
        title=f"{parts[0][0]} is the largest step from {_title(start, 46)} to "
        f"{_title(end, 46)}: {money(parts[0][1], sign=True)}"
        if parts
        else f"Nothing differs between {_title(start, 46)} and {_title(end, 46)}",
        subtitle="Net present value by what changes, USD bn; each step is a Shapley value"
        + ("" if found.exact else ", estimated from sampled orders"),
        source=_SOURCE,
        alt=f"Waterfall from {money(before)} to {money(after)}: "
        + "; ".join(f"{name} {money(amount, sign=True)}" for name, amount in parts)
        + ".",
        reading=_steps_reading(parts, after - before),
    )


def _steps_reading(parts: list[tuple[str, float]], gap: float) -> str:
    if not parts:
        return "The two scenarios state the same values. There is nothing to attribute."
    against = [name for name, amount in parts if amount * gap < 0]
    turn = joined([*against[:1], *map(lowered, against[1:2])])
    verb = "works" if len(against) == 1 else "work"
    return f"The steps sum to {money(gap, sign=True)}; joint effects are shared among them. " + (
        f"{turn} {verb} in the other direction." if against else "All work in one direction."
    )
