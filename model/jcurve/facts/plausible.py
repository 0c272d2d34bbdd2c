"""Whether a figure can be what it says: held against the figures before it.

A release typed in thousands, a cost with a minus, another line's number: each is arithmetic that
an identity may miss. A new figure that is hard to believe is asked for, and enters once somebody
says why it is so; one on file that is out of size is a failure unless a tolerance lists it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from jcurve.facts.identities import Comparison
from jcurve.facts.reported import Facts, Freq
from jcurve.ground.quarters import Quarter

__all__ = ["SIZE", "doubt", "out_of_size"]

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
