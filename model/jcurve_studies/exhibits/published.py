"""Other people's models: which of their printed answers can be worked out, and which cannot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.figures.exhibit import Column, Row, TableExhibit, table
from jcurve.figures.numbers import joined

if TYPE_CHECKING:
    from jcurve.ground.project import Project
    from jcurve_studies.comparisons.rebuilt import Rebuilt

__all__ = ["answers", "readings"]

_SOURCE = "data/evidence/published_models.csv; models rebuilt in jcurve_studies.comparisons"


def answers(project: Project | str | Path | None = None) -> TableExhibit:
    """Every published model with its answers: reproduced, or why not."""
    from jcurve_studies.comparisons.rebuilt import rebuilt

    found = rebuilt(project)
    whole = sum(each.reproduced for each in found)
    rows: list[Row] = []
    for model in dict.fromkeys(each.model for each in found):
        own = [each for each in found if each.model == model]
        lost = [each for each in own if not each.reproduced]
        notes = dict.fromkeys(each.printed.note for each in lost)
        figures = joined([_figure(each) for each in lost]) if lost else "none"
        done = len(own) - len(lost)
        rows.append(Row(cells=(model, len(own), done, figures, " ".join(notes))))
    return table(
        [
            Column(label="Model", style="text"),
            Column(label="Answers"),
            Column(label="Come out"),
            Column(label="Does not", style="text", weight=1.6),
            Column(label="Why not", style="text", weight=3),
        ],
        rows,
        id="published-answers",
        title=f"{whole} of {len(found)} answers of published models come out to the printed digits",
        subtitle="Worked out from the inputs that each author prints, and from nothing else",
        source=_SOURCE,
        reading="Where an answer does not come out, what it rests on is not printed in what was "
        "read. Every answer beside ours is in docs/published-models.md.",
        dense=True,
    )


def _figure(each: Rebuilt) -> str:
    digits = max(each.printed.digits, 0)
    ours = "" if each.ours is None else f" (ours: {each.ours:,.{digits}f})"
    return f"{each.printed.figure}: {each.printed.value:,.{digits}f} {each.printed.unit}{ours}"


def readings(project: Project | str | Path | None = None) -> TableExhibit:
    """What rounding and range of its inputs allow of J.P. Morgan's answer."""
    from jcurve_studies.comparisons.published_models import jpm_ranges, jpm_years
    from jcurve_studies.records.published import published_models

    jpm = published_models(project)["J.P. Morgan"]
    printed = next(each.value for each in jpm.printed if each.figure == "Revenue needed")
    outlays = jpm.given("outlay.low"), jpm.given("outlay.high")
    rate, years = jpm.given("rate"), jpm.given("years")
    rows = jpm_ranges(printed, outlays, rate, years)
    return table(
        [
            Column(label="Reading of the outlay and its years", style="text", weight=2),
            Column(label="From"),
            Column(label="To"),
            Column(label=f"{printed:,.0f} in it", style="text"),
        ],
        [(each.reading, each.low, each.high, "yes" if each.holds else "no") for each in rows],
        id="published-readings",
        title=f"The {printed:,.0f} bn of J.P. Morgan follow from no printed input, and contradict "
        "none",
        subtitle=f"USD bn a year at a return of {rate:.0%}; years, margin and the outlay behind it "
        "are not printed",
        source=_SOURCE,
        reading=f"Whole years come nearest at {years:g}; the printed answer itself needs "
        f"{jpm_years(printed, outlays[0], rate):.1f} years for the least outlay.",
    )
