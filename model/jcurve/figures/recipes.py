"""Pictures that several exhibits share: series by year, bars by row, bridges.

A recipe sets up the figure, draws in the order that the house style wants (what is measured,
scales, the tint of the forecast, labels last, for a label's place follows from the scales), and
returns what ``chart`` takes. Exhibits only say what is drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jcurve.figures import plotting, style
from jcurve.figures.pointing import tell_map
from jcurve.ground.numbers import NumberStyle, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from jcurve.figures.plotting import Values

    Lines: TypeAlias = Mapping[str, tuple[str, Values]]

ACTUAL = ("Actual", "Forecast")
ESTIMATED = ("Estimated", "Forecast")


@dataclass(frozen=True)
class Scale:
    """Axes of a picture by year."""

    step: int = 1  # years between ticks
    # where the forecast begins, as a decimal year; None: nothing is tinted
    forecast: float | None = None
    words: tuple[str, str] = ACTUAL  # what stands on both sides of it
    style: NumberStyle = "number"  # how the numbers upwards are written
    # the upper end of a scale from zero; None: from what is drawn, with ``below`` and ``above``
    # as room
    top: float | None = None
    below: float = 0.0
    above: float = 0.12
    hold: Values | None = None  # what the scale must hold, where that is not the lines
    zero: bool = False  # whether a line is drawn at zero


def by_year(
    years: Sequence[int],
    scale: Scale,
    *,
    lines: Lines | None = None,
    layers: Mapping[str, Values] | None = None,
    width: style.Width = "full",
    height: float = 62.0,
) -> Figure:
    """Lines, or stacked bars with lines over them, by year, each labelled at its end.

    Args:
        lines: by label, the meaning of each and its values.
        width: of the column, or a share of it.
    """
    with style.house():
        figure, axes = style.plot(width=width, height=height)
        draw_years(axes, years, scale, lines=lines, layers=layers)
    return figure


def draw_years(
    axes: Axes,
    years: Sequence[int],
    scale: Scale,
    *,
    lines: Lines | None = None,
    layers: Mapping[str, Values] | None = None,
) -> None:
    """The picture of ``by_year`` on axes that are there; call it within ``house()``."""
    if layers:
        plotting.stack(axes, years, layers)
    for label, (role, values) in (lines or {}).items():
        plotting.line(axes, years, values, role, label)
    style.years(axes, years[0], years[-1], scale.step)
    if scale.top is not None:
        axes.set_ylim(0, scale.top)
    else:
        drawn = [value for _, values in (lines or {}).values() for value in values]
        hold = drawn if scale.hold is None else scale.hold
        style.room(axes, hold, below=scale.below, above=scale.above)
    style.numbers(axes.yaxis, scale.style)
    if scale.zero:
        style.zero_line(axes)
    if scale.forecast is not None:
        style.forecast_from(axes, scale.forecast, words=scale.words)
    if layers:
        plotting.label_stack(axes)
    elif lines:
        plotting.label_ends(axes)


@dataclass(frozen=True)
class Bars:
    """One row of a horizontal chart."""

    name: str  # at the left
    pieces: Sequence[tuple[float, float, str]]  # start, length and meaning of each bar
    # where a number stands beside a bar, its text, and its side (1: right)
    labels: Sequence[tuple[float, str, int]] = field(default=())


def bars_across(
    rows: Sequence[Bars],
    *,
    height: float,
    below: float = 0.0,
    above: float = 0.12,
    number_style: NumberStyle = "number",
    base: float | None = None,
) -> Figure:
    """A horizontal chart, the first row on top.

    Args:
        below, above: room left and right, as a share of the range.
        base: a value that all bars start from, drawn as a line.
    """
    rank = list(range(len(rows)))[::-1]
    with style.house():
        figure, axes = style.plot(height=height)
        reach = [] if base is None else [base]
        for y, row in zip(rank, rows, strict=True):
            for start, length, role in row.pieces:
                plotting.bar_across(axes, y, start, length, style.series(role))
                reach += [start, start + length]
        plotting.name_rows(axes, rank, [row.name for row in rows])
        if base is not None:
            axes.axvline(base, color=style.INK, linewidth=0.7, zorder=3)
        style.room(axes, reach, below=below, above=above, along="x")
        for y, row in zip(rank, rows, strict=True):
            for place, text, side in row.labels:
                plotting.number_beside(axes, place, y, text, side=side)
        style.numbers(axes.xaxis, number_style)
    return figure


def by_size(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """The parts of a bridge as a reader takes them: gains before costs, the largest of each
    first."""
    return sorted(parts.items(), key=lambda part: (part[1] < 0, -abs(part[1])))


def bridge(
    start: tuple[str, float] | None,
    changes: Sequence[tuple[str, float]],
    end: tuple[str, float],
    *,
    height: float,
    write: Callable[[float], str] = lambda amount: written(amount, sign=True),
    write_total: Callable[[float], str] = lambda amount: written(amount, sign=True),
    start_role: str = "with",
    number_style: NumberStyle = "number",
    below: float = 0.02,
    above: float = 0.12,
) -> Figure:
    """From one total over changes to another, each change a bar where the last one ended.

    Args:
        start: name and value of the first total; None: from zero, without a bar.
        changes: names and amounts in order; they sum to what lies between the totals.
        end: name and value of the last total.
        below, above: room left and right, as a share of the range.
    """
    rows = []
    at = 0.0
    if start is not None:
        rows.append(_total(*start, start_role, write_total))
        at = start[1]
    for name, amount in changes:
        role = "positive" if amount >= 0 else "negative"
        label = (max(at, at + amount), write(amount), 1)
        rows.append(Bars(name, [(at, amount, role)], [label]))
        at += amount
    rows.append(_total(*end, "with", write_total))
    return bars_across(rows, height=height, below=below, above=above, number_style=number_style)


def _total(name: str, value: float, role: str, write: Callable[[float], str]) -> Bars:
    return Bars(name, [(0.0, value, role)], [(max(value, 0.0), write(value), 1)])


def level_map(
    axes: Axes,
    x: Values,
    y: Values,
    values: NDArray[np.float64],
    levels: Values,
    names: tuple[Sequence[str], Sequence[str]],
) -> None:
    """A map of ``values`` (y, x), its columns and rows called by ``names``: what is above zero
    tinted as a gain, what is below as a loss, the stronger the further from it, and a labelled
    line at each level but zero, which is the caller's to draw."""
    inside = [level for level in levels if values.min() < level < values.max()]
    edges = [float(values.min()) - 1, *inside, float(values.max()) + 1]
    most = max(abs(edges[0]), abs(edges[-1]))
    colours = []
    for low, high in itertools.pairwise(edges):
        middle = (low + high) / 2
        colour = style.series("positive" if middle >= 0 else "negative").colour
        colours.append(style.tint(colour, 0.06 + 0.4 * abs(middle) / most))
    tell_map(axes, x, y, values, *names)
    axes.contourf(x, y, values, levels=edges, colors=colours, zorder=0.5)
    axes.grid(visible=False)
    lines = [level for level in inside if level != 0]
    if not lines:
        return
    axes.contour(
        x, y, values, levels=lines, colors=style.MUTED, linewidths=0.5, linestyles="solid", zorder=1
    )
    _name_levels(axes, x, y, values, lines)


def _name_levels(
    axes: Axes, x: Values, y: Values, values: NDArray[np.float64], levels: Sequence[float]
) -> None:
    """Each level's value where its line leaves the left edge, left out where the one below it
    stands too near."""
    edge = values[:, 0]
    below = -np.inf
    for level in levels:
        if not edge.min() < level < edge.max():
            continue
        at = float(np.exp(np.interp(level, edge, np.log(y))))
        place = float(axes.transData.transform((float(x[0]), at))[1])
        if place - below < 1.4 * style.SMALL * style.figure_of(axes).dpi / 72:
            continue
        below = place
        frame = axes.get_yaxis_transform()
        plotting.words_at(
            axes, written(level), (0.0, at), (3, 0.5), "left", "bottom", xycoords=frame, zorder=4,
            bbox=plotting.PALE,
        )  # fmt: skip


def tiles(
    axes: Axes,
    values: NDArray[np.float64],
    across: Sequence[str],
    up: Sequence[str],
    own: tuple[int, int] | None = None,
) -> None:
    """A number a tile (row, column), tinted as a gain or a loss, a dash where there is none; the
    tile of the case itself in a frame."""
    from matplotlib.patches import Rectangle

    most = float(np.nanmax(np.abs(values))) or 1.0
    for (row, column), value in np.ndenumerate(values):
        share = 0.0 if np.isnan(value) else float(value) / most
        colour = style.series("positive" if share >= 0 else "negative").colour
        tinted = style.tint(colour, 0.08 + 0.52 * abs(share))
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=tinted, edgecolor="white"))
        text = "–" if np.isnan(value) else written(float(value))
        axes.annotate(
            text, (column, row), ha="center", va="center", fontsize=style.SMALL, color=style.INK
        )
    if own is not None:
        corner = (own[1] - 0.5, own[0] - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=style.INK, linewidth=1.6))
    axes.set_xticks(range(len(across)), across)
    axes.set_yticks(range(len(up)), up)
    tell_map(axes, range(len(across)), range(len(up)), values, across, up)
    axes.set_xlim(-0.5, values.shape[1] - 0.5)
    axes.set_ylim(-0.5, values.shape[0] - 0.5)
    axes.grid(visible=False)
