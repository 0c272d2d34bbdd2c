"""``docs/j-curve.svg`` and ``docs/npv-and-size.svg``: the J-curve of three scenarios, and what
each size of the plan is worth in them and at three readings of the response."""

from __future__ import annotations

import numpy as np

from jcurve.analysis.question import Question
from jcurve.assumptions import Scenario, scenario
from jcurve.case import Case, evaluate
from jcurve.figures import Exhibit, chart, plotting, style
from jcurve.figures.svg import size
from jcurve.ground.project import Project
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve_studies.pages.study import Study

_ROLES = {"bull": "high", "base": "programme", "bear": "low"}
_BILLION = 1000.0
_FIRST_TICK = 2024
_RESPONSE = "advertising.compute_elasticity"
_SIZES = tuple(step / 10 for step in range(16))


def curves(study: Study) -> str:
    """Cumulative incremental free cash flow of base, bear and bull, as SVG on white."""
    cases = {name: evaluate(name, project=study.project) for name in _ROLES}
    drawn = {name: _curve(case) for name, case in cases.items()}
    with style.house():
        figure, axes = style.plot(height=72)
        for name, role in _ROLES.items():
            plotting.line(axes, *drawn[name], role, cases[name].scenario.title)
        axes.set_xticks(range(_FIRST_TICK, int(drawn["base"][0][-1]), 2))
        style.numbers(axes.yaxis)
        style.numbers(axes.xaxis, "plain")
        style.zero_line(axes)
        style.forecast_from(axes, Quarter(cases["base"].data_through).end)
        plotting.label_ends(axes)
    lowest = ", ".join(
        f"{cases[name].scenario.title} {min(heights):,.0f}" for name, (_, heights) in drawn.items()
    )
    return _on_white(
        chart(
            figure,
            id="jcurve",
            title="The J-curve",
            source="the model",
            alt=f"Cumulative free cash flow of the AI programme in USD bn; lowest: {lowest}.",
            reading=(),
        )
    )


def sizes(study: Study) -> str:
    """NPV from today over the size of the plan: three scenarios, and three responses of the base
    case, as SVG on white."""
    project = study.project
    base = study.base.scenario
    item = base[_RESPONSE]
    responses = (float(item.lows()[0]), float(item.row()[0]), float(item.highs()[0]))
    left = {
        f"{name.capitalize()} case": (role, _worth(scenario(name, project=project), project))
        for name, role in _ROLES.items()
    }
    right = {
        f"Response {value:g}": (role, _worth(base, project, value))
        for value, role in zip(responses, ("low", "programme", "high"), strict=True)
    }
    with style.house():
        figure, panels = style.panels(1, 2, height=66, gap=0.45, share_y=True)
        titles = ("Three scenarios, USD bn", "Base case at three responses, USD bn")
        for axes, lines, title in zip(panels, (left, right), titles, strict=True):
            for name, (role, worth) in lines.items():
                plotting.line(axes, [100 * size for size in _SIZES], worth, role, name)
            axes.set_xlim(0, 100 * _SIZES[-1])
            axes.set_xlabel("% of the plan")
            axes.axvline(100, color=style.MUTED, linewidth=0.6, linestyle=(0, (2, 2)))
            style.numbers(axes.yaxis)
            style.zero_line(axes)
            axes.set_title(title)
            plotting.label_ends(axes)
    plan = _SIZES.index(1.0)
    told = ", ".join(f"{name} {worth[plan]:,.0f}" for name, (_, worth) in (left | right).items())
    return _on_white(
        chart(
            figure,
            id="npv-and-size",
            title="NPV from today over the size of the plan",
            source="the model",
            alt=f"NPV from today in USD bn over the size of the plan; at the plan: {told}.",
            reading=(),
        )
    )


def _worth(given: Scenario, project: Project, response: float | None = None) -> list[float]:
    """NPV from today in whole USD bn at each size."""
    draws = {"programme.scale": np.array(_SIZES)}
    if response is not None:
        draws[_RESPONSE] = np.array([response])
    found = Question.of(given, "npv.go_forward", project)(draws)["npv.go_forward"]
    return [float(round(value / _BILLION)) for value in found]


def _on_white(drawn: Exhibit) -> str:
    """On paper, without what a pointer would find: nobody can point into a picture of a page."""
    box = size(drawn.svg)
    paper = f'<rect width="{box.width:g}" height="{box.height:g}" fill="#ffffff"/>'
    head, close, body = drawn.svg.partition(">")
    body, end, _ = body.partition('<g fill="none" pointer-events="all"')
    return f"{head}{close}{paper}{body}{'</svg>' * bool(end)}\n"


def _curve(case: Case) -> tuple[list[float], list[float]]:
    """Year and USD bn at each quarter's end from the programme's start, whole billions: a
    last bit that differs between machines does not redraw the picture."""
    row = case.row("cumulative_free_cash_flow", "programme")
    labels = case.assembly.timeline.labels
    start = labels.index(case.headlines()["programme"]["view_start"]["value"])
    ends = [label.end for label in labels[start:]]
    heights = [float(round(value / _BILLION)) for value in row[start:]]
    return [ends[0] - 1 / QUARTERS_IN_YEAR, *ends], [0.0, *heights]
