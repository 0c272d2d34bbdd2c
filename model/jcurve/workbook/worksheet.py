"""XlsxWriter's worksheet without its search for functions newer than Excel 2007.

That search looks at every formula some thirty times, which takes nine tenths of the time of a
workbook of this size, and finds nothing: the formulas here use none of those functions.
"""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

__all__ = ["PlainWorksheet"]


class PlainWorksheet(Worksheet):  # type: ignore[misc]
    """A worksheet whose formulas are stored as they are given."""

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        del expand_future_functions
        return formula.removeprefix("=")
