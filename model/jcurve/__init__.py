"""J-Curve: an open workbench for the J-curve of AI capital spending.

    import jcurve

    case = jcurve.evaluate(jcurve.scenario("base", {"capex.total.2027": 200_000}))
    case["npv"]

Names are imported when first used, so that ``import jcurve`` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own takes longer to import than all else here
if TYPE_CHECKING:
    from typing import Any

    from jcurve.assumptions import Scenario
    from jcurve.case import Case, evaluate, evaluate_batch, scenario
    from jcurve.ground.errors import JCurveError

__all__ = [
    "Case",
    "JCurveError",
    "Scenario",
    "__version__",
    "evaluate",
    "evaluate_batch",
    "scenario",
]

__version__ = "0.1.0"

_HOMES = {
    "Case": "jcurve.case",
    "JCurveError": "jcurve.ground.errors",
    "Scenario": "jcurve.assumptions",
    "evaluate": "jcurve.case",
    "evaluate_batch": "jcurve.case",
    "scenario": "jcurve.case",
}
_PACKAGES = ("analysis", "briefing", "facts", "figures", "workbench", "workbook")


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _PACKAGES:
        return import_module(f"jcurve.{name}")
    raise AttributeError(f"module 'jcurve' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PACKAGES})
