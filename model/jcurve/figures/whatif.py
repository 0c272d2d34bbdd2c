"""A what-if panel: a few assumptions at nine values each, every combination computed.

On paper and without scripts it is a table of one assumption at a time; in the HTML report
dials look up what the model has computed for the combination. Nothing is interpolated.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from jcurve.assumptions.batch import position
from jcurve.assumptions.paths import Path as Dated
from jcurve.figures.display import Frozen, Prose, paragraph, prose
from jcurve.figures.exhibit import Column, Row, TableExhibit, heading
from jcurve.figures.lens import Lens
from jcurve.figures.overrides import in_cell
from jcurve.ground.numbers import MILLIONS, MINUS, joined, lasting, lowered, money

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jcurve.analysis.question import Array
    from jcurve.assumptions import Assumption

    Mask = NDArray[np.bool_]

KEYS = ("capex.total", "advertising.compute_elasticity", "returns.wacc")
"""What is spent, what it earns, and what money costs: the first three that a reader doubts."""

_STEPS = 4  # Values on either side of the scenario's own


class Dial(Frozen):
    """An assumption and its values, as texts; ``at`` is the scenario's own."""

    label: str
    values: tuple[str, ...]
    at: int


class Output(Frozen):
    """A result and its text for every combination, the last dial running fastest."""

    label: str
    cells: tuple[str, ...]


class WhatIf(TableExhibit):
    """The table of one assumption at a time, with dials for all combinations."""

    kind: Literal["table", "whatif"] = "whatif"
    dials: tuple[Dial, ...]  # at least two
    outputs: tuple[Output, ...]  # results for each combination of their values


def what_if(lens: Lens) -> WhatIf | Prose:
    """Value, payback and trough for every combination of nine values of ``KEYS``; one without a
    range has no dial."""
    from jcurve.analysis.question import Question
    from jcurve.analysis.sensitivity import at_value, through

    scenario = lens.case.scenario
    items = [scenario[key] for key in KEYS if scenario[key].has_range]
    if lens.is_empty or len(items) < 2:
        return prose("The two cases are the same, so there is nothing to vary.")
    draws = [through(item, _STEPS) for item in items]
    grid = np.array(list(itertools.product(*draws))).T
    writers: dict[str, tuple[str, Callable[[float], str]]] = {
        f"npv.{lens.view}": ("Net present value", lambda value: money(value / MILLIONS)),
        f"payback.{lens.view}": ("Payback", lasting),
        f"trough_amount.{lens.view}": ("Trough", lambda value: money(value / MILLIONS)),
    }
    ask = Question.of(scenario, tuple(writers), lens.home)
    varied = {item.key: row for item, row in zip(items, grid, strict=True)}
    answers = ask(varied)
    valid = np.broadcast_to(ask.valid(varied), grid.shape[1])
    outputs = tuple(
        Output(
            label=label,
            cells=tuple(
                write(float(value)) if ok else "not possible"
                for value, ok in zip(answers[name], valid, strict=True)
            ),
        )
        for name, (label, write) in writers.items()
    )
    dials = tuple(
        Dial(
            label=_label(item),
            values=_values(item, points),
            at=int(np.argmin(abs(points - at_value(item)))),
        )
        for item, points in zip(items, draws, strict=True)
    )
    good = int(((answers[f"npv.{lens.view}"] > 0) & valid).sum())
    return _panel(lens, dials, outputs, good)


def _label(item: Assumption) -> str:
    if not isinstance(item.value, Dated):
        return item.called
    return f"{item.called} in {item.value.label(item.value.periods[-1])}"


def _values(item: Assumption, points: Array) -> tuple[str, ...]:
    """Each draw as a reader writes it; a path by its last dated value."""
    numbers = points
    if isinstance(item.value, Dated):
        numbers = position(item, points)[item.value.periods[-1] - item.value.first]
    return tuple(in_cell(item, float(number)) for number in numbers)


def _panel(lens: Lens, dials: tuple[Dial, ...], outputs: tuple[Output, ...], good: int) -> WhatIf:
    sizes, home = [len(dial.values) for dial in dials], [dial.at for dial in dials]
    width, every = max(sizes), math.prod(sizes)
    rows: list[Row] = []
    for number, dial in enumerate(dials):
        rows.append(heading(dial.label))
        # Where the table's one-at-a-time values stand among all combinations.
        places = [
            int(np.ravel_multi_index([*home[:number], at, *home[number + 1 :]], sizes))
            for at in range(sizes[number])
        ]
        lines = [("Value", dial.values)]
        lines += [(each.label, tuple(each.cells[at] for at in places)) for each in outputs[:2]]
        pad = (None,) * (width - sizes[number])
        rows += [Row.of(label, *cells, *pad, indent=1) for label, cells in lines]
    count = "none" if not good else "all" if good == every else f"{good}"
    names = joined(lowered(dial.label) for dial in dials)
    steps = (at - _STEPS for at in range(width))
    labels = [f"{step:+d}".replace("-", MINUS) if step else "case" for step in steps]
    return WhatIf(
        id="what-if",
        title=f"NPV is positive in {count} of {every} combinations",
        subtitle="One assumption at a time, from the low end of its range over the scenario's "
        "own value (case) to the high end",
        columns=(Column(label="", style="text"), *(Column(label=label) for label in labels)),
        rows=tuple(rows),
        source="; ".join(lens.modelled(f"{every} combinations, each computed")),
        reading=paragraph(f"The combinations vary {names}."),
        dense=True,
        dials=dials,
        outputs=outputs,
    )
