"""The elasticity of advertising to ranking compute as history has it, beside its placebos."""

from __future__ import annotations

from jcurve.figures.exhibit import Column, Row, TableExhibit, heading, table
from jcurve.ground.numbers import percent, written
from jcurve_studies.comparisons.response import Fit, Line, Study


def response_fit(study: Study) -> TableExhibit:
    """Each fit through the origin and with a constant, then what the same arithmetic gives where
    there can be no response; a standard error stands only in a row that says what it is worth."""
    slopes = [each.constant.slope for each in study.readings if each.constant is not None]
    low, high = min(slopes), max(slopes)
    false = [each.constant.slope for each in study.placebos if each.constant is not None]
    most = max(false)
    return table(
        [
            ("", 2.4),
            Column(label="Slope", group="Through the origin", style="text"),
            Column(label="Constant", unit="points a year", group="With a constant", style="text"),
            Column(label="Slope", group="With a constant", style="text"),
            ("What it says", 3),
        ],
        [
            heading("The company's growth less its market's, on growth of compute"),
            *map(_row, study.readings),
            heading("Placebos: the same arithmetic where nothing should be found"),
            *map(_row, study.placebos),
            Row.of(
                "Random paths of compute, as persistent",
                f"{_number(study.random_origin[0])} ± {_number(study.random_origin[1])}",
                "", f"{percent(study.steeper, 0)} as steep",
                "Mean and spread of the slopes through the origin; share of the slopes with a "
                "constant that reach the first line's", indent=1,
            ),
        ],
        id="response-fit",
        title=f"History reads an elasticity of {_number(low)} to {_number(high)}, and up to "
        f"{_number(most)} where there can be none",
        subtitle=f"Elasticity of advertising to ranking compute, growth on the year of "
        f"{len(study.quarters)} overlapping quarters, {study.quarters[0]} to {study.quarters[-1]}. "
        "In brackets: plain standard error; standard error for overlapping quarters (HAC)",
        source="reported advertising of the company, Google and Amazon; compute as modelled from "
        "reported capex",
        reading="Through the origin the slope is the mean gap over the mean growth of compute and "
        "carries no information on response. With a constant it rests on one acceleration. "
        f"{study.placebos[-1].says}. The elasticity is a belief, and no standard error here makes "
        "it a measurement.",
        dense=True,
    )  # fmt: skip


def _row(line: Line) -> Row:
    cells = (line.label, _slope(line.origin), *_constant(line.constant), line.says)
    return Row.of(*cells, indent=1)


def _constant(fit: Fit | None) -> tuple[str, str]:
    if fit is None or fit.constant is None or fit.constant_error is None:
        return "", ""
    beside = ""
    if fit.control is not None and fit.control_error is not None:
        beside = f"; Google {written(fit.control, decimals=1)} ({fit.control_error:.1f})"
    points = f"{written(fit.constant, decimals=1)} ({fit.constant_error:.1f})"
    return points, _slope(fit) + beside


def _slope(fit: Fit) -> str:
    return f"{_number(fit.slope)} ({fit.error:.3f}; {fit.hac:.3f})"


def _number(value: float) -> str:
    return written(value, decimals=3)
