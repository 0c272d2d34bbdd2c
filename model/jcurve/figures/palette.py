"""The palette: colours with a meaning, and a stroke that tells each apart without colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jcurve.ground.errors import UsageError

__all__ = [
    "BODY",
    "CATEGORIES",
    "GRID",
    "INK",
    "MUTED",
    "SERIES",
    "SHADE",
    "SMALL",
    "Series",
    "ramp",
    "readable",
    "series",
    "tint",
]

INK = "#1b2430"
MUTED = "#5b6573"
GRID = "#e3e6ea"
SHADE = "#f3f5f8"
BODY = 8.0
"""Size of axis text, in points on paper."""

SMALL = 7.5
"""Smallest text in a chart, in points on paper."""


@dataclass(frozen=True)
class Series:
    """How a meaning looks: a colour, and a stroke that tells it apart without colour."""

    colour: str
    dash: str | tuple[float, tuple[float, ...]] = "solid"
    width: float = 1.6
    hatch: str = ""
    marker: str = ""


SERIES: Mapping[str, Series] = MappingProxyType(
    {
        "with": Series("#0b3c6f", width=1.9),
        "without": Series("#7b8794", (0, (4.0, 1.6))),
        "programme": Series("#c2570c", width=1.9),
        "go_forward": Series("#c2570c", (0, (1.2, 1.2)), width=1.6),
        "reported": Series("#1b2430", width=1.9),
        "guided": Series("#2f7fb8", (0, (5.0, 1.4, 1.0, 1.4)), hatch="////", marker="D"),
        "judgement": Series("#a8820a", (0, (1.0, 1.3)), hatch="||||", marker="o"),
        "consensus": Series("#5f8f4e", (0, (3.0, 1.2)), marker="s"),
        "positive": Series("#0f7b6c"),
        "negative": Series("#c2570c", hatch="////"),
        "low": Series("#9fb6cc", (0, (2.0, 1.2))),
        "high": Series("#0b3c6f", (0, (2.0, 1.2))),
    }
)
"""Every meaning a series can have, and how it looks in all charts."""

CATEGORIES: tuple[Series, ...] = (
    Series("#0b3c6f"),
    Series("#5b9bcb", hatch="////"),
    Series("#c2570c"),
    Series("#e9b872", hatch="||||"),
    Series("#7b8794"),
    Series("#c9d0d8", hatch="\\\\\\\\"),
    Series("#0f7b6c"),
    Series("#9ccfc5", hatch="xxxx"),
)
"""Members of a set without a meaning of their own; neighbours differ in lightness."""


def series(role: str) -> Series:
    """How ``role`` looks.

    Raises:
        UsageError: no such meaning; names the nearest.
    """
    if role not in SERIES:
        raise UsageError.not_among("an unknown meaning of a series", role, SERIES)
    return SERIES[role]


def readable(colour: str) -> str:
    """``colour`` darkened until text in it stands out from white (contrast 4.5 to 1)."""
    from matplotlib.colors import to_hex, to_rgb

    shade = to_rgb(colour)
    while _contrast(shade) < 4.5:
        shade = (shade[0] * 0.92, shade[1] * 0.92, shade[2] * 0.92)
    return to_hex(shade)


def tint(colour: str, strength: float) -> str:
    """``colour`` on white, paler the smaller its strength, from 0 to 1."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = (1 - min(strength, 1.0) * (1 - part) for part in to_rgb(colour))
    return str(to_hex((red, green, blue)))


def ramp(count: int) -> tuple[Series, ...]:
    """Looks of layers that have an order, from dark to pale."""
    pale = (1 - 0.84 * at / max(count - 1, 1) for at in range(count))
    return tuple(Series(tint(SERIES["with"].colour, strength)) for strength in pale)


def _contrast(colour: tuple[float, float, float]) -> float:
    """Contrast with white, as the web's accessibility guidelines (WCAG 2.1) define it."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)
