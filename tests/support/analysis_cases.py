"""Small scenarios and questions whose answers are known, in the shape of the model's own."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jcurve.analysis.sampling import Plan
from jcurve.assumptions import Assumption, Scenario, batch, valid_mask
from jcurve.assumptions.paths import Path

Array = np.ndarray[Any, np.dtype[np.float64]]
YEARS = tuple(range(2012, 2041))


def assumption(
    key: str,
    low: float | Path | None,
    value: float | Path,
    high: float | Path | None,
    distribution: str = "pert",
    **more: Any,
) -> Assumption:
    """An assumption with a range."""
    return Assumption(
        key=key,
        unit=more.pop("unit", "x"),
        value=value,
        low=low,
        high=high,
        bounds=more.pop("bounds", (-1e9, 1e9)),
        distribution=distribution,
        label=key,
        kind="judgement",
        as_of=datetime.date(2026, 11, 1),
        rationale="A test.",
        **more,
    )


def scenario_of(*items: Assumption, name: str = "small") -> Scenario:
    """A scenario of these assumptions and nothing else."""
    return Scenario(name=name, title=name, story="", extends=None, items=items)


@dataclass(frozen=True)
class Toy:
    """A question whose answer is a function of the draws' rows; hashed like the real one."""

    scenario: Scenario
    function: Callable[[Mapping[str, Array]], Array]
    chunk: int = 2048
    outputs: tuple[str, ...] = ("npv",)
    years: tuple[int, ...] = YEARS

    def rows(self, draws: Mapping[str, Array]) -> dict[str, Array]:
        return batch(self.scenario, draws)

    def valid_rows(self, rows: Mapping[str, Array]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        return valid_mask(self.scenario, rows)

    def answers(self, rows: Mapping[str, Array]) -> dict[str, Array]:
        return dict.fromkeys(self.outputs, self.function(rows))

    def __call__(self, draws: Mapping[str, Array]) -> dict[str, Array]:
        return self.answers(self.rows(draws))


def toy_plan(
    function: Callable[[Mapping[str, Array]], Array],
    *items: Assumption,
    level: int = 8,
    chunk: int = 2048,
    outputs: tuple[str, ...] = ("npv",),
    **more: Any,
) -> Plan:
    """A simulation of a function of the rows of these assumptions."""
    toy: Any = Toy(scenario_of(*items), function, chunk, outputs)
    return Plan(toy, level, keys=tuple(item.key for item in items), **more)


def columns_of(plan: Plan) -> list[str]:
    """Every column that a simulation of the model keeps."""
    found = ["valid"]
    for output in plan.question.outputs:
        line, _, period = output.rpartition(":")
        by_year = period == "year"
        found += [f"{line}:{year}" for year in plan.question.kept_years] if by_year else [output]
    return found


def in_chunks(plan: Plan, chunk: int) -> Plan:
    """The same simulation, so many scenarios evaluated together."""
    return replace(plan, question=replace(plan.question, chunk=chunk))
