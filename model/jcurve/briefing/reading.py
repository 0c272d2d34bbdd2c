"""From an executed notebook to a document: what is shown, in order, numbered."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from jcurve.briefing import foreign, markdown
from jcurve.briefing.document import (
    Block,
    Code,
    Document,
    Grid,
    Heading,
    Items,
    Pair,
    Para,
    Quote,
    Shown,
    Verbatim,
)
from jcurve.errors import RunError, nearest
from jcurve.figures.cover import Cover
from jcurve.figures.display import KEY, MIME
from jcurve.figures.exhibit import Exhibit
from jcurve.figures.prose import Paragraph, Prose, Run, words
from jcurve.figures.table import TableExhibit
from jcurve.figures.whatif import WhatIf

__all__ = ["read"]

_KINDS: Mapping[str, type[Exhibit | TableExhibit | Prose | Cover]] = {
    "chart": Exhibit,
    "table": TableExhibit,
    "whatif": WhatIf,
    "prose": Prose,
    "cover": Cover,
}
_REMOVED = frozenset({"remove-cell", "remove_cell"})
_SILENT = frozenset({"remove-output", "remove_output"})
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DEEPEST = 4
_T = TypeVar("_T", Exhibit, TableExhibit)


def read(notebook: Mapping[str, Any], name: str) -> Document:
    """Read an executed notebook.

    Args:
        notebook: as its JSON says (format 4).
        name: its title when nothing in it is one.

    Raises:
        RunError: an exhibit without alt text, twice the same id, a reference to an
            exhibit that is not there, content that is not what it says; names the exhibit.
    """
    cells = list(notebook.get("cells", ()))
    ours = any(
        MIME in output.get("data", {}) for cell in cells for output in cell.get("outputs", ())
    )
    cover: Cover | None = None
    found: list[Block] = []
    code: list[Code] = []
    for number, cell in enumerate(cells, start=1):
        tags = frozenset(cell.get("metadata", {}).get("tags", ()))
        if tags & _REMOVED:
            continue
        source = foreign.joined(cell.get("source", ""))
        if cell.get("cell_type") == "markdown":
            found.extend(markdown.blocks(source))
        elif cell.get("cell_type") == "code":
            if source.strip():
                code.append(Code(number, source))
            if tags & _SILENT:
                continue
            for block in _outputs(cell, number, strict=ours):
                if isinstance(block, Cover):
                    if cover is not None:
                        raise RunError("a report with two covers", where=f"cell {number}")
                    cover = block
                else:
                    found.append(block)
    title, found = _title(cover, found, notebook, name)
    numbers = _numbers(found)
    anchors = _Anchors()
    blocks = tuple(_resolved(block, numbers) for block in _paired(_levelled(found, anchors)))
    if cover is not None:
        cover = cover.model_copy(
            update={"summary": tuple(_referred(runs, numbers) for runs in cover.summary)}
        )
    return Document(
        title=title,
        blocks=blocks,
        numbers=numbers,
        cover=cover,
        code=tuple(code),
        language=cover.language if cover else "en-GB",
        author=cover.author if cover else "",
        date=(cover.date if cover else None) or _date(notebook),
    )


def _outputs(cell: Mapping[str, Any], number: int, *, strict: bool) -> Iterator[Block | Cover]:
    for output in cell.get("outputs", ()):
        kind = output.get("output_type")
        if kind == "stream":
            if output.get("name") == "stdout" and not strict:
                text = _ANSI.sub("", foreign.joined(output.get("text", ""))).strip("\n")
                if text.strip():
                    yield Verbatim(text)
        elif kind == "error":
            yield Verbatim(_ANSI.sub("", f"{output.get('ename')}: {output.get('evalue')}"))
        else:
            yield from _data(output, number, strict=strict)


def _data(output: Mapping[str, Any], number: int, *, strict: bool) -> Iterator[Block | Cover]:
    data, metadata = output.get("data", {}), output.get("metadata", {})
    if MIME in data:
        item = _display(data[MIME], number)
        yield item if isinstance(item, Cover) else Shown(item)
        return
    alt = _alt(metadata)
    shown = foreign.picture(data, alt or f"Picture in the output of cell {number}, not described")
    if shown is not None:
        if strict and not alt:
            raise RunError(
                "a picture without alt text",
                where=f"cell {number}",
                allowed="an exhibit, or alt text in the output's metadata",
            )
        yield shown
        return
    html = foreign.joined(data.get("text/html", ""))
    tables = foreign.grids(html) if html else ()
    if tables:
        yield from tables
    elif "text/markdown" in data:
        yield from markdown.blocks(foreign.joined(data["text/markdown"]))
    elif "text/plain" in data:
        text = _ANSI.sub("", foreign.joined(data["text/plain"])).strip("\n")
        if text:
            yield Verbatim(text)
    elif html and (text := foreign.stripped(html)):
        yield Para((Run(text=text),))


def _alt(metadata: Mapping[str, Any]) -> str:
    mark = metadata.get(KEY)
    if isinstance(mark, Mapping) and str(mark.get("alt", "")).strip():
        return str(mark["alt"])
    for value in (metadata, *metadata.values()):
        if isinstance(value, Mapping) and str(value.get("alt", "")).strip():
            return str(value["alt"])
    return ""


def _display(content: object, number: int) -> Exhibit | TableExhibit | Prose | Cover:
    kind = str(content.get("kind")) if isinstance(content, Mapping) else ""
    if kind not in _KINDS:
        raise RunError(
            "an exhibit of an unknown kind",
            where=f"cell {number}",
            received=kind,
            allowed=", ".join(_KINDS),
        )
    try:
        return _KINDS[kind].model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        name = content.get("id", kind) if isinstance(content, Mapping) else kind
        raise RunError(
            f"the content of exhibit {name} is not valid: {first['msg']}",
            where=f"cell {number}, {where}" if where else f"cell {number}",
        ) from error


def _title(
    cover: Cover | None, found: list[Block], notebook: Mapping[str, Any], name: str
) -> tuple[str, list[Block]]:
    first = found[0] if found else None
    if cover is not None:
        # A notebook's own first heading repeats what the cover says in print.
        if isinstance(first, Heading) and first.level == 1 and _only_top(found):
            found = found[1:]
        return cover.title, found
    if isinstance(first, Heading) and _only_top(found) and first.level == 1:
        return words(first.runs).strip(), found[1:]
    declared = str(notebook.get("metadata", {}).get("title", "")).strip()
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


def _only_top(found: list[Block]) -> bool:
    return sum(isinstance(block, Heading) and block.level == 1 for block in found) == 1


def _numbers(found: Iterable[Block]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for block in found:
        if isinstance(block, Shown) and not isinstance(block.item, Prose):
            if block.item.id in numbers:
                raise RunError(f"exhibit {block.item.id} is shown twice")
            numbers[block.item.id] = len(numbers) + 1
    return numbers


class _Anchors:
    """Makes each heading's anchor, different from the ones before."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, runs: Paragraph) -> str:
        text = unicodedata.normalize("NFKD", words(runs)).encode("ascii", "ignore").decode()
        stem = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "section"
        anchor, count = f"s-{stem}", 2
        while anchor in self._taken:
            anchor, count = f"s-{stem}-{count}", count + 1
        self._taken.add(anchor)
        return anchor


def _levelled(found: Iterable[Block], anchors: _Anchors) -> Iterator[Block]:
    """Headings start at level 1 and skip none on the way down."""
    found = list(found)
    levels = [block.level for block in found if isinstance(block, Heading)]
    top = min(levels, default=1)
    before = 0
    for block in found:
        if isinstance(block, Heading):
            before = min(block.level - top + 1, before + 1, _DEEPEST)
            yield Heading(before, block.runs, anchors.of(block.runs))
        else:
            yield block


def _paired(found: Iterable[Block]) -> Iterator[Block]:
    waiting: Exhibit | None = None
    for block in found:
        half = (
            block.item
            if isinstance(block, Shown)
            and isinstance(block.item, Exhibit)
            and block.item.width == "half"
            else None
        )
        if waiting is not None:
            if half is not None:
                yield Pair(waiting, half)
                waiting = None
                continue
            yield Shown(waiting)
            waiting = None
        if half is not None:
            waiting = half
        else:
            yield block
    if waiting is not None:
        yield Shown(waiting)


def _resolved(block: Block, numbers: Mapping[str, int]) -> Block:
    """The block with its references checked and its links to exhibits made references."""

    def of(runs: Paragraph) -> Paragraph:
        return _referred(runs, numbers)

    if isinstance(block, Heading):
        return Heading(block.level, of(block.runs), block.anchor)
    if isinstance(block, Para):
        return Para(of(block.runs))
    if isinstance(block, Quote):
        return Quote(tuple(_resolved(inner, numbers) for inner in block.blocks))
    if isinstance(block, Items):
        items = tuple(tuple(_resolved(inner, numbers) for inner in item) for item in block.items)
        return Items(items, block.ordered, block.start)
    if isinstance(block, Grid):
        rows = tuple(tuple(of(cell) for cell in row) for row in block.rows)
        return Grid(block.head, rows, block.aligns, block.stub)
    if isinstance(block, Pair):
        return Pair(_reread(block.left, numbers), _reread(block.right, numbers))
    if isinstance(block, Shown):
        if isinstance(block.item, Prose):
            paragraphs = tuple(of(runs) for runs in block.item.paragraphs)
            return Shown(block.item.model_copy(update={"paragraphs": paragraphs}))
        if isinstance(block.item, Exhibit):
            return Shown(_reread(block.item, numbers))
        return Shown(_reread(block.item, numbers))
    return block


def _reread(item: _T, numbers: Mapping[str, int]) -> _T:
    return item.model_copy(update={"reading": _referred(item.reading, numbers)})


def _referred(runs: Paragraph, numbers: Mapping[str, int]) -> Paragraph:
    done: list[Run] = []
    for run in runs:
        if run.ref is not None and run.ref not in numbers:
            raise RunError(
                "a reference to an exhibit that the report does not show",
                received=run.ref,
                suggestion=nearest(run.ref, numbers),
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
