"""How a number looks: one format for each unit, as many digits as its size deserves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

__all__ = ["FONT", "INPUT_BLUE", "NUMBER_FORMATS", "number_format", "width_of"]

FONT = "Calibri"
INPUT_BLUE = "#0000C0"
_PER_CENT = frozenset({"share", "per year"})

NUMBER_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "whole": "[>=0.5]#,##0;[<=-0.5]-#,##0;0",
        "one": "[>=0.05]#,##0.0;[<=-0.05]-#,##0.0;0",
        "two": "[>=0.005]#,##0.00;[<=-0.005]-#,##0.00;0",
        "four": "0.0000;-0.0000;0",
        "tiny": "0.00E+00;-0.00E+00;0",
        "percent": "0.0%;-0.0%;0%",
        "fine_percent": "0.00%;-0.00%;0%",
        "plain": "0",
    }
)
"""Excel's number formats by the name that a row asks for."""


def number_format(unit: str, values: Iterable[float]) -> str:
    """The name of the format for values of a unit.

    >>> number_format("USD m", [137500.0])
    'whole'
    >>> number_format("share", [0.0812])
    'percent'
    """
    sizes = np.abs(np.asarray(list(values), dtype=np.float64))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    largest = float(sizes.max()) if sizes.size else 0.0
    if unit in _PER_CENT:
        return "percent" if largest >= 0.01 or largest == 0.0 else "fine_percent"
    if unit in ("switch", "date", "choice"):
        return "plain"
    if largest == 0.0 or largest >= 1000 or unit == "USD m":
        return "whole" if largest >= 10 or largest == 0.0 else "two"
    if largest >= 10:
        return "one"
    if largest >= 0.1:
        return "two"
    return "four" if largest >= 0.001 else "tiny"


def width_of(style: str, values: Iterable[float]) -> int:
    """The characters that the longest of some values takes in a format."""
    sizes = [value for value in values if np.isfinite(value)]
    longest = max((abs(value) for value in sizes), default=0.0)
    sign = any(value < 0 for value in sizes)
    if style == "tiny":
        return 8 + sign
    if style.endswith("percent"):
        return len(f"{longest * 100:.{2 if style == 'fine_percent' else 1}f}%") + sign
    digits = {"whole": 0, "one": 1, "two": 2, "four": 4, "plain": 0}[style]
    return len(f"{longest:,.{digits}f}") + sign
