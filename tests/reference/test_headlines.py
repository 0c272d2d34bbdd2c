"""The headline numbers of every scenario are those on record, and the changelog tells why."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.headlines import CHANGELOG, computed, fingerprint, moves, recorded, told

SHOWN = 12
RULE = (
    "run `make headlines`, then say in CHANGELOG.md which number moved, by how much and why "
    "(it prints the line to begin with)"
)


def test_headlines_are_those_on_record() -> None:
    """To 1e-9 relative, in both views; dates, units and reasons exactly."""
    found = list(moves(recorded(), computed()))
    if found:
        more = f"\n… and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        shown = "\n".join(found[:SHOWN])
        pytest.fail(f"headline numbers moved: {RULE}\n{shown}{more}", pytrace=False)


def test_the_changelog_tells_why_they_are_what_they_are() -> None:
    """A line names the fingerprint of the record, so that none changes without a word."""
    held = recorded()
    if not told(CHANGELOG.read_text(encoding="utf-8"), held):
        pytest.fail(f"CHANGELOG.md has no line with `{fingerprint(held)}`: {RULE}", pytrace=False)


def small() -> dict[str, Any]:
    return {
        "base": {
            "programme": {
                "npv": {"value": 100.0, "unit": "USD m"},
                "trough_quarter": {"value": "2030Q1", "unit": "quarter"},
                "irr": {"value": None, "reason": "no rate makes the present value zero"},
            }
        }
    }


@pytest.mark.parametrize(
    ("name", "figure", "words"),
    [
        ("npv", {"value": 100.0 * (1 + 5e-10), "unit": "USD m"}, []),
        (
            "npv",
            {"value": 100.001, "unit": "USD m"},
            ["base npv.programme: $100m to $100m (+0.001 %)"],
        ),
        (
            "npv",
            {"value": 100.0, "unit": "USD"},
            ["base npv.programme: $100m to $100 (+0 %)"],
        ),
        (
            "npv",
            {"value": None, "reason": "never"},
            ["base npv.programme: $100m to none: never"],
        ),
        (
            "trough_quarter",
            {"value": "2030Q2", "unit": "quarter"},
            ["base trough_quarter.programme: 2030 Q1 to 2030 Q2"],
        ),
        (
            "irr",
            {"value": None, "reason": "several"},
            ["base irr.programme: none: no rate makes the present value zero to none: several"],
        ),
        ("moic", {"value": 2.0, "unit": "x"}, ["base moic.programme: new, 2x"]),
    ],
)
def test_a_move_is_seen_and_put_into_words(
    name: str, figure: dict[str, Any], words: list[str]
) -> None:
    """A value, a unit, a date, a reason, a new name; not a last bit."""
    after = small()
    after["base"]["programme"][name] = figure
    assert list(moves(small(), after)) == words


def test_a_scenario_that_comes_or_goes_is_a_move() -> None:
    """One line, whatever it holds."""
    after = copy.deepcopy(small()) | {"bull": small()["base"]}
    assert list(moves(small(), after)) == ["bull: new"]
    assert list(moves(after, small())) == ["bull: gone"]


def test_the_fingerprint_follows_the_numbers_alone() -> None:
    """The same through JSON, whatever the order; another for another number."""
    one = small()
    assert fingerprint(one) == fingerprint(json.loads(json.dumps(one)))
    after = small()
    after["base"]["programme"]["npv"]["value"] = 100.1
    assert fingerprint(after) != fingerprint(one)
    assert told(f"- Headlines `{fingerprint(one)}`: first", one)
    assert not told(f"Headlines `{fingerprint(one)}`", one)
    assert not told(f"- Headlines `{fingerprint(after)}`: first", one)
