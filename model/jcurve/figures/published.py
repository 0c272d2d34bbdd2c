"""Other people's models: which of their printed answers can be worked out, and which cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.figures.lens import joined
from jcurve.figures.table import Column, Row, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.analysis.rebuilt import Rebuilt
    from jcurve.project import Project

__all__ = ["answers", "readings"]

_SOURCE = "data/evidence/published_models.csv; models rebuilt in jcurve.analysis.published"


def answers(project: Project | str | Path | None = None) -> TableExhibit:
    """Every published model with its answers: reproduced, or why not."""
    from jcurve.analysis.rebuilt import rebuilt

    found = rebuilt(project)
    done = [each for each in found if each.reproduced]
    rows: list[Row] = []
    for model in dict.fromkeys(each.model for each in found):
        own = [each for each in found if each.model == model]
        rows += [_told(model, [each for each in own if each.reproduced])]
        rows += [
            Row(cells=(model, _figure(each), _ours(each), each.status, each.printed.note))
            for each in own
            if not each.reproduced
        ]
    return table(
        [
            Column(label="Model", style="text"),
            Column(label="Printed", style="text", weight=2),
            Column(label="Ours", style="text"),
            Column(label="Status", style="text"),
            Column(label="Why not", style="text", weight=2.5),
        ],
        [row for row in rows if row.cells[1]],
        id="published-answers",
        title=f"{len(done)} of {len(found)} printed answers of published models come out to the "
        "printed digits",
        subtitle="Worked out from the inputs that each author prints, and from nothing else",
        source=_SOURCE,
        reading="Where an answer is not reproducible, what it rests on is not printed in what was "
        "read; ours is then the nearest that the printed inputs give.",
        dense=True,
    )


def _told(model: str, own: list[Rebuilt]) -> Row:
    figures = joined([_figure(each) for each in own]) if own else ""
    return Row(cells=(model, figures, "the same", "reproduced", ""))


def _figure(each: Rebuilt) -> str:
    digits = max(each.printed.digits, 0)
    return f"{each.printed.figure}: {each.printed.value:,.{digits}f} {each.printed.unit}"


def _ours(each: Rebuilt) -> str:
    return "none" if each.ours is None else f"{each.ours:,.{max(each.printed.digits, 0)}f}"


def readings(project: Project | str | Path | None = None) -> TableExhibit:
    """What rounding and range of its inputs allow of J.P. Morgan's answer."""
    from jcurve.analysis.published import jpm_ranges, jpm_years
    from jcurve.facts.published import published_models

    jpm = published_models(project)["J.P. Morgan"]
    printed = next(each.value for each in jpm.printed if each.figure == "Revenue needed")
    outlays = jpm.given("outlay.low"), jpm.given("outlay.high")
    rate, years = jpm.given("rate"), jpm.given("years")
    rows = jpm_ranges(printed, outlays, rate, years)
    return table(
        [
            Column(label="Reading: outlay in USD bn", style="text", weight=2),
            Column(label="From", unit="USD bn"),
            Column(label="To", unit="USD bn"),
            Column(label=f"{printed:,.0f} among them", style="text"),
        ],
        [(each.reading, each.low, each.high, "yes" if each.holds else "no") for each in rows],
        id="published-readings",
        title=f"The {printed:,.0f} bn of J.P. Morgan follow from no printed input, and contradict "
        "none",
        subtitle=f"A year, at a return of {rate:.0%}; years, margin and the outlay behind it are "
        "not printed",
        source=_SOURCE,
        reading=f"Whole years come nearest at {years:g}; the printed answer itself needs "
        f"{jpm_years(printed, outlays[0], rate):.1f} years for the least outlay.",
    )
