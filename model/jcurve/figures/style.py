"""The house style: sizes on paper, colours with a meaning, direct labels, recessive axes.

Everything is drawn within ``house()``, which sets matplotlib's parameters and puts them
back; nothing global changes. Sizes are millimetres on paper and text is in points there,
for a chart is placed at its own size. Colours are in ``palette``, what is drawn in ``marks``,
labels at the ends of lines in ``ends``; all are offered here as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from jcurve.figures.ends import figure_of, label_ends, label_stack
from jcurve.figures.fonts import FAMILY, MONO, register
from jcurve.figures.marks import (
    band,
    bars,
    beside,
    dots,
    edge,
    key,
    level,
    levels,
    line,
    mark,
    note,
    rung,
    rungs,
    span,
    stack,
)
from jcurve.figures.numbers import NumberStyle, written
from jcurve.figures.palette import (
    BODY,
    CATEGORIES,
    GRID,
    INK,
    MUTED,
    SERIES,
    SHADE,
    SMALL,
    Series,
    ramp,
    readable,
    series,
    tint,
)

if TYPE_CHECKING:
    from logging import LogRecord

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

__all__ = [
    "BODY",
    "CATEGORIES",
    "FULL",
    "GRID",
    "HALF",
    "INK",
    "MUTED",
    "SERIES",
    "SHADE",
    "SMALL",
    "Series",
    "band",
    "bars",
    "beside",
    "dots",
    "edge",
    "fit",
    "forecast_from",
    "house",
    "key",
    "label_ends",
    "label_stack",
    "level",
    "levels",
    "line",
    "mark",
    "note",
    "numbers",
    "panels",
    "plot",
    "points",
    "powers",
    "ramp",
    "readable",
    "room",
    "rung",
    "rungs",
    "series",
    "span",
    "stack",
    "tint",
    "years",
    "zero_line",
]

FULL = 170.0
"""Width of the text column in mm, on A4 and on Letter."""

HALF = 82.0
"""Width of one of two charts side by side, in mm."""

_MM = 1 / 25.4
_MARGIN = 1.0
_EM = 4.6  # points that a letter of a short label takes, with some room
_FOOT = 5.5  # one line of axis text: what ``label_ends`` measures then stays true


def _parameters() -> dict[str, Any]:
    return {
        "font.family": [FAMILY, MONO],
        "font.size": BODY,
        "text.color": INK,
        "text.parse_math": False,
        "text.hinting": "no_hinting",
        "axes.edgecolor": MUTED,
        "axes.labelcolor": MUTED,
        "axes.labelsize": BODY,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "axes.xmargin": 0.01,
        "axes.ymargin": 0.1,
        "axes.titlesize": BODY + 0.5,
        "axes.titleweight": 600,
        "axes.titlelocation": "left",
        "axes.titlecolor": INK,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelsize": BODY,
        "ytick.labelsize": BODY,
        "xtick.major.size": 2.5,
        "xtick.major.width": 0.6,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "lines.linewidth": 1.6,
        "lines.solid_capstyle": "round",
        "hatch.linewidth": 0.4,
        "hatch.color": "#ffffff",
        "legend.frameon": False,
        "legend.fontsize": BODY,
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "savefig.facecolor": "none",
        "svg.fonttype": "none",
        "svg.hashsalt": "jcurve",
    }


@contextmanager
def house() -> Iterator[None]:
    """Draw in the house style; also a decorator: ``@house()`` above an exhibit's function."""
    import logging

    import matplotlib

    register()
    parameters: Any = _parameters()  # its stubs list every key as a literal
    told = logging.getLogger("matplotlib.font_manager")
    told.addFilter(_other_weight)
    try:
        with matplotlib.rc_context(parameters):
            yield
    finally:
        told.removeFilter(_other_weight)


def _other_weight(record: LogRecord) -> bool:
    """Keep quiet that the font behind the house font has another bold: it is seldom used."""
    return "font weight" not in record.getMessage()


def plot(*, width: Literal["full", "half"] = "full", height: float = 62.0) -> tuple[Figure, Axes]:
    """A figure with one set of axes. Call it within ``house()``.

    Args:
        width: of the column, or half of it.
        height: in mm.
    """
    figure, axes = panels(1, 1, width=width, height=height)
    return figure, axes[0]


def panels(
    rows: int,
    columns: int,
    *,
    width: Literal["full", "half"] = "full",
    height: float = 62.0,
    share_x: bool = False,
    share_y: bool = False,
    gap: float = 0.18,
) -> tuple[Figure, list[Axes]]:
    """A figure with several axes, row by row. Call it within ``house()``.

    Args:
        rows, columns: of axes.
        width: of the column, or half of it.
        height: in mm.
        share_x, share_y: whether the axes have one scale.
        gap: between neighbours, as a share of their width: labels at a line's end need some.
    """
    from matplotlib.figure import Figure

    across = FULL if width == "full" else HALF
    figure = Figure(figsize=(across * _MM, height * _MM))
    grid = figure.subplots(rows, columns, sharex=share_x, sharey=share_y, squeeze=False)
    figure.subplots_adjust(
        left=_MARGIN / across,
        right=1 - _MARGIN / across,
        bottom=_FOOT / height,
        top=1 - _MARGIN / height,
        wspace=gap,
        hspace=0.35,
    )
    return figure, [axes for row in grid for axes in row]


def zero_line(axes: Axes) -> None:
    """A line at zero, heavier than the grid."""
    axes.axhline(0, color=INK, linewidth=0.7, zorder=2.5)


def forecast_from(axes: Axes, x: float, *, words: tuple[str, str] = ("Actual", "Forecast")) -> None:
    """Tint everything after ``x`` and say on both sides of it what is what."""
    left, right = axes.get_xlim()
    axes.axvspan(x, right, color=SHADE, linewidth=0, zorder=0)
    axes.axvline(x, color=MUTED, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1)
    axes.set_xlim(left, right)
    frame = axes.get_xaxis_transform()
    points = axes.get_position().width * figure_of(axes).get_size_inches()[0] * 72
    narrow = (x - left) / (right - left) * points < _EM * len(words[0])
    for text, side, shift in ((words[0], "right", -3), (words[1], "left", 3)):
        if side == "right" and narrow:
            continue  # it would stand on the scale's numbers
        axes.annotate(
            text,
            (x, 1.0),
            xycoords=frame,
            xytext=(shift, -2),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=SMALL,
            color=MUTED,
        )


def numbers(
    axis: Axis, style: NumberStyle = "number", decimals: int = 0, *, sign: bool = False
) -> None:
    """Write an axis's numbers as tables write them."""
    from matplotlib.ticker import FuncFormatter

    def formatter(value: float, _: float | None) -> str:
        return written(value, style, decimals, sign=sign)

    axis.set_major_formatter(FuncFormatter(formatter))


def points(axes: Axes, distance: float) -> float:
    """A distance along the y axis, as it is drawn now, in points on paper."""
    low, high = axes.get_ylim()
    tall = axes.get_position().height * figure_of(axes).get_size_inches()[1] * 72
    return float(distance / (high - low) * tall)


def powers(axis: Axis) -> None:
    """Ticks of a logarithmic scale, written out: at powers of ten, and at twice and five times
    them where there are few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axis.get_view_interval()
    subs = (1.0,) if high > 1000 * low else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(base=10, subs=subs))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def room(
    axes: Axes,
    values: Iterable[float],
    *,
    below: float = 0.0,
    above: float = 0.12,
    along: Literal["x", "y"] = "y",
) -> None:
    """Limits of a scale that hold ``values`` and zero, with room as a share of their range.

    Where all are zero, one tick says so: an empty scale would invent digits.
    """
    known = [0.0, *values]
    low, high = min(known), max(known)
    axis = axes.yaxis if along == "y" else axes.xaxis
    limits = axes.set_ylim if along == "y" else axes.set_xlim
    if low == high:
        limits(-1.0, 1.0)
        axis.set_ticks([0.0])
    else:
        limits(low - below * (high - low), high + above * (high - low))


def years(axes: Axes, first: int, last: int, step: int = 1) -> None:
    """Whole years along the bottom, from ``first`` to ``last``."""
    axes.set_xticks(list(range(first, last + 1, step)))
    axes.set_xlim(first - 0.4, last + 0.4)
    numbers(axes.xaxis, "plain")


def fit(figure: Figure) -> None:
    """Pull the axes in until nothing sticks out of the figure's edge.

    Labels have a width that only drawing tells; two rounds suffice, for the axes shrink
    and their texts do not.
    """
    width, height = figure.get_size_inches()
    renderer = _renderer(figure)
    edge = 0.05  # in inches: renderers differ by a hair in the width of text
    for _ in range(2):
        box = figure.get_tightbbox(renderer)
        pars = figure.subplotpars
        figure.subplots_adjust(
            left=pars.left + max(0.0, edge - box.x0) / width,
            right=pars.right - max(0.0, box.x1 - width + edge) / width,
            bottom=pars.bottom + max(0.0, edge - box.y0) / height,
            top=pars.top - max(0.0, box.y1 - height + edge) / height,
        )


def _renderer(figure: Figure) -> RendererBase:
    from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg

    renderer: RendererAgg = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    return renderer
