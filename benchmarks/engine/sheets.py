"""The reduced model as a spreadsheet that LibreOffice recalculates, a sheet a scenario."""

from __future__ import annotations

import csv
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from reduced import LIFE, PLACED_AFTER, TIMELINE

__all__ = ["recalculated"]

_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
"""Recalculate every book when it is loaded; otherwise the values written with it stand."""
_QUARTERS = len(TIMELINE)
_DEADLINE = 300
_FIRST_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,0"


def recalculated(scenarios: list[dict[str, float]], folder: Path) -> tuple[list[float], float]:
    """NPV of each scenario, and the seconds that scenarios added to loading an empty book.

    Raises:
        FileNotFoundError: LibreOffice is not installed.
    """
    office = shutil.which("soffice")
    if office is None:
        raise FileNotFoundError("soffice")
    empty, _ = _convert(office, [], folder / "empty")
    took, found = _convert(office, scenarios, folder / "full")
    return found, max(took - empty, 1e-9)


def _convert(
    office: str, scenarios: list[dict[str, float]], folder: Path
) -> tuple[float, list[float]]:
    (folder / "profile" / "user").mkdir(parents=True)
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.write_text(_RECALCULATE, encoding="utf-8")
    book = folder / "book.xlsx"
    _write(book, scenarios)
    command = [
        office, f"-env:UserInstallation=file://{folder}/profile", "--headless",
        "--convert-to", _FIRST_SHEET,
        "--outdir", str(folder), str(book),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=_DEADLINE)
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=_DEADLINE)
    took = time.perf_counter() - start
    (sheet,) = folder.glob("*.csv")
    with sheet.open(encoding="utf-8") as stream:
        found = [float(row[0]) for row in csv.reader(stream) if row and row[0]]
    return took, found


def _write(path: Path, scenarios: list[dict[str, float]]) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(path)
    front = book.add_worksheet("npv")
    for at, one in enumerate(scenarios):
        sheet = book.add_worksheet(f"s{at}")
        places = {name: f"$A${row}" for row, name in enumerate(one, start=1)}
        for row, value in enumerate(one.values()):
            sheet.write_number(row, 0, value)
        for t in range(_QUARTERS):
            _quarter(sheet, t, places)
        last = _QUARTERS
        front.write_formula(at, 0, f"=SUMPRODUCT(s{at}!L1:L{last},s{at}!M1:M{last})")
    if not scenarios:
        front.write_number(0, 0, 0.0)
    book.close()


def _quarter(sheet: Any, t: int, at: dict[str, str]) -> None:
    row = t + 1

    def before(column: str, n: int) -> str:
        return f"{column}{row - n}" if t >= n else "0"

    cells = {
        "B": f"{at['capex_start']}*(1+{at['capex_growth']})^{t}",
        "C": f"{at['revenue_start']}*(1+{at['revenue_growth']})^{t}",
        "D": f"MAX(B{row}-{at['intensity']}*C{row},0)",
        "E": f"{before('E', 1)}+{before('D', PLACED_AFTER)}",
        "F": f"(E{row}-{before('E', LIFE)})/{LIFE}",
        "G": f"{at['ceiling']}*(1-EXP(-{at['gain']}*LOG(({at['compute_start']}+E{row})"
        f"/{at['compute_start']},2)/{at['ceiling']}))",
        "H": f"C{row}*G{row}*{at['pass_through']}",
        "I": f"E{row}*{at['cost_share']}",
        "J": f"H{row}-I{row}-F{row}",
        "K": f"MAX({before('K', 1)}-J{row},0)",
        "L": f"H{row}-I{row}-{at['tax_rate']}*MAX(J{row}-{before('K', 1)},0)-D{row}",
        "M": f"(1+{at['wacc']})^(-({t}+0.5)/4)",
    }
    for column, formula in cells.items():
        sheet.write_formula(f"{column}{row}", f"={formula}")
