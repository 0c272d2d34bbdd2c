"""Reading a CSV table into records: strict, with file and line in every complaint.

A table is a dataclass: each field is a column, in the order of the file, and its type says what
a cell may hold. So a loader is the class of its records and one call of :func:`records` or
:func:`by_key`:

    @dataclass(frozen=True, slots=True)
    class Article:
        key: str                        # text that is not empty
        title: str
        publisher: Text                 # text that may be
        issued: Date                    # a day, a month or a year
        pages: int | None               # a number, or None where the cell is empty
        grade: Literal["good", "bad"]   # one of these
        source: Cited                   # a record of another table, named in ``known``

Names that only the caller knows (members of a set, keys of another table) are passed as
``known``; what concerns several cells of a row is looked at by who calls
:func:`with_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from jcurve.facts.table_rows import QUARTER, YEAR, Row, kept, read_table
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, Where, find_project
from jcurve.ground.quarters import Quarter
from jcurve.ground.transaction import recover

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "QUARTER",
    "YEAR",
    "AnyWords",
    "Column",
    "Date",
    "Listed",
    "Period",
    "Row",
    "Text",
    "Words",
    "Year",
    "by_key",
    "home_of",
    "read_table",
    "records",
    "with_rows",
]

_ANSWERS = {"yes": True, "no": False}


def home_of(project: Where = None) -> Project:
    """The project that is given, named, or found, its tables whole.

    Everything that reads facts asks here first, so a change of several tables that was
    interrupted (:mod:`jcurve.ground.transaction`) is finished before any of them is read. A
    reader that asked before a change and reads on during it sees old or new tables: changes only
    add rows, and a fact whose source it has not read is refused, so it never mixes them in silence.

    Raises:
        WriteError: such a change cannot be finished.
    """
    home = find_project(project)
    recover(home.data)
    return home


# ---- records ------------------------------------------------------------------------------


_Reader = Callable[[Row, str], object]


@dataclass(frozen=True, slots=True)
class Column:
    """What a field's type does not say of its column."""

    name: str = ""  # the header, where it is not the field's name
    what: str = ""  # how a message calls a name that the cell may hold
    read: _Reader | None = None  # reads the cell, where no type says how


def _listed(row: Row, key: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in row.optional(key).split(";") if part.strip())


Text = Annotated[str, Column(read=Row.optional)]  # Text that may be empty

Date = Annotated[str, Column(read=Row.date)]
"""A day, a month or a year: ``2026-07-29``, ``2026-07``, ``2026``."""

Period = Annotated[
    str, Column(read=lambda row, key: row.period(key, QUARTER if "Q" in row.text(key) else YEAR))
]
"""A quarter or a fiscal year."""

Year = Annotated[int, Column(read=lambda row, key: int(row.period(key, YEAR)))]
Words = Annotated[tuple[str, ...], Column(read=lambda row, key: tuple(row.text(key).split()))]
"""Names with spaces between them, one at least."""

AnyWords = Annotated[
    tuple[str, ...], Column(read=lambda row, key: tuple(row.optional(key).split()))
]
"""Names with spaces between them; none where the cell is empty."""

Listed = Annotated[tuple[str, ...], Column(read=_listed)]
"""Phrases with semicolons between them; none where the cell is empty."""

_READERS: Mapping[object, _Reader] = {
    str: Row.text,
    float: Row.number,
    int: lambda row, key: int(row.number(key)),
    Quarter: lambda row, key: Quarter(row.period(key, QUARTER)),
    bool: lambda row, key: _ANSWERS[row.choice(key, _ANSWERS, "answer")],
}
_Record = TypeVar("_Record", bound="DataclassInstance")
_Pair: TypeAlias = tuple[_Record, Row]
_Known = Mapping[str, Collection[str]]


def records(
    data: Path, name: str, kind: type[_Record], known: _Known = MappingProxyType({})
) -> tuple[_Record, ...]:
    """The records of ``data/name``, in its order.

    Args:
        data: the folder of the tables.
        name: of the table, from that folder.
        kind: the class of its records, a dataclass whose fields are the columns.
        known: by field, the names that its cell may hold; of a mapping the field takes the
            value of the name, unless it is text. A field that is a tuple takes several.

    Raises:
        FactsError: as :func:`read_table`, or a cell does not hold what its field is.
    """
    return tuple(record for record, _ in with_rows(data, name, kind, known))


def with_rows(
    data: Path, name: str, kind: type[_Record], known: _Known = MappingProxyType({})
) -> tuple[_Pair[_Record], ...]:
    """As :func:`records`, each with its row: for whoever looks at cells together."""
    return kept(_read, data, name, kind, known)


def by_key(
    data: Path, name: str, kind: type[_Record], known: _Known = MappingProxyType({})
) -> Mapping[str, _Record]:
    """The records of ``data/name`` by their first column, in which no value comes twice.

    Raises:
        FactsError: as :func:`records`, or a key is listed twice.
    """
    return kept(_read_by_key, data, name, kind, known)


def _read(data: Path, name: str, kind: type[_Record], known: _Known) -> tuple[_Pair[_Record], ...]:
    columns, found = _columns(kind)
    readers = [
        (field, column, _reader(field, hint, what, known)) for field, column, hint, what in found
    ]
    return tuple(
        (kind(**{field: read(row, column) for field, column, read in readers}), row)
        for row in read_table(data, name, columns)
    )


def _read_by_key(
    data: Path, name: str, kind: type[_Record], known: _Known
) -> Mapping[str, _Record]:
    first, key, _, what = _columns(kind)[1][0]
    name_of_kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__.lstrip("_"))
    what = name_of_kind.lower() if key == "key" else what
    found: dict[str, _Record] = {}
    for record, row in _read(data, name, kind, known):
        if getattr(record, first) in found:
            raise row.error(key, f"{what} listed twice", getattr(record, first))
        found[getattr(record, first)] = record
    return MappingProxyType(found)


@cache
def _columns(kind: type[Any]) -> tuple[tuple[str, ...], tuple[tuple[str, str, object, str], ...]]:
    """The header of a table; and field, column, type and what a message calls a name in it."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for field in fields(kind):
        hint = hints[field.name]
        notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        own = next((note for note in notes if isinstance(note, Column)), Column())
        column = own.name or field.name
        what = own.what or column.removesuffix("_id").replace("_", " ")
        found.append((field.name, column, own.read or hint, what))
    return tuple(dict.fromkeys(column for _, column, _, _ in found)), tuple(found)


def _reader(field: str, hint: object, what: str, known: _Known) -> _Reader:
    """How the cells of a field are read."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        inner = next(each for each in get_args(hint) if each is not NoneType)
        read = _reader(field, inner, what, known)
        return lambda row, key: read(row, key) if row.cells[key] else None
    names = known.get(field)
    if names is not None:
        return _named(names, hint, what)
    if get_origin(hint) is Literal:
        words = get_args(hint)
        return lambda row, key: row.choice(key, words, what)
    if hint in _READERS:
        return _READERS[hint]
    if callable(hint) and not isinstance(hint, type):
        return hint
    raise TypeError(f"{field}: no cell is read as {hint}")


def _named(names: Collection[str], hint: object, what: str) -> _Reader:
    """Reads one of the names, or several where the field is a tuple; nobody lists the several."""
    values = names if isinstance(names, Mapping) and hint is not str else None

    def one(row: Row, key: str) -> object:
        name = row.choice(key, names, what)
        return name if values is None else values[name]

    def several(row: Row, key: str) -> object:
        chosen = _listed(row, key)
        for name in chosen:
            if name not in names:
                raise FactsError.not_among(
                    f"unknown {what}", name, names, where=row.at(key), allowed=""
                )
        return chosen if values is None else tuple(values[name] for name in chosen)

    return several if get_origin(hint) is tuple else one
