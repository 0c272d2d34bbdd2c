"""What a company said of its assets and plans: changes of useful life, guidance, and how the
model's asset classes share the reported property classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jcurve.facts.company import Company, company
from jcurve.facts.sources import Source, sources
from jcurve.facts.tables import YEAR, Row, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project
from jcurve.ground.units import FACT_UNITS

__all__ = [
    "ClassShare",
    "Guidance",
    "LifeChange",
    "capex_guidance",
    "class_map",
    "life_changes",
]

_LIFE_TYPES = ("change", "policy", "retirement")


@dataclass(frozen=True, slots=True)
class LifeChange:
    """A change of useful life, a stated policy, or an early retirement.

    ``effect`` is the disclosed change of depreciation in USD m (less is negative) over
    ``effect_window``. Lives are ranges in years (low, high), None where not stated.
    """

    entity: str
    effective_date: str
    type: str
    asset_class: str
    old_life: tuple[float, float] | None
    new_life: tuple[float, float] | None
    effect: float | None
    effect_window: str
    source: Source
    note: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """A guided range for a fiscal year, as of a date."""

    entity: str
    as_of: str
    fiscal_year: str
    metric: str
    low: float
    high: float
    unit: str
    includes_finance_lease_principal: bool | None
    source: Source
    note: str


@dataclass(frozen=True, slots=True)
class ClassShare:
    """The part of a reported property class that a model's asset class takes, from a year on."""

    asset_class: str
    reported_class: str
    year: int
    share: float
    kind: str
    basis: str


def _life(row: Row, key: str) -> tuple[float, float] | None:
    text = row.optional(key)
    low, _, high = text.partition("-")
    try:
        return (float(low), float(high or low)) if text else None
    except ValueError:
        if row.optional("type") == "policy":
            return None  # "lesser of useful life or lease term": the words stay in the note
        raise FactsError(
            "not a life", where=row.at(key), received=text, allowed="years, or a range such as 4-5"
        ) from None


def life_changes(
    name: str = "META", project: Project | str | Path | None = None
) -> tuple[LifeChange, ...]:
    """A company's useful lives: changes with their disclosed effect, and stated policies."""
    columns = (
        "entity", "effective_date", "type", "asset_class", "old_life_years", "new_life_years",
        "effect_usd_m", "effect_window", "source_id", "note",
    )  # fmt: skip
    owner, data, known = _owner(name, project)
    found = []
    for row in read_table(data, f"companies/{owner.folder}/useful_lives.csv", columns):
        effect = row.optional_number("effect_usd_m")
        found.append(
            LifeChange(
                entity=row.choice("entity", (owner.name,), "entity for this folder"),
                effective_date=row.date("effective_date"),
                type=row.choice("type", _LIFE_TYPES, "type"),
                asset_class=row.text("asset_class"),
                old_life=_life(row, "old_life_years"),
                new_life=_life(row, "new_life_years"),
                effect=effect,
                effect_window=row.optional("effect_window")
                if effect is None
                else row.text("effect_window"),
                source=known[row.choice("source_id", known, "source")],
                note=row.optional("note"),
            )
        )
    return tuple(found)


def capex_guidance(
    name: str = "META", project: Project | str | Path | None = None
) -> tuple[Guidance, ...]:
    """A company's guided ranges for capital expenditures and total expenses, by date."""
    columns = (
        "entity", "as_of", "fiscal_year", "metric", "low", "high", "unit",
        "includes_finance_lease_principal", "source_id", "note",
    )  # fmt: skip
    owner, data, known = _owner(name, project)
    found = []
    for row in read_table(data, f"companies/{owner.folder}/capex_guidance.csv", columns):
        answer = row.optional("includes_finance_lease_principal")
        if answer:
            row.choice("includes_finance_lease_principal", ("yes", "no"), "answer")
        found.append(
            Guidance(
                entity=row.choice("entity", (owner.name,), "entity for this folder"),
                as_of=row.date("as_of"),
                fiscal_year=row.period("fiscal_year", YEAR),
                metric=row.choice("metric", ("capex", "total_expenses"), "guided metric"),
                low=row.number("low"),
                high=row.number("high"),
                unit=row.choice("unit", FACT_UNITS, "unit"),
                includes_finance_lease_principal=answer == "yes" if answer else None,
                source=known[row.choice("source_id", known, "source")],
                note=row.optional("note"),
            )
        )
    return tuple(found)


def class_map(
    name: str = "META", project: Project | str | Path | None = None
) -> tuple[ClassShare, ...]:
    """How the model's asset classes share the reported property classes, by year.

    Raises:
        FactsError: a share outside 0 to 1, or shares of a class and year that do not sum to 1.
    """
    columns = ("asset_class", "reported_class", "year", "share", "kind", "basis")
    owner, data, _ = _owner(name, project)
    file = f"companies/{owner.folder}/class_map.csv"
    found: list[ClassShare] = []
    sums: dict[tuple[str, int], float] = {}
    for row in read_table(data, file, columns):
        share = ClassShare(
            asset_class=row.choice("asset_class", owner.sets["asset_class"], "asset class"),
            reported_class=row.text("reported_class"),
            year=int(row.period("year", YEAR)),
            share=row.number("share"),
            kind=row.choice("kind", ("reported", "evidence", "judgement"), "kind"),
            basis=row.text("basis"),
        )
        if not 0.0 <= share.share <= 1.0:
            raise FactsError(
                "not a share", where=row.at("share"), received=share.share, allowed="0 to 1"
            )
        key = (share.reported_class, share.year)
        sums[key] = sums.get(key, 0.0) + share.share
        found.append(share)
    for (reported_class, year), total in sums.items():
        if abs(total - 1.0) > 1e-9:
            raise FactsError(
                f"shares of {reported_class} in {year} do not sum to 1",
                where=f"data/{file}",
                received=round(total, 9),
            )
    return tuple(found)


def _owner(
    name: str, project: Project | str | Path | None
) -> tuple[Company, Path, Mapping[str, Source]]:
    data = data_folder(project)
    return company(name, Project(data.parent)), data, sources(Project(data.parent))
