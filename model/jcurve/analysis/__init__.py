"""Questions asked of the model: which size is best, what must be true, what matters, how surely.

A scenario enters with what is asked of it: an output such as ``npv`` or ``net_cash:2030``, an
assumption, a target. A frozen finding leaves: numbers in the units of the model, and words where
there is no number. Everything asks through one door, a :class:`Question`: start reading there.
Wherever a function takes a ``project``, it says where the model's data are; None finds it.

    >>> import jcurve
    >>> found = jcurve.analysis.best_size(jcurve.scenario("base"))  # 1 is the plan
    >>> 0 <= found.low <= found.value <= found.high
    True

Names are imported when first used: some bring SciPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcurve.analysis.belief_pairs import belief_map
    from jcurve.analysis.bridging import bridge
    from jcurve.analysis.draw_stores import MemoryStore
    from jcurve.analysis.earlier import taken_back
    from jcurve.analysis.marginal import fleet_use, marginal_returns
    from jcurve.analysis.market_implied import Price, implied, price_implied
    from jcurve.analysis.question import Question
    from jcurve.analysis.revisions import revision
    from jcurve.analysis.scale import best_size, scale_study
    from jcurve.analysis.sensitivity import drivers, grid, ranged, ranked, tornado
    from jcurve.analysis.simulation import plan_for, simulate
    from jcurve.analysis.solving import frontier, solve
    from jcurve.analysis.staged import staged_programme
    from jcurve.analysis.stress import expectation, position_losses, stresses
    from jcurve.analysis.variance import split_variance

__all__ = [
    "MemoryStore", "Price", "Question", "belief_map", "best_size", "bridge", "drivers",
    "expectation", "fleet_use", "frontier", "grid", "implied", "marginal_returns", "plan_for",
    "position_losses", "price_implied", "ranged", "ranked", "revision", "scale_study",
    "simulate", "solve", "split_variance", "staged_programme", "stresses", "taken_back",
    "tornado",
]  # fmt: skip

_HOMES = {
    "belief_pairs": "belief_map",
    "bridging": "bridge",
    "draw_stores": "MemoryStore",
    "marginal": "fleet_use marginal_returns",
    "market_implied": "Price implied price_implied",
    "question": "Question",
    "revisions": "revision",
    "scale": "best_size scale_study",
    "sensitivity": "drivers grid ranged ranked tornado",
    "simulation": "plan_for simulate",
    "solving": "frontier solve",
    "staged": "staged_programme",
    "stress": "expectation position_losses stresses",
    "earlier": "taken_back",
    "variance": "split_variance",
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
