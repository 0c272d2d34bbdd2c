"""Decisions at dates, taken on what is known by then: the value of waiting to see.

At each date one of several actions can be taken, for good; else things go on to the next
date. Two rules decide, both fitted on some paths and valued on others, so that neither
profits from having seen the future:

- *least squares* (F. Longstaff and E. Schwartz, "Valuing American Options by Simulation",
  2001): what going on and what each action are expected to be worth, given what is observed,
  by regression, last date first; the best is done;
- *trigger*: one action is taken as soon as an observed number is below a threshold, the
  thresholds being those that would have been best.

A rule that is only nearly best gives a value that is too low, never too high, apart from the
error of the estimate.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jcurve.analysis.question import Array, Mask

Choices = NDArray[np.intp]

_DEGREE = 3
_THRESHOLDS = np.linspace(0.0, 1.0, 41)
GO_ON = -1  # The choice of no action


@dataclass(frozen=True)
class Paths:
    """What happens on each path, all values as of now."""

    hold: Array  # worth of never acting, (paths,)
    acts: Array  # worth of each action at each date, (dates, actions, paths)
    signals: Array  # what is observed by each date, (dates, numbers, paths)

    def part(self, kept: Mask) -> Paths:
        """Some of the paths."""
        return Paths(self.hold[kept], self.acts[:, :, kept], self.signals[:, :, kept])


@dataclass(frozen=True, slots=True)
class Decided:
    """What a rule did."""

    values: Array  # worth of each path, (paths,)
    dates: Choices  # index of the date of its action, or :data:`GO_ON`
    actions: Choices  # index of the action, or :data:`GO_ON`


def fit_least_squares(paths: Paths) -> Callable[[Paths], Decided]:
    """The rule that regressions on these paths give, last date first; it decides on others, first
    date first."""
    dates, actions, _ = paths.acts.shape
    centre = paths.signals.mean(axis=2)
    spread = paths.signals.std(axis=2)
    spread = np.where(spread > 0.0, spread, 1.0)
    count = len(_terms(paths.signals[0], centre[0], spread[0]))
    going_on, acting = np.zeros((dates, count)), np.zeros((dates, actions, count))
    values = paths.hold.copy()
    for date in reversed(range(dates)):
        terms = _terms(paths.signals[date], centre[date], spread[date])
        going_on[date] = _fit(terms, values)
        for action in range(actions):
            acting[date, action] = _fit(terms, paths.acts[date, action])
        _, expected, taken = _best(paths, date, terms, acting[date])
        values = np.where(expected > going_on[date] @ terms, taken, values)

    def decide(paths: Paths) -> Decided:
        open_ones = np.ones(paths.hold.shape, dtype=bool)
        values = paths.hold.copy()
        chosen = np.full(paths.hold.shape, GO_ON, dtype=np.intp)
        actions = chosen.copy()
        for date in range(dates):
            terms = _terms(paths.signals[date], centre[date], spread[date])
            best, expected, taken = _best(paths, date, terms, acting[date])
            now = open_ones & (expected > going_on[date] @ terms)
            values = np.where(now, taken, values)
            chosen[now], actions[now] = date, best[now]
            open_ones &= ~now
        return Decided(values, chosen, actions)

    return decide


def fit_trigger(paths: Paths, action: int) -> Array:
    """The thresholds by date that are best on these paths, last date first, for one action, which
    is taken as soon as the first signal is below; minus infinity where it is never taken."""
    dates = len(paths.acts)
    thresholds = np.full(dates, -np.inf)
    values = paths.hold.copy()
    for date in reversed(range(dates)):
        signal, acted = paths.signals[date, 0], paths.acts[date, action]
        tried = [-np.inf, *np.quantile(signal, _THRESHOLDS[1:]), np.inf]
        worth = [float(np.where(signal < at, acted, values).mean()) for at in tried]
        thresholds[date] = tried[int(np.argmax(worth))]
        values = np.where(signal < thresholds[date], acted, values)
    return thresholds


def triggered(paths: Paths, action: int, thresholds: Array) -> Array:
    """What paths are worth when one action is taken as soon as the first signal is below its
    threshold."""
    below = paths.signals[:, 0, :] < thresholds[:, None]
    taken = paths.acts[np.argmax(below, axis=0), action, np.arange(len(paths.hold))]
    return np.where(below.any(axis=0), taken, paths.hold)


def _best(paths: Paths, date: int, terms: Array, acting: Array) -> tuple[Choices, Array, Array]:
    """The action of which most is expected, what is expected of it, and what it is worth."""
    expected = acting @ terms
    best = np.argmax(expected, axis=0)
    hoped, worth = (
        np.take_along_axis(each, best[None], axis=0)[0] for each in (expected, paths.acts[date])
    )
    return best, hoped, worth


def _fit(terms: Array, values: Array) -> Array:
    return np.asarray(np.linalg.lstsq(terms.T, values, rcond=None)[0])


def _terms(signals: Array, centre: Array, spread: Array) -> Array:
    """Every product of up to three signals, (terms, paths), the constant first."""
    z = (signals - centre[:, None]) / spread[:, None]
    made: list[Array] = [np.ones(signals.shape[1])]
    for order in range(1, _DEGREE + 1):
        every = itertools.combinations_with_replacement(range(len(z)), order)
        made += [np.prod(z[list(chosen)], axis=0) for chosen in every]
    return np.array(made)
