"""HTML as blocks: of Markdown cells, and of outputs.

It is sanitised first, so that what is read here is well formed and holds neither script nor
handler; and only words, pictures, tables and formulas of it come out, never a tag.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nh3
from lxml.html import HtmlElement, fragment_fromstring

from jcurve.briefing import pictures
from jcurve.briefing.document import (
    Block,
    Heading,
    Items,
    Loss,
    Maths,
    Note,
    Para,
    Picture,
    Quote,
    Rule,
    Verbatim,
)
from jcurve.briefing.grids import grid
from jcurve.briefing.maths import Held, TeX, held, markup, put
from jcurve.figures.display import Paragraph, Run, words
from jcurve.figures.markup import safe_link

_TAGS = frozenset(nh3.ALLOWED_TAGS) | {
    "main", "section", "address", "fieldset", "legend", "form", "label", "tfoot", "font", "big",
    "dialog", "menu", "button", "x-note", "x-notes",
}  # fmt: skip
_GONE = {"script", "style", "template", "title", "select", "textarea", "noscript"}
_ATTRIBUTES = {
    "*": {"id", "class", "style", "dir", "hidden"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"rowspan", "colspan"},
    "th": {"rowspan", "colspan", "scope"},
    "x-note": {"key"},
}
_STYLES = {
    "display", "visibility", "font-weight", "font-style", "text-decoration", "background",
    "background-color", "color", "text-align", "width", "height",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "data", "attachment"}
_SHEET = re.compile(r"<style[^>]*>(.*?)</style\s*>", re.DOTALL | re.IGNORECASE)
_SVG = re.compile(r"<svg\b.*?</svg\s*>", re.DOTALL | re.IGNORECASE)
_UNSEEN = re.compile(
    r"<svg\b[^>]*(?:(?<!-)\bwidth\s*[:=]\W*0\b(?!\.)|display\s*:\s*none)", re.IGNORECASE
)
_MATH = re.compile(r"<math\b.*?</math\s*>", re.DOTALL | re.IGNORECASE)
_MEDIA = re.compile(
    r"<(iframe|video|audio|embed|object|canvas)\b([^>]*)>(?:.*?</\1\s*>)?",
    re.DOTALL | re.IGNORECASE,
)
_SOURCE = re.compile(r"\b(?:src|data)\s*=\s*[\"']?(https?://[^\"'\s>]+)", re.IGNORECASE)
_CONTAINERS = frozenset({
    "div", "p", "section", "article", "header", "footer", "main", "aside", "nav", "figure",
    "figcaption", "center", "address", "fieldset", "legend", "form", "details", "dialog", "hgroup",
    "dl", "dt", "dd", "summary", "body", "html", "thead", "tbody", "tr", "td", "th",
})  # fmt: skip
_SPACE = re.compile(r"[ \t\n\r\f]+")
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(px)?\s*")
_BOLD = re.compile(r"\s*(bold|bolder|[6-9]00)\s*")
_CALLOUT = re.compile(r"\b(?:alert|admonition|callout)\b")
_FLAGS = {
    "b": "strong", "strong": "strong", "th": "strong", "dt": "strong", "summary": "strong",
    "i": "em", "em": "em", "cite": "em", "var": "em", "dfn": "em",
    "code": "code", "kbd": "code", "samp": "code", "tt": "code",
    "sup": "sup", "sub": "sub", "s": "strike", "del": "strike", "strike": "strike",
}  # fmt: skip


@dataclass
class Context:
    """What a cell's text may lean on, and where what is lost of it is written down."""

    where: str = "cell 1"
    tex: TeX = field(default_factory=TeX)
    folder: Path | None = None
    attachments: dict[str, dict[str, Any]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)

    def lost(self, what: str) -> None:
        """Write down that ``what`` is not shown."""
        self.losses.append(Loss(self.where, what))


def missing(what: str, why: str, context: Context) -> Para:
    """A line in the place of something that cannot be shown, and a warning."""
    context.lost(f"{what}: {why}")
    return Para((Run(text=f"[{what} of {context.where} is not shown: {why}]", em=True),))


def read(source: str, context: Context, kept: list[Held] | None = None) -> Iterator[Block]:
    """The blocks of some HTML; ``kept`` is what its marks stand for."""
    kept = [] if kept is None else kept
    sheets = _SHEET.findall(source)
    source = _SVG.sub(_as_picture, source)
    source = _MATH.sub(lambda found: put(Held(found[0], markup(found[0])), kept), source)
    source = _MEDIA.sub(lambda found: _absent(found, context), source)
    clean = nh3.clean(
        source,
        tags=set(_TAGS),
        clean_content_tags=_GONE,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        filter_style_properties=_STYLES,
        link_rel=None,
    )
    if not clean.strip():
        return
    root = fragment_fromstring(clean, create_parent="div")
    yield from Reader(context, kept, sheets, root).blocks(root)


def _as_picture(found: re.Match[str]) -> str:
    if _UNSEEN.match(found[0]):
        return ""  # it holds signs for other drawings
    data = base64.b64encode(found[0].encode()).decode()
    title = re.search(r"<title[^>]*>(.*?)</title", found[0], re.DOTALL)
    alt = html.escape(html.unescape(title[1]).strip()) if title else ""
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'


def _absent(found: re.Match[str], context: Context) -> str:
    kind = {"iframe": "page", "embed": "content", "object": "content", "canvas": "drawing"}.get(
        found[1].lower(), found[1].lower()
    )
    source = _SOURCE.search(found[0])
    if kind == "drawing" and source is None:
        return ""  # a script draws on it; that the script is left out is said elsewhere
    at = f" at {source[1]}" if source else ""
    context.lost(f"{kind}{at}: it cannot be printed")
    line = html.escape(f"[{kind} of {context.where} is not shown: it cannot be printed{at}]")
    return f"<p><em>{line}</em></p>"


def tidy(runs: Iterable[Run]) -> Paragraph:
    """Runs with blanks as a browser shows them: one between words, none at either end."""
    done: list[Run] = []
    for run in runs:
        blank = not done or (done[-1].text[-1:] in (" ", "\n") and _plain(done[-1]))
        text = run.text.lstrip(" ") if blank and _plain(run) else run.text
        if text.startswith("\n") and done and _plain(done[-1]):
            done[-1] = done[-1].model_copy(update={"text": done[-1].text.rstrip(" ")})
        if text or not _plain(run):
            done.append(run if text == run.text else run.model_copy(update={"text": text}))
    while done and _plain(done[-1]):
        text = done[-1].text.rstrip(" \n")
        if text:
            done[-1] = done[-1].model_copy(update={"text": text})
            break
        done.pop()
    return tuple(run for run in done if run.text or not _plain(run))


def _plain(run: Run) -> bool:
    return type(run) is Run and run.note is None and run.ref is None


class Reader:
    """Reads one piece of HTML."""

    def __init__(
        self, context: Context, kept: Sequence[Held], sheets: Sequence[str], root: HtmlElement
    ) -> None:
        self.context = context
        self.lost: Callable[[str], None] = context.lost
        self.sheets = sheets
        self.root = root
        self._kept = kept
        self._notes: dict[str, str] = {}
        self._inside = 0  # of cells and notes, where no picture has room
        for notes in root.iter("x-notes"):
            for note in notes.iter("x-note"):
                self._notes[note.get("key", "")] = words(self.runs(note)).strip()
            notes.clear()

    def blocks(self, element: HtmlElement, style: Run | None = None) -> list[Block]:
        """The blocks in ``element``."""
        out = Out()
        self._into(element, style or Run(), out)
        out.flush()
        return out.blocks

    def runs(self, element: HtmlElement, style: Run | None = None) -> Paragraph:
        """All words in ``element`` as one paragraph, its blocks on lines of their own."""
        self._inside += 1
        out = Out(whole=True)
        self._into(element, style or Run(), out)
        self._inside -= 1
        return tidy(out.runs)

    def _into(self, element: HtmlElement, style: Run, out: Out) -> None:
        self._text(element.text, style, out)
        for child in element:
            self._element(child, style, out)
            self._text(child.tail, style, out)

    def _text(self, text: str | None, style: Run, out: Out) -> None:
        for piece in held(text or "", self._kept):
            if isinstance(piece, str):
                shown = _SPACE.sub(" ", piece)
                if shown:
                    out.runs.append(style.model_copy(update={"text": shown}))
            elif piece.formula is None:
                self.context.lost(
                    f"a formula that is not understood, as its source: {piece.source}"
                )
                out.runs.append(Run(text=piece.source, code=True))
            elif piece.formula.display and not out.whole:
                out.flush()
                out.blocks.append(Maths(piece.formula))
            elif piece.formula.text:
                out.runs.append(piece.formula)

    def _element(self, element: HtmlElement, style: Run, out: Out) -> None:
        tag = element.tag
        css = element.get("style") or ""
        if "display:none" in css or "visibility:hidden" in css or element.get("hidden") is not None:
            return
        style = _styled(tag, css, style)
        if tag == "br":
            out.runs.append(style.model_copy(update={"text": "\n"}))
        elif tag == "wbr":
            out.runs.append(style.model_copy(update={"text": "\N{ZERO WIDTH SPACE}"}))
        elif tag == "img":
            self._picture(element, style, out)
        elif tag == "a":
            self._into(element, _linked(element.get("href") or "", style), out)
        elif tag == "q":
            out.runs.append(style.model_copy(update={"text": "“"}))
            self._into(element, style, out)
            out.runs.append(style.model_copy(update={"text": "”"}))
        elif tag == "x-note":
            out.runs.append(Run(note=self._notes.get(element.get("key", ""), "")))
        elif out.whole:
            broken = tag in _CONTAINERS or tag in ("li", "table", "ul", "ol", "blockquote", "pre")
            out.line(broken)
            self._into(element, style, out)
            out.line(broken)
            if tag in ("td", "th"):
                out.runs.append(Run(text=" "))
        elif (made := self._block(tag, element, style)) is not None:
            out.flush()
            out.blocks.extend(made)
        elif tag in _CONTAINERS:
            out.flush()
            self._into(element, style, out)
            out.flush()
        else:
            self._into(element, style, out)

    def _block(self, tag: str, element: HtmlElement, style: Run) -> Sequence[Block] | None:
        """What becomes a block of its own; None for what only holds others."""
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            # A picture in a heading stands below it.
            pictures = Out()
            for picture in element.iter("img"):
                self._picture(picture, style, pictures)
                picture.attrib.clear()
            pictures.flush()
            runs = self.runs(element)
            head: list[Block] = [Heading(int(tag[1]), runs, "")] if words(runs).strip() else []
            return [*head, *pictures.blocks]
        if tag == "hr":
            return [Rule()]
        if tag == "pre":
            text = "".join(
                piece if isinstance(piece, str) else piece.source
                for piece in held("".join(element.itertext()), self._kept)
            )
            return [Verbatim(text.strip("\n"))] if text.strip() else []
        if tag in ("ul", "ol", "menu"):
            start = element.get("start") or ""
            items = tuple(tuple(self.blocks(item, style)) for item in element.iterchildren("li"))
            return [Items(items, tag == "ol", int(start) if start.isdecimal() else 1)]
        if tag == "dd":
            return [Items((tuple(self.blocks(element, style)),))]
        if tag == "blockquote":
            return [Quote(tuple(self.blocks(element, style)))]
        if tag == "table":
            made = grid(element, self)
            return [made] if made is not None else []
        if tag == "div" and _CALLOUT.search(element.get("class") or ""):
            inner = tuple(self.blocks(element, style))
            return [Note(inner)] if inner else []
        return None

    def _picture(self, element: HtmlElement, style: Run, out: Out) -> None:
        url, alt = element.get("src") or "", (element.get("alt") or "").strip()
        name = alt or ("" if url.startswith("data:") else url.rpartition("/")[2])
        if self._inside:
            if alt:
                out.runs.append(style.model_copy(update={"text": alt}))
            if url:
                self.context.lost(f"picture {name or 'without alt text'} in a cell of a table")
            return
        made = self._found(url, alt, _wanted(element))
        if made is not None:
            out.flush()
            out.blocks.append(made)
            return
        reason = "it would have to be fetched" if url.startswith("http") else "it cannot be read"
        self.context.lost(f"picture {name or url[:60]}: {reason}")
        out.runs.append(_linked(url, style).model_copy(update={"text": f"[picture: {name}]"}))

    def _found(self, url: str, alt: str, wanted: tuple[float, float]) -> Picture | None:
        where = self.context.where
        shown = alt or f"Picture in {where}, not described"
        made = (pictures.drawable(*one, shown, where, wanted) for one in self._forms(url))
        return next(filter(None, made), None)

    def _forms(self, url: str) -> Iterator[tuple[str, str]]:
        """Type and data of each form in which the picture at ``url`` is at hand."""
        scheme, colon, name = url.partition(":")
        if scheme == "attachment":
            held = self.context.attachments
            for mime, data in (held.get(name) or held.get(unquote(name), {})).items():
                yield mime, data if isinstance(data, str) else "".join(data)
        elif scheme == "data":
            yield from filter(None, [pictures.from_url(url)])
        elif not colon or scheme not in ("http", "https"):
            yield from filter(None, [pictures.from_file(url, self.context.folder)])


class Out:
    """Blocks so far, and the runs of the paragraph that is being read."""

    def __init__(self, *, whole: bool = False) -> None:
        self.whole = whole
        self.runs: list[Run] = []
        self.blocks: list[Block] = []

    def flush(self) -> None:
        runs = tidy(self.runs)
        if runs:
            self.blocks.append(Para(runs))
        self.runs = []

    def line(self, wanted: bool) -> None:
        if wanted and self.runs and not self.runs[-1].text.endswith("\n"):
            self.runs.append(Run(text="\n"))


def _styled(tag: str, css: str, style: Run) -> Run:
    changes: dict[str, object] = {}
    if tag in _FLAGS:
        changes[_FLAGS[tag]] = True
    if css:
        for rule in css.split(";"):
            name, _, value = rule.partition(":")
            if name == "font-weight" and _BOLD.fullmatch(value):
                changes["strong"] = True
            elif name == "font-style" and "italic" in value:
                changes["em"] = True
            elif name == "text-decoration" and "line-through" in value:
                changes["strike"] = True
    return style.model_copy(update=changes) if changes else style


def _linked(url: str, style: Run) -> Run:
    # Whether a place in this page is an exhibit is known once all has been read.
    href = url if url.startswith("#") else safe_link(url)
    return style.model_copy(update={"href": href}) if href else style


def _wanted(element: HtmlElement) -> tuple[float, float]:
    sizes = []
    for side in ("width", "height"):
        found = _LENGTH.fullmatch(element.get(side) or "") or re.search(
            rf"(?:^|;)\s*{side}\s*:\s*(\d+(?:\.\d+)?)px", element.get("style") or ""
        )
        sizes.append(float(found[1]) if found else 0.0)
    return sizes[0], sizes[1]
