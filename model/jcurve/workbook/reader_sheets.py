"""The sheets to read first: summary, statements, returns, checks, sources, and about.

The layout names lines of the model; a line that a company's model lacks is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from jcurve.case import evaluate_batch
from jcurve.engine.model import SHARED, VIEWS, WORLDS, RowKey
from jcurve.evaluation.naming import figure_label
from jcurve.facts import citations
from jcurve.ground.project import Where
from jcurve.lines.returns import REASONS
from jcurve.workbook.cell_styles import Page, number_format
from jcurve.workbook.excel_forms import NO_ANSWER
from jcurve.workbook.given_rows import source_keys
from jcurve.workbook.grid import (
    NEVER,
    TABLES,
    TAG_HEADS,
    TAG_TITLES,
    Cell,
    Name,
    Range,
    Row,
    Tab,
    column,
)
from jcurve.workbook.input_sheets import OUTSIDE_COLUMN, THIS, choices
from jcurve.workbook.model_sheets import RESULT_COLUMN, Book
from jcurve.workbook.step_names import plain, words

_TOLERANCE = 1e-6
_STATEMENT_HEAD = 4
_FIRST_CHECK = 6
_HOLDS = "=IF(D{0}<=E{0},1,0)"
_READING = RESULT_COLUMN + len(WORLDS)  # The first column of reasons and quarters on *Returns*

Verdict: TypeAlias = "tuple[Cell, str]"
"""The cell that says whether all checks hold, and what it says."""

_SCALE = "programme.scale"
SCALES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Scales of the programme at which NPV is shown as a value."""
SCALE_ROW = 59  # The row of *Summary* at which they begin, under the charts

_TAGS = (*WORLDS, *VIEWS)


def reader_pages(book: Book, project: Where, checks: Page, verdict: Verdict) -> Iterator[Page]:
    """Every sheet of this module; ``verdict`` is what *Checks* says in one cell."""
    yield checks
    yield returns_page(book)
    yield statements_page(book)
    yield summary_page(book, verdict, project)
    yield sources_page(book, project)
    yield lists_page(book)


def lists_page(book: Book) -> Page:
    """What cells choose from, and the words for codes; hidden."""
    page = Page(Tab.LISTS, [], (14, 14, 60, 30, 30), 5)
    columns = {
        "Quarter": (*book.grid.labels, NEVER),
        "Choice": [name for _, name in choices(book)],
        "Reason by code": [REASONS.get(code, "") for code in range(max(REASONS) + 1)],
        "World or view": [TAG_TITLES[tag] for tag in _TAGS],
        "Scenario": [THIS, *(each.name for each in book.layout.others)],
    }
    page.texts(0, columns, "head")
    for at, texts in enumerate(columns.values()):
        for row, text in enumerate(texts, 1):
            page.text(row, at, text)
    return page


def returns_page(book: Book) -> Page:
    """Every result with its unit, and its reason where it has no number."""
    page = Page(Tab.RETURNS, [], (38, 20, 70, 14, 14, 14, 30, 30, 30), _READING + 3, (3, 1))
    page.text(0, 0, "Returns and other results", "title")
    page.text(1, 0, "A result without an answer is the word none, with the reason beside it.")
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, tag in book.results:
        tags = book.model.tags(name)
        if tag == tags[0]:
            groups.setdefault(tags, []).append(name)
    for tags, names in groups.items():
        top = book.results[names[0], tags[0]].row - 1
        page.texts(top, ("Result", "Unit", "Definition"), "head")
        for n, tag in enumerate(tags):
            page.text(top, RESULT_COLUMN + n, TAG_HEADS[tag], "head:right")
            page.text(top, _READING + n, f"{TAG_HEADS[tag]}: reason or quarter", "head_apart")
        for name in names:
            _result(page, book, name, tags)
    return page


def _result(page: Page, book: Book, name: str, tags: tuple[str, ...]) -> None:
    output = book.model.outputs[name]
    row = book.results[name, tags[0]].row
    told = (words(name), "name"), output.unit.name, (plain(output.definition), "definition")
    page.texts(row, told)
    values = [book.value((name, tag)) for tag in tags]
    style = number_format(output.unit.name, [v for v in values if isinstance(v, float)])
    for n, tag in enumerate(tags):
        formula = book.grid.formula(book.result_formulas[name, tag], Tab.RETURNS)
        page.formula(row, RESULT_COLUMN + n, formula, values[n], style)
        formula, value = _reading(book, (name, tag))
        if formula:
            page.formula(row, _READING + n, formula, value, "unit")


def _reading(book: Book, key: RowKey) -> tuple[str, str]:
    """The quarter of a date, the reason of a missing result; nothing for others."""
    status = (book.model.status(key[0]) or "", key[1])
    is_date, has_status = book.model.unit(key[0]).name == "date", status in book.results
    if not is_date and not has_status:
        return "", ""
    number = book.results[key].seen_from(Tab.RETURNS)
    shown = f"INDEX({Tab.LISTS}!$A$2:$A${book.grid.quarters + 2},{number}+1)" if is_date else '""'
    none = '"no answer"'
    if has_status:
        code = book.results[status].seen_from(Tab.RETURNS)
        none = f"INDEX({Tab.LISTS}!$C$2:$C${max(REASONS) + 2},{code}+1)"
    formula = f"=IF(ISNUMBER({number}),{shown},{none})"
    value = book.value(key)
    if isinstance(value, float):
        return formula, book.grid.labels[int(value)] if is_date else ""
    return formula, REASONS.get(int(float(book.value(status))), "") if has_status else "no answer"


def summary_page(book: Book, verdict: Verdict, project: Where) -> Page:
    """Headline figures in both views; the charts are drawn beside them."""
    widths = (32, 13, 10, 32, 13, 10, 32)
    page = Page(Tab.SUMMARY, [], widths, 7, (5, 0), landscape=False)
    scenario = book.case.scenario
    page.text(0, 0, scenario.title, "title")
    page.text(1, 0, " ".join(scenario.story.split()), "note")
    page.text(2, 0, f"Scenario {scenario.name}, data through {book.case.data_through}, values at "
                    f"the end of {book.case.valuation_date}")  # fmt: skip
    page.formula(3, 0, f"={verdict[0].seen_from(Tab.SUMMARY)}", verdict[1], "strong")
    for n, view in enumerate(VIEWS):
        page.text(4, 1 + 3 * n, TAG_HEADS[view], "head:right")
        page.text(4, 2 + 3 * n, "Unit", "head_apart")
        page.text(4, 3 + 3 * n, "Reason or quarter", "head")
    page.text(4, 0, "Headline", "head")
    names = [
        name for name in TABLES["summary"]["headlines"] if (name, next(iter(VIEWS))) in book.results
    ]
    for row, name in enumerate(names, 5):
        page.text(row, 0, figure_label(name), "name")
        for n, view in enumerate(VIEWS):
            _headline(page, book, (name, view), row, n)
    _by_scale(page, book, project)
    return page


def _by_scale(page: Page, book: Book, project: Where) -> None:
    """NPV against the scale of the programme: values, which do not follow inputs, so that they
    say of which scenario they are."""
    case, top = book.case, SCALE_ROW
    if _SCALE not in case.scenario:
        return
    names = [f"npv.{view}" for view in VIEWS]
    company = case.assembly.company.folder
    rows = {_SCALE: np.array([SCALES])}
    wanted = evaluate_batch(rows, names, case.scenario, company=company, project=project)
    page.text(top, 0, "NPV against the scale of the programme, USD bn", "heading")
    page.text(top + 1, 0, f"Values as written, not live: scenario {case.scenario.name}, hash "
                          f"{case.scenario.hash[:12]}")  # fmt: skip
    page.texts(top + 2, [""] * 5, "head")
    page.text(top + 2, 0, "Scale", "head:right")
    for n, (view, name) in enumerate(zip(VIEWS, names, strict=True)):
        page.text(top + 2, 1 + 3 * n, TAG_HEADS[view], "head:right")
        for at, value in enumerate(wanted[name], top + 3):
            page.text(at, 1 + 3 * n, float(value) / 1000, "fact:one")
    for at, scale in enumerate(SCALES, top + 3):
        page.text(at, 0, scale, "fact:two")


def _headline(page: Page, book: Book, key: RowKey, row: int, view: int) -> None:
    cell, value, left = book.results[key], book.value(key), 1 + 3 * view
    unit = book.model.unit(key[0]).name
    at = cell.seen_from(Tab.SUMMARY)
    if unit == "date":
        shown: float | str = "" if value != NO_ANSWER else value
        page.formula(row, left, f'=IF(ISNUMBER({at}),"","{NO_ANSWER}")', shown, "right")
        unit = "quarter"
    elif unit == "USD m":
        shown = value / 1000 if isinstance(value, float) else value
        page.formula(row, left, f'=IF(ISNUMBER({at}),{at}/thousand,"{NO_ANSWER}")', shown, "one")
        unit = "USD bn"
    else:
        both = [book.value((key[0], each)) for each in VIEWS]
        style = number_format(unit, [each for each in both if isinstance(each, float)])
        page.formula(row, left, f"={at}", value, "two" if style == "four" else style)
    page.text(row, left + 1, unit, "unit")
    formula, text = _reading(book, key)
    if formula:
        reading = Cell(cell.place, _READING + view)
        page.formula(row, left + 2, f"={reading.seen_from(Tab.SUMMARY)}", text)


def statements_page(book: Book) -> Page:
    """Three statements by year, of the world or view that the reader chooses."""
    years, early, head = book.grid.years, _years_without_balance(book), _STATEMENT_HEAD
    widths = (30, 26, *([10.5] * years))
    page = Page(Tab.STATEMENTS, [], widths, len(widths), (head + 1, 2), closed=(2, early))
    page.text(0, 0, "Statements by year", "title")
    page.text(1, 0, "Choose a world or a view in the blue cell; a view is a difference.")
    if early:
        first = book.grid.year_labels[early]
        page.text(1, 2 + early, f"The closed group holds the years before {first}, for which no "
                                "balance sheet is on file.", "note_apart")  # fmt: skip
    page.text(2, 0, "World or view", "strong")
    page.text(2, 1, TAG_TITLES[WORLDS[0]], "input:text")
    page.text(3, 0, "Its number")
    page.formula(3, 1, f"=MATCH(B3,{Tab.LISTS}!$D$2:$D${len(_TAGS) + 1},0)", 1.0, "plain")
    page.texts(head, ("USD m unless said otherwise", "Unit"), "head")
    page.texts(head, book.grid.year_labels, "head:right", 2)
    row = head + 1
    for title, names in TABLES["statements"].items():
        page.text(row, 0, title, "section")
        row += 1
        for name in (name for name in names if name in book.model.outputs):
            _statement(page, book, name, row)
            row += 1
        row += 1
    return page


def _years_without_balance(book: Book) -> int:
    """How many first years have no total of assets: statements are whole after them."""
    if "total_assets" not in book.model.outputs:
        return 0
    held = [bool(value) for value in book.case.year("total_assets")]
    return held.index(True) if True in held else 0


def _statement(page: Page, book: Book, name: str, row: int) -> None:
    unit, values = book.model.unit(name).name, book.case.year(name)
    strong = "strong:" if name in TABLES["bold"]["totals"] else ""
    style = strong + number_format(unit, values)
    page.texts(row, ((words(name), "strong" if strong else "text"), unit))
    shared = book.rows.get((name, SHARED))
    places = [book.rows.get((name, world), shared) for world in WORLDS]
    places += [book.rows.get((name, view)) for view in VIEWS]
    for at, value in enumerate(values):
        cells = [
            "0" if p is None else Cell(p, book.grid.year(at)).seen_from(Tab.STATEMENTS)
            for p in places
        ]
        page.formula(row, 2 + at, f"=CHOOSE($B$4,{','.join(cells)})", float(value), style)


def checks_page(book: Book) -> tuple[Page, Verdict]:
    """Every identity as a formula; the cell that says whether all hold, and what it says."""
    scales = {
        key: list(_scales(book, key))
        for check in book.case.checks()
        if (key := _key_of(check.row)) in book.rows
    }
    most = max((len(each) for each in scales.values()), default=1)
    widths = (34, 28, 84, 18, 14, 8, *([14] * most))
    page = Page(Tab.CHECKS, [], widths, 6, (_FIRST_CHECK, 1), closed=(6, most))
    page.text(0, 0, "Checks", "title")
    page.text(1, 0, "Every identity of the model, the accepted range of every input, every mix.")
    page.texts(_FIRST_CHECK - 1, ("Check", "World or view", "What must tie"), "head")
    heads = ("Largest difference", "Tolerance", "Holds", *(["Largest amount"] * most))
    page.texts(_FIRST_CHECK - 1, heads, "head:right", 3)
    right = column(5 + most)
    failed, row = 0, _FIRST_CHECK
    for check in book.case.checks():
        name, tag = _key_of(check.row)
        if (name, tag) not in book.rows:
            continue
        over = book.grid.whole(book.rows[name, tag], Tab.CHECKS)
        ties = (plain(check.definition), "definition")
        page.texts(row, ((words(name), "name"), TAG_TITLES[tag], ties))
        page.formula(row, 3, f"=MAX(MAX({over}),-MIN({over}))", check.worst, "tiny")
        for at, (formula, value) in enumerate(scales[name, tag]):
            page.formula(row, 6 + at, formula, value, "whole")
        bound = f"=check_tolerance*MAX(1,G{row + 1}:{right}{row + 1})"
        page.formula(row, 4, bound, _TOLERANCE * check.scale, "tiny")
        page.formula(row, 5, _HOLDS.format(row + 1), float(check.holds), "plain")
        failed += not check.holds
        row += 1
    for name, definition, formula in _input_checks(book):
        page.text(row, 0, words(name), "name")
        page.text(row, 2, definition, "definition")
        page.formula(row, 3, formula, 0.0, "plain")
        page.text(row, 4, 0.0, "plain")
        page.formula(row, 5, _HOLDS.format(row + 1), 1.0, "plain")
        row += 1
    hold, every = "All checks hold", f"F{_FIRST_CHECK + 1}:F{row}"
    text = f"{failed} checks fail" if failed else hold
    page.formula(3, 5, f"=IF(SUM({every})=ROWS({every}),1,0)", float(not failed), "plain")
    told = f'=IF(F4=1,"{hold}",ROWS({every})-SUM({every})&" checks fail")'
    page.formula(3, 0, told, text, "strong")
    return page, (Cell(Row(Tab.CHECKS, 3), 0), text)


def _key_of(row: str) -> RowKey:
    name, _, tag = row.partition("@")
    return name, tag


def _scales(book: Book, key: RowKey) -> Iterator[tuple[str, float]]:
    """The largest amounts among the precedents of an identity, in its own unit."""
    unit = book.model.unit(key[0])
    for source in dict.fromkeys(book.model.sources(key)):
        if not book.model.unit(source[0]).agrees(unit):
            continue
        place = book.locate(source)
        size = float(np.nanmax(np.abs(book.quarterly(source))))
        if isinstance(place, Row):
            over = book.grid.whole(place, Tab.CHECKS)
            yield f"=MAX(MAX({over}),-MIN({over}))", size
        else:
            yield f"=ABS({book.grid.spelled(place, Tab.CHECKS)})", size


def _input_checks(book: Book) -> Iterator[tuple[str, str, str]]:
    letters = column(OUTSIDE_COLUMN)
    spans = []
    for sheet in (Tab.DRIVERS, Tab.INPUTS):
        rows = [entry.row + 1 for entry in book.layout.on(sheet)]
        spans.append(f"SUM({sheet}!{letters}{min(rows)}:{letters}{max(rows)})")
    yield "inputs_in_range", "Inputs outside their accepted range", f"={'+'.join(spans)}"
    for mix in book.case.scenario.mixes:
        places = [book.layout.locate(key) for key in mix.others]
        dated = any(isinstance(place, Row) for place in places)
        parts = [
            p.text if isinstance(p, Name) else book.grid.spelled(Range(p, "years"), Tab.CHECKS)
            for p in places
        ]
        above = f"{'+'.join(parts)}>1+smallest_change"
        formula = f"=SUMPRODUCT(({above})*1)" if dated else f"=IF({above},1,0)"
        yield f"mix: {mix.name}", "Shares beside the remainder sum to 1 at most", formula


def sources_page(book: Book, project: Where) -> Page:
    """Every source that an assumption or a fact of the workbook names."""
    page = Page(Tab.SOURCES, [], (30, 70, 30, 18, 26, 70), 6, (3, 1))
    page.text(0, 0, "Sources", "title")
    heads = ("Key", "Title or statement", "Publisher", "Date", "How far checked", "Address")
    page.texts(2, heads, "head")
    facts = book.case.assembly.history
    keys = {key for item in book.case.scenario.items for key in item.source}
    for name in {name for name, _ in book.rows if name in facts}:
        keys |= set(source_keys(facts[name]))
    for row, each in enumerate(citations(sorted(keys), project), 3):
        page.text(row, 0, each.key, "name")
        said = (each.says, each.title) if each.is_statement else (each.title, each.publisher)
        page.texts(row, (*said, each.date, each.how_verified, each.url), "definition", 1)
    return page
