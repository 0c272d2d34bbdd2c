"""Every line of the model with its unit, kind, definition and precedents, for ``docs/lines.md``."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from importlib import import_module

from jcurve.company import Assembly
from jcurve.engine.line import Line
from jcurve.engine.model import Instance
from jcurve.ground.markdown import code, table


def by_module(assembly: Assembly) -> dict[str, dict[str, Instance]]:
    """Every line by module, in the order in which a reader meets them; one entry a line, not one
    a member."""
    from jcurve.lines import MODULES

    found: dict[str, dict[str, Instance]] = {}
    for instance in assembly.model.instances:
        found.setdefault(instance.line.module, {}).setdefault(instance.line.name, instance)
    names = (module.__name__.rpartition(".")[2] for module in MODULES)
    return {name: found[name] for name in names if name in found}


def count(assembly: Assembly) -> int:
    """How many functions there are."""
    return sum(map(len, by_module(assembly).values()))


def sets(assembly: Assembly) -> str:
    """The sets and their members."""
    found = assembly.model.sets
    return table(
        ("set", "members"), ((code(name), ", ".join(found[name])) for name in sorted(found))
    )


def section(module: str, instances: Iterable[Instance], assembly: Assembly) -> str:
    """A module's lines."""
    about = inspect.getdoc(import_module(f"jcurve.lines.{module}")) or ""
    header = ("line", "unit", "kind", "in", "for each", "definition", "rests on")
    rows = [row for instance in instances for row in _rows(instance, assembly)]
    title = module.replace("_", " ").capitalize()
    return f"## {title}\n\n{about}\n\n{table(header, rows)}"


def _rows(instance: Instance, assembly: Assembly) -> Iterator[tuple[str, ...]]:
    line = instance.line
    for place, output in enumerate(line.outputs):
        kind = output.kind.value + (f" ({line.annual})" if line.annual != "formula" else "")
        yield (
            code(output.name),
            output.unit.name,
            kind,
            _where(instance.rows[place], assembly),
            "" if line.over is None else line.over.name,
            output.definition,
            # Lines that one function returns together rest on the same precedents.
            _precedents(line, instance, assembly) if place == 0 else f"as `{line.outputs[0].name}`",
        )


def _where(row: str, assembly: Assembly) -> str:
    if row in assembly.model.viewed:
        return "views"
    return "worlds" if row in assembly.model.worldly else "all"


def _precedents(line: Line, instance: Instance, assembly: Assembly) -> str:
    keys = assembly.keys
    found: dict[str, None] = {}
    for argument, binding in instance.bindings.items():
        name = binding.only
        key = keys.get(name, name)
        # A family, and the member at hand of the line's own set, stand under one name.
        target = line.refer.get(argument, argument).partition("@")[0].removesuffix(".*")
        shown = _family_key(key, name, target) if name in keys else target
        world = f"@{binding.world}" if binding.world else ""
        found[code(f"{shown}{world}")] = None
    return ", ".join(found)


def _family_key(key: str, name: str, target: str) -> str:
    """An assumption's key without the member that ``name`` has beyond ``target``."""
    beyond = name.removeprefix(target).count(".")
    return key if beyond == 0 else ".".join(key.split(".")[:-beyond])
