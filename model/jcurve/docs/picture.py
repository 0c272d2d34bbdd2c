"""``docs/j-curve.svg``: the J-curve of three scenarios, for the README."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve.case import evaluate
from jcurve.figures import chart, style
from jcurve.figures.svg import size

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.project import Project

__all__ = ["page"]

_ROLES = {"bull": "high", "base": "programme", "bear": "low"}
_BILLION = 1000.0
_QUARTERS = 4
_FIRST_TICK = 2024


def page(project: Project) -> str:
    """Cumulative incremental free cash flow of base, bear and bull, as SVG on white."""
    cases = {name: evaluate(name, project=project) for name in _ROLES}
    curves = {name: _curve(case) for name, case in cases.items()}
    with style.house():
        figure, axes = style.plot(height=72)
        for name, role in _ROLES.items():
            style.line(axes, *curves[name], role, cases[name].scenario.title)
        axes.set_xticks(range(_FIRST_TICK, int(curves["base"][0][-1]), 2))
        style.numbers(axes.yaxis)
        style.numbers(axes.xaxis, "plain")
        style.zero_line(axes)
        style.forecast_from(axes, _years_end(cases["base"].data_through))
        style.label_ends(axes)
    lowest = ", ".join(
        f"{cases[name].scenario.title} {min(heights):,.0f}" for name, (_, heights) in curves.items()
    )
    drawn = chart(
        figure,
        id="jcurve",
        title="The J-curve",
        source="the model",
        alt=f"Cumulative free cash flow of the AI programme in USD bn; lowest points: {lowest}.",
    )
    box = size(drawn.svg)
    paper = f'<rect width="{box.width:g}" height="{box.height:g}" fill="#ffffff"/>'
    head, close, body = drawn.svg.partition(">")
    return f"{head}{close}{paper}{body}\n"


def _curve(case: Case) -> tuple[list[float], list[float]]:
    """Year and USD bn at each quarter's end from the programme's start, whole billions: a
    last bit that differs between machines does not redraw the picture."""
    row = case.row("cumulative_free_cash_flow", "programme")
    labels = case.assembly.timeline.labels
    start = labels.index(case.headlines()["programme"]["view_start"]["value"])
    ends = [_years_end(label) for label in labels[start:]]
    heights = [float(round(value / _BILLION)) for value in row[start:]]
    return [ends[0] - 1 / _QUARTERS, *ends], [0.0, *heights]


def _years_end(quarter: str) -> float:
    """2026.5 for the end of ``2026Q2``."""
    year, _, number = quarter.partition("Q")
    return int(year) + int(number) / _QUARTERS
