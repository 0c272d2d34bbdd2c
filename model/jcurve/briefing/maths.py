r"""Formulas: found in text, read as TeX, handed on as MathML.

MathML is what both formats print: a browser draws it as it is, and the PDF's template sets the
same tree with Typst's own mathematics. A formula is understood whole or not at all. What the
reader of TeX refuses, and what the template could not set, keeps its whole source, so that no
formula ever changes its meaning::

    >>> TeX().formula(r"\sqrt{a} + b").mathml
    '<math><msqrt><mi>a</mi></msqrt><mo>+</mo><mi>b</mi></math>'
    >>> TeX().formula(r"\unknown{x}") is None
    True
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import math_core

from jcurve.figures.display import Formula

_Node = list[Any]  # A part of a formula as the template takes it: a kind, then what belongs to it

_DELIMITED = re.compile(
    r"(?P<code>^[ \t]*(?P<fence>```+|~~~+).*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?P<ticks>(?<!`)`+(?!`)).+?(?<!`)(?P=ticks)(?!`)|\\\$)"
    r"|(?<!\\)\$\$(?P<block>.+?)(?<!\\)\$\$"
    r"|\\\\\[(?P<bracket>.+?)\\\\\]|\\\\\((?P<round>.+?)\\\\\)"
    r"|\\\[(?P<square>[^\]]*?[\\^_].+?)\\\]|\\\((?P<paren>[^\n]*?[\\^_][^\n]*?)\\\)"
    r"|(?P<environment>\\begin\{(?P<name>(?:equation|align|alignat|eqnarray|gather|multline)"
    r"\*?)\}.+?\\end\{(?P=name)\})"
    r"|(?<![\w$\\])\$(?P<inline>(?![\s$])(?:\\text\{[^{}\n]*\}|[^$\\]|\\.)+?)(?<!\s)\$(?![\w$])"
    # Beside a letter, as in "all $\alpha$s", only what no sum of money has.
    r"|(?<![$\\])\$(?P<beside>(?=[^$\n]*[\\^])(?![\s$\d])(?:[^$\\\n]|\\.)+?)(?<!\s)\$(?![$\d])",
    re.DOTALL | re.MULTILINE,
)
_KINDS = ("block", "bracket", "square", "environment", "round", "paren", "inline", "beside")
_DISPLAYED = _KINDS[:4]
_HELD = re.compile("\ue000([0-9]+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_UNNUMBERED = re.compile(r"\\(begin|end)\{(equation|align|alignat|gather|multline)\}")
_DEFINES = re.compile(r"\\(?:(?:re)?newcommand|def|DeclareMathOperator)\b")
_RENAMED = (
    (re.compile(r"\\begin\{eqnarray\*?\}"), r"\\begin{array}{rcl}"),
    (re.compile(r"\\end\{eqnarray\*?\}"), r"\\end{array}"),
    (re.compile(r"\\(begin|end)\{split\}"), r"\\\1{aligned}"),
    (re.compile(r"\\(begin|end)\{smallmatrix\}"), r"\\\1{matrix}"),
    (re.compile(r"\\require\{\w+\}"), ""),
    (re.compile(r"(?<=\d)%"), r"\\%"),  # a share; TeX would take the rest for a comment
)
_MACROS = {
    "mbox": r"\text{#1}",
    "substack": r"\begin{array}{c}#1\end{array}",
    "bm": r"\boldsymbol{#1}",
    "argmax": r"\operatorname*{argmax}",
    "argmin": r"\operatorname*{argmin}",
    "LaTeX": r"\text{LaTeX}",
    "TeX": r"\text{TeX}",
}
_ACTIVE = re.compile(r"on|href|\{")  # handlers, links, and what is of another namespace
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)\w+;")
_INVISIBLE = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\ufe00\ufe01"))
_LARGE = frozenset("∑∏∐∫∬∭∮⋃⋂⋁⋀⨁⨂")
_ACCENTS = {
    "ˆ": "\u0302", "^": "\u0302", "\u0302": "\u0302", "˜": "\u0303", "~": "\u0303",
    "\u0303": "\u0303", "¯": "\u0304", "⃗": "\u20d7", "→": "\u20d7", "˙": "\u0307",
    "¨": "\u0308", "ˇ": "\u030c", "˘": "\u0306", "´": "\u0301", "`": "\u0300", "˚": "\u030a",
}  # fmt: skip
_BARS = frozenset("\u0332\u0305‾_―")
_BRACES = {"⏟": "underbrace", "⏞": "overbrace", "⎵": "underbracket", "⎴": "overbracket"}
_STYLES = {
    "text-align: left": "start",
    "text-align: right": "end",
    "border-top": "above",
    "border-bottom": "below",
    "border-left": "before",
    "border-right": "after",
    "width: 50%": "margin",
    "width: 7.5%": "margin",
}


@dataclass(frozen=True)
class Held:
    """A formula taken out of a text; without ``formula`` it was not understood."""

    source: str
    formula: Formula | None


class TeX:
    r"""Reads one notebook's formulas; what ``\newcommand`` defines holds in all that follow."""

    def __init__(self) -> None:
        self._reader = math_core.LatexToMathML(macros=_MACROS, fancy_error=False, global_group=True)

    def hold(self, source: str) -> tuple[str, list[Held]]:
        """``source`` with a mark in each formula's place, and what the marks stand for.

        Markdown would read the signs of a formula as its own.
        """
        kept: list[Held] = []

        def mark(found: re.Match[str]) -> str:
            kind = next((kind for kind in _KINDS if found[kind] is not None), None)
            if kind is None or (kind == "inline" and not _is_formula(found[kind])):
                return found[0]
            read = self.formula(found[kind], display=kind in _DISPLAYED)
            return put(Held(found[0], read), kept)

        return _DELIMITED.sub(mark, _PRIVATE.sub("\N{REPLACEMENT CHARACTER}", source)), kept

    def formula(self, tex: str, *, display: bool = False) -> Formula | None:
        """``tex`` as a formula, or None when it is not understood whole."""
        text = tex.strip()
        for pattern, instead in _RENAMED:
            text = pattern.sub(instead, text)
        # A number in the margin only where the writer gives one, as Jupyter shows it.
        text = _UNNUMBERED.sub(r"\\\1{\2*}", text)
        if re.search(r"\\(?:tag|label)\b", text) and r"\begin{" not in text:
            text = rf"\begin{{equation*}}{text}\end{{equation*}}"
        try:
            made = self._reader.convert_with_global_state(text, displaystyle=display)
            mathml = _plain(made)
            empty = tree(mathml) == ["row", []]
        except (math_core.LatexError, ElementTree.ParseError, _UnknownError):
            return None
        if empty and not _DEFINES.search(text):
            return None
        return Formula(text=tex.strip(), mathml=mathml, display=display)


def put(item: Held, kept: list[Held]) -> str:
    """The mark that stands for ``item`` from now on."""
    kept.append(item)
    return f"\ue000{len(kept) - 1}\ue001"


def held(text: str, kept: Sequence[Held]) -> Iterator[str | Held]:
    """The words of ``text`` and what its marks stand for."""
    at = 0
    for found in _HELD.finditer(text):
        yield text[at : found.start()]
        yield kept[int(found[1])]
        at = found.end()
    yield text[at:]


def markup(source: str) -> Formula | None:
    """A ``math`` element of somebody's HTML, or None when it is not understood whole."""
    try:
        mathml = _plain(source)
        words = ElementTree.fromstring(mathml)
        tree(mathml)
    except (ElementTree.ParseError, _UnknownError):
        return None
    return Formula(text=" ".join("".join(words.itertext()).split()), mathml=mathml)


def _is_formula(tex: str) -> bool:
    """Whether what stands between two dollar signs is one, and not a sum of money."""
    if re.search(r"[\\^_={}]", tex):
        return True
    if not _WORD.search(tex):
        return not re.fullmatch(r"[\d.,\s]+", tex)
    return not re.search(r"\s", tex) or bool(re.match(r"[^\d(]*[-+*/<>]", tex))


def _plain(mathml: str) -> str:
    """MathML without entities, and with classes for what a page may not have as styles."""
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), mathml)
    root = ElementTree.fromstring(text)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        style = element.attrib.pop("style", "")
        for name in [name for name in element.attrib if _ACTIVE.match(name)]:
            del element.attrib[name]
        element.attrib.pop("id", None)
        classes = [name for part, name in _STYLES.items() if part in style]
        if classes:
            element.set("class", " ".join(classes))
    return ElementTree.tostring(root, encoding="unicode")


class _UnknownError(Exception):
    """Something that the template could not set."""


def tree(mathml: str) -> _Node:
    """A formula for the template, which makes of it what Typst's own mathematics has.

    Raises:
        ElementTree.ParseError: it is not MathML.
        _UnknownError: it holds, or lacks, what the template could not set.
    """
    try:
        return _row(ElementTree.fromstring(mathml))
    except (IndexError, ValueError) as error:  # a part that is missing, a length that is none
        raise _UnknownError(str(error)) from error


def _row(element: Element) -> _Node:
    if element.get("displaystyle") == "true" and element.tag != "math":
        return ["display", _inner(element)]
    return _inner(element)


def _inner(element: Element) -> _Node:
    nodes = [node for child in element if (node := _node(child)) not in (None, ["row", []])]
    # Fences that grow stand first and last; Typst lets what is between them decide how far.
    if len(element) > 1 and _stretches(element[0]) and _stretches(element[-1]):
        middle = [
            ["mid", str(child.text)] if _stretches(child) and str(child.text) in "|‖∣" else node
            for child in element[1:-1]
            if (node := _node(child)) is not None
        ]
        inner = [node for node in (nodes[0], *middle, nodes[-1]) if node != ["space", 0]]
        return ["lr", inner]
    return nodes[0] if len(nodes) == 1 else ["row", nodes]


def _stretches(element: Element) -> bool:
    return (
        element.tag == "mo"
        and element.get("stretchy") != "false"
        and (element.text or "") in "()[]{}|‖∣⟨⟩⌈⌉⌊⌋\u2063⟮⟯"
    )


def _node(element: Element) -> _Node | None:
    reader = _READERS.get(element.tag)
    if reader is None:
        raise _UnknownError(element.tag)
    return reader(element)


def _text(element: Element) -> str:
    return "".join(element.itertext()).translate(_INVISIBLE)


def _identifier(element: Element) -> _Node | None:
    text = _text(element).strip()
    if not text:
        return None
    variant = element.get("mathvariant", "italic")
    if variant not in ("normal", "italic"):
        raise _UnknownError(variant)  # a bold letter is another one
    if len(text) > 1:
        return ["op", text, False]
    return ["up", text] if variant == "normal" else ["sym", text]


def _operator(element: Element) -> _Node | None:
    text = _text(element).strip()
    if not text:
        return ["sym", "."] if element.text == "." else ["space", 0] if element.text else None
    if len(text) > 1:
        return ["op", text, False]
    size = element.get("minsize", "").removesuffix("em")
    return ["sized", text, float(size)] if size else ["sym", text]


def _fraction(element: Element) -> _Node:
    above, below = _two(element)
    if element.get("linethickness") in ("0", "0px", "0pt"):
        return ["mat", [[above], [below]], [""], [], []]
    return ["frac", above, below]


def _two(element: Element) -> tuple[_Node, _Node]:
    if len(element) != 2:
        raise _UnknownError(element.tag)
    return _child(element, 0), _child(element, 1)


def _child(element: Element, at: int) -> _Node:
    if at >= len(element):
        raise _UnknownError(element.tag)
    return _node(element[at]) or ["row", []]


def _attached(element: Element, *places: str) -> _Node:
    base = element[0]
    marks = {place: _child(element, at) for at, place in enumerate(places, start=1)}
    beside = element.tag.startswith("msu")
    large = base.tag == "mo" and (base.text or "") in _LARGE
    # Typst itself puts the limits of a sum above and below in display, else beside.
    forced = base.get("movablelimits") == "false"
    return ["attach", _child(element, 0), marks, (not beside) and (forced or not large)]


def _decorated(element: Element, place: str) -> _Node:
    if len(element) != 2:
        raise _UnknownError(element.tag)
    if element[1].tag == "mspace":
        return _child(element, 0)
    sign = _text(element[1]).strip() or (element[1].text or "")
    if element[1].tag == "mo" and sign in _BRACES:
        return ["brace", _BRACES[sign], _child(element, 0)]
    if element[1].tag == "mo" and sign in _BARS:
        return ["bar", "overline" if place == "t" else "underline", _child(element, 0)]
    if element.get("accent") == "true":
        if sign not in _ACCENTS:
            raise _UnknownError(sign)
        return ["accent", _child(element, 0), _ACCENTS[sign]]
    if element[0].tag in ("munder", "mover") and _child(element, 0)[0] == "brace":
        return ["braced", *_child(element, 0)[1:], _child(element, 1)]
    return _attached(element, place)


def _table(element: Element) -> _Node:
    rows = [[_row(cell) for cell in row] for row in element]
    cells = [list(row) for row in element]
    if any(len(row) != len(rows[0]) for row in rows) or not rows:
        raise _UnknownError(element.tag)
    if element.get("displaystyle") == "true":
        return ["lines", [_line(row) for row in element]]
    sides = [_class(cell, "start", "end") for cell in cells[0]]
    across = [at for at, row in enumerate(cells) if at and _class(row[0], "above")]
    down = [at + 1 for at, cell in enumerate(cells[0][:-1]) if _class(cell, "after")]
    return ["mat", rows, sides, across, down]


def _line(row: Element) -> list[_Node]:
    """A line of aligned equations; what stands in its margin is the equation's number."""
    cells = [_row(cell) for cell in row if not _class(cell, "margin")]
    numbers = [_row(cell) for cell in row if _class(cell, "margin") and len(cell)]
    return [*cells[:-1], ["row", [cells[-1], *(["row", [["space", 2.0], it]] for it in numbers)]]]


def _class(element: Element, *names: str) -> str:
    return next((name for name in names if name in element.get("class", "").split()), "")


def _scripts(element: Element) -> _Node:
    before = next((at for at, child in enumerate(element) if child.tag == "mprescripts"), None)
    after = list(element)[1:before]
    front = list(element)[before + 1 :] if before is not None else []
    if len(after) > 2 or len(front) > 2:
        raise _UnknownError(element.tag)
    marks = {
        place: node
        for place, child in [*zip(("br", "tr"), after, strict=False),
                             *zip(("bl", "tl"), front, strict=False)]
        if (node := _node(child)) not in (None, ["row", []])
    }  # fmt: skip
    return ["attach", _child(element, 0), marks, False]


def _enclosed(element: Element) -> _Node:
    kind = {"box": "box", "updiagonalstrike": "cancel", "horizontalstrike": "cancel",
            "downdiagonalstrike": "cancel"}.get(element.get("notation", ""))  # fmt: skip
    if kind is None:
        raise _UnknownError(element.tag)
    return [kind, _row(element)]


def _space(element: Element) -> _Node | None:
    width = re.fullmatch(r"(-?[\d.]+)em", element.get("width", "0em"))
    return ["space", float(width[1])] if width and float(width[1]) else None


_READERS = {
    "math": _row,
    "mrow": _row,
    "mstyle": _row,
    "mpadded": _row,
    "semantics": lambda element: _child(element, 0),
    "mi": _identifier,
    "mn": lambda element: ["text", _text(element)],
    "mo": _operator,
    "mtext": lambda element: ["text", _text(element)],
    "mspace": _space,
    "mfrac": _fraction,
    "msqrt": lambda element: ["sqrt", _row(element)],
    "mroot": lambda element: ["root", *_two(element)],
    "msub": lambda element: _attached(element, "b"),
    "msup": lambda element: _attached(element, "t"),
    "msubsup": lambda element: _attached(element, "b", "t"),
    "munder": lambda element: _decorated(element, "b"),
    "mover": lambda element: _decorated(element, "t"),
    "munderover": lambda element: _attached(element, "b", "t"),
    "mmultiscripts": _scripts,
    "mtable": _table,
    "mphantom": lambda element: ["hide", _row(element)],
    "menclose": _enclosed,
}
