"""One notebook for each kind of fault that people reported of tools like this one."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

from tests.support import pdfcheck
from tests.support.foreign import briefing, case, note, of, picture


def test_h01_numbers_of_an_index_of_two_levels_stand_under_their_heads() -> None:
    made = of(case("h01"))
    cells = made.table()
    assert [cells[0, 2], cells[0, 3]] == ["capex", "depreciation"]
    assert [cells[row, 0] for row in (2, 4)] == ["base", "bear"]
    body = [[cells[row, column] for column in (1, 2, 3)] for row in range(2, 6)]
    assert body == [
        ["2026", "100", "11"], ["2027", "200", "22"], ["2026", "300", "33"], ["2027", "400", "44"],
    ]  # fmt: skip
    assert '<th scope="rowgroup" class="text" rowspan="2">base</th>' in made.page


def test_h02_fourteen_years_are_legible() -> None:
    made = of(case("h02"))
    heads = [it for cells in pdfcheck.tables(made.pdf) for it in cells if it.row == 0 and it.text]
    assert [it.text for it in heads] == [str(year) for year in range(2022, 2036)]
    for cells in pdfcheck.tables(made.pdf):
        named = [it.text for it in cells if it.column == 0 and it.row]
        assert named == ["capex", "book_depreciation", "free_cash_flow", "net_cash"]


def test_h03_contents_take_the_room_they_need() -> None:
    text = of(case("h03")).text
    for number in range(1, 11):
        assert text.count(f"{number}. A heading of a section") == 2
    assert text.index("First paragraph") > text.index("10. A heading")


@pytest.mark.parametrize(
    ("heads", "pages"),
    [
        ([f"Section {number}" for number in range(1, 71)], 2),
        (
            [f"{number}. " + "A heading that runs on over the line " * 4 for number in range(1, 9)],
            1,
        ),
        (
            [
                rf"Rate {number} of $\frac{{a_{{{number}}}}}{{b}}$ and `code`"
                for number in range(1, 9)
            ],
            1,
        ),
    ],
    ids=["of two pages", "of several lines", "with formulas"],
)
def test_contents_of_any_kind_take_the_room_they_need(heads: list[str], pages: int) -> None:
    """Each heading once in the contents and once at its place, nothing over anything."""
    cells = [each for head in heads for each in (note(f"## {head}"), note("A paragraph. " * 8))]
    made = briefing(note("# A long note\n\nFirst paragraph."), *cells)
    first = next(n for n, text in enumerate(pdfcheck.page_texts(made.pdf)) if "First par" in text)
    assert first >= pages - 1
    for number in range(1, len(heads) + 1):
        start = heads[number - 1].split("$")[0].split(" A heading")[0].strip()
        found = re.findall(rf"{re.escape(start)}(?!\d)", " ".join(made.text.split()))
        assert len(found) == 2, start
    assert pdfcheck.complaints(made.pdf) == []


def test_h04_formulas_keep_their_meaning() -> None:
    made = of(case("h04"))
    assert "<msqrt><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></msqrt>" in made.page
    assert re.search(r"<mfrac><msub><mtext>Capex</mtext><mn>2027</mn></msub><msub>", made.page)
    assert "Capex of $65bn to $72bn and $5 a share." in made.text
    formulas = [it.alt for it in pdfcheck.structure(made.pdf) if it.tag == "Formula"]
    assert formulas[0] == r"\sqrt{a + b} + c"
    assert "$" not in made.text.replace("$65bn to $72bn and $5", "")


def test_h05_words_of_html_come_before_the_repr() -> None:
    made = of(case("h05"))
    assert "Base case pays back in 2034Q2" in made.text
    assert "IPython" not in made.text + made.page


def test_h06_words_around_a_table() -> None:
    text = of(case("h06")).text
    assert text.index("Amounts in USD m, fiscal years.") < text.index("capex 1,000")
    assert text.index("capex 1,000") < text.index("Source: own estimate, not audited.")


def test_h07_attached_pictures_are_shown(tmp_path: Path) -> None:
    made = briefing(
        note("# Pasted"),
        note("![one](attachment:a.png)", attachments={"a.png": {"image/png": picture()}}),
        note(f"![two](data:image/png;base64,{picture()})"),
    )
    assert pdfcheck.alts(made.pdf) == ["one", "two"]
    assert made.losses == []


def test_h08_html_in_markdown_is_shown_as_jupyter_shows_it() -> None:
    made = of(case("h08"))
    assert made.table()[1, 1] == "135"
    assert '<div class="callout" role="note"><p><strong>Note:</strong> guidance' in made.page
    assert "CO<sub>2</sub> and x<sup>2</sup> and <strong>bold</strong>. €5" in made.page


def test_h09_a_styled_table_keeps_caption_and_shading() -> None:
    made = of(case("h09"))
    assert made.text.index("Table 3: capex by year, USD m") < made.text.index("2022")
    assert made.page.count('class="num shade-ffff00"') == 4
    assert ".shade-ffff00{background:#ffff00;color:#1b2430}" in made.page


def test_h10_letters_of_other_scripts_and_signs_in_words() -> None:
    made = of(case("h10"))
    assert "资本支出 capex [green circle]" in made.text
    assert "設備投資" in made.text
    assert "[red circle] late" in made.text
    assert "[U+" not in made.text
    assert "🟢" in made.page
    assert made.losses == []


def test_h11_hidden_outputs_stay_hidden() -> None:
    made = of(case("h11"))
    assert made.text.replace("Hidden outputs", "").replace("Page 1 of 1", "").strip() == ""


def test_h12_tall_rows_break_between_pages() -> None:
    made = of(case("h12"))
    pages = pdfcheck.page_texts(made.pdf)
    assert "Guidance by date" in pages[0]
    assert "a statement of several lines" in pages[0]
    numbers = [it.text for it in pdfcheck.tables(made.pdf)[0] if it.column == 0 and it.row]
    assert numbers == [str(number) for number in range(len(numbers))]


def test_h13_a_picture_that_cannot_be_drawn_costs_its_place_only() -> None:
    notebook = case("h13")
    assert of(notebook).losses == []
    (output,) = notebook["cells"][1]["outputs"]
    # A letter that no font has: of a plane for private use.
    svg = "".join(output["data"]["image/svg+xml"])
    output["data"]["image/svg+xml"] = svg.replace("资", "\U0010f0f0")
    output["metadata"] = {"jcurve": {"alt": "Capex by year."}}
    notebook["cells"].append(note("After it."))
    made = of(notebook)
    assert "[picture of cell 2: Capex by year.]" in made.text
    assert "After it." in made.text
    assert made.losses == ["cell 2: picture that cannot be drawn: Capex by year."]


def test_h14_a_line_that_was_written_over_is_one_line() -> None:
    text = of(case("h14")).text
    assert "running 100% done" in text
    assert text.count("running") == 1


def test_h15_a_chart_of_a_script_leaves_a_line() -> None:
    made = of(case("h15"))
    line = "[Plotly chart of cell 3 is not shown: it is drawn by a script and brings no picture]"
    assert line in made.text
    assert line in made.page
    assert len(made.losses) == 1


def test_p01_every_printed_number_is_found_by_a_search() -> None:
    text = of(case("p01")).text
    cells = case("p01")["cells"]
    numbers = re.findall(
        r"\d+", json.dumps([it.get("outputs") for it in cells]).replace("\\n", " ")
    )
    assert len(numbers) == 22
    for number in numbers:
        assert re.search(rf"\b{number}\b", text), number


def test_p03_a_raw_cell_is_shown() -> None:
    made = of(case("p03"))
    assert "Basis of preparation: unaudited, USD m" in made.text
    assert "Basis of preparation: unaudited, USD m" in made.page


@pytest.mark.parametrize("name", ["h01", "h04", "h06", "h08", "h09", "h12", "p01", "p03"])
def test_no_word_is_lost(name: str) -> None:
    """What a browser shows of the page stands in the PDF, letter by letter."""
    made = of(case(name))
    body = re.sub(r"<math.*?</math>|<details.*?</details>", " ", made.page, flags=re.DOTALL)
    body = re.sub(r"<[^>]+>", " ", body.partition("<article>")[2].partition("</article>")[0])
    letters = re.sub(r"\s", "", unicodedata.normalize("NFKC", made.text))
    for word in re.findall(r"[^\W_]+", body.replace("&amp;", "&")):
        assert word in letters
