"""Text as the PDF's template takes it: only what the fonts can draw, with places to break."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from jcurve.briefing.maths import tree
from jcurve.figures import fonts
from jcurve.figures.display import Formula, Run, words
from jcurve.figures.markup import safe_link
from jcurve.figures.plaintext import UNKNOWN, breakable, is_rtl, visible

_FLAGS = ("strong", "em", "code", "sup", "sub", "strike")
_DRAWABLE = fonts.Drawable()
_UNKNOWN: ContextVar[set[str]] = ContextVar("letters that no font can draw")


def text(written: str, longest: int = 24) -> str:
    """``written`` as the fonts can draw it, with places to break words over ``longest``."""
    return breakable(_drawn(written), longest)


def short(written: str, most: int) -> str:
    """``written`` on one line of a running head."""
    shown = " ".join(_drawn(written).split())
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"


def _drawn(written: str) -> str:
    shown = visible(written, _DRAWABLE, UNKNOWN)
    if UNKNOWN in shown and (lost := _UNKNOWN.get(None)) is not None:
        lost |= {
            letter for letter in written if visible(letter, _DRAWABLE, UNKNOWN) == UNKNOWN != letter
        }
    return shown


class Lettering:
    """What one PDF's letters ask for.

    ::

        with Lettering() as lettering:
            data = …  # calls text() and runs()
        lettering.faces(json.dumps(data))
    """

    def __enter__(self) -> Lettering:
        self._token = _UNKNOWN.set(set())
        return self

    def __exit__(self, *_: object) -> None:
        self.unknown = sorted(_UNKNOWN.get())
        _UNKNOWN.reset(self._token)

    @staticmethod
    def faces(data: str) -> list[fonts.Face]:
        """The fonts that the characters of ``data`` need beside the house's own."""
        known = fonts.charset()
        found = (fonts.fallback(code) for code in sorted({*map(ord, set(data))} - known))
        return list(dict.fromkeys(face for face in found if face is not None))


def equation(formula: Formula) -> dict[str, Any]:
    """A formula's tree, with its source for those who cannot see it."""
    return {"maths": tree(formula.mathml), "tex": formula.text}


def runs(written: Iterable[Run], longest: int = 24) -> list[dict[str, Any]]:
    """Runs of text, each with what makes it different from plain text."""
    return [_run(run, longest) for run in written]


def paragraph(written: Iterable[Run]) -> dict[str, Any]:
    """Runs, and whether they are written from right to left."""
    written = tuple(written)
    made: dict[str, Any] = {"runs": runs(written)}
    return made | {"rtl": True} if is_rtl(words(written)) else made


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
