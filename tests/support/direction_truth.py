"""Titles held to the direction of what their exhibits show.

A word that says a direction (rises, above, more than, the largest, loses …) is recomputed from the
exhibit's rows, from what its chart draws or from the case. A word whose opposite is right is a
complaint, and so is one that no rule recomputes: a title that is turned round does not pass.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from jcurve.figures.display import Cover, Displayed
from jcurve.figures.exhibit import Cell, Exhibit, TableExhibit
from jcurve.figures.lens import Lens
from tests.support import title_truth
from tests.support.title_truth import NUMBER, Seen, number_of, value_of

__all__ = ["complaints", "undetected"]

_HERE = "tests/support/direction_truth.py"
_NOTHING = 0.0005
_ROUNDED = 0.06
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_YEAR = re.compile(r"\b((?:19|20)\d\d)(?: Q[1-4])?\b")


@dataclass(frozen=True)
class Said:
    """A word of a title, and what it is held to."""

    item: Any  # an exhibit, a table or a cover
    seen: Seen
    names: Mapping[str, Any]
    title: str
    start: int
    end: int

    @property
    def lens(self) -> Lens:
        found = self.names["lens"]
        assert isinstance(found, Lens)
        return found

    @property
    def never(self) -> bool:
        return " never " in self.title

    @property
    def head(self) -> str:
        return self.title[: self.start]

    @property
    def tail(self) -> str:
        return self.title[self.end :]

    def near(self, other: float) -> bool:
        """Whether the next number of the title is that one, but for its sign and rounding."""
        return abs(abs(_numbers(self.tail)[0]) - abs(other)) <= max(0.006 * abs(other), _ROUNDED)

    def is_turned(self) -> bool:
        """Whether the amount after the word is less than the one before it; of two after it, the
        second than the first."""
        first, second = [*_numbers(self.head)[-1:], *_numbers(self.tail)][:2]
        return second < first

    # ---- of a table

    def values(self, name: str, which: int = 0) -> list[float]:
        """The numbers of the row whose name begins so."""
        rows = [row for row in self.item.rows if _name(row).lower().startswith(name.lower())]
        cells = range(1, len(self.item.columns))
        return [value_of(self.item, rows[which], at) for at in cells]

    def row(self, name: str, which: int = 0) -> dict[str, float]:
        """The same by their heads."""
        heads = (column.label for column in self.item.columns[1:])
        return dict(zip(heads, self.values(name, which), strict=True))

    def yearly(self, name: str, which: int = 0) -> dict[int, float]:
        """The same by year, without what is no whole year."""
        found = self.row(name, which)
        return {int(head): value for head, value in found.items() if head.isdigit()}

    def column(self, at: int) -> dict[str, float]:
        """A column's numbers by the names of their rows."""
        rows = (row for row in self.item.rows if row.role != "heading")
        found = {_name(row): value_of(self.item, row, at) for row in rows}
        return {name: value for name, value in found.items() if np.isfinite(value)}

    # ---- of a chart

    def nominal(self) -> np.ndarray:
        """The J-curve, not discounted."""
        return np.array(self.lens.quarterly("cumulative_free_cash_flow", self.lens.view))

    def gaps(self) -> dict[float, float]:
        """Of two lines by year, the later drawn less the one before, in the forecast."""
        (x, other), (_, own) = self.seen.lines[-2:]
        now = self.lens.first_forecast_year
        return {at: b - a for at, a, b in zip(x, other, own, strict=True) if at >= now}

    def widths(self) -> list[float]:
        return [width for _, width in self.seen.across()]

    def size(self, share: float) -> float:
        """The value of a size of the plan, in per cent of it."""
        study = self.lens.scale_study
        own = [size.npv_go_forward / 1000 for size in study.points]
        return float(np.interp(share, 100 * np.asarray(study.scales), own))


Rule: TypeAlias = tuple[str, str, Callable[[Said], bool]]
"""A word, its opposite, and whether the word is right: where it is not, the opposite is."""


def _name(row: Any) -> str:
    return str(row.cells[0].value if isinstance(row.cells[0], Cell) else row.cells[0])


def _numbers(text: str) -> list[float]:
    return [number_of(found) for found in NUMBER.finditer(_YEAR.sub("", text))]


def _years(text: str) -> set[int]:
    """The years that a text names, spans written out."""
    found = {int(year) for year in _YEAR.findall(text)}
    for first, last in re.findall(r"from (20\d\d) to (20\d\d)", text):
        found |= set(range(int(first), int(last) + 1))
    return found


def _counted(text: str) -> int:
    """The count that a text begins with."""
    word = text.split()[0].lower().replace("none", "no")
    return _COUNTS.index(word) if word in _COUNTS else int(word)


def _named(values: Iterable[str], title: str) -> str:
    """The name that stands in the title; the longest where one holds another."""
    found = (name for name in values if name.partition(", ")[0].lower() in title.lower())
    return max(found, key=len, default="")


def _is_largest(values: Mapping[str, float], title: str) -> bool:
    """Whether nothing is larger, whatever its sign, than what the title names."""
    sizes = {name: abs(value) for name, value in values.items()}
    return sizes.get(_named(sizes, title), -1.0) >= max(sizes.values()) - _NOTHING


def _years_below(said: Said, values: Mapping[int, float]) -> bool:
    """Whether the years that the title names are those below zero; none, where it names none."""
    return {year for year, value in values.items() if value < 0} == _years(said.title)


def _lowest(said: Said, line: str) -> bool:
    """Whether the year that the title names is the lowest of those shown from the forecast on."""
    now, values = said.lens.first_forecast_year, said.yearly(line)
    ahead = {year: value for year, value in values.items() if year >= now}
    return ahead[max(_years(said.title))] <= min(ahead.values()) + _NOTHING


def _lowers(said: Said) -> bool:
    if said.never:
        return min(said.gaps().values()) >= -_NOTHING
    return said.gaps()[max(_years(said.title))] < 0


def _falls(said: Said) -> bool:
    if said.never:
        return float(said.nominal().min()) >= -_NOTHING
    return said.near(float(said.nominal().min()))


def _is_best(said: Said) -> bool:
    """Whether the last number of the title is the best size of the plan."""
    told, found = _numbers(said.title), (_best(said) / 100, _scaled(said))
    if not told:
        return _at_end(said, 0)
    return any(abs(told[-1] - 100 * each) <= 0.51 for each in found)


def _scaled(said: Said) -> float:
    return float(said.lens.scale_study.best_talent_scaled)


def _best(said: Said) -> float:
    return 100 * float(said.lens.scale_study.best.value)


def _at_end(said: Said, end: int) -> bool:
    return abs(_best(said) - 100 * float(said.lens.scale_study.scales[end])) < 0.5


def _capex_over_cash(said: Said) -> dict[int, float]:
    """Operating cash flow less capex by year."""
    bars = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in said.seen.bars}
    cash = said.lens.bn("operating_cash_flow", "with", min(bars), max(bars))
    return {year: earned - bars[year] for year, earned in zip(sorted(bars), cash, strict=True)}


def _paid(said: Said) -> bool:
    """Whether the cases that the title names pay back, and no others do."""
    every = [said.lens, *said.names["known"].beside]
    paid = [each.title for each in every if each.payback_at is not None]
    if "every case" in said.title:
        return len(paid) == len(every)
    text = said.title.lower()
    return [each.title for each in every if each.title.lower() in text] == paid


def _none_paid(said: Said) -> bool:
    return all(each.payback_at is None for each in (said.lens, *said.names["known"].beside))


def _gains(said: Said) -> bool:
    """Whether as many bars are above zero as the title counts."""
    positive = sum(width > 0 for width in said.widths())
    if "every scenario" in said.title:
        return positive == len(said.widths())
    return positive == _counted(said.title.partition(" in ")[2])


def _costs_eps(said: Said) -> bool:
    values = said.yearly("EPS", 1)
    if said.never:
        return min(filter(np.isfinite, values.values()), default=0.0) >= -_NOTHING
    year = int(_YEAR.findall(said.tail)[0])
    return values[year] < 0 and said.near(values[year])


def _usual(said: Said) -> dict[str, float]:
    """How many times its usual miss each line of the table missed by."""
    day, times = said.names["day"], {}
    shown = {_name(row) for row in said.item.rows}
    for miss in day.misses:
        own = [each.share for each in day.past if each.line.name == miss.line.name]
        sizes = [abs(share) for share in own if share is not None]
        if miss.share is not None and sizes and miss.line.label in shown:
            usual = float(np.mean(sizes))
            times[miss.line.label] = abs(miss.share) / usual if usual else np.inf
    return times


def _over_usual(said: Said) -> bool:
    over = sum(each > 1 for each in _usual(said).values())
    return over == _counted(said.title.partition(", ")[2])


def _miss_above(said: Said) -> bool:
    name = "total_costs" if "costs" in said.head else "revenue"
    return (said.names["day"].miss(name).share or 0.0) >= 0


def _npv_up(said: Said) -> bool:
    change = said.names["day"].revision.change("npv", said.lens.view)
    return change is not None and change.amount > 0


def _worth_more(said: Said) -> bool:
    """Whether the scenario named before the word is worth more than the one named after it."""
    if said.item.columns[1].label.startswith("Net present value"):  # many: a row each
        worth = said.column(1)
    else:
        worth = said.row("Net present value")
    one, other = (
        next(value for name, value in worth.items() if text.startswith(name.rstrip("…")))
        for text in (said.title, said.tail.strip())
    )
    return one > other and abs(one - other - _numbers(said.title)[-1]) < 1


def _means(said: Said) -> list[list[float]]:
    """The mean errors of each subject by the last year known."""
    at = [n for n, row in enumerate(said.item.rows) if _name(row) == "Mean absolute error"]
    every = [said.values("Mean absolute error", n) for n in range(len(at))]
    return [[each for each in row if np.isfinite(each)] for row in every]


def _falling(said: Said) -> bool:
    pairs = (pair for row in _means(said) for pair in itertools.pairwise(row))
    return all(later <= first for first, later in pairs)


def _off(said: Said, at: Iterable[int]) -> float:
    """The largest difference in some columns."""
    return max(abs(value) for n in at for value in said.column(n).values())


def _unseen(said: Said) -> list[int]:
    return [at for at, each in enumerate(said.item.columns) if each.group.startswith("Not seen")]


def _fitted_off(said: Said) -> float:
    """The largest difference of depreciation of the years that are meant: whole years, of a
    forecast those after the fit; the last column, where the title says since."""
    last = said.item.columns[-1].label
    if said.tail.endswith(" since") and " and within" not in said.tail:
        return abs(said.row("Difference")[last])
    through = re.search(r"through (20\d\d)", said.title)
    first = int(through[1]) if through else 0
    return max(abs(v) for year, v in said.yearly("Difference").items() if year > first)


def _peer_off(said: Said) -> float:
    name = said.tail.partition(" at ")[2]
    rows = {row: at for at, row in enumerate(said.column(1))}
    own = next(row for row in rows if name.startswith(row.split()[0]))
    return max(abs(said.column(n)[own]) for n in _unseen(said) if own in said.column(n))


def _wave_rises(said: Said) -> bool:
    """Whether the peak of every line is among the years that the title names."""
    lines = [(x, y) for x, y in said.seen.series if x.size > 2]
    return {int(x[int(np.argmax(y))]) for x, y in lines} == _years(said.title)


def _below(said: Said) -> bool:
    """Whether the number after the word is the share of bars below zero; one bar straddles it."""
    bars = [(bar.get_x(), bar.get_width(), 100 * bar.get_height()) for bar in said.seen.bars]
    most = sum(height for x, _, height in bars if x < 0)
    least = sum(height for x, width, height in bars if x + width < 0)
    return least - 1 <= _numbers(said.tail)[0] <= most + 1


def _at_highest(said: Said) -> bool:
    """Whether the number before the word stands on the line at the evidence's upper end."""
    told = _numbers(said.head)[-1]
    box = said.seen.bars[0]
    ends = [box.get_x(), box.get_x() + box.get_width()]
    found = [[float(np.exp(np.interp(end, x, np.log(np.abs(y) + 1e-9)))) for end in ends]
             for x, y in said.seen.lines]  # fmt: skip
    return any(abs(high - told) <= 0.01 * told for _, high in found)


def _waiting_adds_nothing(said: Said) -> bool:
    """Whether waiting is worth no more than its error, or than a fiftieth of reviewing."""
    waiting, worth = said.row("of which from waiting"), said.row("Value of reviewing")
    return waiting["NPV"] <= max(waiting["Error, 95%"], 0.02 * worth["NPV"]) + _ROUNDED


def _within(off: Callable[[Said], float]) -> Rule:
    return "within", "beyond", lambda s: off(s) <= _numbers(s.tail)[0] + _ROUNDED


def _pays_back(said: Said) -> bool:
    """Whether the case pays back; of several, whether as many do as the title counts."""
    if "nothing to" in said.title:
        return said.lens.is_empty
    if "lenses" not in said.names:
        return said.lens.payback_at is not None
    back = sum(each.payback_at is not None for each in said.names["lenses"])
    return back == _counted(said.title)


_SIZE: list[Rule] = [
    ("costs more than it returns", "returns more than it costs", lambda s: s.size(100) < 0),
    ("earns its cost", "loses money", lambda s: s.size(100) >= 0),
    ("smaller", "larger", lambda s: _best(s) < 100),
    ("worth more", "worth less", _is_best),
    ("the best", "the worst", _is_best),
    ("the least", "the most", _is_best),
    ("is lost", "is gained", lambda s: s.size(_best(s)) < 0),
    ("the smallest size", "the largest size", lambda s: _at_end(s, 0)),
    ("worth the most", "worth the least", lambda s: _at_end(s, 0)),
    ("rises", "falls", lambda s: _at_end(s, -1)),
    ("loses", "adds", lambda s: s.size(100) < s.size(90) and s.near(s.size(100) - s.size(90))),
    ("last tenth", "first tenth", lambda s: s.near(s.size(100) - s.size(90))),
]
_LARGEST_BAR: Rule = (
    "largest",
    "smallest",
    lambda s: _is_largest(dict(s.seen.rows[1:-1]), s.title),
)
_RULES: dict[str, list[Rule]] = {
    "against-frontier": [
        ("grows", "shrinks", lambda s: float(s.seen.lines[-1][1][0]) < max(_numbers(s.title))),
        ("falls", "rises", Said.is_turned),
    ],
    "against-scale": _SIZE,
    "backtest-errors": [
        ("not always closer", "always closer", lambda s: not _falling(s)),
        ("smaller", "larger", _falling),
    ],
    "balance-sheet": [
        ("peaks", "is least", lambda s: _lowest(s, "Net cash")),
        ("lowest", "highest", lambda s: _lowest(s, "Net cash")),
    ],
    "beliefs": [
        ("highest", "lowest", _at_highest),
        ("up to", "from", lambda s: s.near(s.seen.top)),
    ],
    "bridge-": [_LARGEST_BAR],
    "capex": [("falls", "rises", Said.is_turned)],
    "capex-and-cash": [
        ("exceeds", "stays below", lambda s: _years_below(s, _capex_over_cash(s))),
        ("covers", "falls short of", lambda s: _years_below(s, _capex_over_cash(s))),
    ],
    "cash": [
        ("peaks", "is least",
         lambda s: s.near(min(float(y.min()) for _, y in s.seen.lines))),
    ],
    "cash-bridge": [
        ("costs", "earns", lambda s: s.near(sum(w for w in s.widths()[:-1] if w < 0))),
        ("returns", "loses", lambda s: s.near(sum(w for w in s.widths()[:-1] if w > 0))),
    ],
    "cash-flow-statement": [("lowest", "highest", lambda s: _lowest(s, "Free cash flow"))],
    "comparison": [("more than", "less than", _worth_more)],
    "cover": [
        ("pays back", "does not pay back", _pays_back),
        ("pay back", "stay negative", _pays_back),
        ("never needs", "always needs", lambda s: s.lens.trough >= -_NOTHING),
        *_SIZE,
        ("above", "below", _miss_above),
        ("up", "down", _npv_up),
        ("more revenue", "less revenue", lambda s: all(f.value > "0" for f in s.item.figures)),
    ],
    "depreciation": [("rises", "falls", lambda s: _numbers(s.tail)[1] > _numbers(s.tail)[0])],
    "depreciation-forecast-": [_within(_fitted_off)],
    "depreciation-targets": [_within(_fitted_off)],
    "distribution": [
        ("below zero", "above zero", _below)
    ],
    "drag": [
        ("costs", "earns", _costs_eps),
        ("lowers", "raises", _costs_eps),
        ("adds", "takes", lambda s: max(s.yearly("EPS", 1).items())[1] > 0),
    ],
    "drivers": [
        ("negative", "positive",
         lambda s: max(s.lens.forward.npv + v for n in (4, 5) for v in s.column(n).values()) < 0),
    ],
    "expected": [
        ("widest", "narrowest", lambda s: s.near(_off(s, [6]))),
        ("above", "below", lambda s: max(s.column(6).values(), key=abs) > 0),
    ],
    "fleet-use": [("Up to", "At least", lambda s: abs(_numbers(s.tail)[0] - 100 * max(
        s.lens.values("share_leased_out", "with", s.lens.first_forecast_year))) <= 0.51)],
    "free-cash-flow": [("lowers", "raises", _lowers)],
    "growth": [
        ("trails", "outgrows", lambda s: s.yearly(s.lens.with_name, 1)[min(_years(s.tail))] < 0)
    ],
    "heat": [("negative", "positive", lambda s: max(s.seen.tiles) <= 0)],
    "jcurve": [
        ("falls below zero", "rises above zero", _falls),
        ("falls", "rises", _falls),
        ("falling", "rising", lambda s: s.nominal()[-1] <= s.nominal().min() + _NOTHING),
        ("is paid back", "is not paid back", lambda s: s.nominal()[-1] >= -_NOTHING),
    ],
    "last-dollars": [
        ("loses", "gains", lambda s: all(bar.get_height() < 0 for bar in s.seen.bars)),
        ("earn", "miss", lambda s: any(bar.get_height() > 0 for bar in s.seen.bars)),
    ],
    "life-effects": [_within(lambda s: _off(s, [3]))],
    "life-quarters": [_within(lambda s: _off(s, [3]))],
    "lines": [
        ("is below zero", "is above zero", lambda s: _years_below(s, s.yearly("Free cash flow"))),
        ("above zero", "below zero", lambda s: _years_below(s, s.yearly("Free cash flow"))),
    ],
    "margin": [("lowers", "raises", _lowers)],
    "margin-bridge": [
        ("takes", "adds", lambda s: dict(s.seen.rows)[_named(dict(s.seen.rows), s.title)] < 0)
    ],
    "measures": [
        ("worst", "best", lambda s: abs(s.row("Expected shortfall")["Estimate"]
                                        + _numbers(s.title)[-1]) <= 5)
    ],
    "missed": [
        ("more than usual", "less than usual", _over_usual),
        ("the most", "the least", lambda s: _named(_usual(s), s.title.partition("usual, ")[2])
         == max(_usual(s), key=_usual(s).__getitem__)),
        ("closer", "further", lambda s: max(_usual(s).values()) <= 1),
    ],
    "misses-": [("largest", "smallest", lambda s: _is_largest(_causes(s), s.title))],
    "must-be": [("within", "outside", lambda s: sum(
        row.cells[4] == "Plausible" for row in s.item.rows) == _told_within(s))],
    "npv-moved": [("most", "least", lambda s: _is_largest(dict(s.seen.rows[:-1]),
                                                        s.title.partition("; ")[2]))],
    "outlook": [
        ("No payback", "Payback", _none_paid),
        ("Paid back", "Not paid back", _paid),
        ("never falls below", "always falls below", lambda s: s.lens.trough >= -_NOTHING),
    ],
    "parameters": [("inside", "outside", lambda s: _inside(s, 2))],
    "peer-depreciation": [_within(lambda s: _off(s, range(1, len(s.item.columns))))],
    "peer-forecast": [_within(_peer_off)],
    "peer-intensity": [("more than", "less than", lambda s: _numbers(s.title)[0] >= max(
        bar.get_height() for bar in s.seen.bars) - _ROUNDED)],
    "peer-lives": [
        ("less", "more", lambda s: "−1 y" in [each.label for each in s.item.columns[1:]]),
        ("costs", "saves", lambda s: min(s.column(4).values()) > 0),
    ],
    "peer-parameters": [("inside", "outside", lambda s: _inside(s, 2))],
    "peer-required": [("more", "less", lambda s: min(s.column(5).values()) > 0)],
    "peer-wave": [("rising", "falling", _wave_rises), ("until", "from", _wave_rises)],
    "positions": [
        ("worst", "best", lambda s: s.near(min(s.column(2).values()))),
        ("lost", "made", lambda s: min(s.column(2).values()) < 0),
    ],
    "quarters-by-quarter": [("best", "worst", lambda s: s.row("Mean size")[_named(
        s.row("Mean size"), s.title)] <= min(s.row("Mean size").values()))],
    "responses": [("negative", "positive", lambda s: max(s.column(4).values()) <= 0)],
    "rests-on": [
        ("adds", "costs", lambda s: s.row("Change of NPV")["Together"] > 0),
        ("largest", "smallest", lambda s: _is_largest(_parts(s), s.title)),
    ],
    "reviews": [
        ("beats", "trails", lambda s: s.row("Best plan")["NPV"] > s.row("Commit")["NPV"]),
        ("adds nothing", "adds much", _waiting_adds_nothing),
    ],
    "scenario-curves": [
        ("lowest", "highest", lambda s: s.near(min(float(y.min()) for _, y in s.seen.lines))),
        ("highest", "lowest", lambda s: s.near(max(float(y[-1]) for _, y in s.seen.lines))),
    ],
    "scenario-values": [("returns more than it costs", "costs more than it returns", _gains)],
    "slopes": [("steepest", "flattest", lambda s: _is_largest(s.column(3), s.title))],
    "stresses": [
        ("costliest", "cheapest", lambda s: s.near(min(s.column(3).values())) and s.column(3)[
            _named(s.column(3), s.title)] == min(s.column(3).values())),
        ("less than", "more than", lambda s: min(s.column(3).values()) >= 0),
    ],
    "uplift": [
        ("lower than", "higher than", lambda s: s.lens.both("advertising")[0][-1]
         < s.lens.both("advertising")[1][-1]),
        ("costs", "saves", lambda s: s.lens.both("advertising")[0][-1]
         > s.lens.both("advertising")[1][-1]),
    ],
    "watch": [("up to", "at least", lambda s: s.near(_off(s, [4, 5])))],
    "what-if": [("positive", "negative", lambda s: _what_if(s) == _counted(
        s.title.partition(" in ")[2]))],
}  # fmt: skip
_IDLE = {
    *(
        ("kinds", "up"),
        ("cover", "costs"),
        ("ranking-pays", "costs"),
        ("quarters-by-line", "costs"),
    ),
    *(("capex-over-revenue", "takes"), ("depreciation-over-revenue", "takes")),
    *(("misses-advertising", "beyond"), ("misses-free-cash-flow", "costs")),
}
"""Words that say no direction where they stand."""
_DIRECTIONS = (
    "rises falls grows rising falling lowers raises lowest highest above below largest smallest "
    "best worst adds takes costs earns exceeds positive negative outside inside within beyond "
    "beats trails gains loses lost closer smaller larger steepest costliest widest narrowest "
    "peaks most least more less lower higher up down before until"
)


def _causes(said: Said) -> dict[str, float]:
    """The size of each cause over all forecasts, by the row's name."""
    rows = [_name(row) for row in said.item.rows if row.indent]
    return {name: sum(abs(v) for v in said.values(name) if np.isfinite(v)) for name in rows}


def _inside(said: Said, at: int) -> bool:
    """Whether every number of a column lies in the range that the row states."""
    rows = [row for row in said.item.rows if row.role != "heading"]
    ends = [_numbers(str(row.cells[1])) for row in rows]
    known = [(_numbers(str(row.cells[at]))[0], *pair) for row, pair in zip(rows, ends, strict=True)]
    return all(low - _ROUNDED <= value <= high + _ROUNDED for value, low, high in known)


def _what_if(said: Said) -> int:
    """How many combinations of a panel are above zero."""
    worth = (_numbers(cell)[0] for cell in said.item.outputs[0].cells)
    return sum(value > 0 for value in worth)


def _parts(said: Said) -> dict[str, float]:
    """Rows above the total."""
    names = [_name(row) for row in said.item.rows]
    return {name: said.row(name)["Together"] for name in names[: names.index("Change of NPV from "
            "today")]}  # fmt: skip


def _told_within(said: Said) -> int:
    """How many changes a title says to be within their evidence."""
    first = said.title.split()[0]
    return {"A": 1, "Both": 2}.get(first) or _counted(first)


def _words(id: str) -> Iterator[Rule]:
    for name, rules in _RULES.items():
        if id == name or (name.endswith("-") and id.startswith(name)):
            yield from rules


def _found(id: str, title: str) -> list[tuple[re.Match[str], Rule | None]]:
    """The words of direction in a title, each with its rule, if there is one."""
    of_word: dict[str, Rule | None] = dict.fromkeys(_DIRECTIONS.split())
    for rule in _words(id):
        of_word |= {word.lower(): rule for word in rule[:2]}
    pattern = "|".join(re.escape(word) for word in sorted(of_word, key=len, reverse=True))
    every = re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w-])", title, re.IGNORECASE)
    return [
        (found, of_word[found[0].lower()]) for found in every if (id, found[0].lower()) not in _IDLE
    ]


def _wrong(item: Any, seen: Seen, names: Mapping[str, Any], title: str) -> list[str]:
    id = getattr(item, "id", "cover")
    wrong = []
    for found, rule in _found(id, title):
        if rule is None:
            wrong.append(f"{id}: nothing recomputes “{found[0]}” (say how in {_HERE}): {title}")
            continue
        said = Said(item, seen, names, title, *found.span())
        right = rule[0] if rule[2](said) else rule[1]
        if found[0].lower() != right.lower():
            wrong.append(f"{id}: “{found[0]}” should be “{right}”: {title}")
    return wrong


def _titled(items: Iterable[Displayed], charts: dict[str, Seen]) -> Iterator[tuple[Any, Seen, str]]:
    for item in items:
        if isinstance(item, Exhibit | TableExhibit):
            yield item, title_truth.seen_in(item, charts), _plain(item.title)
        elif isinstance(item, Cover):
            yield item, Seen(), _plain(item.title)


def _plain(title: str) -> str:
    return title.replace("\N{NO-BREAK SPACE}", " ")


def complaints(
    items: Iterable[Displayed], charts: dict[str, Seen], names: Mapping[str, Any]
) -> list[str]:
    """Titles with a word of direction that is not so, or that nothing recomputes."""
    shown = _titled(items, charts)
    return [each for item, seen, title in shown for each in _wrong(item, seen, names, title)]


def undetected(
    items: Iterable[Displayed], charts: dict[str, Seen], names: Mapping[str, Any]
) -> list[str]:
    """Titles with one word of direction turned round that would pass all the same."""
    passed = []
    for item, seen, title in _titled(items, charts):
        for found, rule in _found(getattr(item, "id", "cover"), title):
            if rule is None:
                continue
            turned = rule[1] if found[0].lower() == rule[0].lower() else rule[0]
            other = f"{title[: found.start()]}{turned}{title[found.end() :]}"
            if not _wrong(item, seen, names, other):
                passed.append(f"{getattr(item, 'id', 'cover')}: {other}")
    return passed
