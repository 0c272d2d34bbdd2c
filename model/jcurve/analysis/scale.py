"""NPV against scale: what the plan, less of it and more of it are worth, and which size is best.

The scale is the decision: 1 is the plan, 0 spends only what is committed and maintenance. It
scales planned AI capex after the valuation date, and the rented cloud signed then; people stay
unless ``programme.scales_talent`` says otherwise. Above 1 demand for AI products is beyond what
its data presume.

    study = scale_study(jcurve.scenario("base"))
    study.best.value, study.best.low, study.best.high
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.drivers import GO_FORWARD, driver_items
from jcurve.analysis.question import Array, Ask, Question
from jcurve.analysis.sensitivity import at_value, ends
from jcurve.assumptions import Scenario
from jcurve.errors import UsageError
from jcurve.facts.readings import ELASTICITY, belief_readings
from jcurve.project import Project, find_project

__all__ = ["SCALES", "Best", "Curve", "Point", "ScaleStudy", "best_size", "scale_study", "valley"]

SCALES: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(31))
"""Where the curve is drawn: 0 to 1.5 times the plan."""

_SCALE, _TALENT, _NPV = "programme.scale", "programme.scales_talent", "npv"
_ROUNDS, _PARTS = 2, 8


@dataclass(frozen=True, slots=True)
class Point:
    """A size of the plan: scale, NPV of the programme and go-forward NPV in USD m."""

    scale: float
    npv: float
    npv_go_forward: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Go-forward NPV over the scales under another belief.

    Attributes:
        label: the belief, for a reader.
        key: the assumption that is moved.
        end: ``low``, ``high``, or ``reading``.
        value: of the assumption, for a reader.
        npv_go_forward: (scales,), USD m.
        best: the scale at which it is largest.
        at_best: go-forward NPV there, USD m.
    """

    label: str
    key: str
    end: str
    value: str
    npv_go_forward: Array
    best: float
    at_best: float


@dataclass(frozen=True, slots=True)
class Best:
    """The best size, and its range over the evidence.

    Attributes:
        value: the scale at which go-forward NPV is largest.
        npv_go_forward: there, USD m.
        low, high: smallest and largest best size with each driver at either end of its range
            and at each labelled reading of the response, one at a time.
        low_from, high_from: what gives them, in words.
        at_end: a sentence where the value lies at an end of the scales looked at, else empty.
    """

    value: float
    npv_go_forward: float
    low: float
    high: float
    low_from: str
    high_from: str
    at_end: str


@dataclass(frozen=True, slots=True)
class ScaleStudy:
    """NPV against scale.

    Attributes:
        scenario, title: which case.
        scales: (scales,), ascending.
        points: with people as planned, whatever the scale.
        talent_scaled: with the programme's people in proportion.
        plan: the point at a scale of 1.
        best: with people as planned.
        best_talent_scaled: the best size with people in proportion.
        readings: under each labelled reading of the response of advertising.
        ends: with each driver at each end of its range.
        low, high: (scales,), the least and the most of all these curves, USD m.
        valley: how deep the deepest dip between two peaks of ``points`` is, USD m; 0 where
            there is one peak.
        sentence: what a first page says of it.
    """

    scenario: str
    title: str
    scales: Array
    points: tuple[Point, ...]
    talent_scaled: tuple[Point, ...]
    plan: Point
    best: Best
    best_talent_scaled: float
    readings: tuple[Curve, ...]
    ends: tuple[Curve, ...]
    low: Array
    high: Array
    valley: float
    sentence: str
