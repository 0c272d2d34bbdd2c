"""Kernels forked from a process that has everything loaded, for papermill's engine.

A spare kernel is forked while its parent is still free of threads and sockets; it waits
for its connection file and only then becomes a kernel like any other. Import this only
where a notebook is executed: it loads papermill.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
import uuid
from typing import Any, ClassVar

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from jcurve_runs.execution.client import ThisInterpreter


class SpareKernel:
    """A forked process that waits to become a kernel; polled as ``subprocess.Popen`` is."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        """Fork it. Call this before the process has a thread, a socket or an event loop."""
        told, self._tell = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._tell)
            _wait_and_serve(told)
        os.close(told)

    def begin(self, connection_file: str, env: dict[str, str], cwd: str) -> None:
        """Let it become the kernel of a connection file."""
        order = {"connection_file": connection_file, "env": env, "cwd": cwd}
        with os.fdopen(self._tell, "w") as pipe:
            json.dump(order, pipe)

    def poll(self) -> int | None:
        """Its exit status; minus a signal's number; None while it lives."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkedKernels(ThisInterpreter):
    """A kernel manager whose first kernel is the spare one; a further one starts afresh."""

    spare: ClassVar[SpareKernel | None] = None

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        kind = type(self)
        if self.provisioner is None and kind.spare is not None:
            self.kernel_id = self.kernel_id or str(uuid.uuid4())
            self.provisioner = _Forked(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
            self.provisioner.spare, kind.spare = kind.spare, None
        return await super()._async_pre_start_kernel(**options)


class _Forked(LocalProvisioner):
    """Begins the spare kernel where jupyter_client's own would start a program."""

    spare: SpareKernel

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        assert self.parent is not None
        env = dict(options.get("env", os.environ))
        cwd = str(options.get("cwd") or os.getcwd())
        self.spare.begin(self.parent.connection_file, env, cwd)
        self.process = self.spare  # type: ignore[assignment]
        self.pid = self.spare.pid
        # No group of its own: whoever ends the parent's group ends the kernel as well.
        self.pgid = None
        return self.connection_info


def _wait_and_serve(told: int) -> None:
    """The spare process's whole life; never returns."""
    status = 1
    try:
        with os.fdopen(told) as pipe:
            text = pipe.read()
        if text:
            _serve(json.loads(text))
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _serve(order: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    if "numpy" in sys.modules:
        import numpy

        numpy.random.seed()  # else every forked kernel would draw the same numbers
    sys.argv = ["ipykernel_launcher"]
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(["-f", order["connection_file"], "--HistoryManager.enabled=False"])
