"""Questions about the case at hand: which ranges matter, and what must be true."""

from __future__ import annotations

import math
from typing import Any

from jcurve.analysis.question import Question
from jcurve.analysis.sensitivity import Swing, ranged, ranked, tornado
from jcurve.analysis.solving import Solution, solve
from jcurve.assumptions import Assumption, Path
from jcurve.assumptions.paths import DATE, SWITCH
from jcurve.figures.lens import money
from jcurve.figures.numbers import written
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import FIRST_QUARTER, Quarter
from jcurve.workbench.desk import Desk
from jcurve.workbench.moves import moved_path
from jcurve.workbench.quantities import Scale, scale_of

__all__ = ["MEASURES", "swings", "what_must_be_true"]

MEASURES = {
    "npv": "Net present value",
    "npv_within_horizon": "Net present value without terminal value",
    "unrecovered_balance": "Balance not recovered",
    "trough_amount": "Trough of the J-curve",
    "payback": "Payback",
    "irr": "Rate of return to the horizon",
    "irr_with_terminal_value": "Rate of return, value beyond included",
}
"""What a tornado can rank by."""

_SHOWN = 15
_MILLIONS = 1000.0


def swings(desk: Desk, output: str, view: str) -> dict[str, Any]:
    """The assumptions whose own range moves an output most, the others as they are.

    Returns:
        ``base`` in words and as a number; per assumption the output at its low and high.

    Raises:
        UsageError: no such output.
    """
    if output not in MEASURES:
        raise UsageError("unknown measure", received=output, allowed=", ".join(MEASURES))
    name = f"{output}.{view}"
    question = Question.of(desk.scenario, name, desk.project)
    unit = question.unit(name)
    found = tornado(question, ranged(desk.scenario), question.valid)
    top = ranked(found, name)[:_SHOWN]
    return {
        "title": MEASURES[output],
        "base": _told(found[0].base[name], unit) if found else "",
        "number": _number(found[0].base[name]) if found else None,
        "rows": [_swing(each, desk.scenario[each.key], name, unit) for each in top],
        "of": len(found),
    }


def _swing(swing: Swing, item: Assumption, name: str, unit: str) -> dict[str, Any]:
    return {
        "key": swing.key,
        "label": swing.label,
        "low": _end(item, "low"),
        "high": _end(item, "high"),
        "at_low": _number(swing.at_low[name]),
        "at_high": _number(swing.at_high[name]),
        "low_text": _told(swing.at_low[name], unit),
        "high_text": _told(swing.at_high[name], unit),
        "kind": swing.kind,
    }


def _end(item: Assumption, end: str) -> str:
    bound = item.low if end == "low" else item.high
    if isinstance(bound, Path):
        return f"{end} path"
    scale = scale_of(item)
    return f"{scale.text(float(bound or 0.0))} {scale.label}".strip()


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _told(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "no answer"
    if unit == "USD m":
        return money(value / _MILLIONS)
    if unit == "per year":
        return written(value, "percent", 1)
    return f"{value:.1f} {unit}"


def what_must_be_true(desk: Desk, key: str, target: str) -> dict[str, Any]:
    """The value of one assumption at which the target is met, all others as they are.

    Returns:
        The answer in words; ``set`` is what to set or ``move`` where to move to, if there is
        an answer.

    Raises:
        JCurveError: no such assumption or target, or one that cannot be searched.
    """
    found = solve(desk.scenario, key, target, project=desk.project)
    owner = key if key in desk.scenario else key.rpartition(".")[0]
    item = desk.scenario[owner]
    scale = scale_of(item)
    period = "" if key == owner else key.rpartition(".")[2]
    made: dict[str, Any] = {
        "key": owner,
        "period": period,
        "label": found.label,
        "goal": found.goal,
        "reason": found.reason,
        "direction": found.direction,
        "standing": found.standing,
        "jumps": found.jumps,
        "kind": found.kind,
        "source": list(found.source),
    }
    if isinstance(item.value, Path) and key == owner:
        return made | _whole_path(item, item.value, found)
    made |= {
        "unit": scale.label,
        "text": "" if found.value is None else scale.text(_rounded(found.value)),
        "present": _period_text(item, period, scale),
        "low": _bound(item.book.low, period, scale),
        "high": _bound(item.book.high, period, scale),
        "nearest": _with_unit(found.nearest, found.unit),
    }
    if found.value is not None:
        made["set"] = scale.text(_rounded(found.value))
    return made


def _rounded(value: float) -> float:
    """Six digits: as much as an answer is worth, and a text that can be read."""
    return float(f"{value:.6g}")


def _whole_path(item: Assumption, own: Path, found: Solution) -> dict[str, Any]:
    """The answer for a path that is moved as one, in the unit of its control."""
    scale = scale_of(item)
    made: dict[str, Any] = {
        "unit": scale.label,
        "text": "",
        "present": _points(own, scale),
        "low": "",
        "high": "",
        "nearest": _with_unit(found.nearest, found.unit),
    }
    for end in ("low", "high"):
        bound = item.book.low if end == "low" else item.book.high
        if isinstance(bound, Path):
            made[end] = _points(bound, scale)
    if found.value is not None:
        path = moved_path(item, own, found.value)
        made |= {"text": _points(path, scale), "set": scale.table(path)}
    return made


def _points(path: Path, scale: Scale) -> str:
    return "; ".join(f"{path.label(at)}: {scale.text(_rounded(v))}" for at, v in path.points)


def _period_text(item: Assumption, period: str, scale: Scale) -> str:
    if isinstance(item.value, Path) and period:
        return scale.text(_rounded(_in_period(item.value, period)))
    return scale.text(float(item.row()[0]))


def _bound(bound: float | Path | None, period: str, scale: Scale) -> str:
    """An end of the range with its unit, in a year where one is asked for."""
    if bound is None:
        return ""
    value = _in_period(bound, period) if isinstance(bound, Path) else bound
    return f"{scale.text(_rounded(value))} {scale.label}".strip()


def _in_period(path: Path, period: str) -> float:
    at = Quarter(period) - FIRST_QUARTER if path.by == "quarter" else int(period)
    return path.at(at)


def _with_unit(text: str, unit: str) -> str:
    return f"{text} {unit}" if text and unit not in (DATE, SWITCH) else text
