"""Heights of a table's rows, which are reckoned and not measured: no text leaves its row."""

from __future__ import annotations

import io
import random

import pdfplumber
import pytest

from jcurve.briefing.reading import read
from jcurve.briefing.widths import layout
from jcurve.figures import Column, Row, TableExhibit, table
from tests.support import pdfcheck
from tests.support.demo_report import code, markdown, notebook
from tests.support.pdfcheck import pdf

PIECES = (
    "AVATAR To. Wa Ty LT P. Yo, average fi ffl office WAVE 2026: 137,500; (see above) train / "
    "serve 50 % 3 × 4 — so – thus capex.total.accelerators share_of_hours e.g. “quoted words” «x» "
    "1/2 well-known re-use Q2/2026 … $12.8bn −4.5 [a] {b} US$ #1 a\N{ZERO WIDTH SPACE}b "
    "n° 7 ! ? ; : 中 Ω ≤ → ±0.3 AVAVAVAVAVAVAV iiiiiiiiiiiiiiii"
)


WORDS = "every assumption of the scenario with its unit its value and what it rests on "


def _filled(seed: int, rows: int = 60) -> TableExhibit:
    draw = random.Random(seed)
    pieces = PIECES.split(" ")

    def text() -> str:
        return " ".join(draw.choice(pieces) for _ in range(draw.randint(1, 26)))

    return table(
        [
            Column(label="Name", style="text", weight=1.5),
            Column(label="Unit", style="text", weight=0.7),
            Column(label="Value", style="text", weight=3),
            Column(label="Sum", decimals=1),
        ],
        [
            Row(cells=(text(),), role="heading")
            if number % 9 == 0
            else Row(
                cells=(text(), draw.choice(pieces), text(), draw.uniform(-1e4, 1e4)),
                role="total" if number % 7 == 0 else "normal",
                indent=draw.randint(0, 3),
            )
            for number in range(rows)
        ],
        id="filled",
        title="Words of every kind",
        source="Drawn",
        reading=(),
        dense=True,
    )


@pytest.mark.parametrize("seed", range(4))
def test_no_line_leaves_its_row(seed: int) -> None:
    shown = _filled(seed)
    known = [lines for lines in layout(shown).lines[0] if lines]
    assert len(known) > len(shown.rows) / 2
    assert max(known) > 3
    assert pdfcheck.complaints(pdf(read(notebook(code(shown)), "x"))) == []


def _lines_of_rows(made: bytes) -> list[int]:
    """How many lines each row has; its number stands beside the first of them."""
    taken: list[int] = []
    with pdfplumber.open(io.BytesIO(made)) as opened:
        for page in opened.pages:
            lines: dict[float, list[str]] = {}
            for word in page.extract_words():
                lines.setdefault(round(word["bottom"]), []).append(word["text"])
            for _, texts in sorted(lines.items()):
                if texts[-1] == "1.0":
                    taken.append(1)
                elif taken and set(texts) <= set(WORDS.split()):
                    taken[-1] += 1
    return taken


def test_a_row_is_no_taller_than_its_text() -> None:
    shown = table(
        [Column(label="Name", style="text", weight=1), Column(label="Value", decimals=1)],
        [[WORDS * count, 1.0] for count in range(1, 20)],
        id="sized",
        title="Rows of many heights",
        source="Drawn",
        reading=(),
    )
    made = pdf(read(notebook(code(shown)), "x"))
    assert pdfcheck.complaints(made) == []
    reckoned = layout(shown).lines[0]
    taken = _lines_of_rows(made)
    assert all(wide >= tight for wide, tight in zip(reckoned, taken, strict=True))
    assert sum(reckoned) <= 1.1 * sum(taken)


@pytest.mark.parametrize("above", range(40, 58, 3))
def test_a_long_table_begins_with_some_of_its_rows(above: int) -> None:
    """Above it stand so many lines that its head alone may still find room on the page."""
    shown = table(
        [Column(label="Name", style="text", weight=1), Column(label="Value", decimals=1)],
        [["driver", float(number)] for number in range(90)],
        id="long",
        title="A long table",
        source="Drawn",
        reading=(),
    )
    words = markdown("  \n".join(["A line above."] * above))
    made = pdf(read(notebook(words, code(shown)), "x"))
    first = next(page for page in pdfcheck.page_texts(made) if "A long table" in page)
    assert first.count("driver") >= 3
    assert pdfcheck.complaints(made) == []
