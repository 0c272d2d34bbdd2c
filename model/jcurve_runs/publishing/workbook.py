"""The workbook of an edition: the scenario of its report, as live formulas.

It is made in a process of its own: it takes ten seconds that other runs of a batch need.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from jcurve.ground.errors import JCurveError, RunError, WriteError
from jcurve.ground.processes import hold_lifeline, run_process
from jcurve.ground.project import Project
from jcurve_runs.execution.executor import RendererKilled
from jcurve_runs.execution.redaction import without_mail_settings
from jcurve_runs.plan.request import Plan

_DEADLINE = 300.0


class NoWorkbook(RunError):
    """The workbook of an edition could not be made."""


def write_workbook(plan: Plan, path: Path, check: Callable[[], None] = lambda: None) -> None:
    """Write the workbook of a plan's scenario; the same scenario gives the same bytes.

    Args:
        path: the file.
        check: called all the while; what it raises ends the process and is raised.
    """
    scenario, overrides = plan.parameters["scenario"], plan.parameters["overrides"]
    finished = run_process(
        [
            *(sys.executable, "-m", "jcurve_runs.publishing.workbook", str(plan.project.root)),
            *(str(scenario), json.dumps(overrides), plan.scenario.hash, str(path)),
        ],
        deadline=_DEADLINE,
        env=without_mail_settings(os.environ),
        lifeline=True,
        on_tick=lambda seconds: check(),
    )
    if finished.timed_out:
        raise NoWorkbook(f"the workbook was not finished after {_DEADLINE:.0f} seconds")
    if finished.exit_status < 0:
        raise RendererKilled(f"the workbook's process was killed by signal {-finished.exit_status}")
    last = finished.last_word or "it gave no reason"
    if finished.exit_status == WriteError.exit_status:
        raise WriteError(f"the workbook: {last}")
    if finished.exit_status != 0 or not path.is_file():
        raise NoWorkbook(f"no workbook was made: {last}")


def main(arguments: list[str]) -> int:
    """The process: project, scenario, overrides as JSON, the scenario's hash, file to write."""
    from jcurve.assumptions import scenario
    from jcurve.case import evaluate
    from jcurve.workbook import write

    hold_lifeline()
    root, name, overrides, wanted, path = arguments
    project = Project(Path(root))
    try:
        found = scenario(name, json.loads(overrides), project=project)
        if found.hash != wanted:
            raise RunError("the scenario has changed since the report was run", received=name)
        write(evaluate(found, project=project), path, project=project)
    except JCurveError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
