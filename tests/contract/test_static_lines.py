"""The lines as an auditor wants them: no hidden number, nothing unused, nothing out of reach."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import jcurve
from jcurve.assumptions import load, shipped
from jcurve.case import Case
from jcurve.engine.line import Kind
from jcurve.engine.model import SYSTEM_INPUTS, VIEW_INPUTS, WORLD_INPUTS, RowKey
from jcurve.facts import evidence, external, sources
from jcurve.lines import MODULES, OUTLAYS_ALONE

LINES = Path(__file__).resolve().parents[2] / "model" / "jcurve" / "lines"
PLAIN = {0, 1, -1, 2}
STATEMENTS = ("income", "cash_flow", "balance_sheet", "returns")
"""Modules whose lines are the answer: the three statements with figures a share, and returns."""

MEMO = {
    "adjusted_debt_to_ebitda": "leverage as a rating agency reads it",
    "book_above_replacement": "a sign of impairment",
    "break_even_rent": "own or rent",
    "break_even_utilisation": "own or rent",
    "capital_intensity": "capex as a share of revenue, for charts",
    "compute_waiting": "what a power ceiling keeps from serving",
    "construction_in_progress": "assets not yet in service, disclosed in filings",
    "market_value_change": "what a results day implies",
    "minimum_tax_credit": "carried forward, disclosed in filings",
    "operating_loss_carry_forward": "carried forward, disclosed in filings",
    "position_loss": "what a results day implies",
    "price_over_value": "the share price beside the model's value",
    "rent_over_own": "own or rent",
    "tax_credit": "carried forward with financing, disclosed in filings",
    "tax_losses": "carried forward with financing, disclosed in filings",
    "unlevered_free_cash_flow_sbc_added_back": "the other reading of share-based pay",
    "value_per_share": "the model's value beside the share price",
}
"""Lines that no statement or return rests on, shown beside them for the reason given. A line
whose definition begins with "Memo:" says so itself."""


@cache
def base() -> Case:
    return jcurve.evaluate("base")


def spelt(path: Path, node: ast.expr) -> str:
    return f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def test_no_number_hides_in_a_line() -> None:
    """A line holds 0, 1, -1 and 2; any other number is an assumption, a fact or a constant."""
    hidden = [
        spelt(path, node)
        for path in LINES.glob("*.py")
        if path.name != "constants.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if is_number(node)
    ]
    assert hidden == []


def is_number(node: ast.AST) -> bool:
    """A number other than the plain ones, or text that is made into one."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("float", "int", "Decimal"):
        return any(isinstance(each, ast.Constant) for each in node.args)
    return (
        isinstance(node, ast.Constant)
        and type(node.value) in (int, float, complex)
        and node.value not in PLAIN
    )


@pytest.mark.parametrize(
    ("text", "hidden"), [("0.21", True), ("-3", True), ('float("0.2")', True), ("-1", False)]
)
def test_the_reading_of_numbers(text: str, hidden: bool) -> None:
    """The rule above can fail."""
    assert any(map(is_number, ast.walk(ast.parse(text)))) is hidden


def test_every_constant_has_a_name_a_unit_and_a_meaning() -> None:
    """``constants.py`` holds named quantities, names of sets, and nothing else."""
    path = LINES / "constants.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.Assign):
            continue
        call = node.value
        assert isinstance(call, ast.Call), spelt(path, call)
        if ast.unparse(call.func) == "Set":
            continue
        assert ast.unparse(call.func) == "Quantity", spelt(path, call)
        assert len(call.args) == 3, spelt(path, call)


def test_every_line_rests_on_something() -> None:
    """A line without precedents would be an orphan constant."""
    model = base().assembly.model
    assert [row for row in model.outputs if not model.maker[row].bindings] == []


def test_every_line_says_what_it_is() -> None:
    """A definition that is a sentence, not the name again."""
    model = base().assembly.model
    poor = [
        f"{row}: {output.definition}"
        for row, output in model.outputs.items()
        if len(output.definition.split()) < 2 or not output.definition.rstrip().endswith(".")
    ]
    assert poor == []


def test_every_assumption_of_base_is_used() -> None:
    """Each key is read by a line, or a switch of something that a line reads."""
    case = base()
    used = set(case.assembly.names)
    slots = {key for key in case.assumption_rows if is_slot(key)}
    unused = sorted(set(case.assumption_rows) - used - slots)
    assert unused == []
    # A list of changes has room for more of them than base uses; its first slot stands for all.
    assert {key.rpartition(".")[0] for key in slots} <= {key.rpartition(".")[0] for key in used}


def is_slot(key: str) -> bool:
    """Whether a key is a numbered place in a list of changes."""
    head, _, last = key.rpartition(".")
    return last.isdecimal() and head.rpartition(".")[2] in ("date", "life")


def test_every_argument_of_a_line_is_used() -> None:
    """A precedent that the formula ignores would show in every trace for nothing."""
    ignored = []
    for path in LINES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            ignored += [
                f"{path.name}:{node.lineno}: {node.name}({each.arg})"
                for each in node.args.args
                if each.arg not in read
            ]
    assert ignored == []


def test_a_type_is_stated_where_an_argument_is_no_row() -> None:
    """An argument of a line without a type is a row; ``Family`` is all rows of a set, by member."""
    for instance in base().assembly.model.instances:
        types = instance.line.function.__annotations__
        for argument, binding in instance.bindings.items():
            stated = types.get(argument)
            assert stated == ("Family" if binding.is_family else None), (instance.rows, argument)


def reached(roots: list[RowKey]) -> set[RowKey]:
    """Everything that ``roots`` rest on, themselves included."""
    model = base().assembly.model
    seen: set[RowKey] = set()
    waiting = list(roots)
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting.extend(model.sources(key))
    return seen


def test_every_line_is_reached_from_an_output() -> None:
    """From a statement, a return, a check, or a listed memo line; no memo entry is stale."""
    model = base().assembly.model

    def tagged(rows: list[str]) -> list[RowKey]:
        return [(row, tag) for row in rows for tag in model.tags(row)]

    answers = [
        row
        for row in model.outputs
        if model.maker[row].line.module in STATEMENTS or row.startswith("check_")
    ]
    listed = [row for row in model.outputs if row.partition(".")[0] in MEMO]
    memo = [row for row, output in model.outputs.items() if output.definition.startswith("Memo:")]
    found = {name for name, _ in reached(tagged(answers))}
    stale = sorted(set(MEMO) - {row.partition(".")[0] for row in listed if row not in found})
    assert stale == [], "listed as memo lines, yet an output rests on them, or they are gone"
    every = {name for name, _ in reached(tagged([*answers, *listed, *memo]))}
    assert sorted(set(model.outputs) - every) == []


def test_every_module_of_lines_is_part_of_the_model() -> None:
    """A module of lines that neither tuple lists would silently not count."""
    listed = {module.__name__.rpartition(".")[2] for module in (*MODULES, *OUTLAYS_ALONE)}
    labelled = {
        path.stem
        for path in LINES.glob("*.py")
        if any(
            ast.unparse(decorator).startswith(("line(", "lines("))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
            for decorator in node.decorator_list
        )
    }
    assert labelled == listed


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("npv", None),
        ("npv.go_forward", None),
        ("payback", None),
        ("discounted_payback", None),
        ("irr", None),
        ("earnings_per_share_drag", "2027"),
        ("earnings_per_share_drag.go_forward", "2030Q4"),
        ("earnings_per_share@programme", "2027"),
        ("earnings_per_share@with", "2027"),
        ("net_cash@with", "2030Q4"),
        ("net_cash@programme", "2030Q4"),
    ],
)
def test_a_trace_ends_in_facts_assumptions_and_the_calendar(name: str, at: str | None) -> None:
    """No orphan constant below a result: every leaf is named, and tells where it is from."""
    case = base()
    root = case.trace(name, at)
    given = {*SYSTEM_INPUTS, *WORLD_INPUTS, *VIEW_INPUTS}
    kinds: Counter[str] = Counter()
    for node in root.walk():
        if node.children or node.elsewhere:
            continue
        assert node.omitted == 0
        row = node.row.partition("@")[0]
        if node.leaf is None:
            assert row in given, f"{node.row} is neither fact, assumption nor calendar"
            continue
        assert node.leaf.label, node.row
        assert node.leaf.kind, node.row
        grounded = node.leaf.source or node.leaf.rationale
        assert grounded or (node.leaf.kind == "not reported" and node.value is None), node.row
        kinds[node.leaf.kind] += 1
    assert sum(kinds.values()) > 20, "a trace of a headline that rests on so little is cut short"


@pytest.mark.parametrize("name", shipped())
def test_every_assumption_has_a_ground(name: str) -> None:
    """A unit and a date; and sources that exist, or the word judgement, or how it is computed."""
    known = {*sources(), *evidence(), *external()}
    bare = []
    for item in load(name).items:
        assert item.unit, item.key
        assert item.as_of, item.key
        unknown = set(item.source) - known
        assert unknown == set(), f"{item.key} names {unknown}"
        text = f"{item.kind} {item.rationale} {item.why}".lower()
        if not (item.source or item.derived or "judgement" in text or "definition" in text):
            bare.append(f"{item.key} ({item.kind})")
    assert bare == []


def test_the_kind_of_a_result_is_result() -> None:
    """A status stands beside its result, which its line returns as well, and is a result too."""
    model = base().assembly.model
    told = [row for row in model.outputs if row.endswith("_status")]
    assert told == [row for row, output in model.outputs.items() if output.status_of]
    for row in told:
        of = model.outputs[row].status_of
        assert model.status(of) == row
        assert model.maker[of] is model.maker[row]
        assert model.outputs[row].kind is model.outputs[of].kind is Kind.RESULT, row
