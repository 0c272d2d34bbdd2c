"""The head of a report: what it is, the answer in a few figures, and what it rests on."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jcurve.figures.display import Displayed
from jcurve.figures.prose import Paragraph
from jcurve.ground.errors import UsageError

__all__ = ["Cover", "KeyFigure"]


class KeyFigure(BaseModel):
    """One of the figures on top: ``label``, ``value`` as written, and a word on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    value: str
    note: str = ""


class Cover(Displayed):
    """The cover block.

    Attributes:
        kicker: a line above the title: the company and the kind of report.
        title: of the report.
        subtitle: the answer in a line.
        figures: up to six key figures.
        status: labels and values: scenario, view, data through, valuation date, hash.
        stale: a warning that the data is old; shown with weight.
        disclaimer: a line that every report carries.
        date: of the report; its file's date, too, so that the bytes repeat.
        author: who signs.
        language: of the text, as a BCP 47 tag.
    """

    kind: Literal["cover"] = "cover"
    title: str
    kicker: str = ""
    subtitle: str = ""
    figures: tuple[KeyFigure, ...] = Field(default=(), max_length=6)
    status: tuple[tuple[str, str], ...] = ()
    summary: tuple[Paragraph, ...] = ()
    stale: str = ""
    disclaimer: str = "Analysis, not investment advice."
    date: datetime.date | None = None
    author: str = "J-Curve"
    language: str = "en-GB"

    @model_validator(mode="after")
    def _titled(self) -> Cover:
        if not self.title.strip():
            raise UsageError("a cover without a title", allowed="a non-empty title")
        return self

    def plain(self) -> str:
        """Everything on the cover as plain text."""
        lines = [self.kicker, self.title, self.subtitle]
        lines += [f"{item.label}: {item.value} {item.note}".rstrip() for item in self.figures]
        lines += [f"{label}: {value}" for label, value in self.status]
        return "\n".join(line for line in [*lines, self.stale, self.disclaimer] if line)

    def markup(self) -> str:
        """The cover block as HTML."""
        from jcurve.figures.markup import cover_html

        return cover_html(self)
