"""Other people's models of AI spending, rebuilt from the inputs that they print.

Inputs and printed answers are ``data/evidence/published_models.csv``; how each model works and
what could not be read is told in ``published_models.md`` beside it. Each function takes the
inputs in the unit that its author uses and gives his figure; ``rebuilt`` holds every printed answer
beside ours.

**Not every answer follows from what is printed.** J.P. Morgan's 650 bn a year rests on years, a
margin and an outlay that are not printed: recovery of 5,000 bn at 10 % over 15 whole years is
657, and 650 lies inside what the rounding of the years or the range of the outlay allows, so it can
be neither confirmed nor refuted. Sequoia's hole leaves out how
many companies are assumed to earn 5 bn; Bain's 2,000 bn is its capex over a ratio that is not
printed; Burry's and BofA's figures come without the assets they rest on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from jcurve.ground.errors import UsageError

_MONTHS = 12.0
_KILO = 1e3
_GIGAWATT = 1e6  # kW


def capital_recovery(rate: float, years: float) -> float:
    """What a level payment a year must be to repay one unit at ``rate`` over ``years``."""
    return rate / -math.expm1(-years * math.log1p(rate)) if rate else 1.0 / years


def firm_value(flows: Sequence[float], terminal: float, wacc: float) -> float:
    """Free cash flow to the firm, discounted from year ends, with a value after the last."""
    present = (flow / (1.0 + wacc) ** year for year, flow in enumerate(flows, start=1))
    return math.fsum(present) + terminal / (1.0 + wacc) ** len(flows)


def sequoia_revenue(run_rate: float, cost_share: float = 0.5, gross_margin: float = 0.5) -> float:
    """Revenue that end users must pay: chip revenue over the chips' share of data-centre cost,
    over what is left after the compute user's gross margin. Lifetime revenue for a year of
    chips; no time value."""
    if not (0.0 < cost_share <= 1.0 and 0.0 <= gross_margin < 1.0):
        raise UsageError("shares outside 0 to 1", received=(cost_share, gross_margin))
    return run_rate / cost_share / (1.0 - gross_margin)


def jpm_requirement(outlay: float, rate: float = 0.10, years: float = 15.0) -> float:
    """Level cash a year that recovers an outlay at a return; no operating cost. The years are
    our reading of the published figure, which states none: 15 whole years come nearest to the
    printed 650, at 657."""
    return outlay * capital_recovery(rate, years)


def monthly_payment(yearly: float, users: float) -> float:
    """What each of ``users`` would pay a month for a yearly sum."""
    return yearly / _MONTHS / users


class RackCost(NamedTuple):
    """USD m a rack; racks and USD bn a gigawatt."""

    rack: float
    racks: float
    gigawatt: float


def bernstein_gigawatt(
    compute: float = 3.4, infrastructure: float = 2.5, kilowatts: float = 169.0
) -> RackCost:
    """Cost of a gigawatt: racks that its power feeds, times the cost of one with its share of
    the site."""
    racks = _GIGAWATT / kilowatts
    rack = compute + infrastructure
    return RackCost(rack, racks, rack * racks / _KILO)


def asic_saving(gpu_share: float, vendor_profit: float, margin: float) -> float:
    """Share of a site's cost saved by chips to order: the vendor's chips cost what is left of
    their share after his gross profit, and are sold at another gross margin."""
    if not (0.0 <= vendor_profit <= gpu_share <= 1.0 and 0.0 <= margin < 1.0):
        raise UsageError("shares out of order", received=(gpu_share, vendor_profit, margin))
    return gpu_share - (gpu_share - vendor_profit) / (1.0 - margin)


def coreweave_contribution(outlay: float, payback: float = 2.5) -> float:
    """Contribution a year at which cash, prepayments included, is back after ``payback`` years."""
    return outlay / payback
