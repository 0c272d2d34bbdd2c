"""Markdown cells as blocks. Raw HTML in them is text; nothing in them is ever executed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, cast

from jcurve.briefing.document import (
    Block,
    Grid,
    Heading,
    Items,
    Para,
    Quote,
    Rule,
    Verbatim,
)
from jcurve.briefing.maths import maths
from jcurve.figures.markup import safe_link
from jcurve.figures.prose import Paragraph, Run, words

__all__ = ["blocks", "plain_heading"]

# A dollar sign is money far more often than mathematics here: only what holds a TeX
# character, or is a single letter, is taken for a formula.
_INLINE_MATH = r"\$(?P<formula>(?![\s\d])(?:[^$\n]*[\\^_={}][^$\n]*|[A-Za-z]))(?<!\s)\$(?!\d)"
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_ALIGNS = ("left", "center", "right")

Token = Mapping[str, Any]


@cache
def _parser() -> Any:
    import mistune

    def inline_math(_: Any, match: re.Match[str], state: Any) -> int:
        state.append_token({"type": "inline_math", "raw": match["formula"]})
        return match.end()

    def plugin(markdown: Any) -> None:
        markdown.inline.register("inline_math", _INLINE_MATH, inline_math, before="link")

    from mistune.plugins.footnotes import footnotes
    from mistune.plugins.math import math
    from mistune.plugins.table import table

    def block_math(markdown: Any) -> None:
        math(markdown)
        markdown.inline.rules.remove("inline_math")
        plugin(markdown)

    plugins: list[Any] = [table, footnotes, block_math]
    return mistune.create_markdown(renderer=None, plugins=plugins)


def blocks(source: str, attachments: Mapping[str, str] | None = None) -> tuple[Block, ...]:
    """The blocks of a markdown cell.

    Args:
        source: of the cell.
        attachments: not shown as pictures; their alt text stands for them.
    """
    tokens = cast("list[Token]", _parser()(source))
    notes: dict[str, str] = {}
    for token in tokens:
        if token["type"] == "footnotes":
            for item in token["children"]:
                text = " ".join(words(_inline(child.get("children", ()), {}))
                                for child in item["children"])  # fmt: skip
                notes[str(item["attrs"]["key"])] = text
    return tuple(_blocks(tokens, notes))


def plain_heading(runs: Paragraph) -> str:
    """A heading's text, for anchors and titles."""
    return words(runs).strip()


def _blocks(tokens: Iterable[Token], notes: Mapping[str, str]) -> Iterable[Block]:
    for token in tokens:
        kind = token["type"]
        children = token.get("children", ())
        if kind == "heading":
            runs = _inline(children, notes)
            if words(runs).strip():
                yield Heading(int(token["attrs"]["level"]), runs, "")
        elif kind in ("paragraph", "block_text"):
            runs = _inline(children, notes)
            if runs:
                yield Para(runs)
        elif kind == "list":
            yield Items(
                items=tuple(tuple(_blocks(item["children"], notes)) for item in children),
                ordered=bool(token["attrs"]["ordered"]),
                start=int(token["attrs"].get("start", 1)),
            )
        elif kind == "block_quote":
            yield Quote(tuple(_blocks(children, notes)))
        elif kind == "block_code":
            yield Verbatim(str(token["raw"]).rstrip("\n"))
        elif kind == "block_math":
            yield Para(maths(str(token["raw"])))
        elif kind == "thematic_break":
            yield Rule()
        elif kind == "table":
            yield _grid(children, notes)
        elif kind == "block_html":
            text = _COMMENT.sub("", str(token["raw"])).strip()
            if text:
                yield Para((Run(text=text),))


def _grid(children: Iterable[Token], notes: Mapping[str, str]) -> Grid:
    head, body = list(children)
    cells = head["children"]
    aligns = tuple(_align(cell["attrs"].get("align")) for cell in cells)
    return Grid(
        head=(tuple(_inline(cell["children"], notes) for cell in cells),),
        rows=tuple(
            tuple(_inline(cell["children"], notes) for cell in row["children"])
            for row in body["children"]
        ),
        aligns=aligns,
    )


def _align(value: object) -> Literal["left", "center", "right"]:
    return cast("Literal['left', 'center', 'right']", value if value in _ALIGNS else "left")


def _inline(
    tokens: Iterable[Token], notes: Mapping[str, str], style: Run | None = None
) -> Paragraph:
    runs: list[Run] = []
    style = style or Run()
    for token in tokens:
        kind = token["type"]
        children = token.get("children", ())
        if kind == "text":
            runs.append(style.model_copy(update={"text": str(token["raw"])}))
        elif kind == "softbreak":
            runs.append(style.model_copy(update={"text": " "}))
        elif kind == "linebreak":
            runs.append(style.model_copy(update={"text": "\n"}))
        elif kind == "emphasis":
            runs.extend(_inline(children, notes, style.model_copy(update={"em": True})))
        elif kind == "strong":
            runs.extend(_inline(children, notes, style.model_copy(update={"strong": True})))
        elif kind == "codespan":
            runs.append(style.model_copy(update={"text": str(token["raw"]), "code": True}))
        elif kind == "link":
            runs.extend(_link(str(token["attrs"]["url"]), children, notes, style))
        elif kind == "image":
            alt = words(_inline(children, notes)) or str(token["attrs"]["url"])
            runs.append(style.model_copy(update={"text": f"[picture: {alt}]"}))
        elif kind == "inline_math":
            runs.extend(maths(str(token["raw"])))
        elif kind == "footnote_ref":
            runs.append(Run(note=notes.get(str(token["raw"]), "")))
        elif kind == "inline_html":
            raw = str(token["raw"])
            text = "\n" if _BREAK.fullmatch(raw) else _COMMENT.sub("", raw)
            if text:
                runs.append(style.model_copy(update={"text": text}))
    return tuple(run for run in runs if run.text or run.note is not None or run.ref is not None)


def _link(url: str, children: Iterable[Token], notes: Mapping[str, str], style: Run) -> Paragraph:
    if url.startswith("#"):
        # Whether it is an exhibit is known once the whole notebook has been read.
        return _inline(children, notes, style.model_copy(update={"href": url}))
    href = safe_link(url)
    return _inline(children, notes, style.model_copy(update={"href": href}) if href else style)
