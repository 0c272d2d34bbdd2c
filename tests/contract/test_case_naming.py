"""What a reader may call a number, and what each name means."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from jcurve.company import input_names
from jcurve.engine.line import flow, line, lines_of
from jcurve.evaluation.naming import key_of, members_of
from jcurve.ground.errors import UsageError
from jcurve.ground.units import USD_M
from tests.support.engine_models import small_model

MODEL = small_model()


class TestKeys:
    @pytest.mark.parametrize(
        ("name", "tag", "key"),
        [
            ("income_to_date", None, ("income_to_date", "programme")),
            ("income_to_date.go_forward", None, ("income_to_date", "go_forward")),
            ("income_to_date@go_forward", None, ("income_to_date", "go_forward")),
            ("income", None, ("income", "with")),
            ("income@without", None, ("income", "without")),
            ("income@without", "with", ("income", "without")),
            ("income", "programme", ("income", "programme")),
            ("income.go_forward", None, ("income", "go_forward")),
            ("charge.big", "stopped", ("charge.big", "stopped")),
            ("charge.big.without", None, ("charge.big", "without")),
            ("revenue", None, ("revenue", "")),
            ("revenue", "without", ("revenue", "")),
            ("revenue", "programme", ("revenue", "programme")),
            ("mix.small", None, ("mix.small", "")),
            ("quarter_index", None, ("quarter_index", "")),
        ],
    )
    def test_mean(self, name: str, tag: str | None, key: tuple[str, str]) -> None:
        assert key_of(MODEL, name, tag) == key

    @pytest.mark.parametrize(
        ("name", "tag", "message"),
        [
            ("incme", None, "unknown line; received 'incme'; did you mean 'income'?"),
            (
                "charge",
                None,
                "a family of lines, not one; received 'charge'; allowed: charge.big, charge.small",
            ),
            (
                "income@programm",
                None,
                "unknown world or view; received 'programm'; "
                "allowed: with, without, stopped, programme, go_forward; "
                "did you mean 'programme'?",
            ),
            (
                "income_to_date",
                "without",
                "income_to_date is a line of a view, not of a world; received 'without'; "
                "allowed: programme, go_forward",
            ),
        ],
    )
    def test_are_refused(self, name: str, tag: str | None, message: str) -> None:
        with pytest.raises(UsageError) as caught:
            key_of(MODEL, name, tag)
        assert str(caught.value) == message

    def test_a_family_stands_for_its_members(self) -> None:
        assert members_of(MODEL, ["charge@without", "income", "mix"]) == [
            "charge.big@without", "charge.small@without", "income", "mix.big", "mix.small",
        ]  # fmt: skip


class TestInputNames:
    def test_follow_what_lines_ask_for(self) -> None:
        @line(
            USD_M,
            flow,
            refer={"accelerators": "placement_lag.accelerators", "all_of_them": "capex_mix.*"},
        )
        def some_line(  # type: ignore[no-untyped-def]
            returns_wacc, lever_gain, accelerators, all_of_them, life_change_date, capex
        ):
            """Reads inputs in every way."""
            return returns_wacc

        module = SimpleNamespace(__name__=__name__, some_line=some_line)
        keys = (
            "returns.wacc", "lever.gain.targeting", "placement.lag.accelerators",
            "capex.mix.land", "life.change.date.2", "capex.big.1", "nothing.reads.this",
        )  # fmt: skip
        assert input_names(keys, lines_of(module)) == {
            "returns.wacc": "returns_wacc",
            "lever.gain.targeting": "lever_gain.targeting",
            "placement.lag.accelerators": "placement_lag.accelerators",
            "capex.mix.land": "capex_mix.land",
            "life.change.date.2": "life_change_date.2",
            "capex.big.1": "capex.big.1",
        }
