"""The sheets to read first: summary, statements, returns, checks, sources, and about.

The layout names lines of the model; a line that a company's model lacks is left out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path as FilePath

import jcurve
from jcurve.engine.model import SHARED, VIEWS, WORLDS, RowKey
from jcurve.facts import citations
from jcurve.ground.project import Project
from jcurve.lines.returns import REASONS
from jcurve.workbook.cell_styles import Page, number_format
from jcurve.workbook.excel_forms import NO_ANSWER
from jcurve.workbook.given_rows import source_keys
from jcurve.workbook.grid import NEVER, TAG_HEADS, TAG_TITLES, Cell, Name, Row, Tab, column
from jcurve.workbook.input_sheets import OUTSIDE_COLUMN, choices
from jcurve.workbook.model_sheets import RESULT_COLUMN, Book
from jcurve.workbook.step_names import words

__all__ = ["reader_pages"]

_TOLERANCE = "0.000001"
_STATEMENT_HEAD = 4
_FIRST_CHECK = 6
_HOLDS = "=IF(D{0}<=E{0},1,0)"
_READING = RESULT_COLUMN + len(WORLDS)
"""The first column of reasons and quarters on *Returns*."""

_TAGS = (*WORLDS, *VIEWS)
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
_TOTALS = frozenset(
    {"revenue", "total_costs", "operating_income", "pretax_income", "net_income",
     "operating_cash_flow", "free_cash_flow", "change_in_cash", "total_assets", "total_net_assets",
     "total_liabilities", "equity"}
)  # fmt: skip


def reader_pages(book: Book, project: Project | str | FilePath | None) -> Iterator[Page]:
    """Every sheet of this module but *About*, which tells how many formulas there are."""
    checks, verdict = checks_page(book)
    yield checks
    yield returns_page(book)
    yield statements_page(book)
    yield summary_page(book, verdict)
    yield sources_page(book, project)
    yield lists_page(book)


def lists_page(book: Book) -> Page:
    """What cells choose from, and the words for codes; hidden."""
    page = Page(Tab.LISTS, [], (14, 14, 60, 30), 4)
    columns = {
        "Quarter": (*book.grid.labels, NEVER),
        "Choice": [name for _, name in choices(book)],
        "Reason by code": [REASONS.get(code, "") for code in range(max(REASONS) + 1)],
        "World or view": [TAG_TITLES[tag] for tag in _TAGS],
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
    page.text(row, 0, name, "name")
    page.text(row, 1, output.unit.name)
    page.text(row, 2, " ".join(output.definition.split()), "definition")
    values = [book.value((name, tag)) for tag in tags]
    style = number_format(output.unit.name, [v for v in values if isinstance(v, float)])
    for n, tag in enumerate(tags):
        formula = book.grid.single(book.result_formulas[name, tag], Tab.RETURNS)
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


def summary_page(book: Book, verdict: tuple[Cell, str]) -> Page:
    """Headline figures in both views; the charts are drawn beside them."""
    page = Page(Tab.SUMMARY, [], (32, 13, 10, 32, 13, 10, 32), 7, (5, 0))
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
    names = [name for name in _HEADLINES if (name, next(iter(VIEWS))) in book.results]
    for row, name in enumerate(names, 5):
        page.text(row, 0, words(name), "name")
        for n, view in enumerate(VIEWS):
            _headline(page, book, (name, view), row, n)
    return page


def _headline(page: Page, book: Book, key: RowKey, row: int, view: int) -> None:
    cell, value, left = book.results[key], book.value(key), 1 + 3 * view
    unit = book.model.unit(key[0]).name
    at = cell.seen_from(Tab.SUMMARY)
    if unit == "date":
        shown: float | str = "" if value != NO_ANSWER else value
        page.formula(row, left, f'=IF(ISNUMBER({at}),"","{NO_ANSWER}")', shown)
        unit = "quarter"
    elif unit == "USD m":
        shown = value / 1000 if isinstance(value, float) else value
        page.formula(row, left, f'=IF(ISNUMBER({at}),{at}/1000,"{NO_ANSWER}")', shown, "one")
        unit = "USD bn"
    else:
        style = number_format(unit, [value] if isinstance(value, float) else [])
        page.formula(row, left, f"={at}", value, style)
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
    for title, names in _STATEMENTS:
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
    strong = "strong:" if name in _TOTALS else ""
    style = strong + number_format(unit, values)
    page.text(row, 0, words(name), "strong" if strong else "text")
    page.text(row, 1, unit)
    shared = book.rows.get((name, SHARED))
    places = [book.rows.get((name, world), shared) for world in WORLDS]
    places += [book.rows.get((name, view)) for view in VIEWS]
    for at, value in enumerate(values):
        cells = [
            "0" if p is None else Cell(p, book.grid.year(at)).seen_from(Tab.STATEMENTS)
            for p in places
        ]
        page.formula(row, 2 + at, f"=CHOOSE($B$4,{','.join(cells)})", float(value), style)


def checks_page(book: Book) -> tuple[Page, tuple[Cell, str]]:
    """Every identity as a formula; the cell that says whether all hold, and what it says."""
    page = Page(Tab.CHECKS, [], (34, 28, 84, 18, 14, 8), 6, (_FIRST_CHECK, 1))
    page.text(0, 0, "Checks", "title")
    page.text(1, 0, "Every identity of the model, the accepted range of every input, every mix.")
    page.texts(_FIRST_CHECK - 1, ("Check", "World or view", "What must tie"), "head")
    heads = ("Largest difference", "Tolerance", "Holds")
    page.texts(_FIRST_CHECK - 1, heads, "head:right", 3)
    failed, row = 0, _FIRST_CHECK
    for check in book.case.checks():
        name, _, tag = check.row.partition("@")
        if (name, tag) not in book.rows:
            continue
        over = book.grid.whole(book.rows[name, tag], Tab.CHECKS)
        page.text(row, 0, name, "name")
        page.text(row, 1, TAG_TITLES[tag])
        page.text(row, 2, " ".join(check.definition.split()), "definition")
        page.formula(row, 3, f"=MAX(MAX({over}),-MIN({over}))", check.worst, "tiny")
        scale = ",".join(("1", *_scales(book, (name, tag))))
        page.formula(row, 4, f"={_TOLERANCE}*MAX({scale})", float(_TOLERANCE) * check.scale, "tiny")
        page.formula(row, 5, _HOLDS.format(row + 1), float(check.holds), "plain")
        failed += not check.holds
        row += 1
    for name, definition, formula in _input_checks(book):
        page.text(row, 0, name, "name")
        page.text(row, 2, definition, "definition")
        page.formula(row, 3, formula, 0.0, "plain")
        page.number(row, 4, 0.0, "plain")
        page.formula(row, 5, _HOLDS.format(row + 1), 1.0, "plain")
        row += 1
    total, hold = row - _FIRST_CHECK, "All checks hold"
    text = f"{failed} checks fail" if failed else hold
    held = f"SUM(F{_FIRST_CHECK + 1}:F{row})"
    formula = f'=IF({held}={total},"{hold}",{total}-{held}&" checks fail")'
    page.formula(3, 0, formula, text, "strong")
    return page, (Cell(Row(Tab.CHECKS, 3), 0), text)


def _scales(book: Book, key: RowKey) -> Iterator[str]:
    """The largest amounts among the precedents of an identity, in its own unit."""
    unit = book.model.unit(key[0])
    for source in dict.fromkeys(book.model.sources(key)):
        if not book.model.unit(source[0]).agrees(unit):
            continue
        place = book.locate(source)
        if isinstance(place, Row):
            over = book.grid.whole(place, Tab.CHECKS)
            yield f"MAX({over}),-MIN({over})"
        else:
            yield f"ABS({book.grid.single((place,), Tab.CHECKS)[1:]})"


def _input_checks(book: Book) -> Iterator[tuple[str, str, str]]:
    entries, letters = book.layout.entries, column(OUTSIDE_COLUMN)
    span = f"{Tab.INPUTS}!{letters}{entries[0].row + 1}:{letters}{entries[-1].row + 1}"
    yield "inputs_in_range", "Number of inputs outside their accepted range", f"=SUM({span})"
    for mix in book.case.scenario.mixes:
        places = [book.layout.locate(key) for key in mix.others]
        dated = any(isinstance(place, Row) for place in places)
        parts = [
            p.text if isinstance(p, Name) else book.grid.years_of(p, Tab.CHECKS) for p in places
        ]
        above = f"{'+'.join(parts)}>1.000000001"
        formula = f"=SUMPRODUCT(({above})*1)" if dated else f"=IF({above},1,0)"
        yield f"mix: {mix.name}", "Shares beside the remainder sum to 1 at most", formula


def sources_page(book: Book, project: Project | str | FilePath | None) -> Page:
    """Every source that an assumption or a fact of the workbook names."""
    page = Page(Tab.SOURCES, [], (30, 70, 30, 18, 26, 70), 6, (3, 1))
    page.text(0, 0, "Sources", "title")
    heads = ("Key", "Title or statement", "Publisher", "Date", "How far checked", "Address")
    page.texts(2, heads, "head")
    facts = book.case.assembly.history
    keys = {key for item in book.case.scenario.items for key in item.source}
    for name in {name for name, _ in book.rows if name in facts}:
        keys |= set(source_keys(facts[name].source_id))
    for row, each in enumerate(citations(sorted(keys), project), 3):
        page.text(row, 0, each.key, "name")
        said = (each.says, each.title) if each.is_statement else (each.title, each.publisher)
        page.texts(row, (*said, each.date, each.how_verified, each.url), "definition", 1)
    return page


def about_page(book: Book, today: datetime.date | None, formulas: int) -> Page:
    """What this is, where it comes from, how to read it and how to use it."""
    case = book.case
    page = Page(Tab.ABOUT, [], (30, 110), 2, landscape=False)
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
    rows = [("strong", *fact) for fact in facts]
    rows += [("", "", ""), ("section", "Legend", ""), *_LEGEND]
    rows += [("", "", ""), ("section", "How it works", ""), *(("strong", *each) for each in _HOW)]
    for row, (style, name, text) in enumerate(rows, 2):
        if name:
            page.text(row, 0, name, style)
        if text:
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
