"""The live pictures: the J-curve and any line by year, with the base and a simulation behind each.

What is made here is plain data, points and words; the front end draws it at the size it has. The
simulation grows, a few draws at a time, while one looks. Its draws are those of ``jcurve simulate``
around the present state: every assumption with a range at once, correlated as on file. Cases that
break a rule between assumptions are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jcurve.analysis.correlation import among, correlations_on_file
from jcurve.analysis.question import Array, Question
from jcurve.analysis.sampling import DrawRange, Plan, Sampler, varied
from jcurve.case import Case
from jcurve.engine.line import Kind
from jcurve.engine.model import SHARED, VIEWS, WORLDS, Model
from jcurve.evaluation.naming import figure_label
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import MILLIONS, NOTHING, compact, lowest, money, quarter, written
from jcurve.ground.project import Project
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve.workbench.words import CHOICES

VIEW_TITLES: Mapping[str, str] = CHOICES["sides"]  # Views and worlds, in words


@dataclass(frozen=True, slots=True)
class Picture:
    """Something to draw."""

    title: str  # in words
    line: str  # of the model
    what: str = "USD bn a year"  # the unit in words, under the title
    scale: float = MILLIONS  # what a value is divided by to be drawn
    percent: bool = False  # a share

    @property
    def cumulative(self) -> bool:
        """Whether it is a balance by quarter rather than a value by year."""
        return self.line.startswith("cumulative")


PICTURES = {name: Picture(**each) for name, each in CHOICES["pictures"].items()}
"""What can be drawn live, in the order of the choice."""

_OF_LINE = "line:"
_DIGITS = 7


def view_of(side: str) -> str:
    """The view that headlines take when ``side`` is shown."""
    return side if side in VIEWS else "programme"


def side_of(what: Picture, side: str, model: Model) -> str:
    """The side that a picture shows: lines that only a view has are drawn in the side's view."""
    return view_of(side) if what.line in model.viewed else side


def picture_of(name: str, model: Model) -> Picture:
    """The picture of a name: of :data:`PICTURES`, or ``line:free_cash_flow`` for any line."""
    if name in PICTURES:
        return PICTURES[name]
    line = name.removeprefix(_OF_LINE)
    output = model.outputs.get(line)
    if not name.startswith(_OF_LINE) or output is None or output.kind is Kind.RESULT:
        raise UsageError.not_among("unknown picture", name, PICTURES, allowed="")
    unit, stock = model.unit(line).name, output.kind is Kind.STOCK
    title, end = figure_label(line.replace(".", ", ")), " at the year's end" if stock else ""
    if unit == "USD m":
        flow = " a year" if output.kind is Kind.FLOW else end
        return Picture(title, line, f"USD bn{flow}")
    is_share = unit in ("share", "per year")
    what = "a year" if unit == "per year" else "share" if is_share else unit
    return Picture(title, line, f"{what}{end}", 1.0, is_share)


def picture(
    name: str, side: str, case: Case, base: Case, pins: Sequence[tuple[str, Case]] = ()
) -> dict[str, Any]:
    """A picture of a case with the base and the pinned cases behind it.

    Args:
        name: see :func:`picture_of`.
        side: a view or a world; lines that only a view has are drawn in the side's view.
        case, base: the present state and the base scenario.
        pins: (name, case) of what was put aside.

    Returns:
        ``title``, ``what``, ``side`` as drawn, ``first`` and ``last`` year, ``today``, ``percent``,
        the ``curves`` behind and, last, the present one, the ``marks``, and ``alt``: all in words.
    """
    what = picture_of(name, case.assembly.model)
    if side not in VIEW_TITLES:
        raise UsageError.not_among("unknown view or world", side, VIEW_TITLES, allowed="")
    drawn = side_of(what, side, case.assembly.model)
    changed = case is not base and case.scenario.hash != base.scenario.hash
    others = [("Base", base, "base")] if changed else []
    others += [(label, each, f"pin{at}") for at, (label, each) in enumerate(pins)]
    present = "Present state" if changed else "Base"
    rows = [
        (label, look, _row(what, drawn, each))
        for label, each, look in (*others, (present, case, f"now {drawn}"))
    ]
    own = rows[-1][2]
    first, last = _span(case, drawn, what.cumulative)
    return {
        "title": what.title,
        "what": f"{VIEW_TITLES[drawn]} · {what.what}",
        "side": drawn,
        "line": what.line,
        "first": first,
        "last": last,
        "today": Quarter(case.data_through).end,
        "percent": what.percent,
        "by_year": not what.cumulative,
        "curves": [
            {
                "label": label,
                "look": look,
                "x": x,
                "y": [None if v is None else float(f"{v:.{_DIGITS}g}") for v in y],
            }
            for label, look, (x, y) in rows
        ],
        "marks": _marks(case, drawn, own) if name == "jcurve" else [],
        "alt": _alt(what, [(label, row) for label, _, row in rows[::-1]]),
    }


Row = tuple[list[float], list[float | None]]


def _row(what: Picture, side: str, case: Case) -> Row:
    tag = None if case.assembly.model.tags(what.line) == (SHARED,) else side
    values = case.row(what.line, tag) if what.cumulative else case.year(what.line, tag)
    return placed(what, side, case, values)


def placed(what: Picture, side: str, case: Case, values: Array) -> Row:
    """Values of a line, by quarter for a balance and by year for the rest, as points: a quarter's
    end for a J-curve, the middle of a year for the rest."""
    years, values = case.assembly.timeline.years, values / what.scale
    if what.cumulative:
        start = int(case.row("view_start", side)[0])
        after = values[start:].tolist()
        x = [years[0] + (start + at) / QUARTERS_IN_YEAR for at in range(len(after) + 1)]
        return x, [0.0, *after]
    first, _ = _span(case, side, cumulative=False)
    shown = [
        (year + 0.5, None if np.isnan(value) else float(value))
        for year, value in zip(years, values, strict=True)
        if year >= first
    ]
    return [x for x, _ in shown], [y for _, y in shown]


def _span(case: Case, side: str, cumulative: bool) -> tuple[float, float]:
    """First and last year; of yearly values those of the programme, of a world one more."""
    years = case.assembly.timeline.years
    start = int(case.row("view_start", view_of(side) if cumulative else "programme")[0])
    before = not cumulative and side in WORLDS
    return years[0] + start // QUARTERS_IN_YEAR - before, years[-1] + 1


def _marks(case: Case, view: str, row: Row) -> list[dict[str, Any]]:
    """The trough and where the curve comes back."""
    x, values = row[0], [value or 0.0 for value in row[1]]
    at_lowest = lowest(values)
    if values[at_lowest] > -NOTHING:
        return []
    words = f"Trough {money(values[at_lowest])}, {_calendar(x[at_lowest] - 0.01)}"
    made = [{"x": x[at_lowest], "y": values[at_lowest], "text": words, "below": True}]
    payback = case[f"payback.{view}"]
    if payback is not None:
        at = x[0] + payback
        made.append({"x": at, "y": 0.0, "text": f"Payback {_calendar(at)}", "below": False})
    elif values[-1] < -NOTHING:
        words = f"Not recovered: {money(values[-1])}"
        below = values[-1] <= values[at_lowest]
        made.append({"x": x[-1], "y": values[-1], "text": words, "below": below})
    return made


def _calendar(at: float) -> str:
    return quarter(Quarter.in_time(at))


def _alt(what: Picture, rows: Sequence[tuple[str, Row]]) -> str:
    """What the lines do, in words."""
    made = []
    for label, row in rows:
        known = [(x, y) for x, y in zip(*row, strict=True) if y is not None]
        values = [y for _, y in known]
        if not known:
            made.append(f"{label}: no values")
            continue
        ends = (values[0], values[-1], min(values), max(values))
        first, last, low, high = (
            written(value, "percent", 1) if what.percent else compact(value) for value in ends
        )
        year = int(known[-1][0] - 0.01)
        made.append(f"{label}: from {first} to {last} in {year}, lowest {low}, highest {high}")
    return "; ".join(made) + "."


AT_A_TIME = 128  # Draws to an answer: what takes no longer than a glance notices

MOST = 1024
_LOW, _HIGH = 0.1, 0.9


class Band:
    """The simulated cases of some pictures of one state."""

    def __init__(self, case: Case, pictures: Sequence[tuple[str, str]], project: Project) -> None:
        self.of = (case.scenario.hash, tuple(pictures))
        self._case = case
        model = case.assembly.model
        named = [(picture_of(name, model), side) for name, side in pictures]
        self._shown = [(what, side_of(what, side, model)) for what, side in named]
        outputs = []
        for what, side in self._shown:
            tagged = case.assembly.model.tags(what.line) != (SHARED,)
            name = f"{what.line}@{side}" if tagged else what.line
            outputs.append(f"{name}:{'quarter' if what.cumulative else 'year'}")
        self._outputs = outputs
        asked = tuple(dict.fromkeys(outputs))
        question = Question(case.scenario, asked, project, known=case)
        keys = tuple(item.key for item in varied(case.scenario))
        pairs = tuple(sorted(among(correlations_on_file(project), set(keys)).items()))
        plan = Plan(question, MOST.bit_length() - 1, 1, keys=keys, correlations=pairs)
        self._question, self._sampler = question, Sampler(plan)
        self._drawn = 0
        self._found: dict[str, list[Array]] = {name: [] for name in asked}

    def grow(self) -> dict[str, Any]:
        """Evaluate some more draws.

        Returns:
            ``draws`` so far, whether there are ``more``, and for each picture the ends of the
            middle 80% at the places of its curve.
        """
        if self._drawn < MOST:
            drawn = self._sampler.draws(DrawRange(0, self._drawn, AT_A_TIME))
            rows = self._question.rows(drawn)
            kept = np.broadcast_to(self._question.valid_rows(rows), (AT_A_TIME,))
            for name, values in self._question.answers(rows).items():
                wide = np.broadcast_to(values, (values.shape[0], AT_A_TIME))
                self._found[name].append(wide[:, kept])
            self._drawn += AT_A_TIME
        return {
            "draws": self._drawn,
            "more": self._drawn < MOST,
            "bands": [
                self._band(name, *shown)
                for name, shown in zip(self._outputs, self._shown, strict=True)
            ],
        }

    def _band(self, name: str, what: Any, side: str) -> dict[str, Any]:
        drawn = np.concatenate(self._found[name], axis=1)
        low, high = np.nanquantile(drawn, (_LOW, _HIGH), axis=1)
        x, lows = placed(what, side, self._case, low)
        label = f"80% of {drawn.shape[1]:,} simulated cases"
        return {
            "x": x,
            "low": lows,
            "high": placed(what, side, self._case, high)[1],
            "label": label,
        }
