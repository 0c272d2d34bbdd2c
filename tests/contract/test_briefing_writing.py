"""Letters of every script, signs in words, right to left; no title of code points."""

from __future__ import annotations

import io
import re

import pypdfium2
import pytest
from pypdf import PdfReader

from jcurve.figures import fonts, plaintext
from jcurve.figures.plaintext import UNKNOWN, is_rtl, visible
from tests.support.foreign import Briefing, briefing, note, shown


def _fonts_of(made: Briefing) -> set[str]:
    found = set()
    for page in PdfReader(io.BytesIO(made.pdf)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            about = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            found.add(str(about.get_object()["/FontName"]).partition("+")[2])
    return found


@pytest.mark.parametrize(
    "text",
    [
        "资本支出",
        "設備投資",
        "설비투자",
        "การลงทุน",
        "व्यय",
        "Капитал",
        "Κεφάλαιο",
        "λ → ∞ ✓ ☀ №",
        "účetní",
    ],
)
def test_letters_of_every_script(text: str) -> None:
    made = briefing(note(f"# {text}\n\nOf **{text}** and `{text}`."), shown(f"<table><td>{text}"))
    # Clusters of letters are one sign each; a viewer's own reader takes them apart again.
    page = pypdfium2.PdfDocument(made.pdf)[0]
    letters = page.get_textpage().get_text_range().replace(" ", "")
    assert letters.count(text.replace(" ", "")) >= 3
    assert "[U+" not in made.text
    assert made.losses == []
    assert PdfReader(io.BytesIO(made.pdf)).metadata.title == text  # type: ignore[union-attr]


def test_the_house_font_stays_alone_where_it_is_enough() -> None:
    assert _fonts_of(briefing(note("# Plain\n\nCafé, 5 €."))) <= {
        "JCurveSans-Regular", "JCurveSans-SemiBold",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("🟢", "[green circle]"), ("📈 up", "[chart with upwards trend] up"),
        ("🇩🇪", "[flag DE]"), ("👨‍💻", "[man][personal computer]"), ("👍🏽", "[thumbs up sign]"),
        ("✅", "[check mark]"), ("1️⃣", "1"),
        ("⚠️", "⚠"), ("\U0010f0f0", "[U+10F0F0]"), ("\u202ex", "[U+202E]x"),
        ("क्‍ष", "क्‍ष"),
    ],
)  # fmt: skip
def test_signs_in_words(text: str, wanted: str) -> None:
    assert visible(text, fonts.Drawable()) == wanted


def test_signs_stay_as_they_are_on_a_page() -> None:
    page = briefing(note("# 🟢 on plan\n\n👨‍💻 and 🇩🇪")).page
    assert "<h1>🟢 on plan</h1>" in page
    assert "👨‍💻 and 🇩🇪" in page


def test_a_letter_that_no_font_has_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    none = lambda: ()  # noqa: E731
    monkeypatch.setattr(fonts, "_faces", none)
    fonts.fallback.cache_clear()
    plaintext._shown.cache_clear()
    try:
        made = briefing(note("# 资本 capex\n\n资本 and 资本."))
        assert made.document.title == "资本 capex"
        assert f"{UNKNOWN}{UNKNOWN} capex" in made.text
        assert made.losses == ["letters: 本 资 are in no font; install jcurve[scripts]"]
    finally:
        fonts.fallback.cache_clear()
        plaintext._shown.cache_clear()


@pytest.mark.parametrize(
    ("text", "rtl"),
    [
        ("שלום capex", True),
        ("2027 שלום", True),
        ("capex שלום", False),
        ("العربية", True),
        ("x", False),
    ],
)
def test_direction(text: str, rtl: bool) -> None:
    assert is_rtl(text) is rtl
    page = briefing(note(f"# T\n\n{text}\n\n## {text}")).page
    assert page.count('dir="rtl"') == (2 if rtl else 0)


def test_right_to_left_text_is_set_in_order() -> None:
    """The first word stands at the right; numbers and Latin words keep their own order."""
    import pdfplumber

    made = briefing(note("# T\n\nראשון 2027 capex אחרון"))
    with pdfplumber.open(io.BytesIO(made.pdf)) as opened:
        letters = opened.pages[0].chars
    place = {text: max(it["x0"] for it in letters if it["text"] == text) for text in "ר2x"}
    assert place["ר"] > place["2"] > place["x"]
    digits = [it["x0"] for it in letters if it["text"] in "2027"][:4]
    assert digits == sorted(digits)
    assert max(it["x1"] for it in letters) > 500


def test_cells_and_items_are_directed_by_themselves() -> None:
    made = briefing(
        note("- שלום\n- plain"), shown("<table><tr><td>שלום</td><td>5</td></tr></table>")
    )
    assert made.losses == []
    assert re.search(r'<p dir="rtl">|<li>', made.page)
