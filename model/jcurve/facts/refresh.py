"""``facts refresh``: new figures from EDGAR beside those on file, written only when they fit.

A table in data maps tags to metrics, with the periods in which a tag means that. Quarters that
filings give to date only (cash flows, the fourth quarter) are differences and say so. A value on
file is never replaced: where EDGAR differs, both are shown, and a later filing that prints another
figure is a restatement, also shown. Of a period that is not on file the last print counts, so that
an amendment comes before what it amends. What is hard to believe (:mod:`jcurve.facts.identities`)
and a tag that the newest report has left are told, and nothing doubtful is written. A quarter after
the last on file comes in whole, through the form of ``jcurve quarter``.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from jcurve.facts.companies import Company
from jcurve.facts.edgar import Edgar, Filed, NewestReport, Tag, edgar_tags, filed_values
from jcurve.facts.entry_form import Fetched
from jcurve.facts.identities import doubt
from jcurve.facts.reported import Facts, reported
from jcurve.facts.sources import sources
from jcurve.facts.table_edits import Edits
from jcurve.facts.tables import home_of
from jcurve.facts.verify import verify
from jcurve.ground.errors import FactsError
from jcurve.ground.project import Project, Where
from jcurve.ground.quarters import QUARTERS_IN_YEAR, Quarter

_FORMS = frozenset({"10-Q", "10-K", "10-Q/A", "10-K/A"})
_CLOSE = 1.0  # USD m: two prints of one figure differ by rounding
_MONTH = 30.44
_RECENT = datetime.timedelta(days=400)
_SHORTEST, _LONGEST = 80, 130  # days of a quarter counted in weeks: 12 to 18


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of EDGAR beside what is on file.

    Attributes:
        what: ``new``; ``differs`` from the file, which is kept; ``restated`` by a later filing,
            of which the first print is kept; ``moved``: the newest report has no figure under the
            tag; ``unread``: its periods are no calendar quarters; ``vanished``: a tag is gone.
        metric, period: of the figure.
        on_file: the value on file, or the first print.
        filed: what EDGAR has, or the later print.
        kept: why nothing is replaced, or what a new figure amends.
        accession: of the filing.
        derived: whether it is a difference of figures to date.
        doubt: why a new figure is hard to believe.
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
    doubt: str = ""

    def line(self) -> str:
        """One line for a reader."""
        if self.what == "new":
            how = ", a difference of figures to date" if self.derived else ""
            how += f"; {self.kept}" if self.kept else ""
            doubt = f": hard to believe, {self.doubt}" if self.doubt else ""
            said = f"new {self.metric} {self.period}: {self.filed:,.0f} ({self.accession}{how})"
            return said + doubt
        if self.filed is None:
            return f"{self.what} {self.metric}: {self.kept}"
        return (
            f"{self.what} {self.metric} {self.period}: {self.on_file:,.0f} kept, "
            f"{self.filed:,.0f} in {self.accession} ({self.kept})"
        )


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a refresh found and did."""

    company: str  # its name
    differences: tuple[Difference, ...]  # all of them, new figures first
    written: bool  # whether the files were replaced
    data_through: str  # how far the data reach
    newest: tuple[str, str, str]  # accession number, form and day of the newest report filed

    @property
    def new(self) -> tuple[Difference, ...]:
        """The figures that are not on file yet."""
        return tuple(each for each in self.differences if each.what == "new")

    def form_figures(self, owner: Company, quarter: str) -> dict[tuple[str, str], Fetched]:
        """The new figures of a quarter and of the year that it ends, for the form to fill."""
        found = {}
        for each in self.new:
            if owner.last_quarter(each.period) == quarter:
                source, *about = _source(owner, each.accession, each.day)
                figure = (_plain(each.filed or 0.0), source, *_kind(each))
                found[each.metric, each.period] = Fetched(*figure, tuple(about))
        return found

    def lines(self) -> list[str]:
        """For a reader."""
        told = [each.line() for each in self.differences]
        state = "written" if self.written else "not written" if self.new else "nothing new"
        accession, form, day = self.newest
        later = sorted({each.period for each in self.new if each.period > self.data_through})
        hint = [f"{each} comes in whole: jcurve quarter --template --edgar" for each in later[:1]]
        return [
            *told,
            f"{self.company}: newest report {form} of {day} ({accession}); "
            f"{len(self.new)} new figures, {state}; data through {self.data_through}",
            *hint,
        ]


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure of EDGAR, with the names that it has in a :class:`Difference`."""

    filed: float
    accession: str
    day: str
    derived: bool


def refresh(
    name: str = "META", project: Where = None, *, edgar: Edgar | None = None, write: bool = False
) -> Refresh:
    """Compare EDGAR with the facts of a company; with ``write``, add what is new.

    Raises:
        UsageError: no user agent is set.
        FactsError: EDGAR gives no usable answer, every tag is gone, or the new figures break an
            identity; nothing is written then.
        WriteError: a file cannot be replaced.
    """
    home = home_of(project)
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
    tags = edgar_tags(facts.company, home)
    report = NewestReport(found, newest[0])
    for tag in tags:
        values = filed_values(found, tag.taxonomy, tag.tag, tag.unit)
        if values is None:
            gone = f"EDGAR has no {tag.taxonomy}:{tag.tag} of the company any more"
            differences.append(Difference("vanished", tag.metric.name, "", None, None, gone))
            continue
        prints = [each for each in values if each.form in _FORMS]
        differences += _compare(tag, prints, facts)
        quarter = report.quarter(facts.company)
        if quarter and report.has_left(tag, prints, facts, quarter):
            listed = {each.tag for each in tags}
            names = report.likely(tag, listed, facts.get(tag.metric.name, quarter.plus(-4)))
            kept = f"the newest report ({newest[0]}) has no figure under {tag.tag}; tags of it "
            kept += f"that could be meant: {', '.join(names) or 'none near the year before'}"
            differences.append(Difference("moved", tag.metric.name, quarter, None, None, kept))
    if tags and all(each.what == "vanished" for each in differences) and differences:
        raise FactsError("none of the company's tags is in the answer", where=name)
    order = ("new", "moved", "differs", "restated", "unread", "vanished")
    differences.sort(key=lambda each: (order.index(each.what), each.metric, each.period))
    through = facts.company.data_through
    result = Refresh(name, tuple(differences), False, through, newest)
    reached = [each for each in result.new if facts.company.last_quarter(each.period) <= through]
    if not (write and reached):
        return result
    _write(home.data, facts, reached)
    return replace(result, written=True)


def _compare(tag: Tag, prints: list[Filed], facts: Facts) -> list[Difference]:
    """New, differing and restated figures of one metric, from the start of the data on."""
    owner, name = facts.company, tag.metric.name
    first: dict[tuple[datetime.date | None, datetime.date], Filed] = {}
    last = dict(first)
    for each in sorted(prints, key=lambda print_: (print_.filed, print_.accession)):
        first.setdefault((each.start, each.end), each)
        last[each.start, each.end] = each
    earliest, latest = (_by_period(each.values(), owner, tag) for each in (first, last))
    newest = {
        True: max(facts.series(name), default=""),
        False: max(facts.series(name, "year"), default=""),
    }
    found = []

    def note(what: str, on_file: float | None, figure: _Figure, kept: str, said: str = "") -> None:
        more = asdict(figure)
        found.append(Difference(what, name, period, on_file, kept=kept, doubt=said, **more))

    for period, figure in sorted(earliest.items()):
        fact, again = facts.get(name, period), latest[period]
        amended = abs(again.filed - figure.filed) > _CLOSE
        if fact is None:
            # Gaps before the last period on file are filled by rules that say why.
            if period > (newest["Q" in period] or owner.first_quarter[: len(period)]):
                kept = f"amends {figure.filed:,.0f} of {figure.accession}" if amended else ""
                note("new", None, again, kept, doubt(facts, name, period, again.filed))
            continue
        if abs(fact.value - figure.filed) > _CLOSE:
            note("differs", fact.value, figure, f"checked by hand against {fact.source.source_id}")
        if amended:
            note("restated", figure.filed, again, "the first print stands")
    if weeks := _weeks(prints, owner):
        said = f"periods of {' and '.join(map(str, weeks))} weeks are no quarters of three months"
        found.append(Difference("unread", name, "", None, None, f"{said}: enter them by hand"))
    return found


def _weeks(prints: list[Filed], owner: Company) -> list[int]:
    """The lengths of recent quarters that are none of three calendar months, in weeks."""
    newest = max((each.end for each in prints), default=datetime.date.max)
    found = set()
    for each in prints:
        days = 0 if each.start is None else (each.end - each.start).days + 1
        good = round(days / _MONTH) == 3 and owner.quarter_ended(each.end) is not None
        if each.end > newest - _RECENT and not good and _SHORTEST <= days <= _LONGEST:
            found.add(round(days / 7))
    return sorted(found)


def _by_period(prints: Iterable[Filed], owner: Company, tag: Tag) -> dict[str, _Figure]:
    """Figures by quarter and fiscal year, quarters to date taken apart."""
    found: dict[str, _Figure] = {}
    to_date: dict[tuple[str, int], tuple[Filed, Quarter]] = {}

    def put(period: str, end: Quarter, value: float, each: Filed, derived: bool = False) -> None:
        if tag.means(end):
            day = each.filed.isoformat()
            found[period] = _Figure(value * tag.scale, each.accession, day, derived)

    for each in prints:
        quarter = owner.quarter_ended(each.end)
        if quarter is None:
            continue
        year = owner.fiscal_year(quarter)
        number = owner.quarters(year).index(quarter) + 1
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


def _write(data: Path, facts: Facts, new: list[Difference]) -> None:
    """Add new figures on a copy, verify it, then replace the files, all or none."""
    if doubtful := [each.line() for each in new if each.doubt]:
        raise FactsError(
            f"nothing is written: {'; '.join(doubtful)}",
            allowed="figures that fit the year before; one that is right is added by hand",
        )
    edits = Edits(data)
    for each in new:
        edits.insert_figure(facts.company.folder, _fact(facts, each))
    known = sources(Project(data.parent))
    for accession, day in sorted({(each.accession, each.day) for each in new}):
        if _source_id(accession) not in known:
            edits.insert_source(_source(facts.company, accession, day))
    with edits.copy() as copy:
        report = verify(project=copy)
    if not report.ok:
        said = "; ".join(each.message for each in report.failures)
        raise FactsError(f"the new figures do not fit, and nothing is written: {said}")
    edits.replace()


def _fact(facts: Facts, each: Difference) -> tuple[str, ...]:
    unit = facts.metrics[each.metric].unit
    row = (facts.company.name, each.period, each.metric, _plain(each.filed or 0.0), unit)
    return (*row, _source_id(each.accession), *_kind(each))


def _kind(each: Difference) -> tuple[str, str]:
    return ("derived", "difference of figures to date") if each.derived else ("reported", "")


def _plain(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _source_id(accession: str) -> str:
    return f"edgar_{accession.replace('-', '_')}"


def _source(owner: Company, accession: str, day: str) -> tuple[str, ...]:
    plain = accession.replace("-", "")
    url = f"https://www.sec.gov/Archives/edgar/data/{owner.cik.lstrip('0')}/{plain}/"
    name = owner.display_name
    title = f"{name}, filing {accession}, XBRL figures as EDGAR's companyfacts has them"
    read = "read by program from EDGAR; identities re-checked"
    return (_source_id(accession), title, name, url, day, accession, read, "filing")
