"""A workbench in a notebook as what it showed: the answer, the curve and what differs.

A panel is drawn by a script in a browser, so that nothing of it can be printed. What it stood on
can: a notebook that was saved with its widgets holds the last state of each panel, and the
panel's own output the one in which it was first shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jcurve.assumptions import scenario
from jcurve.case import evaluate
from jcurve.figures import Lens, answer, basis, curve
from jcurve.figures.lens import VIEW_NAMES
from jcurve.ground.errors import JCurveError
from jcurve.ground.project import Project, find_project, project_above

STATE = "application/vnd.jcurve.panel+json"
"""Type of the state in a panel's output: ``start``, ``overrides`` and ``view``."""
_WIDGET = "application/vnd.jupyter.widget-view+json"
_STATES = "application/vnd.jupyter.widget-state+json"


def with_panels(notebook: Any, folder: Path | None) -> Any:
    """The notebook with every panel's output in place of the panel; itself where there is none."""
    cells = notebook.get("cells", ())
    outputs = (output for each in cells for output in each.get("outputs", ()))
    if not any(STATE in output.get("data", {}) for output in outputs):
        return notebook
    saved = notebook.get("metadata", {}).get("widgets", {}).get(_STATES, {}).get("state", {})
    made = notebook.copy()
    made["cells"] = [_shown(each, saved, folder) for each in cells]
    return made


def _shown(cell: Any, saved: Mapping[str, Any], folder: Path | None) -> Any:
    if "outputs" not in cell:
        return cell
    made = cell.copy()
    made["outputs"] = [new for each in cell["outputs"] for new in _drawn(each, saved, folder)]
    return made


def _drawn(
    output: Mapping[str, Any], saved: Mapping[str, Any], folder: Path | None
) -> Iterator[Mapping[str, Any]]:
    data = output.get("data", {})
    if STATE not in data:
        yield output
        return
    model = saved.get(data.get(_WIDGET, {}).get("model_id", ""), {})
    state = model.get("state", {}).get("state") or data[STATE]
    try:
        shown = _exhibits(state, folder)
    except (JCurveError, KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"The panel's state cannot be shown here: {error}"
        yield {**output, "data": {"text/plain": text}, "metadata": {}}
        return
    for each in shown:
        found, metadata = each._repr_mimebundle_()
        yield {"output_type": "display_data", "data": found, "metadata": metadata}


def _exhibits(state: Mapping[str, Any], folder: Path | None) -> tuple[Any, ...]:
    project = _project(folder)
    overrides = {str(key): str(text) for key, text in state["overrides"].items()}
    case = evaluate(scenario(str(state["start"]), overrides, project=project), project=project)
    view = str(state["view"])
    lens = Lens(case, view if view in VIEW_NAMES else "programme", project)
    balance = curve.jcurve(lens)
    return answer.cover(lens, "Scenario report", shown=[balance]), balance, basis.differences(lens)


def _project(folder: Path | None) -> Project:
    found = None
    with suppress(JCurveError):
        found = None if folder is None else project_above(folder)
    return found or find_project()
