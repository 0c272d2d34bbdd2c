"""Overrides: single values set from the command line, from Python or from a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.document import Node, Place, from_python, read_value
from jcurve.assumptions.entries import with_period, with_value
from jcurve.assumptions.mixes import Mix
from jcurve.assumptions.numbers import numbers_of
from jcurve.assumptions.paths import Path
from jcurve.assumptions.retired import refusal
from jcurve.ground.errors import ScenarioError, nearest

__all__ = ["OVERRIDE", "apply", "find", "parse_override"]

_PERIOD = re.compile(r"[0-9][0-9A-Za-z]{0,7}", re.ASCII)

OVERRIDE = "override"
"""Who set a value that no scenario file holds."""


def parse_override(text: str) -> tuple[str, str]:
    """``KEY=VALUE`` as key and value, both without spaces around them.

    Raises:
        ScenarioError: there is no ``=``, or nothing on one side of it.
    """
    key, sign, value = (part.strip() for part in text.partition("="))
    if not sign or not key or not value:
        raise ScenarioError("not an override", where="--set", received=text, allowed="KEY=VALUE")
    return key, value


def find(
    key: str,
    items: Mapping[str, Assumption],
    mixes: Iterable[Mix],
    place: Place,
    node: Node | None = None,
) -> tuple[Assumption, str]:
    """The assumption that ``key`` means, and the period when it names one (``key.2027``).

    Args:
        key: as written.
        items: the assumptions.
        mixes: their mixes.
        place: of the key, for errors; its own key is not yet known to be one.
        node: the value that it is given; tells the successor's value where the key is gone.

    Raises:
        ScenarioError: there is none, it is the remainder of a mix, or it takes no period.
    """
    found, period = items.get(key), ""
    if found is None:
        head, _, last = key.rpartition(".")
        if head in items and _PERIOD.fullmatch(last):
            found, period = items[head], last
    if found is None:
        raise refusal(key, node, place) or _unknown(key, items, place)
    here = str(place.at(place.line, key))
    if found.derived:
        others = next((mix.others for mix in mixes if mix.remainder == found.key), ())
        raise ScenarioError(
            "the remainder of a mix is computed, never set", where=here, allowed=", ".join(others)
        )
    if period and found.shape == "scalar":
        raise ScenarioError(
            "this assumption has one value for all dates",
            where=here,
            received=period,
            allowed=found.key,
        )
    return found, period


def _unknown(key: str, items: Mapping[str, Assumption], place: Place) -> ScenarioError:
    members = [each for each in items if each.startswith(f"{key}.")]
    return ScenarioError(
        "a family, not an assumption" if members else "unknown assumption",
        where=str(Place(place.origin, place.line)),
        received=key,
        allowed=", ".join(members) or None,
        suggestion=None if members else nearest(key, items),
    )


def apply(
    items: Mapping[str, Assumption],
    mixes: Iterable[Mix],
    overrides: Mapping[str, object],
    origin: str,
    insist: bool,
) -> tuple[dict[str, Assumption], dict[str, Place]]:
    """``items`` with the overridden ones changed, and where each was changed.

    Whole values are set before single years, so the order of the overrides does not matter.

    Raises:
        ScenarioError: a key or value does not validate.
    """
    changed = dict(items)
    places: dict[str, Place] = {}
    mixes = tuple(mixes)
    later: list[tuple[str, str, Node, Place]] = []
    for key, value in overrides.items():
        if not isinstance(key, str):
            raise ScenarioError("a key is not text", where=origin, received=key)
        place = Place(origin, None, key)
        node = read_value(value, place) if isinstance(value, str) else from_python(value, place)
        found, period = find(key, items, mixes, Place(origin), node)
        places[found.key] = place
        if period:
            later.append((found.key, period, node, place))
            continue
        between = found.value.between if isinstance(found.value, Path) else None
        made = numbers_of(found, insist=insist).value(node, between, place)
        changed[found.key] = with_value(found, made, "Set by an override.", OVERRIDE, place)
    for key, period, node, place in later:
        found = changed[key]
        why = f"{found.why} " if found.set_by == OVERRIDE else ""
        note = f"{why}{period} set by an override."
        changed[key] = with_period(found, period, node, note, OVERRIDE, place, insist=insist)
    return changed, places
