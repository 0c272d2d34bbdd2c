"""How papermill executes our notebooks: a client with caps, kernels of this interpreter.

Import it only where a notebook is executed: it loads papermill. Call ``lighten`` before.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager
from papermill.iorw import papermill_io
from papermill.log import logger
from papermill.utils import merge_kwargs, remove_args

from jcurve_runs.execution.staging import in_line, in_lines

MOST_BYTES = 32 * 1024 * 1024  # of a notebook's outputs together: ten times what a long report has

MOST_FIGURES = 200  # outputs that hold an image


class TooMuchOutput(Exception):
    """A notebook went beyond a cap on its outputs and was stopped."""


class ThisInterpreter(AsyncKernelManager):
    """Starts ``sys.executable`` with ipykernel, no history file, encrypted sockets.

    Linux knows sockets by a name that is no file. Elsewhere they are ports: one that is free when
    it is chosen may be taken when the kernel binds it, a second later.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        if sys.platform == "linux":
            self.transport, self.ip = "ipc", f"@jcurve-{secrets.token_hex(16)}"
        if folder := os.environ.get("JUPYTER_RUNTIME_DIR"):  # of a run, gone with it when killed
            self.connection_file = str(Path(folder) / f"kernel-{secrets.token_hex(16)}.json")
        if self.has_trait("transport_encryption") and zmq.has("curve"):
            self.transport_encryption = "auto"

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter, whatever kernels are installed."""
        return KernelSpec(
            argv=[
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
                "--HistoryManager.enabled=False",
            ],
            display_name="Python 3 (ipykernel)",
            language="python",
            metadata={"supported_encryption": ["curve"]},
        )


class CappedClient(PapermillNotebookClient):  # type: ignore[misc]
    """Papermill's client, which ends the kernel when outputs go beyond a cap."""

    breach = ""
    _bytes = 0
    _figures = 0

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take a message of the kernel; once a cap is broken, none any more."""
        if self.breach:
            return None
        self.breach = self._broken(msg)
        if self.breach:
            # An endless cell never replies. Without its kernel nbclient gives it up.
            process = self.km.provisioner.process
            if process is not None:
                process.kill()
            return None
        return super().process_message(msg, cell, cell_index)

    def _broken(self, msg: dict[str, Any]) -> str:
        """The cap that this message breaks, in words."""
        content = msg["content"]
        data = content.get("data")
        self._bytes += len(content.get("text") or "")
        if isinstance(data, dict):
            self._bytes += sum(
                len(part) if isinstance(part, str) else len(json.dumps(part))
                for part in data.values()
            )
            if msg["msg_type"] != "update_display_data":
                self._figures += any(mime.startswith("image/") for mime in data)
        self._bytes += sum(len(line) for line in content.get("traceback") or ())
        if self._bytes > MOST_BYTES:
            return f"more than {MOST_BYTES // 1024**2} MB of output"
        if self._figures > MOST_FIGURES:
            return f"more than {MOST_FIGURES} figures"
        return ""


class SavingManager(NotebookExecutionManager):  # type: ignore[misc]
    """Papermill's manager, which saves the notebook as each code cell starts, not four times.

    A killed run then still leaves every output up to the cell it was in. A cell that is
    complete is not written out anew each time: what a later cell puts into an earlier one's
    display shows in the finished notebook only.
    """

    _held = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._complete: dict[int, str] = {}

    def save(self, **options: Any) -> None:
        """Save, unless the next cell's start or the end will do it.

        As plain JSON: nbformat's way of writing costs ten times as much.
        """
        if "nb" in options:
            self.nb = options["nb"]
        if self.output_path and not self._held:
            papermill_io.write(in_lines(self.nb, self._complete), self.output_path)

    def cell_start(self, cell: Any, cell_index: int | None = None, **options: Any) -> None:
        """Note and save that a cell starts; text is passed over."""
        self._held = cell.cell_type != "code"
        super().cell_start(cell, cell_index, **options)
        self._held = False

    def cell_complete(self, cell: Any, cell_index: int | None = None, **options: Any) -> None:
        """Note that a cell is complete."""
        self._held = True
        super().cell_complete(cell, cell_index, **options)
        self._held = False
        if cell_index is not None:
            self._complete[cell_index] = in_line(self.nb.cells[cell_index])


def execute_notebook(
    nb: Any,
    kernel_name: str,
    output_path: str | None = None,
    progress_bar: bool = True,
    log_output: bool = False,
    autosave_cell_every: int = 30,
    start_timeout: int = 60,
    execution_timeout: int | None = None,
    **options: Any,
) -> Any:
    """Execute ``nb`` as papermill's own engine does, with a capped client and kernels of this
    interpreter, saving it to ``output_path`` all the while."""
    unused = ("input_path", "timeout", "startup_timeout")
    settings = merge_kwargs(
        {"kernel_manager_class": ThisInterpreter} | remove_args(unused, **options),
        timeout=execution_timeout or options.get("timeout"),
        startup_timeout=start_timeout,
        kernel_name=kernel_name,
        log=logger,
        log_output=log_output,
    )
    manager = SavingManager(nb, output_path, log_output, progress_bar, autosave_cell_every)
    manager.notebook_start()
    try:
        client = CappedClient(manager, **settings)
        try:
            client.execute()
        except (DeadKernelError, RuntimeError) as error:
            if client.breach:
                raise TooMuchOutput(client.breach) from error
            raise
    finally:
        manager.cleanup_pbar()
        manager.notebook_complete()
    return manager.nb
