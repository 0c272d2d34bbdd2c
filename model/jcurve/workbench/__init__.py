"""The workbench: move an assumption, see the curve move.

A scenario goes in; an interactive panel for a notebook or a browser comes out. ``session`` holds
the state (what was changed, undo, pinned cases), ``conversation`` turns each message of the front
end into a change or an answer, ``controls``, ``readouts`` and ``live_charts`` say what is shown,
``widget`` joins them to the files under ``static``, and ``serve`` opens all in a browser. Start
with ``conversation``.

>>> from jcurve.workbench.conversation import Conversation
>>> from jcurve.workbench.session import Session
>>> Conversation(Session("base")).hear({"do": "set", "key": "returns.wacc", "text": "9.5"})["ok"]
True
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jcurve.assumptions import BASE
from jcurve.ground.project import Where, find_project

if TYPE_CHECKING:
    from jcurve.workbench.widget import Panel

__all__ = ["panel"]


def panel(
    scenario: str = BASE,
    overrides: Mapping[str, object] | None = None,
    *,
    view: str = "programme",
    project: Where = None,
) -> Panel:
    """The interactive panel on a scenario.

    Args:
        scenario: the name of a scenario.
        overrides: value by key, on top of it.
        view: the view or world shown first.
        project: found from here when None.

    Raises:
        ScenarioError: the scenario or an override does not validate.
        ModelError: it has no answer in the model.
    """
    from jcurve.workbench.conversation import Conversation
    from jcurve.workbench.session import Session
    from jcurve.workbench.widget import Panel

    home = find_project(project)
    return Panel(Conversation(Session(scenario, overrides, project=home), view))
