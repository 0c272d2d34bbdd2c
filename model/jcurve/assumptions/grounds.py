"""What a value rests on: distribution, kind, source and date, given or honestly inherited."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from jcurve.assumptions.assumption import DISTRIBUTIONS, KINDS, Assumption, Kind
from jcurve.assumptions.document import Entry, Place, Text
from jcurve.assumptions.fields import one_of, read_choices, read_date, read_unit, table_of
from jcurve.assumptions.reading import read_number, read_texts
from jcurve.ground.errors import ScenarioError
from jcurve.ground.units import UNITS

__all__ = ["Author", "about_of"]

_NEED_SOURCE: tuple[Kind, ...] = ("reported", "guided", "evidence")


@dataclass(frozen=True, slots=True)
class Author:
    """Who sets values: a scenario's name, and the date of its knowledge if it gives one."""

    name: str
    as_of: datetime.date | None = None


def about_of(
    fields: dict[str, Entry], parent: Assumption | None, author: Author, place: Place
) -> dict[str, Any]:
    """Distribution, kind, source and date: as given, else inherited where that is honest."""
    revalued = parent is not None and "value" in fields
    made: dict[str, Any] = {}
    if "distribution" in fields:
        made["distribution"] = one_of(fields["distribution"], DISTRIBUTIONS, place)
    if "kind" in fields:
        made["kind"] = one_of(fields["kind"], KINDS, place)
    elif revalued:
        made["kind"] = "judgement"
    if "source" in fields:
        entry = fields["source"]
        made["source"] = read_texts(entry.value, place.at(entry.line), "source")
    elif revalued:
        made["source"] = ()
    if "as_of" in fields:
        made["as_of"] = read_date(fields["as_of"].value, place.at(fields["as_of"].line))
    elif author.as_of is not None:
        made["as_of"] = author.as_of
    if "outcomes" in fields:
        made["outcomes"] = _outcomes(fields["outcomes"], parent, fields, place)
    kind = made.get("kind", parent.kind if parent else None)
    source = made.get("source", parent.source if parent else ())
    if kind in _NEED_SOURCE and not source:
        raise ScenarioError(
            f"kind {kind} needs a source",
            where=str(place.at(fields["kind"].line if "kind" in fields else place.line)),
            allowed="source: [KEY], or kind: estimate or judgement",
        )
    distribution = made.get("distribution", parent.distribution if parent else None)
    outcomes = made.get("outcomes", parent.outcomes if parent else ())
    if (distribution in ("discrete", "empirical")) != bool(outcomes):
        raise ScenarioError(
            "a discrete or empirical distribution and outcomes go together",
            where=str(place),
            allowed="distribution: discrete with outcomes: {0: 0.3, 1: 0.7}",
        )
    return made


def _outcomes(
    entry: Entry, parent: Assumption | None, fields: dict[str, Entry], place: Place
) -> tuple[tuple[float, float], ...]:
    here = place.at(entry.line)
    unit = parent.measure if parent else read_unit(fields["unit"], place)
    choices = parent.choices if parent else read_choices(fields.get("choices"), unit, place)
    pairs: list[tuple[float, float]] = []
    for one in table_of(entry.value, here).entries:
        value = read_number(Text(one.key, one.line), unit, choices, here).value
        weight = read_number(one.value, UNITS["share"], (), here).value
        pairs.append((value, weight))
    if not pairs or min(w for _, w in pairs) < 0 or abs(sum(w for _, w in pairs) - 1) > 1e-9:
        raise ScenarioError(
            "weights of outcomes do not sum to 1",
            where=str(here),
            received=[weight for _, weight in pairs],
            allowed="weights of 0 or more that sum to 1",
        )
    return tuple(pairs)
