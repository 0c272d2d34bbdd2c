"""Tables of any notebook's HTML, read as HTML means them.

A cell of several rows or columns keeps them, so that every number stays under its head; what
pandas writes of indexes and heads of several levels, of styles and captions, comes along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from jcurve.briefing.document import Align, Cell, Grid, placed
from jcurve.figures.display import words

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from jcurve.figures.display import Paragraph

_Styles = Mapping[str, str]


class _Reader(Protocol):
    """What reads the HTML that a table stands in, and the words of its cells."""

    sheets: Sequence[str]
    root: HtmlElement
    lost: Callable[[str], None]

    def runs(self, element: HtmlElement) -> Paragraph: ...


_NUMBER = re.compile(
    r"[-−+(<>≤≥~≈]*\s*(?:[A-Z]{0,3}[$€£¥₹]|(?:USD|EUR|GBP|CHF|JPY|CNY)\s?)?\s*[-−+]?\d[\d,.\s\u202f'’_]*(?:e[-+−]?\d+)?"
    r"\s*(?:%|‰|x|×|[kmb]n?|bp|bps|pp|[$€£¥₹])?\)?\*{0,3}"
    r"|[-−+]?(?:inf|∞)"
    r"|\d{4}-\d{2}(?:-\d{2})?(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
    r"|\d{4}\s?Q[1-4]|Q[1-4]\s?\d{4}",
    re.IGNORECASE,
)
_NOTHING = frozenset({"", "nan", "nat", "n/a", "na", "n.a.", "n.m.", "nm", "none", "null", "<na>",
                      "-", "–", "—", "…", "..."})  # fmt: skip
_MOST = 1_000  # columns or rows that one cell may take, as browsers have it
_WORTH = re.compile(r"background|font-|color|display\s*:\s*none|text-align")
_SIMPLE = re.compile(r"#[\w-]+")
_INKS = ("inherit", "#000000", "#000", "black")
_ALIGNS = ("left", "center", "right")


def grid(table: HtmlElement, reader: _Reader) -> Grid | None:
    """``table`` with its spans, or None when it has no cells."""
    rows = list(_rows(table))
    if not rows:
        return None
    styles = _Sheet(reader)
    heads = sum(section == "thead" for section, _ in rows) or _leading(rows)
    head, _ = _section([row for _, row in rows[:heads]], reader, styles)
    body, said = _section([row for _, row in rows[heads:]], reader, styles)
    across = max((at + cell.across for row in (*placed(head), *placed(body)) for at, cell in row))
    head, body = _filled(head, across), _filled(body, across)
    for what in sorted(styles.lost):
        reader.lost(f"{what} of a table")
    data = [at for row in placed(body) for at, cell in row if not cell.head]
    caption = next(table.iterchildren("caption"), None)
    return Grid(
        head=head,
        rows=body,
        aligns=_aligns(body, said, across),
        stub=min(data, default=across) if body else 0,  # columns at the left that hold heads alone
        caption=reader.runs(caption) if caption is not None else (),
    )


def is_number(text: str) -> bool:
    """Whether a cell's text is a figure, a date or a period, which keep to the right."""
    return _NUMBER.fullmatch(text.strip()) is not None


def _rows(table: HtmlElement) -> Iterator[tuple[str, HtmlElement]]:
    """The rows and the sections they are in; without those that nothing is in."""
    for child in sorted(table, key=lambda child: child.tag == "tfoot"):  # wherever it is written
        if child.tag == "tr":
            listed, section = [child], ""
        elif child.tag in ("thead", "tbody", "tfoot"):
            listed, section = list(child.iterchildren("tr")), str(child.tag)
        else:
            continue
        reach = 0  # rows that cells above still take
        for row in listed:
            downs = [_span(cell, "rowspan", _MOST) for cell in _cells(row)]
            if downs or reach > 1:
                yield section, row
            reach = max([reach - 1, *downs])


def _cells(row: HtmlElement) -> list[HtmlElement]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def _leading(rows: Sequence[tuple[str, HtmlElement]]) -> int:
    """Rows at the top that hold heads alone; the corner over the rows' names may be empty."""
    count = 0
    for _, row in rows:
        cells = _cells(row)
        corner = len(cells) > 1 and not "".join(cells[0].itertext()).strip()
        if any(cell.tag != "th" for cell in cells[int(corner) :]):
            break
        count += 1
    return min(count, len(rows) - 1)


def _section(
    rows: Sequence[HtmlElement], reader: _Reader, styles: _Sheet
) -> tuple[tuple[tuple[Cell, ...], ...], list[list[_Styles]]]:
    """Cells whose spans end with the section and never lie on one another, and their styles."""
    taken: set[tuple[int, int]] = set()
    made, said = [], []
    for number, row in enumerate(rows):
        line: list[Cell] = []
        shown: list[_Styles] = []
        at = 0
        for element in _cells(row):
            style = styles.of(element)
            if style.get("display") == "none":
                continue
            while (number, at) in taken:
                at += 1
            across = _span(element, "colspan", _MOST)
            down = _span(element, "rowspan", len(rows) - number)
            while any((number, at + step) in taken for step in range(across)):
                across -= 1
            taken |= {(number + i, at + j) for i in range(down) for j in range(across)}
            line.append(_cell(element, reader, style, across, down))
            shown.append(style)
            at += across
        made.append(tuple(line))
        said.append(shown)
    return tuple(made), said


def _span(element: HtmlElement, name: str, most: int) -> int:
    text = (element.get(name) or "1").strip()
    wanted = int(text) if text.isdecimal() else 1
    # Nought rows are all that are left of the section.
    return min(wanted or (most if name == "rowspan" else 1), most)


def _cell(element: HtmlElement, reader: _Reader, style: _Styles, across: int, down: int) -> Cell:
    runs = reader.runs(element)
    bold = style.get("font-weight", "")
    if bold in ("bold", "bolder") or (bold.isdecimal() and int(bold) >= 600):
        runs = tuple(run.model_copy(update={"strong": True}) for run in runs)
    return Cell(runs, across, down, element.tag == "th", style.get("shade", ""))


def _filled(rows: tuple[tuple[Cell, ...], ...], across: int) -> tuple[tuple[Cell, ...], ...]:
    """Rows that all reach to the last column."""
    covered = [0] * len(rows)
    for number, row in enumerate(rows):
        for cell in row:
            for step in range(cell.down):
                covered[number + step] += cell.across
    return tuple(
        row + (Cell(),) * (across - taken) for row, taken in zip(rows, covered, strict=True)
    )


def _aligns(
    body: Sequence[Sequence[Cell]], styles: Sequence[Sequence[_Styles]], across: int
) -> tuple[Align, ...]:
    said: dict[int, set[str]] = {}
    figures: dict[int, set[bool]] = {}
    for line, row in zip(placed(body), styles, strict=True):
        for (at, cell), style in zip(line, row, strict=False):
            if cell.across > 1:
                continue
            said.setdefault(at, set()).add(style.get("text-align", ""))
            text = words(cell.runs).strip()
            if text.casefold() not in _NOTHING:
                figures.setdefault(at, set()).add(is_number(text) and not cell.head)
    return tuple(
        cast("Align", next(iter(said[at])))
        if len(said.get(at, ())) == 1 and said[at] <= set(_ALIGNS)
        else "right"
        if figures.get(at) == {True}
        else "left"
        for at in range(across)
    )


class _Sheet:
    """What the styles around a table say of its cells."""

    def __init__(self, reader: _Reader) -> None:
        self.lost: set[str] = set()
        self._by_id: dict[str, dict[str, str]] = {}
        self._by_element: dict[HtmlElement, dict[str, str]] = {}
        for sheet in reader.sheets:
            if _WORTH.search(sheet):
                self._take(sheet, reader.root)

    def _take(self, sheet: str, root: HtmlElement) -> None:
        import tinycss2
        from cssselect import SelectorError
        from lxml.cssselect import CSSSelector

        for rule in tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True):
            if rule.type != "qualified-rule":
                continue
            style = self._declared(tinycss2.serialize(rule.content))
            selectors = tinycss2.serialize(rule.prelude)
            for selector in selectors.split(",") if style else ():
                name = selector.strip()
                if _SIMPLE.fullmatch(name):
                    self._by_id.setdefault(name[1:], {}).update(style)
                elif ":" not in name:
                    try:
                        for element in CSSSelector(name)(root):
                            self._by_element.setdefault(element, {}).update(style)
                    except SelectorError:
                        continue

    def of(self, element: HtmlElement) -> dict[str, str]:
        """What holds for ``element``: its own style before its id's before its kind's."""
        own = element.get("style") or ""
        style = {
            **self._by_element.get(element, {}),
            **self._by_id.get(element.get("id") or "", {}),
            **(self._declared(own) if own else {}),
        }
        if "bars" in style:
            self.lost.add("bars behind the figures")
        # On a ground of its own a text is dark or light, as is read better there.
        if style.get("color", "black") not in _INKS and "shade" not in style:
            self.lost.add("colours of the text")
        return style

    def _declared(self, text: str) -> dict[str, str]:
        import tinycss2
        from tinycss2.color3 import RGBA, parse_color

        found: dict[str, str] = {}
        for rule in tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True):
            if rule.type != "declaration":
                continue
            value = tinycss2.serialize(rule.value).strip().lower()
            if rule.lower_name in ("background", "background-color"):
                colour = parse_color(value)
                if isinstance(colour, RGBA):
                    found["shade"] = _on_paper(colour)
                elif "gradient" in value and _drawn(value):
                    found["bars"] = value
            elif rule.lower_name in ("color", "font-weight", "text-align", "display"):
                found[rule.lower_name] = value
        return found


def _drawn(gradient: str) -> bool:
    """Whether anything is seen of a gradient: pandas writes empty ones too."""
    return re.search(r"#[0-9a-f]{3}|rgb|[a-z]+\s+\d", gradient) is not None


def _on_paper(colour: object) -> str:
    """A colour, as it looks on white; nothing for white itself."""
    red, green, blue, alpha = (float(part) for part in cast("Sequence[float]", colour))
    shown = "".join(
        f"{round(255 * (1 - alpha + alpha * min(max(part, 0.0), 1.0))):02x}"
        for part in (red, green, blue)
    )
    return "" if shown == "ffffff" else f"#{shown}"
