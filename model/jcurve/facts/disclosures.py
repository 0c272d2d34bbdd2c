"""What a company said of its assets and plans: changes of useful life, and guidance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from jcurve.facts.companies import Company, company
from jcurve.facts.sources import Cited, Source, sources
from jcurve.facts.tables import YEAR, Column, Date, Row, Text, home_of, records
from jcurve.ground.project import Where
from jcurve.ground.units import FACT_UNITS


def _life(row: Row, key: str) -> tuple[float, float] | None:
    text = row.optional(key)
    low, _, high = text.partition("-")
    try:
        return (float(low), float(high or low)) if text else None
    except ValueError:
        if row.optional("type") == "policy":
            return None  # "lesser of useful life or lease term": the words stay in the note
        raise row.error(key, "not a life", text, "years, or a range such as 4-5") from None


def _window(row: Row, key: str) -> str:
    return row.text(key) if row.cells["effect_usd_m"] else row.optional(key)


_Entity = Annotated[str, Column(what="entity for this folder")]
_FiscalYear = Annotated[str, Column(read=lambda row, key: row.period(key, YEAR))]
_Life = tuple[float, float] | None
IN_MILLIONS = {"USD bn": 1_000.0, "USD m": 1.0}


@dataclass(frozen=True, slots=True)
class LifeChange:
    """A change of useful life, a stated policy, or an early retirement.

    ``effect`` is the disclosed change of depreciation in USD m (less is negative) over
    ``effect_window``. Lives are ranges in years (low, high), None where not stated.
    """

    entity: _Entity
    effective_date: Date
    type: Literal["change", "policy", "retirement"]
    asset_class: str
    old_life: Annotated[_Life, Column("old_life_years", read=_life)]
    new_life: Annotated[_Life, Column("new_life_years", read=_life)]
    effect: Annotated[float | None, Column("effect_usd_m")]
    effect_window: Annotated[str, Column(read=_window)]
    source: Cited
    note: Text


@dataclass(frozen=True, slots=True)
class Guidance:
    """A guided range for a fiscal year, as of a date."""

    entity: _Entity
    as_of: Date
    fiscal_year: _FiscalYear
    metric: Annotated[Literal["capex", "total_expenses"], Column(what="guided metric")]
    low: float
    high: float
    unit: str
    includes_finance_lease_principal: bool | None
    source: Cited
    note: Text

    @property
    def middle(self) -> float:
        """The middle of the range."""
        return (self.low + self.high) / 2.0

    @property
    def in_millions(self) -> Guidance:
        """The same in USD m."""
        by = IN_MILLIONS.get(self.unit, 1.0)
        return replace(self, low=self.low * by, high=self.high * by, unit="USD m")


def life_changes(name: str = "META", project: Where = None) -> tuple[LifeChange, ...]:
    """A company's useful lives: changes with their disclosed effect, and stated policies."""
    owner, data, known = _owner(name, project)
    file = f"companies/{owner.folder}/useful_lives.csv"
    return records(data, file, LifeChange, {"entity": (owner.name,), "source": known})


def capex_guidance(name: str = "META", project: Where = None) -> tuple[Guidance, ...]:
    """A company's guided ranges for capital expenditures and total expenses, by date."""
    owner, data, known = _owner(name, project)
    file = f"companies/{owner.folder}/capex_guidance.csv"
    names = {"entity": (owner.name,), "unit": FACT_UNITS, "source": known}
    return records(data, file, Guidance, names)


def _owner(name: str, project: Where) -> tuple[Company, Path, Mapping[str, Source]]:
    home = home_of(project)
    return company(name, home), home.data, sources(home)
