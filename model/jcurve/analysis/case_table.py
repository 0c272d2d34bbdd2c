"""The headline results of many cases as one table, all evaluated together, without notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from jcurve.analysis.question import CHUNK
from jcurve.assumptions import Scenario, load, rows_of
from jcurve.assumptions.cases import Case
from jcurve.assumptions.paths import DATE
from jcurve.case import evaluate, evaluate_batch
from jcurve.engine.model import VIEWS
from jcurve.evaluation.naming import DEFAULT_VIEW
from jcurve.ground.errors import JCurveError, ModelError
from jcurve.ground.project import Project

PROBLEM = "problem"


def case_table(
    cases: Sequence[Case],
    project: Project,
    *,
    overrides: Mapping[str, Any] | None = None,
    progress: Callable[[str], object] = lambda text: None,
) -> dict[str, list[Any]]:
    """Headline results by column, a row each case.

    Args:
        cases: what is asked for.
        project: whose scenarios and data.
        overrides: under those of each case.
        progress: told how far it is.

    Returns:
        ``case``, ``scenario``, each key that any case sets, the scenario's ``hash``, each result
        as ``npv (USD m)`` and ``npv.go_forward (USD m)`` (a date as ``2034Q3``; None where there
        is no answer) and ``problem``: why a case has none, empty otherwise.
    """
    common = dict(overrides or {})
    case = evaluate(project=project)
    views = case.headlines()
    names: list[str] = []
    for view in VIEWS:
        end = "" if view == DEFAULT_VIEW else f".{view}"
        names += [f"{name}{end}" for name in views[view]]
    units = {name: case.unit(name) for name in names}
    keys = dict.fromkeys(common)
    for each in cases:
        keys |= dict.fromkeys(each.overrides)
    read = lru_cache(maxsize=64)(lambda name: load(name, project))
    heads = ("case", "scenario", *keys, "hash", *names, PROBLEM)
    table: dict[str, list[Any]] = {head: [] for head in heads}
    labels = case.assembly.timeline.labels
    for start in range(0, len(cases), CHUNK):
        progress(f"case {start + 1:,} of {len(cases):,}")
        part = cases[start : start + CHUNK]
        made = [_scenario(each, common, read) for each in part]
        sound = [each for each in made if isinstance(each, Scenario)]
        answers = iter(_answers(sound, names, project))
        for each, found in zip(part, made, strict=True):
            row: dict[str, Any] = {"case": each.name, "scenario": each.scenario}
            for key, value in {**common, **each.overrides}.items():
                row[key] = str(value)
            answer: dict[str, float | None] | str = str(found)
            if isinstance(found, Scenario):
                row["hash"] = found.short_hash
                answer = next(answers)
            if isinstance(answer, str):
                row[PROBLEM] = answer
            else:
                row |= {PROBLEM: "", **answer}
            for name, column in table.items():
                shown = row.get(name)
                if shown is not None and units.get(name) == DATE:
                    at = max(round(shown), 0)
                    shown = labels[min(at, len(labels) - 1)]
                column.append(shown)
    headed = {name: f"{name} ({unit})" for name, unit in units.items()}
    return {headed.get(name, name): column for name, column in table.items()}


def _scenario(
    case: Case, common: Mapping[str, Any], read: Callable[[str], Scenario]
) -> Scenario | JCurveError:
    try:
        return read(case.scenario).with_overrides({**common, **case.overrides}, origin=case.where)
    except JCurveError as error:
        return error


def _answers(
    scenarios: Sequence[Scenario], names: Iterable[str], project: Project
) -> list[dict[str, float | None] | str]:
    """Each scenario's results, or why it has none; one without an answer fails alone."""
    if not scenarios:
        return []
    try:
        found = evaluate_batch(rows_of(scenarios), names, project=project)
    except ModelError as error:
        if len(scenarios) == 1:
            return [str(error)]
        half = len(scenarios) // 2
        return [
            *_answers(scenarios[:half], names, project),
            *_answers(scenarios[half:], names, project),
        ]
    answers: list[dict[str, float | None] | str] = []
    wide = {name: np.broadcast_to(row, len(scenarios)).tolist() for name, row in found.items()}
    for at in range(len(scenarios)):
        one = {name: row[at] for name, row in wide.items()}
        answers.append({name: None if value != value else value for name, value in one.items()})
    return answers
