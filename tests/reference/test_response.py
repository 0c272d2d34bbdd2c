"""The fit of the elasticity against a statistics package, an independent table, and its own laws.

The compute is written out, so that no change of the model moves what is compared here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jcurve.facts import history
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter
from jcurve_studies.comparisons.response import Fit, Line, Study, fit, response
from jcurve_studies.exhibits.published import response_fit
from tests.support.quarters_back import LAST

HOME = Project(Path(__file__).resolve().parents[2])
_EVERY = np.array([
    41_906, 42_382, 43_064, 43_899, 44_852, 45_967, 47_191, 48_438, 49_666,
    51_515, 53_688, 56_269, 58_926, 62_699, 67_360, 72_554, 77_887, 86_815,
    99_942, 118_252, 138_317, 155_254, 183_428, 214_790, 245_534, 272_528, 318_554,
    374_094, 445_734, 565_183, 668_749, 791_132, 937_204, 1_121_408, 1_297_248,
], dtype=np.float64)  # fmt: skip
"""Ranking compute from 2017Q4, H100e, from reported capex, as the model had it in November 2026."""
WRITTEN = Quarter("2017Q4").plus(len(_EVERY) - 1)
QUARTERS = Quarter("2017Q4").through(min(LAST, WRITTEN))
COMPUTE = _EVERY[: len(QUARTERS)]
AS_WRITTEN = pytest.mark.skipif(
    LAST < WRITTEN, reason=f"worked out on facts through {WRITTEN}; they end with {LAST}"
)

GROWTH = np.array([0.1, 0.106, 0.0945, 0.0822, 0.0909, 0.0802, 0.1012, 0.1268, 0.0902, 0.0876])
PATH = np.array([0.6392, 0.6286, 0.6084, 0.5256, 0.5977, 0.6556, 0.4925, 0.5634, 0.4479, 0.4968])
OTHER = np.array([0.0647, 0.1129, 0.082, 0.1281, 0.1247, 0.1144, 0.0445, 0.1038, 0.1185, 0.1234])


@pytest.fixture(scope="module")
def study() -> Study:
    if LAST < WRITTEN:
        pytest.skip(f"worked out on facts through {WRITTEN}; they end with {LAST}")
    return response(COMPUTE, QUARTERS, project=HOME)


def with_constant(line: Line) -> Fit:
    assert line.constant is not None
    return line.constant


def named(study: Study, start: str) -> Line:
    (found,) = [each for each in study.placebos if each.label.startswith(start)]
    return found


def test_fits_are_those_of_a_statistics_package() -> None:
    """Slope, plain and HAC standard errors as statsmodels 0.14 gives them (three lags, Bartlett
    weights, small-sample correction)."""
    origin = fit(GROWTH, PATH, constant=False)
    assert (origin.slope, origin.error, origin.hac) == pytest.approx(
        (0.16746714, 0.00970866, 0.01052325), rel=1e-6
    )
    found = fit(GROWTH, PATH)
    assert (found.slope, found.error, found.hac) == pytest.approx(
        (0.01393049, 0.06715304, 0.05098392), rel=1e-6
    )
    assert (found.constant, found.constant_error) == pytest.approx((8.808133, 3.825117), rel=1e-6)
    third = fit(GROWTH, PATH, control=OTHER)
    assert (third.slope, third.error, third.hac) == pytest.approx(
        (0.00921212, 0.06766153, 0.03470091), rel=1e-6
    )
    assert (third.control, third.control_error) == pytest.approx(
        (-0.16289085, 0.16964187), rel=1e-6
    )


def test_an_exact_response_is_found_exactly() -> None:
    found = fit(0.08 * PATH + 0.03, PATH)
    assert found.slope == pytest.approx(0.08, rel=1e-9)
    assert found.constant == pytest.approx(3.0, rel=1e-9)
    assert found.error < 1e-12


@pytest.mark.parametrize(
    ("place", "origin", "slope", "constant"),
    [
        (0, 0.159, 0.169, -0.6),
        (1, 0.135, 0.161, -1.7),
        (2, 0.162, 0.106, 3.4),
        (3, 0.137, 0.100, 2.3),
    ],
)
def test_an_independent_calculation_of_the_readings(
    study: Study, place: int, origin: float, slope: float, constant: float
) -> None:
    """The same advertising on another estimate of the same compute: slopes through the origin
    within .01, with a constant within half of their standard error of .06."""
    line = study.readings[place]
    assert line.origin.slope == pytest.approx(origin, abs=0.01)
    assert line.origin.error == pytest.approx(0.010, abs=0.003)
    assert with_constant(line).slope == pytest.approx(slope, abs=0.031)
    assert with_constant(line).error == pytest.approx(0.065, abs=0.006)
    assert with_constant(line).constant == pytest.approx(constant, abs=2.0)


def test_an_independent_calculation_of_the_placebos(study: Study) -> None:
    amazon = named(study, "Amazon")
    assert amazon.origin.slope == pytest.approx(0.134, abs=0.01)
    assert with_constant(amazon).slope == pytest.approx(0.021, abs=0.027)
    assert with_constant(amazon).error == pytest.approx(0.054, abs=0.005)
    google = with_constant(named(study, "Google itself"))
    assert google.slope == pytest.approx(0.198, abs=0.016)
    assert google.error == pytest.approx(0.032, abs=0.01)
    free = with_constant(named(study, "This company"))
    assert free.slope == pytest.approx(-0.10, abs=0.05)
    assert free.error == pytest.approx(0.11, abs=0.03)
    assert free.control == pytest.approx(2.4, abs=0.3)
    assert free.control_error == pytest.approx(0.5, abs=0.1)
    moved = [each for each in study.placebos if each.label.startswith("Compute ") and each.constant]
    assert len(moved) == 6
    assert all(0.136 < each.origin.slope < 0.176 for each in moved)
    assert study.random_origin[0] == pytest.approx(0.156, abs=0.01)
    assert study.random_origin[1] < 0.006
    assert 0.02 < study.steeper < 0.25


@AS_WRITTEN
def test_a_constant_growth_of_62_per_cent_says_the_same() -> None:
    """What does not depend on the compute at all: the mean gap over .62."""
    rows = history("META", "2017Q4", QUARTERS[-1], HOME)
    at = np.arange(QUARTERS.index("2024Q1"), len(QUARTERS))
    own, market = (
        np.log(row.values[at] / row.values[at - 4])
        for row in (rows["reported_advertising"], rows["reported_market_advertising"])
    )
    found = fit(own - market, np.full(len(at), 0.62), constant=False)
    assert found.slope == pytest.approx(0.159, abs=0.002)
    assert found.error == pytest.approx(0.011, abs=0.001)


def test_a_scale_of_compute_changes_nothing(study: Study) -> None:
    again = response(COMPUTE * 7.0, QUARTERS, project=HOME)
    for one, two in zip(
        (*study.readings, *study.placebos), (*again.readings, *again.placebos), strict=True
    ):
        assert one.origin.slope == pytest.approx(two.origin.slope, rel=1e-9)
    assert again.steeper == study.steeper


@AS_WRITTEN
def test_quarters_after_the_last_report_are_not_looked_at() -> None:
    """A forecast after history must not move a fit of history."""
    known, longer = Quarter("2017Q4").through(LAST), Quarter("2017Q4").through(LAST.plus(10))
    more = COMPUTE[-1] * 1.15 ** np.arange(1, len(known) - len(QUARTERS) + 1)
    reported = np.concatenate([COMPUTE, more])
    row = np.concatenate([reported, np.full(len(longer) - len(known), np.nan)])
    found = response(reported, known, project=HOME)
    assert response(row, longer, project=HOME).readings == found.readings


def test_no_standard_error_stands_alone(study: Study) -> None:
    """Each row with a bracket says in words what it is worth."""
    exhibit = response_fit(study)
    shown = [row for row in exhibit.rows if any("(" in str(cell) for cell in row.cells[1:4])]
    assert len(shown) == len(study.readings) + len(study.placebos)
    assert all(len(str(row.cells[4])) > 20 for row in shown)
