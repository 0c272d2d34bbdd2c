"""Tables of scenarios by weight, of reviews, and of what an action's value rests on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jcurve.figures.lens import MILLIONS, Lens, money, percent
from jcurve.figures.prose import Prose
from jcurve.figures.risk import nothing
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jcurve.analysis.consequences import Consequences
    from jcurve.analysis.risk_measures import Estimate
    from jcurve.analysis.staged import Staged
    from jcurve.analysis.stress import Weighed
    from jcurve.assumptions.scenario_files import Weight
    from jcurve.case import Case

__all__ = ["rests_on", "reviews", "weighed"]

_DOING = {"stop": "Stopping", "cut": "Cutting", "pause": "Pausing"}
_LITTLE = 0.02
"""Share of the worth of reviews below which looking is said to add nothing: judgement."""


def weighed(case: Case, found: Weighed, table_of: Sequence[Weight]) -> TableExhibit:
    """Scenarios by weight, and what is to be expected of them."""
    lens = Lens(case)
    why = {each.scenario: each.rationale for each in table_of}
    whole, forward, trough = found.expectations
    rows: list[Row] = [
        Row(
            cells=(
                name.replace("_", " ").capitalize(),
                weight,
                whole.values[name] / MILLIONS,
                forward.values[name] / MILLIONS,
                trough.values[name] / MILLIONS,
                "never" if math.isnan(found.payback[name]) else f"{found.payback[name]:.1f} years",
            )
        )
        for name, weight in found.weights.items()
    ]
    means = [each.mean / MILLIONS for each in found.expectations]
    spreads = [each.sd / MILLIONS for each in found.expectations]
    rows.append(
        Row(cells=("Expected", 1.0, *means, f"in {percent(found.paid_back, 0)}"), role="total")
    )
    rows.append(Row(cells=("Standard deviation", None, *spreads, "")))
    return table(
        [
            Column(label="Scenario", style="text", weight=2),
            Column(label="Weight", style="percent", decimals=0),
            Column(label="NPV since the start", unit="USD bn", decimals=0),
            Column(label="NPV from today", unit="USD bn", decimals=0),
            Column(label="Trough", unit="USD bn", decimals=0),
            Column(label="Payback", style="text"),
        ],
        rows,
        id="weighed",
        title=f"By these weights the programme is worth {money(whole.mean / MILLIONS)}, and from "
        f"today {money(forward.mean / MILLIONS)}",
        subtitle="Scenarios with their weights, a judgement; the mean by weight and its spread",
        source=["data/scenarios/weights.csv", *lens.modelled()],
        reading=f"The programme pays back within the horizon in {percent(found.paid_back, 0)} of "
        f"the weight. " + " ".join(f"{_name(name)}: {why[name]}" for name in found.weights),
    )


def _name(scenario: str) -> str:
    return scenario.replace("_", " ").capitalize()


def reviews(case: Case, found: Staged) -> TableExhibit | Prose:
    """What reviewing the programme later is worth against committing now."""
    lens = Lens(case)
    if abs(found.committed.value) < 1e-9 and abs(found.fixed[1].value) < 1e-9:
        return nothing("There is nothing left to decide.")
    looking, error = found.beyond_fixed.value, found.beyond_fixed.error or 0.0
    adds = looking > max(error, _LITTLE * found.option_value.value)
    rows = [
        Row(cells=("Rules",), role="heading"),
        _rule("Commit now: go on whatever happens", found.committed),
        _rule(f"Best plan without waiting: {found.fixed[0]}", found.fixed[1]),
        _rule(f"Trigger on observed advertising: {found.trigger[0]}", found.trigger[1]),
        _rule("Best expected at each review (least squares)", found.least_squares),
        Row(cells=("Differences",), role="heading"),
        _rule("Worth of reviewing, against committing now", found.option_value),
        _rule("of which owed to waiting alone", found.beyond_fixed),
        Row(cells=("Actions taken for good, whatever is observed",), role="heading"),
        *(
            _rule(
                f"{each.action} at {each.date}",
                each.always,
                f"taken in {percent(each.share.value, 0)} of draws",
            )
            for each in found.taken
        ),
    ]
    return table(
        [
            Column(label="", style="text", weight=4),
            Column(label="NPV", unit="USD bn", decimals=0),
            Column(label="Error, 95%", unit="USD bn", decimals=1),
            Column(label="", style="text", weight=1.6),
        ],
        rows,
        id="reviews",
        title=(
            f"The right to review the programme is worth "
            f"{money(found.option_value.value / MILLIONS)} against committing now"
            if adds
            else f"{_decided(found)} beats the plan by "
            f"{money((found.fixed[1].value - found.committed.value) / MILLIONS)} whatever is seen; "
            f"waiting adds nothing"
        ),
        subtitle=f"Mean net present value from now on over {found.draws:,} draws; reviews at "
        f"{' and '.join(found.dates)}; rules fitted on one half of the draws and valued on the "
        f"other",
        source=lens.modelled(),
        reading=f"{money(looking / MILLIONS, sign=True)} comes from seeing what advertising and "
        f"AI products have earned by then; the rest from a plan that is better now already. "
        f"Cuts and pauses are stated actions, judgement, and scale what is neither maintenance "
        f"nor committed; the table after this one gives the value of every other part of the plan.",
    )


def _decided(found: Staged) -> str:
    plan = found.fixed_plan
    if plan is None:
        return "Going on"
    name, date = plan
    return f"{_DOING.get(name, name.capitalize())} at {date.replace('Q', ' Q')}"


def _rule(label: str, found: Estimate, more: str = "") -> Row:
    error = None if found.error is None else found.error / MILLIONS
    return Row(cells=(label, found.value / MILLIONS, error, more), indent=1)


def rests_on(case: Case, found: Consequences) -> TableExhibit | Prose:
    """Where the value of an action comes from, on the curve on which it is one point."""
    lens = Lens(case)
    if not found.items:
        return nothing("There is nothing left to decide.")
    rows = [
        Row(
            cells=(
                item.name,
                item.within / MILLIONS,
                item.beyond / MILLIONS,
                item.total / MILLIONS,
            )
        )
        for item in found.items
    ]
    within, beyond = (
        math.fsum(getattr(item, part) for item in found.items) / MILLIONS
        for part in ("within", "beyond")
    )
    rows.append(
        Row(
            cells=("Change of NPV from today", within, beyond, found.change / MILLIONS),
            role="total",
        )
    )
    lasts = f"for {found.action.quarters} quarters" if found.action.quarters else "for good"
    rows.append(Row(cells=(f"By the part of the plan that is spent, {lasts}",), role="heading"))
    rows += [
        Row(cells=(percent(part, 0), None, None, worth / MILLIONS), indent=1)
        for part, worth in found.curve[::2]
    ]
    return table(
        [
            Column(label="Present value of what changes", style="text", weight=3),
            Column(label="To the horizon", unit="USD bn", decimals=0, sign=True),
            Column(label="Beyond it", unit="USD bn", decimals=0, sign=True),
            Column(label="Together", unit="USD bn", decimals=0, sign=True),
        ],
        rows,
        id="rests-on",
        title=f"{_DOING.get(found.action.name, found.action.name.capitalize())} at "
        f"{found.date.replace('Q', ' Q')} takes {percent(-found.compute, 0)} of compute and "
        f"{percent(-found.advertising, 0)} of advertising by {lens.horizon}",
        subtitle=f"{found.action.meaning[:1].upper()}{found.action.meaning[1:]} after "
        f"{found.date}; all else as assumed in {case.scenario.title}",
        source=lens.modelled(),
        reading=_rests_on(found, lens.horizon),
    )


def _rests_on(found: Consequences, horizon: int) -> str:
    last = "The result rests on a response that nobody has measured."
    said = []
    if found.compute < 0.0:
        said.append(
            f"Advertising follows relative compute by an elasticity that is a belief: "
            f"{percent(-found.compute, 0)} less compute costs {percent(-found.advertising, 1)} of "
            f"it by {horizon}."
        )
    served = "all" if found.served >= 1.0 else percent(found.served, 0)
    said.append(
        f"AI products then get {served} of the compute that they ask for, and lose what their "
        f"quality owes to training."
    )
    if found.bearable is not None and not found.action.stops:
        said.append(
            f"The {found.action.name} would be worth no more than going on if it cost "
            f"{percent(found.bearable, 0)} of demand for AI products after it."
            if found.bearable <= 1.0
            else f"The {found.action.name} would be worth something even if it cost all demand for "
            f"AI products."
        )
    return " ".join((*said, last))
