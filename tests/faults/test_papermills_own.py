"""Papermill's own tests, with our engine in the place of its own.

They come with its source alone (``pip download --no-binary :all: papermill``, unpacked); the
variable ``JCURVE_PAPERMILL`` names that folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import RecordFigure

SOURCE = os.environ.get("JCURVE_PAPERMILL")
pytestmark = pytest.mark.skipif(not SOURCE, reason="JCURVE_PAPERMILL names no source of papermill")

PRIVATE = {
    "test_autosave.py::TestMidCellAutosave::test_end2end_autosave_slow_notebook",
    "test_execute.py::TestNotebookHelpers::test_default_start_timeout",
    "test_execute.py::TestNotebookHelpers::test_start_timeout",
}
"""Tests of papermill's own client and manager, which they put a stand-in in the place of."""

PLUGIN = """\
import os

if os.environ["ENGINE"] == "jcurve":
    from papermill.engines import papermill_engines

    from jcurve_runs.execution.engine import Engine

    papermill_engines.register(None, Engine)
    papermill_engines.register("nbclient", Engine)
"""


def run(folder: Path, engine: str) -> tuple[set[str], int]:
    """The tests that fail, and how many pass."""
    (folder / "engine_plugin.py").write_text(PLUGIN)
    command = ["-m", "pytest", "-q", "-rf", "-c", os.devnull, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [
            *(sys.executable, *command, "-p", "engine_plugin", "--rootdir", str(SOURCE)),
            *("--continue-on-collection-errors", "papermill/tests"),
        ],
        cwd=SOURCE,
        env={**os.environ, "ENGINE": engine, "PYTHONPATH": f"{folder}{os.pathsep}{SOURCE}"},
        capture_output=True,
        text=True,
        check=False,
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None, done.stdout[-2_000:]
    return set(re.findall(r"^FAILED papermill/tests/(\S+)", done.stdout, re.M)), int(passed[1])


def test_it_changes_nothing_but_what_tests_a_private_client(
    tmp_path: Path, record_figure: RecordFigure
) -> None:
    before, _ = run(tmp_path, "papermill")
    after, passed = run(tmp_path, "jcurve")
    assert after - before <= PRIVATE
    record_figure("tests of papermill with our engine: passed", passed)
    record_figure("tests of papermill with our engine: failed here alone", len(after - before))
    record_figure("tests of papermill that fail with its own engine too", len(before & after))
