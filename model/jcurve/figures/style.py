"""The house style: sizes on paper, colours with a meaning, direct labels, recessive axes.

Everything is drawn within ``house()``, which sets matplotlib's parameters and puts them
back; nothing global changes. Sizes are millimetres on paper and text is in points there,
for a chart is placed at its own size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from jcurve.errors import UsageError, nearest
from jcurve.figures.fonts import FAMILY, MONO, charset, register
from jcurve.figures.numbers import NumberStyle, written
from jcurve.figures.plaintext import visible

if TYPE_CHECKING:
    from logging import LogRecord

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

__all__ = [
    "CATEGORIES",
    "FULL",
    "GRID",
    "HALF",
    "INK",
    "MUTED",
    "SERIES",
    "SMALL",
    "Series",
    "bars",
    "beside",
    "dots",
    "fit",
    "forecast_from",
    "house",
    "key",
    "label_ends",
    "label_stack",
    "line",
    "mark",
    "note",
    "numbers",
    "panels",
    "plot",
    "readable",
    "room",
    "rung",
    "rungs",
    "series",
    "span",
    "stack",
    "years",
    "zero_line",
]

FULL = 170.0
"""Width of the text column in mm, on A4 and on Letter."""

HALF = 82.0
"""Width of one of two charts side by side, in mm."""

INK = "#1b2430"
MUTED = "#5b6573"
GRID = "#e3e6ea"
SHADE = "#f3f5f8"
BODY = 8.0
"""Size of axis text, in points on paper."""

SMALL = 7.5
"""Smallest text in a chart, in points on paper."""


@dataclass(frozen=True)
class Series:
    """How a meaning looks: a colour, and a stroke that tells it apart without colour."""

    colour: str
    dash: str | tuple[float, tuple[float, ...]] = "solid"
    width: float = 1.6
    hatch: str = ""
    marker: str = ""


SERIES: Mapping[str, Series] = MappingProxyType(
    {
        "with": Series("#0b3c6f", width=1.9),
        "without": Series("#7b8794", (0, (4.0, 1.6))),
        "programme": Series("#c2570c", width=1.9),
        "go_forward": Series("#c2570c", (0, (1.2, 1.2)), width=1.6),
        "reported": Series("#1b2430", width=1.9),
        "guided": Series("#2f7fb8", (0, (5.0, 1.4, 1.0, 1.4)), hatch="////", marker="D"),
        "judgement": Series("#a8820a", (0, (1.0, 1.3)), hatch="||||", marker="o"),
        "consensus": Series("#5f8f4e", (0, (3.0, 1.2)), marker="s"),
        "positive": Series("#0f7b6c"),
        "negative": Series("#c2570c", hatch="////"),
        "low": Series("#9fb6cc", (0, (2.0, 1.2))),
        "high": Series("#0b3c6f", (0, (2.0, 1.2))),
    }
)
"""Every meaning a series can have, and how it looks in all charts."""

CATEGORIES: tuple[Series, ...] = (
    Series("#0b3c6f"),
    Series("#5b9bcb", hatch="////"),
    Series("#c2570c"),
    Series("#e9b872", hatch="||||"),
    Series("#7b8794"),
    Series("#c9d0d8", hatch="\\\\\\\\"),
    Series("#0f7b6c"),
    Series("#9ccfc5", hatch="xxxx"),
)
"""Members of a set without a meaning of their own; neighbours differ in lightness."""

_MM = 1 / 25.4
_GAP = 4.0  # points between a line's end and its label
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


def series(role: str) -> Series:
    """How ``role`` looks.

    Raises:
        UsageError: no such meaning; names the nearest.
    """
    if role not in SERIES:
        raise UsageError(
            "an unknown meaning of a series",
            received=role,
            allowed=", ".join(SERIES),
            suggestion=nearest(role, SERIES),
        )
    return SERIES[role]


def line(axes: Axes, x: Sequence[float], y: Sequence[float], role: str, label: str = "") -> None:
    """Draw a series; ``label_ends`` writes ``label`` at its end."""
    look = series(role)
    axes.plot(
        x,
        y,
        color=look.colour,
        linestyle=look.dash,
        linewidth=look.width,
        label=_seen(label) or f"_{role}",
        zorder=3,
    )


def bars(
    axes: Axes,
    x: Sequence[float],
    heights: Sequence[float],
    look: Series,
    *,
    bottom: Sequence[float] | float = 0.0,
    width: float = 0.72,
    label: str = "",
) -> None:
    """Draw bars with their hatch, so that they differ in black and white too."""
    axes.bar(
        x,
        heights,
        bottom=bottom,
        width=width,
        color=look.colour,
        hatch=look.hatch or None,
        edgecolor="#ffffff",
        linewidth=0.4,
        label=_seen(label) or "_bars",
        zorder=2,
    )


def stack(
    axes: Axes,
    x: Sequence[float],
    layers: Mapping[str, Sequence[float]],
    *,
    looks: Sequence[Series] = CATEGORIES,
) -> None:
    """Stacked bars, one layer a name, from the bottom up."""
    bottom = [0.0] * len(x)
    for look, (name, heights) in zip(looks, layers.items(), strict=False):
        bars(axes, x, heights, look, bottom=bottom, label=name)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]


def dots(axes: Axes, x: Sequence[float], y: Sequence[float], role: str, *, label: str = "") -> None:
    """Single values, such as reported ones over a modelled series."""
    axes.plot(
        x,
        y,
        linestyle="none",
        marker="D",
        markersize=3.4,
        markerfacecolor="#ffffff",
        markeredgecolor=series(role).colour,
        markeredgewidth=1.1,
        label=_seen(label) or f"_{role}",
        zorder=5,
    )


def note(axes: Axes, x: float, y: float, text: str, *, shift: float = 10.0) -> None:
    """Words above a point of a chart, with a hair line down to it."""
    axes.annotate(
        _seen(text),
        (x, y),
        xytext=(0, shift),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=SMALL,
        color=MUTED,
        arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 0},
        zorder=6,
    )


def span(axes: Axes, x: float, low: float, high: float, role: str) -> None:
    """A range at ``x``: an upright stroke with a bar at either end."""
    look = series(role)
    for width, colour in ((3.2, "#ffffff"), (1.4, look.colour)):
        axes.errorbar(
            [x],
            [(low + high) / 2],
            yerr=[[(high - low) / 2], [(high - low) / 2]],
            fmt="none",
            ecolor=colour,
            elinewidth=width,
            capsize=3,
            capthick=width,
            zorder=4,
        )


def rung(axes: Axes, y: float, start: float, length: float, look: Series) -> None:
    """One bar of a horizontal chart, from ``start`` for ``length``."""
    axes.barh(
        y,
        length,
        left=start,
        height=0.62,
        color=look.colour,
        hatch=look.hatch or None,
        edgecolor="#ffffff",
        linewidth=0.4,
        label="_rung",
        zorder=2,
    )


def rungs(axes: Axes, places: Sequence[float], names: Sequence[str]) -> None:
    """Name the bars of a horizontal chart at its left; the grid then stands upright."""
    axes.set_yticks(list(places), [_seen(name) for name in names])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.set_ylim(min(places) - 0.75, max(places) + 0.75)
    axes.axvline(0, color=INK, linewidth=0.7, zorder=2.5)


def beside(axes: Axes, x: float, y: float, text: str, *, side: int = 1) -> None:
    """A bar's number beside its end: right of it, or left with ``side`` -1."""
    axes.annotate(
        _seen(text),
        (x, y),
        xytext=(3 * side, 0),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        va="center",
        fontsize=SMALL,
        color=INK,
    )


def key(axes: Axes, columns: int = 6) -> None:
    """What the layers are, in rows above the axes, for stacks too thin to be labelled."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        handlelength=0.9,
        handleheight=0.9,
        handletextpad=0.5,
        columnspacing=1.2,
        borderaxespad=0.2,
        borderpad=0.2,
    )


def _seen(text: str) -> str:
    """``text`` without what no font of ours can draw: a name may hold anything."""
    return visible(text, charset())


def zero_line(axes: Axes) -> None:
    """A line at zero, heavier than the grid."""
    axes.axhline(0, color=INK, linewidth=0.7, zorder=2.5)


def forecast_from(
    axes: Axes, x: float, *, words: tuple[str, str] = ("Reported", "Forecast")
) -> None:
    """Tint everything after ``x`` and say on both sides of it what is what."""
    left, right = axes.get_xlim()
    axes.axvspan(x, right, color=SHADE, linewidth=0, zorder=0)
    axes.axvline(x, color=MUTED, linewidth=0.6, linestyle=(0, (2, 2)), zorder=1)
    axes.set_xlim(left, right)
    frame = axes.get_xaxis_transform()
    points = axes.get_position().width * _figure(axes).get_size_inches()[0] * 72
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


def mark(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    shift: tuple[float, float] = (0.0, 12.0),
    colour: str = INK,
) -> None:
    """A dot at a point and words on it, ``shift`` points away."""
    axes.plot([x], [y], marker="o", markersize=4, color=colour, zorder=5, label="_mark")
    axes.annotate(
        _seen(text),
        (x, y),
        xytext=shift,
        textcoords="offset points",
        ha="left" if shift[0] > 2 else "right" if shift[0] < -2 else "center",
        va="bottom" if shift[1] > 0 else "top" if shift[1] < 0 else "center",
        fontsize=BODY,
        color=colour,
        zorder=6,
        linespacing=1.15,
    )


def numbers(
    axis: Axis, style: NumberStyle = "number", decimals: int = 0, *, sign: bool = False
) -> None:
    """Write an axis's numbers as tables write them."""
    from matplotlib.ticker import FuncFormatter

    def formatter(value: float, _: float | None) -> str:
        return written(value, style, decimals, sign=sign)

    axis.set_major_formatter(FuncFormatter(formatter))


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


def label_ends(axes: Axes) -> None:
    """Write each line's label at its right end, in its colour, moved apart if they collide."""
    for end, shift in _moved_apart(axes, _line_ends(axes)):
        _write(axes, end, (_GAP, shift), readable(end.colour))


def label_stack(axes: Axes) -> None:
    """Write each layer's label beside the last of its stacked bars, with a swatch, and each
    line's label at its end among them."""
    from matplotlib.transforms import ScaledTranslation

    figure = _figure(axes)
    layers = _layer_ends(axes)
    edge = max((end.x for end in layers), default=0.0)
    # A line ends in the middle of the last bar; its label stands beside it with the others.
    lines = [replace(end, x=max(end.x, edge)) for end in _line_ends(axes)]
    for end, shift in _moved_apart(axes, [*layers, *lines]):
        if not end.is_layer:
            _write(axes, end, (_GAP, shift), readable(end.colour))
            continue
        moved = ScaledTranslation((_GAP + 4) / 72, shift / 72, figure.dpi_scale_trans)
        axes.plot(
            [end.x],
            [end.y],
            marker="s",
            markersize=5,
            color=end.colour,
            transform=axes.transData + moved,
            clip_on=False,
            label="_swatch",
        )
        _write(axes, end, (_GAP + 10, shift), INK)


def _line_ends(axes: Axes) -> list[_End]:
    import numpy as np

    ends = []
    for drawn in axes.get_lines():
        name = str(drawn.get_label())
        if not name.startswith("_"):
            x, y = np.asarray(drawn.get_xydata(), dtype=float)[-1]
            ends.append(_End(float(y), float(x), name, str(drawn.get_color())))
    return ends


def _layer_ends(axes: Axes) -> list[_End]:
    from matplotlib.colors import to_hex
    from matplotlib.patches import Rectangle

    ends = []
    for container in axes.containers:
        name = str(container.get_label())
        last = container[-1] if len(container) else None
        if not name.startswith("_") and isinstance(last, Rectangle):
            ends.append(
                _End(
                    last.get_y() + last.get_height() / 2,
                    last.get_x() + last.get_width(),
                    name,
                    to_hex(last.get_facecolor()),
                    is_layer=True,
                )
            )
    return ends


@dataclass(frozen=True, order=True)
class _End:
    y: float
    x: float
    name: str
    colour: str
    is_layer: bool = False


def _write(axes: Axes, end: _End, shift: tuple[float, float], colour: str) -> None:
    axes.annotate(
        end.name,
        (end.x, end.y),
        xytext=shift,
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=BODY,
        color=colour,
        annotation_clip=False,
    )


def _moved_apart(axes: Axes, ends: Iterable[_End]) -> Iterator[tuple[_End, float]]:
    """Each end with the points its label must be shifted up by."""
    # Along the height of the axes in points, so that a distance is one of text.
    tall = axes.get_position().height * _figure(axes).get_size_inches()[1] * 72
    low, high = axes.get_ylim()
    per_unit = tall / (high - low)
    ends = sorted(ends)
    at = [(end.y - low) * per_unit for end in ends]
    for end, place, before in zip(ends, _apart(at, BODY * 1.25, tall), at, strict=True):
        yield end, place - before


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    if figure is None:
        raise UsageError("axes without a figure")
    return figure


def readable(colour: str) -> str:
    """``colour`` darkened until text in it stands out from white (contrast 4.5 to 1)."""
    from matplotlib.colors import to_hex, to_rgb

    shade = to_rgb(colour)
    while _contrast(shade) < 4.5:
        shade = (shade[0] * 0.92, shade[1] * 0.92, shade[2] * 0.92)
    return to_hex(shade)


def _contrast(colour: tuple[float, float, float]) -> float:
    """Contrast with white, as the web's accessibility guidelines (WCAG 2.1) define it."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def _apart(places: list[float], least: float, tall: float) -> list[float]:
    """Move ``places`` (rising) until neighbours are ``least`` apart, within the height."""
    moved = list(places)
    for index in range(1, len(moved)):
        moved[index] = max(moved[index], moved[index - 1] + least)
    over = moved[-1] - tall if moved else 0.0
    if over > 0:
        moved[-1] -= over
        for index in range(len(moved) - 2, -1, -1):
            moved[index] = min(moved[index], moved[index + 1] - least)
    return moved


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
