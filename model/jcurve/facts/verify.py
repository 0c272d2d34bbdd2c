"""``facts verify``: every identity, table and row of history, re-checked and counted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jcurve.facts import checks
from jcurve.facts.company import companies
from jcurve.facts.disclosures import capex_guidance, class_map, life_changes
from jcurve.facts.history import HistoryRow, history
from jcurve.facts.registers import claims, drivers, evidence, external, macrs
from jcurve.facts.reported import Facts, reported
from jcurve.facts.sources import sources
from jcurve.facts.tables import data_folder, read_table
from jcurve.facts.verification import Check, Failure, Filled, VerifyReport
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

__all__ = ["verify"]

_SHARED = "shared tables"
_ROUNDING = 1e-9


def verify(company: str | None = None, project: Project | str | Path | None = None) -> VerifyReport:
    """Re-check one company, or all of them and the shared tables.

    Raises:
        FactsError: a table is malformed, so that nothing can be checked.
    """
    data = data_folder(project)
    home = Project(data.parent)
    names = companies(home) if company is None else (reported(company, home).company.folder,)
    tolerances = _Tolerances(data)
    found: list[Check] = []
    filled: list[Filled] = []
    for name in names:
        facts = reported(name, home)
        found += _company_checks(data, facts, tolerances)
        if (data / "companies" / facts.company.folder / "history.csv").is_file():
            rows = history(name, project=home)
            found.append(_history_check(facts, rows))
            filled += _filled(facts, rows)
    if company is None:
        found += _shared_checks(home)
        found.append(tolerances.unused())
    return VerifyReport(tuple(found), tuple(filled))


class _Tolerances:
    """Known disagreements, each for one figure of one check, with its reason."""

    def __init__(self, data: Path) -> None:
        columns = ("company", "check", "metric", "period", "allowed", "reason")
        self._allowed: dict[tuple[str, str, str, str], float] = {}
        self._where: dict[tuple[str, str, str, str], str] = {}
        self._used: set[tuple[str, str, str, str]] = set()
        for row in read_table(data, "companies/tolerances.csv", columns):
            key = (row.text("company"), row.text("check"), row.text("metric"), row.text("period"))
            row.text("reason")
            self._allowed[key] = row.number("allowed")
            self._where[key] = row.at("period")

    def allows(self, company: str, check: str, each: checks.Comparison) -> bool:
        key = (company, check, each.metric, each.period)
        allowed = self._allowed.get(key)
        if allowed is None or abs(each.difference) > allowed + _ROUNDING:
            return False
        self._used.add(key)
        return True

    def unused(self) -> Check:
        """A listed tolerance that nothing needs hides the next mistake: a failure."""
        idle = [key for key in self._allowed if key not in self._used]
        failures = tuple(
            Failure(
                "tolerances",
                key[0],
                f"{key[2]} {key[3]}",
                f"{self._where[key]}: no check needs this tolerance any more",
            )
            for key in idle
        )
        return Check("tolerances still needed", _SHARED, len(self._allowed), 0, failures)


def _company_checks(data: Path, facts: Facts, tolerances: _Tolerances) -> Iterator[Check]:
    def run(name: str, comparisons: Iterable[checks.Comparison]) -> Check:
        count = tolerated = 0
        failures = []
        for each in comparisons:
            count += 1
            if abs(each.difference) <= each.allowed + _ROUNDING:
                continue
            if tolerances.allows(facts.company.name, name, each):
                tolerated += 1
                continue
            failures.append(
                Failure(
                    name,
                    facts.company.name,
                    f"{each.metric} {each.period}",
                    f"{each.metric} {each.period}: {each.value:,.6g} on file, "
                    f"{each.implied:,.6g} implied, {each.difference:+,.4g} apart, "
                    f"{each.allowed:g} allowed",
                )
            )
        return Check(name, facts.company.name, count, tolerated, tuple(failures))

    known = sources(Project(data.parent))
    made = [
        run("quarters sum to year", checks.quarters_to_year(facts)),
        run("year end is last quarter", checks.same_in_both_tables(facts)),
        *(
            run(rule.check, checks.identity(facts, rule))
            for rule in checks.identities(data, facts.metrics)
        ),
        run("price times volume", checks.price_times_volume(facts)),
        run("second source", checks.crosscheck(data, facts, known)),
        _guidance_check(facts, Project(data.parent)),
        _reach_check(facts),
    ]
    return iter([check for check in made if check.count])


def _listed(name: str, company: str, cases: Iterable[tuple[str, str | None]]) -> Check:
    """A check of cases, each with the complaint about it or None."""
    made = list(cases)
    failures = tuple(
        Failure(name, company, subject, f"{subject}: {complaint}")
        for subject, complaint in made
        if complaint is not None
    )
    return Check(name, company, len(made), 0, failures)


def _guidance_check(facts: Facts, home: Project) -> Check:
    name = facts.company.name

    def cases() -> Iterator[tuple[str, str | None]]:
        for each in capex_guidance(name, home):
            subject = f"{each.metric} {each.fiscal_year} as of {each.as_of}"
            wrong = each.low > each.high
            yield subject, f"low {each.low:g} above high {each.high:g}" if wrong else None
        for change in life_changes(name, home):
            subject = f"{change.asset_class} from {change.effective_date}"
            if change.type == "change" and change.old_life and change.new_life:
                longer = change.new_life[1] - change.old_life[1]
                effect = change.effect or 0.0
                odd = effect * longer > 0.0
                yield (
                    subject,
                    "a longer life with more depreciation, or the reverse" if odd else None,
                )

    return _listed("guidance and life changes", name, cases())


def _reach_check(facts: Facts) -> Check:
    through = facts.company.data_through
    last = max(facts.series("revenue_total"), default="")
    wrong = None if last == through else f"revenue reaches {last}, the company file says {through}"
    return _listed("data through", facts.company.name, [("data_through", wrong)])


def _history_check(facts: Facts, rows: Mapping[str, HistoryRow]) -> Check:
    """Gaps are refused on loading; here every row is finite, and families sum to their totals."""

    def cases() -> Iterator[tuple[str, str | None]]:
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
                parts = sum(row.at(quarter) for row in members)
                apart = abs(parts - rows[total].at(quarter))
                # Printed parts may differ from a printed total by a rounding.
                wrong = apart > 1.0 + _ROUNDING
                yield f"{prefix} {quarter}", f"{apart:g} from {total}" if wrong else None

    return _listed("rows of history", facts.company.name, cases())


def _filled(facts: Facts, rows: Mapping[str, HistoryRow]) -> Iterator[Filled]:
    for row in rows.values():
        reasons: dict[str, list[str]] = {}
        for quarter, status, why in zip(row.quarters, row.status, row.why, strict=True):
            if status == "estimate":
                reasons.setdefault(why, []).append(quarter)
        for why, quarters in reasons.items():
            yield Filled(
                facts.company.name, row.name, quarters[0], quarters[-1], len(quarters), why
            )


def _shared_checks(home: Project) -> list[Check]:
    known = sources(home)
    parameters = external(home)
    statements = evidence(home)
    mechanisms = drivers(home)

    def ranges() -> Iterator[tuple[str, str | None]]:
        triples = [(key, p.low, p.value, p.high) for key, p in parameters.items()]
        triples += [(key, e.low, e.value, e.high) for key, e in statements.items()]
        for key, low, value, high in triples:
            order = [v for v in (low, value, high) if v is not None]
            wrong = order != sorted(order)
            yield key, "low, value and high are not in order" if wrong else None

    def links() -> Iterator[tuple[str, str | None]]:
        for key, mechanism in mechanisms.items():
            lost = [name for name in mechanism.evidence if name not in statements]
            yield key, f"no evidence named {', '.join(lost)}" if lost else None

    def tables() -> Iterator[tuple[str, str | None]]:
        for years in (5, 7, 15):
            for convention, placed in (("half-year", None), ("mid-quarter", 4)):
                yield _tax_table(home, years, convention, placed)
        for month in range(1, 13):
            yield _tax_table(home, 39, "mid-month", month)

    return [
        _listed(
            "sources resolvable",
            _SHARED,
            (
                (key, None if source.is_resolvable else "no address, accession or word on why not")
                for key, source in known.items()
            ),
        ),
        _listed("low, value and high in order", _SHARED, ranges()),
        _listed("evidence behind drivers", _SHARED, links()),
        _listed("tax depreciation sums to cost", _SHARED, tables()),
        _listed("claims readable", _SHARED, ((key, None) for key in claims(home))),
        _listed(
            "class shares readable",
            _SHARED,
            (
                (f"{s.asset_class} {s.reported_class} {s.year}", None)
                for s in class_map("META", home)
            ),
        ),
    ]


def _tax_table(
    home: Project, years: int, convention: str, placed: int | None
) -> tuple[str, str | None]:
    total = sum(macrs(years, convention, placed, home))
    wrong = abs(total - 1.0) > _ROUNDING
    return f"{years} years, {convention} {placed or ''}".strip(), (
        f"sums to {total:.6f}" if wrong else None
    )
