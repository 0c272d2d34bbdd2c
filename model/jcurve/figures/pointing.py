"""What a chart says at the place that a reader points at: a browser shows it by itself and offline,
the page's script at once and to fingers and keys.

Whatever is drawn is told to its axes; the marks follow from that when the chart is written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from jcurve.ground.numbers import compact, percent
from jcurve.ground.quarters import Quarter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Values: TypeAlias = Sequence[float] | NDArray[np.float64]

_QUARTER, _YEARS = 0.25, (1990, 2100)


class Mark(NamedTuple):
    """A place of a drawing in points from its upper left corner, and what it says."""

    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass
class _Drawn:
    """What is drawn on axes: by name the range or value at each place along the bottom, by row the
    numbers beside its bars, and a map with what either axis says of its places."""

    series: dict[str, dict[float, tuple[float | None, float]]] = field(default_factory=dict)
    rows: dict[float, list[str]] = field(default_factory=dict)
    map: tuple[Values, Values, NDArray[np.float64], Sequence[str], Sequence[str]] | None = None


_DRAWN: WeakKeyDictionary[Axes, _Drawn] = WeakKeyDictionary()


def _drawn_on(axes: Axes) -> _Drawn:
    return _DRAWN.setdefault(axes, _Drawn())


def tell(
    axes: Axes, name: str, x: Values, y: Values, low: Values | None = None, row: float | None = None
) -> None:
    """Series or ranges that axes show, or with ``row`` the number of a bar in it."""
    if row is not None:
        _drawn_on(axes).rows.setdefault(row, []).append(name)
        return
    own = _drawn_on(axes).series.setdefault(name.lstrip("_"), {})
    for at, place in enumerate(x):
        if math.isfinite(y[at]):
            own[float(place)] = (None if low is None else float(low[at]), float(y[at]))


def tell_map(
    axes: Axes, x: Values, y: Values, values: NDArray[np.float64], across: Sequence[str],
    up: Sequence[str],
) -> None:  # fmt: skip
    """A map of ``values`` (y, x) that axes show, with what its columns and rows are."""
    _drawn_on(axes).map = (x, y, values, across, up)


def mapped(axes: Axes) -> list[float]:
    """The finite values of the map that axes show; none where they show none."""
    found = _DRAWN.get(axes, _Drawn()).map
    return [] if found is None else found[2][np.isfinite(found[2])].tolist()


def marks(figure: Figure) -> tuple[Mark, ...]:
    """Every place of a figure that says something."""
    return tuple(
        mark
        for axes in figure.axes
        if axes.get_visible() and axes in _DRAWN
        for mark in _of_axes(figure, axes, _DRAWN[axes])
    )


def _of_axes(figure: Figure, axes: Axes, told: _Drawn) -> Iterator[Mark]:
    scale, tall = 72 / figure.dpi, figure.get_size_inches()[1] * 72
    frame = axes.bbox
    whole_x, whole_y = [(frame.x0, frame.x1)], [(frame.y0, frame.y1)]
    if told.map is not None:
        x, y, values, across, up = told.map
        columns, lines = _strips(axes, x, 0), _strips(axes, y, 1)
        texts = [
            [f"{one}\n{other}\n{compact(float(value)) if math.isfinite(value) else 'none'}"
             for one, value in zip(across, row, strict=True)]
            for other, row in zip(up, values, strict=True)
        ]  # fmt: skip
    elif told.rows:
        names = dict(zip(axes.get_yticks(), axes.get_yticklabels(), strict=True))
        places = sorted(told.rows)
        columns, lines = whole_x, _strips(axes, places, 1)
        texts = [[f"{_line(names[y].get_text())}: {' to '.join(told.rows[y])}"] for y in places]
    else:
        said = _by_place(axes, told)
        columns, lines = _strips(axes, sorted(said), 0), whole_y
        texts = [[said[x] for x in sorted(said)]]
    for (low, high), row in zip(lines, texts, strict=True):
        for (left, right), words in zip(columns, row, strict=True):
            if right > left and high > low:
                size = ((right - left) * scale, (high - low) * scale)
                yield Mark(left * scale, tall - high * scale, *size, words)


def _strips(axes: Axes, places: Values, way: int) -> list[tuple[float, float]]:
    """From where to where each place reaches, half way to its neighbours."""
    ends = [(axes.bbox.x0, axes.bbox.x1), (axes.bbox.y0, axes.bbox.y1)][way]
    if not len(places):
        return []
    middle = [(low + high) / 2 for low, high in (axes.get_xlim(), axes.get_ylim())]
    points = np.tile(middle, (len(places), 1))
    points[:, way] = places
    at = axes.transData.transform(points)[:, way]
    edges = np.clip([ends[0], *(at[1:] + at[:-1]) / 2, ends[1]], *ends)
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _by_place(axes: Axes, told: _Drawn) -> dict[float, str]:
    """What each place along the bottom says; what stands side by side in a year is of the year."""
    every = sorted({x for own in told.series.values() for x in own})
    if not every:
        return {}
    in_time = _YEARS[0] < every[0] <= every[-1] < _YEARS[1]
    quarterly = in_time and all((x / _QUARTER).is_integer() for x in every) and not all(
        x.is_integer() for x in every
    )  # fmt: skip
    found: dict[float, list[str]] = {}
    for name, own in told.series.items():
        for x, (low, high) in own.items():
            at = float(round(x)) if in_time and not quarterly else x
            value = _written(axes.yaxis, high)
            value = value if low is None else f"{_written(axes.yaxis, low)} to {value}"
            found.setdefault(at, []).append(f"{name}: {value}" if name else value)
    return {x: "\n".join([_head(axes, x, in_time, quarterly), *found[x]]) for x in found}


def _head(axes: Axes, x: float, in_time: bool, quarterly: bool) -> str:
    if quarterly:
        return Quarter.in_time(x - _QUARTER / 2).words
    return str(round(x)) if in_time else f"{axes.get_xlabel()}: {compact(x, brief=True)}"


def _written(axis: Axis, value: float) -> str:
    formatter = axis.get_major_formatter()
    text = formatter(value, None) if type(formatter).__name__ == "FuncFormatter" else ""
    return percent(value) if text.endswith("%") else compact(value)


def _line(text: str) -> str:
    return " ".join(text.split())
