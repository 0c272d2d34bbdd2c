"""Other people's models, rebuilt to the digits they print."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, find_project
from jcurve_studies.comparisons import published_models as p
from jcurve_studies.comparisons.published_models import _WORK, published_models, rebuilt


@pytest.mark.parametrize(("run_rate", "printed"), [(150, 600), (50, 200)])
def test_sequoia(run_rate: float, printed: float) -> None:
    assert p.sequoia_revenue(run_rate) == pytest.approx(printed, rel=1e-12)


def test_jp_morgan_restates_its_answer_to_the_printed_digits() -> None:
    assert pytest.approx(650, abs=0.5) == 12 * 34.72 * 1.56
    # The ratio used beside others: 650 of 5,000 a year.
    assert round(650 / 5_000, 2) == 0.13


def test_jp_morgans_answer_does_not_follow_from_what_it_prints() -> None:
    """No whole number of years gives 650, and the printed inputs do not contradict it."""
    whole = {years: round(p.jpm_requirement(5_000, years=years)) for years in range(1, 61)}
    assert 650 not in whole.values()
    assert min(whole, key=lambda years: abs(whole[years] - 650)) == 15
    assert (whole[15], whole[16], whole[5]) == (657, 639, 1_319)
    # What rounding the years or the outlay allows spans it: the printed inputs do not decide it.
    assert p.jpm_requirement(5_000, years=15.5) < 650 < p.jpm_requirement(5_000, years=14.5)
    assert p.jpm_requirement(4_500) < 650 < p.jpm_requirement(5_500)


def test_sequoias_hole_needs_two_numbers_of_companies() -> None:
    """Four companies at 10 and several at 5: which number gives 500, and which 125?"""
    holes = {
        year: [n for n in range(30) if p.sequoia_revenue(rate) - 4 * 10 - 5 * n == printed]
        for year, rate, printed in ((2024, 150, 500), (2023, 50, 125))
    }
    assert holes == {2024: [12], 2023: [7]}


def test_bernstein() -> None:
    found = p.bernstein_gigawatt()
    assert round(found.rack, 1) == 5.9
    assert found.racks == pytest.approx(5_930, rel=0.003)
    assert round(found.gigawatt) == 35
    assert round(0.39 * found.rack, 1) == 2.3
    # Chips at 39 % of the cost, 29 % of it profit: the rest, sold at half margin, is 20 %.
    assert p.asic_saving(0.39, 0.29, 0.5) == pytest.approx(0.19)
    assert p.asic_saving(0.39, 0.29, 0.29 / 0.39) == pytest.approx(0.0)


def test_coreweave() -> None:
    assert round(6.0 / 46.7, 2) == 0.13  # its own EBITDA over property


def test_every_printed_answer_is_reproduced_or_says_why_not() -> None:
    found = rebuilt()
    for each in found:
        # A reason beside a figure that comes out after all would hide it.
        assert each.reproduced == (not each.printed.note), each
    status = [each.status for each in found]
    assert (status.count("reproduced"), status.count("not reproducible")) == (28, 9)
    models = {each.model for each in found}
    assert models == set(published_models())
    headings = (find_project().data / "evidence" / "published_models.md").read_text()
    assert len([line for line in headings.splitlines() if line.startswith("## ")]) - 1 == 8
    for name in ("Sequoia", "J.P. Morgan", "Bain", "Bernstein", "ZeroDayDoom", "fberl",
                 "CoreWeave", "Burry"):  # fmt: skip
        assert name in models
        assert name in headings


def test_no_answer_is_an_input_of_itself() -> None:
    """A changed input moves the answers that rest on it; none is read off the table."""
    printed = {(each.model, each.printed.figure): each.ours for each in rebuilt()}
    fed_back = {"revenue", "gigawatt"}  # printed answers that are inputs of other rows, as said
    for model in published_models().values():
        for name in model.inputs:
            if name in fed_back:
                continue
            other = replace(model, inputs={**model.inputs, name: model.inputs[name] * 1.01})
            moved = _WORK[model.name](other)
            unread = name.startswith(("large_", "small_", "outlay.high", "capex.", "fundable")) or (
                model.name == "fberl" and "Meta" not in name and "." in name
            )
            changed = any(value != printed[model.name, figure] for figure, value in moved.items())
            assert changed or unread, (model.name, name)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Sequoia,input,run_rate.2024,150,,USD bn", "no such input"),
        ("Bain,printed,Short of it,800,0,USD bn", None),
    ],
)
def test_a_table_without_a_figure(tmp_path: Path, text: str, what: str | None) -> None:
    shutil.copytree(find_project().data, tmp_path / "data")
    path = tmp_path / "data" / "evidence" / "published_models.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(text)]
    assert len(kept) == len(lines) - 1
    path.write_text("".join(kept), encoding="utf-8")
    if what is None:
        assert len(rebuilt(Project(tmp_path))) == 36
        return
    with pytest.raises(FactsError, match=what):
        rebuilt(Project(tmp_path))


def test_an_answer_that_nothing_rebuilds_is_refused(tmp_path: Path) -> None:
    shutil.copytree(find_project().data, tmp_path / "data")
    path = tmp_path / "data" / "evidence" / "published_models.csv"
    whole = path.read_text(encoding="utf-8")
    for line, what in (
        ("Bain,printed,Profit,1,0,USD bn,TOMS_BAIN,\n", "an answer of Bain"),
        ("Nobody,printed,Profit,1,0,USD bn,TOMS_BAIN,\n", "a published model that"),
        ("Bain,input,capex,1,0,USD bn,TOMS_BAIN,\n", "figure listed twice"),
    ):
        path.write_text(whole + line, encoding="utf-8")
        with pytest.raises(FactsError, match=what):
            rebuilt(Project(tmp_path))
