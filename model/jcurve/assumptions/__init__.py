"""What goes into the model: assumptions with unit, range, source and reason, in scenarios."""

from __future__ import annotations

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.batch import batch, position, rows, sample_uniform, valid_mask
from jcurve.assumptions.book import BookRow, Driver, describe, drivers
from jcurve.assumptions.checks import Problem, check
from jcurve.assumptions.migration import Migrated, migrate
from jcurve.assumptions.overrides import parse_override
from jcurve.assumptions.paths import Change, Path, Value
from jcurve.assumptions.saving import changed_scenario_text, save
from jcurve.assumptions.scenario import Difference, Scenario, compare
from jcurve.assumptions.store import BASE, available, load, scenario, shipped, shipped_or
from jcurve.assumptions.template import new_scenario_text, start

__all__ = [
    "BASE",
    "Assumption",
    "BookRow",
    "Change",
    "Difference",
    "Driver",
    "Migrated",
    "Path",
    "Problem",
    "Scenario",
    "Value",
    "available",
    "batch",
    "changed_scenario_text",
    "check",
    "compare",
    "describe",
    "drivers",
    "load",
    "migrate",
    "new_scenario_text",
    "parse_override",
    "position",
    "rows",
    "sample_uniform",
    "save",
    "scenario",
    "shipped",
    "shipped_or",
    "start",
    "valid_mask",
]
