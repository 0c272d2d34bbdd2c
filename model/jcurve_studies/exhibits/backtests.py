"""Forecasts made on what was known then, beside the actual figures, and why they missed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.figures import answer, plotting, style
from jcurve.figures.display import Cover, KeyFigure, paragraph
from jcurve.figures.exhibit import Column, Exhibit, Row, TableExhibit, chart, table
from jcurve.figures.lens import Lens
from jcurve.figures.numbers import MILLIONS, joined, lowered, money, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jcurve.case import Case
    from jcurve.ground.project import Project
    from jcurve_studies.backtesting.backtest import Backtest, Miss

__all__ = ["by_response", "causes", "cover", "errors", "forecasts", "misses"]

_LOOKS = ("with", "without", "guided")
_CAME = style.Series("#c9d0d8")


def cover(case: Case, view: str, found: Backtest) -> Cover:
    """The head of the report: how far forecasts of the time were off, and what they carry."""
    from jcurve_studies.backtesting.backtest import SUBJECTS, mean_error

    figures = tuple(
        KeyFigure(
            label=subject.capitalize(),
            value=percent(mean_error(found.of(subject))),
            note=f"mean error of {len(found.of(subject))} forecasts",
        )
        for subject in SUBJECTS
    )
    head, first = answer.cover(Lens(case, view), "Validation report"), found.runs[0].origin
    said = answer.headline(Lens(case, view))
    summary = (
        f"Run on nothing but what was known at the end of {first} and of each year after, this "
        f"model would have missed by these mean absolute errors. The answer of the "
        f"{case.scenario.title.lower()}, that {lowered(said)}, can be trusted no further."
    )
    return head.model_copy(
        update={
            "title": _title(found),
            "subtitle": "Rebuilt, forecast as known then, and tied together",
            "figures": figures,
            "summary": (paragraph(summary),),
        }
    )


def _title(found: Backtest) -> str:
    from jcurve_studies.backtesting.backtest import mean_error

    flow, charge = (mean_error(found.of(each)) for each in ("free cash flow", "depreciation"))
    return (
        f"Past forecasts missed depreciation by {percent(charge)} and free cash flow by "
        f"{percent(flow)} on average"
    )


def errors(found: Backtest) -> TableExhibit:
    """The error of every forecast by the last year known."""
    from jcurve_studies.backtesting.backtest import SUBJECTS, mean_error

    origins = [run.origin for run in found.runs]
    rows: list[Row] = []
    for subject in SUBJECTS:
        own = found.of(subject)
        rows.append(Row(cells=(f"{subject.capitalize()}",), role="heading"))
        for year in sorted({each.year for each in own}):
            by = {each.origin: each.error for each in own if each.year == year}
            rows.append(Row(cells=(str(year), *(by.get(each) for each in origins)), indent=1))
        means = [
            mean_error(tuple(each for each in own if each.origin == origin)) if any(
                each.origin == origin for each in own
            ) else None
            for origin in origins
        ]  # fmt: skip
        rows.append(Row(cells=("Mean absolute error", *means), role="subtotal", indent=1))
    return table(
        [
            Column(label="Year forecast", style="text"),
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
        source="filings; guidance of the time; data/calendars/releases.csv",
        reading="Nothing later leaks in: a test changes every later figure on file and finds "
        "every forecast unchanged.",
    )


def _falls(found: Backtest) -> bool:
    """Whether each subject's mean error falls from every start to the next."""
    from jcurve_studies.backtesting.backtest import SUBJECTS, mean_error

    by_start = [
        [
            mean_error(own)
            for run in found.runs
            if (own := tuple(each for each in found.of(subject) if each.origin == run.origin))
        ]
        for subject in SUBJECTS
    ]
    return all(means == sorted(means, reverse=True) for means in by_start)


def forecasts(found: Backtest, subject: str) -> Exhibit:
    """Actual figures, and what was forecast from the end of each year."""
    own = found.of(subject)
    came = {each.year: each.actual / MILLIONS for each in own}
    years = sorted(came)
    with style.house():
        figure, axes = style.plot(height=60)
        # Plain and light, so that the diamonds over it are seen.
        plotting.bars(axes, years, [came[year] for year in years], _CAME, width=0.5, label="Actual")
        for look, run in zip(_LOOKS, found.runs, strict=False):
            line = [each for each in own if each.origin == run.origin]
            plotting.dots(
                axes,
                [each.year + 0.12 * (run.origin - found.runs[1].origin) for each in line],
                [each.forecast / MILLIONS for each in line],
                look,
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
        title=f"{subject.capitalize()} of {years[-1]}: "
        + joined([f"{money(each.forecast / MILLIONS)} as known in {each.origin}" for each in last])
        + f", actual {money(came[years[-1]])}",
        subtitle="Bars: actual; diamonds: what was forecast on facts and guidance of the time, "
        "USD bn",
        source="filings; guidance of the time",
        alt=f"Bars of {subject} with forecasts as diamonds: "
        + "; ".join(
            f"{each.year} from {each.origin} {money(each.forecast / MILLIONS)} against "
            f"{money(each.actual / MILLIONS)}"
            for each in own
        )
        + ".",
        reading=f"Mean absolute error {percent(_mean(own))}.",
    )


def _mean(own: Sequence[Miss]) -> float:
    return sum(abs(each.error) for each in own) / len(own)


def misses(found: Backtest, subject: str) -> TableExhibit:
    """What each cause added to every forecast; the parts sum to the miss."""
    own = found.of(subject)
    names = list(dict.fromkeys(name for each in own for name, _ in each.parts))

    def parts(each: Miss) -> Mapping[str, float]:
        return dict(each.parts)

    return table(
        [
            Column(label="USD bn", style="text", weight=2),
            *(Column(label=str(each.year), group=f"End {each.origin}", decimals=1) for each in own),
        ],
        [
            Row(cells=("Forecast", *(each.forecast / MILLIONS for each in own))),
            *(
                Row(
                    cells=(
                        name.capitalize(),
                        *(
                            parts(each)[name] / MILLIONS if name in parts(each) else None
                            for each in own
                        ),
                    ),
                    indent=1,
                )
                for name in names
            ),
            Row(cells=("Actual", *(each.actual / MILLIONS for each in own)), role="total"),
        ],
        id=f"misses-{subject.replace(' ', '-')}",
        title=_misses_title(own, subject),
        subtitle="Forecasts on what was known at the end of the year above; parts are what each "
        "cause added, and sum to forecast less actual",
        source="filings; guidance of the time",
        reading="Positive: the cause made the forecast too high.",
    )


def _misses_title(own: Sequence[Miss], subject: str) -> str:
    """The cause that moved forecasts of a subject most, over all of them."""
    sizes: dict[str, float] = {}
    for each in own:
        for name, amount in each.parts:
            sizes[name] = sizes.get(name, 0.0) + abs(amount)
    most = max(sizes, key=sizes.__getitem__)
    return f"Forecasts of {subject} missed by {lowered(most)} most"


def by_response(found: Backtest) -> TableExhibit:
    """Errors of advertising forecast on what was known then, for each elasticity."""
    tried = sorted({each.elasticity for each in found.by_elasticity})
    made = dict.fromkeys((each.origin, each.year) for each in found.by_elasticity)
    errors = {(each.origin, each.year, each.elasticity): each for each in found.by_elasticity}
    means = [
        _mean([each for each in found.by_elasticity if each.elasticity == elasticity])
        for elasticity in tried
    ]
    rows = [
        Row(
            cells=(
                f"{year}, known through {origin}",
                *(errors[origin, year, elasticity].error for elasticity in tried),
            )
        )
        for origin, year in made
    ]
    rows.append(Row(cells=("Mean absolute error", *means), role="total"))
    return table(
        [
            Column(label="Forecast", style="text"),
            *(
                Column(label=f"{elasticity:g}", group="Elasticity", style="percent", decimals=1)
                for elasticity in tried
            ),
        ],
        rows,
        id="advertising-by-response",
        title=f"Past forecasts of advertising miss by {percent(min(means))} to "
        f"{percent(max(means))}, whatever response is believed",
        subtitle="Forecast over actual, less 1, by elasticity of advertising to ranking compute",
        source="filings; guidance of the time",
        reading="Compute grew about as fast as the frontier's, so that the test says how well "
        "market and excess growth were foreseen and cannot say which elasticity is right.",
    )


def causes(found: Backtest, project: Project | str | Path | None = None) -> TableExhibit:
    """Why each large miss came about."""
    from jcurve_studies.records.causes import causes as on_file

    why = on_file(project)
    told = [
        (each, why[each.subject, each.origin, each.year])
        for each in found.misses
        if (each.subject, each.origin, each.year) in why
    ]
    return table(
        [
            Column(label="Forecast", style="text", weight=1.2),
            Column(label="Error", style="percent", decimals=1, sign=True),
            Column(label="Cause", style="text", weight=4),
            Column(label="Kind", style="text"),
        ],
        [
            (f"{each.subject.capitalize()} {each.year}, known through {each.origin}", each.error,
             cause.cause, cause.kind)
            for each, cause in told
        ],
        id="causes",
        title=f"{len(told)} misses have a cause on file, every large one among them",
        subtitle="Every miss of more than 5 % (of free cash flow: 10 %) has a cause on file",
        source="data/evidence/discrepancies.csv",
        reading="Causes in reported figures are told apart from those that follow from the model's "
        "own.",
        dense=True,
    )  # fmt: skip
