"""Named unit constants: the only numbers besides 0, 1, -1 and 2 that a line may hold; and the
sets that families of rows run over, whose members are company data.
"""

from __future__ import annotations

from jcurve.engine.line import Set
from jcurve.ground.units import DIMENSIONLESS, H100E, HOURS, QUARTERS, USD_M, YEARS, Quantity, Unit

QUARTERS_IN_YEAR = Quantity(4.0, DIMENSIONLESS, "quarters in a year")
"""A count: turns a yearly amount into a quarter's."""

QUARTERS_PER_YEAR = Quantity(4.0, QUARTERS.times(YEARS, -1), "quarters per year")
"""A rate: turns a duration in years into one in quarters."""

ONE_QUARTER = Quantity(1.0, QUARTERS, "one quarter")
HALF_A_QUARTER = Quantity(0.5, QUARTERS, "half a quarter")
HALF_SPAN = Quantity(1.5, QUARTERS, "half the span of four quarters")
ONE_YEAR = Quantity(4.0, QUARTERS, "one year")
TWO_YEARS = Quantity(8.0, QUARTERS, "two years")
ONE_H100E = Quantity(1.0, H100E, "one H100-equivalent")
TINY = Quantity(1e-30, DIMENSIONLESS, "next to nothing")
"""Stands for 0 where a logarithm or a quotient is taken."""

HOURS_IN_QUARTER = Quantity(2191.5, HOURS, "hours in a quarter")  # A quarter of 365.25 days

HOURS_IN_YEAR = Quantity(8766.0, HOURS, "hours in a year")
BILLION_IN_MILLIONS = Quantity(1e3, USD_M, "one billion dollars, in millions")
MILLION = Quantity(1e-6, Unit("millions per one", (), 1e6), "millions per one")
"""Turns dollars into millions of dollars, and watts into megawatts."""


TEN_TO_NINETY = Quantity(4.394449154672439, DIMENSIONLESS, "2 ln 9")
"""Time from 10 to 90 % of a logistic, in units of its scale."""

NEWTON_STEPS = Quantity(4.0, DIMENSIONLESS, "steps")
"""Of the search for the balance of two uses: three leave a relative error of 3e-9, four of
3e-13."""

HORIZON = Quantity(1e6, QUARTERS, "the last quarter")
"""A date beyond any timeline: ``value_at`` takes the timeline's last quarter."""

PERPETUITY = Quantity(2.0, DIMENSIONLESS, "perpetuity")
"""Position of *perpetuity* among the terminal treatments none, run_off, perpetuity."""

RUN_OFF = Quantity(1.0, DIMENSIONLESS, "run off")  # Position of *run_off* among the same

NO_NUMBER = Quantity(float("nan"), DIMENSIONLESS, "no number")
"""There is no answer; a result's status says why."""

NO_DATE = Quantity(float("nan"), QUARTERS, "no date")


REGION = Set("region")
ASSET_CLASS = Set("asset_class")
LEVER = Set("lever")
CHANNEL = Set("channel")
SAVING = Set("saving")
SUPPLY = Set("supply")
