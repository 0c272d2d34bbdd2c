"""The first page of the brief: each of its claims worked out anew from the model, and every value
that a run sets seen wherever the run is."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jcurve
from jcurve.analysis.overview import Asked
from jcurve.briefing.results import record_case
from jcurve.facts import company
from jcurve.figures import answer, basis, brief, outlook, pageone, scenarios
from jcurve.figures.brief import Earlier
from jcurve.figures.display import Cover, words
from jcurve.figures.exhibit import Exhibit
from jcurve.figures.lens import Lens
from jcurve.figures.overrides import set_values
from jcurve.ground.numbers import money, percent
from jcurve_studies.exhibits import published
from tests.support.quarters_back import COMING, whole
from tests.support.report_cells import coarse

DRAWS = 64
PLAN = jcurve.scenario("base")["capex.total"].value
WAS = {year: f"${PLAN.at(year) / 1000:g}bn" for year in (2027, 2028, 2030)}
SET = {"capex.total.2027": 200_000, "capex.total.2028": 210_000, "returns.wacc": 0.09}


@pytest.fixture(scope="module")
def base() -> Lens:
    return Lens(jcurve.evaluate("base"))


@pytest.fixture(scope="module")
def known(base: Lens) -> outlook.Found:
    return outlook.found(base, DRAWS, 1)


@pytest.fixture(scope="module")
def said(base: Lens, known: outlook.Found) -> dict[str, str]:
    with coarse():
        shown = outlook.pictures(base, known)
        return _said(pageone.cover(base, known, shown=shown))


@pytest.fixture(scope="module")
def run() -> Lens:
    return Lens(jcurve.evaluate(jcurve.scenario("base", SET)))


def _said(cover: Cover) -> dict[str, str]:
    """The paragraphs of a first page by their heads."""
    return {runs[0].text.rstrip(". "): words(runs) for runs in cover.summary}


class TestWhatItSays:
    def test_all_that_a_reader_asks(self, said: dict[str, str]) -> None:
        assert list(said) == [
            "Decision", "What is spent", "When it comes back", "What must be true",
            "What could go wrong", "What is priced in", f"What to watch in {COMING.words}",
        ]  # fmt: skip

    def test_what_is_settled_and_what_is_open_sum_to_the_whole(
        self, base: Lens, said: dict[str, str]
    ) -> None:
        stopped = jcurve.evaluate("stop_now")["npv"] / 1000
        whole, ahead = base.case["npv"] / 1000, base.case["npv.go_forward"] / 1000
        assert whole == pytest.approx(stopped + ahead, rel=1e-3)
        assert f"{money(whole)}, {money(whole - ahead)} is settled" in said["Decision"]
        assert f"is worth {money(ahead)} against stopping" in said["Decision"]

    def test_spending_is_the_company_s(self, base: Lens, said: dict[str, str]) -> None:
        text = said["What is spent"]
        case, years = base.case, base.case.assembly.timeline.years
        capex = dict(zip(years, case.year("capex") / 1000, strict=True))
        free = dict(zip(years, case.year("free_cash_flow") / 1000, strict=True))
        first = COMING.year
        assert f"{money(capex[first])} in {first}, {money(capex[first + 1])} in {first + 1}" in text
        assert "a year from 2028 to 2030" in text
        assert money(capex[2030]) == money(capex[2028]) != money(capex[2031])
        low = min((year for year in years if year >= 2026), key=free.__getitem__)
        assert f"lowest in {low}, {money(free[low])}" in text

    def test_payback_counts_draws(
        self, base: Lens, known: outlook.Found, said: dict[str, str]
    ) -> None:
        text = said["When it comes back"]
        paid = known.drawn.risk.payback_by[2040].value
        below = next(s.below_zero.value for s in known.drawn.risk.spreads if s.output == "npv")
        above, by_then = (
            f"{percent(n, 0)} of draws" if n else "no draw" for n in (1 - below, paid)
        )
        assert f"NPV is above zero in {above}, and payback comes by 2040 in {by_then}" in text
        for each in (base, *known.beside):
            name = each.title.lower()
            assert f"in the {name}" in text or f"or the {name}" in text, name

    def test_events_are_the_worst_stresses(self, base: Lens, said: dict[str, str]) -> None:
        found = Asked(base.case.scenario, "programme", base.home).stresses()
        worst = sorted(found, key=lambda each: each.changes["npv"])
        text = said["What could go wrong"].lower()
        assert len(re.findall(r"bn", text)) == 4
        for each in worst[:4]:
            event = each.title.removeprefix("Stress: ").lower()
            assert f"{event} {money(each.changes['npv'] / 1000)}" in text

    def test_a_stress_strikes_any_scenario(self, run: Lens) -> None:
        """Where a run sets values, the stress moves what its story moves and keeps them."""
        found = Asked(run.case.scenario, "programme", run.home).events()
        again = jcurve.evaluate(jcurve.scenario("stress_power_delay", SET))
        change = (again["npv"] - run.case["npv"]) / 1000
        assert found["Stress: power arrives late"] / 1000 == pytest.approx(change, rel=1e-6)
        table = {
            each.title: each.changes["npv"]
            for each in Asked(run.case.scenario, "programme", run.home).stresses()
        }
        assert table["Stress: power arrives late"] == pytest.approx(
            found["Stress: power arrives late"], rel=1e-6
        )

    def test_what_is_watched_moves_value_as_it_says(
        self, base: Lens, known: outlook.Found, said: dict[str, str]
    ) -> None:
        text = next(value for head, value in said.items() if head.startswith("What to watch"))
        for at, key in ((base.case.scenario["demand.agents"].low, "demand.agents"),):
            low = jcurve.evaluate(jcurve.scenario("base", {key: at}))["npv.go_forward"]
            effect = money((low - base.case["npv.go_forward"]) / 1000, sign=True)
            assert effect in text
        row = base.case.row("advertising", "with") / 1000
        at = base.case.assembly.timeline.index(COMING)
        assert f"advertising against {money(row[at])}" in text
        assert f"{percent(row[at] / row[at - 4] - 1, 0)} more than a year before" in text
        day = datetime.date.fromisoformat(str(company("META").next_results))
        assert f"{day.day} {day:%B %Y}" in text

    @pytest.mark.parametrize("name", ["no_programme", "stop_now"])
    def test_nothing_to_decide_is_said(self, name: str) -> None:
        lens = Lens(jcurve.evaluate(name))
        found = outlook.found(lens, DRAWS)
        shown = outlook.pictures(lens, found)
        assert sum("Nothing to decide" in each.plain() for each in shown) == 1
        text = _said(pageone.cover(lens, found, shown=shown))
        assert "Nothing is left to decide" in text["Decision"]
        assert "What must be true" not in text


class TestTitles:
    """Each title worked out anew from the rows that it stands on; made false, it would fail."""

    @pytest.mark.parametrize("name", ["base", "bull", "stop_now"])
    def test_capex_and_cash(self, name: str) -> None:
        lens = Lens(jcurve.evaluate(name))
        years = lens.case.assembly.timeline.years
        over = [
            year
            for year, out, cash in zip(
                years, lens.case.year("capex"), lens.case.year("operating_cash_flow"), strict=True
            )
            if out > cash and 2022 <= year <= 2032
        ]
        title = outlook.spending(lens).title
        assert ("covers capex in every year" in title) == (not over)
        named = [int(year) for year in re.findall(r"20\d\d", title)]
        spelled = range(named[0], named[-1] + 1) if " to " in title else named
        assert list(spelled) == over

    def test_payback(self, base: Lens, known: outlook.Found) -> None:
        paid = [each.title for each in (base, *known.beside) if each.payback_at is not None]
        assert paid == ["Bull case"]
        assert outlook.fan(base, known).title == "Paid back by 2040 only in the bull case"
        none = replace(known, beside=tuple(e for e in known.beside if e.title != "Bull case"))
        assert outlook.fan(base, none).title == "No payback by 2040 in base or bear"

    def test_expected(self, base: Lens) -> None:
        shown = published.expected(base)
        gaps = {row.cells[0:2]: float(row.cells[2]) - float(row.cells[3]) for row in shown.rows}
        widest = max(gaps, key=lambda key: abs(gaps[key]))
        assert str(widest[0]).lower() in shown.title.lower()
        assert f"of {widest[1]}: {money(abs(gaps[widest]))}" in shown.title
        assert shown.title.endswith("above" if gaps[widest] > 0 else "below")
        assert [row.cells[6] for row in shown.rows] == pytest.approx(list(gaps.values()))

    def test_watch(self, base: Lens, known: outlook.Found) -> None:
        shown = outlook.watch(base, known)
        assert not isinstance(shown, type(answer))
        rows = {row.cells[3]: max(map(abs, row.cells[4:])) for row in shown.rows}
        most = max(rows, key=rows.__getitem__)
        assert str(most).lower() in shown.title
        assert money(rows[most]) in shown.title


class TestSetValues:
    def test_each_stands_beside_what_it_replaces(self, run: Lens) -> None:
        assert list(map(str, set_values(run.case.scenario))) == [
            f"Capex of guided years 2027: {WAS[2027]} → $200bn",
            f"Capex of guided years 2028: {WAS[2028]} → $210bn",
            "Cost of capital: 9.5% a year → 9% a year",
        ]

    @pytest.mark.parametrize(
        ("key", "value", "text"),
        [
            ("capex.total.2027", 188_100, f"Capex of guided years 2027: {WAS[2027]} → $188.1bn"),
            ("demand.agents", 2, "Demand for agents: 1 → 2"),
            (
                "capex.total",
                whole(
                    "capex.total",
                    {year: PLAN.at(year) for year in (2026, 2028, 2029)}
                    | {2027: 200_000, 2030: 190_000},
                ),
                f"Capex of guided years: 2027 {WAS[2027]}, 2030 {WAS[2030]} → "
                "2027 $200bn, 2030 $190bn",
            ),
            ("life.change.2027Q1", 4, "life of servers 2027Q1: 5.5 years → 4 years"),
        ],
    )
    def test_any_kind_of_value(self, key: str, value: Any, text: str) -> None:
        (found,) = set_values(jcurve.scenario("base", {key: value}))
        assert text in str(found)

    def test_none_is_none(self, base: Lens) -> None:
        same = jcurve.scenario("base", {"returns.wacc": 0.095})
        for scenario in (base.case.scenario, same):
            assert set_values(scenario) == ()
            assert answer.cover(Lens(jcurve.evaluate(scenario)), "Scenario report").changed == ()

    def test_counts_agree_wherever_they_are_told(self, run: Lens, tmp_path: Path) -> None:
        cover = answer.cover(run, "Scenario report")
        strip = words(cover.changed)
        assert strip.startswith("Not the base case. Three values set for this run")
        assert strip.count(" · ") == 2
        assert f"2027 $200bn ({WAS[2027]})" in strip
        assert basis.differences(run).title == "Three values of two assumptions set for this run"
        assert all("three values set" in each for each in run.modelled())
        results = record_case(tmp_path, report="x", case=run.case, view="programme")
        assert results.changed == list(map(str, set_values(run.case.scenario)))
        assert results.scenario.filed_npv is not None
        own = jcurve.evaluate("base")["npv"]
        assert results.scenario.filed_npv.value == pytest.approx(own)

    def test_this_run_stands_beside_its_scenario(self, run: Lens, base: Lens) -> None:
        cover = answer.cover(run, "Scenario report")
        assert cover.subtitle.startswith(f"This run (base case {money(base.npv)})")
        every = scenarios.family(run, "bear")
        assert [each.title for each in every] == ["This run", "Base case", "Bear case"]
        shown = scenarios.values(every, own=True)
        assert f"This run {money(run.npv)}" in shown.alt
        assert f"Base case {money(base.npv)}" in shown.alt


class TestSinceTheLastEdition:
    def _earlier(self, then: jcurve.Case, **changed: Any) -> Earlier:
        known: Mapping[str, Any] = {
            "data_through": then.data_through,
            "valuation_date": then.valuation_date,
            "scenario_hash": then.scenario.hash,
            "headlines": then.headlines()["programme"],
            "published": "1 October 2026",
            "rebuilt": lambda: (then, then.headlines()),
        }
        return Earlier(**{**known, **changed})

    def test_each_change_has_its_step_and_they_sum(self, base: Lens, run: Lens) -> None:
        earlier = self._earlier(run.case)
        shown = brief.changes(base, earlier)
        assert isinstance(shown, Exhibit)
        assert f"from {money(run.npv)} to {money(base.npv)}" in shown.title
        steps, _, _ = shown.alt.partition("; all together")
        amounts = [float(each.replace("\N{MINUS SIGN}", "-").replace("$", ""))
                   for each in re.findall(r"([+\N{MINUS SIGN}]\$[\d.]+)bn", steps)]  # fmt: skip
        assert sum(amounts) == pytest.approx(base.npv - run.npv, abs=0.2)
        assert "Guidance of capital expenditure" in steps
        assert "Cost of capital" in steps
        ((head, parts),) = brief.since(base, earlier)
        assert head == "What has changed since 1 October 2026"
        told = "".join(str(part) for part in parts)
        assert money(base.npv - run.npv).lstrip("\N{MINUS SIGN}") in told
        assert "moved guidance" in told
        assert "a change of assumptions" in told

    def test_what_neither_facts_nor_assumptions_explain_is_the_model(self, base: Lens) -> None:
        printed = base.case.headlines()
        printed["programme"]["npv"] = {"value": base.case["npv"] - 10_000.0, "unit": "USD m"}
        earlier = self._earlier(
            base.case, headlines=printed["programme"], rebuilt=lambda: (base.case, printed)
        )
        said = brief.changes(base, earlier).plain()
        assert "Changed model and corrected figures +$10.0bn" in said

    def test_without_a_record_it_is_told_in_words(self, base: Lens, run: Lens) -> None:
        told = brief.changes(base, self._earlier(run.case, rebuilt=None)).plain()
        assert "Assumptions have changed." in told
        assert f"from {money(run.npv)} to {money(base.npv)}" in told
        assert brief.since(base, None) == []


def test_no_title_begins_with_a_numeral(base: Lens, known: outlook.Found) -> None:
    shown = (*outlook.pictures(base, known), outlook.watch(base, known), published.expected(base))
    titles = [each.title for each in shown if hasattr(each, "title")]
    assert len(titles) == 5
    assert not [title for title in titles if title[0].isdigit()]
    assert np.all([len(title) < 90 for title in titles[:3]])
