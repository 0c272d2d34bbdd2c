"""AI products beside advertising: what each earns as it builds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve.figures import style
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import NOTHING, Lens, joined, lowered, money, percent

if TYPE_CHECKING:
    from jcurve.case import Case

__all__ = ["channels"]

_LAYERS = 7
_SERVED = 0.995


def channels(case: Case, view: str = "programme") -> Exhibit:
    """Revenue of AI products, weighted by the probability that each succeeds."""
    lens = Lens(case, view)
    first = lens.first_forecast_year - 1
    years = lens.years(first)
    rows = {
        name: lens.bn(f"channel_revenue.{name}", view, first) for name in lens.members("channel")
    }
    ranked = sorted(rows, key=lambda name: -rows[name][-1])
    layers = {
        lens.members("channel")[name]: rows[name] for name in ranked[:_LAYERS] if any(rows[name])
    }
    rest = [sum(year) for year in zip(*(rows[name] for name in ranked[_LAYERS:]), strict=True)]
    if any(value > NOTHING for value in rest):
        layers["Others"] = rest
    totals = lens.bn("new_product_revenue", view, first)
    cost = lens.bn("new_product_cost", view, first)
    with style.house():
        figure, axes = style.plot(height=72)
        style.stack(axes, years, layers)
        style.years(axes, first, years[-1], 2)
        style.room(axes, totals)
        style.numbers(axes.yaxis)
        style.forecast_from(axes, lens.first_forecast_year - 0.5)
        if layers:
            style.label_stack(axes)
    return chart(
        figure,
        id="channels",
        title=f"AI products add {money(totals[-1])} of revenue by {years[-1]}, "
        f"{percent(totals[-1] / max(lens.bn('revenue', 'with')[-1], NOTHING), 0)} of the total"
        if max(totals) > NOTHING
        else "AI products earn nothing more",
        subtitle="Revenue of AI products, weighted by probability, net of what they "
        "take from advertising, USD bn",
        source=lens.modelled("demand as the assumptions cite it"),
        alt=f"Stacked bars of AI product revenue, rising from {money(totals[0])} in {first} to "
        f"{money(totals[-1])} in {years[-1]}; most of it is "
        f"{joined(lowered(lens.members('channel')[name]) for name in ranked[:2])}.",
        reading=_reading(lens, ranked, rows, totals, cost),
        notes=lens.resting("demand.agents", "demand.other", "products.compute_cost"),
    )


def _reading(
    lens: Lens,
    ranked: list[str],
    rows: dict[str, list[float]],
    totals: list[float],
    cost: list[float],
) -> str:
    if max(totals) < NOTHING:
        return "The same products are offered in both cases."
    labels = lens.members("channel")
    best = [labels[name] for name in ranked[:2]]
    share = sum(rows[name][-1] for name in ranked[:2]) / totals[-1]
    kept = 1 - cost[-1] / totals[-1]
    floor = lens.number("products_compute_cost_floor")
    served = lens.values("channel_service_level", "with", lens.first_forecast_year)
    short = (
        ""
        if min(served) > _SERVED
        else f" In the tightest year compute serves {percent(min(served), 0)} of demand."
    )
    return (
        f"{joined([best[0], lowered(best[1])])} bring {percent(share, 0)} of it in {lens.horizon}. "
        f"Before compute, {percent(kept, 0)} of the revenue remains; in the long run compute takes "
        f"at least {percent(floor, 0)} of it.{short}"
    )
