"""Readings held to what their exhibits show: the sentences beside an exhibit, as its title is.

A number must be shown by the exhibit, or be what ``_MORE`` works out anew from its rows, from the
case, or from the answers that the report asked for; a rise, a fall, who is largest and on which
side of a guided range something lies must be so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from jcurve.figures import basis
from jcurve.figures.display import Displayed, words
from jcurve.figures.exhibit import Exhibit, TableExhibit
from jcurve.figures.lens import Lens
from tests.support import clause_truth, cover_truth, direction_truth, house_words, title_truth
from tests.support.report_cells import coarse, executed
from tests.support.title_truth import Seen

__all__ = ["complaints", "held", "undetected"]

Names: TypeAlias = Mapping[str, Any]
"""What the cells of a report named: its lens, its simulation and so on."""

_SENTENCE = re.compile(r"(?<=[.;:]) ")
_QUOTED = ("assumption-book", "sources", "weighed", "what-if")
"""Readings that list what somebody has stated."""
_UNCOUNTED = re.compile(r"is its low end|below 1e-\d+|All ranges vary at once, over")
"""A power of ten, how many scenarios were evaluated, what the ends of a scale are called."""
_AMOUNT = title_truth.NUMBER.pattern.replace("?P<", "?P<{0}_")
_WAYS = {
    "rises": (r"(?:rises|grows) from {a}[^.;]*? to {b}", 1),
    "falls": (r"falls from {a}[^.;]*? to {b}", -1),
    "then falls": (r"{a}[^.;]*?, then falls to {b}", -1),
}


def _way(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.format(a=_AMOUNT.format("a"), b=_AMOUNT.format("b")))


_ORDERED = [(name, _way(pattern), sign) for name, (pattern, sign) in _WAYS.items()]


def _lens(names: Names) -> Lens:
    found = names["lens"]
    assert isinstance(found, Lens)
    return found


def _rows(lens: Lens, name: str, first: int, last: int | None = None) -> np.ndarray:
    return np.array(lens.bn(name, "with", first, last))


def _capex(seen: Seen, names: Names) -> list[float]:
    lens = _lens(names)
    now = lens.first_forecast_year
    last = round(max(bar.get_x() + bar.get_width() / 2 for bar in seen.bars))
    ours = sum(lens.bn("capex", "with", now, last))
    return [ours, ours - sum(lens.bn("capex", lens.other, now, last))]


def _cash_flow(_: Seen, names: Names) -> list[float]:
    lens = _lens(names)
    now = lens.first_forecast_year
    return [_rows(lens, name, now).sum() for name in ("free_cash_flow", "repurchases")]


def _depreciation(seen: Seen, names: Names) -> list[float]:
    lens = _lens(names)
    filed = next(pair for pair in seen.series if 2 < pair[0].size < 8 and pair[1].any())
    first = int(filed[0][0])
    ours = _rows(lens, "property_depreciation", first)
    theirs = np.array(lens.bn("property_depreciation", lens.other, first))
    known = filed[1] > 0
    off = abs(ours[: known.size][known] / filed[1][known] - 1)[-5:]
    caught = sum(
        _rows(lens, f"catch_up.{each}", lens.first_forecast_year).sum()
        for each in lens.members("asset_class")
    )
    return [100 * off.max(), (ours - theirs).sum(), caught]


def _growth(seen: Seen, names: Names) -> list[float]:
    lens = _lens(names)
    market = np.array(lens.values("market_growth_on_year", None, lens.plan_end + 1))
    sold = _rows(lens, "advertising", lens.plan_end)
    first = int(np.nanmin(seen.series[0][0]))
    fleet = lens.values("fleet_over_frontier", "with", first)
    above = sold[1:] / sold[:-1] - 1 - market
    return [*title_truth.every(seen), 100 * above.min(), 100 * max(fleet), 100 * fleet[-1]]


def _errors(seen: Seen, _: Names) -> list[float]:
    """Of forecasts as dots over bars of what came: their mean absolute error."""
    actual = {round(b.get_x() + b.get_width() / 2): b.get_height() for b in seen.bars}
    points = [(round(x), y) for xs, ys in seen.series for x, y in zip(xs, ys, strict=True)]
    bars = {round(height, 9) for height in actual.values()}
    dots = [(x, y) for x, y in points if x in actual and round(y, 9) not in bars]
    return [100 * float(np.mean([abs(y / actual[x] - 1) for x, y in dict.fromkeys(dots)]))]


def _last_dollars(_: Seen, names: Names) -> list[float]:
    found = _lens(names).marginal
    rates = [found.years[0].last, found.years[0].average, found.whole]
    sizes = [found.years[0].last.amount / 1000]
    return [*sizes, *(x for r in rates for x in (100 * r.rate, 100 * r.npv_per_dollar))]


def _prices(_: Seen, names: Names) -> list[float]:
    line = _lens(names).prices[0]
    return [line.value_per_share, 100 * line.wacc, *map(float, line.half_a_point)]


def _scale(seen: Seen, names: Names) -> list[float]:
    study = _lens(names).scale_study
    best = study.best
    said = re.findall(r"\d+\.\d+", f"{best.low_from} {best.high_from}")
    ends = [100 * best.low, 100 * best.high, 100 * study.best_talent_scaled]
    return [*map(float, said), *ends, *title_truth.peak(seen)]


def _beliefs(seen: Seen, names: Names) -> list[float]:
    found = _lens(names).belief_map
    on_lines = title_truth.crossing(seen)
    ratios = [each * 1000 / found.case[1] for each in on_lines]
    return [*on_lines, *ratios, found.case[0], *found.elasticity_range]


def _distribution(_: Seen, names: Names) -> list[float]:
    from jcurve.analysis.overview import npv_of

    output = npv_of(_lens(names).view)
    own = next(each for each in names["drawn"].risk.spreads if each.output == output)
    errors = [own.mean.error / 1000, 100 * own.below_zero.error]
    return [own.mean.value / 1000, *errors, 95.0]


def _early(_: Seen, names: Names) -> list[float]:
    found = names["early"]
    return [100 * abs(each.error) for each in found.targets if each.year > found.through]


def _draws(_: Seen, names: Names) -> list[float]:
    plan = names["drawn"].run.plan
    return [plan.draws, names["drawn"].run.asked, plan.scrambles, plan.draws / plan.scrambles]


def _uplift(_: Seen, names: Names) -> list[float]:
    lens = _lens(names)
    own = lens.number("advertising_compute_elasticity")
    parts = [100 * lens.number(f"lever_share.{name}") for name in lens.members("lever")]
    return [own, 100 * (2**own - 1), *parts]


def _action(_: Seen, names: Names) -> list[float]:
    found = names["asked"].consequences(names["reviewed"])
    shares = (found.compute, found.advertising, found.served, found.bearable or 0.0)
    return [100 * abs(each) for each in shares]


_MORE: dict[str, Callable[[Seen, Names], Iterable[float]]] = {
    "against-frontier": lambda _, names: [100 * _lens(names).number("fleet_share")],
    "against-scale": _scale,
    "beliefs": _beliefs,
    "capex": _capex,
    "cash-flow-statement": _cash_flow,
    "comparison": lambda seen, _: title_truth.every(seen),
    "depreciation": _depreciation,
    "depreciation-targets": _early,
    "differences": lambda _, names: [
        len(_lens(names).case.scenario.items) - len(_lens(names).case.differences)
    ],
    "distribution": _distribution,
    "fan": _draws,
    "forecasts-depreciation": _errors,
    "forecasts-free-cash-flow": _errors,
    "growth": _growth,
    "heat": lambda seen, _: [*seen.tiles, 100.0],
    "income-statement": lambda _, names: [
        100 * each for each in _lens(names).ratio("net_income")
    ],
    "jcurve": lambda seen, names: [
        float((y < -0.0005).sum()) / 4 for _, y in seen.lines
    ] + [_lens(names).figure("discounted_payback") or 0.0],
    "kinds": lambda _, names: [
        len(cited := basis.cited_sources(_lens(names).case.scenario)),
        sum(each.is_secondary for each in cited),
    ],
    "last-dollars": _last_dollars,
    "margin-bridge": lambda seen, _: [
        sum(steps := [width for _, width in seen.across()][1:-1]),
        sum(step for step in steps if step > 0),
    ],
    "measures": _draws,
    "peer-required": lambda *_: [60.0],  # the margin that all are given
    "price-implied": _prices,
    "rests-on": _action,
    "tornado": lambda _, names: [len(names["swings"])],
    "uplift": _uplift,
    "variance": lambda *_: [95.0],
}  # fmt: skip


def held(
    report: str, out: Path, without: Sequence[str] = (), **parameters: Any
) -> tuple[dict[str, Any], list[Displayed]]:
    """A report as a run leaves it and what it shows, its sentences held to the house list and its
    titles and readings to what the exhibits show, each of them also made false: its numbers, and
    the words of its title that say a direction."""
    names: dict[str, Any] = {}
    with title_truth.drawn() as charts:
        notebook, shown = executed(report, out, without, names, **parameters)
    wrong = [*house_words.complaints(shown), *title_truth.complaints(shown, charts)]
    wrong += clause_truth.complaints(shown, names)
    passed = title_truth.undetected(shown, charts)
    with coarse():
        wrong += complaints(shown, charts, names)
        wrong += direction_truth.complaints(shown, charts, names)
        wrong += cover_truth.complaints(shown, names)
        passed += undetected(shown, charts, names)
        passed += direction_truth.undetected(shown, charts, names)
    for item in shown:
        if isinstance(item, Exhibit) and "</title>" not in item.svg:
            wrong.append(f"{item.id}: nothing is said of what is pointed at")
    assert not wrong, "\n".join(wrong)
    what = "passes though false; tests/support/title_truth.py says what a number is held to, "
    what += "tests/support/direction_truth.py a word and the sign of an amount:\n"
    assert not passed, what + "\n".join(passed)
    return notebook, shown


def complaints(items: Iterable[Displayed], charts: dict[str, Seen], names: Names) -> list[str]:
    """What readings claim that is not so."""
    found = []
    for item, seen, sentence in _readings(items, charts):
        found += _wrong(item, seen, sentence, names)
        found += [f"{item.id}: {each}: {sentence}" for each in _turned(sentence)]
        found += [f"{item.id}: {each}: {sentence}" for each in _misnamed(seen, sentence)]
    return found


def undetected(items: Iterable[Displayed], charts: dict[str, Seen], names: Names) -> list[str]:
    """Readings with one number made another that would pass all the same."""
    return [
        f"{item.id}: {' / '.join(others)}"
        for item, seen, sentence in _readings(items, charts)
        for others in title_truth.falsified(sentence)
        if not any(_wrong(item, seen, other, names) for other in others)
    ]


def _readings(
    items: Iterable[Displayed], charts: dict[str, Seen]
) -> Iterator[tuple[Exhibit | TableExhibit, Seen, str]]:
    for item in items:
        if isinstance(item, Exhibit | TableExhibit) and item.id not in _QUOTED:
            seen = title_truth.seen_in(item, charts)
            told = words(item.reading).replace("\N{NO-BREAK SPACE}", " ")
            for sentence in _SENTENCE.split(told):
                if sentence and not _UNCOUNTED.search(sentence):
                    yield item, seen, sentence


def _wrong(item: Exhibit | TableExhibit, seen: Seen, sentence: str, names: Names) -> list[str]:
    more = _MORE.get(item.id)
    if item.id == "drivers":
        assert isinstance(item, TableExhibit)
        judged = [row for row in item.rows if row.cells[3] == "judgement"]
        return title_truth.wrong(item, seen, sentence, [float(len(judged))])
    return title_truth.wrong(item, seen, sentence, list(more(seen, names)) if more else ())


def _turned(sentence: str) -> list[str]:
    """A rise that is a fall, or the other way about."""
    wrong = []
    for name, pattern, sign in _ORDERED:
        for found in pattern.finditer(sentence):
            sides = [title_truth.numeric_of(found, side) for side in "ab"]
            if (sides[1] - sides[0]) * sign < 0:
                wrong.append(name)
    where = re.search(
        rf"of {_AMOUNT.format('v')} .*? is (?P<side>above|below|inside) the guided "
        rf"{_AMOUNT.format('l')}(?: to {_AMOUNT.format('h')})?",
        sentence,
    )
    if where is not None:
        value, low = (title_truth.numeric_of(where, side) for side in "vl")
        high = title_truth.numeric_of(where, "h") if where["h_digits"] else low
        said = "below" if value < low else "above" if value > high else "inside"
        wrong += ["on the wrong side"] * (said != where["side"])
    return wrong


_MOST = re.compile(
    r"(?:largest gain is (?P<most>[^,]+),|largest cost is (?P<least>[^,]+),"
    r"|(?P<best>[A-Z][^.;]*?) is worth the most,|(?:and|,) (?P<worst>[A-Z][^,;]*?) the least,)"
)


def _misnamed(seen: Seen, sentence: str) -> list[str]:
    """Who is called largest or least among the rows and is not."""
    if not seen.rows:
        return []
    ranked: Sequence[tuple[str, float]] = sorted(seen.rows, key=lambda row: row[1])
    wrong = []
    for found in _MOST.finditer(sentence):
        end = -1 if found["most"] or found["best"] else 0
        said = next(filter(None, found.groups()))
        ties = [name for name, size in ranked if abs(size - ranked[end][1]) < 0.05]
        if said.lower() not in [name.lower() for name in ties]:
            wrong.append(f"not {said}")
    return wrong
