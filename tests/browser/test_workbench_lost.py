"""A house that is full and a kernel that is lost; the app is of use to others after them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import ROOM
from tests.support.browsing import PATIENCE, PanelPage, agrees, opened
from tests.support.serving import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WACC = "returns.wacc"


@pytest.fixture
def panel(browser: Browser, app: Server) -> Iterator[PanelPage]:
    """A page whose console may complain."""
    with opened(browser, app.url) as found:
        yield found
        found.faults.clear()


def test_a_full_house_says_so(panel: PanelPage, browser: Browser, app: Server) -> None:
    """In words, on a page that tries again by itself."""
    pages = []
    for _ in range(ROOM):
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        answer = page.goto(app.url)
        assert answer is not None
        pages.append(page)
        if answer.status != 200:
            break
    assert answer.status == 503
    text = page.locator("main").inner_text()
    assert "No room just now" in text
    assert f"as many panels are open as may be ({ROOM}," in text
    assert f"jcurve app --kernels {ROOM + 2}" in text
    assert page.locator("meta[http-equiv=refresh]").count() == 1
    for each in pages:  # as a reader does, so that the page ends its kernel
        each.close(run_before_unload=True)


def test_a_kernel_that_stops_or_dies_leaves_no_wrong_number(
    panel: PanelPage, app: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is shown stays the last confirmed state, controls included, and is called so."""
    panel.press(WACC, 3, "ArrowRight")
    kernels = app.kernels
    app.tell(kernels, "suspend")
    panel.press(WACC, 5, "ArrowRight")
    told = panel.page.get_by_text("The kernel does not answer")
    told.wait_for()
    assert panel.field(WACC).input_value() == "9.65"
    app.tell(kernels, "resume")
    told.wait_for(state="hidden")
    panel.settled()
    assert panel.overrides() == {WACC: "9.9 percent per year"}  # the last position, after all
    agrees(panel, app, capsys)

    confirmed = panel.hash, panel.headline("npv"), panel.field(WACC).input_value()
    app.tell([each for each in app.kernels if panel.kernel in str(each.cmdline())], "kill")
    panel.press(WACC, 4, "ArrowRight")
    told.wait_for()
    assert (panel.hash, panel.headline("npv"), panel.field(WACC).input_value()) == confirmed
