"""Packages that only some of the verbs need: what to install when one is missing."""

from __future__ import annotations

from jcurve.ground.errors import UsageError

__all__ = ["not_installed"]

_EXTRA = {
    "anywidget": "lab",
    "jupyterlab": "lab",
    "voila": "lab",
    "xlsxwriter": "excel",
    "pyarrow": "simulate",
    "distributed": "cluster",
}


def not_installed(error: ModuleNotFoundError) -> UsageError | None:
    """The error for a user who lacks an extra; None if something else is missing.

    >>> print(not_installed(ModuleNotFoundError(name="xlsxwriter.worksheet")))
    this needs a package that is not installed; received 'xlsxwriter'; \
allowed: pip install 'jcurve[excel]'
    """
    name = (error.name or "").partition(".")[0]
    if name not in _EXTRA:
        return None
    return UsageError(
        "this needs a package that is not installed",
        received=name,
        allowed=f"pip install 'jcurve[{_EXTRA[name]}]'",
    )
