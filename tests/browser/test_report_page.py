"""The HTML report in a browser, offline: at a phone's and a desk's width, by keyboard, by axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from jcurve.briefing.page import html
from jcurve.briefing.reading import read
from jcurve.figures.whatif import WhatIf
from tests.support.browsing import PATIENCE
from tests.support.report_cells import executed, real_project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = {"phone": 390, "desk": 1280}
BLANK_SHARE = 0.985
"""A picture in which more than this share of the dots has one colour shows next to nothing."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WhatIf]:
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JCURVE_PROJECT", str(real_project(tmp_path_factory.mktemp("project"))))
        notebook, shown = executed("scenario_report", folder, ("book",))
    path = folder / "report.html"
    path.write_text(html(read(notebook, "scenario_report")))
    return path, next(item for item in shown if isinstance(item, WhatIf))


@pytest.fixture(scope="module", params=["executive_brief", "comparison_report", "peer_report"])
def other_report(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another report of the pack as a page; the dear ones are left out."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JCURVE_PROJECT", str(real_project(tmp_path_factory.mktemp("project"))))
        notebook, _ = executed(request.param, folder)
    path = folder / f"{request.param}.html"
    path.write_text(html(read(notebook, request.param)))
    return path


class Opened:
    """A page with what went wrong on it."""

    def __init__(self, browser: Browser, path: Path, width: int, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda told: self.faults.append(told.text))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())


@pytest.fixture(scope="module", params=WIDTHS)
def loaded(request: Any, browser: Browser, report: tuple[Path, WhatIf]) -> Iterator[Opened]:
    """Opened once for each width: to lay out the page takes seconds."""
    found = Opened(browser, report[0], WIDTHS[request.param], offline=True)
    yield found
    found.context.close()


@pytest.fixture
def opened(loaded: Opened) -> Opened:
    """The page as a reader finds it, at its top, whatever was done with it before."""
    loaded.page.get_by_role("button", name="Back to the scenario").click()
    loaded.page.keyboard.press("Escape")
    loaded.page.evaluate(
        "document.body.tabIndex = -1; document.body.focus();"
        " document.body.removeAttribute('tabindex'); scrollTo(0, 0)"
    )
    return loaded


def test_asks_for_nothing_and_breaks_no_rule(opened: Opened) -> None:
    outside = [url for url in opened.asked if not url.startswith(("file:", "data:"))]
    assert outside == []
    assert opened.faults == []


def test_nothing_sticks_out_at_the_side(opened: Opened) -> None:
    wide, room = opened.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room


def test_every_chart_can_be_seen(opened: Opened) -> None:
    import io

    from PIL import Image

    drawings = opened.page.locator("figure.chart svg:visible")
    assert drawings.count() > 6
    assert drawings.count() == opened.page.locator("figure.chart").count()
    room = opened.page.viewport_size
    assert room is not None
    for at in range(drawings.count()):
        drawing = drawings.nth(at)
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= room["width"]
        picture = Image.open(io.BytesIO(drawing.screenshot())).convert("RGB")
        most = max(count for count, _ in picture.getcolors(maxcolors=1 << 24) or [(1, None)])
        assert most < BLANK_SHARE * picture.width * picture.height


def test_dials_look_up_what_was_computed(opened: Opened, report: tuple[Path, WhatIf]) -> None:
    _, panel = report
    shown = opened.page.locator(".whatif .value").first
    home = panel.dials[0].at * 81 + panel.dials[1].at * 9 + panel.dials[2].at
    value = panel.outputs[0].cells
    assert shown.text_content() == value[home]
    opened.page.locator(".whatif input").nth(1).focus()
    opened.page.keyboard.press("ArrowRight")
    assert shown.text_content() == value[home + 9]
    opened.page.locator(".whatif input").nth(0).focus()
    opened.page.keyboard.press("Home")
    assert shown.text_content() == value[home + 9 - 81 * panel.dials[0].at]
    opened.page.get_by_role("button", name="Back to the scenario").click()
    assert shown.text_content() == value[home]


def test_what_is_pointed_at_shows_its_value(opened: Opened) -> None:
    """Without a network, by pointer and by key."""
    chart = opened.page.locator("#exhibit-jcurve .drawing:visible")
    box = chart.bounding_box()
    assert box is not None
    chart.scroll_into_view_if_needed()
    chart.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    note = opened.page.locator(".pointed")
    assert re.fullmatch(r"20\d\d Q[1-4]\nDiscounted: .+\nNominal: .+", note.text_content() or "")
    before = note.text_content()
    chart.focus()
    opened.page.keyboard.press("ArrowRight")
    assert note.is_visible()
    assert note.text_content() != before
    opened.page.keyboard.press("Escape")
    assert not note.is_visible()
    assert opened.faults == []


def test_tables_of_words_are_stacked_on_a_phone(opened: Opened) -> None:
    table = opened.page.locator("#exhibit-returns .scroll")
    head = table.locator("thead")
    assert head.is_visible() == (opened.page.viewport_size == {"width": 1280, "height": 900})
    wide, room = table.evaluate("it => [it.scrollWidth, it.clientWidth]")
    assert wide <= room + 1


def test_without_scripts_the_dials_stay_away(browser: Browser, report: tuple[Path, WhatIf]) -> None:
    found = Opened(browser, report[0], WIDTHS["desk"], java_script_enabled=False)
    assert not found.page.locator(".whatif").is_visible()
    assert found.page.locator("#exhibit-what-if table").is_visible()
    found.context.close()


def test_the_keyboard_reaches_contents_tables_and_dials(opened: Opened) -> None:
    reached = set()
    for _ in range(60):
        opened.page.keyboard.press("Tab")
        reached.add(
            opened.page.evaluate(
                "(() => { const at = document.activeElement;"
                " return at.closest('.contents') ? 'contents' : at.closest('.whatif') ? 'dials'"
                " : at.className === 'scroll' ? 'table' : at.className; })()"
            )
        )
    assert {"skip", "contents", "table", "dials"} <= reached


def _axe(found: Opened) -> list[str]:
    """What axe-core finds serious on a page."""
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:120]}"
        for each in Axe().run(found.page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, report: tuple[Path, WhatIf], width: int, scheme: str
) -> None:
    # Axe is a script from outside, which the page's own policy would not let in.
    found = Opened(browser, report[0], width, bypass_csp=True, color_scheme=scheme)
    serious = _axe(found)
    found.context.close()
    assert serious == []


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_other_reports_are_as_sound(browser: Browser, other_report: Path, width: int) -> None:
    strict = Opened(browser, other_report, width, offline=True)
    outside = [url for url in strict.asked if not url.startswith(("file:", "data:"))]
    wide, room = strict.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    strict.context.close()
    assert outside == strict.faults == []
    assert wide <= room
    found = Opened(browser, other_report, width, bypass_csp=True)
    serious = _axe(found)
    found.context.close()
    assert serious == []
