"""What follows the hand in a browser: waterfall, tornado, cards, pictures, cases, link, paper."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from jcurve.assumptions import Path, load
from jcurve.ground.project import Project
from tests.support.browsing import PanelPage, grave, opened
from tests.support.quarters_back import COMING
from tests.support.serving import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WACC = "returns.wacc"
FLEET = "fleet.share"


def money(text: str) -> float:
    """``−$1.2tn`` in USD bn."""
    sign, size, unit = re.fullmatch(r"([−+]?)\$([\d,.]+)(m|bn|tn)", text.strip()).groups()  # type: ignore[union-attr]
    scale = {"m": 1e-3, "bn": 1.0, "tn": 1e3}[unit]
    return (-1 if sign == "−" else 1) * float(size.replace(",", "")) * scale


def followed(panel: PanelPage, what: str) -> None:
    """Wait until an answer is of the state that is shown."""
    panel.settled()
    panel.page.wait_for_function(
        """what => [...document.querySelectorAll(`${what} .jc-follows`)].some((each) =>
            !each.closest("[hidden]") && !each.classList.contains("jc-old")
            && each.dataset.of === document.querySelector(".jc").dataset.hash)""",
        arg=what,
    )


def test_each_change_and_its_worth(panel: PanelPage) -> None:
    """An edit says what it would do; made, it is a step; the steps sum; one is undone alone."""
    page = panel.page
    before = money(panel.headline("npv"))
    field = panel.field(FLEET)
    field.fill("12")
    note = page.locator(".jc-preview")
    note.wait_for()
    told = note.locator("strong").inner_text()
    assert money(panel.headline("npv")) == before
    field.press("Enter")
    panel.settled()
    assert panel.headline("npv") == told
    panel.press(WACC, 4, "ArrowRight")
    followed(panel, ".jc-worth")
    steps = page.locator(".jc-step .jc-amount").all()
    amounts = [float(each.get_attribute("data-amount") or 0) / 1000 for each in steps]
    assert len(amounts) == 2
    after = money(panel.headline("npv"))
    assert sum(amounts) == pytest.approx(after - before, abs=1.5)
    page.get_by_role("button", name=re.compile("Undo this step: Long-run fleet share")).click()
    followed(panel, ".jc-worth")
    assert set(panel.overrides()) == {WACC}
    assert page.locator(".jc-step").count() == 1


def test_what_matters_follows_every_move(panel: PanelPage) -> None:
    page = panel.page
    page.get_by_role("tab", name="What matters here").click()
    followed(panel, ".jc-matters")
    before = page.locator(".jc-swing-row").all_inner_texts()
    panel.press(WACC, 6)
    followed(panel, ".jc-matters")
    assert page.locator(".jc-swing-row").all_inner_texts() != before
    assert page.locator(".jc-range .jc-place").count() == page.locator(".jc-swing-row").count()
    page.locator(".jc-swing-row .jc-link").first.click()
    assert page.locator(".jc-search").input_value()


def test_cards_and_pictures_of_ones_choice(panel: PanelPage) -> None:
    """A line's year as a card; four pictures; the values under the mouse and the arrow keys."""
    page = panel.page
    page.get_by_role("button", name="+ Card").click()
    page.get_by_label("Result or line for a new card").fill("Earnings per share")
    page.get_by_role("button", name="Add card").click()
    page.locator('[data-headline="earnings_per_share@with:2028"]').wait_for()
    for at, name in ((2, "line:free_cash_flow"), (3, "report:size"), (4, "rest:worth")):
        page.get_by_role("button", name="Add a picture").click()
        page.locator(f"select[aria-label='Picture {at}']").select_option(name)
        panel.settled()
    assert page.get_by_role("button", name="Add a picture").is_disabled()
    drawing = page.locator(".jc-drawing").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
    tip = drawing.locator(".jc-tip")
    assert re.match(r"20\d\d Q\d", tip.inner_text())
    shown = tip.inner_text()
    page.mouse.move(5, 5)
    assert not tip.is_visible()
    drawing.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert tip.inner_text() != shown
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Simulate").first.click()
    page.wait_for_selector(".jc-band")
    page.wait_for_function("() => document.querySelector('.jc-band')?.getAttribute('d').length")
    panel.press(FLEET, 2)
    page.wait_for_selector(".jc-band")
    for at in (4, 3, 2):
        page.get_by_role("button", name=f"Remove picture {at}").click()
        panel.settled()
    page.get_by_role("button", name="Simulate").first.click()
    page.locator('[data-headline="earnings_per_share@with:2028"]').hover()
    page.get_by_role("button", name="Remove the card Earnings per share 2028").click()
    panel.settled()


def test_cases_are_kept_compared_and_sent(panel: PanelPage, app: Server, browser: Browser) -> None:
    """Save, update, duplicate, delete and undo; a table; a link that another visitor opens."""
    page = panel.page
    panel.press(WACC, 2)
    page.get_by_role("tab", name="Save and share").click()
    page.get_by_label("Name", exact=True).fill("dearer")
    page.get_by_label("Reason", exact=True).fill("Rates rose")
    page.get_by_role("button", name="Save scenario").click()
    page.get_by_text("Saved as dearer").wait_for()
    panel.settled()
    panel.press(FLEET, 3)
    page.get_by_label("Reason for Long-run fleet share").fill("Less is enough")
    page.get_by_label("Reason for Long-run fleet share").press("Tab")
    panel.settled()
    page.get_by_label("Reason", exact=True).fill("Slower")
    page.get_by_role("button", name="Update dearer").click()
    page.get_by_text("Updated dearer").wait_for()
    assert load("dearer", Project(app.project)).assumptions[FLEET].why == "Less is enough"
    page.get_by_label("Scenario to manage").select_option("dearer")
    page.get_by_label("New name").fill("dearer_still")
    page.get_by_role("button", name="Duplicate").click()
    page.get_by_text("Saved as dearer_still").wait_for()
    page.get_by_label("Scenario to manage").select_option("dearer_still")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo deleting dearer_still").click()
    page.get_by_text("dearer_still is back").wait_for()

    panel.press(WACC, 2)
    page.get_by_role("button", name="Copy link").click()
    sent = page.locator(".jc-yaml").inner_text()
    assert "token" not in sent
    with opened(browser, f"{app.url}#{sent.partition('#')[2]}") as other:
        other.page.wait_for_function(
            "hash => document.querySelector('.jc').dataset.hash === hash", arg=panel.hash
        )
        assert other.headline("npv") == panel.headline("npv")

    page.get_by_role("tab", name="Compare").click()
    page.get_by_label("bear", exact=True).check()
    followed(panel, ".jc-pane")
    page.locator(".jc-cases th", has_text="bear").wait_for()
    with page.expect_download() as told:
        page.get_by_role("button", name="Download table").click()
    table = told.value.path().read_text(encoding="utf-8-sig")
    assert table.splitlines()[0].startswith(",Key,Period,Unit,Present state,base,bear")
    assert f",{FLEET}," in table


def test_a_year_is_filled_on(panel: PanelPage) -> None:
    """A year's value in the years after it, the ones before and those past the plan untouched."""
    control = panel.control("capex.total")
    control.get_by_role("button", name="By year", exact=True).click()
    control.locator('[data-period="2027"]').click()
    control.get_by_role("button", name=re.compile("in every year after it")).click()
    panel.settled()
    plan = load("base")["capex.total"].value
    assert isinstance(plan, Path)
    for year in range(COMING.year, 2031):
        shown = control.locator(f'[data-period="{year}"]').input_value()
        assert float(shown) * 1000 == pytest.approx(plan.at(min(year, 2027)))


def test_the_numbers_are_few_tabs_away(panel: PanelPage) -> None:
    """From the top of the panel to a card and an answer, by keyboard alone."""
    page = panel.page
    page.locator(".jc-start select").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.dataset.headline") == "npv"
    page.keyboard.press("Enter")
    page.wait_for_selector(".jc-trace")


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1024, 768), (390, 800)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off(panel: PanelPage, width: int, height: int, scheme: str) -> None:
    """No part of the panel runs out of the page, on a desk and on a phone; colours follow."""
    page = panel.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(200)
    assert page.locator(".jc").evaluate("each => each.scrollWidth <= each.clientWidth + 1")
    wide = page.evaluate(
        """() => [...document.querySelectorAll(".jc-picture, .jc-tools, .jc-left, .jc-cards")]
            .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
            .map((each) => each.className)"""
    )
    assert wide == []
    ground = page.locator(".jc").evaluate("each => getComputedStyle(each).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert scheme == "light" or grave(page) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1400, "height": 900})


def test_paper_is_one_page(panel: PanelPage) -> None:
    """What is printed is the numbers, the picture and the open answer, on one page, whole."""
    panel.press(WACC, 4, "ArrowRight")
    followed(panel, ".jc-worth")
    printed = panel.page.pdf(prefer_css_page_size=True, print_background=True)
    (paper,) = PdfReader(BytesIO(printed)).pages
    text = " ".join(paper.extract_text().split())
    for words in ("Net present value", "IRR to the horizon", "Worth"):
        assert words in text
    assert "Search assumptions" not in text
    assert "Present state" in text
