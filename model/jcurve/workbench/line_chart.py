"""A line chart as an SVG text: what a live picture needs, drawn in about a millisecond.

It looks like the report's charts (``jcurve.figures.style``): the same ink, grid and looks
by meaning, direct labels instead of a legend. Sizes are pixels of the view box.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from jcurve.figures.style import GRID, INK, MUTED, SHADE, Series
from jcurve.ground.numbers import written

__all__ = ["Chart", "Curve", "Mark", "draw", "nice_ticks"]

WIDTH, HEIGHT = 860.0, 344.0
LEFT, TOP, BOTTOM = 58.0, 16.0, 26.0
_NAMES = (112.0, 200.0)
"""Room at the right for the names of curves: at least and at most."""

_LINE = 14.5
"""Height of a line of text."""

_REPORTED = 60.0
"""Width that the word takes; left out where history is narrower."""

_BELOW = 0.09
"""Room under the lowest point for words, as a share of the height."""

_CHARACTER = 6.3
"""Mean width of a character at 12 px, enough to keep words inside the picture."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: points (None where there is no value), a look, a name at its end.

    Attributes:
        x, y: decimal years and values.
        look: colour and stroke.
        label: what it is.
        behind: drawn thin and first, such as the base.
    """

    x: Sequence[float]
    y: Sequence[float | None]
    look: Series
    label: str
    behind: bool = False

    @property
    def known(self) -> list[tuple[float, float]]:
        return [(x, y) for x, y in zip(self.x, self.y, strict=True) if y is not None]


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot with words: ``above`` or below it."""

    x: float
    y: float
    text: str
    colour: str = INK
    above: bool = True


@dataclass(frozen=True, slots=True)
class Chart:
    """What a picture shows.

    Attributes:
        title: for who cannot see it; ``alt`` says the rest.
        alt: what the lines do, in words.
        curves: the last one is drawn on top.
        first, last: years of the x axis.
        today: end of the last reported quarter, None to leave it out.
        percent: values are shares.
        marks: dots with words.
    """

    title: str
    alt: str
    curves: tuple[Curve, ...]
    first: float
    last: float
    today: float | None = None
    percent: bool = False
    marks: tuple[Mark, ...] = ()


def nice_ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round values from ``low`` or below to ``high`` or above, evenly apart.

    Special cases: a flat range is widened by one on both sides.
    """
    if high - low <= 1e-12 * max(1.0, abs(high), abs(low)):
        low, high = low - 1.0, high + 1.0
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 2.5, 5.0, 10.0) if m * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{each * step:.12g}") for each in range(first, last + 1)]


def draw(chart: Chart) -> str:
    """The picture as SVG, the same text for the same chart."""
    values = [y for curve in chart.curves for _, y in curve.known]
    low, high = min([0.0, *values]), max([0.0, *values])
    if any(not mark.above for mark in chart.marks):
        low -= _BELOW * (high - low)
    ticks = nice_ticks(low, high)
    longest = max((len(curve.label) for curve in chart.curves), default=0)
    room = min(max(longest * _CHARACTER + 22, _NAMES[0]), _NAMES[1])
    frame = _Frame(chart.first, chart.last, ticks[0], ticks[-1], WIDTH - room)
    parts = [
        f'<svg class="jc-svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
        f'aria-label="{escape(f"{chart.title}. {chart.alt}")}" '
        f'preserveAspectRatio="xMidYMid meet" xmlns="http://www.w3.org/2000/svg">',
        *_axes(chart, frame, ticks),
        *(_line(curve, frame) for curve in chart.curves),
        *_labels(chart.curves, frame),
        *(text for mark in chart.marks for text in _mark(mark, frame)),
        "</svg>",
    ]
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Frame:
    first: float
    last: float
    low: float
    high: float
    right: float

    def x(self, year: float) -> float:
        return LEFT + (year - self.first) / (self.last - self.first) * (self.right - LEFT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _axes(chart: Chart, frame: _Frame, ticks: Sequence[float]) -> list[str]:
    right = frame.right
    made: list[str] = []
    if chart.today is not None and chart.first < chart.today < chart.last:
        x = frame.x(chart.today)
        made.append(
            f'<rect x="{x:.1f}" y="{TOP}" width="{right - x:.1f}" '
            f'height="{HEIGHT - TOP - BOTTOM:.1f}" fill="{SHADE}"/>'
            f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{MUTED}" stroke-dasharray="2 3"/>'
        )
        # Lines that never rise above zero leave no room at the top.
        y = HEIGHT - BOTTOM - 6 if ticks[-1] == 0 else TOP + 10
        if x - LEFT > _REPORTED:
            made.append(_text(x - 5, y, "Reported", MUTED, "end", 11))
        made.append(_text(x + 5, y, "Forecast", MUTED, "start", 11))
    size = max(abs(ticks[0]), abs(ticks[-1])) * (100 if chart.percent else 1)
    step = (ticks[1] - ticks[0]) * (100 if chart.percent else 1)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if size < 100 else 0
    if decimals and math.isclose(step * 10**decimals % 1, 0.5, abs_tol=1e-6):
        decimals += 1
    for tick in ticks:
        y = frame.y(tick)
        zero = tick == 0
        made.append(
            f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{INK if zero else GRID}" '
            f'stroke-width="{1.1 if zero else 1}"/>'
        )
        text = written(tick, "percent" if chart.percent else "number", decimals)
        made.append(_text(LEFT - 8, y + 4, text, MUTED, "end", 12))
    every = 1 if chart.last - chart.first < 10 else 2
    for year in range(math.ceil(chart.first), math.floor(chart.last) + 1, every):
        x = frame.x(year)
        made.append(
            f'<path d="M{x:.1f} {HEIGHT - BOTTOM}v4" stroke="{MUTED}"/>'
            + _text(x, HEIGHT - BOTTOM + 17, str(year), MUTED, "middle", 12)
        )
    return made


def _line(curve: Curve, frame: _Frame) -> str:
    steps, pen = [], "M"
    for x, y in zip(curve.x, curve.y, strict=True):
        if y is None:
            pen = "M"
            continue
        steps.append(f"{pen}{frame.x(x):.1f} {frame.y(y):.1f}")
        pen = "L"
    look, dash = curve.look, ""
    width = 1.4 if curve.behind else look.width * 1.35
    if not isinstance(look.dash, str):
        dash = f' stroke-dasharray="{" ".join(f"{each * width:.1f}" for each in look.dash[1])}"'
    return (
        f'<path d="{"".join(steps)}" fill="none" stroke="{look.colour}" '
        f'stroke-width="{width:.2f}" stroke-linejoin="round"{dash}/>'
    )


def _labels(curves: Sequence[Curve], frame: _Frame) -> list[str]:
    """Each curve's name at its end, pushed apart where they would overlap."""
    named = [(curve, curve.known[-1]) for curve in curves if curve.label and curve.known]
    named.sort(key=lambda pair: frame.y(pair[1][1]))
    low, high = TOP + _LINE / 2, HEIGHT - BOTTOM - _LINE / 2
    places: list[float] = []
    for _, (_, value) in named:
        floor = places[-1] + _LINE if places else low
        places.append(max(frame.y(value), floor))
    for at in range(len(places) - 1, -1, -1):
        ceiling = places[at + 1] - _LINE if at + 1 < len(places) else high
        places[at] = min(places[at], ceiling)
    made = []
    for (curve, (x, value)), y in zip(named, places, strict=True):
        left = frame.x(x)
        made.append(
            f'<path d="M{left + 3:.1f} {frame.y(value):.1f}L{left + 10:.1f} {y:.1f}" '
            f'stroke="{curve.look.colour}" stroke-width="0.8" fill="none"/>'
        )
        weight = "" if curve.behind else ' font-weight="600"'
        room = int((WIDTH - left - 14) / _CHARACTER)
        words = curve.label if len(curve.label) <= room else f"{curve.label[: room - 1]}…"
        made.append(_text(left + 13, y + 4, words, _dark(curve.look.colour), "start", 12, weight))
    return made


def _mark(mark: Mark, frame: _Frame) -> list[str]:
    x, y = frame.x(mark.x), frame.y(mark.y)
    half = len(mark.text) * _CHARACTER / 2
    centre = min(max(x, LEFT + half), frame.right - half)
    at = max(y - 10, TOP + 22) if mark.above else min(y + 19, HEIGHT - BOTTOM - 5)
    return [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="{mark.colour}" stroke="#fff"/>',
        _text(centre, at, mark.text, _dark(mark.colour), "middle", 12, ' font-weight="600"', True),
    ]


def _text(
    x: float,
    y: float,
    text: str,
    colour: str,
    anchor: str,
    size: int,
    more: str = "",
    halo: bool = False,
) -> str:
    edge = ' paint-order="stroke" stroke="#fff" stroke-width="3.5"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" '
        f'font-size="{size}"{more}{edge}>{escape(text)}</text>'
    )


def _dark(colour: str) -> str:
    """Light colours of lines are too pale for words: those take the muted ink."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return colour if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.48 else MUTED
