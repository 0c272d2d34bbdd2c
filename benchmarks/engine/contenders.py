"""The reduced model as others would write it; each returns the NPV of every scenario.

Written as the documentation of each tool suggests, not to lose: pandas on whole frames,
modelx with a cells function per line, pure Python as a plain loop over quarters.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from reduced import LIFE, PLACED_AFTER, TIMELINE, Array

__all__ = ["ModelxArrays", "ModelxScalars", "on_frames", "pure_python"]

_QUARTERS = len(TIMELINE)

_CELLS = """
def capex(t):
    return capex_start * (1 + capex_growth) ** t

def base_revenue(t):
    return revenue_start * (1 + revenue_growth) ** t

def programme(t):
    return larger(capex(t) - intensity * base_revenue(t), 0.0)

def placed(t):
    if t < 0:
        return 0.0
    new = programme(t - PLACED_AFTER) if t >= PLACED_AFTER else 0.0
    return placed(t - 1) + new

def depreciation(t):
    return (placed(t) - placed(t - LIFE)) / LIFE

def uplift(t):
    doublings = log2((compute_start + placed(t)) / compute_start)
    return ceiling * (1 - exp(-gain * doublings / ceiling))

def earned(t):
    return base_revenue(t) * uplift(t) * pass_through

def running_cost(t):
    return placed(t) * cost_share

def operating_income(t):
    return earned(t) - running_cost(t) - depreciation(t)

def losses(t):
    if t < 0:
        return 0.0
    return larger(losses(t - 1) - operating_income(t), 0.0)

def tax(t):
    return tax_rate * larger(operating_income(t) - losses(t - 1), 0.0)

def cash_flow(t):
    return earned(t) - running_cost(t) - tax(t) - programme(t)

def discount_factor(t):
    return (1 + wacc) ** (-(t + 0.5) / 4)

def npv():
    return sum(cash_flow(t) * discount_factor(t) for t in range(QUARTERS))
"""


def pure_python(one: dict[str, float]) -> float:
    """One scenario in a loop over quarters."""
    placed: list[float] = []
    spent: list[float] = []
    total = losses = value = 0.0
    for t in range(_QUARTERS):
        revenue = one["revenue_start"] * (1 + one["revenue_growth"]) ** t
        capex = one["capex_start"] * (1 + one["capex_growth"]) ** t
        programme = max(capex - one["intensity"] * revenue, 0.0)
        spent.append(programme)
        total += spent[t - PLACED_AFTER] if t >= PLACED_AFTER else 0.0
        placed.append(total)
        charge = (total - (placed[t - LIFE] if t >= LIFE else 0.0)) / LIFE
        doublings = math.log2((one["compute_start"] + total) / one["compute_start"])
        uplift = one["ceiling"] * (1 - math.exp(-one["gain"] * doublings / one["ceiling"]))
        earned = revenue * uplift * one["pass_through"]
        cost = total * one["cost_share"]
        income = earned - cost - charge
        tax = one["tax_rate"] * max(income - losses, 0.0)
        losses = max(losses - income, 0.0)
        value += (earned - cost - tax - programme) * (1 + one["wacc"]) ** (-(t + 0.5) / 4)
    return value


def on_frames(draws: dict[str, Array]) -> Array:
    """Frames of quarters by scenarios."""
    given = {name: pd.Series(values) for name, values in draws.items()}
    quarter = pd.RangeIndex(_QUARTERS)
    t = pd.DataFrame(
        np.broadcast_to(
            np.arange(_QUARTERS, dtype=float)[:, None], (_QUARTERS, len(given["gain"]))
        ),
        index=quarter,
    )
    capex = (1 + given["capex_growth"]) ** t * given["capex_start"]
    revenue = (1 + given["revenue_growth"]) ** t * given["revenue_start"]
    programme = (capex - revenue * given["intensity"]).clip(lower=0.0)
    placed = programme.shift(PLACED_AFTER, fill_value=0.0).cumsum()
    charge = (placed - placed.shift(LIFE, fill_value=0.0)) / LIFE
    doublings = np.log2((placed + given["compute_start"]) / given["compute_start"])
    uplift = (1 - np.exp(-(doublings * given["gain"] / given["ceiling"]))) * given["ceiling"]
    earned = revenue * uplift * given["pass_through"]
    cost = placed * given["cost_share"]
    income = earned - cost - charge
    losses = pd.Series(0.0, index=income.columns)
    taxes = []
    for _, now in income.iterrows():
        taxes.append(given["tax_rate"] * (now - losses).clip(lower=0.0))
        losses = (losses - now).clip(lower=0.0)
    tax = pd.DataFrame(taxes, index=quarter)
    factor = (1 + given["wacc"]) ** (-(t + 0.5) / 4)
    flows = (earned - cost - tax - programme) * factor
    return np.asarray(flows.sum())


def _space(**refs: Any) -> Any:
    import modelx

    space = modelx.new_model().new_space()
    for source in _CELLS.strip().split("\n\n"):
        space.new_cells(formula=source)
    for name, value in refs.items():
        setattr(space, name, value)
    space.PLACED_AFTER, space.LIFE, space.QUARTERS = PLACED_AFTER, LIFE, _QUARTERS
    return space


class ModelxScalars:
    """A cells function per line, built once; a scenario's inputs are set one after another."""

    def __init__(self, one: dict[str, float]) -> None:
        self._space = _space(larger=max, log2=math.log2, exp=math.exp, **one)

    def __call__(self, scenarios: list[dict[str, float]]) -> list[float]:
        found = []
        for one in scenarios:
            for name, value in one.items():
                setattr(self._space, name, value)
            found.append(float(self._space.npv()))
        return found

    def close(self) -> None:
        """Let go of the model."""
        self._space.model.close()


class ModelxArrays:
    """The same cells on arrays of all scenarios, built once."""

    def __init__(self, draws: dict[str, Array]) -> None:
        self._space = _space(larger=np.maximum, log2=np.log2, exp=np.exp, **draws)

    def __call__(self, draws: dict[str, Array]) -> Array:
        for name, values in draws.items():
            setattr(self._space, name, values)
        return np.array(self._space.npv())

    def close(self) -> None:
        """Let go of the model."""
        self._space.model.close()
