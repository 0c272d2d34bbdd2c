"""Depreciation rebuilt from reported capex, against what Meta reported and disclosed.

No multiplier per year: every fitted parameter is a constant or one straight path, inside the
range that evidence allows it, and the base scenario holds what the fit gives.
"""

from __future__ import annotations

import numpy as np
import pytest

import jcurve
from jcurve.assumptions import Change, Path
from jcurve.engine.evaluate import evaluate
from jcurve.facts import company, evidence, reported
from jcurve.facts.outlay_tables import calibrated
from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve_studies.fits.depreciation import fit, measure, overrides, values_of
from jcurve_studies.fits.fitting import Calibration
from jcurve_studies.fits.lives import (
    by_quarter,
    changes_of,
    cut,
    depreciation,
    disclosed_effects,
    effect,
    in_service_at,
)
from tests.conftest import RecordFigure
from tests.support.one_at_a_time import one_at_a_time
from tests.support.quarters_back import LAST, known_since

YEARS = range(2021, company("META").last_year + 1)
PROPERTY, SERVERS = "Depreciation of property", "of servers and network"
FOLLOWED = {
    "life.book": "policy tables of the filings",
    "life.change": "dated in the filings",
    "life.rest_follows_from": "dated in the filings",
    "capex.mix.land": "follows reported land, 2 % of gross property",
    "capex.opening_mix": "the mix of 2012, of property that was written off long before 2021",
    "life.early_retirement": "none in the base scenario",
    "life.sellable_share": "nothing is retired early",
    "placement.delay": "the ends of the evidence range for servers, 1 to 3 quarters: judgement",
    "life.salvage_share": "nothing is retired early",
}
"""Assumptions that move depreciation and are not fitted, and what they follow."""


@pytest.fixture(scope="module")
def base() -> jcurve.Case:
    return jcurve.evaluate("base")


@pytest.fixture(scope="module")
def fitted() -> Calibration:
    return fit()


def _errors(case: jcurve.Case, what: str) -> dict[str, float]:
    return {each.period: each.error for each in measure(case) if each.what == what}


def test_each_year_within_5_per_cent_and_3_on_average(
    base: jcurve.Case, record_figure: RecordFigure
) -> None:
    errors = _errors(base, PROPERTY)
    years = [period for period in errors if period.isdigit()]
    assert years == [str(year) for year in YEARS]
    assert max(abs(errors[year]) for year in years) < 0.05, errors
    assert np.mean([abs(errors[year]) for year in years]) < 0.03, errors
    ended = LAST.number == QUARTERS_IN_YEAR  # then no year is under way
    under_way = [] if ended else [f"{LAST.year}Q1 to {LAST}"]
    assert [*errors][len(years) :] == under_way
    assert all(abs(errors[period]) < 0.10 for period in under_way), errors
    for period, error in errors.items():
        record_figure(f"depreciation of property against filings: {period}", 100 * error, "%")


def test_errors_are_those_of_the_filings(base: jcurve.Case) -> None:
    """The comparison itself, done once more by hand."""
    facts = reported("META")
    by_hand = {
        str(year): base.frame("property_depreciation", by="year").loc[year, "property_depreciation"]
        / facts.value("depreciation_expense_ppe", str(year)).value
        - 1
        for year in YEARS
    }
    found = {
        period: error for period, error in _errors(base, PROPERTY).items() if period in by_hand
    }
    assert found == pytest.approx(by_hand, rel=1e-12)


def test_servers_and_network_are_most_of_it(base: jcurve.Case) -> None:
    errors = _errors(base, SERVERS)
    assert max(map(abs, errors.values())) < 0.15, errors


def test_the_base_scenario_holds_what_the_fit_gives(base: jcurve.Case, fitted: Calibration) -> None:
    of = max(
        base.scenario[key].as_of for each in fitted.parameters for key in each.keys
    ).isoformat()
    if of != company("META").last_results:
        pytest.skip(f"the fit was made on what was known on {of}")
    held = values_of(base.scenario, fitted.parameters)
    for parameter, value, found in zip(fitted.parameters, held, fitted.values, strict=True):
        # The last digit may turn on the platform's arithmetic.
        assert abs(value - found) <= 10.0**-parameter.digits * 1.01, parameter.name


def test_fitted_parameters_are_constant_or_one_straight_path(base: jcurve.Case) -> None:
    for parameter in calibrated("META"):
        assert parameter.basis
        for key in parameter.keys:
            value = base.scenario[key].value
            if not parameter.years:
                assert isinstance(value, float), key
                assert parameter.low <= value <= parameter.high, key
                continue
            assert isinstance(value, Path), key
            assert value.between == "linear", key
            for year in parameter.years:
                assert parameter.low <= value.at(year) <= parameter.high, (key, year)
            slopes = np.round(np.diff(value.over()), 12)
            assert len(set(slopes) - {0.0}) == 1, f"{key} moves along more than one line"


def test_every_assumption_that_moves_depreciation_is_fitted_or_follows_filings(
    base: jcurve.Case,
) -> None:
    """On history depreciation rests on reported capex and on nothing else that is free."""
    quarters = base.assembly.timeline.index(LAST) + 1
    fitted = {key for parameter in calibrated("META") for key in parameter.keys}
    # Servers of every kind share lag, life and share: how spending splits among them moves
    # nothing, which is why the split can be judgement.
    split = {"capex.mix.accelerators", "capex.mix.network", "capex.mix.servers"}
    wanted = ("property_depreciation", "with")
    keys = [key for key in base.assumption_rows if key in base.assembly.names and key not in split]
    inputs = base.assembly.inputs(one_at_a_time(base, keys, 1.02, 0.01))
    made = evaluate(base.assembly.model, inputs, base.assembly.timeline, [wanted])[wanted]
    found = {
        key
        for at, key in enumerate(keys)
        if not np.allclose(made[:quarters, at], made[:quarters, -1], rtol=1e-9, atol=1e-9)
    }
    free = {key for key in found - fitted if not key.startswith(tuple(FOLLOWED))}
    assert not free, sorted(free)
    assert fitted & found, "no fitted parameter moves depreciation"


def test_the_split_of_servers_moves_no_depreciation(base: jcurve.Case) -> None:
    other = jcurve.evaluate(
        jcurve.scenario("base", {"capex.mix.accelerators": {2012: 0.1, 2030: 0.1}})
    )
    reported = base.assembly.timeline.index(LAST) + 1
    np.testing.assert_allclose(
        other.row("property_depreciation", "with")[:reported],
        base.row("property_depreciation", "with")[:reported],
        rtol=1e-3,  # property of before 2012 keeps its own split
    )


@known_since("2025Q4")
def test_2025_with_parameters_fitted_to_2024() -> None:
    """A forecast: no figure of 2025 is in the fit, and none of them is a target of it."""
    early = fit(2024)
    assert early.through == 2024
    case = jcurve.evaluate(
        jcurve.scenario("base").with_overrides(
            overrides(early.parameters, early.values, jcurve.scenario("base"))
        )
    )
    errors = _errors(case, PROPERTY)
    assert max(abs(errors[str(year)]) for year in range(2021, 2025)) < 0.05, errors
    assert abs(errors["2025"]) < 0.08, errors
    forecast = {each.period: each.error for each in early.targets if each.what == PROPERTY}
    assert forecast["2025"] == pytest.approx(errors["2025"], abs=1e-9)


def test_the_life_change_of_2025_saves_what_was_disclosed(base: jcurve.Case) -> None:
    saved = _saved(base, "2025")
    assert saved.sum() == pytest.approx(-2_920, rel=0.05)
    # Disclosed: the first quarter, nine months, the year.
    assert saved[0] == pytest.approx(-826, rel=0.15)
    assert saved[1:3].sum() == pytest.approx(-2_290 + 826, rel=0.15)
    assert saved[3] == pytest.approx(-2_920 + 2_290, rel=0.15)
    assert saved[:3].sum() == pytest.approx(-2_290, rel=0.15)


def test_each_quarter_of_2025_is_within_15_per_cent_of_what_disclosures_leave_it(
    base: jcurve.Case, record_figure: RecordFigure
) -> None:
    """The second and third quarter are known together only; each is held at both ends of the
    range that a fading effect leaves it."""
    saved = _saved(base, "2025")
    told = by_quarter(disclosed_effects(), "2025")
    assert [(each.quarter, each.large, each.small) for each in told] == [
        ("2025Q1", -826, -826),
        ("2025Q2", -826, -732),
        ("2025Q3", -732, -638),
        ("2025Q4", -630, -630),
    ]
    for each, own in zip(told, saved, strict=True):
        assert own == pytest.approx(each.small, rel=0.15), each
        assert own == pytest.approx(each.large, rel=0.15), each
        error = 100 * each.worst(own)
        record_figure(f"effect of the life change in {each.quarter}, at most", error, "%")


def test_every_fading_split_lies_in_the_ranges_and_reaches_their_ends() -> None:
    told = by_quarter(disclosed_effects(), "2025")[1:3]
    splits = [(second, -1_464.0 - second) for second in np.linspace(-826, -638, 189)]
    fading = [each for each in splits if -826 <= each[0] <= each[1] <= -630]
    for place, each in enumerate(told):
        held = [split[place] for split in fading]
        assert (min(held), max(held)) == pytest.approx((each.large, each.small))


def test_a_change_inside_the_year_has_no_fading_quarters() -> None:
    assert by_quarter(disclosed_effects(), "2022") == ()


def test_the_effect_fades_as_the_assets_of_then_run_out(base: jcurve.Case) -> None:
    """A disclosed effect covers assets in service at the change: it shrinks from quarter to
    quarter, as Meta's figures do (-826, then -732 on average, then -630)."""
    assert (np.diff(_saved(base, "2025")) > 0).all()


def test_the_life_changes_of_2022_save_what_was_disclosed(base: jcurve.Case) -> None:
    assert _saved(base, "2022").sum() == pytest.approx(-860, rel=0.15)


def _saved(case: jcurve.Case, year: str) -> np.ndarray:
    changes = changes_of(case.scenario)
    first = case.assembly.timeline.index(f"{year}Q1")
    moved = effect(case.assembly, case.values, changes, year, in_service_at(changes, year))
    return moved[first : first + 4, 0]


def test_the_effect_is_the_difference_of_two_whole_models(base: jcurve.Case) -> None:
    """With every asset counted, the effect is what leaving the change out moves in the model."""
    other = jcurve.evaluate(
        jcurve.scenario(
            "base",
            {"life.change": {"2022Q2": 4.5, "2022Q4": 5}},
        )
    )
    np.testing.assert_allclose(
        effect(base.assembly, base.values, changes_of(base.scenario), "2025")[:, 0],
        base.row("property_depreciation", "with") - other.row("property_depreciation", "with"),
        atol=1e-6,
    )


def test_a_later_change_of_life_moves_no_cash(base: jcurve.Case) -> None:
    other = jcurve.evaluate(jcurve.scenario("base", {"life.change.2027Q1": 3}))
    assert other.row("property_depreciation").sum() != base.row("property_depreciation").sum()
    for world in ("with", "without", "stopped"):
        for line in ("capex", "ebitda", "operating_cash_tax", "unlevered_free_cash_flow"):
            np.testing.assert_allclose(
                other.row(line, world), base.row(line, world), rtol=1e-9, atol=1e-6, err_msg=line
            )


def test_a_cut_to_3_years_against_the_static_reading(base: jcurve.Case) -> None:
    """The published reading: 13.36 bn of 2025 times 5.5 / 3, less 1: 11.1 bn."""
    published = evidence()["LIFE3_STATIC"].value
    found = cut(base.assembly, base.values, changes_of(base.scenario), "2025Q1", 3.0)
    assert found.static == pytest.approx(published * 1_000, rel=0.05)
    # Assets past three years are expensed at once, which the static reading leaves out.
    assert found.extra[2025] > found.static
    assert 0 < found.first_quarter < found.extra[2025]


def test_a_cut_moves_depreciation_in_time_only(base: jcurve.Case) -> None:
    changes = changes_of(base.scenario)
    early = (*changes[:-1], Change(changes[-1].date, 3.0))
    for life in (changes, early):
        # Assets placed by 2024 are written off by 2040 but for buildings, which no change moves.
        charged = depreciation(base.assembly, base.values, life, "2024Q4").sum()
        assert charged == pytest.approx(
            depreciation(base.assembly, base.values, (), "2024Q4").sum(), rel=1e-9
        )
