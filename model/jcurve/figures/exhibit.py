"""A chart with everything a reader needs around it: takeaway, units, source, alt, reading."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from jcurve.figures import svg as drawing
from jcurve.figures.display import Displayed, identifier, required
from jcurve.figures.prose import Paragraph, Part, paragraph, words
from jcurve.ground import markdown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Exhibit", "chart"]


class Exhibit(Displayed):
    """A chart.

    Attributes:
        id: names it in cross-references, in ``results.json`` and in errors.
        title: the takeaway, in words.
        subtitle: what is drawn and in which unit.
        svg: the drawing; one unit of its view box is a point on paper.
        source: where the numbers come from.
        alt: what the drawing shows, for who cannot see it; never empty.
        reading: sentences that read the chart, generated from its numbers.
        notes: what must be known beyond that.
        width: ``full`` column, or ``half``: two in a row stand side by side.
    """

    kind: Literal["chart"] = "chart"
    id: str
    title: str
    subtitle: str = ""
    svg: str
    source: str
    alt: str
    reading: Paragraph = ()
    notes: tuple[str, ...] = ()
    width: Literal["full", "half"] = "full"

    @model_validator(mode="after")
    def _complete(self) -> Exhibit:
        identifier(self.id, "a chart")
        required(self.title, "title", self.id)
        required(self.alt, "alt text", self.id)
        required(self.source, "source", self.id)
        drawing.check(self.svg, self.id)
        drawing.size(self.svg)
        return self

    def mark(self) -> dict[str, str]:
        """The exhibit's id and alt text for the output's metadata."""
        return {"exhibit": self.id, "alt": self.alt}

    def record(self) -> dict[str, str]:
        """What ``results.json`` says of it."""
        return {"id": self.id, "kind": "chart", "title": self.title, "alt": self.alt}

    def plain(self) -> str:
        """Title, alt text, reading and source as plain text."""
        lines = (self.title, self.subtitle, self.alt, words(self.reading), f"Source: {self.source}")
        return "\n".join(line for line in lines if line)

    def markdown(self) -> str:
        """What the chart shows, in words, as Markdown for a page of ``docs/``."""
        return markdown.exhibit(
            self.title, self.subtitle, f"{self.alt}\n", (*self.notes, words(self.reading)),
            self.source,
        )  # fmt: skip

    def markup(self) -> str:
        """The chart with its texts as HTML."""
        from jcurve.figures.markup import chart_html

        return chart_html(self)


def chart(
    figure: Figure,
    *,
    id: str,
    title: str,
    source: str | Sequence[str],
    alt: str,
    subtitle: str = "",
    reading: Part | Iterable[Part] = (),
    notes: Sequence[str] = (),
    width: Literal["full", "half"] = "full",
) -> Exhibit:
    """Make an exhibit of a matplotlib figure drawn in the house style.

    The drawing is the same, byte by byte, for the same figure. What would stick out of
    the figure's edge pulls the axes in.

    Args:
        figure: from ``jcurve.figures.style.plot`` or ``panels``.
        source: one text, or several to be joined.

    Raises:
        UsageError: a text that must be there is missing; the message names the exhibit.
    """
    from jcurve.figures.style import fit, house

    identifier(id, "a chart")
    required(title, "title", id)
    required(alt, "alt text", id)
    buffer = io.StringIO()
    with house():
        fit(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return Exhibit(
        id=id,
        title=title,
        subtitle=subtitle,
        svg=drawing.tidy(buffer.getvalue(), id),
        source=source if isinstance(source, str) else "; ".join(source),
        alt=alt,
        reading=paragraph(reading),
        notes=tuple(notes),
        width=width,
    )
