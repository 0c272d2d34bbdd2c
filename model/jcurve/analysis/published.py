"""Other people's models of AI spending, rebuilt from their stated inputs.

Sources, inputs and what could not be read are in ``data/evidence/published_models.md``. Each
function takes the inputs in the unit that its author uses and gives his figure. The quantities
differ (revenue or contribution, a year's or a lifetime's): :func:`side_by_side` puts them next
to the model's own requirement for the same outlay and says what each counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jcurve.analysis.textbook import FirmValue, capital_recovery, firm_value
from jcurve.errors import UsageError

__all__ = [
    "CompanyValue",
    "NetCash",
    "RackCost",
    "Requirement",
    "bain_revenue",
    "bernstein_gigawatt",
    "cash_efficiency",
    "company_dcf",
    "coreweave_contribution",
    "jpm_requirement",
    "per_user",
    "sequoia_revenue",
    "side_by_side",
]

_HOURS_IN_YEAR = 8_760.0
_MONTHS = 12.0
_BILLION = 1e9
_KILO = 1e3


def sequoia_revenue(run_rate: float, cost_share: float = 0.5, gross_margin: float = 0.5) -> float:
    """Revenue that end users must pay: chip revenue over the chips' share of data-centre cost,
    over what is left after the compute user's gross margin. Lifetime revenue for a year of
    chips; no time value."""
    if not (0.0 < cost_share <= 1.0 and 0.0 <= gross_margin < 1.0):
        raise UsageError("shares outside 0 to 1", received=(cost_share, gross_margin))
    return run_rate / cost_share / (1.0 - gross_margin)


def jpm_requirement(outlay: float, rate: float = 0.10, years: float = 15.0) -> float:
    """Level cash a year that recovers an outlay at a return; no operating cost. The years are
    our reading of the published figure, which states none."""
    return outlay * capital_recovery(rate, years)


def per_user(monthly: float, users: float) -> float:
    """A year of a monthly payment by all users, in the unit of ``users`` times dollars."""
    return monthly * _MONTHS * users


def bain_revenue(yearly_capex: float, capex_over_revenue: float = 0.25) -> float:
    """Revenue a year at which yearly capex is sustainable."""
    return yearly_capex / capex_over_revenue


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
    racks = 1e6 / kilowatts
    rack = compute + infrastructure
    return RackCost(rack, racks, rack * racks / _KILO)


class CompanyValue(NamedTuple):
    """Unlevered free cash flow by year, value of the firm, value a share."""

    flows: tuple[float, ...]
    enterprise: float
    per_share: float


def company_dcf(
    revenue: float,
    growth: Sequence[float],
    margin: Sequence[float],
    capex_over_revenue: Sequence[float],
    *,
    depreciation_over_capex: float,
    tax: float,
    wacc: float,
    terminal_growth: float,
    cash: float,
    debt: float,
    shares: float,
) -> CompanyValue:
    """A company's value from paths of growth, margin and capital intensity, depreciation tied
    to capex. Money in one unit, ``shares`` in its count."""
    flows = []
    for grown, earned, spent in zip(growth, margin, capex_over_revenue, strict=True):
        revenue *= 1.0 + grown
        capex = revenue * spent
        flows.append(revenue * earned * (1.0 - tax) + capex * depreciation_over_capex - capex)
    terminal = flows[-1] * (1.0 + terminal_growth) / (wacc - terminal_growth)
    value: FirmValue = firm_value(flows, terminal, wacc, cash, debt)
    return CompanyValue(tuple(flows), value.operating_assets, value.equity / shares)


class NetCash(NamedTuple):
    """USD bn: spending on accelerators, cost of running them, AI revenue less all capex and
    that cost."""

    accelerators: float
    running: float
    net: float


def cash_efficiency(
    capex: float,
    infrastructure: float,
    servers: float,
    accelerators: float,
    ai_revenue: float,
    *,
    unit_price: float = 50_000.0,
    kilowatts: float = 1.8,
    price_per_kwh: float = 0.08,
    overhead: float = 1.25,
) -> NetCash:
    """AI revenue less AI capex less the power of what it bought: cash, nothing depreciated.

    Args:
        capex: USD bn a year.
        infrastructure, servers, accelerators: shares, one of the other.
        ai_revenue: USD bn.
        unit_price: USD an accelerator.
        kilowatts: an accelerator.
        price_per_kwh: USD.
        overhead: power of the site over that of the accelerators.
    """
    bought = capex * infrastructure * servers * accelerators
    fleet = bought * _BILLION / unit_price
    running = fleet * kilowatts * _HOURS_IN_YEAR * price_per_kwh * overhead / _BILLION
    return NetCash(bought, running, ai_revenue - capex * infrastructure - running)


def coreweave_contribution(outlay: float, payback: float = 2.5) -> float:
    """Contribution a year at which cash, prepayments included, is back after ``payback`` years."""
    return outlay / payback


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a rule asks of an outlay.

    Attributes:
        rule: whose.
        quantity: what the figure counts, one sentence.
        amount: in the unit of the outlay.
    """

    rule: str
    quantity: str
    amount: float


def side_by_side(outlay: float, own: float) -> tuple[Requirement, ...]:
    """Every rule for one outlay, the model's own last.

    Args:
        outlay: a vintage of capex.
        own: cash a year that the model requires of it (see ``jcurve.analysis.peers``).
    """
    return (
        Requirement(
            "Sequoia", "Revenue over the life of a year's chips, were all of the outlay chips at "
            "half of total cost: no time value, no year.", 2.0 * outlay,
        ),
        Requirement(
            "J.P. Morgan", "Cash a year for ever at a 10 % return; our reading: recovery over "
            "fifteen years without operating cost.", 0.13 * outlay,
        ),
        Requirement(
            "Bain", "Revenue a year at which spending as much every year is a quarter of it.",
            bain_revenue(outlay),
        ),
        Requirement(
            "CoreWeave", "Contribution a year at which take-or-pay contracts return the cash in "
            "2.5 years, prepayments included.", coreweave_contribution(outlay),
        ),
        Requirement(
            "J-Curve", "Cash a year, after operating cost and before tax, that earns the WACC on "
            "the outlay over the lives of what it buys, tax deductions as the law has them.", own,
        ),
    )  # fmt: skip
