"""What happened: reported history, its sources, and the registers of evidence.

In come the tables of ``data/``, read strictly: whatever is malformed is refused with file and
line. Out come records that know their source and how they stand (reported, derived, rounded,
secondary), and ``history``: the complete rows that the model's lines take. ``verify`` re-checks
the accounting between the figures; ``refresh`` compares them with EDGAR. Start reading at
``tables``, which turns a CSV file into records, then ``reported`` and ``history``.

    >>> from jcurve.facts import reported
    >>> fact = reported("META").value("revenue_total", "2026Q2")
    >>> fact.value, fact.unit, fact.kind
    (60801.0, 'USD m', 'secondary')
"""

from __future__ import annotations

from jcurve.facts.companies import Company, companies, company
from jcurve.facts.disclosures import Guidance, LifeChange, capex_guidance, life_changes
from jcurve.facts.history import HistoryRow, history
from jcurve.facts.model_constants import Constant, constants
from jcurve.facts.registers import (
    Article,
    Evidence,
    articles,
    citations,
    claims,
    drivers,
    evidence,
    external,
    macrs,
)
from jcurve.facts.reported import Facts, others, reported
from jcurve.facts.sources import GRADES, sources
from jcurve.facts.verify import VerifyReport, verify

__all__ = [
    "GRADES", "Article", "Company", "Constant", "Evidence", "Facts", "Guidance", "HistoryRow",
    "LifeChange", "VerifyReport", "articles", "capex_guidance", "citations", "claims",
    "companies", "company", "constants", "drivers", "evidence", "external",
    "history", "life_changes", "macrs", "others", "reported", "sources", "verify",
]  # fmt: skip
