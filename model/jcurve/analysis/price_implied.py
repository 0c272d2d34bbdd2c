"""What a share price implies: pairs of beliefs, a line and never a number.

Half a point of the WACC is worth as much as everything that a price is asked to say, so that the
line is drawn with its band. It is arithmetic on a price, and no advice.

    for line in price_implied(jcurve.scenario("base")):
        print(line.date, line.price, line.revenues)
"""

from __future__ import annotations

from dataclasses import dataclass

from jcurve.analysis.question import Array

__all__ = ["PriceLine", "price_implied"]


@dataclass(frozen=True, slots=True)
class PriceLine:
    """Pairs of response and demand at which a share is worth its price.

    Attributes:
        price: USD per share.
        date: of the price, empty for one that was given.
        source: of the price, empty likewise.
        year: of the product revenue.
        elasticities: (pairs,), response of advertising to ranking compute.
        factors: (pairs,), on the scenario's demand for every AI product.
        revenues: (pairs,), the product revenue of the year that a factor means, USD m; NaN
            where no demand that was looked at does it.
        at_lower_wacc, at_higher_wacc: (pairs,), the same half a point below and above.
        notes: why there is no pair, by response: ``the price is below what the company is
            worth without AI products``, ``no demand up to 20 times the case's is enough``;
            empty where there is one.
        value_per_share: in the scenario, USD.
        wacc: the scenario's.
        half_a_point: what half a point of the WACC is worth, USD per share, up and down.
    """

    price: float
    date: str
    source: str
    year: int
    elasticities: Array
    factors: Array
    revenues: Array
    at_lower_wacc: Array
    at_higher_wacc: Array
    notes: tuple[str, ...]
    value_per_share: float
    wacc: float
    half_a_point: tuple[float, float]
