"""Forecasts as they stood: for each coming quarter what the base case said, kept and never changed.

``data/forecasts/<company>.csv`` grows at its end. A row's seal is worked out from the row and the
seal before it, so that a changed, moved or missing row breaks every seal after it and is refused
when the file is read. A record says on what data it rests: what counts against a quarter's results
is the last one whose data end before that quarter.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from jcurve.facts.companies import company as company_facts
from jcurve.facts.tables import Date, Text, with_rows
from jcurve.ground.files import make_folder, write_file
from jcurve.ground.project import Project, Where, find_project
from jcurve.ground.quarters import Quarter

_HEADER = ("quarter", "made", "data_through", "scenario", "line", "forecast", "unit", "seal")
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class _Said:
    quarter: Quarter
    made: Date
    data_through: Quarter
    scenario: Text
    line: str
    forecast: float
    unit: str
    seal: Text


@dataclass(frozen=True, slots=True)
class Record:
    """A forecast of one quarter as it was kept."""

    quarter: str  # what is forecast
    made: str  # on which day it was kept
    data_through: str  # the last reported quarter that it rests on
    scenario: str  # the first digits of the hash of the base scenario
    values: Mapping[str, float] = field(repr=False)  # by line
    seal: str = ""  # of its last row


def forecast_records(company: str = "META", project: Where = None) -> tuple[Record, ...]:
    """Every forecast on file, in the order in which they were kept; none before the first."""
    where = find_project(project)
    file = _file(company, where)
    if not (where.data / file).is_file():
        return ()
    seal = ""
    found: dict[tuple[str, ...], Record] = {}
    for said, row in with_rows(where.data, file, _Said):
        seal = _seal(seal, [row.cells[name] for name in _HEADER[:-1]])
        if said.seal != seal:
            raise row.error(
                "seal",
                "this row, or one before it, is not as it was written",
                said.seal,
                "a file that only grows at its end; take back the change",
            )
        if not said.data_through < said.quarter:
            raise row.error(
                "quarter",
                "no forecast: the quarter is in its data",
                said.quarter,
                f"after {said.data_through}",
            )
        key = (said.quarter, said.made, said.data_through, said.scenario)
        before = found.get(key)
        values = {**(before.values if before else {}), said.line: said.forecast}
        found[key] = Record(*key, values, said.seal)
    return tuple(found.values())


def stood(quarter: str, company: str = "META", project: Where = None) -> Record | None:
    """The last forecast of a quarter that was kept before its results; None where none was."""
    own = [each for each in forecast_records(company, project) if each.quarter == quarter]
    return own[-1] if own else None


def append_forecast(
    record: Record, units: Mapping[str, str], company: str, project: Where = None
) -> Record:
    """Keep a forecast at the end of the file; one that is on file number for number stays as it
    is, and is what comes back.

    Args:
        record: what is kept; its values are rounded to what is written.
        units: of each line.
        company: its name.
        project: where its data are.

    Raises:
        ProjectError: the project is read-only.
        FactsError: the file is not as it was written.
        WriteError: it cannot be written.
    """
    where = find_project(project).own()
    texts = {line: f"{value:.{_DIGITS}g}" for line, value in record.values.items()}
    values = {line: float(text) for line, text in texts.items()}
    last = stood(record.quarter, company, where)
    if last is not None and last.values == values:
        return last
    on_file = forecast_records(company, where)
    path = where.data / _file(company, where)
    before = path.read_text(encoding="utf-8") if on_file else ",".join(_HEADER) + "\n"
    seal, lines = on_file[-1].seal if on_file else "", io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    for line, text in texts.items():
        about = (record.quarter, record.made, record.data_through, record.scenario)
        cells = [*about, line, text, units[line]]
        seal = _seal(seal, cells)
        writer.writerow([*cells, seal])
    make_folder(path.parent)
    write_file(path, before + lines.getvalue())
    return replace(record, values=values, seal=seal)


def _file(company: str, project: Project) -> str:
    return f"forecasts/{company_facts(company, project).folder}.csv"


def _seal(before: str, cells: list[str]) -> str:
    return sha256("\0".join([before, *cells]).encode()).hexdigest()[:16]
