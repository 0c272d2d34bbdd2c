"""What a scenario is: values that resolve, ranges that follow, reasons that are kept."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest

from jcurve.assumptions import (
    Change,
    Scenario,
    available,
    load,
    new_scenario_text,
    scenario,
    start,
)
from jcurve.assumptions import (
    Path as Dated,
)
from jcurve.ground.errors import ScenarioError
from tests.contract.fixtures.scenario_files import HEAD, child, project_in, small_base
from tests.support.scenario_checks import check


class TestValues:
    """Each shape of value as the scenario holds it."""

    def test_an_amount_may_carry_its_unit(self, tmp_path: Path) -> None:
        """200 USD bn is 200,000 USD m; 9 % is 0.09."""
        x = child(
            tmp_path,
            "  capex.total.2027: {value: 200 USD bn, why: a}\n"
            "  returns.wacc: {value: 9 %, why: a}\n",
        )
        assert x["capex.total"].row()[2027 - 2012] == 200_000
        assert x["returns.wacc"].value == 0.09

    def test_one_year_of_a_path_leaves_the_others(self, tmp_path: Path) -> None:
        """Also beyond the last point, where the path would otherwise rise towards it."""
        before = small_base()["capex.total"].row()
        x = child(tmp_path, "  capex.total.2035: {value: 300000, why: a}\n")
        after = x["capex.total"].row()
        assert after[2035 - 2012] == 300_000
        assert np.array_equal(np.delete(before, 2035 - 2012), np.delete(after, 2035 - 2012))

    def test_years_between_points_follow_the_rule(self) -> None:
        """Linear moves evenly, hold waits; both hold beyond the ends."""
        linear = Dated("year", "linear", ((2026, 10.0), (2030, 30.0)))
        assert [linear.at(year) for year in (2012, 2026, 2027, 2030, 2040)] == [10, 10, 15, 30, 30]
        hold = Dated("year", "hold", ((2026, 10.0), (2030, 30.0)))
        assert [hold.at(year) for year in (2012, 2026, 2029, 2030, 2040)] == [10, 10, 10, 30, 30]

    def test_a_remainder_follows_the_other_members(self, tmp_path: Path) -> None:
        """The mix sums to 1 in every year, before and after a change."""
        for each in (
            small_base(),
            child(tmp_path, "  capex.mix.servers: {value: 0.3, why: a}\n"),
        ):
            members = [item for item in each.items if item.key.rpartition(".")[0] == "capex.mix"]
            assert sum(item.row() for item in members) == pytest.approx(np.ones(29), abs=1e-12)
        assert each["capex.mix.buildings"].set_by == "x"

    def test_a_single_value_may_become_a_path(self, tmp_path: Path) -> None:
        """A shock is set by year, beginning with the value that it replaces."""
        x = child(
            tmp_path,
            "  advertising.shock: {value: {2026: 0, 2027: 0.1, 2029: 0}, between: hold, why: a}\n",
        )
        assert x["advertising.shock"].shape == "by_year"
        assert x["advertising.shock"].row()[2026 - 2012 : 2030 - 2012].tolist() == [0, 0.1, 0.1, 0]

    def test_dates_and_choices_are_numbers_inside(self) -> None:
        """A quarter is its index from 2012Q1, a choice its position, a switch 0 or 1."""
        base = small_base()
        assert base["programme.start"].value == 44
        assert base["returns.terminal_treatment"].value == 2
        assert base["returns.sbc_is_cost"].value == 1
        assert base["programme.start"].text() == "2023Q1"
        assert base["returns.terminal_treatment"].text() == "perpetuity"
        assert base["life.change"].value == (Change(41, 4.5), Change(43, 5.0))


class TestRanges:
    """What is written is checked; what is inherited is made to fit."""

    def test_a_factor_moves_with_the_value(self, tmp_path: Path) -> None:
        """Half to twice of another value, as of the first."""
        x = child(tmp_path, "  power.capacity.2026Q1: {value: 8000, why: a}\n")
        quarter = (2026 - 2012) * 4
        assert x["power.capacity"].lows()[quarter] == 4000
        assert x["power.capacity"].highs()[quarter] == 16000

    def test_an_inherited_range_is_widened_to_hold_the_value(self, tmp_path: Path) -> None:
        """A value beyond the base case's doubt is allowed; low and high stay around it."""
        x = child(tmp_path, "  returns.wacc: {value: 0.15, why: a}\n")
        assert (x["returns.wacc"].low, x["returns.wacc"].high) == (0.08, 0.15)

    def test_an_inherited_range_is_cut_at_the_bounds(self, tmp_path: Path) -> None:
        """A factor never leads out of what is accepted."""
        x = child(
            tmp_path,
            "  capex.mix.servers: {value: 0.01, why: a}\n"
            "  capex.mix.accelerators: {value: {2024: 0.9, 2030: 0.95}, why: a}\n",
        )
        assert x["capex.mix.accelerators"].highs().max() == 1.0

    def test_a_range_alone_may_change(self, tmp_path: Path) -> None:
        """The value, its source and kind stay; the hash does not."""
        x = child(tmp_path, "  returns.wacc: {low: 0.06, why: Wider doubt.}\n")
        assert x["returns.wacc"].low == 0.06
        assert x["returns.wacc"].source == ("WACC",)
        assert [d.what for d in x.differences] == ["range"]
        assert x.hash != small_base().hash


class TestReasons:
    """Where a value comes from survives the changes."""

    def test_a_changed_value_is_a_judgement_until_it_says_otherwise(self, tmp_path: Path) -> None:
        """The sources of the old value do not vouch for the new one."""
        x = child(tmp_path, "  returns.wacc: {value: 0.1, why: Rates rose.}\n")
        item = x["returns.wacc"]
        assert (item.kind, item.source, item.why, item.set_by) == (
            "judgement", (), "Rates rose.", "x",
        )  # fmt: skip
        assert item.where == "data/scenarios/x.yml:4"

    def test_differences_tell_value_reason_and_author(self, tmp_path: Path) -> None:
        """Against the base scenario, also through a parent and overrides."""
        project = project_in(
            tmp_path,
            x=HEAD + "  returns.wacc: {value: 0.1, why: Rates rose.}\n",
            y="extends: x\nstory: And less.\nassumptions:\n"
            "  capex.total.2027: {value: 150000, why: Less is spent., source: [CUT]}\n",
        )
        y = scenario("y", {"returns.terminal_growth": "2 %"}, project=project)
        found = {d.key: d for d in y.differences}
        assert list(found) == ["capex.total", "returns.wacc", "returns.terminal_growth"]
        assert (found["returns.wacc"].before, found["returns.wacc"].after) == ("0.095", "0.1")
        assert found["returns.wacc"].set_by == "x"
        assert found["capex.total"].why == "2027: Less is spent."
        assert found["capex.total"].source == ("CAPEX_GUIDE", "CUT")
        assert found["returns.terminal_growth"].set_by == "override"
        assert y.extends == "x"

    def test_a_value_back_at_base_is_no_difference(self, tmp_path: Path) -> None:
        """What counts is what is computed from."""
        project = project_in(
            tmp_path,
            x=HEAD + "  returns.wacc: {value: 0.1, why: Rates rose.}\n",
            y="extends: x\nstory: Back.\nassumptions:\n"
            "  returns.wacc: {value: 0.095, why: Rates fell.}\n",
        )
        assert load("y", project).differences == ()
        assert load("y", project).hash == load("base", project).hash

    def test_the_book_lists_every_assumption(self, tmp_path: Path) -> None:
        """In words, with what changed."""
        x = child(tmp_path, "  returns.wacc: {value: 0.1, why: Rates rose.}\n")
        assert [item.key for item in x.items] == [item.key for item in small_base().items]
        wacc, (moved,) = x["returns.wacc"], x.differences
        assert (wacc.text(), moved.before, moved.key, wacc.why) == (
            "0.1", "0.095", "returns.wacc", "Rates rose.",
        )  # fmt: skip
        assert x["capex.total"].text().startswith("2026: 137,500; 2027: 188,000")
        assert x["programme.start"].range_text()[0] == "2022Q1"


class TestObject:
    """One typed, named, hashed object."""

    def test_it_is_frozen(self) -> None:
        """Neither the scenario nor an assumption can be written to."""
        base = small_base()
        with pytest.raises(dataclasses.FrozenInstanceError):
            base.name = "x"  # type: ignore[misc]
        with pytest.raises(dataclasses.FrozenInstanceError):
            base["returns.wacc"].value = 0.1  # type: ignore[misc]
        with pytest.raises(TypeError):
            base.assumptions["x"] = base["returns.wacc"]  # type: ignore[index]

    def test_it_survives_another_process(self) -> None:
        """Pickled and back, with what was worked out left behind."""
        base = small_base().with_overrides({"returns.wacc": 0.1})
        assert base.differences
        copy = pickle.loads(pickle.dumps(base))
        assert isinstance(copy, Scenario)
        assert copy == base
        assert hash(copy) == hash(base)
        assert copy.differences == base.differences

    def test_an_unknown_key_names_the_nearest(self) -> None:
        """Asked from Python."""
        with pytest.raises(ScenarioError, match=r"did you mean 'returns\.wacc'"):
            small_base()["return.wacc"]

    def test_insisting_takes_a_bare_number_as_it_is(self) -> None:
        """For searches, which may look far from the usual size."""
        found = small_base().with_overrides({"capex.total.2027": 188}, insist=True)
        assert found["capex.total"].row()[2027 - 2012] == 188
        written = small_base().with_overrides({"capex.total.2027": "188 USD m"})
        assert written == found


class TestFiles:
    """Which scenarios there are, and how a new one begins."""

    def test_available_lists_the_base_first(self, tmp_path: Path) -> None:
        """Files whose name is none for a scenario are not offered."""
        project = project_in(tmp_path, bear=HEAD, ant=HEAD)
        (project.scenarios / "Not A Name.yml").write_text(HEAD)
        assert available(project) == ("base", "ant", "bear")

    def test_a_new_scenario_validates_and_changes_nothing(self, tmp_path: Path) -> None:
        """Before the analyst has touched it."""
        project = project_in(tmp_path)
        path = start("my_case", project=project)
        assert path == project.scenarios / "my_case.yml"
        assert load("my_case", project).hash == load("base", project).hash
        with pytest.raises(ScenarioError, match="a scenario of this name exists"):
            start("my_case", project=project)

    @pytest.mark.parametrize("name", ["My Case", "../x", "", "a" * 65, "x\n"])
    def test_a_name_is_small_letters_digits_and_underscores(
        self, tmp_path: Path, name: str
    ) -> None:
        """Nothing that could be a path."""
        with pytest.raises(ScenarioError, match="not a name for a scenario"):
            start(name, project=project_in(tmp_path))

    def test_an_uncommented_entry_validates(self, tmp_path: Path) -> None:
        """Every entry that is offered can be taken as it is."""
        base = small_base()
        keys = [item.key for item in base.items if not item.derived]
        text = new_scenario_text("x", base, keys)
        text = text.replace("  # ", "  ")
        project = project_in(tmp_path, x=text.replace("  #   ", "    "))
        assert load("x", project).hash == base.hash

    def test_check_reports_every_file(self, tmp_path: Path) -> None:
        """One bad file does not hide another; sources are looked up where they are known."""
        project = project_in(
            tmp_path,
            bad=HEAD + "  returns.wac: {value: 0.1, why: a}\n",
            same=HEAD + "  returns.wacc: {value: 0.095, why: a, source: [WACX]}\n",
        )
        sources = {"REV_Q2_26", "CAPEX_GUIDE", "PPE", "K10", "ENGAGEMENT", "TARGETING", "WACC"}
        found = check(project=project, known_sources=sources)
        assert [(p.scenario, p.level) for p in found] == [
            ("bad", "error"), ("same", "error"), ("same", "warning"),
        ]  # fmt: skip
        assert found[1].text == (
            "data/scenarios/same.yml:4, returns.wacc: unknown source; received 'WACX'; "
            "did you mean 'WACC'?"
        )
        assert check(["base"], project, sources) == ()
