"""Marks of formulas, by which an edited one is found when a workbook comes back.

A formula is brought to a form that does not change when it is copied along a row, and that
other programs leave as it is: columns relative to the period, no spaces, one spelling of
numbers and sheets. A row then needs a handful of short marks for its 145 formulas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

from jcurve.ground.quarters import QUARTERS_IN_YEAR
from jcurve.workbook.grid import column as letters_of

__all__ = ["Marker", "RowMarks", "mark_facts"]

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?:(?P<sheet>'(?:[^']|'')+'|[A-Za-z_][A-Za-z0-9_]*)!)?"""
    r"""(?P<fixed>\$?)(?P<column>[A-Za-z]{1,3})\$?(?P<row>[0-9]+)(?![A-Za-z0-9_(.])"""
    r"""|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z_])"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)"""
    r"""|(?P<space>\s+)"""
)
_MOVING = re.compile(r"(?<![A-Za-z0-9_.$])([A-Z]{1,3})(?=\$?[0-9]+(?![A-Za-z0-9_(.]))")
_BITS: Final = 4

RowMarks = dict[str, str]
"""Marks of one row by the places that they stand for."""


def mark_facts(values: Iterable[float | str | None]) -> str:
    """A mark of fixed numbers, to a dozen digits; texts and empty cells are alike."""
    text = ",".join(f"{v:.12g}" if isinstance(v, int | float) else "" for v in values)
    return blake2b(text.encode(), digest_size=_BITS).hexdigest()


class Marker:
    """Marks formulas of sheets with one scheme of columns.

    Args:
        first_year, years: columns of the years.
        first_quarter, quarters: columns of the quarters.
    """

    def __init__(self, first_year: int, years: int, first_quarter: int, quarters: int) -> None:
        self.first_year, self.years = first_year, years
        self.first_quarter, self.quarters = first_quarter, quarters
        self._numbers: dict[str, int] = {}
        self._last: tuple[str, int, str, list[str]] = ("", -1, "", [])

    def normal(self, formula: str, sheet: str, column: int) -> str:
        """The form of a formula that moving it along its row leaves as it is."""
        quarter = column - self.first_quarter
        year = column - self.first_year
        in_quarters = 0 <= quarter < self.quarters
        in_years = 0 <= year < self.years

        def spell(match: re.Match[str]) -> str:
            kind = match.lastgroup
            if kind == "text":
                return match[0]
            if kind == "space":
                return ""
            if kind == "number":
                return f"{float(match[0]):.12g}"  # other programs keep 15 digits
            if kind == "word":
                return match[0].upper().removeprefix("_XLFN.").removeprefix("_XLWS.")
            where = (match["sheet"] or sheet).strip("'").replace("''", "'").upper()
            letters = match["column"].upper()
            if match["fixed"]:
                return f"{where}!{letters}${match['row']}"
            at = self._number(letters)
            to_quarter = at - self.first_quarter
            to_year = at - self.first_year
            if 0 <= to_quarter < self.quarters and (in_quarters or in_years):
                own = quarter if in_quarters else year * QUARTERS_IN_YEAR
                letters = f"Q{to_quarter - own:+}"
            elif 0 <= to_year < self.years and (in_quarters or in_years):
                own = quarter // QUARTERS_IN_YEAR if in_quarters else year
                letters = f"Y{to_year - own:+}"
            return f"{where}!{letters}.{match['row']}"

        return _TOKEN.sub(spell, formula.removeprefix("="))

    def mark(self, formula: str, sheet: str, column: int) -> str:
        """A short mark of a formula's form."""
        form = self.normal(formula, sheet, column)
        return blake2b(form.encode(), digest_size=_BITS).hexdigest()

    def next_mark(self, formula: str, sheet: str, column: int) -> str:
        """The same as :meth:`mark`, sooner where the formula is that of the cell asked for
        before, moved along its row."""
        last_sheet, last_column, mark, parts = self._last
        if last_sheet == sheet and parts and self._moved(parts, last_column, column) == formula:
            return mark
        mark = self.mark(formula, sheet, column)
        parts = [] if '"' in formula else _MOVING.split(formula)
        self._last = (sheet, column, mark, parts)
        return mark

    def _moved(self, parts: list[str], origin: int, column: int) -> str | None:
        """A formula split at its moving columns, as it is in another column of the same kind."""
        quarter, before = column - self.first_quarter, origin - self.first_quarter
        if 0 <= quarter < self.quarters and 0 <= before < self.quarters:
            by_quarter = quarter - before
            by_year = quarter // QUARTERS_IN_YEAR - before // QUARTERS_IN_YEAR
        elif (
            0 <= column - self.first_year < self.years
            and 0 <= origin - self.first_year < self.years
        ):
            by_year = column - origin
            by_quarter = by_year * QUARTERS_IN_YEAR
        else:
            return None
        moved = list(parts)
        for at in range(1, len(parts), 2):
            number = self._number(parts[at])
            if self.first_quarter <= number < self.first_quarter + self.quarters:
                number += by_quarter
            elif self.first_year <= number < self.first_year + self.years:
                number += by_year
            else:
                continue
            if number < 0:
                return None
            moved[at] = letters_of(number)
        return "".join(moved)

    def row(
        self,
        sheet: str,
        quarters: Sequence[str] | None,
        years: Sequence[str] | None,
        lead: int,
    ) -> RowMarks:
        """The marks of a row whose formulas repeat.

        Args:
            sheet: its sheet.
            quarters, years: formulas.
            lead: quarters at the beginning whose formulas differ from the rest.
        """
        marks: RowMarks = {}
        if quarters is not None:
            start = -(-lead // QUARTERS_IN_YEAR) * QUARTERS_IN_YEAR
            for at in range(start):
                marks[f"q{at}"] = self._quarter(sheet, quarters, at)
            four = [self._quarter(sheet, quarters, start + n) for n in range(QUARTERS_IN_YEAR)]
            if len(set(four)) == 1:
                marks["q"] = four[0]
            else:
                marks |= {f"r{n}": mark for n, mark in enumerate(four)}
        if years is not None:
            marks["y"] = self.mark(years[-1], sheet, self.first_year + self.years - 1)
        return marks

    def _quarter(self, sheet: str, quarters: Sequence[str], at: int) -> str:
        return self.mark(quarters[at], sheet, self.first_quarter + at)

    def expected(self, marks: Mapping[str, str], column: int) -> str | None:
        """The mark that a cell should have; None where it should hold no formula."""
        own = marks.get(f"c{column}")
        if own is not None:
            return own
        quarter = column - self.first_quarter
        if 0 <= quarter < self.quarters:
            return (
                marks.get(f"q{quarter}")
                or marks.get("q")
                or marks.get(f"r{quarter % QUARTERS_IN_YEAR}")
            )
        if 0 <= column - self.first_year < self.years:
            return marks.get("y")
        return None

    def columns(self, marks: Mapping[str, str]) -> list[int]:
        """The columns of a row that should hold formulas."""
        found = [int(name[1:]) for name in marks if name.startswith("c")]
        if any(name[0] in "qr" for name in marks):
            found += range(self.first_quarter, self.first_quarter + self.quarters)
        if "y" in marks:
            found += range(self.first_year, self.first_year + self.years)
        return sorted(set(found))

    def _number(self, letters: str) -> int:
        found = self._numbers.get(letters)
        if found is None:
            found = 0
            for letter in letters:
                found = found * 26 + ord(letter) - 64
            found = self._numbers[letters] = found - 1
        return found
