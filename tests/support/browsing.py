"""Headless Chromium, and a panel in it as a reader meets it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

__all__ = ["PanelPage", "chromium"]

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
_PATIENCE = 60_000.0


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


class PanelPage:
    """A page with one panel, and what it shows."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(_PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def ready(self) -> None:
        """Wait until the panel is drawn."""
        self.page.wait_for_selector(".jc .jc-drawing svg")
        self.settled()

    def run_cell(self) -> None:
        """In JupyterLab: run the first cell, once the notebook listens, and wait for its panel."""
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell")
        self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        waiting = self.page.locator(".jp-InputPrompt", has_text="[ ]:")
        for _ in range(20):
            self.page.locator(".jp-CodeCell .cm-content").first.click()
            self.page.keyboard.press("Control+Enter")
            self.page.wait_for_timeout(1_000)
            if waiting.count() == 0:  # it runs, or has run
                break
        self.ready()

    def settled(self) -> None:
        """Wait until everything that was asked is answered."""
        self.page.wait_for_function(
            "() => document.querySelector('.jc')?.getAttribute('aria-busy') !== 'true'"
            " && !document.querySelector('.jc-pending')"
        )

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
