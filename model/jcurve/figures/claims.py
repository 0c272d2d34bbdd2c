"""What the source articles claim of a scenario's subject, against the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.facts import articles
from jcurve.facts import claims as ledger
from jcurve.facts.registers import MOST_CLAIMS, VERDICTS, claims_that_touch
from jcurve.figures.display import Prose, prose
from jcurve.figures.exhibit import TableExhibit, table

if TYPE_CHECKING:
    from collections.abc import Collection

    from jcurve.case import Case
    from jcurve.ground.project import Project

_BASE_SUBJECTS = ("capex.total", "advertising.compute_elasticity", "cloud.yearly_spending",
                  "market.growth", "returns.wacc")  # fmt: skip
"""What the base scenario is about, which differs from nothing."""


def claims(
    case: Case,
    project: Project | str | Path | None = None,
    keys: Collection[str] | None = None,
) -> TableExhibit | Prose:
    """At most five claims that touch what the scenario changes (or ``keys``), with verdict,
    correction and source."""
    subjects = keys or [each.key for each in case.differences] or _BASE_SUBJECTS
    every = claims_that_touch(subjects, project, most=len(ledger(project)))
    found = every[:MOST_CLAIMS]
    titles = articles(project)
    if not found:
        return prose("No claim of the source articles concerns what this scenario changes.")
    wrong = sum(each.contradicts_record for each in every)
    return table(
        [("Claim", 2), "Article", ("Verdict", 0.9), ("Record", 2.4)],
        [
            (
                each.claim,
                each.article,
                each.verdict,
                each.correction or each.record,
            )
            for each in found
        ],
        id="claims",
        title=f"Of {len(every)} claims that touch this scenario {wrong} contradict the record"
        if wrong
        else "No claim that touches this scenario contradicts the record",
        subtitle=f"Claims of the source articles that touch this scenario, {MOST_CLAIMS} at most; "
        "those that contradict the record first",
        source="register of claims, each with its source; the documentation lists them all",
        reading=". ".join(
            f"{verdict.capitalize()}: {meaning}"
            for verdict, meaning in VERDICTS.items()
            if any(each.verdict == verdict for each in found)
        )
        + ".",
        notes=[f"{key}: {titles[key].title}" for key in sorted({each.article for each in found})],
        dense=True,
    )
