"""What an analyst calls things: words of the trade that find an assumption, and its sources.

A label says what an assumption is in the model's words; whoever looks for the discount rate or the
buyback finds it all the same, and whoever looks for a house finds what rests on its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from jcurve.assumptions import Assumption
from jcurve.facts.registers import evidence
from jcurve.facts.sources import sources
from jcurve.ground.project import Project

_TABLES = Path(__file__).with_name("choices.yml").read_text(encoding="utf-8")
CHOICES: Mapping[str, Any] = MappingProxyType(
    yaml.load(_TABLES, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
)
"""What can be chosen in the panel, and the words for it: by the name of the table."""


def trade_words(items: Iterable[Assumption]) -> dict[str, str]:
    """Words of the trade by key, for assumptions that have any."""
    found = {
        item.key: ", ".join(
            words for keys, words in CHOICES["trade"].items() if re.match(keys, item.key)
        )
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
