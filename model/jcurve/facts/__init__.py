"""What happened: reported history, its sources, and the registers of evidence.

Reads the tables of ``data/`` and refuses what is malformed, with file and line. Every value
knows its source and how it stands (reported, derived, rounded, secondary). ``history`` gives
the complete rows that the model's lines take; ``verify`` re-checks the accounting.
"""

from __future__ import annotations

from jcurve.facts.company import Company, companies, company
from jcurve.facts.constants import Constant, constants
from jcurve.facts.dictionary import dictionary_markdown
from jcurve.facts.disclosures import (
    ClassShare,
    Guidance,
    LifeChange,
    capex_guidance,
    class_map,
    life_changes,
)
from jcurve.facts.history import HistoryRow, history
from jcurve.facts.others import PropertyYear, others, property_years
from jcurve.facts.registers import (
    Article,
    Citation,
    Claim,
    Driver,
    Evidence,
    Parameter,
    articles,
    citations,
    claims,
    drivers,
    evidence,
    external,
    macrs,
)
from jcurve.facts.reported import Fact, Facts, Metric, metrics, reported
from jcurve.facts.sources import GRADES, Source, sources
from jcurve.facts.verification import Check, Failure, Filled, VerifyReport
from jcurve.facts.verify import verify

__all__ = [
    "GRADES",
    "Article",
    "Check",
    "Citation",
    "Claim",
    "ClassShare",
    "Company",
    "Constant",
    "Driver",
    "Evidence",
    "Fact",
    "Facts",
    "Failure",
    "Filled",
    "Guidance",
    "HistoryRow",
    "LifeChange",
    "Metric",
    "Parameter",
    "PropertyYear",
    "Source",
    "VerifyReport",
    "articles",
    "capex_guidance",
    "citations",
    "claims",
    "class_map",
    "companies",
    "company",
    "constants",
    "dictionary_markdown",
    "drivers",
    "evidence",
    "external",
    "history",
    "life_changes",
    "macrs",
    "metrics",
    "others",
    "property_years",
    "reported",
    "sources",
    "verify",
]
