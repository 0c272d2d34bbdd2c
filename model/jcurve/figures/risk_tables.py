"""Tables of uncertainty: measures of risk, what must be true, stresses, positions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jcurve.analysis.overview import npv_of
from jcurve.figures.lens import MILLIONS, Lens, money, percent, spelt
from jcurve.figures.numbers import written
from jcurve.figures.prose import Prose
from jcurve.figures.risk import nothing
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jcurve.analysis.overview import Simulated
    from jcurve.analysis.risk_measures import Estimate
    from jcurve.analysis.solving import Solution
    from jcurve.analysis.stress import PositionLoss, Stress
    from jcurve.case import Case

__all__ = ["measures", "must_be", "positions", "stress_table"]


def _row(label: str, found: Estimate, scale: float, style: str = "money") -> Row:
    if math.isnan(found.value):
        return Row(cells=(label, "none", ""))
    if style == "percent":
        value = percent(found.value)
        error = "" if found.error is None else percent(found.error)
    else:
        value = written(found.value / scale, decimals=1)
        error = "" if found.error is None else written(found.error / scale, decimals=1)
    return Row(cells=(label, value, error))


def measures(case: Case, drawn: Simulated, view: str = "programme") -> TableExhibit:
    """Every measure of risk of the simulation, with its error."""
    lens, risk, output = Lens(case, view), drawn.risk, npv_of(view)
    spread = next(each for each in risk.spreads if each.output == output)
    losses = next(each for each in risk.losses if each.output == output)
    level = percent(losses.confidence, 0)
    rows = [
        Row(cells=("Net present value, USD bn",), role="heading"),
        _row("Mean", spread.mean, MILLIONS),
        _row("Standard deviation", spread.sd, MILLIONS),
        _row(f"Value at risk at {level}: loss not exceeded", losses.value_at_risk, MILLIONS),
        _row(f"Expected shortfall at {level} (CVaR)", losses.expected_shortfall, MILLIONS),
        _row("Share of draws below zero", spread.below_zero, 1.0, "percent"),
    ]
    if risk.payback_by:
        last = max(risk.payback_by)
        rows += [
            Row(cells=("Payback",), role="heading"),
            _row(f"Paid back by {last}", risk.payback_by[last], 1.0, "percent"),
        ]
    if (cash := risk.cash) is not None:
        limit = money(cash.limit / MILLIONS)
        rows += [
            Row(cells=("Net debt at its highest after the valuation date",), role="heading"),
            _row(f"Passes {limit}", cash.passed, 1.0, "percent"),
            _row("Expected shortfall of cash beyond it, USD bn", cash.shortfall, MILLIONS),
            _row(
                f"the same in the worst {percent(1 - losses.confidence, 0)}", cash.worst, MILLIONS
            ),
        ]
    return table(
        [
            Column(label="Measure", style="text", weight=3),
            Column(label="Estimate", style="text"),
            Column(label="Error, 95%", style="text"),
        ],
        rows,
        id="measures",
        title=f"In the worst {percent(1 - losses.confidence, 0)} of draws NPV averages "
        f"{money(-losses.expected_shortfall.value / MILLIONS)}",
        subtitle=f"{drawn.run.note}; every assumption with a range and a distribution varies, a "
        f"path as one",
        source=lens.modelled(),
        reading="A loss is an NPV below zero. "
        + (
            f"{percent(risk.left_out, 1)} of draws broke a rule between assumptions and are left "
            f"out."
            if risk.left_out
            else "No draw was rejected."
        ),
    )


def must_be(
    case: Case, found: Mapping[tuple[str, str], Solution], view: str = "programme"
) -> TableExhibit | Prose:
    """What single assumptions would have to be for a target, beside their evidence."""
    lens = Lens(case, view)
    if lens.is_empty or not found:
        return nothing("No assumption changes the answer, since the two cases are the same.")
    solved = list(found.values())
    goals = sorted({each.goal for each in solved})
    rows = [
        (
            lens.called(each.key),
            each.unit,
            _brief(each.present, each.unit),
            _brief(each.text, each.unit) or "none",
            f"{_brief(each.low, each.unit)} to {_brief(each.high, each.unit)}",
            each.standing.capitalize() or "–",
        )
        for each in solved
    ]
    plausible = sum(each.standing == "plausible" for each in solved)
    none = sum(each.value is None for each in solved)
    return table(
        [
            Column(label="Assumption", style="text", weight=2.6),
            Column(label="Unit", style="text", weight=0.9),
            Column(label="Case", style="text", weight=1.4),
            Column(label="Break-even", style="text", weight=1.4),
            Column(label="Evidence range", style="text", weight=1.6),
            Column(label="Verdict", style="text", weight=0.9),
        ],
        rows,
        id="must-be",
        title=f"{spelt(plausible).capitalize()} single change within its evidence makes NPV zero"
        if plausible < 2
        else f"{spelt(plausible).capitalize()} of {spelt(len(solved))} single changes that make "
        f"NPV zero lie within their evidence",
        subtitle=f"For {', '.join(goals).replace('npv', 'NPV')}: one assumption changed, all "
        f"others as they are; a path moves as a whole and is shown by its last year",
        source=lens.modelled("ranges and sources in the assumption book"),
        reading="Plausible: inside the range. Stretch: at most as far again from the value as the "
        "end of the range. Outside: further."
        + (f" For {spelt(none)} of them no accepted value makes NPV zero." if none else ""),
        dense=True,
    )


def _brief(text: str, unit: str) -> str:
    """A value for a reader in a narrow column: a path by its last year, a share as a
    percentage, at most four digits."""
    year, colon, last = text.rpartition(";")[2].strip().rpartition(": ")
    try:
        value = float(last.replace(",", ""))
    except ValueError:
        return text
    shown = percent(value) if unit == "share" else f"{float(f'{value:.4g}'):,.10g}"
    return f"{shown} in {year}" if colon else shown


def stress_table(
    case: Case, found: Sequence[Stress], view: str = "programme"
) -> TableExhibit | Prose:
    """Each stress of the library beside the scenario."""
    lens, output = Lens(case, view), npv_of(view)
    if not found:
        return nothing("There is no stress in the library.")
    ordered = sorted(found, key=lambda each: each.changes[output])
    raised = [each for each in ordered if each.changes[output] > 0.0]
    worst = ordered[0]
    return table(
        [
            Column(label="Stress", style="text", weight=3),
            Column(label="Assumptions moved"),
            Column(label="NPV", unit="USD bn", decimals=0),
            Column(label="Change", unit="USD bn", decimals=0, sign=True),
            Column(label="Trough", unit="USD bn", decimals=0),
            Column(label="Value per share", unit="USD", decimals=0),
        ],
        [
            (
                each.title,
                each.moved,
                each.values[output] / MILLIONS,
                each.changes[output] / MILLIONS,
                _bn(each.values.get("trough_amount", float("nan"))),
                _known(each.values.get("value_per_share", float("nan"))),
            )
            for each in ordered
        ],
        id="stresses",
        title=(
            f"{worst.title} costs the most: {money(worst.changes[output] / MILLIONS, sign=True)}"
            if worst.changes[output] < 0.0
            else f"No stress of the base case is worth less than {case.scenario.title}"
        ),
        subtitle=f"Each stress moves every assumption its story implies, against "
        f"{case.scenario.title}",
        source=lens.modelled(),
        reading=(
            f"{spelt(len(raised)).capitalize()} of the {spelt(len(ordered))} stresses "
            f"{'raises' if len(raised) == 1 else 'raise'} NPV: they cut spending that earned less "
            f"than it cost, or hurt the company without AI more."
            if raised
            else "No stress raises NPV."
        ),
    )


def _bn(value: float) -> float | None:
    return None if math.isnan(value) else value / MILLIONS


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def positions(
    case: Case,
    found: Sequence[PositionLoss],
    exposure: float,
    stressed: Sequence[Stress] = (),
) -> TableExhibit:
    """What a position lost on past results days, and would lose in each stress."""
    lens = Lens(case)
    days = [each for each in found if each.kind == "results day"]
    others = [each for each in found if each.kind != "results day"]
    titles = {each.name: each.title for each in stressed}
    rows = [
        Row(cells=("Past results days",), role="heading"),
        *(_position(each, titles) for each in days),
        Row(cells=("Stresses, by the model's value per share",), role="heading"),
        *(_position(each, titles) for each in others),
    ]
    worst = max(days, key=lambda each: each.loss)
    secondary = sum(each.grade == "secondary" for each in days)
    return table(
        [
            Column(label="Event", style="text", weight=2),
            Column(label="Move", style="percent", decimals=1, sign=True),
            Column(label="P&L", unit="USD m", decimals=1, sign=True),
            Column(label="Read from", style="text", weight=2),
        ],
        rows,
        id="positions",
        title=f"P&L of a ${exposure:,.4g}m position: the worst results day lost "
        f"${written(worst.loss, decimals=1)}m",
        subtitle="In each past one-day move after results and in each stress; losses are negative",
        source=["register of evidence", *lens.modelled()],
        reading="This is arithmetic on past moves and on the model, and no advice. "
        + (
            "All past moves come from secondary sources."
            if secondary == len(days)
            else f"Of {len(days)} past moves {secondary} come from a secondary source."
        ),
    )


def _position(each: PositionLoss, titles: Mapping[str, str]) -> Row:
    name = titles.get(each.name, each.name.removeprefix("stress_").replace("_", " ").capitalize())
    return Row(cells=(name, each.move, -each.loss, each.grade), indent=1)
