"""Numbers as finance writes them mean what an analyst means, wherever a number is read."""

from __future__ import annotations

import pytest

from jcurve.assumptions import scenario
from jcurve.commands import main
from jcurve.ground.errors import ScenarioError
from jcurve.ground.numbers import money

CAPEX, WACC = "capex.total.2027", "returns.wacc"


def value(key: str, text: str) -> float:
    name = key.removesuffix(".2027")
    found = scenario("base", {key: text}, origin="--set")[name].value
    return found.at(2027) if hasattr(found, "at") else float(str(found))


@pytest.mark.parametrize(
    "text",
    [
        "200bn", "$200bn", "200 bn", "$ 200 bn", "US$200bn", "USD 200 bn", "200bn USD",
        "200 billion dollars", "0.2tn", "$0.2 trillion", "200,000", "$200,000", "200 000",
        "200\N{NO-BREAK SPACE}000", "200,000m", "200,000.0 mn", "200 USD bn", "200_000", "2e5",
        " +200bn ",
    ],
)  # fmt: skip
def test_money(text: str) -> None:
    assert value(CAPEX, text) == 200_000


@pytest.mark.parametrize(
    "text",
    [
        "9.5 % a year", "9.5%", "9.5 percent a year", "9.5 pct", "9.5 per cent per annum",
        "9.5% p.a.", "950bp", "950 bps", "0.095", "9.5 % per year",
    ],
)  # fmt: skip
def test_rates(text: str) -> None:
    assert value(WACC, text) == pytest.approx(0.095, abs=1e-15)


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("fleet.years", "3 yrs", 3.0),
        ("programme.scale", "1.5x", 1.5),
        ("channel.addressable.assistant", "3.5bn", 3500.0),
        ("operations.cost_per_power", "$1.2m/MW", 1.2),
        ("channel.value.business_agents", "$2k", 2000.0),
        ("market.growth.2027", "-5%", -0.05),
        ("market.growth.2027", "(5%)", -0.05),
        ("fleet.years", '"3 yrs"', 3.0),
        ("fleet.years", "'3'", 3.0),
    ],
)
def test_other_units(key: str, text: str, expected: float) -> None:
    assert value(key, text) == pytest.approx(expected)


class TestChanges:
    """A signed per cent of an amount, or signed points of a rate, move the value that stands."""

    @pytest.mark.parametrize(("text", "factor"), [("+10%", 1.1), ("-25 %", 0.75)])
    def test_of_an_amount(self, text: str, factor: float) -> None:
        own = scenario("base")["capex.total"].value
        assert value(CAPEX, text) == pytest.approx(own.at(2027) * factor)  # type: ignore[union-attr]

    def test_of_a_whole_path(self) -> None:
        before, after = (scenario("base", each) for each in ({}, {"capex.total": "+10%"}))
        assert after["capex.total"].row() == pytest.approx(before["capex.total"].row() * 1.1)

    @pytest.mark.parametrize(("text", "by"), [("+50bp", 0.005), ("-0.5pp", -0.005)])
    def test_of_a_rate(self, text: str, by: float) -> None:
        own = scenario("base")[WACC].row()[0]
        assert value(WACC, text) == pytest.approx(own + by)

    def test_what_could_mean_either_is_refused(self) -> None:
        with pytest.raises(ScenarioError) as caught:
            value(WACC, "+10%")
        assert str(caught.value) == (
            "--set returns.wacc: a plus before per cent of a rate can be read two ways; received "
            "'+10%'; allowed: 10% for the rate itself, +50 bp or +0.5 points to add to it"
        )

    def test_bounds_hold_for_what_a_change_makes(self) -> None:
        with pytest.raises(ScenarioError, match=r"out of bounds; received '\+300%: 752000'"):
            value(CAPEX, "+300%")


@pytest.mark.parametrize(
    ("key", "text", "what"),
    [
        (WACC, "9,5%", "a comma in a number is ambiguous"),
        (CAPEX, "2,00,000", "a comma in a number is ambiguous"),
        (CAPEX, "--5", "not a number"),
        (CAPEX, "=1+1", "not a number"),
        (CAPEX, "(-5)", "not a number"),
        (CAPEX, "200 kg", "unknown unit"),
        (CAPEX, "20 % a year", "wrong unit"),
        (CAPEX, "200 million shares", "wrong unit"),
        ("channel.addressable.assistant", "$40", "wrong unit"),
        (CAPEX, "(5)", "out of bounds"),
        (CAPEX, "$200", "1,000 times too small"),
        (CAPEX, "$" + "9" * 400, "not a finite number"),
    ],
)
def test_refusals(key: str, text: str, what: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        value(key, text)
    assert what in str(caught.value)


def test_the_command_line_reads_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for text in ("$210bn", "210,000"):
        assert main(["show", "base", "--json", "--set", f"{CAPEX}={text}"]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.000665, "$0.665m"), (-0.0042, "\N{MINUS SIGN}$4.20m"), (0.0004, "$0"),
        (0.0125, "$12.5m"), (776.2, "$776bn"), (1234.0, "$1.23tn"),
    ],
)  # fmt: skip
def test_small_amounts_are_said_in_millions(amount: float, text: str) -> None:
    assert money(amount) == text
