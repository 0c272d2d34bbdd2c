"""What peers rest on: their outlays, the figures they are fitted to, their assumptions."""

from __future__ import annotations

from collections.abc import Sequence

from jcurve.facts.outlay_tables import has_outlay_targets
from jcurve.figures.exhibit import Column, Row, TableExhibit, heading, table
from jcurve.ground.numbers import MILLIONS
from jcurve_studies.fits.companies import Peer, fiscal_years
from jcurve_studies.fits.outlays import FORECAST_AFTER, fit_outlays

_SOURCE = "filings of each company; data/companies/*/outlay.csv (mix, lags and lives: estimates)"


def outlays(found: Sequence[Peer]) -> TableExhibit:
    """What each company put into property, and its depreciation, by fiscal year."""
    rows: list[Row] = []
    for each in found:
        rows.append(heading(each.name))
        for year in fiscal_years(each)[-4:]:
            names = ("outlay", "reported_revenue", "property_depreciation")
            spent, earned, charged = (each.year(name, year) / MILLIONS for name in names)
            rows.append(Row.of(year, spent, earned, each.intensity(year), charged, indent=1))
    return table(
        [
            "Fiscal year",
            Column(label="Outlay", decimals=1),
            Column(label="Revenue", decimals=1),
            Column(label="Outlay over revenue", style="percent"),
            Column(label="Depreciation", decimals=1),
        ],
        rows,
        id="peer-outlays",
        title="What each company put into property",
        subtitle="USD bn, fiscal years",
        source=_SOURCE,
    )


def targets(found: Sequence[Peer]) -> TableExhibit:
    """Every figure that a company's outlays are fitted to, and how near the fit comes."""
    rows: list[Row] = []
    for each in found:
        name = each.assembly.company.name
        if not has_outlay_targets(name, each.project):
            continue
        rows.append(heading(each.name))
        early = fit_outlays(name, FORECAST_AFTER, each.project)
        whole = fit_outlays(name, None, each.project)
        for target, before in zip(whole.targets, early.targets, strict=True):
            later = "" if before.year <= early.through else ", after it"
            cells = (
                f"{target.what}, {target.period}", target.reported, target.modelled, target.error,
                target.weight, f"{before.error:+.1%}{later}", target.source_id,
            )  # fmt: skip
            rows.append(Row.of(*cells, indent=1))
    return table(
        [
            "Figure, fiscal year",
            Column(label="Reported", unit="USD m"),
            Column(label="Model", unit="USD m"),
            Column(label="Error", style="percent", decimals=1, sign=True),
            Column(label="Wanted within", style="percent"),
            f"Error, fitted through {FORECAST_AFTER}",
            "Source",
        ],
        rows,
        id="peer-targets",
        title="Every figure that the fit is held against",
        source="filings; data/companies/*/outlay_targets.csv",
    )


def assumptions(found: Sequence[Peer]) -> TableExhibit:
    """What each company rests on: the values of its ``outlay.csv``."""
    rows: list[Row] = []
    for each in found:
        rows.append(heading(each.name))
        members = each.assembly.company.sets["asset_class"]
        alike: dict[tuple[str, ...], list[str]] = {}
        for key, item in each.assumptions.items():
            if item.points is not None:
                value = "; ".join(f"{y or ''} {v:g}".strip() for y, v in item.points.items())
                family, _, member = key.rpartition(".")
                shown = family if member in members else key
                about = (shown, value, item.unit, item.kind, item.basis, item.source.source_id)
                alike.setdefault(about, []).append(key)
        for (shown, *rest), keys in alike.items():
            name = f"{shown}.*" if len(keys) == len(members) else " ".join(keys)
            rows.append(Row.of(name, *rest, indent=1))
    return table(
        ["Assumption", "Value", "Unit", "Kind", "Rests on", "Source"],
        rows,
        id="peer-assumptions",
        title="What each company rests on beside its filings",
        source="data/companies/*/outlay.csv",
        dense=True,
    )
