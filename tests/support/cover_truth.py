"""Signed numbers of a report's head, held to the case and to what its exhibits show: each must be
there with its sign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jcurve.engine.model import VIEWS
from jcurve.figures.display import Cover, Displayed, words
from jcurve.figures.exhibit import Exhibit, TableExhibit
from jcurve.figures.lens import Lens
from jcurve.ground.numbers import MILLIONS
from tests.support import title_truth
from tests.support.title_truth import Seen

__all__ = ["complaints", "undetected"]

_YEARLY = ("free_cash_flow", "net_cash")


def complaints(
    items: Iterable[Displayed], charts: dict[str, Seen], names: Mapping[str, Any]
) -> list[str]:
    """Signed numbers that are not so."""
    known = [*_known(items, charts, names)]
    return [f"cover: {each}: {text}" for text in _texts(items) for each in _wrong(text, known)]


def undetected(
    items: Iterable[Displayed], charts: dict[str, Seen], names: Mapping[str, Any]
) -> list[str]:
    """Texts with one sign turned that would pass all the same."""
    known = [*_known(items, charts, names)]
    turned = (other for text in _texts(items) for other in title_truth.turned(text))
    return [f"cover: {other}" for other in turned if not _wrong(other, known)]


def _texts(items: Iterable[Displayed]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Cover):
            figures = [part for each in item.figures for part in (each.value, each.note)]
            summary = (words(runs) for runs in item.summary)
            every = [item.title, item.running, item.subtitle, *figures, *summary]
            yield from (text.replace("\N{NO-BREAK SPACE}", " ") for text in every if text)


def _wrong(text: str, known: list[float]) -> list[str]:
    """Signed numbers that are nothing known; one whose sign has gone may be a loss in words."""
    wrong = []
    for claim, near, _ in title_truth.claims(text):
        value = title_truth.number_of(claim)
        sizes = [each for each in known if abs(abs(each) - abs(value)) <= near]
        said = claim["sign"] is None and title_truth.is_loss(text, claim)
        if (claim["sign"] or sizes) and not said and not any(each * value >= 0 for each in sizes):
            wrong.append(claim[0])
    return wrong


def _known(
    items: Iterable[Displayed], charts: dict[str, Seen], names: Mapping[str, Any]
) -> Iterator[float]:
    own = [names["lens"]] if "lens" in names else [Lens(names["case"], names["given"].view)]
    known = names.get("known")
    for lens in [*own, *names.get("lenses", ()), *(known.beside if known else ())]:
        for each in filter(None, (lens, lens.filed)):
            yield from _of_case(each)
    if known:
        yield from (change / MILLIONS for change in known.events.values())
        for driver in known.drivers:
            yield from (driver.effect_at_low / MILLIONS, driver.effect_at_high / MILLIONS)
    if own[0].is_open and known:
        yield from (each.npv_go_forward / MILLIONS for each in own[0].scale_study.points)
        yield own[0].scale_study.best.npv_go_forward / MILLIONS
    if "day" in names:
        yield from _of_day(names["day"])
    for item in items:
        if isinstance(item, Exhibit | TableExhibit):
            yield from title_truth.every(title_truth.seen_in(item, charts))


def _of_case(lens: Lens) -> Iterator[float]:
    views = [Lens(lens.case, view, lens.project) for view in VIEWS]
    for each in views:
        values = (each.figure(n) for n, f in each.headlines.items() if f["unit"] != "quarter")
        yield from (scale * value for value in values if value is not None for scale in (1, 100))
    yield views[0].npv - views[1].npv
    for name in _YEARLY:
        yield from lens.bn(name, "with")


def _of_day(day: Any) -> Iterator[float]:
    for miss in day.misses:
        yield from (x for x in ((miss.share or 0.0) * 100, (miss.amount or 0.0) / MILLIONS))
    for change in day.revision.changes:
        yield change.amount / MILLIONS
        yield from (part.amount / MILLIONS for part in change.parts)
