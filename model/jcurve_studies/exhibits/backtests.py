"""Forecasts made on what was known then, beside the actual figures, and why they missed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from jcurve.case import Case
from jcurve.figures import answer, plotting, style
from jcurve.figures.display import Cover, KeyFigure, paragraph
from jcurve.figures.exhibit import Column, Exhibit, Row, TableExhibit, chart, heading, table
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import MILLIONS, joined, lowered, money, percent, spelt
from jcurve.ground.project import Where
from jcurve_studies.backtesting.backtest import SUBJECTS, Backtest, Miss, mean_error
from jcurve_studies.backtesting.backtest import causes as causes_on_file

TOLERANCE = {"depreciation": 0.05, "free cash flow": 0.10, "advertising": 0.05}
"""From which error on a miss must have a cause on file."""

_SOURCE = "filings and guidance up to each forecast"
_QUARTERS = ("capex.planned_through", "valuation.date")
_LOOKS = ("with", "without", "guided")
_ACTUAL = style.Series("#c9d0d8")


def cover(case: Case, view: str, found: Backtest) -> Cover:
    """The head of the report: how far forecasts of the time were off, and what they carry."""
    figures = tuple(
        KeyFigure(
            label=subject.capitalize(),
            value=percent(mean_error(found.of(subject))),
            note=f"mean error of {len(found.of(subject))} forecasts",
        )
        for subject in SUBJECTS
    )
    head, first = answer.cover(Lens(case, view), "Validation report"), found.runs[0].origin
    flow, charge = (mean_error(found.of(each)) for each in ("free cash flow", "depreciation"))
    said = answer.headline(Lens(case, view))
    summary = (
        f"Using only what was known at the end of {first} and of each later year, this "
        f"model would have missed by these mean absolute errors. Its answer for the "
        f"{case.scenario.title.lower()}, that {lowered(said)}, deserves no more trust than that."
    )
    return head.model_copy(
        update={
            "title": f"Past forecasts missed depreciation by {percent(charge)} and free cash flow "
            f"by {percent(flow)} on average",
            "subtitle": "Past figures rebuilt, past forecasts tested, accounts checked",
            "figures": figures,
            "summary": (paragraph(summary),),
        }
    )


def errors(found: Backtest) -> TableExhibit:
    """The error of every forecast by the last year known."""
    origins = [run.origin for run in found.runs]
    rows: list[Row] = []
    for subject in SUBJECTS:
        own = found.of(subject)
        rows.append(heading(f"{subject.capitalize()}"))
        for year in sorted({each.year for each in own}):
            by = {each.origin: each.error for each in own if each.year == year}
            rows.append(Row.of(str(year), *(by.get(each) for each in origins), indent=1))
        means = [_mean(own, origin) for origin in origins]
        rows.append(Row.of("Mean absolute error", *means, role="subtotal", indent=1))
    return table(
        [
            "Year forecast",
            *(
                Column(label=f"Known through {each}", style="percent", decimals=1)
                for each in origins
            ),
        ],
        rows,
        id="backtest-errors",
        title="The closer the year, the smaller the error"
        if _falls(found)
        else "Later forecasts were not always closer",
        subtitle="Forecast over actual, less 1; as known at the annual report of each year",
        source=_SOURCE,
        reading="No later information is used: a test changes every later figure on file and finds "
        "every forecast unchanged.",
    )


def _mean(own: Sequence[Miss], origin: int) -> float | None:
    """Mean absolute error of the forecasts from one year, None where there is none."""
    made = tuple(each for each in own if each.origin == origin)
    return mean_error(made) if made else None


def _falls(found: Backtest) -> bool:
    """Whether each subject's mean error falls from every start to the next."""
    by_start = [
        [mean for run in found.runs if (mean := _mean(found.of(subject), run.origin)) is not None]
        for subject in SUBJECTS
    ]
    return all(means == sorted(means, reverse=True) for means in by_start)


def forecasts(found: Backtest, subject: str) -> Exhibit:
    """Actual figures, and what was forecast from the end of each of the last three years."""
    drawn = found.runs[-len(_LOOKS) :]
    own = [each for each in found.of(subject) if each.origin >= drawn[0].origin]
    actual = {each.year: each.actual / MILLIONS for each in own}
    years = sorted(actual)
    with style.house():
        figure, axes = style.plot(height=60)
        # Plain and light, so that the diamonds over it are seen.
        plotting.bars(
            axes, years, [actual[year] for year in years], _ACTUAL, width=0.5, label="Actual"
        )
        for place, run in enumerate(drawn):
            line = [each for each in own if each.origin == run.origin]
            plotting.dots(
                axes,
                [each.year + 0.12 * (place - 1) for each in line],
                [each.forecast / MILLIONS for each in line],
                _LOOKS[place],
                label=f"Forecast at the end of {run.origin}",
            )
        style.years(axes, years[0], years[-1])
        top = max(max(each.forecast, each.actual) for each in own)
        axes.set_ylim(0, 1.25 * top / MILLIONS)
        style.numbers(axes.yaxis)
        plotting.key(axes)
    last = [each for each in own if each.year == years[-1]]
    return chart(
        figure,
        id=f"forecasts-{subject.replace(' ', '-')}",
        title=f"{subject.capitalize()} of {years[-1]} was {money(actual[years[-1]])}; it had been "
        f"forecast at {joined(money(each.forecast / MILLIONS) for each in last)}",
        subtitle="Bars: actual; diamonds: what was forecast on facts and guidance known by then, "
        "USD bn",
        source=_SOURCE,
        alt=f"Bars of {subject} with forecasts as diamonds: "
        + "; ".join(
            f"{each.year} from {each.origin} {money(each.forecast / MILLIONS)} against "
            f"{money(each.actual / MILLIONS)}"
            for each in own
        )
        + ".",
        reading=f"Forecast at the end of {joined(str(each.origin) for each in last)}. Mean "
        f"absolute error {percent(mean_error(tuple(own)))}.",
    )


def misses(found: Backtest, subject: str) -> TableExhibit:
    """What each cause added to every forecast; the parts sum to the miss."""
    own = found.of(subject)
    names = dict.fromkeys(name for each in own for name, _ in each.parts)
    parts = [dict(each.parts) for each in own]
    return table(
        [
            ("USD bn", 2),
            *(Column(label=str(each.year), group=f"End {each.origin}", decimals=1) for each in own),
        ],
        [
            Row.of("Forecast", *(each.forecast / MILLIONS for each in own)),
            *(
                Row.of(
                    name.capitalize(),
                    *(each[name] / MILLIONS if name in each else None for each in parts),
                    indent=1,
                )
                for name in names
            ),
            Row.of("Actual", *(each.actual / MILLIONS for each in own), role="total"),
        ],
        id=f"misses-{subject.replace(' ', '-')}",
        title=_misses_title(own, subject),
        subtitle="Forecasts on what was known at the end of the year above; parts are what each "
        "cause added, and sum to forecast less actual",
        source=_SOURCE,
        reading="A positive part made the forecast too high.",
    )


def _misses_title(own: Sequence[Miss], subject: str) -> str:
    """The cause that moved forecasts of a subject most, over all of them."""
    sizes: defaultdict[str, float] = defaultdict(float)
    for each in own:
        for name, amount in each.parts:
            sizes[name] += abs(amount)
    most = max(sizes, key=sizes.__getitem__)
    return f"The largest cause of missed forecasts of {subject} is {lowered(most)}"


def by_response(found: Backtest) -> TableExhibit:
    """Errors of advertising forecast on what was known then, for each elasticity."""
    tried = sorted({each.elasticity for each in found.by_elasticity})
    made = dict.fromkeys((each.origin, each.year) for each in found.by_elasticity)
    errors = {(each.origin, each.year, each.elasticity): each for each in found.by_elasticity}
    means = [
        mean_error(tuple(each for each in found.by_elasticity if each.elasticity == elasticity))
        for elasticity in tried
    ]
    rows = [
        Row.of(
            f"{year}, known through {origin}",
            *(errors[origin, year, elasticity].error for elasticity in tried),
        )
        for origin, year in made
    ]
    rows.append(Row.of("Mean absolute error", *means, role="total"))
    return table(
        [
            "Forecast",
            *(
                Column(label=f"{elasticity:g}", group="Elasticity", style="percent", decimals=1)
                for elasticity in tried
            ),
        ],
        rows,
        id="advertising-by-response",
        title=f"Past forecasts of advertising miss by {percent(min(means))} to "
        f"{percent(max(means))}, whatever the response",
        subtitle="Forecast over actual, less 1, by elasticity of advertising to ranking compute",
        source=_SOURCE,
        reading="Compute grew about as fast as the frontier's, so the test shows how well "
        "market and excess growth were foreseen; it cannot show which elasticity is right.",
    )


def causes(found: Backtest, project: Where = None) -> TableExhibit:
    """Why each large miss came about."""
    why = causes_on_file(project)
    told = [
        (each, why[each.subject, each.origin, each.year])
        for each in found.misses
        if (each.subject, each.origin, each.year) in why
    ]
    return table(
        [
            ("Forecast", 1.2),
            Column(label="Error", style="percent", decimals=1, sign=True),
            ("Cause", 4),
            "Kind",
        ],
        [
            (f"{each.subject.capitalize()} {each.year}, known through {each.origin}", each.error,
             cause.cause, cause.kind)
            for each, cause in told
        ],
        id="causes",
        title=f"Every large miss has a cause on file, {spelt(len(told))} in all",
        subtitle="Large: more than 5%, of free cash flow 10%",
        source="register of causes of misses",
        reading="Causes that reported figures show are kept apart from those the model itself "
        "implies.",
        dense=True,
    )  # fmt: skip


def stated(found: Backtest) -> TableExhibit:
    """The assumptions of each run: guidance of the time, or the naive rule in its place."""
    runs = (*found.runs, *found.response_runs)
    rows: dict[str, list[str]] = {}
    for at, run in enumerate(runs):
        for each in run.stated:
            text = _value(each.value)
            if each.keys[0] in _QUARTERS:
                text = run.case.assembly.timeline.labels[round(float(text))]
            cells = rows.setdefault(f"{each.what} ({', '.join(each.keys)})", [""] * len(runs))
            cells[at] = f"{text} ({each.basis})"
    heads = [f"{run.as_of.isoformat()}, known through {run.origin}" for run in runs]
    heads[len(found.runs) :] = [f"{head}, with response" for head in heads[len(found.runs) :]]
    return table(
        ["Assumption", *heads],
        [(key, *cells) for key, cells in rows.items()],
        id="stated-then",
        title="What each run was told: guidance known by then, otherwise a naive rule",
        source=_SOURCE,
        dense=True,
    )


def _value(value: float | Mapping[int, float] | Mapping[str, float]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{period}: {_value(each)}" for period, each in value.items())
    return f"{value:,.0f}" if abs(value) >= MILLIONS else f"{value:.3g}"
