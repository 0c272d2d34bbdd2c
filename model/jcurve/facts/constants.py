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

from jcurve.facts.company import Company
from jcurve.facts.registers import evidence, macrs
from jcurve.facts.sources import sources
from jcurve.facts.tables import Row, data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = ["SUPPLY_TABLE", "TRAITS_TABLE", "Constant", "constants"]

SUPPLY_TABLE, TRAITS_TABLE = "supply.csv", "traits.csv"
_TRAITS = ("trait", "set", "members", "meaning", "kind", "source_id", "basis")
_BASIS = ("kind", "source_id", "basis")
_KINDS = ("reported", "estimate", "judgement")
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


def constants(
    company: Company, project: Project | str | Path | None = None
) -> Mapping[str, Constant]:
    """Every constant of a company by key.

    Raises:
        FactsError: a table is missing or malformed, names no member of its set or a source or
            evidence that is not on file, or the shares of a row do not sum to 1.
    """
    data = data_folder(project)
    home = Project(data.parent)
    known = {*sources(home), *evidence(home)}
    every = (*_tax(data), *_traits(data, company, known), *_supply(data, company, known))
    return MappingProxyType({each.key: each for each in every})


def _tax(data: Path) -> Iterator[Constant]:
    for years in _TAX_CLASSES:
        for year, share in enumerate(macrs(years, project=Project(data.parent)), start=1):
            label, source = "Tax depreciation of the year", "IRS Publication 946"
            yield Constant(f"macrs_{years}.{year}", share, label, "reported", source, "")


def _traits(data: Path, company: Company, known: Collection[str]) -> Iterator[Constant]:
    """Marks: 1 for the members that are listed, 0 for the others of the set."""
    for row in read_table(data, f"companies/{company.folder}/{TRAITS_TABLE}", _TRAITS):
        members = company.sets[row.choice("set", company.sets, "set")]
        marked = row.text("members").split()
        for each in marked:
            if each not in members:
                raise FactsError.not_among("no such member", each, members, where=row.at("members"))
        for member in members:
            label = f"Whether {row.text('meaning')}: {member}"
            value = 1.0 if member in marked else 0.0
            yield Constant(f"{row.text('trait')}.{member}", value, label, *_about(row, known))


def _supply(data: Path, company: Company, known: Collection[str]) -> Iterator[Constant]:
    """What a dollar of each kind of spending buys."""
    members = company.sets.get("supply", ())
    if not members:
        return
    table = f"companies/{company.folder}/{SUPPLY_TABLE}"
    for row in read_table(data, table, ("of", *members, *_BASIS)):
        shares = {member: row.number(member) for member in members}
        if min(shares.values()) < 0 or abs(math.fsum(shares.values()) - 1) > _SLACK:
            raise FactsError(
                "shares of a row sum to 1, none below 0",
                where=row.at("of"),
                received=float(f"{math.fsum(shares.values()):.6g}"),
            )
        about = _about(row, known)
        for member, share in shares.items():
            label = f"Part of a dollar on {row.text('of')} that buys {member}"
            yield Constant(f"supply.of_{row.text('of')}.{member}", share, label, *about)


def _about(row: Row, known: Collection[str]) -> tuple[str, str, str]:
    source = row.optional("source_id")
    if source:
        row.choice("source_id", known, "source")
    return row.choice("kind", _KINDS, "kind"), source, row.text("basis")
