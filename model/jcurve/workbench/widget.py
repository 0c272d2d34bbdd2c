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
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from jcurve.figures.fonts import web_faces
from jcurve.ground.errors import JCurveError
from jcurve.workbench.conversation import Conversation, refusal
from jcurve.workbench.files import File, can_report, can_write_workbook, report, workbook
from jcurve.workbench.pictures import view_of

__all__ = ["Panel"]

_SCRIPTS = ("page", "link", "controls", "groups", "readouts", "tools", "panel")
"""In the order in which they are joined: one module for the browser."""


@cache
def _joined(folder: str, names: tuple[str, ...], suffix: str) -> str:
    home = Path(__file__).parent / folder
    return "\n".join((home / f"{name}{suffix}").read_text(encoding="utf-8") for name in names)


class Panel(anywidget.AnyWidget):
    """The workbench of one desk.

    Attributes:
        conversation: what it holds; ``panel.conversation.desk.scenario`` is the present state.
    """

    _esm = _joined("static", _SCRIPTS, ".js")
    _css = f"{web_faces()}\n{_joined('static', ('panel',), '.css')}"

    schema = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        project = conversation.desk.project
        self._offers = {"report": can_report(project), "workbook": can_write_workbook()}
        super().__init__(schema=self._schema(), state=conversation.state())
        self.on_msg(self._heard)

    @property
    def scenario(self) -> Any:
        """The present state as a scenario."""
        return self.conversation.desk.scenario

    @property
    def case(self) -> Any:
        """The present state, evaluated."""
        return self.conversation.desk.case

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
        start = self.conversation.desk.start
        reply = self.conversation.hear(message)
        if self.conversation.serial != before:
            # One message with both, so that no view sees values without their controls.
            with self.hold_sync():
                if self.conversation.desk.start is not start:
                    self.schema = self._schema()
                self.state = self.conversation.state()
        self.send(reply)

    def _make(self, message: Mapping[str, Any]) -> None:
        """Make files beside the panel, which stays usable meanwhile."""
        say = _speaker()
        desk, n = self.conversation.desk, message.get("n")
        position, case, view = desk.position, desk.case, view_of(self.conversation.side)

        def tell(text: str) -> None:
            say(self.send, {"n": n, "progress": text})

        def run() -> None:
            name = ""
            files: tuple[File, ...]
            try:
                if message["do"] == "report":
                    name, files = report(position, view, desk.project, tell)
                else:
                    files = (workbook(case, desk.project),)
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


def _speaker() -> Callable[..., None]:
    """Call something in this thread from another one; at once where no loop runs here."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:

        def at_once(call: Callable[..., None], *arguments: Any) -> None:
            call(*arguments)

        return at_once

    def later(call: Callable[..., None], *arguments: Any) -> None:
        loop.call_soon_threadsafe(call, *arguments)

    return later
