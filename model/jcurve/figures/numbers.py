"""How numbers and lists are written: one way for tables, prose and axes.

``written`` serves tables and axes, where every digit that the column asks for is shown;
``money``, ``percent`` and their like serve sentences, which have at most three digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

MINUS = "\N{MINUS SIGN}"
"""Every negative number carries this sign; there are no parentheses anywhere."""

MILLIONS = 1000.0
"""USD m in a USD bn."""

NOTHING = 0.0005
"""What counts as no money at all, in USD bn."""

NumberStyle = Literal["number", "percent", "multiple", "plain"]
"""``number`` 1,234.5; ``percent`` of a share: 12.3%; ``multiple`` 1.8x; ``plain`` 2026."""

_TRILLION = 1000.0
_IN_MILLIONS = 0.01  # of a billion: what would be mostly zeros
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


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
    _finite(value)
    scaled = value * 100 if style == "percent" else value
    text = f"{abs(scaled):{'' if style == 'plain' else ','}.{decimals}f}"
    if any(digit in text for digit in "123456789"):
        text = (MINUS if scaled < 0 else "+" if sign else "") + text
    return text + {"percent": "%", "multiple": "x"}.get(style, "")


_NOISE = 1e-9  # of a billion or a million: what is left when amounts cancel


def compact(value: float, digits: int = 3) -> str:
    """``value`` with at most ``digits`` significant digits, as prose wants it.

    Digits before the point are never rounded away below 1,000 by more than that. What adding up
    leaves of nothing is nothing.
    """
    _finite(value)
    if abs(value) < _NOISE:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - magnitude)
    # Rounding may carry into the next magnitude: 9.996 becomes 10.0, not 10.00.
    magnitude = math.floor(math.log10(abs(rounded)))
    return written(rounded, decimals=max(0, digits - 1 - magnitude))


def _finite(value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {value!r}")


def money(amount: float, *, sign: bool = False) -> str:
    """USD bn in prose, at most three digits: $776bn, −$4.6bn, $1.2tn; below $10m in millions."""
    if abs(amount) < NOTHING:
        return "$0"
    # What rounds up to a thousand is a trillion too.
    rounded = float(f"{abs(amount):.3g}")
    size, unit = (rounded, "bn") if rounded < _TRILLION else (rounded / _TRILLION, "tn")
    if rounded < _IN_MILLIONS:
        size, unit = abs(amount) * MILLIONS, "m"
    mark = MINUS if amount < 0 else "+" if sign else ""
    return f"{mark}${compact(size)}{unit}"


def dollars(value: float) -> str:
    """A price in prose, at most three digits: $35,400, $1.26."""
    return f"{MINUS if value < 0 else ''}${compact(abs(value))}"


def percent(share: float, decimals: int = 1, *, sign: bool = False) -> str:
    """A share in prose: 12.3%."""
    return written(share, "percent", decimals, sign=sign)


def points(share: float, *, sign: bool = False) -> str:
    """A difference of shares in prose: 12.3 points."""
    return f"{written(share * 100, decimals=1, sign=sign)} points"


def billions(millions: float) -> float | None:
    """USD m in USD bn for a cell; None where there is no such number."""
    return None if math.isnan(millions) else millions / MILLIONS


def joined(parts: Iterable[str]) -> str:
    """``a, b and c``."""
    texts = list(parts)
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def lowered(text: str) -> str:
    """``text`` as it stands inside a sentence; a word of capitals keeps them."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def spelt(count: int) -> str:
    """A number of things in prose: words to nine."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else f"{count:,}"


def counted(count: int, noun: str) -> str:
    """``Three values``: a number of things as it stands at the beginning of a sentence."""
    return f"{spelt(count).capitalize()} {noun}{'' if count == 1 else 's'}"


def lowest(values: Sequence[float]) -> int:
    """Where the least of ``values`` stands, the first where several do."""
    return min(range(len(values)), key=values.__getitem__)


def highest(values: Sequence[float]) -> int:
    """Where the largest of ``values`` stands, the first where several do."""
    return max(range(len(values)), key=values.__getitem__)
