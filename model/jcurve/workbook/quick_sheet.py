"""A worksheet of XlsxWriter that takes whole rows of formulas at once.

XlsxWriter keeps an object a cell and looks for newer functions in every formula, which is most of
the time of a workbook of this size. Rows of formulas are written here as text, after the cells
that XlsxWriter has of the row. A formula that moves along its row and stays on its sheet is
written once and shared, as Excel itself writes it; Excel does not share a formula that moves on
another sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from xlsxwriter.worksheet import Worksheet

from jcurve.workbook.grid import column

__all__ = ["QuickSheet"]


class QuickSheet(Worksheet):  # type: ignore[misc]
    """A worksheet with :meth:`along`."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[int, list[str]] = {}
        self._shared = 0

    def along(
        self,
        row: int,
        first: int,
        formulas: Sequence[str],
        values: Sequence[float | str],
        form: int,
    ) -> None:
        """Write formulas side by side, right of all other cells of the row.

        Args:
            row, first: the row and the first column, from 0.
            formulas: one a value, or a single one that moves along its row.
            values: what each cell shows.
            form: index of the format.
        """
        texts = self._texts.setdefault(row, [])
        shares = len(formulas) == 1 and len(values) > 1
        number = row + 1
        if shares:
            area = f"{column(first)}{number}:{column(first + len(values) - 1)}{number}"
            head = f'<f t="shared" ref="{area}" si="{self._shared}">{_spelled(formulas[0])}</f>'
            forms = [head] + [f'<f t="shared" si="{self._shared}"/>'] * (len(values) - 1)
            self._shared += 1
        else:
            forms = [f"<f>{_spelled(formula)}</f>" for formula in formulas]
        for at, (text, value) in enumerate(zip(forms, values, strict=True), first):
            word = isinstance(value, str)
            kind, told = (' t="str"', escape(str(value))) if word else ("", f"{value:.15g}")
            texts.append(f'<c r="{column(at)}{number}" s="{form}"{kind}>{text}<v>{told}</v></c>')
        self._check_dimensions(row, first)
        self._check_dimensions(row, first + len(values) - 1)

    def _write_rows(self) -> None:
        for row in range(self.dim_rowmin, self.dim_rowmax + 1):
            cells, texts = self.table.get(row), self._texts.get(row)
            if cells or texts:
                self._write_row(row, None, self.row_info.get(row))
                for at in sorted(cells or ()):
                    self._write_cell(row, at, cells[at])
                self.fh.write("".join(texts or ()))
                self._xml_end_tag("row")
            elif row in self.row_info:
                self._write_empty_row(row, None, self.row_info[row])

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        del expand_future_functions
        return formula.removeprefix("=")


def _spelled(formula: str) -> str:
    text = formula.removeprefix("=")
    return escape(text) if any(sign in text for sign in "<>&") else text
