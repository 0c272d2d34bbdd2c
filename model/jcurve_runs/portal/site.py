"""The portal: a static site under ``reports/`` that needs no server and runs no script.

``index.html`` lists the reports; from there a reader goes to the history of a series, to an
edition, and to what moved between it and the one before. Its pages lie beside the editions,
which it never touches; an edition is shown in a frame without any rights.
"""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jcurve.analysis.comparison import Comparison, compare
from jcurve.briefing.editions import Edition, all_editions, latest, snapshot_of_edition
from jcurve.briefing.results import Results, read_results
from jcurve.errors import JCurveError
from jcurve.files import make_folder, write_file
from jcurve.headlines import headline_text
from jcurve.project import Project
from jcurve_runs.execution.redaction import one_line

__all__ = ["FOLDER", "refresh", "series_of"]

FOLDER = "portal"
"""Of the pages under ``reports/``, the list apart."""

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto;
  padding: 0 1rem; color: #1c2733; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #d5dce3;
  vertical-align: top; }
a { color: #0b57a4; }
nav { margin-bottom: 1rem; }
iframe { width: 100%; height: 75vh; border: 1px solid #d5dce3; }
.late { background: #fdecea; border: 1px solid #c0392b; padding: .5rem 1rem; }
"""
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
# No script, no form, no other origin; frames from beside this page only ("file:" since a
# page opened from a share has no origin that 'self' could name).
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-src 'self' file:; "
    "base-uri 'none'; form-action 'none'"
)
_SHOWN = ("npv", "irr", "payback", "trough_amount")


@dataclass(frozen=True, slots=True)
class _Told:
    """An edition with what its own files say."""

    edition: Edition
    results: Results
    started: str


def refresh(project: Project, report: str | None = None, series: str | None = None) -> int:
    """Write the pages of one series, or of all, and the list; returns how many pages.

    An edition that cannot be read is left out: the portal shows only what is whole.

    Raises:
        WriteError: a page cannot be written.
    """
    known = series_of(project)
    chosen = [each for each in known if report is None or each == (report, series)]
    count = 0
    for one in chosen:
        count += _series_pages(project, *one)
    _write(project.reports / "index.html", "Reports", _list(project, known))
    return count + 1


def series_of(project: Project) -> list[tuple[str, str]]:
    """Report and name of every series that has an edition."""
    if not project.reports.is_dir():
        return []
    return sorted(
        {
            (path.parents[1].name, path.parent.name)
            for path in project.reports.glob("*/*/latest.json")
            if not path.parents[1].name.startswith(".")
        }
    )


def _series_pages(project: Project, report: str, series: str) -> int:
    told = [each for each in map(_told, all_editions(project, report, series)) if each is not None]
    folder = project.reports / FOLDER / report / series
    make_folder(folder)
    pages = {"index.html"}
    _write(folder / "index.html", f"{report}: {series}", _history(project, report, series, told))
    before: _Told | None = None
    for each in told:
        name = f"{each.edition.id}.html"
        pages.add(name)
        compared = f"{each.edition.id}.changes.html" if before is not None else None
        # An edition never changes, nor does what moved from the one before it.
        if compared is not None and before is not None:
            pages.add(compared)
            if not (folder / compared).is_file():
                _write(folder / compared, "What changed", _changes(before, each))
        _write(folder / name, _title(each), _edition(each, compared))
        before = each
    for path in folder.glob("*.html"):  # of editions that retention has taken away
        if path.name not in pages:
            path.unlink(missing_ok=True)
    return len(pages)


def _told(edition: Edition) -> _Told | None:
    try:
        results = read_results(edition.results)
        started = str(json.loads(edition.provenance.read_bytes())["started"])
    except (JCurveError, OSError, ValueError, KeyError, TypeError):
        return None
    return _Told(edition, results, started)


def _list(project: Project, known: Iterable[tuple[str, str]]) -> str:
    rows = []
    for report, series in known:
        try:
            edition = latest(project, report, series)
        except JCurveError:
            continue
        each = None if edition is None else _told(edition)
        if each is None:
            continue
        history = f"{FOLDER}/{quote(report)}/{quote(series)}/index.html"
        rows.append(
            [
                _link(history, report),
                _link(history, series),
                _text(each.results.scenario.title),
                _text(each.results.data_through),
                _number(each, "npv"),
                _text(each.started[:16].replace("T", " ")),
            ]
        )
    head = ["Report", "Series", "Scenario", "Data through", "NPV", "Latest edition"]
    body = _table(head, rows) if rows else "<p>No edition has been published yet.</p>"
    return f"<h1>Reports</h1>{_late(project)}{body}{_NOTE}"


def _late(project: Project) -> str:
    try:
        status = json.loads((project.reports / "status.json").read_bytes())
        late = [
            f"{name}: due {moment[:16].replace('T', ' ')} UTC"
            for name, schedule in status["schedules"].items()
            for moment in schedule["late"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    if not late:
        return ""
    return f"<p class='late'>Did not arrive by its deadline: {_text('; '.join(late))}</p>"


def _history(project: Project, report: str, series: str, told: list[_Told]) -> str:
    rows = []
    for each in reversed(told):
        name = each.edition.id
        rows.append(
            [
                _link(f"{quote(name)}.html", each.started[:16].replace("T", " ")),
                _text(each.results.data_through),
                *(_number(each, figure) for figure in _SHOWN),
                _link(f"{quote(name)}.changes.html", "what changed") if each != told[0] else "",
            ]
        )
    head = ["Edition", "Data through", *(n.replace("_", " ") for n in _SHOWN), ""]
    return (
        f"<nav>{_link('../../../index.html', 'Reports')}</nav>"
        f"<h1>{_text(report)}: {_text(series)}</h1>{_table(head, rows)}{_NOTE}"
    )


def _edition(each: _Told, compared: str | None) -> str:
    edition = each.edition
    base = "/".join(["../../..", quote(edition.report), quote(edition.series), quote(edition.id)])
    files = ["report.pdf", "report.html", "notebook.ipynb", "results.json", "provenance.json"]
    if edition.workbook.is_file():
        files.insert(2, edition.workbook.name)
    links = [_link("index.html", "History")]
    if compared is not None:
        links.append(_link(quote(compared), "What changed"))
    links += [_link(f"{base}/{name}", name) for name in files]
    return (
        f"<nav>{' · '.join(links)}</nav><h1>{_text(_title(each))}</h1>"
        f"<iframe sandbox='' referrerpolicy='no-referrer' title='{_text(_title(each))}' "
        f"src='{base}/report.html'></iframe>{_NOTE}"
    )


def _changes(before: _Told, after: _Told) -> str:
    links = f"<nav>{_link('index.html', 'History')}</nav><h1>What changed</h1>"
    try:
        found = compare(snapshot_of_edition(before.edition), snapshot_of_edition(after.edition))
    except JCurveError:
        return f"{links}<p>One of the two editions can no longer be read.</p>"
    return (
        f"{links}<p>From {_text(before.started)} to {_text(after.started)}.</p>"
        f"{_compared(found)}{_NOTE}"
    )


def _compared(found: Comparison) -> str:
    if found.same:
        return "<p>Nothing differs.</p>"
    moves = [[_text(f"{m.view} {m.name}".replace("_", " ")), _text(m.text())] for m in found.moves]
    inputs = [
        [_text(c.label), _text(c.before or "not stated"), _text(c.after or "not stated"),
         _text(c.unit)]
        for c in found.inputs
    ]  # fmt: skip
    others = [[_text(o.what), _text(o.before or "none"), _text(o.after or "none")]
              for o in found.others]  # fmt: skip
    parts = [
        ("Headline figures that moved", ["Figure", "Move"], moves),
        ("Inputs that differ", ["Assumption", "Before", "After", "Unit"], inputs),
        ("What else determines the numbers", ["What", "Before", "After"], others),
    ]
    return "".join(
        f"<h2>{title}</h2>{_table(head, rows) if rows else '<p>None.</p>'}"
        for title, head, rows in parts
    )


def _title(each: _Told) -> str:
    scenario = each.results.scenario
    return one_line(f"{scenario.title or scenario.name}, {each.started[:16].replace('T', ' ')}")


def _number(each: _Told, name: str) -> str:
    figure = each.results.headlines[each.results.view].get(name)
    return "" if figure is None else _text(headline_text(figure.model_dump()))


def _table(head: list[str], rows: list[list[str]]) -> str:
    """A table; cells are HTML already."""
    top = "".join(f"<th>{_text(label)}</th>" for label in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _link(href: str, text: str) -> str:
    return f"<a href='{html.escape(href, quote=True)}'>{_text(text)}</a>"


def _text(text: Any) -> str:
    return html.escape(one_line(str(text), 600), quote=True)


_NOTE = "<p>Analysis, not investment advice.</p>"


def _write(path: Path, title: str, body: str) -> None:
    page = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        "<meta name='referrer' content='no-referrer'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )
    if path.is_file() and path.read_bytes() == page.encode():
        return
    write_file(path, page, durable=False)  # it can be made again at any time
