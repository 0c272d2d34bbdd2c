"""A scenario on one page: six small pictures and the lines of the company by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jcurve.figures import answer, outlook
from jcurve.figures.display import Cover, Prose
from jcurve.figures.exhibit import Exhibit, Row, TableExhibit, chart, table
from jcurve.figures.lens import Lens
from jcurve.figures.outlook import Found
from jcurve.figures.recipes import Scale, by_year
from jcurve.figures.size import against_scale
from jcurve.ground.numbers import gaps, highest, lowered, lowest, money, percent

_TALL = 27.0  # mm
_STEP = 6  # years between ticks
_BEFORE, _AHEAD = 2, 6
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


def pictures(lens: Lens, known: Found) -> tuple[Exhibit | Prose, ...]:
    """Six small pictures: cash and value, then what the company spends, earns and charges."""
    first = outlook.pictures(lens, known, height=_TALL)
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
        by_year(lens.years(), scale, lines=lines, width="third", height=_TALL),
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
    years = [*range(now - _BEFORE, min(now + _AHEAD, end)), end]

    def shown(values: list[float]) -> dict[int, float]:
        return dict(zip(lens.years(years[0]), values, strict=True))

    found = {name: shown(lens.bn(row, "with", years[0])) for name, row in _LINES}
    earned = shown(lens.values("earnings_per_share", "with", years[0]))
    rows = [Row(cells=(name, *(found[name][year] for year in years))) for name, _ in _LINES]
    rows.append(
        Row(cells=("Earnings per share, USD", *(earned[year] for year in years)), decimals=2)
    )
    free = found["Free cash flow"]
    short = [year for year in years if free[year] < 0]
    return table(
        ["USD bn", *lens.columns(years)],
        rows,
        id="lines",
        title=f"Free cash flow is below zero {outlook.spans(short)}"
        if short
        else "Free cash flow stays above zero in every year shown",
        subtitle="The company with its programme",
        source=lens.source(),
        reading=(),
        dense=True,
    )
