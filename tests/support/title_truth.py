"""Titles held to what their exhibits show.

What a chart draws is read from its figure, what a table shows from its cells; the generator's own
words are not asked. A number that a title ties to a year must be shown at that year, any other must
be an extreme, an end or a sum of what is shown, or a figure that ``_MORE`` recomputes.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from jcurve.figures import canvas, narrowing, pointing
from jcurve.figures.display import Displayed
from jcurve.figures.exhibit import Cell, Exhibit, TableExhibit
from jcurve.figures.whatif import WhatIf
from jcurve.ground.numbers import MINUS

__all__ = [
    "NUMBER",
    "Seen",
    "claims",
    "complaints",
    "crossing",
    "drawn",
    "every",
    "falsified",
    "is_loss",
    "number_of",
    "numeric_of",
    "peak",
    "seen_in",
    "turned",
    "undetected",
    "value_of",
    "wrong",
]

NUMBER = re.compile(
    rf"(?P<sign>[{MINUS}+])?(?P<dollar>\$)?(?P<digits>\d[\d,]*(?:\.\d+)?)"
    r"(?P<unit>tn|bn|m\b|%| points?| times| cents)?"
)
_YEAR = re.compile(r"(?:19|20)\d\d(?: Q[1-4])?")
_TIED = re.compile(
    r"(?:lower |higher )?(?:million )?(?:at the end )?"
    r"(?:of (?:EPS|advertising|revenue|margin|NPV|the fleet is leased out,) )?"
    r"(?:in|by|of|from) (?P<year>(?:19|20)\d\d)\b"
)
_BEFORE = re.compile(r"lowest in (?P<year>(?:19|20)\d\d), at $")
_ALL_TIED = re.compile(r"In (?P<year>(?:19|20)\d\d) ")
_SIZES = {"tn": 1000.0, "bn": 1.0, "m": 0.001}
_TURNED = {MINUS: ("", "+"), "+": (MINUS,)}
_LOST = re.compile(r"\b(?:lowers?|costs?|takes?|loses?|lost|debt|short|moves|within|slower)\b")
_LOST_AFTER = re.compile(r" (?:lower|less|below|short)\b")
_NOT_DATA = ("assumption-book",)  # a count of what rows put together

_TWO, _DIGITS, _FIRST_YEAR = 2, 3, 1900
_WHOLE = 1.5  # what may be a share
_LYING = 0.62
"""Height of a bar of a horizontal chart."""

Pairs: TypeAlias = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Seen:
    """What an exhibit shows: series of (x, y), by name where they have one."""

    series: tuple[Pairs, ...] = ()
    lines: tuple[Pairs, ...] = ()
    bars: tuple[Rectangle, ...] = ()
    totals: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    top: float = 0.0
    tiles: tuple[float, ...] = ()
    rows: tuple[tuple[str, float], ...] = ()

    def at(self, year: int) -> list[float]:
        """Values at a year: of each series, and of two lines apart or over one another."""
        found = [value for x, y in self.series for value in _at(x, y, year)]
        ends = [value for x, y in self.lines for value in _at(x, y, year)]
        gaps = [a - b for a, b in itertools.permutations(ends, 2)]
        shares = [100 * a / b for a in found for b in ends if b] if self.bars else []
        return [*found, *gaps, *shares]

    def across(self) -> list[tuple[float, float]]:
        """Start and length of horizontal bars, from the top."""
        ranked = sorted(self.bars, key=lambda bar: -bar.get_y())
        return [(bar.get_x(), bar.get_width()) for bar in ranked]

    def standing(self) -> list[float]:
        """Extremes, ends and totals of what is shown."""
        found = [*self.totals]
        for _, y in self.series:
            known = y[np.isfinite(y)]
            if known.size:
                found += [known.min(), known.max(), known[0], known[-1]]
        return [float(value) for value in found]


def _at(x: np.ndarray, y: np.ndarray, year: int) -> list[float]:
    """The values of a year; of a curve by quarter the last and the lowest of its year."""
    if np.allclose(x, np.round(x)) or x.size < 20:
        return [float(value) for value in y[np.abs(x - year) < 0.5]]
    own = y[(x > year) & (x <= year + 1)]
    return [float(own[-1]), float(own.min())] if own.size else []


@contextlib.contextmanager
def drawn() -> Iterator[dict[str, Seen]]:
    """What the charts made in the meantime draw, by exhibit."""
    found: dict[str, Seen] = {}
    last: list[Figure] = []
    fit, tidy = canvas.fit, narrowing.tidy

    def fitted(figure: Figure) -> None:
        last.append(figure)
        fit(figure)

    def tidied(svg: str, name: str, marks: Any = ()) -> str:
        if not name.endswith("-narrow"):  # the same again, for a phone
            found[name] = _drawn(last[-1])
        return tidy(svg, name, marks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canvas, "fit", fitted)
        patch.setattr(narrowing, "tidy", tidied)
        yield found


def _drawn(figure: Figure) -> Seen:
    series, lines, bars_of, named = [], [], [], []
    tiles = [each for axes in figure.axes for each in pointing.mapped(axes)]
    lying: list[tuple[str, float]] = []
    top = max(float(axes.get_ylim()[1]) for axes in figure.axes)
    for axes in figure.axes:
        own: list[Pairs] = []
        for line in axes.get_lines():
            x, y = (np.asarray(row, dtype=float) for row in (line.get_xdata(), line.get_ydata()))
            named += [number_of(found) for found in NUMBER.finditer(str(line.get_label()))][:1]
            if x.shape == y.shape and x.size:
                series.append((x, y))
                if x.size > 2:
                    own.append((x, y))
        lines += own if len(own) == _TWO or not axes.get_xlim()[0] > _FIRST_YEAR else []
        held = [bar for held in axes.containers for bar in held if isinstance(bar, Rectangle)]
        bars = held or [each for each in axes.patches if isinstance(each, Rectangle)]
        bars_of += bars
        if {round(bar.get_height(), 6) for bar in bars} == {_LYING}:
            lying = _named(axes, bars)
            said = (found for name, _ in lying for found in NUMBER.finditer(name))
            named += [number_of(found) for found in said]
            series.append(_row((bar.get_y(), bar.get_width()) for bar in bars))
            series.append(_row((bar.get_y(), bar.get_x() + bar.get_width()) for bar in bars))
            bars = []
        series += [
            _row((bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in held)
            for held in axes.containers
            if bars and all(isinstance(bar, Rectangle) for bar in held)
        ]
        middles = [bar.get_x() + bar.get_width() / 2 for bar in bars]
        series.append(_row((x, bar.get_height()) for x, bar in zip(middles, bars, strict=True)))
        tops = (bar.get_y() + bar.get_height() for bar in bars)
        series.append(_row(zip(middles, tops, strict=True)))
        for each in axes.collections:
            rows = [path.vertices for path in each.get_paths()] if each.get_paths() else []
            if isinstance(each, PathCollection):
                rows = [each.get_offsets()]
            for row in rows:
                points = np.asarray(row, dtype=float)
                series.append((points[:, 0], points[:, 1]))
    return Seen(
        tuple(series), tuple(lines), tuple(bars_of), tuple(named), (len(bars_of),), top,
        tuple(tiles), tuple(lying),
    )  # fmt: skip


def _named(axes: Any, bars: Iterable[Rectangle]) -> list[tuple[str, float]]:
    """Rows of a horizontal chart by name, each with the length of its bar but for the last, a
    total, of several."""
    names = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    at = {float(y): name.get_text() for y, name in names}
    found = [(at[round(b.get_y() + b.get_height() / 2, 6)], float(b.get_width())) for b in bars]
    return [row for row in found if not row[0].startswith("Balance in ")]


def _row(pairs: Iterable[tuple[float, float]]) -> Pairs:
    found = np.array(list(pairs), dtype=float).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _shown(table: TableExhibit) -> Seen:
    """Rows by the years in their heads, columns by the place of the row."""
    heads = [re.search(r"(?:19|20)\d\d", column.label) for column in table.columns]
    years = [int(found[0]) if found else math.nan for found in heads]
    rows = [row for row in table.rows if row.role != "heading"]
    grid = np.array([[value_of(table, row, at) for at in range(len(years))] for row in rows])
    series = [(np.array(years), each) for each in grid]
    series += [(np.full(len(rows), math.nan), each) for each in grid.T]
    totals = [
        value_of(table, row, at)
        for row in rows
        if row.role in ("total", "subtotal")
        for at in range(1, len(years))
    ]
    counts = [len(rows)]
    if isinstance(table, WhatIf):
        worth = [NUMBER.fullmatch(cell) for cell in table.outputs[0].cells]
        counts += [len(worth), sum(number_of(each) > 0 for each in worth if each)]
    if table.id == "sources":
        marks = [str(row.cells[-1]) for row in rows]
        counts.append(sum(mark.endswith("!") or mark == "secondary" for mark in marks))
    if table.id == "missed":
        counts.append(sum(row.cells[5] is not None for row in rows))
    if table.id == "swings":
        counts.append(int(sum(low * high < 0 for low, high in grid[:, -2:])))
    return Seen(tuple(series), totals=tuple(totals), counts=tuple(counts))


def value_of(table: TableExhibit, row: Any, at: int) -> float:
    cell = row.cells[at].value if isinstance(row.cells[at], Cell) else row.cells[at]
    if isinstance(cell, str):
        found = NUMBER.fullmatch(cell.replace(" a year", ""))
        return math.nan if found is None else number_of(found)
    style = row.style or table.columns[at].style
    scale = 100.0 if style == "percent" else 0.001 if table.columns[at].unit == "$m" else 1.0
    return math.nan if cell is None else float(cell) * scale


def number_of(found: re.Match[str]) -> float:
    value = float(found["digits"].replace(",", "")) * _SIZES.get(found["unit"] or "", 1.0)
    return -value if found["sign"] == MINUS else value


def numeric_of(found: re.Match[str], name: str) -> float:
    """The number of a match that holds several, by the name that its groups begin with."""
    size = _SIZES.get(found[f"{name}_unit"] or "", 1.0)
    value = float(found[f"{name}_digits"].replace(",", "")) * size
    return -value if found[f"{name}_sign"] == MINUS else value


def claims(title: str) -> Iterator[tuple[re.Match[str], float, int | None]]:
    """Each number of a title with half its last digit, and the year that it is tied to."""
    plain = title.replace("\N{NO-BREAK SPACE}", " ")
    years = [(found.start(), found.end()) for found in _YEAR.finditer(plain)]
    first = _ALL_TIED.match(plain)
    for found in NUMBER.finditer(plain):
        if any(start <= found.start() < end for start, end in years):
            continue
        decimals = len(found["digits"].partition(".")[2])
        size = _SIZES.get(found["unit"] or "", 1.0)
        before = _BEFORE.search(plain[: found.start()])
        after = _TIED.match(plain[found.end() :].lstrip(" ,")) or before or first
        year = int(after["year"]) if after else None
        whole = len(found["digits"].replace(",", "")) if not decimals else 0
        yield found, 0.51 * 10.0 ** (max(whole - _DIGITS, 0) - decimals) * size, year


def _changes(seen: Seen) -> list[float]:
    """Of a waterfall: what adds, what takes, and the whole change from its first total."""
    widths = [width for _, width in seen.across()]
    steps = widths[:-1]
    adds, takes = sum(w for w in steps if w > 0), sum(w for w in steps if w < 0)
    inner = widths[1:-1]
    return [adds, takes, widths[-1] - widths[0], max(inner), min(inner)]


def _spread(seen: Seen) -> list[float]:
    """Of a tornado: the length of its first row."""
    (first, one), (second, other), *_ = seen.across()
    ends = [first, first + one, second, second + other]
    return [max(ends) - min(ends)]


def crossing(seen: Seen) -> list[float]:
    """Of a map of beliefs: its lines at the scenario's response and at the evidence's ends, and
    where the scenario stands."""
    points = [(float(x[0]), float(y[0])) for x, y in seen.series if x.size == 1]
    at = [x for x, _ in points]
    at += [end for bar in seen.bars for end in (bar.get_x(), bar.get_x() + bar.get_width())]
    found = [seen.top, *(y for _, y in points)]
    for x, y in seen.lines:
        found += [float(np.exp(np.interp(place, x, np.log(np.abs(y) + 1e-9)))) for place in at]
    return found


def peak(seen: Seen) -> list[float]:
    """Of value over size: the sizes that are marked, and what the last tenth of the plan adds."""
    found = [float(x[0]) for x, _ in seen.series if x.size == 1]
    found += [float(x[int(np.argmax(y))]) for x, y in seen.lines]
    tenths = (np.interp(100, x, y) - np.interp(90, x, y) for x, y in seen.lines)
    return [*found, *map(float, tenths)]


def _ends(seen: Seen) -> list[float]:
    return [float(row[at]) for pair in seen.lines for row in pair for at in (0, -1)]


def every(seen: Seen) -> list[float]:
    return [float(each) for _, y in seen.series for each in y]


def _but_the_last(seen: Seen) -> list[float]:
    """The extremes of whole years, where the last column may be part of one."""
    known = [y[:-1][np.isfinite(y[:-1])] for _, y in seen.series]
    return [float(each) for y in known if y.size for each in (y.min(), y.max())]


def _column_gaps(seen: Seen) -> list[float]:
    """Of figures side by side, each printed in whole billions, so that a gap is known to one."""
    known = [y[np.isfinite(y)] for _, y in seen.series]
    return [float(a - b) for y in known for a, b in itertools.permutations(y, 2)]


_MORE: dict[str, Callable[[Seen], Iterable[float]]] = {
    "against-scale": peak,
    "beliefs": crossing,
    "cash-bridge": _changes,
    "charge": every,
    "comparison": _column_gaps,
    "depreciation-forecast-2023": _but_the_last,
    "depreciation": lambda seen: [
        max(float(y.max()) for _, y in seen.series if y.size) / float(y[-1])
        for _, y in seen.series
        if y.size and y[-1]
    ],
    "distribution": lambda seen: [
        sum(b.get_height() for b in seen.bars if b.get_x() + b.get_width() / 2 < 0)
    ],
    "heat": lambda seen: [100 * float(np.mean(np.array(seen.tiles or (0.0,)) > 0))],
    "kinds": lambda seen: [
        100 * float(y[3:5].sum() / y[5]) for _, y in seen.series if y.size == 6 and y[5] > 0
    ],
    "last-dollars": lambda _: [10.0],  # the amount that is asked about
    "margin-bridge": lambda seen: [width for _, width in seen.across()],
    "measures": lambda _: [5.0],  # the level of the measure
    "positions": lambda _: [0.1],  # what is held
    "price-implied": _ends,
    "published-answers": lambda seen: [
        float(np.nansum(y)) for x, y in seen.series if np.isnan(x).all()
    ],
    "published-readings": lambda _: [650.0],  # the answer that is examined
    "quarters-by-line": every,
    "profit": every,
    "reviews": _column_gaps,
    "supply": lambda seen: [
        float(np.sort(y[:-1])[-2:].sum()) for _, y in seen.series if y[-1] == 100
    ],
    "tornado": _spread,
    "watch": every,
    "waterfall": _changes,
}
"""Figures of a title that follow from several of what its exhibit shows."""


def complaints(items: Iterable[Displayed], charts: dict[str, Seen]) -> list[str]:
    """What titles claim and their exhibits do not show."""
    found = []
    for item in items:
        if not isinstance(item, Exhibit | TableExhibit) or item.id in _NOT_DATA:
            continue
        found += wrong(item, seen_in(item, charts), item.title)
    return found


def undetected(items: Iterable[Displayed], charts: dict[str, Seen]) -> list[str]:
    """Titles with one number made another that would pass all the same."""
    return [
        " / ".join(others)
        for item in items
        if isinstance(item, Exhibit | TableExhibit) and item.id not in _NOT_DATA
        for others in falsified(item.title)
        if not any(wrong(item, seen_in(item, charts), other) for other in others)
    ]


def seen_in(item: Exhibit | TableExhibit, charts: dict[str, Seen]) -> Seen:
    return _shown(item) if isinstance(item, TableExhibit) else charts[item.id]


def wrong(
    item: Exhibit | TableExhibit, seen: Seen, title: str, beside: Iterable[float] = ()
) -> list[str]:
    """What a title claims and is not shown, nor among ``beside``."""
    more = _changes if item.id.startswith("bridge-") else _MORE.get(item.id, lambda _: ())
    extra = [*beside, *more(seen)]
    found = []
    for claim, near, year in claims(title):
        value = number_of(claim)
        known = [*extra, *(seen.standing() if year is None else seen.at(year))]
        known += seen.counts if claim["unit"] is None and claim["dollar"] is None else ()
        # A chart may draw a share as it is.
        if item.id == "measures":  # a loss is a negative NPV
            known = [5.0, *(-each for each in known)]
        scales = (1, 100) if claim["unit"] in ("%", " points") else (1,)
        near = max(near, 1.0) if item.id == "comparison" else near
        # A sentence says "lowers by", a chart draws the loss.
        plain = title.replace("\N{NO-BREAK SPACE}", " ")
        sized = abs if claim["sign"] is None and is_loss(plain, claim) else float
        close = (
            abs(sized(each) * scale - sized(value)) <= near
            for each in known
            for scale in scales
            if scale == 1 or abs(each) <= _WHOLE
        )
        if not any(close):
            found.append(
                f"{item.id}: {claim[0]}{f' in {year}' if year else ''} is not shown: {title}"
            )
    return found


def is_loss(title: str, claim: re.Match[str]) -> bool:
    """Whether words around a number without a sign say that it is lost."""
    before = re.split(r"[;:.] ", title[: claim.start()])[-1]
    return bool(_LOST.search(before) or _LOST_AFTER.match(title[claim.end() :]))


def falsified(title: str) -> Iterator[tuple[str, str]]:
    """The title with each of its numbers made another, one at a time, twice over: one false number
    may stand in the exhibit by chance, two hardly do; and with each of its signs turned."""
    plain = title.replace("\N{NO-BREAK SPACE}", " ")
    years = [(found.start(), found.end()) for found in _YEAR.finditer(plain)]
    for found in NUMBER.finditer(plain):
        if any(start <= found.start() < end for start, end in years):
            continue
        start, end = found.span("digits")
        value = float(found["digits"].replace(",", ""))
        decimals = len(found["digits"].partition(".")[2])
        one, two = (
            f"{plain[:start]}{value * factor + 131:.{decimals}f}{plain[end:]}"
            for factor in (7.7, 9.3)
        )
        yield one, two
    yield from ((other, other) for other in turned(plain))


def turned(text: str) -> Iterator[str]:
    """The text with each of its signs turned, one at a time; a minus may also be left out."""
    for found in NUMBER.finditer(text):
        for sign in _TURNED.get(found["sign"], ()):
            yield f"{text[: found.start()]}{sign}{text[found.end('sign') :]}"
