"""What the SEC's EDGAR says of a company: companyfacts and submissions, read politely.

Only this module opens a connection, and only ``jcurve facts refresh`` calls it. The agency asks
each reader to name himself: the environment variable ``JCURVE_USER_AGENT`` holds a name and an
address; without it nothing is asked.
"""

from __future__ import annotations

import datetime
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from jcurve.ground.errors import FactsError, UsageError

__all__ = ["ADDRESS", "AGENT", "Edgar", "Filed", "filed_values"]

AGENT = "JCURVE_USER_AGENT"
ADDRESS = "https://data.sec.gov"

_DEADLINE = 30.0
_PAUSE = 0.2  # seconds between requests: half the rate that the agency allows
_TRIES = 4
_LONGEST_WAIT = 60.0
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


class Edgar:
    """A polite reader: one request at a time, spaced, with a deadline and a few tries."""

    def __init__(
        self,
        address: str = ADDRESS,
        agent: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        deadline: float = _DEADLINE,
    ) -> None:
        self._address = address.rstrip("/")
        self._agent = agent if agent is not None else os.environ.get(AGENT, "")
        self._sleep = sleep
        self._deadline = deadline
        self._asked = False

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
        """Recent filings: (accession number, form, day), the newest first.

        Raises:
            UsageError: no user agent is set.
            FactsError: as :meth:`facts`.
        """
        where = f"submissions of CIK {cik}"
        found = self._json(f"/submissions/CIK{cik}.json", where)
        self._own(found.get("cik"), cik, where)
        try:
            recent = found["filings"]["recent"]
            return tuple(
                zip(recent["accessionNumber"], recent["form"], recent["filingDate"], strict=True)
            )
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
        body = self._get(self._address + path, where)
        try:
            found = json.loads(body)
        except ValueError:
            raise FactsError("the answer is no whole JSON text", where=where) from None
        if not isinstance(found, dict):
            raise FactsError("the answer has another form than agreed", where=where)
        return found

    def _get(self, url: str, where: str) -> bytes:
        if not self._agent.strip():
            raise UsageError(
                f"EDGAR asks who reads it: set {AGENT} to a name and an e-mail address",
                where="facts refresh",
            )
        wanted = urllib.request.Request(
            url, headers={"User-Agent": self._agent, "Accept": "application/json"}
        )
        trouble = ""
        for attempt in range(_TRIES):
            if self._asked:
                self._sleep(_PAUSE)
            self._asked = True
            wait = 2.0**attempt
            try:
                with urllib.request.urlopen(wanted, timeout=self._deadline) as answer:
                    body: bytes = answer.read()
                    return body
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
                self._sleep(min(wait, _LONGEST_WAIT))
        raise FactsError(f"EDGAR gave no answer in {_TRIES} tries: {trouble}", where=where)


def filed_values(
    facts: Mapping[str, Any], taxonomy: str, tag: str, unit: str
) -> Iterator[Filed] | None:
    """Every filed figure of a tag; None where the company uses no such tag.

    Raises:
        FactsError: the answer has another form than agreed.
    """
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
    return iter([_filed(entry, where) for entry in units[unit]])


def _filed(entry: object, where: str) -> Filed:
    try:
        assert isinstance(entry, dict)
        start = entry.get("start")
        return Filed(
            start=datetime.date.fromisoformat(start) if start else None,
            end=datetime.date.fromisoformat(entry["end"]),
            value=float(entry["val"]),
            form=str(entry["form"]),
            filed=datetime.date.fromisoformat(entry["filed"]),
            accession=str(entry["accn"]),
        )
    except (AssertionError, KeyError, TypeError, ValueError):
        raise FactsError(
            "the answer has another form than agreed: a figure", where=where, received=entry
        ) from None
