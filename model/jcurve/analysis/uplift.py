"""Two readings of the advertising uplift, and where a case stands between them.

*Bottom-up* adds the conversion gains that the company states, takes off what they share, and
keeps the part that becomes price. *Top-down* takes the reported growth of price per ad and
leaves out what better ads need not explain. The first misses what is not announced; the second
credits AI with whatever else raised prices. A base case belongs between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.facts import UpliftInput

__all__ = ["Reading", "UpliftReadings", "uplift_readings"]

_YEAR = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """Growth of price per ad in a year that better ads explain, as a share."""

    low: float
    value: float
    high: float


@dataclass(frozen=True, slots=True)
class UpliftReadings:
    """Both readings, and the case's own uplift.

    Attributes:
        bottom_up: from stated conversion gains.
        top_down: from reported growth of price per ad.
        price_growth: reported growth of price per ad, mean of the last four quarters.
        price_quarters: the first and last of them.
        stated: gain of price per ad in the case by year, company with its programme.
        programme: advertising of the company with its programme over the counterfactual's,
            growth of the ratio by year.
        counterfactual_growth: growth of the counterfactual's advertising by year.
        reported_growth: growth of the company's advertising by year.
    """

    bottom_up: Reading
    top_down: Reading
    price_growth: float
    price_quarters: tuple[str, str]
    stated: Mapping[int, float]
    programme: Mapping[int, float]
    counterfactual_growth: Mapping[int, float]
    reported_growth: Mapping[int, float]

    def lies_between(self, year: int) -> bool:
        """Whether the case's gain of price per ad in ``year`` lies between the readings."""
        return self.bottom_up.value <= self.stated[year] <= self.top_down.value


def uplift_readings(case: Case, inputs: Mapping[str, UpliftInput]) -> UpliftReadings:
    """Both readings of the evidence beside a case.

    Args:
        case: an evaluated scenario of a company with advertising.
        inputs: from :func:`jcurve.facts.uplift_inputs`; gains and growth in per cent.
    """
    labels = case.assembly.timeline.labels
    last = labels.index(case.data_through)
    recent = slice(last - _YEAR + 1, last + 1)
    price_growth = float(case.row("reported_price_growth")[recent].mean())
    years = case.assembly.timeline.years
    price = 1 + case.year("price_uplift")
    with_, without = case.year("advertising", "with"), case.year("advertising", "without")
    return UpliftReadings(
        bottom_up=_bottom_up(inputs),
        top_down=_top_down(price_growth, inputs),
        price_growth=price_growth,
        price_quarters=(labels[recent.start], labels[recent.stop - 1]),
        stated=_growth(years, price),
        programme=_growth(years, with_ / np.where(without > 0, without, np.nan)),
        counterfactual_growth=_growth(years, without),
        reported_growth=_growth(years, with_),
    )


def _bottom_up(inputs: Mapping[str, UpliftInput]) -> Reading:
    def read(bound: str) -> float:
        facebook, instagram, kept, passed = (
            float(getattr(inputs[name], bound))
            for name in ("facebook_gain", "instagram_gain", "kept_after_overlap", "pass_through")
        )
        share = inputs["facebook_share"].value
        return (share * facebook + (1 - share) * instagram) / 100 * kept * passed

    return Reading(read("low"), read("value"), read("high"))


def _top_down(price_growth: float, inputs: Mapping[str, UpliftInput]) -> Reading:
    other = inputs["price_growth_without"]
    return Reading(
        price_growth - other.high / 100,
        price_growth - other.value / 100,
        price_growth - other.low / 100,
    )


def _growth(years: tuple[int, ...], level: NDArray[np.float64]) -> dict[int, float]:
    found = {}
    for year, before, now in zip(years[1:], level, level[1:], strict=False):
        if before > 0 and np.isfinite(now):
            found[year] = float(now / before - 1)
    return found
