"""A user's own scenarios once written: updated, copied, renamed, deleted, sent as a link."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from jcurve.assumptions import load, save, scenario, shipped
from jcurve.ground.project import Project
from jcurve.workbench.conversation import Conversation
from jcurve.workbench.session import Session

HOME = Path(__file__).resolve().parents[2]
WACC = "returns.wacc"
CAPEX = "capex.total"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(HOME / "data", tmp_path / "data")
    found = Project(tmp_path)
    for path in found.scenarios.glob("*.yml"):
        if path.stem not in shipped(found):
            path.unlink()  # of whoever runs the tests
    return found


@pytest.fixture
def talk(project: Project) -> Conversation:
    """On ``mine``, a scenario of the user's own that extends bull."""
    changes = {WACC: "9.9 percent per year", f"{CAPEX}.2028": "210 USD bn"}
    start = load("bull", project)
    save("mine", start.with_overrides(changes), start, changes, "To see.", project=project)
    return Conversation(Session("mine", project=project))


def ask(talk: Conversation, do: str, **what: Any) -> dict[str, Any]:
    return json.loads(json.dumps(talk.hear({"n": 1, "do": do, **what}), allow_nan=False))


def said(talk: Conversation, **what: Any) -> str:
    reply = ask(talk, "manage", **what)
    assert not reply["ok"]
    return str(reply["error"]["what"])


def test_an_update_is_the_state_and_keeps_the_rest_of_the_file(talk: Conversation) -> None:
    """Each change with its own reason; comments and other entries stay as they stand."""
    path = talk.session.project.scenarios / "mine.yml"
    path.write_text(
        path.read_text()
        + "  # looked at in May\n  fleet.share:\n    value: 12 percent\n    why: Less\n"
    )
    ask(talk, "open", name="base")
    ask(talk, "open", name="mine")
    ask(talk, "set", key=WACC, text="9")
    ask(talk, "set", key=CAPEX, text="200", period="2027")
    ask(talk, "note", key=WACC, text="Rates fell")
    state = talk.session.scenario.hash
    assert ask(talk, "manage", what="update", name="mine", reason="Guidance")["ok"]
    found = load("mine", talk.session.project)
    assert found.hash == state == talk.session.scenario.hash
    assert (found[WACC].why, found["fleet.share"].why) == ("Rates fell", "Less")
    assert "# looked at in May" in path.read_text()
    assert path.read_text().count(f"  {WACC}:") == 1
    assert talk.session.overrides == {}


def test_a_whole_path_replaces_the_years_that_the_file_has(talk: Conversation) -> None:
    ask(talk, "move", key=CAPEX, at=0.5)
    state = talk.session.scenario.hash
    assert ask(talk, "manage", what="update", name="mine", reason="Larger")["ok"]
    assert load("mine", talk.session.project).hash == state
    assert f"{CAPEX}.2028" not in (talk.session.project.scenarios / "mine.yml").read_text()


def test_an_update_of_a_file_that_changed_meanwhile_is_refused(talk: Conversation) -> None:
    path = talk.session.project.scenarios / "mine.yml"
    ask(talk, "set", key=WACC, text="9")
    path.write_text(path.read_text().replace("210 USD bn", "215 USD bn"))
    before = path.read_text()
    assert "open it again" in said(talk, what="update", name="mine", reason="x")
    assert path.read_text() == before


def test_a_reason_is_asked_for(talk: Conversation) -> None:
    ask(talk, "set", key=WACC, text="9")
    assert "Why is missing" in said(talk, what="update", name="mine")


def test_copies_names_and_an_end_that_can_be_undone(talk: Conversation) -> None:
    project, state = talk.session.project, talk.session.scenario.hash
    assert ask(talk, "manage", what="copy", name="mine", new="other")["ok"]
    assert ask(talk, "manage", what="copy", name="base", new="as_base")["ok"]
    assert ask(talk, "manage", what="rename", name="mine", new="ours")["ok"]
    assert talk.session.start.name == "ours"
    assert load("ours", project).hash == load("other", project).hash == state
    assert load("as_base", project).hash == load("base", project).hash
    assert talk.state()["own"] == ["as_base", "other", "ours"]
    text = (project.scenarios / "other.yml").read_text()
    gone = ask(talk, "manage", what="delete", name="other")["result"]
    assert not (project.scenarios / "other.yml").exists()
    assert ask(talk, "manage", what="restore", **gone)["ok"]
    assert (project.scenarios / "other.yml").read_text() == text
    assert ask(talk, "manage", what="delete", name="ours")["ok"]
    assert talk.session.start.name == "bull"


def test_what_others_rest_on_stays(talk: Conversation) -> None:
    project = talk.session.project
    assert "comes with J-Curve" in said(talk, what="delete", name="bear")
    assert "comes with J-Curve" in said(talk, what="rename", name="base", new="x")
    child = {WACC: "9 percent per year"}
    start = load("mine", project)
    save("child", start.with_overrides(child), start, child, "x", project=project)
    (project.scenarios / "draft.yml").write_text("extends: bull\nassumptions:\n  returns.wac:\n")
    assert "extends this one" in said(talk, what="delete", name="mine")
    (project.scenarios / "Old copy.yml").write_text("extends: child\n")  # no scenario's name
    (project.scenarios / "draft.yml").write_text("'extends': child\nassumptions:\n  x.y:\n")
    assert "extends this one" in said(talk, what="delete", name="child")
    (project.scenarios / "draft.yml").write_text("extends: draft\n")
    (project.scenarios / "own.csv").write_text(
        "scenario,weight,kind,rationale\nchild,1,judgement,x\n"
    )
    assert "table of weights names" in said(talk, what="rename", name="child", new="kid")
    assert "exists" in said(talk, what="copy", name="bear", new="mine")
    assert "Not a name" in said(talk, what="copy", name="bear", new="con")
    assert "Not a name" in said(talk, what="copy", name="bear", new="../x")
    assert "Did you mean mine?" in said(talk, what="delete", name="min")
    ask(talk, "set", key=WACC, text="9")
    assert "has changes" in said(talk, what="rename", name="mine", new="ours")
    assert "only the scenario that is open" in said(talk, what="update", name="child").lower()


def test_a_link_carries_the_state_to_a_project_without_the_file(talk: Conversation) -> None:
    """A colleague has what comes with J-Curve, and not the scenarios of one's own."""
    ask(talk, "set", key="fleet.share", text="12")
    ask(talk, "set", key="life.change", text="3", period="2027Q1")
    ask(talk, "note", key="fleet.share", text="Less")
    sent = ask(talk, "link")["result"]
    assert sent["start"] == "bull"
    other = Conversation(Session("base", project=Project(HOME)))
    opened = ask(
        other, "open", name=sent["start"], overrides=sent["overrides"], notes=sent["notes"]
    )
    assert opened["ok"]
    for item in talk.session.scenario.items:
        if item.shape != "changes":
            found = other.session.scenario[item.key].row()
            assert found == pytest.approx(item.row(), rel=1e-11)
    assert other.session.case["npv"] == pytest.approx(talk.session.case["npv"], abs=1e-3)
    assert other.session.notes == {"fleet.share": "Less"}
    ask(other, "open", name="base")
    ask(other, "set", key=WACC, text="9")
    again = ask(other, "link")["result"]
    assert again["start"] == "base"
    assert again["hash"] == scenario("base", {WACC: 0.09}).short_hash
