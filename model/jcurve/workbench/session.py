"""The state of a workbench: a scenario, what was changed, and the case that follows.

Nothing here draws or knows a widget. A change is resolved and evaluated first and becomes
the state only then, so a session never holds a state that did not validate.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import TypeAlias

from jcurve.assumptions import BASE, Assumption, Path, Scenario, rows_of
from jcurve.assumptions.scenario_files import load
from jcurve.case import Case, evaluate
from jcurve.company import model
from jcurve.evaluation.evaluator import prepare
from jcurve.ground.errors import ScenarioError, UsageError
from jcurve.ground.project import Project, find_project
from jcurve.workbench.controls import moved_path, position_of, scale_of
from jcurve.workbench.edits import Hand

MAX_PINS = 3  # Pinned cases beside the present one and the base: more lines cannot be told apart

_KEPT = 24
_DEPTH = 200

Evaluate: TypeAlias = Callable[[Scenario], Case]
Overrides: TypeAlias = tuple[tuple[str, str], ...]
"""(key or key.period, text with its unit) of what was changed."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the analyst is."""

    start: str  # the named scenario that was opened
    overrides: Overrides = ()  # since


@dataclass(frozen=True, slots=True)
class Pin:
    """A case put aside to compare with."""

    name: str
    position: Position
    case: Case


class Session:
    """A scenario under work; ``evaluator`` makes its cases, the model itself when None."""

    def __init__(
        self,
        start: str = BASE,
        overrides: Mapping[str, object] | None = None,
        *,
        project: Project | None = None,
        evaluator: Evaluate | None = None,
    ) -> None:
        self.project = project or find_project()
        self._evaluator = evaluator or self._by_model
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self.start = load(start, self.project)  # the scenario that was opened, as its file has it
        own = rows_of(self.start, model(project=self.project).timeline)
        assembly = model(project=self.project, rows=own)
        prepare(assembly, assembly.inputs(own))
        given = self.start.with_overrides(overrides or {}).overrides
        self.position = Position(start, given)  # the same as its start and what was changed
        # the present state, evaluated; ``case.scenario`` is the state itself
        self.case = self._evaluated(_resolved(given, self.start)[0])
        self.pins: tuple[Pin, ...] = ()  # cases put aside
        self.notes: dict[str, str] = {}  # why an assumption was changed here, by its key
        self._past: list[Position] = []
        self._future: list[Position] = []
        self._gesture: tuple[str, str] | None = None

    # ---- what is ------------------------------------------------------------------------

    @property
    def scenario(self) -> Scenario:
        """The present state as a scenario."""
        return self.case.scenario

    @property
    def overrides(self) -> dict[str, str]:
        """What was changed, by key, each with its unit."""
        return dict(self.position.overrides)

    @property
    def base(self) -> Case:
        """The base scenario, evaluated."""
        return self._evaluated(self.start.base or self.start)

    def case_of(self, name: str) -> Case:
        """A case to set beside the present one: ``pin:NAME`` or ``scenario:NAME``."""
        kind, _, own = name.partition(":")
        if kind == "pin":
            return self._pinned(own).case
        if kind != "scenario":
            raise UsageError("no such case", received=name, allowed="scenario:NAME, pin:NAME")
        return self._evaluated(load(own, self.project))

    def tried(self, key: str, text: str, *, period: str = "") -> Case:
        """The case with one more change, which is not made; see :meth:`set`."""
        other = copy(self)
        other.set(key, text, period=period)
        return other.case

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    # ---- changes ------------------------------------------------------------------------

    def set(self, key: str, text: str, *, period: str = "", gesture: str = "") -> None:
        """Set an assumption, or a dated one in a single year or quarter.

        Args:
            key: the assumption.
            text: as typed; a bare number is in the unit that the control shows.
            period: ``2027`` or ``2027Q1`` for one point of a path.
            gesture: changes of one key under one gesture, such as a drag, undo as one.
        """
        self.edit(key, self.hand.value(key, text, period), gesture)

    def edit(self, key: str, overrides: Mapping[str, str], gesture: str = "") -> None:
        """Take what :attr:`hand` makes of a key: a row, lives, a path moved, a mix shared out."""
        self._go(Position(self.position.start, tuple(sorted(overrides.items()))), gesture, key)

    def move(self, key: str, at: float, *, gesture: str = "") -> None:
        """Move a whole dated assumption: -1 is its low path, 0 its own, 1 its high path."""
        item = self.start[key]
        value = item.value
        if not isinstance(value, Path) or not item.has_range:
            raise ScenarioError("no path with a range", where=key)
        overrides = self.hand.others(key)
        if at:
            overrides[key] = scale_of(item).override(moved_path(item, value, at))
        self.edit(key, overrides, gesture)

    def reset(self, key: str | None = None) -> None:
        """Take back what was changed of one assumption, or of all."""
        if key is not None:
            self.start[key]  # refuses a key that is none
        self.edit("", {} if key is None else self.hand.others(key))

    def take(self, keys: Iterable[str], other: Scenario) -> None:
        """Set assumptions as another scenario has them."""
        wanted = {key: other[key] for key in keys}
        own = {k: v for k, v in self.overrides.items() if owner_of(k, self.start) not in wanted}
        made = {k: scale_of(item).override(item.value) for k, item in wanted.items()}
        self.edit("", own | made)

    def note(self, key: str, text: str) -> None:
        """Say why an assumption is changed here; nothing takes the note back."""
        self.notes.pop(self.start[key].key, None)
        if words := " ".join(text.split()):
            self.notes[key] = words

    def reasons(self, otherwise: str) -> dict[str, str]:
        """Why, for each override: the note of its assumption, else the one reason for all."""
        return {k: self.notes.get(owner_of(k, self.start)) or otherwise for k in self.overrides}

    def reopen(self, name: str) -> None:
        """Begin with a scenario as its file now is: the present state, which was saved there."""
        self.start = load(name, self.project)
        self.notes = {}
        self._go(Position(name))

    def open(self, name: str, overrides: Mapping[str, str] | None = None) -> None:
        """Begin with another scenario, or go to a state that was kept."""
        self._go(Position(name, tuple(sorted((overrides or {}).items()))))

    def undo(self) -> None:
        """Go back to the state before the last change; nothing without one."""
        if self._past:
            self._travel(self._past, self._future)

    def redo(self) -> None:
        """Take back the last undo; nothing without one."""
        if self._future:
            self._travel(self._future, self._past)

    def moved_to(self, key: str) -> float | None:
        """Where :meth:`move` has left a path; None where single periods were set, or none was."""
        item, own = (each.assumptions.get(key) for each in (self.start, self.scenario))
        if item is None or own is None or not item.has_range:
            return None
        if not isinstance(item.value, Path) or not isinstance(own.value, Path):
            return None
        return position_of(item, item.value, own.value)

    # ---- pins ---------------------------------------------------------------------------

    def pin(self, name: str) -> None:
        """Put the present case aside under a name."""
        wanted = " ".join(name.split())
        if not wanted:
            raise UsageError("a pinned case needs a name")
        if wanted in [pin.name for pin in self.pins]:
            raise UsageError("a case of this name is pinned", received=wanted)
        if len(self.pins) >= MAX_PINS:
            raise UsageError(
                "too many pinned cases", received=len(self.pins) + 1, allowed=f"{MAX_PINS} at most"
            )
        self.pins = (*self.pins, Pin(wanted, self.position, self.case))

    def unpin(self, name: str) -> None:
        """Forget a pinned case."""
        self._pinned(name)
        self.pins = tuple(pin for pin in self.pins if pin.name != name)

    def go_to(self, name: str) -> None:
        """Make a pinned case the present one; undo leads back."""
        self._go(self._pinned(name).position)

    def _pinned(self, name: str) -> Pin:
        pins = {pin.name: pin for pin in self.pins}
        if name not in pins:
            raise UsageError.not_among("no such pinned case", name, pins, allowed="")
        return pins[name]

    # ---- how ----------------------------------------------------------------------------

    @property
    def hand(self) -> Hand:
        """The present state, to be edited."""
        return Hand(self.start, self.scenario, self.overrides, self.case.data_through)

    def _go(self, target: Position, gesture: str = "", key: str = "") -> None:
        token, before = (gesture, key) if gesture else None, self.position
        if target == before:
            return
        self._settle(target)
        if self.position == before:
            return
        if token is None or token != self._gesture:
            self._past = [*self._past, before][-_DEPTH:]
        self._future = []
        self._gesture = token

    def _travel(self, source: list[Position], other: list[Position]) -> None:
        here = self.position
        self._settle(source[-1])
        source.pop()
        other.append(here)
        self._gesture = None

    def _settle(self, target: Position) -> None:
        """Make ``target`` the state, if it validates and has an answer."""
        same = target.start == self.position.start
        start = self.start if same else load(target.start, self.project)
        scenario, needed = _resolved(target.overrides, start)
        self.case = self._evaluated(scenario)
        self.start, self.position = start, Position(target.start, needed)

    def _evaluated(self, scenario: Scenario) -> Case:
        token = f"{scenario.name} {scenario.hash}"
        case = self._cases.get(token)
        if case is None:
            case = self._cases[token] = self._evaluator(scenario)
        self._cases.move_to_end(token)
        while len(self._cases) > _KEPT:
            self._cases.popitem(last=False)
        return case

    def _by_model(self, scenario: Scenario) -> Case:
        """The case of a scenario; what it shares with the present state has that one's inputs."""
        known = getattr(self, "case", None)
        if known is None:
            return evaluate(scenario, project=self.project)
        before = known.scenario.assumptions
        changed = tuple(item for item in scenario.items if before.get(item.key) is not item)
        own = rows_of(replace(scenario, items=changed), known.assembly.timeline)
        rows = {**known.assumption_rows, **own}
        case = Case(scenario, model(project=self.project, rows=rows), rows)
        _ = case.values  # a model error belongs to this change
        return case


def owner_of(key: str, scenario: Scenario) -> str:
    """The assumption that an override's key means: its own, or that of a single period."""
    return key if key in scenario else key.rpartition(".")[0]


def _resolved(overrides: Overrides, start: Scenario) -> tuple[Scenario, Overrides]:
    """A scenario with overrides, and those of them that change something: a value set back to where
    it was is no change."""
    made = start.with_overrides(dict(overrides))
    owners = {key: owner_of(key, start) for key, _ in overrides}
    changed = {each for each in owners.values() if not _alike(made[each], start[each])}
    needed = tuple(each for each in overrides if owners[each[0]] in changed)
    return (made if needed == overrides else start.with_overrides(dict(needed))), needed


def _alike(one: Assumption, other: Assumption) -> bool:
    if one.shape != other.shape or isinstance(one.value, tuple):
        return one.value == other.value
    return [f"{v:.12g}" for v in one.row()] == [f"{v:.12g}" for v in other.row()]
