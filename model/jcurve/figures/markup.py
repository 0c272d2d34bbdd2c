"""Display objects as HTML: semantic, unstyled, every text escaped.

JupyterLab's cards and the HTML report are written by the same ``Writer``; the report gives
it the exhibits' numbers and collects its footnotes.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jcurve.figures.numbers import MINUS
from jcurve.figures.plaintext import visible
from jcurve.figures.prose import Formula
from jcurve.figures.whatif import WhatIf

if TYPE_CHECKING:
    from jcurve.figures.cover import Cover
    from jcurve.figures.exhibit import Exhibit
    from jcurve.figures.prose import Prose, Run
    from jcurve.figures.table import Row, TableExhibit

__all__ = [
    "Writer",
    "card",
    "chart_html",
    "cover_html",
    "escape",
    "prose_html",
    "safe_link",
    "table_html",
]

_SCHEME = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x20]+", re.IGNORECASE)

_CARD = """\
<style>
.jcurve-card{background:#fff;color:#1b2430;padding:12px 16px;max-width:720px;
font:14px/1.45 'JCurve Sans','IBM Plex Sans','Helvetica Neue',Arial,sans-serif}
.jcurve-card figure{margin:0}.jcurve-card svg{display:block;width:100%;height:auto}
.jcurve-card .title{display:block;font-weight:600;font-size:15px}
.jcurve-card .number,.jcurve-card .subtitle,.jcurve-card .source,.jcurve-card .notes,
.jcurve-card .kicker,.jcurve-card .status,.jcurve-card .disclaimer{color:#5b6573;font-size:12px}
.jcurve-card .kicker,.jcurve-card .subtitle{margin:0}
.jcurve-card h1{font-size:22px;margin:4px 0}
.jcurve-card table{border-collapse:collapse;font-size:13px;background:#fff;color:#1b2430}
.jcurve-card th,.jcurve-card td{padding:3px 8px;text-align:right;border:0}
.jcurve-card th.text,.jcurve-card td.text{text-align:left}
.jcurve-card thead th{border-bottom:1px solid #1b2430;color:#5b6573;font-weight:400}
.jcurve-card tr.total>*,.jcurve-card tr.subtotal>*{border-top:1px solid #9aa3af;font-weight:600}
.jcurve-card tr.heading th{font-weight:600}.jcurve-card .unit{display:block;font-size:11px}
.jcurve-card .figures{display:flex;flex-wrap:wrap;gap:20px}
.jcurve-card .figures dd{margin:0;font-size:20px;font-weight:600}
.jcurve-card .figures .note{font-size:12px;font-weight:400;color:#5b6573}
.jcurve-card .callout{border-left:3px solid #b3541e;padding-left:10px}
</style>"""


def escape(text: str) -> str:
    """``text`` as HTML that shows it, hidden characters and all."""
    return html.escape(visible(text))


def safe_link(href: str) -> str | None:
    """``href`` if it is an address a report may link to: http, https or mailto."""
    return href if _SCHEME.fullmatch(href) else None


def card(markup: str) -> str:
    """``markup`` on a light card, as JupyterLab shows it in any theme."""
    return f'{_CARD}<div class="jcurve-card">{markup}</div>'


def chart_html(exhibit: Exhibit) -> str:
    """A chart without a number."""
    return Writer({}).chart(exhibit)


def table_html(exhibit: TableExhibit) -> str:
    """A table without a number."""
    return Writer({}).table(exhibit)


def prose_html(shown: Prose) -> str:
    """Paragraphs; footnotes stand in brackets."""
    return Writer({}).prose(shown)


def cover_html(cover: Cover) -> str:
    """A cover block."""
    return Writer({}).cover(cover)


_AMOUNT = re.compile(f"{MINUS}[$]?[0-9][0-9.,]*[a-z%]*")


def _unbroken(match: re.Match[str]) -> str:
    """A negative amount whose sign does not stay behind at the end of a line."""
    return f'<span class="amount">{match[0]}</span>'


class Writer:
    """Writes display objects as HTML, one document at a time.

    Args:
        numbers: exhibit ids and their numbers.
        footnotes: takes the footnotes of the document in order; without it a footnote
            stands in brackets where it is called.
    """

    def __init__(self, numbers: Mapping[str, int], footnotes: list[str] | None = None) -> None:
        self._numbers = numbers
        self._footnotes = footnotes

    def runs(self, runs: Iterable[Run]) -> str:
        """Runs of text."""
        return "".join(self._run(run) for run in runs)

    def _run(self, run: Run) -> str:
        if isinstance(run, Formula):
            return run.mathml
        if run.note is not None:
            return self._footnote(run.note)
        if run.ref is not None:
            number = self._numbers.get(run.ref)
            if number is None:
                return f"[{escape(run.ref)}]"
            return f'<a href="#exhibit-{escape(run.ref)}">Exhibit\N{NO-BREAK SPACE}{number}</a>'
        text = _AMOUNT.sub(_unbroken, escape(run.text).replace("\n", "<br>"))
        for wanted, tag in (
            (run.code, "code"),
            (run.em, "em"),
            (run.strong, "strong"),
            (run.sup, "sup"),
            (run.sub, "sub"),
            (run.strike, "s"),
        ):
            if wanted:
                text = f"<{tag}>{text}</{tag}>"
        href = safe_link(run.href) if run.href else None
        return f'<a href="{escape(href)}" rel="noreferrer">{text}</a>' if href else text

    def _footnote(self, note: str) -> str:
        if self._footnotes is None:
            return f' <span class="aside">({escape(note)})</span>'
        self._footnotes.append(note)
        number = len(self._footnotes)
        return (
            f'<sup><a id="call-{number}" href="#note-{number}" '
            f'aria-label="Footnote {number}">{number}</a></sup>'
        )

    def prose(self, shown: Prose) -> str:
        """Paragraphs, a list or a call-out."""
        if shown.role == "list":
            items = "".join(f"<li>{self.runs(runs)}</li>" for runs in shown.paragraphs)
            return f"<ul>{items}</ul>"
        body = "".join(f"<p>{self.runs(runs)}</p>" for runs in shown.paragraphs)
        if shown.role == "callout":
            return f'<div class="callout" role="note">{body}</div>'
        return body

    def cover(self, cover: Cover) -> str:
        """The head of a report."""
        parts = ['<header class="cover">']
        if cover.kicker:
            parts.append(f'<p class="kicker">{escape(cover.kicker)}</p>')
        parts.append(f"<h1>{escape(cover.title)}</h1>")
        if cover.subtitle:
            parts.append(f'<p class="lead">{escape(cover.subtitle)}</p>')
        if cover.stale:
            parts.append(f'<p class="stale" role="note">{escape(cover.stale)}</p>')
        if cover.figures:
            parts.append('<dl class="figures">')
            for item in cover.figures:
                note = f'<span class="note">{escape(item.note)}</span>' if item.note else ""
                parts.append(
                    f"<div><dt>{escape(item.label)}</dt>"
                    f'<dd><span class="value">{escape(item.value)}</span> {note}</dd></div>'
                )
            parts.append("</dl>")
        parts.extend(f'<p class="summary">{self.runs(runs)}</p>' for runs in cover.summary)
        if cover.status:
            pairs = "".join(
                f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>"
                for label, value in cover.status
            )
            parts.append(f'<dl class="status">{pairs}</dl>')
        if cover.disclaimer:
            parts.append(f'<p class="disclaimer">{escape(cover.disclaimer)}</p>')
        parts.append("</header>")
        return "".join(parts)

    def chart(self, exhibit: Exhibit) -> str:
        """A chart with its texts."""
        name = escape(exhibit.id)
        head, _, rest = exhibit.svg.partition(">")
        svg = (
            f'{head} role="img" aria-labelledby="{name}-title {name}-desc">'
            f'<title id="{name}-title">{escape(exhibit.title)}</title>'
            f'<desc id="{name}-desc">{escape(exhibit.alt)}</desc>{rest}'
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in exhibit.notes)
        return (
            f'<figure class="exhibit chart {exhibit.width}" id="exhibit-{name}">'
            f"{self._caption('figcaption', exhibit.id, exhibit.title, exhibit.subtitle)}"
            f'<div class="drawing" role="group" tabindex="0" aria-label="{escape(exhibit.title)}">'
            f"{svg}</div>"
            f"{self._tail(exhibit.source, notes, exhibit.reading)}</figure>"
        )

    def table(self, exhibit: TableExhibit) -> str:
        """A table with its texts."""
        name = escape(exhibit.id)
        notes = "".join(
            f'<p id="{name}-{letter}"><sup>{letter}</sup> {escape(note)}</p>'
            if letter
            else f"<p>{escape(note)}</p>"
            for letter, note in exhibit.lettered()
        )
        return (
            f'<figure class="exhibit table" id="exhibit-{name}">'
            f"{self._caption('figcaption', exhibit.id, exhibit.title, exhibit.subtitle)}"
            f"{_dials(exhibit) if isinstance(exhibit, WhatIf) else ''}"
            f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(exhibit.title)}">'
            f"<table>{_head(exhibit)}<tbody>"
            f"{''.join(_row(exhibit, row) for row in exhibit.rows)}</tbody></table></div>"
            f"{self._tail(exhibit.source, notes, exhibit.reading)}</figure>"
        )

    def _caption(self, tag: str, name: str, title: str, subtitle: str) -> str:
        number = self._numbers.get(name)
        label = f'<span class="number">Exhibit {number}</span> ' if number else ""
        under = f'<span class="subtitle">{escape(subtitle)}</span>' if subtitle else ""
        return f'<{tag}>{label}<span class="title">{escape(title)}</span>{under}</{tag}>'

    def _tail(self, source: str, notes: str, reading: Iterable[Run]) -> str:
        read = self.runs(reading)
        return (
            (f'<div class="notes">{notes}</div>' if notes else "")
            + f'<p class="source">Source: {escape(source)}</p>'
            + (f'<p class="reading">{read}</p>' if read else "")
        )


def _dials(exhibit: WhatIf) -> str:
    """Dials and what they show, hidden until the page's own script brings them to life."""
    name = escape(exhibit.id)
    rows = []
    for number, dial in enumerate(exhibit.dials):
        values = escape(json.dumps(dial.values, ensure_ascii=False))
        rows.append(
            f'<div class="dial"><label for="{name}-{number}">{escape(dial.label)}</label>'
            f'<input type="range" id="{name}-{number}" min="0" max="{len(dial.values) - 1}" '
            f'step="1" value="{dial.at}" data-home="{dial.at}" data-values="{values}">'
            f'<span class="at">{escape(dial.values[dial.at])}</span></div>'
        )
    shown = "".join(
        f'<div><dt>{escape(output.label)}</dt><dd><span class="value" '
        f'data-cells="{escape(json.dumps(output.cells, ensure_ascii=False))}"></span></dd></div>'
        for output in exhibit.outputs
    )
    return (
        f'<div class="whatif" role="group" aria-label="What if" hidden>{"".join(rows)}'
        f'<dl class="figures" aria-live="polite">{shown}</dl>'
        '<button type="button">Back to the scenario</button></div>'
    )


def _head(exhibit: TableExhibit) -> str:
    rows = []
    if any(column.group for column in exhibit.columns):
        cells, index = [], 0
        while index < len(exhibit.columns):
            group, start = exhibit.columns[index].group, index
            while index < len(exhibit.columns) and exhibit.columns[index].group == group:
                index += 1
            if group:
                cells.append(
                    f'<th scope="colgroup" class="group" colspan="{index - start}">'
                    f"{escape(group)}</th>"
                )
            else:
                cells.append("<td></td>" * (index - start))
        rows.append(f"<tr>{''.join(cells)}</tr>")
    cells = []
    for column in exhibit.columns:
        if not (column.label or column.unit):
            cells.append(f'<td class="{_classes(column.keeps_left, column.forecast)}"></td>')
            continue
        unit = f'<span class="unit">{escape(column.unit)}</span>' if column.unit else ""
        cells.append(
            f'<th scope="col" class="{_classes(column.keeps_left, column.forecast)}">'
            f"{escape(column.label)}{unit}</th>"
        )
    rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<thead>{''.join(rows)}</thead>"


def _row(exhibit: TableExhibit, row: Row) -> str:
    if row.role == "heading":
        text, _ = exhibit.text(row, 0)
        return (
            f'<tr class="heading"><th scope="rowgroup" class="text" '
            f'colspan="{len(exhibit.columns)}">{escape(text)}</th></tr>'
        )
    cells = []
    for index, column in enumerate(exhibit.columns):
        text, letter = exhibit.text(row, index)
        mark = (
            f'<sup><a href="#{escape(exhibit.id)}-{letter}" aria-label="Note {letter}">'
            f"{letter}</a></sup>"
            if letter
            else ""
        )
        shown = f"{escape(text)}{mark}"
        kind = _classes(column.keeps_left, column.forecast)
        if index == 0:
            indent = f" indent{min(row.indent, 3)}" if row.indent else ""
            cells.append(f'<th scope="row" class="{kind}{indent}">{shown}</th>')
        else:
            cells.append(f'<td class="{kind}">{shown}</td>')
    role = "" if row.role == "normal" else f' class="{row.role}"'
    return f"<tr{role}>{''.join(cells)}</tr>"


def _classes(text: bool, forecast: bool) -> str:
    return ("text" if text else "num") + (" forecast" if forecast else "")
