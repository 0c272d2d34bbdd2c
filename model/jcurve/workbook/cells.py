"""Cells before they are written: what stands where, in which style."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Item", "Page"]


@dataclass(frozen=True, slots=True)
class Item:
    """One cell.

    Attributes:
        row, column: from 0.
        formula: empty for a text or a fixed number.
        value: what the cell shows.
        style: name of a format, with ``role:`` before it where it is no plain calculation.
    """

    row: int
    column: int
    formula: str
    value: float | str
    style: str = "text"


@dataclass(slots=True)
class Page:
    """A sheet that is not made of rows over time.

    Attributes:
        name: of the sheet.
        items: its cells.
        widths: of columns, in characters.
        print_columns: how many columns are printed.
        landscape: how the paper lies.
        freeze: rows and columns that stay in view.
        closed: first column and number of columns in a closed group.
    """

    name: str
    items: list[Item]
    widths: tuple[float, ...]
    print_columns: int
    landscape: bool = True
    freeze: tuple[int, int] = (0, 0)
    closed: tuple[int, int] = (0, 0)

    def text(self, row: int, column: int, text: str, style: str = "text") -> None:
        """Add a text, which never becomes a formula."""
        self.items.append(Item(row, column, "", text, style))

    def number(self, row: int, column: int, value: float, style: str) -> None:
        """Add a fixed number."""
        self.items.append(Item(row, column, "", value, style))

    def formula(
        self, row: int, column: int, formula: str, value: float | str, style: str = "text"
    ) -> None:
        """Add a formula with the value that it has now."""
        self.items.append(Item(row, column, formula, value, style))
