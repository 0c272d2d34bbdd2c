"""What cannot act in a state, why, and the value that holds instead.

A control of an assumption that another one makes idle is greyed; of a path that ends, as a plan
of spending does, the periods after its end are, and show what the model makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import Path, Scenario
from jcurve.assumptions.idle import end_of, idle
from jcurve.case import Case
from jcurve.ground.quarters import FIRST_YEAR, QUARTERS_IN_YEAR, Quarter
from jcurve.workbench.controls import scale_of

Array = NDArray[np.float64]

_MIX = "capex.mix."


def idles(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Why controls are idle in a scenario, by key: in words, with the key of what makes them so;
    ``partly`` where they still move what is past."""
    found: dict[str, dict[str, Any]] = {}
    for item in scenario.items:
        for each in () if item.derived else idle(item, scenario.assumptions):
            told = {"words": each.words, "ruling": each.ruling, "partly": each.partly}
            found.setdefault(item.key, told)
    return found


def ends(case: Case) -> dict[str, dict[str, Any]]:
    """Where paths end, by key: the periods after it with what holds there, and why."""
    scenario, found = case.scenario, {}
    reported = int(case.data_through[:4])
    for item in scenario.items:
        path = item.value
        if not isinstance(path, Path):
            continue
        ruling = ""
        if (end := end_of(item.key, scenario.assumptions)) is not None:
            last, (ruling, _) = end
            label = scenario[ruling].called
            words = f"Years after {Quarter.at(last)} (“{label}”) are what the model makes of them"
        elif item.key.startswith(_MIX):
            last = float((reported - FIRST_YEAR) * QUARTERS_IN_YEAR + QUARTERS_IN_YEAR - 1)
            words = f"Only reported years follow this mix; from {reported + 1} on the model splits"
        else:
            continue
        scale = scale_of(scenario[item.key])
        holds = _holds(item.key, case)
        by_year = path.by == "year"
        periods = range(reported, path.last + 1) if by_year else path.periods
        first = {
            each: (each - FIRST_YEAR) * QUARTERS_IN_YEAR if by_year else each for each in periods
        }
        rows = {
            path.label(period): scale.text(float(f"{holds(period):.4g}"))
            for period in periods
            if first[period] > last
        }
        found[item.key] = {"words": words, "ruling": ruling, "rows": rows}
    return found


def _holds(key: str, case: Case) -> Callable[[int], float]:
    """What the model has in a period instead of a path's value."""
    years, timeline = case.assembly.timeline.years, case.assembly.timeline

    def by_year(row: Array) -> Callable[[int], float]:
        known: Mapping[int, float] = dict(zip(years, row.tolist(), strict=True))
        return lambda period: known.get(period, float("nan"))

    if key == "sector.fleet":
        row = case.row("frontier_fleet")
        return lambda period: float(row[timeline.index(Quarter.at(period))])
    if key == "capex.total":
        return by_year(case.year("capex", "with"))
    if key == "market.growth":
        return by_year(case.year("market_growth_on_year"))
    if key == "costs.core_growth":
        cost = case.year("core_cost")
        return by_year(
            np.append(np.nan, np.diff(cost) / np.where(cost[:-1] > 0, cost[:-1], np.nan))
        )
    part = case.year(f"capex_by_class.{key.removeprefix(_MIX)}", "with")
    whole = case.year("capex", "with")
    return by_year(part / np.where(whole > 0, whole, np.nan))
