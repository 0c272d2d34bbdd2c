"""Low and high of an assumption: checked where written, fitted where inherited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.document import Entry, Place
from jcurve.assumptions.numbers import Factor, Numbers
from jcurve.assumptions.paths import Between, Path, Value, combine
from jcurve.assumptions.reading import number_text
from jcurve.ground.errors import ScenarioError

__all__ = ["range_of"]


def range_of(
    value: Value,
    fields: dict[str, Entry],
    numbers: Numbers,
    between: Between | None,
    parent: Assumption | None,
    place: Place,
) -> dict[str, Any]:
    """Low and high with their factors: as given, else inherited and made to fit.

    Args:
        value: the new value.
        fields: of the entry.
        numbers: reads numbers of the key.
        between: the rule between dates.
        parent: what is changed, None for a definition.
        place: of the entry.

    Raises:
        ScenarioError: one without the other, or on the wrong side of the value or a bound.
    """
    given = {
        name: numbers.limit(fields[name].value, between, place.at(fields[name].line))
        for name in ("low", "high")
        if name in fields
    }
    limits = dict(given)
    if parent is not None and parent.low is not None and parent.high is not None:
        low = parent.low if parent.low_factor is None else Factor(parent.low_factor)
        high = parent.high if parent.high_factor is None else Factor(parent.high_factor)
        limits = {"low": low, "high": high, **given}
    if isinstance(value, tuple):
        # A range is one of lives, about that in force at the end.
        value = value[-1].life if value else 0.0
        limits = limits if value else {}
    if not limits:
        return {"low": None, "high": None, "low_factor": None, "high_factor": None}
    if len(limits) != 2:
        raise ScenarioError(
            "low and high are given both or neither",
            where=str(place),
            received=", ".join(limits),
        )
    factors = {
        f"{name}_factor": limit.factor if isinstance(limit, Factor) else None
        for name, limit in limits.items()
    }
    if any(isinstance(limit, Path) for limit in limits.values()) and not isinstance(value, Path):
        raise ScenarioError("a range by date for one value", where=str(place))
    resolved = _resolved(value, limits["low"], limits["high"])
    for name, strict in (("low", "low" in given), ("high", "high" in given)):
        where = place.at(fields[name].line) if strict else place
        resolved[name] = _fitted(name, resolved[name], value, numbers, strict, where)
    return {**resolved, **factors}


def _resolved(
    value: float | Path, low: float | Path | Factor, high: float | Path | Factor
) -> dict[str, float | Path]:
    """Low and high as values. Two factors on a value below 0 change places."""
    made = [
        combine(lambda a, f: a * f, value, limit.factor) if isinstance(limit, Factor) else limit
        for limit in (low, high)
    ]
    if isinstance(low, Factor) and isinstance(high, Factor):
        made = [combine(min, *made), combine(max, *made)]
    if isinstance(value, Path):
        made = [combine(lambda _, b: b, value, limit) for limit in made]
    return {"low": made[0], "high": made[1]}


def _fitted(
    name: str,
    limit: float | Path,
    value: float | Path,
    numbers: Numbers,
    strict: bool,
    place: Place,
) -> float | Path:
    """The limit on the right side of the value and inside the bounds.

    Raises:
        ScenarioError: ``strict``, and it is not.
    """
    floor, ceiling = numbers.bounds
    choose = min if name == "low" else max
    fitted = combine(choose, limit, value)
    fitted = combine(lambda a, _: min(max(a, floor), ceiling), fitted, fitted)
    if not strict:
        return fitted
    for period, was, now in _pairs(limit, fitted):
        if abs(was - now) > 1e-12 * max(1.0, abs(was)):
            at = f" in {period}" if period else ""
            inside = floor <= was <= ceiling
            side = "above" if name == "low" else "below"
            raise ScenarioError(
                f"{name} is {side} the value{at}" if inside else f"{name} is out of bounds{at}",
                where=str(place),
                received=number_text(was, numbers.unit.name, numbers.choices),
                allowed=f"{'at most' if name == 'low' else 'at least'} "
                f"{number_text(now, numbers.unit.name, numbers.choices)}"
                if inside
                else f"{numbers.plain(floor)} to {numbers.plain(ceiling)}",
            )
    return fitted


def _pairs(one: float | Path, other: float | Path) -> Iterable[tuple[str, float, float]]:
    if isinstance(one, Path) and isinstance(other, Path):
        periods = other.periods
        for period, a, b in zip(periods, one.over(periods), other.over(periods), strict=True):
            yield one.label(period), float(a), float(b)
    elif not isinstance(one, Path) and not isinstance(other, Path):
        yield "", one, other
