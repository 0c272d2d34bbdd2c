"""Constants of the model: shares and marks that no scenario varies, from tables.

Three tables: tax depreciation by law, what each kind of spending buys, and marks that say which
members of a set a formula speaks of. They are inputs of the model like reported history, never
assumptions: whoever disagrees with one edits its table.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from jcurve.facts.companies import Company
from jcurve.facts.registers import evidence, macrs
from jcurve.facts.sources import sources
from jcurve.facts.tables import Words, home_of, read_table, with_rows
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, Where

SUPPLY_TABLE, TRAITS_TABLE = "supply.csv", "traits.csv"
_Kind = Literal["reported", "estimate", "judgement"]
_TAX_CLASSES = (5, 7, 15)
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Constant:
    """One constant.

    Attributes:
        key: dotted, such as ``supply.of_servers.memory``; the member is its last segment.
        value: a share, or 1 and 0 for a mark.
        label: in words.
        kind, source, basis: what it rests on.
    """

    key: str
    value: float
    label: str
    kind: str
    source: str
    basis: str


def constants(company: Company, project: Where = None) -> Mapping[str, Constant]:
    """Every constant of a company by key."""
    home = home_of(project)
    known = {*sources(home), *evidence(home)}
    every = (
        *_tax(home.data),
        *_traits(home.data, company, known),
        *_supply(home.data, company, known),
    )
    return MappingProxyType({each.key: each for each in every})


def _tax(data: Path) -> Iterator[Constant]:
    for years in _TAX_CLASSES:
        for year, share in enumerate(macrs(years, project=Project(data.parent)), start=1):
            label, source = "Tax depreciation of the year", "IRS Publication 946"
            yield Constant(f"macrs_{years}.{year}", share, label, "reported", source, "")


@dataclass(frozen=True, slots=True)
class _Trait:
    trait: str
    set: str
    members: Words
    meaning: str
    kind: _Kind
    source_id: str | None
    basis: str


def _traits(data: Path, company: Company, known: Collection[str]) -> Iterator[Constant]:
    """Marks: 1 for the members that are listed, 0 for the others of the set."""
    table = f"companies/{company.folder}/{TRAITS_TABLE}"
    names = {"set": company.sets, "source_id": known}
    for each, row in with_rows(data, table, _Trait, names):
        for name in each.members:
            if name not in company.sets[each.set]:
                raise FactsError.not_among(
                    "no such member", name, company.sets[each.set], where=row.at("members")
                )
        for member in company.sets[each.set]:
            yield Constant(
                f"{each.trait}.{member}",
                1.0 if member in each.members else 0.0,
                f"Whether {each.meaning}: {member}",
                each.kind,
                each.source_id or "",
                each.basis,
            )


def _supply(data: Path, company: Company, known: Collection[str]) -> Iterator[Constant]:
    """What a dollar of each kind of spending buys."""
    members = company.sets.get("supply", ())
    if not members:
        return
    table = f"companies/{company.folder}/{SUPPLY_TABLE}"
    for row in read_table(data, table, ("of", *members, "kind", "source_id", "basis")):
        shares = {member: row.number(member) for member in members}
        if min(shares.values()) < 0 or abs(math.fsum(shares.values()) - 1) > _SLACK:
            raise row.error(
                "of",
                "shares of a row sum to 1, none below 0",
                float(f"{math.fsum(shares.values()):.6g}"),
            )
        kind, basis = row.choice("kind", get_args(_Kind), "kind"), row.text("basis")
        source = row.choice("source_id", known, "source") if row.optional("source_id") else ""
        for member, share in shares.items():
            label = f"Part of a dollar on {row.text('of')} that buys {member}"
            yield Constant(
                f"supply.of_{row.text('of')}.{member}", share, label, kind, source, basis
            )
