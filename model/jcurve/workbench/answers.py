"""Questions about the case at hand: what must be true, what a report shows, what moves a number.

Effects are the model's own answers to whole scenarios, not slopes: the parts of a waterfall sum
to the whole, and a driver's bar ends where its range does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.bridging import Share, bridge
from jcurve.analysis.question import Answers, Draws, Question
from jcurve.analysis.sensitivity import Swing, ranked, tornado
from jcurve.analysis.solving import Solution, solve
from jcurve.assumptions import Assumption, Path, Scenario
from jcurve.assumptions.paths import DATE, SWITCH, Value
from jcurve.case import Case
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import span
from jcurve.ground.project import Project
from jcurve.ground.quarters import FIRST_QUARTER, Quarter
from jcurve.workbench.controls import Scale, moved_path, said, scale_of
from jcurve.workbench.quantities import Quantity, quantity
from jcurve.workbench.readouts import shown
from jcurve.workbench.session import Session, owner_of
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


_SHOWN = 14
_BEYOND = 0.25  # How far beyond its range a present place is drawn, in widths of the range


def worth(session: Session, name: str, view: str, against: str) -> dict[str, Any]:
    """What each change between a case and the present state is worth.

    Returns:
        ``before`` and ``after`` with their texts, and a row a change, the largest first; the
        amounts sum to the difference.
    """
    other = session.case_of(against)
    what = quantity(name, session.case.assembly.model, view)
    start, end = other.scenario, session.scenario
    found = bridge(start, end, what.output, project=session.project)
    changed = {owner_of(key, session.start) for key in session.overrides}
    rows = [_step(each, what, start, end, changed) for each in found.shares]
    rows.sort(key=lambda row: -abs(row["amount"]))
    return {
        "title": what.title,
        "before": found.before,
        "after": found.after,
        "before_text": what.text(found.before),
        "after_text": what.text(found.after),
        "difference": what.change(found.difference) or "no difference",
        "how": _how(len(rows), found.exact),
        "rows": rows,
    }


def _how(changes: int, exact: bool) -> str:
    if changes < 2:
        return ""
    orders = f"every order of {changes} changes" if exact else "sampled orders of changes"
    return f"; the steps sum to it, each the mean over {orders}"


def _step(
    share: Share, what: Quantity, start: Scenario, end: Scenario, changed: set[str]
) -> dict[str, Any]:
    first = end[share.keys[0]]
    is_one = len(share.keys) == 1
    label = first.called if is_one else share.group.replace("_", " ").replace(".", ", ")
    says = "" if is_one else "; ".join(end[key].label for key in share.keys)
    own = not changed.isdisjoint(share.keys)
    return {
        "keys": list(share.keys),
        "label": label[:1].upper() + label[1:],
        "says": says,
        "from": shown(start[first.key], first) if is_one else "",
        "to": shown(first, start[first.key]) if is_one else f"{len(share.keys)} assumptions",
        "why": first.why if is_one and not own else "",
        "own": own,
        "amount": share.amount,
        "text": what.change(share.amount) or "nothing",
        "trend": what.better * int(np.sign(share.amount)),
    }


def attempt(
    session: Session, name: str, view: str, key: str, text: str, period: str
) -> dict[str, str]:
    """What a change would do to a quantity; it is not made."""
    what = quantity(name, session.case.assembly.model, view)
    case = session.tried(key, text, period=period)
    before, after = what.read(session.case), what.read(case)
    known = before is not None and after is not None
    change = what.change(after - before) if before is not None and after is not None else None
    told = (change or "no change") if known else "from no answer" if before is None else ""
    return {"title": what.title, "text": what.text(after), "change": told}


def swings(session: Session, name: str, view: str, *, everything: bool = False) -> dict[str, Any]:
    """What the range of each driver does to a quantity, all others as they are.

    The range is the evidence's, whatever the present value; where that stands in it is told too.

    Returns:
        ``text`` and ``number`` of the quantity; per assumption, the widest first, the quantity
        at its low and high, and the ``place`` of the present value between them, 0 to 1.
    """
    what = quantity(name, session.case.assembly.model, view)
    scenario = replace(session.scenario, items=tuple(map(_booked, session.scenario.items)))
    question = Question(scenario, (what.output,), session.project, known=session.case)
    asked = scenario.items if everything else scenario.drivers
    items = [item for item in asked if item.has_range and not item.derived]
    kept: list[NDArray[np.bool_]] = []

    def ask(draws: Draws) -> Answers:
        rows = question.rows(draws)
        kept.append(question.valid_rows(rows))
        return question.answers(rows)

    found = tornado(ask, items, lambda draws: kept[0])
    top = ranked(found, what.output)[:_SHOWN]
    number = what.read(session.case)
    return {
        "title": what.title,
        "text": what.text(number),
        "number": number,
        "rows": [_swing(each, scenario[each.key], what) for each in top],
        "of": len(found),
    }


def _booked(item: Assumption) -> Assumption:
    """An assumption with the range of its evidence, wherever its value has gone."""
    book = item.book
    if (book.low, book.high) == (item.low, item.high):
        return item
    return replace(item, low=book.low, high=book.high)


def _swing(swing: Swing, item: Assumption, what: Quantity) -> dict[str, Any]:
    at: Mapping[str, float] = {"low": swing.at_low[what.output], "high": swing.at_high[what.output]}
    made: dict[str, Any] = {"key": swing.key, "label": item.called, "says": item.label}
    for end, value in at.items():
        made[end] = _end(item, end)
        made[f"at_{end}"] = value if math.isfinite(value) else None
        broken = "breaks a rule" if end in swing.broken else "no answer"
        made[f"{end}_text"] = what.text(value) if math.isfinite(value) else broken
    return made | {"now": shown(item), "place": _place(item)}


def _end(item: Assumption, end: str) -> str:
    bound = item.low if end == "low" else item.high
    if isinstance(bound, Path):
        return f"{end} path"
    return scale_of(item).said(float(bound or 0.0))


def _place(item: Assumption) -> float:
    """Where the value lies between low and high, of a path in the mean of its periods."""
    low, high, value = item.lows(), item.highs(), item.row()
    open_ = high > low
    share = float(((value - low)[open_] / (high - low)[open_]).mean())
    return min(max(share, -_BEYOND), 1.0 + _BEYOND)
