"""Papermill's engine ``jcurve``: our client and kernels behind papermill's own interface.

``papermill --engine jcurve NOTEBOOK OUT`` works on any machine: it starts the interpreter
it runs in, whatever kernels are installed, and stops a notebook whose output has no end.
Papermill loads every registered engine at each start, so what is heavy waits until this
one is used.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Engine"]


class Engine:
    """The entry point; the work is done in ``jcurve_runs.execution.client``."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **options: Any) -> Any:
        """Execute ``nb`` as papermill's own engine does."""
        from jcurve_runs.execution.client import NotebookEngine

        return NotebookEngine.execute_notebook(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """The kernel named by the caller, else by the notebook."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """The language named by the caller, else by the notebook."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))
