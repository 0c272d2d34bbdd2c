"""The model against filings: depreciation, changes of life, accounting identities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from jcurve.case import Case
from jcurve.facts import VerifyReport, companies, company, evidence
from jcurve.figures.exhibit import Column, Row, TableExhibit, heading, table
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import MILLIONS, money, percent, quarter, spelt, written
from jcurve.ground.project import Where
from jcurve_studies.fits.depreciation import measure, values_of
from jcurve_studies.fits.fitting import Calibration, Target
from jcurve_studies.fits.lives import (
    by_quarter,
    changes_of,
    cut,
    disclosed_effects,
    effect,
    in_service_at,
)

_PROPERTY = "Depreciation of property"
_EFFECT = "Effect of changes of life"
_CHANGE_YEAR = "2025"
_FITTED = ", to which it is fitted"
_EFFECT_OF_LIVES = "The saving by longer lives"
_A_YEAR = 4  # letters of a whole year's period
_CUTS = (("2025Q1", 3.0), ("2026Q3", 3.0), ("2026Q3", 4.0))
_DIFFERENCE = Column(label="Difference", style="percent", decimals=1, sign=True)


def _off(targets: Sequence[Target]) -> tuple[float, str]:
    """The largest miss of depreciation in a whole year, and how far off the part of a year is."""
    own = [each for each in targets if each.what == _PROPERTY]
    whole = [abs(each.error) for each in own if len(each.period) == _A_YEAR]
    part = [each.error for each in own if len(each.period) != _A_YEAR]
    since = f", and within {percent(abs(part[-1]))} since" if part else ""
    return max(whole, default=0.0), since


def _against_filings(
    case: Case, targets: Sequence[Target], *, id: str, title: str, subtitle: str, reading: str
) -> TableExhibit:
    """Reported, modelled and how far apart, a column for each period."""
    targets = [each for each in targets if not each.what.startswith(_EFFECT)]
    periods = list(dict.fromkeys(each.period for each in targets))
    found = {(each.what, each.period): each for each in targets}
    rows: list[Row] = []
    for kind in dict.fromkeys(each.what for each in targets):
        own = [found.get((kind, period)) for period in periods]
        reported = (None if each is None else each.reported / MILLIONS for each in own)
        modelled = (None if each is None else each.modelled / MILLIONS for each in own)
        errors = (None if each is None else each.error for each in own)
        rows += [
            heading(f"{kind}, USD bn"),
            Row.of("Reported", *reported, indent=1),
            Row.of("Model", *modelled, indent=1),
            Row.of("Difference", *errors, indent=1, style="percent", decimals=1),
        ]
    return table(
        [
            "",
            *(Column(label=quarter(period), decimals=1) for period in periods),
        ],
        rows,
        id=id,
        title=title,
        subtitle=subtitle,
        source=Lens(case).source(),
        reading=reading,
    )


def depreciation(case: Case, early: Calibration, project: Where = None) -> TableExhibit:
    """Depreciation, that of servers, and construction in progress, model over reported; ``early``
    is fitted through an earlier year and tells what such a fit is worth."""
    targets = measure(case, project)
    worst, since = _off(targets)
    later, later_since = _off([each for each in early.targets if each.year > early.through])
    return _against_filings(
        case,
        targets,
        id="depreciation-targets",
        title=f"Fitted to these years, depreciation is within {percent(worst)} of what was filed "
        f"in every whole year{since}",
        subtitle="Rebuilt from reported capital expenditure, a mix, placement lags and lives",
        reading=f"What a fit is worth is what it says of years that it has not seen: fitted "
        f"through {early.through}, it is within {percent(later)} of the years after{later_since}. "
        "No year has a multiplier of its own.",
    )


def forecast(early: Calibration, case: Case) -> TableExhibit:
    """The same with parameters fitted through an earlier year: what they forecast after it."""
    later = [each for each in early.targets if each.year > early.through]
    worst, since = _off(later)
    return _against_filings(
        case,
        early.targets,
        id=f"depreciation-forecast-{early.through}",
        title=f"Fitted through {early.through}, depreciation of the years after is within "
        f"{percent(worst)} of what was filed{since}",
        subtitle=f"Fitted to figures through {early.through}; later columns are forecast",
        reading="Purchases are the actual ones, so this tests mix, lags and lives.",
    )


def parameters(found: Calibration, early: Calibration, case: Case) -> TableExhibit:
    """The fitted parameters with their ranges, as the scenario holds them, as fitted now and
    through the year of ``early``."""
    fits = (found, early)
    held = values_of(case.scenario, found.parameters)
    return table(
        [
            ("Parameter", 2),
            "Range",
            "Scenario",
            *(f"Fitted through {each.through}" for each in fits),
            ("Range rests on", 3),
        ],
        [
            (
                each.name,
                f"{each.low:g} to {each.high:g}",
                f"{held[at]:g}",
                *(f"{fit.values[at]:g}" for fit in fits),
                each.basis,
            )
            for at, each in enumerate(found.parameters)
        ],
        id="parameters",
        title=f"All {spelt(len(found.parameters))} fitted parameters lie inside their ranges",
        subtitle="Units as in the assumption book; shares, quarters, years",
        source="J-Curve fit to filings",
        reading="The fit is the same every time and starts from the middle of each range.",
        dense=True,
    )


def effects(case: Case, project: Where = None) -> TableExhibit:
    """Every disclosed effect of a change of useful life beside the model's."""
    return _effects(case, measure(case, project), "life-effects")


def effects_forecast(early: Calibration, case: Case) -> TableExhibit:
    """The same with parameters fitted through an earlier year."""
    found = _effects(case, early.targets, f"life-effects-forecast-{early.through}")
    title = f"{found.title.removesuffix(_FITTED)}, fitted through {early.through}"
    return found.model_copy(update={"title": title})


def _effects(case: Case, measured: Sequence[Target], name: str) -> TableExhibit:
    targets = [each for each in measured if each.what.startswith(_EFFECT)]
    worst = max((abs(each.error) for each in targets), default=0.0)
    return table(
        [
            "Period",
            Column(label="Disclosed", unit="$m"),
            Column(label="Model", unit="$m"),
            _DIFFERENCE,
        ],
        [
            (
                quarter(each.period) + (", said in advance" if each.what != _EFFECT else ""),
                each.reported,
                each.modelled,
                each.error,
            )
            for each in targets
        ],
        id=name,
        title=f"{_EFFECT_OF_LIVES} is within {percent(worst)} of what was disclosed{_FITTED}",
        subtitle="Change of depreciation by longer lives of servers and network",
        source=Lens(case).source(),
        reading="A disclosed effect covers assets in service when the change was made: it fades "
        "as they run out, in Meta's figures and in the model.",
    )


def quarters(case: Case, project: Where = None) -> TableExhibit:
    """The effect of the change of 2025 in each quarter, as far as disclosures tell it."""
    changes, timeline = changes_of(case.scenario), case.assembly.timeline
    then = in_service_at(changes, _CHANGE_YEAR)
    moved = effect(case.assembly, case.values, changes, _CHANGE_YEAR, then)[:, 0]
    rows, worst = [], 0.0
    for each in by_quarter(disclosed_effects(case.assembly.company.name, project), _CHANGE_YEAR):
        own = float(moved[timeline.index(each.quarter)])
        worst = max(worst, abs(each.worst(own)))
        ends = dict.fromkeys(written(end) for end in (each.large, each.small))
        how = quarter(each.how)
        rows.append((quarter(each.quarter), " to ".join(ends), own, each.worst(own), how))
    return table(
        [
            "Quarter",
            "Disclosed",
            Column(label="Model"),
            _DIFFERENCE,
            ("How it is known", 2),
        ],
        rows,
        id="life-quarters",
        title=f"With that fit, the model's saving in each quarter of {_CHANGE_YEAR} is within "
        f"{percent(worst)} of what was disclosed",
        subtitle="Change of depreciation of assets in service when lives were made longer, $m; "
        "difference at the far end of what is disclosed",
        source=Lens(case).source(),
        reading="Two quarters are known together only. The effect fades as assets run out, so "
        "neither is larger than the quarter before nor smaller than the one after.",
    )


def cuts(case: Case, project: Where = None) -> TableExhibit:
    """What a life of three or four years for servers would cost, beside the static reading."""
    static = evidence(project)["LIFE3_STATIC"].value or 0.0
    rows = []
    for date, life in _CUTS:
        found = cut(case.assembly, case.values, changes_of(case.scenario), date, life)
        extra = {year: money(x / MILLIONS, sign=True) for year, x in found.extra.items()}
        by_year = "; ".join(f"{year} {text}" for year, text in extra.items())
        cells = (found.static / MILLIONS, found.first_quarter / MILLIONS)
        rows.append((date, f"{life:g} years", *cells, by_year))
    return table(
        [
            "From",
            "To",
            Column(label="Static reading, year", decimals=1, sign=True),
            Column(label="First quarter", decimals=1, sign=True),
            ("By year", 3),
        ],
        rows,
        id="life-cuts",
        title="A shorter life costs most at once, and nothing over the life of the assets",
        subtitle="Depreciation beyond that of the lives in force, USD bn",
        source=Lens(case).source(),
        reading="The static reading multiplies a year's depreciation by old life over new; that "
        f"of 2025 is published as {money(static)}.",
    )


def verified(report: VerifyReport, project: Where = None) -> TableExhibit:
    """How many identities of the reported facts were re-checked, by company."""
    owners = [company(folder, project) for folder in companies(project)]
    names = {each.name: each.display_name for each in owners}
    counts: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for each in report.checks:
        counts[each.company] += each.count
        failed[each.company] += len(each.failures)
    total, wrong = sum(counts.values()), sum(failed.values())
    return table(
        ["Facts of", Column(label="Identities checked"), Column(label="Broken")],
        [
            *(
                (names.get(name, name.capitalize()), count, failed[name])
                for name, count in counts.items()
            ),
            Row.of("All", total, wrong, role="total"),
        ],
        id="verified",
        title=f"All {total:,} accounting identities hold"
        if not wrong
        else f"Of {total:,} accounting identities {spelt(wrong)} fail",
        subtitle="Quarters to years, segments to totals, gross less accumulated to net, and so on",
        source="facts on file, checked by J-Curve",
        reading="A known disagreement between filings passes only with a reason on file.",
    )
