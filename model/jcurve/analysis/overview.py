"""The questions of a risk report, each asked once with what the report's parameters say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jcurve.analysis.consequences import Consequences, of_best_plan
from jcurve.analysis.draw_stores import MemoryStore
from jcurve.analysis.question import Array, Question
from jcurve.analysis.risk_measures import Risk, Spread, kept_outputs, risk
from jcurve.analysis.sensitivity import Grid, Swing, grid, ranged, ranked, through, tornado
from jcurve.analysis.simulation import Run, plan_for, simulate
from jcurve.analysis.solving import Solution, solve
from jcurve.analysis.staged import Staged, staged_programme
from jcurve.analysis.stress import (
    PREFIX,
    PositionLoss,
    Stress,
    Weighed,
    position_losses,
    results_days,
    stresses,
    struck,
    weighed,
)
from jcurve.analysis.variance import Importance, split_variance
from jcurve.assumptions import Scenario, shipped_or
from jcurve.assumptions import scenario as read_scenario
from jcurve.assumptions.scenario_files import WEIGHTS, Weight, weights
from jcurve.evaluation.naming import DEFAULT_VIEW
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

_NET_DEBT_LIMIT = 300_000.0  # USD m; about three times the EBITDA of 2025: judgement
_SIDE = 7
_SOLVED = 8
_VARIANCE_LEVEL, _REVIEW_LEVEL = 6, 6
_REVIEWS_AFTER = (6, 14)
"""Quarters from the valuation date to the reviews, a year and a half and three and a half:
judgement."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulation with its figures."""

    run: Run
    risk: Risk

    def spread(self, view: str) -> Spread:
        """How the NPV of a view is spread."""
        return next(each for each in self.risk.spreads if each.output == npv_of(view))

    def cash(self) -> tuple[tuple[int, ...], dict[float, Array]]:
        """Cumulative cash by year, and the quantiles of the draws by probability, USD m."""
        found = next(each for each in self.risk.fans if each.line.startswith("cumulative"))
        return found.years, dict(zip(found.probabilities, found.quantiles, strict=True))


def npv_of(view: str) -> str:
    """The NPV of a view as an output."""
    return "npv" if view == DEFAULT_VIEW else f"npv.{view}"


@dataclass(frozen=True)
class Asked:
    """What is asked of one scenario."""

    scenario: Scenario  # around which everything varies
    view: str  # whose NPV is meant
    project: Project  # where the model's data are
    draws: int = 4096  # of the simulation
    seed: int = 0  # of everything random

    def __post_init__(self) -> None:
        for name, value in (("draws", self.draws), ("seed", self.seed)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise UsageError(
                    f"{name} is not a whole number", where=f"parameter {name}", received=value
                )

    @property
    def output(self) -> str:
        """The NPV of the view."""
        return npv_of(self.view)

    def simulated(self) -> Simulated:
        """A simulation held in memory."""
        plan = plan_for(
            self.scenario,
            self.draws,
            outputs=kept_outputs(self.view),
            seed=self.seed,
            project=self.project,
        )
        store = MemoryStore()
        run = simulate(plan, store, asked=self.draws)
        return Simulated(run, risk(store, run.plan, net_debt_limit=_NET_DEBT_LIMIT))

    def swings(self) -> tuple[Swing, ...]:
        """The tornado, the widest first."""
        question = Question.of(self.scenario, self.output, self.project)
        return ranked(tornado(question, ranged(self.scenario), question.valid), self.output)

    def heat_map(self, swings: Sequence[Swing]) -> Grid:
        """NPV over the ranges of the first two assumptions of a tornado."""
        question = Question.of(self.scenario, self.output, self.project)
        across, down = (
            (swing.key, through(self.scenario[swing.key], _SIDE // 2)) for swing in swings[:2]
        )
        return grid(question, across, down, question.valid)

    def variance(self) -> Importance | None:
        """Where the variance of NPV comes from; None where it has none."""
        try:
            return split_variance(
                self.scenario,
                self.output,
                level=_VARIANCE_LEVEL,
                seed=self.seed,
                project=self.project,
            )
        except AnswerError:
            return None

    def must_be(
        self, swings: Sequence[Swing], count: int | None = None
    ) -> Mapping[tuple[str, str], Solution]:
        """What each of the widest assumptions would have to be for NPV to be zero."""
        target = f"{self.output}=0"
        return {
            (swing.key, target): solve(self.scenario, swing.key, target, project=self.project)
            for swing in swings[: count or _SOLVED]
            if self.scenario[swing.key].bounds is not None
        }

    def stresses(self, named: str = "") -> tuple[Stress, ...]:
        """The stresses in ``named``, J-Curve's own for none, each with what this run sets."""
        names = shipped_or(named, self.project, "parameter stresses")
        names = names if named.strip() else tuple(n for n in names if n.startswith(PREFIX))
        own = dict(self.scenario.overrides)
        found = [read_scenario(name, own, project=self.project, insist=True) for name in names]
        return stresses(self.scenario, found, project=self.project)

    def events(self) -> Mapping[str, float]:
        """What each stress of the library does to the NPV of the view, by its title, in USD m: what
        it moves from the base scenario is moved in this one."""
        names = shipped_or("", self.project)
        found = [read_scenario(n, project=self.project) for n in names if n.startswith(PREFIX)]
        return struck(self.scenario, found, self.output, project=self.project)

    def weighed(self, name: str = WEIGHTS) -> tuple[Weighed, tuple[Weight, ...]]:
        """What is to be expected over the scenarios of a table of weights, and the table."""
        table = weights(self.project, name)
        named = [read_scenario(each.scenario, project=self.project) for each in table]
        shares = {each.scenario: each.weight for each in table}
        return weighed(named, shares, project=self.project), table

    def positions(self, found: Sequence[Stress], exposure: float) -> tuple[PositionLoss, ...]:
        """What an exposure loses on past results days and in stresses."""
        return position_losses(exposure, results_days(self.project), found)

    def reviews(self) -> Staged:
        """What reviewing the programme later is worth."""
        now = Quarter(Question.of(self.scenario, (), self.project).case.valuation_date)
        dates = [now.plus(after) for after in _REVIEWS_AFTER]
        return staged_programme(
            self.scenario, dates, level=_REVIEW_LEVEL, seed=self.seed, project=self.project
        )

    def consequences(self, found: Staged) -> Consequences:
        """Where the value of the best plan comes from, with the curve on which it is one point."""
        return of_best_plan(self.scenario, found, project=self.project)
