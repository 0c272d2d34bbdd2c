"""What a user adds in data alone: a channel; and what is not done: another currency."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import jcurve
from jcurve.assumptions.house_style import read_house_style
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.project import Project, find_project

DATA = find_project().data
NEW = "    payments: Payments in messaging\n    agents_store: Agents store\n"


def project_with(folder: Path, *, listed: bool, without: str = "") -> Project:
    """A project with a further channel: listed in company.yml or not, without one of its keys."""
    shutil.copytree(DATA, folder / "data")
    base, company = (
        folder / "data" / each for each in ("scenarios/base.yml", "companies/meta/company.yml")
    )
    text = base.read_text()
    blocks = re.findall(r"^  channel\.\w+\.payments:\n(?:    .*\n|\n)+", text, re.MULTILINE)
    assert len(blocks) == 9
    added = [
        block.replace(".payments:", ".agents_store:").replace(": payments", ": agents store")
        for block in blocks
        if not without or without not in block
    ]
    end = text.index(blocks[-1]) + len(blocks[-1])
    base.write_text(text[:end] + "".join(added) + text[end:])
    if listed:
        found = company.read_text()
        company.write_text(found.replace("    payments: Payments in messaging\n", NEW))
    return Project(folder)


def test_a_channel_is_a_line_and_nine_assumptions(tmp_path: Path) -> None:
    """It earns, every identity holds, and reports know its name."""
    from jcurve.figures.lens import Lens

    project = project_with(tmp_path, listed=True)
    case = jcurve.evaluate(project=project)
    assert case.year("channel_revenue.agents_store", "with")[-1] > 0
    assert case["npv"] > jcurve.evaluate()["npv"]
    assert all(check.holds for check in case.checks())
    assert Lens(case, "programme", project).members("channel")["agents_store"] == "Agents store"


@pytest.mark.parametrize(
    ("half", "told"),
    [
        ({"listed": True, "without": "margin"}, "channel that is half done.*agents_store.*"
         r"also channel\.margin\.agents_store; or take it out of data/companies/meta"),
        ({"listed": False}, "no such channel: no line of the model reads this"),
    ],
)  # fmt: skip
def test_a_channel_that_is_half_done_is_refused(
    tmp_path: Path, half: dict[str, object], told: str
) -> None:
    project = project_with(tmp_path, **half)  # type: ignore[arg-type]
    with pytest.raises(ScenarioError, match=told):
        jcurve.evaluate(project=project)


def test_another_currency_is_refused(tmp_path: Path) -> None:
    """In a value and for the reports: a rate of one day is not right for 29 years of flows."""
    for text in ("160 EUR bn", "160 GBP m"):
        with pytest.raises(ScenarioError, match=r"another currency.*USD m, USD, USD bn"):
            jcurve.scenario("base", {"capex.total.2027": text})
    with pytest.raises(ScenarioError, match="unknown unit"):
        jcurve.scenario("base", {"returns.wacc": "9 EUR"})
    (tmp_path / "house_style.yml").write_text("company: X\ncurrency: EUR\n")
    with pytest.raises(UsageError, match=r"house_style\.yml:2, currency: no presentation currency"):
        read_house_style(tmp_path)
