"""A notebook's cells as blocks: which of them are shown, and what of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jcurve.briefing import hypertext, outputs
from jcurve.briefing.document import Block, Code, Loss, Para, Picture, Shown, Verbatim
from jcurve.briefing.hypertext import Context
from jcurve.briefing.maths import TeX
from jcurve.briefing.outputs import joined, terminal
from jcurve.figures.display import MIME, Cover, Prose, Run
from jcurve.figures.exhibit import Exhibit, TableExhibit
from jcurve.figures.whatif import WhatIf
from jcurve.ground.errors import RunError

_KINDS: Mapping[str, type[Exhibit | TableExhibit | Prose | Cover]] = {
    "chart": Exhibit,
    "table": TableExhibit,
    "whatif": WhatIf,
    "prose": Prose,
    "cover": Cover,
}
_NO_CELL = frozenset({"remove_cell", "hide_cell", "removed"})
_NO_INPUT = frozenset({"remove_input", "hide_input", "hide_code"})
_NO_OUTPUT = frozenset({"remove_output", "remove_outputs", "remove_all_outputs", "hide_output",
                        "hide_outputs"})  # fmt: skip
_NO_SINGLE = frozenset({"remove_output", "remove_single_output"})
_TEXT = ("", "text/plain", "text/restructuredtext", "text/x-rst")
_EXPECTED = frozenset({"raises_exception"})


@dataclass
class Cells:
    """Reads a notebook's cells, in order; cover, code and losses are kept aside.

    A notebook of ``ours`` shows exhibits of ours; it then answers for its pictures. ``excluded``
    are nbconvert's options that leave kinds of cells out, such as ``exclude_input``.
    """

    folder: Path | None = None
    excluded: frozenset[str] = frozenset()
    ours: bool = False
    cover: Cover | None = None
    code: list[Code] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    failed: str = ""
    _tex: TeX = field(default_factory=TeX)

    def read(self, cell: Mapping[str, Any], number: int) -> Iterator[Block]:
        """The blocks of one cell; its cover and its source are kept aside.

        Raises:
            RunError: an exhibit is not what it says it is; a second cover; a picture of ours
                without alt text.
        """
        tags = _tags(cell)
        if tags & _NO_CELL:
            return
        kind, source = cell.get("cell_type"), joined(cell.get("source", ""))
        context = Context(
            where=f"cell {number}",
            tex=self._tex,
            folder=self.folder,
            attachments=dict(cell.get("attachments", {})),
            losses=self.losses,
        )
        if kind == "markdown" and "exclude_markdown" not in self.excluded:
            yield from outputs.markdown(source, context)
        elif kind == "raw" and "exclude_raw" not in self.excluded:
            yield from _raw(cell, source, context)
        elif kind == "code" and "exclude_code_cell" not in self.excluded:
            if (
                source.strip()
                and not _no_input(cell, tags)
                and "exclude_input" not in self.excluded
            ):
                self.code.append(Code(number, source))
            for output in _outputs(cell):
                if output.get("output_type") == "error" and not tags & _EXPECTED:
                    self.failed = f"{context.where}: {_error(output)}"
                if not _no_output(cell, tags) and "exclude_output" not in self.excluded:
                    yield from self._output(output, number, context)

    def _output(self, output: Mapping[str, Any], number: int, context: Context) -> Iterator[Block]:
        kind = output.get("output_type")
        if kind == "stream":
            if output.get("name") == "stdout" and not self.ours:
                shown = outputs.printed(joined(output.get("text", "")))
                if shown is not None and shown.folded is not None:
                    first, last = shown.folded
                    context.lost(f"{last - first:,} lines of a log, in print")
                if shown is not None:
                    yield shown
        elif kind == "error":
            yield Verbatim(_error(output))
        elif MIME in output.get("data", {}):
            item = _display(output["data"][MIME], number)
            if isinstance(item, Cover):
                if self.cover is not None:
                    raise RunError("a report with two covers", where=context.where)
                self.cover = item
            else:
                yield Shown(item)
        else:
            for block in outputs.displayed(output, context):
                told = outputs.alt_text(output.get("metadata", {}))
                if self.ours and isinstance(block, Picture) and not told:
                    raise RunError(
                        "a picture without alt text",
                        where=context.where,
                        allowed="an exhibit, or alt text in the output's metadata",
                    )
                yield block


def _tags(cell: Mapping[str, Any]) -> frozenset[str]:
    tags = cell.get("metadata", {}).get("tags", ())
    return frozenset(str(tag).lower().replace("-", "_") for tag in tags)


def _no_input(cell: Mapping[str, Any], tags: frozenset[str]) -> bool:
    metadata = cell.get("metadata", {})
    return bool(
        tags & _NO_INPUT
        or metadata.get("jupyter", {}).get("source_hidden")
        or any(map(metadata.get, ("hide_input", "hideCode", "inputHidden")))
        or metadata.get("transient", {}).get("remove_source")
        or cell.get("transient", {}).get("remove_source")
    )


def _no_output(cell: Mapping[str, Any], tags: frozenset[str]) -> bool:
    metadata = cell.get("metadata", {})
    return bool(
        tags & _NO_OUTPUT
        or metadata.get("jupyter", {}).get("outputs_hidden")
        or any(map(metadata.get, ("collapsed", "hide_output", "hideOutput", "outputHidden")))
    )


def _outputs(cell: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The outputs that are shown; what was printed in several goes is one text."""

    def stream(output: Mapping[str, Any]) -> object:
        return output.get("name") if output.get("output_type") == "stream" else None

    shown = (output for output in cell.get("outputs", ()) if not _tags(output) & _NO_SINGLE)
    for name, listed in itertools.groupby(shown, stream):
        group = list(listed)
        if name is None:
            yield from group
        else:
            text = "".join(joined(output.get("text", "")) for output in group)
            yield {**group[0], "text": text}


def _error(output: Mapping[str, Any]) -> str:
    return terminal(f"{output.get('ename')}: {output.get('evalue')}")


def _raw(cell: Mapping[str, Any], source: str, context: Context) -> Iterator[Block]:
    """A raw cell as nbconvert shows it: text unless it names a format of another program."""
    metadata = cell.get("metadata", {})
    form = str(metadata.get("raw_mimetype", metadata.get("format", ""))).lower()
    if form in ("text/html", "html"):
        yield from hypertext.read(source, context)
    elif form in ("text/markdown", "markdown"):
        yield from outputs.markdown(source, context)
    elif form in _TEXT:
        for paragraph in source.split("\n\n"):
            if paragraph.strip():
                yield Para((Run(text=paragraph.strip("\n")),))
    else:
        context.lost(f"a raw cell for {form}")


def _display(content: object, number: int) -> Exhibit | TableExhibit | Prose | Cover:
    kind = str(content.get("kind")) if isinstance(content, Mapping) else ""
    if kind not in _KINDS:
        raise RunError.not_among(
            "an exhibit of an unknown kind", kind, _KINDS, where=f"cell {number}"
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
