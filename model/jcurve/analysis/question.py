"""A question: a scenario, some outputs, and the model's answers for many draws at once.

Everything in this package asks through :class:`Question`, or through any function of the
same shape (:data:`Ask`), so that a method is tested on functions whose answer is known.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import Scenario, batch, rows_of, valid_mask
from jcurve.assumptions.relations import remainder_row
from jcurve.case import Case, batch_inputs
from jcurve.company import model
from jcurve.engine.evaluate import annual, needs
from jcurve.engine.line import Kind
from jcurve.engine.model import VIEWS, RowKey
from jcurve.evaluation.evaluator import evaluate as evaluate_rows
from jcurve.evaluation.naming import key_of
from jcurve.ground.errors import ModelError, UsageError
from jcurve.ground.project import Project, find_project

Array: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Draws: TypeAlias = Mapping[str, Array]
"""By key, (scenarios,) or (1,): values in the key's unit, positions of dated values."""
Answers: TypeAlias = dict[str, Array]
"""By output, (scenarios,); (periods, scenarios) for a whole line."""
Ask: TypeAlias = Callable[[Draws], Answers]
Elsewhere: TypeAlias = Callable[["Question", Mapping[str, Array]], Answers | None]

CHUNK = 504
"""Scenarios evaluated together: wide enough for whole rows, narrow enough for the cache and
for a few hundred megabytes; no power of two, whose rows would begin at the same place of a page.
"""

MANY = 1 << 14  # Scenarios from which machine code for one set of drawn keys is worth its compiling

ELSEWHERE: ContextVar[Elsewhere | None] = ContextVar("elsewhere", default=None)
"""Answers for many scenarios in place of this process, as a cluster does, while it is set; gives
None for those that it leaves to this one."""

_SLACK = 1e-9
_BY_YEAR, _BY_QUARTER, _LOWEST = "year", "quarter", "lowest"


@dataclass(frozen=True)
class Question:
    """What is asked of the model. Call it with draws.

    Raises:
        UsageError: there is no such output.
    """

    scenario: Scenario  # holds every assumption that is not drawn
    # each a result (``npv``, ``npv.go_forward``); a line at a date (``capex@without:2027``,
    # ``net_cash:2030Q4``); its lowest quarter after the scenario's valuation date
    # (``net_cash:lowest``); or a whole line (``cumulative_free_cash_flow:year``,
    # ``net_cash:quarter``)
    outputs: tuple[str, ...]
    project: Project
    chunk: int = CHUNK  # scenarios evaluated together; it changes nothing but speed and memory
    # a great many scenarios are to come in which the same keys are drawn: they are evaluated faster
    many: bool = False
    # the scenario as a case, where the caller has it
    known: Case | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        _ = self._targets

    @classmethod
    def of(
        cls, scenario: Scenario, outputs: str | Iterable[str], project: Project | None = None
    ) -> Question:
        """A question about a scenario of the project found from here."""
        names = (outputs,) if isinstance(outputs, str) else tuple(dict.fromkeys(outputs))
        return cls(scenario, names, project or find_project())

    def __call__(self, draws: Draws) -> Answers:
        """The answers for a batch of draws, NaN where an output has none."""
        width = max((len(np.atleast_1d(drawn)) for drawn in draws.values()), default=1)
        edges = [*range(0, width, self.chunk), width]
        parts = [self.answers(self.rows(cut(draws, *ends))) for ends in pairwise(edges)]
        return joined(parts, np.diff(edges))

    def rows(self, draws: Draws) -> dict[str, Array]:
        """The model's rows for draws. Members of a mix that sum to more than 1 are scaled to 1
        together, so that every draw is a scenario."""
        timeline = self.case.assembly.timeline
        own = self.case.assumption_rows
        made = batch(self.scenario, draws, timeline, own)
        drawn = _drawn(draws)
        for mix in self.scenario.mixes:
            if drawn.isdisjoint(mix.others):
                made[mix.remainder] = self.case.assumption_rows[mix.remainder]
                continue
            total = 1.0 - remainder_row(mix, made)
            over = np.maximum(total, 1.0)
            if (over > 1.0).any():
                for key in mix.others:
                    made[key] = made[key] / over
                made[mix.remainder] = np.maximum(remainder_row(mix, made), 0.0)
        return made

    def overfull(self, draws: Draws) -> Mask:
        """Which draws have a mix that sums to more than 1 and is scaled, (scenarios,) or (1,)."""
        timeline = self.case.assembly.timeline
        made = batch(self.scenario, draws, timeline)
        found = np.zeros(1, dtype=bool)
        drawn = _drawn(draws)
        for mix in self.scenario.mixes:
            if not drawn.isdisjoint(mix.others):
                found = found | (remainder_row(mix, made) < -_SLACK).any(axis=0)
        return found

    def valid(self, draws: Draws) -> Mask:
        """Which draws keep the rules between assumptions, (scenarios,)."""
        return self.valid_rows(self.rows(draws))

    def valid_rows(self, rows: Mapping[str, Array]) -> Mask:
        """The same of rows that :meth:`rows` has made."""
        return valid_mask(self.scenario, rows, self.case.assumption_rows)

    def answers(self, rows: Mapping[str, Array]) -> Answers:
        """The answers for rows of the model by assumption key, all evaluated together."""
        elsewhere = ELSEWHERE.get()
        if elsewhere is not None and (made := elsewhere(self, rows)) is not None:
            return made
        case = self.case
        own = case.assumption_rows
        if any(
            ".date." in key
            and row is not own.get(key)
            and not np.array_equal(row, own.get(key, ()))
            for key, row in rows.items()
        ):
            assembly = model(case.assembly.company.name, self.project, rows)
            case = Case(self.scenario, assembly, own)
        inputs = batch_inputs(case, rows)
        keys = dict.fromkeys(key for target in self._targets for key in _wanted(case, target))
        values = evaluate_rows(case.assembly, inputs, list(keys), many=self.many)
        memo: dict[RowKey, Array] = {}
        found: Answers = {}
        for name, target in zip(self.outputs, self._targets, strict=True):
            row = _row(case, values, target, memo)
            if target.period == _LOWEST:
                found[name] = row[self.valued_at + 1 :].min(axis=0)
            else:
                found[name] = row if target.whole else row[target.at(case)]
        return found

    def unit(self, output: str) -> str:
        """The unit of an output."""
        target = self._targets[self.outputs.index(output)]
        return self.case.assembly.model.unit(target.key[0]).name

    @cached_property
    def case(self) -> Case:
        """The scenario itself as a case; nothing is evaluated before it is asked for."""
        if self.known is not None:
            return self.known
        rows = rows_of(self.scenario, model(project=self.project).timeline)
        return Case(self.scenario, model(project=self.project, rows=rows), rows)

    @property
    def valued_at(self) -> int:
        """The index of the scenario's valuation date."""
        case = self.case
        return case.assembly.timeline.index(case.valuation_date)

    @property
    def years(self) -> tuple[int, ...]:
        """The years of a line asked for by year."""
        return self.case.assembly.timeline.years

    @property
    def kept_years(self) -> tuple[int, ...]:
        """Those that a simulation keeps: from the programme's start."""
        first = int(self.scenario["programme.start"].text()[:4])
        return tuple(year for year in self.years if year >= first)

    @cached_property
    def _targets(self) -> tuple[_Target, ...]:
        return tuple(_target(self.case, name) for name in self.outputs)

    def __getstate__(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self)} | {"known": None}


@dataclass(frozen=True, slots=True)
class _Target:
    """A row and where it is read: at no date for a result, else a period or all of them."""

    key: RowKey
    period: str

    @property
    def whole(self) -> bool:
        return self.period in (_BY_YEAR, _BY_QUARTER)

    @property
    def by_quarter(self) -> bool:
        return self.period in (_BY_QUARTER, _LOWEST) or "Q" in self.period

    def at(self, case: Case) -> int:
        if not self.period:
            return 0
        timeline = case.assembly.timeline
        return timeline.index(self.period) if self.by_quarter else timeline.year_index(self.period)


def _target(case: Case, output: str) -> _Target:
    name, _, period = output.partition(":")
    made = case.assembly.model
    key = key_of(made, name)
    line = made.outputs.get(key[0])
    is_result = line is not None and line.kind is Kind.RESULT
    if is_result == bool(period):
        raise UsageError(
            "a result has one value, at no date" if is_result else "a line has many values",
            received=output,
            allowed=name if is_result else f"{name}:2030, {name}:2030Q4",
        )
    found = _Target(key, period)
    if not found.whole and period != _LOWEST:
        found.at(case)
    return found


def _wanted(case: Case, target: _Target) -> tuple[RowKey, ...]:
    """The rows to evaluate for a target; none for a difference that is zero by nature."""
    made, key = case.assembly.model, target.key
    if key[1] in VIEWS and not made.differs(key[0]):
        return ()
    if not target.period:
        return (key,)
    return (key,) if target.by_quarter else tuple(sorted(needs(made, key)))


def _row(
    case: Case, values: Mapping[RowKey, Array], target: _Target, memo: dict[RowKey, Array]
) -> Array:
    """(1, scenarios) of a result, (quarter or year, scenarios) of a line."""
    made, timeline, key = case.assembly.model, case.assembly.timeline, target.key
    height = len(timeline) if target.by_quarter else len(timeline.years) if target.period else 1
    if key[1] in VIEWS and not made.differs(key[0]):
        return np.zeros((height, 1))
    by_year = target.period and not target.by_quarter
    row = annual(made, values, key, memo) if by_year else values[key]
    return np.broadcast_to(row, (height, row.shape[1]))


def _drawn(draws: Draws) -> frozenset[str]:
    """What is drawn, and what has a year that is."""
    return frozenset(draws) | {key.rpartition(".")[0] for key in draws}


def cut(draws: Draws, start: int, stop: int) -> dict[str, Array]:
    """The draws from ``start`` to before ``stop``; what is the same in all of them stays one."""
    rows = {key: np.atleast_1d(np.asarray(row, dtype=np.float64)) for key, row in draws.items()}
    return {key: row if len(row) == 1 else row[start:stop] for key, row in rows.items()}


def joined(parts: Sequence[Answers], sizes: Iterable[int]) -> Answers:
    """Answers for neighbouring scenarios as one; what is the same in a part stands for as many as
    its size says."""
    wide = [
        {name: np.broadcast_to(row, (*row.shape[:-1], size)) for name, row in part.items()}
        for part, size in zip(parts, sizes, strict=True)
    ]
    return {name: np.concatenate([part[name] for part in wide], axis=-1) for name in wide[0]}


def by_halves(
    ask: Callable[[dict[str, Array]], Answers],
    draws: dict[str, Array],
    alone: Callable[[int, ModelError], Answers],
    start: int = 0,
) -> Answers:
    """What ``ask`` gives for draws. One that the model refuses fails its whole batch, so a batch
    that fails is halved until that one is by itself; ``alone`` is told its place and the error."""
    try:
        return ask(draws)
    except ModelError as error:
        width = max(map(len, draws.values()))
        if width == 1:
            return alone(start, error)
    half = width // 2
    left = by_halves(ask, cut(draws, 0, half), alone, start)
    right = by_halves(ask, cut(draws, half, width), alone, start + half)
    return {name: np.concatenate([left[name], right[name]], axis=-1) for name in left}


def as_data(value: Any) -> Any:
    """``value`` for a machine: NaN and infinity become None, arrays lists, dataclasses tables."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_data(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_data(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return as_data(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [as_data(item) for item in value]
    if isinstance(value, np.generic):
        return as_data(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
