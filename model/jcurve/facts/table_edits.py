"""Changes of several tables in the making: tried on a copy first, then replaced together."""

from __future__ import annotations

import csv
import difflib
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jcurve.ground.errors import FactsError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project
from jcurve.ground.transaction import replace_all

_Key = Callable[[Sequence[str]], Any]


class Edits:
    """New texts of files under a folder of data; nothing is written before :meth:`replace`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._before: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._tables: dict[str, list[list[str]]] = {}

    def text(self, file: str) -> str:
        """The text of a file as it is on disk."""
        if file not in self._before:
            self._before[file] = (self.data / file).read_text(encoding="utf-8")
        return self._before[file]

    def set(self, file: str, text: str) -> None:
        """Give a file another text."""
        self.text(file)
        self._texts[file] = text

    def set_value(self, file: str, key: str, value: str) -> None:
        """Give a key at the margin of a YAML file another value."""
        text = self._texts.get(file, self.text(file))
        made, count = re.subn(rf"(?m)^{key}: .*$", f"{key}: {value}", text)
        if count != 1:
            raise FactsError(f"no line that begins with {key}:", where=f"data/{file}")
        self.set(file, made)

    def table(self, file: str) -> list[list[str]]:
        """The rows of a table as they are now, its header first."""
        if file not in self._tables:
            self._tables[file] = list(csv.reader(io.StringIO(self.text(file))))
        return self._tables[file]

    def insert(self, file: str, row: Sequence[str], key: _Key = lambda row: "") -> None:
        """Add a row behind the last that does not come after it; at the end without a key."""
        rows, own = self.table(file), key(row)
        place = next((i for i in range(len(rows) - 1, 0, -1) if own >= key(rows[i])), 0)
        rows.insert(place + 1, list(row))

    def insert_figure(self, folder: str, row: Sequence[str]) -> None:
        """Add a reported figure, by metric and period; metrics in the order of the table."""
        file = f"companies/{folder}/{'quarterly' if 'Q' in row[1] else 'annual'}.csv"
        metrics = list(dict.fromkeys(each[2] for each in self.table(file)[1:]))
        if row[2] not in metrics:
            metrics = [
                *(m for m in metrics if m < row[2]),
                row[2],
                *(m for m in metrics if m > row[2]),
            ]
        place = {metric: at for at, metric in enumerate(metrics)}
        self.insert(file, row, lambda each: (place[each[2]], each[1]))

    def insert_source(self, row: Sequence[str]) -> None:
        """Add a source, by its id."""
        self.insert("sources.csv", row, lambda each: each[0].lower())

    def changed(self) -> dict[str, str]:
        """The new text of every file that changes."""
        for file, rows in self._tables.items():
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            self._texts[file] = text.getvalue()
        return {file: text for file, text in self._texts.items() if text != self._before[file]}

    def diff(self) -> str:
        """What changes, line by line."""
        return "".join(
            line
            for file, text in sorted(self.changed().items())
            for line in difflib.unified_diff(
                self._before[file].splitlines(keepends=True),
                text.splitlines(keepends=True),
                f"data/{file}",
                f"data/{file}",
                n=0,
            )
        )

    @contextmanager
    def copy(self) -> Iterator[Project]:
        """A copy of the data with the changes, to try them on."""
        with tempfile.TemporaryDirectory() as temporary:
            made = Project(Path(temporary))
            shutil.copytree(self.data, made.data)
            for file, text in self.changed().items():
                write_file(made.data / file, text, durable=False)
            yield made

    def replace(self) -> None:
        """Replace the files, all or none.

        Raises:
            FactsError: one of them has changed since it was read.
            WriteError: one cannot be replaced.
        """
        changed = self.changed()
        for file in changed:
            if (self.data / file).read_text(encoding="utf-8") != self._before[file]:
                raise FactsError("changed meanwhile; try again", where=f"data/{file}")
        # Sources first and dates last: of a reader at work while the files are renamed none
        # meets a fact without its source or a quarter whose figures are not all there.
        order = sorted(changed, key=lambda each: (each.endswith(".yml"), each != "sources.csv"))
        replace_all(self.data, {file: changed[file] for file in order})
