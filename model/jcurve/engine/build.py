"""Collect labelled functions into one immutable, checked model.

Everything that can be wrong with a set of lines is found here, with the names in the message:
duplicates, precedents that do not exist, wrong readers, cycles, formulas that cannot be traced,
and units that clash (each line is called once with symbolic rows).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from jcurve.engine.line import Kind, Line, Output, Set
from jcurve.engine.model import (
    SYSTEM_INPUTS,
    VIEW_INPUTS,
    WORLD_INPUTS,
    WORLDS,
    Binding,
    Input,
    Instance,
    Model,
    RowKey,
    spell,
)
from jcurve.engine.operations import timed
from jcurve.engine.symbol import Symbol
from jcurve.ground.errors import JCurveError, ModelError


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
        ModelError: a duplicate name, a missing precedent, a cycle, a clash of units, a
            line without a definition, a rate whose year does not follow from its formula.
    """
    all_lines = tuple(lines)
    members = {name: tuple(values) for name, values in sets.items()}
    names = _Names(all_lines, members, inputs)
    instances = tuple(
        names.instance(each, member)
        for each in all_lines
        for member in (members[each.over.name] if each.over else (None,))
    )
    maker: dict[str, Instance] = {}
    outputs: dict[str, Output] = {}
    for instance in instances:
        for row, output in zip(instance.rows, instance.line.outputs, strict=True):
            if row in maker:
                other = maker[row].line.module
                raise ModelError(
                    "two lines of one name",
                    where=f"{other} and {instance.line.module}",
                    received=row,
                )
            if row in inputs or row in _RESERVED:
                raise ModelError(
                    "an input and a line share a name", where=instance.line.module, received=row
                )
            maker[row] = instance
            outputs[row] = output
    viewed = frozenset(r for r, instance in maker.items() if instance.line.view)
    _check_readers(maker, viewed)
    model = Model(
        MappingProxyType(dict(inputs)),
        instances,
        MappingProxyType(outputs),
        MappingProxyType(maker),
        _worldly(maker, viewed),
        viewed,
        MappingProxyType(names.families),
        MappingProxyType(members),
        (),
    )
    ordered = Model(**{**vars(model), "order": _dependency_order(model)})
    _check_formulas(ordered)
    return ordered


_RESERVED = frozenset((*SYSTEM_INPUTS, *WORLD_INPUTS, *VIEW_INPUTS))


class _Names:
    """What an argument of a line may mean."""

    def __init__(
        self,
        lines: Sequence[Line],
        sets: Mapping[str, tuple[str, ...]],
        inputs: Mapping[str, Input],
    ) -> None:
        self.sets = sets
        self.families: dict[str, Mapping[str, str]] = {}
        self._set_of: dict[str, str] = {}
        for each in lines:
            if each.over is not None:
                self._add_line_family(each, each.over)
        of_inputs: dict[str, dict[str, str]] = {}
        for name in inputs:
            prefix, dot, member = name.rpartition(".")
            if dot:
                of_inputs.setdefault(prefix, {})[member] = name
        for prefix, rows in of_inputs.items():
            if prefix in self.families or prefix in inputs:
                raise ModelError("an input and a line share a name", received=prefix)
            self.families[prefix] = MappingProxyType(rows)
            same = [n for n, members in sets.items() if set(members) == set(rows)]
            if same:
                self._set_of[prefix] = same[0]
        self._single = {
            *inputs,
            *_RESERVED,
            *(out.name for each in lines if each.over is None for out in each.outputs),
            *(row for rows in self.families.values() for row in rows.values()),
        }

    def _add_line_family(self, each: Line, over: Set) -> None:
        if over.name not in self.sets:
            raise ModelError.not_among(
                f"{each.name} is over an unknown set",
                over.name,
                self.sets,
                where=each.module,
                allowed="",
            )
        for output in each.outputs:
            self._set_of[output.name] = over.name
            self.families[output.name] = MappingProxyType(
                {m: f"{output.name}.{m}" for m in self.sets[over.name]}
            )

    def instance(self, each: Line, member: str | None) -> Instance:
        """``each`` for one member of its set, with every argument bound."""
        bindings = {argument: self._binding(each, argument, member) for argument in each.arguments}
        suffix = f".{member}" if member else ""
        rows = tuple(f"{output.name}{suffix}" for output in each.outputs)
        return Instance(each, member, rows, MappingProxyType(bindings))

    def _binding(self, each: Line, argument: str, member: str | None) -> Binding:
        target, _, tag = each.refer.get(argument, argument).partition("@")
        world = tag or None
        whole = target.endswith(".*")
        target = target.removesuffix(".*")
        if member is not None and f"{target}.{member}" in self.families:
            target = f"{target}.{member}"
        if target in self.families:
            rows = self.families[target]
            if member is None or whole or not self._shares_set(each, target):
                return Binding(rows, True, world)
            if member not in rows:
                raise ModelError(
                    f"{each.name} needs a precedent that does not exist",
                    where=each.module,
                    received=f"{target}.{member}",
                    allowed=", ".join(rows.values()),
                )
            return Binding(MappingProxyType({member: rows[member]}), False, world)
        if target not in self._single:
            raise ModelError.not_among(
                f"{each.name} needs a precedent that does not exist",
                target,
                (*self.families, *self._single),
                where=each.module,
                allowed="",
            )
        return Binding(MappingProxyType({"": target}), False, world)

    def _shares_set(self, each: Line, target: str) -> bool:
        """Whether the family runs over the line's own set, wholly or for some members."""
        if each.over is None:
            return False
        if target in self._set_of:
            return self._set_of[target] == each.over.name or (
                set(self.sets[self._set_of[target]]) == set(self.sets[each.over.name])
            )
        return not set(self.families[target]).isdisjoint(self.sets[each.over.name])


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
                reaches = any(n in WORLD_INPUTS or n in found for n in binding.rows.values())
                if reaches and binding.world is None:
                    found.update(instance.rows)
                    changed = True
                    break
    return frozenset(found)


ANNUAL_RULES = ("formula", "last", "mean")

_BASE = "base"


def _check_readers(maker: Mapping[str, Instance], viewed: frozenset[str]) -> None:
    """No line reads what exists only for another kind of reader.

    Raises:
        ModelError: a line of a world reads one of a view, or the reverse for their inputs;
            a reference names no world.
    """
    for row, instance in maker.items():
        view, module = instance.line.view, instance.line.module
        for argument, binding in instance.bindings.items():
            worlds = (*WORLDS, _BASE) if view else WORLDS
            if binding.world is not None and binding.world not in worlds:
                raise ModelError(
                    f"{row} refers to an unknown world",
                    where=module,
                    received=binding.world,
                    allowed=", ".join(worlds),
                )
            for name in binding.rows.values():
                wrong = ""
                if name in viewed and not view:
                    wrong = f"{row} is evaluated per world but reads a line of a view"
                elif name in VIEW_INPUTS and not view:
                    wrong = f"{row} is not a line of a view"
                elif name in WORLD_INPUTS and view:
                    wrong = f"{row} is evaluated per view, not world"
                if wrong:
                    received = name if name in viewed else argument
                    raise ModelError(wrong, where=module, received=received)


def _dependency_order(model: Model) -> tuple[RowKey, ...]:
    """Every row key after its precedents, depth first, so that rows are freed early.

    Raises:
        ModelError: the lines form a cycle; the message walks it.
    """
    done: dict[RowKey, bool] = {}
    out: list[RowKey] = []
    for row in model.outputs:
        for tag in model.tags(row):
            _visit(model, (row, tag), done, out)
    return tuple(out)


def _visit(model: Model, root: RowKey, done: dict[RowKey, bool], out: list[RowKey]) -> None:
    stack: list[tuple[RowKey, bool]] = [(root, False)]
    path: list[RowKey] = []
    while stack:
        key, leaving = stack.pop()
        if leaving:
            done[key] = True
            path.pop()
            if model.parts(key) is None:
                out.append(key)
            continue
        if key in done:
            if not done[key]:
                cycle = [spell(k) for k in (*path[path.index(key) :], key)]
                raise ModelError("the lines form a cycle", received=" -> ".join(cycle))
            continue
        done[key] = False
        path.append(key)
        stack.append((key, True))
        for source in model.sources(key):
            if source[0] in model.maker and not done.get(source, False):
                stack.append((source, False))


def _check_formulas(model: Model) -> None:
    """Call every line once with symbolic rows.

    Raises:
        ModelError: a formula cannot be traced, its unit is not the declared one, a line
            has no definition, or a rate's year does not follow from its formula.
    """
    for instance in model.instances:
        row = instance.rows[0]
        module = instance.line.module
        formulas = _formulas(model, instance)
        if len(formulas) != len(instance.rows):
            raise ModelError(
                f"{row} returns a wrong number of rows",
                where=module,
                received=len(formulas),
                allowed=f"{len(instance.rows)}",
            )
        if instance.line.annual not in ANNUAL_RULES:
            raise ModelError.not_among(
                f"{row} has an unknown annual rule",
                instance.line.annual,
                ANNUAL_RULES,
                where=module,
            )
        for output, formula in zip(instance.line.outputs, formulas, strict=True):
            if not output.definition:
                raise ModelError(f"{output.name} has no definition", where=module)
            if not isinstance(formula, Symbol):
                continue
            if not formula.unit.agrees(output.unit):
                raise ModelError(
                    f"unit clash: {output.name} is declared in {output.unit.name}",
                    where=module,
                    received=formula.unit.name,
                )
            if output.kind is Kind.RATE and instance.line.annual == "formula":
                _check_annual(output.name, module, formula)


def _formulas(model: Model, instance: Instance) -> tuple[Symbol | float, ...]:
    row, module = instance.rows[0], instance.line.module
    tag = model.tags(row)[0]
    try:
        return model.symbols(row, tag)
    except JCurveError as error:
        raise ModelError(
            f"{row}: {error.what}", where=module, received=error.received, allowed=error.allowed
        ) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
        raise ModelError(f"{row} cannot be traced: {e}", where=module) from e


def _check_annual(name: str, module: str, formula: Symbol) -> None:
    found = timed(formula)
    if found:
        raise ModelError(
            f"{name} is a rate whose formula carries time inside",
            where=module,
            received=", ".join(found),
            allowed='annual="last" or annual="mean"',
        )
