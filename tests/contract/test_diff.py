"""``jcurve diff``: which inputs differ, which headline numbers moved, and by how much."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

import jcurve
from jcurve.analysis.snapshots import Input, Snapshot, compare, snapshot_of_case, stated_inputs
from jcurve.briefing import record_case
from jcurve.briefing.editions import Edition, diff
from jcurve.commands import main
from jcurve.figures.brief import compared, what_differs, what_moved
from jcurve.figures.lens import Lens
from jcurve.ground.errors import RunError, UsageError
from jcurve.ground.processes import Finished
from jcurve.ground.project import Project
from jcurve_runs.execution.staging import Staged
from jcurve_runs.ledger.attempts import Ledger
from jcurve_runs.plan.request import Request, prepare
from jcurve_runs.publishing.runs import carry_out
from tests.support.drives import NoProcess, sound_runs
from tests.support.notebooks import MOMENT, make_real_project

ROOT = Path(__file__).parents[2]


def side(
    npv: float | None = 1.0, quarter: str = "2030Q1", text: str = "7", **others: str
) -> Snapshot:
    """A small side."""
    value = {"value": npv, "unit": "USD m"} if npv is not None else {"value": None, "reason": "no"}
    return Snapshot(
        name="one",
        kind="edition",
        hash="ab" * 32,
        inputs={"a.b": Input("A of b", "share", text, digest=text)},
        headlines={"programme": {"npv": value, "payback": {"value": quarter, "unit": "quarter"}}},
        others=others,
    )


def test_nothing_differs_from_itself() -> None:
    found = compare(side(), side())
    assert found.same
    assert found.lines()[-1] == "nothing differs"
    assert found.to_json()["same"] is True


def test_a_number_moves_by_a_difference_and_a_share_of_what_it_was() -> None:
    (move,) = compare(side(200_000.0), side(150_000.0)).moves
    assert (move.change, move.unit, move.relative) == (-50_000.0, "USD m", -0.25)
    assert move.text() == "$200bn → $150bn (−$50bn, −25.0%)"


def test_a_loss_has_no_percentage_change() -> None:
    (move,) = compare(side(-200_000.0), side(-250_000.0)).moves
    assert (move.change, move.relative) == (-50_000.0, None)
    assert move.text() == "−$200bn → −$250bn (−$50bn)"


def test_a_quarter_moves_by_quarters() -> None:
    (move,) = compare(side(quarter="2030Q3"), side(quarter="2032Q1")).moves
    assert (move.change, move.unit, move.relative) == (6.0, "quarters", None)


@pytest.mark.parametrize(("before", "after"), [(None, 2.0), (2.0, None)])
def test_from_or_to_no_answer_there_is_no_difference(
    before: float | None, after: float | None
) -> None:
    (move,) = compare(side(before), side(after)).moves
    assert (move.change, move.relative) == (None, None)
    assert "none: no" in move.text()


def test_from_zero_there_is_no_share() -> None:
    (move,) = compare(side(0.0), side(5.0)).moves
    assert (move.change, move.relative) == (5.0, None)


def test_a_figure_that_one_side_lacks() -> None:
    other = side()
    other = Snapshot(**{**vars_of(other), "headlines": {"programme": {}, "go_forward": {}}})
    assert {move.text() for move in compare(side(), other).moves} == {
        "$1m → not given",
        "2030 Q1 → not given",
    }


def vars_of(one: Snapshot) -> dict[str, object]:
    """A side's parts."""
    return {name: getattr(one, name) for name in Snapshot.__slots__}


def test_inputs_differ_by_value_or_by_range_only() -> None:
    (change,) = compare(side(text="7"), side(text="8")).inputs
    assert (change.before, change.after, change.what) == ("7", "8", "value")
    ranged = Snapshot(
        **{**vars_of(side()), "inputs": {"a.b": Input("A of b", "share", "7", digest="other")}}
    )
    (change,) = compare(side(), ranged).inputs
    assert change.what == "range"
    (change,) = compare(side(), Snapshot(**{**vars_of(side()), "inputs": {}})).inputs
    assert (change.before, change.after) == ("7", None)


def test_what_else_determines_the_numbers() -> None:
    found = compare(side(package="1", Python="3.12"), side(package="2", Python="3.12"))
    assert [(each.what, each.before, each.after) for each in found.others] == [
        ("package", "1", "2")
    ]
    assert compare(side(package="1"), side()).others == ()  # a scenario says nothing of it


def test_two_scenarios() -> None:
    """Against the model itself: the moves are differences of its own headlines."""
    project = Project(ROOT)
    found = diff("base", "bear", project=project)
    base, bear = (jcurve.evaluate(name, project=project) for name in ("base", "bear"))
    keys = {change.key for change in found.inputs}
    assert keys == {change.key for change in bear.scenario.differences}
    moved = {(move.view, move.name): move for move in found.moves}
    npv = moved["programme", "npv"]
    assert npv.change == pytest.approx(bear["npv"] - base["npv"], rel=1e-12)
    assert found.one.name == "base"
    assert diff("base", "base", project=project).same


def test_with_an_override() -> None:
    found = diff("base", "base", project=Project(ROOT), overrides={"returns.wacc": 0.12})
    assert [change.key for change in found.inputs] == ["returns.wacc"]
    assert found.other.name == "base with overrides"
    assert found.moves


def test_every_assumption_is_stated_once() -> None:
    base = jcurve.scenario("base", project=ROOT)
    stated = stated_inputs(base)
    assert set(stated) == {item.key for item in base.items if not item.derived}
    assert all(each["label"] and each["text"] for each in stated.values())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Edition, Edition]:
    """Editions of base and bear with the model's own results."""
    folder = tmp_path_factory.mktemp("diff")
    sound = sound_runs(folder)
    project = make_real_project(folder / "project")
    made = []
    for name in ("base", "bear"):
        done = carry_out(
            prepare(
                Request(report="fixture", scenario=name),
                project,
                run_id=f"run-{name}",
                started=MOMENT,
            ),
            ledger=(ledger := Ledger(project)),
            executor=NoProcess(recording(sound(), name, project)),
        )
        ledger.close()
        assert done.edition is not None, done.error
        made.append(done.edition)
    return project, made[0], made[1]


def recording(executor: NoProcess, name: str, project: Project) -> Callable[[Staged], Finished]:
    """As a sound run, with the results of a scenario."""

    def act(staged: Staged) -> Finished:
        finished = executor._act(staged)
        case = jcurve.evaluate(name, project=project)
        record_case(staged.work, report="fixture", case=case, view="programme")
        return finished

    return act


@pytest.mark.parametrize("name", ["run-{0}", "fixture/{0}", "fixture/{0}/run-{0}"])
def test_two_editions_differ_as_their_scenarios_do(
    published: tuple[Project, Edition, Edition], name: str
) -> None:
    project = published[0]
    found = diff(name.format("base"), name.format("bear"), project=project)
    scenarios = diff("base", "bear", project=project)
    assert found.one.kind == "edition"
    assert found.inputs == scenarios.inputs
    assert found.moves == scenarios.moves
    assert found.others == ()  # the same package, data and libraries


def test_an_edition_against_today(published: tuple[Project, Edition, Edition]) -> None:
    found = diff("run-base", "base", project=published[0])
    assert (found.inputs, found.moves) == ((), ())


@pytest.mark.parametrize(
    "name",
    ["bae", "fixture/bse", "../../etc", "fixture/base/..", ".state/x", "/", "a\\b", "\u202e"],
)
def test_what_is_not_there(published: tuple[Project, Edition, Edition], name: str) -> None:
    with pytest.raises(UsageError, match="neither a scenario nor a run or edition"):
        diff("base", name, project=published[0])


def test_a_damaged_edition(
    published: tuple[Project, Edition, Edition], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, base, _ = published
    provenance = base.provenance.read_text()
    try:
        base.provenance.write_text('{"assumptions": 5}')
        with pytest.raises(RunError, match="is missing or damaged"):
            diff("run-base", "base", project=project)
    finally:
        base.provenance.write_text(provenance)


def test_for_a_machine_and_for_a_reader(
    published: tuple[Project, Edition, Edition],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(published[0].root)
    assert main(["diff", "run-base", "run-bear", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {"one", "other", "same", "inputs", "headlines", "others", "revision"} == set(shown)
    moved = {(each["view"], each["name"]): each for each in shown["revision"]["changes"]}
    npv = moved["programme", "npv"]
    assert math.fsum(part["amount"] for part in npv["parts"]) == pytest.approx(
        npv["after"] - npv["before"], rel=1e-9
    )
    assert {part["kind"] for part in npv["parts"]} <= {"assumptions", "guidance", "model"}
    model = math.fsum(part["amount"] for part in npv["parts"] if part["kind"] == "model")
    assert abs(model) < 1e-6 * abs(npv["after"])  # the editions are of today's model
    assert main(["diff", "run-base", "bear"]) == 0
    assert "\nwhat moved programme.npv\n" in capsys.readouterr().out
    assert shown["one"]["name"] == "fixture/base/run-base"
    assert main(["diff", "base", "bear"]) == 0
    text = capsys.readouterr().out
    assert f"inputs that differ: {len(shown['inputs'])}" in text
    assert "  programme.npv: " in text
    assert main(["diff", "base", "bare"]) == 2
    assert "did you mean 'bear'" in capsys.readouterr().err


def test_a_section_for_a_report() -> None:
    """Tables that the exhibits' own rules accept; none where nothing differs."""
    cases = [jcurve.evaluate(name, project=ROOT) for name in ("base", "bear")]
    found = compare(*(snapshot_of_case(case) for case in cases))
    inputs, moved = what_differs(found), what_moved(found, clause=Lens(cases[0]).clause)
    assert inputs is not None
    assert moved is not None
    assert len(inputs.rows) == len(found.inputs)
    assert len(moved.rows) == sum(move.view == "programme" for move in found.moves)
    assert inputs.title.endswith("assumptions of base")
    same = compare(snapshot_of_case(cases[0]), snapshot_of_case(cases[0]))
    assert (what_differs(same), what_moved(same)) == (None, None)
    section = compared(*map(Lens, cases))
    assert [each.id for each in section] == ["moved-bear", "differs-bear"]
    assert [each.rows for each in section] == [moved.rows, inputs.rows]
    assert "Bear case" in section[0].title
    assert {"Net present value", "Trough"} <= {row.cells[0] for row in section[0].rows}
    assert compared(Lens(cases[0]), Lens(cases[0])) == ()
