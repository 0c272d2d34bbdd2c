"""The search for an internal rate of return: right, at any scale, in any batch."""

from __future__ import annotations

import numpy as np
import pytest

from jcurve.engine.intrinsics import count_roots, internal_rate, real_roots

RATES = (-0.35, -0.05, -1e-4, 1e-5, 0.01, 0.08, 0.9, 2.5)


def _bond(rate: float, periods: int = 116) -> np.ndarray:  # type: ignore[type-arg]
    """An outlay, level payments of ``rate``, and the outlay back: its rate is known."""
    flows = np.full((periods, 1), rate)
    flows[0] = -1.0
    flows[-1] += 1.0
    return flows


@pytest.mark.parametrize("rate", RATES)
def test_a_level_payment_has_the_rate_that_it_is(rate: float) -> None:
    flows = _bond(rate, 12)
    assert internal_rate(flows)[0, 0] == pytest.approx(rate, rel=1e-11, abs=1e-14)


def test_scale_does_not_matter() -> None:
    flows = _bond(0.03)
    for scale in (1e-9, 1e-3, 1e3, 1e12):
        assert internal_rate(flows * scale)[0, 0] == pytest.approx(0.03, rel=1e-12)


def test_a_scenario_has_the_same_digits_alone_and_in_a_batch() -> None:
    random = np.random.default_rng(7)
    flows = np.cumsum(random.normal(0.0, 0.1, (116, 301)), axis=0)
    flows[:16] -= 3.0
    flows[16:] += 1.0
    together = internal_rate(flows)
    assert np.isfinite(together).sum() > 200
    for at in range(0, 301, 7):
        alone = internal_rate(flows[:, at : at + 1])
        np.testing.assert_array_equal(alone[0], together[0, at : at + 1])


def test_the_present_value_at_the_rate_is_zero() -> None:
    random = np.random.default_rng(8)
    flows = np.cumsum(random.normal(0.0, 0.1, (60, 400)), axis=0)
    flows[:10] -= 2.0
    flows[10:] += 0.6
    rates = internal_rate(flows)[0]
    known = np.isfinite(rates)
    assert known.sum() > 300
    powers = (1.0 + rates[known]) ** -np.arange(60.0)[:, None]
    left = np.abs((flows[:, known] * powers).sum(axis=0))
    assert (left <= 1e-12 * np.abs(flows[:, known] * powers).sum(axis=0)).all()


def test_none_and_several_are_answers() -> None:
    several = np.array([[-1.0], [2.3], [-1.32]])  # zero at 10 % and at 20 %
    assert np.isnan(internal_rate(several)[0, 0])
    assert count_roots(several)[0, 0] == 2
    np.testing.assert_allclose(real_roots(several[:, 0]), [0.1, 0.2], rtol=1e-9)
    assert np.isnan(internal_rate(np.ones((5, 1)))[0, 0])
    assert count_roots(np.ones((5, 1)))[0, 0] == 0


def test_two_rates_close_together_are_two() -> None:
    pair = np.array([-1.0, 2.05, -1.0506])[:, None]  # zero at 2 % and at 3 %
    assert count_roots(pair)[0, 0] == 2
    assert np.isnan(internal_rate(pair)[0, 0])
    np.testing.assert_allclose(real_roots(pair[:, 0]), [0.02, 0.03], rtol=1e-9)
    for near in (1e-3, 1e-4, 1e-5):
        flows = np.polynomial.polynomial.polyfromroots([1 / 1.02, 1 / (1.02 + near)])
        assert count_roots(flows[:, None])[0, 0] == 2, near


def test_a_rate_beside_a_close_pair_is_not_the_only_one() -> None:
    three = np.array([-1.0, 3.25, -3.5106, 1.26072])[:, None]  # 2 %, 3 % and 20 %
    assert count_roots(three)[0, 0] == 3
    assert np.isnan(internal_rate(three)[0, 0])
    np.testing.assert_allclose(real_roots(three[:, 0]), [0.02, 0.03, 0.2], rtol=1e-9)


def test_rates_around_zero() -> None:
    for rates in ([-0.001, 0.001], [0.0, 0.01], [0.0], [-0.31, -0.3]):
        flows = np.polynomial.polynomial.polyfromroots([1.0 / (1.0 + rate) for rate in rates])
        np.testing.assert_allclose(real_roots(flows), rates, atol=1e-9)


def test_as_many_as_the_polynomial_has() -> None:
    random = np.random.default_rng(11)
    flows = np.cumsum(random.normal(0.0, 0.1, (60, 200)), axis=0)
    flows[:10] -= 2.0
    flows[10:] += 0.6
    flows[50:] -= random.uniform(0.0, 1.5, 200)
    found = count_roots(flows)[0]
    for at, count in enumerate(found):
        roots = np.roots(flows[::-1, at])
        real = roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0.0)]
        assert count == len(real), at
    assert set(found) >= {0.0, 1.0, 2.0}
