"""Drawing a figure as SVG, and pulling its axes in until nothing sticks out.

Matplotlib measures a text anew for each figure and looks for the place of every axis's name, also
where there is none. Here texts are measured once in a process, and axes without a name or title
are measured by what they show.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from copy import copy
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import __version_info__ as version
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.font_manager import findfont, get_font
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Bbox, BboxBase, TransformedBbox

if TYPE_CHECKING:
    from matplotlib.axis import Axis, Tick
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

_EDGE = 0.05  # inches left free: renderers differ by a hair in the width of text
_TEXTS = 8192


def as_svg(figure: Figure) -> str:
    """What ``savefig`` writes, without a date."""
    buffer, dpi = io.StringIO(), figure.dpi
    width, height = figure.get_size_inches()
    figure.dpi = 72
    try:
        size, about = (width * 72, height * 72), {"Date": None}
        renderer: Any = _Drawing(*size, buffer, image_dpi=dpi, metadata=about)  # type: ignore[no-untyped-call]
        figure.draw(renderer)
        renderer.finalize()
    finally:
        figure.dpi = dpi
    return buffer.getvalue()


class HouseAxes(Axes):
    """Matplotlib's own, where a further tick is the first one again, not made anew and given the
    first one's looks."""

    def _init_axis(self) -> None:
        super()._init_axis()  # type: ignore[misc]
        every: tuple[Any, ...] = (self.xaxis, self.yaxis)
        for axis in every:
            axis._copy_tick_props = lambda of, to: None
            axis._get_tick = partial(_tick, axis, axis._get_tick)


def _tick(axis: Axis, make: Callable[[bool], Tick], major: bool) -> Tick:
    """A tick like the first of its kind, at a place and with a text that are set as it is used."""
    known = vars(axis).get("majorTicks" if major else "minorTicks")
    if not known:
        return make(major)
    tick: Tick = copy(known[0])
    for name in ("tick1line", "tick2line", "gridline", "label1", "label2"):
        setattr(tick, name, copy(getattr(tick, name)))
    return tick


class _Heights:
    """Remembers the height of a font's line, which matplotlib 3.11 reads anew for every text."""

    dpi = 72.0

    if version[:2] == (3, 11):

        def _get_font_height_metrics(self, font: FontProperties) -> Any:
            return _line(font.copy(), self.dpi)


class _Drawing(_Heights, RendererSVG):
    """Matplotlib's own, with one memory of texts for all drawings."""

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> Any:
        return _measured(s, prop, ismath)


class _Measuring(_Heights, RendererAgg):
    pass


@lru_cache(maxsize=_TEXTS)
def _line(font: FontProperties, dpi: float) -> tuple[float, float, float] | tuple[None, ...]:
    """Ascent, descent and gap of a line, as matplotlib takes them from the font's tables."""
    tables = get_font([findfont(font)])
    head, table = tables.get_sfnt_table("head"), tables.get_sfnt_table("OS/2")
    if head is None or table is None:
        return None, None, None
    scale = 1 / head["unitsPerEm"] * font.get_size_in_points() * dpi / 72
    return (
        table["sTypoAscender"] * scale, -table["sTypoDescender"] * scale,
        table["sTypoLineGap"] * scale,
    )  # fmt: skip


@lru_cache(maxsize=_TEXTS)
def _measured(text: str, font: FontProperties, ismath: Any) -> Any:
    return text_to_path.get_text_width_height_descent(text, font, ismath)


def fit(figure: Figure) -> None:
    """Pull the axes in until nothing sticks out of the figure's edge.

    Labels have a width that only measuring tells; two rounds suffice, for the axes shrink
    and their texts do not.
    """
    width, height = figure.get_size_inches()
    for _ in range(2):
        box = _extent(figure, measured(figure.dpi))
        pars = figure.subplotpars
        figure.subplots_adjust(
            left=pars.left + max(0.0, _EDGE - box.x0) / width,
            right=pars.right - max(0.0, box.x1 - width + _EDGE) / width,
            bottom=pars.bottom + max(0.0, _EDGE - box.y0) / height,
            top=pars.top - max(0.0, box.y1 - height + _EDGE) / height,
        )


@cache
def measured(dpi: float) -> RendererBase:
    """What measures texts, and remembers them."""
    return _Measuring(1, 1, dpi)  # type: ignore[no-untyped-call]


def _extent(figure: Figure, renderer: RendererBase) -> BboxBase:
    """The box of all that is drawn, in inches: ``get_tightbbox``, in half the time."""
    found = [
        artist.get_tightbbox(renderer)
        for artist in figure.get_children()
        if artist not in figure.axes and artist.get_visible() and artist.get_in_layout()
    ]
    for axes in figure.axes:
        scales = (axes.xaxis, axes.yaxis) if axes.axison else ()
        for axis in scales:
            if not axis.get_label_text():
                axis.set_label_coords(0.5, 0.5)  # or each drawing looks for the place of no name
        if any(axes.get_title(loc) for loc in ("left", "center", "right")):
            found.append(axes.get_tightbbox(renderer))
        elif axes.get_visible():
            axes.apply_aspect()
            found.append(axes.get_window_extent(renderer))
            artists = [*scales, *axes.get_default_bbox_extra_artists()]
            found += [artist.get_tightbbox(renderer) for artist in artists]
    known = [box for box in found if box and np.isfinite(box.extents).all() and any(box.size)]
    return TransformedBbox(Bbox.union(known), figure.dpi_scale_trans.inverted())
