"""Paragraphs as runs of text: what is written stays text, what is marked is marked by code.

A sentence generated from numbers is a sequence of strings and marked runs; nothing in a
string is ever read as markup, so a scenario's name may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from jcurve.figures.display import Displayed

__all__ = [
    "Formula",
    "Paragraph",
    "Part",
    "Prose",
    "Run",
    "bullets",
    "callout",
    "em",
    "footnote",
    "link",
    "paragraph",
    "prose",
    "ref",
    "strong",
    "words",
]


class Run(BaseModel):
    """A stretch of text in one style.

    Attributes:
        href: an address to link to (http, https, mailto).
        ref: an exhibit's id; shown as "Exhibit 3" with a link.
        note: a footnote's text; the run itself has none then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = ""
    strong: bool = False
    em: bool = False
    code: bool = False
    sup: bool = False
    sub: bool = False
    strike: bool = False
    href: str | None = None
    ref: str | None = None
    note: str | None = None


class Formula(Run):
    """A formula among words; ``text`` is its TeX source.

    Attributes:
        mathml: what it means, as one ``math`` element.
        display: whether it stands on a line of its own.
    """

    mathml: str
    display: bool = False


Paragraph = tuple[Run, ...]
"""One paragraph."""

Part = str | Run
"""What a sentence is put together from."""


def strong(text: str) -> Run:
    """``text`` with strong emphasis."""
    return Run(text=text, strong=True)


def em(text: str) -> Run:
    """``text`` in italics."""
    return Run(text=text, em=True)


def link(text: str, href: str) -> Run:
    """``text`` that leads to ``href``."""
    return Run(text=text, href=href)


def ref(exhibit: str) -> Run:
    """A reference to the exhibit with this id, shown as "Exhibit 3"."""
    return Run(ref=exhibit)


def footnote(text: str) -> Run:
    """A footnote at this place."""
    return Run(note=text)


def paragraph(parts: Part | Iterable[Part]) -> Paragraph:
    """One paragraph from a string, a run, or a sequence of both."""
    if isinstance(parts, str | Run):
        parts = (parts,)
    return tuple(part if isinstance(part, Run) else Run(text=part) for part in parts)


def words(runs: Iterable[Run]) -> str:
    """The plain text of ``runs``; a reference reads as its exhibit's id in brackets."""
    return "".join(f"[{run.ref}]" if run.ref else run.text for run in runs)


class Prose(Displayed):
    """Generated paragraphs, a list, or a call-out.

    Attributes:
        role: ``text``; ``list`` makes each paragraph an item; ``callout`` sets it apart.
    """

    kind: Literal["prose"] = "prose"
    role: Literal["text", "list", "callout"] = "text"
    paragraphs: tuple[Paragraph, ...]

    def plain(self) -> str:
        """The paragraphs as plain text."""
        bullet = "• " if self.role == "list" else ""
        return "\n\n".join(bullet + words(runs) for runs in self.paragraphs)

    def markup(self) -> str:
        """The paragraphs as HTML."""
        from jcurve.figures.markup import prose_html

        return prose_html(self)


def prose(*paragraphs: Part | Sequence[Part]) -> Prose:
    """Paragraphs, each a string, a run, or a sequence of both."""
    return Prose(paragraphs=tuple(paragraph(parts) for parts in paragraphs))


def bullets(*items: Part | Sequence[Part]) -> Prose:
    """A list, each item a string, a run, or a sequence of both."""
    return Prose(role="list", paragraphs=tuple(paragraph(parts) for parts in items))


def callout(*paragraphs: Part | Sequence[Part]) -> Prose:
    """Paragraphs set apart from the rest: a warning, a limit of the analysis."""
    return Prose(role="callout", paragraphs=tuple(paragraph(parts) for parts in paragraphs))
