"""A scenario: every assumption resolved, named, hashed and never changed.

Two scenarios with the same values and ranges have the same hash, whatever they came from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import numpy as np

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.entries import Author, change, change_period
from jcurve.assumptions.idle import idle_values, refuse_beyond_end
from jcurve.assumptions.nodes import Entry, Node, Place, Table, from_python, read_value
from jcurve.assumptions.paths import CHOICE, DATE, Path, Value
from jcurve.assumptions.relations import Mix, rules_for, settle
from jcurve.assumptions.retired import SCHEMA, refusal
from jcurve.assumptions.rows import WHOLE, stacked
from jcurve.ground.errors import ScenarioError
from jcurve.ground.quarters import QUARTER_COUNT, Quarter

OVERRIDE = "override"  # Who set a value that no scenario file holds

_LATER = frozenset({
    "capex.servers_share", "capex.machine_servers_share", "capex.property_depreciation",
    "products.training_elasticity", "products.compute_cost_floor",
})  # fmt: skip
"""Drivers that split capex, or that move NPV least over their ranges."""

_PERIOD = re.compile(r"[0-9][0-9A-Za-z]{0,7}", re.ASCII)
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Difference:
    """An assumption that two scenarios state differently; the second gives the reason."""

    key: str  # the assumption
    label: str  # in words
    unit: str  # of both texts
    before: str  # before, after: the values for a reader
    after: str
    what: str  # ``value``, or ``range`` when only the range or its distribution differs
    why: str  # the reason
    kind: str  # what the second value rests on
    source: tuple[str, ...]  # its sources
    set_by: str  # the scenario that set it, or ``override``


@dataclass(frozen=True, eq=False)
class Scenario:
    """A named set of assumptions, complete and checked."""

    name: str  # of its file
    title: str  # for headings
    story: str  # the world it describes, one paragraph
    extends: str | None  # name of its parent, None for the base scenario
    items: tuple[Assumption, ...]  # its assumptions, in the order of the base scenario's file
    mixes: tuple[Mix, ...] = ()  # families that sum to 1
    base: Scenario | None = None  # that all others extend, None for itself without overrides
    overrides: tuple[tuple[str, str], ...] = ()  # (key, value as given) of what no file says
    filed: Scenario | None = None  # as its file has it, None without overrides
    company: str = ""  # whose, where the base scenario's file names one

    @cached_property
    def assumptions(self) -> Mapping[str, Assumption]:
        """The assumptions by key."""
        return MappingProxyType({item.key: item for item in self.items})

    def __getitem__(self, key: str) -> Assumption:
        """The assumption ``key``."""
        found = self.assumptions.get(key)
        if found is None:
            raise ScenarioError.not_among(
                "unknown assumption", key, self.assumptions, where=self.name, allowed=""
            )
        return found

    def __contains__(self, key: object) -> bool:
        return key in self.assumptions

    @property
    def drivers(self) -> tuple[Assumption, ...]:
        """What the answer turns on: the decision, then every driver.

        >>> import jcurve
        >>> [each.name for each in jcurve.scenario().drivers][:2]
        ['Size of the plan', 'Talent follows the size']
        """
        return tuple(item for item in self.items if item.level != "detail")

    @property
    def first_drivers(self) -> tuple[Assumption, ...]:
        """The drivers that a reader meets first, in the panel and in the workbook."""
        return tuple(item for item in self.drivers if item.key not in _LATER)

    @cached_property
    def canonical(self) -> str:
        """Values, ranges and distributions as JSON text, one text for one meaning.

        Left out are names, reasons and sources, which nothing computes from, and the
        remainders of mixes, which follow from the rest. Dated values are spelled out over
        the whole horizon, numbers to a dozen digits.
        """
        stated = ",".join(f'"{key}":{text}' for key, text in sorted(self._texts.items()))
        whose = f'"company":{_JSON.encode(self.company)},' if self.company else ""
        return f'{{"assumptions":{{{stated}}},{whose}"schema":{SCHEMA}}}'

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        """The canonical text of each assumption; of those that are the base's own, the base's."""
        known = {} if self.base is None else self.base.assumptions
        own = (item for item in self.items if not item.derived and known.get(item.key) is not item)
        told = {} if self.base is None else self.base._texts
        return {**told, **{item.key: _JSON.encode(_canonical(item)) for item in own}}

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical text, in hex."""
        return sha256(self.canonical.encode()).hexdigest()

    @property
    def short_hash(self) -> str:
        """The first 12 digits of the hash."""
        return self.hash[:12]

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """What differs from the base scenario and why; nothing for the base scenario."""
        return () if self.base is None else compare(self.base, self)

    @cached_property
    def notes(self) -> Mapping[str, str]:
        """Which of its values change nothing in it and why, by key; nothing for the base."""
        return {} if self.base is None else idle_values(self.assumptions, self.base.assumptions)

    def with_overrides(
        self, overrides: Mapping[str, object], *, origin: str = OVERRIDE, insist: bool = False
    ) -> Scenario:
        """This scenario with some values set otherwise; the name stays.

        Args:
            overrides: value by key, or by ``key.2027`` for one year: a number in the key's
                unit, a text with its unit (``"200 USD bn"``), a table by year, a list of
                changes, or how a value by date moves (``"1 year later"``).
            origin: how errors name what was given, such as ``--set``.
            insist: take numbers as they are; otherwise a bare one that is 1,000 times off
                the usual size is refused.

        Raises:
            ScenarioError: a key or value does not validate, or values do not agree.
        """
        if not overrides:
            return self
        author = Author(OVERRIDE, is_override=True, insist=insist)
        entries = _entries(overrides, origin)
        items, places = changed(self.assumptions, self.mixes, entries, Place(origin), author)
        given = dict(self.overrides) | {key: str(value) for key, value in overrides.items()}
        return resolved(
            replace(
                self,
                items=tuple(items.values()),
                base=self.base or self,
                overrides=tuple(sorted(given.items())),
                filed=self.filed or self,
            ),
            places,
            OVERRIDE,
            self,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scenario):
            return NotImplemented
        return (self.name, self.hash) == (other.name, other.hash)

    def __hash__(self) -> int:
        return hash((self.name, self.hash))

    def __repr__(self) -> str:
        changed = f", {len(self.overrides)} overrides" if self.overrides else ""
        return f"<Scenario {self.name} {self.short_hash}{changed}>"

    def __getstate__(self) -> dict[str, Any]:
        # What was worked out from the fields is worked out again where it is needed.
        return {field.name: getattr(self, field.name) for field in fields(self)}


def resolved(
    scenario: Scenario, changed: Mapping[str, Place], set_by: str, before: Scenario | None = None
) -> Scenario:
    """``scenario`` with its mixes computed and the rules between assumptions checked.

    Args:
        scenario: as changed.
        changed: where the changed assumptions were written, by key.
        set_by: who changed them.
        before: what was changed, None for the base scenario.
    """
    if before is not None:
        refuse_beyond_end(before.assumptions, scenario.assumptions, changed)
    items = settle(scenario.assumptions, scenario.mixes, changed, set_by)
    rules = [rule for rule in rules_for(items) if not changed.keys().isdisjoint(rule.keys)]
    rows = stacked([[items[key] for rule in rules for key in rule.keys]], WHOLE)
    for rule in rules:
        if not rule.holds(rows).all():
            place = next(changed[key] for key in rule.keys if key in changed)
            stated = ", ".join(f"{key} {items[key].shown()}" for key in rule.keys)
            raise place.error(rule.what, stated, rule.allowed)
    return replace(scenario, items=tuple(items.values()))


def parse_override(text: str) -> tuple[str, str]:
    """``KEY=VALUE`` as key and value, both without spaces around them.

    Raises:
        ScenarioError: there is no ``=``, or nothing on one side of it.
    """
    key, sign, value = (part.strip() for part in text.partition("="))
    if not sign or not key or not value:
        raise Place("--set").error("not an override", text, "KEY=VALUE")
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
    """
    found, period = items.get(key), ""
    if found is None:
        head, _, last = key.rpartition(".")
        if head in items and _PERIOD.fullmatch(last):
            found, period = items[head], last
    if found is None:
        if (gone := refusal(key, node, place)) is not None:
            raise gone
        here = place.at(place.line, "")
        members = [each for each in items if each.startswith(f"{key}.")]
        if members:
            raise here.error("a family, not an assumption", key, ", ".join(members))
        raise here.unknown("unknown assumption", key, items, allowed="")
    here = place.at(place.line, key)
    if found.derived:
        others = next((mix.others for mix in mixes if mix.remainder == found.key), ())
        what = "the remainder of a mix is computed, never set"
        raise here.error(what, None, ", ".join(others))
    if period and found.shape == "scalar":
        raise here.error("this assumption has one value for all dates", period, found.key)
    return found, period


def changed(
    items: Mapping[str, Assumption],
    mixes: Iterable[Mix],
    entries: Iterable[Entry],
    place: Place,
    author: Author,
) -> tuple[dict[str, Assumption], dict[str, Place]]:
    """``items`` as the entries of a file, or overrides, change them; and where each was changed.

    Whole values are set before single years, so that the order of the entries does not matter.
    """
    made, places = dict(items), {}
    single: list[tuple[str, str, Entry, Place]] = []
    for entry in entries:
        given = entry.value.get("value") if isinstance(entry.value, Table) else None
        here, value = place.at(entry.line, entry.key), None if given is None else given.value
        found, period = find(entry.key, made, mixes, place.at(entry.line, ""), value)
        places[found.key] = here
        if period:
            single.append((found.key, period, entry, here))
        else:
            made[found.key] = change(found, entry.value, here, author)
    for key, period, entry, here in single:
        made[key] = change_period(made[key], period, entry.value, here, author)
    return made, places


def _entries(overrides: Mapping[str, object], origin: str) -> Iterator[Entry]:
    """Overrides as the entries of a file that sets the same."""
    for key, value in overrides.items():
        if not isinstance(key, str):
            raise Place(origin).error("a key is not text", key)
        place = Place(origin, None, key)
        node = read_value(value, place) if isinstance(value, str) else from_python(value, place)
        yield Entry(key, Table((Entry("value", node),)))


def compare(one: Scenario, other: Scenario) -> tuple[Difference, ...]:
    """What ``other`` states differently from ``one``, in the order of its assumptions."""
    before = one.assumptions
    return tuple(
        _difference(before[item.key], item)
        for item in other.items
        if item.key in before
        and not item.derived
        and _canonical(item) != _canonical(before[item.key])
    )


def _difference(before: Assumption, after: Assumption) -> Difference:
    same = _canonical(before)["value"] == _canonical(after)["value"]
    return Difference(
        key=after.key,
        label=after.called,
        unit=after.unit,
        before=_range_text(before) if same else before.text(),
        after=_range_text(after) if same else after.text(),
        what="range" if same else "value",
        why=after.why,
        kind=after.kind,
        source=after.source,
        set_by=after.set_by,
    )


def _range_text(item: Assumption) -> str:
    if item.low is None or item.high is None:
        return item.distribution
    return f"{item.evidence}, {item.distribution}"


def _canonical(item: Assumption) -> dict[str, Any]:
    made: dict[str, Any] = {"unit": item.unit, "value": _for_hash(item, item.value)}
    if item.low is not None and item.high is not None:
        made["low"], made["high"] = (_for_hash(item, item.low), _for_hash(item, item.high))
    made["distribution"] = item.distribution
    if item.outcomes:
        made["outcomes"] = sorted([_rounded(v), _rounded(w)] for v, w in item.outcomes)
    return made


def _for_hash(item: Assumption, value: Value) -> object:
    if isinstance(value, Path):
        return _spelled(value)
    if isinstance(value, tuple):
        return [[Quarter.at(change.date), _rounded(change.life)] for change in value]
    if item.unit == DATE and 0 <= value < QUARTER_COUNT and value == np.round(value):
        return Quarter.at(value)
    if item.unit == CHOICE:
        return item.choices[round(value)]
    return _rounded(value)


@lru_cache(maxsize=4096)
def _spelled(path: Path) -> tuple[float, ...]:
    """A path over the horizon; kept, since states of one scenario share almost all of theirs."""
    return tuple(_rounded(v) for v in path.over())


def _rounded(value: float) -> float:
    return float(f"{value:.12g}") + 0.0
