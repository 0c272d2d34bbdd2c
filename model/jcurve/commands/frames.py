"""A frame as a file of the kind that its name ends with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.ground.errors import UsageError
from jcurve.ground.files import write_file

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["kind_of", "write_frame"]

_KINDS = (".csv", ".parquet", ".xlsx")


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
