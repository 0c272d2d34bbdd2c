"""What an analyst calls things: words of the trade that find an assumption, and its sources.

A label says what an assumption is in the model's words; whoever looks for the discount rate or the
buyback finds it all the same, and whoever looks for a house finds what rests on its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from jcurve.assumptions import Assumption
from jcurve.facts.registers import evidence
from jcurve.facts.sources import sources
from jcurve.ground.project import Project

__all__ = ["TRADE", "cited", "trade_words"]

TRADE: Mapping[str, str] = MappingProxyType(
    {
        r"returns\.wacc": "discount rate, cost of capital, hurdle rate, WACC",
        r"returns\.terminal_": "terminal value, perpetuity, exit growth, Gordon growth",
        r"financing\.repurchase_share|shares\.": "buyback, share count, dilution",
        r"financing\.dividend_": "payout",
        r"financing\..*debt|financing\..*interest": "leverage, borrowing, gearing",
        r"financing\.sbc|talent\.share_based": "SBC, stock compensation, stock-based compensation",
        r"talent\.|costs\.core_growth": "headcount, hiring, wages, opex",
        r"costs\.core_growth|power\.price$|market\.growth|returns\.terminal_growth": "inflation",
        r"life\.(physical\.accelerators|book\.accelerators|change)": "chip life, GPU life, useful "
        "life, depreciation period",
        r"life\.": "depreciation",
        r"capex\.total|programme\.scale$": "spending plan, budget, capital expenditure, guidance",
        r"capex\.total|placement\.|capex\.planned_through": "delay, timing",
        r"advertising\.compute_elasticity": "AI uplift, return on compute, scaling, elasticity of "
        "revenue",
        r"power\.": "electricity, energy, megawatts",
        r"tax\.": "tax rate, cash taxes",
        r"compute\.list_price|sector\.price_fall": "GPU price, chip price",
        r"fleet\.|compute\.": "GPUs, H100",
        r"cloud\.|lease\.": "rented capacity, neocloud",
    }
)
"""Words by the assumptions that they mean, as a pattern of keys."""


def trade_words(items: Iterable[Assumption]) -> dict[str, str]:
    """Words of the trade by key, for assumptions that have any."""
    found = {
        item.key: ", ".join(words for keys, words in TRADE.items() if re.match(keys, item.key))
        for item in items
    }
    return {key: words for key, words in found.items() if words}


def cited(items: Iterable[Assumption], project: Project) -> dict[str, dict[str, Any]]:
    """Title, publisher and address of every source that some assumption names, by its key."""
    documents, statements = sources(project), evidence(project)
    made: dict[str, dict[str, Any]] = {}
    for name in sorted({name for item in items for name in item.source}):
        if (said := statements.get(name)) is not None:
            title, publisher, url = said.source_title, said.statement, said.url
        elif (document := documents.get(name)) is not None:
            title, publisher, url = document.title, document.publisher, document.url
        else:
            continue
        safe = url if (url or "").startswith(("https://", "http://")) else ""
        made[name] = {"title": title, "says": publisher or "", "url": safe}
    return made
