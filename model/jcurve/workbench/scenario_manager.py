"""Several cases side by side, and what may be done with the files of one's own.

What goes into them where they differ, and what comes out; the whole state as a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jcurve.assumptions import Assumption, Path, Scenario, load, shipped
from jcurve.assumptions.drafts import (
    copy_scenario,
    delete_scenario,
    rename_scenario,
    restore_scenario,
    update,
)
from jcurve.case import Case
from jcurve.ground.errors import UsageError
from jcurve.ground.numbers import MILLIONS
from jcurve.workbench.controls import reading, scale_of
from jcurve.workbench.quantities import quantity
from jcurve.workbench.readouts import cards
from jcurve.workbench.session import Session


def side_by_side(
    session: Session, names: Iterable[str], shown: Iterable[str], view: str
) -> dict[str, Any]:
    """The present state beside other cases.

    Returns:
        ``cases`` by title; ``results`` and ``inputs``, each with a label, a unit, and a cell a
        case; results also as numbers. Inputs are those in which any two cases differ.
    """
    cases = [("Present state", session.case)]
    cases += [(name.partition(":")[2], session.case_of(name)) for name in names]
    told = [cards(case, session.base, view, shown) for _, case in cases]
    results = []
    for at, name in enumerate(shown):
        what = quantity(name, session.case.assembly.model, view)
        is_money = what.unit == "USD m"
        numbers = [what.read(case) for _, case in cases]
        results.append(
            {
                "label": f"{what.title} {what.beside}".strip(),
                "unit": "USD bn" if is_money else what.unit,
                "cells": [
                    ", ".join(filter(None, (row[at]["text"], row[at]["note"]))) for row in told
                ],
                "numbers": [
                    None if n is None else float(f"{n / (MILLIONS if is_money else 1):.9g}")
                    for n in numbers
                ],
            }
        )
    return {
        "cases": [title for title, _ in cases],
        "results": results,
        "inputs": [
            row for item in session.scenario.items for row in _inputs(item, [c for _, c in cases])
        ],
    }


def _inputs(item: Assumption, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """A row where two cases differ; of a path a row a period in which they do."""
    every = [case.scenario[item.key] for case in cases]
    if item.derived or all(each.value == every[0].value for each in every):
        return []
    scale = scale_of(item)
    made = {"key": item.key, "label": item.label, "unit": scale.label, "period": ""}
    if not all(isinstance(each.value, Path) for each in every):
        return [made | {"cells": [reading(each, scale)["text"] for each in every]}]
    periods = sorted({at for each in every for at in each.value.periods})  # type: ignore[union-attr]
    rows = []
    for at in periods:
        cells = [scale.text(float(f"{each.value.at(at):.6g}")) for each in every]  # type: ignore[union-attr]
        if len(set(cells)) > 1:
            rows.append(made | {"period": item.value.label(at), "cells": cells})  # type: ignore[union-attr]
    return rows


def link(session: Session) -> dict[str, Any]:
    """The whole state in terms of a scenario that every project has.

    A scenario of the user's own is told as what it changes; its ranges and reasons stay behind.

    Returns:
        ``start``, ``overrides``, ``notes``, and the ``hash`` that the state has here.
    """
    start, known = session.start, shipped(session.project)
    made: dict[str, Any] = {"hash": session.scenario.short_hash, "notes": session.notes}
    if start.name in known:
        return made | {"start": start.name, "overrides": session.overrides}
    parent: Scenario = start
    while parent.name not in known:
        parent = load(str(parent.extends), session.project)
    before = parent.assumptions
    changed = {
        item.key: scale_of(item).override(item.value)
        for item in session.scenario.items
        if not item.derived and item.value != before[item.key].value
    }
    return made | {"start": parent.name, "overrides": changed}


def manage(session: Session, message: Mapping[str, Any]) -> dict[str, str]:
    """Update, copy, rename, delete or restore a scenario of the user's own."""
    project, name, new = session.project, str(message["name"]), str(message.get("new", ""))
    what = message["what"]
    if what == "update":
        if session.start.name != name:
            raise UsageError("only the scenario that is open is updated", received=name)
        reasons = session.reasons(str(message.get("reason", "")))
        update(name, session.scenario, session.overrides, reasons, project)
        session.reopen(name)
    elif what == "copy":
        copy_scenario(name, new, project)
    elif what in ("rename", "delete") and session.start.name == name and session.overrides:
        raise UsageError("it is open and has changes", received=name, allowed="save them first")
    elif what == "rename":
        rename_scenario(name, new, project)
    elif what == "delete":
        text = delete_scenario(name, project)
        if session.start.name == name:
            session.open(str(session.start.extends))
        return {"name": name, "text": text}
    elif what == "restore":
        restore_scenario(name, str(message["text"]), project)
    else:
        allowed = "update, copy, rename, delete, restore"
        raise UsageError("unknown request", received=what, allowed=allowed)
    if what == "rename" and session.start.name == name:
        session.reopen(new)
    return {"name": new or name}
