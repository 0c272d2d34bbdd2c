"""What is known of a company as such: names, fiscal calendar, sets, how far data reach."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jcurve.facts.tables import QUARTER, home_of
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where
from jcurve.ground.quarters import Quarter

_KEYS = (
    "name", "display_name", "former_name", "cik", "currency", "fiscal_year_ends_in_month",
    "first_quarter", "data_through", "last_results", "next_results", "next_results_status",
    "sets",
)  # fmt: skip
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_DAY = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_YEAR_START = re.compile(r"(?:19|20)\d\dQ1")
_MONTHS = tuple(range(1, 13))
_WEEK = 7  # days by which a quarter of weeks may end beside that of months


@dataclass(frozen=True, slots=True)
class Company:
    """A company of ``data/companies``; ``sets`` lists members, ``labels`` their words.

    ``first_quarter`` is where a model's timeline starts, with a calendar year.
    """

    name: str
    folder: str
    display_name: str
    former_name: str
    cik: str
    currency: str
    fiscal_year_ends_in_month: int
    first_quarter: str
    data_through: str
    last_results: str | None
    next_results: str | None
    next_results_status: str
    sets: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, Mapping[str, str]]

    def quarters(self, fiscal_year: str) -> tuple[Quarter, ...]:
        """The calendar quarters of a fiscal year."""
        return Quarter.of_fiscal_year(fiscal_year, self.fiscal_year_ends_in_month)

    def last_quarter(self, period: str) -> Quarter:
        """The last quarter of a fiscal year; a quarter as it is."""
        return Quarter(period) if "Q" in period else self.quarters(period)[-1]

    def fiscal_year(self, quarter: Quarter) -> str:
        """The fiscal year that a calendar quarter is in."""
        years = (str(quarter.year), str(quarter.year + 1))
        return next(year for year in years if quarter in self.quarters(year))

    def year_ended(self, quarter: Quarter) -> str:
        """The fiscal year that a calendar quarter ends; empty where it ends none."""
        year = self.fiscal_year(quarter)
        return year if self.quarters(year)[-1] == quarter else ""

    @property
    def last_year(self) -> int:
        """The last fiscal year whose every quarter is reported."""
        last = Quarter(self.data_through)
        return int(self.fiscal_year(last)) - (not self.year_ended(last))

    def last_day(self, quarter: str) -> datetime.date:
        """The last day of the company's own quarter that a calendar quarter stands for.

        Where the fiscal year ends in May, 2026Q2 stands for March to May.
        """
        last = Quarter(quarter).last_day
        return _month_end(last.year, last.month - self._ahead)

    def quarter_on(self, day: str) -> Quarter:
        """The quarter that stands for the company's own one in which a day or month falls."""
        return Quarter.on(_month_end(int(day[:4]), int(day[5:7]) + self._ahead).isoformat())

    def quarter_ended(self, day: datetime.date) -> Quarter | None:
        """The quarter that ends on a day, or within a week of it; None where none does."""
        near = self.quarter_on(day.isoformat())
        for quarter in (near.plus(-1), near, near.plus(1)):
            if abs((self.last_day(quarter) - day).days) <= _WEEK:
                return quarter
        return None

    @property
    def _ahead(self) -> int:
        """Months by which the calendar quarter ends after the company's own."""
        return 3 * ((self.fiscal_year_ends_in_month + 1) // 3) - self.fiscal_year_ends_in_month


def _month_end(year: int, month: int) -> datetime.date:
    """The last day of a month; month 0 is December of the year before."""
    after = datetime.date(year + month // 12, month % 12 + 1, 1)
    return after - datetime.timedelta(days=1)


def companies(project: Where = None) -> tuple[str, ...]:
    """The folders of ``data/companies`` that hold a company, in order of their names."""
    root = home_of(project).data / "companies"
    if not root.is_dir():
        raise FactsError("no such folder", where="data/companies")
    return tuple(sorted(p.parent.name for p in root.glob("*/company.yml")))


def company(name: str, project: Where = None) -> Company:
    """The company with that name (``META``) or folder (``meta``)."""
    home = home_of(project)
    loaded = {}
    for folder in companies(home):
        if folder == name:
            return _load(home.data, folder)
        loaded[folder] = _load(home.data, folder)
    for each in loaded.values():
        if each.name == name:
            return each
    names = [*loaded, *(each.name for each in loaded.values())]
    raise FactsError.not_among("no such company", name, names)


@lru_cache(maxsize=32)
def _content(text: str) -> Any:
    """What a file says; read once, and changed by nobody."""
    import yaml

    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _load(data: Path, folder: str) -> Company:
    import yaml

    where = f"data/companies/{folder}/company.yml"
    try:
        content = _content((data.parent / where).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise FactsError(f"unreadable company file: {problem}", where=where) from None
    if not isinstance(content, dict):
        raise FactsError("not a mapping", where=where, allowed=", ".join(_KEYS))
    for key in content:
        if key not in _KEYS:
            raise FactsError.not_among("unknown key", key, _KEYS, where=where)

    def text(key: str, form: re.Pattern[str] | None = None, what: str = "text") -> str:
        value = content.get(key)
        if not isinstance(value, str) or (form is not None and not form.fullmatch(value)):
            raise FactsError("bad value", where=f"{where}, {key}", received=value, allowed=what)
        return value

    month = content.get("fiscal_year_ends_in_month")
    if month not in _MONTHS:
        raise FactsError(
            "bad value",
            where=f"{where}, fiscal_year_ends_in_month",
            received=month,
            allowed="a month from 1 to 12",
        )
    day = "a quoted date such as '2026-07-29'"
    coming = content.get("next_results")
    status = text("next_results_status", re.compile("announced|expected|unknown"), "a status")
    if (coming is None) != (status == "unknown"):
        raise FactsError(
            "a next results date needs the status announced or expected, no date needs unknown",
            where=f"{where}, next_results_status",
            received=status,
        )
    labels = _sets(content.get("sets"), where)
    return Company(
        name=text("name"),
        folder=folder,
        display_name=text("display_name"),
        former_name=text("former_name") if "former_name" in content else "",
        cik=text("cik", re.compile(r"\d{10}"), "ten digits in quotes"),
        currency=text("currency"),
        fiscal_year_ends_in_month=month,
        first_quarter=text("first_quarter", _YEAR_START, "a first quarter such as 2012Q1"),
        data_through=text("data_through", QUARTER, "a quarter such as 2026Q2"),
        last_results=text("last_results", _DAY, day) if content.get("last_results") else None,
        next_results=text("next_results", _DAY, day) if coming is not None else None,
        next_results_status=status,
        sets=MappingProxyType({key: tuple(members) for key, members in labels.items()}),
        labels=labels,
    )


def _sets(content: object, where: str) -> Mapping[str, Mapping[str, str]]:
    if not isinstance(content, dict):
        raise FactsError("bad value", where=f"{where}, sets", received=content, allowed="a mapping")
    found: dict[str, Mapping[str, str]] = {}
    for key, members in content.items():
        spot = f"{where}, sets.{key}"
        if not isinstance(members, dict) or not members:
            raise FactsError("bad value", where=spot, received=members, allowed="member: label")
        for name in (key, *members):
            if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name):
                raise FactsError(
                    "not a name", where=spot, received=name, allowed="lower case, digits and _"
                )
        found[key] = MappingProxyType({name: str(label) for name, label in members.items()})
    return MappingProxyType(found)
