"""Other people's models of AI spending, rebuilt from the inputs that they print.

Inputs and printed answers are ``data/evidence/published_models.csv``; how each model works and
what could not be read is told in ``published_models.md`` beside it. Each function takes the
inputs in the unit that its author uses and gives his figure.

An answer is *reproduced* when ours, from the printed inputs alone, has the printed digits. Where
it has not, or the inputs that it needs are not printed, it is *not reproducible*, with the reason
on file; a test holds that no reason stands beside a figure that is reproduced after all. J.P.
Morgan's 650 bn a year rests on years, a margin and an outlay that are not printed: recovery of
5,000 bn at 10 % over 15 whole years is 657, and 650 lies inside what the rounding of the years or
the range of the outlay allows. Sequoia's hole leaves out how many companies are assumed to earn
5 bn; Bain's 2,000 bn is its capex over a ratio that is not printed; Burry's and BofA's figures come
without the assets they rest on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from jcurve.facts.sources import Cited, sources
from jcurve.facts.tables import Column, Row, Text, home_of, with_rows
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Where

_TABLE = "evidence/published_models.csv"
_KILO, _BILLION, _PERCENT = 1e3, 1e9, 100.0
_HOURS_IN_YEAR = 8_760.0
_GIGAWATT = 1e6  # kW
_YEARS = tuple(range(2027, 2032))
_MONTHS = 12.0


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
    return run_rate / cost_share / (1.0 - gross_margin)


def jpm_requirement(outlay: float, rate: float = 0.10, years: float = 15.0) -> float:
    """Level cash a year that recovers an outlay at a return; no operating cost. The years are
    our reading of the published figure, which states none: 15 whole years come nearest to the
    printed 650, at 657."""
    return outlay * capital_recovery(rate, years)


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
    return gpu_share - (gpu_share - vendor_profit) / (1.0 - margin)


def _digits(row: Row, key: str) -> int:
    return int(row.number(key)) if row.cells["part"] == "printed" else 0


@dataclass(frozen=True, slots=True)
class Printed:
    """What a model's author prints: an input, or an answer."""

    model: str  # whose
    part: Literal["input", "printed"]
    figure: str  # of an input its name, of an answer what it is in words
    value: float  # as printed
    # of an answer, after the point; below 0 where it is rounded to tens
    digits: Annotated[int, Column(read=_digits)]
    unit: Text
    source: Cited  # where it was read
    note: Text  # why it cannot be worked out from what was read; empty where it can


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model: its inputs by name, its answers in the order of the table."""

    name: str
    inputs: Mapping[str, float]
    printed: tuple[Printed, ...]

    def given(self, name: str) -> float:
        """An input."""
        if name not in self.inputs:
            what, where = f"no such input of {self.name}", f"data/{_TABLE}"
            raise FactsError.not_among(what, name, self.inputs, where=where, allowed="")
        return self.inputs[name]

    def answer(self, figure: str) -> float:
        """A printed answer."""
        return next(each.value for each in self.printed if each.figure == figure)


def published_models(project: Where = None) -> Mapping[str, PublishedModel]:
    """Every published model on file by its name, in the order of the table.

    >>> published_models()["J.P. Morgan"].answer("Revenue needed")
    650.0
    """
    home = home_of(project)
    found: dict[str, dict[str, Printed]] = {}
    for each, row in with_rows(home.data, _TABLE, Printed, {"source": sources(home)}):
        own = found.setdefault(each.model, {})
        if each.figure in own:
            raise row.error("figure", "figure listed twice", each.figure)
        if each.part == "printed":
            row.text("unit")
        own[each.figure] = each
    return MappingProxyType({name: _model(name, own.values()) for name, own in found.items()})


def _model(name: str, rows: Iterable[Printed]) -> PublishedModel:
    inputs = {each.figure: each.value for each in rows if each.part == "input"}
    answers = tuple(each for each in rows if each.part == "printed")
    return PublishedModel(name, MappingProxyType(inputs), answers)


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
        year: sequoia_revenue(model.given(f"run_rate.{year}"), share, margin)
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
        "Revenue needed": jpm_requirement(outlay, rate, model.given("years")),
        "A month, each iPhone user": printed / _MONTHS / iphone,
        "A month, each Netflix subscriber": printed / _MONTHS / netflix,
    }


def _bain(model: PublishedModel) -> Mapping[str, float | None]:
    revenue = model.given("revenue")
    return {
        "Revenue needed": None,
        "Capex over revenue implied": _PERCENT * model.given("capex") / revenue,
        "Short of it": revenue - model.given("fundable"),
    }


def _bernstein(model: PublishedModel) -> Mapping[str, float | None]:
    cost = bernstein_gigawatt(
        model.given("compute"), model.given("infrastructure"), model.given("kilowatts")
    )
    racks = model.given("gigawatt") * _KILO / cost.rack
    share = model.given("gpu_share")
    saving = asic_saving(share, model.given("nvidia_profit"), model.given("asic_margin"))
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
    """A company's value from paths of growth, margin and capital intensity, depreciation tied to
    capex: unlevered free cash flow by year, value of the firm, value a share."""
    paths = (
        [model.given(f"{name}.{year}") for year in _YEARS] for name in ("growth", "margin", "capex")
    )
    revenue, flows = model.given("revenue"), []
    for grown, earned, spent in zip(*paths, strict=True):
        revenue *= 1.0 + grown
        capex = revenue * spent
        depreciation = capex * model.given("depreciation_over_capex")
        flows.append(revenue * earned * (1.0 - model.given("tax")) + depreciation - capex)
    wacc, growth = model.given("wacc"), model.given("terminal_growth")
    value = firm_value(flows, flows[-1] * (1.0 + growth) / (wacc - growth), wacc)
    per_share = (value + model.given("cash") - model.given("debt")) / model.given("shares")
    return {
        **{f"Free cash flow, FY{year}": flow for year, flow in zip(_YEARS, flows, strict=True)},
        "Enterprise value": value,
        "Value a share": per_share,
        "Against the price": _PERCENT * (per_share / model.given("price") - 1.0),
        "EV/EBIT, corrected": value / model.given("ebit"),
        "EV/EBIT, as in the sheet, which divides by revenue": value / model.given("revenue"),
    }


class NetCash(NamedTuple):
    """USD bn: spending on accelerators, cost of running them, AI revenue less all capex and
    that cost."""

    accelerators: float
    running: float
    net: float


def net_cash(model: PublishedModel, year: int) -> NetCash:
    """The AI cash of Meta by the model of fberl: AI revenue less AI capex less the power of
    what it bought, nothing depreciated."""
    names = ("capex", "infrastructure", "servers", "accelerators", "ai_revenue")
    capex, infrastructure, servers, accelerators, revenue = (
        model.given(f"{name}.Meta.{year}") for name in names
    )
    bought = capex * infrastructure * servers * accelerators
    fleet = bought * _BILLION / model.given("unit_price")
    hourly = fleet * model.given("kilowatts") * _HOURS_IN_YEAR * model.given("price_per_kwh")
    running = hourly * model.given("overhead") / _BILLION
    return NetCash(bought, running, revenue - capex * infrastructure - running)


def _fberl(model: PublishedModel) -> Mapping[str, float | None]:
    now, then = net_cash(model, 2025), net_cash(model, 2026)
    return {
        "Meta: accelerators, 2025": now.accelerators,
        "Meta: running them, 2025": now.running,
        "Meta: net AI cash, 2025": now.net,
        "Meta: net AI cash, 2026": then.net,
    }


def _coreweave(model: PublishedModel) -> Mapping[str, float | None]:
    return {
        "Contribution a year per dollar": 1.0 / model.given("payback"),
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
