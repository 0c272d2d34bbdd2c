"""The HTML: one file that loads nothing, under a policy that lets nothing be loaded or run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from jcurve.assumptions.house_style import HouseStyle, luminance
from jcurve.briefing.document import (
    Beside,
    Block,
    Cell,
    Code,
    Document,
    Grid,
    Heading,
    Items,
    Maths,
    Note,
    Para,
    Picture,
    Quote,
    Rule,
    Shown,
    Verbatim,
    placed,
    signed,
    within,
)
from jcurve.figures import fonts
from jcurve.figures.display import Run, words
from jcurve.figures.exhibit import Exhibit, TableExhibit
from jcurve.figures.markup import Writer, escape
from jcurve.figures.plaintext import is_rtl
from jcurve.figures.whatif import WhatIf

_CONTENTS_FROM = 2


def html(document: Document, house: HouseStyle | None = None) -> str:
    """``document`` as one self-contained HTML file."""
    house = house or HouseStyle()
    document = signed(document, house)
    footnotes: list[str] = []
    writer = Writer(document.numbers, footnotes)
    cover = document.cover
    head = (
        writer(cover)
        if cover is not None
        else f'<header class="cover"><h1>{escape(document.title)}</h1></header>'
    )
    if document.failed:
        head += (
            f'<p class="failed" role="alert">The run of this notebook failed in '
            f"{escape(document.failed)}</p>"
        )
    body = "".join(_block(block, writer) for block in document.blocks)
    style = _style() + _shades(within(document.blocks)) + _dressed(house)
    shown = {type(each.item) for each in document.blocks if isinstance(each, Shown)}
    shown |= {Exhibit for each in document.blocks if isinstance(each, Beside)}
    used = (part for part, kind in (("point", Exhibit), ("whatif", WhatIf)) if kind in shown)
    script = "".join(map(_script, used))
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
            f'<main id="main" tabindex="-1">\n<article>\n{_masthead(house)}{head}{body}\n',
            _footnotes(footnotes),
            f'<p class="disclaimer">{escape(house.footer)}</p>\n' if house.footer else "",
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


@cache
def _script(name: str) -> str:
    return Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8")


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
        way = _way(block.runs)
        return f'<h{level} id="{block.anchor}"{way}>{writer.runs(block.runs)}</h{level}>'
    if isinstance(block, Para):
        return f"<p{_way(block.runs)}>{writer.runs(block.runs)}</p>"
    if isinstance(block, Items):
        items = "".join(f"<li>{_item(item, writer)}</li>" for item in block.items)
        if not block.ordered:
            return f"<ul>{items}</ul>"
        start = f' start="{block.start}"' if block.start != 1 else ""
        return f"<ol{start}>{items}</ol>"
    if isinstance(block, Quote | Note):
        inner = "".join(_block(part, writer) for part in block.blocks)
        if isinstance(block, Quote):
            return f"<blockquote>{inner}</blockquote>"
        return f'<div class="callout" role="note">{inner}</div>'
    if isinstance(block, Verbatim):
        return _verbatim(block)
    if isinstance(block, Maths):
        return f'<div class="formula" tabindex="0">{block.formula.mathml}</div>'
    if isinstance(block, Rule):
        return "<hr>"
    if isinstance(block, Picture):
        return _picture(block)
    if isinstance(block, Grid):
        return _grid(block, writer)
    if isinstance(block, Beside):
        charts = "".join(map(writer, block.charts))
        return f'<div class="beside of{len(block.charts)}">{charts}</div>'
    item, made = block.item, writer(block.item)
    if not isinstance(item, TableExhibit) or item.place != "fold":
        return made
    number = f"Exhibit {writer.numbers[item.id]}: " if item.id in writer.numbers else ""
    summary = f"<summary>{escape(number + item.title)}</summary>"
    return f'<details class="fold">{summary}{made}</details>'


def _way(runs: Iterable[Run]) -> str:
    return ' dir="rtl"' if is_rtl(words(runs)) else ""


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


def _verbatim(block: Verbatim) -> str:
    text = f'<pre class="output" tabindex="0">{escape(block.text)}</pre>'
    if block.folded is None:
        return text
    lines = block.text.count("\n") + 1
    return f"<details><summary>{lines:,} lines of output</summary>{text}</details>"


_SIDES = {"left": "text", "right": "num", "center": "mid"}


def _grid(block: Grid, writer: Writer) -> str:
    def cell(at: int, one: Cell, *, head: bool) -> str:
        across = f' colspan="{one.across}"' if one.across > 1 else ""
        down = f' rowspan="{one.down}"' if one.down > 1 else ""
        kind = "group" if head and one.across > 1 else _SIDES[block.aligns[at]]
        shade = f" {_shade(one.shade)}" if one.shade else ""
        text = writer.runs(one.runs)
        if (head and text) or (one.head and at < block.stub):
            scope = "col" if head else "row"
            group = "group" if (one.across if head else one.down) > 1 else ""
            return f'<th scope="{scope}{group}" class="{kind}{shade}"{across}{down}>{text}</th>'
        return f'<td class="{kind}{shade}"{across}{down}>{text}</td>'

    def rows(listed: Iterable[Sequence[Cell]], *, head: bool) -> str:
        return "".join(
            f"<tr>{''.join(cell(at, one, head=head) for at, one in row)}</tr>"
            for row in placed(tuple(listed))
        )

    top = rows(block.head, head=True)
    caption = f"<caption>{writer.runs(block.caption)}</caption>" if block.caption else ""
    return (
        '<div class="scroll grid" role="region" tabindex="0" aria-label="Table">'
        f"<table>{caption}{f'<thead>{top}</thead>' if top else ''}"
        f"<tbody>{rows(block.rows, head=False)}</tbody></table></div>"
    )


def _shade(colour: str) -> str:
    return f"shade-{colour.removeprefix('#')}"


def _shades(blocks: Iterable[Block]) -> str:
    """Rules for the grounds of cells; the text on each is dark or light, as is read better."""
    found: set[str] = set()
    for block in blocks:
        if isinstance(block, Grid):
            found |= {cell.shade for row in (*block.head, *block.rows) for cell in row}
    inks = {each: "#1b2430" if luminance(each) > 0.2 else "#ffffff" for each in found - {""}}
    return "".join(
        f".{_shade(each)}{{background:{each};color:{inks[each]}}}" for each in sorted(inks)
    )


def _dressed(house: HouseStyle) -> str:
    """Rules for the house's own colours, where the page is light."""
    usual = HouseStyle()
    if (house.colour, house.accent) == (usual.colour, usual.accent):
        return ""
    rule = f":root{{--navy:{house.colour};--accent:{house.accent}}}"
    return f"@media (prefers-color-scheme: light){{{rule}}}@media print{{{rule}}}"


def _masthead(house: HouseStyle) -> str:
    if house.logo is None and not house.company:
        return ""
    logo = ""
    if house.logo is not None:
        data = house.logo.data
        if house.logo.mime == "image/svg+xml":
            data = base64.b64encode(data.encode()).decode()
        logo = f'<img alt="" src="data:{house.logo.mime};base64,{data}" height="36">'
    return f'<p class="masthead">{logo} {escape(house.company)}</p>'
