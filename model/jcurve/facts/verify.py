"""``facts verify``: every table, identity and row of history, re-checked and counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from jcurve.facts import identities
from jcurve.facts.companies import Company, companies
from jcurve.facts.company_tables import Cases, charges_fit, tables_hold
from jcurve.facts.disclosures import capex_guidance, life_changes
from jcurve.facts.history import HistoryRow, history
from jcurve.facts.identities import SIZE, out_of_size
from jcurve.facts.registers import Evidence, Parameter, claims, drivers, evidence, external, macrs
from jcurve.facts.reported import Facts, reported
from jcurve.facts.sources import sources
from jcurve.facts.tables import Column, Period, Row, home_of, records
from jcurve.ground.project import Project, Where
from jcurve.ground.quarters import Quarter

_SHARED = "shared tables"
_ROUNDING = 1e-9
_TOLERATED = ""  # Instead of a complaint: the disagreement is listed


@dataclass(frozen=True, slots=True)
class Failure:
    """A comparison that does not hold, in a sentence."""

    check: str
    company: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """A kind of check on a company: how many were made, how many used a listed tolerance."""

    name: str
    company: str
    count: int
    tolerated: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """Quarters of a row of history that a rule filled: estimates, not reports."""

    company: str
    row: str
    first: str
    last: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What ``verify`` found."""

    checks: tuple[Check, ...]
    filled: tuple[Filled, ...]

    @property
    def count(self) -> int:
        """Comparisons made."""
        return sum(check.count for check in self.checks)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Everything that does not hold."""
        return tuple(failure for check in self.checks for failure in check.failures)

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.failures

    def lines(self, filled: bool = True) -> list[str]:
        """The report in lines to print; ``filled`` adds the estimates in history."""
        out: list[str] = []
        for name in dict.fromkeys(check.company for check in self.checks):
            mine = [check for check in self.checks if check.company == name]
            out.append(f"{name}: {sum(c.count for c in mine):,} checks")
            for check in mine:
                tail = f", {check.tolerated} within a listed tolerance" if check.tolerated else ""
                bad = f", {len(check.failures)} FAILED" if check.failures else ""
                out.append(f"  {check.name}: {check.count:,}{tail}{bad}")
                out.extend(f"    {failure.message}" for failure in check.failures)
        if filled and self.filled:
            out.append("Estimates that rules filled in history:")
            for each in self.filled:
                span = each.first if each.count == 1 else f"{each.first} to {each.last}"
                out.append(f"  {each.row}, {each.count} ({span}): {each.why}")
        verdict = "all hold" if self.ok else f"{len(self.failures)} FAILED"
        out.append(f"{self.count:,} checks, {verdict}")
        return out

    def to_json(self) -> dict[str, object]:
        """The report as plain data."""
        return {
            "ok": self.ok,
            "count": self.count,
            "failed": len(self.failures),
            "checks": [
                {
                    "company": check.company,
                    "check": check.name,
                    "count": check.count,
                    "tolerated": check.tolerated,
                    "failures": [
                        {"subject": failure.subject, "message": failure.message}
                        for failure in check.failures
                    ],
                }
                for check in self.checks
            ],
            "filled": [asdict(each) for each in self.filled],
        }


def verify(company: str | None = None, project: Where = None) -> VerifyReport:
    """Re-check one company, or all of them and the shared tables.

    Raises:
        FactsError: a table is malformed, so that nothing can be checked.
    """
    home = home_of(project)
    names = companies(home) if company is None else (reported(company, home).company.folder,)
    tolerances = _Tolerances(home.data)
    found: list[Check] = []
    filled: list[Filled] = []
    owners: dict[str, Company] = {}
    for name in names:
        facts = reported(name, home)
        owner = facts.company.name
        owners[owner] = facts.company
        found.append(_check("tables", owner, tables_hold(facts, home)))
        if found[-1].failures:
            continue  # what rests on them cannot be checked
        found += _company_checks(home.data, facts, tolerances)
        rows = history(name, project=home)
        found.append(_check("rows of history", owner, _history(rows)))
        filled += _filled(facts, rows)
    if company is None:
        found += _shared_checks(home)
        found.append(tolerances.unused(owners))
    return VerifyReport(tuple(found), tuple(filled))


@dataclass(frozen=True, slots=True)
class _Tolerance:
    """A known disagreement: one figure of one check, with its reason."""

    company: str
    check: str
    metric: str
    period: Period
    allowed: float
    reason: str
    where: Annotated[str, Column("period", read=Row.at)]


class _Tolerances:
    """The known disagreements, and which of them a check has needed."""

    def __init__(self, data: Path) -> None:
        self._listed = {
            (each.company, each.check, each.metric, each.period): each
            for each in records(data, "companies/tolerances.csv", _Tolerance)
        }
        self._used: set[tuple[str, str, str, str]] = set()

    def beside(
        self, company: str, check: str, comparisons: Iterable[identities.Comparison]
    ) -> Cases:
        """Figures against what others imply; one too far from it may be known to be."""
        for each in comparisons:
            subject, apart = f"{each.metric} {each.period}", abs(each.difference)
            key = (company, check, each.metric, each.period)
            if apart <= each.allowed + _ROUNDING:
                yield subject, None
            elif key in self._listed and apart <= self._listed[key].allowed + _ROUNDING:
                self._used.add(key)
                yield subject, _TOLERATED
            else:
                yield (
                    subject,
                    f"{each.value:,.6g} on file, {each.implied:,.6g} implied, "
                    f"{each.difference:+,.4g} apart, {each.allowed:g} allowed",
                )

    def unused(self, owners: Mapping[str, Company]) -> Check:
        """A listed tolerance that nothing needs hides the next mistake: a failure, unless it is
        of a period that the data of its company do not reach, or of a size, whose neighbours
        come and go."""
        failures = tuple(
            Failure(
                "tolerances",
                each.company,
                f"{each.metric} {each.period}",
                f"{each.where}: no check needs this tolerance any more",
            )
            for key, each in self._listed.items()
            if key not in self._used and each.check != SIZE and _reached(each, owners)
        )
        return Check("tolerances still needed", _SHARED, len(self._listed), 0, failures)


def _reached(each: _Tolerance, owners: Mapping[str, Company]) -> bool:
    owner = owners.get(each.company)
    return owner is None or owner.last_quarter(each.period) <= owner.data_through


def _check(name: str, company: str, cases: Cases) -> Check:
    made = list(cases)
    failures = tuple(
        Failure(name, company, subject, f"{subject}: {complaint}")
        for subject, complaint in made
        if complaint
    )
    tolerated = sum(complaint == _TOLERATED for _, complaint in made)
    return Check(name, company, len(made), tolerated, failures)


def _company_checks(data: Path, facts: Facts, tolerances: _Tolerances) -> list[Check]:
    home, owner = Project(data.parent), facts.company
    compared = [
        ("quarters sum to year", identities.quarters_to_year(facts)),
        ("year end is last quarter", identities.same_in_both_tables(facts)),
        *(
            (rule.check, identities.identity(facts, rule))
            for rule in identities.identities(data, facts.metrics)
        ),
        ("price times volume", identities.price_times_volume(facts)),
        ("second source", identities.crosscheck(data, facts, sources(home))),
        (SIZE, out_of_size(facts, identities.left_over(data, facts.metrics))),
    ]
    last = max(facts.series("revenue_total"), default="")
    reach = f"revenue reaches {last}, the company file says {owner.data_through}"
    missed = None if last == owner.data_through else reach
    looked_at: list[tuple[str, Cases]] = [
        *((name, tolerances.beside(owner.name, name, each)) for name, each in compared),
        ("depreciation beside property", charges_fit(facts)),
        ("guidance and life changes", _disclosures(owner.name, home)),
        ("data through", iter([("data_through", missed)])),
    ]
    made = [_check(name, owner.name, cases) for name, cases in looked_at]
    return [check for check in made if check.count]


def _disclosures(name: str, home: Project) -> Cases:
    for each in capex_guidance(name, home):
        wrong = each.low > each.high
        yield (
            f"{each.metric} {each.fiscal_year} as of {each.as_of}",
            f"low {each.low:g} above high {each.high:g}" if wrong else None,
        )
    for change in life_changes(name, home):
        if change.type == "change" and change.old_life and change.new_life:
            longer = change.new_life[1] - change.old_life[1]
            odd = (change.effect or 0.0) * longer > 0.0
            yield (
                f"{change.asset_class} from {change.effective_date}",
                "a longer life with more depreciation, or the reverse" if odd else None,
            )


def _history(rows: Mapping[str, HistoryRow]) -> Cases:
    """Gaps are refused on loading; here every row is finite, and families sum to their totals."""
    for row in rows.values():
        inside = Quarter(row.first).through(row.last)
        bad = [q for q in inside if q in row.quarters and not math.isfinite(row.at(q))]
        yield row.name, f"no value in {', '.join(bad)}" if bad else None
    for total, prefix in (
        ("reported_advertising", "reported_advertising_by_region"),
        ("reported_property_gross", "reported_property_by_class"),
    ):
        members = [row for row in rows.values() if row.prefix == prefix]
        if total not in rows or not members:
            continue
        for quarter in Quarter(members[0].first).through(members[0].last):
            apart = abs(sum(row.at(quarter) for row in members) - rows[total].at(quarter))
            # Printed parts may differ from a printed total by a rounding.
            wrong = apart > 1.0 + _ROUNDING
            yield f"{prefix} {quarter}", f"{apart:g} from {total}" if wrong else None


def _filled(facts: Facts, rows: Mapping[str, HistoryRow]) -> Iterator[Filled]:
    for row in rows.values():
        for why, own in row.estimates().items():
            yield Filled(facts.company.name, row.name, own[0], own[-1], len(own), why)


def _shared_checks(home: Project) -> list[Check]:
    statements, mechanisms = evidence(home), drivers(home)
    ranged: tuple[Parameter | Evidence, ...] = (*external(home).values(), *statements.values())

    def order() -> Cases:
        for each in ranged:
            values = [v for v in (each.low, each.value, each.high) if v is not None]
            wrong = values != sorted(values)
            yield each.key, "low, value and high are not in order" if wrong else None

    def links() -> Cases:
        for key, mechanism in mechanisms.items():
            lost = [name for name in mechanism.evidence if name not in statements]
            yield key, f"no evidence named {', '.join(lost)}" if lost else None

    def tax_tables() -> Cases:
        short = [("half-year", None), ("mid-quarter", 4)]
        kinds = [(years, *kind) for years in (5, 7, 15) for kind in short]
        kinds += [(39, "mid-month", month) for month in range(1, 13)]
        for years, convention, placed in kinds:
            total = sum(macrs(years, convention, placed, home))
            wrong = abs(total - 1.0) > _ROUNDING
            subject = f"{years} years, {convention} {placed or ''}".strip()
            yield subject, f"sums to {total:.6f}" if wrong else None

    def resolvable() -> Cases:
        for key, source in sources(home).items():
            lost = "no address, accession or word on why not"
            yield key, None if source.is_resolvable else lost

    found: dict[str, Cases] = {
        "sources resolvable": resolvable(),
        "low, value and high in order": order(),
        "evidence behind drivers": links(),
        "tax depreciation sums to cost": tax_tables(),
        "claims readable": ((key, None) for key in claims(home)),
    }
    return [_check(name, _SHARED, cases) for name, cases in found.items()]
