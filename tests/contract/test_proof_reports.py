"""The validation and the peer report: every exhibit is there with its texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import jcurve
from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.figures import Lens, answer
from jcurve.ground.errors import FactsError
from jcurve.ground.numbers import MILLIONS, money, percent
from jcurve_studies.backtesting.backtest import SUBJECTS, backtest, mean_error
from jcurve_studies.exhibits import backtests, peers
from tests.support import pdfcheck
from tests.support.pdfcheck import pdf
from tests.support.reading_truth import held
from tests.support.report_cells import executed, sentences

PAGES = {"validation_report": 4, "peer_report": 2}
VALIDATION = {
    "backtest-errors", "depreciation-targets", "depreciation-forecast-2023",
    "parameters", "life-effects", "life-quarters", "quarters-by-line", "quarters-by-quarter",
    "kept",
    "forecasts-depreciation", "misses-depreciation", "forecasts-free-cash-flow",
    "misses-free-cash-flow", "misses-advertising", "advertising-by-response", "causes",
    "verified", "checks",
}  # fmt: skip
PEERS = {
    "peer-intensity", "peer-depreciation", "peer-forecast", "peer-wave", "peer-lives",
    "peer-parameters", "peer-required",
}  # fmt: skip


def made(report: str, out: Path, **parameters: object) -> tuple[dict[str, dict[str, str]], str]:
    notebook, shown = held(report, out, **parameters)
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    text = "\n".join(line for item in shown for line in sentences(item))
    assert "nan" not in text.lower().split()
    document = read(notebook, report)
    assert html(document)
    paper = pdf(document)
    assert pdfcheck.complaints(paper) == []
    assert len(pdfcheck.page_texts(paper)) <= PAGES[report]
    assert min([1.0, *pdfcheck.fullness(paper)[:-1]]) >= 0.6
    found = {each["id"]: each for each in results["exhibits"]}
    assert all(len(each["alt"]) > 30 for each in found.values() if each["kind"] == "chart")
    return found, text


def test_the_validation_report(tmp_path: Path) -> None:
    found, text = made("validation_report", tmp_path)
    assert set(found) == VALIDATION
    assert "No later information is used" in text


def test_the_peer_report(tmp_path: Path) -> None:
    found, text = made("peer_report", tmp_path)
    assert set(found) == PEERS
    for name in ("Meta Platforms, Inc.", "Alphabet Inc.", "Microsoft Corporation", "Amazon.com"):
        assert name in found["peer-intensity"]["alt"]
    assert "judgement" in text


def test_peers_are_compared_over_the_same_twelve_months() -> None:
    """The ends of their fiscal years are months apart; the shares of the title are not."""
    own = peers.companies(["META", "MSFT", "AMZN", "GOOGL"])
    end = peers.through(own)
    assert all(each.assembly.data_through >= end for each in own)
    shares = {
        each.name: each.twelve_months("outlay", end) / each.twelve_months("reported_revenue", end)
        for each in own
    }
    top = max(shares, key=shares.__getitem__)
    assert peers.intensity(own).title.startswith(f"{top} puts {percent(shares[top])} of revenue")
    needed = {str(row.cells[0]): row.cells[-1] for row in peers.required(own).rows}
    asks = {name: float(str(share)) for name, share in needed.items()}
    ends = sorted(asks, key=asks.__getitem__)
    for name in (ends[0], ends[-1]):
        short = name.partition(",")[0].removesuffix(" Inc.")
        assert f"{percent(asks[name])} at {short}" in peers.required(own).title


def test_each_opens_with_its_own_answer() -> None:
    """The head of the report speaks of errors and of peers, and still gives the answer."""
    case = jcurve.evaluate("base")
    tested = backtest()
    head = backtests.cover(case, "programme", tested)
    assert [each.label for each in head.figures] == [each.capitalize() for each in SUBJECTS]
    assert head.figures[0].value in head.title
    assert head.figures[0].value == percent(mean_error(tested.of("depreciation")))
    own = peers.companies(["MSFT", "AMZN"])
    beside = peers.cover(case, "programme", own)
    assert [each.label for each in beside.figures] == [each.name for each in own]
    assert any(
        each.label.removesuffix(", Inc.") in beside.title and each.value in beside.title
        for each in beside.figures
    )
    end = peers.through(own)
    spent = sum(each.twelve_months("outlay", end) for each in own) / MILLIONS
    assert f" {money(spent)} " in beside.summary[0][0].text
    assert "bn" in money(spent)
    for cover in (head, beside):
        assert answer.headline(Lens(case))[1:] in "".join(
            run.text for words in cover.summary for run in words
        )


def test_peers_of_choice_and_of_none(tmp_path: Path) -> None:
    found, _ = made("peer_report", tmp_path, scenario="bear", companies=["MSFT", "GOOGL"])
    assert "Meta" not in found["peer-intensity"]["alt"]
    with pytest.raises(FactsError, match="no such company"):
        executed("peer_report", tmp_path, companies=["META", "ACME"])
