"""What an action at a review changes, item by item, on the curve on which it is one point.

The value of an action at the scenario as assumed, split into capex that is not spent, revenue
that is lost, costs and taxes that fall away, within the horizon and beyond it. Beside it stands
what decides it: how much compute goes, how much advertising goes with it, and whether AI products
would feel it. And since an action is a choice of how much to spend, the same change of value is
given for every part of the plan after the review: an action is never shown without that curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.question import Answers, Array, Question
from jcurve.analysis.staged import ACTIONS, SCALE, Action, Staged, acted, scaled
from jcurve.assumptions import Scenario
from jcurve.ground.project import Project

_NOTHING = 1e-3  # USD m: less is rounding
_FLOWS = ("capex", "advertising", "revenue", "ebitda", "operating_cash_tax")
_WHOLE = "incremental_free_cash_flow.go_forward:quarter"
_NPV, _BEYOND = "npv.go_forward", "terminal_value.go_forward"
_DEMAND = ("demand.agents", "demand.assistant", "demand.other")
_LEVELS = ("compute_in_service@with:quarter", "advertising@with:year")
_PRODUCTS = ("product_compute@with:quarter", "product_compute_need@with:quarter")
_FACTORS = np.linspace(0.0, 1.5, 13)  # Parts of the plan after the review on the curve


@dataclass(frozen=True, slots=True)
class Item:
    """One part of the change."""

    name: str
    # within, beyond: present value of the change up to the horizon, and after it, USD m
    within: float
    beyond: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.within + self.beyond


@dataclass(frozen=True, slots=True)
class Consequences:
    """What an action at a date does, everything else as assumed."""

    action: Action  # action, date: which
    date: str
    items: tuple[Item, ...]  # parts of the change of the value from now on; they sum to it
    change: float  # of NPV from now on, USD m
    # part of planned spending that is made after the review, for as long as the action lasts, and
    # the change of NPV from now on that it makes, USD m; 1 is the plan
    curve: tuple[tuple[float, float], ...]
    # compute, advertising: share by which they are lower in the last quarter and year
    compute: float
    advertising: float
    # share of the compute that AI products ask for in the last quarter that they get after the
    # action
    served: float
    # share of demand for AI products after the review that the action could cost before it is
    # worth nothing, about; None where it is worth nothing as it is
    bearable: float | None


def consequences(
    scenario: Scenario, action: Action, date: str, *, project: Project | None = None
) -> Consequences:
    """What an action changes at the scenario itself.

    Args:
        action: from :data:`jcurve.analysis.staged.ACTIONS`.
        date: the quarter of the review, after the valuation date.
    """
    flows = tuple(f"{line}@go_forward:quarter" for line in _FLOWS)
    outputs = (_NPV, _BEYOND, *flows, _WHOLE, "discount_factor:quarter", *_LEVELS, *_PRODUCTS)
    question = Question.of(scenario, outputs, project)
    at = question.case.assembly.timeline.index(date)
    rows = question.rows({})
    before = question.answers(rows)
    made = acted(question, rows, action, at)
    after = question.answers(made)
    change = _last(after, _NPV) - _last(before, _NPV)
    compute, advertising = (_last(after, name) / _last(before, name) - 1.0 for name in _LEVELS)
    given, asked = (_last(after, name) for name in _PRODUCTS)
    return Consequences(
        action,
        date,
        _items(question, before, after),
        change,
        _curve(question, rows, at, action.quarters, _last(before, _NPV)),
        compute,
        advertising,
        given / asked if asked > 0.0 else 1.0,
        _bearable(question, made, at, change, before),
    )


def of_best_plan(
    scenario: Scenario, found: Staged, *, project: Project | None = None
) -> Consequences:
    """Where the value of the best plan without looking comes from, and of a cut at the first review
    where that plan is to go on."""
    name, date = found.fixed_plan or ("cut", found.dates[0])
    action = next(each for each in ACTIONS if each.name == name)
    return consequences(scenario, action, date, project=project)


def _curve(
    question: Question, rows: Mapping[str, Array], at: int, quarters: int, before: float
) -> tuple[tuple[float, float], ...]:
    """The change of value by the part of the plan that is spent after the review."""
    whole = {**rows, SCALE: scaled(question, rows, at, _FACTORS, quarters)}
    asked = Question.of(question.scenario, _NPV, question.project)
    found = np.broadcast_to(asked.answers(whole)[_NPV], _FACTORS.shape)
    return tuple(
        (float(factor), float(value) - before)
        for factor, value in zip(_FACTORS, found, strict=True)
    )


def _bearable(
    question: Question, made: Mapping[str, Array], at: int, change: float, before: Answers
) -> float | None:
    """The value is very nearly linear in the demand for AI products, so two points tell."""
    quarter = np.arange(len(question.case.assembly.timeline))[:, None]
    without = {
        key: np.where(quarter > at, 0.0, row) if key in _DEMAND else row
        for key, row in made.items()
    }
    least = _last(question.answers(without), _NPV) - _last(before, _NPV)
    return change / (change - least) if change > max(least, 0.0) else None


def _items(question: Question, before: Answers, after: Answers) -> tuple[Item, ...]:
    """The change of each flow, valued; what is left over is the last item within the horizon.
    Beyond it each world has its own steady state, which no flow of the last year stands for."""
    moved = {
        name: after[name] - before[name]
        for name in (*(f"{line}@go_forward:quarter" for line in _FLOWS), _WHOLE)
    }
    capex, advertising, revenue, ebitda, tax = (
        moved[f"{line}@go_forward:quarter"] for line in _FLOWS
    )
    parts: Mapping[str, Array] = {
        "Capex not spent": -capex,
        "Advertising": advertising,
        "Other revenue": revenue - advertising,
        "Operating costs": ebitda - revenue,
        "Tax": -tax,
        "Working capital, stakes and rest": moved[_WHOLE] - (ebitda - capex - tax),
    }
    discount = before["discount_factor:quarter"]
    later = np.arange(len(discount))[:, None] > question.valued_at
    items = [Item(name, float((row * discount * later).sum()), 0.0) for name, row in parts.items()]
    beyond = _last(after, _BEYOND) - _last(before, _BEYOND)
    items.append(Item("Steady state beyond the horizon", 0.0, beyond))
    return tuple(item for item in items if abs(item.within) + abs(item.beyond) > _NOTHING)


def _last(answers: Answers, name: str) -> float:
    return float(np.ravel(answers[name])[-1])
