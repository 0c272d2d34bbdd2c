"""Parameters of a report notebook: read from it, checked before and inside a run.

Papermill pastes parameter names as code, only warns of a name the notebook does not
know, and turns ``-p`` text into strings. So a run of ours refuses a wrong name or type
before it starts, and the notebook's second cell checks what it was given, by whatever
route it came.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.project import Project, find_project

if TYPE_CHECKING:
    from jcurve.assumptions import Scenario

VIEWS = ("programme", "go_forward")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The checked parameters of a report; overrides are applied to the scenario, ``out`` is the
    folder for ``results.json``."""

    scenario: Scenario
    view: str
    out: Path
    project: Project


def check_parameters(
    scenario: object,
    overrides: object,
    view: object,
    out: object,
    project: str | Path | None = None,
) -> Parameters:
    """Check a report notebook's parameters, however they were given.

    Overrides may be text, as JSON or Python; a project is found from the working directory.

    Raises:
        UsageError: a parameter has the wrong type or an unknown value.
        ScenarioError: the scenario or an override does not validate.
    """
    from jcurve.assumptions import scenario as read_scenario

    if not isinstance(scenario, str):
        raise UsageError(
            "scenario is not a name",
            where="parameter scenario",
            received=scenario,
            allowed="the name of a file in data/scenarios, such as 'base'",
        )
    wanted = read_overrides(overrides)
    lead = check_view(view)
    if not isinstance(out, str | Path) or not Path(out).is_dir():
        raise UsageError(
            "no such folder", where="parameter out", received=out, allowed="an existing folder"
        )
    home = find_project(project)
    return Parameters(
        scenario=read_scenario(scenario, wanted, project=home),
        view=lead,
        out=Path(out),
        project=home,
    )


def check_view(view: object) -> str:
    """``view`` when it is one.

    Raises:
        UsageError: it is not.
    """
    if isinstance(view, str) and view in VIEWS:
        return view
    raise UsageError.not_among(
        "unknown view", view, VIEWS, where="parameter view", allowed=" or ".join(VIEWS)
    )


def read_overrides(given: object) -> dict[str, Any]:
    """Overrides as a dictionary; text is read as JSON, then as a Python literal.

    Raises:
        UsageError: they are neither, or a key is not text.
    """
    value = given
    if isinstance(given, str):
        value = _literal(given) if given.strip() else {}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return dict(value)
    raise UsageError(
        "overrides are not a table of assumption keys and values",
        where="parameter overrides",
        received=given,
        allowed='{"capex.total.2027": 200000}',
    )


def _literal(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def declared_parameters(notebook: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Names and defaults in the cell tagged ``parameters``.

    The cell holds literals, and may hold dates (their default is told as text), a docstring
    and the imports that dates need. ``where`` is the notebook's name, for errors.

    Raises:
        UsageError: there is no such cell, or it holds anything else.
    """
    for cell in notebook.get("cells", ()):
        if "parameters" in cell.get("metadata", {}).get("tags", ()):
            source = "".join(cell["source"])
            break
    else:
        raise UsageError(
            "the notebook takes no parameters",
            where=where,
            allowed="one code cell tagged 'parameters'",
        )
    try:
        body = ast.parse(source).body
        return dict(_assignment(statement) for statement in body if not _is_aside(statement))
    except (SyntaxError, ValueError) as error:
        raise UsageError(
            "the parameters cell holds more than literals",
            where=where,
            received=str(error),
            allowed="one 'name = literal' a line; dates, imports and a docstring",
        ) from error


def _is_aside(statement: ast.stmt) -> bool:
    """Whether it names no parameter: a docstring or an import."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _assignment(statement: ast.stmt) -> tuple[str, Any]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, _default(value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, _default(value)
    raise ValueError(ast.unparse(statement))


def _default(value: ast.expr) -> object:
    """A literal, or a date as the text that a run hands over in its place."""
    match value:
        case ast.Call(func=ast.Attribute(attr=kind) | ast.Name(id=kind), args=args, keywords=[]):
            given = [ast.literal_eval(argument) for argument in args]
            if kind in ("date", "datetime", "Timestamp") and all(type(it) is int for it in given):
                made = date(*given) if kind == "date" else datetime(*given)
                return made.isoformat()
            if kind in ("fromisoformat", "Timestamp", "to_datetime") and len(given) == 1:
                return datetime.fromisoformat(given[0]).isoformat().removesuffix("T00:00:00")
    return ast.literal_eval(value)


def check_names(given: Mapping[str, object], declared: Mapping[str, Any], where: str) -> None:
    """Refuse a parameter that the notebook does not declare, or of another type.

    Raises:
        UsageError: an unknown name (code among them), or a value of another kind than
            the default.
    """
    for name, value in given.items():
        if name not in declared:
            raise UsageError.not_among("unknown parameter", name, declared, where=where)
        default = declared[name]
        if not _same_kind(value, default):
            raise UsageError(
                f"parameter {name} has the wrong type",
                where=where,
                received=value,
                allowed=f"a value like {default!r}",
            )


def _same_kind(value: object, default: object) -> bool:
    if default is None:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


def notebook_errors() -> None:
    """In a notebook, show our own errors as one line instead of a traceback.

    The cell still fails: *Run all* stops there and papermill leaves with an error.
    Outside IPython this does nothing.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((JCurveError,), _show_one_line)


def _show_one_line(
    shell: Any, kind: type[BaseException], error: BaseException, trace: object, **_: object
) -> list[str]:
    line = [f"{kind.__name__}: {error}"]
    shell._showtraceback(kind, error, line)
    return line
