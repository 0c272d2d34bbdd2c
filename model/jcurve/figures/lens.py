"""A case as exhibits draw it: years or quarters in USD bn, and words for worlds and views."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jcurve.engine.model import SHARED, VIEWS
from jcurve.figures.numbers import MINUS, compact, written
from jcurve.figures.table import Column
from jcurve.ground.errors import UsageError
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter

if TYPE_CHECKING:
    from jcurve.case import Case

__all__ = [
    "MILLIONS",
    "NOTHING",
    "VIEW_NAMES",
    "Lens",
    "dollars",
    "joined",
    "lowered",
    "money",
    "percent",
    "points",
    "spelt",
]

MILLIONS = 1000.0
"""USD m in a USD bn."""

NOTHING = 0.0005
"""What counts as no money at all, in USD bn."""

VIEW_NAMES: Mapping[str, str] = MappingProxyType(
    {"programme": "Programme", "go_forward": "Going forward"}
)
_OTHER: Mapping[str, str] = MappingProxyType({"without": "Without AI", "stopped": "If stopped now"})
_SUBJECT: Mapping[str, str] = MappingProxyType(
    {"programme": "The AI programme", "go_forward": "Continuing the AI programme"}
)
_TRILLION = 1000.0
_LABEL = 24  # letters


def money(billions: float, *, sign: bool = False) -> str:
    """An amount in prose, at most three digits: $776bn, −$4.6bn, $1.2tn."""
    if abs(billions) < NOTHING:
        return "$0"
    # What rounds up to a thousand is a trillion too.
    rounded = float(f"{abs(billions):.3g}")
    size, unit = (rounded, "bn") if rounded < _TRILLION else (rounded / _TRILLION, "tn")
    mark = MINUS if billions < 0 else "+" if sign else ""
    return f"{mark}${compact(size)}{unit}"


def dollars(value: float) -> str:
    """A price in prose, at most three digits: $35,400, $1.26."""
    return f"{MINUS if value < 0 else ''}${compact(abs(value))}"


def percent(share: float, decimals: int = 1, *, sign: bool = False) -> str:
    """A share in prose: 12.3%."""
    return written(share, "percent", decimals, sign=sign)


def points(share: float, *, sign: bool = False) -> str:
    """A difference of shares in prose: 12.3 points."""
    return f"{written(share * 100, decimals=1, sign=sign)} points"


def joined(parts: Iterable[str]) -> str:
    """``a, b and c``."""
    texts = list(parts)
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def lowered(text: str) -> str:
    """``text`` as it stands inside a sentence; a word of capitals keeps them."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def spelt(count: int) -> str:
    """A number of things in prose: words to nine."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[count] if 0 <= count < len(words) else f"{count:,}"


@dataclass(frozen=True)
class Lens:
    """A case seen in one view.

    Attributes:
        case: an evaluated scenario.
        view: ``programme`` or ``go_forward``; what the exhibit compares.
    """

    case: Case
    view: str = "programme"

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise UsageError.not_among("unknown view", self.view, VIEWS)

    @property
    def other(self) -> str:
        """The world that the view compares with."""
        return VIEWS[self.view]

    @property
    def other_name(self) -> str:
        """That world in words."""
        return _OTHER[self.other]

    @property
    def with_name(self) -> str:
        """The world with the programme in words, as set against the other."""
        return "With AI" if self.view == "programme" else "Continued"

    @property
    def subject(self) -> str:
        """What the view judges, at the beginning of a sentence."""
        return _SUBJECT[self.view]

    # ---- time -------------------------------------------------------------------------

    @property
    def horizon(self) -> int:
        """The last year."""
        return self.case.assembly.timeline.years[-1]

    @cached_property
    def first_forecast_year(self) -> int:
        """The first year that is not reported in full."""
        return Quarter(self.case.data_through).plus(1).year

    @property
    def plan_end(self) -> int:
        """The last year that the plan states in dollars."""
        through = self.number("capex_planned_through")
        return self.case.assembly.timeline.years[0] + int(through) // QUARTERS_IN_YEAR

    @property
    def has_mixed_year(self) -> bool:
        """Whether the first forecast year has reported quarters."""
        return Quarter(self.case.data_through).number < QUARTERS_IN_YEAR

    @property
    def today(self) -> float:
        """The end of the last reported quarter as a decimal year."""
        return Quarter(self.case.data_through).end

    @property
    def start_index(self) -> int:
        """Index of the view's first quarter."""
        return round(float(self.case.row("view_start", self.view)[0]))

    @property
    def start(self) -> float:
        """The beginning of the view's first quarter as a decimal year."""
        return self.case.assembly.timeline.years[0] + self.start_index / QUARTERS_IN_YEAR

    @cached_property
    def valued_on(self) -> datetime.date:
        """The day at whose end present values are stated."""
        return Quarter(self.case.valuation_date).last_day

    def years(self, first: int | None = None, last: int | None = None) -> list[int]:
        """Years from the one before the programme starts (or ``first``) to the horizon."""
        return list(range(first or self.first_shown, (last or self.horizon) + 1))

    @cached_property
    def first_shown(self) -> int:
        """The year before the programme starts."""
        started = round(float(self.case.row("view_start", "programme")[0]))
        return self.case.assembly.timeline.years[0] + started // QUARTERS_IN_YEAR - 1

    def columns(
        self, years: Iterable[int], *, past: str = "Actual", decimals: int = 1
    ) -> list[Column]:
        """A column a year under ``past`` and *Forecast*; ``past`` is *Estimated* where the
        history is the model's."""
        now = self.first_forecast_year
        return [
            Column(
                label=str(year),
                decimals=decimals,
                group=past if year < now else "Forecast",
                forecast=year >= now,
            )
            for year in years
        ]

    def quarter(self, label: str) -> str:
        """``2034 Q3``, which does not break."""
        return label.replace("Q", "\N{NO-BREAK SPACE}Q")

    @property
    def title(self) -> str:
        """The scenario's title as a label in a chart: *This scenario* where it is long."""
        title = self.case.scenario.title
        return title if len(title) <= _LABEL else "This scenario"

    # ---- rows -------------------------------------------------------------------------

    def bn(
        self, name: str, tag: str | None = None, first: int | None = None, last: int | None = None
    ) -> list[float]:
        """A line in USD bn by year."""
        return [value / MILLIONS for value in self.values(name, tag, first, last)]

    def values(
        self, name: str, tag: str | None = None, first: int | None = None, last: int | None = None
    ) -> list[float]:
        """A line by year in its own unit."""
        years = self.case.assembly.timeline.years
        row = self.case.year(name, tag)
        return [float(row[years.index(year)]) for year in self.years(first, last)]

    def quarterly(self, name: str, tag: str | None = None) -> list[float]:
        """A line in USD bn by quarter, from the view's first."""
        return [float(value) / MILLIONS for value in self.case.row(name, tag)[self.start_index :]]

    @property
    def quarter_ends(self) -> list[float]:
        """The ends of the view's quarters as decimal years."""
        first, timeline = self.case.assembly.timeline.years[0], self.case.assembly.timeline
        return [
            first + (index + 1) / QUARTERS_IN_YEAR
            for index in range(self.start_index, len(timeline))
        ]

    def number(self, name: str) -> float:
        """A result or an input that does not change, in its own unit."""
        return float(self.case.row(name, None if self._shared(name) else "with")[0])

    def called(self, key: str) -> str:
        """An assumption's short name, its label where it has none."""
        item = self.case.scenario[key]
        return item.name or item.label

    def _shared(self, name: str) -> bool:
        return self.case.assembly.model.tags(name) == (SHARED,)

    def members(self, name: str) -> Mapping[str, str]:
        """Members of a set and what they are called."""
        return self.case.assembly.company.labels[name]

    # ---- results ----------------------------------------------------------------------

    @cached_property
    def headlines(self) -> Mapping[str, Mapping[str, Any]]:
        """The view's headline figures by name: value and unit, or none and the reason."""
        return self.case.headlines()[self.view]

    def figure(self, name: str) -> float | None:
        """A headline's number, None without an answer; USD bn for amounts."""
        found = self.headlines[name]
        value = found["value"]
        if value is None:
            return None
        return float(value) / MILLIONS if found["unit"] == "USD m" else float(value)

    def label(self, name: str) -> str | None:
        """A headline's quarter in words, None without an answer."""
        value = self.headlines[name]["value"]
        return None if value is None else self.quarter(str(value))

    def reason(self, name: str) -> str:
        """Why a headline has no number."""
        return str(self.headlines[name].get("reason") or "")

    def shown(self, name: str) -> str:
        """A headline as a table writes it: its figure, its quarter, or why there is none."""
        found = self.headlines[name]
        if found["value"] is None:
            return f"none: {found['reason']}"
        if found["unit"] == "quarter":
            return self.quarter(str(found["value"]))
        value = self.figure(name) or 0.0
        if name.startswith("irr"):
            return percent(value)
        if name == "quarters_under_water":
            return written(value / QUARTERS_IN_YEAR, decimals=1)
        if found["unit"] == "x":
            return written(value, "multiple", 2)
        return written(value, decimals=1)

    @property
    def is_empty(self) -> bool:
        """Whether the view's two worlds have the same cash flows throughout."""
        flows = self.case.row("incremental_free_cash_flow", self.view)
        return bool(abs(flows).max() / MILLIONS < NOTHING)

    @cached_property
    def payback_at(self) -> float | None:
        """When the J-curve comes back to zero for good, as a decimal year."""
        years = self.figure("payback")
        return None if years is None else self.start + years

    def calendar(self, at: float) -> str:
        """The quarter in which a decimal year falls."""
        return self.quarter(Quarter.in_time(at))

    # ---- sources ----------------------------------------------------------------------

    def source(self, *more: str) -> list[str]:
        """Filings to the last reported quarter, the model after it, and ``more``."""
        company, scenario = self.case.assembly.company, self.case.scenario
        return [
            f"{company.display_name}, filings through {self.quarter(self.case.data_through)}",
            *more,
            f"J-Curve model, scenario {scenario.title}, from there on",
        ]

    def compared(self, *more: str) -> list[str]:
        """The source of a difference or of another case: no filing holds one, so that its
        history is an estimate as well."""
        company = self.case.assembly.company
        return [
            f"{company.display_name}, filings through {self.quarter(self.case.data_through)}",
            *more,
            f"{lowered(self.other_name)}: J-Curve estimate throughout",
            f"J-Curve model, scenario {self.case.scenario.title}",
        ]

    def modelled(self, *more: str) -> list[str]:
        """The model alone, for what no filing says."""
        return [f"J-Curve model, scenario {self.case.scenario.title}", *more]

    def resting(self, *keys: str) -> list[str]:
        """A note that names those of the assumptions ``keys`` that are judgement or estimate."""
        fixed = {each.key: each for each in self.case.assembly.constants.values()}
        soft = [fixed.get(key) or self.case.scenario[key] for key in keys]
        named = [f"{item.label} ({item.kind})" for item in soft if item.kind in _SOFT]
        return [f"Rests on: {'; '.join(named)}."] if named else []


_SOFT = ("judgement", "estimate")
