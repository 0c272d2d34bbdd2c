"""What is drawn on axes: lines, bars, dots, words, each with the look of its meaning.

Words that name a line or a layer stand beside it, moved apart where they collide. What is drawn is
also told to ``pointing``, by its label; one that begins with ``_`` is a name that is not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from jcurve.figures.fonts import charset
from jcurve.figures.plaintext import visible
from jcurve.figures.pointing import tell
from jcurve.figures.style import (
    BODY,
    CATEGORIES,
    INK,
    MUTED,
    SMALL,
    Series,
    figure_of,
    points,
    readable,
    series,
    tint,
)

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Values: TypeAlias = Sequence[float] | NDArray[np.float64]

PALE = {"facecolor": "#ffffff", "alpha": 0.7, "edgecolor": "none", "pad": 1}
_LYING = 0.62  # height of a bar of a horizontal chart, of a row
_GAP = 4.0  # points between a line's end and its label
_LETTER = 0.56  # width of a letter over its size, on the safe side


def line(axes: Axes, x: Values, y: Values, role: str, label: str = "") -> None:
    """Draw a series; ``label_ends`` writes ``label`` at its end."""
    look = series(role)
    tell(axes, label, x, y)
    axes.plot(
        x,
        y,
        color=look.colour,
        linestyle=look.dash,
        linewidth=look.width,
        label=_drawable(label) or f"_{role}",
        zorder=3,
    )


def band(
    axes: Axes, x: Values, low: Values, high: Values, role: str, label: str, strength: float = 0.16
) -> None:
    """A pale band between two rows, in the colour of a meaning."""
    tell(axes, label, x, high, low)
    axes.fill_between(
        x, low, high, color=tint(series(role).colour, strength), linewidth=0, zorder=1.5,
        label="_band",
    )  # fmt: skip


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
    tell(axes, label, x, heights)
    starts = [bottom] * len(x) if isinstance(bottom, int | float) else bottom
    places = zip(x, starts, heights, strict=True)
    boxes = [(at - width / 2, start, width, height) for at, start, height in places]
    _boxes(axes, boxes, look, _drawable(label) or "_bars")


def stack(
    axes: Axes, x: Values, layers: Mapping[str, Values], *, looks: Sequence[Series] = CATEGORIES
) -> None:
    """Stacked bars, one layer a name, from the bottom up."""
    bottom = [0.0] * len(x)
    for look, (name, heights) in zip(looks, layers.items(), strict=False):
        bars(axes, x, heights, look, bottom=bottom, label=name)
        bottom = [low + height for low, height in zip(bottom, heights, strict=True)]


def bar_across(axes: Axes, y: float, start: float, length: float, look: Series) -> None:
    """One bar of a horizontal chart, from ``start`` for ``length``."""
    _boxes(axes, [(start, y - _LYING / 2, length, _LYING)], look, "_across")


def _boxes(
    axes: Axes, boxes: Sequence[tuple[float, float, float, float]], look: Series, label: str
) -> None:
    """Bars (left, bottom, width, height) as one shape, for each by itself is measured and drawn by
    itself; their container names them and says where each is."""
    import numpy as np
    from matplotlib.container import BarContainer
    from matplotlib.patches import PathPatch, Rectangle
    from matplotlib.path import Path

    style: dict[str, Any] = {"facecolor": look.colour, "hatch": look.hatch or None, "zorder": 2}
    style |= {"edgecolor": "#ffffff", "linewidth": 0.4}
    bars = [Rectangle((left, low), *size, **style) for left, low, *size in boxes]
    corners = [((x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)) for x, y, w, h in boxes]
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(boxes)
    shape = Path(np.array(corners, dtype=float).reshape(-1, 2), codes)
    axes.add_patch(PathPatch(shape, label="_bars", **style))
    axes.add_container(BarContainer(bars, label=label))
    axes.autoscale(enable=None)  # type: ignore[arg-type]


def name_rows(axes: Axes, places: Sequence[float], names: Sequence[str]) -> None:
    """Name the bars of a horizontal chart at its left; the grid then stands upright."""
    axes.set_yticks(list(places), [_drawable(name) for name in names])
    axes.tick_params(axis="y", labelcolor=INK)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.set_ylim(min(places) - 0.75, max(places) + 0.75)
    axes.axvline(0, color=INK, linewidth=0.7, zorder=2.5)


def dots(axes: Axes, x: Values, y: Values, role: str, *, label: str = "") -> None:
    """Single values, such as reported ones over a modelled series."""
    tell(axes, label, x, y)
    axes.plot(
        x,
        y,
        linestyle="none",
        marker="D",
        markersize=3.4,
        markerfacecolor="#ffffff",
        markeredgecolor=series(role).colour,
        markeredgewidth=1.1,
        label=_drawable(label) or f"_{role}",
        zorder=5,
    )


def bracket(axes: Axes, x: float, low: float, high: float, role: str, label: str) -> None:
    """A range at ``x``: an upright stroke with a bar at either end."""
    tell(axes, label, [x], [high], [low])
    half = [[(high - low) / 2], [(high - low) / 2]]
    for width, colour in ((3.2, "#ffffff"), (1.4, series(role).colour)):
        axes.errorbar(
            [x],
            [(low + high) / 2],
            yerr=half,
            fmt="none",
            ecolor=colour,
            elinewidth=width,
            capsize=3,
            capthick=width,
            zorder=4,
        )


def name_range(axes: Axes, low: float, high: float, text: str, *, lift: int = 0) -> None:
    """A range of the x axis, drawn above the axes and named there, ``lift`` lines higher."""
    frame = axes.get_xaxis_transform()
    axes.plot(
        [low, high], [1.015, 1.015], transform=frame, color=INK, linewidth=2.2, clip_on=False,
        solid_capstyle="butt", marker="|", markersize=4, label="_range",
    )  # fmt: skip
    shift = (0, 5 + lift * SMALL * 1.3)
    place = ((low + high) / 2, 1.015)
    words_at(axes, text, place, shift, "center", "bottom", xycoords=frame, annotation_clip=False)


def name_level(axes: Axes, y: float, text: str) -> None:
    """A value of the y axis, drawn across and named at its right end."""
    axes.axhline(y, color=INK, linewidth=0.7, linestyle=(0, (1.5, 1.5)), zorder=2, label="_level")
    frame = axes.get_yaxis_transform()
    words_at(
        axes, text, (1.0, y), (-3, 2), "right", "bottom", colour=INK, xycoords=frame, bbox=PALE
    )


def note(axes: Axes, x: float, y: float, text: str, *, shift: float = 10.0) -> None:
    """Words above a point of a chart, with a hair line down to it."""
    arrow = {"arrowstyle": "-", "color": MUTED, "linewidth": 0.5, "shrinkA": 0}
    words_at(axes, text, (x, y), (0, shift), "center", "bottom", arrowprops=arrow, zorder=6)


def number_beside(axes: Axes, x: float, y: float, text: str, *, side: int = 1) -> None:
    """A bar's number beside its end: right of it, or left with ``side`` -1."""
    tell(axes, text, [], [], row=y)
    words_at(
        axes, text, (x, y), (3 * side, 0), "left" if side > 0 else "right", "center", colour=INK
    )


def point(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    *,
    shift: tuple[float, float] = (0.0, 12.0),
    colour: str = INK,
    over: bool = False,
) -> None:
    """A dot and words on it, ``shift`` points away; ``over`` a picture on a pale ground."""
    axes.plot([x], [y], marker="o", markersize=4, color=colour, zorder=5, label="_point")
    words_at(
        axes,
        text,
        (x, y),
        shift,
        "left" if shift[0] > 2 else "right" if shift[0] < -2 else "center",
        "bottom" if shift[1] > 0 else "top" if shift[1] < 0 else "center",
        colour=colour,
        size=BODY,
        zorder=6,
        linespacing=1.15,
        bbox=PALE if over else None,
    )


def clear(axes: Axes, x: float, y: float, text: str) -> tuple[float, float]:
    """How many points above and below a point words that end there are clear of every line."""
    import numpy as np

    left, right = axes.get_xlim()
    wide = axes.get_position().width * figure_of(axes).get_size_inches()[0] * 72
    begin = x - (len(text) * _LETTER * BODY + _GAP) * (right - left) / wide
    above = below = 0.0
    for drawn in axes.get_lines():
        xs, ys = np.asarray(drawn.get_xydata(), dtype=float).T
        if xs.size > 2:
            beside = [np.interp(begin, xs, ys), *ys[(xs > begin) & (xs <= x)]]
            above = max(above, points(axes, max(beside) - y))
            below = max(below, points(axes, y - min(beside)))
    return above, below


def key(axes: Axes, columns: int = 6, *entries: Any) -> None:
    """What the layers are, in rows above the axes, for stacks too thin to be labelled; by default
    all that have a label, else handles and words."""
    axes.legend(
        *entries,
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


def words_at(
    axes: Axes,
    text: str,
    place: tuple[float, float],
    shift: tuple[float, float],
    across: str,
    upright: str,
    *,
    colour: str = MUTED,
    size: float = SMALL,
    **more: Any,
) -> None:
    """Words ``shift`` points from a place; ``across`` and ``upright`` say which of their sides
    stands there."""
    axes.annotate(
        _drawable(text),
        place,
        xytext=shift,
        textcoords="offset points",
        ha=across,
        va=upright,
        fontsize=size,
        color=colour,
        **more,
    )


def _drawable(text: str) -> str:
    """``text`` without what no font of ours can draw: a name may hold anything."""
    return visible(text, charset())


def label_ends(axes: Axes) -> None:
    """Write each line's label at its right end, in its colour, moved apart if they collide."""
    for end, shift in _moved_apart(axes, _line_ends(axes)):
        _label(axes, end, (_GAP, shift), readable(end.colour))


def label_stack(axes: Axes) -> None:
    """Write each layer's label beside the last of its stacked bars, with a swatch, and each
    line's label at its end among them."""
    from matplotlib.transforms import ScaledTranslation

    figure = figure_of(axes)
    layers = _layer_ends(axes)
    edge = max((end.x for end in layers), default=0.0)
    # A line ends in the middle of the last bar; its label stands beside it with the others.
    lines = [replace(end, x=max(end.x, edge)) for end in _line_ends(axes)]
    for end, shift in _moved_apart(axes, [*layers, *lines]):
        if not end.is_layer:
            _label(axes, end, (_GAP, shift), readable(end.colour))
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
        _label(axes, end, (_GAP + 10, shift), INK)


@dataclass(frozen=True, order=True)
class _End:
    """Where a line or a layer ends, and what it is called."""

    y: float
    x: float
    name: str
    colour: str
    is_layer: bool = False


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
            middle = last.get_y() + last.get_height() / 2
            right = last.get_x() + last.get_width()
            ends.append(_End(middle, right, name, to_hex(last.get_facecolor()), is_layer=True))
    return ends


def _label(axes: Axes, end: _End, shift: tuple[float, float], colour: str) -> None:
    place = (end.x, end.y)
    more: dict[str, Any] = {"size": BODY, "annotation_clip": False}
    words_at(axes, end.name, place, shift, "left", "center", colour=colour, **more)


def _moved_apart(axes: Axes, ends: Iterable[_End]) -> Iterator[tuple[_End, float]]:
    """Each end with the points its label must be shifted up by."""
    # Along the height of the axes in points, so that a distance is one of text.
    tall = axes.get_position().height * figure_of(axes).get_size_inches()[1] * 72
    low, high = axes.get_ylim()
    per_unit = tall / (high - low)
    ends = sorted(ends)
    at = [(end.y - low) * per_unit for end in ends]
    for end, place, before in zip(ends, _apart(at, BODY * 1.25, tall), at, strict=True):
        yield end, place - before


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
