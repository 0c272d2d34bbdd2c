"""Questions about the case at hand: what must be true, what a report shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from jcurve.analysis.question import Question
from jcurve.analysis.solving import Solution, solve
from jcurve.assumptions import Path
from jcurve.assumptions.paths import DATE, SWITCH, Value
from jcurve.case import Case
from jcurve.engine.model import VIEWS
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import MILLIONS, highest, money, span
from jcurve.ground.project import Project
from jcurve.ground.quarters import FIRST_QUARTER, Quarter
from jcurve.workbench.controls import Scale, moved_path, said, scale_of
from jcurve.workbench.live_charts import VIEW_TITLES
from jcurve.workbench.session import Session
from jcurve.workbench.words import CHOICES

EXHIBITS: Mapping[str, tuple[str, str, str]] = CHOICES["exhibits"]
"""What can be drawn: its name in the choice, and the module and function that draw it."""


def what_must_be_true(session: Session, key: str, target: str) -> dict[str, Any]:
    """The value of one assumption at which the target is met, all others as they are.

    Returns:
        The answer in words; ``set`` is what to set or ``move`` where to move to, if there is
        an answer.
    """
    found = solve(session.scenario, key, target, project=session.project)
    owner = key if key in session.scenario else key.rpartition(".")[0]
    item = session.scenario[owner]
    scale = scale_of(item)
    period = "" if key == owner else key.rpartition(".")[2]
    names = ("goal", "reason", "direction", "standing", "jumps", "kind")
    made: dict[str, Any] = {name: getattr(found, name) for name in names}
    made |= {"label": item.called, "key": owner, "period": period, "source": [*found.source]}
    low, high = (_bound(each, period, scale) for each in (item.book.low, item.book.high))
    made |= {
        "text": "",
        "present": _bound(item.value, period, scale),
        "range": span(low, high) if low and high else "",
    }
    if isinstance(item.value, Path) and key == owner:
        bare = not found.nearest or found.unit in (DATE, SWITCH)
        made["nearest"] = found.nearest if bare else f"{found.nearest} {found.unit}"
        if found.value is not None:
            path = moved_path(item, item.value, found.value)
            made |= {"text": said(path, scale), "set": scale.override(path)}
        return made
    made["nearest"] = _nearest(found, scale)
    if found.value is not None:
        # Six digits: as much as an answer is worth, and a text that can be read.
        value = float(f"{found.value:.6g}")
        made |= {"text": scale.said(value), "set": scale.text(value)}
    return made


def _bound(bound: Value | None, period: str, scale: Scale) -> str:
    """A value or an end of a range with its unit, in a year where one is asked for."""
    if bound is None or bound == ():
        return ""
    if isinstance(bound, tuple):
        return scale.said(bound[-1].life)
    if isinstance(bound, Path) and period:
        at = Quarter(period) - FIRST_QUARTER if bound.by == "quarter" else int(period)
        return scale.said(bound.at(at))
    return said(bound, scale)


def _nearest(found: Solution, scale: Scale) -> str:
    """The value that comes nearest, in the unit of its control."""
    try:
        return scale.said(float(found.nearest.replace(",", "")))
    except ValueError:
        return found.nearest


def exhibit(name: str, case: Case, view: str, project: Project) -> dict[str, Any]:
    """An exhibit of the report for a case, in a view.

    Returns:
        ``title``, ``subtitle``, ``svg``, ``alt``, ``reading`` and ``source`` as texts, and the
        ``hash`` of the scenario that it shows; without a drawing where there is nothing to show.
    """
    from jcurve.figures.display import Prose, words
    from jcurve.figures.lens import Lens

    if name not in EXHIBITS:
        raise UsageError.not_among("unknown exhibit", name, EXHIBITS, allowed="")
    title, module, function = EXHIBITS[name]
    made = getattr(import_module(f"jcurve.figures.{module}"), function)(Lens(case, view, project))
    shown: dict[str, Any] = {"hash": case.scenario.hash, "view": view, "title": title}
    if isinstance(made, Prose):
        empty = dict.fromkeys(("subtitle", "svg", "alt", "source"), "")
        return {**shown, **empty, "reading": made.plain()}
    texts = {name: getattr(made, name) for name in ("title", "subtitle", "svg", "alt", "source")}
    return {**shown, **texts, "reading": words(made.reading)}


_SCALES = np.linspace(0.0, 1.5, 25)
_SCALE = "programme.scale"


def against_scale(case: Case, base: Case, project: Project) -> dict[str, Any]:
    """NPV against the size of the plan, in both views, as a picture with the base behind it."""
    outputs = {f"npv.{view}": view for view in VIEWS}
    x = [float(f"{scale:.6g}") for scale in _SCALES]

    def curves(each: Case, beside: str = "", look: str = "") -> list[dict[str, Any]]:
        asked = Question(each.scenario, tuple(outputs), project, known=each)
        rows = asked({_SCALE: _SCALES})
        return [
            {
                "label": f"{VIEW_TITLES[view]}{beside}",
                "look": look or f"now {view}",
                "x": x,
                "y": [_bn(value) for value in rows[name]],
            }
            for name, view in outputs.items()
        ]

    own = curves(case)
    same = case.scenario.hash == base.scenario.hash
    others = [] if same else curves(base, ", base", "base")
    (found,) = [each["y"] for each in own if each["look"] == "now go_forward"]
    going_on = [-math.inf if y is None else y for y in found]
    best = highest(going_on)
    words = f"Best size of going on {x[best]:g}×: {money(going_on[best])}"
    return {
        "title": "NPV against the size of the plan",
        "what": "USD bn, people as planned; 1× is the plan",
        "axis": "×", "first": x[0], "last": x[-1], "today": None, "percent": False,
        "by_year": False, "curves": [*others, *own], "alt": f"{words}.",
        "marks": [{"x": x[best], "y": going_on[best], "text": words, "below": False}],
    }  # fmt: skip


def _bn(value: float) -> float | None:
    return float(f"{value / MILLIONS:.7g}") if math.isfinite(value) else None
