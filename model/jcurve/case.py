"""A case: one scenario, evaluated. The door through which everything else asks the model.

case = jcurve.evaluate(jcurve.scenario("base", {"capex.total.2027": 200_000}))
case["npv"]                       # a result; bare means the programme view
case["npv.go_forward"]            # another view
case["capex@without"]             # a line in a world, labelled by quarter
case.frame(["capex", "book_depreciation"], by="year", world="programme")
case.trace("npv")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from jcurve.assumptions import BASE, Difference, Scenario, rows_of, scenario
from jcurve.company import Assembly, model
from jcurve.engine.evaluate import annual
from jcurve.engine.line import Kind
from jcurve.engine.model import CONSTANTS, SHARED, VIEWS, RowKey, spell
from jcurve.engine.trace import Node
from jcurve.engine.trace import trace as trace_rows
from jcurve.evaluation.evaluator import evaluate as evaluate_rows
from jcurve.evaluation.naming import key_of, members_of, origin
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Where

if TYPE_CHECKING:
    import pandas as pd

    from jcurve.evaluation.gradients import Gradient

__all__ = ["Case", "Check", "batch_inputs", "evaluate", "evaluate_batch", "scenario"]

Array = NDArray[np.float64]

_DATE = "date"
_CHECK = "check_"
_TOLERANCE = 1e-6
_RESULTS_MODULE = "returns"


@dataclass(frozen=True, slots=True)
class Check:
    """An identity that must be zero, as found.

    Attributes:
        row: the line and its world.
        definition: what must tie.
        worst: its largest absolute value.
        at: the quarter of that value.
        scale: the largest amount among its precedents, at least 1.
    """

    row: str
    definition: str
    worst: float
    at: str
    scale: float

    @property
    def holds(self) -> bool:
        """Whether it is zero to a millionth of its scale."""
        return self.worst <= _TOLERANCE * self.scale


class Case:
    """An evaluated scenario. Rows are computed once and never change."""

    def __init__(
        self, scenario: Scenario, assembly: Assembly, assumption_rows: Mapping[str, Array]
    ) -> None:
        self.scenario = scenario
        self.assembly = assembly
        self.assumption_rows = assumption_rows
        self._annual: dict[RowKey, Array] = {}

    def __repr__(self) -> str:
        return f"<Case {self.scenario.name} of {self.assembly.company.name}>"

    @property
    def data_through(self) -> str:
        """The last reported quarter."""
        return self.assembly.data_through

    @cached_property
    def valuation_date(self) -> str:
        """The quarter at whose end present values are stated."""
        at = self.values["valuation_date", SHARED][0, 0]
        return self.assembly.timeline.labels[int(at)]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the scenario states differently from the base scenario, and why."""
        return self.scenario.differences

    @cached_property
    def inputs(self) -> Mapping[str, Array]:
        """Every input of the model by name: assumptions, history, tables, calendar."""
        return self.assembly.inputs(self.assumption_rows)

    @cached_property
    def values(self) -> Mapping[RowKey, Array]:
        """Every row of every world and view, and every input; read-only."""
        assembly = self.assembly
        made = evaluate_rows(assembly, self.inputs)
        values = {(name, SHARED): row for name, row in self.inputs.items()} | made
        values |= {key: np.full((1, 1), value) for key, value in CONSTANTS.items()}
        for key, row in values.items():
            if row.flags.writeable:
                values[key] = row.view()
                values[key].flags.writeable = False
        return values

    def __getitem__(self, name: str) -> Any:
        """A result as a number (None where there is no answer), a line as a labelled series.

        Raises:
            UsageError: there is no such line, or not under that world or view.
        """
        key = self._key(name)
        if self._is_result(key[0]):
            return self._number(key)
        return self.frame(name)[name]

    def row(self, name: str, tag: str | None = None) -> Array:
        """The quarterly values of a line or input: (quarter,), or (1,) for a result."""
        key = self._key(name, tag)
        row = self._row(key)[:, 0]
        if row.shape[0] == 1 and not self._is_result(key[0]):
            return np.broadcast_to(row, (len(self.assembly.timeline),))
        return row

    def year(self, name: str, tag: str | None = None) -> Array:
        """The annual values of a line or input: (year,)."""
        row = self._year(self._key(name, tag))[:, 0]
        return np.broadcast_to(row, (len(self.assembly.timeline.years),)) if len(row) == 1 else row

    def frame(
        self,
        lines: str | Iterable[str],
        by: Literal["quarter", "year"] = "quarter",
        world: str | None = None,
    ) -> pd.DataFrame:
        """Lines side by side, quarters or years down.

        Args:
            lines: names; a family's name stands for its members, ``line@world`` overrides
                ``world``.
            by: rows of the frame.
            world: ``with``, ``without`` or ``stopped``; or a view, whose frame holds
                differences. None means the company with its programme, and the programme
                view for lines of a view.

        Returns:
            Rows named by quarter (``2027Q1``) or year (2027), columns as asked;
            ``attrs["units"]`` has each column's unit,
            ``attrs["world"]`` and ``attrs["by"]`` what was asked.

        Raises:
            UsageError: an unknown line, world or period.
        """
        import pandas as pd

        if by not in ("quarter", "year"):
            raise UsageError("unknown period", received=by, allowed="quarter, year")
        asked = [lines] if isinstance(lines, str) else list(lines)
        names = members_of(self.assembly.model, asked)
        units = {name: self.unit(name) for name in names}
        for name in names:
            if self._is_result(self._key(name, world)[0]):
                what = "a result has one value, not a row"
                raise UsageError(what, received=name, allowed=f'jcurve show, case["{name}"]')
        rows = self.row if by == "quarter" else self.year
        columns = {name: rows(name, world) for name in names}
        timeline = self.assembly.timeline
        labels = timeline.labels if by == "quarter" else timeline.years
        frame = pd.DataFrame(columns, index=pd.Index(labels, name=by))
        frame.attrs.update({"units": units, "world": world or "", "by": by})
        return frame

    def unit(self, name: str) -> str:
        """The unit of a line or input."""
        return self.assembly.model.unit(self._key(name)[0]).name

    def headlines(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Per view, each result with its unit, or null with the reason why there is none."""
        made = self.assembly.model
        names = [
            name
            for name, output in made.outputs.items()
            if output.kind is Kind.RESULT
            and name in made.viewed
            and made.maker[name].line.module == _RESULTS_MODULE
            and not output.status_of
        ]
        return {view: {name: self.headline(name, view) for name in names} for view in VIEWS}

    def headline(self, name: str, view: str) -> dict[str, Any]:
        """One result in a view: its value and unit, or null with the reason why there is none."""
        from jcurve.lines.returns import REASONS

        value, unit = self._number((name, view)), self.unit(name)
        if value is None:
            status = self.values.get((self.assembly.model.status(name) or "", view))
            code = 0 if status is None else int(status[0, 0])
            return {"value": None, "reason": REASONS.get(code, "no answer")}
        if unit == _DATE:
            labels = self.assembly.timeline.labels
            last = len(labels) - 1
            return {"value": labels[int(np.clip(round(value), 0, last))], "unit": "quarter"}
        return {"value": value, "unit": unit}

    def checks(self) -> tuple[Check, ...]:
        """Every identity of the model, in every world and view, as found."""
        return tuple(
            self._check((name, tag))
            for name in self.assembly.model.outputs
            if name.startswith(_CHECK)
            for tag in self.assembly.model.tags(name)
        )

    def gradient(self, output: str, at: str | None = None) -> Gradient:
        """What a small change of each assumption does to a result, or to a line in a quarter."""
        from jcurve.evaluation.gradients import gradient

        return gradient(self.scenario, self.assembly, self.inputs, output, at)

    def trace(
        self,
        line: str,
        at: str | None = None,
        world: str | None = None,
        *,
        depth: int | None = None,
        size: int | None = None,
    ) -> Node:
        """The tree from a number down to assumptions and reported facts.

        Args:
            line: a result, line or input.
            at: a quarter or year; None for a result or a whole row.
            world: a world or view.
            depth: levels to show, None for all.
            size: about how many nodes to show, None for all.
        """
        return trace_rows(
            self.assembly.model,
            self.values,
            self.assembly.timeline,
            self._key(line, world),
            at,
            describe=lambda name, at: origin(self.scenario, self.assembly, name, at),
            depth=depth,
            size=size,
        )

    def _key(self, name: str, tag: str | None = None) -> RowKey:
        return key_of(self.assembly.model, name, tag)

    def _is_result(self, name: str) -> bool:
        output = self.assembly.model.outputs.get(name)
        return output is not None and output.kind is Kind.RESULT

    def _row(self, key: RowKey) -> Array:
        found = self.values.get(key)
        if found is not None:
            return found
        parts = self.assembly.model.parts(key)
        if parts is None:
            return np.zeros((1, 1))
        return self.values[parts[0]] - self.values[parts[1]]

    def _year(self, key: RowKey) -> Array:
        if key not in self.values and self.assembly.model.parts(key) is None:
            return np.zeros((1, 1))
        return annual(self.assembly.model, self.values, key, self._annual)

    def _number(self, key: RowKey) -> float | None:
        value = float(self._row(key)[0, 0])
        return None if np.isnan(value) else value

    def _check(self, key: RowKey) -> Check:
        made = self.assembly.model
        found = np.abs(self._row(key)[:, 0])
        at = int(np.nanargmax(found)) if not np.isnan(found).all() else 0
        unit = made.unit(key[0])
        scale = 1.0
        for source in made.sources(key):
            if made.unit(source[0]).agrees(unit):
                scale = max(scale, float(np.nan_to_num(np.abs(self._row(source))).max()))
        label = self.assembly.timeline.labels[at] if len(found) > 1 else ""
        definition = made.outputs[key[0]].definition
        return Check(spell(key), definition, float(found.max()), label, scale)


def evaluate(
    what: Scenario | str = BASE,
    *,
    company: str = "",
    project: Where = None,
) -> Case:
    """Evaluate a scenario, given or by name; see :func:`jcurve.company.model` for the company.

    Raises:
        ScenarioError: the named scenario does not validate.
        ModelError: its values have no answer in the model.
    """
    case = _case(what, company, project)
    _ = case.values  # a model error belongs to this call, not to the first number asked for
    return case


def evaluate_batch(
    rows: Mapping[str, Array],
    wanted: Iterable[str],
    what: Scenario | str = BASE,
    *,
    company: str = "",
    project: Where = None,
) -> dict[str, Array]:
    """Evaluate many scenarios at once, and only what is asked for.

    Args:
        rows: by assumption key, (quarter or 1, scenarios); what is not given is taken from
            ``what`` and computed once.
        wanted: names as a case takes them.
        what: the scenario that holds the values of all other assumptions.

    Returns:
        By name as asked: (scenarios,) for a result, NaN where it has no answer, and
        (quarter, scenarios) for a line.

    Raises:
        UsageError: a row's key is no assumption, widths differ, or a name is unknown.
    """
    given = {key: np.atleast_2d(np.asarray(row, dtype=np.float64)) for key, row in rows.items()}
    case = _case(what, company, project, given)
    made, timeline = case.assembly.model, case.assembly.timeline
    inputs = batch_inputs(case, given)
    width = max((row.shape[1] for row in inputs.values()), default=1)
    keys = {name: key_of(made, name) for name in wanted}
    real = [key for key in keys.values() if key[1] not in VIEWS or made.differs(key[0])]
    found = evaluate_rows(case.assembly, inputs, real)
    shaped: dict[str, Array] = {}
    for name, key in keys.items():
        row = found.get(key, np.zeros((1, 1)))
        if case._is_result(key[0]):
            shaped[name] = np.broadcast_to(row[0], (width,))
        else:
            shaped[name] = np.broadcast_to(row, (len(timeline), width))
    return shaped


def batch_inputs(case: Case, rows: Mapping[str, Array]) -> dict[str, Array]:
    """The inputs of a batch: the case's own, with ``rows`` by assumption key in their place.

    Raises:
        UsageError: a key is no assumption, or widths differ.
    """
    names = case.assembly.names
    widths: dict[int, str] = {}
    varied: dict[str, Array] = {}
    for key, row in rows.items():
        if row is case.assumption_rows.get(key):
            continue  # among the case's own, or no line reads it
        if key not in names:
            if key in case.assumption_rows:
                continue  # no line reads it, or it is a slot that no scenario uses
            raise UsageError.not_among("no such assumption in the model", key, names, allowed="")
        varied[names[key]] = np.atleast_2d(np.asarray(row, dtype=np.float64))
        if (width := varied[names[key]].shape[1]) > 1:
            widths.setdefault(width, key)
    if len(widths) > 1:
        raise UsageError(
            "rows of a batch differ in width",
            received=", ".join(f"{key}: {width}" for width, key in widths.items()),
            allowed="one number of scenarios, or 1",
        )
    return {**case.inputs, **varied}


def _case(
    what: Scenario | str,
    company: str,
    project: Where,
    varied: Mapping[str, Array] | None = None,
) -> Case:
    chosen = scenario(what, project=project) if isinstance(what, str) else what
    rows = rows_of(chosen, model(company, project).timeline)
    return Case(chosen, model(company, project, {**rows, **(varied or {})}), rows)
