"""The panel as a widget: a conversation, and the front end that holds it.

The front end is the files under ``static``; it draws and asks, and computes nothing. It
sends one question at a time and of a slider's moves only the last, so the picture follows
the hand however slow the machine is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import anywidget
import traitlets

from jcurve.briefing.panels import STATE
from jcurve.case import Case
from jcurve.figures.fonts import web_faces
from jcurve.ground.errors import JCurveError
from jcurve.ground.extensions import REPORTS, extensions
from jcurve.ground.project import Project
from jcurve.workbench.conversation import Conversation, refusal
from jcurve.workbench.live_charts import view_of
from jcurve.workbench.session import Position

REPORT = "scenario_report"
File: TypeAlias = tuple[str, str, bytes]  # Name, media type and content

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SCRIPTS = (
    "page", "keys", "link", "chart", "control", "controls", "lives", "paths", "mixes", "groups",
    "readouts", "effects", "cases", "keep", "pictures", "tools", "panel",
)  # fmt: skip
"""In the order in which they are joined: one module for the browser."""


@cache
def _joined(folder: str, names: tuple[str, ...], suffix: str) -> str:
    home = Path(__file__).parent / folder
    return "\n".join((home / f"{name}{suffix}").read_text(encoding="utf-8") for name in names)


class Panel(anywidget.AnyWidget):
    """The workbench of one session."""

    _esm = _joined("static", _SCRIPTS, ".js")
    _css = f"{web_faces()}\n{_joined('static', ('panel',), '.css')}"

    schema = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, conversation: Conversation) -> None:
        # what it holds; ``panel.conversation.session.scenario`` is the present state
        self.conversation = conversation
        project = conversation.session.project
        has_report = (project.notebooks / f"{REPORT}.ipynb").is_file()
        self._offers = {
            "report": has_report and bool(extensions(REPORTS)),
            "workbook": find_spec("jcurve.workbook") is not None,
        }
        super().__init__(schema=self._schema(), state=conversation.state())
        self.on_msg(self._heard)

    @property
    def scenario(self) -> Any:
        """The present state as a scenario."""
        return self.conversation.session.scenario

    @property
    def case(self) -> Any:
        """The present state, evaluated."""
        return self.conversation.session.case

    def __repr__(self) -> str:
        session = self.conversation.session
        return f"<Panel on {session.start.name}, {len(session.overrides)} changes>"

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The widget, and beside it the state, for what prints a notebook."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        shown = {name: self.state[name] for name in ("start", "overrides", "view")}
        return {**bundle[0], STATE: shown}, bundle[1]

    def _schema(self) -> dict[str, Any]:
        return self.conversation.schema() | {"offers": self._offers}

    def _heard(self, _: Any, message: Any, __: Any) -> None:
        if not isinstance(message, Mapping):
            return
        try:
            self._answer(message)
        except Exception as error:
            # A fault of ours: the reader is told, the state stands, the log has the rest.
            self.send({"n": message.get("n"), "ok": False, "error": {"what": _fault(error)}})
            raise

    def _answer(self, message: Mapping[str, Any]) -> None:
        if message.get("do") in ("report", "workbook"):
            self._make(message)
            return
        before = self.conversation.serial
        start = self.conversation.session.start
        reply = self.conversation.hear(message)
        if self.conversation.serial != before:
            # One message with both, so that no view sees values without their controls.
            with self.hold_sync():
                if self.conversation.session.start is not start:
                    self.schema = self._schema()
                self.state = self.conversation.state()
        self.send(reply)

    def _make(self, message: Mapping[str, Any]) -> None:
        """Make files beside the panel, which stays usable meanwhile."""
        say = _speaker()
        session, n = self.conversation.session, message.get("n")
        position, case, view = session.position, session.case, view_of(self.conversation.side)

        def tell(text: str) -> None:
            say(self.send, {"n": n, "progress": text})

        def run() -> None:
            name = ""
            files: tuple[File, ...]
            try:
                if message["do"] == "report":
                    name, files = report(position, view, session.project, tell)
                else:
                    files = (workbook(case, session.project),)
            except JCurveError as error:
                say(self.send, {"n": n, "ok": False, "error": refusal(error)})
            except Exception as error:
                say(self.send, {"n": n, "ok": False, "error": {"what": _fault(error)}})
                raise
            else:
                say(self._send_files, n, name, files)

        threading.Thread(target=run, name=str(message["do"]), daemon=True).start()

    def _send_files(self, n: Any, name: str, files: tuple[File, ...]) -> None:
        told = [{"name": file, "type": media} for file, media, _ in files]
        content = {"n": n, "ok": True, "result": {"name": name, "files": told}}
        self.send(content, [data for _, _, data in files])


def _fault(error: Exception) -> str:
    return f"A fault of the workbench ({type(error).__name__}: {error})"


def _speaker() -> Callable[..., object]:
    """Call something in this thread from another one; at once where no loop runs here."""
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        return lambda call, *arguments: call(*arguments)


def report(
    position: Position, view: str, project: Project, progress: Callable[[str], None]
) -> tuple[str, tuple[File, File]]:
    """Run the report of a session's position, as the scheduler would."""
    (run,) = extensions(REPORTS, "run")
    edition = run(
        REPORT,
        position.start,
        dict(position.overrides),
        view=view,
        project=project,
        progress=progress,
    )
    page, pdf = edition.html.read_bytes(), edition.pdf.read_bytes()
    return edition.id, (
        (edition.html.name, "text/html", page),
        (edition.pdf.name, "application/pdf", pdf),
    )


def workbook(case: Case, project: Project) -> File:
    """The Excel workbook of a case."""
    from jcurve.workbook import content

    name = f"{case.scenario.name}-{case.scenario.short_hash}.xlsx"
    return name, _XLSX, content(case, project=project)
