"""Values that can change nothing: refused where they are stated, else said.

A stated year that comes after the end of its path is refused, since whoever states it means it to
count. A value that another one makes idle, such as the salvage of machines none of which is
retired early, is accepted and said, since the other may be changed next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from jcurve.assumptions.assumption import Assumption
from jcurve.assumptions.nodes import Place
from jcurve.assumptions.paths import Path
from jcurve.ground.quarters import FIRST_YEAR, QUARTERS_IN_YEAR, Quarter

Items: TypeAlias = Mapping[str, Assumption]


class End(NamedTuple):
    """The last quarter in which a path counts, and what rules after it."""

    date: str
    then: str


class Idle(NamedTuple):
    """Why a value changes nothing."""

    ruling: str  # of the assumption that makes it idle; empty where nothing could change that
    text: str  # the reason, in keys
    words: str  # the reason, in labels
    partly: bool = False  # it still moves what is past


_ENDS: Mapping[str, End] = {
    "capex.total": End("capex.planned_through", "the fleet rule (fleet.share, fleet.years)"),
    "market.growth": End("market.near_through", "market.growth_far"),
    "costs.core_growth": End("costs.guided_through", "costs.core_elasticity"),
    "sector.fleet": End("sector.sourced_through", "sector.spending_growth"),
}
_CHANNEL = "addressable value value_growth start ramp cannibalised compute_use margin"
_IDLE: Mapping[str, tuple[str, str]] = {
    "programme.scales_talent": ("programme.scale", "1"),
    "capex.response_lag": ("capex.response_share", "0"),
    "tax.research_share": ("tax.research_capitalised", "0"),
    "tax.research_life": ("tax.research_capitalised", "0"),
    "lease.start_delay": ("lease.yearly_signings", "0"),
    "venture.outstanding": ("venture.on_balance", "0"),
    "market.reaction_to_capex": ("market.capex_surprise", "0"),
    "market.reaction_to_revenue": ("market.revenue_surprise", "0"),
    "market.event_move": ("market.exposure", "0"),
    "life.early_retirement_age.*": ("life.early_retirement_share.*", "0"),
    "life.salvage_share.*": ("life.early_retirement_share.*", "0"),
    "life.sellable_share.*": ("life.early_retirement_share.*", "0"),
    **{f"saving.{name}.*": ("saving.rate.*", "0") for name in ("base_share", "start", "ramp")},
    **{f"channel.{name}.*": ("channel.probability.*", "0") for name in _CHANNEL.split()},
}
"""Keys that change nothing while another assumption has a value; a last ``*`` is one member."""

_NOT_DEPRECIATED = frozenset(
    f"{family}.land"
    for family in (
        "life.book", "life.changes_share", "life.early_retirement_share",
        "life.early_retirement_age", "life.salvage_share", "life.sellable_share",
        "tax.bonus_eligible", "tax.five_year_share", "tax.fifteen_year_share",
    )
)  # fmt: skip
_RUN_OFF = ("returns.run_off_from", "returns.terminal_treatment", "run_off")
_BOOK, _FOLLOWS = "life.book.", "life.changes_share."
_CHANGES, _REST_FROM = "life.change", "life.rest_follows_from"


def end_of(key: str, items: Items) -> tuple[float, End] | None:
    """The last quarter in which a path counts, and what rules after it; None where all do."""
    end = _ENDS.get(key)
    return None if end is None or end.date not in items else (items[end.date].row()[0], end)


def refuse_beyond_end(before: Items, after: Items, changed: Mapping[str, Place]) -> None:
    """Refuse a period stated beyond the end of its path."""
    for key in changed.keys() & _ENDS.keys():
        found = end_of(key, after)
        if found is None:
            continue
        last, end = found
        beyond = _stated_beyond(after[key].value, before[key].value, last)
        if beyond:
            what = f"a value after the end of {key}, where {end.then} holds"
            allowed = f"up to {Quarter.at(last)}, or a later {end.date} beside it"
            raise changed[key].error(what, beyond, allowed)


def _stated_beyond(now: object, was: object, last: float) -> str:
    """The first point after ``last`` that says anything new, as a label."""
    if isinstance(now, Path):
        for period, value in now.points:
            by_quarter = now.by == "quarter"
            first = period if by_quarter else (period - FIRST_YEAR) * QUARTERS_IN_YEAR
            same = isinstance(was, Path) and was.by == now.by and was.at(period) == value
            if first > last and not same:
                return now.label(period)
    return ""


def idle_values(items: Items, base: Items) -> Mapping[str, str]:
    """What is set otherwise than in the base scenario and changes nothing: why, by key."""
    moved = [
        item
        for key, item in items.items()
        if key in base and not item.derived and item.value != base[key].value
    ]
    reasons = ((item.key, "; ".join(each.text for each in idle(item, items))) for item in moved)
    return MappingProxyType({key: text for key, text in reasons if text})


def idle(item: Assumption, items: Items) -> Iterator[Idle]:
    """Why an assumption changes nothing in a scenario; nothing where it does."""
    if item.key in _NOT_DEPRECIATED:
        words = "Land is not depreciated: no effect"
        yield Idle("", f"{item.key} changes nothing: land is not depreciated", words)
        return
    if item.key.startswith(_BOOK):
        yield from _overridden(item, items)
    if item.key == _CHANGES:
        yield from _history(item)
    family, _, member = item.key.rpartition(".")
    ruling, value = _IDLE.get(item.key) or _IDLE.get(f"{family}.*") or ("", "")
    other = items.get(ruling.replace("*", member))
    if other is not None and (other.row() == float(value)).all():
        text = f"{item.key} changes nothing while {other.key} is {value}"
        stands = {"switch": "off"}.get(other.unit, value)
        yield Idle(other.key, text, f"No effect while “{other.called}” is {stands}")
    key, treatment, wanted = _RUN_OFF
    if item.key == key and treatment in items and items[treatment].text() != wanted:
        text = f"{key} changes nothing unless {treatment} is {wanted}"
        words = f"No effect unless “{items[treatment].called}” is {wanted.replace('_', ' ')}"
        yield Idle(treatment, text, words)


def _overridden(item: Assumption, items: Items) -> Iterator[Idle]:
    """A first useful life: only a class that follows no change keeps it."""
    follows = items.get(_FOLLOWS + item.key.removeprefix(_BOOK))
    changes = items[_CHANGES].value if _CHANGES in items else ()
    if follows is None or not isinstance(changes, tuple) or not changes:
        return
    last, rest = changes[-1].date, items.get(_REST_FROM)
    takes_all = rest is None or last >= rest.row()[0]
    if (follows.row() > 0).all() and takes_all:
        text = (
            f"{item.key} is overridden by the change of useful life in {Quarter.at(last)}: it "
            f"moves past depreciation only; set {_CHANGES}.2027Q1 for a life to come"
        )
        words = (
            f"{changes[-1].life:g} years hold since {Quarter.at(last)}: this moves the past only"
        )
        yield Idle(_CHANGES, text, words, partly=True)


def _history(item: Assumption) -> Iterator[Idle]:
    """Changes of useful life of the past, which a later one overrides or which are left out."""
    book = item.book.value
    assert isinstance(item.value, tuple)
    assert isinstance(book, tuple)
    made = {change.date for change in item.value}
    missing = [Quarter.at(change.date) for change in book if change.date not in made]
    if missing:
        text = f"{item.key} replaces all changes and leaves out {', '.join(missing)}"
        yield Idle("", text, f"Leaves out {', '.join(missing)}", partly=True)
    for earlier, later in pairwise(item.value):
        if earlier not in book and later in book:
            until = f"the change of {Quarter.at(later.date)}"
            at = Quarter.at(earlier.date)
            text = (
                f"{item.key}.{at} is overridden by {until}: it moves depreciation until then only"
            )
            words = f"The life of {at} is overridden by {until}"
            yield Idle("", text, words, partly=True)
