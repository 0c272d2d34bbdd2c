"""Tables of uncertainty: measures of risk, what must be true, stresses, positions, scenarios by
weight, reviews, and what the value of an action rests on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from jcurve.analysis.consequences import Consequences
from jcurve.analysis.overview import Simulated, npv_of
from jcurve.analysis.risk_measures import Estimate
from jcurve.analysis.solving import Solution
from jcurve.analysis.staged import Staged
from jcurve.analysis.stress import PositionLoss, Stress, Weighed
from jcurve.assumptions.scenario_files import Weight
from jcurve.figures.display import Prose
from jcurve.figures.exhibit import Column, Row, TableExhibit, figures, heading, saying, table
from jcurve.figures.lens import Lens, nothing_to_show
from jcurve.figures.overrides import last_stated, the
from jcurve.ground.numbers import (
    MILLIONS,
    NOTHING,
    billions,
    lasting,
    lowered,
    money,
    named,
    percent,
    quarter,
    raised,
    span,
    spelt,
    written,
    written_date,
)

_DOING = {"stop": "Stopping", "cut": "Cutting", "pause": "Pausing"}
_LITTLE = 0.02
"""Share of the worth of reviews below which looking is said to add nothing: judgement."""


def _usd_bn(label: str, decimals: int = 0, *, sign: bool = False) -> Column:
    return Column(label=label, unit="USD bn", decimals=decimals, sign=sign)


def measures(lens: Lens, drawn: Simulated) -> TableExhibit:
    """Every measure of risk of the simulation, with its error."""
    risk, spread, output = drawn.risk, drawn.spread(lens.view), npv_of(lens.view)
    losses = next(each for each in risk.losses if each.output == output)
    level, tail = percent(losses.confidence, 0), percent(1 - losses.confidence, 0)
    rows = [
        heading("Net present value, USD bn"),
        _amount("Mean", spread.mean),
        _amount("Standard deviation", spread.sd),
        _amount(f"Value at risk at {level}: loss not exceeded", losses.value_at_risk),
        _amount(f"Expected shortfall at {level} (CVaR)", losses.expected_shortfall),
        _estimate("Share of draws below zero", spread.below_zero, percent),
    ]
    if risk.payback_by:
        last = max(risk.payback_by)
        paid = _estimate(f"Paid back by {last}", risk.payback_by[last], percent)
        rows += [heading("Payback"), paid]
    if (cash := risk.cash) is not None:
        rows += [
            heading("Net debt at its highest after the valuation date"),
            _estimate(f"Passes {money(cash.limit / MILLIONS)}", cash.passed, percent),
            _amount("Expected shortfall of cash beyond it, USD bn", cash.shortfall),
            _amount(f"the same in the worst {tail}", cash.worst),
        ]
    left_out = f"{percent(risk.left_out, 1)} of draws broke a rule between assumptions and are left"
    return table(
        [("Measure", 3), *figures("Estimate", "Error, 95%")],
        rows,
        id="measures",
        title=f"In the worst {tail} of draws NPV averages "
        f"{money(-losses.expected_shortfall.value / MILLIONS)}",
        subtitle="Every assumption with a range and a distribution varies; a path moves as a whole",
        source=lens.modelled(),
        reading="A loss is a negative NPV. "
        + (f"{left_out} out." if risk.left_out else "No draw was rejected."),
    )


def _amount(label: str, found: Estimate) -> Row:
    return _estimate(label, found, lambda value: written(value / MILLIONS, decimals=1))


def _estimate(label: str, found: Estimate, write: Callable[[float], str]) -> Row:
    if math.isnan(found.value):
        return Row.of(label, "none", "", indent=1)
    error = "" if found.error is None else write(found.error)
    return Row.of(label, write(found.value), error, indent=1)


def must_be(lens: Lens, found: Mapping[tuple[str, str], Solution]) -> TableExhibit | Prose:
    """What single assumptions would have to be for a target, beside their evidence."""
    if lens.is_empty or not found:
        return nothing_to_show(
            "No assumption changes the answer, since the two cases are the same."
        )
    solved = list(found.values())
    plausible = sum(each.standing == "plausible" for each in solved)
    none = sum(each.value is None for each in solved)
    return table(
        [
            ("Assumption", 2.6),
            *figures("Case", "Break-even", "Evidence range", weight=1.4),
            ("Verdict", 0.9),
        ],
        [
            saying(
                lens.case.scenario[each.key].label,
                lens.called(each.key),
                last_stated(each.present, each.unit),
                last_stated(each.text, each.unit) or "none",
                span(last_stated(each.low, each.unit), last_stated(each.high, each.unit)),
                each.standing.capitalize() or "–",
            )
            for each in solved
        ],
        id="must-be",
        title=_plausible_title(plausible, len(solved)),
        subtitle="For NPV = 0: one assumption changed, all "
        "others as they are; a path moves as a whole and is shown by its last year",
        source=lens.modelled("ranges and sources in the assumption book"),
        reading="Plausible: inside the range. Stretch: at most as far again from the value as the "
        "end of the range. Outside: further."
        + (f" For {spelt(none)} of them no accepted value makes NPV zero." if none else ""),
        dense=True,
    )


def _plausible_title(plausible: int, count: int) -> str:
    if plausible < 2:
        return f"{'A' if plausible else 'No'} single change within its evidence makes NPV zero"
    many = f"{spelt(plausible).capitalize()} of {spelt(count)}" if count > 2 else "Both"
    return f"{many} single changes that make NPV zero lie within their evidence"


def stress_table(lens: Lens, found: Sequence[Stress]) -> TableExhibit | Prose:
    """Each stress of the library beside the scenario."""
    output, own = npv_of(lens.view), the(lens.title)
    if not found:
        return nothing_to_show("There is no stress in the library.")
    ordered = sorted(found, key=lambda each: each.changes[output])
    lifted = sum(each.changes[output] > 0.0 for each in ordered)
    worst = ordered[0]
    return table(
        [
            ("Stress", 3),
            Column(label="Assumptions changed"),
            _usd_bn("NPV"),
            _usd_bn("Change", sign=True),
            _usd_bn("Trough"),
            Column(label="Value per share", unit="USD", decimals=0),
        ],
        [
            (
                raised(each.title.removeprefix("Stress: ")),
                each.moved,
                each.values[output] / MILLIONS,
                each.changes[output] / MILLIONS,
                billions(each.values.get("trough_amount", math.nan)),
                None
                if math.isnan(share := each.values.get("value_per_share", math.nan))
                else share,
            )
            for each in ordered
        ],
        id="stresses",
        title=f"The costliest stress is {lowered(worst.title.removeprefix('Stress: '))}: "
        f"{money(worst.changes[output] / MILLIONS)}"
        if worst.changes[output] < 0.0
        else f"No stress is worth less than {own}",
        subtitle=f"Each stress changes every assumption its story implies, against {own}",
        source=lens.modelled(),
        reading=f"{spelt(lifted).capitalize()} of the {spelt(len(ordered))} stresses "
        f"{'raises' if lifted == 1 else 'raise'} NPV: they cut spending that earned less "
        f"than it cost, or hurt the company without AI more."
        if lifted
        else "No stress raises NPV.",
    )


def positions(
    lens: Lens, found: Sequence[PositionLoss], exposure: float, stressed: Sequence[Stress]
) -> TableExhibit:
    """What a position lost on past results days, and would lose in each stress."""
    days = [each for each in found if each.kind == "results day"]
    titles = {each.name: each.title for each in stressed}
    secondary = sum(each.grade == "secondary" for each in days)

    def row(each: PositionLoss) -> Row:
        name = titles.get(each.name) or written_date(each.name)
        return Row.of(name, each.move, -each.loss, each.grade, indent=1)

    return table(
        [
            ("Event", 2),
            Column(label="Move", style="percent", decimals=1, sign=True),
            Column(label="P&L", unit="$m", decimals=1, sign=True),
            ("Read from", 2),
        ],
        [
            heading("Past results days"),
            *map(row, days),
            heading("Stresses, by the model's value per share"),
            *(row(each) for each in found if each.kind != "results day"),
        ],
        id="positions",
        title=f"P&L of a {money(exposure / MILLIONS, digits=4, brief=True)} position: the worst "
        f"results day lost {money(max(each.loss for each in days) / MILLIONS)}",
        subtitle="In each past one-day move after results and in each stress; losses are negative",
        source=["past moves from the evidence file", *lens.modelled()],
        reading="This is arithmetic on past moves and on the model, not advice. "
        + (
            "All past moves come from secondary sources."
            if secondary == len(days)
            else f"Of {len(days)} past moves {secondary} come from a secondary source."
        ),
    )


def weighed(lens: Lens, found: Weighed, table_of: Sequence[Weight]) -> TableExhibit:
    """Scenarios by weight, and what is to be expected of them."""
    why = {each.scenario: each.rationale for each in table_of}
    whole, forward, _ = found.expectations
    back = percent(found.paid_back, 0)
    rows = []
    for name, weight in found.weights.items():
        worth = (each.values[name] / MILLIONS for each in found.expectations)
        rows.append(Row.of(named(name), weight, *worth, lasting(found.payback[name])))
    means = (each.mean / MILLIONS for each in found.expectations)
    spreads = (each.sd / MILLIONS for each in found.expectations)
    rows.append(Row.of("Expected", 1.0, *means, f"in {back}", role="total"))
    rows.append(Row.of("Standard deviation", None, *spreads, ""))
    return table(
        [
            ("Scenario", 2),
            Column(label="Weight", style="percent", decimals=0),
            _usd_bn("NPV since the start"),
            _usd_bn("NPV from today"),
            _usd_bn("Trough"),
            "Payback",
        ],
        rows,
        id="weighed",
        title=f"By these weights the programme is worth {money(whole.mean / MILLIONS)}, and from "
        f"today {money(forward.mean / MILLIONS)}",
        subtitle="Scenarios with their weights, a judgement; the mean by weight and its spread",
        source=["scenario weights, a judgement", *lens.modelled()],
        reading=f"Scenarios that pay back within the horizon carry {back} of the weight. "
        + " ".join(f"{named(name)}: {why[name]}" for name in found.weights),
    )


def reviews(lens: Lens, found: Staged) -> TableExhibit | Prose:
    """What reviewing the programme later is worth against committing now."""
    committed, (plan, fixed) = found.committed, found.fixed
    if abs(committed.value) < 1e-9 and abs(fixed.value) < 1e-9:
        return nothing_to_show("There is nothing left to decide.")
    looking, worth = found.beyond_fixed, found.option_value
    adds = looking.value > max(looking.error or 0.0, _LITTLE * worth.value)
    trigger, triggered = found.trigger
    return table(
        [("", 4), _usd_bn("NPV"), _usd_bn("Error, 95%", 1), ("", 1.6)],
        [
            heading("Rules"),
            _rule("Commit now, with no review", committed),
            _rule(f"Best plan without waiting: {quarter(plan)}", fixed),
            _rule(f"Trigger on observed advertising: {trigger}", triggered),
            _rule("Best expected at each review (least squares)", found.least_squares),
            heading("Differences"),
            _rule("Value of reviewing, against committing now", worth),
            _rule("of which from waiting alone", looking),
            heading("Permanent actions, whatever the reviews show"),
            *(
                _rule(
                    f"{each.action.capitalize()} at {quarter(each.date)}",
                    each.always,
                    f"taken in {percent(each.share.value, 0)} of draws",
                )
                for each in found.taken
            ),
        ],
        id="reviews",
        title=f"The right to review the programme is worth {money(worth.value / MILLIONS)} against "
        f"committing now"
        if adds
        else f"{_doing(*found.fixed_plan) if found.fixed_plan else 'Going on'} beats the plan by "
        f"{money((fixed.value - committed.value) / MILLIONS)}, and "
        f"waiting adds nothing",
        subtitle=f"Mean net present value from today over {found.draws:,} draws; reviews at "
        f"{quarter(' and '.join(found.dates))}; rules fitted on one half of the draws and valued "
        f"on the other",
        source=lens.modelled(),
        reading=f"Seeing what advertising and AI products have earned by then "
        f"{_gained(looking)}; the rest comes from choosing a better plan now. Cuts and pauses are "
        f"a judgement and scale spending that is neither maintenance nor committed; the next table "
        f"values every other size of the plan.",
    )


def _gained(found: Estimate) -> str:
    amount = found.value / MILLIONS
    if abs(amount) < NOTHING:
        return "adds nothing"
    return f"{'adds' if amount > 0 else 'costs'} {money(abs(amount))}"


def _doing(action: str, date: str) -> str:
    return f"{_DOING.get(action, action.capitalize())} at {quarter(date)}"


def _rule(label: str, found: Estimate, more: str = "") -> Row:
    error = None if found.error is None else found.error / MILLIONS
    return Row.of(label, found.value / MILLIONS, error, more, indent=1)


def rests_on(lens: Lens, found: Consequences) -> TableExhibit | Prose:
    """Where the value of an action comes from, on the curve on which it is one point."""
    if not found.items:
        return nothing_to_show("There is nothing left to decide.")
    action = found.action
    largest = max(found.items, key=lambda each: abs(each.total))
    within = math.fsum(each.within for each in found.items)
    beyond = math.fsum(each.beyond for each in found.items)
    lasts = f"for {action.quarters} quarters" if action.quarters else "for good"
    return table(
        [
            ("Present value of what changes", 3),
            _usd_bn("To the horizon", sign=True),
            _usd_bn("Beyond it", sign=True),
            _usd_bn("Together", sign=True),
        ],
        [
            *(_in_bn(each.name, each.within, each.beyond, each.total) for each in found.items),
            _in_bn("Change of NPV from today", within, beyond, found.change, role="total"),
            heading(f"By the size of the plan, {lasts}"),
            *(
                Row.of(percent(part, 0), "", "", worth / MILLIONS, indent=1)
                for part, worth in found.curve[::2]
            ),
        ],
        id="rests-on",
        title=f"{_doing(action.name, found.date)} {'adds' if found.change > 0 else 'costs'} "
        f"{money(abs(found.change) / MILLIONS)} of NPV from today; the largest part is "
        f"{lowered(largest.name)}, {money(largest.total / MILLIONS, sign=True)}",
        subtitle=f"{raised(action.meaning.removesuffix(' after the review'))} after "
        f"{quarter(found.date)}; all else as assumed in {lens.case.scenario.title}",
        source=lens.modelled(),
        reading=_rests_on_reading(found, lens.horizon),
    )


def _in_bn(label: str, *amounts: float, role: Literal["normal", "total"] = "normal") -> Row:
    return Row.of(label, *(amount / MILLIONS for amount in amounts), role=role)


def _rests_on_reading(found: Consequences, horizon: int) -> str:
    sentences = []
    if found.compute < 0.0:
        sentences.append(
            f"The response of advertising to compute is assumed: "
            f"{percent(-found.compute, 0)} less compute costs {percent(-found.advertising, 1)} of "
            f"advertising by {horizon}."
        )
    served = "all" if found.served >= 1.0 else percent(found.served, 0)
    sentences.append(
        f"AI products then get {served} of the compute they need, and lose the quality that "
        f"training would have added."
    )
    if found.bearable is not None and not found.action.stops:
        sentences.append(
            f"The {found.action.name} would be worth no more than continuing if it cost "
            f"{percent(found.bearable, 0)} of demand for AI products afterwards."
            if found.bearable <= 1.0
            else f"The {found.action.name} would be worth something even if it cost all demand for "
            f"AI products."
        )
    return " ".join((*sentences, "Nobody has measured that response."))
