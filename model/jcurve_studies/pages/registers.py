"""Tables of registers, for the templates of pages: assumptions, scenarios, sources, articles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from jcurve.assumptions import BASE, Assumption, Path, load
from jcurve.assumptions.assumption import KINDS
from jcurve.case import Case
from jcurve.engine.model import WORLDS
from jcurve.evaluation.naming import headline_text
from jcurve.facts import GRADES, claims, drivers
from jcurve.facts import articles as article_titles
from jcurve.facts import evidence as evidence_on_file
from jcurve.facts import sources as sources_on_file
from jcurve.facts.registers import VERDICTS, touches
from jcurve.facts.tables import AnyWords, Column, Row, Text, home_of, with_rows
from jcurve.ground.markdown import code, link, table
from jcurve.ground.project import Where
from jcurve_studies.pages.study import Study

_MEANINGS = {
    "reported": "a figure that a company or an authority reported",
    "guided": "what the company said it would do",
    "evidence": "drawn from dated statements and figures of others",
    "estimate": "computed from reported figures by a stated rule",
    "judgement": "ours; the reason says why",
}
_HEADING = re.compile(r"  # (?P<title>\S.*)")
_OVERVIEW = {
    "npv": "NPV",
    "irr": "IRR",
    "payback": "payback",
    "trough_amount": "trough",
    "trough_quarter": "trough quarter",
}
VIEWS = ("programme", "go_forward")


def kinds(study: Study) -> str:
    """What the kinds of assumptions mean, and how many there are."""
    count = Counter(row.kind for row in load(BASE, study.project).items)
    return table(("kind", "meaning", "assumptions"), ((k, _MEANINGS[k], count[k]) for k in KINDS))


def group(rows: Iterable[Assumption]) -> str:
    """Assumptions with values, ranges and reasons."""
    header = ("key", "meaning", "unit", "value", "low", "high", "kind", "source", "reason")
    return table(header, map(_assumption, rows))


def large(study: Study) -> str:
    """Details that move much, and why they are no drivers."""
    rows = load(BASE, study.project).items
    found = ((code(row.key), row.label, row.why_detail) for row in rows if row.why_detail)
    return table(("key", "meaning", "reason"), found)


def groups(study: Study) -> dict[str, list[Assumption]]:
    """The base scenario's assumptions under the comment that heads their part of the file."""
    project = study.project
    rows = load(BASE, project).items
    lines = (project.scenarios / f"{BASE}.yml").read_text(encoding="utf-8").splitlines()
    heads: list[str] = []
    head = "Other"
    for line in lines:
        found = _HEADING.fullmatch(line)
        head = found["title"] if found else head
        heads.append(head)
    under: dict[str, list[Assumption]] = {}
    for row in rows:
        number = re.search(r":(\d+)", row.where)
        at = heads[int(number[1]) - 1] if number else head
        under.setdefault(at, []).append(row)
    return under


def _assumption(row: Assumption) -> tuple[str, ...]:
    value = row.text()
    between = f" ({row.value.between})" if isinstance(row.value, Path) and ";" in value else ""
    return (
        code(row.key),
        f"{row.name}: {row.label}" if row.name else row.label,
        row.unit,
        value + between,
        *row.range_text(),
        row.kind,
        ", ".join(row.source),
        f"{row.rationale} ({row.as_of})",
    )


def overview(every: tuple[Case, ...], view: str) -> str:
    """The headlines of every scenario in one view."""
    rows = []
    for case in every:
        figures = case.headlines()[view]
        texts = (headline_text(figures.get(name)) for name in _OVERVIEW)
        name = case.scenario.name
        rows.append((f"[{name}](#{name})", len(case.differences), *texts))
    return table(("scenario", "changes", *_OVERVIEW.values()), rows)


def differences(case: Case) -> str:
    """What a scenario sets otherwise than the base, and why."""
    header = ("assumption", "meaning", "unit", "base", "here", "why", "kind", "source")
    rows = (
        (
            code(each.key), each.label, each.unit, each.before,
            each.after + (" (range)" if each.what == "range" else ""),
            each.why, each.kind, ", ".join(each.source),
        )
        for each in case.differences
    )  # fmt: skip
    return table(header, rows)


def headlines(case: Case) -> str:
    """Every headline figure in both views."""
    found = case.headlines()
    names = dict.fromkeys(name for figures in found.values() for name in figures)
    rows = (
        (code(name), *(headline_text(found[view].get(name)) for view in VIEWS)) for name in names
    )
    return table(("headline", *VIEWS), rows)


def grades(study: Study) -> str:
    """What each grade means, and how many sources and rows of evidence have it."""
    graded = Counter(each.grade for each in sources_on_file(study.project).values())
    stated = Counter(each.grade for each in evidence_on_file(study.project).values())
    meanings = ((code(g), words, graded[g], stated[g]) for g, words in GRADES.items())
    return table(("grade", "meaning", "sources", "evidence"), meanings)


def sources(study: Study, grade: str) -> str:
    """The sources of a grade; empty where there are none."""
    rows = [
        (
            code(each.source_id), link(each.title, each.url), each.publisher, each.date,
            each.how_verified,
        )
        for each in sources_on_file(study.project).values()
        if each.grade == grade
    ]  # fmt: skip
    return table(("id", "title", "publisher", "date", "checked"), rows) if rows else ""


def evidence(study: Study) -> str:
    """The register of evidence."""
    rows = (
        (
            code(each.key), each.statement, each.as_of, link(each.source_title, each.url),
            each.confidence, each.grade, each.independence,
        )
        for each in evidence_on_file(study.project).values()
    )  # fmt: skip
    header = ("key", "statement or figure", "as of", "source", "confidence", "grade", "who speaks")
    return table(header, rows)


def articles(study: Study) -> str:
    """The source articles, and how many claims each makes."""
    count = Counter(each.article for each in claims(study.project).values())
    listed = (
        (key, each.title, each.publisher, each.date, count[key])
        for key, each in article_titles(study.project).items()
    )
    return table(("article", "title", "publisher", "date", "claims"), listed)


def claims_on_file(study: Study) -> str:
    """How many claims there are, and against the record."""
    found = claims(study.project).values()
    against = sum(each.contradicts_record for each in found)
    return f"{len(found)} claims, {against} of which contradict the record."


def verdicts(study: Study) -> str:
    """What each verdict means, and how many claims have it."""
    count = Counter(each.verdict for each in claims(study.project).values())
    meanings = ((name, meaning, count[name]) for name, meaning in VERDICTS.items())
    return table(("verdict", "meaning", "claims"), meanings)


def claims_of(study: Study, article: str) -> str:
    """The claims of an article, against the record."""
    keys = touches(study.project)
    rows = (
        (
            claim.key,
            claim.claim,
            " ".join((claim.claimed_value, claim.unit)).replace("n/a qualitative", ""),
            claim.verdict + (", contradicts the record" if claim.contradicts_record else ""),
            claim.record,
            claim.correction,
            " ".join(map(code, keys.get(claim.key, ()))),
            f"{link('source', claim.url) if claim.url else ''} ({claim.confidence})",
        )
        for claim in claims(study.project).values()
        if claim.article == article
    )
    heads = ("claim", "says", "value", "verdict", "record", "correction", "touches", "source")
    return table(heads, rows)


def mechanisms(study: Study) -> str:
    """What the articles say of each mechanism."""
    said = (
        (
            key, each.driver, each.article_says, code(each.formula),
            ", ".join(map(code, each.evidence)) or "none",
        )
        for key, each in drivers(study.project).items()
    )  # fmt: skip
    return table(("key", "mechanism", "the articles", "form in the register", "evidence"), said)


def _also(row: Row, key: str) -> tuple[tuple[str, str], ...]:
    """``key=value;key=value``, or nothing."""
    pairs = []
    for part in filter(None, row.optional(key).split(";")):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise row.error(key, "not KEY=VALUE", part)
        pairs.append((name, value))
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class Move:
    """One assumption moved from low to high, and the lines that must rise and fall then; a test
    makes every move."""

    driver: str  # key of the mechanism
    key: str  # the assumption
    low: Text  # text of the values, both empty for the ends of the assumption's own range
    high: Text
    # other keys and the text of their values, set at both ends
    also: Annotated[tuple[tuple[str, str], ...], Column(read=_also)]
    rises: AnyWords  # rows by the name that a case takes
    falls: AnyWords
    note: Text  # what a reader should know; may be empty


def driver_moves(project: Where = None) -> tuple[Move, ...]:
    """Every move, in the order of the file."""
    known = {"driver": drivers(project)}
    found = with_rows(home_of(project).data, "evidence/driver_map.csv", Move, known)
    for move, row in found:
        if bool(move.low) != bool(move.high):
            raise row.error("low", "one end of a range", move.low or move.high)
        if not move.rises and not move.falls:
            raise row.error("rises", "a move that names no line")
    return tuple(move for move, _ in found)


def moves(study: Study) -> str:
    """Every move of an assumption, and the lines that follow."""
    base = load(BASE, study.project)
    rows = (
        (
            move.driver,
            code(move.key),
            base.assumptions[move.key].label,
            base.assumptions[move.key].text(),
            f"{move.low} to {move.high}" if move.low else "its own range",
            *(", ".join(map(_row_name, lines)) for lines in (move.rises, move.falls)),
            _note(move),
        )
        for move in driver_moves(study.project)
    )
    heads = ("mechanism", "assumption", "meaning", "base", "moved", "rises", "falls", "note")
    return table(heads, rows)


def _note(move: Move) -> str:
    also = ", ".join(code(f"{key}={value}") for key, value in move.also)
    return "; ".join(filter(None, (move.note, also and f"with {also}")))


def _row_name(name: str) -> str:
    """A row as code, without the world that a reader assumes."""
    line, _, world = name.partition("@")
    return code(line if world == WORLDS[0] else name)
