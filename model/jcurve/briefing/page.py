"""The HTML: one file that loads nothing, under a policy that lets nothing be loaded or run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jcurve.briefing.document import (
    Block,
    Code,
    Document,
    Grid,
    Heading,
    Items,
    Pair,
    Para,
    Picture,
    Quote,
    Rule,
    Shown,
    Verbatim,
)
from jcurve.figures import fonts
from jcurve.figures.exhibit import Exhibit
from jcurve.figures.markup import Writer, escape
from jcurve.figures.prose import Paragraph, Prose, words
from jcurve.figures.whatif import WhatIf

__all__ = ["html"]

_CONTENTS_FROM = 2


def html(document: Document) -> str:
    """``document`` as one self-contained HTML file."""
    footnotes: list[str] = []
    writer = Writer(document.numbers, footnotes)
    cover = document.cover
    head = (
        writer.cover(cover)
        if cover is not None
        else f'<header class="cover"><h1>{escape(document.title)}</h1></header>'
    )
    body = "".join(_block(block, writer) for block in document.blocks)
    style = _style()
    script = _script() if any(_has_dials(block) for block in document.blocks) else ""
    return "".join(
        (
            "<!DOCTYPE html>\n",
            f'<html lang="{escape(document.language)}">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light dark">\n',
            '<meta name="referrer" content="no-referrer">\n',
            f'<meta name="author" content="{escape(document.author)}">\n'
            if document.author
            else "",
            f"<title>{escape(document.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n",
            '<a class="skip" href="#main">Skip to the report</a>\n',
            _contents(document),
            f'<main id="main" tabindex="-1">\n<article>\n{head}{body}\n',
            _footnotes(footnotes),
            "</article>\n",
            _code(document.code),
            "</main>\n",
            f"<script>{script}</script>\n" if script else "",
            "</body>\n</html>\n",
        )
    )


def _policy(style: str, script: str) -> str:
    """What the page may do: use its own style and, if it has dials, its own script."""
    scripts = f"script-src {_digest(script)}; " if script else ""
    return (
        f"default-src 'none'; style-src {_digest(style)}; {scripts}font-src data:; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _has_dials(block: Block) -> bool:
    return isinstance(block, Shown) and isinstance(block.item, WhatIf)


@cache
def _script() -> str:
    return Path(__file__).with_name("whatif.js").read_text(encoding="utf-8")


@cache
def _style() -> str:
    css = Path(__file__).with_name("briefing.css").read_text(encoding="utf-8")
    return f"\n{fonts.web_faces()}\n{css}"


def _contents(document: Document) -> str:
    headings = [
        block for block in document.blocks if isinstance(block, Heading) and block.level == 1
    ]
    if len(headings) < _CONTENTS_FROM:
        return ""
    items = "".join(
        f'<li><a href="#{block.anchor}">{escape(words(block.runs))}</a></li>' for block in headings
    )
    return f'<nav class="contents" aria-label="Contents"><p>Contents</p><ol>{items}</ol></nav>\n'


def _footnotes(footnotes: Iterable[str]) -> str:
    items = "".join(
        f'<li id="note-{number}">{escape(note)} <a href="#call-{number}" '
        f'aria-label="Back to the call of footnote {number}">↩</a></li>'
        for number, note in enumerate(footnotes, start=1)
    )
    return f'<section class="footnotes" aria-label="Footnotes"><ol>{items}</ol></section>\n' if (
        items
    ) else ""  # fmt: skip


def _code(code: Iterable[Code]) -> str:
    cells = "".join(
        f'<figure><figcaption>Cell {cell.number}</figcaption><pre tabindex="0">'
        f"<code>{escape(cell.source)}</code></pre></figure>"
        for cell in code
    )
    if not cells:
        return ""
    return (
        '<details class="code"><summary>The code that made this report</summary>'
        f"{cells}</details>\n"
    )


def _block(block: Block, writer: Writer) -> str:
    if isinstance(block, Heading):
        level = min(block.level + 1, 6)
        return f'<h{level} id="{block.anchor}">{writer.runs(block.runs)}</h{level}>'
    if isinstance(block, Para):
        return f"<p>{writer.runs(block.runs)}</p>"
    if isinstance(block, Items):
        items = "".join(f"<li>{_item(item, writer)}</li>" for item in block.items)
        if not block.ordered:
            return f"<ul>{items}</ul>"
        start = f' start="{block.start}"' if block.start != 1 else ""
        return f"<ol{start}>{items}</ol>"
    if isinstance(block, Quote):
        inner = "".join(_block(part, writer) for part in block.blocks)
        return f"<blockquote>{inner}</blockquote>"
    if isinstance(block, Verbatim):
        return f'<pre class="output" tabindex="0">{escape(block.text)}</pre>'
    if isinstance(block, Rule):
        return "<hr>"
    if isinstance(block, Picture):
        return _picture(block)
    if isinstance(block, Grid):
        return _grid(block, writer)
    if isinstance(block, Pair):
        return f'<div class="pair">{writer.chart(block.left)}{writer.chart(block.right)}</div>'
    item = block.item
    if isinstance(item, Prose):
        return writer.prose(item)
    return writer.chart(item) if isinstance(item, Exhibit) else writer.table(item)


def _item(item: tuple[Block, ...], writer: Writer) -> str:
    """A list item; a lone paragraph in front needs no paragraph of its own."""
    if item and isinstance(item[0], Para):
        rest = "".join(_block(part, writer) for part in item[1:])
        return writer.runs(item[0].runs) + rest
    return "".join(_block(part, writer) for part in item)


def _picture(block: Picture) -> str:
    data = block.data
    if block.mime == "image/svg+xml":
        # As a picture, not as part of the page: whatever it holds cannot reach the page.
        data = base64.b64encode(data.encode()).decode()
    width, height = block.size
    return (
        f'<figure class="picture"><img src="data:{block.mime};base64,{escape(data)}" '
        f'alt="{escape(block.alt)}" width="{width:.0f}" height="{height:.0f}"></figure>'
    )


def _grid(block: Grid, writer: Writer) -> str:
    def cell(runs: Paragraph, index: int, *, head: bool) -> str:
        kind = {"left": "text", "right": "num", "center": "mid"}[block.aligns[index]]
        text = writer.runs(runs)
        if head:
            return f'<th scope="col" class="{kind}">{text}</th>' if text else "<td></td>"
        if index < block.stub:
            return f'<th scope="row" class="{kind}">{text}</th>'
        return f'<td class="{kind}">{text}</td>'

    def row(cells: tuple[Paragraph, ...], *, head: bool) -> str:
        inner = "".join(cell(runs, index, head=head) for index, runs in enumerate(cells))
        return f"<tr>{inner}</tr>"

    top = "".join(row(cells, head=True) for cells in block.head)
    body = "".join(row(cells, head=False) for cells in block.rows)
    return (
        '<div class="scroll" role="region" tabindex="0" aria-label="Table"><table>'
        f"{f'<thead>{top}</thead>' if top else ''}<tbody>{body}</tbody></table></div>"
    )
