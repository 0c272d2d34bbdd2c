"""What a mail says: what the PDF says on its first page, what changed since, a chart, the PDF.

One mail tells of all editions of an occurrence. Text from outside enters through Jinja2, which
escapes it, and as a single line without invisible characters.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

from jcurve.analysis.snapshots import compare
from jcurve.assumptions.house_style import HouseStyle, read_house_style
from jcurve.briefing.editions import Edition, snapshot_of_edition
from jcurve.briefing.payload import framed
from jcurve.briefing.pictures import drawable
from jcurve.briefing.results import Headline, Results, read_results
from jcurve.evaluation.naming import MOVED_BY, VIEW_WORDS, figure_label
from jcurve.figures.display import MIME
from jcurve.figures.fonts import folder as fonts
from jcurve.ground.errors import JCurveError, UsageError
from jcurve.ground.numbers import quarter
from jcurve.ground.project import Project
from jcurve_runs.execution.redaction import one_line
from jcurve_runs.ledger.outbox import Message

MOST_ATTACHED = 8 * 1024 * 1024
"""Bytes of PDFs that are still attached to one mail: after base64 most servers take them."""

Exhibits: TypeAlias = list[dict[str, Any]]
_SHOWN = ("npv", "irr", "payback", "discounted_payback", "trough_amount", "trough_quarter")
_MOST_LISTED = 12
_SUBJECTS = {
    "failure": "{} failed",
    "alarm": "{} did not arrive by its deadline",
    "mistake": "schedule {} cannot run",
    "refusal": "{} was refused",
}
_PICTURE = b"""\
#set page(width: auto, height: auto, margin: 6pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg", width: 480pt)
"""


@dataclass(frozen=True, slots=True)
class _Picture:
    """A chart: its name in the mail, its alt text and its PNG."""

    id: str
    alt: str
    png: bytes = field(repr=False)


class _Part(NamedTuple):
    """What a mail says of one edition; every text is one line."""

    edition: Edition
    title: str
    gist: str
    subtitle: str
    stale: str
    changed: list[str]
    views: list[str]
    figures: list[tuple[str, list[tuple[str, str]]]]
    moved: list[str]
    note: str
    link: str
    link_opens: bool
    picture: _Picture | None
    attached: bool
    file: str


def compose(message: Message, project: Project, *, sender: str, moment: datetime) -> EmailMessage:
    """The mail for a message of the outbox."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = ", ".join(message.everyone)
    mail["Date"] = format_datetime(moment)
    mail["Message-ID"] = f"<{message.id}@jcurve.invalid>"
    mail["Auto-Submitted"] = "auto-generated"  # no out-of-office answers, please
    if message.kind == "success":
        _editions(mail, message, project)
    else:
        what = one_line(str(message.content["what"]))
        mail["Subject"] = _header(f"J-Curve: {_SUBJECTS[message.kind].format(what)}")
        facts = message.content["facts"]
        lines = [f"{label}: {one_line(str(text), 600)}" for label, text in facts]
        mail.set_content("\n".join([what, "", *lines]) + "\n")
    return mail


def portal_address(environment: Mapping[str, str] | None = None) -> str:
    """Where readers find the portal, as ``JCURVE_PORTAL`` says; empty when it says nothing."""
    given = os.environ if environment is None else environment
    address = given.get("JCURVE_PORTAL", "").strip()
    if not address:
        return ""
    if not address.startswith(("https://", "http://", "file://")) or one_line(address) != address:
        raise UsageError(
            "not an address",
            where="JCURVE_PORTAL",
            received=address,
            allowed="such as https://reports.example.org",
        )
    return address.rstrip("/")


def _header(text: str) -> str:
    """Text for a header.

    Python's own parser decodes an "encoded word" that it is given, and lets a line end in
    it through (seen in 3.11): ``=?utf-8?q?x=0ABcc:_a@b?=`` would become a second header.
    """
    return one_line(text).replace("=?", "= ?")


def _editions(mail: EmailMessage, message: Message, project: Project) -> None:
    left, parts = MOST_ATTACHED, []
    for number, (folder, before) in enumerate(message.editions, start=1):
        part = _part(project, _edition(project, folder), before, number, left)
        left -= part.edition.pdf.stat().st_size if part.attached else 0
        parts.append(part)
    if len(parts) == 1:
        subject = f"{parts[0].title}: {parts[0].gist}"
    else:
        named = ", ".join(dict.fromkeys(part.title for part in parts))
        subject = f"{message.schedule or 'reports'}: {len(parts)} reports: {named}"
    mail["Subject"] = _header(f"J-Curve: {subject}")
    house = read_house_style(project.reports)
    logo = _logo(house)
    shown = {"parts": parts, "colour": house.colour, "logo": logo}
    shown |= {"company": one_line(house.company), "footer": one_line(house.footer, 600)}
    mail.set_content(_template("mail.txt").render(shown))
    mail.add_alternative(_template("mail.html").render(shown), subtype="html")
    page = mail.get_payload()[1]  # type: ignore[index]
    assert isinstance(page, EmailMessage)
    for picture in (logo, *(part.picture for part in parts)):
        if picture is not None:
            page.add_related(
                *(picture.png, "image", "png"),
                cid=f"<{picture.id}>",
                filename=f"{picture.id.partition('@')[0]}.png",
                disposition="inline",
            )
    for edition in (part.edition for part in parts if part.attached):
        mail.add_attachment(
            edition.pdf.read_bytes(),
            maintype="application",
            subtype="pdf",
            filename=f"{edition.report}-{edition.series}.pdf",
        )


def _part(project: Project, edition: Edition, before: str | None, number: int, left: int) -> _Part:
    """What a mail says of one edition."""
    results = read_results(edition.results)
    exhibits = list(_exhibits(edition))
    cover = next((each for each in exhibits if each.get("kind") == "cover"), {})
    changed = [one_line(line, 300) for line in results.changed]
    title = one_line(results.scenario.title or results.scenario.name)
    if changed:
        title += f" ({len(changed)} value{'' if len(changed) == 1 else 's'} changed)"
    views = [results.view, *(view for view in results.headlines if view != results.view)]
    size = edition.pdf.stat().st_size
    base = portal_address()
    name = "/".join(map(quote, (edition.report, edition.series, edition.id)))
    link, place = f"{base}/portal/{name}.html", f"{base}/{name}/{edition.pdf.name}"
    if not base:
        home = project.reports.parent
        link, place = (str(each.relative_to(home)) for each in (edition.html, edition.pdf))
    file = f"Attached: {edition.report}-{edition.series}.pdf ({_size(size)})."
    if size > left:
        file = f"The PDF is too large for a mail ({_size(size)}): {place}"
    return _Part(
        edition=edition,
        title=title,
        gist=_gist(results, one_line(str(cover.get("title", "")), 120)),
        subtitle=one_line(str(cover.get("title", "")), 300),
        stale=one_line(str(cover.get("stale", "")), 600),
        changed=changed[:_MOST_LISTED],
        views=[VIEW_WORDS[view] for view in views],
        figures=_figures(results, views),
        moved=_moved(project, edition, before) + _caused(exhibits),
        note=f"Data through {quarter(results.data_through)}, valued at the end of "
        f"{quarter(results.valuation_date)}. Analysis, not investment advice.",
        link=link,
        link_opens=bool(base),
        picture=_picture(exhibits, number),
        attached=size <= left,
        file=file,
    )


def _edition(project: Project, folder: str) -> Edition:
    report, series, name = folder.split("/")
    return Edition.of(project, report, series, name)


def _gist(results: Results, answer: str) -> str:
    figure = results.headlines[results.view].get("npv")
    if figure is None:
        return f"data through {quarter(results.data_through)}"
    filed = results.scenario.filed_npv
    said = f" (in its file {_text(filed)})" if filed else ""
    return f"NPV {_text(figure)}{said}" + (f". {answer}" if answer else "")


def _text(figure: Headline | None) -> str:
    return "not given" if figure is None else one_line(figure.text)


def _figures(results: Results, views: list[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    lead = results.headlines[results.view]
    names = [name for name in _SHOWN if name in lead] or list(lead)[: len(_SHOWN)]
    found = results.headlines
    return [
        (figure_label(name), [(VIEW_WORDS[view], _text(found[view].get(name))) for view in views])
        for name in names
    ]


def _moved(project: Project, edition: Edition, before: str | None) -> list[str]:
    if before is None:
        return ["This is the first edition."]
    try:
        earlier = snapshot_of_edition(_edition(project, before))
        found = compare(earlier, snapshot_of_edition(edition))
    except JCurveError:
        return ["The edition before this one can no longer be read."]
    moves = [move for move in found.moves if move.name in _SHOWN]
    if not moves:
        return ["No headline figure has changed since the last edition."]
    lines = (
        f"{figure_label(move.name)} ({VIEW_WORDS.get(move.view, move.view)}): {move.text()}"
        for move in moves
    )
    return ["Changed since the last edition:", *map(one_line, lines)]


def _caused(exhibits: Exhibits) -> list[str]:
    """What moved the answer, in the sentence with which the report says it."""
    for each in exhibits:
        for paragraph in (*each.get("paragraphs", ()), *each.get("summary", ())):
            for run in paragraph:
                text = str(run.get("text", ""))
                if text.startswith(MOVED_BY):
                    return [one_line(text, 600)]
    return []


def _exhibits(edition: Edition) -> Exhibits:
    """Cover, charts and tables of an edition, in order."""
    notebook = json.loads(edition.notebook.read_bytes())
    found = (
        output.get("data", {}).get(MIME)
        for cell in notebook["cells"]
        for output in cell.get("outputs", ())
    )
    return [each for each in found if isinstance(each, dict)]


def _picture(exhibits: Exhibits, number: int) -> _Picture | None:
    """The first chart as PNG."""
    chart = next((each for each in exhibits if each.get("kind") == "chart"), None)
    png = None if chart is None else _drawn(str(chart.get("svg", "")))
    if chart is None or png is None:
        return None
    return _Picture(f"chart{number}@jcurve", one_line(str(chart.get("alt", "")), 600), png)


def _logo(house: HouseStyle) -> _Picture | None:
    if house.logo is None:
        return None
    company = one_line(house.company)
    mark = drawable(house.logo.mime, house.logo.data, company, "house style")
    png = _drawn(framed(mark)) if mark is not None else None
    return _Picture("logo@jcurve", company or "Logo", png) if png is not None else None


def _drawn(svg: str) -> bytes | None:
    import typst

    try:
        made: bytes = typst.compile(
            _PICTURE,
            sys_inputs={"svg": svg},
            font_paths=typst.Fonts(include_system_fonts=False, font_paths=[str(fonts())]),
            format="png",
            ppi=144,
        )
    except (typst.TypstError, RuntimeError):
        return None  # a mail without its picture is better than none
    return made


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{max(1, count // 1000)} kB"


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    folder = Path(__file__).with_name("templates")
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)
