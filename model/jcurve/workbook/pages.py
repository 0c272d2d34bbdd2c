"""The sheets to read first: summary, statements, returns, checks, sources, and about.

The layout names lines of the model; a line that a company's model lacks is left out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath

import jcurve
from jcurve.case import Check
from jcurve.engine.model import SHARED, VIEWS, WORLDS, RowKey
from jcurve.facts import evidence, external, sources
from jcurve.ground.project import Project
from jcurve.lines.returns import REASONS
from jcurve.workbook.book import RESULT_COLUMN, Book
from jcurve.workbook.cells import Page
from jcurve.workbook.grid import Cell, Range, Row, column, quoted
from jcurve.workbook.inputs import Entry
from jcurve.workbook.names import (
    ABOUT,
    CHECKS,
    DATED,
    INPUTS,
    LISTS,
    NEVER,
    RETURNS,
    SOURCES,
    STATEMENTS,
    SUMMARY,
    TAG_HEADS,
    TAG_TITLES,
)
from jcurve.workbook.style import number_format
from jcurve.workbook.translate import NO_ANSWER

__all__ = [
    "SELECTOR",
    "STATEMENT_HEAD",
    "about_page",
    "checks_page",
    "lists_page",
    "returns_page",
    "sources_page",
    "statements_page",
    "summary_page",
]

_TOLERANCE = "0.000001"
SELECTOR = Cell(STATEMENTS, 2, 1)
"""The cell that chooses the world of *Statements*."""

STATEMENT_HEAD = 4
_READING = RESULT_COLUMN + len(WORLDS)
"""The first column of reasons and quarters on *Returns*."""

_HEADLINES = (
    "npv", "irr", "payback", "discounted_payback", "trough_amount", "trough_quarter",
    "quarters_under_water", "unrecovered_balance", "multiple_on_invested_capital",
    "profitability_index", "terminal_share_of_npv", "operating_income_turns_positive",
)  # fmt: skip
_STATEMENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Income statement", (
        "advertising", "new_product_revenue", "revenue", "infrastructure_cost", "product_cost",
        "core_cost_after_savings", "reality_labs_and_moved", "one_off_and_grants", "total_costs",
        "operating_income", "interest_income", "interest_expense", "other_income",
        "interest_and_other", "pretax_income", "tax_provision", "net_income", "diluted_shares",
        "earnings_per_share", "operating_margin", "effective_tax_rate", "ebitda",
        "depreciation_and_amortisation",
    )),
    ("Cash flow statement", (
        "net_income", "depreciation_and_amortisation", "share_based_compensation",
        "deferred_tax_expense", "working_capital_released", "other_operating_cash_flow",
        "operating_cash_flow", "capex", "free_cash_flow", "acquisitions_and_stakes", "dividends",
        "repurchases", "settlement_taxes", "debt_change", "other_cash_flow", "change_in_cash",
    )),
    ("Balance sheet", (
        "cash_and_securities", "receivables", "property_net", "operating_lease_assets",
        "startup_stakes_held", "other_assets", "other_net_assets", "total_assets",
        "total_net_assets", "payables", "unpaid_property", "debt", "operating_lease_liability",
        "finance_lease_liability", "deferred_tax_liability", "other_liabilities",
        "total_liabilities", "equity", "net_cash",
    )),
)  # fmt: skip
_ACRONYMS = frozenset({"npv", "irr", "ebitda", "sbc"})
_TOTALS = frozenset(
    {"revenue", "total_costs", "operating_income", "pretax_income", "net_income",
     "operating_cash_flow", "free_cash_flow", "change_in_cash", "total_assets", "total_net_assets",
     "total_liabilities", "equity"}
)  # fmt: skip


def title_of(name: str) -> str:
    """A line's name in words."""
    words = name.replace(".", ": ").split("_")
    words = [word.upper() if word in _ACRONYMS else word for word in words]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _at(cell: Cell, host: str) -> str:
    prefix = "" if cell.sheet == host else f"{quoted(cell.sheet)}!"
    return f"{prefix}{column(cell.column)}{cell.row + 1}"


def lists_page(book: Book) -> Page:
    """What cells choose from, and the words for codes; hidden."""
    page = Page(LISTS, [], (14, 14, 60, 30), 4)
    for at, head in enumerate(("Quarter", "Choice", "Reason by code", "World or view")):
        page.text(0, at, head, "head")
    for at, label in enumerate((*book.grid.labels, NEVER)):
        page.text(1 + at, 0, label)
    for at, (_, name) in enumerate(choices(book)):
        page.text(1 + at, 1, name)
    for code in range(max(REASONS) + 1):
        page.text(1 + code, 2, REASONS.get(code, ""))
    for at, tag in enumerate((*WORLDS, *VIEWS)):
        page.text(1 + at, 3, TAG_TITLES[tag])
    return page


def choices(book: Book) -> list[tuple[str, str]]:
    """Every (key, name) that a choice may pick, in the order of the hidden list."""
    return [
        (entry.key, name)
        for entry in book.layout.entries
        if entry.form == "choice"
        for name in entry.item.choices
    ]


def returns_page(book: Book) -> Page:
    """Every result with its unit, and its reason where it has no number."""
    page = Page(RETURNS, [], (38, 20, 70, 14, 14, 14, 30, 30, 30), _READING + 3, freeze=(3, 1))
    page.text(0, 0, "Returns and other results", "title")
    page.text(1, 0, "A result without an answer is the word none, with the reason beside it.")
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, tag in book.results:
        tags = book.model.tags(name)
        if tag == tags[0]:
            groups.setdefault(tags, []).append(name)
    for tags, names in groups.items():
        top = book.results[names[0], tags[0]].row - 1
        for at, head in enumerate(("Result", "Unit", "Definition")):
            page.text(top, at, head, "head")
        for n, tag in enumerate(tags):
            page.text(top, RESULT_COLUMN + n, TAG_HEADS[tag], "head:right")
            page.text(top, _READING + n, f"{TAG_HEADS[tag]}: reason or quarter", "head_apart")
        for name in names:
            _result(page, book, name, tags)
    return page


def _result(page: Page, book: Book, name: str, tags: tuple[str, ...]) -> None:
    output = book.model.outputs[name]
    row = book.results[name, tags[0]].row
    page.text(row, 0, name, "name")
    page.text(row, 1, output.unit.name)
    page.text(row, 2, " ".join(output.definition.split()), "definition")
    values = [book.value((name, tag)) for tag in tags]
    style = number_format(output.unit.name, [v for v in values if isinstance(v, float)])
    for n, tag in enumerate(tags):
        cell = book.results[name, tag]
        page.formula(cell.row, cell.column, book.result_formulas[name, tag], values[n], style)
        status = book.results.get((book.model.status(name) or "", tag))
        formula, value = _reading(book, (name, tag), cell, status)
        if formula:
            page.formula(row, _READING + n, formula, value, "unit")


def _reading(book: Book, key: RowKey, cell: Cell, status: Cell | None) -> tuple[str, str]:
    """The quarter of a date, the reason of a missing result; nothing for others."""
    value = book.value(key)
    number = _at(cell, RETURNS)
    is_date = book.model.unit(key[0]).name == "date"
    if not is_date and status is None:
        return "", ""
    labels = f"{LISTS}!$A$2:$A${book.grid.quarters + 2}"
    reasons = f"{LISTS}!$C$2:$C${max(REASONS) + 2}"
    shown = f"INDEX({labels},{number}+1)" if is_date else '""'
    none = '"no answer"' if status is None else f"INDEX({reasons},{_at(status, RETURNS)}+1)"
    formula = f"=IF(ISNUMBER({number}),{shown},{none})"
    if isinstance(value, float):
        return formula, book.grid.labels[int(value)] if is_date else ""
    code = 0 if status is None else book.value((book.model.status(key[0]) or "", key[1]))
    return formula, "no answer" if status is None else REASONS.get(int(float(code)), "")


def summary_page(book: Book, master: Cell) -> Page:
    """Headline figures in both views; the charts are drawn beside them."""
    page = Page(SUMMARY, [], (32, 13, 10, 32, 13, 10, 32), 7, freeze=(5, 0))
    scenario = book.case.scenario
    page.text(0, 0, scenario.title, "title")
    page.text(1, 0, " ".join(scenario.story.split()), "note")
    page.text(2, 0, f"Scenario {scenario.name}, data through {book.case.data_through}, values at "
                    f"the end of {book.case.valuation_date}")  # fmt: skip
    page.formula(3, 0, f"={_at(master, SUMMARY)}", book.master_text, "strong")
    for n, view in enumerate(VIEWS):
        page.text(4, 1 + 3 * n, TAG_HEADS[view], "head:right")
        page.text(4, 2 + 3 * n, "Unit", "head_apart")
        page.text(4, 3 + 3 * n, "Reason or quarter", "head")
    page.text(4, 0, "Headline", "head")
    names = [name for name in _HEADLINES if (name, next(iter(VIEWS))) in book.results]
    for at, name in enumerate(names):
        row = 5 + at
        page.text(row, 0, title_of(name), "name")
        for n, view in enumerate(VIEWS):
            _headline(page, book, (name, view), row, 1 + 3 * n, n)
    return page


def _headline(page: Page, book: Book, key: RowKey, row: int, left: int, view: int) -> None:
    cell = book.results[key]
    value = book.value(key)
    unit = book.model.unit(key[0]).name
    at = _at(cell, SUMMARY)
    if unit == "date":
        page.formula(
            row, left, f'=IF(ISNUMBER({at}),"","{NO_ANSWER}")', "" if value != NO_ANSWER else value
        )
    elif unit == "USD m":
        shown = value / 1000 if isinstance(value, float) else value
        page.formula(row, left, f'=IF(ISNUMBER({at}),{at}/1000,"{NO_ANSWER}")', shown, "one")
        unit = "USD bn"
    else:
        style = number_format(unit, [value] if isinstance(value, float) else [])
        page.formula(row, left, f"={at}", value, style)
    page.text(row, left + 1, "quarter" if unit == "date" else unit, "unit")
    reading = Cell(RETURNS, cell.row, _READING + view)
    status = book.results.get((book.model.status(key[0]) or "", key[1]))
    formula, text = _reading(book, key, cell, status)
    if formula:
        page.formula(row, left + 2, f"={_at(reading, SUMMARY)}", text)


def statements_page(book: Book) -> Page:
    """Three statements by year, of the world or view that the reader chooses."""
    years, early = book.grid.years, _years_without_balance(book)
    page = Page(
        STATEMENTS, [], (30, 26, *([10.5] * years)), 2 + years, freeze=(STATEMENT_HEAD + 1, 2),
        closed=(2, early),
    )  # fmt: skip
    page.text(0, 0, "Statements by year", "title")
    page.text(1, 0, "Choose a world or a view in the blue cell; a view is a difference.")
    if early:
        first = book.grid.year_labels[early]
        page.text(1, 2 + early, f"The closed group holds the years before {first}, for which no "
                                "balance sheet is on file.", "note_apart")  # fmt: skip
    page.text(2, 0, "World or view", "strong")
    page.text(SELECTOR.row, SELECTOR.column, TAG_TITLES[WORLDS[0]], "input:text")
    page.text(3, 0, "Its number")
    tags = (*WORLDS, *VIEWS)
    page.formula(3, 1, f"=MATCH(B3,{LISTS}!$D$2:$D${len(tags) + 1},0)", 1.0, "plain")
    page.text(STATEMENT_HEAD, 0, "USD m unless said otherwise", "head")
    page.text(STATEMENT_HEAD, 1, "Unit", "head")
    for at, label in enumerate(book.grid.year_labels):
        page.text(STATEMENT_HEAD, 2 + at, label, "head:right")
    row = STATEMENT_HEAD + 1
    for title, names in _STATEMENTS:
        page.text(row, 0, title, "section")
        row += 1
        for name in names:
            if name in book.model.outputs:
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
    unit = book.model.unit(name).name
    values = book.case.year(name)
    style = number_format(unit, values)
    strong = "strong:" if name in _TOTALS else ""
    page.text(row, 0, title_of(name), "strong" if strong else "text")
    page.text(row, 1, unit)
    shared = book.rows.get((name, SHARED))
    for at in range(book.grid.years):
        letters = column(book.grid.year(at))
        spelled = [
            "0" if place is None else f"{place.sheet}!{letters}{place.row + 1}"
            for place in (
                *(book.rows.get((name, world), shared) for world in WORLDS),
                *(book.rows.get((name, view)) for view in VIEWS),
            )
        ]
        formula = f"=CHOOSE($B$4,{','.join(spelled)})"
        page.formula(row, 2 + at, formula, float(values[at]), f"{strong}{style}")


def checks_page(book: Book) -> tuple[Page, Cell]:
    """Every identity as a formula, and the cell that says whether all hold."""
    page = Page(CHECKS, [], (34, 28, 84, 18, 14, 8), 6, freeze=(6, 1))
    page.text(0, 0, "Checks", "title")
    page.text(1, 0, "Every identity of the model, the accepted range of every input, every mix.")
    heads = ("Check", "World or view", "What must tie", "Largest difference", "Tolerance", "Holds")
    for at, head in enumerate(heads):
        page.text(5, at, head, "head" if at < 3 else "head:right")
    row = 6
    holds = 0
    for key, check in _identities(book):
        place = book.rows[key]
        over = book.grid.single((Range(place),), CHECKS)[1:]
        page.text(row, 0, key[0], "name")
        page.text(row, 1, TAG_TITLES[key[1]])
        page.text(row, 2, " ".join(check.definition.split()), "definition")
        page.formula(row, 3, f"=MAX(MAX({over}),-MIN({over}))", check.worst, "tiny")
        scale = ",".join(("1", *_scales(book, key)))
        page.formula(row, 4, f"={_TOLERANCE}*MAX({scale})", float(_TOLERANCE) * check.scale, "tiny")
        holds += _hold(page, row, check.holds)
        row += 1
    for name, definition, formula in _input_checks(book):
        page.text(row, 0, name, "name")
        page.text(row, 2, definition, "definition")
        page.formula(row, 3, formula, 0.0, "plain")
        page.number(row, 4, 0.0, "plain")
        holds += _hold(page, row, True)
        row += 1
    total = row - 6
    book.master_text = _verdict(total - holds)
    page.formula(
        3,
        0,
        f'=IF(SUM(F7:F{row})={total},"{_verdict(0)}",{total}-SUM(F7:F{row})&" checks fail")',
        book.master_text,
        "strong",
    )
    return page, Cell(CHECKS, 3, 0)


def _verdict(failed: int) -> str:
    return f"{failed} checks fail" if failed else "All checks hold"


def _hold(page: Page, row: int, holds: bool) -> bool:
    number = row + 1
    page.formula(row, 5, f"=IF(D{number}<=E{number},1,0)", float(holds), "plain")
    return holds


def _identities(book: Book) -> Iterator[tuple[RowKey, Check]]:
    for check in book.case.checks():
        name, _, tag = check.row.partition("@")
        if (name, tag) in book.rows:
            yield (name, tag), check


def _scales(book: Book, key: RowKey) -> Iterator[str]:
    """The largest amounts among the precedents of an identity, in its own unit."""
    unit = book.model.unit(key[0])
    for source in dict.fromkeys(book.model.sources(key)):
        if not book.model.unit(source[0]).agrees(unit):
            continue
        place = book.locate(source)
        if isinstance(place, Row):
            over = book.grid.single((Range(place),), CHECKS)[1:]
            yield f"MAX({over}),-MIN({over})"
        else:
            yield f"ABS({book.grid.single((place,), CHECKS)[1:]})"


def _input_checks(book: Book) -> Iterator[tuple[str, str, str]]:
    entries = book.layout.entries
    letters = column(OUTSIDE_COLUMN)
    first, last = entries[0].row + 1, entries[-1].row + 1
    yield (
        "inputs_in_range",
        "Number of inputs outside their accepted range",
        f"=SUM({INPUTS}!{letters}{first}:{letters}{last})",
    )
    for mix in book.case.scenario.mixes:
        parts: list[str] = []
        dated = False
        for key in mix.others:
            place = book.layout.locate(key)
            if isinstance(place, Row):
                dated = True
                years = book.grid
                span = f"{column(years.year(0))}{place.row + 1}"
                end = f"{column(years.year(years.years - 1))}{place.row + 1}"
                parts.append(f"{quoted(DATED)}!{span}:{end}")
            else:
                parts.append(place.text)
        left = "+".join(parts)
        formula = (
            f"=SUMPRODUCT(({left}>1.000000001)*1)" if dated else f"=IF({left}>1.000000001,1,0)"
        )
        yield f"mix: {mix.name}", "Shares beside the remainder sum to 1 at most", formula


OUTSIDE_COLUMN = 16
"""The column of *Inputs* that is 1 where a value is outside its accepted range."""


def outside_formula(book: Book, entry: Entry) -> str:
    """1 where an input is outside its accepted range, else 0."""
    number = entry.row + 1
    dated = book.layout.dated.get(entry.key)
    low, high = f"{entry.first!r}", f"{entry.last!r}"
    if dated is not None:
        by_year = dated.path.by == "year"
        first = book.grid.first_year if by_year else book.grid.first_quarter
        end = first + len(dated.values) - 1
        span = f"{quoted(DATED)}!{column(first)}{dated.row + 1}:{column(end)}{dated.row + 1}"
        return (
            f"=IF(AND(COUNT({span})={len(dated.values)},MIN({span})>={low},"
            f"MAX({span})<={high}),0,1)"
        )
    cell = book.layout.cell_of_name(entry)
    at = f"{column(cell.column)}{number}"
    return f"=IF(COUNT({at})=0,1,IF(AND({at}>={low},{at}<={high}),0,1))"


def sources_page(book: Book, project: Project | str | FilePath | None) -> Page:
    """Every source that an assumption or a fact of the workbook names."""
    page = Page(SOURCES, [], (30, 70, 30, 18, 26, 70), 6, freeze=(3, 1))
    page.text(0, 0, "Sources", "title")
    heads = ("Key", "Title or statement", "Publisher", "Date", "How far checked", "Address")
    for at, head in enumerate(heads):
        page.text(2, at, head, "head")
    listed, stated, outside = sources(project), evidence(project), external(project)
    for at, key in enumerate(_source_keys(book)):
        row = 3 + at
        page.text(row, 0, key, "name")
        found = stated.get(key)
        source = outside[key].source if key in outside else listed.get(key)
        if found is not None:
            cells: Sequence[str] = (
                found.statement, found.source_title, found.as_of,
                f"{found.confidence} confidence, {found.grade}", found.url,
            )  # fmt: skip
        else:
            assert source is not None, key
            cells = (
                source.title, source.publisher, source.date, source.how_verified, source.url,
            )  # fmt: skip
        for n, text in enumerate(cells):
            page.text(row, 1 + n, text, "definition")
    return page


def _source_keys(book: Book) -> list[str]:
    found: dict[str, None] = {}
    for item in book.case.scenario.items:
        found |= dict.fromkeys(item.source)
    facts = book.case.assembly.history
    for name, _ in book.rows:
        if name in facts:
            for text in facts[name].source_id:
                found |= dict.fromkeys(part.strip() for part in text.split(";") if part.strip())
    return sorted(found)


def about_page(book: Book, today: datetime.date | None, formulas: int) -> Page:
    """What this is, where it comes from, how to read it and how to use it."""
    case = book.case
    page = Page(ABOUT, [], (30, 110), 2, landscape=False)
    page.text(0, 0, "About this workbook", "title")
    facts = [
        ("Scenario", case.scenario.name),
        ("Title", case.scenario.title),
        ("Company", case.assembly.company.name),
        ("Hash of the scenario", case.scenario.hash),
        ("Written by", f"J-Curve {jcurve.__version__}"),
        ("Data through", case.data_through),
        ("Values stated at the end of", case.valuation_date),
        ("Formulas", f"{formulas:,}"),
    ]
    if today is not None:
        facts.append(("Written on", today.isoformat()))
    if case.scenario.overrides:
        facts.append(("Overrides", "; ".join(f"{k} = {v}" for k, v in case.scenario.overrides)))
    row = 2
    for name, text in facts:
        page.text(row, 0, name, "strong")
        page.text(row, 1, text, "wrap")
        row += 1
    row += 1
    page.text(row, 0, "Legend", "section")
    for style, name, text in _LEGEND:
        row += 1
        page.text(row, 0, name, style)
        page.text(row, 1, text, "wrap")
    row += 2
    page.text(row, 0, "How it works", "section")
    for name, text in _HOW:
        row += 1
        page.text(row, 0, name, "strong")
        page.text(row, 1, text, "wrap")
    return page


_LEGEND = (
    ("input:text", "Blue on yellow", "An input: change it and everything follows."),
    ("text", "Black", "A formula. Each is the model's own line, in the quarter of its column."),
    ("fact:text", "Green", "A reported or derived fact, or a constant of the law."),
    ("estimate:text", "Brown italic", "An estimate that fills a gap in what is reported."),
)
_HOW = (
    ("Worlds", "With: the company with its programme. Without: the programme never began. Stopped: "
               "no new programme spending after the valuation date. Differences: with less "
               "without (programme) and with less stopped (go-forward)."),
    ("Columns", "Years first, then quarters. A year is the sum of a flow, the last quarter of a "
                "stock, the same formula on yearly rows for a rate."),
    ("Dated inputs", "Blue years are stated; black years follow from them. A number typed over a "
                     "black year holds for that year alone."),
    ("No answer", "A result without an answer is the word none; the reason stands beside it. Rates "
                  "of return come from a scan on the sheet Rates, so none, one and several are all "
                  "seen."),
    ("Back to a scenario", "jcurve adopt FILE.xlsx reads the inputs back as a scenario. The column "
                           "Your reason is kept as the reason. Formulas that were edited elsewhere "
                           "are listed and not adopted; do not insert or delete rows or columns."),
    ("Paper", "Sheets of rows print their years; quarters are for the screen."),
)  # fmt: skip
