"""Questions asked of the model and of the record it is checked against.

    import jcurve

    base, bear = jcurve.scenario("base"), jcurve.scenario("bear")
    jcurve.analysis.solve(base, "returns.wacc", "npv=0")
    jcurve.analysis.bridge(base, bear)

Names are imported when first used: some bring SciPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jcurve.analysis.belief_pairs import belief_map
    from jcurve.analysis.bridging import bridge
    from jcurve.analysis.draw_stores import MemoryStore
    from jcurve.analysis.marginal import fleet_use, marginal_returns
    from jcurve.analysis.market_implied import implied
    from jcurve.analysis.question import Question
    from jcurve.analysis.scale import best_size, scale_study
    from jcurve.analysis.sensitivity import grid, ranged, ranked, tornado
    from jcurve.analysis.simulation import plan_for, simulate
    from jcurve.analysis.solving import frontier, solve
    from jcurve.analysis.staged import staged_programme
    from jcurve.analysis.stress import expectation, position_losses, stresses
    from jcurve.analysis.variance import split_variance

__all__ = [
    "MemoryStore",
    "Question",
    "belief_map",
    "best_size",
    "bridge",
    "expectation",
    "fleet_use",
    "frontier",
    "grid",
    "implied",
    "marginal_returns",
    "plan_for",
    "position_losses",
    "ranged",
    "ranked",
    "scale_study",
    "simulate",
    "solve",
    "split_variance",
    "staged_programme",
    "stresses",
    "tornado",
]

_HOMES = {
    "MemoryStore": "store",
    "Question": "question",
    "belief_map": "beliefs",
    "best_size": "scale",
    "bridge": "bridging",
    "expectation": "stress",
    "fleet_use": "marginal",
    "frontier": "solving",
    "grid": "sensitivity",
    "implied": "market",
    "marginal_returns": "marginal",
    "plan_for": "simulation",
    "position_losses": "stress",
    "ranged": "sensitivity",
    "ranked": "sensitivity",
    "scale_study": "scale",
    "simulate": "simulation",
    "solve": "solving",
    "split_variance": "variance",
    "staged_programme": "staged",
    "stresses": "stress",
    "tornado": "sensitivity",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
