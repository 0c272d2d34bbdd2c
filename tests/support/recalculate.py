"""Two spreadsheet engines that know nothing of the model: LibreOffice and formualizer."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["MISSING", "Calc", "formualized", "missing"]

MISSING = (
    "LibreOffice Calc with Python UNO is not installed; on Debian: "
    "apt-get install libreoffice-calc python3-uno"
)
_SERVER = Path(__file__).with_name("calc_server.py")
_PYTHONS = ("/usr/bin/python3", "python3", "/usr/lib/libreoffice/program/python")

Cells = Mapping[str, Sequence[Sequence[float | str]]]


def _office() -> tuple[str, str] | None:
    """The office program and a Python that can speak to it."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        return None
    for python in filter(None, map(shutil.which, _PYTHONS)):
        tried = subprocess.run([python, "-c", "import uno"], capture_output=True, check=False)
        if tried.returncode == 0:
            return office, python
    return None


def missing() -> bool:
    """Whether LibreOffice cannot be used here."""
    return _office() is None


class Calc:
    """One running LibreOffice, used as a context."""

    def __init__(self) -> None:
        found = _office()
        assert found is not None, MISSING
        office, python = found
        self.path: Path | None = None
        self._process = subprocess.Popen(
            [python, str(_SERVER), office],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Calc:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def load(self, path: Path) -> None:
        """Open a workbook in place of the one that is open."""
        self.path = path
        self._ask({"do": "load", "path": str(path)})

    def type(self, cells: Iterable[tuple[str, int, int, float | str]]) -> None:
        """Put values into cells: sheet, row and column from 0, value."""
        self._ask({"do": "set", "cells": list(cells)})

    def enter(self, cells: Iterable[tuple[str, int, int, str]]) -> None:
        """Put formulas into cells."""
        self._ask({"do": "formula", "cells": list(cells)})

    def recalculate(self) -> None:
        """Compute every formula anew."""
        self._ask({"do": "calculate"})

    def errors(self) -> list[list[Any]]:
        """Where cells hold an error value."""
        return list(self._ask({"do": "errors"}))

    def read(self, sheets: Iterable[str]) -> Cells:
        """The values of whole sheets."""
        return dict(self._ask({"do": "read", "sheets": list(sheets)}))

    def save(self, path: Path, form: str = "Calc MS Excel 2007 XML") -> None:
        """Store the open workbook elsewhere."""
        self._ask({"do": "save", "path": str(path), "filter": form})

    def _ask(self, command: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "LibreOffice has ended"
        reply = json.loads(line)
        assert "error" not in reply, reply["error"]
        return reply["answer"]


def formualized(path: Path, sheets: Mapping[str, tuple[int, int]]) -> Cells:
    """The values of sheets after formualizer has computed every formula.

    Args:
        path: the workbook.
        sheets: how many rows and columns to read of each.
    """
    import formualizer

    book = formualizer.load_workbook(str(path))
    book.evaluate_all()
    return {name: _values(book.sheet(name), *size) for name, size in sheets.items()}


def _values(sheet: Any, rows: int, columns: int) -> list[list[float | str]]:
    import formualizer

    area = formualizer.RangeAddress(sheet.name, 1, 1, rows, columns)
    return [[_plain(value) for value in row] for row in sheet.get_values(area)]


def _plain(value: Any) -> float | str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return float(value)
    return float(value) if isinstance(value, int | float) else str(value)
