"""A case whose shown rows are evaluated at once, and all others when one of them is asked for.

A slider's move then costs what is on the screen, which is less than half of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import Scenario
from jcurve.case import Case
from jcurve.company import model, rows_of
from jcurve.engine.model import SHARED, VIEWS, RowKey
from jcurve.evaluation.evaluator import evaluate as evaluate_rows
from jcurve.ground.project import Project

Array = NDArray[np.float64]


def prefetched(scenario: Scenario, project: Project, known: Case, keys: Iterable[RowKey]) -> Case:
    """The case of a scenario, with the rows ``keys`` evaluated; of assumptions that it shares with
    a ``known`` case the inputs are that case's."""
    before = known.scenario.assumptions
    changed = tuple(item for item in scenario.items if before.get(item.key) is not item)
    own = rows_of(replace(scenario, items=changed), known.assembly.timeline)
    rows = {**known.assumption_rows, **own}
    assembly = model(project=project, rows=rows)
    case, whole = Case(scenario, assembly, rows), Case(scenario, assembly, rows)
    # In place of what the case would evaluate when its first row is asked for. The values know
    # another case of the same state: of two that hold each other none is freed with the last move.
    case.__dict__ |= {"inputs": whole.inputs, "values": _Rows(whole, keys)}
    return case


class _Rows(Mapping[RowKey, Array]):
    """The values of a case: some at once, the rest together when it is needed."""

    def __init__(self, case: Case, keys: Iterable[RowKey]) -> None:
        made = evaluate_rows(case.assembly, case.inputs, keys)
        self._first = {(name, SHARED): row for name, row in case.inputs.items()} | made
        self._case = case

    def __getitem__(self, key: RowKey) -> Array:
        found = self._first.get(key)
        if found is None and self._is_difference(key):
            raise KeyError(key)  # no row of its own: whoever asks subtracts two
        return self._case.values[key] if found is None else found

    def __contains__(self, key: object) -> bool:
        return key in self._first or (not self._is_difference(key) and key in self._case.values)

    def _is_difference(self, key: object) -> bool:
        worldly = self._case.assembly.model.worldly
        return isinstance(key, tuple) and key[1] in VIEWS and key[0] in worldly

    def __iter__(self) -> Iterator[RowKey]:
        return iter(self._case.values)

    def __len__(self) -> int:
        return len(self._case.values)
