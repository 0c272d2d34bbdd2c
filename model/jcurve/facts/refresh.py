"""``facts refresh``: new figures from EDGAR beside those on file, written only when they fit.

A table in data maps tags to metrics, with the periods in which a tag means that. Quarters that
filings give to date only (cash flows, the fourth quarter) are differences and say so. The first
print of a period is taken; a later filing that prints another figure is a restatement and is
shown. A value on file is never replaced: where EDGAR differs, both are shown. Files are replaced
only after every identity holds on a copy, all of them as one (:mod:`jcurve.ground.transaction`).
"""

from __future__ import annotations

import csv
import datetime
import io
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from jcurve.facts.companies import Company, companies, company
from jcurve.facts.edgar import Edgar, Filed, filed_values
from jcurve.facts.reported import Facts, Metric, metrics, reported
from jcurve.facts.sources import sources
from jcurve.facts.tables import Text, data_folder, records
from jcurve.facts.verify import verify
from jcurve.ground.errors import FactsError
from jcurve.ground.files import write_file
from jcurve.ground.project import Project
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter
from jcurve.ground.transaction import replace_all

__all__ = ["Difference", "Refresh", "refresh"]

_FORMS = frozenset({"10-Q", "10-K", "10-Q/A", "10-K/A"})
_CLOSE = 1.0  # USD m: two prints of one figure differ by rounding
_MONTH = 30.44
_ESSENTIAL = ("revenue_total", "purchases_of_ppe", "operating_cash_flow")


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of EDGAR beside what is on file.

    Attributes:
        what: ``new``; ``differs`` from the file, which is kept; ``restated`` by a later filing,
            of which the first print is kept; ``vanished``: a tag of the table is gone.
        metric, period: of the figure.
        on_file: the value on file, or the first print.
        filed: what EDGAR has, or the later print.
        kept: why nothing is replaced; empty for a new figure.
        accession: of the filing.
        derived: whether it is a difference of figures to date.
    """

    what: str
    metric: str
    period: str
    on_file: float | None
    filed: float | None
    kept: str
    accession: str = ""
    derived: bool = False
    day: str = ""

    def line(self) -> str:
        """One line for a reader."""
        if self.what == "new":
            how = ", a difference of figures to date" if self.derived else ""
            return f"new {self.metric} {self.period}: {self.filed:,.0f} ({self.accession}{how})"
        if self.what == "vanished":
            return f"vanished {self.metric}: {self.kept}"
        return (
            f"{self.what} {self.metric} {self.period}: {self.on_file:,.0f} kept, "
            f"{self.filed:,.0f} in {self.accession} ({self.kept})"
        )


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a refresh found and did.

    Attributes:
        company: its name.
        differences: all of them, new figures first.
        written: whether the files were replaced.
        data_through: how far the data reach then.
        newest: accession number, form and day of the newest report filed.
    """

    company: str
    differences: tuple[Difference, ...]
    written: bool
    data_through: str
    newest: tuple[str, str, str]

    @property
    def new(self) -> tuple[Difference, ...]:
        """The figures that are not on file yet."""
        return tuple(each for each in self.differences if each.what == "new")

    def lines(self) -> list[str]:
        """For a reader."""
        told = [each.line() for each in self.differences]
        state = "written" if self.written else "not written" if self.new else "nothing new"
        accession, form, day = self.newest
        return [
            *told,
            f"{self.company}: newest report {form} of {day} ({accession}); "
            f"{len(self.new)} new figures, {state}; data through {self.data_through}",
        ]


@dataclass(frozen=True, slots=True)
class _Tag:
    """Which tag means a metric, in the periods that end within ``first`` to ``last``."""

    company: str
    metric: Metric
    taxonomy: str
    tag: str
    unit: str
    scale: float
    first: Quarter | None
    last: Quarter | None
    note: Text

    def means(self, end: Quarter) -> bool:
        """Whether the tag means the metric in a period that ends with this quarter."""
        return (self.first is None or end >= self.first) and (self.last is None or end <= self.last)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of EDGAR, with the names that it has in a :class:`Difference`."""

    filed: float
    accession: str
    day: str
    derived: bool


def refresh(
    name: str = "META",
    project: Project | str | Path | None = None,
    *,
    edgar: Edgar | None = None,
    write: bool = False,
) -> Refresh:
    """Compare EDGAR with the facts of a company; with ``write``, add what is new.

    Raises:
        UsageError: no user agent is set.
        FactsError: EDGAR gives no usable answer, every tag is gone, or the new figures break an
            identity; nothing is written then.
        WriteError: a file cannot be replaced.
    """
    data = data_folder(project)
    home = Project(data.parent)
    if write:
        home.own()
    facts = reported(name, home)
    reader = edgar or Edgar()
    filings = reader.filings(facts.company.cik)
    newest = next((each for each in filings if each[1] in _FORMS), None)
    if newest is None:
        raise FactsError("no annual or quarterly report among the recent filings", where=name)
    found = reader.facts(facts.company.cik)
    differences: list[Difference] = []
    tags = _tags(data, facts.company)
    for tag in tags:
        values = filed_values(found, tag.taxonomy, tag.tag, tag.unit)
        if values is None:
            differences.append(
                Difference("vanished", tag.metric.name, "", None, None,
                           f"EDGAR has no {tag.taxonomy}:{tag.tag} of the company any more")
            )  # fmt: skip
            continue
        differences += _compare(tag, list(values), facts)
    if tags and all(each.what == "vanished" for each in differences) and differences:
        raise FactsError("none of the company's tags is in the answer", where=name)
    order = ("new", "differs", "restated", "vanished")
    differences.sort(key=lambda each: (order.index(each.what), each.metric, each.period))
    new = [each for each in differences if each.what == "new"]
    through = _through(facts, new)
    if write and new:
        _write(data, facts, new, through)
    return Refresh(name, tuple(differences), bool(write and new), through, newest)


def _tags(data: Path, owner: Company) -> list[_Tag]:
    home = Project(data.parent)
    names = tuple(company(folder, home).name for folder in companies(home))
    known = {"company": names, "metric": metrics(home)}
    every = records(data, "companies/edgar_tags.csv", _Tag, known)
    return [tag for tag in every if tag.company == owner.name]


def _compare(tag: _Tag, values: Iterable[Filed], facts: Facts) -> list[Difference]:
    """New, differing and restated figures of one metric, from the start of the data on."""
    owner, name = facts.company, tag.metric.name
    first: dict[tuple[datetime.date | None, datetime.date], Filed] = {}
    last = dict(first)
    filings = (each for each in values if each.form in _FORMS)
    for each in sorted(filings, key=lambda print_: (print_.filed, print_.accession)):
        first.setdefault((each.start, each.end), each)
        last[each.start, each.end] = each
    figures, later = (_by_period(prints.values(), owner, tag) for prints in (first, last))
    newest = {
        True: max(facts.series(name), default=""),
        False: max(facts.series(name, "year"), default=""),
    }
    found = []

    def note(what: str, on_file: float | None, figure: _Figure, kept: str) -> None:
        found.append(Difference(what, name, period, on_file, kept=kept, **asdict(figure)))

    for period, figure in sorted(figures.items()):
        fact = facts.get(name, period)
        if fact is None:
            # Gaps before the last period on file are filled by rules that say why.
            if period > (newest["Q" in period] or owner.first_quarter[: len(period)]):
                note("new", None, figure, "")
        elif abs(fact.value - figure.filed) > _CLOSE:
            note("differs", fact.value, figure, f"checked by hand against {fact.source.source_id}")
        again = later.get(period)
        if again is not None and abs(again.filed - figure.filed) > _CLOSE:
            note("restated", figure.filed, again, "the first print stands")
    return found


def _by_period(prints: Iterable[Filed], owner: Company, tag: _Tag) -> dict[str, _Figure]:
    """Figures by quarter and fiscal year, quarters to date taken apart."""
    found: dict[str, _Figure] = {}
    to_date: dict[tuple[str, int], tuple[Filed, Quarter]] = {}

    def put(period: str, end: Quarter, value: float, each: Filed, derived: bool = False) -> None:
        if tag.means(end):
            day = each.filed.isoformat()
            found[period] = _Figure(value * tag.scale, each.accession, day, derived)

    for each in prints:
        quarter = _quarter(each.end)
        if quarter is None:
            continue
        year, number = _fiscal(quarter, owner)
        ends_year = number == QUARTERS_IN_YEAR
        stock = tag.metric.nature == "stock"
        months = 0 if each.start is None else round((each.end - each.start).days / _MONTH)
        if stock != (each.start is None) or months % 3:
            continue
        if stock or months == 3:
            put(quarter, quarter, each.value, each)
        if months and months == 3 * number:
            to_date[year, number] = each, quarter
        if ends_year and (stock or months == 12):
            put(year, quarter, each.value, each)
    for (year, number), (each, quarter) in to_date.items():
        before = to_date.get((year, number - 1))
        if before is not None and quarter not in found:
            put(quarter, quarter, each.value - before[0].value, each, derived=True)
    return found


def _quarter(day: datetime.date) -> Quarter | None:
    """The calendar quarter that a day ends, within a week; None where it ends none."""
    week = datetime.timedelta(days=7)
    for each in (day, day + week, day - week):
        quarter = Quarter.on(each.isoformat())
        if abs((quarter.last_day - day).days) <= 7:
            return quarter
    return None


def _fiscal(quarter: Quarter, owner: Company) -> tuple[str, int]:
    """Fiscal year and quarter of a calendar quarter."""
    for fiscal in (quarter.year, quarter.year + 1):
        quarters = owner.quarters(str(fiscal))
        if quarter in quarters:
            return str(fiscal), quarters.index(quarter) + 1
    raise FactsError("a quarter in no fiscal year", received=quarter)


def _through(facts: Facts, new: list[Difference]) -> str:
    """How far the data reach: a quarter more once its essential figures are there."""
    through = facts.company.data_through
    have = {(each.metric, each.period) for each in new}
    coming = Quarter(through).plus(1)
    while all((metric, coming) in have for metric in _ESSENTIAL):
        through, coming = coming, coming.plus(1)
    return through


def _write(data: Path, facts: Facts, new: list[Difference], through: str) -> None:
    """Add new figures on a copy, verify it, then replace the files, all or none."""
    folder = f"companies/{facts.company.folder}"
    changed: dict[str, str] = {}
    before: dict[str, str] = {}
    quarters = [each for each in new if "Q" in each.period]
    years = [each for each in new if "Q" not in each.period]
    for name, added in (("quarterly.csv", quarters), ("annual.csv", years)):
        if added:
            file = f"{folder}/{name}"
            before[file] = (data / file).read_text(encoding="utf-8")
            changed[file] = before[file] + _rows(_fact(facts, each) for each in added)
    known = sources(Project(data.parent))
    before["sources.csv"] = (data / "sources.csv").read_text(encoding="utf-8")
    changed["sources.csv"] = before["sources.csv"] + _rows(
        _source(facts.company, accession, day)
        for accession, day in sorted({(each.accession, each.day) for each in new})
        if _source_id(accession) not in known
    )
    file = f"{folder}/company.yml"
    before[file] = text = (data / file).read_text(encoding="utf-8")
    old = f"data_through: {facts.company.data_through}"
    if old not in text:
        raise FactsError("data_through is not where it was read", where=f"data/{file}")
    if through != facts.company.data_through:
        changed[file] = text.replace(old, f"data_through: {through}")
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "data"
        shutil.copytree(data, copy)
        for name, content in changed.items():
            write_file(copy / name, content, durable=False)
        try:
            report = verify(project=Project(Path(temporary)))
        except FactsError as problem:
            raise FactsError(
                f"the new figures are not a whole quarter, and nothing is written: {problem}",
                allowed="first add what filings do not tag, or let the rules of history_rules.csv "
                "reach the quarter: docs/facts.md",
            ) from problem
        if not report.ok:
            broken = [line for line in report.lines() if "FAIL" in line.upper()] or report.lines()
            raise FactsError(
                "the new figures break an identity; nothing is written", received=broken[0]
            )
    for name, content in before.items():
        if (data / name).read_text(encoding="utf-8") != content:
            raise FactsError("changed while EDGAR was read; try again", where=f"data/{name}")
    # Sources first and the date last: of a reader at work while the files are renamed none
    # meets a fact without its source or a quarter whose figures are not all there.
    order = sorted(changed, key=lambda each: (each.endswith(".yml"), each != "sources.csv"))
    replace_all(data, {name: changed[name] for name in order})


def _rows(rows: Iterable[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _fact(facts: Facts, each: Difference) -> tuple[object, ...]:
    metric = facts.metrics[each.metric]
    value = f"{each.filed:.6f}".rstrip("0").rstrip(".")
    kind = "derived" if each.derived else "reported"
    note = "difference of figures to date" if each.derived else ""
    row = (facts.company.name, each.period, each.metric, value, metric.unit)
    return (*row, _source_id(each.accession), kind, note)


def _source_id(accession: str) -> str:
    return f"edgar_{accession.replace('-', '_')}"


def _source(owner: Company, accession: str, day: str) -> tuple[object, ...]:
    plain = accession.replace("-", "")
    url = f"https://www.sec.gov/Archives/edgar/data/{owner.cik.lstrip('0')}/{plain}/"
    return (
        _source_id(accession),
        f"{owner.display_name}, filing {accession}, XBRL figures as EDGAR's companyfacts has them",
        owner.display_name,
        url,
        day,
        accession,
        "read by program from EDGAR; identities re-checked",
        "filing",
    )
