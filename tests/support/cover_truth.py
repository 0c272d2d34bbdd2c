"""Signed numbers of a report's head, held to the case: each must be there with its sign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jcurve.engine.model import VIEWS
from jcurve.figures.display import Cover, Displayed, words
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import MILLIONS
from tests.support import title_truth

__all__ = ["complaints"]

_YEARLY = ("free_cash_flow", "net_cash")


def complaints(items: Iterable[Displayed], names: Mapping[str, Any]) -> list[str]:
    """Signed numbers that are not so."""
    every = _signed(items)
    return [f"cover: {said}: {t}" for t, said, v, near in every if not _is(v, near, t, names)]


def _is(value: float, near: float, text: str, names: Mapping[str, Any]) -> bool:
    known = _events(names) if text.startswith("What could go wrong") else _known(names, text)
    return any(abs(each - value) <= near for each in known)


def _events(names: Mapping[str, Any]) -> Iterator[float]:
    return (change / MILLIONS for change in names["known"].events.values())


def _signed(items: Iterable[Displayed]) -> Iterator[tuple[str, str, float, float]]:
    """Each signed number with its text, its value and half its last digit."""
    for text in _texts(items):
        for claim, near, _ in title_truth.claims(text):
            if claim["sign"]:
                yield text, claim[0], title_truth.number_of(claim), near


def _texts(items: Iterable[Displayed]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Cover):
            figures = [part for each in item.figures for part in (each.value, each.note)]
            summary = (words(runs) for runs in item.summary)
            every = [item.title, item.running, item.subtitle, *figures, *summary]
            yield from (text.replace("\N{NO-BREAK SPACE}", " ") for text in every if text)


def _known(names: Mapping[str, Any], text: str) -> Iterator[float]:
    own = [names["lens"]] if "lens" in names else [Lens(names["case"], names["given"].view)]
    known = names.get("known")
    for lens in [*own, *names.get("lenses", ()), *(known.beside if known else ())]:
        for each in filter(None, (lens, lens.filed)):
            yield from _of_case(each)
    if known:
        for driver in known.drivers if text.startswith("What to watch") else ():
            yield from (driver.effect_at_low / MILLIONS, driver.effect_at_high / MILLIONS)
    if own[0].is_open and known:
        yield from (each.npv_go_forward / MILLIONS for each in own[0].scale_study.points)
        yield own[0].scale_study.best.npv_go_forward / MILLIONS
    if "day" in names:
        yield from _of_day(names["day"])


def _of_case(lens: Lens) -> Iterator[float]:
    views = [Lens(lens.case, view, lens.project) for view in VIEWS]
    for each in views:
        found = ((name, told["value"]) for name, told in each.headlines.items())
        for name, value in found:
            if isinstance(value, int | float):
                number = (each.figure(name) or 0.0) * (100 if name.startswith("irr") else 1)
                # "short" says the sign of what is not recovered.
                yield -number if name == "unrecovered_balance" else number
    yield views[0].npv - views[1].npv
    for name in _YEARLY:
        yield from lens.bn(name, "with")


def _of_day(day: Any) -> Iterator[float]:
    for miss in day.misses:
        yield from (x for x in ((miss.share or 0.0) * 100, (miss.amount or 0.0) / MILLIONS))
    for change in day.revision.changes:
        yield change.amount / MILLIONS
        yield from (part.amount / MILLIONS for part in change.parts)
