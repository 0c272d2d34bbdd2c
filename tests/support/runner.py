"""Runs a project's fixture notebook in a process of its own, to be killed from outside."""

from __future__ import annotations

import sys
from pathlib import Path

from jcurve.ground.errors import RunError
from jcurve.ground.project import Project
from tests.support.notebooks import run_fixture

if __name__ == "__main__":
    try:
        run_fixture(Project(Path(sys.argv[1])), deadline=600.0)
    except RunError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)
