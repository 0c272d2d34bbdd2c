"""Markdown, and what a code cell printed and displayed, as blocks: the richest form of an output
that can be read.

A picture is taken before words, words before a script's data, and what Python's ``repr`` says
only when there is nothing else. What can be shown in no form leaves a line that says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from jcurve.briefing import pictures
from jcurve.briefing.document import Block, Maths, Verbatim
from jcurve.briefing.hypertext import Context, Out, missing, read
from jcurve.briefing.maths import held
from jcurve.figures.display import KEY, Run
from jcurve.figures.markup import escape

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
_LATEX = re.compile(r"\\begin\{(?!equation|align|eqnarray|gather|multline)")
_MADE_BY = re.compile(r"vnd\.(plotly|vegalite|vega|bokehjs|holoviews|jupyter\.widget)")
_NAMES = {"vegalite": "Altair", "vega": "Vega", "plotly": "Plotly", "bokehjs": "Bokeh",
          "holoviews": "HoloViews"}  # fmt: skip
_LIBRARY = re.compile(r"vnd\.(?:bokehjs|holoviews)_load")  # of which nothing is seen
_LOADS = re.compile(r"<script|<link\b|BokehJS|require\(", re.IGNORECASE)
_LOG = 240  # lines; of a longer text only the two ends are printed
_ENDS = (80, 40)


def joined(value: object) -> str:
    """A notebook's multi-line text as one string."""
    if isinstance(value, list):
        return "".join(str(part) for part in value)
    return str(value)


def terminal(text: str) -> str:
    """``text`` as a terminal shows it: colours gone, lines that were written over gone.

    ::

        >>> terminal("\\rrunning 0%\\rrunning 100%\\ndone\\n")
        'running 100%\\ndone\\n'
    """
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "\r" not in text and "\b" not in text:
        return text
    return "\n".join(_overwritten(line) for line in text.replace("\r\n", "\n").split("\n"))


def _overwritten(line: str) -> str:
    shown: list[str] = []
    at = 0
    for character in line:
        if character == "\r":
            at = 0
        elif character == "\b":
            at = max(at - 1, 0)
        else:
            shown[at : at + 1] = [character]
            at += 1
    return "".join(shown).rstrip() if "\r" in line else "".join(shown)


def printed(text: str) -> Verbatim | None:
    """What was printed, or None when nothing of it is seen."""
    shown = terminal(text).strip("\n")
    if not shown.strip():
        return None
    lines = shown.count("\n") + 1
    return Verbatim(shown, folded=(_ENDS[0], lines - _ENDS[1]) if lines > _LOG else None)


def alt_text(metadata: Mapping[str, Any]) -> str:
    """What an output's metadata say that a picture shows."""
    mark = metadata.get(KEY)
    if isinstance(mark, Mapping) and str(mark.get("alt", "")).strip():
        return str(mark["alt"])
    for value in (metadata, *metadata.values()):
        if isinstance(value, Mapping) and str(value.get("alt", "")).strip():
            return str(value["alt"])
    return ""


def displayed(output: Mapping[str, Any], context: Context) -> Iterator[Block]:
    """The blocks of one thing that a cell displayed."""
    data, metadata = output.get("data", {}), output.get("metadata", {})
    # sympy and the like bring a formula both as TeX and as a picture of it.
    if "text/latex" in data and (made := latex(joined(data["text/latex"]), context)):
        yield from made
        return
    failed = False
    for mime in _PICTURES:
        if mime not in data:
            continue
        alt = alt_text(metadata) or f"Picture in the output of {context.where}, not described"
        shown = pictures.drawable(
            mime, joined(data[mime]), alt, context.where, _wanted(metadata, mime)
        )
        if shown is not None:
            yield shown
            return
        failed = True
    if failed:
        yield missing("picture", "it cannot be drawn", context)
        return
    yield from _words(data, context)


def _wanted(metadata: Mapping[str, Any], mime: str) -> tuple[float, float]:
    """Width and height that an output asks for, in CSS pixels."""
    said = metadata.get(mime)
    sizes = said if isinstance(said, Mapping) else metadata
    return _length(sizes.get("width")), _length(sizes.get("height"))


def _length(value: object) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:px)?", str(value))
    return float(found[1]) if found else 0.0


def _words(data: Mapping[str, Any], context: Context) -> Iterator[Block]:
    source = joined(data.get("text/html", ""))
    if any(_LIBRARY.search(mime) for mime in data):
        return
    drawn = next((found for mime in data if (found := _MADE_BY.search(mime))), None)
    if drawn is None and source.strip():
        blocks = list(read(source, context))
        if blocks:
            yield from blocks
            return
    if "text/markdown" in data:
        yield from markdown(joined(data["text/markdown"]), context)
    elif drawn is not None:
        name = _NAMES.get(drawn[1])
        yield missing(
            f"{name} chart" if name else "widget",
            "it is drawn by a script and brings no picture",
            context,
        )
        if name is None and (block := printed(joined(data.get("text/plain", "")))) is not None:
            yield block
    elif "text/latex" in data:
        source = joined(data["text/latex"]).strip()
        context.lost(f"LaTeX that is not understood, as its source: {source}")
        yield Verbatim(source)
    elif "application/json" in data:
        yield Verbatim(json.dumps(data["application/json"], indent=2, ensure_ascii=False))
    elif "application/javascript" in data or (source and _LOADS.search(source)):
        yield missing("output", "it is drawn by a script and brings no picture", context)
    elif source:
        return  # styles alone: nothing is seen of them
    elif "application/pdf" in data:
        yield missing("picture", "a PDF cannot be part of a page", context)
    elif "text/plain" in data:
        block = printed(joined(data["text/plain"]))
        if block is not None:
            yield block
    elif data:
        yield missing("output", f"no form of {', '.join(sorted(data))} can be printed", context)


def latex(source: str, context: Context) -> Sequence[Block]:
    """The blocks of LaTeX, or nothing when not all of it is formulas and words."""
    if _LATEX.search(source):
        return ()
    text, kept = context.tex.hold(source)
    if any(item.formula is None for item in kept) or "\\" in text:
        return ()
    out = Out()
    for piece in held(text, kept):
        if isinstance(piece, str):
            out.runs.append(Run(text=re.sub(r"\s+", " ", piece)))
        elif piece.formula is not None and piece.formula.display:
            out.flush()
            out.blocks.append(Maths(piece.formula))
        elif piece.formula is not None:
            out.runs.append(piece.formula)
    out.flush()
    return out.blocks


def markdown(source: str, context: Context) -> tuple[Block, ...]:
    """The blocks of a markdown cell, or of an output of this kind, as JupyterLab reads it: formulas
    first, then Markdown, then the HTML that both make, which goes the way of every other HTML. It
    is sanitised, and nothing in it is ever executed."""
    text, kept = context.tex.hold(source)
    return tuple(read(str(_parser()(text)), context, kept))


@cache
def _parser() -> Any:
    import mistune
    from mistune.plugins.footnotes import footnotes
    from mistune.plugins.formatting import strikethrough
    from mistune.plugins.table import table
    from mistune.plugins.task_lists import task_lists

    plugins: list[Any] = [table, footnotes, strikethrough, task_lists]
    parser: Any = mistune.create_markdown(
        renderer=mistune.HTMLRenderer(escape=False, allow_harmful_protocols=True), plugins=plugins
    )
    # Notes stand at the foot of the page, so their text is handed over by key.
    renderer = parser.renderer
    renderer.register(
        "footnote_ref", lambda _, key, index: f'<x-note key="{escape(key)}"></x-note>'
    )
    renderer.register("footnotes", lambda _, text: f"<x-notes>{text}</x-notes>")
    renderer.register(
        "footnote_item", lambda _, text, key, index: f'<x-note key="{escape(key)}">{text}</x-note>'
    )
    renderer.register(
        "task_list_item",
        lambda _, text, checked=False: f"<li>{'☑' if checked else '☐'} {text}</li>\n",
    )
    return parser
