"""The model against filings: depreciation, changes of life, accounting identities."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.figures.exhibit import Column, Row, TableExhibit, table
from jcurve.figures.lens import Lens
from jcurve.figures.numbers import MILLIONS, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jcurve.case import Case
    from jcurve.facts import VerifyReport
    from jcurve.ground.project import Project
    from jcurve_studies.fits.depreciation import Calibration, Target

__all__ = ["depreciation", "effects", "parameters", "quarters", "verified"]

_PROPERTY = "Depreciation of property"
_EFFECT = "Effect of changes of life"
_CHANGE_YEAR = "2025"
_MINUS = "\N{MINUS SIGN}"
_A_YEAR = 4  # letters of a whole year's period


def depreciation(case: Case, project: Project | str | Path | None = None) -> TableExhibit:
    """Depreciation, that of servers, and construction in progress, model over reported."""
    from jcurve_studies.fits.depreciation import measure

    targets = [each for each in measure(case, project) if not each.what.startswith(_EFFECT)]
    periods = list(dict.fromkeys(each.period for each in targets))
    kinds = list(dict.fromkeys(each.what for each in targets))
    found = {(each.what, each.period): each for each in targets}
    worst = max(
        (
            abs(each.error)
            for each in targets
            if each.what == _PROPERTY and len(each.period) == _A_YEAR
        ),
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
        title=f"Depreciation is rebuilt within {percent(worst)} in every whole year"
        f"{_partly(targets)}",
        subtitle="Rebuilt from reported capital expenditure, a mix, placement lags and lives",
        source=Lens(case).source(),
        reading="Every fitted parameter is a constant or one straight path inside the range that "
        "evidence allows; no year has a multiplier of its own.",
    )


def _partly(targets: Sequence[Target]) -> str:
    """How far the newest part of a year is off, where there is one."""
    part = [each for each in targets if each.what == _PROPERTY and len(each.period) != _A_YEAR]
    return f" and {percent(abs(part[-1].error))} since" if part else ""


def _bn(target: Target | None, part: str) -> float | None:
    return None if target is None else float(getattr(target, part)) / MILLIONS


def parameters(found: Calibration, case: Case) -> TableExhibit:
    """The fitted parameters with their ranges, as the scenario holds them and as fitted."""
    from jcurve_studies.fits.depreciation import values_of

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
    from jcurve_studies.fits.depreciation import measure

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
    from jcurve_studies.fits.lives import (
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
        title=f"Each quarter of {_CHANGE_YEAR} is within {percent(worst)} of what is disclosed",
        subtitle="Change of depreciation of assets in service when lives were made longer, USD m; "
        "difference at the far end of what is disclosed",
        source=Lens(case).source(),
        reading="Two quarters are known together only. The effect fades as assets run out, so "
        "neither is larger than the quarter before nor smaller than the one after.",
    )


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
