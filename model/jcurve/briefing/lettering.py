"""Text as the PDF's template takes it: only what the fonts can draw, with places to break."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jcurve.briefing.maths import tree
from jcurve.figures import fonts
from jcurve.figures.markup import safe_link
from jcurve.figures.plaintext import breakable, visible
from jcurve.figures.prose import Formula, Run

__all__ = ["equation", "runs", "short", "text"]

_FLAGS = ("strong", "em", "code", "sup", "sub", "strike")


def text(written: str, longest: int = 24) -> str:
    """``written`` as the fonts can draw it, with places to break words over ``longest``."""
    return breakable(visible(written, fonts.charset()), longest)


def short(written: str, most: int) -> str:
    """``written`` on one line of a running head."""
    shown = " ".join(visible(written, fonts.charset()).split())
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"


def equation(formula: Formula) -> dict[str, Any]:
    """A formula's tree, with its source for those who cannot see it."""
    return {"maths": tree(formula.mathml), "tex": formula.text}


def runs(written: Iterable[Run], longest: int = 24) -> list[dict[str, Any]]:
    """Runs of text, each with what makes it different from plain text."""
    return [_run(run, longest) for run in written]


def _run(run: Run, longest: int) -> dict[str, Any]:
    if isinstance(run, Formula):
        return equation(run)
    if run.note is not None:
        return {"note": text(run.note)}
    if run.ref is not None:
        return {"ref": run.ref}
    shown: dict[str, Any] = {"text": text(run.text, longest)}
    for flag in _FLAGS:
        if getattr(run, flag):
            shown[flag] = True
    href = safe_link(run.href) if run.href else None
    return shown | {"href": href} if href else shown
