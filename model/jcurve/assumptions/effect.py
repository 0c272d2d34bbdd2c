"""Values that can change nothing: refused where that is certain, said where it is likely.

A stated year that comes after the end of its path is refused, since whoever states it means it
to count. A value that another one makes idle, such as a first useful life that later changes
override, is accepted and said, since the other may be changed next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.document import Place
from jcurve.assumptions.paths import Path
from jcurve.ground.errors import ScenarioError
from jcurve.ground.quarters import FIRST_YEAR, QUARTERS_IN_YEAR, Quarter

__all__ = ["idle_values", "refuse_beyond_end"]

Items = Mapping[str, Assumption]


@dataclass(frozen=True, slots=True)
class _End:
    """The last quarter in which a path counts, and what rules after it."""

    date: str
    then: str


_ENDS: Mapping[str, _End] = {
    "capex.total": _End("capex.planned_through", "the fleet rule (fleet.share, fleet.years)"),
    "market.growth": _End("market.near_through", "market.growth_far"),
    "costs.core_growth": _End("costs.guided_through", "costs.core_elasticity"),
    "sector.fleet": _End("sector.sourced_through", "sector.spending_growth"),
}


@dataclass(frozen=True, slots=True)
class _Idle:
    """Keys that count only while another assumption has another value than ``at``.

    A last ``*`` of the keys and of ``other`` is the same member.
    """

    keys: tuple[str, ...]
    other: str
    at: str


_IDLE: tuple[_Idle, ...] = (
    _Idle(("programme.scales_talent",), "programme.scale", "1"),
    _Idle(("capex.response_lag",), "capex.response_share", "0"),
    _Idle(("tax.research_share", "tax.research_life"), "tax.research_capitalised", "0"),
    _Idle(
        ("life.early_retirement_age.*", "life.salvage_share.*", "life.sellable_share.*"),
        "life.early_retirement_share.*",
        "0",
    ),
)
_RUN_OFF = ("returns.run_off_from", "returns.terminal_treatment", "run_off")
_BOOK, _FOLLOWS = "life.book.", "life.changes_share."
_CHANGES, _REST_FROM = "life.change", "life.rest_follows_from"


def refuse_beyond_end(before: Items, after: Items, changed: Mapping[str, Place]) -> None:
    """Refuse a period stated beyond the end of its path.

    Args:
        before: what is changed.
        after: the result.
        changed: where the changed assumptions were written, by key.

    Raises:
        ScenarioError: see above.
    """
    for key, end in _ENDS.items():
        if key not in changed or end.date not in after:
            continue
        now, was = after[key], before[key]
        last = after[end.date].row()[0]
        beyond = _stated_beyond(now.value, was.value, last)
        if beyond:
            raise ScenarioError(
                f"a value after the end of {key}, where {end.then} holds",
                where=str(changed[key]),
                received=beyond,
                allowed=f"up to {Quarter.at(last)}, or a later {end.date} beside it",
            )


def _stated_beyond(now: object, was: object, last: float) -> str:
    """The first point after ``last`` that says anything new, as a label."""
    if not isinstance(now, Path):
        return ""
    for period, value in now.points:
        if _first_quarter(now, period) <= last:
            continue
        if not isinstance(was, Path) or was.by != now.by or was.at(period) != value:
            return now.label(period)
    return ""


def _first_quarter(path: Path, period: int) -> int:
    return period if path.by == "quarter" else (period - FIRST_YEAR) * QUARTERS_IN_YEAR


def idle_values(items: Items, base: Items) -> Mapping[str, str]:
    """What is set otherwise than in the base scenario and changes nothing: why, by key."""
    moved = [
        item
        for key, item in items.items()
        if key in base and not item.derived and item.value != base[key].value
    ]
    told = ((item.key, "; ".join(_idle(item, items))) for item in moved)
    return MappingProxyType({key: text for key, text in told if text})


def _idle(item: Assumption, items: Items) -> Iterator[str]:
    if item.key.startswith(_BOOK):
        yield from _overridden(item, items)
    if item.key == _CHANGES:
        yield from _history(item)
    for rule in _IDLE:
        for pattern in rule.keys:
            member = item.key.removeprefix(pattern.removesuffix("*"))
            if item.key != (pattern.removesuffix("*") + member if "*" in pattern else pattern):
                continue
            other = items.get(rule.other.replace("*", member))
            if other is not None and (other.row() == float(rule.at)).all():
                yield f"{item.key} changes nothing while {other.key} is {rule.at}"
    key, treatment, wanted = _RUN_OFF
    if item.key == key and treatment in items and items[treatment].text() != wanted:
        yield f"{key} changes nothing unless {treatment} is {wanted}"


def _overridden(item: Assumption, items: Items) -> Iterator[str]:
    """A first useful life: only a class that follows no change keeps it."""
    follows = items.get(_FOLLOWS + item.key.removeprefix(_BOOK))
    changes = items[_CHANGES].value if _CHANGES in items else ()
    if follows is None or not isinstance(changes, tuple) or not changes:
        return
    last, rest = changes[-1].date, items.get(_REST_FROM)
    takes_all = rest is None or last >= rest.row()[0]
    if (follows.row() > 0).all() and takes_all:
        yield (
            f"{item.key} is overridden by the change of useful life in {Quarter.at(last)}: it "
            f"moves past depreciation only; set {_CHANGES}.2027Q1 for a life to come"
        )


def _history(item: Assumption) -> Iterator[str]:
    """Changes of useful life of the past, which a later one overrides or which are left out."""
    book = item.book.value
    assert isinstance(item.value, tuple)
    assert isinstance(book, tuple)
    made = {change.date: change.life for change in item.value}
    missing = [Quarter.at(change.date) for change in book if change.date not in made]
    if missing:
        yield f"{item.key} replaces all changes and leaves out {', '.join(missing)}"
    for earlier, later in pairwise(item.value):
        if earlier not in book and later in book:
            yield (
                f"{item.key}.{Quarter.at(earlier.date)} is overridden by the change of "
                f"{Quarter.at(later.date)}: it moves depreciation until then only"
            )
