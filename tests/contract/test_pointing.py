"""What a chart says where a reader points at it: the numbers that it is drawn from."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from jcurve.figures import plotting, recipes, style
from jcurve.figures.narrowing import drawings

_SVG = "{http://www.w3.org/2000/svg}"
YEARS = [2025, 2026, 2027]


def _curve() -> Figure:
    with style.house():
        figure, axes = style.plot()
        plotting.line(axes, [2026.0, 2026.25, 2026.5], [0.0, -3.5, -7.25], "programme", "Nominal")
    return figure


def _lines() -> Figure:
    lines = {"With AI": ("with", [0.1, 0.25, 0.3]), "_Without AI": ("without", [0.1, 0.2, 0.15])}
    return recipes.by_year(YEARS, recipes.Scale(style="percent"), lines=lines)


def _rows() -> Figure:
    return recipes.bridge(None, [("Better advertising", 12.0), ("Capex", -20.0)], ("End", -8.0),
                          height=40)  # fmt: skip


def _tiles() -> Figure:
    with style.house():
        figure, axes = style.plot()
        recipes.tiles(axes, np.array([[1.0, -2.0], [3.0, np.nan]]), ["8%", "9%"], ["low", "high"])
    return figure


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (_curve, {"2026 Q1\nNominal: −3.50", "2026 Q2\nNominal: −7.25"}),
        (_lines, {"2026\nWith AI: 25.0%\nWithout AI: 20.0%"}),
        (_rows, {"Better advertising: +12", "Capex: −20", "End: −8"}),
        (_tiles, {"8%\nlow\n1.00", "9%\nhigh\nnone"}),
    ],
    ids=["curve", "years", "rows", "tiles"],
)
def test_every_place_says_its_numbers(made: Callable[[], Figure], said: set[str]) -> None:
    """On a phone too, where the chart is drawn anew."""
    for svg in drawings(made(), "shown", "full"):
        root = ElementTree.fromstring(svg)
        wide, tall = map(float, str(root.get("viewBox")).split()[2:])
        marks = list(root.iter(f"{_SVG}title"))
        assert said <= {str(mark.text) for mark in marks}
        for place in root.findall(f".//{_SVG}g[@pointer-events='all']/{_SVG}rect"):
            x, y, width, height = (float(place.get(k, "")) for k in ("x", "y", "width", "height"))
            assert -1 <= x <= x + width <= wide + 1
            assert -1 <= y <= y + height <= tall + 1


def test_a_name_that_is_not_written_is_said() -> None:
    svg, _ = drawings(_lines(), "shown", "full")
    assert not re.search(r"<text[^>]*>_?Without AI", svg)
