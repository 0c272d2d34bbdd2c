"""Other companies in the same lines: depreciation against filings, and a made-up company."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jcurve.facts import reported
from jcurve.facts.outlay_tables import calibrated
from jcurve.ground.errors import FactsError, JCurveError
from jcurve.ground.project import Project, find_project
from jcurve_studies.comparisons.published_models import (
    capital_recovery,
    jpm_requirement,
)
from jcurve_studies.fits import fitting, outlays
from jcurve_studies.fits.companies import fiscal_years, peer
from jcurve_studies.fits.outlays import FORECAST_AFTER, fit_outlays, held_outlays
from tests.conftest import RecordFigure
from tests.support.quarters_back import LAST

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

PEERS = ("GOOGL", "MSFT", "AMZN", "ORCL")


@pytest.mark.parametrize("name", ["META", *PEERS])
def test_depreciation_of_each_year_from_2021_within_8_per_cent(name: str) -> None:
    found = peer(name).backcast()
    facts = reported(name).series("depreciation_expense_ppe", "year")
    assert [each.year for each in found] == [year for year in facts if year >= "2021"]
    assert len(found) >= 5 - (name == "META" and LAST < "2025Q4")
    for each in found:
        assert abs(each.error) < 0.08, each


@pytest.mark.parametrize("name", PEERS)
def test_the_table_of_assumptions_holds_what_the_fit_gives(name: str) -> None:
    found = fit_outlays(name)
    for parameter, value, held in zip(
        found.parameters, found.values, held_outlays(name), strict=True
    ):
        # The last digit may turn on the platform's arithmetic.
        assert abs(value - held) <= 10.0**-parameter.digits * 1.01, parameter.name
        assert parameter.low <= held <= parameter.high, parameter.name
        assert parameter.basis


@pytest.mark.parametrize("name", PEERS)
def test_errors_of_the_fit_are_those_of_the_company(name: str) -> None:
    """The fit's own figures against the company as every page evaluates it."""
    by_fit = {
        each.period: each.error
        for each in fit_outlays(name).targets
        if each.what == "Depreciation of property"
    }
    held = {each.year: each.error for each in peer(name).backcast()}
    # The table may differ from the fit by a unit of the last digit, as above.
    assert by_fit == pytest.approx(held, abs=5e-4)


@pytest.mark.parametrize("through", [None, FORECAST_AFTER])
@pytest.mark.parametrize("name", PEERS)
def test_no_fit_hangs_on_the_last_bits_of_a_machine(
    name: str, through: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that ends in a kink gives another answer on another processor."""
    found = fit_outlays(name, through)
    search, drawn = fitting._nearest_within, np.random.default_rng(5)

    def disturbed(misses: Callable[[Array], Array], low: Array, high: Array) -> Array:
        def blurred(points: Array) -> Array:
            exact = misses(points)
            return exact * (1.0 + 1e-12 * drawn.standard_normal(exact.shape))

        return search(blurred, low, high)

    monkeypatch.setattr(fitting, "_nearest_within", disturbed)
    again = outlays._fitted.__wrapped__(peer(name), through or "9999")
    for parameter, one, other in zip(found.parameters, found.values, again.values, strict=True):
        assert abs(one - other) <= 10.0**-parameter.digits * 1.01, parameter.name


@pytest.mark.parametrize("name", PEERS)
def test_later_years_with_parameters_fitted_through_2023(
    name: str, record_figure: RecordFigure
) -> None:
    early = fit_outlays(name, FORECAST_AFTER)
    assert early.through == 2023
    later = [
        each
        for each in early.targets
        if each.what == "Depreciation of property" and each.year > early.through
    ]
    assert [each.period for each in later][:2] == ["2024", "2025"]
    for each in later:
        assert abs(each.error) < 0.08, each
        record_figure(
            f"depreciation of {name} {each.period}, fitted to 2023", 100 * each.error, "%"
        )


@pytest.mark.parametrize("name", PEERS)
def test_no_later_figure_moves_the_fit_through_2023(name: str, tmp_path: Path) -> None:
    """Every reported depreciation, balance and effect after it is changed on file."""
    shutil.copytree(find_project().data, tmp_path / "data")
    project = Project(tmp_path)
    folder = tmp_path / "data" / "companies" / reported(name).company.folder
    for table, period, amount, metrics in (
        ("annual.csv", 1, 3, ("depreciation_expense_ppe", "ppe_construction_in_progress")),
        ("useful_lives.csv", 1, 6, None),
    ):
        with (folder / table).open(newline="", encoding="utf-8") as handle:
            rows = list(csv.reader(handle))
        for row in rows[1:]:
            if row[period][:4] > "2023" and row[amount] and (metrics is None or row[2] in metrics):
                row[amount] = f"{2 * float(row[amount]):g}"
        _write(folder / table, *rows)
    before, after = fit_outlays(name, FORECAST_AFTER), fit_outlays(name, FORECAST_AFTER, project)
    assert after.values == before.values
    assert [each.reported for each in after.targets] != [each.reported for each in before.targets]


def test_a_change_of_a_subset_moves_its_share_of_the_fleet() -> None:
    found = peer("AMZN")
    share = float(found.rows["life.subset_share"][0, 0])
    assert 0.0 < share < 1.0
    lives = [float(found.rows[f"life.change.life.{slot}"][0, 0]) for slot in (1, 2, 3, 4)]
    assert lives == pytest.approx([4.0, 5.0, 6.0, 6.0 - share])


@pytest.mark.parametrize("name", PEERS)
def test_every_fitted_assumption_moves_depreciation(name: str) -> None:
    found = peer(name)
    for parameter in calibrated(name):
        for key in parameter.keys:
            assert key in found.assumptions, key
            assert "fitted" in found.assumptions[key].basis, key


@pytest.mark.parametrize("name", PEERS)
def test_assumptions_are_constants_or_one_path_and_no_year_has_its_own(name: str) -> None:
    """No multiplier per year: of a path, at most one straight slope after its level part."""
    for key, each in peer(name).assumptions.items():
        assert each.basis, key
        if each.points is None or len(each.points) < 2:
            continue
        assert len(each.points) <= 3, key
        assert key.startswith(("capex.mix.", "placement.delayed_share")), key


def test_a_fiscal_year_is_its_own_quarters() -> None:
    found = peer("MSFT")
    facts = reported("MSFT")
    assert found.assembly.company.quarters("2026") == ("2025Q3", "2025Q4", "2026Q1", "2026Q2")
    for year in ("2023", "2026"):
        own = found.year("reported_capex", year)
        assert own == pytest.approx(facts.value("purchases_of_ppe", year).value, rel=1e-3)
    assert fiscal_years(found)[-1] == "2026"
    assert fiscal_years(peer("GOOGL"))[-1] == "2025"


@pytest.mark.parametrize("name", ["META", *PEERS])
def test_what_an_outlay_must_bring_repays_it_after_tax(name: str) -> None:
    """Cash a year, taxed, over the life, with the tax that the outlay saves: the outlay."""
    found = peer(name)
    wacc, tax = (float(found.rows[key][0, 0]) for key in ("returns.wacc", "tax.rate"))
    for member in found.assembly.company.sets["asset_class"]:
        share = found.row(f"required_cash_share.{member}")[0]
        life = float(found.rows[f"life.physical.{member}"][0, 0])
        shield = found.row(f"tax_shield.{member}")[0]
        earned = share * (1 - tax) / capital_recovery(wacc, life)
        assert earned + shield == pytest.approx(1.0, rel=1e-9), member


def test_a_longer_life_of_servers_costs_less_each_year() -> None:
    for name in PEERS:
        found = peer(name)
        year = fiscal_years(found)[-1]
        assert found.with_life(1.0, year) < 0 < found.with_life(-1.0, year)


def test_what_is_bought_keeps_being_written_off() -> None:
    found = peer("GOOGL")
    wave = found.on_the_books(12)
    years = list(wave.values())
    assert years[0] > found.year("property_depreciation", "2025")
    assert years[-1] < max(years)


def test_meta_beside_published_rules() -> None:
    found = peer("META")
    own = found.year("required_cash", "2025") / found.year("outlay", "2025")
    # More than recovery over fifteen years, less than a payback of 2.5 years.
    assert (
        jpm_requirement(1.0) < own < 1 / 2.5
    )  # CoreWeave: cash is back after two and a half years


# A company that does not exist: 400 a quarter on servers, lives of four then five years


def _write(path: Path, *rows: tuple[object, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)


COMPANY = """\
name: ACME
display_name: Acme
cik: "0000000001"
currency: USD
fiscal_year_ends_in_month: 6
first_quarter: 2015Q1
data_through: 2024Q4
last_results: null
next_results: null
next_results_status: unknown
sets:
  asset_class:
    machines: Machines
    sites: Sites
"""
FACTS = ("entity", "period", "metric", "value", "unit", "source_id", "kind", "note")
MIX = "capex.mix.machines,share,{},judgement,derived_calc,made up\ncapex.mix.sites,share,{}"
ROWS = ["life.early_retirement_share", "life.salvage_share", "life.sellable_share"]


@pytest.fixture
def acme(tmp_path: Path) -> Project:
    shutil.copytree(find_project().data, tmp_path / "data")
    folder = tmp_path / "data" / "companies" / "acme"
    folder.mkdir()
    (folder / "company.yml").write_text(COMPANY, encoding="utf-8")
    quarters = [f"{year}Q{number}" for year in range(2015, 2025) for number in range(1, 5)]
    facts = [
        ("ACME", quarter, metric, value, "USD m", "derived_calc", "reported", "")
        for quarter in quarters
        for metric, value in (("purchases_of_ppe", 400), ("revenue_total", 2_000))
    ]
    _write(folder / "quarterly.csv", FACTS, *facts)
    year = ("ACME", "2022", "depreciation_expense_ppe", 1_600, "USD m", "derived_calc")
    _write(folder / "annual.csv", FACTS, (*year, "reported", ""))
    _write(
        folder / "useful_lives.csv",
        ("entity", "effective_date", "type", "asset_class", "old_life_years", "new_life_years",
         "effect_usd_m", "effect_window", "source_id", "note"),
        ("ACME", "2023-01-01", "change", "servers", 4, 5, "", "", "derived_calc", ""),
    )  # fmt: skip
    _write(
        folder / "history.csv",
        ("row", "unit", "nature", "first", "last", "definition"),
        ("reported_revenue", "USD m", "flow", "2015Q1", "", "Revenue."),
        ("reported_capex", "USD m", "flow", "2015Q1", "", "Purchases."),
    )
    _write(
        folder / "history_rules.csv",
        ("row", "rule", "inputs", "from", "to", "why"),
        ("reported_revenue", "quarters", "revenue_total", "", "", ""),
        ("reported_capex", "quarters", "purchases_of_ppe", "", "", ""),
    )
    _write(
        folder / "outlay.csv", ("key", "unit", "value", "kind", "source_id", "basis"), *_outlay()
    )
    both = ("asset_class", "machines sites", "it is so", "judgement", "derived_calc", "made up")
    _write(
        folder / "traits.csv",
        ("trait", "set", "members", "meaning", "kind", "source_id", "basis"),
        ("asset.changes_life", *both),
        ("asset.depreciable", *both),
    )
    return Project(tmp_path)


def _outlay() -> list[tuple[str, ...]]:
    values: dict[str, tuple[str, str]] = {
        "capex.mix.machines": ("share", "1"),
        "capex.mix.sites": ("share", "0"),
        "capex.opening_mix.machines": ("share", "1"),
        "capex.opening_mix.sites": ("share", "0"),
        "lease.finance_mix.*": ("share", "0.5"),
        "placement.lag.*": ("quarters", "0"),
        "placement.delay": ("quarters", "0"),
        "placement.delayed_share": ("share", "0"),
        "life.book.*": ("years", "4"),
        "life.changes_share.*": ("share", "1"),
        "life.rest_follows_from": ("date", "100"),
        "life.early_retirement_age.*": ("years", "3"),
        **{f"{key}.*": ("share", "0") for key in ROWS},
        "life.physical.*": ("years", "5"),
        "outlay.bonus_share.*": ("share", "1"),
        "outlay.tax_life.*": ("years", "5"),
        "outlay.cash_margin": ("share", "0.5"),
        "returns.wacc": ("per year", "0.1"),
        "tax.rate": ("share", "0.2"),
    }
    return [
        (key, unit, value, "judgement", "derived_calc", "made up")
        for key, (unit, value) in values.items()
    ]


def test_a_made_up_company_is_a_folder_of_data(acme: Project) -> None:
    found = peer("ACME", acme)
    timeline = found.assembly.timeline
    charge = found.row("property_depreciation")
    # Sixteen vintages of 400 over 16 quarters each.
    assert charge[timeline.index("2015Q1")] == pytest.approx(25.0)
    assert charge[timeline.index("2018Q4")] == pytest.approx(400.0)
    assert charge[timeline.index("2022Q4")] == pytest.approx(400.0)
    assert charge[timeline.index("2023Q1")] < 400.0  # five years from 2023 on
    assert charge.sum() == pytest.approx(40 * 400.0)
    assert found.backcast("2022")[0].error == pytest.approx(0.0, abs=1e-12)
    assert found.year("outlay", "2024") == pytest.approx(
        0.2 * found.year("reported_revenue", "2024")
    )
    # All deducted at once: tax cancels, and what must come back is plain capital recovery.
    needed = 1_600 * capital_recovery(0.10, 5)
    assert found.year("required_cash", "2024") == pytest.approx(needed)
    assert found.year("required_revenue", "2024") == pytest.approx(needed / 0.5)
    assert fiscal_years(found)[-1] == "2024"
    assert np.isfinite(charge).all()


def test_property_bought_and_not_paid_for_is_depreciated_and_is_no_outlay(acme: Project) -> None:
    """300 unpaid at the end of 2016, 500 at the end of 2024; the line between, none before."""
    folder = acme.data / "companies" / "acme"
    before = peer("ACME", acme)
    for year, unpaid in (("2016Q4", 300), ("2024Q4", 500)):
        with (folder / "quarterly.csv").open("a", encoding="utf-8") as handle:
            row = f"ACME,{year},ppe_in_accounts_payable,{unpaid},USD m,derived_calc,reported,"
            handle.write(f"{row}\n")
    with (folder / "history.csv").open("a", encoding="utf-8") as handle:
        handle.write("reported_unpaid_capex,USD m,stock,2015Q1,,Unpaid.\n")
    with (folder / "history_rules.csv").open("a", encoding="utf-8") as handle:
        handle.write("reported_unpaid_capex,quarters,ppe_in_accounts_payable,,,\n")
        handle.write("reported_unpaid_capex,between,,,,between\n")
        handle.write("reported_unpaid_capex,constant,0,2015Q1,2016Q3,none\n")
    after = peer("ACME", acme)
    assert after.row("outlay") == pytest.approx(before.row("outlay"))
    bought = after.row("additions.machines") - before.row("additions.machines")
    timeline = after.assembly.timeline
    assert bought[timeline.index("2016Q4")] == pytest.approx(300.0)
    assert bought[timeline.index("2020Q4")] == pytest.approx(200.0 / 32)
    assert bought.sum() == pytest.approx(500.0)
    assert bought[timeline.index("2025Q1") :].any() == np.False_
    more = after.row("property_depreciation").sum() - before.row("property_depreciation").sum()
    assert more == pytest.approx(500.0)


def test_a_made_up_company_is_fitted_by_two_more_tables(acme: Project) -> None:
    """Fiscal 2016 is quarters 3 to 6: so many vintages of 400 over four years, 25 each."""
    folder = acme.data / "companies" / "acme"
    year = ("ACME", "2016", "depreciation_expense_ppe", 25 * (3 + 4 + 5 + 6), "USD m")
    _write(folder / "annual.csv", FACTS, (*year, "derived_calc", "reported", ""))
    head = ("parameter", "keys", "years", "low", "high", "digits", "source_id", "basis")
    life = ("Life", "life.book.machines", "", 3, 5.2, 2, "derived_calc", "made up")
    _write(folder / "calibration.csv", head, life)
    head = ("figure", "metric", "first", "last", "weight", "basis")
    _write(
        folder / "outlay_targets.csv",
        head,
        ("Depreciation", "depreciation_expense_ppe", "2016", "", 0.0001, "made up"),
    )
    found = fit_outlays("ACME", None, acme)
    assert found.values == pytest.approx((4.0,), abs=0.011)
    assert held_outlays("ACME", acme) == (4.0,)
    with pytest.raises(FactsError, match="no figure to fit to"):
        fit_outlays("ACME", "2015", acme)
    wrong = ("Sales", "revenue_total", "2016", "", 0.01, "made up")
    _write(folder / "outlay_targets.csv", head, wrong)
    with pytest.raises(FactsError, match="no line of the model stands for this metric"):
        fit_outlays("ACME", "2022", acme)
    wrong = ("Effect", "life_change_effect", "2016", "", 0.01, "made up")
    _write(folder / "outlay_targets.csv", head, wrong)
    with pytest.raises(FactsError, match="without a figure on file"):
        fit_outlays("ACME", "2021", acme)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("capex.mix.machines,share,1", "capex.mix.machines,share,0.9", "do not sum to 1"),
        ("tax.rate,share,0.2", "tax.rate,share,a fifth", "not a value"),
        ("tax.rate,share,0.2", "tax.rate,shares,0.2", "unknown unit"),
        (
            "tax.rate,share,0.2",
            "tax.rate,share,0.2,judgement,nowhere,x\ntax.rate,share,0.2",
            "unknown source",
        ),
        ("returns.wacc,per year,0.1", "returns.wack,per year,0.1", "precedent"),
        ("tax.rate,share,0.2", "tax.rate,share,rest", "rest"),
        ("capex.mix.sites,share,0", "capex.mix.sites,share,rest", None),
        (MIX.format("1", "0"), MIX.format("1.2", "rest"), "below 0"),
        (MIX.format("1", "0"), MIX.format("rest", "rest"), "only one class"),
    ],
)
def test_a_bad_table_of_assumptions_is_refused(
    acme: Project, old: str, new: str, what: str | None
) -> None:
    path = acme.data / "companies" / "acme" / "outlay.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    if what is None:  # the rest of a mix is worked out
        assert peer("ACME", acme).rows["capex.mix.sites"][0, 0] == 0.0
        return
    with pytest.raises(JCurveError, match=what):
        peer("ACME", acme)


def test_a_line_of_the_whole_model_is_not_there(acme: Project) -> None:
    with pytest.raises(FactsError, match="without advertising"):
        peer("ACME", acme).row("advertising")


def test_a_claim_of_fit_says_whether_the_years_were_seen() -> None:
    """In sample or not: fitted to these years, or through one before them."""
    said = re.compile(
        r"[Ff]itted to these years|[Ff]itted through 20\d\d|to which it is fitted|^With that fit"
    )
    docs, found = find_project().root / "docs", []
    for page in ("validation.md", "peers.md"):
        text = (docs / page).read_text(encoding="utf-8")
        titles = re.findall(r"(?m)^\*\*(.+?)\*\*", text)
        found += [title for title in titles if re.search(r"\bwithin [\d.]+%", title)]
    assert len(found) >= 4
    assert [title for title in found if not said.search(title)] == []
