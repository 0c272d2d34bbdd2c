"""What moves a number: each change, one more, each driver's range; and cases side by side."""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import pytest

from jcurve.assumptions import scenario, shipped
from jcurve.case import evaluate
from jcurve.ground.project import Project
from jcurve.workbench.conversation import Conversation
from jcurve.workbench.session import Session
from jcurve.workbench.words import CHOICES

HOME = Path(__file__).resolve().parents[2]
WACC = "returns.wacc"
CAPEX = "capex.total"
RESPONSE = "advertising.compute_elasticity"


@pytest.fixture
def talk() -> Conversation:
    return Conversation(Session("base", project=Project(HOME)))


class TestEffects:
    """What each change is worth, what one more would do, what each driver's range does."""

    def test_the_steps_sum_to_the_whole(self, talk: Conversation) -> None:
        for key, text in ((WACC, "9"), ("fleet.share", "12"), (RESPONSE, "0.1")):
            assert talk.hear({"do": "set", "key": key, "text": text})["ok"]
        found = talk.hear({"do": "worth", "of": "npv", "against": "scenario:base"})["result"]
        whole = talk.session.case["npv"] - talk.session.base["npv"]
        assert math.fsum(row["amount"] for row in found["rows"]) == pytest.approx(whole, abs=1e-3)
        assert {row["keys"][0] for row in found["rows"]} == {WACC, "fleet.share", RESPONSE}
        assert found["after"] == pytest.approx(talk.session.case["npv"], abs=1e-3)

    @pytest.mark.parametrize("against", ["scenario:bear", "pin:mine"])
    def test_a_step_is_taken_back_alone(self, talk: Conversation, against: str) -> None:
        """From a saved or a pinned case too, in the terms of the scenario that is open."""
        talk.hear({"do": "set", "key": CAPEX, "text": "210", "period": "2028"})
        talk.hear({"do": "pin", "name": "mine"})
        talk.hear({"do": "set", "key": WACC, "text": "9"})
        talk.hear({"do": "set", "key": "fleet.share", "text": "12"})
        other = talk.session.case_of(against).scenario
        before = talk.hear({"do": "worth", "of": "npv", "against": against})["result"]["rows"]
        assert talk.hear({"do": "take", "keys": ["fleet.share"], "of": against})["ok"]
        after = talk.hear({"do": "worth", "of": "npv", "against": against})["result"]["rows"]
        left = {key for row in before for key in row["keys"]} - {"fleet.share"}
        assert {key for row in after for key in row["keys"]} == left
        assert talk.session.scenario["fleet.share"].value == other["fleet.share"].value
        talk.hear({"do": "undo"})
        assert talk.session.scenario["fleet.share"].value == pytest.approx(0.12)

    def test_every_step_taken_back_is_the_other_case(self, talk: Conversation) -> None:
        """Paths, lists of changes, choices and switches among them."""
        other = talk.session.case_of("scenario:as_the_articles_say").scenario
        keys = [each.key for each in other.differences if each.what == "value"]
        assert talk.hear({"do": "take", "keys": keys, "of": "scenario:as_the_articles_say"})["ok"]
        rows = talk.session.scenario.assumptions
        assert all(rows[key].row() == pytest.approx(other[key].row(), rel=1e-11) for key in keys)

    def test_an_edit_is_tried_and_not_made(self, talk: Conversation) -> None:
        before = talk.state()
        asked = {"key": WACC, "text": "9", "period": ""}
        tried = talk.hear({"do": "try", "of": "npv", **asked})["result"]
        assert talk.state() == before
        talk.hear({"do": "set", **asked})
        (npv,) = [each for each in talk.state()["cards"] if each["name"] == "npv"]
        assert (npv["text"], npv["change"]) == (tried["text"], f"{tried['change']} vs base")
        refused = talk.hear({"do": "try", "of": "npv", "key": WACC, "text": "900"})
        assert "Out of bounds" in refused["error"]["what"]

    def test_the_tornado_ends_where_the_range_does(self, talk: Conversation) -> None:
        """Its ends are those of the evidence, also when the value has left it."""
        talk.hear({"do": "set", "key": WACC, "text": "14"})
        found = talk.hear({"do": "tornado", "of": "npv", "everything": True})["result"]
        (row,) = [each for each in found["rows"] if each["key"] == WACC]
        book = talk.session.start[WACC]
        assert row["low"] == f"{100 * float(book.lows()[0]):g}% a year"
        assert row["place"] > 1
        for end, value in (("low", book.lows()[0]), ("high", book.highs()[0])):
            own = talk.session.scenario.with_overrides({WACC: float(value)})
            case = evaluate(own, project=talk.session.project)
            assert row[f"at_{end}"] == pytest.approx(case["npv"], abs=1e-2)

    @pytest.mark.parametrize(
        "of", ["npv", "irr", "earnings_per_share@with:2028", "net_cash@with:2030", "payback"]
    )
    def test_any_quantity_has_a_card_a_tornado_and_a_waterfall(
        self, talk: Conversation, of: str
    ) -> None:
        talk.hear({"do": "set", "key": "tax.rate", "text": "20"})
        assert talk.hear({"do": "look", "cards": [of]})["ok"]
        (card,) = json.loads(json.dumps(talk.state()["cards"], allow_nan=False))
        case, (row, _, year) = talk.session.case, of.partition(":")
        value = case.frame(row, by="year").loc[int(year)].iloc[0] if year else case[row]
        shown = talk.hear({"do": "tornado", "of": of})
        assert shown["ok"]
        assert shown["result"]["number"] == (None if value is None else pytest.approx(value))
        assert (value is None) == (card["text"] in ("never", "none"))
        traced = talk.hear({"do": "trace", "line": card["line"], "at": card["year"] or None})
        assert traced["ok"]

    def test_cases_stand_side_by_side(self, talk: Conversation) -> None:
        talk.hear({"do": "set", "key": CAPEX, "text": "200", "period": "2027"})
        names = ["scenario:bear", "scenario:base"]
        found = talk.hear({"do": "compare", "names": names, "cards": ["npv"]})["result"]
        assert found["cases"] == ["Present state", "bear", "base"]
        bear = evaluate(scenario("bear", project=talk.session.project))
        assert found["results"][0]["numbers"][1] == pytest.approx(bear["npv"] / 1000, rel=1e-6)
        rows = {(row["key"], row["period"]): row["cells"] for row in found["inputs"]}
        planned = [each[CAPEX].row()[2027 - 2012] / 1000 for each in (bear.scenario, scenario())]
        assert list(map(float, rows[CAPEX, "2027"])) == pytest.approx([200, *planned])
        keys = {each.key for each in bear.scenario.differences if each.what == "value"}
        assert {key for key, _ in rows} == keys | {CAPEX}

    @pytest.mark.parametrize(
        ("key", "of", "text", "wanted"),
        [
            (RESPONSE, "npv", "-100", -100_000.0),
            (RESPONSE, "npv", "$-0.1tn", -100_000.0),
            ("tax.rate", "earnings_per_share@with:2028", None, None),
            (CAPEX, "net_cash@with:2030", "-50", -50_000.0),
        ],
    )
    def test_a_goal_is_found_and_met(
        self, talk: Conversation, key: str, of: str, text: str | None, wanted: float | None
    ) -> None:
        """A bare number is in the unit that the quantity is shown in; where none is given, one
        that is near what the case has."""
        row, _, year = of.partition(":")
        if text is None:
            case = talk.session.case
            wanted = round(float(case.frame(row, by="year").loc[int(year)].iloc[0]) + 1.0)
            text = str(wanted)
        found = talk.hear({"do": "solve", "key": key, "of": of, "text": text})
        assert found["ok"], found
        result = found["result"]
        assert talk.hear({"do": "set", "key": key, "text": result["set"]})["ok"]
        case = talk.session.case
        value = case.frame(row, by="year").loc[int(year)].iloc[0] if year else case[row]
        assert value == pytest.approx(wanted, rel=2e-3, abs=1.0 if year else 1_000.0)


class TestFinding:
    """Words of the trade and sources lead to assumptions."""

    def test_every_word_of_the_trade_means_something(self, talk: Conversation) -> None:
        keys = [item.key for item in talk.session.start.items]
        for pattern in CHOICES["trade"]:
            assert any(re.match(pattern, key) for key in keys), pattern

    @pytest.mark.parametrize(
        ("word", "key"),
        [
            ("discount rate", WACC),
            ("buyback", "financing.repurchase_share"),
            ("inflation", "costs.core_growth"),
            ("chip life", "life.physical.accelerators"),
        ],
    )
    def test_a_word_leads_to_its_assumption(self, talk: Conversation, word: str, key: str) -> None:
        assert word in talk.schema()["words"][key]

    def test_sources_are_told_with_title_and_address(self, talk: Conversation) -> None:
        told = talk.schema()["sources"]
        named = {name for item in talk.session.start.items for name in item.source}
        assert all(name.startswith("aggregate.") for name in named - set(told))  # sums, no source
        assert all(each["title"] for each in told.values())
        assert all(each["url"].startswith("http") or not each["url"] for each in told.values())
        assert sum(bool(each["url"]) for each in told.values()) > len(told) / 2


class TestProjectsOfOnesOwn:
    """The panel knows no company and no scenario by name: both come from the project."""

    def test_another_company_and_another_set(self, tmp_path: Path) -> None:
        shutil.copytree(HOME / "data", tmp_path / "data")
        about = tmp_path / "data" / "companies" / "meta" / "company.yml"
        about.write_text(about.read_text().replace("Meta Platforms, Inc.", "Acme & Sons"))
        project = Project(tmp_path)
        for name in set(shipped(project)) - {"base"}:
            (project.scenarios / f"{name}.yml").unlink()
        base = project.scenarios / "base.yml"
        text = re.sub(r"shipped: \[[^]]*\]", "shipped: [base]", base.read_text())
        base.write_text(text)
        (project.scenarios / "slower.yml").write_text(
            "schema: 2\nname: slower\ntitle: Slower\nextends: base\nstory: Ours.\n"
            "assumptions:\n  returns.wacc:\n    value: 9 percent per year\n    why: Rates\n"
        )
        talk = Conversation(Session("slower", project=project))
        assert (talk.schema()["company"], talk.schema()["title"]) == ("Acme & Sons", "Slower")
        assert talk.state()["scenarios"] == ["base", "slower"]
        assert talk.state()["own"] == ["slower"]
        for message in (
            {"do": "set", "key": CAPEX, "text": "210", "period": "2028"},
            {"do": "tornado", "of": "npv"},
            {"do": "worth", "of": "npv", "against": "scenario:base"},
            {"do": "compare", "names": ["scenario:base"], "cards": ["npv"]},
            {"do": "solve", "key": RESPONSE, "target": "npv=0"},
            {"do": "exhibit", "name": "report:jcurve"},
            {"do": "link"},
        ):
            assert talk.hear(message)["ok"], message
        assert talk.hear({"do": "link"})["result"]["start"] == "base"
