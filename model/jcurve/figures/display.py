"""What a notebook shows: the base of all display objects, prose, and the cover of a report.

A display object puts three things into a cell's output: HTML for JupyterLab, plain text for
a terminal, and ``application/vnd.jcurve.exhibit+json``, its whole content as data. The
exporters use only the last; so does anyone who wants the numbers from an executed notebook.

A paragraph is a sequence of runs of text. Nothing in a string is ever read as markup, so a
scenario's name may hold anything; what is bold or a link is marked by code.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from functools import cache, singledispatch
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jcurve.ground.errors import UsageError

MIME = "application/vnd.jcurve.exhibit+json"  # Type of the structured content in a cell's output

KEY = "jcurve"  # Key of an output's metadata that names the exhibit and carries its alt text


class Frozen(BaseModel):
    """Content that neither changes nor has fields beyond its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Displayed(Frozen):
    """Base of the display objects, shown by Jupyter."""

    def plain(self) -> str:
        """Plain text for a terminal."""
        raise TypeError(f"{type(self).__name__} cannot be shown")

    def markup(self) -> str:
        """HTML without styling; every text in it is escaped."""
        return as_html(self)

    def mark(self) -> dict[str, str]:
        """The exhibit's id and alt text for the output's metadata; empty if it is none."""
        return {}

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        kind = str(getattr(self, "kind", ""))
        data = {
            MIME: self.model_dump(mode="json", exclude_defaults=True) | {"kind": kind},
            "text/html": on_card(self.markup()),
            "text/plain": self.plain(),
        }
        mark = self.mark()
        return data, {KEY: mark} if mark else {}


@singledispatch
def as_html(shown: Displayed) -> str:
    """A display object as HTML; ``markup`` registers how each kind is written."""
    raise TypeError(f"{type(shown).__name__} cannot be shown")


@cache
def _card_style() -> str:
    return Path(__file__).with_name("card.css").read_text(encoding="utf-8")


def on_card(markup: str) -> str:
    """``markup`` on a light card, as JupyterLab shows it in any theme."""
    return f'<style>\n{_card_style()}</style><div class="jcurve-card">{markup}</div>'


class Shown:
    """Shows display objects in a notebook and remembers its charts and tables.

    show = Shown()
    show(curve.jcurve(lens))
    record_case(out, report=..., case=case, view=view, exhibits=show.exhibits)
    """

    def __init__(self) -> None:
        self._items: list[Displayed] = []

    def __call__(self, *items: Displayed, place: str = "both") -> None:
        """Show ``items``, one under the other; tables on the ``page`` alone and not in print, or
        there behind a ``fold``."""
        from IPython.display import display

        for item in items:
            if "place" in type(item).model_fields and place != "both":
                item = item.model_copy(update={"place": place})
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


class Run(Frozen):
    """A stretch of text in one style."""

    text: str = ""
    strong: bool = False
    em: bool = False
    code: bool = False
    sup: bool = False
    sub: bool = False
    strike: bool = False
    href: str | None = None  # an address to link to (http, https, mailto)
    ref: str | None = None  # an exhibit's id; shown as "Exhibit 3" with a link
    note: str | None = None  # a footnote's text; the run itself has none then


class Formula(Run):
    """A formula among words; ``text`` is its TeX source."""

    mathml: str  # what it means, as one ``math`` element
    display: bool = False  # whether it stands on a line of its own


Paragraph = tuple[Run, ...]  # One paragraph

Part = str | Run  # What a sentence is put together from


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


def paragraph(parts: Part | Iterable[Part]) -> Paragraph:
    """One paragraph from a string, a run, or a sequence of both."""
    if isinstance(parts, str | Run):
        parts = (parts,)
    return tuple(part if isinstance(part, Run) else Run(text=part) for part in parts)


def words(runs: Iterable[Run]) -> str:
    """The plain text of ``runs``; a reference reads as its exhibit's id in brackets."""
    return "".join(f"[{run.ref}]" if run.ref else run.text for run in runs)


class Prose(Displayed):
    """Generated paragraphs, or a call-out."""

    kind: Literal["prose"] = "prose"
    role: Literal["text", "callout"] = "text"  # a call-out is set apart
    paragraphs: tuple[Paragraph, ...]

    def plain(self) -> str:
        """The paragraphs as plain text."""
        return "\n\n".join(words(runs) for runs in self.paragraphs)


def prose(*paragraphs: Part | Sequence[Part]) -> Prose:
    """Paragraphs, each a string, a run, or a sequence of both."""
    return Prose(paragraphs=tuple(paragraph(parts) for parts in paragraphs))


def callout(*paragraphs: Part | Sequence[Part]) -> Prose:
    """Paragraphs set apart from the rest: a warning, a limit of the analysis."""
    return Prose(role="callout", paragraphs=tuple(paragraph(parts) for parts in paragraphs))


class KeyFigure(Frozen):
    """One of the figures on top: ``label``, ``value`` as written, and a word on it."""

    label: str
    value: str
    note: str = ""


class Cover(Displayed):
    """The head of a report: what it is, the answer in a few figures, and what it rests on."""

    kind: Literal["cover"] = "cover"
    title: str  # of the report
    kicker: str = ""  # a line above the title: the company and the kind of report
    running: str = ""  # a short title for the heads of later pages; by default the title
    subtitle: str = ""  # the answer in a line
    # how far the data reach and what made it; a page puts its date before and who signs behind
    byline: str = ""
    changed: Paragraph = ()  # every value set for this run, with the one that it replaces
    figures: tuple[KeyFigure, ...] = Field(default=(), max_length=6)  # up to six key figures
    # labels and values: scenario, view, data through, valuation date, hash
    status: tuple[tuple[str, str], ...] = ()
    summary: tuple[Paragraph, ...] = ()
    stale: str = ""  # a warning that the data is old; shown with weight
    disclaimer: str = "Analysis, not investment advice."  # a line that every report carries
    # of the report; its file's date, too, so that the bytes repeat
    date: datetime.date | None = None
    author: str = "J-Curve"  # who signs
    language: str = "en-GB"  # of the text, as a BCP 47 tag

    @model_validator(mode="after")
    def _titled(self) -> Cover:
        if not self.title.strip():
            raise UsageError("a cover without a title", allowed="a non-empty title")
        return self

    def plain(self) -> str:
        """Everything on the cover as plain text."""
        lines = [self.kicker, self.title, self.subtitle, self.byline, words(self.changed)]
        lines += [f"{item.label}: {item.value} {item.note}".rstrip() for item in self.figures]
        lines += [f"{label}: {value}" for label, value in self.status]
        return "\n".join(line for line in [*lines, self.stale, self.disclaimer] if line)
