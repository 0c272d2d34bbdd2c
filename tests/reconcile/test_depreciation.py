"""Depreciation rebuilt from reported capex, against what Meta reported and disclosed.

No multiplier per year: the mix of capex is one straight path, placement lags and lives are
constants, and one share says how much of the fleet followed the changes of 2022.
"""

from __future__ import annotations

import numpy as np
import pytest

import jcurve
from jcurve.facts import reported

YEARS = range(2021, 2026)
NO_CHANGE_OF_2025 = {
    "life.changes": [{"date": "2022Q2", "life": 4.5}, {"date": "2022Q4", "life": 5}]
}
NO_CHANGE_AT_ALL = {"life.changes": []}
FITTED_TO_2024 = {
    "capex.mix.buildings": {2012: 0.631, 2021: 0.631, 2024: 0.461},
    "life.book.buildings": 16.9,
    **{f"life.changes_share.{each}": 0.74 for each in ("accelerators", "servers", "network")},
    "capex.mix.network": {2012: 0.063, 2021: 0.063, 2024: 0.093},
}
"""The same parameters, fitted without the figures of 2025."""


@pytest.fixture(scope="module")
def base() -> jcurve.Case:
    return jcurve.evaluate("base")


def _errors(case: jcurve.Case) -> dict[int, float]:
    facts = reported("META")
    modelled = dict(
        zip(case.assembly.timeline.years, case.year("property_depreciation", "with"), strict=True)
    )
    return {
        year: modelled[year] / facts.value("depreciation_expense_ppe", str(year)).value - 1
        for year in YEARS
    }


def _effect(case: jcurve.Case, without: dict[str, object]) -> np.ndarray:
    other = jcurve.evaluate(jcurve.scenario("base", without))
    return case.row("property_depreciation", "with") - other.row("property_depreciation", "with")


def test_each_year_within_5_per_cent_and_3_on_average(base: jcurve.Case) -> None:
    errors = _errors(base)
    assert max(map(abs, errors.values())) < 0.05, errors
    assert np.mean([abs(error) for error in errors.values()]) < 0.03, errors


def test_2025_with_parameters_fitted_to_2024() -> None:
    errors = _errors(jcurve.evaluate(jcurve.scenario("base", FITTED_TO_2024)))
    assert abs(errors[2025]) < 0.05, errors


def test_the_life_change_of_2025_saves_what_was_disclosed(base: jcurve.Case) -> None:
    first = base.assembly.timeline.index("2025Q1")
    saved = _effect(base, NO_CHANGE_OF_2025)[first : first + 4]
    assert saved.sum() == pytest.approx(-2_920, rel=0.05)
    assert saved[0] == pytest.approx(-826, rel=0.15)
    assert saved[:3].sum() == pytest.approx(-2_290, rel=0.15)


def test_the_life_changes_of_2022_save_what_was_disclosed(base: jcurve.Case) -> None:
    first = base.assembly.timeline.index("2022Q1")
    saved = _effect(base, NO_CHANGE_AT_ALL)[first : first + 4]
    assert saved.sum() == pytest.approx(-860, rel=0.15)


def test_servers_and_network_are_most_of_it(base: jcurve.Case) -> None:
    facts = reported("META")
    classes = ("accelerators", "servers", "network")
    for year in YEARS:
        at = year - base.assembly.timeline.years[0]
        modelled = sum(base.year(f"book_depreciation.{each}", "with")[at] for each in classes)
        disclosed = facts.value("depreciation_expense_servers_network", str(year)).value
        assert modelled == pytest.approx(disclosed, rel=0.15), year


def test_a_later_change_of_life_moves_no_cash(base: jcurve.Case) -> None:
    changes = [*NO_CHANGE_OF_2025["life.changes"], {"date": "2025Q1", "life": 5.5}]
    cut = [*changes, {"date": "2027Q1", "life": 3}]
    other = jcurve.evaluate(jcurve.scenario("base", {"life.changes": cut}))
    assert other.row("property_depreciation").sum() != base.row("property_depreciation").sum()
    for world in ("with", "without", "stopped"):
        for line in ("capex", "ebitda", "operating_cash_tax", "unlevered_free_cash_flow"):
            np.testing.assert_allclose(
                other.row(line, world), base.row(line, world), rtol=1e-9, atol=1e-6, err_msg=line
            )
