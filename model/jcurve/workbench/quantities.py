"""What a card, a tornado, a waterfall or a goal may be about.

``npv`` is a result in the view that is looked at; ``earnings_per_share@with:2028`` is a line's
year, in a world or a view. A quantity says what it is called, what it is in a case, and how that
is written; where the number comes from is the case's business.

>>> from jcurve.company import model
>>> quantity("earnings_per_share@with:2028", model().model, "programme").title
'Earnings per share 2028'
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from jcurve.case import Case
from jcurve.engine.line import Kind
from jcurve.engine.model import Model, RowKey
from jcurve.evaluation.naming import figure_label, key_of
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import amount, change
from jcurve.workbench.words import CHOICES

HEADLINES: Mapping[str, int] = CHOICES["headlines"]
MEASURES: Sequence[str] = CHOICES["measures"]

_LESS = frozenset({"quarters_under_water", "price_over_value", "position_loss"})
_WORLDS = MappingProxyType({"without": "without AI", "stopped": "if it stopped now"})
_SIDES = MappingProxyType({"programme": "with against without AI", "go_forward": "going on"})
_DIGITS = 3  # of a headline

_SEEN = MappingProxyType({"USD m": 0.5, "per year": 5e-5, "share": 5e-5, "years": 0.05})
_LEAST = 0.005  # From which size on a change is told, by unit and of all others

_SHOWN = MappingProxyType({"USD m": "USD bn", "per year": "percent per year", "share": "percent"})
"""The unit in which a quantity is typed, where it is not the model's."""

_BARE = re.compile(r"[+\-\u2212]?[\d,.]+", re.ASCII)


@dataclass(frozen=True)
class Quantity:
    """A number of a case."""

    name: str  # as it is asked for
    title: str  # in words; ``beside`` which company or view, where it is not the company's own
    beside: str
    unit: str  # the model's
    better: int  # 1 where more is better, -1 where less is, 0 where neither
    key: RowKey  # the row, and which year of a line
    year: str

    @property
    def output(self) -> str:
        """The name by which :class:`~jcurve.analysis.question.Question` asks for it."""
        row, tag = self.key
        if self.year:
            return f"{self.line}:{self.year}"
        return f"{row}.{tag}" if tag else row

    @cached_property
    def line(self) -> str:
        """The name by which a case traces it."""
        return f"{self.key[0]}@{self.key[1]}" if self.key[1] else self.key[0]

    def read(self, case: Case) -> float | None:
        """The number in a case, None where it has none."""
        if self.year:
            at = case.assembly.timeline.year_index(self.year)
            value = float(case.year(self.key[0], self.key[1] or None)[at])
        else:
            value = float(case.row(self.key[0], self.key[1] or None)[0])
        return None if np.isnan(value) else value

    def target(self, text: str) -> tuple[str, str]:
        """A goal for it, and in words: ``npv.programme=0 USD bn``; a bare number is in the unit
        that is shown."""
        words, unit = text.strip(), _SHOWN.get(self.unit, "")
        if unit and _BARE.fullmatch(words):
            words = f"{words} {unit}"
        return f"{self.output}={words}", f"{self.title} = {words}"

    def text(self, value: float | None) -> str:
        """A value for a reader."""
        if value is None or not np.isfinite(value):
            return "no answer"
        return amount(value, self.unit, _DIGITS)

    def change(self, value: float) -> str | None:
        """A change with its sign; None where it is not seen in the digits shown."""
        seen = abs(value) >= _SEEN.get(self.unit, _LEAST)
        return change(value, self.unit, _DIGITS) if seen else None


def quantity(name: str, model: Model, view: str) -> Quantity:
    """The quantity of a name.

    Args:
        name: a result, or ``line:2028``, either with ``@world`` or ``@view``.
        model: the lines.
        view: in which a result stands that names none.
    """
    row, _, year = name.partition(":")
    head = row.partition("@")[0]
    key = key_of(model, row, None if year or head not in model.viewed else view)
    made = model.outputs.get(key[0])
    is_result = made is not None and made.kind is Kind.RESULT
    if made is None or is_result == bool(year):
        raise UsageError(
            "a result has one value, a line one a year",
            received=name,
            allowed="npv, earnings_per_share@with:2028",
        )
    if year and not (year.isdecimal() and len(year) == 4):
        raise UsageError("not a year", received=year, allowed="such as 2028")
    better = HEADLINES.get(key[0], -1 if key[0] in _LESS else 1)
    title = f"{_title(key[0])} {year}".strip()
    beside = (_WORLDS | _SIDES).get(key[1], "") if year else ""
    return Quantity(name, title, beside, made.unit.name, 0 if year else better, key, year)


def catalogue(model: Model) -> list[dict[str, Any]]:
    """Every result of a view and every line, for a search: ``name``, ``title``, ``says`` and
    whether it ``has_years``, and the ``unit`` in which it is typed."""
    made = []
    for name, output in model.outputs.items():
        is_result = output.kind is Kind.RESULT
        if (
            output.status_of
            or name.startswith("check_")
            or (is_result and name not in model.viewed)
        ):
            continue
        says = output.definition.partition(". ")[0].replace("*", "")
        unit = output.unit.name
        about = {"name": name, "title": _title(name), "says": says, "has_years": not is_result}
        made.append(about | {"unit": _SHOWN.get(unit, unit)})
    return made


def _title(row: str) -> str:
    """A row's name as a reader knows it."""
    return figure_label(row.replace(".", ", "))
