"""A document as data for the PDF's template: strings, sizes and trees, never markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Literal

from jcurve.assumptions.house_style import HouseStyle
from jcurve.briefing.document import (
    Beside,
    Block,
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
    Verbatim,
    printed,
)
from jcurve.briefing.gridset import Sheet, planned
from jcurve.briefing.lettering import equation, paragraph, runs, short, text
from jcurve.briefing.pictures import drawable
from jcurve.briefing.widths import NARROW, layout
from jcurve.figures import svg as drawing
from jcurve.figures.display import Cover, Prose, words
from jcurve.figures.exhibit import Exhibit, TableExhibit
from jcurve.figures.plaintext import visible
from jcurve.figures.style import WIDTHS
from jcurve.ground.errors import UsageError

Paper = Literal["a4", "us-letter"]  # Sizes of paper; the text column is equally wide on both

_LONG_REPORT = 8
_AFTER_A_COVER = 4  # headings more: its summary says what follows
_FULL_PAGE = 1_100  # letters of a summary that is a page by itself
_WHOLE = 30  # lines; a table up to this keeps on one page
_CSS_PIXEL = 0.75
_LONG_CELL = 1_200  # letters; a row with more may have to break across pages
_SHEETS: Mapping[Paper, Sheet] = {
    "a4": Sheet(tall=711.0, wide=728.0, low=465.0),
    "us-letter": Sheet(tall=687.0, wide=662.0, low=507.0),
}
_FIGURE_SIZES = ((9, 16.0), (12, 13.0), (16, 11.0))  # points by letters: five share the column


def data(document: Document, house: HouseStyle) -> dict[str, Any]:
    """``document`` as the template takes it."""
    blocks = printed(document.blocks)
    headings = sum(isinstance(block, Heading) and block.level < 3 for block in blocks)
    day = document.date
    long = _LONG_REPORT + _AFTER_A_COVER * (document.cover is not None)
    return {
        "paper": house.paper,
        "house": _house(house),
        "title": text(document.title),
        "running": [
            short((document.cover and document.cover.running) or document.title, 88),
            short(document.cover.kicker, 50) if document.cover else "",
        ],
        "author": text(document.author),
        "language": document.language,
        "date": [day.year, day.month, day.day] if day else None,
        "contents": headings >= long,
        "failed": text(document.failed),
        "cover": _cover(document.cover),
        "blocks": [_block(block, _SHEETS[house.paper]) for block in blocks],
    }


def _house(house: HouseStyle) -> dict[str, object]:
    made: dict[str, object] = {
        "company": text(house.company),
        "footer": text(house.footer),
        "colour": house.colour,
        "accent": house.accent,
    }
    if house.logo is not None:
        logo = house.logo
        mark = drawable(logo.mime, logo.data, house.company or "logo", "house style")
        if mark is None:
            raise UsageError("the logo cannot be drawn", where="reports/house_style.yml, logo")
        made |= {"logo": framed(mark), "wide": mark.size[0] / mark.size[1]}
    return made


def stubs(made: Mapping[str, Any]) -> tuple[int, ...]:
    """How many columns name the rows, for each table of the PDF in reading order."""
    return tuple(_stubs(made["blocks"]))


def _stubs(made: Any) -> Iterator[int]:
    if isinstance(made, dict):
        if "stub" in made:
            yield made["stub"]
            return
        made = [made.get(held) for held in ("parts", "items", "blocks")]
    for inner in made if isinstance(made, list) else ():
        yield from _stubs(inner)


def _cover(cover: Cover | None) -> dict[str, object] | None:
    if cover is None:
        return None
    return {
        "kicker": text(cover.kicker),
        "title": text(cover.title),
        "subtitle": text(cover.subtitle),
        "byline": text(cover.byline),
        "changed": runs(cover.changed),
        "full": sum(len(words(each)) for each in cover.summary) > _FULL_PAGE,
        "figures": [
            {
                "label": text(item.label, NARROW),
                "value": text(item.value, NARROW),
                "note": text(item.note, NARROW),
                "size": next((pt for most, pt in _FIGURE_SIZES if len(item.value) <= most), 9.0),
            }
            for item in cover.figures
        ],
        "summary": [runs(paragraph) for paragraph in cover.summary],
        "status": [[text(label), text(value)] for label, value in cover.status],
        "stale": text(cover.stale),
        "disclaimer": text(cover.disclaimer),
    }


def _block(block: Block, sheet: Sheet) -> dict[str, object]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, **paragraph(block.runs)}
    if isinstance(block, Para):
        return {"kind": "para", **paragraph(block.runs)}
    if isinstance(block, Items):
        items = [[_block(inner, sheet) for inner in item] for item in block.items]
        return {"kind": "items", "ordered": block.ordered, "start": block.start, "items": items}
    if isinstance(block, Quote | Note):
        kind = "quote" if isinstance(block, Quote) else "note"
        return {"kind": kind, "blocks": [_block(inner, sheet) for inner in block.blocks]}
    if isinstance(block, Verbatim):
        return _verbatim(block)
    if isinstance(block, Maths):
        return {"kind": "maths", **equation(block.formula)}
    if isinstance(block, Rule):
        return {"kind": "rule"}
    if isinstance(block, Picture):
        return _picture(block)
    if isinstance(block, Grid):
        return planned(block, sheet)
    if isinstance(block, Beside):
        return {
            "kind": "beside",
            "charts": [_chart(chart) for chart in block.charts],
            "mm": WIDTHS[block.charts[0].width],
        }
    item = block.item
    if isinstance(item, Prose):
        return {
            "kind": "prose",
            "role": item.role,
            "paragraphs": [runs(paragraph) for paragraph in item.paragraphs],
        }
    return _chart(item) if isinstance(item, Exhibit) else _table(item)


def _verbatim(block: Verbatim) -> dict[str, object]:
    if block.folded is None:
        return {"kind": "verbatim", "parts": [text(block.text)], "left_out": 0}
    lines = block.text.split("\n")
    first, last = block.folded
    parts = [text("\n".join(lines[:first])), text("\n".join(lines[last:]))]
    return {"kind": "verbatim", "parts": parts, "left_out": last - first}


def _picture(block: Picture) -> dict[str, object]:
    width, height = block.size
    return {
        "kind": "picture",
        "svg": framed(block),
        "alt": text(block.alt),
        "width": width * _CSS_PIXEL,
        "height": height * _CSS_PIXEL,
    }


def framed(block: Picture) -> str:
    """A picture as SVG: Typst reads text from memory only, so that dots travel inside one."""
    if block.mime == "image/svg+xml":
        return block.data
    width, height = block.size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}"><image width="{width:g}" height="{height:g}" '
        f'preserveAspectRatio="none" href="data:{block.mime};base64,{escape(block.data)}"/></svg>'
    )


def _chart(exhibit: Exhibit) -> dict[str, object]:
    size = drawing.size(exhibit.svg)
    return {
        "kind": "chart",
        "id": exhibit.id,
        "title": text(exhibit.title),
        "subtitle": text(exhibit.subtitle),
        "svg": exhibit.svg,
        "alt": visible(exhibit.alt),
        "width": size.width,
        "height": size.height,
        "source": text(exhibit.source),
        "notes": [["", text(note)] for note in exhibit.notes],
        "reading": runs(exhibit.reading),
    }


def _table(exhibit: TableExhibit) -> dict[str, object]:
    plan = layout(exhibit)
    return {
        "kind": "table",
        "id": exhibit.id,
        "title": text(exhibit.title),
        "subtitle": text(exhibit.subtitle),
        "size": plan.size,
        "whole": len(plan.parts) == 1 and sum(max(1, count) for count in plan.lines[0]) <= _WHOLE,
        "whole_rows": max(len(text) for cells in plan.cells for text, _ in cells) < _LONG_CELL,
        "parts": [
            {
                "stub": 1,
                "columns": [
                    {
                        "label": text(exhibit.columns[index].label, NARROW),
                        "unit": text(exhibit.columns[index].unit),
                        "group": text(exhibit.columns[index].group, NARROW),
                        "text": exhibit.columns[index].keeps_left,
                        "forecast": exhibit.columns[index].forecast,
                        "width": width,
                    }
                    for index, width in zip(part, widths, strict=True)
                ],
                "rows": [
                    {
                        "role": row.role,
                        "indent": min(row.indent, 3),
                        "cells": cells if row.role == "heading" else [cells[at] for at in part],
                        "lines": count if count <= _WHOLE else 0,
                    }
                    for row, cells, count in zip(exhibit.rows, plan.cells, lines, strict=True)
                ],
            }
            for part, widths, lines in zip(plan.parts, plan.widths, plan.lines, strict=True)
        ],
        "source": text(exhibit.source),
        "notes": [[letter, text(note)] for letter, note in exhibit.lettered()],
        "reading": runs(exhibit.reading),
    }
