"""The first page of a brief in words: what is decided, spent and returned, what must be true and
what could go wrong, what is priced in, and what to watch."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping, Sequence

from jcurve.analysis.solving import solve
from jcurve.facts.calendar import next_results_day
from jcurve.figures import answer, brief
from jcurve.figures.beliefs import asked, believed
from jcurve.figures.display import Cover, Displayed, Part, paragraph, ref, strong
from jcurve.figures.lens import Lens
from jcurve.figures.outlook import Found, coming, watched
from jcurve.figures.overrides import last_stated, quantity_at, the
from jcurve.figures.size import best_size, last_tenth
from jcurve.ground.numbers import (
    MILLIONS,
    NOTHING,
    compact,
    dollars,
    highest,
    joined,
    lowered,
    money,
    percent,
    raised,
    span,
)
from jcurve.ground.quarters import Quarter

_EVENTS, _SOLVED, _NAMED, _DIGITS = 4, 2, 4, 3


def cover(
    lens: Lens,
    known: Found,
    *,
    shown: Sequence[Displayed] = (),
    today: datetime.date | None = None,
) -> Cover:
    """The first page in words, on the head of every report."""
    head = answer.cover(lens, "Executive brief", shown=shown, today=today)
    texts: list[tuple[str, list[Part]]] = [
        ("Decision", _decision(lens)),
        ("What is spent", _spent(lens)),
        ("When it comes back", _comes_back(lens, known)),
        ("What must be true", _must_be_true(lens, known)),
        ("What could go wrong", _could_go_wrong(known)),
        ("What is priced in", [_priced_in(lens)]),
        *brief.since(lens, known.earlier),
        (f"What to watch in {Quarter(coming(lens)).words}", [_to_watch(lens, known)]),
    ]
    return head.model_copy(
        update={
            "title": best_size(lens.scale_study) if lens.is_open else head.title,
            "summary": tuple(
                paragraph([strong(f"{name}. "), *parts]) for name, parts in texts if any(parts)
            ),
        }
    )


# ---- words ------------------------------------------------------------------------------


def _decision(lens: Lens) -> list[Part]:
    if not lens.is_open:
        return [
            f"{answer.headline(lens)}. Nothing is left to decide: this scenario plans no spending "
            "that stopping would save."
        ]
    study, whole = lens.scale_study, Lens(lens.case, project=lens.project)
    ahead = lens.forward.npv
    said: list[Part] = [
        f"Of the programme's {money(whole.npv)}, {money(whole.npv - ahead)} is settled whatever "
        f"is decided now; continuing as planned is worth {money(ahead)} against stopping. The "
        f"best size, {percent(study.best.value, 0)} of the plan, is worth "
        f"{money(study.best.npv_go_forward / MILLIONS)} (",
        ref("against-scale"),
        f"). {last_tenth(study)}.",
    ]
    added_back = lens.forward.figure("npv_sbc_added_back")
    if added_back is not None and added_back * ahead < 0:
        said.append(
            f" The sign depends on one choice: with share-based pay added back, continuing is "
            f"worth {money(added_back)}."
        )
    return said


def _spent(lens: Lens) -> list[Part]:
    """Capex, free cash flow, net debt and depreciation of the company."""
    now = lens.first_forecast_year
    capex, free, net, earned = (
        dict(zip(lens.years(now), lens.bn(name, "with", now), strict=True))
        for name in ("capex", "free_cash_flow", "net_cash", "ebitda")
    )
    charge = lens.ratio("depreciation_and_amortisation", first=now - 1)
    low, poor = min(free, key=free.__getitem__), min(net, key=net.__getitem__)
    debt = "no net debt"
    if net[poor] < 0:
        times = compact(-net[poor] / max(earned[poor], NOTHING), 2)
        debt = f"net debt peaks at {money(-net[poor])} in {poor}, {times} times EBITDA"
    most = highest(charge)
    return [
        f"Capex is {_by_year(capex, now)} (",
        ref("capex-and-cash"),
        f"); free cash flow is lowest in {low}, {money(free[low])}; {debt}. Depreciation and "
        f"amortisation go from {percent(charge[0], 0)} of revenue in {now - 1} to "
        f"{percent(charge[most], 0)} in {now - 1 + most}.",
    ]


def _by_year(amounts: Mapping[int, float], now: int) -> str:
    """The amounts to the highest; years of one amount together."""
    last = max(amounts, key=amounts.__getitem__)
    texts = {year: money(amounts[year]) for year in amounts}
    years = sorted({now, now + 1, last})
    parts = [f"{texts[year]} in {year}" for year in years]
    end = next(year for year in itertools.count(last) if texts.get(year + 1) != texts[last])
    if end > last:
        parts[-1] = f"{texts[last]} a year from {last} to {end}"
    return joined(parts)


def _comes_back(lens: Lens, known: Found) -> list[Part]:
    if lens.is_empty:
        return [f"{answer.headline(lens)}."]
    spread = known.drawn.spread(lens.view).below_zero.value
    paid = known.drawn.risk.payback_by.get(lens.horizon)
    draws = f"NPV is above zero in {_of_draws(1 - spread)}"
    if paid is not None:
        draws += f", and payback comes by {lens.horizon} in {_of_draws(paid.value)}"
    return [
        f"{_payback(lens, known.beside)} (",
        ref("outlook"),
        f"); {draws}. {answer.earning(lens)}",
    ]


def _of_draws(share: float) -> str:
    return f"{percent(share, 0)} of draws" if share else "no draw"


def _payback(lens: Lens, beside: Sequence[Lens]) -> str:
    """When the case and those beside it pay back, in one sentence without its full stop."""
    every = (lens, *beside)
    never = [the(each.title) for each in every if each.never_pays_back]
    paid = [
        f"in {each.calendar(each.payback_at)} in {the(each.title)}"
        for each in every
        if each.payback_at is not None
    ]
    parts = [f"not by {lens.horizon} in {joined(never, 'or')}"] if never else []
    said = ", but ".join(filter(None, [*parts, joined(paid)]))
    return raised(said) if said else answer.headline(lens)


def _must_be_true(lens: Lens, known: Found) -> list[Part]:
    """The pair of beliefs, then the largest drivers by themselves."""
    if not lens.is_open:
        return []
    map_ = lens.belief_map
    low, high = (money(each / MILLIONS) for each in map_.revenue_range)
    said = f"{believed(lens, map_)}; the evidence runs from {low} to {high}."
    alone = []
    for driver in known.drivers[:_SOLVED]:
        item = lens.case.scenario[driver.key]
        if item.bounds is None:
            continue
        needed = solve(lens.case.scenario, driver.key, "npv.go_forward=0", project=lens.home)
        name, more = lowered(driver.short_name), "more"
        if needed.direction.endswith("below"):
            more = "less"
        if needed.value is None:
            alone.append(f"no value of the {name} is enough")
            continue
        text, own, low_end, high_end = (
            last_stated(stated, driver.unit, _DIGITS)
            for stated in (needed.text, driver.value, driver.low, driver.high)
        )
        alone.append(
            f"the {name} would have to be {text} or {more} (assumed "
            f"{own}, evidence {span(low_end, high_end)})"
        )
    return [f"{said} On its own, {joined(alone)}." if alone else said]


def _could_go_wrong(known: Found) -> list[Part]:
    """The stresses that cost the most, as events."""
    worst = sorted(known.events.items(), key=lambda each: each[1])[:_EVENTS]
    events = [
        f"{lowered(title.partition(': ')[2] or title)} {money(change / MILLIONS)}"
        for title, change in worst
        if change / MILLIONS < -NOTHING
    ]
    if not events:
        return []
    return [f"{raised(joined(events))}, each on its own, in net present value."]


def _priced_in(lens: Lens) -> str:
    if not lens.is_open:
        return ""
    line = lens.prices[0]
    over = line.value_per_share / line.price - 1
    than = f"{percent(abs(over), 0)} {'more' if over > 0 else 'less'} than its price of"
    return (
        f"In this scenario a share is worth {dollars(line.value_per_share)}, {than} "
        f"{dollars(line.price)}. {asked(lens.prices)}."
    )


def _to_watch(lens: Lens, known: Found) -> str:
    if not lens.is_open:
        return ""
    parts = []
    for name, _, now, before, driver in watched(lens, known)[:_NAMED]:
        low, high = (
            money(each / MILLIONS, sign=True)
            for each in sorted((driver.effect_at_low, driver.effect_at_high))
        )
        grown = f", {percent(now / before - 1, 0)} more than a year before" if before > 1 else ""
        guide = ""
        if driver.key == "capex.total":
            year = lens.first_forecast_year + 1
            plan = quantity_at(lens.case.scenario[driver.key], year)
            guide = f" and guidance for {year} against {plan}"
            name, grown = "Capex", ""
        parts.append(f"{lowered(name)} against {money(now)}{grown}{guide} ({low} to {high})")
    day = next_results_day(lens.case.assembly.company)
    return (
        f"{raised('; '.join(parts))}. In brackets: change of net present value from today "
        f"over the range of the driver behind it. Results are expected on {day.day} {day:%B %Y}."
    )
