"""Numbers and tables in text or as files, and what a user types in options read back."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jcurve.ground.errors import UsageError
from jcurve.ground.files import write_file

if TYPE_CHECKING:
    import pandas as pd

    from jcurve.assumptions import Assumption

_KINDS = (".csv", ".parquet", ".xlsx")


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def number(value: float | None, unit: str = "USD m") -> str:
    """A number in its unit for a reader; ``none`` for None and NaN."""
    from jcurve.evaluation.naming import headline_text

    if value is None or value != value:
        return "none"
    return headline_text({"value": float(value), "unit": unit})


def money(*values: float | None) -> tuple[str, ...]:
    """Amounts in USD m for a reader."""
    return tuple(number(value) for value in values)


def draw(item: Assumption, at: float) -> str:
    """A draw of an assumption for a reader: its value, or how far a path has moved."""
    if item.shape in ("by_year", "by_quarter"):
        return f"{at:+.3g} of the way"
    return str(item.text(float(f"{at:.5g}") if item.unit not in ("date", "switch") else at))


def attributes(result: Any, names: str = "") -> dict[str, Any]:
    """The named attributes of a result, or all its fields."""
    chosen = names.split() or [each.name for each in dataclasses.fields(result)]
    return {name: getattr(result, name) for name in chosen}


def quantity(text: str, option: str, unit: str = "USD m") -> float:
    """A number in ``unit``, such as ``2 USD bn``; ``option`` is where it was typed."""
    from jcurve.assumptions.fields import read_number
    from jcurve.assumptions.nodes import Place
    from jcurve.ground.units import UNITS

    return read_number(text, UNITS[unit], (), Place(option)).value


def once_each(pairs: Iterable[tuple[str, str]], option: str) -> dict[str, str]:
    """Texts by name, no name twice."""
    found: dict[str, str] = {}
    for name, text in pairs:
        if name in found:
            raise UsageError("given twice", where=option, received=name)
        found[name] = text
    return found


def numbers_by_name(
    texts: Sequence[str], option: str, what: str, allowed: str, names: int = 1
) -> dict[tuple[str, ...], float]:
    """``NAME=0.5`` texts, or ``NAME,NAME=0.5``; ``what`` is the word for one in the error."""
    found: dict[tuple[str, ...], float] = {}
    for text in texts:
        left, _, right = text.partition("=")
        key = tuple(map(str.strip, left.split(",") if names > 1 else [left]))
        try:
            value = float(right)
        except ValueError:
            value = float("nan")
        if len(key) != names or not all(key) or value != value or key in found:
            raise UsageError(
                f"not a {what}, or one given twice", where=option, received=text, allowed=allowed
            )
        found[key] = value
    return found


def kind_of(path: str, where: str) -> str:
    """How a file's name ends."""
    kind = Path(path).suffix.lower()
    if kind not in _KINDS:
        raise UsageError.not_among("no such kind of table", path, _KINDS, where=where)
    return kind


def write_frame(frame: pd.DataFrame, path: str, kind: str, *, index: bool = True) -> None:
    """Write a frame."""
    written = io.BytesIO()
    if kind == ".parquet":
        import pyarrow  # noqa: F401  # named where it is missing

        frame.to_parquet(written, index=index)
    elif kind == ".xlsx":
        import xlsxwriter  # noqa: F401  # named where it is missing

        inert = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
        frame.to_excel(
            written,
            sheet_name="Lines",
            freeze_panes=(1, 1),
            engine="xlsxwriter",
            engine_kwargs=inert,  # a name that begins with "=" is a name
            index=index,
        )
    else:
        frame.to_csv(written, index=index, lineterminator="\n")
    write_file(Path(path), written.getvalue())
