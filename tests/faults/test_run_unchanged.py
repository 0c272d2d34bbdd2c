"""A report that would say the same is not run again, and one that would not always is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import jcurve
from jcurve.briefing import latest
from jcurve.briefing.editions import Edition
from jcurve.ground.project import Project
from jcurve_runs import Ledger
from jcurve_runs.execution import fingerprint
from jcurve_runs.execution.executor import Plain
from jcurve_runs.plan.request import Plan
from jcurve_runs.publishing import unchanged
from jcurve_runs.publishing.attempt import Done
from jcurve_runs.publishing.runs import carry_out
from jcurve_runs.publishing.unchanged import intact, keys, relook, standing
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


def carry(plan: Plan, executor: Plain, *, force: bool = False) -> Done:
    """Take a plan to its end with editions compared."""
    executor.comparable = True
    asked = replace(plan, request=replace(plan.request, force=force))
    with Ledger(plan.project) as ledger:
        return carry_out(asked, ledger=ledger, executor=executor)


class Never(Plain):
    """An executor that must not execute; it may render."""

    def __init__(self, rendered: list[str]) -> None:
        def render(notebook: Path, html: Path, pdf: Path) -> None:
            rendered.append(notebook.read_text())
            html.write_text("<p>anew</p>")
            pdf.write_bytes(b"%PDF-1.7\nanew")

        super().__init__(render)

    def execute(self, *args: object, **options: object) -> None:  # type: ignore[override]
        raise AssertionError("nothing should have been executed")


def test_an_unchanged_report_is_skipped_and_says_what_it_relies_on(
    project: Project, edition: Edition
) -> None:
    before = sorted(project.reports.rglob("*"))
    done = carry(plan_of(project, "two"), Never([]))
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


def test_another_scenario_hash_parameter_code_or_datum_is_another_content(
    project: Project, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(project, "two")
    known = keys(plan)
    assert keys(plan_of(project, "three")) == known  # neither the run's name nor the time counts
    changed = {
        "scenario": keys(replace(plan, scenario=StandIn(hash="cd" * 32))),
        "title": keys(replace(plan, scenario=StandIn(title="Renamed"))),
        "parameter": keys(replace(plan, parameters={**plan.parameters, "view": "go_forward"})),
    }
    write_notebook(project.notebooks / "fixture.ipynb", [PARAMETERS, SHOW, RECORD + "\n# more"])
    changed["code"] = keys(plan_of(project, "two"))
    write_notebook(project.notebooks / "fixture.ipynb", [PARAMETERS, SHOW, RECORD])
    (project.data / "facts.csv").write_text("quarter,value\n2026Q2,2\n")
    changed["data"] = keys(plan_of(project, "two"))
    (project.data / "facts.csv").write_text("quarter,value\n2026Q2,1\n")
    assert keys(plan_of(project, "two")) == known
    with monkeypatch.context() as patch:
        patch.setattr(unchanged, "package", lambda: "edited")
        changed["package"] = keys(plan)
    with monkeypatch.context() as patch:
        patch.setattr(unchanged, "environment", lambda: "upgraded")
        changed["environment"] = keys(plan)
    contents = [each.content for each in changed.values()]
    assert known.content not in contents
    assert len(set(contents)) == len(contents)
    assert {each.look for each in changed.values()} == {known.look}
    for each in changed.values():
        assert standing(plan, each) is None


def test_a_new_template_renders_the_outputs_anew(
    project: Project, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is executed, the results are the same bytes, the look is today's."""
    monkeypatch.setattr(unchanged, "renderer", lambda: "another template")
    rendered: list[str] = []
    done = carry(plan_of(project, "two"), Never(rendered))
    assert (done.state, done.rendered_only) == ("succeeded", True)
    assert len(rendered) == 1
    new = done.edition
    assert new is not None
    assert latest(project, "fixture", "base") == new
    assert new.results.read_bytes() == edition.results.read_bytes()
    assert new.notebook.read_bytes() == edition.notebook.read_bytes()
    assert new.html.read_text() == "<p>anew</p>"
    assert json.loads(new.provenance.read_text())["executed_for"] == "one"
    again = carry(plan_of(project, "three"), Never(rendered))
    assert (again.state, again.edition) == ("skipped_unchanged", new)


def test_new_text_between_the_cells_needs_no_run(project: Project, edition: Edition) -> None:
    path = project.notebooks / "fixture.ipynb"
    content = json.loads(path.read_text())
    text = {"cell_type": "markdown", "id": "text", "metadata": {}, "source": "A new paragraph."}
    content["cells"].insert(1, text)
    path.write_text(json.dumps(content))
    rendered: list[str] = []
    done = carry(plan_of(project, "two"), Never(rendered))
    assert done.rendered_only
    cells = json.loads(rendered[0])["cells"]
    # Papermill's cell of the values given stays right behind their defaults.
    assert [cell["cell_type"] for cell in cells] == ["code", "code", "markdown", "code", "code"]
    assert cells[2]["source"] == "A new paragraph."
    assert cells[3]["outputs"][0]["metadata"]["jcurve"]["exhibit"] == "curve"


def test_text_before_the_parameters_stays_there() -> None:
    text = {"cell_type": "markdown", "source": "Title", "metadata": {}}
    given = {"cell_type": "code", "source": "a = 1", "metadata": {"tags": ["parameters"]}}
    injected = {"cell_type": "code", "source": "a = 2", "metadata": {}}
    rest = {"cell_type": "code", "source": "a", "metadata": {}, "outputs": ["kept"]}
    executed = {"cells": [given, injected, rest], "metadata": {}}
    assert relook(executed, {"cells": [text, given, rest | {"outputs": []}]})["cells"] == [
        *(text, given, injected, rest)
    ]


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


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": 5}', '{"keys": {}, "files": {}}'])
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


def test_the_package_and_its_renderer_have_keys_of_their_own() -> None:
    """Both read real files: the briefing's are in one key only."""
    package, renderer = fingerprint.package(), fingerprint.renderer()
    assert package != renderer
    assert package == fingerprint.package()
    files = fingerprint.files_below(Path(jcurve.__file__).parent)
    listed = {path.name for path in files if fingerprint._renders(path)}
    assert {"briefing.typ", "briefing.css", "page.py"} <= listed
    assert listed.isdisjoint({"results.py", "parameters.py", "editions.py"})


def test_each_module_of_the_briefing_is_known_to_decide_what_is_said_or_how_it_looks() -> None:
    """A module that is not named counts as what is said: safe, and dear."""
    said = {"__init__", "editions", "lightweight", "own_note", "parameters", "results"}
    here = {path.stem for path in Path(jcurve.__file__).parent.glob("**/briefing/*.py")}
    assert here - said <= fingerprint._RENDERER
    assert said.isdisjoint(fingerprint._RENDERER)
