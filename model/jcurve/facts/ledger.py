"""Which claims of the articles touch which assumptions, and so which scenarios."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from jcurve.facts.registers import Claim, claims
from jcurve.facts.tables import data_folder, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project

__all__ = ["MOST", "VERDICTS", "claims_that_touch", "touches"]

MOST = 5
"""How many claims a report shows at most."""

VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        "wrong date or attribution": "the figure or event belongs to another time or actor",
        "unsupported": "nothing on record bears it out",
        "superseded": "true then, overtaken since",
        "opinion": "a judgement that no record settles",
        "confirmed": "the record bears it out",
    }
)
"""What each verdict means, the ones a reader must know first."""


def touches(project: Project | str | Path | None = None) -> Mapping[str, tuple[str, ...]]:
    """By claim, the beginnings of the assumptions that it speaks of.

    Raises:
        FactsError: a malformed table, or a claim that is not in the ledger.
    """
    data = data_folder(project)
    known = claims(Project(data.parent))
    found: dict[str, tuple[str, ...]] = {}
    for row in read_table(data, "evidence/claims_touch.csv", ("claim", "keys")):
        key = row.choice("claim", known, "claim")
        if key in found:
            raise FactsError("claim listed twice", where=row.at("claim"), received=key)
        found[key] = tuple(row.text("keys").split())
    return MappingProxyType(found)


def claims_that_touch(
    keys: Collection[str],
    project: Project | str | Path | None = None,
    most: int = MOST,
) -> tuple[Claim, ...]:
    """The claims that touch any of some assumptions, at most ``most``: those that contradict
    the record first, then by verdict, then by how many of the assumptions they speak of."""
    ledger, order = claims(project), list(VERDICTS)
    hits: list[tuple[bool, int, int, str]] = []
    for name, starts in touches(project).items():
        count = sum(any(_under(key, start) for start in starts) for key in keys)
        if count:
            claim = ledger[name]
            hits.append((not claim.contradicts_record, order.index(claim.verdict), -count, name))
    return tuple(ledger[name] for *_, name in sorted(hits)[:most])


def _under(key: str, start: str) -> bool:
    """Whether a key is the one named, in its family, or begun by a text that ends in a point."""
    return (
        key == start
        or key.startswith(start if start.endswith(".") else f"{start}.")
        or ("_" in start and key.startswith(start))
    )
