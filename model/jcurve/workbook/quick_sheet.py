"""A worksheet of XlsxWriter that takes whole rows of formulas at once.

XlsxWriter keeps an object a cell and looks for newer functions in every formula, which is most of
the time of a workbook of this size. Formulas are written here as text, between the cells that
XlsxWriter has of the row. Side by side only the first says where it stands, as the format allows. A
formula that moves along its row and stays on its sheet is written once and shared, as Excel itself
writes it (each such cell says where it stands, since openpyxl moves the formula by that); Excel
does not share a formula that moves on another sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from xlsxwriter.worksheet import Worksheet

from jcurve.workbook.grid import column


class QuickSheet(Worksheet):  # type: ignore[misc]
    """A worksheet with :meth:`along`."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[int, dict[int, tuple[int, str]]] = {}
        self._shared = 0

    def along(
        self,
        row: int,
        first: int,
        formulas: Sequence[str],
        values: Sequence[float | str],
        form: int,
    ) -> None:
        """Write formulas side by side.

        Args:
            row, first: the row and the first column, from 0.
            formulas: one a value, or a single one that moves along its row.
            values: what each cell shows, to a dozen digits.
            form: index of the format.
        """
        many, start = len(values), f"{column(first)}{row + 1}"
        texts = [formula[1:] for formula in formulas]
        if any(sign in texts[0] for sign in "<>&"):
            texts = [escape(text) for text in texts]
        if len(texts) < many:
            shared = f't="shared" si="{self._shared}"'
            head = f'<f {shared} ref="{start}:{column(first + many - 1)}{row + 1}">{texts[0]}</f>'
            forms = [head, *([f"<f {shared}/>"] * (many - 1))]
            places = [f' r="{column(at)}{row + 1}"' for at in range(first, first + many)]
            self._shared += 1
        else:
            forms = [f"<f>{text}</f>" for text in texts]
            places = [""] * many
        cells = [
            f'{place} s="{form}" t="str">{text}<v>{escape(value)}</v></c>'
            if isinstance(value, str)
            else f'{place} s="{form}">{text}<v>{value + 0.0:.12g}</v></c>'
            for place, text, value in zip(places, forms, values, strict=True)
        ]
        self._texts.setdefault(row, {})[first] = many, "<c".join(cells)
        self._check_dimensions(row, first)
        self._check_dimensions(row, first + many - 1)

    def _write_rows(self) -> None:
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            cells, texts = self.table.get(row, {}), self._texts.get(row, {})
            if cells or texts:
                self._write_row(row, None, self.row_info.get(row))
                end = 0
                for at in sorted({*cells, *texts}):
                    if at in texts:
                        many, text = texts[at]
                        placed = at == end or text.startswith(" r=")
                        place = "" if placed else f' r="{column(at)}{row + 1}"'
                        self.fh.write(f"<c{place}{text}")
                    else:
                        many = 1
                        self._write_cell(row, at, cells[at])
                    end = at + many
                self._xml_end_tag("row")
            elif row in self.row_info:
                self._write_empty_row(row, None, self.row_info[row])
