"""Labels beside what they name: at the ends of lines and beside stacked bars, moved apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jcurve.figures.palette import BODY, INK, readable
from jcurve.ground.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figure_of", "label_ends", "label_stack"]

_GAP = 4.0  # points between a line's end and its label


def label_ends(axes: Axes) -> None:
    """Write each line's label at its right end, in its colour, moved apart if they collide."""
    for end, shift in _moved_apart(axes, _line_ends(axes)):
        _write(axes, end, (_GAP, shift), readable(end.colour))


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
    tall = axes.get_position().height * figure_of(axes).get_size_inches()[1] * 72
    low, high = axes.get_ylim()
    per_unit = tall / (high - low)
    ends = sorted(ends)
    at = [(end.y - low) * per_unit for end in ends]
    for end, place, before in zip(ends, _apart(at, BODY * 1.25, tall), at, strict=True):
        yield end, place - before


def figure_of(axes: Axes) -> Figure:
    """The figure that ``axes`` stand in."""
    figure = axes.get_figure(root=True)
    if figure is None:
        raise UsageError("axes without a figure")
    return figure


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
