"""Kernels of the app: no more than a number of them, idle ones ended, one kept warm; and what a
visitor may ask of them, which is what the panel asks and nothing else."""

from __future__ import annotations

import json
import re
import webbrowser
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import escape
from typing import Any, ClassVar

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from tornado.ioloop import IOLoop
from traitlets import Int
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

_AGAIN = 15  # seconds after which a page that found no room asks again
_HURRIED = 20  # seconds without a page after which a kernel ends when another page waits
_CONTROL = "jupyter.widget.control"
_V1 = "v1.kernel.websocket.jupyter.org"
_FROM_OUTSIDE = re.compile(r'<link[^>]*href="https?://[^>]*>')
_FULL = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="refresh" content="{again}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>J-Curve: no room just now</title>
<style>
body {{ max-width: 36em; margin: 12vh auto; padding: 0 1em; font: 16px/1.5 sans-serif;
  color-scheme: light dark; }}
</style></head>
<body><main><h1>No room just now</h1>
<p>Just now {reason}.</p>
<p>This page asks again every {again} seconds and opens the workbench as soon as there is room: when
somebody closes a panel, or when one has been idle for long. Whoever runs the app can make more
room with <code>jcurve app --kernels {more}</code>.</p></main></body>
</html>
"""


class CappedKernels(AsyncMappingKernelManager):
    """A kernel manager that refuses a visitor when the house is full.

    Attributes:
        cap: kernels at once, those kept warm among them.
        abandoned: seconds without a page after which a kernel is ended: a tab that is closed
            says so, one that crashed or lost its machine does not.
    """

    cap = Int(4, config=True, help="Kernels at once, those kept warm among them.")
    abandoned = Int(60, config=True, help="Seconds without a page after which a kernel ends.")

    async def start_kernel(  # type: ignore[override]  # its own base is not asynchronous
        self, *arguments: Any, **options: Any
    ) -> Any:
        """Start a kernel."""
        if self._taken >= self.cap:
            usual, self.abandoned = self.abandoned, min(self.abandoned, _HURRIED)
            try:
                await self.cull_kernels()  # type: ignore[no-untyped-call]
            finally:
                self.abandoned = usual
        if self._taken >= self.cap:
            raise web.HTTPError(
                503,
                f"as many panels are open as may be ({self.cap}, the one that is made ready for "
                "the next visitor among them)",
            )
        return await super().start_kernel(*arguments, **options)

    @property
    def _taken(self) -> int:
        """Kernels that run, and those that are being started, which may not run yet."""
        return len({*self.list_kernel_ids(), *self._pending_kernels})

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that nobody uses; those kept warm are never asked about."""
        kernel = self.get_kernel(kernel_id)
        last = getattr(kernel, "last_activity", None)
        alone = self.kernel_model(kernel_id)["connections"] == 0  # type: ignore[no-untyped-call]
        if alone and last is not None:
            away = (datetime.now(UTC) - last).total_seconds()
            if away > self.abandoned:
                await self.shutdown_kernel(kernel_id)
                return
        await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]

    async def shutdown_kernel(  # type: ignore[override]
        self, *arguments: Any, **options: Any
    ) -> None:
        """End a kernel, and with the room that it leaves warm one for the next visitor."""
        await super().shutdown_kernel(*arguments, **options)  # type: ignore[no-untyped-call]
        self._refill()

    def _refill(self) -> None:
        """Warm a kernel in place of one that was refused for want of room."""
        pools: dict[str, list[Any]] = getattr(self, "_pools", {})
        fill: Any = getattr(self, "fill_if_needed", None)  # Voilà's, where it warms kernels
        for notebook, pool in pools.items():
            failed = [task for task in pool if task.done() and task.exception() is not None]
            for task in failed:
                pool.remove(task)
            if failed and fill:
                fill(notebook_name=notebook)


class _Goodbye(VoilaShutdownKernelHandler):  # type: ignore[misc]  # it has no types
    """Ends the kernel of a page that closes."""

    def check_xsrf_cookie(self) -> None:
        """A page that closes can send no header; it names its kernel, which nobody can guess,
        and is asked for its token like any other."""


class _Visit(TornadoVoilaHandler):  # type: ignore[misc]
    """Opens the panel, or says in words why it cannot."""

    async def get_generator(self, path: str | None = None) -> AsyncIterator[str]:
        """The page, without what Voilà's template would load from elsewhere."""
        async for part in super().get_generator(path):
            yield _FROM_OUTSIDE.sub("", part)

    def write_error(self, status_code: int, **options: Any) -> None:
        """A page in words where the house is full."""
        error = options.get("exc_info", (None, None))[1]
        if status_code != 503 or not isinstance(error, web.HTTPError):
            super().write_error(status_code, **options)
            return
        cap = self.kernel_manager.cap
        self.set_header("Retry-After", str(_AGAIN))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        reason = escape(str(error.log_message))
        self.finish(_FULL.format(again=_AGAIN, reason=reason, more=cap + 2))


class _Templates(TemplateStaticFileHandler):  # type: ignore[misc]
    """Files of a template; what is no such file is not found."""

    def parse_url_path(self, path: str) -> str:
        """The path of a file."""
        if ".." in path or not re.fullmatch(r"[\w-]+/static/[^/].*", path):
            raise web.HTTPError(404)
        return str(super().parse_url_path(path))


class PanelOnly(ZMQChannelsWebsocketConnection):
    """A visitor's line to a kernel, on which nothing is opened but what asks for the widgets that
    are there: a widget of the visitor's own choice is none of ours."""

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Pass a message on to the kernel, or drop it."""
        if not self._may(incoming_msg):
            self.log.warning("A visitor's comm that is none of the panel's is ignored.")
            return
        super().handle_incoming_message(incoming_msg)

    def _may(self, message: Any) -> bool:
        try:
            if self.subprotocol == _V1:
                _, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call]
                header, content = (self.session.unpack(parts[at]) for at in (0, 3))
            else:
                binary = isinstance(message, bytes)
                found = deserialize_binary_message(message) if binary else json.loads(message)  # type: ignore[no-untyped-call]
                header, content = found["header"], found["content"]
            return bool(header["msg_type"] != "comm_open" or content["target_name"] == _CONTROL)
        except (ValueError, KeyError, IndexError, TypeError, UnicodeDecodeError):
            return False


class Guarded(Voila):  # type: ignore[misc]
    """Voilà that says where it is, token and all, and opens a browser there."""

    classes: ClassVar[list[type]] = [*Voila.classes, CappedKernels]

    def init_handlers(self) -> list[Any]:
        """Voilà's handlers: the one that a closing page calls can be called, a visitor is told in
        words, and nothing of a path's makes an error of the server's."""
        ours = {
            VoilaShutdownKernelHandler: _Goodbye,
            TornadoVoilaHandler: _Visit,
            TemplateStaticFileHandler: _Templates,
        }
        found = super().init_handlers()
        return [(each[0], ours.get(each[1], each[1]), *each[2:]) for each in found]

    def listen(self) -> None:
        """Serve until stopped; what it says comes once the port is known."""
        IOLoop.current().add_callback(self._announce)
        super().listen()

    def launch_browser(self) -> None:
        """Open the panel with its token."""
        webbrowser.open(self._address)

    @property
    def _address(self) -> str:
        return f"{self.connection_url}?token={self.token}"

    def _announce(self) -> None:
        print(f"The workbench is at {self._address}", "Ctrl-C stops it.", sep="\n", flush=True)
