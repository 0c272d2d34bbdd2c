"""What is drawn on axes: lines, bars, dots, notes, each with the look of its meaning."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from jcurve.figures.ends import figure_of
from jcurve.figures.fonts import charset
from jcurve.figures.numbers import written
from jcurve.figures.palette import BODY, CATEGORIES, INK, MUTED, SMALL, Series, series, tint
from jcurve.figures.plaintext import visible

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Values: TypeAlias = Sequence[float] | NDArray[np.float64]

__all__ = [
    "band",
    "bars",
    "beside",
    "dots",
    "edge",
    "key",
    "level",
    "levels",
    "line",
    "mark",
    "note",
    "rung",
    "rungs",
    "span",
    "stack",
]


_PALE = {"facecolor": "#ffffff", "alpha": 0.7, "edgecolor": "none", "pad": 1}


def line(axes: Axes, x: Values, y: Values, role: str, label: str = "") -> None:
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


def band(axes: Axes, x: Values, low: Values, high: Values, role: str) -> None:
    """A pale band between two rows, in the colour of a meaning."""
    axes.fill_between(
        x, low, high, color=tint(series(role).colour, 0.16), linewidth=0, zorder=1.5, label="_band"
    )


def levels(
    axes: Axes,
    x: Values,
    y: Values,
    values: NDArray[np.float64],
    at: Values,
) -> None:
    """A map of ``values`` (y, x): what is above zero tinted as a gain, what is below as a loss,
    the stronger the further from it, and a labelled line at each level."""
    inside = [level for level in at if values.min() < level < values.max()]
    edges = [float(values.min()) - 1, *inside, float(values.max()) + 1]
    most = max(abs(edges[0]), abs(edges[-1]))
    colours = []
    for low, high in itertools.pairwise(edges):
        middle = (low + high) / 2
        colour = series("positive" if middle >= 0 else "negative").colour
        colours.append(tint(colour, 0.06 + 0.4 * abs(middle) / most))
    axes.contourf(x, y, values, levels=edges, colors=colours, zorder=0.5)
    axes.grid(visible=False)
    if inside in ([], [0]):
        return
    lines = [level for level in inside if level != 0]  # the caller draws that line
    axes.contour(
        x, y, values, levels=lines, colors=MUTED, linewidths=0.5, linestyles="solid", zorder=1
    )
    _name_levels(axes, x, y, values, lines)


def _name_levels(
    axes: Axes, x: Values, y: Values, values: NDArray[np.float64], levels: Sequence[float]
) -> None:
    """Each level's value where its line leaves the left edge, left out where the one below it
    stands too near."""
    import numpy as np

    edge = values[:, 0]
    below = -np.inf
    for level in levels:
        if not edge.min() < level < edge.max():
            continue
        at = float(np.exp(np.interp(level, edge, np.log(y))))
        place = float(axes.transData.transform((float(x[0]), at))[1])
        if place - below < 1.4 * SMALL * figure_of(axes).dpi / 72:
            continue
        below = place
        axes.annotate(
            written(level),
            (0.0, at),
            xycoords=axes.get_yaxis_transform(),
            xytext=(3, 0.5),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=SMALL,
            color=MUTED,
            zorder=4,
        )


def edge(axes: Axes, low: float, high: float, text: str, *, lift: int = 0) -> None:
    """A range of the x axis, marked above the axes and named there, ``lift`` lines higher."""
    frame = axes.get_xaxis_transform()
    axes.plot(
        [low, high], [1.015, 1.015], transform=frame, color=INK, linewidth=2.2, clip_on=False,
        solid_capstyle="butt", marker="|", markersize=4, label="_edge",
    )  # fmt: skip
    axes.annotate(
        _seen(text),
        ((low + high) / 2, 1.015),
        xycoords=frame,
        xytext=(0, 5 + lift * SMALL * 1.3),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=SMALL,
        color=MUTED,
        annotation_clip=False,
    )


def level(axes: Axes, y: float, text: str) -> None:
    """A value of the y axis, drawn across and named at its right end."""
    axes.axhline(y, color=INK, linewidth=0.7, linestyle=(0, (1.5, 1.5)), zorder=2, label="_level")
    axes.annotate(
        _seen(text),
        (1.0, y),
        xycoords=axes.get_yaxis_transform(),
        xytext=(-3, 2),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=SMALL,
        color=INK,
        bbox=_PALE,
    )


def bars(
    axes: Axes,
    x: Values,
    heights: Values,
    look: Series,
    *,
    bottom: Values | float = 0.0,
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
    x: Values,
    layers: Mapping[str, Values],
    *,
    looks: Sequence[Series] = CATEGORIES,
) -> None:
    """Stacked bars, one layer a name, from the bottom up."""
    bottom = [0.0] * len(x)
    for look, (name, heights) in zip(looks, layers.items(), strict=False):
        bars(axes, x, heights, look, bottom=bottom, label=name)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]


def dots(axes: Axes, x: Values, y: Values, role: str, *, label: str = "") -> None:
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


def mark(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    shift: tuple[float, float] = (0.0, 12.0),
    colour: str = INK,
    over: bool = False,
) -> None:
    """A dot at a point and words on it, ``shift`` points away; ``over`` a picture on a pale
    ground."""
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
        bbox=_PALE if over else None,
    )
