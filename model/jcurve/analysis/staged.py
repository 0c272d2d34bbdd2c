"""The programme in stages: what the right to stop, cut or pause it later is worth.

Committing now means going on whatever happens. The programme can instead be reviewed at given
dates, on what advertising and AI products have earned by then. Both are valued on the same draws
of the assumptions, with the model evaluated anew for every action at every date; what is
committed is paid whatever is decided. Method: :mod:`jcurve.analysis.decision_rules`.

The value of an action is one point of a curve: how value falls or rises with the part of planned
spending that is made. Whoever shows one shows the curve beside it
(:func:`jcurve.analysis.consequences.consequences`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from jcurve.analysis.decision_rules import Decided, Paths, fit_least_squares, fit_trigger, triggered
from jcurve.analysis.question import Array, Question, cut
from jcurve.analysis.risk_measures import Estimate, estimate
from jcurve.analysis.sampling import SCRAMBLES, Sampler, units
from jcurve.analysis.sensitivity import GO_FORWARD
from jcurve.analysis.simulation import plan_for
from jcurve.assumptions import Scenario
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.project import Project

SIGNALS = ("advertising@with", "new_product_revenue@with")
"""What is observed by a review; the first is the trigger's."""
SCALE = "programme.scale"
"""The decision that cuts and pauses move: the part of planned AI spending beyond maintenance and
commitments that is spent."""
_AT = " at "
_CUT = 1.0 / 3.0  # Share by which a cut lowers planned spending from its date on: judgement
_PAUSE = 0.5
_PAUSED_QUARTERS = 8  # A pause halves planned spending for two years: judgement


@dataclass(frozen=True)
class Action:
    """What can be done at a review."""

    name: str  # such as ``stop``
    meaning: str
    # nothing is spent beyond maintenance and commitments after the quarter of the review, and the
    # programme's people leave
    stops: bool = False
    scale: float = 1.0  # factor on :data:`SCALE` in the quarters after the review
    quarters: int = 0  # how long the factor lasts; 0 for good


@dataclass(frozen=True, slots=True)
class Taken:
    """How often an action is taken at a date by the least-squares rule, and its trigger."""

    action: str  # action, date: which
    date: str
    share: Estimate  # of draws in which the least-squares rule takes it then
    always: Estimate  # worth of taking it then whatever is observed
    threshold: float  # below which value of the first signal the trigger rule takes it


@dataclass(frozen=True, slots=True)
class Staged:
    """What reviews are worth."""

    output: str  # the NPV that is meant
    dates: tuple[str, ...]  # of the reviews
    committed: Estimate  # its mean when committing now
    fixed: tuple[str, Estimate]  # the best plan without looking, and its mean
    least_squares: Estimate  # its mean under the least-squares rule
    trigger: tuple[str, Estimate]  # under the best trigger rule, and its action
    option_value: Estimate  # least squares less committing now
    # least squares less the best plan without looking: what is owed to looking alone
    beyond_fixed: Estimate
    taken: tuple[Taken, ...]  # by action and date
    draws: int  # draws, evaluated: how many, and how many scenarios that took
    evaluated: int

    @property
    def fixed_plan(self) -> tuple[str, str] | None:
        """Action and date of the best plan without looking; None where it is to go on."""
        action, _, date = self.fixed[0].partition(_AT)
        return (action, date) if date else None


_PLAN = "planned AI spending beyond maintenance and commitments"
ACTIONS = (
    Action("stop", f"no {_PLAN} after the review", stops=True),
    Action("cut", f"{_PLAN} lower by {_CUT:.0%} for good", scale=1.0 - _CUT),
    Action(
        "pause",
        f"{_PLAN} lower by {_PAUSE:.0%} for {_PAUSED_QUARTERS // 4} years",
        scale=1.0 - _PAUSE,
        quarters=_PAUSED_QUARTERS,
    ),
)


def staged_programme(
    scenario: Scenario,
    dates: Sequence[str],
    *,
    level: int = 7,
    seed: int = 0,
    project: Project | None = None,
) -> Staged:
    """What reviewing the programme at some dates is worth against committing now.

    Args:
        scenario: around which the draws lie.
        dates: quarters after the valuation date, rising.
        level, seed, project: as in a simulation, with the correlations on file.
            Each draw is evaluated once and again for each action at each date.

    Raises:
        UsageError: no dates, or they do not rise after the valuation date.
        AnswerError: NPV has no answer somewhere.
    """
    watched = tuple(f"{signal}:{date}" for date in dates for signal in SIGNALS)
    question = Question.of(scenario, (GO_FORWARD, *watched), project)
    at = _checked(question, dates)
    plan = plan_for(scenario, SCRAMBLES << level, outputs=(GO_FORWARD,), seed=seed, project=project)
    sampler = Sampler(plan)
    alone = Question.of(scenario, GO_FORWARD, project)
    parts: list[Paths] = []
    owner: list[int] = []
    for unit in units(level, SCRAMBLES):
        draws = sampler.draws(unit)
        for start in range(0, unit.count, question.chunk):
            some = cut(draws, start, start + question.chunk)
            parts.append(_paths(question, alone, some, at))
            owner += [unit.scramble] * len(parts[-1].hold)
    whole = Paths(
        np.concatenate([part.hold for part in parts]),
        np.concatenate([part.acts for part in parts], axis=2),
        np.concatenate([part.signals for part in parts], axis=2),
    )
    evaluated = plan.draws * (1 + len(dates) * len(ACTIONS))
    return valued(
        whole, np.array(owner), [each.name for each in ACTIONS], dates, GO_FORWARD, evaluated
    )


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
    count = len(paths.hold)
    ls = Decided(np.empty(count), np.empty(count, np.intp), np.empty(count, np.intp))
    triggers = np.empty((len(actions), count))
    halves = [np.isin(scramble, kinds[::2]), np.isin(scramble, kinds[1::2])]
    for fitted, held in (halves, halves[::-1]):
        train, test = paths.part(fitted), paths.part(held)
        done = fit_least_squares(train)(test)
        ls.values[held], ls.dates[held], ls.actions[held] = done.values, done.dates, done.actions
        for action in range(len(actions)):
            triggers[action, held] = triggered(test, action, fit_trigger(train, action))

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
                float(full[a][d]),
            )
            for d, date in enumerate(dates)
            for a, each in enumerate(actions)
        ),
        draws=count,
        evaluated=evaluated,
    )


def _checked(question: Question, dates: Sequence[str]) -> list[int]:
    timeline = question.case.assembly.timeline
    at = [timeline.index(date) for date in dates]
    if not at or sorted(set(at)) != at or at[0] <= question.valued_at:
        raise UsageError(
            "reviews come after the valuation date, one after another",
            received=", ".join(dates) or "none",
            allowed=f"such as 2027Q4, 2029Q4; after {question.case.valuation_date}",
        )
    return at


def _paths(
    question: Question,
    alone: Question,
    draws: Mapping[str, Array],
    dates: Sequence[int],
) -> Paths:
    """What happens in a batch; ``alone`` asks for the value alone."""
    width = len(next(iter(draws.values())))
    rows = question.rows(draws)
    answers = question.answers(rows)

    def known(values: Array, what: str) -> Array:
        if np.isnan(values).any():
            raise AnswerError(f"{what} has no answer in a draw", allowed="such as npv.go_forward")
        return np.broadcast_to(values, (width,))

    output, *watched = question.outputs
    labels = question.case.assembly.timeline.labels
    acts = np.empty((len(dates), len(ACTIONS), width))
    for d, date in enumerate(dates):
        for a, action in enumerate(ACTIONS):
            found = alone.answers(acted(question, rows, action, date))[output]
            acts[d, a] = known(found, f"{output} after {action.name} at {labels[date]}")
    seen = np.array([np.broadcast_to(answers[name], (width,)) for name in watched])
    hold = np.array(known(answers[output], output))
    return Paths(hold, acts, seen.reshape(len(dates), -1, width))


def acted(
    question: Question, rows: Mapping[str, Array], action: Action, date: int
) -> dict[str, Array]:
    """The rows of a batch in which an action is taken at the end of a quarter.

    Args:
        question: whose scenario and timeline.
        rows: of the batch when going on.
        action: what is done.
        date: the quarter's index.
    """
    made = dict(rows)
    if action.stops:
        made["programme.last_spending"] = np.minimum(made["programme.last_spending"], float(date))
    made[SCALE] = scaled(question, rows, date, np.array([action.scale]), action.quarters)
    return made


def scaled(
    question: Question, rows: Mapping[str, Array], date: int, factors: Array, quarters: int = 0
) -> Array:
    """The decision by quarter, (quarter, scenarios), with factors on it after a review.

    Args:
        question: whose timeline.
        rows: of the batch when going on.
        date: index of the review's quarter.
        factors: (scenarios,) or (1,).
        quarters: how long they last; 0 for good.
    """
    height = len(question.case.assembly.timeline)
    quarter = np.arange(height)[:, None]
    after = (quarter > date) & (quarter <= (date + quarters if quarters else height))
    return np.asarray(rows[SCALE] * np.where(after, factors, 1.0))
