"""A workbench in a notebook is printed as what its state says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from jcurve.briefing.exporters import BriefingHTMLExporter
from jcurve.briefing.panels import STATE, with_panels

HOME = Path(__file__).resolve().parents[2]
SHOWN = {"start": "base", "overrides": {}, "view": "programme"}
LATER = {"start": "base", "overrides": {"returns.wacc": "8 percent per year"}, "view": "programme"}


def notebook(state: Any, saved: Any = None) -> Any:
    """A notebook with a panel, as it was first shown and as it was saved."""
    made = nbformat.read(HOME / "notebooks" / "workbench.ipynb", as_version=4)
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}}
    data = {STATE: state, "text/plain": "<Panel on base, 0 changes>", **widget}
    made.cells[0].outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
    if saved is not None:
        kind = "application/vnd.jupyter.widget-state+json"
        made.metadata["widgets"] = {kind: {"state": {"m": {"state": {"state": saved}}}}}
    return made


def briefing(made: Any) -> str:
    page, _ = BriefingHTMLExporter().from_notebook_node(
        made, {"metadata": {"name": "workbench", "path": str(HOME / "notebooks")}}
    )
    return str(page)


@pytest.mark.parametrize(("saved", "rate"), [(None, "9.5% a year"), (LATER, "8.0% a year")])
def test_the_last_state_that_was_saved(saved: Any, rate: str) -> None:
    """The answer, the curve and what differs, in place of a widget that no printer can draw."""
    page = briefing(notebook(SHOWN, saved))
    assert rate in page
    assert "Cumulative cash falls" in page
    assert "&lt;Panel" not in page


@pytest.mark.parametrize(
    "state", [{"start": "gone", "overrides": {}, "view": "programme"}, {"start": "base"}, [], None]
)
def test_a_state_that_is_none_is_said(state: Any) -> None:
    page = briefing(notebook(state))
    assert "state cannot be shown here" in page


def test_a_notebook_without_a_panel_is_left_alone() -> None:
    made = nbformat.read(HOME / "notebooks" / "workbench.ipynb", as_version=4)
    assert with_panels(made, None) is made
