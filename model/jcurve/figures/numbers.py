"""How a number is written: one way for tables, prose and axes."""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["MINUS", "NumberStyle", "compact", "written"]

MINUS = "\N{MINUS SIGN}"
"""Every negative number carries this sign; there are no parentheses anywhere."""

NumberStyle = Literal["number", "percent", "multiple", "plain"]
"""``number`` 1,234.5; ``percent`` of a share: 12.3%; ``multiple`` 1.8x; ``plain`` 2026."""


def written(
    value: float, style: NumberStyle = "number", decimals: int = 0, *, sign: bool = False
) -> str:
    """``value`` as text, with a true minus and without a negative zero.

    Args:
        value: a finite number; a share for ``percent``.
        style: what it is.
        decimals: digits after the point.
        sign: whether a positive number shows its plus.
    """
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {value!r}")
    scaled = value * 100 if style == "percent" else value
    text = f"{abs(scaled):{'' if style == 'plain' else ','}.{decimals}f}"
    if any(digit in text for digit in "123456789"):
        text = (MINUS if scaled < 0 else "+" if sign else "") + text
    return text + {"percent": "%", "multiple": "x"}.get(style, "")


def compact(value: float, digits: int = 3) -> str:
    """``value`` with at most ``digits`` significant digits, as prose wants it.

    Digits before the point are never rounded away below 1,000 by more than that.
    """
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {value!r}")
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - magnitude)
    # Rounding may carry into the next magnitude: 9.996 becomes 10.0, not 10.00.
    magnitude = math.floor(math.log10(abs(rounded)))
    return written(rounded, decimals=max(0, digits - 1 - magnitude))
