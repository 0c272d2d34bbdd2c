"""``docs/proof.md`` says what the tests did: figures, failures and skips, from every worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.prove import Outcome, Outcomes, Part, Setting, page
from tests.support.waiting import GENEROUS

HOME = Path(__file__).resolve().parents[2]
TESTS = """
import numpy as np
import pytest
from tests.conftest import record_figure

def test_good(record_figure):
    record_figure("worst error", np.float64(1.23456e-9), "of scale")
    record_figure("verdict", "equal")

@pytest.mark.parametrize("case", range(3))
def test_many(case):
    pass

def test_bad():
    assert 1 + 1 == 3, "sums"

@pytest.fixture
def broken():
    raise ValueError("no fixture")

def test_error(broken):
    pass

@pytest.mark.skip(reason="not here")
def test_skipped():
    pass
"""
RUN = """
import os, sys, pytest
os.environ |= {"JCURVE_COUNTS": "full", "JCURVE_REDUCED": "kills"}
from pathlib import Path
from tests.prove import Outcomes, page, setting
outcomes = Outcomes()
status = pytest.main(["-n", "2", "-q", "-p", "no:cacheprovider", "--rootdir", sys.argv[1],
                      "-c", "/dev/null", sys.argv[1]], plugins=[outcomes])
Path(sys.argv[2]).write_text(page(outcomes, setting(), 61.0))
sys.exit(status)
"""


def test_the_page_tells_what_happened_in_every_worker(tmp_path: Path) -> None:
    """Run for real with two workers: one test fails, one errs, one is skipped, figures cross."""
    folder = tmp_path / "property"
    folder.mkdir()
    (folder / "test_small.py").write_text(TESTS)
    (folder / "test_broken.py").write_text("import nothing_of_this_name\n")
    made = tmp_path / "proof.md"
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(made)],
        cwd=HOME,
        capture_output=True,
        text=True,
        timeout=GENEROUS,
    )
    assert done.returncode != 0, done.stdout + done.stderr
    text = made.read_text()
    assert "| verdict | **failed** |" in text
    assert "| all | 4 | 2 | 1 |" in text
    assert "| worst error | 1.235e-09 | of scale | `test_small.py::test_good` |" in text
    assert "| verdict | equal |  | `test_small.py::test_good` |" in text
    assert "- `test_small.py::test_skipped`: not here" in text
    failed = text.partition("## Failed")[2].partition("## ")[0]
    assert "- `test_small.py::test_bad`: AssertionError: sums" in failed
    assert "- `test_small.py::test_error`: ValueError: no fixture" in failed
    assert "test_broken.py`: cannot be imported" in failed
    assert "| counts | full; **reduced**: `kills` |" in text
    assert "| `kills` | 2 | 200 | 2 |" in text
    assert "| `random_scenarios` | 512 | 10,000 | 10,000 |" in text
    assert "| wall time | 1.0 minutes |" in text


def test_no_tests_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty run is not a success; reduced counts and uncommitted changes are shown."""
    monkeypatch.delenv("JCURVE_COUNTS", raising=False)
    where = Setting("abc", True, "2026-01-01", "3.11.1", "Linux", 2, {"numpy": "2.2"})
    text = page(Outcomes(), where, 0.0)
    assert "| verdict | **failed** |" in text
    assert "| commit | `abc`, with uncommitted changes |" in text
    assert "| counts | **reduced** |" in text
    assert "| libraries | numpy 2.2 |" in text


def test_tests_run_apart_replace_those_of_the_main_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outcomes, figures and full counts of the part count; the page says where they are from."""
    monkeypatch.delenv("JCURVE_COUNTS", raising=False)
    where = Setting("a" * 40, False, "2026-01-01", "3.11.1", "Linux", 2, {"numpy": "2.2"})
    here, there = "tests/faults/test_kills.py::test_kills", "tests/faults/test_other.py::test_other"
    part = Outcomes({here: Outcome(here, "passed", 900.0)}, [("kills", "200", "", here)])
    Part(part, where, ("kills",), 900.0).save(tmp_path / "part.json")
    main = Outcomes(
        {here: Outcome(here, "failed", 9.0, "few"), there: Outcome(there, "passed", 1.0)},
        [("kills", "2", "", here)],
    )
    text = page(main, where, 10.0, [Part.load(tmp_path / "part.json")])
    assert "| verdict | all passed |" in text
    assert "| all | 2 | 0 | 0 | 901.0 |" in text
    assert "| kills | 200 |" in text
    assert "| kills | 2 |" not in text
    assert "| `kills` | 2 | 200 | 200 |" in text
    assert (
        "| `tests/faults/test_kills.py` | 1 | `kills` | `aaaaaaaaaa`, clean | 2026-01-01 | 15.0 |"
        in text
    )
    assert "| unknown commit |" in text
