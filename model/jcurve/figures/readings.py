"""Readings of the elasticity of advertising to compute, and what each leaves unexplained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve.analysis.readings import Believed, believed
from jcurve.facts import elasticity_readings
from jcurve.figures.lens import Lens, percent
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.case import Case
    from jcurve.project import Project

__all__ = ["readings"]


def readings(case: Case, project: Project) -> TableExhibit:
    """Each reading of the elasticity and the scenario's own, with what compute then explains of
    reported growth of advertising and what nothing does."""
    lens = Lens(case)
    known = elasticity_readings(project)
    found, own = believed(case, known, project)
    rows = [
        Row(cells=(each.label, each.value, f"{each.low:g} to {each.high:g}", *_says(found[key])))
        for key, each in known.items()
    ]
    rows.append(Row(cells=("This scenario", own.elasticity, "", *_says(own)), role="total"))
    return table(
        [
            Column(label="", style="text", weight=3),
            Column(label="Elasticity", decimals=2),
            Column(label="Range", style="text"),
            Column(label="Own compute", group="Growth of advertising", style="percent", decimals=1),
            Column(
                label="Less the frontier's", group="Growth of advertising", style="percent",
                decimals=1, sign=True,
            ),
            Column(
                label="Unexplained", group="Growth of advertising", style="percent", decimals=1,
                sign=True,
            ),
        ],
        rows,
        id="elasticity-readings",
        title=f"Compute relative to the frontier's explains {percent(own.relative, 1)} of growth; "
        f"{percent(own.unexplained, 1)} a year beyond the market is unexplained",
        subtitle=f"Growth in logarithms: of the four quarters to {lens.quarter(case.data_through)} "
        "from compute, the mean of eight quarters for what neither market nor compute explains",
        source=lens.source("papers, calls and posts of the company; reported advertising"),
        reading="No reading measures the response: papers and stated gains are the company's own, "
        "and history cannot tell compute from an acceleration that all sellers share. The larger "
        "the elasticity, the less is left unexplained, and the more a company loses that falls "
        "behind.",
    )  # fmt: skip


def _says(found: Believed) -> tuple[float, float, float]:
    return found.own, found.relative, found.unexplained
