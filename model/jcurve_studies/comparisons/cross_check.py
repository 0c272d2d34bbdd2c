"""The base case beside published figures: guidance, consensus, brokers.

Lines are those of the statements, whole: what a row of them hides, none of its parts can show.
A figure outside the range that the company has guided is outside, however near its middle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from jcurve.case import Case
from jcurve.facts.registers import Evidence, evidence
from jcurve.facts.tables import Text, by_key, home_of
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where
from jcurve.ground.quarters import Quarter

TOLERANCE = 0.05  # Share of the reference by which the model may differ without an explanation

_IN_MODEL_UNITS = {"USD bn": 1e3, "thousand": 1e3, "GW": 1e3}
_YEAR = 4
_OF_QUARTER = re.compile(r"Q([1-4])_(\d\d)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A published figure beside a line of the model."""

    key: str  # names it
    label: str  # for a reader
    line: str  # line of the model that is compared, as the statements have it
    period: str  # a year, a quarter, or first and last quarter joined by a hyphen
    # a reported row to which the references are added for the quarters of the period that are
    # known, or empty
    reported: Text
    references: tuple[Evidence, ...]  # the evidence that is summed or averaged
    combine: Literal["sum", "mean"]  # ``sum`` or ``mean``
    # ``share``: within a share of the reference; ``range``: inside the evidence's own low and high;
    # ``guided``: inside the range that the company has guided
    test: Literal["share", "range", "guided"]
    explanation: Text  # why the two differ; empty where they agree


def references(project: Where = None) -> tuple[Reference, ...]:
    """Published figures that the base case is compared with, in the table's order."""
    home = home_of(project)
    known = {"references": evidence(home)}
    return tuple(by_key(home.data, "evidence/cross_check.csv", Reference, known).values())


@dataclass(frozen=True, slots=True)
class Comparison:
    """A line of the model beside what was published."""

    about: Reference  # the published figure: label, period, test, evidence and why the two differ
    unit: str  # of the values, as published
    model: float  # the model's value
    reference: float  # the published value
    low: float | None  # the ends of what was published, None where there are none
    high: float | None

    @property
    def difference(self) -> float:
        """The model over the reference, less 1; against the reference's size."""
        return (self.model - self.reference) / abs(self.reference)

    @property
    def agrees(self) -> bool:
        """Whether the model is inside the range, or within a twentieth of the reference where
        the test is a share."""
        if self.low is not None and self.high is not None and self.about.test != "share":
            return self.low <= self.model <= self.high
        return abs(self.difference) <= TOLERANCE

    @property
    def verdict(self) -> str:
        """In words, without the explanation of a miss."""
        if self.about.test == "share":
            return f"{'within' if self.agrees else 'off by more than'} {TOLERANCE:.0%}"
        whose = "guided" if self.about.test == "guided" else "published"
        return f"{'inside' if self.agrees else 'outside'} the {whose} range"


def compare(case: Case, references: Iterable[Reference]) -> tuple[Comparison, ...]:
    """Each reference beside the case's own figure.

    Raises:
        FactsError: a reference has no value, its values have several units, or it is to be held
            against a range that it has not.
    """
    return tuple(_compare(case, reference) for reference in references)


def _compare(case: Case, reference: Reference) -> Comparison:
    values = [each.value for each in reference.references]
    units = {each.unit for each in reference.references}
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values) or len(units) > 1:
        raise FactsError(
            "a comparison needs values of one unit", where=reference.key, received=sorted(units)
        )
    only = reference.references[0] if len(known) == 1 else None
    if reference.test != "share" and (only is None or only.low is None or only.high is None):
        raise FactsError("no range to hold the model against", where=reference.key)
    unit = units.pop()
    scale = _IN_MODEL_UNITS[unit]
    places = _places(case, reference.period)
    published = sum(known) / (len(known) if reference.combine == "mean" else 1)
    if reference.reported:
        row = np.where(case.row("history") > 0, case.row(reference.reported), 0.0)
        for each in reference.references:
            if found := _OF_QUARTER.fullmatch(each.as_of):  # as published, reported since or not
                row[case.assembly.timeline.index(Quarter(f"20{found[2]}Q{found[1]}"))] = 0.0
        published += float(row[places].sum()) / scale
    own = case.row(reference.line)[places]
    stock = case.assembly.model.outputs[reference.line].kind.name == "STOCK"
    model = float(own[-1] if stock else own.sum()) / scale
    low, high = (None, None) if only is None else (only.low, only.high)
    return Comparison(reference, unit, model, published, low, high)


def _places(case: Case, period: str) -> slice:
    labels = case.assembly.timeline.labels
    if len(period) == _YEAR:
        return slice(labels.index(f"{period}Q1"), labels.index(f"{period}Q4") + 1)
    first, _, last = period.partition("-")
    return slice(labels.index(first), labels.index(last or first) + 1)
