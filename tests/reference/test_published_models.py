"""Other people's models, rebuilt to the digits they print."""

from __future__ import annotations

import pytest

from jcurve.analysis import published as p
from jcurve.analysis.textbook import capital_recovery
from jcurve.errors import UsageError


@pytest.mark.parametrize(("run_rate", "printed"), [(150, 600), (50, 200)])
def test_sequoia(run_rate: float, printed: float) -> None:
    assert p.sequoia_revenue(run_rate) == pytest.approx(printed, rel=1e-12)


def test_sequoia_refuses_a_margin_of_all() -> None:
    with pytest.raises(UsageError):
        p.sequoia_revenue(150, gross_margin=1.0)


def test_jp_morgan() -> None:
    assert round(p.jpm_requirement(5_000)) == 657  # printed 650, at fifteen years
    assert round(p.jpm_requirement(5_000, years=5)) == 1_319
    assert p.per_user(34.72, 1.56) == pytest.approx(650, abs=0.5)
    assert p.per_user(180, 0.301) == pytest.approx(650, abs=0.5)
    # The ratio used beside others: 650 of 5,000 a year.
    assert round(650 / 5_000, 2) == 0.13
    assert capital_recovery(0.10, 15) == pytest.approx(0.13, abs=0.002)


def test_bain() -> None:
    needed = p.bain_revenue(500)
    assert needed == 2_000
    assert needed - 1_200 == 800


def test_bernstein() -> None:
    found = p.bernstein_gigawatt()
    assert round(found.rack, 1) == 5.9
    assert found.racks == pytest.approx(5_930, rel=0.003)
    assert round(found.gigawatt) == 35
    assert round(0.39 * found.rack, 1) == 2.3


def test_microsoft_dcf() -> None:
    found = p.company_dcf(
        331_840,
        [0.15, 0.13, 0.11, 0.09, 0.07],
        [0.44, 0.45, 0.46, 0.465, 0.47],
        [0.30, 0.26, 0.23, 0.21, 0.20],
        depreciation_over_capex=0.55,
        tax=0.19,
        wacc=0.09,
        terminal_growth=0.035,
        cash=76_800,
        debt=31_100,
        shares=7_430,
    )
    assert [round(flow) for flow in found.flows] == [84_490, 106_728, 128_808, 147_209, 162_287]
    assert round(found.enterprise) == 2_461_423
    assert round(found.per_share, 2) == 337.43
    assert round(found.per_share / 500 - 1, 3) == -0.325


@pytest.mark.parametrize(
    ("capex", "revenue", "accelerators", "running", "net"),
    [(72.2, 4, 34.7, 1.10, -69.3), (135, 8, 64.9, 2.05, -129.0)],
)
def test_meta_on_a_cash_basis(
    capex: float, revenue: float, accelerators: float, running: float, net: float
) -> None:
    found = p.cash_efficiency(capex, 1.0, 0.65, 0.74, revenue)
    assert round(found.accelerators, 1) == accelerators
    assert round(found.running, 2) == running
    assert round(found.net, 1) == net


def test_coreweave() -> None:
    assert p.coreweave_contribution(1.0) == 0.40
    assert round(6.0 / 46.7, 2) == 0.13  # its own EBITDA over property


@pytest.mark.parametrize(
    ("outlay", "printed"),
    [(72.2, (144, 9.4, 289, 28.9)), (135, (270, 17.6, 540, 54.0))],
)
def test_side_by_side(outlay: float, printed: tuple[float, ...]) -> None:
    rows = p.side_by_side(outlay, own=outlay * 0.25)
    for row, figure in zip(rows, printed, strict=False):
        digits = 0 if figure == round(figure) and figure >= 100 else 1
        assert row.amount == pytest.approx(figure, abs=0.51 * 10.0**-digits), row.rule
        assert row.quantity.endswith(".")
    assert rows[-1].rule == "J-Curve"
