"""Every printed answer of a published model beside ours, and whether it can be worked out.

An answer is *reproduced* when ours, from the printed inputs alone, has the printed digits. Where
it has not, or the inputs that it needs are not printed, it is *not reproducible*, with the reason
on file; a test holds that no reason stands beside a figure that is reproduced after all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where
from jcurve_studies.comparisons import published_models as p
from jcurve_studies.records.printed_models import Printed, PublishedModel, published_models

COMPANIES = ("Meta", "Microsoft", "Alphabet", "Amazon", "Oracle")
"""Companies whose AI cash the model of fberl counts; it prints answers for Meta alone."""

_KILO, _PERCENT = 1e3, 100.0
_GIGAWATT = 1e6  # kW
_YEARS = tuple(range(2027, 2032))


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """One printed answer."""

    model: str  # whose
    printed: Printed  # what is printed, and why it cannot be worked out where it cannot
    ours: float | None  # from the printed inputs alone; None where what it needs is not printed

    @property
    def reproduced(self) -> bool:
        """Whether ours has the printed digits."""
        if self.ours is None:
            return False
        digits = self.printed.digits
        return round(self.ours, digits) == round(self.printed.value, digits)

    @property
    def status(self) -> str:
        """In words."""
        return "reproduced" if self.reproduced else "not reproducible"


def rebuilt(project: Where = None) -> tuple[Rebuilt, ...]:
    """Every printed answer on file, in the order of the table."""
    found = []
    for name, model in published_models(project).items():
        if name not in _WORK:
            raise FactsError("a published model that nothing rebuilds", received=name)
        ours = _WORK[name](model)
        for each in model.printed:
            if each.figure not in ours:
                raise FactsError(f"an answer of {name} that nothing rebuilds", received=each.figure)
            found.append(Rebuilt(name, each, ours[each.figure]))
    return tuple(found)


def _sequoia(model: PublishedModel) -> Mapping[str, float | None]:
    share, margin = model.given("cost_share"), model.given("gross_margin")
    needed = {
        year: p.sequoia_revenue(model.given(f"run_rate.{year}"), share, margin)
        for year in (2023, 2024)
    }
    return {
        **{f"Revenue needed, {year}": amount for year, amount in needed.items()},
        **{f"Hole, {year}": None for year in needed},
    }


def _jpm(model: PublishedModel) -> Mapping[str, float | None]:
    outlay, rate = model.given("outlay.low"), model.given("rate")
    printed = model.answer("Revenue needed")
    iphone, netflix = model.given("iphone_users"), model.given("netflix_users")
    return {
        "Revenue needed": p.jpm_requirement(outlay, rate, model.given("years")),
        "A month, each iPhone user": p.monthly_payment(printed, iphone),
        "A month, each Netflix subscriber": p.monthly_payment(printed, netflix),
    }


def _bain(model: PublishedModel) -> Mapping[str, float | None]:
    revenue = model.given("revenue")
    return {
        "Revenue needed": None,
        "Capex over revenue implied": _PERCENT * model.given("capex") / revenue,
        "Short of it": revenue - model.given("fundable"),
    }


def _bernstein(model: PublishedModel) -> Mapping[str, float | None]:
    cost = p.bernstein_gigawatt(
        model.given("compute"), model.given("infrastructure"), model.given("kilowatts")
    )
    racks = model.given("gigawatt") * _KILO / cost.rack
    share = model.given("gpu_share")
    saving = p.asic_saving(share, model.given("nvidia_profit"), model.given("asic_margin"))
    return {
        "Cost of a rack": cost.rack,
        "Cost of a gigawatt": cost.gigawatt,
        "Racks a gigawatt": racks,
        "Power of a rack": _GIGAWATT / racks,
        "GPUs in a rack": share * cost.rack,
        "Saved by chips to order": _PERCENT * saving,
        "Electricity a year": None,
    }


def _dcf(model: PublishedModel) -> Mapping[str, float | None]:
    def path(name: str) -> list[float]:
        return [model.given(f"{name}.{year}") for year in _YEARS]

    value = p.company_dcf(
        model.given("revenue"), path("growth"), path("margin"), path("capex"),
        depreciation_over_capex=model.given("depreciation_over_capex"),
        tax=model.given("tax"), wacc=model.given("wacc"),
        terminal_growth=model.given("terminal_growth"), cash=model.given("cash"),
        debt=model.given("debt"), shares=model.given("shares"),
    )  # fmt: skip
    return {
        **{
            f"Free cash flow, FY{year}": flow
            for year, flow in zip(_YEARS, value.flows, strict=True)
        },
        "Enterprise value": value.enterprise,
        "Value a share": value.per_share,
        "Against the price": _PERCENT * (value.per_share / model.given("price") - 1.0),
        "EV/EBIT, corrected": value.enterprise / model.given("ebit"),
        "EV/EBIT, as in the sheet, which divides by revenue": value.enterprise
        / model.given("revenue"),
    }


def net_cash(model: PublishedModel, company: str, year: int) -> p.NetCash:
    """The AI cash of a company by the model of fberl."""
    names = ("capex", "infrastructure", "servers", "accelerators", "ai_revenue")
    own = [model.given(f"{name}.{company}.{year}") for name in names]
    return p.cash_efficiency(
        *own,
        unit_price=model.given("unit_price"),
        kilowatts=model.given("kilowatts"),
        price_per_kwh=model.given("price_per_kwh"),
        overhead=model.given("overhead"),
    )


def _fberl(model: PublishedModel) -> Mapping[str, float | None]:
    now, then = net_cash(model, "Meta", 2025), net_cash(model, "Meta", 2026)
    return {
        "Meta: accelerators, 2025": now.accelerators,
        "Meta: running them, 2025": now.running,
        "Meta: net AI cash, 2025": now.net,
        "Meta: net AI cash, 2026": then.net,
    }


def _coreweave(model: PublishedModel) -> Mapping[str, float | None]:
    return {
        "Contribution a year per dollar": p.coreweave_contribution(1.0, model.given("payback")),
        "EBITDA over property": model.given("ebitda") / model.given("property"),
    }


def _unprinted(model: PublishedModel) -> Mapping[str, float | None]:
    """What the answers rest on is not printed."""
    return {each.figure: None for each in model.printed}


_WORK: Mapping[str, Callable[[PublishedModel], Mapping[str, float | None]]] = MappingProxyType(
    {
        "Sequoia": _sequoia,
        "J.P. Morgan": _jpm,
        "Bain": _bain,
        "Bernstein": _bernstein,
        "ZeroDayDoom": _dcf,
        "fberl": _fberl,
        "CoreWeave": _coreweave,
        "Burry": _unprinted,
        "BofA": _unprinted,
    }
)
