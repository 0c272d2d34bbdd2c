"""A what-if panel: a few assumptions at nine values each, every combination computed.

On paper and without scripts it is a table of one assumption at a time; in the HTML report
dials look up what the model has computed for the combination. Nothing is interpolated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from jcurve.assumptions.batch import position
from jcurve.assumptions.paths import Path as Dated
from jcurve.figures.lens import MILLIONS, Lens, joined, money, percent
from jcurve.figures.prose import Prose, paragraph, prose
from jcurve.figures.table import Column, Row, TableExhibit
from jcurve.ground.errors import UsageError
from jcurve.ground.project import Project

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jcurve.analysis.question import Array
    from jcurve.assumptions import Assumption
    from jcurve.case import Case

    Mask = NDArray[np.bool_]

__all__ = ["KEYS", "Dial", "Output", "WhatIf", "what_if"]

KEYS = ("capex.total", "advertising.compute_elasticity", "returns.wacc")
"""What is spent, what it earns, and what money costs: the first three that a reader doubts."""

_STEPS = 4
"""Values on either side of the scenario's own."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dial(_Part):
    """An assumption and its values, as texts; ``at`` is the scenario's own."""

    label: str
    values: tuple[str, ...]
    at: int


class Output(_Part):
    """A result and its text for every combination, the last dial running fastest."""

    label: str
    cells: tuple[str, ...]


class WhatIf(TableExhibit):
    """The table of one assumption at a time, with dials for all combinations.

    Attributes:
        dials: at least two.
        outputs: results for each combination of their values.
    """

    kind: Literal["table", "whatif"] = "whatif"
    dials: tuple[Dial, ...]
    outputs: tuple[Output, ...]

    @model_validator(mode="after")
    def _covers(self) -> WhatIf:
        wanted = math.prod(len(dial.values) for dial in self.dials)
        for output in self.outputs:
            if len(output.cells) != wanted:
                raise UsageError(
                    f"exhibit {self.id} does not cover every combination",
                    received=f"{len(output.cells)} values of {output.label}",
                    allowed=str(wanted),
                )
        if any(not 0 <= dial.at < len(dial.values) for dial in self.dials):
            raise UsageError(f"exhibit {self.id} has a dial outside its values")
        return self


def what_if(
    case: Case,
    view: str = "programme",
    project: Project | str | Path | None = None,
    keys: Sequence[str] = KEYS,
) -> WhatIf | Prose:
    """Value, payback and trough for every combination of nine values of a few assumptions.

    Args:
        case: an evaluated scenario.
        view: of the results.
        project: where the model's data are.
        keys: assumptions with a range; an assumption without one has no dial.
    """
    from jcurve.analysis.question import Question
    from jcurve.analysis.sensitivity import at_value, ends
    from jcurve.ground.project import find_project

    lens = Lens(case, view)
    items = [case.scenario[key] for key in keys if case.scenario[key].has_range]
    if lens.is_empty or len(items) < 2:
        return prose("The two cases are the same, so there is nothing to vary.")
    draws = [_points(at_value(item), *ends(item)) for item in items]
    grid = np.array(list(itertools.product(*draws))).T
    names = tuple(f"{name}.{view}" for name in ("npv", "payback", "trough_amount"))
    home = project if isinstance(project, Project) else find_project(project)
    ask = Question.of(case.scenario, names, home)
    asked = {item.key: row for item, row in zip(items, grid, strict=True)}
    answers = ask(asked)
    valid = np.broadcast_to(ask.valid(asked), grid.shape[1])
    outputs = (
        Output(label="Net present value", cells=_texts(answers[names[0]], valid, _money)),
        Output(label="Payback", cells=_texts(answers[names[1]], valid, _years)),
        Output(label="Trough", cells=_texts(answers[names[2]], valid, _money)),
    )
    dials = tuple(
        Dial(label=_label(item), values=_values(item, points), at=int(np.argmin(abs(points - own))))
        for item, points in zip(items, draws, strict=True)
        for own in [at_value(item)]
    )
    return _panel(lens, dials, outputs, answers[names[0]], valid)


def _points(value: float, low: float, high: float) -> Array:
    """Nine draws from low over the scenario's own value to high; fewer where they coincide."""
    below = np.linspace(low, value, _STEPS + 1)
    above = np.linspace(value, high, _STEPS + 1)
    return np.unique(np.concatenate([below, above]))


def _label(item: Assumption) -> str:
    if not isinstance(item.value, Dated):
        return item.label
    return f"{item.label}, in {item.value.label(item.value.periods[-1])}"


def _values(item: Assumption, points: Array) -> tuple[str, ...]:
    """Each draw as a reader writes it; a path by its last dated value."""
    if isinstance(item.value, Dated):
        at = item.value.periods[-1] - item.value.first
        numbers = [float(value) for value in position(item, points)[at]]
    else:
        numbers = [float(value) for value in points]
    if item.unit == "USD m":
        return tuple(money(number / MILLIONS) for number in numbers)
    if item.unit in ("share", "per year"):
        return tuple(percent(number, 2) for number in numbers)
    return tuple(f"{number:.3g}" for number in numbers)


def _texts(row: Array, valid: Mask, write: Callable[[float], str]) -> tuple[str, ...]:
    return tuple(
        write(float(value)) if ok else "breaks a rule" for value, ok in zip(row, valid, strict=True)
    )


def _money(value: float) -> str:
    return money(value / MILLIONS)


def _years(value: float) -> str:
    return "never" if math.isnan(value) else f"{value:.1f} years"


def _panel(
    lens: Lens,
    dials: tuple[Dial, ...],
    outputs: tuple[Output, ...],
    worth: Array,
    valid: Mask,
) -> WhatIf:
    sizes = [len(dial.values) for dial in dials]
    home = [dial.at for dial in dials]
    rows: list[Row] = []
    width = max(sizes)
    for number, dial in enumerate(dials):
        rows.append(Row(cells=(dial.label,), role="heading"))
        places = [
            int(np.ravel_multi_index([*home[:number], at, *home[number + 1 :]], sizes))
            for at in range(sizes[number])
        ]
        pad = (None,) * (width - sizes[number])
        rows.append(Row(cells=("Value", *dial.values, *pad), indent=1))
        for output in outputs[:2]:
            rows.append(
                Row(cells=(output.label, *(output.cells[at] for at in places), *pad), indent=1)
            )
    good = int(((worth > 0) & valid).sum())
    count = "none" if not good else "all" if good == len(worth) else f"{good}"
    names = joined(dial.label[0].lower() + dial.label[1:] for dial in dials)
    middle = [str(at - _STEPS) if at != _STEPS else "case" for at in range(width)]
    labels = [text if text == "case" else _signed(text) for text in middle]
    return WhatIf(
        id="what-if",
        title=f"The value is positive in {count} of {len(worth)} combinations",
        subtitle="One assumption at a time, from the low end of its range over the scenario's "
        "own value (case) to the high end",
        columns=(
            Column(label="", style="text"),
            *(Column(label=label, style="number") for label in labels),
        ),
        rows=tuple(rows),
        source="; ".join(lens.modelled(f"{len(worth)} combinations, each computed")),
        reading=paragraph(f"The combinations run over {names}."),
        dense=True,
        dials=dials,
        outputs=outputs,
    )


def _signed(text: str) -> str:
    return text.replace("-", "\N{MINUS SIGN}") if text.startswith("-") else f"+{text}"
