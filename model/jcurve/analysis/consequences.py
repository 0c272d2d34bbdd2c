"""What an action at a review changes, item by item: where the change of its value comes from.

The value of an action at the scenario as assumed, split into capex that is not spent, revenue
that is lost, costs and taxes that fall away, within the horizon and beyond it. Beside it stands
what decides it: how much compute goes, how much advertising goes with it, and whether new
products would feel it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.question import Answers, Array, Question
from jcurve.analysis.staged import PLAN, Action, acted
from jcurve.assumptions import Scenario
from jcurve.engine.timeline import QUARTERS_IN_YEAR
from jcurve.errors import UsageError
from jcurve.project import Project

__all__ = ["Consequences", "Item", "consequences"]

_NOTHING = 1e-3
"""USD m: less is rounding."""
_FLOWS = ("capex", "advertising", "revenue", "ebitda", "operating_cash_tax")
_WHOLE = "incremental_free_cash_flow.go_forward:quarter"
_RESULTS = ("npv.go_forward", "terminal_value.go_forward")
_DEMAND = "channel.addressable."
_LEVELS = ("compute_in_service@with:quarter", "advertising@with:year", "capex@with:year")


@dataclass(frozen=True, slots=True)
class Item:
    """One part of the change.

    Attributes:
        name: in words.
        within, beyond: present value of the change up to the horizon, and after it, USD m.
    """

    name: str
    within: float
    beyond: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.within + self.beyond


@dataclass(frozen=True, slots=True)
class Consequences:
    """What an action at a date does, everything else as assumed.

    Attributes:
        action, date: which.
        items: parts of the change of the value from now on; they sum to it.
        change: of NPV from now on, USD m.
        compute, advertising: share by which they are lower in the last quarter and year.
        needed: share of generative compute that new products use in the last quarter after
            the action; below 1 they feel nothing of it.
        bearable: share of new products' revenue after the review that the action could cost
            before it is worth nothing, about; None where it is worth nothing as it is.
        programme_capex: what the company then spends in the last year beyond the
            counterfactual, USD m.
    """

    action: Action
    date: str
    items: tuple[Item, ...]
    change: float
    compute: float
    advertising: float
    needed: float
    bearable: float | None
    programme_capex: float


def consequences(
    scenario: Scenario, action: Action, date: str, *, project: Project | None = None
) -> Consequences:
    """What an action changes at the scenario itself.

    Args:
        scenario: of which.
        action: from :func:`jcurve.analysis.staged.actions_for`.
        date: the quarter of the review, after the valuation date.
        project: where the model's data are.

    Raises:
        UsageError: the date is not after the valuation date.
    """
    needs = tuple(
        f"channel_compute_need.{member}@with:quarter"
        for member in Question.of(scenario, (), project).case.assembly.company.sets["channel"]
    )
    outputs = (
        *_RESULTS,
        *(f"{line}@go_forward:quarter" for line in _FLOWS),
        _WHOLE,
        "discount_factor:quarter",
        *_LEVELS,
        "capex@without:year",
        "generative_compute@with:quarter",
        *needs,
        *PLAN,
    )
    question = Question.of(scenario, outputs, project)
    at = question.case.assembly.timeline.index(date)
    if at <= question.valued_at:
        raise UsageError("a review comes after the valuation date", received=date)
    rows = question.rows({})
    before = question.answers(rows)
    made = acted(question, rows, action, at, before)
    after = question.answers(made)
    change = _last(after, _RESULTS[0]) - _last(before, _RESULTS[0])
    items = _items(question, before, after)
    compute, advertising, _ = (_last(after, name) / _last(before, name) - 1.0 for name in _LEVELS)
    generative = _last(after, "generative_compute@with:quarter")
    return Consequences(
        action,
        date,
        items,
        change,
        compute,
        advertising,
        sum(_last(after, name) for name in needs) / generative if generative > 0.0 else 1.0,
        _bearable(question, made, at, change, before),
        _last(after, "capex@with:year") - _last(after, "capex@without:year"),
    )


def _bearable(
    question: Question, made: Mapping[str, Array], at: int, change: float, before: Answers
) -> float | None:
    """The value is very nearly linear in the demand for new products, so two points tell."""
    quarter = np.arange(len(question.case.assembly.timeline))[:, None]
    without = {
        key: np.where(quarter > at, 0.0, row) if key.startswith(_DEMAND) else row
        for key, row in made.items()
    }
    least = _last(question.answers(without), _RESULTS[0]) - _last(before, _RESULTS[0])
    return change / (change - least) if change > max(least, 0.0) else None


def _items(question: Question, before: Answers, after: Answers) -> tuple[Item, ...]:
    """The change of each flow, valued; what is left over is the last item."""
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
    change = _last(after, _RESULTS[1]) - _last(before, _RESULTS[1])
    flow = _end(moved[_WHOLE])
    beyond = change / flow if flow else 0.0
    items = (
        Item(name, float((row * discount * later).sum()), beyond * _end(row))
        for name, row in parts.items()
    )
    return tuple(item for item in items if abs(item.within) + abs(item.beyond) > _NOTHING)


def _end(row: Array) -> float:
    """The last four quarters, which a perpetuity goes on from."""
    return float(row[-QUARTERS_IN_YEAR:, 0].sum())


def _last(answers: Answers, name: str) -> float:
    return float(np.ravel(answers[name])[-1])
