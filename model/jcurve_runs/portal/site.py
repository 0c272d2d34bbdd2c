"""Writes the pages of the portal, beside the editions, which it never touches.

An edition is shown in a frame without any rights. Every text on a page enters through Jinja2,
which escapes it, and as a single line without invisible characters.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from jcurve.analysis.snapshots import compare
from jcurve.briefing.editions import Edition, all_editions, latest_or_none, snapshot_of_edition
from jcurve.briefing.results import Results, read_results
from jcurve.evaluation.naming import VIEW_WORDS, figure_label
from jcurve.ground.errors import JCurveError
from jcurve.ground.files import make_folder, write_file
from jcurve.ground.numbers import named, quarter
from jcurve.ground.project import Project
from jcurve_runs.execution.redaction import one_line

FOLDER = "portal"  # of the pages under ``reports/``, the list apart

Content: TypeAlias = dict[str, Any]
_TEMPLATES = Path(__file__).with_name("templates")
_SHOWN = ("npv", "irr", "payback", "trough_amount")
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class _Read:
    """An edition with what its own files say."""

    edition: Edition
    results: Results
    started: str

    @property
    def heading(self) -> str:
        scenario = self.results.scenario
        return one_line(f"{scenario.title or scenario.name}, {self.started}")

    @property
    def filed(self) -> str:
        """The value of the scenario as its file has it, where the run sets values."""
        npv = self.results.scenario.filed_npv
        return "" if npv is None else f" (in its file {npv.text})"

    def figure(self, name: str) -> str:
        figure = self.results.headlines[self.results.view].get(name)
        return "" if figure is None else figure.text


def refresh(project: Project, report: str | None = None, series: str | None = None) -> int:
    """Write the pages of one series, or of all, and the list; returns how many pages.

    An edition that cannot be read is left out: the portal shows only what is whole.
    """
    known = series_of(project)
    chosen = [each for each in known if report is None or each == (report, series)]
    count = sum(_series_pages(project, *one) for one in chosen)
    _write(project.reports / "index.html", "list.html", **_list(project, known))
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
    found = map(_read_edition, all_editions(project, report, series))
    told = [each for each in found if each is not None]
    folder = project.reports / FOLDER / report / series
    make_folder(folder)
    pages = {"index.html"}
    _write(folder / "index.html", "history.html", **_history(report, series, told))
    before: _Read | None = None
    for each in told:
        name = f"{each.edition.id}.html"
        pages.add(name)
        compared = f"{each.edition.id}.changes.html" if before is not None else None
        # An edition never changes, nor does what moved from the one before it.
        if compared is not None and before is not None:
            pages.add(compared)
            if not (folder / compared).is_file():
                _write(folder / compared, "changes.html", **_changes(before, each))
        _write(folder / name, "edition.html", **_edition(each, compared))
        before = each
    for path in folder.glob("*.html"):  # of editions that retention has taken away
        if path.name not in pages:
            path.unlink(missing_ok=True)
    return len(pages)


def _read_edition(edition: Edition) -> _Read | None:
    try:
        results = read_results(edition.results)
        started = str(json.loads(edition.provenance.read_bytes())["started"])
    except (JCurveError, OSError, ValueError, KeyError, TypeError):
        return None
    return _Read(edition, results, _minute(started))


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _list(project: Project, known: Iterable[tuple[str, str]]) -> Content:
    rows = []
    for report, series in known:
        edition = latest_or_none(project, report, series)
        each = None if edition is None else _read_edition(edition)
        if each is None:
            continue
        rows.append(
            {
                "href": f"{FOLDER}/{quote(report)}/{quote(series)}/index.html",
                "report": named(report),
                "series": series,
                "title": each.results.scenario.title,
                "changed": "; ".join(each.results.changed),
                "data_through": quarter(each.results.data_through),
                "npv": each.figure("npv"),
                "filed": each.filed,
                "started": each.started,
            }
        )
    return {"rows": rows, **_status(project)}


def _status(project: Project) -> Content:
    """What is wrong and what comes next, as the last tick has written."""
    try:
        status = json.loads((project.reports / "status.json").read_bytes())
        return {
            "problems": [str(each) for each in status["problems"]],
            "coming": [
                (name, f"{_minute(each['next'])} UTC")
                for name, each in status["schedules"].items()
                if each.get("next")
            ],
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"problems": [], "coming": []}


def _history(report: str, series: str, told: list[_Read]) -> Content:
    rows = [
        {
            "href": f"{quote(each.edition.id)}.html",
            "started": each.started,
            "data_through": quarter(each.results.data_through),
            "figures": [each.figure(name) for name in _SHOWN],
            "changes": f"{quote(each.edition.id)}.changes.html" if each != told[0] else "",
        }
        for each in reversed(told)
    ]
    figures = [figure_label(name) for name in _SHOWN]
    return {"report": named(report), "series": series, "figures": figures, "rows": rows}


def _edition(each: _Read, compared: str | None) -> Content:
    edition = each.edition
    names = map(quote, (edition.report, edition.series, edition.id))
    base = "/".join(["../../..", *names])
    files = ["report.pdf", "report.html", "notebook.ipynb", "results.json", "provenance.json"]
    if edition.workbook.is_file():
        files.insert(2, edition.workbook.name)
    links = [("History", "index.html")]
    if compared is not None:
        links.append(("What changed", quote(compared)))
    links += [(name, f"{base}/{name}") for name in files]
    return {
        "heading": each.heading,
        "links": links,
        "changed": [f"Changed for this run: {line}" for line in each.results.changed],
        "page": f"{base}/report.html",
    }


def _changes(before: _Read, after: _Read) -> Content:
    try:
        found = compare(snapshot_of_edition(before.edition), snapshot_of_edition(after.edition))
    except JCurveError:
        return {"unreadable": True}
    moves = [(f"{figure_label(m.name)}, {VIEW_WORDS[m.view]}", m.text()) for m in found.moves]
    inputs = [(each.label, *each.shown()) for each in found.inputs]
    others = [(o.what, o.before or "none", o.after or "none") for o in found.others]
    return {
        "before": before.started,
        "after": after.started,
        "same": found.same,
        "tables": [
            ("Headline figures that moved", ["Figure", "Move"], moves),
            ("Inputs that differ", ["Assumption", "Before", "After"], inputs),
            ("What else determines the numbers", ["What", "Before", "After"], others),
        ],
    }


@cache
def _pages() -> Any:
    from jinja2 import Environment, FileSystemLoader

    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: one_line(value, _LONGEST) if type(value) is str else value,
    )
    # No script, no form, no other origin; frames from beside this page only ("file:" since a
    # page opened from a share has no origin that 'self' could name).
    made.globals["policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-src 'self' file:; "
        "base-uri 'none'; form-action 'none'"
    )
    made.globals["style"] = style
    return made


def _write(path: Path, template: str, **content: Any) -> None:
    page = _pages().get_template(template).render(**content)
    if path.is_file() and path.read_bytes() == page.encode():
        return
    write_file(path, page, durable=False)  # it can be made again at any time
