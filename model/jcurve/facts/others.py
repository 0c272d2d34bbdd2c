"""Other companies: sellers of advertising, and what a company without a programme spends.

They have no model of their own and no folder, only a few figures in ``companies/others.csv``, in
the shape of every table of facts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from jcurve.facts.reported import (
    COLUMNS,
    Fact,
    metrics,
    read_fact,
    refuse_second,
    reported,
)
from jcurve.facts.sources import sources
from jcurve.facts.tables import QUARTER, YEAR, data_folder, read_table
from jcurve.ground.project import Project

__all__ = ["WITHOUT", "PropertyYear", "others", "property_years"]

WITHOUT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "META": ("2015", "2021"),
        "GOOGL": ("2015", "2021"),
        "NFLX": ("2015", "2022"),
        "EBAY": ("2015", "2022"),
        "PINS": ("2018", "2020"),
    }
)
"""Companies and years in which they had no frontier programme: what one without it spends."""
_PERIOD = re.compile(f"(?:{YEAR.pattern})|(?:{QUARTER.pattern})")
_CAPEX = ("capex_incl_finance_leases", "purchases_of_ppe")
_DEPRECIATION = ("depreciation_impairment_ppe_as_filed", "depreciation_expense_ppe")
_LOOSER = (*_DEPRECIATION, "depreciation_and_amortization")


@dataclass(frozen=True, slots=True)
class PropertyYear:
    """A company's property in a year; each ratio is None where a figure is missing.

    Attributes:
        net_property: net property at the year's end over revenue.
        depreciation: depreciation over net property at the year's start.
        capex: capital expenditure over revenue.
    """

    entity: str
    year: str
    net_property: float | None
    depreciation: float | None
    capex: float | None


def others(
    project: Project | str | Path | None = None,
) -> Mapping[str, Mapping[tuple[str, str], Fact]]:
    """Facts of companies without a folder: by company, then by metric and period.

    Raises:
        FactsError: a malformed row, or a figure given twice; the message names the line.
    """
    data = data_folder(project)
    home = Project(data.parent)
    catalogue, known = metrics(home), sources(home)
    found: dict[str, dict[tuple[str, str], Fact]] = {}
    for row in read_table(data, "companies/others.csv", COLUMNS):
        own = found.setdefault(row.text("entity"), {})
        fact = read_fact(row, _PERIOD, catalogue, known)
        refuse_second(row, own.get((fact.metric, fact.period)))
        own[fact.metric, fact.period] = fact
    return MappingProxyType({name: MappingProxyType(own) for name, own in found.items()})


def property_years(project: Project | str | Path | None = None) -> tuple[PropertyYear, ...]:
    """Property, depreciation and capex of the companies and years of ``WITHOUT``."""
    loose = others(project)
    found: list[PropertyYear] = []
    for name, (first, last) in WITHOUT.items():
        facts = loose[name].values() if name in loose else reported(name, project)
        get = {(fact.metric, fact.period): fact.value for fact in facts}
        for number in range(int(first), int(last) + 1):
            year = str(number)
            revenue = get.get(("revenue_total", year))
            opening = get.get(("ppe_net_opening", year), get.get(("ppe_net", str(number - 1))))
            found.append(
                PropertyYear(
                    name,
                    year,
                    _over(get.get(("ppe_net", year)), revenue),
                    _over(_first(get, _LOOSER if name in loose else _DEPRECIATION, year), opening),
                    _over(_first(get, _CAPEX, year), revenue),
                )
            )
    return tuple(found)


def _first(get: Mapping[tuple[str, str], float], names: tuple[str, ...], year: str) -> float | None:
    return next((get[name, year] for name in names if (name, year) in get), None)


def _over(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or bottom is None else top / bottom
