"""Filings that are wrong, amended or tagged otherwise: what a refresh says of each.

All figures are made up. A reader stands for EDGAR; the newest 10-Q is of the quarter after the
last on file.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from typing import Any

import pytest

from jcurve.facts import reported
from jcurve.facts.refresh import Difference, Refresh, refresh
from jcurve.ground.errors import FactsError
from jcurve.ground.project import find_project
from jcurve.ground.quarters import Quarter

HOME = find_project()
ACC, LATER, OLD = "0000789019-26-000099", "0000789019-26-000111", "0000789019-26-000050"
REV = "RevenueFromContractWithCustomerExcludingAssessedTax"
CAP, OTHER = "PaymentsToAcquirePropertyPlantAndEquipment", "PaymentsToAcquireProductiveAssets"
OCF, PPE = "NetCashProvidedByUsedInOperatingActivities", "PropertyPlantAndEquipmentNet"
METRICS = {
    REV: "revenue_total",
    CAP: "purchases_of_ppe",
    OCF: "operating_cash_flow",
    PPE: "ppe_net",
}
LAST = Quarter(reported("MSFT", HOME).company.data_through)
COMING = LAST.plus(1)
Tags = dict[str, list[dict[str, Any]]]


def _was(metric: str) -> float:
    return reported("MSFT", HOME).value(metric, COMING.plus(-4)).value


def _entry(quarter: Quarter, millions: float, stock: bool, **more: Any) -> dict[str, Any]:
    first = quarter.plus(-1).last_day + datetime.timedelta(days=1)
    filed = (quarter.last_day + datetime.timedelta(days=29)).isoformat()
    made = {"end": quarter.last_day.isoformat(), "val": millions * 1e6, "form": "10-Q"}
    made |= {"filed": filed, "accn": ACC} | more
    return made if stock else {"start": first.isoformat(), **made}


def _tags() -> Tags:
    """Each metric of the last quarter as on file, and a tenth above the year before now."""
    facts = reported("MSFT", HOME)
    return {
        tag: [
            _entry(LAST, facts.value(metric, LAST).value, tag == PPE, accn=OLD),
            _entry(COMING, 1.1 * _was(metric), tag == PPE),
        ]
        for tag, metric in METRICS.items()
    }


class _Edgar:
    def __init__(self, tags: Tags) -> None:
        self.tags = tags

    def facts(self, cik: str) -> dict[str, Any]:
        return {"us-gaap": {tag: {"units": {"USD": rows}} for tag, rows in self.tags.items()}}

    def filings(self, cik: str) -> tuple[tuple[str, str, str], ...]:
        return ((ACC, "10-Q", "2099-01-01"),)


def _refreshed(change: Callable[[Tags], object]) -> Refresh:
    tags = copy.deepcopy(_tags())
    change(tags)
    return refresh("MSFT", HOME, edgar=_Edgar(tags))  # type: ignore[arg-type]


def _new(found: Refresh, metric: str) -> Difference:
    (one,) = [each for each in found.new if each.metric == metric]
    return one


def test_a_filing_as_it_should_be_has_no_doubt() -> None:
    found = _refreshed(lambda tags: None)
    assert {each.metric for each in found.differences} == set(METRICS.values())
    assert not any(each.doubt for each in found.new)


MOVED = [
    (CAP, OTHER),
    (CAP, "PaymentsToAcquireOtherPropertyPlantAndEquipment"),
    (CAP, "PaymentsToAcquireProductiveAssetsNet"),
    (REV, "Revenues"),
    (REV, "RevenueFromContractWithCustomerIncludingAssessedTax"),
    (REV, "SalesRevenueNet"),
    (OCF, "NetCashProvidedByUsedInOperatingActivitiesContinuingOperations"),
    (OCF, "NetCashFromOperatingActivities"),
    (PPE, "PropertyPlantAndEquipmentAndFinanceLeaseRightOfUseAssetAfterAccumulatedDepreciation"),
    (PPE, "PropertyPlantAndEquipmentNetIncludingLeases"),
    (PPE, "PropertyPlantAndEquipmentExcludingLessorAssetsAfterAccumulatedDepreciation"),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "other"), MOVED)
def test_a_tag_that_moved_is_named_with_the_likely_one(tag: str, other: str) -> None:
    def switch(tags: Tags) -> None:
        tags[other] = [tags[tag].pop()]
        tags["CashAndCashEquivalents"] = [_entry(COMING, 5.0, True)]
        tags["IncreaseDecreaseInReceivables"] = [_entry(COMING, 12.0, False)]

    found = _refreshed(switch)
    (moved,) = [each for each in found.differences if each.what == "moved"]
    assert moved.metric == METRICS[tag]
    assert moved.period == COMING
    assert ACC in moved.line()
    assert moved.line().endswith(f"could be meant: {other}")
    assert not any(each.metric == METRICS[tag] for each in found.new)


def test_a_tag_that_is_given_in_some_quarters_only_has_not_moved() -> None:
    def yearly(tags: Tags) -> None:
        tags[CAP] = [_entry(LAST.plus(-4), _was("purchases_of_ppe"), False, accn=OLD)]

    assert not [each for each in _refreshed(yearly).differences if each.what == "moved"]


SCALES = [1e-3, 1e3, 1e-6, 1e6, 1e-2, 1e2, 5e-3, 0.1, 10.0, 0.25, 4.0]


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_of_another_size_is_doubted(scale: float) -> None:
    def scaled(tags: Tags) -> None:
        for rows in tags.values():
            rows[-1]["val"] *= scale

    found = _refreshed(scaled)
    for metric in METRICS.values():
        said = _new(found, metric).doubt
        assert f"times the {_was(metric):,.6g} in {COMING.plus(-4)}" in said, metric
        assert ("another unit" in said) == (max(scale * 1.1, 1 / scale / 1.1) >= 200)
        assert "hard to believe" in _new(found, metric).line()


@pytest.mark.parametrize("tag", METRICS)
@pytest.mark.parametrize("size", [1.0, 0.5, 2.0])
def test_a_wrong_sign_is_doubted(tag: str, size: float) -> None:
    found = _refreshed(lambda tags: tags[tag][-1].update(val=-size * tags[tag][-1]["val"]))
    said = {each.metric: each.doubt for each in found.new}
    assert said.pop(METRICS[tag]) == "below 0, as it never was"
    assert not any(said.values())


AMENDED = [
    ("10-Q/A", 0.1), ("10-Q/A", 10.0), ("10-Q/A", 1e-3), ("10-Q/A", -1.0), ("10-Q/A", 0.9),
    ("10-Q/A", 1.2), ("10-K/A", 0.5), ("10-Q", 0.8), ("10-K", 1.1), ("10-Q/A", 0.99),
    ("10-Q/A", 1e3),
]  # fmt: skip


@pytest.mark.parametrize(("form", "wrong"), AMENDED)
def test_an_amendment_comes_before_what_it_amends(form: str, wrong: float) -> None:
    """For a quarter that is not on file yet; what it says is judged, not the first print."""
    right = 1.1 * _was("purchases_of_ppe")

    def amended(tags: Tags) -> None:
        filed = (COMING.last_day + datetime.timedelta(days=40)).isoformat()
        tags[CAP][-1]["val"] = wrong * right * 1e6
        tags[CAP].append(_entry(COMING, right, False, form=form, filed=filed, accn=LATER))

    found = _refreshed(amended)
    one = _new(found, "purchases_of_ppe")
    assert one.filed == pytest.approx(right)
    assert one.accession == LATER
    assert not one.doubt
    assert f"amends {wrong * right:,.0f} of {ACC}" in one.line()


def test_of_a_quarter_on_file_the_first_print_stands() -> None:
    def restated(tags: Tags) -> None:
        filed = (LAST.last_day + datetime.timedelta(days=60)).isoformat()
        again = {**tags[CAP][0], "val": tags[CAP][0]["val"] * 0.9, "filed": filed, "form": "10-K/A"}
        tags[CAP].insert(1, again)

    (found,) = [each for each in _refreshed(restated).differences if each.what == "restated"]
    assert (found.metric, found.period) == ("purchases_of_ppe", LAST)
    assert "the first print stands" in found.line()


BROKEN: list[Any] = [
    float("nan"), float("inf"), float("-inf"), None, "", "n/a", "90000", True, [], {}, 10**400,
]  # fmt: skip


@pytest.mark.parametrize("value", BROKEN, ids=str)
def test_a_figure_that_is_no_number_is_refused_with_tag_and_accession(value: Any) -> None:
    with pytest.raises(FactsError, match=f"us-gaap:{REV} in {ACC}: .*a figure"):
        _refreshed(lambda tags: tags[REV][-1].update(val=value))


@pytest.mark.parametrize("weeks", [12, 14, 16, 17])
def test_quarters_of_weeks_that_are_none_of_months_are_told(weeks: int) -> None:
    """Thirteen weeks within a week of a quarter's end are a quarter; so are fourteen."""

    def counted(tags: Tags) -> None:
        end = COMING.last_day - datetime.timedelta(days=2 if weeks == 14 else 24)
        start = end - datetime.timedelta(days=7 * weeks - 1)
        tags[REV][-1].update(start=start.isoformat(), end=end.isoformat())

    unread = [each for each in _refreshed(counted).differences if each.what == "unread"]
    assert [each.metric for each in unread] == (["revenue_total"] if weeks != 14 else [])
    assert all(f"periods of {weeks} weeks" in each.line() for each in unread)
