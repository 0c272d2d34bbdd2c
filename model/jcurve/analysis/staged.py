"""The programme in stages: what the right to stop, cut, pause or redeploy it later is worth.

Committing now means going on whatever happens. The programme can instead be reviewed at given
dates, on the uplift observed by then. Both are valued on the same draws of the assumptions,
with the model evaluated anew for every action at every date, its cost of stopping included.
Method: :mod:`jcurve.analysis.options`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from jcurve.analysis.options import Decided, Paths, fit_least_squares, fit_trigger
from jcurve.analysis.plan import SCRAMBLES, Plan, Sampler, varied
from jcurve.analysis.question import Answers, Array, Question
from jcurve.analysis.risk import Estimate, estimate
from jcurve.assumptions import Scenario
from jcurve.errors import AnswerError, UsageError
from jcurve.project import Project

__all__ = [
    "PLAN",
    "Action",
    "Staged",
    "Taken",
    "acted",
    "actions_for",
    "staged_programme",
    "valued",
]

SIGNALS = ("advertising_factor@with", "free_cash_flow@with")
"""What is observed: advertising over what it would be without uplift, and cash flow."""
_AT = " at "
PLAN = ("planned_capex:quarter", "capex_phase:quarter")
"""What an action on capex must know of going on."""
_CUT = 1.0 / 3.0
"""Share by which a cut lowers capex from its date on: judgement."""
_PAUSE = 0.5
_PAUSED_QUARTERS = 8
"""A pause halves capex for two years: judgement."""
_REDEPLOYED = 2.0
"""How much more compute is sold to others, taken from own use: judgement."""


@dataclass(frozen=True)
class Action:
    """What can be done at a review.

    Attributes:
        name: such as ``stop``.
        meaning: in words.
        stops: new spending ends with the quarter of the review, and nothing is valued beyond
            the horizon, since nothing is reinvested.
        capex: factor on the company's capex in the quarters after the review.
        scales: factors on other assumptions by key, in the same quarters.
        quarters: how long the factors last; 0 for good.
    """

    name: str
    meaning: str
    stops: bool = False
    capex: float = 1.0
    scales: Mapping[str, float] = field(default_factory=dict)
    quarters: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """How often an action is taken at a date by the least-squares rule, and its trigger.

    Attributes:
        action, date: which.
        share: of draws in which the least-squares rule takes it then.
        always: worth of taking it then whatever is observed.
        threshold: below which value of the first signal the trigger rule takes it.
    """

    action: str
    date: str
    share: Estimate
    always: Estimate
    threshold: float


@dataclass(frozen=True, slots=True)
class Staged:
    """What reviews are worth.

    Attributes:
        output: the NPV that is meant.
        dates: of the reviews.
        committed: its mean when committing now.
        fixed: the best plan without looking, and its mean.
        least_squares: its mean under the least-squares rule.
        trigger: under the best trigger rule, and its action.
        option_value: least squares less committing now.
        beyond_fixed: least squares less the best plan without looking: what is owed to
            looking alone.
        taken: by action and date.
        draws, evaluated: how many, and how many scenarios that took.
    """

    output: str
    dates: tuple[str, ...]
    committed: Estimate
    fixed: tuple[str, Estimate]
    least_squares: Estimate
    trigger: tuple[str, Estimate]
    option_value: Estimate
    beyond_fixed: Estimate
    taken: tuple[Taken, ...]
    draws: int
    evaluated: int

    @property
    def fixed_plan(self) -> tuple[str, str] | None:
        """Action and date of the best plan without looking; None where it is to go on."""
        action, _, date = self.fixed[0].partition(_AT)
        return (action, date) if date else None


def actions_for(scenario: Scenario) -> tuple[Action, ...]:
    """Stop, cut, pause and redeploy, as far as the scenario has the assumptions they move."""
    found = [
        Action("stop", "no new programme spending after the review", stops=True),
        Action("cut", f"capex lower by {_CUT:.0%} for good", capex=1.0 - _CUT),
        Action(
            "pause",
            f"capex lower by {_PAUSE:.0%} for {_PAUSED_QUARTERS // 4} years",
            capex=1.0 - _PAUSE,
            quarters=_PAUSED_QUARTERS,
        ),
    ]
    if "channel.addressable.compute_sales" in scenario:
        found.append(
            Action(
                "redeploy",
                f"{_REDEPLOYED:g} times as much compute sold to others, at its own odds",
                scales={"channel.addressable.compute_sales": _REDEPLOYED},
            )
        )
    return tuple(found)


def staged_programme(
    scenario: Scenario,
    dates: Sequence[str],
    *,
    actions: Sequence[Action] | None = None,
    output: str = "npv.go_forward",
    signals: Sequence[str] = SIGNALS,
    vary: Sequence[str] | None = None,
    level: int = 7,
    scrambles: int = SCRAMBLES,
    seed: int = 0,
    project: Project | None = None,
) -> Staged:
    """What reviewing the programme at some dates is worth against committing now.

    Args:
        scenario: around which the draws lie.
        dates: quarters after the valuation date, rising.
        actions: what can be done; None for :func:`actions_for`.
        output: a single value with an answer everywhere.
        signals: lines observed at each date; the first is the trigger's.
        vary, level, scrambles, seed, project: as in a simulation. Each draw is evaluated once
            and again for each action at each date.

    Raises:
        UsageError: no dates, or they do not rise after the valuation date.
        AnswerError: the output has no answer somewhere.
    """
    chosen = actions_for(scenario) if actions is None else tuple(actions)
    watched = tuple(f"{signal}:{date}" for date in dates for signal in signals)
    question = Question.of(scenario, (output, *PLAN, *watched), project)
    at = _checked(question, dates, chosen)
    keys = tuple(item.key for item in varied(scenario, vary))
    plan = Plan(question, level, scrambles, seed, keys)
    sampler = Sampler(plan)
    alone = Question.of(scenario, output, project)
    parts: list[Paths] = []
    owner: list[int] = []
    for unit in plan.units():
        draws = sampler.draws(unit)
        for start in range(0, unit.count, question.chunk):
            cut = {key: drawn[start : start + question.chunk] for key, drawn in draws.items()}
            parts.append(_paths(question, alone, cut, at, chosen, output, signals, dates))
            owner += [unit.scramble] * len(parts[-1].hold)
    whole = Paths(
        np.concatenate([part.hold for part in parts]),
        np.concatenate([part.acts for part in parts], axis=2),
        np.concatenate([part.signals for part in parts], axis=2),
    )
    evaluated = plan.draws * (1 + len(dates) * len(chosen))
    return valued(whole, np.array(owner), [each.name for each in chosen], dates, output, evaluated)


def valued(
    paths: Paths,
    scramble: np.ndarray[tuple[int, ...], np.dtype[np.intp]],
    actions: Sequence[str],
    dates: Sequence[str],
    output: str = "",
    evaluated: int = 0,
) -> Staged:
    """Fit each rule on one half of the scrambles, value it on the other, and the other way.

    Args:
        paths: of every draw.
        scramble: of each draw, (draws,); at least two different.
        actions, dates, output: names.
        evaluated: scenarios that it took, for the record.
    """
    kinds = np.unique(scramble)
    if len(kinds) < 2:
        raise UsageError("two scrambles or more are needed to fit on one and value on another")
    ls = Decided(
        np.empty_like(paths.hold), np.empty(len(paths.hold), int), np.empty(len(paths.hold), int)
    )
    triggers = np.empty((len(actions), len(paths.hold)))
    halves = [np.isin(scramble, kinds[::2]), np.isin(scramble, kinds[1::2])]
    for fitted, held in (halves, halves[::-1]):
        train, test = paths.part(fitted), paths.part(held)
        done = fit_least_squares(train).decide(test)
        ls.values[held], ls.dates[held], ls.actions[held] = done.values, done.dates, done.actions
        for action in range(len(actions)):
            triggers[action, held] = fit_trigger(train, action).decide(test).values

    def by_scramble(values: Array) -> Estimate:
        return estimate([float(values[scramble == kind].mean()) for kind in kinds])

    fixed = [("go on", paths.hold)] + [
        (f"{action}{_AT}{date}", paths.acts[d, a])
        for d, date in enumerate(dates)
        for a, action in enumerate(actions)
    ]
    name, best = max(fixed, key=lambda pair: float(pair[1].mean()))
    action = int(np.argmax(triggers.mean(axis=1)))
    full = [fit_trigger(paths, a) for a in range(len(actions))]
    return Staged(
        output=output,
        dates=tuple(dates),
        committed=by_scramble(paths.hold),
        fixed=(name, by_scramble(best)),
        least_squares=by_scramble(ls.values),
        trigger=(actions[action], by_scramble(triggers[action])),
        option_value=by_scramble(ls.values - paths.hold),
        beyond_fixed=by_scramble(ls.values - best),
        taken=tuple(
            Taken(
                each,
                date,
                by_scramble(((ls.dates == d) & (ls.actions == a)).astype(np.float64)),
                by_scramble(paths.acts[d, a]),
                float(full[a].thresholds[d]),
            )
            for d, date in enumerate(dates)
            for a, each in enumerate(actions)
        ),
        draws=len(paths.hold),
        evaluated=evaluated,
    )


def _checked(question: Question, dates: Sequence[str], actions: Sequence[Action]) -> list[int]:
    timeline = question.case.assembly.timeline
    at = [timeline.index(date) for date in dates]
    if not at or sorted(set(at)) != at or at[0] <= question.valued_at:
        raise UsageError(
            "reviews come after the valuation date, one after another",
            received=", ".join(dates) or "none",
            allowed=f"such as 2027Q4, 2029Q4; after {question.case.valuation_date}",
        )
    for action in actions:
        for key in action.scales:
            _ = question.scenario[key]
    if not actions:
        raise UsageError("nothing can be done at a review", received="no action")
    return at


def _paths(
    question: Question,
    alone: Question,
    draws: Mapping[str, Array],
    at: Sequence[int],
    actions: Sequence[Action],
    output: str,
    signals: Sequence[str],
    dates: Sequence[str],
) -> Paths:
    width = len(next(iter(draws.values())))
    rows = question.rows(draws)
    answers = question.answers(rows)

    def known(values: Array, what: str) -> Array:
        if np.isnan(values).any():
            raise AnswerError(f"{what} has no answer in a draw", allowed="such as npv.go_forward")
        return np.broadcast_to(values, (width,))

    acts = np.empty((len(at), len(actions), width))
    for d, date in enumerate(at):
        for a, action in enumerate(actions):
            found = alone.answers(acted(question, rows, action, date, answers))[output]
            acts[d, a] = known(found, f"{output} after {action.name} at {dates[d]}")
    seen = np.array(
        [
            [np.broadcast_to(answers[f"{signal}:{date}"], (width,)) for signal in signals]
            for date in dates
        ]
    )
    return Paths(np.array(known(answers[output], output)), acts, seen)


def acted(
    question: Question, rows: Mapping[str, Array], action: Action, date: int, going_on: Answers
) -> dict[str, Array]:
    """The rows of a batch in which an action is taken at the end of a quarter.

    Args:
        question: whose scenario and timeline.
        rows: of the batch when going on.
        action: what is done.
        date: the quarter's index.
        going_on: :data:`PLAN` of the batch. Capex that is changed is stated in full to the
            horizon: left to fade from the last planned year, it would carry a pause on.
    """
    scenario, made = question.scenario, dict(rows)
    if action.stops:
        made["programme.last_spending"] = np.minimum(made["programme.last_spending"], float(date))
        treatment = "returns.terminal_treatment"
        choices = scenario[treatment].choices
        made[treatment] = np.array([[float(choices.index("none"))]])
    height = len(question.case.assembly.timeline)
    quarter = np.arange(height)[:, None]
    last = date + action.quarters if action.quarters else height
    after = (quarter > date) & (quarter <= last)
    if action.capex != 1.0:
        planned, phase = (going_on[name] for name in PLAN)
        stated = np.divide(planned, phase, out=np.zeros(planned.shape), where=phase > 0.0)
        yearly = quarter <= made["capex.planned_through"]
        made["capex.total"] = np.where(yearly, made["capex.total"], stated) * np.where(
            after, action.capex, 1.0
        )
        # Beyond the yearly plan management's answer to a shortfall is no part of capex.
        made["capex.response_share"] = np.where(yearly, made["capex.response_share"], 0.0)
        made["capex.planned_through"] = np.array([[height - 1.0]])
    for key, factor in action.scales.items():
        made[key] = np.where(after, factor, 1.0) * made[key]
    return made
