"""Two companies added as docs/add-a-company.md says: a fiscal year that ends in May, and one whose
first quarter is 2023Q1. Their depreciation is worked out by hand, so what comes back is known."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest

from jcurve.facts import company, verify
from jcurve.facts.history_rules import RULES
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, find_project
from jcurve.ground.quarters import Quarter
from jcurve_studies.exhibits import peers
from jcurve_studies.fits.companies import fiscal_years, peer
from jcurve_studies.fits.outlays import fit_outlays

PAGE = find_project().root / "docs/add-a-company.md"
LIFE, SPENT = 16, 400.0  # quarters; USD m each quarter, all on servers


def _columns(page: str, name: str) -> list[str]:
    """The header that the page gives for a table."""
    wanted = {
        "quarterly": "entity,period,metric",
        "useful_lives": "entity,effective_date",
        "capex_guidance": "entity,as_of",
        "history": "row,unit,nature",
        "history_rules": "row,rule,inputs",
        "outlay": "key,unit,value",
        "traits": "trait,set,members",
        "calibration": "parameter,keys",
        "outlay_targets": "figure,metric",
    }[name]
    (found,) = [each for each in re.findall(r"`([a-z_,]+)`", page) if each.startswith(wanted)]
    return found.split(",")


def _add(project: Project, name: str, month: int, first: str, through: str, change: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    folder = project.data / "companies" / name.lower()
    folder.mkdir()
    (folder / "company.yml").write_text(
        f"""\
name: {name}
display_name: {name.title()} Corporation
cik: "0000000001"
currency: USD
fiscal_year_ends_in_month: {month}
first_quarter: {first}
data_through: {through}
last_results: null
next_results: null
next_results_status: unknown
sets:
  asset_class:
    servers: Servers
    land: Land
""",
        encoding="utf-8",
    )

    def write(table: str, columns: str, *rows: tuple[object, ...]) -> None:
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerows([_columns(page, columns), *rows])

    source, basis = "derived_calc", "made up"
    quarters = Quarter(first).through(through)
    write(
        "quarterly",
        "quarterly",
        *(
            (name, quarter, metric, value, "USD m", source, "reported", "")
            for metric, value in (("purchases_of_ppe", SPENT), ("revenue_total", 2_000))
            for quarter in quarters
        ),
    )
    # A vintage is charged over 16 quarters from the quarter in which it is bought.
    owner = company(name, project)
    charge = {quarter: SPENT / LIFE * min(at + 1, LIFE) for at, quarter in enumerate(quarters)}
    years = [str(year) for year in range(quarters[0].year, quarters[-1].year + 2)]
    whole = [year for year in years if set(owner.quarters(year)) <= set(quarters)]
    write(
        "annual",
        "quarterly",
        *(
            (
                name,
                year,
                "depreciation_expense_ppe",
                sum(charge[quarter] for quarter in owner.quarters(year)),
                "USD m",
                source,
                "derived",
                "",
            )
            for year in whole
        ),
    )
    write(
        "useful_lives",
        "useful_lives",
        (name, change, "change", "server equipment", 4, 4, "", "", source, "the same life again"),
    )
    write("capex_guidance", "capex_guidance")
    write(
        "history",
        "history",
        ("reported_revenue", "USD m", "flow", first, "", "Revenue."),
        ("reported_capex", "USD m", "flow", first, "", "Purchases."),
    )
    write(
        "history_rules",
        "history_rules",
        ("reported_revenue", "quarters", "revenue_total", "", "", ""),
        ("reported_capex", "quarters", "purchases_of_ppe", "", "", ""),
    )
    values = {
        "capex.mix.land": 0,
        "capex.mix.servers": "rest",
        "capex.opening_mix.land": 0,
        "capex.opening_mix.servers": "rest",
        "lease.finance_mix.*": 0.5,
        "placement.delayed_share": 0,
        "life.changes_share.*": 1,
        "life.early_retirement_share.*": 0,
        "life.salvage_share.*": 0,
        "life.sellable_share.*": 0,
        "outlay.bonus_share.*": 1,
        "outlay.cash_margin": 0.5,
        "tax.rate": 0.2,
    }
    years_ = {
        "life.book.*": 3.5,
        "life.early_retirement_age.*": 3,
        "life.physical.*": 5,
        "outlay.tax_life.*": 5,
    }
    units = [
        *((key, "share", value) for key, value in values.items()),
        *((key, "years", value) for key, value in years_.items()),
        ("placement.lag.*", "quarters", 0),
        ("placement.delay", "quarters", 0),
        ("life.rest_follows_from", "date", 1000),
        ("returns.wacc", "per year", 0.1),
    ]
    write("outlay", "outlay", *((*each, "judgement", source, basis) for each in units))
    write(
        "traits",
        "traits",
        (
            "asset.depreciable",
            "asset_class",
            "servers",
            "it is charged",
            "judgement",
            source,
            basis,
        ),
        (
            "asset.changes_life",
            "asset_class",
            "servers",
            "lives change",
            "judgement",
            source,
            basis,
        ),
    )
    write(
        "calibration",
        "calibration",
        ("Life of servers", "life.book.servers", "", 3, 5, 2, source, basis),
    )
    write(
        "outlay_targets",
        "outlay_targets",
        ("Depreciation of property", "depreciation_expense_ppe", whole[0], "", 0.0001, basis),
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("added")
    shutil.copytree(find_project().data, root / "data")
    made = Project(root)
    _add(made, "MAYA", 5, "2019Q1", "2026Q2", "2022-06-01")
    _add(made, "YNGR", 12, "2023Q1", "2026Q2", "2026-01-01")
    return made


@pytest.mark.parametrize("name", ["MAYA", "YNGR"])
def test_verify_reads_every_table_of_it(name: str, project: Project) -> None:
    report = verify(name, project)
    assert report.ok, report.failures
    (tables,) = [check for check in report.checks if check.name == "tables"]
    assert tables.count == 7


@pytest.mark.parametrize("name", ["MAYA", "YNGR"])
def test_its_life_is_found_and_its_depreciation_rebuilt(name: str, project: Project) -> None:
    fitted = fit_outlays(name, None, project)
    assert fitted.values == pytest.approx((LIFE / 4,), abs=0.011)
    assert fitted.lines() == ["Life of servers: 4, 3 to 5"]
    outlay = project.data / "companies" / name.lower() / "outlay.csv"
    text = outlay.read_text(encoding="utf-8")
    outlay.write_text(
        text.replace("life.book.*,years,3.5", "life.book.*,years,4"), encoding="utf-8"
    )
    for each in peer(name, project).backcast():
        assert each.error == pytest.approx(0.0, abs=1e-9), each
    outlay.write_text(text, encoding="utf-8")


def test_a_fiscal_year_that_ends_in_may_is_its_nearest_quarters(project: Project) -> None:
    owner = company("MAYA", project)
    assert owner.quarters("2026") == ("2025Q3", "2025Q4", "2026Q1", "2026Q2")
    assert owner.last_day("2026Q2").isoformat() == "2026-05-31"
    found = peer("MAYA", project)
    timeline = found.assembly.timeline
    # What takes effect on the first day of its fiscal year does so in that year's first quarter.
    date = int(found.rows["life.change.date.1"][0, 0])
    assert timeline.labels[date] == owner.quarters("2023")[0] == "2022Q3"
    assert fiscal_years(found)[-1] == "2026"


def test_a_company_that_starts_in_2023_has_the_years_from_then_on(project: Project) -> None:
    found = peer("YNGR", project)
    assert fiscal_years(found) == ("2023", "2024", "2025")
    assert [each.year for each in found.backcast()] == ["2023", "2024", "2025"]


def test_both_are_in_the_report_of_peers_and_its_page(project: Project) -> None:
    found = peers.companies(["META", "MAYA", "YNGR"], project)
    for exhibit in (
        peers.intensity(found),
        peers.rebuilt(found),
        peers.fitted(found),
        peers.wave(found),
    ):
        text = exhibit.plain()
        assert "Maya" in text, exhibit.id
        assert "Yngr" in text, exhibit.id


def test_a_fitted_mix_leaves_nothing_less_than_nothing(project: Project, tmp_path: Path) -> None:
    """Ranges of two shares that together pass 1: the fit scales them back."""
    shutil.copytree(project.data, tmp_path / "data")
    made = Project(tmp_path)
    folder = made.data / "companies/yngr"
    for old, new, file in (
        ("    land: Land\n", "    land: Land\n    roofs: Roofs\n", "company.yml"),
        (
            "capex.mix.land,share,0,",
            "capex.mix.roofs,share,0.5,judgement,derived_calc,x\ncapex.mix.land,share,0.5,",
            "outlay.csv",
        ),
        (
            "capex.opening_mix.land,share,0,",
            "capex.opening_mix.roofs,share,0.5,judgement,derived_calc,x\n"
            "capex.opening_mix.land,share,0.5,",
            "outlay.csv",
        ),
        (
            "lease.finance_mix.*,share,0.5",
            "lease.finance_mix.*,share,0.3333333333333333",
            "outlay.csv",
        ),
        (",,3,5,2,", ",,3,5,2,", "calibration.csv"),
    ):
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    with (folder / "calibration.csv").open("a", encoding="utf-8") as stream:
        stream.write("Land,capex.mix.land,,0.6,0.9,3,derived_calc,made up\n")
        stream.write("Roofs,capex.mix.roofs,,0.6,0.9,3,derived_calc,made up\n")
    fitted = dict(
        zip(
            (each.name for each in fit_outlays("YNGR", None, made).parameters),
            fit_outlays("YNGR", None, made).values,
            strict=True,
        )
    )
    assert fitted["Land"] + fitted["Roofs"] <= 1.0
    assert fitted["Land"] + fitted["Roofs"] == pytest.approx(1.0, abs=0.005)


def test_a_figure_of_zero_is_no_target(project: Project, tmp_path: Path) -> None:
    shutil.copytree(project.data, tmp_path / "data")
    made = Project(tmp_path)
    annual = made.data / "companies/maya/annual.csv"
    rows = annual.read_text(encoding="utf-8").splitlines()
    cells = rows[-1].split(",")
    cells[3] = "0"
    annual.write_text("\n".join([*rows[:-1], ",".join(cells), ""]), encoding="utf-8")
    with pytest.raises(FactsError, match="a figure of zero cannot be fitted to"):
        fit_outlays("MAYA", None, made)


def test_the_page_explains_every_rule_of_history() -> None:
    page = PAGE.read_text(encoding="utf-8")
    told = re.findall(r"(?m)^\| `([a-z_]+)` \|", page)
    assert sorted(told) == sorted(RULES)
