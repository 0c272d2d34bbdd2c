"""The data dictionary, for the template of ``docs/facts.md``, and the book of lines, for that of
``docs/lines.md``."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from jcurve.company import Assembly
from jcurve.engine.line import Line
from jcurve.engine.model import Instance
from jcurve.facts.companies import Company, companies, company
from jcurve.facts.history import history
from jcurve.facts.reported import KINDS, Facts, Freq, metrics, others, reported
from jcurve.facts.tables import read_table
from jcurve.ground.markdown import code, table
from jcurve.ground.project import Project, Where
from jcurve.ground.quarters import Quarter
from jcurve.lines import MODULES

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
            sum(map(len, row.estimates().values())) or "",
            row.definition,
        )
        for row in history(owner.folder, project=home).values()
    )
    return table(("row", "unit", "nature", "quarters", "estimates", "definition"), rows)


def estimates(home: Project, owner: Company) -> str:
    """Quarters that a rule filled, and how."""
    rows = (
        (f"`{row.name}`", _spans(quarters), why)
        for row in history(owner.folder, project=home).values()
        for why, quarters in row.estimates().items()
    )
    return table(("row", "quarters", "how"), rows)


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


def without_programme(home: Project) -> str:
    """What a company without a programme spends."""
    spent = (
        (
            each.entity,
            each.year,
            *(
                "" if share is None else f"{share:.1%}"
                for share in (each.capex, each.net_property, each.depreciation)
            ),
        )
        for each in property_years(home)
    )
    header = (
        "company", "year", "capex over revenue", "net property over revenue",
        "depreciation over opening net property",
    )  # fmt: skip
    return table(header, spent)


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


# ---- lines ----------------------------------------------------------------------------


def by_module(assembly: Assembly) -> dict[str, dict[str, Instance]]:
    """Every line by module, in the order in which a reader meets them; one entry a line, not one
    a member."""
    found: dict[str, dict[str, Instance]] = {}
    for instance in assembly.model.instances:
        found.setdefault(instance.line.module, {}).setdefault(instance.line.name, instance)
    names = (module.__name__.rpartition(".")[2] for module in MODULES)
    return {name: found[name] for name in names if name in found}


def count(assembly: Assembly) -> int:
    """How many functions there are."""
    return sum(map(len, by_module(assembly).values()))


def sets(assembly: Assembly) -> str:
    """The sets and their members."""
    found = assembly.model.sets
    return table(
        ("set", "members"), ((code(name), ", ".join(found[name])) for name in sorted(found))
    )


def section(module: str, instances: Iterable[Instance], assembly: Assembly) -> str:
    """A module's lines."""
    about = inspect.getdoc(import_module(f"jcurve.lines.{module}")) or ""
    header = ("line", "unit", "kind", "in", "for each", "definition", "rests on")
    rows = [row for instance in instances for row in _outputs_of(instance, assembly)]
    title = module.replace("_", " ").capitalize()
    return f"## {title}\n\n{about}\n\n{table(header, rows)}"


def _outputs_of(instance: Instance, assembly: Assembly) -> Iterator[tuple[str, ...]]:
    line = instance.line
    for place, output in enumerate(line.outputs):
        kind = output.kind.value + (f" ({line.annual})" if line.annual != "formula" else "")
        row, made = instance.rows[place], assembly.model
        where = "views" if row in made.viewed else "worlds" if row in made.worldly else "all"
        yield (
            code(output.name),
            output.unit.name,
            kind,
            where,
            "" if line.over is None else line.over.name,
            output.definition,
            # Lines that one function returns together rest on the same precedents.
            _precedents(line, instance, assembly) if place == 0 else f"as `{line.outputs[0].name}`",
        )


def _precedents(line: Line, instance: Instance, assembly: Assembly) -> str:
    keys = assembly.keys
    found: dict[str, None] = {}
    for argument, binding in instance.bindings.items():
        name = binding.only
        key = keys.get(name, name)
        # A family, and the member at hand of the line's own set, stand under one name.
        target = line.refer.get(argument, argument).partition("@")[0].removesuffix(".*")
        shown = _family_key(key, name, target) if name in keys else target
        world = f"@{binding.world}" if binding.world else ""
        found[code(f"{shown}{world}")] = None
    return ", ".join(found)


def _family_key(key: str, name: str, target: str) -> str:
    """An assumption's key without the member that ``name`` has beyond ``target``."""
    beyond = name.removeprefix(target).count(".")
    return key if beyond == 0 else ".".join(key.split(".")[:-beyond])
