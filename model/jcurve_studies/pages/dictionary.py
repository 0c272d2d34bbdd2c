"""The data dictionary, for the template of ``docs/facts.md``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from jcurve.facts.companies import Company, companies, company
from jcurve.facts.history import HistoryRow, history
from jcurve.facts.registers import claims, drivers, evidence, external
from jcurve.facts.reported import KINDS, Facts, Freq, metrics, others, reported
from jcurve.facts.tables import read_table
from jcurve.ground.markdown import table
from jcurve.ground.project import Project, Where
from jcurve.ground.quarters import Quarter

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
_CAPEX = ("capex_incl_finance_leases", "purchases_of_ppe")
_DEPRECIATION = ("depreciation_impairment_ppe_as_filed", "depreciation_expense_ppe")
_LOOSER = (*_DEPRECIATION, "depreciation_and_amortization")


def on_file(home: Project) -> str:
    """The companies with facts, and how many of each kind."""
    rows = []
    for name in companies(home):
        facts = reported(name, home)
        kinds = Counter(fact.kind for fact in facts)
        one = facts.company
        rows.append(
            (
                one.display_name,
                f"`{one.name}`",
                f"{one.first_quarter} to {one.data_through}",
                len(facts),
                *(kinds[kind] for kind in KINDS),
                f"[notes](../data/companies/{one.folder}/NOTES.md)",
            )
        )
    header = ("company", "name", "quarters", "facts", *KINDS, "conventions and gaps")
    return table(header, rows)


def modelled(home: Project) -> list[Company]:
    """The companies with rows of history."""
    found = (company(name, home) for name in companies(home))
    return [
        each for each in found if (home.data / "companies" / each.folder / "history.csv").is_file()
    ]


def rows_of_history(home: Project, owner: Company) -> str:
    """What model lines take as arguments."""
    rows = (
        (
            f"`{row.name}`",
            row.unit,
            row.nature,
            f"{row.first} to {row.last}" if row.first != row.last else row.first,
            len(row.estimates()) or "",
            row.definition,
        )
        for row in history(owner.folder, project=home).values()
    )
    return table(("row", "unit", "nature", "quarters", "estimates", "definition"), rows)


def estimates(home: Project, owner: Company) -> str:
    """Quarters that a rule filled, and how."""
    rows = _estimates(history(owner.folder, project=home).values())
    return table(("row", "quarters", "how"), rows)


def _estimates(rows: Iterable[HistoryRow]) -> Iterable[Sequence[object]]:
    for row in rows:
        by_rule: dict[str, list[str]] = {}
        for quarter, status, why in zip(row.quarters, row.status, row.why, strict=True):
            if status == "estimate":
                by_rule.setdefault(why, []).append(quarter)
        for why, quarters in by_rule.items():
            yield f"`{row.name}`", _spans(quarters), why


def _spans(periods: Sequence[str]) -> str:
    """Runs of periods: ``2016Q1, 2018Q2 to 2018Q3``."""
    runs: list[list[str]] = []
    for period in periods:
        if runs and _follows(runs[-1][-1], period):
            runs[-1].append(period)
        else:
            runs.append([period])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _follows(before: str, after: str) -> bool:
    if "Q" in before:
        return Quarter(before).plus(1) == after
    return int(before) + 1 == int(after)


def other_companies(home: Project) -> str:
    """Figures of companies without a folder."""
    held = [
        (name, f"`{metric}`", _both([period for own, period in facts if own == metric]))
        for name, facts in others(home).items()
        for metric in dict.fromkeys(own for own, _ in facts)
    ]
    return table(("company", "metric", "periods"), held)


def without_programme(home: Project) -> str:
    """What a company without a programme spends."""
    spent = (
        (each.entity, each.year, *map(_percent, (each.capex, each.net_property, each.depreciation)))
        for each in property_years(home)
    )
    header = (
        "company", "year", "capex over revenue", "net property over revenue",
        "depreciation over opening net property",
    )  # fmt: skip
    return table(header, spent)


def _both(periods: Sequence[str]) -> str:
    parts = ([p for p in periods if "Q" in p], [p for p in periods if "Q" not in p])
    return ", ".join(_spans(sorted(part)) for part in parts if part)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def every_metric(home: Project) -> str:
    """Every metric, and where it is on file."""
    every = [reported(name, home) for name in companies(home)]
    rows = []
    for metric in metrics(home).values():
        held = [
            f"{facts.company.name}: {where}"
            for facts in every
            if (where := _held(facts, metric.name))
        ]
        rows.append(
            (f"`{metric.name}`", metric.unit, metric.nature, metric.definition, "; ".join(held))
        )
    header = ("metric", "unit", "nature", "definition", "on file")
    return table(header, rows)


def _held(facts: Facts, name: str) -> str:
    parts = []
    freqs: tuple[Freq, ...] = ("quarter", "year")
    for freq in freqs:
        periods = tuple(facts.series(name, freq))
        if periods:
            parts.append(_spans(periods))
    return ", ".join(parts)


def counts(home: Project) -> str:
    """How much each register holds."""
    statements = evidence(home)
    found = claims(home)
    rows = (
        ("evidence", len(statements), Counter(e.grade for e in statements.values())),
        ("claims", len(found), Counter(c.verdict for c in found.values())),
        ("drivers", len(drivers(home)), Counter[str]()),
        ("external parameters", len(external(home)), Counter[str]()),
    )
    return table(
        ("register", "entries", "of which"),
        (
            (name, count, ", ".join(f"{n} {word}" for word, n in sorted(split.items())))
            for name, count, split in rows
        ),
    )


def tolerances(home: Project) -> str:
    """Disagreements that are known, and why."""
    columns = ("company", "check", "metric", "period", "allowed", "reason")
    rows = read_table(home.data, "companies/tolerances.csv", columns)
    return table(columns, (tuple(row.cells.values()) for row in rows))


@dataclass(frozen=True, slots=True)
class PropertyYear:
    """A company's property in a year; each ratio is None where a figure is missing."""

    entity: str
    year: str
    net_property: float | None  # net property at the year's end over revenue
    depreciation: float | None  # depreciation over net property at the year's start
    capex: float | None  # capital expenditure over revenue


def property_years(project: Where = None) -> tuple[PropertyYear, ...]:
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
