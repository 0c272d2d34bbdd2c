"""A report that would say the same is not run again, and one that would not always is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jcurve.briefing import latest
from jcurve.briefing.editions import Edition
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import Executor
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Plan
from jcurve_runs.publishing import publish
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.publish import intact, key, standing
from jcurve_runs.publishing.runs import carry_out
from tests.support.drives import NoProcess, plan_of, sound_runs
from tests.support.notebooks import PARAMETERS, RECORD, SHOW, StandIn, make_project, write_notebook


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], NoProcess]:
    return sound_runs(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_project(tmp_path)
    (made.data / "facts.csv").write_text("quarter,value\n2026Q2,1\n")
    return made


@pytest.fixture
def edition(project: Project, sound: Callable[[], NoProcess]) -> Edition:
    """A first edition, from a sound run."""
    done = carry(plan_of(project, "one"), sound())
    assert done.edition is not None
    return done.edition


def carry(plan: Plan, executor: Executor, *, force: bool = False) -> Done:
    """Take a plan to its end with editions compared."""
    executor.comparable = True
    asked = replace(plan, request=replace(plan.request, force=force))
    with Ledger(plan.project) as ledger:
        return carry_out(asked, ledger=ledger, executor=executor)


class Never(Executor):
    """An executor that must not execute."""

    def execute(self, *args: object, **options: object) -> None:  # type: ignore[override]
        raise AssertionError("nothing should have been executed")


def test_an_unchanged_report_is_skipped_and_says_what_it_relies_on(
    project: Project, edition: Edition
) -> None:
    before = sorted(project.reports.rglob("*"))
    done = carry(plan_of(project, "two"), Never())
    assert (done.state, done.edition) == ("skipped_unchanged", edition)
    assert done.message == "relies on edition one"
    with Ledger(project, read_only=True) as ledger:
        (skipped,) = ledger.attempts(run="two")
    assert (skipped.state, skipped.edition) == ("skipped_unchanged", "one")
    after = sorted(project.reports.rglob("*"))
    assert [path for path in after if path not in before] == []


def test_force_runs_it_anyway(
    project: Project, edition: Edition, sound: Callable[[], NoProcess]
) -> None:
    done = carry(plan_of(project, "two"), sound(), force=True)
    assert done.state == "succeeded"
    assert latest(project, "fixture", "base") == done.edition != edition


def test_another_scenario_hash_parameter_cell_datum_or_style_is_another_key(
    project: Project, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(project, "two")
    known = key(plan)
    assert key(plan_of(project, "three")) == known  # neither the run's name nor the time counts
    changed = {
        "scenario": key(replace(plan, scenario=StandIn(hash="cd" * 32))),
        "title": key(replace(plan, scenario=StandIn(title="Renamed"))),
        "parameter": key(replace(plan, parameters={**plan.parameters, "view": "go_forward"})),
    }
    write_notebook(project.notebooks / "fixture.ipynb", [PARAMETERS, SHOW, RECORD + "\n# more"])
    changed["code"] = key(plan_of(project, "two"))
    write_notebook(project.notebooks / "fixture.ipynb", [PARAMETERS, SHOW, RECORD])
    told = json.loads((project.notebooks / "fixture.ipynb").read_text())
    told["cells"].insert(1, {"cell_type": "markdown", "metadata": {}, "source": "New words."})
    changed["text"] = key(replace(plan, notebook=told))
    told["cells"][1]["attachments"] = {"a.png": {"image/png": "AA=="}}
    changed["picture"] = key(replace(plan, notebook=told))
    told["metadata"]["title"] = "Another title"
    changed["head"] = key(replace(plan, notebook=told))
    (project.data / "facts.csv").write_text("quarter,value\n2026Q2,2\n")
    changed["data"] = key(plan_of(project, "two"))
    (project.data / "facts.csv").write_text("quarter,value\n2026Q2,1\n")
    assert key(plan_of(project, "two")) == known
    (project.reports / "house_style.yml").write_text("company: Another\n")
    changed["house style"] = key(plan_of(project, "two"))
    (project.reports / "house_style.yml").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(publish, "package", lambda: "edited")
        changed["package"] = key(plan)
    with monkeypatch.context() as patch:
        patch.setattr(publish, "environment", lambda: "upgraded")
        changed["environment"] = key(plan)
    assert len({known, *changed.values()}) == 1 + len(changed)
    assert standing(plan, known) == edition
    for each in changed.values():
        assert standing(plan, each) is None


@pytest.mark.parametrize("name", ["report.pdf", "results.json", "notebook.ipynb"])
@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_harmed_edition_is_not_relied_on(
    project: Project, edition: Edition, sound: Callable[[], NoProcess], name: str, harm: str
) -> None:
    assert intact(edition)
    if harm == "gone":
        (edition.folder / name).unlink()
    else:
        (edition.folder / name).write_bytes(b"altered")
    assert not intact(edition)
    assert carry(plan_of(project, "two"), sound()).state == "succeeded"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 5}', '{"key": {}, "files": {}}'])
def test_an_unreadable_provenance_is_not_relied_on(
    project: Project, edition: Edition, sound: Callable[[], NoProcess], text: str
) -> None:
    edition.provenance.write_text(text)
    assert carry(plan_of(project, "two"), sound()).state == "succeeded"


def test_a_damaged_pointer_is_mended_by_a_run(
    project: Project, edition: Edition, sound: Callable[[], NoProcess]
) -> None:
    (edition.folder.parent / "latest.json").write_text('{"edition": ')
    done = carry(plan_of(project, "two"), sound())
    assert latest(project, "fixture", "base") == done.edition
