"""What every display object shares: how Jupyter shows it and how the exporters find it.

A display object puts three things into a cell's output: HTML for JupyterLab, plain text for
a terminal, and ``application/vnd.jcurve.exhibit+json``, its whole content as data. The
exporters use only the last; so does anyone who wants the numbers from an executed notebook.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from jcurve.ground.errors import UsageError

__all__ = ["KEY", "MIME", "Displayed", "Shown", "identifier", "required"]

MIME = "application/vnd.jcurve.exhibit+json"
"""Type of the structured content in a cell's output."""

KEY = "jcurve"
"""Key of an output's metadata that names the exhibit and carries its alt text."""

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class Displayed(BaseModel):
    """Base of the display objects: frozen, and shown by Jupyter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def plain(self) -> str:
        """Plain text for a terminal."""
        raise TypeError(f"{type(self).__name__} cannot be shown")

    def markup(self) -> str:
        """HTML without styling; every text in it is escaped."""
        raise TypeError(f"{type(self).__name__} cannot be shown")

    def mark(self) -> dict[str, str]:
        """The exhibit's id and alt text for the output's metadata; empty if it is none."""
        return {}

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from jcurve.figures.markup import card

        data = {
            MIME: self.model_dump(mode="json", exclude_defaults=True) | {"kind": _kind(self)},
            "text/html": card(self.markup()),
            "text/plain": self.plain(),
        }
        mark = self.mark()
        return data, {KEY: mark} if mark else {}


class Shown:
    """Shows display objects in a notebook and remembers its charts and tables.

    show = Shown()
    show(curve.jcurve(case, view))
    record_case(out, report=..., case=case, view=view, exhibits=show.exhibits)
    """

    def __init__(self) -> None:
        self._items: list[Displayed] = []

    def __call__(self, *items: Displayed) -> None:
        """Show ``items``, one under the other."""
        from IPython.display import display

        for item in items:
            display(item)  # type: ignore[no-untyped-call]
            self._items.append(item)

    @property
    def items(self) -> tuple[Displayed, ...]:
        """Everything shown so far, in order."""
        return tuple(self._items)

    @property
    def exhibits(self) -> tuple[Displayed, ...]:
        """The charts and tables shown so far, in order."""
        return tuple(item for item in self._items if item.mark())


def _kind(shown: Displayed) -> str:
    return str(getattr(shown, "kind", ""))


def identifier(value: str, what: str) -> str:
    """Return ``value`` if it may be an exhibit's id.

    Raises:
        UsageError: it may not.
    """
    if not _IDENTIFIER.fullmatch(value):
        raise UsageError(
            f"{what} with an id that is none",
            received=value,
            allowed="a small letter, then small letters, digits, - or _; at most 64",
        )
    return value


def required(value: str, what: str, name: str) -> str:
    """Return ``value`` if it says anything.

    Raises:
        UsageError: it is empty; the message names the exhibit.
    """
    if not value.strip():
        raise UsageError(f"exhibit {name} has no {what}", allowed=f"a non-empty {what}")
    return value
