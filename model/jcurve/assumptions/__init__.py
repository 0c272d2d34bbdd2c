"""What goes into the model: assumptions with unit, range, source and reason, in scenarios.

In go files of ``data/scenarios`` and overrides such as ``{"capex.total.2027": "200 USD bn"}``; out
comes a :class:`Scenario`: complete, checked, hashed and never changed, and its rows for the engine.
Start reading at ``scenario``; a file's way there is ``nodes`` (what is written, with its line),
``fields`` and ``values`` (what it means), ``entries`` (an assumption), ``relations`` (what must
hold between them), ``scenario_files`` (the chain of parents).

>>> from jcurve.assumptions import scenario
>>> scenario("base", {"returns.wacc": "9 percent"})["returns.wacc"].text()
'0.09'
"""

from __future__ import annotations

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.batch import batch, position, rows_of, valid_mask
from jcurve.assumptions.drafts import changed_scenario_text, new_scenario_text, save, start
from jcurve.assumptions.migration import Migrated, migrate
from jcurve.assumptions.paths import Change, Path, Value
from jcurve.assumptions.scenario import Difference, Scenario, compare, parse_override
from jcurve.assumptions.scenario_files import BASE, available, load, scenario, shipped, shipped_or

__all__ = [
    "BASE", "Assumption", "Change", "Difference", "Migrated", "Path", "Scenario", "Value",
    "available", "batch", "changed_scenario_text", "compare", "load", "migrate",
    "new_scenario_text", "parse_override", "position", "rows_of", "save",
    "scenario", "shipped", "shipped_or", "start", "valid_mask",
]  # fmt: skip
