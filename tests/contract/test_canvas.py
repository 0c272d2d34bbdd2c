"""Charts are drawn and fitted as matplotlib itself would, only faster."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from jcurve.figures import canvas, plotting, style

_SIDES = ("left", "right", "bottom", "top")


def _figure(*, named: bool, titled: bool) -> Figure:
    figure, (left, right) = style.panels(1, 2, height=60)
    for axes in (left, right):
        axes.plot([2024, 2030], [-120000.0, 80000.0], label="Free cash flow")
        axes.annotate("beyond the edge, on two\nlines", (2030, 80000.0))
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0))
    if named:
        left.set_xlabel("Year")
    if titled:
        right.set_title("Difference")
    return figure


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("titled", [False, True])
def test_axes_end_where_the_box_of_all_that_is_drawn_asks(named: bool, titled: bool) -> None:
    with style.house():
        figure, plain = (_figure(named=named, titled=titled) for _ in range(2))
        canvas.fit(figure)
        width, height = plain.get_size_inches()
        renderer = FigureCanvasAgg(plain).get_renderer()  # type: ignore[no-untyped-call]
        for _ in range(2):
            box, pars = plain.get_tightbbox(renderer), plain.subplotpars
            plain.subplots_adjust(
                left=pars.left + max(0.0, 0.05 - box.x0) / width,
                right=pars.right - max(0.0, box.x1 - width + 0.05) / width,
                bottom=pars.bottom + max(0.0, 0.05 - box.y0) / height,
                top=pars.top - max(0.0, box.y1 - height + 0.05) / height,
            )
        found, wanted = (
            [getattr(each.subplotpars, side) for side in _SIDES] for each in (figure, plain)
        )
        assert found == pytest.approx(wanted, abs=1e-9)


def test_a_drawing_is_the_file_that_savefig_writes() -> None:
    with style.house():
        figure = _figure(named=True, titled=True)
        canvas.fit(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        assert canvas.as_svg(figure) == buffer.getvalue()


@pytest.mark.parametrize("bend", [0.0, 0.3, 0.8, 0.95, 1.0])
@pytest.mark.parametrize("back", [-0.3, 0.0, 0.2])
def test_words_at_the_end_of_a_curve_are_off_it(bend: float, back: float) -> None:
    """Wherever its lowest point lies, the last one too."""
    x = np.linspace(2023.0, 2041.0, 73)
    fall = np.minimum((x - 2023) / max(18 * bend, 0.25), 1.0)
    y = -700 * fall**2 + 700 * back * np.maximum(x - 2023 - 18 * bend, 0)
    words = f"Not recovered: −${-y[-1]:,.0f}bn"
    with style.house():
        figure, axes = style.plot(height=68)
        for scale, name in ((1.0, "Nominal"), (0.7, "Discounted")):
            plotting.line(axes, x, scale * y, "programme", name)
        style.years_of_quarters(axes, 2023, 2040, 2)
        style.room(axes, y, below=0.16, above=0.14)
        above, below = plotting.clear(axes, x[-1], y[-1], words)
        shift = above + 8 if above < below else -below - 8
        plotting.point(axes, x[-1], y[-1], words, shift=(-6, shift))
        renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
        box = axes.texts[-1].get_window_extent(renderer)
        for drawn in axes.get_lines()[:2]:
            path = axes.transData.transform(drawn.get_xydata())
            for one, other in itertools.pairwise(path):
                many = np.linspace(one, other, 40)
                assert not any(box.contains(*each) for each in many), (shift, box)
