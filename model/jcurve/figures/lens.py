"""A case as exhibits see it: rows in USD bn, words for worlds and views, and the questions about
the decision, each asked once."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jcurve.case import evaluate
from jcurve.engine.model import SHARED, VIEWS
from jcurve.evaluation.naming import clause, plain_reason
from jcurve.figures.display import Prose, callout, strong
from jcurve.figures.exhibit import Column
from jcurve.figures.overrides import called, filed, set_values
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import MILLIONS, NOTHING, counted, lowered, percent, written
from jcurve.ground.project import Project, find_project
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter

if TYPE_CHECKING:
    from jcurve.analysis.belief_pairs import BeliefMap
    from jcurve.analysis.marginal import Marginal
    from jcurve.analysis.market_implied import PriceLine
    from jcurve.analysis.scale import ScaleStudy
    from jcurve.case import Case

VIEW_NAMES = MappingProxyType({"programme": "Programme", "go_forward": "Going forward"})
_OTHER: Mapping[str, str] = MappingProxyType({"without": "Without AI", "stopped": "If stopped now"})
_LONG_TITLE = 24  # letters
_SOFT = ("judgement", "estimate")


def nothing_to_show(what: str) -> Prose:
    """In place of an exhibit where the two cases are the same."""
    return callout([strong("Nothing to show. "), what])


def nothing_to_decide() -> Prose:
    """In place of an exhibit where nothing is left to decide."""
    return callout(
        [strong("Nothing to decide. "), "This scenario plans no spending that stopping would save."]
    )


@dataclass(frozen=True)
class Lens:
    """A case in a view, ``programme`` or ``go_forward``; the project, where the model's data are,
    is by default found from the working folder."""

    case: Case
    view: str = "programme"
    project: Project | None = None

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise UsageError.not_among("unknown view", self.view, VIEWS)

    @property
    def other(self) -> str:
        """The case that the view compares with."""
        return VIEWS[self.view]

    @property
    def other_name(self) -> str:
        """That world in words."""
        return _OTHER[self.other]

    @property
    def with_name(self) -> str:
        """The company with its programme, as set against the other."""
        return "With AI" if self.view == "programme" else "If continued"

    @property
    def doing(self) -> str:
        """What acts in the view, short, at the beginning of a sentence."""
        return "AI" if self.view == "programme" else "Continuing"

    @property
    def since(self) -> str:
        """From when the view counts."""
        return "since the programme's start" if self.view == "programme" else "from today"

    @cached_property
    def forward(self) -> Lens:
        """The same case from the valuation date on: what is left to decide."""
        return Lens(self.case, "go_forward", self.project)

    @cached_property
    def filed(self) -> Lens | None:
        """The scenario as its file has it; None where the case is that."""
        if (own := filed(self.case.scenario)) is None:
            return None
        return Lens(evaluate(own, project=self.project), self.view, self.project)

    @cached_property
    def home(self) -> Project:
        """The project, found where none was given."""
        return self.project or find_project(None)

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
    def forecast_from(self) -> float:
        """Where the first forecast year begins on an axis of years."""
        return self.first_forecast_year - 0.5

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
        """Years from the one before the programme starts to the horizon, or as given."""
        return list(range(first or self.first_shown, (last or self.horizon) + 1))

    @cached_property
    def first_shown(self) -> int:
        """The year before the programme starts."""
        started = round(float(self.case.row("view_start", "programme")[0]))
        return self.case.assembly.timeline.years[0] + started // QUARTERS_IN_YEAR - 1

    def columns(self, years: Iterable[int], *, past: str = "Actual") -> list[Column]:
        """A column a year under ``past`` and *Forecast*; ``past`` is *Estimated* where the
        history is the model's."""
        now = self.first_forecast_year
        return [
            Column(
                label=str(year),
                decimals=1,
                group=past if year < now else "Forecast",
                forecast=year >= now,
            )
            for year in years
        ]

    def quarter(self, label: str) -> str:
        """``2034 Q3``, unbroken."""
        return label.replace("Q", "\N{NO-BREAK SPACE}Q")

    @property
    def title(self) -> str:
        """What the case is called in a chart: *This scenario* where that is long."""
        title = called(self.case.scenario)
        return title if len(title) <= _LONG_TITLE else "This scenario"

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

    def both(self, name: str, first: int | None = None) -> tuple[list[float], list[float]]:
        """A line in USD bn by year in the world with the programme and in the other."""
        return self.bn(name, "with", first), self.bn(name, self.other, first)

    def ratio(
        self, name: str, over: str = "revenue", tag: str = "with", first: int | None = None
    ) -> list[float]:
        """One line over another by year."""
        parts = zip(self.bn(name, tag, first), self.bn(over, tag, first), strict=True)
        return [part / whole for part, whole in parts]

    def two_lines(
        self, ours: list[float], theirs: list[float]
    ) -> dict[str, tuple[str, list[float]]]:
        """The case with the programme drawn over the other, each by its name."""
        return {self.other_name: ("without", theirs), self.with_name: ("with", ours)}

    def quarterly(self, name: str, tag: str | None = None) -> list[float]:
        """A line in USD bn by quarter, from the view's first."""
        return [float(value) / MILLIONS for value in self.case.row(name, tag)[self.start_index :]]

    @property
    def quarter_ends(self) -> list[float]:
        """The ends of the view's quarters as decimal years."""
        timeline = self.case.assembly.timeline
        indices = range(self.start_index, len(timeline))
        return [timeline.years[0] + (index + 1) / QUARTERS_IN_YEAR for index in indices]

    def number(self, name: str) -> float:
        """A result or an input that does not change, in its own unit."""
        is_shared = self.case.assembly.model.tags(name) == (SHARED,)
        return float(self.case.row(name, None if is_shared else "with")[0])

    def called(self, key: str) -> str:
        """An assumption's short name."""
        return self.case.scenario[key].called

    def clause(self, line: str) -> str:
        """What a line is, in a clause."""
        return clause(self.case.assembly.model, line)

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

    @property
    def npv(self) -> float:
        """Net present value in USD bn."""
        return self.figure("npv") or 0.0

    @property
    def wacc(self) -> float:
        """Cost of capital a year."""
        return self.number("returns_wacc")

    @property
    def trough(self) -> float:
        """The lowest point of the J-curve in USD bn, zero or below."""
        return self.figure("trough_amount") or 0.0

    @property
    def shortfall(self) -> float:
        """What the J-curve lacks of zero at the horizon, in USD bn."""
        return self.figure("unrecovered_balance") or 0.0

    @property
    def never_pays_back(self) -> bool:
        """Whether there is an outlay that the horizon does not see come back."""
        return self.reason("payback").startswith("never")

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
            return f"none: {plain_reason(found['reason'])}"
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

    # ---- the decision -----------------------------------------------------------------

    @cached_property
    def is_open(self) -> bool:
        """Whether the case spends anything after the valuation date that stopping would not."""
        return not self.forward.is_empty

    @cached_property
    def scale_study(self) -> ScaleStudy:
        """NPV against the size of the plan."""
        from jcurve.analysis.scale import SCALES, scale_study

        return scale_study(self.case.scenario, SCALES[::2], project=self.project)

    @cached_property
    def belief_map(self) -> BeliefMap:
        """The plan's value over response and demand."""
        from jcurve.analysis.belief_pairs import belief_map

        return belief_map(self.case.scenario, project=self.project)

    @cached_property
    def marginal(self) -> Marginal:
        """What the last dollars of each year return."""
        from jcurve.analysis.marginal import marginal_returns

        return marginal_returns(self.case.scenario, project=self.project)

    @cached_property
    def prices(self) -> tuple[PriceLine, ...]:
        """What share prices ask for, the newest first."""
        from jcurve.analysis.market_implied import price_implied

        return price_implied(self.case.scenario, project=self.project)

    # ---- sources ----------------------------------------------------------------------

    def source(self, *more: str) -> list[str]:
        """Filings to the last reported quarter, the model after it, and ``more``."""
        return [self._filings, *more, f"{self._model}, after that"]

    def compared(self, *more: str) -> list[str]:
        """The source of a difference or of another case: no filing holds one, so that its
        history is an estimate as well."""
        estimated = f"{lowered(self.other_name)}: J-Curve estimate throughout"
        return [self._filings, *more, estimated, self._model]

    def modelled(self, *more: str) -> list[str]:
        """The model alone, for what no filing says."""
        return [self._model, *more]

    @property
    def _filings(self) -> str:
        company, through = self.case.assembly.company, self.quarter(self.case.data_through)
        return f"{company.display_name}, filings through {through}"

    @property
    def _model(self) -> str:
        count = len(set_values(self.case.scenario))
        changed = f" with {lowered(counted(count, 'value'))} set" if count else ""
        return f"J-Curve model, scenario {self.case.scenario.title}{changed}"

    def resting(self, *keys: str) -> list[str]:
        """A note that names those of the assumptions ``keys`` that are judgement or estimate."""
        items = (self.case.scenario[key] for key in keys)
        named = [f"{lowered(each.called)} ({each.kind})" for each in items if each.kind in _SOFT]
        return [f"Rests on: {'; '.join(named)}."] if named else []
