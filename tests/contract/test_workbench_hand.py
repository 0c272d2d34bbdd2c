"""What a hand does beyond one value, and what cannot act: no control is dead without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from jcurve.assumptions import Assumption, Path, scenario
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.assumptions.rows import assumption_rows
from jcurve.case import Case, batch_inputs, evaluate
from jcurve.engine.evaluate import evaluate as by_numpy
from jcurve.ground.errors import ScenarioError
from jcurve.ground.project import Project
from jcurve.workbench.conversation import Conversation
from jcurve.workbench.session import Session
from jcurve.workbench.standing import ends, idles
from tests.support.quarters_back import COMING, LAST

HOME = FilePath(__file__).resolve().parents[2]
CAPEX, LIVES, WACC = "capex.total", "life.change", "returns.wacc"
MADE = [["2022Q2", "4.5"], ["2022Q4", "5"], ["2025Q1", "5.5"]]


@pytest.fixture(scope="module")
def base() -> Case:
    return evaluate(scenario("base", project=Project(HOME)))


@pytest.fixture
def session() -> Session:
    return Session("base", project=Project(HOME))


@pytest.fixture
def talk(session: Session) -> Conversation:
    return Conversation(session)


class TestPasting:
    """A row of a sheet goes in as one change, or not at all."""

    def test_a_row(self, session: Session) -> None:
        session.edit(CAPEX, session.hand.row(CAPEX, "2027", ["150", " $160bn ", "", "+170,000m"]))
        assert session.overrides == {
            f"{CAPEX}.2027": "150 USD bn",
            f"{CAPEX}.2028": "160 USD bn",
            f"{CAPEX}.2030": "170 USD bn",
        }
        session.undo()
        assert session.overrides == {}

    @pytest.mark.parametrize(
        ("period", "cells", "what"),
        [
            ("2027", ["150", "16,0"], "a comma in a number is ambiguous in 2028"),
            ("2029", ["150", "160", "170"], "longer than the years that can be set"),
            ("2027", ["900"], "out of bounds in 2027"),
            ("2041", ["150"], "year outside the horizon"),
        ],
    )
    def test_refusals(self, session: Session, period: str, cells: list[str], what: str) -> None:
        with pytest.raises(ScenarioError, match=what):
            session.edit(CAPEX, session.hand.row(CAPEX, period, cells))
        assert session.overrides == {}

    def test_one_value_takes_no_row(self, session: Session) -> None:
        with pytest.raises(ScenarioError, match="one value for all dates"):
            session.edit(WACC, session.hand.row(WACC, "2027", ["9", "10"]))


class TestLives:
    def test_a_change_is_added_moved_and_taken_away(self, session: Session) -> None:
        session.edit(LIVES, session.hand.lives(LIVES, [*MADE, ["2027Q1", "3"]]))
        assert session.overrides == {f"{LIVES}.2027Q1": "3 years"}
        session.edit(LIVES, session.hand.lives(LIVES, [*MADE, ["2028Q1", "3"]]))
        assert session.overrides == {f"{LIVES}.2028Q1": "3 years"}
        session.edit(LIVES, session.hand.lives(LIVES, MADE))
        assert session.overrides == {}

    def test_one_that_was_reported_can_be_left_out(self, session: Session) -> None:
        session.edit(LIVES, session.hand.lives(LIVES, MADE[1:]))
        assert session.overrides == {LIVES: "{2022Q4: 5, 2025Q1: 5.5}"}

    @pytest.mark.parametrize(
        ("row", "what"),
        [
            (["2025Q1", "4"], "two changes of a life at one date"),
            (["2027Q5", "4"], "not a quarter"),
            (["2027Q1", " "], "no life from 2027Q1 on"),
            (["2027Q1", "99"], "out of bounds"),
        ],
    )
    def test_refusals(self, session: Session, row: list[str], what: str) -> None:
        with pytest.raises(ScenarioError, match=what):
            session.edit(LIVES, session.hand.lives(LIVES, [*MADE, row]))
        assert session.overrides == {}


class TestPathsInTime:
    def test_a_year_later(self, session: Session) -> None:
        """The year that is partly reported stands; the last planned year falls out."""
        before = session.scenario[CAPEX].value
        session.edit(CAPEX, session.hand.shifted(CAPEX, 1))
        after = session.scenario[CAPEX].value
        assert isinstance(before, Path)
        assert isinstance(after, Path)
        first = COMING.year
        assert after.at(first) == after.at(first + 1) == before.at(first)
        later = range(first + 2, 2031)
        assert [after.at(year) for year in later] == [before.at(year - 1) for year in later]
        session.edit(CAPEX, session.hand.shifted(CAPEX, -1))
        assert session.scenario[CAPEX].value.at(first) == before.at(first)  # type: ignore[union-attr]

    def test_an_edited_path_takes_single_years_and_per_cents(self, session: Session) -> None:
        """What was set as a whole ends where the plan does, whatever is done to it next."""
        session.set(CAPEX, "230", period="2030")
        session.set(CAPEX, "+10%")
        session.set(CAPEX, "240", period="2030")
        session.edit(CAPEX, session.hand.shifted(CAPEX, 1))
        (text,) = session.overrides.values()
        assert text.endswith("2030: 225.5 USD bn}")

    def test_one_value_cannot_move(self, session: Session) -> None:
        with pytest.raises(ScenarioError, match="one value for all dates"):
            session.edit(WACC, session.hand.shifted(WACC, 1))


class TestMixes:
    MEMBER = "lever.share.targeting"

    def test_a_member_keeps_the_others_in_proportion(self, session: Session) -> None:
        before = session.start.assumptions
        session.edit(self.MEMBER, session.hand.shared(self.MEMBER, "40 %"))
        after = session.scenario.assumptions
        others = [key for key in before if key.startswith("lever.share.") and key != self.MEMBER]
        ratio = [after[key].row()[0] / before[key].row()[0] for key in others]
        assert after[self.MEMBER].row()[0] == pytest.approx(0.4)
        assert ratio == pytest.approx([0.6 / 0.72] * len(others))

    @pytest.mark.parametrize(
        ("key", "text", "what"),
        [(MEMBER, "140", "out of bounds"), ("capex.mix.land", "3", "a mix by date")],
    )
    def test_refusals(self, session: Session, key: str, text: str, what: str) -> None:
        with pytest.raises(ScenarioError, match=what):
            session.edit(key, session.hand.shared(key, text))

    def test_every_mix_is_told_with_its_parts(self, talk: Conversation) -> None:
        told = {mix["remainder"]: mix for mix in talk.schema()["mixes"]}
        assert told["capex.mix.servers"]["title"] == "Share of capex"
        assert told["capex.phasing.4"]["names"] == ["1", "2", "3", "4"]


class TestCounting:
    """One count of changes wherever one is told, and nothing that nobody set."""

    def test_years_of_one_path_are_one_change(self, talk: Conversation) -> None:
        for year in ("2026", "2027", "2028"):
            talk.hear({"do": "set", "key": CAPEX, "text": "150", "period": year})
        talk.hear({"do": "set", "key": WACC, "text": "9"})
        state = talk.state()
        assert state["changed"] == [CAPEX, WACC]
        assert [each["key"] for each in state["differences"]] == [CAPEX, WACC]

    def test_only_the_years_that_differ(self, talk: Conversation) -> None:
        talk.hear({"do": "set", "key": CAPEX, "text": "170", "period": "2026"})
        (told,) = talk.state()["differences"]
        plan = scenario()[CAPEX].value
        assert isinstance(plan, Path)
        was = f"2026: ${plan.at(2026) / 1000:g}bn"
        assert (told["before"], told["after"]) == (was, "2026: $170bn")


class TestStanding:
    """What cannot act is said, with the value that holds; everything else acts."""

    def test_years_past_the_plan_show_what_the_model_makes(self, base: Case) -> None:
        told = ends(base)
        years = list(base.assembly.timeline.years)
        capex = base.year("capex", "with")[years.index(2035)] / 1000
        assert next(iter(told[CAPEX]["rows"])) == "2031"
        assert float(told[CAPEX]["rows"]["2035"]) == pytest.approx(capex, rel=1e-3)
        assert told[CAPEX]["ruling"] == "capex.planned_through"
        assert told["market.growth"]["rows"]["2031"] == "4.5"
        assert next(iter(told["costs.core_growth"]["rows"])) == "2028"
        assert next(iter(told["capex.mix.land"]["rows"])) == str(LAST.year + 1)

    def test_a_later_end_opens_years(self, session: Session) -> None:
        session.set("capex.planned_through", "2032Q4")
        assert next(iter(ends(session.case)[CAPEX]["rows"])) == "2033"
        session.set(CAPEX, "250", period="2032")
        assert session.scenario[CAPEX].value.at(2032) == 250_000  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("overrides", "key", "is_idle"),
        [
            ({}, "life.salvage_share.servers", True),
            ({"life.early_retirement_share.servers": 0.1}, "life.salvage_share.servers", False),
            ({"channel.probability.payments": 0}, "channel.value.payments", True),
            ({}, "channel.value.payments", False),
            ({"venture.on_balance": 1}, "venture.outstanding", False),
            ({"returns.terminal_treatment": "run_off"}, "returns.run_off_from", False),
        ],
    )
    def test_it_follows_what_rules(
        self, overrides: dict[str, object], key: str, is_idle: bool
    ) -> None:
        assert (key in idles(scenario("base", overrides, project=Project(HOME)))) is is_idle

    def test_the_reason_is_in_labels_and_leads_there(self, base: Case) -> None:
        told = idles(base.scenario)["life.salvage_share.servers"]
        label = base.scenario["life.early_retirement_share.servers"].called
        assert told["words"] == f"No effect while “{label}” is 0"
        assert told["ruling"] == "life.early_retirement_share.servers"

    def test_no_control_is_dead(self, base: Case, talk: Conversation) -> None:
        """Each value and each period of a path that can be set moves a line of the model when it
        is moved, limits apart that do not bind; the greyed ones move none."""
        tried = list(_tried(base, talk.schema()["controls"]))
        alive = set(_alive(base, tried))
        idle = {key for key, told in idles(base.scenario).items() if not told["partly"]}
        past = {(key, label) for key, told in ends(base).items() for label in told["rows"]}
        beyond = {(key, label) for key, label in past if key != CAPEX}  # lines of the plan itself
        dead = {each for each, _ in tried} - alive
        assert {key for key, label in dead - past if key not in idle} == LIMITS
        # The part of research that the tax law would spread is a line, of which nothing comes.
        assert {key for key, _ in alive if key in idle} == {"tax.research_share"}
        assert not alive & beyond

    @pytest.mark.parametrize(
        ("key", "text", "scale"),
        [
            ("power.ceiling", "2000", 1),
            ("financing.spread_limit", "0", 1),
            ("programme.commitments_due.2029", "300 USD bn", 0.1),
        ],
    )
    def test_a_limit_binds_somewhere(self, key: str, text: str, scale: float) -> None:
        one, other = (
            evaluate(scenario("base", {"programme.scale": scale} | more, project=Project(HOME)))
            for more in ({}, {key: text})
        )
        assert (one.row("net_income", "with") != other.row("net_income", "with")).any()


LIMITS = {"power.ceiling", "financing.spread_limit", "programme.commitments_due"}
"""Limits that do not bind in the base case."""


def _tried(
    base: Case, controls: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[tuple[str, str], dict[str, NDArray[np.float64]]]]:
    """Every value and shown period of the base case, moved: key and period, and its rows."""
    timeline = base.assembly.timeline
    for item in base.scenario.items:
        if item.derived or item.shape == "changes":
            continue
        path = item.value
        periods = controls[item.key]["periods"] if isinstance(path, Path) else [""]
        for label in periods:
            values = (path.at(_period(path, label)),) if isinstance(path, Path) else item.row()
            for value in _others(item, float(values[0])):
                made = (
                    path.with_point(_period(path, label), value)
                    if isinstance(path, Path)
                    else value
                )
                update = {"value": made, "low": None, "high": None}
                yield (item.key, label), assumption_rows(replace(item, **update), timeline)


def _period(path: Path, label: str) -> int:
    return next(at for at in range(path.first, path.last + 1) if path.label(at) == label)


def _others(item: Assumption, value: float) -> list[float]:
    if item.unit in (SWITCH, CHOICE):
        return [at for at in map(float, range(max(2, len(item.choices)))) if at != value]
    assert item.bounds is not None
    floor, ceiling = item.bounds
    if item.unit == DATE:
        return [at for at in (value - 5, value + 5, value - 20) if floor <= at <= ceiling]
    ends = [] if isinstance(item.value, Path) else [item.lows()[0], item.highs()[0]]
    near = [value * 0.9, value * 1.07, value + 0.01 * (value == 0), *map(float, ends)]
    return [at for at in near if floor <= at <= ceiling and abs(at - value) > 1e-9]


def _alive(
    base: Case, tried: list[tuple[tuple[str, str], dict[str, NDArray[np.float64]]]]
) -> Iterator[tuple[str, str]]:
    """Which of them move a line."""
    own, assembly, width = base.assumption_rows, base.assembly, 96
    for first in range(0, len(tried), width):
        part = tried[first : first + width]
        batch = {}
        for key in {key for _, rows in part for key in rows}:
            columns = np.broadcast_arrays(*(rows.get(key, own[key]) for _, rows in part), own[key])
            batch[key] = np.hstack(columns)
        with np.errstate(all="ignore"):
            inputs = batch_inputs(base, batch)
            rows = by_numpy(assembly.model, inputs, assembly.timeline).values()
        moved = np.zeros(len(part), dtype=bool)
        for row in rows:
            if row.ndim == 2 and row.shape[1] == len(part) + 1:
                slack = 1e-12 * np.maximum(1, abs(row[:, -1:]))
                moved |= (abs(row[:, :-1] - row[:, -1:]) > slack).any(axis=0)
        yield from (each for (each, _), moves in zip(part, moved, strict=True) if moves)
