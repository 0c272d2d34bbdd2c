"""Tables of any notebook: every number under its head, whatever pandas or HTML make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jcurve.briefing.document import Cell, Grid, placed
from jcurve.briefing.grids import is_number
from jcurve.figures.display import words
from tests.support import pdfcheck
from tests.support.foreign import Briefing, briefing, cell, display, note, shown


def _frame(frame: Any) -> dict[str, Any]:
    return cell(display(text_html=frame.to_html(), text_plain=str(frame)))


def _random(rows: int, columns: int, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        draw.normal(0, 1e5, (rows, columns)).round(1),
        index=[f"line {number}" for number in range(rows)],
        columns=[f"{2020 + number}" for number in range(columns)],
    )


def _grid(made: Briefing) -> Grid:
    (found,) = [block for block in made.document.blocks if isinstance(block, Grid)]
    return found


class TestSpans:
    def test_heads_of_three_levels(self) -> None:
        columns = pd.MultiIndex.from_product(
            [["Base", "Bear"], ["Reported", "Forecast"], [2026, 2027]],
            names=["scenario", "kind", "year"],
        )
        index = pd.MultiIndex.from_product([["Apps", "Labs"], ["Revenue", "Capex"]])
        frame = pd.DataFrame(np.arange(32).reshape(4, 8), index=index, columns=columns)
        made = briefing(_frame(frame))
        cells = made.table()
        for row in range(4):
            for column in range(8):
                assert cells[row + 3, column + 2] == str(row * 8 + column)
        assert (cells[0, 2], cells[0, 6]) == ("Base", "Bear")
        assert [cells[1, at] for at in (2, 4, 6, 8)] == ["Reported", "Forecast"] * 2

    def test_rows_and_columns_at_once(self) -> None:
        made = briefing(
            shown(
                "<table><tr><th rowspan=2>a</th><th colspan=2>b</th><th rowspan=2>e</th></tr>"
                "<tr><th>c</th><th>d</th></tr>"
                "<tr><td rowspan=3>1</td><td colspan=2>2</td><td>3</td></tr>"
                "<tr><td rowspan=2>4</td><td>5</td><td>6</td></tr><tr><td>7</td><td>8</td></tr>"
                "</table>"
            )
        )
        found = {at: text for at, text in made.table().items() if text}
        assert found == {
            (0, 0): "a", (0, 1): "b", (0, 3): "e", (1, 1): "c", (1, 2): "d",
            (2, 0): "1", (2, 1): "2", (2, 3): "3", (3, 1): "4", (3, 2): "5", (3, 3): "6",
            (4, 2): "7", (4, 3): "8",
        }  # fmt: skip

    def test_rows_of_unequal_length_and_spans_too_long(self) -> None:
        made = briefing(
            shown(
                "<table><tr><th>a</th><th>b</th><th>c</th></tr><tr><td rowspan=99>1</td></tr>"
                "<tr><td colspan=9>2</td></tr><tr><td rowspan=0>3</td><td>4</td></tr></table>"
            )
        )
        cells = made.table()
        assert [cells[1, 0], cells[2, 1], cells[3, 1], cells[3, 2]] == ["1", "2", "3", "4"]

    @pytest.mark.parametrize("seed", range(6))
    def test_any_table_is_read_as_html_means_it(self, seed: int) -> None:
        """Against a grid that is filled place by place."""
        draw = np.random.default_rng(seed)
        rows, columns = int(draw.integers(2, 7)), int(draw.integers(2, 7))
        taken = np.zeros((rows, columns), dtype=int)
        markup, number = "<table>", 0
        for row in range(rows):
            markup += "<tr>"
            for column in range(columns):
                if taken[row, column]:
                    continue
                free = 0
                while column + free < columns and not taken[row, column + free]:
                    free += 1
                across = int(draw.integers(1, free + 1))
                down = int(draw.integers(1, rows - row + 1)) if draw.random() < 0.4 else 1
                number += 1
                taken[row : row + down, column : column + across] = number
                markup += f"<td rowspan={down} colspan={across}>n{number}</td>"
            markup += "</tr>"
        grid = _grid(briefing(shown(markup + "</table>")))
        read = np.zeros((rows, columns), dtype=int)
        for at, line in enumerate(placed(grid.rows)):
            for column, one in line:
                text = words(one.runs)
                read[at : at + one.down, column : column + one.across] = int(text[1:])
        assert (read == taken).all()

    def test_a_foot_stands_at_the_foot(self) -> None:
        cells = briefing(
            shown(
                "<table><thead><tr><th>a<th>b</thead><tfoot><tr><td>Total<td>9</tfoot>"
                "<tbody><tr><td>x<td>4<tr><td>y<td>5</tbody></table>"
            )
        ).table()
        assert [cells[row, 0] for row in range(4)] == ["a", "x", "y", "Total"]

    def test_heads_beside_an_empty_corner(self) -> None:
        made = briefing(
            shown(
                "<table><tr><td></td><th>coef</th></tr><tr><th>const</th><td>2.4</td></tr></table>"
            )
        )
        heads = [(it.text, it.scope) for it in pdfcheck.tables(made.pdf)[0] if it.tag == "TH"]
        assert heads == [("", "Column"), ("coef", "Column"), ("const", "Row")]
        odd = "<table><tr><th rowspan=2>a</th><th>b</th></tr><tr></tr><tr><td>1<td>2</table>"
        assert briefing(shown(odd)).table()[2, 1] == "2"

    def test_places(self) -> None:
        rows = [[Cell(down=2), Cell(), Cell(down=2)], [Cell()], [Cell(across=3)]]
        assert [[at for at, _ in row] for row in placed(rows)] == [[0, 1, 2], [1], [0]]


class TestWidth:
    def test_a_wide_long_table_takes_a_turned_page(self) -> None:
        before = note("# Wide\n\n" + "\n\n".join(["Words before it."] * 30))
        made = briefing(before, _frame(_random(30, 13)), note("After it."))
        with_table = pdfcheck.tables(made.pdf)
        assert len(with_table) == 1
        assert "After it." in made.text
        widths = [width for width, _ in _sizes(made.pdf)]
        assert max(widths) > 800
        assert min(widths) < 600

    @pytest.mark.parametrize("columns", [10, 24, 40])
    def test_a_wider_one_is_cut_and_each_part_says_its_rows(self, columns: int) -> None:
        frame = _random(3, columns)
        made = briefing(_frame(frame))
        seen = {}
        for cells in pdfcheck.tables(made.pdf):
            texts = {(it.row, it.column): it.text for it in cells}
            rows = {it.row for it in cells if it.row}
            assert [texts[row, 0] for row in sorted(rows)] == list(frame.index)
            for (row, column), text in texts.items():
                if row and column:
                    seen[texts[0, column], texts[row, 0]] = text
        assert seen == {
            (year, line): str(frame.loc[line, year]) for year in frame for line in frame.index
        }

    def test_parts_repeat_all_the_columns_of_an_index(self) -> None:
        frame = _random(4, 20)
        frame.index = pd.MultiIndex.from_product([["Apps", "Labs"], ["Revenue", "Capex"]])
        for cells in pdfcheck.tables(briefing(_frame(frame)).pdf):
            texts = {(it.row, it.column): it.text for it in cells}
            assert [texts[1, 0], texts[1, 1], texts[4, 1]] == ["Apps", "Revenue", "Capex"]

    def test_a_column_of_long_words(self) -> None:
        path = "https://example.com/" + "/".join(["a_long_part_of_a_path"] * 12)
        made = briefing(shown(f"<table><tr><th>at</th></tr><tr><td>{path}</td></tr></table>"))
        assert path in made.text.replace(" ", "")

    def test_words_wrap_before_columns_are_cut(self) -> None:
        text = "several words that need a line or two "
        rows = "".join(f"<tr><td>{text}</td><td>{text}</td><td>{text}</td><td>{number}</td></tr>"
                       for number in range(5))  # fmt: skip
        made = briefing(shown(f"<table><tr><th>a</th><th>b</th><th>c</th><th>d</th></tr>{rows}"))
        assert len(pdfcheck.tables(made.pdf)) == 1


def _sizes(pdf: bytes) -> list[tuple[float, float]]:
    import io

    from pypdf import PdfReader

    boxes = [page.mediabox for page in PdfReader(io.BytesIO(pdf)).pages]
    return [(float(box.width), float(box.height)) for box in boxes]


class TestHeight:
    def test_a_long_table_repeats_its_heads(self) -> None:
        made = briefing(_frame(_random(150, 3)))
        pages = pdfcheck.page_texts(made.pdf)
        assert len(pages) > 2
        assert all("2020 2021 2022" in " ".join(page.split()) for page in pages)

    def test_a_row_taller_than_a_page(self) -> None:
        made = briefing(
            note("# Tall\n\n## Head"),
            shown(
                "<table><tr><th>a</th><th>b</th></tr>"
                f"<tr><td>{'some words to read ' * 900}</td><td>17</td></tr>"
                "<tr><td>last</td><td>18</td></tr></table>"
            ),
        )
        assert made.text.count("some") == made.text.count("read") == 900
        assert made.text.index("last") > made.text.index("17")

    def test_a_heading_stays_with_its_table(self) -> None:
        for lines in range(34, 44, 3):
            filler = note("# T\n\n" + "\n\n".join(["Line."] * lines) + "\n\n## The head")
            made = briefing(filler, _frame(_random(12, 3)))
            (page,) = [page for page in pdfcheck.page_texts(made.pdf) if "The head" in page]
            assert "line 0" in page

    def test_cells_of_many_rows_go_over_pages(self) -> None:
        frame = _random(90, 2)
        frame.index = pd.MultiIndex.from_product([["Apps", "Labs"], range(45)])
        cells = briefing(_frame(frame)).table()
        assert [cells[row, 1] for row in (1, 46, 90)] == ["0", "0", "44"]


class TestStyle:
    def test_gradient_caption_and_hidden_index(self) -> None:
        style = _random(3, 3).style.background_gradient().set_caption("Table 1: USD m")
        made = briefing(_frame(style.hide(axis="index").format("{:,.0f}")))
        assert "Table 1: USD m" in made.text
        assert (0, 0) in made.table()
        assert made.table()[0, 0] == "2020"
        assert made.page.count("shade-") >= 9

    def test_dark_shades_carry_light_letters(self) -> None:
        made = briefing(
            shown(
                "<table><tr><td style='background-color:#000080'>1</td>"
                "<td style='background:rgb(255,255,0)'>2</td></tr></table>"
            )
        )
        assert ".shade-000080{background:#000080;color:#ffffff}" in made.page
        assert ".shade-ffff00{background:#ffff00;color:#1b2430}" in made.page

    def test_rules_for_kinds_of_cells(self) -> None:
        style = _random(2, 2).style.set_table_styles(
            [{"selector": "tbody td.col1", "props": "background-color: lightblue"}]
        )
        made = briefing(_frame(style))
        assert made.page.count('class="num shade-add8e6"') == 2

    def test_what_is_not_drawn_is_said(self) -> None:
        style = pd.DataFrame({"a": [1, -2]}).style.bar()
        losses = briefing(_frame(style.map(lambda value: "color: red"))).losses
        assert losses == [
            "cell 1: bars behind the figures of a table", "cell 1: colours of the text of a table"
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "markup",
        [
            "<table><tr><td style='background:#123456;color:white'>1</td></tr></table>",
            "<style>#a{background:navy} td{color:#fff}</style><table><td id=a>1</table>",
            "<style>.tip{color:red}</style><p class=tip>x</p><table><td>1</table>",
        ],
    )
    def test_colours_that_no_cell_lacks_are_no_loss(self, markup: str) -> None:
        assert briefing(shown(markup)).losses == []

    def test_hidden_cells_shift_nothing(self) -> None:
        made = briefing(
            shown(
                "<table><tr><th>a</th><th style='display:none'>b</th><th>c</th></tr>"
                "<tr><td>1</td><td style='display:none'>2</td><td>3</td></tr></table>"
            )
        )
        assert made.table() == {(0, 0): "a", (0, 1): "c", (1, 0): "1", (1, 1): "3"}


class TestAlignment:
    @pytest.mark.parametrize(
        "texts",
        [
            ("2.5e+10", "-1e-5", "NaN"), ("n/a", "12.5%", "(3.2%)"), ("2026-01-31", "NaT"),
            ("$1,234", "($55)", "–"), ("3.2x", "n.m."), ("2026Q1", "2027Q4"), ("inf", "1"),
            ("−5", "+3", ""), ("1 234,5", "<NA>"), ("USD 5", "None"), ("12bp", "-3bps"),
        ],
    )  # fmt: skip
    def test_figures_keep_right(self, texts: tuple[str, ...]) -> None:
        rows = "".join(
            f"<tr><td>name</td><td>{text.replace('<', '&lt;')}</td></tr>" for text in texts
        )
        grid = _grid(briefing(shown(f"<table><tr><th>a</th><th>b</th></tr>{rows}</table>")))
        assert grid.aligns == ("left", "right")

    @pytest.mark.parametrize(
        "texts", [("1", "two"), ("a",), ("n/a",), ("Q5 2026",), ("1-2 years",)]
    )
    def test_words_keep_left(self, texts: tuple[str, ...]) -> None:
        rows = "".join(f"<tr><td>name</td><td>{text}</td></tr>" for text in texts)
        grid = _grid(briefing(shown(f"<table><tr><th>a</th><th>b</th></tr>{rows}</table>")))
        assert grid.aligns == ("left", "left")

    def test_what_the_writer_says_holds(self) -> None:
        grid = _grid(briefing(note("| a | b | c |\n|--:|:-:|:--|\n| x | y | 1 |")))
        assert grid.aligns == ("right", "center", "left")

    def test_a_number(self) -> None:
        assert is_number(" 1,234.50 ")
        assert not is_number("version 2")


class TestWordsAround:
    @pytest.mark.parametrize(
        "markup",
        [
            "Before.<table><tr><td>1</td></tr></table>After.",
            "<div><h4>Before.</h4><div><table><tr><td>1</td></tr></table></div>After.</div>",
            "<ul><li>Before.<table><tr><td>1</td></tr></table>After.</li></ul>",
            "<table><caption>Before.</caption><tr><td>1</td></tr></table><small>After.</small>",
        ],
    )
    def test_stay_in_their_order(self, markup: str) -> None:
        made = briefing(shown(markup))
        for text in (made.text, made.page.partition("<article>")[2]):
            assert text.index("Before.") < text.index("1</td>" if "<td" in text else " 1 ")
            assert text.index("After.") > text.index("Before.")

    def test_pandas_says_how_many_rows(self) -> None:
        made = briefing(_frame(_random(100, 2).style), cell(display(
            text_html=_random(100, 2)._repr_html_())))  # type: ignore[operator]  # fmt: skip
        assert "100 rows × 2 columns" in made.text

    def test_a_table_in_a_table_keeps_its_words(self) -> None:
        inner = "<table><tr><td>in one</td><td>in two</td></tr></table>"
        text = briefing(shown(f"<table><tr><td>out{inner}</td><td>x</td></tr></table>")).text
        assert "in one" in text
        assert "in two" in text
