"""A server of the workbench in its own process, over a copy of the project, and its end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil

from tests.support.waiting import GENEROUS

__all__ = ["HOME", "Server", "copied_project", "serving"]

HOME = Path(__file__).resolve().parents[2]
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S*token=\w+")


@dataclass
class Server:
    """A running ``jcurve app`` or ``jcurve lab``."""

    process: subprocess.Popen[str]
    project: Path
    url: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def family(self) -> list[psutil.Process]:
        """The server's processes: itself and every kernel."""
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    @property
    def kernels(self) -> list[psutil.Process]:
        """The kernels that run; one may end between being listed and being asked."""
        found = []
        for each in self.family:
            with suppress(psutil.NoSuchProcess):
                if "ipykernel_launcher" in " ".join(each.cmdline()):
                    found.append(each)
        return found

    @staticmethod
    def tell(kernels: list[psutil.Process], what: Literal["suspend", "resume", "kill"]) -> None:
        """Signal kernels, those that have ended meanwhile apart: the server ends what is spare."""
        for each in kernels:
            with suppress(psutil.NoSuchProcess):
                getattr(each, what)()


def copied_project(folder: Path) -> Path:
    """A project of its own, so that saving touches nothing of ours."""
    for name in ("data", "notebooks"):
        shutil.copytree(HOME / name, folder / name)
    return folder


@contextmanager
def serving(verb: str, project: Path, *options: str) -> Iterator[Server]:
    """``jcurve verb`` over ``project``; at the end nothing that it started is left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "PYTEST"))
    }
    scratch = project / ".jupyter"
    environment |= {
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(scratch / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }
    start = "import sys; from jcurve.commands import main; sys.exit(main())"
    command = [sys.executable, "-c", start, verb, "--project", str(project)]
    process = subprocess.Popen(
        [*command, "--no-browser", "--port", str(port), *options],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    server = Server(process, project)
    found = threading.Event()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            server.said.append(line)
            address = _ADDRESS.search(line)
            if address and not server.url:
                server.url = address[0]
                found.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        deadline = time.monotonic() + GENEROUS
        while not found.wait(0.2):
            assert process.poll() is None, "".join(server.said)
            assert time.monotonic() < deadline, "".join(server.said)
        yield server
    finally:
        family = server.family
        process.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(family, timeout=GENEROUS)
        for each in left:
            each.kill()
        process.wait()
        listener.join(5)
        if process.stdout is not None:
            process.stdout.close()
    assert not left, f"still running: {[each.cmdline() for each in left]}"
