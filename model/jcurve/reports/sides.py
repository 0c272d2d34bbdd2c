"""Finds what a comparison names: a scenario, a run, an edition, or a series' latest one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jcurve.errors import RunError, UsageError, nearest
from jcurve.project import Project
from jcurve.reports.compare import Comparison, Input, Side, compare
from jcurve.reports.editions import Edition, latest
from jcurve.reports.results import ReportedScenario, read_results

if TYPE_CHECKING:
    from jcurve.assumptions import Scenario
    from jcurve.case import Case

__all__ = ["diff", "side_of_case", "side_of_edition", "stated_inputs"]


def diff(
    one: str, other: str, *, project: Project, overrides: Mapping[str, Any] | None = None
) -> Comparison:
    """Compare two things by name.

    Args:
        one, other: a scenario (``bear``), a run's or edition's identifier, a series
            (``scenario_report/bear``: its latest edition), or ``report/series/edition``.
        project: where they lie.
        overrides: on top of the second, when it is a scenario.

    Raises:
        UsageError: there is no such thing.
        ScenarioError, RunError: it cannot be read.
    """
    return compare(_side(one, project, {}), _side(other, project, overrides or {}))


def side_of_case(case: Case, name: str | None = None) -> Side:
    """An evaluated scenario as a side."""
    scenario = case.scenario
    return Side(
        name=name or scenario.name,
        kind="scenario",
        hash=scenario.hash,
        inputs={key: Input(**stated) for key, stated in stated_inputs(scenario).items()},
        headlines=case.headlines(),
        others={},
    )


def side_of_edition(edition: Edition) -> Side:
    """A published edition as a side, from its own files.

    Raises:
        RunError: they are missing or damaged.
    """
    results = read_results(edition.results)
    try:
        provenance = json.loads(edition.provenance.read_bytes())
        inputs = {key: Input(**stated) for key, stated in provenance["assumptions"].items()}
        others = _others(provenance["determinants"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError("is missing or damaged", where=str(edition.provenance)) from error
    return Side(
        name=f"{edition.report}/{edition.series}/{edition.id}",
        kind="edition",
        hash=results.scenario.hash,
        inputs=inputs,
        headlines={
            view: {
                name: {"value": figure.value} | figure.model_dump(exclude_none=True)
                for name, figure in figures.items()
            }
            for view, figures in results.headlines.items()
        },
        others=others | {"data through": results.data_through, "valued at": results.valuation_date},
    )


def stated_inputs(scenario: ReportedScenario | Scenario) -> dict[str, dict[str, str]]:
    """Every assumption that a scenario states, as plain data; none for a stand-in without.

    Remainders of mixes are left out: they follow from the rest.
    """
    canonical = getattr(scenario, "canonical", None)
    if canonical is None:
        return {}
    meanings = json.loads(canonical)["assumptions"]
    return {
        item.key: {
            "label": item.label,
            "unit": item.unit,
            "text": item.text(),
            "digest": sha256(json.dumps(meanings[item.key]).encode()).hexdigest()[:16],
        }
        for item in getattr(scenario, "items", ())
        if item.key in meanings
    }


def _side(name: str, project: Project, overrides: Mapping[str, Any]) -> Side:
    from jcurve.assumptions import available

    scenarios = available(project)
    if name in scenarios:
        from jcurve import evaluate, scenario

        told = name if not overrides else f"{name} with overrides"
        case = evaluate(scenario(name, overrides, project=project), project=project)
        return side_of_case(case, told)
    edition = _edition(name, project)
    if edition is None:
        raise UsageError(
            "neither a scenario nor a run or edition",
            received=name,
            allowed=f"{', '.join(scenarios)}, a run's identifier, or report/series",
            suggestion=nearest(name, [*scenarios, *_series(project)]),
        )
    return side_of_edition(edition)


def _edition(name: str, project: Project) -> Edition | None:
    parts = name.strip("/").split("/")
    if any(part.startswith(".") or not part for part in parts) or "\\" in name:
        return None  # no name from outside becomes a path out of the reports
    if len(parts) == 2:
        return latest(project, *parts) if "/".join(parts) in _series(project) else None
    for folder in _folders(project):
        if len(parts) == 3 and folder == project.reports.joinpath(*parts):
            break
        if len(parts) == 1 and folder.name == name:
            break
    else:
        return None
    return Edition(folder.name, folder.parents[1].name, folder.parent.name, folder)


def _others(determinants: Mapping[str, Any]) -> dict[str, str]:
    """What determines the numbers besides the scenario, one text for each."""
    commit = determinants["commit"]
    told = "" if commit is None else commit["id"][:12] + (" (changed)" if commit["dirty"] else "")
    return {
        **{name: hashed[:12] for name, hashed in determinants["inputs"].items()},
        "package": f"{determinants['package']}, {determinants['source'][:12]}",
        "commit": told or "not under git",
        "seed": str(determinants["seed"]),
        "Python": determinants["python"],
        **determinants["libraries"],
    }


def _series(project: Project) -> list[str]:
    return sorted({f"{each.parents[1].name}/{each.parent.name}" for each in _folders(project)})


def _folders(project: Project) -> list[Path]:
    """The folders of all editions."""
    return [
        folder
        for folder in sorted(project.reports.glob("*/*/*"))
        if (folder / "provenance.json").is_file()
        and not folder.relative_to(project.reports).parts[0].startswith(".")
    ]
