"""Kernels of the app: no more than a number of them, idle ones ended, one kept warm."""

from __future__ import annotations

import webbrowser
from typing import Any, ClassVar

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web
from tornado.ioloop import IOLoop
from traitlets import Int
from voila.app import Voila

__all__ = ["CappedKernels", "Guarded"]


class CappedKernels(AsyncMappingKernelManager):
    """A kernel manager that refuses a visitor when the house is full.

    Attributes:
        cap: kernels at once, those kept warm among them.
    """

    cap = Int(4, config=True, help="Kernels at once, those kept warm among them.")

    async def start_kernel(  # type: ignore[override]  # its own base is not asynchronous
        self, *arguments: Any, **options: Any
    ) -> Any:
        """Start a kernel.

        Raises:
            HTTPError: 503 when as many run as may.
        """
        if len(self) >= self.cap:
            raise web.HTTPError(
                503,
                f"{self.cap} panels are open, which is as many as may be; close one or wait",
            )
        return await super().start_kernel(*arguments, **options)

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


class Guarded(Voila):  # type: ignore[misc]
    """Voilà that says where it is, token and all, and opens a browser there."""

    classes: ClassVar[list[type]] = [*Voila.classes, CappedKernels]

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
