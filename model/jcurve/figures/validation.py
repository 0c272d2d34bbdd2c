"""The model against the world: depreciation, forecasts made on what was known then, lives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.figures import answer, style
from jcurve.figures.cover import Cover, KeyFigure
from jcurve.figures.exhibit import Exhibit, chart
from jcurve.figures.lens import MILLIONS, Lens, joined, money, percent
from jcurve.figures.prose import paragraph
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jcurve.analysis.backtest import Backtest, Miss
    from jcurve.analysis.calibrate import Calibration, Target
    from jcurve.case import Case
    from jcurve.facts import VerifyReport
    from jcurve.project import Project

__all__ = [
    "causes", "cover", "depreciation", "effects", "errors", "forecasts", "misses", "parameters",
    "quarters", "verified",
]  # fmt: skip

_PROPERTY = "Depreciation of property"
_EFFECT = "Effect of changes of life"
_CHANGE_YEAR = "2025"
_MINUS = "\N{MINUS SIGN}"
_LOOKS = ("with", "without", "guided")
_CAME = style.Series("#c9d0d8")


def depreciation(case: Case, project: Project | str | Path | None = None) -> TableExhibit:
    """Depreciation, that of servers, and construction in progress, model over reported."""
    from jcurve.analysis.calibrate import measure

    targets = [each for each in measure(case, project) if not each.what.startswith(_EFFECT)]
    periods = list(dict.fromkeys(each.period for each in targets))
    kinds = list(dict.fromkeys(each.what for each in targets))
    found = {(each.what, each.period): each for each in targets}
    worst = max(
        (abs(each.error) for each in targets if each.what == _PROPERTY and len(each.period) == 4),
        default=0.0,
    )
    rows: list[Row] = []
    for kind in kinds:
        own = [found.get((kind, period)) for period in periods]
        rows.append(Row(cells=(f"{kind}, USD bn",), role="heading"))
        rows.append(Row(cells=("Reported", *(_bn(each, "reported") for each in own)), indent=1))
        rows.append(Row(cells=("Model", *(_bn(each, "modelled") for each in own)), indent=1))
        rows.append(
            Row(
                cells=("Difference", *(None if each is None else each.error for each in own)),
                indent=1,
                style="percent",
                decimals=1,
            )
        )
    return table(
        [
            Column(label="", style="text"),
            *(Column(label=period.replace(" to ", "–"), decimals=1) for period in periods),
        ],
        rows,
        id="depreciation-targets",
        title=f"Depreciation is rebuilt within {percent(worst)} in every whole year",
        subtitle="Rebuilt from reported capital expenditure, a mix, placement lags and lives",
        source=Lens(case).source(),
        reading="Every fitted parameter is a constant or one straight path inside the range that "
        "evidence allows; no year has a multiplier of its own.",
    )


def _bn(target: Target | None, part: str) -> float | None:
    return None if target is None else float(getattr(target, part)) / MILLIONS


def parameters(found: Calibration, case: Case) -> TableExhibit:
    """The fitted parameters with their ranges, as the scenario holds them and as fitted."""
    from jcurve.analysis.calibrate import values_of

    held = values_of(case.scenario, found.parameters)
    return table(
        [
            Column(label="Parameter", style="text", weight=2),
            Column(label="Range", style="text"),
            Column(label="Scenario", style="text"),
            Column(label="Range rests on", style="text", weight=3),
        ],
        [
            (each.name, f"{each.low:g} to {each.high:g}", f"{value:g}", each.basis)
            for each, value in zip(found.parameters, held, strict=True)
        ],
        id="parameters",
        title=f"{len(found.parameters)} parameters are fitted, each inside its range",
        subtitle="Units as in the assumption book; shares, quarters, years",
        source="data/companies/meta/calibration.csv, filings",
        reading="The fit is the same every time and starts from the middle of each range.",
        dense=True,
    )


def effects(case: Case, project: Project | str | Path | None = None) -> TableExhibit:
    """Every disclosed effect of a change of useful life beside the model's."""
    from jcurve.analysis.calibrate import measure

    targets = [each for each in measure(case, project) if each.what.startswith(_EFFECT)]
    worst = max((abs(each.error) for each in targets), default=0.0)
    return table(
        [
            Column(label="Period", style="text"),
            Column(label="Disclosed", unit="USD m"),
            Column(label="Model", unit="USD m"),
            Column(label="Difference", style="percent", decimals=1, sign=True),
        ],
        [
            (
                each.period + (", said in advance" if each.what != _EFFECT else ""),
                each.reported,
                each.modelled,
                each.error,
            )
            for each in targets
        ],
        id="life-effects",
        title=f"Changes of useful life save what was disclosed, within {percent(worst)}",
        subtitle="Change of depreciation by longer lives of servers and network",
        source=Lens(case).source(),
        reading="A disclosed effect covers assets in service when the change was made: it fades "
        "as they run out, in Meta's figures and in the model.",
    )


def quarters(case: Case, project: Project | str | Path | None = None) -> TableExhibit:
    """The effect of the change of 2025 in each quarter, as far as disclosures tell it."""
    from jcurve.analysis.lives import (
        by_quarter,
        changes_of,
        disclosed_effects,
        effect,
        in_service_at,
    )

    changes = changes_of(case.scenario)
    then = in_service_at(changes, _CHANGE_YEAR)
    moved = effect(case.assembly, case.values, changes, _CHANGE_YEAR, then)[:, 0]
    company = case.assembly.company.name
    rows, worst = [], 0.0
    for each in by_quarter(disclosed_effects(company, project), _CHANGE_YEAR):
        own = float(moved[case.assembly.timeline.index(each.quarter)])
        worst = max(worst, abs(each.worst(own)))
        known = f"{each.large:,.0f}".replace("-", _MINUS)
        if each.small != each.large:
            known += f" to {each.small:,.0f}".replace("-", _MINUS)
        rows.append((each.quarter, known, own, each.worst(own), each.how))
    return table(
        [
            Column(label="Quarter", style="text"),
            Column(label="Disclosed", style="text"),
            Column(label="Model"),
            Column(label="Difference", style="percent", decimals=1, sign=True),
            Column(label="How it is known", style="text", weight=2),
        ],
        rows,
        id="life-quarters",
        title=f"Each quarter of {_CHANGE_YEAR} comes within {percent(worst)}, however the second "
        "and third split",
        subtitle="Change of depreciation of assets in service when lives were made longer, USD m; "
        "difference at the far end of what is disclosed",
        source=Lens(case).source(),
        reading="Two quarters are known together only. The effect fades as assets run out, so "
        "neither is larger than the quarter before nor smaller than the one after.",
    )


def cover(case: Case, view: str, found: Backtest) -> Cover:
    """The head of the report: how far forecasts of the time were off, and what they carry."""
    from jcurve.analysis.backtest import SUBJECTS, mean_error

    figures = tuple(
        KeyFigure(
            label=subject.capitalize(),
            value=percent(mean_error(found.of(subject))),
            note=f"mean error of {len(found.of(subject))} forecasts",
        )
        for subject in SUBJECTS
    )
    head, first = answer.cover(case, view, "Validation report"), found.runs[0].origin
    said = answer.headline(case, view)
    summary = (
        f"Run on nothing but what was known at the end of {first} and of each year after, the "
        f"lines of this model would have missed what came by these errors, without sign. "
        f"With them stands or falls the answer of the {case.scenario.title.lower()}: "
        f"{said[0].lower()}{said[1:]}."
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
    from jcurve.analysis.backtest import mean_error

    flow, charge = (mean_error(found.of(each)) for each in ("free cash flow", "depreciation"))
    return (
        f"Forecasts of then missed depreciation by {percent(charge)} and free cash flow by "
        f"{percent(flow)} on average"
    )


def errors(found: Backtest) -> TableExhibit:
    """The error of every forecast by the last year known."""
    from jcurve.analysis.backtest import SUBJECTS, mean_error

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
        rows.append(Row(cells=("Mean, without sign", *means), role="subtotal", indent=1))
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
        title="The closer the year, the smaller the miss"
        if _falls(found)
        else "A later start did not always make the miss smaller",
        subtitle="Forecast over what came, less 1; frozen at the annual report of each year",
        source="filings; guidance of the time; data/calendars/releases.csv",
        reading="Nothing later leaks in: a test changes every later figure on file and finds "
        "every forecast unchanged.",
    )


def _falls(found: Backtest) -> bool:
    """Whether each subject's mean error falls from every start to the next."""
    from jcurve.analysis.backtest import SUBJECTS, mean_error

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
    """What came, and what was forecast from the end of each year."""
    own = found.of(subject)
    came = {each.year: each.actual / MILLIONS for each in own}
    years = sorted(came)
    with style.house():
        figure, axes = style.plot(height=60)
        # Plain and light, so that the diamonds over it are seen.
        style.bars(axes, years, [came[year] for year in years], _CAME, width=0.5, label="Came")
        for look, run in zip(_LOOKS, found.runs, strict=False):
            line = [each for each in own if each.origin == run.origin]
            style.dots(
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
        style.key(axes)
    last = [each for each in own if each.year == years[-1]]
    return chart(
        figure,
        id=f"forecasts-{subject.replace(' ', '-')}",
        title=f"{subject.capitalize()} of {years[-1]}: "
        + joined([f"{money(each.forecast / MILLIONS)} as known in {each.origin}" for each in last])
        + f", {money(came[years[-1]])} came",
        subtitle="Bars: what came; diamonds: what was forecast on facts and guidance of the time, "
        "USD bn",
        source="filings; guidance of the time",
        alt=f"Bars of {subject} with forecasts as diamonds: "
        + "; ".join(
            f"{each.year} from {each.origin} {money(each.forecast / MILLIONS)} against "
            f"{money(each.actual / MILLIONS)}"
            for each in own
        )
        + ".",
        reading=f"Mean error without sign {percent(_mean(own))}.",
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
            Row(cells=("Came", *(each.actual / MILLIONS for each in own)), role="total"),
        ],
        id=f"misses-{subject.replace(' ', '-')}",
        title=f"Where forecasts of {subject} went wrong",
        subtitle="Forecasts on what was known at the end of the year above; parts are what each "
        "cause added, and sum to forecast less what came",
        source="filings; guidance of the time",
        reading="A part above zero made the forecast too high.",
    )


def causes(found: Backtest, project: Project | str | Path | None = None) -> TableExhibit:
    """Why each large miss came about."""
    from jcurve.facts.discrepancies import causes as on_file

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


def verified(report: VerifyReport, project: Project | str | Path | None = None) -> TableExhibit:
    """How many identities of the reported facts were re-checked, by company."""
    from jcurve.facts import companies, company

    owners = [company(folder, project) for folder in companies(project)]
    names = {each.name: each.display_name for each in owners}
    counts: dict[str, int] = {}
    failed: dict[str, int] = {}
    for each in report.checks:
        counts[each.company] = counts.get(each.company, 0) + each.count
        failed[each.company] = failed.get(each.company, 0) + len(each.failures)
    total, wrong = sum(counts.values()), sum(failed.values())
    return table(
        [
            Column(label="Facts of", style="text"),
            Column(label="Identities checked"),
            Column(label="Broken"),
        ],
        [
            *(
                (names.get(name, name.capitalize()), count, failed[name])
                for name, count in counts.items()
            ),
            Row(cells=("All", total, wrong), role="total"),
        ],
        id="verified",
        title=f"{total:,} accounting identities hold" if not wrong else f"{wrong} are broken",
        subtitle="Quarters to years, segments to totals, gross less accumulated to net, and so on",
        source="jcurve facts verify",
        reading="Known disagreements between filings are let pass only where a reason is on file.",
    )
