"""The house style: colours with a meaning, sizes on paper, figures and their scales.

Everything is drawn within ``house()``, which sets matplotlib's parameters and puts them
back; nothing global changes. Sizes are millimetres on paper and text is in points there,
for a chart is placed at its own size. What is drawn on axes is in ``plotting``, whole pictures
are in ``recipes``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from jcurve.figures.fonts import register
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import NumberStyle, written

if TYPE_CHECKING:
    from logging import LogRecord

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

INK = "#1b2430"
MUTED = "#5b6573"
GRID = "#e3e6ea"
SHADE = "#f3f5f8"
BODY = 8.0  # Size of axis text, in points on paper

SMALL = 7.5  # Smallest text in a chart, in points on paper


@dataclass(frozen=True)
class Series:
    """How a meaning looks: a colour, and a stroke that tells it apart without colour."""

    colour: str
    dash: str | tuple[float, tuple[float, ...]] = "solid"
    width: float = 1.6
    hatch: str = ""


SERIES: Mapping[str, Series] = MappingProxyType(
    {
        "with": Series("#0b3c6f", width=1.9),
        "without": Series("#7b8794", (0, (4.0, 1.6))),
        "programme": Series("#c2570c", width=1.9),
        "go_forward": Series("#c2570c", (0, (1.2, 1.2)), width=1.6),
        "reported": Series("#1b2430", width=1.9),
        "guided": Series("#2f7fb8", (0, (5.0, 1.4, 1.0, 1.4)), hatch="////"),
        "judgement": Series("#a8820a", (0, (1.0, 1.3)), hatch="||||"),
        "consensus": Series("#5f8f4e", (0, (3.0, 1.2))),
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


def series(role: str) -> Series:
    """How ``role`` looks.

    Raises:
        UsageError: no such meaning; names the nearest.
    """
    if role not in SERIES:
        raise UsageError.not_among("an unknown meaning of a series", role, SERIES)
    return SERIES[role]


def readable(colour: str) -> str:
    """``colour`` darkened until text in it stands out from white (contrast 4.5 to 1)."""
    from matplotlib.colors import to_hex, to_rgb

    shade = to_rgb(colour)
    while _contrast(shade) < 4.5:
        shade = (shade[0] * 0.92, shade[1] * 0.92, shade[2] * 0.92)
    return to_hex(shade)


def tint(colour: str, strength: float) -> str:
    """``colour`` on white, paler the smaller its strength, from 0 to 1."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = (1 - min(strength, 1.0) * (1 - part) for part in to_rgb(colour))
    return str(to_hex((red, green, blue)))


def ramp(count: int) -> tuple[Series, ...]:
    """Looks of layers that have an order, from dark to pale."""
    pale = (1 - 0.84 * at / max(count - 1, 1) for at in range(count))
    return tuple(Series(tint(SERIES["with"].colour, strength)) for strength in pale)


def _contrast(colour: tuple[float, float, float]) -> float:
    """Contrast with white, as the web's accessibility guidelines (WCAG 2.1) define it."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


FULL = 170.0  # Width of the text column in mm, on A4 and on Letter

Width = Literal["full", "half", "third"]
"""Of a chart: the column, or its share of it where two or three stand side by side."""

WIDTHS: Mapping[Width, float] = MappingProxyType({"full": FULL, "half": 82.0, "third": 53.0})
"""In mm."""

_MM = 1 / 25.4
_MARGIN = 1.0
_EM = 4.6  # points that a letter of a short label takes, with some room
_FOOT = 5.5  # one line of axis text: what ``label_ends`` measures then stays true


_Shape: TypeAlias = tuple[int, int, bool]  # rows, columns, and whether they share a scale
_ASKED: Counter[_Shape] = Counter()
_READY: dict[_Shape, list[tuple[Figure, list[Axes]]]] = {}

_COLOURED = {
    INK: ("text.color", "axes.titlecolor"),
    MUTED: ("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"),
    GRID: ("grid.color",),
}
"""Which parameters of matplotlib take a colour of the palette."""


@cache
def _parameters() -> Any:  # matplotlib's stubs list every key as a literal
    from matplotlib import rc_params_from_file

    path = Path(__file__).with_name("house.mplstyle")
    found = dict(rc_params_from_file(path, use_default_template=False))
    return found | {name: colour for colour, names in _COLOURED.items() for name in names}


@contextmanager
def house() -> Iterator[None]:
    """Draw in the house style; also a decorator: ``@house()`` above an exhibit's function."""
    import logging

    import matplotlib

    register()
    told = logging.getLogger("matplotlib.font_manager")
    told.addFilter(_other_weight)
    try:
        with matplotlib.rc_context(_parameters()):
            yield
    finally:
        told.removeFilter(_other_weight)


def _other_weight(record: LogRecord) -> bool:
    """Keep quiet that the font behind the house font has another bold: it is seldom used."""
    return "font weight" not in record.getMessage()


def plot(*, width: Width = "full", height: float = 62.0) -> tuple[Figure, Axes]:
    """A figure with one set of axes. Call it within ``house()``.

    Args:
        width: of the column, or a share of it.
    """
    figure, axes = panels(1, 1, width=width, height=height)
    return figure, axes[0]


def panels(
    rows: int,
    columns: int,
    *,
    width: Width = "full",
    height: float = 62.0,
    share_y: bool = False,
    gap: float = 0.18,
) -> tuple[Figure, list[Axes]]:
    """A figure with several axes, row by row. Call it within ``house()``.

    Args:
        width: of the column, or a share of it.
        gap: between neighbours, as a share of their width: labels at a line's end need
            some.
    """
    across = WIDTHS[width]
    shape = (rows, columns, share_y)
    _ASKED[shape] += 1
    ready = _READY.get(shape)
    figure, axes = ready.pop() if ready else _blank(*shape)
    figure.set_size_inches(across * _MM, height * _MM)
    figure.subplots_adjust(
        left=_MARGIN / across,
        right=1 - _MARGIN / across,
        bottom=_FOOT / height,
        top=1 - _MARGIN / height,
        wspace=gap,
        hspace=0.35,
    )
    return figure, axes


def _blank(rows: int, columns: int, share_y: bool) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    from jcurve.figures.canvas import HouseAxes

    figure = Figure()
    own: dict[str, Any] = {"axes_class": HouseAxes}
    grid = figure.subplots(rows, columns, sharey=share_y, squeeze=False, subplot_kw=own)
    return figure, list(grid.flat)


def make_ready() -> None:
    """Make as many blank figures as were drawn so far, for processes that are forked from this one
    and draw as many again."""
    with house():
        for shape, count in _ASKED.items():
            _READY[shape] = [_blank(*shape) for _ in range(count)]


def figure_of(axes: Axes) -> Figure:
    """The figure that ``axes`` stand in."""
    figure = axes.get_figure(root=True)
    if figure is None:
        raise UsageError("axes without a figure")
    return figure


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


def years_of_quarters(axes: Axes, first: int, last: int, step: int) -> None:
    """Whole years along the bottom of a curve by quarter, each named in its middle and so that the
    last is."""
    named = list(range(last, first - 1, -step))[::-1]
    axes.set_xticks([year + 0.5 for year in named], [str(year) for year in named])
    axes.set_xlim(first - 0.2, last + 1.2)
