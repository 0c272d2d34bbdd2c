"""How a control writes an assumption's values: in per cent and billions, as analysts do.

A control's text always leaves with its unit (``9.5 percent``), so that it means the same
in an override, in a scenario file and on the command line.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from jcurve.assumptions import Assumption, Path
from jcurve.assumptions.fields import number_text
from jcurve.assumptions.paths import CHOICE, DATE, SWITCH
from jcurve.ground.units import UNITS, convert

__all__ = ["Scale", "scale_of"]

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_LARGE = 1000.0
_STEPS = 200
_WORDS = {"percent": "%", "percent per year": "% a year", "x": "×"}


@dataclass(frozen=True, slots=True)
class Scale:
    """The unit that a control shows.

    Attributes:
        unit: a name of :data:`jcurve.ground.units.UNITS`, into which the key's unit converts.
        own: the key's unit.
        choices: the names of a choice.
    """

    unit: str
    own: str
    choices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The unit beside a number; empty for dates, switches and choices."""
        if self.unit in (DATE, SWITCH, CHOICE, "index"):
            return ""
        return _WORDS.get(self.unit, self.unit)

    def shown(self, value: float) -> float:
        """A value of the key's unit in this one."""
        if self.unit == self.own:
            return value
        return convert(value, UNITS[self.own], UNITS[self.unit])

    def text(self, value: float) -> str:
        """A value of the key's unit as a control writes it, to a dozen digits, without unit."""
        if self.unit in (DATE, CHOICE):
            return number_text(value, self.unit, self.choices)
        return plain(self.shown(value))

    def given(self, text: str) -> str:
        """What was typed, with the shown unit where it is a bare number."""
        if self.unit in (DATE, SWITCH, CHOICE) or not _NUMBER.fullmatch(text):
            return text.strip()
        return f"{text.strip().removeprefix('+')} {self.unit}"

    def table(self, path: Path) -> str:
        """A path as an override: a table by period, each value with its unit."""
        points = (f"{path.label(at)}: {self.given(self.text(v))}" for at, v in path.points)
        return f"{{{', '.join(points)}}}"


def scale_of(item: Assumption) -> Scale:
    """Per cent for shares and rates, billions for large amounts, else the key's own unit."""
    if item.unit == "share":
        return Scale("percent", item.unit)
    if item.unit == "per year":
        return Scale("percent per year", item.unit)
    if item.unit == "USD m" and not isinstance(item.value, tuple):
        sizes = [*abs(item.row()), *abs(item.lows()), *abs(item.highs())]
        if max(sizes) >= _LARGE:
            return Scale("USD bn", item.unit)
    return Scale(item.unit, item.unit, item.choices)


def plain(number: float) -> str:
    """Digits without groups, no more than a dozen: what a text field holds."""
    if number == round(number) and abs(number) < 1e15:
        return f"{number:.0f}"
    shown = f"{number:.12g}"
    return shown if "e" not in shown else f"{number:.15f}".rstrip("0")


def slider(item: Assumption, scale: Scale) -> dict[str, float] | None:
    """Ends and step of a slider over the range and half as much beyond, within the bounds; of a
    list of changes over the life that the next one brings.

    Returns:
        In the shown unit: min, max, step, and the range's low and high; None without a range.
    """
    if not item.has_range or isinstance(item.value, Path) or item.unit in (SWITCH, CHOICE):
        return None
    low, high = scale.shown(float(item.lows()[0])), scale.shown(float(item.highs()[0]))
    value = scale.shown(float(item.row()[0]))
    margin = (high - low) / 2
    ends = [min(low - margin, value), max(high + margin, value)]
    if item.bounds is not None:
        floor, ceiling = (scale.shown(bound) for bound in item.bounds)
        ends = [max(ends[0], floor), min(ends[1], ceiling)]
    step = 1.0 if item.unit == DATE else _round_step((ends[1] - ends[0]) / _STEPS)
    # A slider's ends are whole steps, and never beyond what is accepted.
    first, last = math.ceil(ends[0] / step - 1e-9), math.floor(ends[1] / step + 1e-9)
    if last <= first:
        return None
    found = {"min": first * step, "max": last * step, "step": step, "low": low, "high": high}
    return {name: float(f"{each:.12g}") for name, each in found.items()}


def _round_step(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least ``step``."""
    power = 10.0 ** math.floor(math.log10(step))
    return float(next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= step * (1 - 1e-9)))
