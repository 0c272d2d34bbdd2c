"""A value by date moved as a whole: what it then is, and what is refused."""

from __future__ import annotations

import pytest

from jcurve.assumptions import Path, Scenario, scenario
from jcurve.assumptions.scenario_files import read_scenario
from jcurve.case import evaluate
from jcurve.engine.trace import Leaf, Node
from jcurve.ground.errors import ScenarioError

BASE = scenario()
_OWN = BASE["capex.total"].value
assert isinstance(_OWN, Path)
Y25, Y26, Y27, Y28, Y29, Y30 = (_OWN.at(year) for year in range(2025, 2031))
"""The planned outlay of each year, which a results day may move."""
ENDED = ("sector.fleet", "costs.core_growth")
"""End with a date of their own, after which another assumption holds."""
MIX = [each.key for each in BASE.items if each.key.startswith("capex.mix.") and not each.derived]


def years(made: Scenario, key: str = "capex.total") -> dict[int, float]:
    value = made[key].value
    assert isinstance(value, Path)
    return {year: value.at(year) for year in range(2025, 2032)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 year later", {2026: Y25, 2027: Y26, 2028: Y27, 2029: Y28}),
        ("4 quarters later", {2026: Y25, 2027: Y26, 2028: Y27, 2029: Y28}),
        ("1 year later from 2028", {2027: Y27, 2028: Y27, 2029: Y28}),
        ("1 year earlier from 2027", {2026: Y26, 2027: Y28, 2028: Y29}),
        ("-10 percent from 2027", {2026: Y26, 2027: 0.9 * Y27, 2028: 0.9 * Y28, 2031: 0.9 * Y30}),
        ("−10 % from 2027", {2026: Y26, 2027: 0.9 * Y27, 2028: 0.9 * Y28}),
        ("+10% from 2029 to 2029", {2028: Y28, 2029: 1.1 * Y29, 2030: Y30}),
        ("x 0.5 from 2027 to 2028", {2026: Y26, 2027: Y27 / 2, 2028: Y28 / 2, 2029: Y29}),
        ("1 year later, -10 percent from 2028", {2027: Y26, 2028: 0.9 * Y27, 2029: 0.9 * Y28}),
    ],
)
def test_a_plan_of_years(text: str, expected: dict[int, float]) -> None:
    found = years(BASE.with_overrides({"capex.total": text}))
    assert {year: found[year] for year in expected} == pytest.approx(expected)


def test_later_is_what_stood_there_before_and_history_stays() -> None:
    """Of every value by date, whatever its rule between dates: two years' delay from 2027 on."""
    tried = 0
    for item in BASE.items:
        own = item.value
        if not isinstance(own, Path) or item.derived or item.key in ENDED:
            continue
        delay = {item.key: "2 years later from 2027"}
        if item.key.startswith("capex.mix"):  # all of a mix, which sums to 1
            delay = dict.fromkeys(MIX, delay[item.key])
        made = BASE.with_overrides(delay)[item.key].value
        assert isinstance(made, Path)
        steps = 2 if own.by == "year" else 8
        first = (2027 - 2012) * (1 if own.by == "year" else 4)
        before, after = own.over(), made.over()
        assert after[:first] == pytest.approx(before[:first], rel=1e-12)
        assert after[first : first + steps] == pytest.approx(before[first - 1])
        assert after[first + steps :] == pytest.approx(before[first:-steps])
        tried += 1
    assert tried > 30


def test_a_date_and_a_scenario_file() -> None:
    moved = BASE.with_overrides({"channel.start.assistant": "2 quarters later"})
    assert moved["channel.start.assistant"].text() == "2027Q1"
    text = (
        "schema: 2\nname: slow\nextends: base\nstory: Later.\nassumptions:\n"
        "  capex.total:\n    value: 1 year later\n    why: permits\n"
    )
    made = read_scenario("slow", text)
    assert years(made)[2028] == Y27
    assert made["capex.total"].kind == "judgement"
    same = BASE.with_overrides(
        {"capex.total": {**dict(_OWN.points), 2026: Y25, 2027: Y26, 2028: Y27}}
    )
    assert made.hash != BASE.hash
    assert made["capex.total"].row() == pytest.approx(same["capex.total"].row())


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("capex.total", "1 quarter later", "not whole years"),
        ("capex.total", "1 year sooner from 2027", "not a move.*such as '1 year later'"),
        ("capex.total", "-10 percent from 2027Q1", "not a year"),
        ("capex.total", "-10 percent from 2029 to 2027", "runs backwards"),
        ("capex.total", "x 9 from 2027", "out of bounds.*in 2027, by x 9.*0 to 600000 USD m"),
        ("sector.fleet", "1 year later", r"a later sector\.sourced_through"),
        ("channel.start.assistant", "90 years later", "outside the horizon"),
        ("channel.start.assistant", "1 year later from 2027", "not a move of a date"),
        ("returns.wacc", "1 year later", "unknown unit"),
    ],
)
def test_what_is_refused(key: str, text: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        BASE.with_overrides({key: text})


def test_a_date_in_a_list_of_changes_has_no_range_of_lives() -> None:
    def leaves(node: Node) -> dict[str, Leaf]:
        own = {node.row: node.leaf} if node.leaf else {}
        return own | {k: v for child in node.children for k, v in leaves(child).items()}

    found = leaves(evaluate("base").trace("book_depreciation.servers@with", at="2025"))
    date, life = found["life_change_date.1"], found["life_change_life.1"]
    assert (date.low, date.high) == (None, None)
    assert (life.low, life.high) == (4.0, 6.0)
