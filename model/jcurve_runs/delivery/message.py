"""What a mail says: headline numbers, what changed since the last edition, a chart, the PDF."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from jcurve.analysis.comparison import compare
from jcurve.briefing.editions import Edition, snapshot_of_edition
from jcurve.briefing.results import Results, read_results
from jcurve.errors import JCurveError
from jcurve.headlines import headline_text
from jcurve.project import Project
from jcurve_runs.execution.redaction import one_line
from jcurve_runs.ledger.outbox import Letter

__all__ = ["MOST_ATTACHED", "compose"]

MOST_ATTACHED = 8 * 1024 * 1024
"""Bytes of a PDF that is still attached: after base64 most servers take it."""

_EXHIBIT = "application/vnd.jcurve.exhibit+json"
_SHOWN = ("npv", "irr", "payback", "discounted_payback", "trough_amount", "trough_quarter")
_WIDTH = 480
_PICTURE = b"""\
#set page(width: auto, height: auto, margin: 6pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg", width: 480pt)
"""


def compose(letter: Letter, project: Project, *, sender: str, moment: datetime) -> EmailMessage:
    """The mail for a letter.

    Args:
        letter: a row of the outbox, for the channel ``mail``.
        project: where the editions lie.
        sender: its address.
        moment: the date of the mail.

    Raises:
        RunError: the edition is damaged or gone.
    """
    content = letter.content
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(content["to"])
    mail["Date"] = format_datetime(moment)
    mail["Message-ID"] = letter.message_id
    mail["Auto-Submitted"] = "auto-generated"  # no out-of-office answers, please
    if letter.kind == "success":
        _success(mail, content, project)
    else:
        _notice(mail, letter.kind, content)
    return mail


def _header(text: str) -> str:
    """Text for a header.

    Python's own parser decodes an "encoded word" that it is given, and lets a line end in
    it through (seen in 3.11): ``=?utf-8?q?x=0ABcc:_a@b?=`` would become a second header.
    """
    return one_line(text).replace("=?", "= ?")


def _notice(mail: EmailMessage, kind: str, content: Mapping[str, Any]) -> None:
    what = one_line(str(content["what"]))
    if kind == "alarm":
        mail["Subject"] = _header(f"J-Curve: {what} did not arrive by its deadline")
    else:
        mail["Subject"] = _header(f"J-Curve: {what} failed")
    lines = [f"{label}: {one_line(str(text), 600)}" for label, text in content["facts"]]
    mail.set_content("\n".join([what, "", *lines]) + "\n")


def _success(mail: EmailMessage, content: Mapping[str, Any], project: Project) -> None:
    edition = _edition(project, str(content["edition"]))
    results = read_results(edition.results)
    title = one_line(results.scenario.title or results.scenario.name)
    mail["Subject"] = _header(f"J-Curve: {title}: {_gist(results)}")
    figures = _figures(results)
    changes = _changes(project, edition, content.get("before"))
    note = (
        f"Data through {results.data_through}, valued at the end of {results.valuation_date}, "
        f"view {results.view.replace('_', ' ')}. Analysis, not investment advice."
    )
    attached = edition.pdf.stat().st_size <= MOST_ATTACHED
    where = str(edition.html.relative_to(project.root))
    pdf_note = "The report is attached as PDF." if attached else "The PDF is too large for a mail."
    text = [title, "", *(f"{name}: {value}" for name, value in figures), ""]
    text += [*changes, "", note, f"{pdf_note} In full: {where}"]
    mail.set_content("\n".join(text) + "\n")

    picture = _picture(edition)
    escape = html.escape
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td style='text-align:right'>{escape(value)}</td></tr>"
        for name, value in figures
    )
    image = (
        f"<p><img src='cid:chart@jcurve' width='{_WIDTH}' alt='{escape(picture[1], True)}'></p>"
        if picture
        else ""
    )
    changed = "".join(f"<p>{escape(line)}</p>" for line in changes)
    mail.add_alternative(
        f"<!doctype html><html><body><h2>{escape(title)}</h2>"
        f"<table cellpadding='4'>{rows}</table>{image}{changed}"
        f"<p>{escape(note)}</p><p>{escape(pdf_note)} In full: {escape(where)}</p></body></html>",
        subtype="html",
    )
    if picture:
        page = mail.get_payload()[1]  # type: ignore[index]
        assert isinstance(page, EmailMessage)
        page.add_related(picture[0], "image", "png", cid="<chart@jcurve>", filename="chart.png")
    if attached:
        mail.add_attachment(
            edition.pdf.read_bytes(),
            maintype="application",
            subtype="pdf",
            filename=f"{edition.report}-{edition.series}.pdf",
        )


def _edition(project: Project, folder: str) -> Edition:
    report, series, name = folder.split("/")
    return Edition(name, report, series, project.reports / report / series / name)


def _gist(results: Results) -> str:
    figure = results.headlines[results.view].get("npv")
    if figure is None:
        return f"data through {results.data_through}"
    return f"NPV {headline_text(figure.model_dump())}"


def _figures(results: Results) -> list[tuple[str, str]]:
    figures = results.headlines[results.view]
    names = [name for name in _SHOWN if name in figures] or list(figures)[:6]
    return [
        (name.replace("_", " "), one_line(headline_text(figures[name].model_dump())))
        for name in names
    ]


def _changes(project: Project, edition: Edition, before: object) -> list[str]:
    if not isinstance(before, str):
        return ["This is the first edition."]
    try:
        found = compare(
            snapshot_of_edition(_edition(project, before)), snapshot_of_edition(edition)
        )
    except JCurveError:
        return ["The edition before this one can no longer be read."]
    view = read_results(edition.results).view
    moves = [move for move in found.moves if move.view == view and move.name in _SHOWN]
    if not moves:
        return ["No headline figure has changed since the last edition."]
    return ["Changed since the last edition:"] + [
        one_line(f"{move.name.replace('_', ' ')}: {move.text()}") for move in moves
    ]


def _picture(edition: Edition) -> tuple[bytes, str] | None:
    """The edition's first chart as PNG with its alt text."""
    notebook = json.loads(edition.notebook.read_bytes())
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            exhibit = output.get("data", {}).get(_EXHIBIT)
            if isinstance(exhibit, dict) and exhibit.get("kind") == "chart":
                drawn = _drawn(str(exhibit.get("svg", "")))
                return (
                    None if drawn is None else (drawn, one_line(str(exhibit.get("alt", "")), 600))
                )
    return None


def _drawn(svg: str) -> bytes | None:
    import typst

    from jcurve.figures.fonts import folder

    try:
        made = typst.compile(
            _PICTURE,
            sys_inputs={"svg": svg},
            font_paths=typst.Fonts(include_system_fonts=False, font_paths=[str(folder())]),
            format="png",
            ppi=144,
        )
    except (typst.TypstError, RuntimeError):
        return None  # a mail without its picture is better than none
    return made
