"""Papermill's engine ``jcurve``: our client and kernels behind papermill's own interface.

``papermill --engine jcurve NOTEBOOK OUT`` works on any machine: it starts the interpreter
it runs in, whatever kernels are installed and whether the notebook names one, and stops a
notebook whose output has no end. The project is the one that the notebook lies in. A notebook
in another language, and a parameter whose name would run as code, are refused before a cell
runs. Papermill loads every registered engine at each start, so what is heavy waits until this
one is used.
"""

from __future__ import annotations

import keyword
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jcurve.ground.errors import UsageError
from jcurve.ground.project import project_above

_KERNEL, _LANGUAGE = "python3", "python"
_PROJECT = "JCURVE_PROJECT"


class Engine:
    """The entry point; the work is done in ``jcurve_runs.execution.client``."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Execute ``nb`` as papermill's own engine does."""
        _check_language(nb)
        # Papermill has pasted the names into a cell by now; nothing of it has run.
        for name in nb.metadata.get("papermill", {}).get("parameters", {}):
            if not str(name).isidentifier() or keyword.iskeyword(name):
                raise UsageError(
                    "a parameter's name is no name",
                    received=name,
                    allowed="letters, digits and _, a letter first",
                )
        from jcurve_runs.execution.client import execute_notebook

        with _project_of(nb):
            return execute_notebook(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """The kernel named by the caller, else by the notebook, else this interpreter's."""
        _check_language(nb)
        return name or nb.metadata.get("kernelspec", {}).get("name") or _KERNEL

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Python, or an error."""
        _check_language(nb)
        return language or _LANGUAGE


@contextmanager
def _project_of(nb: Any) -> Iterator[None]:
    """Name the notebook's own project to its kernel, unless the caller has named one."""
    source = str(nb.metadata.get("papermill", {}).get("input_path") or "")
    folder = os.path.dirname(os.path.abspath(source))
    # A notebook that is given as data stands there as text, however long.
    if _PROJECT in os.environ or not source or not os.path.isdir(folder):
        yield
        return
    project = project_above(Path(folder))
    if project is not None:
        os.environ[_PROJECT] = str(project.root)
    try:
        yield
    finally:
        os.environ.pop(_PROJECT, None)


def _check_language(nb: Any) -> None:
    from jcurve_runs.plan.request import check_language

    check_language(nb.metadata, "the notebook")
