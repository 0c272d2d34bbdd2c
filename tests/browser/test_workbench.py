"""The workbench in a browser, as an app and in JupyterLab: what is shown is what the model says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jcurve.briefing.exporters import BriefingHTMLExporter
from jcurve.commands import main
from tests.support.browsing import PATIENCE, PanelPage, agrees, grave, opened
from tests.support.serving import Server, copied_project, serving
from tests.support.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WACC = "returns.wacc"
CAPEX = "capex.total"
FLEET = "fleet.share"


def test_a_reader_without_the_token_sees_nothing(browser: Browser, app: Server) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(app.url.partition("?")[0])
    page.wait_for_load_state()
    assert page.locator(".jc").count() == 0
    assert "login" in page.url
    page.close()


def test_from_a_slider_to_a_saved_scenario(
    panel: PanelPage, app: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """One analyst's way: keyboard, mouse, a mistake, undo, save, reload."""
    page = panel.page
    assert "import jcurve" not in page.content()  # code is hidden
    agrees(panel, app, capsys, {})
    before = panel.picture

    panel.press(FLEET, 6)
    by_keyboard = panel.picture
    assert by_keyboard != before
    assert set(panel.overrides()) == {FLEET}
    agrees(panel, app, capsys)
    assert panel.slider(FLEET).get_attribute("aria-valuetext") == (
        panel.overrides()[FLEET].replace(" percent", "%")
    )

    panel.drag(CAPEX, 0.25)
    assert panel.picture != by_keyboard
    assert set(panel.overrides()) == {FLEET, CAPEX}
    agrees(panel, app, capsys)

    dragged, shown = panel.hash, panel.picture
    field = panel.field(FLEET)
    field.fill("900")
    field.press("Enter")
    refusal = panel.control(FLEET).get_by_role("alert")
    refusal.wait_for()
    assert "Out of bounds: 900. Allowed: 0.5 to 100%. Not applied" in refusal.inner_text()
    assert field.get_attribute("aria-invalid") == "true"
    assert (panel.hash, panel.picture) == (dragged, shown)
    field.press("Escape")
    assert not refusal.is_visible()

    panel.click("Undo")  # the whole drag
    assert panel.picture == by_keyboard
    agrees(panel, app, capsys)
    panel.click("Redo")
    assert panel.hash == dragged

    page.get_by_role("tab", name="Save and share").click()
    page.get_by_label("Name", exact=True).fill("leaner")
    page.get_by_role("button", name="Save scenario").click()
    page.get_by_text("Why is missing").wait_for()
    page.get_by_label("Reason", exact=True).fill("Capex comes down once capacity catches up")
    page.get_by_role("button", name="Save scenario").click()
    page.get_by_text("Saved as leaner").wait_for()
    capsys.readouterr()
    assert main(["--project", str(app.project), "check", "leaner"]) == 0
    agrees(panel, app, capsys, {}, "leaner")  # one definition: the saved one is this very state
    panel.settled()
    assert page.get_by_label("Scenario to start from").input_value() == "leaner"
    assert panel.overrides() == {}
    panel.click("Undo")

    page.reload()
    panel.ready()
    assert panel.hash != dragged  # a new kernel begins at the beginning, and says so
    page.get_by_role("button", name="Restore").click()
    page.wait_for_function(f"() => document.querySelector('.jc').dataset.hash === '{dragged}'")
    page.get_by_label("Scenario to start from").select_option("bull")
    page.wait_for_function(f"() => document.querySelector('.jc').dataset.hash !== '{dragged}'")
    panel.settled()
    agrees(panel, app, capsys, {}, "bull")  # the one that pays back


def test_a_hundred_rapid_moves_and_two_panels(
    browser: Browser, panel: PanelPage, app: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last position wins, and a panel beside it keeps its own state."""
    with opened(browser, app.url) as other:
        other.press(WACC, 5, "ArrowRight")
        moved = other.hash
        panel.page.evaluate(
            """() => {
              const control = document.querySelector('.jc-control[data-key="returns.wacc"]');
              const slider = control.querySelector(".jc-slider");
              const { min, max, step } = slider;
              for (let at = 0; at < 100; at += 1) {
                slider.value = Number(min) + (at * 37 % 90) * Number(step);
                slider.dispatchEvent(new Event("input"));
              }
              slider.value = Number(max) - 3 * Number(step);
              slider.dispatchEvent(new Event("input"));
            }"""
        )
        panel.settled()
        last = panel.field(WACC).input_value()
        assert panel.overrides() == {WACC: f"{last} percent per year"}
        assert float(last) == pytest.approx(12.1)
        agrees(panel, app, capsys)
        assert other.hash == moved
        agrees(other, app, capsys)


def test_other_pictures_and_answers(panel: PanelPage) -> None:
    """Exhibits, trace, tornado and solve answer to the keyboard and to the mouse."""
    page = panel.page
    panel.press(FLEET, 4)
    page.get_by_label("Exhibit").select_option("report:bridge")
    page.wait_for_selector(".jc-drawing:not(.jc-old):visible svg[aria-label^='Waterfall']")
    page.get_by_label("Exhibit").select_option("revenue")
    page.get_by_label("View or world").select_option("without")
    page.wait_for_selector(".jc-what:has-text('Company without AI')")
    panel.click("Numbers")
    page.locator(".jc-numbers tbody button").nth(8).press("Enter")
    page.wait_for_selector(".jc-trace code:has-text('revenue@without')")
    page.get_by_role("tab", name="Trace").press("ArrowLeft")
    page.get_by_role("button", name="Solve").click()
    page.get_by_text("gives npv = 0").wait_for()
    panel.press(FLEET, 1)
    assert page.locator(".jc-pane:visible .jc-stale").is_visible()


def test_the_report_is_of_this_very_state(panel: PanelPage, app: Server) -> None:
    """Rendered beside the panel, which moves on meanwhile."""
    panel.press(WACC, 2)
    page, asked = panel.page, panel.hash
    page.get_by_role("tab", name="Save and share").click()
    page.get_by_role("button", name="Render report").click()
    panel.press(WACC, 2)
    assert panel.hash != asked
    page.get_by_text("Published as edition").wait_for(timeout=2 * PATIENCE)
    (results,) = app.project.glob("reports/scenario_report/*/*/results.json")
    assert json.loads(results.read_text())["scenario"]["hash"] == asked
    assert results.with_name("report.pdf").is_file()


def test_axe_finds_nothing_that_matters(panel: PanelPage) -> None:
    """Labels, contrast and roles of the panel, with everything that can be opened open."""
    page = panel.page
    for group in page.locator(".jc-group:not([open]) > summary").all()[:4]:
        group.click()
    for _ in range(3):
        page.locator(".jc-link[aria-expanded=false]").first.click()
    page.evaluate(
        "document.querySelectorAll('.jc-pane').forEach((each) => { each.hidden = false; })"
    )
    assert grave(page) == []
    page.get_by_role("tab", name="What each change is worth").click()


def _save(page: Page, notebook: Path) -> None:
    """Save until the file holds the panel: the page may not know at once that it has changed."""

    def saved() -> bool:
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1_000)
        # JupyterLab empties the file before it writes it.
        return "widget-state+json" in notebook.read_text()

    assert until(saved), "JupyterLab did not save the notebook"


def _briefing(notebook: Path) -> str:
    """The words of a notebook's briefing."""
    page, _ = BriefingHTMLExporter().from_filename(str(notebook))
    return page


def test_in_jupyterlab(
    browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same panel in a notebook, by the same keys; it survives a reload, and after the end of
    its kernel it is still there, says so, and the next one offers its state."""
    with serving("lab", copied_project(tmp_path)) as lab:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        panel = PanelPage(page)
        page.goto(lab.url)
        panel.run_cell()
        agrees(panel, lab, capsys, {})
        for width, height, least in ((390, 844, 0.65), (1024, 768, 0.8), (1280, 800, 0.8)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(
                "least => { const { left, right } = document.querySelector('.jc')"
                ".getBoundingClientRect(); return right <= innerWidth"
                " && right - left >= least * innerWidth; }",
                arg=least,
            )
            assert width > 390 or grave(page) == []
        before = panel.picture
        panel.press(FLEET, 6)
        assert set(panel.overrides()) == {FLEET}  # the keys were not the notebook's
        assert panel.picture != before
        panel.drag(CAPEX, 0.3)
        assert set(panel.overrides()) == {FLEET, CAPEX}
        agrees(panel, lab, capsys)
        page.wait_for_function("() => document.querySelectorAll('.jc-step').length === 2")
        page.get_by_role("tab", name="What matters here").click()
        page.wait_for_selector(".jc-swing-row >> nth=10")
        changed = panel.hash
        panel.click("Undo")
        assert panel.hash != changed
        agrees(panel, lab, capsys)
        panel.click("Redo")

        field = panel.field(WACC)
        field.fill("8 % a year")
        field.press("Enter")  # of which JupyterLab lets no browser make a change
        panel.settled()
        assert panel.overrides()[WACC] == "8 percent per year"
        field.press("ArrowUp")
        field.press("ArrowDown")
        field.press("Tab")
        panel.settled()
        assert panel.overrides()[WACC] == "8 percent per year"
        field.fill("7")
        field.press("Escape")
        assert field.input_value() == "8"
        field.focus()
        changed, notebook = panel.hash, lab.project / "notebooks" / "workbench.ipynb"
        _save(page, notebook)  # with the focus in the panel
        page.reload()
        panel.ready()
        assert panel.hash == changed
        agrees(panel, lab, capsys)

        page.get_by_role("menuitem", name="File").first.click()
        page.get_by_text("Save and Export Notebook As").hover()
        page.get_by_text("Briefing (PDF)", exact=True).wait_for()
        assert page.get_by_text("Briefing (HTML)", exact=True).is_visible()
        for _ in range(2):
            page.keyboard.press("Escape")

        lab.tell(lab.kernels, "kill")
        page.locator(".jp-Dialog .jp-mod-accept").click()  # JupyterLab says that it restarts
        lost = page.get_by_text("The kernel does not answer")
        lost.wait_for()
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
        page.reload()
        panel.ready()
        lost.wait_for()
        assert panel.hash == changed
        assert _briefing(notebook).count("8.0% a year") == 1
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="Restore").click()
        page.wait_for_function(f"() => document.querySelector('.jc').dataset.hash === '{changed}'")
        agrees(panel, lab, capsys)
        assert panel.faults == []
        page.context.close()
