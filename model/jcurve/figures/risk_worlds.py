"""Tables of whole worlds: scenarios by weight, and what the value of an action rests on."""

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
    from jcurve.analysis.weighing import Weighed
    from jcurve.assumptions.weights import Weight
    from jcurve.case import Case

__all__ = ["rests_on", "weighed"]


_NONE = 1_000.0
"""USD m a year of programme capex: less is none."""


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
            Column(label="NPV, programme", unit="USD bn", decimals=0),
            Column(label="NPV from now on", unit="USD bn", decimals=0),
            Column(label="Deepest point", unit="USD bn", decimals=0),
            Column(label="Payback", style="text"),
        ],
        rows,
        id="weighed",
        title=f"By these weights the programme is worth {money(whole.mean / MILLIONS)}, and from "
        f"now on {money(forward.mean / MILLIONS)}",
        subtitle="Scenarios with their weights, a judgement; the mean by weight and its spread",
        source=["data/scenarios/weights.csv", *lens.modelled()],
        reading=f"The programme pays back within the horizon in {percent(found.paid_back, 0)} of "
        f"the weight. " + " ".join(f"{_name(name)}: {why[name]}" for name in found.weights),
    )


def _name(scenario: str) -> str:
    return scenario.replace("_", " ").capitalize()


def rests_on(case: Case, found: Consequences | None) -> TableExhibit | Prose:
    """Where the value of the best plan without looking comes from."""
    lens = Lens(case)
    if found is None:
        return nothing("The best plan without looking is to go on.")
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
            cells=("Change of NPV from now on", within, beyond, found.change / MILLIONS),
            role="total",
        )
    )
    return table(
        [
            Column(label="Present value of what changes", style="text", weight=3),
            Column(label="To the horizon", unit="USD bn", decimals=0, sign=True),
            Column(label="Beyond it", unit="USD bn", decimals=0, sign=True),
            Column(label="Together", unit="USD bn", decimals=0, sign=True),
        ],
        rows,
        id="rests-on",
        title=f"To {found.action.name} at {found.date} takes {percent(-found.compute, 0)} of the "
        f"compute and {percent(-found.advertising, 0)} of advertising by {lens.horizon}",
        subtitle=f"{found.action.meaning[:1].upper()}{found.action.meaning[1:]} after "
        f"{found.date}; all else as assumed in {case.scenario.title}",
        source=lens.modelled(),
        reading=_rests_on(found, lens.horizon),
    )


def _rests_on(found: Consequences, horizon: int) -> str:
    last = "This is a finding about the assumptions before it is one about the company."
    if found.action.stops:
        return f"Without new compute the new products end and advertising loses its uplift. {last}"
    if found.compute >= 0.0:
        return f"The compute of {horizon} is what it would have been. {last}"
    said = [
        f"What is lost rests on curves that nobody has measured at this scale. Advertising "
        f"follows the logarithm of ads-serving compute: {percent(-found.compute, 0)} less compute "
        f"costs {percent(-found.advertising, 1)} of it."
    ]
    if found.needed < 1.0:
        said.append(
            f"New products use {percent(found.needed, 1)} of the generative compute that is left, "
            f"so their revenue does not fall; if they need large models to be trained, it would."
        )
    if found.bearable is not None:
        said.append(
            f"The {found.action.name} would be worth no more than going on if it cost "
            f"{percent(found.bearable, 0)} of what new products earn after it."
            if found.bearable <= 1.0
            else f"The {found.action.name} would be worth something even if it cost all that new "
            f"products earn."
        )
    if found.programme_capex < _NONE:
        said.append(
            f"And in {horizon} the company spends no more in all than it would without the "
            f"programme, but goes on buying accelerators where the counterfactual buys buildings "
            f"and plain servers."
        )
    return " ".join((*said, last))
