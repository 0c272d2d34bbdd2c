"""What lies ahead in pictures: cumulative cash with its spread, spending beside what comes in, and
what the next results say; all that a first page asks, asked once; and a scenario on one page."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jcurve.analysis.overview import Asked, Simulated
from jcurve.analysis.sensitivity import Driver, drivers
from jcurve.figures import answer, plotting, style
from jcurve.figures.brief import Earlier
from jcurve.figures.display import Cover, Prose
from jcurve.figures.exhibit import Column, Exhibit, TableExhibit, chart, saying, table
from jcurve.figures.lens import Lens, nothing_to_decide
from jcurve.figures.overrides import the
from jcurve.figures.recipes import Scale, by_year, draw_years
from jcurve.figures.scenarios import named_beside
from jcurve.figures.size import against_scale
from jcurve.ground.numbers import MILLIONS, gaps, highest, joined, lowered, lowest, money, percent
from jcurve.ground.quarters import Quarter

_TALL = 43.0  # mm
_AHEAD = 6  # years after the first forecast year
_BEFORE = 4
_BESIDE = ("base", "bear", "bull")
_WATCHED: tuple[tuple[str, str, str], ...] = (
    ("capex.total", "capex", "Capex, and guidance for the year after"),
    ("advertising.compute_elasticity", "advertising", "Advertising"),
    ("capex.servers_share", "depreciation_and_amortisation", "Depreciation and amortisation"),
    ("demand.agents", "new_product_revenue", "Revenue of AI products"),
    ("compute.list_price", "leasing_revenue", "Compute leased out"),
)
"""What each quarter's results say something about: a driver, the line that shows it, its name."""


@dataclass(frozen=True)
class Found:
    """What a first page is made of beyond the case itself."""

    drawn: Simulated  # the simulation
    drivers: tuple[Driver, ...]  # with what their ranges do, the largest effect first
    # by stress of the library, what it changes NPV of the view by, in USD m
    events: Mapping[str, float]
    beside: tuple[Lens, ...]  # base, bear and bull, without the case itself
    earlier: Earlier | None = None  # the last edition, None before the first


def found(lens: Lens, draws: int, seed: int = 0, earlier: Earlier | None = None) -> Found:
    """Everything that a first page says, asked once.

    Args:
        earlier: the last edition of the same report and series.

    Raises:
        UsageError: draws or seed is no whole number, or fewer draws than a simulation takes.
    """
    ask = Asked(lens.case.scenario, lens.view, lens.home, draws, seed)
    return Found(
        drawn=ask.simulated(),
        drivers=drivers(lens.case.scenario, project=lens.home),
        events=ask.events(),
        beside=named_beside(lens, _BESIDE),
        earlier=earlier,
    )


def pictures(lens: Lens, known: Found, *, height: float = _TALL) -> tuple[Exhibit | Prose, ...]:
    """Cumulative cash with its spread, value over size, and what is spent beside what comes in,
    side by side; without the second where nothing is left to decide."""
    cash, spent = fan(lens, known, height), spending(lens, height)
    if not lens.is_open:
        return (cash, spent, nothing_to_decide())
    return (cash, against_scale(lens, width="third", height=height), spent)


def coming(lens: Lens) -> str:
    """The quarter whose results come next."""
    return Quarter(lens.case.data_through).plus(1)


def watched(lens: Lens, known: Found) -> list[tuple[str, str, float, float, Driver]]:
    """What is watched: its name and line, the coming quarter's figure and that of a year before in
    USD bn, and the driver that it tells of."""
    by_key = {driver.key: driver for driver in known.drivers}
    at = lens.case.assembly.timeline.index(coming(lens))
    rows = []
    for key, line, name in _WATCHED:
        if key in by_key:
            row = lens.case.row(line, "with") / MILLIONS
            rows.append((name, line, float(row[at]), float(row[at - 4]), by_key[key]))
    return rows


def watch(lens: Lens, known: Found) -> TableExhibit | Prose:
    """What to watch in the coming quarter, and what each driver's range does to value."""
    if not lens.is_open:
        return nothing_to_decide()
    rows = watched(lens, known)
    most = max(rows, key=lambda row: row[-1].swing)
    quarter = lens.quarter(coming(lens))

    def amount(label: str) -> Column:
        return Column(label=label, unit="USD bn", sign=True)

    return table(
        [
            ("In the results", 3),
            Column(label="Model", unit="USD bn", decimals=1),
            Column(label="Year before", unit="USD bn", decimals=1),
            ("Driver that it tells of", 2.2),
            amount("NPV, low"),
            amount("NPV, high"),
        ],
        [
            saying(
                lens.clause(line), name, now, before, driver.short_name,
                driver.effect_at_low / MILLIONS, driver.effect_at_high / MILLIONS,
            )
            for name, line, now, before, driver in rows
        ],
        id="watch",
        title=f"The line to watch in {quarter} is {lowered(most[0])}: the "
        f"{lowered(most[-1].short_name)} moves value by up to {money(most[-1].swing / MILLIONS)}",
        subtitle=f"Lines of {quarter} as the model has them, and change of net present value from "
        "today with the driver at either end of its range",
        source=lens.modelled("filings for the year before"),
        reading="One quarter moves a belief and does not settle it.",
    )  # fmt: skip


def fan(lens: Lens, known: Found, height: float = _TALL) -> Exhibit:
    """Cumulative cash of the case, base, bear and bull, and nine draws in ten around it."""
    years, quantiles = known.drawn.cash()
    rows = {at: row / MILLIONS for at, row in quantiles.items()}
    first, x = years[0], list(map(float, years))
    every = (*known.beside, lens)
    lines = {
        each: each.bn("cumulative_free_cash_flow", lens.view, first, lens.horizon) for each in every
    }
    roles = {"bull": "positive", "bear": "without", "base": "with"}
    with style.house():
        figure, axes = style.plot(width="third", height=height)
        plotting.band(axes, x, rows[0.05], rows[0.95], "programme", "Nine draws in ten")
        for each, values in lines.items():
            role = "programme" if each is lens else roles[each.case.scenario.name]
            plotting.line(axes, x, values, role, _short(each))
        begin = max(first, lens.first_shown + 1)
        axes.set_xticks(list(range(begin + begin % 2, lens.horizon + 1, 6)))
        axes.set_xlim(begin - 0.2, lens.horizon + 0.3)
        style.numbers(axes.xaxis, "plain")
        style.room(axes, [*rows[0.05], *rows[0.95], *itertools.chain(*lines.values())], below=0.05)
        style.numbers(axes.yaxis)
        style.zero_line(axes)
        plotting.label_ends(axes)
    low, high = money(float(rows[0.05][-1])), money(float(rows[0.95][-1]))
    ends = joined(f"{_short(each)} {money(values[-1])}" for each, values in lines.items())
    return chart(
        figure,
        id="outlook",
        title=_fan_title(lens, known.beside),
        subtitle="Cumulative incremental cash flow, USD bn; band: nine draws in ten",
        source=lens.compared(),
        alt=f"Lines of cumulative incremental cash flow with a band. In {lens.horizon}: {ends}; "
        f"nine draws in ten end between {low} and {high}.",
        reading=(),
        width="third",
    )


def _short(lens: Lens) -> str:
    return lens.title.removesuffix(" case")


def _fan_title(lens: Lens, beside: Sequence[Lens]) -> str:
    every = (lens, *beside)
    paid = [the(each.title) for each in every if each.payback_at is not None]
    if not paid and any(each.never_pays_back for each in every):
        never = (the(each.title) for each in every if each.never_pays_back)
        names = (name.removeprefix("the ").removesuffix(" case") for name in never)
        return f"No payback by {lens.horizon} in {joined(names, 'or')}"
    if len(paid) == len(every):
        return f"Paid back by {lens.horizon} in every case"
    if paid:
        return f"Paid back by {lens.horizon} only in {joined(paid)}"
    return "Cumulative cash never falls below zero"


def spending(lens: Lens, height: float = _TALL) -> Exhibit:
    """The company's capex beside its operating cash flow, by year."""
    now = lens.first_forecast_year
    first, last = now - _BEFORE, min(now + _AHEAD, lens.horizon)
    years = lens.years(first, last)
    capex, cash = (lens.bn(name, "with", first, last) for name in ("capex", "operating_cash_flow"))
    with style.house():
        figure, axes = style.plot(width="third", height=height)
        for role, kept in (("high", slice(now - first)), ("low", slice(now - first, None))):
            plotting.bars(axes, years[kept], capex[kept], style.series(role), label="_Capex")
        lines = {"_Operating cash flow": ("programme", cash)}
        draw_years(axes, years, Scale(4, top=1.12 * max(*capex, *cash)), lines=lines)
        colour = style.readable(style.series("programme").colour)
        place = (years[0] - 0.3, 1.02 * max(*capex, *cash))
        plotting.words_at(
            axes, "Operating cash flow", place, (0, 0), "left", "center", colour=colour
        )
    over = [year for year, out, earned in zip(years, capex, cash, strict=True) if out > earned]
    return chart(
        figure,
        id="capex-and-cash",
        title=f"Capex exceeds operating cash flow {spans(over)}"
        if over
        else "Operating cash flow covers capex in every year",
        subtitle="USD bn, company; bars: capex, dark as reported",
        source=lens.source(),
        alt=f"Bars of capex from {money(capex[0])} in {first} to {money(capex[-1])} in {last}, at "
        f"most {money(max(capex))}; a line of operating cash flow from {money(cash[0])} to "
        f"{money(cash[-1])}.",
        reading=(),
        width="third",
    )


def spans(years: Sequence[int]) -> str:
    """``in 2027 and 2028``, ``from 2027 to 2029``."""
    if len(years) > 2 and years[-1] - years[0] == len(years) - 1:
        return f"from {years[0]} to {years[-1]}"
    return f"in {joined(map(str, years))}"


_LOW = 27.0  # mm
_STEP = 6  # years between ticks
_SHOWN_BEFORE = 2
_LINES: tuple[tuple[str, str], ...] = (
    ("Revenue", "revenue"),
    ("Capex", "capex"),
    ("Depreciation and amortisation", "depreciation_and_amortisation"),
    ("Operating income", "operating_income"),
    ("Operating cash flow", "operating_cash_flow"),
    ("Free cash flow", "free_cash_flow"),
    ("Net cash", "net_cash"),
)


def cover(lens: Lens) -> Cover:
    """The head: key figures, and the day's state, without a summary."""
    shown = [against_scale(lens)] if lens.is_open else []
    head, scenario = answer.cover(lens, "Dashboard", shown=shown), lens.case.scenario
    byline = f"{head.byline} · {scenario.name} {scenario.short_hash}"
    return head.model_copy(update={"summary": (), "status": (), "byline": byline})


def small_pictures(lens: Lens, known: Found) -> tuple[Exhibit | Prose, ...]:
    """Six small pictures: cash and value, then what the company spends, earns and charges."""
    first = pictures(lens, known, height=_LOW)
    return (*first, cash(lens), charge(lens), profit(lens))


def cash(lens: Lens) -> Exhibit:
    """Free cash flow and net cash of the company; a third of the column wide."""
    years = lens.years()
    free, net = lens.bn("free_cash_flow", "with"), lens.bn("net_cash", "with")
    at, low = lowest(net), lowest(free)
    title = (
        f"Net debt peaks at {money(-net[at])} in {years[at]}"
        if net[at] < 0
        else "The company keeps net cash in every year"
    )
    return _small(
        lens,
        "cash",
        title,
        "Free cash flow and net cash, USD bn",
        {"Net cash": ("low", net), "Free cash": ("with", free)},
        f"Free cash flow is lowest at {money(free[low])} in {years[low]}, net cash at "
        f"{money(net[at])} in {years[at]}; in {years[-1]} they are {money(free[-1])} and "
        f"{money(net[-1])}.",
        Scale(_STEP, lens.forecast_from, words=("", ""), below=0.05, zero=True),
    )


def charge(lens: Lens) -> Exhibit:
    """Depreciation and amortisation over revenue; a third of the column wide."""
    name = "depreciation_and_amortisation"
    return _pair(lens, "charge", name, "Depreciation")


def profit(lens: Lens) -> Exhibit:
    """Operating margin; a third of the column wide."""
    return _pair(lens, "profit", "operating_income", "Operating income")


def _pair(lens: Lens, id: str, line: str, name: str) -> Exhibit:
    """A line over revenue in both cases, with the widest gap of the forecast for a title."""
    years, now = lens.years(), lens.first_forecast_year
    ours, theirs = lens.ratio(line), lens.ratio(line, tag=lens.other)
    ahead = years.index(now)
    sizes = [abs(gap) for gap in gaps(ours, theirs)[ahead:]]
    at = ahead + highest(sizes)
    return _small(
        lens,
        id,
        f"{name} is {percent(ours[at], 0)} of revenue in {years[at]}, {percent(theirs[at], 0)} "
        f"{lowered(lens.other_name)}",
        f"Share of revenue; dashed: {lowered(lens.other_name)}",
        {f"_{lens.other_name}": ("without", theirs), f"_{lens.with_name}": ("with", ours)},
        f"The share of revenue is {percent(ours[0])} in {years[0]} and {percent(ours[-1])} in "
        f"{years[-1]}, in the other case {percent(theirs[-1])}.",
        Scale(_STEP, lens.forecast_from, words=("", ""), style="percent"),
    )


def _small(
    lens: Lens,
    id: str,
    title: str,
    subtitle: str,
    lines: Mapping[str, tuple[str, Sequence[float]]],
    alt: str,
    scale: Scale,
) -> Exhibit:
    return chart(
        by_year(lens.years(), scale, lines=lines, width="third", height=_LOW),
        id=id,
        title=title,
        subtitle=subtitle,
        source=lens.compared(),
        alt=f"Two lines by year. {alt}",
        reading=(),
        width="third",
    )


def lines(lens: Lens) -> TableExhibit:
    """The lines of the company by year."""
    now, end = lens.first_forecast_year, lens.horizon
    years = [*range(now - _SHOWN_BEFORE, min(now + _AHEAD, end)), end]

    def shown(values: list[float]) -> dict[int, float]:
        return dict(zip(lens.years(years[0]), values, strict=True))

    found = {name: shown(lens.bn(row, "with", years[0])) for name, row in _LINES}
    earned = shown(lens.values("earnings_per_share", "with", years[0]))
    rows = [
        saying(lens.clause(line), name, *(found[name][year] for year in years))
        for name, line in _LINES
    ]
    name, says = "Earnings per share, USD", lens.clause("earnings_per_share")
    rows.append(saying(says, name, *(earned[year] for year in years), decimals=2))
    free = found["Free cash flow"]
    short = [year for year in years if free[year] < 0]
    return table(
        ["USD bn", *lens.columns(years)],
        rows,
        id="lines",
        title=f"Free cash flow is below zero {spans(short)}"
        if short
        else "Free cash flow stays above zero in every year shown",
        subtitle="The company with its programme",
        source=lens.source(),
        dense=True,
    )
