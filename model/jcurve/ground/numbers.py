"""How numbers, ranges, quarters and lists are written for a reader: one way in reports, mail, the
portal, the command line and docs.

``written`` serves tables and axes, where every digit that the column asks for is shown;
``money``, ``percent`` and their like serve sentences, which have at most three digits. ``amount``
writes a value in any unit, ``span`` a range and ``readable`` what a scenario file states.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Sequence
from typing import Literal

MINUS = "\N{MINUS SIGN}"
"""Every negative number carries this sign; there are no parentheses anywhere."""

MILLIONS = 1000.0  # USD m in a USD bn

NOTHING = 0.0005  # What counts as no money at all, in USD bn

NumberStyle = Literal["number", "percent", "multiple", "plain"]
"""``number`` 1,234.5; ``percent`` of a share: 12.3%; ``multiple`` 1.8x; ``plain`` 2026."""

_SIZES = ((1000.0, "tn"), (1.0, "bn"), (0.001, "m"))  # Sizes in which amounts are told, in USD bn
_CENTS = 99.995
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def written(
    value: float, style: NumberStyle = "number", decimals: int = 0, *, sign: bool = False
) -> str:
    """``value`` as text, with a true minus and without a negative zero.

    Args:
        value: a finite number; a share for ``percent``.
        sign: whether a positive number shows its plus.
    """
    _finite(value)
    scaled = value * 100 if style == "percent" else value
    text = f"{abs(scaled):{'' if style == 'plain' else ','}.{decimals}f}"
    if any(digit in text for digit in "123456789"):
        text = (MINUS if scaled < 0 else "+" if sign else "") + text
    return text + {"percent": "%", "multiple": "x"}.get(style, "")


_NOISE = 1e-9  # of a billion or a million: what is left when amounts cancel


def compact(value: float, digits: int = 3, *, brief: bool = False, sign: bool = False) -> str:
    """``value`` with at most ``digits`` significant digits, as prose wants it.

    Digits before the point are never rounded away below 1,000 by more than that. What adding up
    leaves of nothing is nothing.

    Args:
        sign: whether a positive number shows its plus.
    """
    _finite(value)
    if abs(value) < _NOISE:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - magnitude)
    # Rounding may carry into the next magnitude: 9.996 becomes 10.0, not 10.00.
    magnitude = math.floor(math.log10(abs(rounded)))
    text = written(rounded, decimals=max(0, digits - 1 - magnitude), sign=sign)
    return text.rstrip("0").rstrip(".") if brief and "." in text else text


def _finite(value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"not a finite number: {value!r}")


def money(amount: float, *, sign: bool = False, digits: int = 3, brief: bool = False) -> str:
    """USD bn in prose, at most three digits: $776bn, −$4.60bn, $1.20tn, $250m.

    Args:
        sign: whether a positive amount shows its plus.
    """
    if abs(amount) < NOTHING:
        return "$0"
    # What rounds up to a thousand is told in the next size.
    rounded = float(f"{abs(amount):.{digits}g}")
    size, unit = next(each for each in _SIZES if rounded >= each[0] or each is _SIZES[-1])
    mark = MINUS if amount < 0 else "+" if sign else ""
    return f"{mark}${compact(rounded / size, digits, brief=brief)}{unit}"


def dollars(value: float) -> str:
    """A price in prose, at most three digits, and cents below a hundred: $35,400, $21.26."""
    text = written(abs(value), decimals=2) if abs(value) < _CENTS else compact(abs(value))
    return f"{MINUS if value < 0 else ''}${text}"


def percent(share: float, decimals: int = 1, *, sign: bool = False) -> str:
    """A share in prose: 12.3%."""
    return written(share, "percent", decimals, sign=sign)


def lasting(value: float) -> str:
    """A span of time in prose: 12.5 years; *never* where it has no end."""
    return "never" if math.isnan(value) else f"{written(value, decimals=1)} years"


def points(share: float, *, sign: bool = False) -> str:
    """A difference of shares in prose: 12.3 points."""
    return f"{written(share * 100, decimals=1, sign=sign)} points"


_IN_BILLIONS = {"USD m": 1e-3, "USD bn": 1.0}
_IN_DOLLARS = 1e9  # of a billion
_BARE = ("1", "index", "elasticity")  # units of which nothing is written
_SPANS = ("quarters", "years", "hours")
_MANY = 1e6  # machines
_RATES = {"share": 100.0, "percent": 1.0, "per year": 100.0, "percent per year": 1.0}
_PER = {"year": "a year", "month": "a month", "hour": "an hour", "share": "a share"}
_QUARTER = re.compile(r"\b((?:19|20)\d\d) ?Q([1-4])\b")
_YEARS = re.compile(r"(\d\d)(\d\d)-(?:\d\d)?(\d\d)")
_TURNED = re.compile(r"\b(Q[1-4]) ((?:19|20)\d\d)\b")
_DAY, _MONTH = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_AS_STATED = 6  # digits of a value that somebody has stated


def amount(value: float, unit: str = "", digits: int = 4, *, sign: bool = False) -> str:
    """A value in its unit, without zeros at its end: −$634.5bn, 9.5% a year, 16.56 years.

    What is not zero is never written as zero, but for what adding up leaves of nothing: less than
    a dollar of an amount of money, or than a billionth of any other unit.

    Args:
        unit: as files state it, such as ``USD m`` or ``per year``.
        sign: whether a positive number shows its plus.
    """
    if unit == "H100e":
        size, m = (_MANY, "m") if abs(value) >= _MANY else (1.0, "")
        return f"{compact(value / size, digits, brief=True, sign=sign)}{m} H100 equivalents"
    unit = unit.replace("H100e", "H100 equivalent")
    scale = _RATES.get(unit, 1.0)
    plain = compact(value * scale, digits, brief=True)
    mark = "+" if sign and value > 0 else ""
    head, _, per = unit.partition("per ")
    tail = f" {_PER.get(per, f'per {per}')}" if per else ""
    if unit in _RATES:
        return f"{mark}{plain}%{tail}"
    if head.strip() in _IN_BILLIONS:
        bn = value * _IN_BILLIONS[head.strip()]
        if abs(bn) >= NOTHING:
            return money(bn, sign=sign, digits=digits, brief=True) + tail
        value = bn * _IN_DOLLARS
        plain = compact(value, digits, brief=True) if per or abs(value) >= 1.0 else "0"
    if head.strip() in ("USD", *_IN_BILLIONS):
        sided = "" if plain == "0" else MINUS if value < 0 else mark
        return f"{sided}${plain.removeprefix(MINUS)}{tail}"
    if unit == "x":
        return f"{mark}{plain}x"
    is_one = plain.removeprefix(MINUS) == "1"
    noun = unit.removesuffix("s") if is_one and unit in _SPANS else unit
    return f"{mark}{plain} {'' if unit in _BARE else noun}".rstrip()


def assumed(value: float, unit: str, digits: int = 3) -> str:
    """A value of an assumption in its unit; factors and indices go without one."""
    return amount(value, "" if unit in ("x", "index") else unit, digits)


def change(value: float, unit: str = "", digits: int = 4) -> str:
    """A difference of two values in their unit, signed; rates and shares differ by points."""
    if unit in _RATES:
        return f"{compact(value * _RATES[unit], brief=True, sign=True)} points"
    return amount(value, unit, digits, sign=True)


def span(low: str, high: str) -> str:
    """A range of two written values; what both end with is said once: 8.5% to 11% a year."""
    first, _, tail = low.partition(" ")
    return f"{first if tail and high.endswith(f' {tail}') else low} to {high}"


def quarter(text: str) -> str:
    """``text`` with its quarters as a reader has them: 2034 Q3."""
    return _QUARTER.sub(r"\1 Q\2", text)


def written_date(day: datetime.date | str) -> str:
    """A day as a reader has it: 25 September 2026."""
    found = datetime.date.fromisoformat(day) if isinstance(day, str) else day
    return f"{found.day} {found:%B %Y}"


def dated(text: str) -> str:
    """A day, month, quarter or span of years that somebody has stated, for a reader; other text as
    it is."""
    if _DAY.fullmatch(text):
        return written_date(text)
    if _MONTH.fullmatch(text):
        return f"{datetime.date.fromisoformat(f'{text}-01'):%B %Y}"
    if years := _YEARS.fullmatch(text):
        return f"{years[1]}{years[2]} to {years[1]}{years[3]}"
    return quarter(_TURNED.sub(r"\2 \1", text))


def named(key: str) -> str:
    """A file's or report's name in words: ``scenario_report`` is *Scenario report*."""
    return raised(key.replace("_", " "))


def readable(stated: str, unit: str, digits: int = _AS_STATED) -> str:
    """A value as a scenario states it, for a reader: ``2026: 137,500; 2027: 188,000`` in USD m is
    *2026: $137.5bn; 2027: $188bn*."""
    parts = []
    for part in stated.split("; "):
        at, colon, number = part.rpartition(": ")
        try:
            value = float(number.replace(",", ""))
        except ValueError:
            shown = number  # a quarter, a choice, a switch
        else:
            shown = assumed(value, unit, digits)
        parts.append(quarter(f"{at}{colon}{shown}"))
    return "; ".join(parts)


def differing(before: str, after: str, unit: str) -> tuple[str, str]:
    """Two stated values for a reader; of two paths the dates at which they differ."""
    sides = before.split("; "), after.split("; ")
    same = set(sides[0]) & set(sides[1]) if before != after else set()
    kept = ["; ".join(part for part in side if part not in same) for side in sides]
    return readable(kept[0], unit) or "nothing", readable(kept[1], unit) or "nothing"


def billions(millions: float) -> float | None:
    """USD m in USD bn for a cell; None where there is no such number."""
    return None if math.isnan(millions) else millions / MILLIONS


def joined(parts: Iterable[str], last: str = "and") -> str:
    """``a, b and c``, or with another word before the last."""
    texts = list(parts)
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def lowered(text: str) -> str:
    """``text`` as it stands inside a sentence; a word of capitals keeps them."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def raised(text: str) -> str:
    """``text`` as it begins a sentence."""
    return text[:1].upper() + text[1:]


def spelt(count: int) -> str:
    """A number of things in prose: words to nine."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else f"{count:,}"


def counted(count: int, noun: str) -> str:
    """``Three values``: a number of things as it stands at the beginning of a sentence."""
    return f"{spelt(count).capitalize()} {noun}{'' if count == 1 else 's'}"


def gaps(ones: Sequence[float], others: Sequence[float]) -> list[float]:
    """One less the other, place by place."""
    return [one - other for one, other in zip(ones, others, strict=True)]


def lowest(values: Sequence[float]) -> int:
    """Where the least of ``values`` stands, the first where several do."""
    return min(range(len(values)), key=values.__getitem__)


def highest(values: Sequence[float]) -> int:
    """Where the largest of ``values`` stands, the first where several do."""
    return max(range(len(values)), key=values.__getitem__)
