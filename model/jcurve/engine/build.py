"""Collect labelled functions into one immutable, checked model.

Everything that can be wrong with a set of lines is found here, with the names in the
message: duplicates, precedents that do not exist, cycles, and units that clash (each
line is called once with symbolic rows).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from jcurve.engine.line import Line, Output
from jcurve.engine.symbol import Symbol
from jcurve.engine.units import DIMENSIONLESS, QUARTERS, SWITCH, Unit
from jcurve.errors import JCurveError, ModelError, nearest

__all__ = [
    "SHARED",
    "SYSTEM_INPUTS",
    "VIEWS",
    "VIEW_INPUTS",
    "WORLDS",
    "WORLD_INPUTS",
    "Binding",
    "Input",
    "Instance",
    "Model",
    "RowKey",
    "build",
]

SHARED = ""
WORLDS = ("with", "without", "stopped")
VIEWS: Mapping[str, str] = MappingProxyType(
    {"programme": "without", "go_forward": "stopped"}
)
"""Each view with the world that it subtracts from ``with``."""

SYSTEM_INPUTS: Mapping[str, Unit] = MappingProxyType(
    {
        "quarter_index": QUARTERS,
        "quarter_of_year": DIMENSIONLESS,
        "calendar_year": DIMENSIONLESS,
        "history": SWITCH,
    }
)
"""Rows that the timeline gives: index, quarter of the year 1-4, year, 1 while reported."""

WORLD_INPUTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "has_programme": {"with": 1.0, "without": 0.0, "stopped": 1.0},
        "keeps_spending": {"with": 1.0, "without": 0.0, "stopped": 0.0},
    }
)
VIEW_INPUTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {"is_go_forward": {"programme": 0.0, "go_forward": 1.0}}
)

RowKey = tuple[str, str]
"""A row's name (``line`` or ``line.member``) and its tag: a world, a view, or shared."""


@dataclass(frozen=True, slots=True)
class Input:
    """What comes from outside: an assumption, a reported row or a table value."""

    name: str
    unit: Unit
    key: str


@dataclass(frozen=True, slots=True)
class Binding:
    """What an argument stands for: one row or input, or a family of them by member."""

    rows: Mapping[str, str]
    is_family: bool
    world: str | None = None

    @property
    def only(self) -> str:
        return next(iter(self.rows.values()))


@dataclass(frozen=True, slots=True)
class Instance:
    """A line for one member: its row names and what its arguments stand for."""

    line: Line
    member: str | None
    rows: tuple[str, ...]
    bindings: Mapping[str, Binding]


@dataclass(frozen=True)
class Model:
    """Lines in dependency order, with their inputs. Immutable."""

    inputs: Mapping[str, Input]
    instances: tuple[Instance, ...]
    outputs: Mapping[str, Output]
    maker: Mapping[str, Instance]
    worldly: frozenset[str]
    viewed: frozenset[str]
    families: Mapping[str, Mapping[str, str]]
    sets: Mapping[str, tuple[str, ...]]
    order: tuple[RowKey, ...] = field(repr=False)
    plans: dict[tuple[RowKey, ...], Any] = field(
        default_factory=dict, repr=False, compare=False
    )

    def tags(self, row: str) -> tuple[str, ...]:
        """The tags under which a row exists: worlds, views, or shared alone."""
        if row in self.viewed:
            return tuple(VIEWS)
        return WORLDS if row in self.worldly else (SHARED,)

    def precedents(
        self, row: str, tag: str
    ) -> list[tuple[str, RowKey | tuple[RowKey, RowKey]]]:
        """Each argument's (name, row) pairs; a difference between worlds is a pair of rows."""
        instance = self.maker[row]
        found: list[tuple[str, RowKey | tuple[RowKey, RowKey]]] = []
        for argument, binding in instance.bindings.items():
            for name in binding.rows.values():
                found.append((argument, self.resolve(name, binding.world, tag)))
        return found

    def resolve(
        self, name: str, world: str | None, tag: str
    ) -> RowKey | tuple[RowKey, RowKey]:
        """The row that ``name`` means to a reader at ``tag``."""
        if name in self.inputs or name in SYSTEM_INPUTS:
            return name, SHARED
        if name in WORLD_INPUTS or name in VIEW_INPUTS:
            return name, tag
        if name in self.viewed:
            return name, tag
        if name not in self.worldly:
            return name, SHARED
        if tag in VIEWS:
            if world == "base":
                return name, VIEWS[tag]
            return (name, world) if world else ((name, "with"), (name, VIEWS[tag]))
        return name, world or tag

    def unit(self, name: str) -> Unit:
        """The unit of a row or input."""
        if name in self.outputs:
            return self.outputs[name].unit
        if name in self.inputs:
            return self.inputs[name].unit
        return SYSTEM_INPUTS.get(name, SWITCH)

    def row_named(self, name: str) -> str:
        """``name`` itself if it is a row.

        Raises:
            ModelError: there is no such row; the message names the nearest.
        """
        if name in self.outputs:
            return name
        raise ModelError(
            "unknown line",
            received=name,
            suggestion=nearest(name, (*self.outputs, *self.families)),
        )

    def symbols(self, row: str, tag: str) -> tuple[Symbol | float, ...]:
        """The formulas of the rows that ``row``'s function returns, at ``tag``."""
        instance = self.maker[row]
        arguments: list[Any] = []
        for binding in instance.bindings.values():
            cells = {
                member: self._symbol(name, binding.world, tag)
                for member, name in binding.rows.items()
            }
            arguments.append(cells if binding.is_family else next(iter(cells.values())))
        made = instance.line.function(*arguments)
        return made if isinstance(made, tuple) else (made,)

    def _symbol(self, name: str, world: str | None, tag: str) -> Symbol:
        found = self.resolve(name, world, tag)
        unit = self.unit(name)
        if isinstance(found[0], tuple):
            first, second = found
            return Symbol.row(_label(first), unit) - Symbol.row(_label(second), unit)  # type: ignore[arg-type, no-any-return]
        return Symbol.row(_label(found), unit)  # type: ignore[arg-type]


def _label(key: RowKey) -> str:
    return f"{key[0]}@{key[1]}" if key[1] else key[0]


def build(
    lines: Iterable[Line],
    sets: Mapping[str, Sequence[str]],
    inputs: Mapping[str, Input],
) -> Model:
    """Make a model of ``lines``.

    Args:
        lines: from :func:`jcurve.engine.line.lines_of`.
        sets: each set's members, in order.
        inputs: by the name that a line's argument uses; a family's members are
            ``name.member``.

    Raises:
        ModelError: a duplicate name, a missing precedent, a cycle, a clash of units.
    """
    members = {name: tuple(values) for name, values in sets.items()}
    all_lines = tuple(lines)
    families = _families(all_lines, members, inputs)
    instances = [
        instance
        for each in all_lines
        for instance in _instances(each, members, families, inputs, all_lines)
    ]
    maker: dict[str, Instance] = {}
    outputs: dict[str, Output] = {}
    for instance in instances:
        for row, output in zip(instance.rows, instance.line.outputs, strict=True):
            if row in maker or row in inputs:
                raise ModelError("two lines of one name", received=row)
            maker[row] = instance
            outputs[row] = output
    viewed = frozenset(r for r, instance in maker.items() if instance.line.view)
    _check_names(maker, inputs, viewed)
    worldly = _worldly(maker, viewed)
    model = Model(
        MappingProxyType(dict(inputs)),
        tuple(instances),
        MappingProxyType(outputs),
        MappingProxyType(maker),
        worldly,
        viewed,
        MappingProxyType(families),
        MappingProxyType(members),
        (),
    )
    ordered = Model(**{**vars(model), "order": _order(model)})
    _check_units(ordered)
    return ordered


def _families(
    lines: Iterable[Line],
    sets: Mapping[str, tuple[str, ...]],
    inputs: Mapping[str, Input],
) -> dict[str, Mapping[str, str]]:
    """Each family's rows by member: lines over a set, and inputs named ``name.member``."""
    found: dict[str, Mapping[str, str]] = {}
    for each in lines:
        if each.over is None:
            continue
        if each.over.name not in sets:
            raise ModelError(
                f"{each.name} is over an unknown set",
                received=each.over.name,
                suggestion=nearest(each.over.name, sets),
            )
        for output in each.outputs:
            found[output.name] = {m: f"{output.name}.{m}" for m in sets[each.over.name]}
    of_inputs: dict[str, dict[str, str]] = {}
    for name in inputs:
        prefix, dot, member = name.rpartition(".")
        if dot:
            of_inputs.setdefault(prefix, {})[member] = name
    for prefix, rows in of_inputs.items():
        if prefix in found or prefix in inputs:
            raise ModelError("an input and a line share a name", received=prefix)
        found[prefix] = rows
    return found


def _instances(
    each: Line,
    sets: Mapping[str, tuple[str, ...]],
    families: Mapping[str, Mapping[str, str]],
    inputs: Mapping[str, Input],
    lines: Sequence[Line],
) -> Iterable[Instance]:
    single = {
        output.name for other in lines if other.over is None for output in other.outputs
    }
    for member in sets[each.over.name] if each.over else (None,):
        bindings = {
            argument: _binding(each, argument, member, sets, families, inputs, single)
            for argument in each.arguments
        }
        suffix = f".{member}" if member else ""
        rows = tuple(f"{output.name}{suffix}" for output in each.outputs)
        yield Instance(each, member, rows, MappingProxyType(bindings))


def _binding(
    each: Line,
    argument: str,
    member: str | None,
    sets: Mapping[str, tuple[str, ...]],
    families: Mapping[str, Mapping[str, str]],
    inputs: Mapping[str, Input],
    single: set[str],
) -> Binding:
    target, _, world = each.refer.get(argument, argument).partition("@")
    whole = target.endswith(".*")
    target = target.removesuffix(".*")
    if target in families:
        rows = families[target]
        own = sets[each.over.name] if each.over else ()
        if member is not None and not whole and set(own) == set(rows):
            return Binding(
                MappingProxyType({member: rows[member]}), False, world or None
            )
        if (
            member is not None
            and not whole
            and member in rows
            and set(rows) <= set(own)
        ):
            return Binding(
                MappingProxyType({member: rows[member]}), False, world or None
            )
        return Binding(MappingProxyType(dict(rows)), True, world or None)
    head, _, tail = target.rpartition(".")
    known = (
        target in inputs
        or target in single
        or target in SYSTEM_INPUTS
        or target in WORLD_INPUTS
        or target in VIEW_INPUTS
        or (head in families and tail in families[head])
    )
    if not known:
        names = (
            *families,
            *inputs,
            *single,
            *SYSTEM_INPUTS,
            *WORLD_INPUTS,
            *VIEW_INPUTS,
        )
        raise ModelError(
            f"{each.name} needs a precedent that does not exist",
            received=target,
            suggestion=nearest(target, names),
        )
    return Binding(MappingProxyType({"": target}), False, world or None)


def _check_names(
    maker: Mapping[str, Instance], inputs: Mapping[str, Input], viewed: frozenset[str]
) -> None:
    for row, instance in maker.items():
        for argument, binding in instance.bindings.items():
            for name in binding.rows.values():
                if name in viewed and not instance.line.view:
                    raise ModelError(
                        f"{row} is evaluated per world but reads a line of a view",
                        received=name,
                    )
                if name in VIEW_INPUTS and not instance.line.view:
                    raise ModelError(
                        f"{row} is not a line of a view", received=argument
                    )
                if name in WORLD_INPUTS and instance.line.view:
                    raise ModelError(
                        f"{row} is evaluated per view, not world", received=argument
                    )


def _worldly(maker: Mapping[str, Instance], viewed: frozenset[str]) -> frozenset[str]:
    """Rows that differ between worlds: those that reach a world's own input unreferred."""
    found: set[str] = set()
    changed = True
    while changed:
        changed = False
        for row, instance in maker.items():
            if row in found or row in viewed:
                continue
            for binding in instance.bindings.values():
                reaches = any(
                    n in WORLD_INPUTS or n in found for n in binding.rows.values()
                )
                if reaches and binding.world is None:
                    found.update(instance.rows)
                    changed = True
                    break
    return frozenset(found)


def _order(model: Model) -> tuple[RowKey, ...]:
    """All row keys in dependency order (depth first, so rows are freed early)."""
    done: dict[RowKey, bool] = {}
    out: list[RowKey] = []
    for row in model.outputs:
        for tag in model.tags(row):
            _visit(model, (row, tag), done, out)
    return tuple(out)


def _visit(
    model: Model, root: RowKey, done: dict[RowKey, bool], out: list[RowKey]
) -> None:
    stack: list[tuple[RowKey, bool]] = [(root, False)]
    path: list[RowKey] = []
    while stack:
        key, leaving = stack.pop()
        if leaving:
            done[key] = True
            path.pop()
            out.append(key)
            continue
        if key in done:
            if not done[key]:
                cycle = [_label(k) for k in (*path[path.index(key) :], key)]
                raise ModelError("the lines form a cycle", received=" -> ".join(cycle))
            continue
        done[key] = False
        path.append(key)
        stack.append((key, True))
        for _, found in model.precedents(*key):
            pair = found if isinstance(found[0], tuple) else (found,)
            for precedent in pair:
                if precedent[0] in model.maker and not done.get(precedent, False):  # type: ignore[call-overload]
                    stack.append((precedent, False))  # type: ignore[arg-type]


def _check_units(model: Model) -> None:
    for instance in model.instances:
        row = instance.rows[0]
        tag = model.tags(row)[0]
        try:
            formulas = model.symbols(row, tag)
        except JCurveError as error:
            raise ModelError(
                f"{row}: {error.what}",
                where=instance.line.module,
                received=error.received,
                allowed=error.allowed,
            ) from error
        except (TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{row} cannot be traced: {error}", where=instance.line.module
            ) from error
        if len(formulas) != len(instance.rows):
            raise ModelError(
                f"{row} returns {len(formulas)} rows", allowed=f"{len(instance.rows)}"
            )
        for output, formula in zip(instance.line.outputs, formulas, strict=True):
            if isinstance(formula, Symbol) and not formula.unit.agrees(output.unit):
                raise ModelError(
                    f"unit clash: {output.name} is declared in {output.unit.name}",
                    where=instance.line.module,
                    received=formula.unit.name,
                )
