"""Rows of reports that name a line or an assumption: each has a plain clause beside its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jcurve.analysis.forecasts import LINES
from jcurve.evaluation.naming import HEADLINES
from jcurve.figures import statements
from jcurve.figures.display import Displayed
from jcurve.figures.exhibit import Cell, TableExhibit

__all__ = ["complaints"]

_EACH = ("lines", "drag", "growth", "missed", "watch", "figures-moved", "guided", "expected",
         "returns", "must-be", "slopes", "quarters-by-line", "kept")  # fmt: skip
"""Tables every row of which is a line or an assumption."""
_BESIDE = ("drivers", "assumption-book", "differences", "differs-", "checks", "what-if",
           "rests-on", "misses-")  # fmt: skip
"""Tables that print the clause in the name's own cell or the next, dials of a panel, and causes of
a difference that are called as lines are."""


def complaints(items: Iterable[Displayed], names: Mapping[str, Any]) -> list[str]:
    """Rows whose name stands alone."""
    known = {each.label for each in LINES.values()} | set(HEADLINES.values())
    known |= {each.called for each in names["case"].scenario.items}
    for part in (statements.INCOME, statements.CASH_FLOW, statements.BALANCE_SHEET):
        known |= {each.label for each in part if each.line}
    known = {name.lower() for name in known}
    wrong = []
    for item in items:
        if not isinstance(item, TableExhibit) or item.id.startswith(_BESIDE):
            continue
        for row in item.rows:
            cell = row.cells[0].value if isinstance(row.cells[0], Cell) else row.cells[0]
            name = str(cell).lower()
            is_line = item.id in _EACH or bool({name, name.rpartition(", ")[0]} & known)
            if is_line and row.role != "heading" and len(row.says.split()) < 2:
                wrong.append(f"{item.id}: nothing says what “{cell}” is")
    return wrong
