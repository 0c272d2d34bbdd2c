"""The hand on the controls in a browser: typed, pasted, dragged, greyed."""

from __future__ import annotations

from tests.support.browsing import PanelPage
from tests.support.quarters_back import COMING

WACC, CAPEX, LIVES = "returns.wacc", "capex.total", "life.change"


def paste(panel: PanelPage, text: str) -> None:
    """Paste into the field that has the focus, as a sheet's copy."""
    panel.page.evaluate(
        """text => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text", text);
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    panel.settled()


def test_typed_is_not_taken_until_it_is(panel: PanelPage) -> None:
    """It is marked beside the field and counted on top; Enter takes it, Escape takes it back."""
    page, field = panel.page, panel.field(WACC)
    hint = panel.control(WACC).locator(".jc-hint")
    before = panel.hash
    field.fill("9.5 % a year")
    field.fill("8 percent a year")
    assert hint.is_visible()
    assert page.locator(".jc-typed-count").inner_text() == "1 value typed, not applied"
    assert panel.hash == before
    field.press("Escape")
    assert (field.input_value(), hint.is_visible()) == ("9.5", False)
    field.fill("+50bp")
    field.press("Enter")
    panel.settled()
    assert panel.overrides() == {WACC: "10 percent per year"}
    assert page.locator(".jc-typed-count").inner_text() == ""
    field.press("ArrowUp")
    field.press("ArrowUp")
    panel.settled()
    assert panel.overrides() == {WACC: "10.1 percent per year"}
    field.press("Control+z")  # both steps are one gesture
    panel.settled()
    assert panel.overrides() == {WACC: "10 percent per year"}
    assert "1 change to base" in page.locator(".jc-status").inner_text()


def test_a_path_by_paste_key_and_mouse(panel: PanelPage) -> None:
    """Years past the plan are greyed and show what the model makes of them."""
    page, control = panel.page, panel.control(CAPEX)
    control.locator(".jc-open").click()
    years = control.locator(".jc-years input")
    open_years = [each for each in years.all() if each.is_enabled()]
    planned = 2031 - COMING.year
    assert len(open_years) == planned
    assert years.nth(planned).get_attribute("aria-label") == "Capex of guided years, 2031"
    assert float(years.nth(planned).input_value()) > 0
    assert "End of yearly plan" in control.inner_text()
    at = 2027 - COMING.year
    years.nth(at).focus()
    paste(panel, "150\t$160bn\t170,000m\r\n")
    single = {
        f"{CAPEX}.{year}": f"{value} USD bn"
        for year, value in ((2027, 150), (2028, 160), (2029, 170))
    }
    assert panel.overrides() == single
    paste(panel, "1\t2\t3\t4\t5\t6")
    assert "longer than the years" in control.get_by_role("alert").inner_text()
    assert panel.overrides() == single
    years.nth(at).press("Escape")
    dot = control.locator(".jc-spark .jc-dot").nth(at)
    box = dot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + 4, box["y"] - 12, steps=4)
    page.mouse.up()
    panel.settled()
    assert float(panel.overrides()[f"{CAPEX}.2027"].split()[0]) > 160
    panel.click("Undo")  # the whole drag
    assert panel.overrides() == single
    control.get_by_role("button", name="later").click()
    panel.settled()
    assert set(panel.overrides()) == {CAPEX}
    control.locator(".jc-open").click()


def test_lives_dates_and_mixes_are_chosen(panel: PanelPage) -> None:
    """No YAML in a field: a date is two choices, a life has years, a mix adds up by itself."""
    page, lives = panel.page, panel.control(LIVES)
    lives.get_by_role("button", name="Add a change").click()
    lives.locator(".jc-life-new input").fill("3 years")
    page.keyboard.press("Enter")
    panel.settled()
    assert panel.overrides() == {f"{LIVES}.2027Q1": "3 years"}
    lives.locator("select").first.select_option("2028")
    panel.settled()
    assert panel.overrides() == {f"{LIVES}.2028Q1": "3 years"}
    lives.get_by_role("button", name="Take away").click()
    panel.settled()
    assert panel.overrides() == {}
    search = page.get_by_label("Search assumptions")
    search.fill("capex.planned_through")
    panel.control("capex.planned_through").locator("select").first.select_option("2032")
    panel.settled()
    assert panel.overrides() == {"capex.planned_through": "2032Q4"}
    search.fill("lever.share")
    share = panel.field("lever.share.targeting")
    share.fill("40")
    share.press("Enter")
    panel.settled()
    assert panel.overrides()["lever.share.engagement"] == "40 percent"


def test_what_cannot_act_leads_to_what_rules(panel: PanelPage) -> None:
    control = panel.control("programme.scales_talent")
    assert control.locator("input").is_disabled()
    assert "No effect while" in control.inner_text()
    control.get_by_role("button", name="Go to what rules").click()
    focused = "() => document.activeElement.closest('.jc-control').dataset.key"
    assert panel.page.evaluate(focused) == "programme.scale"
    panel.page.keyboard.press("Control+a")
    panel.page.keyboard.type("0.5")
    panel.page.keyboard.press("Enter")
    panel.settled()
    panel.page.get_by_label("Search assumptions").fill("")
    assert control.locator("input").is_enabled()
