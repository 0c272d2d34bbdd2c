"""Generated sentences held to the house list of ``docs/words.md``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from jcurve.figures.display import Cover, Displayed
from jcurve.figures.exhibit import Cell, TableExhibit
from tests.support.notebooks import shipped_notebooks
from tests.support.report_cells import sentences

__all__ = ["complaints", "generated", "house_list", "in_notebooks"]

_PAGE = Path(__file__).parents[2] / "docs" / "words.md"
_QUOTED = (
    *("Why", "Cause", "Range rests on", "Why not"),
    *("Key", "Source", "What is taken from it", "Kind and sources"),
)
_FREE_TEXT = 60
"""A longer cell is somebody's reason or claim, quoted."""
_FORMS = {
    "a range with a dash": r"(?<![\w.–-])[$−]?\d[\d.,]*(?:%|bn)?\s?[–-]\s?[$−]?\d[\d.,]*(?![–-])",
    "a raw key": r"\b[a-z]+(?:_[a-z0-9]+)+\b|\b[a-z]{3,}\.[a-z]{4,}\b",
    "a file's place": r"\b(?:data|docs)/|jcurve_studies",
    "an ASCII minus": r"(?<![\w.)])-[$\d]",
    "a percent sign apart": r"\d %",
    "a quarter in another form": r"\b\d{4}Q[1-4]\b|\bQ[1-4] \d{4}\b",
    "money in another form": r"\d (?:USD|US\$)|\d bn\b",
    "a date in another form": r"\b\d{4}-\d\d-\d\d\b",
    "a small count in figures": r"\b[1-9] of (?:the )?[1-9]\b(?![\d.%])",
}
_NAMES = re.compile(r"\b(?:19|20)\d\d–\d\d(?:\d\d)?\b|rest of the world")
"""Vintages, and a region as the company reports it."""


@cache
def house_list() -> re.Pattern[str]:
    """The words that a reader never meets, from the first column of the list."""
    first = _PAGE.read_text(encoding="utf-8").partition("## Numbers")[0]
    rows = [line.split("|")[1] for line in first.splitlines() if line.startswith("| ")]
    words = [re.escape(word.strip()) for row in rows[1:] for word in row.split(",")]
    return re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)


def generated(item: Displayed) -> Iterator[tuple[str, str]]:
    """Every text of a display object that the generator writes, with what it is."""
    yield from (("sentence", text) for text in sentences(item))
    if isinstance(item, Cover):
        yield from (("title", item.title), ("head", item.kicker), ("head", item.subtitle))
        yield from (("figure", f"{it.label}: {it.value} {it.note}") for it in item.figures)
        return
    yield from (("title", text) for text in [getattr(item, "title", "")] if text)
    yield from (("source", text) for text in [getattr(item, "source", "")] if text)
    if isinstance(item, TableExhibit):
        for column in item.columns:
            yield "head", " ".join(filter(None, (column.group, column.label, column.unit)))
        for row in item.rows:
            yield from (("clause", text) for text in [row.says] if text)
            said = zip(row.cells, item.columns, strict=False)
            own = (cell for cell, column in said if column.label not in _QUOTED)
            cells = (cell.value if isinstance(cell, Cell) else cell for cell in own)
            texts = (cell for cell in cells if isinstance(cell, str))
            yield from (("cell", text) for text in texts if len(text) < _FREE_TEXT)


def complaints(items: Iterable[Displayed]) -> list[str]:
    """What in the generated texts of a report is not as the house writes."""
    found = []
    for item in items:
        name = getattr(item, "id", type(item).__name__)
        for what, text in generated(item):
            found += _wrong(f"{name}, {what}", text, is_title=what == "title")
    return list(dict.fromkeys(found))


def in_notebooks() -> list[str]:
    """What in the headings and paragraphs of the notebooks that come with J-Curve is not as the
    house writes."""
    found = []
    for path in shipped_notebooks():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                text = re.sub(r"`[^`]*`", "", "".join(cell["source"]))
                found += _wrong(f"{path.stem}, {cell['id']}", text)
    return found


def _wrong(where: str, text: str, *, is_title: bool = False) -> list[str]:
    plain = _NAMES.sub("", text.replace("\N{NO-BREAK SPACE}", " "))
    wrong = [f"“{word}”" for word in house_list().findall(plain)]
    wrong += [form for form, pattern in _FORMS.items() if re.search(pattern, plain)]
    if is_title:
        wrong += ["a numeral at its start"] * plain[:1].isdigit()
        wrong += ["a full stop"] * plain.endswith(".")
    return [f"{where}: {each} in {text[:140]!r}" for each in wrong]
