"""Answers, tables and workbooks altered at random: refused in one line or read."""

from __future__ import annotations

import csv
import html
import json
import random
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import jcurve
from jcurve.commands.texts import write_frame
from jcurve.facts import verify
from jcurve.facts.edgar import Edgar
from jcurve.facts.refresh import refresh
from jcurve.ground.errors import FactsError, JCurveError, UsageError
from jcurve.ground.project import Project
from jcurve.workbook import adopt, adopting, write
from jcurve.workbook.adopting import Adoption
from tests.conftest import RecordFigure
from tests.faults.test_facts_refresh import SUBMISSIONS, _companyfacts
from tests.support.fuzzing import altered, content, fuzz, one_line
from tests.support.hostile import EXCEL, HOSTILE, TWENTY, hostile_project

ROOT = Path(__file__).parents[2]
VALUES = (
    *(None, True, 0, -1, 1e308, -1e-308, float("nan"), float("inf"), 10**400, [], {}, [[]]),
    *("", "x", "9999-12-31", "0001-01-01", "2026-13-01", "2026-09-30T00:00", "10-K/A", "٣", "\0"),
)


class Answering(Edgar):
    """EDGAR, whose two answers are given."""

    def __init__(self, facts: bytes, filings: bytes) -> None:
        super().__init__(agent="A Reader reader@example.com")
        self._answers = {"companyfacts": facts, "submissions": filings}

    def _get(self, url: str, where: str) -> bytes:
        (found,) = (body for name, body in self._answers.items() if name in url)
        return found


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*at, key)
        if isinstance(each, dict | list):
            yield from _places(each, (*at, key))


def _answer(usual: Any, chance: random.Random) -> bytes:
    """A JSON text with a few values of another kind, gone, doubled or cut in the middle."""
    found = json.loads(json.dumps(usual))
    for _ in range(chance.randint(0, 4)):
        *way, last = chance.choice(list(_places(found)) or [("",)])
        holder = found
        for key in way:
            holder = holder[key]
        if last == "":
            break
        if chance.random() < 0.2:
            del holder[last]
        elif isinstance(holder, list) and chance.random() < 0.2:
            holder.append(holder[last])
        else:
            holder[last] = chance.choice(VALUES)
    text = json.dumps(found).encode()
    if chance.random() < 0.1:
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice([b"", b"[", b"\xff"]) * 50_000 + text[at + 1 :]
    return text


def test_answers_of_edgar(record_figure: RecordFigure) -> None:
    chance, usual = random.Random(20_261_130), _companyfacts()

    def tried() -> None:
        facts = _answer(usual, chance)
        filings = _answer(SUBMISSIONS, chance) if chance.random() < 0.3 else None
        answering = Answering(facts, filings or json.dumps(SUBMISSIONS).encode())
        refresh("META", ROOT, edgar=answering)

    assert fuzz("answers of EDGAR", "fuzzed_answers", tried, record_figure).sound


@pytest.mark.parametrize("agent", ["Zoë zoe@example.com", "a\nb", "\u202e", " "])
def test_a_name_that_no_request_can_carry(agent: str) -> None:
    with pytest.raises(UsageError):
        Edgar("http://127.0.0.1:9", agent=agent).facts("1")


@pytest.mark.parametrize("address", ["", "127.0.0.1:9", "file:///etc/hosts", "ftp://x"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UsageError, match="not an address"):
        Edgar(address, agent="A Reader reader@example.com").facts("1")


def test_nesting_without_end() -> None:
    with pytest.raises(FactsError, match="no whole JSON"):
        Answering(b"[" * 200_000, b"").facts("1")


def test_tables_of_data(tmp_path: Path, record_figure: RecordFigure) -> None:
    """What the model rests on, a table at a time."""
    chance = random.Random(20_261_131)
    shutil.copytree(ROOT / "data", tmp_path / "data")
    project = Project(tmp_path)
    tables = sorted((tmp_path / "data" / "companies").rglob("*.csv"))
    tables += sorted((tmp_path / "data").glob("*/*.csv"))
    tables += sorted((tmp_path / "data" / "companies").glob("*/company.yml"))

    def tried() -> None:
        path = chance.choice(tables)
        before = path.read_bytes()
        path.write_bytes(content(altered(before.decode(), chance), chance))
        try:
            verify(project=project)
            jcurve.evaluate("base", project=project)["npv"]
        finally:
            path.write_bytes(before)

    fuzz("tables of data", "fuzzed_tables", tried, record_figure)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of hostile texts, with a workbook of its scenario."""
    root = hostile_project(tmp_path_factory.mktemp("hostile"))
    write(jcurve.evaluate("hostile", project=Project(root)), root / "hostile.xlsx", project=root)
    return root


def test_hostile_texts_in_a_workbook(hostile: Path, record_figure: RecordFigure) -> None:
    """Each stands in a cell as text; no formula, link or name holds any of them."""
    with zipfile.ZipFile(hostile / "hostile.xlsx") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    texts = {
        html.unescape(each) for each in re.findall(r"<t[^>]*>([^<]*)</t>", "".join(parts.values()))
    }
    for text in TWENTY:
        assert any(text in each for each in texts), text
    formulas = 0
    for name, part in parts.items():
        assert not re.search(
            r"hyperlink|externalLink|oleObject|ddeLink|TargetMode=.External", part + name
        ), name
        for formula in re.findall(r"<f[^>]*>([^<]*)</f>|<definedName[^>]*>([^<]*)<", part):
            formulas += 1
            told = html.unescape("".join(formula))
            assert not any(text.lstrip("=") in told for text in TWENTY), told
            assert not re.search(r"HYPERLINK|WEBSERVICE|cmd\||\[\d+\]|CALL\(", told), told
    assert formulas > 10_000
    record_figure("hostile texts in a workbook, inert", len(TWENTY))


def test_hostile_names_of_workbooks(hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's name is a text of the scenario that is made from it, and nothing else."""
    project = Project(hostile)
    base = jcurve.scenario("base", project=project)
    state = jcurve.scenario("base", {"returns.wacc": "0.1"}, project=project)
    tried = 0
    for text in (*HOSTILE, *TWENTY, *EXCEL):
        name = f"{text}.xlsx"
        if "/" in name or "\0" in name or len(name.encode(errors="replace")) > 255:
            continue  # no file can be called so
        read = Adoption(name, base, state, {"returns.wacc": "0.1"}, (), frozenset(), (), ())
        monkeypatch.setattr(adopting, "state_of", lambda *_, read=read, **__: read)
        try:
            made = adopt(hostile / name, "named", project=project)
        except JCurveError as error:
            one_line(error)
            assert not (project.scenarios / "named.yml").exists()
            continue
        assert made.path is not None
        found = jcurve.scenario("named", project=project)
        assert found.hash == state.hash
        assert found.title == f"{base.title}, from {' '.join(name.split())}"
        made.path.unlink()
        tried += 1
    assert tried >= 40
    assert not list(hostile.rglob("pwned"))


@pytest.mark.parametrize("kind", [".xlsx", ".csv"])
def test_hostile_texts_in_tables(tmp_path: Path, kind: str) -> None:
    """Names of cases and columns, as ``jcurve batch --table`` and ``jcurve lines`` write them."""
    corpus = [text[:32_767] for text in (*HOSTILE, *TWENTY, *EXCEL)]
    frame = pd.DataFrame({EXCEL[0]: corpus, "<script>": range(len(corpus))})
    path = tmp_path / f"table{kind}"
    write_frame(frame, str(path), kind, index=False)
    if kind == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        assert [row[0] for row in rows] == [EXCEL[0], *corpus]
        return
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in sheet.replace("<font", "")
    assert "hyperlink" not in sheet
    assert not [name for name in names if "rels/sheet" in name or "external" in name]
    cells = [row[0] for row in openpyxl.load_workbook(path).active.iter_rows(min_row=2)]  # type: ignore[union-attr]
    assert {cell.data_type for cell in cells} == {"s"}
    assert len(cells) == len(corpus)


def test_workbooks(
    hostile: Path, monkeypatch: pytest.MonkeyPatch, record_figure: RecordFigure
) -> None:
    """Parts of the archive altered, and the archive itself."""
    monkeypatch.setattr(adopting, "edited_elsewhere", lambda *_: ())
    chance = random.Random(20_261_132)
    scenarios = hostile / "data" / "scenarios"
    usual = (hostile / "hostile.xlsx").read_bytes()
    path = hostile / "altered.xlsx"

    def tried() -> None:
        path.write_bytes(usual)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = chance.choice([each for each in parts if len(parts[each]) < 400_000])
        parts[name] = content(altered(parts[name].decode(errors="replace"), chance), chance)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for each, data in parts.items():
                archive.writestr(each, data)
        if chance.random() < 0.2:
            raw = bytearray(path.read_bytes())
            for _ in range(chance.randint(1, 30)):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
            path.write_bytes(raw)
        try:
            adopt(path, "mine", project=Project(hostile))
        finally:
            (scenarios / "mine.yml").unlink(missing_ok=True)

    fuzz("workbooks", "fuzzed_workbooks", tried, record_figure)
