"""Every source that a fact, parameter or assumption may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from jcurve.facts.tables import Column, Text, by_key, home_of
from jcurve.ground.project import Where

GRADES: Mapping[str, str] = {
    "filing": "a filing with the SEC: its own text, XBRL or PDF",
    "release": "the company's own release, presentation, post or prospectus",
    "transcript": "copy or summary of a call",
    "copy": "a filing or release as compiled, quoted or extracted by others",
    "paper": "research paper, or a reading note of one (the row says which)",
    "secondary": "press, data page or research note, also of leaks and analysts",
    "estimate": "somebody's model or estimate",
    "derived": "arithmetic on other facts of this project",
}
"""How a figure was read, one vocabulary for sources and evidence: what the reader had in hand,
not how good the figure is."""


def is_secondary(grade: str) -> bool:
    """Whether an exhibit that rests on what was read so must say so."""
    return grade in ("secondary", "estimate")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was read, and how far it was checked."""

    source_id: str
    title: str
    publisher: Text
    url: Text
    date: Text
    accession: Text
    how_verified: str
    grade: str

    @property
    def is_secondary(self) -> bool:
        """Whether an exhibit that rests on this source must say so."""
        return is_secondary(self.grade)

    @property
    def is_resolvable(self) -> bool:
        """Whether a reader can get back to it, or is told why not."""
        return bool(
            self.url
            or self.accession
            or self.grade == "derived"
            or "not retained" in self.how_verified
            or "public repository" in self.how_verified
        )


Cited = Annotated[Source, Column("source_id")]
"""The source of a record, by its id in the column ``source_id``."""


def sources(project: Where = None) -> Mapping[str, Source]:
    """The sources of ``data/sources.csv`` by their id."""
    return by_key(home_of(project).data, "sources.csv", Source, {"grade": GRADES})
