"""The child process of a run: executes one notebook through papermill, nothing else.

Started as ``python -m jcurve_runs.execution.child FOLDER``. The staged folder holds the notebook
and its typed parameters; the executed notebook and the outcome, which says how papermill left, are
put beside them. Neither is the verdict: that rests on the executed notebook. Each line on standard
output is ``cell N of M``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from jcurve.briefing.lightweight import lighten
from jcurve.ground.files import write_file
from jcurve.ground.processes import hold_lifeline
from jcurve_runs.execution.staging import Outcome, Staged, in_lines

_SCHEME = "jcurve-staged:"
_START_TIMEOUT = 60


def main(arguments: list[str]) -> int:
    """Execute what is staged in the folder ``arguments[0]``."""
    hold_lifeline()
    return serve(Staged(Path(arguments[0])))


def serve(staged: Staged, kernels: type | None = None) -> int:
    """Execute what is staged and write its outcome; returns the exit status."""
    outcome = _execute(staged, kernels)
    write_file(staged.outcome, outcome.model_dump_json(), durable=False)
    return 0 if outcome.ended == "completed" else 1


def _execute(staged: Staged, kernels: type | None) -> Outcome:
    lighten()
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError
    from papermill import execute
    from papermill.exceptions import PapermillExecutionError
    from papermill.iorw import papermill_io

    from jcurve_runs.execution.client import ThisInterpreter, TooMuchOutput

    papermill_io.register(_SCHEME, _StagedFiles())
    execute.write_ipynb = lambda notebook, path: papermill_io.write(in_lines(notebook), path)
    cells = json.loads(staged.notebook.read_bytes())["cells"]
    total = len(cells) + 1  # papermill adds the cell of injected parameters
    try:
        execute.execute_notebook(
            _as_template(staged.notebook),
            _SCHEME + _as_template(staged.executed),
            parameters=json.loads(staged.parameters.read_bytes()),
            engine_name="jcurve",
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=_START_TIMEOUT,
            kernel_manager_class=kernels or ThisInterpreter,
            shutdown_kernel="immediate",  # a graceful one waits for up to five seconds
            force_raise_errors=True,
            on_cell_start=lambda cell, cell_index: print(
                f"cell {cell_index + 1} of {total}", flush=True
            ),
        )
    except PapermillExecutionError as error:
        return Outcome(ended="cell_error", message=f"{error.ename}: {error.evalue}")
    except TooMuchOutput as error:
        return Outcome(ended="too_much_output", message=str(error))
    except DeadKernelError as error:
        return Outcome(ended="dead_kernel", message=str(error))
    except NoSuchKernel as error:
        return Outcome(ended="kernel_start", message=str(error))
    except RuntimeError as error:
        # jupyter_client has no class of its own for a kernel that dies or hangs while
        # it starts; before the first cell nothing else raises one.
        return Outcome(ended="kernel_start", message=str(error))
    return Outcome(ended="completed")


def _as_template(path: Path) -> str:
    # Papermill formats paths as templates: braces in them must be doubled.
    return str(path).replace("{", "{{").replace("}", "}}")


class _StagedFiles:
    """Papermill's file handler for staged notebooks: a killed child leaves no torn JSON."""

    def write(self, text: str, path: str) -> None:
        write_file(Path(path.removeprefix(_SCHEME)), text, durable=False)

    def pretty_path(self, path: str) -> str:
        return path.removeprefix(_SCHEME)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    # The threads of a kernel client may linger for seconds; the outcome is on the disk.
    os._exit(status)
