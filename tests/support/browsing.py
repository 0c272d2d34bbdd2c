"""Headless Chromium, and a panel in it as a reader meets it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from jcurve.commands import main
from jcurve.ground.numbers import money
from tests.support.waiting import GENEROUS, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

    from tests.support.serving import Server

__all__ = ["PATIENCE", "PanelPage", "agrees", "chromium", "grave", "opened"]

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 1_000 * GENEROUS
"""Milliseconds that a page may take on a busy machine."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; skips, and says what to install, where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("browser tests need Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, url: str, width: int = 1280, height: int = 800) -> Iterator[PanelPage]:
    """A panel in a window of its own, which loads from this machine alone and complains of
    nothing; at the end it is closed as a reader does, so that the page ends its kernel."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    found = PanelPage(page)

    def there() -> bool:  # a full house has room again once kernels of pages just closed have ended
        found.faults.clear()
        answer = page.goto(url)
        return answer is not None and answer.status == 200

    assert until(there)
    found.ready()
    yield found
    outside = [each for each in asked if urlsplit(each).hostname not in (None, "127.0.0.1")]
    assert (found.faults, outside) == ([], [])
    page.close(run_before_unload=True)
    if not page.is_closed():
        page.wait_for_event("close")
    context.close()


def grave(page: Page) -> list[str]:
    """What axe-core finds moderate or worse in the panel, once it has looked at what matters."""
    found = Axe().run(page, context=".jc").response
    passed = {each["id"] for each in found["passes"]}
    assert passed >= {"aria-valid-attr-value", "button-name", "color-contrast", "label"}
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]}"
        for each in found["violations"]
        if each["impact"] in ("moderate", "serious", "critical")
    ]


class PanelPage:
    """A page with one panel, and what it shows."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        self.sockets: list[str] = []
        page.on("websocket", lambda opened: self.sockets.append(opened.url))
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._said)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def ready(self) -> None:
        """Wait until the panel is drawn."""
        self.page.wait_for_selector(".jc .jc-drawing svg")
        self.settled()

    def run_cell(self) -> None:
        """In JupyterLab: run the first cell, once the notebook listens, and wait for its panel."""
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        waiting = self.page.locator(".jp-InputPrompt", has_text="[ ]:")

        def runs() -> bool:  # or has run
            self.page.locator(".jp-CodeCell .cm-content").first.click()
            self.page.keyboard.press("Control+Enter")
            self.page.wait_for_timeout(1_000)
            return waiting.count() == 0

        assert until(runs)
        self.ready()

    def settled(self) -> None:
        """Wait until everything that was asked is answered."""
        self.page.wait_for_function(
            "() => document.querySelector('.jc')?.getAttribute('aria-busy') !== 'true'"
            " && !document.querySelector('.jc-pending')"
        )

    def cleared(self) -> PanelPage:
        """On the base scenario as it is, with one picture, whatever was done with it before."""
        page = self.page
        page.get_by_label("Scenario to start from").select_option("base")
        page.get_by_label("Exhibit").select_option("jcurve")
        page.get_by_label("View or world").select_option("programme")
        self.settled()
        for less in page.get_by_role("button", name="Remove picture").all()[::-1]:
            less.click()
            self.settled()
        if self.overrides():
            self.click("Set everything back")
        page.get_by_label("Search assumptions").fill("")
        page.get_by_role("tab", name="What each change is worth").click()
        return self

    @property
    def kernel(self) -> str:
        """The identifier of the kernel that answers, as its process' command line has it."""
        return re.findall(r"/kernels/([^/]+)/channels", " ".join(self.sockets))[-1]

    @property
    def hash(self) -> str:
        """The scenario that is shown, as the model knows it."""
        return str(self.page.locator(".jc").get_attribute("data-hash"))

    @property
    def picture(self) -> str:
        return self.page.locator(".jc-drawing").first.inner_html()

    def headline(self, name: str) -> str:
        return self.page.locator(f'[data-headline="{name}"] .jc-value').inner_text()

    def note(self, name: str) -> str:
        return self.page.locator(f'[data-headline="{name}"] .jc-note').inner_text()

    def control(self, key: str) -> Locator:
        """The first control of an assumption that is built."""
        return self.page.locator(f'.jc-control[data-key="{key}"]').first

    def slider(self, key: str) -> Locator:
        return self.control(key).locator(".jc-slider")

    def field(self, key: str) -> Locator:
        return self.control(key).locator(".jc-number").first

    def press(self, key: str, times: int, button: str = "ArrowLeft") -> None:
        """Move a slider by keyboard."""
        self.slider(key).focus()
        for _ in range(times):
            self.page.keyboard.press(button)
        self.settled()

    def drag(self, key: str, to: float) -> None:
        """Drag a slider's thumb to a share of its length, by mouse."""
        slider = self.slider(key)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box is not None
        low, high, value = (float(slider.get_attribute(n) or 0) for n in ("min", "max", "min"))
        value = float(slider.input_value())
        middle = box["y"] + box["height"] / 2
        place = box["x"] + 8 + (box["width"] - 16) * (value - low) / (high - low)
        self.page.mouse.move(place, middle)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + 8 + (box["width"] - 16) * to, middle, steps=15)
        self.page.mouse.up()
        self.settled()

    def overrides(self) -> dict[str, str]:
        """What was changed, as the panel keeps it for a reload."""
        kept = self.page.evaluate(
            "() => sessionStorage.getItem(document.querySelector('.jc').dataset.memory)"
        )
        return dict(json.loads(kept)["overrides"]) if kept else {}

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.settled()


def show(
    capsys: pytest.CaptureFixture[str], server: Server, overrides: dict[str, str], start: str
) -> dict[str, Any]:
    """``jcurve show`` of the same overrides."""
    sets = [part for key, text in overrides.items() for part in ("--set", f"{key}={text}")]
    capsys.readouterr()
    assert main(["--project", str(server.project), "show", start, "--json", *sets]) == 0
    return dict(json.loads(capsys.readouterr().out))


def agrees(
    panel: PanelPage,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    overrides: dict[str, str] | None = None,
    start: str = "base",
) -> None:
    """The scenario, NPV and payback on the screen are those of the command line."""
    changed = panel.overrides() if overrides is None else overrides
    told = show(capsys, server, changed, start)
    figures = told["views"]["programme"]
    assert panel.hash == told["hash"]
    assert panel.headline("npv") == money(figures["npv"]["value"] / 1000)
    payback = figures["payback"]["value"]
    if payback is None:
        assert panel.headline("payback") == "never"
        short = money(figures["unrecovered_balance"]["value"] / 1000)
        assert panel.note("payback") == f"{short} not recovered by 2040"
    else:
        assert panel.headline("payback") == f"{payback:.1f} years"
    trough = money(figures["trough_amount"]["value"] / 1000)
    assert f"Trough {trough}" in panel.picture
