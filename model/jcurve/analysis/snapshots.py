"""Two scenarios or editions compared: which inputs differ, which figures moved, by how much."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from jcurve.analysis.question import Array
from jcurve.analysis.revisions import Revision
from jcurve.assumptions import rows_of
from jcurve.assumptions.paths import Change, Path, Period, Value
from jcurve.assumptions.relations import remainder_row
from jcurve.assumptions.rows import assumption_rows
from jcurve.evaluation.naming import headline_text
from jcurve.ground.numbers import change, differing, percent
from jcurve.ground.quarters import FIRST_QUARTER, FIRST_YEAR, QUARTER_COUNT, Quarter, Timeline

if TYPE_CHECKING:
    from jcurve.assumptions import Assumption, Scenario
    from jcurve.case import Case


_RATES = ("share", "per year")

Figure = Mapping[str, Any]  # A headline: ``value`` with its ``unit``, or None with a ``reason``


@dataclass(frozen=True, slots=True)
class Input:
    """An assumption as a scenario states it."""

    label: str  # in words
    unit: str  # of the text
    text: str  # the value for a reader
    digest: str  # of value, range and distribution; what is compared
    value: Any = None  # as the scenario's canonical form spells it; None where not kept


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a scenario or an edition states: its inputs and its headline figures."""

    name: str  # as a reader knows it
    kind: str  # ``scenario`` or ``edition``
    hash: str  # of the scenario
    inputs: Mapping[str, Input]  # by assumption key
    headlines: Mapping[str, Mapping[str, Figure]]  # by view, then by name
    others: Mapping[str, str]  # what else determines the numbers, by name: data, package, libraries


@dataclass(frozen=True, slots=True)
class InputChange:
    """An assumption that is stated differently; None where one does not state it.

    ``what`` is ``value``, or ``range`` when only the range or distribution differs.
    """

    key: str
    label: str
    unit: str
    before: str | None
    after: str | None
    what: str

    def shown(self) -> tuple[str, str]:
        """Both values for a reader; of two paths the dates at which they differ."""
        return differing(self.before or "not stated", self.after or "not stated", self.unit)


@dataclass(frozen=True, slots=True)
class Move:
    """A headline figure that differs."""

    view: str  # view, name: which
    name: str
    before: Figure | None  # before, after: the two figures; None where there is none
    after: Figure | None
    # after less before, in ``unit``; quarters for a date; None where that says nothing
    change: float | None
    unit: str | None  # of the change
    # change over before; None for dates, rates, and where either is not above zero
    relative: float | None

    def text(self) -> str:
        """The move in words, such as ``$371bn → $402bn (+$31bn, +8.4%)``."""
        before = headline_text(self.before) or "not given"
        line = f"{before} → {headline_text(self.after) or 'not given'}"
        if self.change is None:
            return line
        relative = "" if self.relative is None else f", {percent(self.relative, sign=True)}"
        return f"{line} ({change(self.change, self.unit or '')}{relative})"


@dataclass(frozen=True, slots=True)
class OtherChange:
    """Something else that determines numbers and differs."""

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two snapshots, in the order of the first."""

    one: Snapshot
    other: Snapshot
    inputs: tuple[InputChange, ...]
    moves: tuple[Move, ...]
    others: tuple[OtherChange, ...]
    revision: Revision | None = None  # what moved the figures, where the states can be rebuilt

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.inputs or self.moves or self.others)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""

        def head(of: Snapshot) -> dict[str, str]:
            return {"name": of.name, "kind": of.kind, "hash": of.hash}

        return {
            "one": head(self.one),
            "other": head(self.other),
            "same": self.same,
            "inputs": [asdict(change) for change in self.inputs],
            "headlines": [asdict(move) for move in self.moves],
            "others": [asdict(change) for change in self.others],
            "revision": None if self.revision is None else asdict(self.revision),
        }

    def lines(self) -> list[str]:
        """For a reader at a terminal."""
        lines = [f"{self.one.name} ({self.one.hash[:12]})"]
        lines += [f"{self.other.name} ({self.other.hash[:12]})"]
        if self.same:
            return [*lines, "", "nothing differs"]
        lines += ["", f"inputs that differ: {len(self.inputs) or 'none'}"]
        for each in self.inputs:
            before, after = each.shown()
            what = "" if each.what == "value" else f" [{each.what}]"
            lines.append(f"  {each.key}: {before} → {after}{what}")
        lines += ["", f"headline figures that moved: {len(self.moves) or 'none'}"]
        lines += [f"  {move.view}.{move.name}: {move.text()}" for move in self.moves]
        if self.revision is not None:
            lines += self.revision.lines()
        if self.others:
            lines += ["", "what else determines the numbers and differs"]
            lines += [
                f"  {each.what}: {each.before or 'none'} → {each.after or 'none'}"
                for each in self.others
            ]
        return lines


def compare(one: Snapshot, other: Snapshot) -> Comparison:
    """What differs from ``one`` to ``other``."""
    return Comparison(
        one=one,
        other=other,
        inputs=tuple(_inputs(one.inputs, other.inputs)),
        moves=tuple(_moves(one.headlines, other.headlines)),
        others=tuple(
            OtherChange(name, one.others.get(name), other.others.get(name))
            for name in dict.fromkeys([*one.others, *other.others])
            if one.others.get(name) != other.others.get(name)
        )
        if one.others and other.others  # a scenario alone says nothing of the rest
        else (),
    )


def _inputs(one: Mapping[str, Input], other: Mapping[str, Input]) -> list[InputChange]:
    changes = []
    for key in dict.fromkeys([*one, *other]):
        before, after = one.get(key), other.get(key)
        if before is not None and after is not None and before.digest == after.digest:
            continue
        known = after or before
        assert known is not None
        one_text, other_text = (None if each is None else each.text for each in (before, after))
        same = one_text == other_text and before is not None and before.unit == known.unit
        what = "range" if same else "value"
        changes.append(InputChange(key, known.label, known.unit, one_text, other_text, what))
    return changes


def _moves(
    one: Mapping[str, Mapping[str, Figure]], other: Mapping[str, Mapping[str, Figure]]
) -> list[Move]:
    moves = []
    for view in dict.fromkeys([*one, *other]):
        before_all, after_all = one.get(view, {}), other.get(view, {})
        for name in dict.fromkeys([*before_all, *after_all]):
            before, after = before_all.get(name), after_all.get(name)
            if _stated(before) != _stated(after):
                moves.append(_move(view, name, before, after))
    return moves


def _stated(figure: Figure | None) -> tuple[object, ...] | None:
    if figure is None:
        return None
    return figure["value"], figure.get("unit"), figure.get("reason")


def _move(view: str, name: str, before: Figure | None, after: Figure | None) -> Move:
    moved, unit, relative = None, None, None
    if before is not None and after is not None and before.get("unit") == after.get("unit"):
        first, second = before["value"], after["value"]
        if isinstance(first, str) and isinstance(second, str):
            if before.get("unit") == "quarter":
                moved, unit = float(Quarter(second) - Quarter(first)), "quarters"
        elif isinstance(first, int | float) and isinstance(second, int | float):
            moved, unit = float(second) - float(first), before.get("unit")
            if min(first, second) > 0 and unit not in _RATES:
                relative = moved / float(first)
    return Move(view, name, before, after, moved, unit, relative)


def snapshot_of_case(case: Case, name: str | None = None) -> Snapshot:
    """An evaluated scenario as a comparison takes it."""
    scenario = case.scenario
    return Snapshot(
        name=name or scenario.name,
        kind="scenario",
        hash=scenario.hash,
        inputs={key: Input(**stated) for key, stated in stated_inputs(scenario).items()},
        headlines=case.headlines(),
        others={},
    )


def stated_inputs(scenario: object) -> dict[str, dict[str, Any]]:
    """Every assumption that a scenario states, as plain data; none for a stand-in without.

    Remainders of mixes are left out: they follow from the rest.
    """
    canonical = getattr(scenario, "canonical", None)
    if canonical is None:
        return {}
    meanings = json.loads(canonical)["assumptions"]
    return {
        item.key: {
            "label": item.label,
            "unit": item.unit,
            "text": item.text(),
            "digest": sha256(json.dumps(meanings[item.key]).encode()).hexdigest()[:16],
            "value": meanings[item.key]["value"],
        }
        for item in getattr(scenario, "items", ())
        if item.key in meanings
    }


def stated_rows(
    stated: Mapping[str, Input], scenario: Scenario, timeline: Timeline
) -> dict[str, Array]:
    """The model's rows of assumptions as an edition states them; what it does not state, or in a
    form of another version, is as in ``scenario``."""
    rows = rows_of(scenario, timeline)
    for key, given in stated.items():
        item = scenario.assumptions.get(key)
        if item is None or item.derived or given.value is None or given.unit != item.unit:
            continue
        rows |= assumption_rows(replace(item, value=_as_held(item, given.value)), timeline)
    for mix in scenario.mixes:
        rows[mix.remainder] = remainder_row(mix, rows)
    return rows


def _as_held(item: Assumption, stated: Any) -> Value:
    """A value as an assumption holds it, from its canonical form."""
    if isinstance(item.value, tuple):
        return tuple(Change(Quarter(date) - FIRST_QUARTER, life) for date, life in stated)
    if isinstance(stated, list):
        by: Period = "quarter" if len(stated) == QUARTER_COUNT else "year"
        first = 0 if by == "quarter" else FIRST_YEAR
        return Path(by, "hold", tuple(enumerate(stated, first)))
    if isinstance(stated, str):
        return float(
            item.choices.index(stated) if item.choices else Quarter(stated) - FIRST_QUARTER
        )
    return float(stated)
