"""What a build refuses: wrong readers, cycles, clashes of units, untraceable formulas."""

from __future__ import annotations

from collections.abc import Mapping

from jcurve.engine.line import Kind
from jcurve.engine.model import (
    VIEW_INPUTS,
    WORLD_INPUTS,
    WORLDS,
    Instance,
    Model,
    RowKey,
    spell,
)
from jcurve.engine.symbol import Symbol, nodes_of
from jcurve.ground.errors import JCurveError, ModelError

__all__ = ["ANNUAL_RULES", "check_formulas", "check_readers", "dependency_order"]

ANNUAL_RULES = ("formula", "last", "mean")

_BASE = "base"


def check_readers(maker: Mapping[str, Instance], viewed: frozenset[str]) -> None:
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
                if name in viewed and not view:
                    raise ModelError(
                        f"{row} is evaluated per world but reads a line of a view",
                        where=module,
                        received=name,
                    )
                if name in VIEW_INPUTS and not view:
                    raise ModelError(
                        f"{row} is not a line of a view",
                        where=module,
                        received=argument,
                    )
                if name in WORLD_INPUTS and view:
                    raise ModelError(
                        f"{row} is evaluated per view, not world",
                        where=module,
                        received=argument,
                    )


def dependency_order(model: Model) -> tuple[RowKey, ...]:
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


def check_formulas(model: Model) -> None:
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
            raise ModelError(
                f"{row} has an unknown annual rule",
                where=module,
                received=instance.line.annual,
                allowed=", ".join(ANNUAL_RULES),
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
            f"{row}: {error.what}",
            where=module,
            received=error.received,
            allowed=error.allowed,
        ) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as e:
        raise ModelError(f"{row} cannot be traced: {e}", where=module) from e


def _check_annual(name: str, module: str, formula: Symbol) -> None:
    timed = sorted({node.op for node in nodes_of((formula,)) if node.carries_time})
    if timed:
        raise ModelError(
            f"{name} is a rate whose formula carries time inside",
            where=module,
            received=", ".join(timed),
            allowed='annual="last" or annual="mean"',
        )
