"""The workbench in a browser: JupyterLab for who codes, an app without code for who does not.

Both listen on this machine alone and ask for a token. They run in this process, so that
their kernels end with it.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from jcurve.ground.errors import ProjectError
from jcurve.ground.project import Project

NOTEBOOK = "workbench.ipynb"

_LOOPBACK = "127.0.0.1"

_NOTHING_FROM_OUTSIDE = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
    "connect-src 'self' ws: blob: data:; frame-ancestors 'self'"
)
"""The page loads from this server alone: Voilà's own template names a font on a public host."""
_CHECK_EVERY = 60
_WORKSPACE = "jcurve"


def lab(project: Project, *, port: int, browser: bool) -> None:
    """Run JupyterLab on the project's notebooks until it is stopped."""
    from jupyterlab.labapp import LabApp

    notebook = _notebook(project.own())
    with suppress(OSError, ValueError, KeyError):  # a comfort, which stops nobody
        _roomy_workspace()
    # Settings of JupyterLab that hold where its user has chosen none: see lab_settings.
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    ours = str(Path(__file__).parent / "lab_settings")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, (others, ours)))
    LabApp.launch_instance(
        [
            f"--ServerApp.ip={_LOOPBACK}",
            f"--ServerApp.port={port}",
            f"--ServerApp.open_browser={browser}",
            f"--ServerApp.root_dir={project.root}",
            f"--ServerApp.allow_root={hasattr(os, 'geteuid') and os.geteuid() == 0}",
            f"--LabApp.default_url=/lab/workspaces/{_WORKSPACE}/tree/"
            f"{notebook.relative_to(project.root).as_posix()}",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
        ]
    )


def app(project: Project, *, port: int, browser: bool, kernels: int, idle: float) -> None:
    """Serve the panel alone until it is stopped.

    Args:
        project: whose scenarios are opened and saved.
        port: the first one to try.
        browser: open one.
        kernels: panels at once, the one kept warm for the next visitor among them; each is a
            process of about 200 MB.
        idle: seconds after which a panel that nobody touches is ended.
    """
    import zmq
    from traitlets.config import Config

    from jcurve.workbench.kernels import Guarded

    notebook = _notebook(project)
    settings = Config()
    headers = {"Content-Security-Policy": _NOTHING_FROM_OUTSIDE}
    settings.Voila.tornado_settings = {"headers": headers}
    settings.VoilaConfiguration.file_allowlist = []
    if zmq.has("curve"):
        settings.KernelManager.transport_encryption = "auto"
    os.environ["JCURVE_PROJECT"] = str(project.root)
    if project.published is not None:
        os.environ["JCURVE_REPORTS"] = str(project.published)
    Guarded.launch_instance(
        [
            str(notebook),
            "--Voila.log_level=WARN",
            f"--Voila.ip={_LOOPBACK}",
            f"--Voila.port={port}",
            f"--Voila.open_browser={browser}",
            f"--Voila.token={secrets.token_hex(24)}",
            "--Voila.kernel_websocket_connection_class=jcurve.workbench.kernels.PanelOnly",
            "--VoilaConfiguration.preheat_kernel=True",
            "--VoilaConfiguration.default_pool_size=1",
            "--VoilaConfiguration.multi_kernel_manager_class=jcurve.workbench.kernels.CappedKernels",
            f"--CappedKernels.cap={kernels}",
            f"--CappedKernels.cull_idle_timeout={round(idle)}",
            f"--CappedKernels.cull_interval={_CHECK_EVERY}",
            "--CappedKernels.cull_connected=True",
        ],
        config=settings,
    )


def _roomy_workspace() -> None:
    """A workspace of JupyterLab that begins with its side bars folded; one that is there already
    is as its user left it."""
    from jupyterlab.commands import get_workspaces_dir
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    manager = WorkspacesManager(get_workspaces_dir())
    if not manager.load(_WORKSPACE)["data"]:
        folded = {side: {"collapsed": True, "visible": True} for side in ("left", "right")}
        content = {"data": {"layout-restorer:data": folded}, "metadata": {"id": _WORKSPACE}}
        manager.save(_WORKSPACE, json.dumps(content))


def _notebook(project: Project) -> Path:
    path = project.notebooks / NOTEBOOK
    if not path.is_file():
        raise ProjectError(
            "the project has no workbench",
            received=str(project.root),
            allowed=f"a folder that holds notebooks/{NOTEBOOK}",
        )
    return path
