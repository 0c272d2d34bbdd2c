"""Parameters of a report, by whatever route they come; results, as a notebook records them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jcurve.briefing import record
from jcurve.briefing.editions import check_name, series_name
from jcurve.briefing.parameters import check_names, declared_parameters, read_overrides
from jcurve.briefing.results import read_results
from jcurve.ground.errors import RunError, UsageError, WriteError


def notebook(source: str) -> dict[str, Any]:
    """A notebook with this parameters cell."""
    return {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": "# Title"},
            {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source},
        ]
    }


@pytest.mark.parametrize(
    "given",
    [
        {"capex.total.2027": 200_000},
        '{"capex.total.2027": 200000}',  # papermill -p hands over text
        "{'capex.total.2027': 200_000}",
    ],
)
def test_overrides_as_a_table_or_as_its_text(given: object) -> None:
    assert read_overrides(given) == {"capex.total.2027": 200_000}


def test_no_overrides() -> None:
    assert read_overrides({}) == read_overrides("") == read_overrides(" {} ") == {}


@pytest.mark.parametrize(
    "given",
    ["capex", "{", "[1]", 5, None, True, {1: 2}, "__import__('os').abort()", "{" * 500],
)
def test_anything_else_is_refused_and_never_run(given: object) -> None:
    with pytest.raises(UsageError, match="parameter overrides: overrides are not a table"):
        read_overrides(given)


def test_declared_parameters_are_literals_read_without_running_them() -> None:
    source = 'scenario = "base"  # a name\noverrides = {}\nrate: float = -0.5\nyears = [2026, 2027]'
    assert declared_parameters(notebook(source), "x.ipynb") == {
        "scenario": "base",
        "overrides": {},
        "rate": -0.5,
        "years": [2026, 2027],
    }


def test_a_docstring_imports_and_dates_may_stand_among_them() -> None:
    source = (
        '"""What a run may change."""\nimport datetime\nfrom datetime import date\n'
        "import pandas as pd\nday = date(2026, 6, 30)\nat: object = datetime.date(2027, 1, 1)\n"
        'read = date.fromisoformat("2026-09-30")\nstamp = pd.Timestamp("2026-12-31")\nrate = 0.1'
    )
    assert declared_parameters(notebook(source), "x.ipynb") == {
        "day": "2026-06-30",
        "at": "2027-01-01",
        "read": "2026-09-30",
        "stamp": "2026-12-31",
        "rate": 0.1,
    }


@pytest.mark.parametrize(
    "source",
    ["x = y", "x = f()", "x.y = 1", "x: int", "x =", "x = date(y, 1, 1)", "x = date(2026, 13, 1)",
     "x = date.today()", "open('a')", "x = date.fromisoformat('soon')", "1 + 1"],
)  # fmt: skip
def test_a_parameters_cell_with_code_is_refused(source: str) -> None:
    with pytest.raises(
        UsageError, match=r"^x\.ipynb: the parameters cell holds more than literals"
    ):
        declared_parameters(notebook(source), "x.ipynb")


def test_a_notebook_without_parameters_is_no_report() -> None:
    with pytest.raises(UsageError, match=r"^x\.ipynb: the notebook takes no parameters"):
        declared_parameters({"cells": []}, "x.ipynb")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"rat": 1}, "unknown parameter; received 'rat'; allowed: rate, name, on, more; did you"),
        ({"name\nimport os": 1}, "unknown parameter; received 'name\\\\nimport os'"),
        ({"rate": "0.1"}, "parameter rate has the wrong type; received '0.1'"),
        ({"rate": True}, "parameter rate has the wrong type"),
        ({"on": 1}, "parameter on has the wrong type"),
        ({"name": None}, "parameter name has the wrong type"),
    ],
)
def test_a_name_or_type_that_the_notebook_does_not_declare(
    given: dict[str, object], words: str
) -> None:
    declared = {"rate": 0.5, "name": "x", "on": False, "more": None}
    with pytest.raises(UsageError, match=words):
        check_names(given, declared, "x.ipynb")


def test_a_whole_number_is_a_number_and_none_takes_anything() -> None:
    check_names({"rate": 1, "more": [1]}, {"rate": 0.5, "more": None}, "x.ipynb")


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/b", "a\\b", ".hidden", "-x", "a b", "é", "a\n"]
)
def test_no_name_from_outside_becomes_a_path(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a folder's name"):
        check_name(name, "the report")


def test_what_ifs_and_the_other_view_have_series_of_their_own() -> None:
    code = "0123456789abcdef"
    assert series_name("base", code, {}, "programme") == "base"
    assert series_name("base", code, {"a": 1}, "programme") == "base+01234567"
    assert series_name("base", code, {}, "go_forward") == "base.go_forward"


CONTENT: dict[str, Any] = {
    "report": "scenario_report",
    "scenario": SimpleNamespace(name="base", title="Base case", hash="ab" * 32, differences=()),
    "view": "programme",
    "valuation_date": "2026Q2",
    "data_through": "2026Q2",
    "headlines": {
        "programme": {
            "npv": {"value": np.float64(1.5), "unit": "USD m"},
            "irr": {"value": None, "reason": "no sign change"},
            "trough_quarter": {"value": "2030Q4", "unit": "quarter"},
        },
        "go_forward": {},
    },
    "checks": [{"name": "ties", "value": np.float64(0), "tolerance": 1e-6, "ok": np.bool_(True)}],
    "exhibits": [{"id": "curve", "kind": "chart", "title": "Curve", "alt": "Falls."}],
    "seed": 7,
}


def test_results_come_back_as_they_were_recorded(tmp_path: Path) -> None:
    """NumPy's numbers and flags are written as plain ones."""
    written = record(tmp_path, **CONTENT)
    assert read_results(tmp_path / "results.json") == written
    plain = json.loads((tmp_path / "results.json").read_text())
    assert plain["headlines"]["programme"]["npv"] == {"value": 1.5, "unit": "USD m", "reason": None}
    assert plain["checks"][0]["ok"] is True
    assert plain["schema_version"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"view": "forward"}, "view: Input should be 'programme' or 'go_forward'"),
        ({"view": "go_forward"}, "no headlines for the view 'go_forward'"),
        ({"checks": []}, "checks: Tuple should have at least 1 item"),
        ({"seed": 1.5}, "seed: Input should be a valid integer"),
        ({"headlines": {"programme": {"npv": {"value": np.inf, "unit": "x"}}}}, "finite number"),
        ({"headlines": {"programme": {"npv": {"value": object()}}}}, "object has no place in"),
        ({"exhibits": CONTENT["exhibits"] * 2}, "exhibits declared twice: curve"),
    ],
)
def test_incomplete_results_are_refused_and_not_written(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(RunError) as caught:
        record(tmp_path, **CONTENT | change)
    assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot be written"):
        record(tmp_path / "missing", **CONTENT)
