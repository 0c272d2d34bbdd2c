"""Whether the tables that a company rests on are there, hold, and are of one size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jcurve.facts.disclosures import capex_guidance, life_changes
from jcurve.facts.history import history
from jcurve.facts.model_constants import constants
from jcurve.facts.outlay_tables import (
    EFFECT,
    EFFECT_IN_SERVICE,
    calibrated,
    has_outlay_targets,
    outlay_assumptions,
    outlay_targets,
)
from jcurve.facts.reported import Facts
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

Cases = Iterator[tuple[str, str | None]]
"""What was looked at, and the complaint about it; None where there is none."""

_NEEDED = ("reported_revenue", "reported_capex")
_CHARGED = (0.03, 0.6)
"""Depreciation of a year over net property at its end: 0.09 to 0.28 in every year on file."""


def tables_hold(facts: Facts, home: Project) -> Cases:
    """Every table that a company rests on is there, and holds as the model reads it."""
    owner = facts.company
    name, folder = owner.name, home.data / "companies" / owner.folder

    def rows() -> None:
        lacking = set(_NEEDED) - set(history(name, project=home))
        if lacking:
            raise FactsError("no such row", where="history.csv", received=", ".join(lacking))

    def fitted() -> None:
        own = outlay_assumptions(name, home)
        for each in calibrated(name, home):
            for key in each.keys if fits else ():
                if key not in own:
                    raise FactsError.not_among("fitted and not in outlay.csv", key, own, allowed="")

    def targets() -> None:
        for each in outlay_targets(name, home):
            filed = each.metric in (EFFECT, EFFECT_IN_SERVICE)
            if not filed and not any(map(each.covers, facts.series(each.metric, "year"))):
                raise FactsError("a target without a figure on file", received=each.metric)

    needed: dict[str, Callable[[], object]] = {
        "history.csv and history_rules.csv": rows,
        "useful_lives.csv": lambda: life_changes(name, home),
        "capex_guidance.csv": lambda: capex_guidance(name, home),
        "traits.csv, and supply.csv where the company has the set": lambda: constants(owner, home),
        "outlay.csv": lambda: outlay_assumptions(name, home),
    }
    fits = has_outlay_targets(name, home)  # then there is a table of what is fitted, too
    if fits or (folder / "calibration.csv").is_file():
        needed["calibration.csv"] = fitted
    if fits:
        needed["outlay_targets.csv"] = targets
    for table, read in needed.items():
        try:
            read()
        except FactsError as problem:
            yield table, str(problem)
        else:
            yield table, None


def charges_fit(facts: Facts) -> Cases:
    """Depreciation of property is of a size with the property."""
    for year, charge in facts.series("depreciation_expense_ppe", "year").items():
        end = facts.company.quarters(year)[-1]
        net = facts.get("ppe_net", year) or facts.get("ppe_net", end)
        if net is not None and net.value > 0.0:
            share = charge.value / net.value
            low, high = _CHARGED
            wrong = f"depreciation of property is {share:.3g} of net property, not {low} to {high}"
            yield f"depreciation {year}", None if low <= share <= high else wrong
