"""The workbench without a browser: what its state may be, and what it says of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from jcurve.assumptions import Scenario, scenario
from jcurve.case import Case, evaluate
from jcurve.ground.errors import JCurveError, ScenarioError, UsageError
from jcurve.ground.project import Project
from jcurve.ground.units import UNITS
from jcurve.workbench.answers import EXHIBITS
from jcurve.workbench.controls import control, groups, readings, scale_of, slider
from jcurve.workbench.conversation import Conversation
from jcurve.workbench.live_charts import PICTURES, VIEW_TITLES, picture
from jcurve.workbench.quantities import HEADLINES
from jcurve.workbench.readouts import cards
from jcurve.workbench.session import MAX_PINS, Evaluate, Session

HOME = Path(__file__).resolve().parents[2]
WACC = "returns.wacc"
CAPEX = "capex.total"
RESPONSE = "advertising.compute_elasticity"


@pytest.fixture(scope="module")
def evaluator() -> Evaluate:
    """The model, asked once for each state in the whole module."""
    kept: dict[tuple[str, str], Case] = {}

    def found(state: Scenario) -> Case:
        token = (state.name, state.hash)
        if token not in kept:
            kept[token] = evaluate(state, project=Project(HOME))
        return kept[token]

    return found


@pytest.fixture
def session(evaluator: Evaluate) -> Session:
    return Session("base", project=Project(HOME), evaluator=evaluator)


@pytest.fixture
def talk(session: Session) -> Conversation:
    return Conversation(session)


@pytest.fixture(scope="module")
def base() -> Scenario:
    return scenario("base", project=Project(HOME))


class TestChanging:
    """A change becomes the state only when it validates and has an answer."""

    def test_a_bare_number_is_in_the_unit_that_the_control_shows(self, session: Session) -> None:
        session.set(WACC, "9.9")
        assert session.overrides == {WACC: "9.9 percent per year"}
        assert session.scenario[WACC].value == pytest.approx(0.099)

    @pytest.mark.parametrize("text", ["$210bn", "210", "210,000m", "0.21 tn", "US$ 210 bn"])
    def test_money_as_finance_writes_it(self, session: Session, text: str) -> None:
        """And one text of one value, however it was typed."""
        session.set(CAPEX, text, period="2027")
        assert session.overrides == {f"{CAPEX}.2027": "210 USD bn"}

    def test_a_change_is_one_of_what_is_shown(self, session: Session) -> None:
        """Per cent of the present value, not of the opened scenario's."""
        session.set(WACC, "10")
        session.set(WACC, "+50bp")
        session.set(CAPEX, "200", period="2027")
        session.set(CAPEX, "+10%", period="2027")
        assert session.overrides == {
            WACC: "10.5 percent per year",
            f"{CAPEX}.2027": "220 USD bn",
        }
        session.set(CAPEX, "-10%")
        assert session.scenario[CAPEX].row()[2027 - 2012] == pytest.approx(198_000)

    def test_a_unit_that_is_typed_wins(self, session: Session) -> None:
        session.set(WACC, "990 basis points")
        assert session.scenario[WACC].value == pytest.approx(0.099)

    def test_the_state_is_what_the_command_line_makes_of_the_same_overrides(
        self, session: Session
    ) -> None:
        session.set(WACC, "9.9")
        session.set(CAPEX, "200", period="2027")
        other = evaluate(scenario("base", session.overrides, project=session.project))
        assert session.scenario.hash == other.scenario.hash
        assert session.case.headlines() == other.headlines()

    @pytest.mark.parametrize(
        "text", ["", " ", "x", "1,5", "900", "nan", "9 USD", "{2027: 9}", "+1%"]
    )
    def test_what_does_not_validate_leaves_everything_as_it_was(
        self, session: Session, text: str
    ) -> None:
        session.set(WACC, "9.9")
        before = session.position, session.case, session.can_undo, session.can_redo
        with pytest.raises(ScenarioError):
            session.set(WACC, text)
        assert (session.position, session.case, session.can_undo, session.can_redo) == before

    def test_a_state_without_an_answer_is_no_state(self) -> None:
        """The model may refuse what validates; the session then stays where it was."""

        def refuses(state: Scenario) -> Case:
            if state.overrides:
                raise JCurveError("no answer")
            return evaluate(state, project=Project(HOME))

        session = Session("base", project=Project(HOME), evaluator=refuses)
        with pytest.raises(JCurveError, match="no answer"):
            session.set(WACC, "9.9")
        assert session.overrides == {}
        assert not session.can_undo

    def test_a_value_set_back_is_no_change(self, session: Session) -> None:
        session.set(WACC, "9.9")
        session.set(WACC, scale_of(session.start[WACC]).text(session.start[WACC].row()[0]))
        assert session.overrides == {}
        assert session.scenario.hash == session.start.hash

    def test_remainders_are_never_set(self, session: Session) -> None:
        (derived, *_) = [item.key for item in session.start.items if item.derived]
        with pytest.raises(ScenarioError, match="computed, never set"):
            session.set(derived, "10")

    def test_a_year_then_the_whole_path(self, session: Session) -> None:
        """The whole path replaces single years set before it."""
        session.set(CAPEX, "200", period="2027")
        session.set(WACC, "9.9")
        session.move(CAPEX, 0.5)
        assert set(session.overrides) == {CAPEX, WACC}
        assert session.moved_to(CAPEX) == 0.5

    def test_a_path_at_its_high_is_its_high(self, session: Session) -> None:
        session.move(CAPEX, 1.0)
        assert session.scenario[CAPEX].row() == pytest.approx(session.start[CAPEX].highs())
        session.move(CAPEX, 0.0)
        assert session.overrides == {}

    def test_a_path_with_a_year_of_its_own_has_no_position(self, session: Session) -> None:
        session.set(CAPEX, "200", period="2027")
        assert session.moved_to(CAPEX) is None

    def test_only_a_path_with_a_range_moves(self, session: Session) -> None:
        with pytest.raises(ScenarioError, match="no path with a range"):
            session.move(WACC, 0.5)


class TestGoingBack:
    def test_undo_and_redo(self, session: Session) -> None:
        hashes = [session.scenario.hash]
        for value in ("9.1", "9.2", "9.3"):
            session.set(WACC, value)
            hashes.append(session.scenario.hash)
        for expected in hashes[-2::-1]:
            session.undo()
            assert session.scenario.hash == expected
        assert not session.can_undo
        for expected in hashes[1:]:
            session.redo()
            assert session.scenario.hash == expected
        assert not session.can_redo

    def test_a_drag_undoes_as_one(self, session: Session) -> None:
        for step in range(20):
            session.set(WACC, f"{9 + step / 100}", gesture="drag-1")
        session.undo()
        assert session.overrides == {}
        assert not session.can_undo

    def test_two_drags_undo_as_two(self, session: Session) -> None:
        session.set(WACC, "9.1", gesture="drag-1")
        session.set(WACC, "9.2", gesture="drag-2")
        session.undo()
        assert session.overrides == {WACC: "9.1 percent per year"}

    def test_a_drag_after_an_undo_is_new(self, session: Session) -> None:
        session.set(WACC, "9.1", gesture="drag-1")
        session.set(WACC, "9.2", gesture="drag-2")
        session.undo()
        session.set(WACC, "9.3", gesture="drag-2")
        assert not session.can_redo
        session.undo()
        assert session.overrides == {WACC: "9.1 percent per year"}

    def test_reset_of_one_and_of_all(self, session: Session) -> None:
        session.set(WACC, "9.9")
        session.set(CAPEX, "200", period="2027")
        session.set(CAPEX, "210", period="2028")
        session.reset(CAPEX)
        assert session.overrides == {WACC: "9.9 percent per year"}
        session.undo()
        assert len(session.overrides) == 3
        session.reset()
        assert session.overrides == {}

    def test_another_scenario_and_back(self, session: Session) -> None:
        session.set(WACC, "9.9")
        session.open("bull")
        assert (session.start.name, session.overrides) == ("bull", {})
        assert session.base.scenario.name == "base"
        session.undo()
        assert (session.start.name, len(session.overrides)) == ("base", 1)

    def test_nothing_to_undo_is_nothing_done(self, session: Session) -> None:
        session.undo()
        session.redo()
        assert session.overrides == {}


class TestPins:
    def test_a_pinned_case_stays_as_it_was(self, session: Session) -> None:
        session.set(WACC, "9.9")
        session.pin("  dear   capital ")
        session.set(WACC, "8")
        (pin,) = session.pins
        assert pin.name == "dear capital"
        session.go_to("dear capital")
        assert session.scenario.hash == pin.case.scenario.hash
        session.unpin("dear capital")
        assert session.pins == ()

    def test_refusals(self, session: Session) -> None:
        with pytest.raises(UsageError, match="needs a name"):
            session.pin(" ")
        for number in range(MAX_PINS):
            session.pin(f"case {number}")
        with pytest.raises(UsageError, match="is pinned"):
            session.pin("case 0")
        with pytest.raises(UsageError, match="too many"):
            session.pin("one more")
        with pytest.raises(UsageError, match="did you mean 'case 1'"):
            session.go_to("case1")


class TestControls:
    """Controls follow from the assumptions: nothing is listed twice by hand."""

    def test_every_assumption_has_one(self, base: Scenario) -> None:
        found = groups(base)
        keys = [key for group in found[1:] for key in group["keys"]]
        assert sorted(keys) == sorted(item.key for item in base.items)
        assert set(found[0]["keys"]) < set(keys)

    def test_a_change_of_life_is_a_date_and_years(self, session: Session) -> None:
        """On top of the changes already made."""
        key = "life.change"
        about = control(session.start[key], range(2026, 2041))
        assert (about["kind"], about["period"]) == ("changes", "2027Q1")
        assert (about["slider"]["low"], about["slider"]["high"]) == (4, 6)
        assert about["number"] == 5.5
        session.set(key, "6", period=about["period"])
        by_slider = session.scenario
        session.reset(key)
        session.edit(key, session.hand.lives(key, [*about["changes"], ["2027Q1", "6 years"]]))
        assert session.scenario == by_slider
        assert session.overrides == {"life.change.2027Q1": "6 years"}
        shown = readings(session.scenario, session.start)[key]
        made = [["2022Q2", "4.5"], ["2022Q4", "5"], ["2025Q1", "5.5"], ["2027Q1", "6"]]
        assert (shown["changes"], shown["number"]) == (made, 6)
        assert "{" not in shown["text"]

    def test_a_value_that_changes_nothing_says_so(self, session: Session) -> None:
        session.set("life.book.servers", "6")
        note = readings(session.scenario, session.start)["life.book.servers"]["note"]
        assert "overridden by the change of useful life in 2025Q1" in note

    def test_what_it_says_can_be_sent(self, base: Scenario) -> None:
        """Plain data, and a value that reads back as the value: to a dozen digits."""
        for item in base.items:
            about = json.loads(json.dumps(control(item, range(2026, 2041)), allow_nan=False))
            assert about["label"]
            assert about["rationale"]
            if item.derived or item.shape != "scalar":
                continue
            text = scale_of(item).override(item.value)
            assert text.startswith(about["text"]) or item.unit == "switch"
            changed = base.with_overrides({item.key: text})
            assert changed[item.key].row() == pytest.approx(item.row(), rel=1e-11)

    def test_sliders_span_the_range_within_the_bounds(self, base: Scenario) -> None:
        seen = 0
        for item in base.items:
            scale = scale_of(item)
            ends = slider(item, scale)
            if ends is None:
                continue
            seen += 1
            assert ends["min"] < ends["max"]
            assert ends["step"] > 0
            assert item.bounds is not None
            floor, ceiling = (scale.shown(bound) for bound in item.bounds)
            slack = 1e-9 * max(1.0, abs(ceiling))
            assert floor - slack <= ends["min"]
            assert ends["max"] <= ceiling + slack
            assert ends["min"] <= ends["low"] + ends["step"]
            assert ends["high"] - ends["step"] <= ends["max"]
        assert seen > 40
        drawn = [item for item in base.items if item.level == "driver" and not item.derived]
        assert all(slider(item, scale_of(item)) or item.shape.startswith("by_") for item in drawn)

    def test_units_that_are_shown_convert(self, base: Scenario) -> None:
        for item in base.items:
            assert scale_of(item).unit in UNITS


class TestSaying:
    """What is on the screen is what the model says of this very state."""

    def test_headlines_are_the_case_in_words(self, session: Session) -> None:
        shown = {
            each["name"]: each for each in cards(session.case, session.base, "programme", HEADLINES)
        }
        assert list(shown) == list(HEADLINES)
        assert {each["change"] for each in shown.values()} == {"as in base"}
        npv = session.case["npv"]
        assert shown["npv"]["text"].startswith("−$" if npv < 0 else "$")

    def test_never_says_what_is_missing(self) -> None:
        """Without a payback the balance that is not recovered stands there."""
        session = Session("base", {WACC: 0.12}, project=Project(HOME))
        assert session.case["payback"] is None
        (payback,) = [
            each
            for each in cards(session.case, session.base, "programme", HEADLINES)
            if each["name"] == "payback"
        ]
        assert payback["text"] == "never"
        assert payback["note"].endswith("not recovered by 2040")

    def test_a_change_is_better_or_worse(self, session: Session) -> None:
        session.set("returns.terminal_growth", "2")
        found = {
            each["name"]: each for each in cards(session.case, session.base, "programme", HEADLINES)
        }
        assert found["npv"]["trend"] == (1 if session.case["npv"] > session.base["npv"] else -1)
        assert "vs base" in found["npv"]["change"]
        assert found["trough_amount"]["trend"] == 0

    @pytest.mark.parametrize("name", PICTURES)
    def test_every_picture_of_every_side(
        self, session: Session, evaluator: Evaluate, name: str
    ) -> None:
        """Each can be drawn, says what it shows, and lists what it draws."""
        bull = evaluator(scenario("bull", project=Project(HOME)))
        for side in VIEW_TITLES:
            made = picture(name, side, bull, session.base, [("<pinned> & co", session.case)])
            assert json.dumps(made, allow_nan=False)
            curves = {each["label"]: each for each in made["curves"]}
            assert list(curves) == ["Base", "<pinned> & co", "Present state"]
            assert {len(each["x"]) for each in curves.values()} == {
                len(each["y"]) for each in curves.values()
            }
            assert made["first"] <= curves["Base"]["x"][0] <= made["last"]

    def test_the_curve_ends_at_the_balance(self, session: Session) -> None:
        """The picture's last number is the model's own."""
        made = picture("jcurve", "programme", session.case, session.base)
        balance = session.case.row("cumulative_free_cash_flow")[-1] / 1000
        assert made["curves"][-1]["y"][-1] == pytest.approx(balance, rel=1e-6)


class TestTalking:
    """Messages in, state and answers out; a refused one changes nothing."""

    def test_a_change_and_its_state(self, talk: Conversation) -> None:
        reply = talk.hear({"do": "set", "n": "a-1", "key": WACC, "text": "9.9"})
        assert reply == {"n": "a-1", "ok": True, "result": None, "serial": 1}
        state = json.loads(json.dumps(talk.state(), allow_nan=False))
        assert state["values"][WACC]["text"] == "9.9"
        assert state["hash"] == talk.session.scenario.hash
        assert [each["key"] for each in state["differences"]] == [WACC]
        assert state["differences"][0]["after"] == "9.9% a year"

    def test_a_refusal_in_the_unit_that_is_shown(self, talk: Conversation) -> None:
        before = talk.state()
        reply = talk.hear({"do": "set", "n": 1, "key": WACC, "text": "900"})
        assert not reply["ok"]
        assert reply["error"]["what"] == ("Out of bounds: 900. Allowed: 1 to 40% a year")
        assert reply["serial"] == 0
        assert talk.state() == before

    @pytest.mark.parametrize(
        ("message", "what"),
        [
            ({"do": "set", "key": "returns.wcc", "text": "9"}, "Did you mean returns.wacc?"),
            ({"do": "opn", "name": "bull"}, "Unknown request"),
            ({"do": "open", "name": "bul"}, "Did you mean bull?"),
            ({"do": "set", "key": WACC}, "not a message of the panel"),
            ({"do": "move", "key": CAPEX, "at": "far"}, "not a message of the panel"),
            ({"do": "look", "pictures": [["x", "with"]]}, "Unknown picture"),
            ({"do": "look", "pictures": []}, "1 to 4 pictures"),
            ({"do": "look", "cards": ["capex"]}, "a line one a year"),
            ({"do": "worth", "of": "npv", "against": "scenario:bul"}, "Did you mean bull?"),
            ({"do": "trace", "line": "npw"}, "Did you mean npv?"),
            ({"do": "trace", "line": "capex", "at": "1999"}, "1999"),
            ({"do": "tornado", "of": "x"}, "Unknown line"),
            ({"do": "solve", "key": WACC, "target": "npv"}, "Not a target"),
            ({"do": "exhibit", "name": "x"}, "Unknown exhibit"),
            ({"do": "save", "name": "mine", "reason": "x"}, "Nothing is changed"),
            (
                {"do": "set", "key": "capex.mix.accelerators", "text": "99", "period": "2028"},
                "sum to more than 1",
            ),
            ({"do": "set", "key": "programme.start", "text": "2026Q5"}, "Not a quarter"),
            (
                {"do": "set", "key": CAPEX, "text": "200000", "period": "2027"},
                "1,000 times too large: 200000. Allowed: 0 to 600 USD bn. Did you mean 200?",
            ),
            (
                {"do": "set", "key": WACC, "text": "x"},
                "Allowed: a number (% a year), or with its unit such as '1.5%'",
            ),
            ({"do": "set", "key": "life.change", "text": "[{date: 1}]"}, "are a table of dates"),
        ],
    )
    def test_refusals_in_words(
        self, talk: Conversation, message: dict[str, Any], what: str
    ) -> None:
        reply = talk.hear({"n": 1, **message})
        assert not reply["ok"]
        assert what in reply["error"]["what"]
        assert talk.serial == 0

    def test_views_and_worlds(self, talk: Conversation) -> None:
        programme = talk.state()
        talk.hear({"do": "look", "pictures": [["income", "without"]]})
        world = talk.state()
        assert (world["view"], world["pictures"][0]["side"]) == ("programme", "without")
        assert world["cards"] == programme["cards"]
        talk.hear({"do": "look", "pictures": [["income", "go_forward"]]})
        assert talk.state()["cards"] != programme["cards"]

    def test_the_schema_can_be_sent(self, talk: Conversation) -> None:
        assert json.loads(json.dumps(talk.schema(), allow_nan=False))["start"] == "base"

    def test_a_trace_reaches_assumptions(self, talk: Conversation) -> None:
        found = talk.hear({"do": "trace", "line": "npv"})["result"]
        leaves = [node for node in _walk(found) if "leaf" in node]
        assert "perpetuity" in {node["value"] for node in leaves}
        found = talk.hear({"do": "trace", "line": "discount_factor", "at": "2030Q1"})["result"]
        leaves = [node for node in _walk(found) if "leaf" in node]
        assert WACC in {node["leaf"]["key"] for node in leaves}

    def test_a_number_of_the_table_is_traced_where_it_stands(self, talk: Conversation) -> None:
        found = talk.hear({"do": "trace", "line": "capex", "at": "2028", "side": "without"})
        assert found["result"]["row"] == "capex@without"
        assert found["result"]["at"] == "2028"

    def test_the_tornado_measures_this_state(self, talk: Conversation) -> None:
        talk.hear({"do": "set", "key": WACC, "text": "8"})
        found = talk.hear({"do": "tornado", "of": "npv"})["result"]
        assert found["number"] == pytest.approx(talk.session.case["npv"])
        spreads = [
            max(row["at_low"], row["at_high"], found["number"])
            - min(row["at_low"], row["at_high"], found["number"])
            for row in found["rows"]
        ]
        assert spreads == sorted(spreads, reverse=True)

    def test_what_must_be_true_can_be_set(self, talk: Conversation) -> None:
        """The answer, set, meets the target."""
        found = talk.hear({"do": "solve", "key": RESPONSE, "target": "npv=0"})["result"]
        reply = talk.hear({"do": "set", "key": found["key"], "text": found["set"]})
        assert reply["ok"]
        assert abs(talk.session.case["npv"]) < 1_000.0

    @pytest.mark.parametrize(("key", "nearest"), [(WACC, "40% a year"), ("capex.total.2027", "$0")])
    def test_what_comes_nearest_is_in_the_unit_that_is_shown(
        self, talk: Conversation, key: str, nearest: str
    ) -> None:
        found = talk.hear({"do": "solve", "key": key, "target": "npv=$900bn"})["result"]
        assert (found["text"], found["nearest"]) == ("", nearest)

    def test_every_exhibit_that_is_offered_is_there(self) -> None:
        for _, module, function in EXHIBITS.values():
            assert callable(getattr(import_module(f"jcurve.figures.{module}"), function))

    def test_an_exhibit_of_the_report(self, talk: Conversation) -> None:
        found = talk.hear({"do": "exhibit", "name": "report:bridge"})["result"]
        assert found["svg"].lstrip().startswith("<svg")
        assert found["hash"] == talk.session.scenario.hash

    def test_the_decision_is_drawn_from_the_state(self, talk: Conversation) -> None:
        """The picture of value over size follows what was set, and says where nothing is open."""
        before = talk.hear({"do": "exhibit", "name": "report:size"})["result"]
        talk.hear({"do": "set", "key": RESPONSE, "text": "0.16"})
        after = talk.hear({"do": "exhibit", "name": "report:size"})["result"]
        assert before["svg"].startswith("<svg")
        assert before["svg"] != after["svg"]
        talk.hear({"do": "set", "key": "programme.enabled", "text": "0"})
        assert (
            "Nothing to decide"
            in talk.hear({"do": "exhibit", "name": "report:size"})["result"]["reading"]
        )


def _wholly(state: Scenario) -> Case:
    return evaluate(state, project=Project(HOME))


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node["children"]:
        yield from _walk(child)


class TestReuse:
    """A change shares with the state before it what it leaves alone."""

    @pytest.mark.parametrize(
        ("name", "side"), [("jcurve", "programme"), ("income", "go_forward"), ("roic", "stopped")]
    )
    def test_a_state_is_told_as_the_whole_model_tells_it(self, name: str, side: str) -> None:
        """Every word and line, with the inputs of the state before as with its own."""
        quick = Conversation(Session("base", project=Project(HOME)), side)
        quick.hear({"do": "look", "pictures": [[name, side]]})
        whole = Conversation(Session("base", project=Project(HOME), evaluator=_wholly), side)
        whole.hear({"do": "look", "pictures": [[name, side]]})
        for talk in (quick, whole):
            assert talk.hear({"do": "set", "key": WACC, "text": "9.9"})["ok"]
        assert quick.state() == whole.state()
        assert quick.session.case.headlines() == whole.session.case.headlines()
        assert quick.session.case.checks() == whole.session.case.checks()
        assert quick.hear({"do": "trace", "line": "net_cash", "at": "2030"}) == whole.hear(
            {"do": "trace", "line": "net_cash", "at": "2030"}
        )


class TestSaving:
    @pytest.fixture
    def copy(self, tmp_path: Path) -> Conversation:
        shutil.copytree(HOME / "data", tmp_path / "data")
        return Conversation(Session("bull", project=Project(tmp_path)))

    def test_a_saved_state_is_opened_as_it_was(self, copy: Conversation) -> None:
        copy.hear({"do": "set", "key": WACC, "text": "9.9"})
        copy.hear({"do": "move", "key": CAPEX, "at": -0.4})
        copy.hear({"do": "set", "key": CAPEX, "text": "200", "period": "2027"})
        state = copy.session.scenario.hash
        reply = copy.hear({"do": "save", "name": "mine", "reason": "To see."})
        assert reply["result"] == {"file": "data/scenarios/mine.yml", "name": "mine"}
        assert "mine" in copy.state()["scenarios"]
        assert copy.hear({"do": "open", "name": "mine"})["ok"]
        assert copy.session.scenario.hash == state
        assert copy.session.overrides == {}

    def test_no_second_file_of_a_name(self, copy: Conversation) -> None:
        copy.hear({"do": "set", "key": WACC, "text": "9.9"})
        assert copy.hear({"do": "save", "name": "mine", "reason": "To see."})["ok"]
        copy.hear({"do": "set", "key": WACC, "text": "10"})
        again = copy.hear({"do": "save", "name": "mine", "reason": "To see."})
        assert again["error"]["what"].startswith("A scenario of this name exists: mine")

    def test_the_yaml_is_the_file(self, copy: Conversation) -> None:
        copy.hear({"do": "set", "key": WACC, "text": "9.9"})
        asked = {"name": "mine", "reason": "To see."}
        text = copy.hear({"do": "yaml", **asked})["result"]
        copy.hear({"do": "save", **asked})
        assert (copy.session.project.scenarios / "mine.yml").read_text() == text
