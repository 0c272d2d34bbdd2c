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
    from jcurve.analysis.bridging import bridge
    from jcurve.analysis.market import implied
    from jcurve.analysis.question import Question
    from jcurve.analysis.sensitivity import grid, ranged, ranked, tornado
    from jcurve.analysis.simulation import plan_for, simulate
    from jcurve.analysis.solving import frontier, solve
    from jcurve.analysis.staged import staged_programme
    from jcurve.analysis.store import MemoryStore
    from jcurve.analysis.stress import expectation, position_losses, stresses
    from jcurve.analysis.variance import split_variance

__all__ = [
    "MemoryStore",
    "Question",
    "bridge",
    "expectation",
    "frontier",
    "grid",
    "implied",
    "plan_for",
    "position_losses",
    "ranged",
    "ranked",
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
    "bridge": "bridging",
    "expectation": "stress",
    "frontier": "solving",
    "grid": "sensitivity",
    "implied": "market",
    "plan_for": "simulation",
    "position_losses": "stress",
    "ranged": "sensitivity",
    "ranked": "sensitivity",
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
