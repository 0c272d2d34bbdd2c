"""A chart drawn again for a phone: as narrow as half a column, panels under one another, fewer
ticks, names on two lines."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from jcurve.figures.plotting import key
from jcurve.figures.pointing import marks
from jcurve.figures.style import BODY, WIDTHS, Width, house
from jcurve.figures.svg import tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MM = 1 / 25.4
_NAME = 20  # letters of a row's name on a line
_LETTER = 0.62  # em of a digit with the room about it
_GAP = 1.6  # em between ticks' labels
_KEYS = 3
_MARK = 3.0  # em of a key's mark with the room about it
_LINE = 1.25  # em from one line of a name to the next
_PANEL = 52.0  # mm of height of each of several panels


def drawings(figure: Figure, name: str, width: Width) -> tuple[str, str]:
    """A figure as SVG at its own width, and as a phone shows it: empty where that is the same."""
    from jcurve.figures.canvas import fit

    with house():
        fit(figure)
        wide = _drawn(figure, name)
        if width == "half":
            return wide, ""
        narrowed(figure)
        return wide, _drawn(figure, f"{name}-narrow")


def _drawn(figure: Figure, prefix: str) -> str:
    from jcurve.figures.canvas import as_svg

    return tidy(as_svg(figure), prefix, marks(figure))


def narrowed(figure: Figure) -> None:
    """Lay ``figure`` out anew, half a column wide; call it within ``house()``."""
    from matplotlib.gridspec import GridSpec

    from jcurve.figures.canvas import fit

    shown = [axes for axes in figure.axes if axes.get_visible()]
    height = max(figure.get_size_inches()[1], *(_names(axes) for axes in shown))
    if len(shown) > 1:
        grid = GridSpec(len(shown), 1, figure=figure, hspace=0.35)
        for at, axes in enumerate(shown):
            axes.set_subplotspec(grid[at])
            axes.tick_params(labelbottom=True, labelleft=True)
        height = _PANEL * _MM * len(shown)
    width = WIDTHS["half"] * _MM
    figure.set_size_inches(width, height)
    figure.subplots_adjust(left=1 / 82, right=1 - 1 / 82, bottom=0.09, top=0.985)
    for axes in shown:
        _ticks(axes, width)
        _key(axes, width)
    fit(figure)
    for axes in shown:
        _texts(axes)


def _names(axes: Axes) -> float:
    """Names of rows, each on as many lines as it takes; the inches that they need."""
    labels = [label.get_text() for label in axes.get_yticklabels()]
    if all(len(text) <= _NAME for text in labels):
        return 0.0
    filled = [textwrap.fill(text, _NAME) for text in labels]
    axes.set_yticks(axes.get_yticks(), filled)
    most = max(text.count("\n") + 1 for text in filled)
    return (len(filled) + 1.5) * (most + 0.3) * _LINE * BODY / 72


def _ticks(axes: Axes, width: float) -> None:
    """Only so many ticks along the bottom as have room for their labels."""
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    formatter = axes.xaxis.get_major_formatter()
    longest = max((len(str(formatter(tick, None))) for tick in ticks), default=0)
    room = int(0.72 * width * 72 / (BODY * (_LETTER * longest + _GAP)))
    step = -(-len(ticks) // max(room, 1))
    if step > 1 and axes.get_xscale() == "linear":
        names = [label.get_text() for label in axes.get_xticklabels()]
        if type(formatter).__name__ == "FixedFormatter":
            axes.set_xticks(ticks[::step], names[::step])
        else:
            axes.set_xticks(ticks[::step])


def _key(axes: Axes, width: float) -> None:
    """The key, if there is one, in as many columns as fit."""
    found = axes.get_legend()
    if found is None:
        return
    handles = [each for each in found.legend_handles if each is not None]
    words = [text.get_text() for text in found.get_texts()]
    each = (_LETTER * max(map(len, words)) + _MARK) * BODY / 72
    key(axes, max(1, min(_KEYS, len(words), int(width / each))), handles, words)


def _texts(axes: Axes) -> None:
    """What is wider than the axes on two lines, and room for numbers that stand left of them."""
    from jcurve.figures.canvas import measured

    figure = axes.get_figure(root=True)
    assert figure is not None
    frame = axes.get_window_extent(renderer := measured(figure.dpi))
    spilt = 0.0
    for text in axes.texts:
        box = text.get_window_extent(renderer)
        if box.width > frame.width:
            words = text.get_text()
            text.set_text(textwrap.fill(words, len(words) // 2 + 4))
        elif text.get_horizontalalignment() == "right":
            spilt = max(spilt, frame.x0 - box.x0)
    if spilt > 0:
        low, high = axes.get_xlim()
        axes.set_xlim(low - (high - low) * spilt / (frame.width - spilt), high)
