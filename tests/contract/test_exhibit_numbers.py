"""The exhibits of the model: what they show sums to what the model says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jcurve
from jcurve.figures import (
    basis,
    curve,
    drag,
    fleet,
    spending,
    statements,
    uplift,
)
from jcurve.figures.curve import cash_parts
from jcurve.figures.exhibit import Cell
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import joined, lowered, money, percent, points

VIEWS = ("programme", "go_forward")


@pytest.fixture(scope="module")
def base() -> jcurve.Case:
    return jcurve.evaluate("base")


@pytest.fixture(scope="module")
def bull() -> jcurve.Case:
    return jcurve.evaluate("bull")


@pytest.mark.parametrize("world", ["with", "without", "stopped"])
@pytest.mark.parametrize("name", ["base", "stress_useful_life_3y"])
def test_vintages_sum_to_depreciation(name: str, world: str) -> None:
    case = jcurve.evaluate(name)
    years, charge = spending.by_vintage(case, world)
    assert charge.shape == (len(case.assembly.timeline), len(years))
    np.testing.assert_allclose(
        charge.sum(axis=1), case.row("property_depreciation", world), rtol=1e-9, atol=1e-6
    )


def test_no_vintage_charges_before_its_year(base: jcurve.Case) -> None:
    years, charge = spending.by_vintage(base)
    for at, year in enumerate(years):
        assert not charge[: (year - years[0]) * 4, at].any()


@pytest.mark.parametrize("view", VIEWS)
def test_cash_by_cause_sums_to_the_end_of_the_curve(base: jcurve.Case, view: str) -> None:
    end = base.row("cumulative_free_cash_flow", view)[-1] / 1000
    parts = cash_parts(Lens(base, view))
    assert sum(parts.values()) == pytest.approx(end, rel=1e-9)
    assert parts["Better advertising"] == pytest.approx(
        (base.row("advertising", view) - base.row("uplift_cost", view)).sum() / 1000
    )
    assert parts["Capital expenditure"] == pytest.approx(-base.row("capex", view).sum() / 1000)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("year", [2026, 2031, 2040])
def test_steps_of_margin_sum_to_the_gap(base: jcurve.Case, year: int, view: str) -> None:
    lens = Lens(base, view)
    margins = [
        lens.bn("operating_income", tag, year, year)[0] / lens.bn("revenue", tag, year, year)[0]
        for tag in ("with", lens.other)
    ]
    steps = drag.margin_steps(lens, year)
    assert sum(steps.values()) == pytest.approx(margins[0] - margins[1], abs=1e-12)
    assert steps["Depreciation and amortisation"] < 0


def test_the_bridge_of_margin_shows_the_widest_gap(base: jcurve.Case) -> None:
    years = Lens(base).years(Lens(base).first_forecast_year)
    gaps = {year: sum(drag.margin_steps(Lens(base), year).values()) for year in years}
    year = min(gaps, key=gaps.__getitem__)
    shown = drag.margin_bridge(Lens(base))
    assert f"in {year}" in shown.plain()
    assert points(gaps[year], sign=True) in shown.plain()
    assert "No bridge" in drag.margin_bridge(Lens(jcurve.evaluate("no_programme"))).plain()


@pytest.mark.parametrize(
    "items", [statements.INCOME, statements.CASH_FLOW, statements.BALANCE_SHEET]
)
def test_a_statement_sums_to_its_sub_totals(
    base: jcurve.Case, items: tuple[statements.Item, ...]
) -> None:
    lens = Lens(base)
    first = lens.first_forecast_year - 3
    total = np.zeros(lens.horizon - first + 1)
    checked = 0
    for item in items:
        if item.role == "heading":
            total = np.zeros_like(total)
            continue
        row = np.array(statements.values(lens, item, first))
        if item.style is not None:
            continue
        if item.role == "normal":
            total = total + row
        else:
            np.testing.assert_allclose(row, total, rtol=1e-6, atol=1e-6, err_msg=item.label)
            checked += 1
    assert checked >= 3


@pytest.mark.parametrize("view", VIEWS)
def test_history_of_a_difference_is_never_called_actual(
    view: str, base: jcurve.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an exhibit reads decides how it is headed: a case that never was, and a difference,
    have no filing."""
    read: list[tuple[str, str]] = []
    wrong: list[str] = []
    values, quarterly, source = Lens.values, Lens.quarterly, Lens.source

    def reading(self: Lens, name: str, tag: Any = None, first: Any = None, last: Any = None) -> Any:
        if (first or self.first_shown) < self.first_forecast_year:
            read.append((name, tag))
        return values(self, name, tag, first, last)

    def reading_quarters(self: Lens, name: str, tag: Any = None) -> Any:
        read.append((name, tag))
        return quarterly(self, name, tag)

    def claiming(self: Lens, *more: str) -> Any:
        made_up = {tag for _, tag in read} & {*VIEWS, "without", "stopped"}
        wrong.extend(f"{name} of {tag}" for name, tag in read if tag in made_up)
        return source(self, *more)

    monkeypatch.setattr(Lens, "values", reading)
    monkeypatch.setattr(Lens, "quarterly", reading_quarters)
    monkeypatch.setattr(Lens, "source", claiming)
    lens = Lens(base, view)
    compared = (
        curve.jcurve, curve.cash_bridge, spending.capex, fleet.intensity, spending.wave,
        uplift.uplift, uplift.growth, drag.margin, drag.free_cash_flow, drag.drag,
    )  # fmt: skip
    filed = (statements.income, statements.cash_flow, statements.balance_sheet)
    for make in (*compared, *filed):
        read.clear()
        shown = make(lens)
        assert ("estimate" in shown.source) == (make in compared), shown.id
        heads = {column.group for column in getattr(shown, "columns", ())}
        assert not (make in compared and "Actual" in heads), shown.id
    assert wrong == []


def test_a_row_that_no_filing_states_says_so(base: jcurve.Case) -> None:
    shown = statements.income(Lens(base))
    noted = {row.cells[0].value for row in shown.rows if isinstance(row.cells[0], Cell)}
    assert {"AI staff", "Energy, rented compute, leases"} <= noted
    assert not noted & {"Advertising", "Tax provision", "Revenue", "Net income"}
    assert any("derives it from reported totals" in note for note in shown.notes)


class TestTheCurve:
    def test_marks_payback_where_the_balance_crosses_zero(self, bull: jcurve.Case) -> None:
        lens = Lens(bull)
        assert lens.payback_at is not None
        ends = np.array([lens.start, *lens.quarter_ends])
        balance = np.array([0.0, *lens.quarterly("cumulative_free_cash_flow", "programme")])
        assert np.interp(lens.payback_at, ends, balance) == pytest.approx(0.0, abs=1e-6)
        assert lens.calendar(lens.payback_at) in curve.jcurve(lens).title

    def test_says_never_and_what_is_missing(self) -> None:
        never = jcurve.evaluate("stress_ai_winter")
        assert never.headlines()["programme"]["payback"]["value"] is None
        short = money(Lens(never).figure("unrecovered_balance") or 0.0)
        assert short in curve.jcurve(Lens(never)).title

    def test_is_flat_without_a_programme(self) -> None:
        exhibit = curve.jcurve(Lens(jcurve.evaluate("no_programme")))
        assert "nothing to recover" in exhibit.title
        assert "flat line at zero" in exhibit.alt

    def test_begins_at_the_valuation_date_going_forward(self, base: jcurve.Case) -> None:
        assert Lens(base, "go_forward").start == pytest.approx(Lens(base).today)


def test_drivers_hold_what_each_end_does(base: jcurve.Case) -> None:
    """Every driver has its row, the largest effect first, and each effect is the model's own."""
    items = {item.name: item for item in base.scenario.items if item.level == "driver"}
    shown = basis.drivers(Lens(base))
    said = [str(row.cells[0]).partition(": ") for row in shown.rows]
    names = [name.partition(" in 20")[0] for name, *_ in said]
    clauses = [items[name].label for name in names]
    assert [clause for *_, clause in said] == [lowered(each) for each in clauses]
    assert set(names) == {name for name, item in items.items() if item.has_range}
    swings = [max(abs(float(end)) for end in row.cells[4:6]) for row in shown.rows]
    assert swings == sorted(swings, reverse=True)
    item = items[names[0]]
    for end, found in zip((item.low, item.high), shown.rows[0].cells[4:6], strict=True):
        again = jcurve.evaluate(jcurve.scenario("base", {item.key: end}))
        assert (again["npv.go_forward"] - base["npv.go_forward"]) / 1000 == pytest.approx(found)
    turned = [
        name
        for name, row in zip(names, shown.rows, strict=True)
        if any(base["npv.go_forward"] * (base["npv.go_forward"] + 1000 * float(end)) < 0
               for end in row.cells[4:6])
    ]  # fmt: skip
    assert ("stays negative" in shown.title) == (not turned)


def test_differences_share_a_row_where_members_move_together() -> None:
    case = jcurve.evaluate("bull")
    shown = basis.differences(Lens(case))
    assert len(shown.rows) < len(case.differences)
    assert f"changes {len(case.differences)} assumptions" in shown.title


def test_every_assumption_is_in_the_book(base: jcurve.Case) -> None:
    text = basis.book(Lens(base)).plain().lower()
    for item in base.scenario.items:
        label = item.label.lower()
        assert label.rpartition(": ")[0] in text or label in text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (742.4, "$742bn"),
        (-4.614, "−$4.61bn"),
        (999.7, "$1.00tn"),
        (-1234.0, "−$1.23tn"),
        (0.0, "$0"),
        (-0.0, "$0"),
        (0.25, "$250m"),
    ],
)
def test_amounts_in_prose(amount: float, text: str) -> None:
    assert money(amount) == text


def test_words_for_shares_and_lists() -> None:
    assert percent(-0.1384) == "−13.8%"
    assert points(0.0231, sign=True) == "+2.3 points"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined(["a"]) == "a"


def test_an_unknown_view_suggests_one(base: jcurve.Case) -> None:
    with pytest.raises(jcurve.ground.errors.UsageError, match="did you mean 'programme'"):
        Lens(base, "program")


def test_layers_of_capex_sum_to_it(base: jcurve.Case) -> None:
    lens = Lens(base)
    now = lens.first_forecast_year
    years = lens.years(now - 2, now + 5)
    totals = lens.bn("capex", "with", years[0], years[-1])
    layers = spending.layers(lens, years, totals)
    np.testing.assert_allclose(np.sum(list(layers.values()), axis=0), totals, rtol=1e-9)
    assert min(min(row) for row in layers.values()) > -1e-9
    assert not any(layers["AI machines and sites"][:2]), "history is not split"


class TestGrowth:
    """The table of growth holds what the model says, and names share loss as an assumption."""

    @pytest.mark.parametrize("name", ["base", "bear", "bull", "stop_now"])
    @pytest.mark.parametrize("view", VIEWS)
    def test_rows_are_the_model_s(self, name: str, view: str) -> None:
        case = jcurve.evaluate(name)
        lens = Lens(case, view)
        shown = uplift.growth(lens)
        years = [int(column.label) for column in shown.columns[1:]]
        rows = [row.cells[1:] for row in shown.rows if row.role != "heading"]
        market, ours, theirs, above, excess, relative, behind = rows[:7]
        for at, year in enumerate(years):
            for found, tag in ((ours, "with"), (theirs, lens.other)):
                before, after = lens.bn("advertising", tag, year - 1, year)
                assert found[at] == pytest.approx(after / before - 1)
            assert above[at] == pytest.approx(100 * (ours[at] - market[at]))
            assert behind[at] == pytest.approx(100 * (theirs[at] - market[at]))
            assert excess[at] + relative[at] == pytest.approx(above[at])

    def test_trailing_the_market_is_called_an_assumption(self, base: jcurve.Case) -> None:
        assert "share loss is an assumption" in uplift.growth(Lens(base)).plain()

    def test_a_fleet_that_keeps_its_share_is_not(self) -> None:
        kept = jcurve.evaluate(jcurve.scenario("base", {"fleet.share": 0.5}))
        assert "share loss" not in uplift.growth(Lens(kept)).plain()


def test_the_fleet_s_uses_and_pay_are_the_model_s(base: jcurve.Case) -> None:
    shown = fleet.use(Lens(base))
    most = max(base.year("share_leased_out", "with"))
    assert percent(most, 0) in shown.title
    lens = Lens(base)
    years = lens.years(lens.first_forecast_year)
    cost = [
        units * price / 1e9
        for units, price in zip(
            lens.values("compute_in_service", "with", years[0]),
            lens.values("owners_cost", None, years[0]),
            strict=True,
        )
    ]
    pays = [
        value
        * lens.number("advertising_compute_elasticity")
        * lens.number("advertising_contribution")
        for value in lens.bn("advertising", "with", years[0])
    ]
    at = max(range(len(years)), key=lambda i: cost[i] - pays[i])
    title = fleet.pays(Lens(base)).title
    assert f"In {years[at]}" in title
    assert money(pays[at]) in title
    assert money(cost[at]) in title
