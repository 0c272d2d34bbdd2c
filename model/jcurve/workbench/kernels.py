"""Kernels of the app: no more than a number of them, idle ones ended, one kept warm."""

from __future__ import annotations

import webbrowser
from datetime import UTC, datetime
from typing import Any, ClassVar

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from tornado.ioloop import IOLoop
from traitlets import Int
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

__all__ = ["CappedKernels", "Guarded"]


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
        """Start a kernel.

        Raises:
            HTTPError: 503 when as many run as may.
        """
        if len(self) >= self.cap:
            await self.cull_kernels()  # type: ignore[no-untyped-call]
        if len(self) >= self.cap:
            raise web.HTTPError(
                503,
                f"{self.cap} panels are open, which is as many as may be; close one or wait",
            )
        return await super().start_kernel(*arguments, **options)

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


class Guarded(Voila):  # type: ignore[misc]
    """Voilà that says where it is, token and all, and opens a browser there."""

    classes: ClassVar[list[type]] = [*Voila.classes, CappedKernels]

    def init_handlers(self) -> list[Any]:
        """Voilà's handlers, of which the one that a closing page calls can be called."""
        return [
            (each[0], _Goodbye, *each[2:]) if each[1] is VoilaShutdownKernelHandler else each
            for each in super().init_handlers()
        ]

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
