"""What the SEC's EDGAR says of a company: companyfacts and submissions, read politely; and which
tag means which metric, also where a report has left a tag for another.

Only this module opens a connection; only ``jcurve facts refresh`` and ``jcurve quarter`` with
``--edgar`` call it. The agency asks each reader to name himself: the environment variable
``JCURVE_USER_AGENT`` holds a name and an address; without it nothing is asked.
"""

from __future__ import annotations

import datetime
import difflib
import json
import math
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from jcurve.facts.companies import Company, companies, company
from jcurve.facts.reported import Fact, Facts, Metric, metrics
from jcurve.facts.tables import Text, records
from jcurve.ground.errors import FactsError, UsageError
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

AGENT = "JCURVE_USER_AGENT"
ADDRESS = "https://data.sec.gov"

_DEADLINE = 30.0
_PAUSE = 0.2  # seconds between requests: half the rate that the agency allows
_TRIES = 4
_LONGEST_WAIT = 60.0
_MOST_BYTES = 64 << 20
_PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Filed:
    """A figure as one filing printed it.

    ``start`` is None for a balance; ``filed`` is the day of the filing, ``accession`` its number.
    """

    start: datetime.date | None
    end: datetime.date
    value: float
    form: str
    filed: datetime.date
    accession: str


@dataclass
class Edgar:
    """A polite reader: one request at a time, spaced, with a deadline and a few tries."""

    address: str = ADDRESS  # of the service
    # who reads; by default what ``JCURVE_USER_AGENT`` says
    agent: str = field(default_factory=lambda: os.environ.get(AGENT, ""))
    sleep: Callable[[float], None] = time.sleep  # waits for some seconds
    deadline: float = _DEADLINE  # seconds for one answer
    _asked: bool = False

    def facts(self, cik: str) -> Mapping[str, Any]:
        """The companyfacts of a company, checked to be its own.

        Raises:
            UsageError: no user agent is set.
            FactsError: no answer, or one that is not of the agreed form or of another company.
        """
        where = f"companyfacts of CIK {cik}"
        found = self._json(f"/api/xbrl/companyfacts/CIK{cik}.json", where)
        self._own(found.get("cik"), cik, where)
        inside = found.get("facts")
        if not isinstance(inside, dict) or not all(isinstance(v, dict) for v in inside.values()):
            raise FactsError("the answer has another form than agreed: no facts", where=where)
        return inside

    def filings(self, cik: str) -> tuple[tuple[str, str, str], ...]:
        """Recent filings: (accession number, form, day), the newest first."""
        where = f"submissions of CIK {cik}"
        found = self._json(f"/submissions/CIK{cik}.json", where)
        self._own(found.get("cik"), cik, where)
        try:
            recent = found["filings"]["recent"]
            columns = [recent[name] for name in ("accessionNumber", "form", "filingDate")]
            if not all(isinstance(each, str) for column in columns for each in column):
                raise TypeError
            return tuple(zip(*columns, strict=True))
        except (KeyError, TypeError, ValueError):
            raise FactsError(
                "the answer has another form than agreed: no recent filings", where=where
            ) from None

    def _own(self, told: object, cik: str, where: str) -> None:
        if not isinstance(told, int | str) or str(told).lstrip("0") != cik.lstrip("0"):
            raise FactsError(
                "the answer is of another company", where=where, received=told, allowed=cik
            )

    def _json(self, path: str, where: str) -> dict[str, Any]:
        body = self._get(self.address.rstrip("/") + path, where)
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise FactsError("the answer is no whole JSON text", where=where) from None
        if not isinstance(found, dict):
            raise FactsError("the answer has another form than agreed", where=where)
        return found

    def _whole(self, answer: Any, where: str) -> bytes:
        """The body, unless it has no end: neither in bytes nor in time."""
        body, end = bytearray(), time.monotonic() + _TRIES * self.deadline
        while block := answer.read1(1 << 16):
            body += block
            if len(body) > _MOST_BYTES:
                raise FactsError(f"the answer is longer than {_MOST_BYTES >> 20} MB", where=where)
            if time.monotonic() > end:
                raise TimeoutError("the answer does not end")
        if answer.length:  # more was promised
            raise HTTPException("the answer is cut short")
        return bytes(body)

    def _get(self, url: str, where: str) -> bytes:
        if not self.agent.strip():
            raise UsageError(
                f"EDGAR asks who reads it: set {AGENT} to a name and an e-mail address",
                where="facts refresh",
            )
        if not (self.agent.isascii() and self.agent.isprintable()):
            raise UsageError(
                "not a name and an e-mail address that a request can carry",
                where=AGENT,
                received=self.agent,
                allowed="letters without accents, digits and signs",
            )
        if not self.address.startswith(("https://", "http://")):
            raise UsageError(
                "not an address", where="EDGAR", received=self.address, allowed="https://…"
            )
        wanted = urllib.request.Request(
            url, headers={"User-Agent": self.agent, "Accept": "application/json"}
        )
        trouble = ""
        for attempt in range(_TRIES):
            if self._asked:
                self.sleep(_PAUSE)
            self._asked = True
            wait = 2.0**attempt
            try:
                with urllib.request.urlopen(wanted, timeout=self.deadline) as answer:
                    return self._whole(answer, where)
            except urllib.error.HTTPError as error:
                told = error.headers.get("Retry-After", "") if error.headers else ""
                error.close()
                if error.code not in _PASSING:
                    raise FactsError(
                        f"EDGAR answers {error.code} {error.reason}", where=where
                    ) from None
                trouble = f"{error.code} {error.reason}"
                wait = float(told) if told.isdigit() else wait
            except (OSError, HTTPException) as error:  # refused, too slow, cut short
                reason = getattr(error, "reason", error)
                trouble = str(reason) or type(error).__name__
            if attempt + 1 < _TRIES:
                self.sleep(min(wait, _LONGEST_WAIT))
        raise FactsError(f"EDGAR gave no answer in {_TRIES} tries: {trouble}", where=where)


def filed_values(
    facts: Mapping[str, Any], taxonomy: str, tag: str, unit: str
) -> Iterator[Filed] | None:
    """Every filed figure of a tag; None where the company uses no such tag."""
    concept = facts.get(taxonomy, {}).get(tag)
    if concept is None:
        return None
    where = f"{taxonomy}:{tag}"
    units = concept.get("units") if isinstance(concept, dict) else None
    if not isinstance(units, dict):
        raise FactsError("the answer has another form than agreed: no units", where=where)
    if unit not in units:
        raise FactsError("no figure in that unit", where=where, received=unit,
                         allowed=", ".join(units))  # fmt: skip
    if not isinstance(units[unit], list):
        raise FactsError("the answer has another form than agreed: no figures", where=where)
    return iter([_filed(entry, where) for entry in units[unit]])


def _filed(entry: object, where: str) -> Filed:
    try:
        if not isinstance(entry, dict):
            raise TypeError
        start, value = entry.get("start"), entry["val"]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        found = Filed(
            start=_day(start) if start else None,
            end=_day(entry["end"]),
            value=float(value),
            form=str(entry["form"]),
            filed=_day(entry["filed"]),
            accession=str(entry["accn"]),
        )
        if not math.isfinite(found.value):
            raise ValueError
        return found
    except (KeyError, TypeError, ValueError, OverflowError):
        accession = entry.get("accn", "") if isinstance(entry, dict) else ""
        raise FactsError(
            "the answer has another form than agreed: a figure",
            where=f"{where} in {accession}" if accession else where,
            received=entry,
        ) from None


def _day(text: str) -> datetime.date:
    """A day of a year that filings can be of, so that one may count back from it."""
    day = datetime.date.fromisoformat(text)
    if not 1900 <= day.year <= 2200:
        raise ValueError
    return day


# ---- which tag means which metric -----------------------------------------------------------


_NEAR = 3.0  # times the figure of the year before: what another tag may be
_LIKELY = 3
_WEEK = datetime.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Tag:
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


def edgar_tags(owner: Company, project: Project) -> list[Tag]:
    """The tags of a company, in the order of the table."""
    names = tuple(company(folder, project).name for folder in companies(project))
    known = {"company": names, "metric": metrics(project)}
    every = records(project.data, "companies/edgar_tags.csv", Tag, known)
    return [tag for tag in every if tag.company == owner.name]


class NewestReport:
    """What the newest report gives under each tag, from the companyfacts of its company."""

    def __init__(self, facts: Mapping[str, Any], accession: str) -> None:
        self._figures: list[tuple[str, str, str, Mapping[str, Any]]] = []
        for taxonomy, concepts in facts.items():
            for tag, concept in concepts.items():
                units = concept.get("units") if isinstance(concept, dict) else None
                for unit, entries in units.items() if isinstance(units, dict) else ():
                    for entry in entries if isinstance(entries, list) else ():
                        if _is_figure(entry) and entry["accn"] == accession:
                            self._figures.append((taxonomy, tag, unit, entry))
        self._end = max((str(each.get("end", "")) for *_, each in self._figures), default="")

    def quarter(self, owner: Company) -> Quarter | None:
        """The quarter that it is of; None where it has no figure or no quarter of months."""
        return owner.quarter_ended(datetime.date.fromisoformat(self._end)) if self._end else None

    def has_left(self, tag: Tag, prints: Iterable[Filed], facts: Facts, quarter: Quarter) -> bool:
        """Whether a tag that gave a metric in the quarter before gives nothing in this one."""
        if not tag.means(quarter) or facts.get(tag.metric.name, quarter):
            return False
        if any(tag.tag == name for _, name, *_ in self._figures):
            return False
        before = facts.company.last_day(quarter.plus(-1))
        return any(abs(each.end - before) <= _WEEK for each in prints)

    def likely(self, tag: Tag, listed: Collection[str], then: Fact | None) -> list[str]:
        """Tags that could mean the metric now: of a size with the year before, alike in name."""
        found: dict[str, float] = {}
        for taxonomy, name, unit, entry in self._figures:
            stock = not entry.get("start")
            if name in listed or (taxonomy, unit) != (tag.taxonomy, tag.unit):
                continue
            if stock != (tag.metric.nature == "stock") or entry.get("end") != self._end:
                continue
            size = 1.0
            if then and then.value:
                size = float(entry.get("val", 0.0)) * tag.scale / then.value
            if 1 / _NEAR < size < _NEAR:
                alike = difflib.SequenceMatcher(None, name, tag.tag).ratio()
                found[name] = max(found.get(name, -math.inf), alike - abs(math.log(size)))
        return sorted(found, key=lambda name: -found[name])[:_LIKELY]


def _is_figure(entry: object) -> bool:
    """Whether EDGAR gives a figure and its end: where a tag that is read lacks them, an error
    says so elsewhere; of the other tags it does not matter."""
    if not isinstance(entry, dict) or not isinstance(entry.get("val"), int | float):
        return False
    try:
        end = datetime.date.fromisoformat(str(entry.get("end")))
        return end < datetime.date.max and math.isfinite(entry["val"]) and "accn" in entry
    except (ValueError, OverflowError):
        return False
