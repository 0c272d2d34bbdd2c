"""What a workbook costs: seconds to lay out and to write, formulas, bytes, seconds to adopt.

Compared with what an analyst would otherwise do: the same cells as values through pandas.
"""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jcurve
from jcurve.workbook import content, state_of
from jcurve.workbook.model_sheets import Book


def seconds(what: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of one call, and its result."""
    start = time.process_time()
    made = what()
    return time.process_time() - start, made


def main() -> None:
    case = jcurve.evaluate("base")
    layout, book = seconds(lambda: Book(case))
    write, data = seconds(lambda: content(case))
    grid = book.grid
    formulas = sum(
        grid.quarters * bool(line.quarters) + grid.years * bool(line.years) + bool(line.single)
        for sheet in book.sheets.values()
        for line in sheet.lines
    )
    rows = sum(len(sheet.lines) for sheet in book.sheets.values())
    print(f"rows {rows:,}, formulas on sheets of rows {formulas:,}")
    print(f"formulas from lines   {layout:6.1f} s of processor time")
    print(f"the whole workbook    {write:6.1f} s, {len(data) / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base.xlsx"
        path.write_bytes(data)
        read, _ = seconds(lambda: state_of(path))
    print(f"reading it back       {read:6.1f} s")
    frame = case.frame([name for name in case.assembly.model.worldly if _is_line(case, name)])
    values, _ = seconds(lambda: frame.to_excel(io.BytesIO(), engine="xlsxwriter"))
    share = frame.size / formulas
    print(f"pandas, values alone  {values / share:6.1f} s for as many cells, nothing live")


def _is_line(case: jcurve.Case, name: str) -> bool:
    return case.assembly.model.outputs[name].kind.value != "result"


if __name__ == "__main__":
    main()
