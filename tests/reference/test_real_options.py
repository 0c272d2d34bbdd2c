"""Decisions at dates against textbook values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jcurve.analysis.decision_rules import GO_ON, Paths, fit_least_squares, fit_trigger, triggered
from jcurve.analysis.staged import valued
from tests.counts import count


def widgets(paths: int) -> Paths:
    """Dixit and Pindyck, "Investment under Uncertainty" (1994), chapter 2: a factory for 1,600
    makes a widget a year; its price is 200 now and next year 300 or 100, for ever, at 10 %.

    Going on means not to build; the one action builds next year at the price seen then.
    """
    price = np.where(np.arange(paths) % 2 == 0, 300.0, 100.0)
    built = (-1600.0 + price * 1.1 / 0.1) / 1.1
    return Paths(np.zeros(paths), built[None, None, :], price[None, None, :])


class TestWidgets:
    """Building now is worth 600; waiting to see is worth 773; the option to wait 173."""

    def test_waiting_is_worth_what_the_book_says(self) -> None:
        paths = widgets(1000)
        done = fit_least_squares(paths)(paths)
        assert done.values.mean() == pytest.approx(850.0 / 1.1, rel=1e-9)
        assert set(done.actions[paths.signals[0, 0] < 200.0]) == {GO_ON}
        now = -1600.0 + 200.0 * 1.1 / 0.1
        assert done.values.mean() - now == pytest.approx(172.7272727, rel=1e-6)

    def test_the_value_of_looking_is_beyond_the_best_fixed_plan(self) -> None:
        paths = widgets(1024)
        found = valued(paths, np.arange(1024) % 8 // 2, ["build"], ["next year"])
        assert found.fixed[0] == "build at next year"
        assert found.fixed[1].value == pytest.approx(600.0 / 1.1, rel=1e-9)
        assert found.least_squares.value == pytest.approx(850.0 / 1.1, rel=1e-9)
        assert found.taken[0].share.value == pytest.approx(0.5)


def put(paths: int, seed: int) -> tuple[Paths, float]:
    """The American put of Longstaff and Schwartz (2001), table 1: S 36, K 40, 20 % volatility,
    6 % rate, one year, 50 exercise dates. Their finite differences give 4.478."""
    random = np.random.default_rng(seed)
    steps, rate, volatility, start, strike = 50, 0.06, 0.2, 36.0, 40.0
    half = random.standard_normal((steps, paths // 2))
    z = np.concatenate([half, -half], axis=1)
    drift = (rate - volatility**2 / 2.0) / steps
    price = start * np.exp(np.cumsum(drift + volatility * math.sqrt(1.0 / steps) * z, axis=0))
    discount = np.exp(-rate * np.arange(1, steps + 1) / steps)[:, None]
    payoff = np.maximum(strike - price, 0.0) * discount
    made = Paths(np.zeros(paths), payoff[:, None, :], price[:, None, :])
    return made, 4.478


class TestAmericanPut:
    def test_least_squares_finds_its_value_on_fresh_paths(self) -> None:
        size = count("option_paths")
        fitted, _ = put(size, 1)
        fresh, expected = put(size, 2)
        values = fit_least_squares(fitted)(fresh).values
        error = float(values.std()) / math.sqrt(size)
        # A fitted rule is a little below the best; its authors, who know what exercise is worth,
        # find 4.472.
        assert expected - 0.04 - 3.0 * error < values.mean() < expected + 3.0 * error

    def test_early_exercise_is_worth_more_than_none(self) -> None:
        fresh, _ = put(20_000, 3)
        european = fresh.acts[-1, 0].mean()
        assert european == pytest.approx(3.844, abs=0.08)
        assert fit_least_squares(fresh)(fresh).values.mean() > european + 0.4


class TestTrigger:
    def test_finds_the_threshold_and_never_does_worse_than_going_on(self) -> None:
        signal = np.linspace(0.0, 1.0, 2001)
        worth = 10.0 * signal - 3.0
        paths = Paths(worth, np.zeros((1, 1, 2001)), signal[None, None, :])
        thresholds = fit_trigger(paths, 0)
        assert thresholds[0] == pytest.approx(0.3, abs=0.026)
        assert triggered(paths, 0, thresholds).mean() >= max(worth.mean(), 0.0)

    def test_an_action_that_never_pays_is_never_taken(self) -> None:
        signal = np.linspace(0.0, 1.0, 101)
        paths = Paths(signal, signal[None, None, :] - 1.0, signal[None, None, :])
        assert fit_trigger(paths, 0)[0] == -np.inf
        done = fit_least_squares(paths)(paths)
        assert (done.actions == GO_ON).all()

    def test_more_dates_are_never_worth_less(self) -> None:
        random = np.random.default_rng(4)
        truth = random.normal(0.0, 1.0, 4000)
        noise = [1.0, 0.5, 0.1]
        seen = np.array([[truth + each * random.normal(0.0, 1.0, 4000)] for each in noise])
        acts = np.zeros((3, 1, 4000))
        last = -np.inf
        for used in ([2], [1, 2], [0, 1, 2]):
            paths = Paths(truth, acts[used], seen[used])
            value = fit_least_squares(paths)(paths).values.mean()
            assert value >= last - 0.01
            last = value
        assert last == pytest.approx(1.0 / math.sqrt(2.0 * math.pi), abs=0.03)
