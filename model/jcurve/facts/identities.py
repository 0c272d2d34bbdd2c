"""What must hold between reported figures: the accounting, check by check, and their size.

Linear and product identities are rows of ``companies/identities.csv``; they bind wherever all
their parts are on file. The rest (quarters to the year, price times volume, second sources) is
general. Each check yields comparisons; the tolerance table may widen a single one, with a
reason.

A release typed in thousands, a cost with a minus, another line's number: each is arithmetic that
an identity may miss. A new figure that is hard to believe is asked for, and enters once somebody
says why it is so; one on file that is out of size is a failure unless a tolerance lists it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from jcurve.facts.reported import Fact, Facts, Freq
from jcurve.facts.sources import Source
from jcurve.facts.tables import QUARTER, YEAR, Column, Row, Text, with_rows
from jcurve.ground.quarters import Quarter

_PER_CENT = 0.01
_ROUNDING = 1.0  # each of several printed millions is rounded once
_TEN_MILLION = 10.0
_POINT = 0.01
_REGIONS = ("us_canada", "europe", "asia_pacific", "rest_of_world")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure against what others imply, and how far apart they may be."""

    metric: str
    period: str
    value: float
    implied: float
    allowed: float

    @property
    def difference(self) -> float:
        """Value less implied value."""
        return self.value - self.implied


def _parts(row: Row, key: str) -> tuple[tuple[int, str], ...]:
    """``+a -b c``: names with their signs."""
    parts = row.text(key).split()
    return tuple((-1 if part[0] == "-" else 1, part.lstrip("+-")) for part in parts)


@dataclass(frozen=True, slots=True)
class Identity:
    """A total and its parts, summed with signs or multiplied."""

    check: str
    total: Annotated[str, Column(what="metric")]
    form: Literal["sum", "product"]
    parts: Annotated[tuple[tuple[int, str], ...], Column(read=_parts)]
    tolerance: float
    note: Text


def identities(data: Path, known: Mapping[str, object]) -> tuple[Identity, ...]:
    """The identities on file."""
    found = with_rows(data, "companies/identities.csv", Identity, {"total": known})
    for each, row in found:
        for _, name in each.parts:
            if name not in known:
                raise row.error("parts", "no such metric", name)
    return tuple(each for each, _ in found)


def left_over(data: Path, known: Mapping[str, object]) -> frozenset[str]:
    """Totals that are what others leave: some part is taken away."""
    rules = identities(data, known)
    return frozenset(rule.total for rule in rules if any(sign < 0 for sign, _ in rule.parts))


def _amount(fact: Fact) -> float:
    return fact.value * _PER_CENT if fact.unit == "percent" else fact.value


def identity(facts: Facts, rule: Identity) -> Iterator[Comparison]:
    """The identity in every period in which all of it is on file."""
    for fact in facts:
        if fact.metric != rule.total:
            continue
        parts = [(sign, facts.get(name, fact.period)) for sign, name in rule.parts]
        present = [(sign, part) for sign, part in parts if part is not None]
        if len(present) < len(parts):
            continue
        if rule.form == "sum":
            implied = sum(sign * part.value for sign, part in present)
        else:
            implied = 1.0
            for _, part in present:
                implied *= _amount(part)
        yield Comparison(rule.total, fact.period, fact.value, implied, rule.tolerance)


def _rounding_of(*facts: Fact) -> float:
    """Half of what the coarsest figure was rounded to, for each figure that was."""
    coarse = [f for f in facts if f.kind == "rounded"]
    return max(_ROUNDING, _TEN_MILLION / 2 * len(coarse))


def quarters_to_year(facts: Facts) -> Iterator[Comparison]:
    """Each flow's four quarters against its fiscal year."""
    for fact in facts:
        if facts.metrics[fact.metric].nature != "flow" or not YEAR.fullmatch(fact.period):
            continue
        labels = facts.company.quarters(fact.period)
        quarters = [q for label in labels if (q := facts.get(fact.metric, label)) is not None]
        if len(quarters) == len(labels):
            total = sum(q.value for q in quarters)
            allowed = _rounding_of(fact, *quarters)
            yield Comparison(fact.metric, fact.period, fact.value, total, allowed)


def same_in_both_tables(facts: Facts) -> Iterator[Comparison]:
    """Each stock's year against the last quarter of that fiscal year."""
    for fact in facts:
        if facts.metrics[fact.metric].nature != "stock" or not YEAR.fullmatch(fact.period):
            continue
        last = facts.get(fact.metric, facts.company.quarters(fact.period)[-1])
        if last is not None:
            allowed = _rounding_of(fact, last) if "rounded" in (fact.kind, last.kind) else 0.0
            yield Comparison(fact.metric, fact.period, fact.value, last.value, allowed)


def price_times_volume(facts: Facts) -> Iterator[Comparison]:
    """Published price growth against revenue growth over published growth of ads shown."""
    pairs = [("revenue_advertising", "")]
    pairs += [(f"revenue_advertising_user_geo_{region}", f"_{region}") for region in _REGIONS]
    for revenue, suffix in pairs:
        if revenue not in facts.metrics:
            continue
        for period, volume in facts.series(f"ad_impressions_yoy_pct{suffix}").items():
            price = facts.get(f"price_per_ad_yoy_pct{suffix}", period)
            now, then = facts.get(revenue, period), facts.get(revenue, Quarter(period).plus(-4))
            if price is not None and now is not None and then is not None:
                implied = now.value / then.value / (1.0 + _amount(volume)) - 1.0
                # Both growths are printed in whole per cent.
                yield Comparison(price.metric, period, _amount(price), implied, _POINT)


@dataclass(frozen=True, slots=True)
class _Second:
    """A figure beside that of a second source."""

    freq: Annotated[Literal["quarter", "year"], Column(what="frequency")]
    period: str
    metric: str
    value_main: float
    source_main: Annotated[str, Column(what="source")]
    value_alt: float
    source_alt: Annotated[Source, Column(what="source")]


def crosscheck(data: Path, facts: Facts, known: Mapping[str, Source]) -> Iterator[Comparison]:
    """Each figure against a second source."""
    for each, row in _seconds(data, facts, known):
        row.period("period", QUARTER if each.freq == "quarter" else YEAR)
        fact = facts.value(each.metric, each.period)
        if each.value_main != fact.value:
            raise row.error(
                "value_main",
                f"the second source was compared with another value of {fact.metric} "
                f"in {each.period}",
                each.value_main,
                f"{fact.value:g}, as on file",
            )
        source = each.source_alt
        rounded = "rounded" in source.source_id or "ROUNDED" in source.how_verified
        tens = rounded or each.value_alt % _TEN_MILLION == 0.0
        allowed = _TEN_MILLION / 2 if tens else _ROUNDING
        yield Comparison(each.metric, each.period, each.value_main, each.value_alt, allowed)


def second_sources(data: Path, facts: Facts, known: Mapping[str, Source], since: str) -> list[str]:
    """The metrics of which a quarter from ``since`` on has a second source, as often as one has."""
    found = _seconds(data, facts, known)
    rows = [
        (each.metric, each.period)
        for each, _ in found
        if "Q" in each.period and each.period >= since
    ]
    latest = dict(rows)
    return [metric for metric, period in rows if latest[metric] == period]


def _seconds(
    data: Path, facts: Facts, known: Mapping[str, Source]
) -> tuple[tuple[_Second, Row], ...]:
    file = f"companies/{facts.company.folder}/crosscheck.csv"
    names = {"metric": facts.metrics, "source_main": known, "source_alt": known}
    there = (data / file).is_file()
    return with_rows(data, file, _Second, names) if there else ()


# ---- size and sign --------------------------------------------------------------------------


SIZE = "size beside neighbours"  # How verify and the table of tolerances call the check of size

_UNIT = 200.0  # From this many times the figure of the year before the unit is likely to be another
_JUMP = 3.0
"""What grows or falls by more within a year is asked for: 5 % of the figures on file are."""
_OUT_OF_SIZE = 8.0
"""So many times both its neighbours, a figure on file is a mistake or a listed exception."""
_ENOUGH = 8  # Figures that show on which side of nothing a metric lies
_WHOLE = 100.0  # per cent
_SIZED = frozenset({"flow", "stock", "average", "trailing"})
_FREQUENCIES: tuple[Freq, Freq] = ("quarter", "year")


def doubt(facts: Facts, metric: str, period: str, value: float) -> str:
    """What speaks against a figure that is not on file yet; empty where nothing does."""
    known = facts.metrics[metric]
    every = [facts.series(metric, freq) for freq in _FREQUENCIES]
    signed = [fact.value for series in every for fact in series.values()]
    if len(signed) >= _ENOUGH and (value < 0.0 <= min(signed) or max(signed) < 0.0 < value):
        return f"{'below' if value < 0.0 else 'above'} 0, as it never was"
    if known.unit == "percent":
        return f"{value:g} per cent" if abs(value) > _WHOLE else ""
    annual = "Q" not in period
    earlier = {when: fact.value for when, fact in every[annual].items() if when < period}
    when = str(int(period) - 1) if annual else str(Quarter(period).plus(-4))
    when = when if when in earlier else max(earlier, default="")
    then = earlier.get(when, 0.0)
    if known.nature == "event" or not then:
        return ""
    beside = f"{then:,.6g} in {when}"
    times = value / then
    if times <= 0.0:
        return f"{beside}: {'another sign' if value else 'nothing now'}"
    apart = max(times, 1.0 / times)
    unit = ": another unit?" if apart >= _UNIT else ""
    return f"{times:,.3g} times the {beside}{unit}" if apart > _JUMP else ""


def out_of_size(facts: Facts, left: Collection[str] = ()) -> Iterator[Comparison]:
    """Each figure that adds up or stands against the nearer of its neighbours on file.

    What is ``left`` of other figures may be of any size, and so may lines that have been below
    nothing (interest and other): an identity holds them.
    """
    for name in (each for each in facts.names() if each not in left):
        for freq in _FREQUENCIES:
            series = facts.series(name, freq)
            values = [fact.value for fact in series.values()]
            if facts.metrics[name].nature not in _SIZED or min(values, default=0.0) < 0.0:
                continue
            for i, (period, value) in enumerate(zip(series, values, strict=True)):
                beside = [v for v in (*values[max(0, i - 1) : i], *values[i + 1 : i + 2]) if v]
                if not value or not beside:
                    continue
                near = min(beside, key=lambda other: abs(math.log(value / other)))
                inside = min(max(value, near / _OUT_OF_SIZE), near * _OUT_OF_SIZE)
                yield Comparison(name, period, value, inside, 0.0)
