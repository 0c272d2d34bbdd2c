"""What the last edition of the same report said, for a report that tells what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jcurve.reports.editions import latest, series_name
from jcurve.reports.results import read_results

if TYPE_CHECKING:
    from jcurve.figures.brief import Earlier
    from jcurve.reports.parameters import Parameters

__all__ = ["earlier"]


def earlier(given: Parameters, report: str) -> Earlier | None:
    """The last published edition of ``report`` in the series of ``given``; None before the
    first.

    Raises:
        RunError: it cannot be read.
    """
    from jcurve.figures.brief import Earlier

    scenario = given.scenario
    series = series_name(scenario.name, scenario.hash, dict(scenario.overrides), given.view)
    found = latest(given.project, report, series)
    if found is None:
        return None
    results = read_results(found.results)
    shown = results.headlines[results.view]
    return Earlier(
        data_through=results.data_through,
        valuation_date=results.valuation_date,
        scenario_hash=results.scenario.hash,
        headlines={name: headline.model_dump() for name, headline in shown.items()},
    )
