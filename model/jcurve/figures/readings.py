"""Two readings of the evidence on the uplift, their inputs, and where the case stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve.analysis.uplift import Reading, UpliftReadings, uplift_readings
from jcurve.facts import uplift_inputs
from jcurve.figures.lens import Lens, percent
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.facts import UpliftInput
    from jcurve.project import Project

__all__ = ["readings"]

_PER_CENT = "per cent a year"
_SHOWN = 5


def readings(case: Case, project: Project) -> TableExhibit:
    """The bottom-up and the top-down reading of the yearly gain of price per ad, each with its
    inputs, beside the gain that the case assumes."""
    lens = Lens(case)
    inputs = uplift_inputs(project)
    found = uplift_readings(case, inputs)
    now = lens.first_forecast_year
    years = [year for year in found.stated if now - 3 < year <= now + _SHOWN - 3]
    first, last = found.price_quarters
    secondary = any(each.is_secondary for item in inputs.values() for each in item.evidence)
    rows = [
        Row(cells=("Bottom-up: conversion gains that the company states",), role="heading"),
        *(_input(each) for each in inputs.values() if each.reading == "bottom_up"),
        _result("Gains after overlap, times the share kept as price", found.bottom_up),
        Row(cells=("Top-down: what reported price per ad shows",), role="heading"),
        Row(
            cells=(
                f"Growth of price per ad, {lens.quarter(first)} to {lens.quarter(last)}",
                percent(found.price_growth),
                "",
                "reported",
            ),
            indent=1,
        ),
        *(_input(each) for each in inputs.values() if each.reading == "top_down"),
        _result("Growth that better ads explain", found.top_down),
        Row(cells=("This scenario: gain of price per ad",), role="heading"),
        *(
            Row(cells=(str(year), percent(found.stated[year]), "", _place(found, year)), indent=1)
            for year in years
        ),
    ]
    return table(
        [
            Column(label="", style="text", weight=3),
            Column(label="Value", style="text"),
            Column(label="Range", style="text"),
            Column(label="Rests on", style="text", weight=1),
        ],
        rows,
        id="uplift-readings",
        title=_title(found, now),
        subtitle="Yearly gain of price per ad that better ads explain",
        source=lens.source(
            "calls and posts of the company" + (", some read in secondary copies" * secondary)
        ),
        reading=_reading(found, now),
    )


def _input(each: UpliftInput) -> Row:
    def text(value: float) -> str:
        return percent(value / 100, 0) if each.unit == _PER_CENT else f"{value:g}"

    return Row(
        cells=(each.label, text(each.value), f"{text(each.low)} to {text(each.high)}", each.kind),
        indent=1,
    )


def _result(label: str, of: Reading) -> Row:
    ends = f"{percent(of.low)} to {percent(of.high)}"
    return Row(cells=(label, percent(of.value), ends, ""), role="subtotal")


def _place(found: UpliftReadings, year: int) -> str:
    if found.lies_between(year):
        return "between the two"
    return "below both" if found.stated[year] < found.bottom_up.value else "above both"


def _title(found: UpliftReadings, year: int) -> str:
    both = (
        f"{percent(found.bottom_up.value)} bottom-up and {percent(found.top_down.value)} top-down"
    )
    where = "between" if found.lies_between(year) else "against"
    return f"Price per ad gains {percent(found.stated[year])} in {year}, {where} {both}"


def _reading(found: UpliftReadings, year: int) -> str:
    return (
        "The first reading misses what is not announced; the second credits better ads with "
        "whatever else raised prices, so a sober case lies between. Gains start low because they "
        f"arrive with a lag, and fade because each doubling of compute adds less: in {year + 2} "
        f"the scenario is at {percent(found.stated[year + 2])}."
    )
