"""Published and analytic cases, read from the case file, against public functions."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jcurve.engine import intrinsics
from jcurve.engine.intrinsics import (
    internal_rate,
    last_upward_crossing,
    real_roots,
)
from jcurve.facts import macrs
from jcurve.ground.errors import FactsError, UsageError
from jcurve.lines import tax
from jcurve.lines.constants import TEN_TO_NINETY
from jcurve.lines.vintages import straight_line
from jcurve_studies.comparisons import published_models
from tests.conftest import RecordFigure
from tests.oracle.depreciation import depreciation_by_vintage
from tests.support import textbook
from tests.support.textbook import capital_recovery, npv

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("reference_cases.json").read_text(encoding="utf-8")
)["cases"]

ELSEWHERE = {
    "dep-conservation": "property/test_vintages.py",
    "sobol-ishigami-estimate": "reference/test_statistics.py",
    "sobol-linear": "reference/test_statistics.py",
    "iman-conover-small": "reference/test_statistics.py",
    "iman-conover-large": "reference/test_statistics.py",
    "mc-persistence": "reference/test_statistics.py",
    "excel-roundtrip": "reference/test_excel_reference.py",
}
"""Cases that are tested where their subject is."""

OPEN: dict[str, str] = {}
"""Cases that nothing answers, and why: none."""

Inputs = dict[str, Any]


def _number(value: object) -> float:
    """A number, or a quotient such as 0.0275/12."""
    if isinstance(value, str):
        over, _, under = value.partition("/")
        return float(over) / float(under)
    return float(value)  # type: ignore[arg-type]


def _flows(inputs: Inputs) -> list[float]:
    if "flows" in inputs:
        return inputs["flows"]
    first, _, rest = inputs["flows_rule"].partition(" + ")
    value, _, times = rest.partition("*")
    return [*json.loads(first), *json.loads(value) * int(times)]


def _days(inputs: Inputs) -> list[date]:
    assert inputs["day_count"] == "act/365F"
    return [date.fromisoformat(day) for day in inputs["dates"]]


def _npv(inputs: Inputs) -> object:
    if "property" in inputs:
        rate, flows = 0.083, [-100.0, 30.0, 40.0, 50.0, 12.0]
        middle = sum(flow / (1 + rate) ** (at + 0.5) for at, flow in enumerate(flows))
        ends = npv(rate, flows, first_flow_at=1)
        assert middle == pytest.approx(ends * (1 + rate) ** 0.5, rel=1e-13)
        return "holds"
    rate, flows, first = _number(inputs["rate"]), inputs["flows"], inputs["first_flow_at"]
    found = npv(rate, flows, first)
    # The engine's own, which the model's rates of return are searched with, has time 0 first.
    own, _ = intrinsics._at(np.array([0.0] * first + flows)[:, None], np.array([1 / (1 + rate)]))
    assert own[0] == pytest.approx(found, rel=1e-12)
    return found


def _irr(inputs: Inputs) -> object:
    flows = _flows(inputs)
    if "scale_by" in inputs:
        rates = {textbook.irr([each * by for each in flows]).value for by in inputs["scale_by"]}
        assert max(rates) - min(rates) <= 1e-12 * max(rates)
        assert max(rates) == pytest.approx(0.0919949823, abs=1e-10)
        return "equal for every scale"
    found = textbook.irr(flows)
    if found.value is None or len(found.roots) > 1:
        assert found.reason
    if len(found.roots) == 1:
        # The intrinsic that the model's own rate of return stands on.
        own = internal_rate(np.array(flows)[:, None])[0, 0]
        assert own == pytest.approx(found.value, abs=1e-12)
    return found.value


def _payback(inputs: Inputs, rate: float = 0.0) -> float | None:
    flows = np.array(inputs["flows"], dtype=float)
    balance = np.cumsum(flows / (1 + rate) ** np.arange(len(flows)))
    # A flow at time 0 stands at the end of period 0: time counts from period 1.
    found = last_upward_crossing(balance[:, None], np.array([[1.0]]))[0, 0]
    return None if math.isnan(found) else float(found)


def _straight_line(inputs: Inputs) -> float:
    cost, salvage, life = inputs["cost"], inputs["salvage"], inputs["life"]
    placed = np.zeros((life + 4, 1))
    placed[0] = cost - salvage
    charged = _charge(placed, life, [])
    assert charged.sum() == pytest.approx(cost - salvage, rel=1e-12)
    assert charged[life:].max() == pytest.approx(0.0, abs=1e-9)
    assert charged[0] == pytest.approx(textbook.straight_line(cost, salvage, life), rel=1e-12)
    return float(charged[life // 2])


def _charge(placed: np.ndarray, life: float, changes: list[tuple[int, float]]) -> np.ndarray:
    never = [(len(placed), life)]
    dates = {str(i): np.array([[float(at)]]) for i, (at, _) in enumerate(changes or never)}
    lives = {str(i): np.array([[float(new)]]) for i, (_, new) in enumerate(changes or never)}
    one = np.ones((1, 1))
    index = np.arange(len(placed), dtype=float)[:, None]
    found = straight_line(placed, one * life, dates, lives, index, 0 * one, 40 * one)
    return (found.depreciation + found.catch_up + found.write_off)[:, 0]


def _revised(inputs: Inputs) -> float:
    cost, salvage = inputs["cost"], inputs["salvage"]
    life, elapsed = inputs["life"], inputs["elapsed"]
    remaining = inputs.get("new_remaining_life", inputs.get("new_total_life", 0) - elapsed)
    if "new_remaining_life" not in inputs:
        remaining = inputs["new_total_life"] - elapsed
    value = textbook.straight_line_revised(
        cost, salvage, life, elapsed, remaining, inputs.get("new_salvage")
    )
    if "new_salvage" not in inputs:  # the model's lines hold no salvage value of assets in use
        placed = np.zeros((elapsed + remaining + 3, 1))
        placed[0] = cost - salvage
        charged = _charge(placed, life, [(elapsed, elapsed + remaining)])
        assert charged[elapsed : elapsed + remaining] == pytest.approx(value, rel=1e-12)
        assert charged.sum() == pytest.approx(cost - salvage, rel=1e-12)
    return value


def _declining(inputs: Inputs) -> float:
    return textbook.declining_balance(**inputs)


def _fixed(inputs: Inputs) -> list[float]:
    kept = {key: inputs[key] for key in ("cost", "salvage", "life", "months_first_year")}
    return [
        textbook.fixed_declining_balance(**kept, period=each, rate_digits=inputs["rate_rounding"])
        for each in inputs["periods"]
    ]


_PLACED = {0.875: 1, 0.625: 2, 0.375: 3, 0.125: 4}


def _macrs(inputs: Inputs) -> list[float]:
    years, first = inputs["recovery_years"], inputs["first_year_fraction"]
    by_formula = textbook.macrs_formula(years, inputs["factor"], first)
    assert math.fsum(by_formula) == pytest.approx(1.0, rel=1e-14)
    try:
        placed = None if first == 0.5 else _PLACED[first]
        by_table = macrs(years, "half-year" if placed is None else "mid-quarter", placed)
    except FactsError:  # the model places assets by the half-year tables; this one is not on file
        assert first != 0.5
        return list(by_formula)
    # Printed tables round to a hundredth of a per cent and force the column to 100 %.
    assert by_table == pytest.approx(by_formula, abs=6.5e-5)
    assert math.fsum(by_table) == pytest.approx(1.0, abs=1e-12)
    return list(by_table)


def _real_property(inputs: Inputs) -> dict[str, float]:
    table = macrs(inputs["recovery_years"], "mid-month", inputs["month_placed_in_service"])
    middle = table[1:39]
    # The printed years alternate by a thousandth of a per cent around the case's figure.
    assert max(middle) - min(middle) <= 1.01e-5
    assert math.fsum(table) == pytest.approx(1.0, abs=1e-3)
    return {"year1": table[0], "years_2_to_39": max(middle), "year40": table[39]}


def _bonus(inputs: Inputs) -> list[float]:
    assert inputs["convention"] == "half-year"
    shares = macrs(inputs["recovery_years"])
    placed = np.zeros((4 * len(shares), 1))
    placed[0] = inputs["cost"]
    at_once = tax.bonus_deduction(placed, np.ones((1, 1)), np.full((1, 1), inputs["bonus_rate"]))
    quarter = (np.arange(len(placed), dtype=float) % 4 + 1)[:, None]
    table = {str(i): np.full((1, 1), share) for i, share in enumerate(shares, start=1)}
    deducted = at_once + tax.macrs(placed - at_once, table, quarter)
    return deducted[:, 0].reshape(-1, 4).sum(axis=1).tolist()


def _losses(inputs: Inputs) -> list[float]:
    income = np.array(inputs["taxable_income"], dtype=float)[:, None]
    zero = np.zeros_like(income)
    names = tax.operating_tax.__code__.co_varnames[: tax.operating_tax.__code__.co_argcount]
    rows = dict.fromkeys(names, zero) | {
        "operating_income": income,
        "tax_rate": zero + inputs["tax_rate"],
        "tax_loss_limit": zero + inputs["nol_limit"],
    }
    paid = tax.operating_tax(**rows)[0]
    return paid[:, 0].tolist()


def _interest(inputs: Inputs) -> float:
    return textbook.cumulative_interest(
        _number(inputs["rate"]), inputs["nper"], inputs["pv"], inputs["start"], inputs["end"]
    )


def _firm(inputs: Inputs) -> dict[str, float]:
    assets = published_models.firm_value(inputs["fcff"], inputs["terminal_value"], inputs["wacc"])
    return {
        "operating_assets": assets,
        "equity": assets + inputs["cash"] - inputs["debt"],
    }


def _width(inputs: Inputs) -> float:
    found = textbook.logistic_width(inputs["k"])
    # The ramp of a new product is written in the same width.
    assert float(TEN_TO_NINETY) == pytest.approx(textbook.logistic_width(1.0), abs=1e-15)
    return found


def _pert(inputs: Inputs) -> dict[str, float]:
    from jcurve.analysis.distributions import pert_shapes

    low, high = inputs["min"], inputs["max"]
    alpha, beta = pert_shapes(low, inputs["mode"], high)
    mean, width = alpha / (alpha + beta), high - low
    variance = mean * (1 - mean) / (alpha + beta + 1)  # of a beta distribution
    return {
        "mean": low + width * mean,
        "alpha": alpha,
        "beta": beta,
        "variance": width**2 * variance,
    }


def _moments(inputs: Inputs) -> dict[str, float]:
    first, _, rest = inputs["data_rule"].partition(" + ")
    data = json.loads(first)
    if rest:
        values, _, times = rest.partition("*")
        data += json.loads(values) * int(times)
    found = textbook.describe(data)
    return {"mean": found.mean, "sd": found.deviation, "lag1": found.lag_1}


def _ishigami(inputs: Inputs) -> dict[str, Any]:
    assert inputs["f"] == "sin(x1)+7 sin(x2)^2+0.1 x3^4 sin(x1)"
    return textbook.ishigami()._asdict()


COVERED: dict[str, Callable[[Inputs], Any]] = {
    "npv": _npv,
    "xnpv": lambda i: textbook.xnpv(i["rate"], i["flows"], _days(i)),
    "irr": _irr,
    "irr_all": lambda i: real_roots(np.array(i["flows"])),
    "xirr": lambda i: textbook.xirr(i["flows"], _days(i)).value,
    "mirr": lambda i: textbook.mirr(i["flows"], i["finance_rate"], i["reinvest_rate"]),
    "payback": _payback,
    "discounted_payback": lambda i: _payback(i, i["rate"]),
    "sum_of_years": lambda i: textbook.sum_of_years(**i),
    "straight_line": _straight_line,
    "straight_line_revised": _revised,
    "declining_balance_switch_sl": _declining,
    "fixed_declining_balance": _fixed,
    "macrs": _macrs,
    "macrs_real_property": _real_property,
    "macrs_with_bonus": _bonus,
    "cash_tax_with_nol": _losses,
    "capital_recovery_factor": lambda i: published_models.capital_recovery(i["rate"], i["years"]),
    "reverse_dcf_required_annuity": lambda i: published_models.jpm_requirement(**i),
    "cumulative_interest": _interest,
    "dcf_firm_value": _firm,
    "bass_peak_time": lambda i: textbook.bass_peak(i["p"], i["q"]),
    "bass_cumulative": lambda i: [textbook.bass_adoption(i["p"], i["q"], t) for t in i["t"]],
    "logistic_width": _width,
    "pert": _pert,
    "mean_sd_lag1": _moments,
    "sobol_analytic": _ishigami,
}
"""What computes the answer of each kind of case."""

TEXTBOOK = {
    "xnpv",
    "xirr",
    "mirr",
    "sum_of_years",
    "declining_balance_switch_sl",
    "fixed_declining_balance",
    "cumulative_interest",
    "bass_peak_time",
    "bass_cumulative",
    "mean_sd_lag1",
    "sobol_analytic",
    "asc250-tripod",  # a changed salvage value: the model's lines hold none
    "macrs-5-mq1",  # a table that is not on file
}
"""Kinds of cases, and single cases, that no function of the product answers: they check the tests'
own textbook."""

ANSWERED = [case for case in CASES if case["function"] in COVERED and case["id"] not in ELSEWHERE]


def is_textbook(case: dict[str, Any]) -> bool:
    return case["function"] in TEXTBOOK or case["id"] in TEXTBOOK


_OWN, _OTHERS = (
    [case for case in ANSWERED if is_textbook(case) is textbook_only]
    for textbook_only in (False, True)
)


@pytest.mark.parametrize("case", _OWN, ids=[case["id"] for case in _OWN])
def test_case_of_the_product(case: dict[str, Any]) -> None:
    check(case)


@pytest.mark.parametrize("case", _OTHERS, ids=[case["id"] for case in _OTHERS])
def test_case_of_a_textbook_function_that_the_product_never_calls(case: dict[str, Any]) -> None:
    check(case)


def check(case: dict[str, Any]) -> None:
    """What answers a case gives what is expected."""
    found = COVERED[case["function"]](case["inputs"])
    expected, tolerance = case["expected"], case["tolerance"]
    if expected is None or isinstance(expected, str):
        assert found == expected, case.get("note", "")
        return
    if case["function"] == "sobol_analytic":  # a mapping of lists, compared one by one
        assert found["variance"] == pytest.approx(expected["variance"], abs=tolerance["abs"])
        for name, key in (("S1", "first"), ("ST", "total")):
            assert list(found[key]) == pytest.approx(expected[name], abs=tolerance["abs"])
        return
    near = {f"{key}": value for key, value in tolerance.items()}
    if "rel" in near:
        near.setdefault("abs", 0.0)
    else:
        near["rel"] = 0.0
    assert found == pytest.approx(expected, **near), case["source"]


def test_every_case_is_answered_or_has_a_reason(record_figure: RecordFigure) -> None:
    assert len(CASES) == 76
    others = sum(map(is_textbook, CASES))
    assert others == len(_OTHERS)
    record_figure("published cases that check the product", len(CASES) - others, "cases")
    record_figure("published cases that check textbook functions of the tests", others, "cases")
    ids = {case["id"] for case in CASES}
    here = {case["id"] for case in ANSWERED}
    assert here | set(ELSEWHERE) | set(OPEN) == ids
    assert len(here) + len(ELSEWHERE) + len(OPEN) == len(ids), "a case is listed twice"
    tests = Path(__file__).parents[1]
    for case, file in ELSEWHERE.items():
        text = (tests / file).read_text(encoding="utf-8")
        # A law has no figure to look up: its test names no case.
        assert case in text or case == "dep-conservation", f"{file} does not speak of {case}"


# Whole domains, not only the published points


@pytest.mark.parametrize("rate", [-0.9, -0.5, -1e-9, 0.0, 1e-9, 0.05, 3.0])
@pytest.mark.parametrize("periods", [1, 5, 25, 400])
def test_capital_recovery_repays_one(rate: float, periods: int) -> None:
    payment = capital_recovery(rate, periods)
    if payment < 1e-290:  # too small to be repaid in numbers
        assert rate < 0
        return
    assert npv(rate, [payment] * periods, 1) == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("rate", [-0.95, -0.2, 1e-6, 0.3, 4.0, 900.0])
@pytest.mark.parametrize("years", [0.2, 1.0, 7.5, 60.0])
def test_xirr_finds_the_rate_that_made_the_flow(rate: float, years: float) -> None:
    start = date(1960, 1, 1)
    end = date.fromordinal(start.toordinal() + round(years * 365))
    paid = (1 + rate) ** ((end - start).days / 365)
    found = textbook.xirr([-1.0, paid], [start, end])
    assert found.value == pytest.approx(rate, rel=1e-8, abs=1e-12)
    assert len(found.roots) == 1


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_xirr_of_equal_periods_is_irr(scale: float) -> None:
    flows = [-1000.0 * scale, 6000.0 * scale, -10900.0 * scale, 5800.0 * scale]
    days = [date.fromordinal(700_000 + 365 * year) for year in range(4)]
    assert textbook.xirr(flows, days).roots == pytest.approx(textbook.irr(flows).roots, abs=1e-9)


def test_dated_flows_in_any_order_have_one_rate() -> None:
    flows, days = [-100.0, 40.0, 50.0, 35.0], [date(2020, 1, 1), date(2021, 3, 1),
                                             date(2022, 2, 1), date(2024, 6, 1)]  # fmt: skip
    rates = {
        round(textbook.xirr([flows[i] for i in order], [days[i] for i in order]).value or 0, 10)
        for order in itertools.permutations(range(4))
    }
    assert len(rates) == 1


@pytest.mark.parametrize("life", [3, 10, 37])
@pytest.mark.parametrize("factor", [0.5, 1.5, 2.0])
def test_declining_balance_ends_at_salvage(life: int, factor: float) -> None:
    whole = textbook.declining_balance(1000, 130, life, 0, life, factor)
    assert whole == pytest.approx(870, rel=1e-12)
    parts = sum(
        textbook.declining_balance(1000, 130, life, at / 2, at / 2 + 0.5, factor)
        for at in range(2 * life)
    )
    assert parts == pytest.approx(870, rel=1e-12)


def test_sum_of_years_ends_at_salvage() -> None:
    whole = sum(textbook.sum_of_years(30_000, 7_500, 10, each) for each in range(1, 11))
    assert whole == pytest.approx(22_500, rel=1e-12)


def test_a_change_of_life_equals_the_vintage_by_vintage_calculation() -> None:
    placed = [100.0, 0.0, 40.0, 7.0] + [0.0] * 20
    charged = _charge(np.array(placed)[:, None], 9, [(5, 6.0), (7, 12.5)])
    slow, written_off = depreciation_by_vintage(placed, 9, [(5, 6.0), (7, 12.5)])
    assert charged == pytest.approx(np.add(slow, written_off), rel=1e-12, abs=1e-12)


def test_interest_of_all_periods_is_what_is_paid_beyond_the_loan() -> None:
    paid = 360 * 125_000 * capital_recovery(0.0075, 360)
    found = textbook.cumulative_interest(0.0075, 360, 125_000, 1, 360)
    assert found == pytest.approx(125_000 - paid, rel=1e-12)
    assert textbook.cumulative_interest(0.0, 12, 100, 3, 5) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: npv(-1.0, [1.0]),
        lambda: npv(0.1, []),
        lambda: npv(0.1, [1.0, math.nan]),
        lambda: textbook.xnpv(0.1, [1.0, 2.0], [date(2020, 1, 1)]),
        lambda: capital_recovery(0.1, 0),
        lambda: textbook.cumulative_interest(0.01, 12, 100, 5, 3),
        lambda: textbook.mirr([1.0, 2.0], 0.1, 0.1),
        lambda: textbook.declining_balance(100, 0, 5, 3, 6),
        lambda: textbook.fixed_declining_balance(100, 10, 5, 7),
        lambda: textbook.sum_of_years(100, 0, 5, 6),
        lambda: textbook.straight_line_revised(100, 0, 5, 6, 2),
        lambda: textbook.macrs_formula(5, 2.0, 0.0),
        lambda: textbook.bass_peak(0.0, 0.3),
    ],
)
def test_outside_its_domain_a_function_says_so(call: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        call()
