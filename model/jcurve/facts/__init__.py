"""What happened: reported history, its sources, and the registers of evidence.

Reads the tables of ``data/`` and refuses what is malformed, with file and line. Every value
knows its source and how it stands (reported, derived, rounded, secondary). ``history`` gives
the complete rows that the model's lines take; ``verify`` re-checks the accounting.
"""

from __future__ import annotations

from jcurve.facts.company import Company, companies, company
from jcurve.facts.history import HistoryRow, history
from jcurve.facts.registers import (
    Article,
    Claim,
    ClassShare,
    Driver,
    Evidence,
    Guidance,
    LifeChange,
    Parameter,
    articles,
    capex_guidance,
    claims,
    class_map,
    drivers,
    evidence,
    external,
    life_changes,
    macrs,
)
from jcurve.facts.reported import Fact, Facts, Metric, metrics, reported
from jcurve.facts.sources import GRADES, Source, sources

__all__ = [
    "GRADES",
    "Article",
    "Claim",
    "ClassShare",
    "Company",
    "Driver",
    "Evidence",
    "Fact",
    "Facts",
    "Guidance",
    "HistoryRow",
    "LifeChange",
    "Metric",
    "Parameter",
    "Source",
    "articles",
    "capex_guidance",
    "claims",
    "class_map",
    "companies",
    "company",
    "drivers",
    "evidence",
    "external",
    "history",
    "life_changes",
    "macrs",
    "metrics",
    "reported",
    "sources",
]
