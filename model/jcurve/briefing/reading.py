"""From an executed notebook to a document: what is shown, in order, numbered."""

from __future__ import annotations

import datetime
import itertools
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from jcurve.briefing.cells import Cells
from jcurve.briefing.document import (
    Beside,
    Block,
    Document,
    Grid,
    Heading,
    Items,
    Note,
    Para,
    Quote,
    Shown,
)
from jcurve.figures.display import MIME, Cover, Paragraph, Prose, Run, words
from jcurve.figures.exhibit import Exhibit
from jcurve.ground.errors import RunError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DEEPEST = 4


def read(
    notebook: Mapping[str, Any],
    name: str,
    *,
    folder: Path | None = None,
    excluded: frozenset[str] = frozenset(),
) -> Document:
    """Read an executed notebook of format 4; ``name`` is its title when nothing in it is one.

    Pictures are looked for in the folder and below; ``excluded`` are nbconvert's options that leave
    kinds of cells out, such as ``exclude_input``.

    Raises:
        RunError: an exhibit without alt text, twice the same id, a reference to an
            exhibit that is not there, content that is not what it says; names the exhibit.
    """
    listed = list(notebook.get("cells", ()))
    ours = any(
        MIME in output.get("data", {}) for cell in listed for output in cell.get("outputs", ())
    )
    cells = Cells(folder=folder, excluded=excluded, ours=ours)
    found = [
        block for number, cell in enumerate(listed, start=1) for block in cells.read(cell, number)
    ]
    cover = cells.cover
    title, found = _title(cover, found, notebook, name)
    numbers = _numbers(found)
    blocks = tuple(_resolved(block, numbers) for block in _in_rows(_levelled(found)))
    if cover is not None:
        cover = cover.model_copy(
            update={"summary": tuple(_referred(runs, numbers) for runs in cover.summary)}
        )
    return Document(
        title=title,
        blocks=blocks,
        numbers=numbers,
        cover=cover,
        code=tuple(cells.code),
        language=cover.language if cover else _language(notebook),
        author=cover.author if cover else _authors(notebook),
        date=(cover.date if cover else None) or _date(notebook),
        failed=cells.failed,
        losses=tuple(dict.fromkeys(cells.losses)),
    )


def _language(notebook: Mapping[str, Any]) -> str:
    said = str(notebook.get("metadata", {}).get("lang", ""))
    return said if re.fullmatch(r"[a-z]{2,3}(?:-[A-Z]{2})?", said) else "en-GB"


def _authors(notebook: Mapping[str, Any]) -> str:
    listed = notebook.get("metadata", {}).get("authors", ())
    names = [str(one.get("name", "")) for one in listed if isinstance(one, Mapping)]
    return ", ".join(name for name in names if name)


def _title(
    cover: Cover | None, found: list[Block], notebook: Mapping[str, Any], name: str
) -> tuple[str, list[Block]]:
    first = found[0] if found else None
    if cover is not None:
        # A notebook's own first heading repeats what the cover says in print.
        tops = sum(isinstance(block, Heading) and block.level == 1 for block in found)
        if isinstance(first, Heading) and first.level == tops == 1:
            found = found[1:]
        return cover.title, found
    declared = str(notebook.get("metadata", {}).get("title", "")).strip()
    heads = [block for block in found if isinstance(block, Heading)]
    if heads and heads[0].level == min(head.level for head in heads):
        # The first of the top headings names the whole, whatever stands before it.
        written = words(heads[0].runs).strip()
        if not declared or declared == written:
            return written, [block for block in found if block is not heads[0]]
    return declared or name, found


def _date(notebook: Mapping[str, Any]) -> datetime.date | None:
    """The day a notebook was run, as it says itself; None when it does not."""
    said = [str(notebook.get("metadata", {}).get("date", ""))]
    for cell in notebook.get("cells", ()):
        said.extend(str(time) for time in cell.get("metadata", {}).get("execution", {}).values())
    days = [found[0] for text in said if (found := _DAY.match(text))]
    try:
        return datetime.date.fromisoformat(max(days)) if days else None
    except ValueError:
        return None


def _numbers(found: Iterable[Block]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for block in found:
        if isinstance(block, Shown) and not isinstance(block.item, Prose):
            if block.item.id in numbers:
                raise RunError(f"exhibit {block.item.id} is shown twice")
            numbers[block.item.id] = len(numbers) + 1
    return numbers


def _anchor(runs: Paragraph, taken: Container[str]) -> str:
    """A heading's anchor, different from those that are taken."""
    text = unicodedata.normalize("NFKD", words(runs)).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "section"
    anchors = (f"s-{stem}-{count}" if count > 1 else f"s-{stem}" for count in itertools.count(1))
    return next(anchor for anchor in anchors if anchor not in taken)


def _levelled(found: Sequence[Block]) -> Iterator[Block]:
    """Headings start at level 1 and skip none on the way down; each has an anchor of its own."""
    taken: set[str] = set()
    levels = [block.level for block in found if isinstance(block, Heading)]
    top = min(levels, default=1)
    before = 0
    for block in found:
        if isinstance(block, Heading):
            before = min(block.level - top + 1, before + 1, _DEEPEST)
            taken.add(anchor := _anchor(block.runs, taken))
            yield Heading(before, block.runs, anchor)
        else:
            yield block


_IN_A_ROW = {"full": 1, "half": 2, "third": 3}


def _in_rows(found: Iterable[Block]) -> Iterator[Block]:
    """Neighbours of one width that share the column stand side by side."""

    def width(block: Block) -> str:
        chart = block.item if isinstance(block, Shown) else None
        return chart.width if isinstance(chart, Exhibit) else "full"

    for kind, group in itertools.groupby(found, width):
        blocks_of_kind, many = list(group), _IN_A_ROW[kind]
        for at in range(0, len(blocks_of_kind), many):
            blocks = blocks_of_kind[at : at + many]
            charts = [block.item for block in blocks if isinstance(block, Shown)]
            row = tuple(chart for chart in charts if isinstance(chart, Exhibit))
            if len(row) > 1:
                yield Beside(row)
            else:
                yield from blocks


def _resolved(block: Block, numbers: Mapping[str, int]) -> Block:
    """The block with its references checked and its links to exhibits made references."""

    def of(runs: Paragraph) -> Paragraph:
        return _referred(runs, numbers)

    if isinstance(block, Heading):
        return Heading(block.level, of(block.runs), block.anchor)
    if isinstance(block, Para):
        return Para(of(block.runs))
    if isinstance(block, Quote | Note):
        return type(block)(tuple(_inner(each, numbers) for each in block.blocks))
    if isinstance(block, Items):
        items = tuple(tuple(_inner(each, numbers) for each in item) for item in block.items)
        return Items(items, block.ordered, block.start)
    if isinstance(block, Grid):
        head, rows = (
            tuple(tuple(replace(cell, runs=of(cell.runs)) for cell in row) for row in part)
            for part in (block.head, block.rows)
        )
        return replace(block, head=head, rows=rows, caption=of(block.caption))
    if isinstance(block, Beside):
        charts = (each.model_copy(update={"reading": of(each.reading)}) for each in block.charts)
        return Beside(tuple(charts))
    if isinstance(block, Shown):
        item = block.item
        if isinstance(item, Prose):
            paragraphs = tuple(map(of, item.paragraphs))
            return Shown(item.model_copy(update={"paragraphs": paragraphs}))
        return Shown(item.model_copy(update={"reading": of(item.reading)}))
    return block


def _inner(block: Block, numbers: Mapping[str, int]) -> Block:
    """A block within a list, a quotation or a note. A heading there begins no section, and would
    skip a level where it stands: it is strong text."""
    if isinstance(block, Heading):
        block = Para(tuple(run.model_copy(update={"strong": True}) for run in block.runs))
    return _resolved(block, numbers)


def _referred(runs: Paragraph, numbers: Mapping[str, int]) -> Paragraph:
    done: list[Run] = []
    for run in runs:
        if run.ref is not None and run.ref not in numbers:
            raise RunError.not_among(
                "a reference to an exhibit that the report does not show",
                run.ref,
                numbers,
                allowed="",
            )
        if run.href is not None and run.href.startswith("#"):
            name = run.href.removeprefix("#").removeprefix("exhibit-")
            if name in numbers:
                # Several runs of one link make one reference.
                if not (done and done[-1].ref == name):
                    done.append(Run(ref=name))
                continue
            run = run.model_copy(update={"href": None})
        done.append(run)
    return tuple(done)
