"""What a reported quarter moves in scenario files, and what it leaves to judgement, by name.

A scenario is text here, changed line by line, so that its comments and its order stay.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from jcurve.facts.companies import Company
from jcurve.facts.disclosures import Guidance
from jcurve.facts.registers import evidence
from jcurve.ground.project import Project
from jcurve.ground.quarters import Quarter

__all__ = ["BASE", "moved_dates", "moved_range", "plan_of", "waiting"]

_FOLLOWING: Mapping[str, int] = MappingProxyType(
    {"valuation.date": 0, "programme.last_spending": 0, "programme.start": 0,
     "returns.run_off_from": 1}
)  # fmt: skip
"""Assumptions whose dates, of value or bounds, move with the last reported quarter, and how many
quarters after it they stand."""
BASE, _PLAN = "base", "capex.total"
_SET_BY_FIGURES = ("guided", "reported", "estimate")


def moved_dates(text: str, old: str, new: Quarter, released: str) -> str:
    """A scenario file whose dates at the last reported quarter stand at another one."""

    def moved(key: str, line: str) -> str:
        if key == "valuation.date" and line.startswith("    as_of: "):
            return f"    as_of: {released}\n"
        if key not in _FOLLOWING or not re.match(r"    (value|bounds): ", line):
            return line
        after = _FOLLOWING[key]
        return line.replace(Quarter(old).plus(after), new.plus(after))

    return "".join(moved(key, line) for key, line in _lines(text))


def moved_range(text: str, old: Guidance, new: Guidance) -> str:
    """A scenario file whose planned outlay of a guided year, where it is the middle of the range
    that was guided, is that of another one; its range, source and reason move with it."""
    year = new.fiscal_year

    def amount(which: str, guided: Guidance) -> str:
        plain = guided.in_millions
        level = {"value": plain.middle, "low": plain.low, "high": plain.high}[which]
        return f"{year}: {level:.15g}"

    wording = [(f"{each.low:g}-{each.high:g} bn", each.as_of) for each in (old, new)]

    def moved(key: str, line: str) -> str:
        name = line.strip().partition(":")[0]
        if key != _PLAN:
            return line
        if name in ("value", "low", "high"):
            return re.sub(rf"\b{re.escape(amount(name, old))}\b", amount(name, new), line)
        (words, day), (new_words, new_day) = wording
        was, now = {
            "source": (old.source.source_id, new.source.source_id),
            "as_of": (day, new_day),
            "rationale": (words, new_words),
        }.get(name, ("", ""))
        return re.sub(rf"\b{re.escape(was)}\b", now, line) if was else line

    if plan_of(text, year) != old.in_millions.middle:
        return text
    return "".join(moved(key, line) for key, line in _lines(text))


def plan_of(text: str, year: str) -> float | None:
    """The planned outlay of a year as a scenario file has it, USD m; None where it has none."""
    found = (
        re.search(rf"\b{year}: (\d+)", line)
        for key, line in _lines(text)
        if key == _PLAN and line.startswith("    value:")
    )
    return next((float(each[1]) for each in found if each), None)


def waiting(text: str, owner: Company, quarter: Quarter, project: Project) -> Iterator[str]:
    """Assumptions of the base scenario that the figures of a quarter may move, in sentences.

    They are those that hold a value of its fiscal year or rest on what was known with the quarter
    before, and dates at which nothing was reported yet.
    """
    import yaml

    given: Mapping[str, Mapping[str, object]] = yaml.safe_load(text)["assumptions"]
    year, last = int(owner.fiscal_year(quarter)), owner.last_results or ""
    cited = evidence(project)
    then = _known_with(quarter.plus(-1), last)
    old, at = [], []
    for key, each in given.items():
        value, source = each.get("value"), each.get("source")
        names = source if isinstance(source, list) else []
        own = [str(cited[name].as_of) for name in names if name in cited]
        fixed = isinstance(value, Mapping) and year in value and str(each["as_of"]) >= last
        if key in _FOLLOWING or (key == _PLAN and str(each["as_of"]) > last):
            continue  # moved with the quarter
        if value == str(quarter):
            at.append(key)
        elif (fixed and each["kind"] in _SET_BY_FIGURES) or any(day in then for day in own):
            old.append(key)
    if old:
        yield f"your judgement: base keeps what rests on figures before {quarter}: {', '.join(old)}"
    if at:
        yield f"your judgement: base has these begin in {quarter}, reported now: {', '.join(at)}"


def _known_with(quarter: Quarter, day: str) -> frozenset[str]:
    """How evidence dates what became known with a quarter."""
    number, year = quarter[-1], quarter[:4]
    dates = [quarter.last_day, *([datetime.date.fromisoformat(day)] if day else [])]
    written = {f"{each.day} {each:%b %Y}" for each in dates} | {f"{each:%b %Y}" for each in dates}
    return frozenset(
        written | {quarter, f"Q{number} {year}", f"Q{number}_{year[2:]}", f"Q{number} {year} call"}
    )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the assumption that it is of."""
    key = ""
    for line in text.splitlines(keepends=True):
        entry = re.match(r"  (\S+):\s*(?:#.*)?$", line)
        key = entry[1] if entry else key
        yield key, line
