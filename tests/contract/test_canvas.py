"""Charts are drawn and fitted as matplotlib itself would, only faster."""

from __future__ import annotations

import io
import itertools
from collections import Counter

import numpy as np
import pytest
from matplotlib.axes import Axes
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


def _stacked() -> Figure:
    with style.house():
        figure, (left, right) = style.panels(1, 2, height=60)
        plotting.stack(left, [2024, 2025, 2026], {"Old": [3.0, 2.0, 0.0], "New": [0.0, -1.0, 2.5]})
        left.set_xlim(2023, 2027)
        left.set_ylim(-2, 4)
        plotting.label_stack(left)
        plotting.bar_across(right, 0.0, -1.0, 3.0, style.series("negative"))
        plotting.name_rows(right, [0.0], ["All"])
        style.room(right, [-1.0, 2.0], along="x")
        canvas.fit(figure)
    return figure


def _svg() -> str:
    figure = _stacked()
    with style.house():
        return canvas.as_svg(figure)


def _one_by_one(axes, boxes, look, label) -> None:  # type: ignore[no-untyped-def]
    left, low, wide, tall = zip(*boxes, strict=True)
    more = {"color": look.colour, "hatch": look.hatch or None, "edgecolor": "#ffffff"}
    middle = [at + width / 2 for at, width in zip(left, wide, strict=True)]
    axes.bar(middle, tall, wide, low, label=label, linewidth=0.4, zorder=2, **more)


def test_bars_as_one_shape_look_like_matplotlibs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def pixels() -> np.ndarray:  # type: ignore[type-arg]
        made = FigureCanvasAgg(_stacked())
        made.draw()  # type: ignore[no-untyped-call]
        return np.asarray(made.buffer_rgba(), dtype=float)

    ours = pixels()
    monkeypatch.setattr(plotting, "_boxes", _one_by_one)
    apart = np.abs(ours - pixels())
    assert apart.mean() < 0.5
    assert np.mean(apart > 64) < 0.001


def test_ticks_are_those_that_matplotlib_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = _svg()
    monkeypatch.setattr(canvas, "HouseAxes", Axes)
    assert _svg() == ours


def test_a_figure_made_ahead_is_drawn_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "_READY", {})
    monkeypatch.setattr(style, "_ASKED", Counter())
    first = _svg()
    style.make_ready()
    assert [len(each) for each in style._READY.values()] == [1]
    assert _svg() == first
    assert [len(each) for each in style._READY.values()] == [0]
    assert _svg() == first
