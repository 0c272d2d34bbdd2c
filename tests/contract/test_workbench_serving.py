"""The panel as a widget, and its servers: what they are told, and whom they let in."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from tornado import web

from jcurve.briefing.panels import STATE
from jcurve.commands import main
from jcurve.ground.project import Project
from jcurve.workbench import panel
from jcurve.workbench.kernels import CappedKernels, Guarded, PanelOnly, _Templates
from jcurve.workbench.serve import app, lab
from jcurve.workbench.widget import Panel

HOME = Path(__file__).resolve().parents[2]
WACC = "returns.wacc"


class TestPanel:
    @pytest.fixture
    def told(self) -> list[Any]:
        return []

    @pytest.fixture
    def made(self, told: list[Any], monkeypatch: pytest.MonkeyPatch) -> Panel:
        found = panel("base", project=HOME)
        monkeypatch.setattr(found, "send", lambda content, buffers=None: told.append(content))
        return found

    def test_a_message_changes_the_state_then_is_answered(
        self, made: Panel, told: list[Any]
    ) -> None:
        made._heard(made, {"do": "set", "n": "a-1", "key": WACC, "text": "9.9"}, [])
        assert told == [{"n": "a-1", "ok": True, "result": None, "serial": 1}]
        assert made.state["hash"] == made.scenario.hash
        assert made.case["npv"] == made.conversation.session.case["npv"]

    def test_a_refused_message_leaves_the_state(self, made: Panel, told: list[Any]) -> None:
        before = made.state
        made._heard(made, {"do": "set", "n": "a-1", "key": WACC, "text": "x"}, [])
        assert not told[0]["ok"]
        assert made.state is before

    def test_another_scenario_brings_its_controls(self, made: Panel) -> None:
        made._heard(made, {"do": "open", "n": 1, "name": "bull"}, [])
        assert made.schema["start"] == made.state["start"] == "bull"

    def test_its_output_carries_the_state_for_print(self, made: Panel) -> None:
        """Beside the widget, which nothing but a browser can draw."""
        made._heard(made, {"do": "set", "n": 1, "key": WACC, "text": "9.9"}, [])
        bundle = made._repr_mimebundle_()
        assert bundle is not None
        state = {"start": "base", "overrides": {WACC: "9.9 percent per year"}, "view": "programme"}
        assert bundle[0][STATE] == state
        assert "0x" not in bundle[0]["text/plain"]

    def test_noise_is_no_message(self, made: Panel, told: list[Any]) -> None:
        made._heard(made, "noise", [])
        assert told == []

    def test_a_fault_of_ours_is_told_and_logged(
        self, made: Panel, told: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(_: Any) -> None:
            raise ZeroDivisionError("oops")

        monkeypatch.setattr(made.conversation, "hear", breaks)
        with pytest.raises(ZeroDivisionError):
            made._heard(made, {"do": "undo", "n": 7}, [])
        assert told[0]["error"]["what"] == "A fault of the workbench (ZeroDivisionError: oops)"

    def test_the_front_end_is_whole(self, made: Panel) -> None:
        """One module with one export, and nothing that it would load from elsewhere."""
        script = str(made._esm)
        assert script.count("export default") == 1
        assert "import " not in script
        assert "http" not in script.replace("http://www.w3.org", "")
        assert "url(http" not in str(made._css)


class TestServers:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        found: list[str] = []
        monkeypatch.setattr(
            Guarded, "launch_instance", lambda given, config: found.extend([*given, str(config)])
        )
        monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", found.extend)
        monkeypatch.setenv("JCURVE_PROJECT", str(HOME))
        return found

    def test_the_app_stays_on_this_machine_behind_a_token(self, asked: list[str]) -> None:
        app(Project(HOME), port=8866, browser=False, kernels=3, idle=90.0)
        options = dict(each.lstrip("-").split("=", 1) for each in asked[1:-1])
        assert options["Voila.ip"] == "127.0.0.1"
        assert len(options["Voila.token"]) == 48
        assert options["CappedKernels.cap"] == "3"
        assert options["CappedKernels.cull_idle_timeout"] == "90"
        assert options["CappedKernels.cull_connected"] == "True"
        assert "default-src 'self'" in asked[-1]
        assert "'transport_encryption': 'auto'" in asked[-1]
        line = options["Voila.kernel_websocket_connection_class"]
        assert line == f"{PanelOnly.__module__}.{PanelOnly.__name__}"

    def test_no_two_tokens_are_the_same(self, asked: list[str]) -> None:
        for _ in range(2):
            app(Project(HOME), port=8866, browser=False, kernels=3, idle=90.0)
        tokens = [each for each in asked if each.startswith("--Voila.token=")]
        assert len(set(tokens)) == 2

    def test_lab_stays_on_this_machine_and_keeps_its_own_token(self, asked: list[str]) -> None:
        lab(Project(HOME), port=8888, browser=False)
        assert "--ServerApp.ip=127.0.0.1" in asked
        assert not [each for each in asked if "token" in each or "password" in each]

    def test_lab_keeps_widgets_in_the_notebook_and_asks_for_no_news(
        self, asked: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/somewhere")
        lab(Project(HOME), port=8888, browser=False)
        theirs, ours = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
        assert theirs == "/somewhere"
        text = (Path(ours) / "labconfig" / "default_setting_overrides.json").read_text()
        settings = json.loads(text)
        assert settings["@jupyter-widgets/jupyterlab-manager:plugin"] == {"saveState": True}
        assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"

    @pytest.mark.parametrize("verb", ["app", "lab"])
    def test_a_project_without_a_workbench(
        self, verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "data" / "scenarios").mkdir(parents=True)
        (tmp_path / "data" / "scenarios" / "base.yml").touch()
        assert main(["--project", str(tmp_path), verb, "--no-browser"]) == 8
        assert "has no workbench" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "options", [["--kernels", "0"], ["--idle", "-1"], ["--port", "65536"], ["--kernls", "2"]]
    )
    def test_options_are_checked(
        self, options: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["app", *options]) == 2
        assert capsys.readouterr().err.count("\n") == 1


class TestKernels:
    """Who is let in, and whose kernel ends."""

    def test_a_full_house_refuses(self) -> None:
        kernels = CappedKernels(cap=0)
        with pytest.raises(web.HTTPError) as caught:
            asyncio.run(kernels.start_kernel())
        assert caught.value.status_code == 503
        assert "as many panels are open as may be" in str(caught.value.log_message)

    def test_two_at_once_do_not_share_the_last_room(self) -> None:
        async def both() -> list[Any]:
            kernels = CappedKernels(cap=1)
            asked = kernels.start_kernel(), kernels.start_kernel()
            found = await asyncio.gather(*asked, return_exceptions=True)
            await kernels.shutdown_kernel(found[0], now=True)
            return found

        _, second = asyncio.run(both())
        assert isinstance(second, web.HTTPError)

    @pytest.mark.parametrize(
        ("connections", "away", "ends"),
        [(0, 61, True), (0, 59, False), (1, 61, False), (1, 7201, True)],
    )
    def test_an_abandoned_kernel_ends_soon_and_an_idle_one_later(
        self, connections: int, away: int, ends: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ended: list[str] = []
        kernels = CappedKernels(cull_idle_timeout=7200, cull_connected=True)
        kernel = SimpleNamespace(
            last_activity=datetime.now(UTC) - timedelta(seconds=away),
            execution_state="idle",
            kernel_name="python3",
            kernel_spec=SimpleNamespace(metadata={}),
        )
        kernels._kernels["k"] = kernel
        kernels._kernel_connections["k"] = connections
        monkeypatch.setattr(kernels, "shutdown_kernel", _noting(ended))
        monkeypatch.setattr(kernels, "kernel_model", lambda _: {"connections": connections})
        asyncio.run(kernels.cull_kernel_if_idle("k"))
        assert ended == (["k"] if ends else [])


class TestVisitors:
    """What a visitor may ask of a kernel and of the server's files."""

    @pytest.mark.parametrize(
        ("kind", "content", "passes"),
        [
            ("comm_msg", {"comm_id": "a", "data": {}}, True),
            ("comm_open", {"target_name": "jupyter.widget.control"}, True),
            ("comm_open", {"target_name": "jupyter.widget"}, False),
            ("comm_open", {"target_name": "anything"}, False),
            ("comm_open", {}, False),
        ],
    )
    @pytest.mark.parametrize("binary", [True, False])
    def test_no_widget_of_a_visitors_own(
        self, kind: str, content: dict[str, Any], passes: bool, binary: bool
    ) -> None:
        session = Session(key=b"")
        header = {"msg_type": kind}
        parts = [session.pack(each) for each in (header, {}, {}, content)]
        stand_in = SimpleNamespace(
            subprotocol="v1.kernel.websocket.jupyter.org" if binary else None, session=session
        )
        message: Any = json.dumps({"header": header, "content": content, "channel": "shell"})
        if binary:
            message = bytes(serialize_msg_to_ws_v1(parts, "shell"))
        assert PanelOnly._may(stand_in, message) is passes  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "path", ["", "lab", "lab/static", "lab/static/../../x", "../static/x", "lab/other/x"]
    )
    def test_what_is_no_file_of_a_template_is_not_found(self, path: str) -> None:
        handler = _Templates.__new__(_Templates)
        with pytest.raises(web.HTTPError) as caught:
            handler.parse_url_path(path)
        assert caught.value.status_code == 404


def _noting(ended: list[str]) -> Callable[[str], Any]:
    async def shutdown(kernel: str) -> None:
        ended.append(kernel)

    return shutdown
