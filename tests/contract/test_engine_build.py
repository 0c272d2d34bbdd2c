"""What a build refuses, in its exact words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jcurve.engine.build import build
from jcurve.engine.line import Line, Set, flow, line, lines, lines_of, rate, stock
from jcurve.engine.model import Input, Model
from jcurve.engine.operations import timed
from jcurve.engine.primitives import lag, running_sum
from jcurve.engine.symbol import Symbol, formula_text, nodes_of
from jcurve.ground.errors import ModelError
from jcurve.ground.units import MW, QUARTERS, SHARE, USD_M, Quantity

KIND = Set("kind")
QUARTER = Quantity(1.0, QUARTERS, "one quarter")


def labelled(*functions: Callable[..., Any]) -> list[Line]:
    return [found for f in functions for found in lines_of(_Module(f))]


class _Module:
    def __init__(self, function: Callable[..., Any]) -> None:
        self.__name__ = function.__module__
        setattr(self, function.__name__, function)


def made(*functions: Callable[..., Any], **units: Any) -> Model:
    inputs = {
        name.replace("__", "."): Input(name.replace("__", "."), unit, name)
        for name, unit in units.items()
    }
    return build(labelled(*functions), {"kind": ("a", "b")}, inputs)


def refused(*functions: Callable[..., Any], **units: Any) -> str:
    with pytest.raises(ModelError) as caught:
        made(*functions, **units)
    return str(caught.value)


@line(USD_M, flow)
def cost(spending):  # type: ignore[no-untyped-def]
    """What is spent."""
    return spending


@line(USD_M, flow)
def profit(revenue, cost):  # type: ignore[no-untyped-def]
    """Revenue less cost."""
    return revenue - cost


class TestNames:
    def test_a_missing_precedent_names_the_nearest(self) -> None:
        assert refused(cost, spendign=USD_M) == (
            "test_engine_build: cost needs a precedent that does not exist; "
            "received 'spending'; did you mean 'spendign'?"
        )

    def test_two_lines_of_one_name(self) -> None:
        first = cost

        @line(USD_M, flow)
        def cost_(spending):  # type: ignore[no-untyped-def]
            """Again."""
            return spending

        cost_.__name__ = "cost"
        again = line(USD_M, flow)(cost_)
        assert refused(first, again, spending=USD_M) == (
            "test_engine_build and test_engine_build: two lines of one name; received 'cost'"
        )

    def test_an_input_and_a_line_of_one_name(self) -> None:
        assert refused(cost, spending=USD_M, cost=USD_M) == (
            "test_engine_build: an input and a line share a name; received 'cost'"
        )

    def test_an_unknown_set(self) -> None:
        @line(USD_M, flow, over=Set("kinds"))
        def part(spending):  # type: ignore[no-untyped-def]
            """A part."""
            return spending

        assert refused(part, spending=USD_M) == (
            "test_engine_build: part is over an unknown set; received 'kinds'; did you mean 'kind'?"
        )

    def test_a_family_without_one_of_its_members(self) -> None:
        @line(USD_M, flow, over=KIND)
        def part(share):  # type: ignore[no-untyped-def]
            """A part."""
            return share

        assert refused(part, share__a=USD_M) == (
            "test_engine_build: part needs a precedent that does not exist; "
            "received 'share.b'; allowed: share.a"
        )

    def test_a_reference_to_no_world(self) -> None:
        @line(USD_M, flow, refer={"spending": "spending@within"})
        def bought(spending):  # type: ignore[no-untyped-def]
            """Bought."""
            return spending

        assert refused(bought, spending=USD_M) == (
            "test_engine_build: bought refers to an unknown world; received 'within'; "
            "allowed: with, without, stopped"
        )

    def test_a_cycle_is_walked(self) -> None:
        @line(USD_M, flow)
        def egg(hen):  # type: ignore[no-untyped-def]
            """From a hen."""
            return hen

        @line(USD_M, flow)
        def hen(egg):  # type: ignore[no-untyped-def]
            """From an egg."""
            return egg

        assert refused(egg, hen) == ("the lines form a cycle; received 'egg -> hen -> egg'")


class TestReaders:
    def test_a_line_of_a_world_may_not_read_a_view(self) -> None:
        @line(USD_M, flow, view=True)
        def gain(spending):  # type: ignore[no-untyped-def]
            """Of a view."""
            return spending

        @line(USD_M, flow)
        def reader(gain):  # type: ignore[no-untyped-def]
            """Of a world."""
            return gain

        assert refused(gain, reader, spending=USD_M) == (
            "test_engine_build: reader is evaluated per world but reads a line of a view; "
            "received 'gain'"
        )

    def test_a_line_of_a_view_may_not_ask_for_its_world(self) -> None:
        @line(SHARE, flow, view=True)
        def gain(has_programme):  # type: ignore[no-untyped-def]
            """Of a view."""
            return has_programme

        assert refused(gain) == (
            "test_engine_build: gain is evaluated per view, not world; received 'has_programme'"
        )


class TestFormulas:
    def test_a_clash_of_units_inside(self) -> None:
        assert refused(cost, profit, spending=USD_M, revenue=MW) == (
            "test_engine_build: profit: unit clash in subtract; "
            "received 'MW with USD m'; allowed: operands of one unit"
        )

    def test_a_clash_with_the_declared_unit(self) -> None:
        assert refused(cost, spending=MW) == (
            "test_engine_build: unit clash: cost is declared in USD m; received 'MW'"
        )

    def test_a_branch_on_data(self) -> None:
        @line(USD_M, flow)
        def capped(spending):  # type: ignore[no-untyped-def]
            """Branches."""
            return spending if spending > 0 else 0 * spending

        assert refused(capped, spending=USD_M) == (
            "test_engine_build: capped: a line branches on data; "
            "received 'spending > 0'; allowed: where(condition, a, b)"
        )

    def test_a_write_in_place(self) -> None:
        @line(USD_M, flow)
        def grown(spending):  # type: ignore[no-untyped-def]
            """Writes."""
            spending += spending
            return spending

        assert refused(grown, spending=USD_M) == (
            "test_engine_build: grown: a line uses NumPy in a way that has no formula; "
            "received 'add.__call__'; allowed: elementwise functions without out= or where="
        )

    def test_a_function_without_a_formula(self) -> None:
        @line(USD_M, flow)
        def sorted_rows(spending):  # type: ignore[no-untyped-def]
            """Sorts."""
            return np.sort(spending)

        assert refused(sorted_rows, spending=USD_M).startswith(
            "test_engine_build: sorted_rows: a line uses a NumPy function that has no formula"
        )

    def test_a_wrong_number_of_rows(self) -> None:
        @lines(one=(USD_M, flow, "One."), two=(USD_M, flow, "Two."))
        def both(spending):  # type: ignore[no-untyped-def]
            """Both."""
            return (spending,)

        assert refused(both, spending=USD_M) == (
            "test_engine_build: one returns a wrong number of rows; received 1; allowed: 2"
        )

    def test_a_line_without_a_definition(self) -> None:
        @line(USD_M, flow)
        def silent(spending):  # type: ignore[no-untyped-def]
            return spending

        assert refused(silent, spending=USD_M) == ("test_engine_build: silent has no definition")


class TestAnnualRules:
    def test_a_rate_that_carries_time_inside_declares_its_year(self) -> None:
        @line(SHARE, rate)
        def late_margin(profit, revenue):  # type: ignore[no-untyped-def]
            """Against the revenue of the quarter before."""
            return profit / lag(revenue, QUARTER)

        assert refused(cost, profit, late_margin, spending=USD_M, revenue=USD_M) == (
            "test_engine_build: late_margin is a rate whose formula carries time inside; "
            'received \'lag\'; allowed: annual="last" or annual="mean"'
        )

    def test_an_unknown_rule(self) -> None:
        @line(SHARE, rate, annual="sum")
        def margin(profit, revenue):  # type: ignore[no-untyped-def]
            """Margin."""
            return profit / revenue

        assert refused(cost, profit, margin, spending=USD_M, revenue=USD_M) == (
            "test_engine_build: margin has an unknown annual rule; received 'sum'; "
            "allowed: formula, last, mean"
        )


class TestFamilies:
    def test_a_member_binds_its_own_family_of_slots(self) -> None:
        @line(USD_M, flow, over=KIND)
        def part(amount):  # type: ignore[no-untyped-def]
            """Sum of the member's slots."""
            return amount["1"] + amount["2"]

        units = {f"amount__{k}__{n}": USD_M for k in "ab" for n in (1, 2)}
        model = made(part, **units)
        assert formula_text(model.formula("part.b", "")) == "amount.b.1 + amount.b.2"

    def test_another_set_with_a_member_of_the_same_name_stays_whole(self) -> None:
        @line(USD_M, flow, over=KIND)
        def part(amount):  # type: ignore[no-untyped-def]
            """Sum over the other set."""
            return amount["a"] + amount["z"]

        inputs = {f"amount.{m}": Input(f"amount.{m}", USD_M, m) for m in "az"}
        model = build(labelled(part), {"kind": ("a", "b"), "other": ("a", "z")}, inputs)
        assert formula_text(model.formula("part.b", "")) == "amount.a + amount.z"


class TestText:
    ROW = Symbol.row("revenue", USD_M)

    @pytest.mark.parametrize(
        ("formula", "text"),
        [
            (ROW - (ROW - ROW), "revenue - (revenue - revenue)"),
            (ROW * (1 - ROW / ROW), "revenue * (1 - revenue / revenue)"),
            (-(ROW + ROW), "-(revenue + revenue)"),
            (np.maximum(ROW, 0), "maximum(revenue, 0)"),
            (lag(ROW, QUARTER), "lag(revenue, one quarter)"),
            ((ROW / ROW) ** 2, "(revenue / revenue) ^ 2"),
        ],
    )
    def test_reads_as_an_analyst_writes(self, formula: Symbol, text: str) -> None:
        assert formula_text(formula) == text

    def test_a_formula_that_shares_its_parts_ends(self) -> None:
        node = self.ROW
        for _ in range(200):
            node = node + node
        assert len(repr(node)) < 2_000
        assert sum(1 for _ in nodes_of((node,))) == 201
        assert timed(running_sum(node)) == ["running_sum"]


def test_a_stock_needs_no_rule() -> None:
    @line(USD_M, stock)
    def balance(spending):  # type: ignore[no-untyped-def]
        """Balance."""
        return running_sum(spending)

    assert made(balance, spending=USD_M).order == (("balance", ""),)
