"""What can be chosen in the panel, and the words for it: the tables of ``choices.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

__all__ = ["CHOICES"]

_TEXT = Path(__file__).with_suffix(".yml").read_text(encoding="utf-8")

CHOICES: Mapping[str, Any] = MappingProxyType(
    yaml.load(_TEXT, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
)
"""By the name of the table, in the order of the file."""
