"""The ledger of claims; stale data on the first page."""

from __future__ import annotations

import datetime
from dataclasses import replace

import jcurve
from jcurve.assumptions import load
from jcurve.facts import claims, company
from jcurve.facts.calendar import DAYS_TO_REPORT, next_results_day, stale
from jcurve.facts.registers import VERDICTS, touches
from jcurve.figures import Lens, answer
from tests.support.quarters_back import COMING


def test_the_ledger_holds_74_claims_with_source_or_reason() -> None:
    ledger = claims()
    assert len(ledger) == 74
    assert {each.verdict for each in ledger.values()} == set(VERDICTS)
    for each in ledger.values():
        assert each.record, each.key
        if each.contradicts_record:
            assert each.correction, each.key


def test_what_a_claim_touches_is_an_assumption() -> None:
    keys = set(load("base").assumptions)
    for claim, starts in touches().items():
        for start in starts:
            assert any(key.startswith(start) for key in keys), (claim, start)


def test_stale_data_are_said_on_the_first_page() -> None:
    meta = company("META")
    day = next_results_day(meta)
    assert day.isoformat() == meta.next_results
    assert stale(meta, day) == ""
    late = stale(meta, day + datetime.timedelta(days=1))
    assert late.startswith("Data are out of date")
    assert f"{COMING.year} Q{COMING.number}" in late
    assert f"{day.day} {day:%B %Y}" in late
    case = jcurve.evaluate("base")
    assert answer.cover(Lens(case), "Scenario report", today=day).stale == ""
    assert (
        answer.cover(Lens(case), "Scenario report", today=day + datetime.timedelta(days=60)).stale
        == late
    )


def test_without_a_date_the_last_day_to_report_counts() -> None:
    unknown = replace(company("META"), next_results=None, next_results_status="unknown")
    day = COMING.last_day + datetime.timedelta(days=DAYS_TO_REPORT)
    assert next_results_day(unknown) == day
    late = stale(unknown, day + datetime.timedelta(days=1))
    assert f"had to be reported by {day.day} {day:%B %Y}" in late
