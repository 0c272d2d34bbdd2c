"""The validation and the peer report: every exhibit is there with its texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jcurve.errors import FactsError
from jcurve.reports.briefing.page import html
from jcurve.reports.briefing.reading import read
from tests.support.report_cells import executed, sentences

VALIDATION = {
    "jcurve", "backtest-errors", "depreciation-targets", "parameters", "life-effects",
    "life-quarters",
    "forecasts-depreciation", "misses-depreciation", "forecasts-free-cash-flow",
    "misses-free-cash-flow", "misses-uplift-of-advertising", "causes", "verified", "checks",
    "claims",
}  # fmt: skip
PEERS = {
    "jcurve", "peer-intensity", "peer-depreciation", "peer-forecast", "peer-wave", "peer-lives",
    "peer-parameters", "peer-required", "published-rules", "published-answers",
    "published-readings",
}  # fmt: skip


def made(report: str, out: Path, **parameters: object) -> tuple[dict[str, dict[str, str]], str]:
    notebook, shown = executed(report, out, **parameters)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    text = "\n".join(line for item in shown for line in sentences(item))
    assert "nan" not in text.lower().split()
    assert html(read(notebook, report))
    found = {each["id"]: each for each in results["exhibits"]}
    assert all(len(each["alt"]) > 30 for each in found.values() if each["kind"] == "chart")
    return found, text


def test_the_validation_report(tmp_path: Path) -> None:
    found, text = made("validation_report", tmp_path)
    assert set(found) == VALIDATION
    assert "Nothing later leaks in" in text


def test_the_peer_report(tmp_path: Path) -> None:
    found, text = made("peer_report", tmp_path)
    assert set(found) == PEERS
    for name in ("Meta Platforms, Inc.", "Alphabet Inc.", "Microsoft Corporation", "Amazon.com"):
        assert name in found["peer-intensity"]["alt"]
    assert "judgement" in text


def test_peers_of_choice_and_of_none(tmp_path: Path) -> None:
    found, _ = made("peer_report", tmp_path, scenario="bear", companies=["MSFT", "GOOGL"])
    assert "Meta" not in found["peer-intensity"]["alt"]
    with pytest.raises(FactsError, match="no such company"):
        executed("peer_report", tmp_path, companies=["META", "ACME"])
