"""Ten tasks of an analyst, done at the pace of a new user's hand, each timed.

Run ``python benchmarks/workbench_tasks.py [FOLDER]`` from the project; it serves the app over a
copy of the project, works in headless Chromium with a pause before every click and key, and prints
how long each task took. With a folder (``docs``) it leaves the pictures of docs/workbench.md there.
What a reader needs to find the way is not in these times; how many steps a task has is.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.browsing import PanelPage, chromium
from tests.support.serving import copied_project, serving

if TYPE_CHECKING:
    from playwright.sync_api import Locator

_THINKS = 0.7
"""Seconds before a click or a field: to see where it is and to move the mouse there."""
_TYPES = 90.0
"""Milliseconds a letter."""


class Hand:
    """A reader's hand: slow, and counted."""

    def __init__(self, panel: PanelPage) -> None:
        self.panel, self.page, self.steps = panel, panel.page, 0

    def click(self, what: Locator) -> None:
        time.sleep(_THINKS)
        self.steps += 1
        what.click()
        self.panel.settled()

    def button(self, name: str | re.Pattern[str], at: int = 0) -> None:
        self.click(self.page.get_by_role("button", name=name).nth(at))

    def tab(self, name: str) -> None:
        self.click(self.page.get_by_role("tab", name=name))

    def write(self, field: Locator, text: str, end: str = "") -> None:
        time.sleep(_THINKS)
        self.steps += 1
        field.click()
        field.press("Control+a")
        field.press_sequentially(text, delay=_TYPES)
        if end:
            field.press(end)
        self.panel.settled()

    def find(self, words: str, key: str) -> Locator:
        """The control of an assumption, by the words of the trade."""
        self.write(self.page.locator(".jc-search"), words)
        return self.page.locator(f'.jc-control[data-key="{key}"]').first

    def followed(self, what: str) -> None:
        """Wait for an answer that is of the present state."""
        self.page.wait_for_function(
            """what => [...document.querySelectorAll(`${what} .jc-follows`)].some((each) =>
                !each.closest("[hidden]") && !each.classList.contains("jc-old")
                && each.dataset.of === document.querySelector(".jc").dataset.hash)""",
            arg=what,
        )


def wacc(hand: Hand) -> None:
    hand.write(hand.find("discount rate", "returns.wacc").locator(".jc-number"), "9", "Enter")


def chips(hand: Hand) -> None:
    control = hand.find("useful life", "life.change")
    hand.click(control.get_by_role("button", name="Add a change"))
    hand.write(control.get_by_label(re.compile("years$")), "3", "Enter")


def delay(hand: Hand) -> None:
    control = hand.find("spending plan", "capex.total")
    hand.click(control.get_by_role("button", name="By year", exact=True))
    hand.click(control.get_by_role("button", name=re.compile("a year later")))


def halve(hand: Hand) -> None:
    control = hand.find("ai uplift", "advertising.compute_elasticity")
    hand.write(control.locator(".jc-number"), "-50%", "Enter")


def break_even(hand: Hand) -> None:
    control = hand.find("ai uplift", "advertising.compute_elasticity")
    hand.click(control.get_by_role("button", name=re.compile("About")))
    hand.click(control.get_by_role("button", name="Find"))
    control.get_by_text("gives").wait_for()


def compare(hand: Hand) -> None:
    hand.tab("Compare")
    hand.click(hand.page.get_by_label("bear", exact=True))
    hand.page.locator(".jc-cases th", has_text="bear").wait_for()


def worth(hand: Hand) -> None:
    hand.tab("What each change is worth")
    hand.followed(".jc-worth")


def save(hand: Hand) -> None:
    hand.tab("Save and share")
    hand.write(hand.page.get_by_label("Name", exact=True), "slower")
    hand.write(hand.page.get_by_label("Reason", exact=True), "Capex slips a year")
    hand.button("Save scenario")
    hand.page.get_by_text("Saved as slower").wait_for()


def send(hand: Hand) -> None:
    hand.tab("Save and share")
    hand.button("Copy link")
    hand.page.locator(".jc-yaml").wait_for()


def hand_over(hand: Hand) -> None:
    hand.tab("Save and share")
    with hand.page.expect_download(timeout=300_000):
        hand.button("Excel workbook")
        hand.button("Render report")  # both are made at once
    hand.page.get_by_text("Published as edition").wait_for(timeout=300_000)


TASKS: tuple[tuple[str, Callable[[Hand], None]], ...] = (
    ("Change WACC to 9%", wacc),
    ("Give chips a life of three years from 2027", chips),
    ("Delay capex by a year", delay),
    ("Halve the response of advertising", halve),
    ("Find what breaks even", break_even),
    ("Compare with bear by inputs", compare),
    ("See what each change is worth", worth),
    ("Save it", save),
    ("Send it to a colleague", send),
    ("Hand over Excel and PDF", hand_over),
)


_PICTURES = {3: "workbench-delay.png", 7: "workbench-worth.png"}
"""Those of docs/workbench.md, by the task after which they are taken."""
_SIZE, _COLOURS = (1050, 675), 128


def main(folder: Path | None) -> None:
    """Print one line a task."""
    with (
        tempfile.TemporaryDirectory() as project,
        chromium() as browser,
        serving("app", copied_project(Path(project))) as server,
    ):
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(server.url)
        panel = PanelPage(page)
        panel.ready()
        if folder is not None:
            _pictured(panel, folder / "workbench.png")
        for number, (title, task) in enumerate(TASKS, 1):
            hand, begun = Hand(panel), time.monotonic()
            task(hand)
            print(
                f"{number:2} {title}: {time.monotonic() - begun:.0f} s, {hand.steps} steps",
                flush=True,
            )
            if folder is not None and number in _PICTURES:
                _pictured(panel, folder / _PICTURES[number])


def _pictured(panel: PanelPage, path: Path) -> None:
    panel.page.locator(".jc-pane:visible").scroll_into_view_if_needed()
    panel.page.wait_for_timeout(500)
    image = Image.open(BytesIO(panel.page.screenshot()))
    small = image.convert("RGB").resize(_SIZE, Image.Resampling.LANCZOS)
    small.quantize(_COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
