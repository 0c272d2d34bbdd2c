"""Other companies' outlays beside Meta's: intensity, depreciation, lives, what they must earn."""

from __future__ import annotations

from collections.abc import Sequence

from jcurve.case import Case
from jcurve.facts.outlay_tables import calibrated, has_outlay_targets
from jcurve.figures import answer, plotting, style
from jcurve.figures.display import Cover, KeyFigure, paragraph
from jcurve.figures.exhibit import Column, Exhibit, Row, TableExhibit, chart, heading, table
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import MILLIONS, MINUS, joined, lowered, money, percent, quarter
from jcurve.ground.project import Where
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve_studies.fits.companies import Peer, fiscal_years, peer
from jcurve_studies.fits.outlays import FORECAST_AFTER, early_errors, fit_outlays, held_outlays

_SOURCE = "filings of each company; J-Curve estimates of mix, lags and lives"
_YEARS = 5
_ROLES = ("with", "without", "guided", "judgement", "programme", "positive")
_NTH = ("", "first", "second", "third", "fourth")


def companies(names: Sequence[str], project: Where = None) -> list[Peer]:
    """The companies of a report, in its order."""
    return [peer(name, project) for name in names]


def through(found: Sequence[Peer]) -> Quarter:
    """The last quarter that every company has reported: all are compared over the same months."""
    return Quarter(min(each.assembly.data_through for each in found))


def intensity(found: Sequence[Peer]) -> Exhibit:
    """Property acquired per dollar of revenue, by twelve months that are the same for all."""
    end = through(found)
    ends = [end.plus(-QUARTERS_IN_YEAR * back) for back in reversed(range(_YEARS))]
    shares = {
        each.name: {
            at.year: each.twelve_months("outlay", at) / each.twelve_months("reported_revenue", at)
            for at in ends
            if at.plus(1 - QUARTERS_IN_YEAR) >= each.assembly.timeline.first
        }
        for each in found
    }
    shares = {name: own for name, own in shares.items() if own}
    years = [at.year for at in ends]
    width = 0.8 / len(found)
    with style.house():
        figure, axes = style.plot(height=66)
        for at, (look, (name, own)) in enumerate(
            zip(style.CATEGORIES, shares.items(), strict=False)
        ):
            shift = (at - (len(found) - 1) / 2) * width
            plotting.bars(
                axes,
                [year + shift for year in own],
                [100 * share for share in own.values()],
                look,
                width=width * 0.92,
                label=name,
            )
        style.years(axes, years[0], years[-1])
        axes.set_ylim(0, 118 * max(max(own.values()) for own in shares.values()))
        style.numbers(axes.yaxis)
        plotting.key(axes)
    last = {name: list(own.values())[-1] for name, own in shares.items()}
    top = max(last, key=last.__getitem__)
    return chart(
        figure,
        id="peer-intensity",
        title=f"{top} puts {percent(last[top])} of revenue into property, more than its peers",
        subtitle="Property bought and acquired under finance leases over revenue, twelve months to "
        f"the {_NTH[end.number]} quarter of each year, %",
        source=_SOURCE,
        alt="Bars by year: "
        + "; ".join(
            f"{name} " + ", ".join(f"{year} {percent(share)}" for year, share in own.items())
            for name, own in shares.items()
        )
        + ".",
        reading=f"All companies are compared over the same twelve months, the last to "
        f"{quarter(end)}, whatever their fiscal years.",
    )


def rebuilt(found: Sequence[Peer]) -> TableExhibit:
    """Depreciation rebuilt from what was bought over reported, by fiscal year."""
    errors = {each.name: {one.year: one.error for one in each.backcast()} for each in found}
    years = sorted({year for own in errors.values() for year in own})
    worst = max(abs(error) for own in errors.values() for error in own.values())
    return table(
        [
            ("Rebuilt from spending over reported, less 1", 2),
            *(Column(label=year, style="percent", decimals=1, sign=True) for year in years),
        ],
        [(name, *(own.get(year) for year in years)) for name, own in errors.items()],
        id="peer-depreciation",
        title=f"Fitted to these years, depreciation of every company is within {percent(worst)}",
        subtitle="Depreciation of property by fiscal year, from purchases, mix, lags and lives",
        source=_SOURCE,
        reading="Lives change on the days that each company disclosed; mix and lags are constants "
        "or one straight path. The next table says what such a fit is worth in years not seen.",
    )


def _short(name: str) -> str:
    return name.partition(",")[0].removesuffix(" Inc.")


def forecast(found: Sequence[Peer]) -> TableExhibit:
    """Depreciation of later years with parameters fitted to the years before them alone."""
    errors = {
        f"{each.name}, full model" if each.has_whole_model else each.name: early_errors(each)
        for each in found
    }
    years = sorted({year for own in errors.values() for year in own}) or [FORECAST_AFTER]
    worst = {
        name: max(later)
        for name, own in errors.items()
        if (later := [abs(error) for year, error in own.items() if year > FORECAST_AFTER])
    }
    return table(
        [
            ("Rebuilt from spending over reported, less 1", 2),
            *(
                Column(
                    label=year,
                    group="Not seen by the fit" if year > FORECAST_AFTER else "Fitted",
                    style="percent",
                    decimals=1,
                    sign=True,
                    forecast=year > FORECAST_AFTER,
                )
                for year in years
            ),
        ],
        [(name, *(own.get(year) for year in years)) for name, own in errors.items()],
        id="peer-forecast",
        title=f"Fitted through {FORECAST_AFTER}, depreciation of the years after is within "
        + joined(f"{percent(error)} at {_short(name)}" for name, error in worst.items())
        if worst
        else f"Parameters fitted through {FORECAST_AFTER} alone, on the years after it",
        subtitle="Depreciation by fiscal year; purchases and disclosed changes of life as reported",
        source=_SOURCE,
        reading="Purchases are the actual ones, so this tests mix, lags and lives, not a forecast "
        "of spending."
        + (
            " Meta misses by more because its spending shifted to servers, which "
            "earlier figures do not show."
            if any(each.has_whole_model for each in found)
            else ""
        ),
    )


def fitted(found: Sequence[Peer]) -> TableExhibit:
    """The fitted parameters of companies that are seen through their outlays alone, beside those
    fitted through :data:`FORECAST_AFTER`."""
    rows: list[Row] = []
    for each in found:
        name = each.assembly.company.name
        if each.has_whole_model or not has_outlay_targets(name, each.project):
            continue
        rows.append(heading(each.name))
        held = held_outlays(name, each.project)
        known = calibrated(name, each.project)
        before = fit_outlays(name, FORECAST_AFTER, each.project).values
        for parameter, value, then in zip(known, held, before, strict=True):
            ends = f"{parameter.low:g} to {parameter.high:g}"
            at_end = value in (parameter.low, parameter.high)
            told = f"{value:g}, an end" if at_end else f"{value:g}"
            rows.append(Row.of(parameter.name, ends, told, f"{then:g}", parameter.basis, indent=1))
    return table(
        [
            ("Parameter", 2),
            "Range",
            "Value",
            f"Fitted through {FORECAST_AFTER}",
            ("Range rests on", 3),
        ],
        rows or [("none is fitted", "", "", "", "")],
        id="peer-parameters",
        title="Mix, lags and lives are fitted inside the range that evidence allows each",
        subtitle="Shares, quarters, years; fitted to depreciation, effects of changes of life and "
        "construction in progress",
        source="J-Curve fit to filings of each company",
        reading="The middle of each range is a target too, because a company reports few figures. "
        "A value at an end of its range means that filings point beyond the evidence.",
        dense=True,
    )


def wave(found: Sequence[Peer]) -> Exhibit:
    """Depreciation of what is bought already, by calendar year."""
    waves = {each.name: each.on_the_books() for each in found}
    years = sorted({int(year) for own in waves.values() for year in own})
    with style.house():
        figure, axes = style.plot(height=60)
        for role, (name, own) in zip(_ROLES, waves.items(), strict=False):
            plotting.line(
                axes, [int(year) for year in own], [x / MILLIONS for x in own.values()], role, name
            )
        style.years(axes, years[0], years[-1])
        axes.set_ylim(bottom=0)
        style.numbers(axes.yaxis)
        plotting.label_ends(axes)
    peaks = {name: max(own, key=own.__getitem__) for name, own in waves.items()}
    return chart(
        figure,
        id="peer-wave",
        title="Assets already bought keep depreciation rising until "
        + joined(sorted(set(peaks.values()))),
        subtitle="Depreciation of property acquired to the last report, nothing bought after it, "
        "calendar years, USD bn",
        source=_SOURCE,
        alt="Lines by calendar year: "
        + "; ".join(
            f"{name} " + ", ".join(f"{year} {money(x / MILLIONS)}" for year, x in own.items())
            for name, own in waves.items()
        )
        + ".",
        reading="The first year includes reported quarters; new purchases add to these figures.",
    )


def lives(found: Sequence[Peer]) -> TableExhibit:
    """What depreciation of the last fiscal year would be had lives of servers been others."""
    rows: list[Row] = []
    shares: list[float] = []
    for each in found:
        year = fiscal_years(each)[-1]
        charged = each.year("property_depreciation", year)
        moves = [each.with_life(years, year) for years in (-2.0, -1.0, 1.0)]
        shares.append(moves[1] / charged)
        cells = (charged / MILLIONS, *(x / MILLIONS for x in moves), shares[-1])
        rows.append(Row.of(each.name, year, *cells))
    return table(
        [
            ("Company", 2),
            "Fiscal year",
            Column(label="Depreciation", decimals=1),
            *(
                Column(label=f"{years} y", group="Change of life", decimals=1, sign=True)
                for years in (f"{MINUS}2", f"{MINUS}1", "+1")
            ),
            Column(label=f"{MINUS}1 y", group="In %", style="percent", decimals=0, sign=True),
        ],
        rows,
        id="peer-lives",
        title=f"A year less of life for servers costs {percent(min(shares))} to "
        f"{percent(max(shares))} of a year's depreciation",
        subtitle="Depreciation of the year, and its change had every life of servers and network "
        "been so many years longer all along, USD bn",
        source=_SOURCE,
        reading="A change made now would also expense at once what is older than the new life; "
        "this compares steady policies.",
    )


def _asked(found: Sequence[Peer]) -> list[tuple[str, float, float, float, float, float]]:
    """By company: what it spent in the last twelve months, and the cash and revenue a year that
    this must bring."""
    rows = []
    lines = ("outlay", "required_cash", "required_revenue", "reported_revenue")
    for each in found:
        spent, cash, revenue, whole = (
            each.twelve_months(line, through(found)) / MILLIONS for line in lines
        )
        rows.append((each.name, spent, cash, cash / spent, revenue, revenue / whole))
    return rows


def cover(case: Case, view: str, found: Sequence[Peer]) -> Cover:
    """The head of the report: what a year's outlay asks of each company."""
    rows = _asked(found)
    top = max(rows, key=lambda row: row[-1])
    figures = tuple(
        KeyFigure(label=row[0], value=percent(row[-1]), note="more revenue a year")
        for row in rows[:6]
    )
    names = joined([each.name for each in found])
    spent = sum(row[1] for row in rows)  # USD bn
    words = (
        f"{names} put {money(spent)} into property in the twelve months to "
        f"{quarter(through(found))}. The figures above are the revenue that each must add, as a "
        "share of its revenue, for that spending to earn its cost of capital: a condition, not a "
        f"forecast. For the programme of {case.assembly.company.display_name}, the "
        f"{case.scenario.title.lower()} of the model says that "
        f"{lowered(answer.headline(Lens(case, view)))}."
    )
    return answer.cover(Lens(case, view), "Peer report").model_copy(
        update={
            "title": f"{_short(top[0])} needs {percent(top[-1])} more revenue to earn its cost of "
            "capital",
            "subtitle": names,
            "figures": figures,
            "summary": (paragraph(words),),
        }
    )


def required(found: Sequence[Peer]) -> TableExhibit:
    """Cash and revenue a year that the spending of the last twelve months must bring."""
    rows = sorted(_asked(found), key=lambda row: -row[-1])
    ends = [f"{percent(row[-1])} at {_short(row[0])}" for row in dict.fromkeys((rows[0], rows[-1]))]
    return table(
        [
            ("Company", 2),
            Column(label="Spent", unit="USD bn", decimals=1),
            Column(label="Cash", unit="USD bn", group="Needed a year", decimals=1),
            Column(label="of spending", group="Needed a year", style="percent"),
            Column(label="Revenue", unit="USD bn", group="Needed a year", decimals=1),
            Column(label="of revenue", group="Needed a year", style="percent", decimals=1),
        ],
        rows,
        id="peer-required",
        title=f"A year's spending must bring more revenue: {' to '.join(ends)}",
        subtitle="What must come back, after tax, to earn the cost of capital on property bought "
        f"in the twelve months to {quarter(through(found))}",
        source=_SOURCE,
        reading="One cost of capital and one cash margin (60% of revenue, judgement) for every "
        "company, so that they compare; each further year of spending needs as much again.",
    )
