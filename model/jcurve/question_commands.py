"""The verbs that ask the model: each reads its options, asks once and says the answer.

A command gives a :class:`~jcurve.replies.Reply`; the command line prints it as a table or as JSON.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jcurve.analysis.question import as_data
from jcurve.ground.errors import AnswerError, UsageError
from jcurve.ground.progress import Progress
from jcurve.ground.project import Project
from jcurve.replies import Read, Reply, draw, number, quantity
from jcurve.risk_commands import sensitivity, simulate_draws

if TYPE_CHECKING:
    from jcurve.analysis.marginal import Return

__all__ = ["COMMANDS"]


def _solve(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.market_implied import implied
    from jcurve.analysis.solving import frontier, solve

    scenario = read(chosen.scenario)
    if chosen.move is not None:
        found = implied(scenario, chosen.key, chosen.move, project=project)
        heading = (
            f"a move of {chosen.move:+.1%} is {number(found.change, 'USD m')} of market value; "
            f"{found.output} would have to go from {number(found.before, 'USD m')} to "
            f"{number(found.after, 'USD m')} (arithmetic, no advice)",
        )
        status = AnswerError.exit_status if found.solution.value is None else 0
        return Reply(as_data(found), (*heading, *_solution(found.solution)), status=status)
    if chosen.against is not None:
        edge = frontier(scenario, chosen.key, chosen.against, chosen.target, project=project)
        other = scenario[edge.across]
        rows = [(edge.across, edge.down, "")]
        for x, y, text, words in zip(
            edge.xs,
            edge.ys,
            edge.texts,
            (
                standing or reason
                for standing, reason in zip(edge.standings, edge.reasons, strict=True)
            ),
            strict=True,
        ):
            shown = text if ";" not in text else f"{y:+.3g} of the way"
            rows.append((draw(other, x), shown, words))
        status = 0 if any(edge.standings) else AnswerError.exit_status
        return Reply(as_data(edge), (f"{edge.goal}: pairs that do it",), tuple(rows), status=status)
    one = solve(scenario, chosen.key, chosen.target, project=project)
    status = AnswerError.exit_status if one.value is None else 0
    return Reply(as_data(one), _solution(one), status=status)


def _solution(found: Any) -> tuple[str, ...]:
    lines = [f"{found.key}: {found.label} ({found.unit})", f"for {found.goal}"]
    if found.value is None:
        lines.append(found.reason)
        if found.nearest:
            lines.append(f"nearest at {found.nearest}")
    else:
        lines.append(f"must be {found.text} ({found.direction} it the target is passed)")
        if found.jumps:
            lines.append("the output leaps over the target there")
    lines.append(f"now {found.present}")
    if found.low:
        lines.append(f"evidence ({found.kind}): {found.low} to {found.high}")
    if found.standing:
        lines.append(f"the answer is {found.standing}")
    if found.others:
        lines.append("also: " + ", ".join(f"{value:.6g}" for value in found.others))
    return tuple(lines)


def _bridge(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.bridging import bridge

    groups: dict[str, Sequence[str]] = {}
    for text in chosen.group:
        name, sign, keys = text.partition("=")
        if not sign or not name.strip() or not keys.strip():
            raise UsageError("not a group", where="--group", received=text, allowed="NAME=KEY,KEY")
        groups[name.strip()] = [key.strip() for key in keys.split(",")]
    found = bridge(
        read(chosen.start),
        read(chosen.end),
        chosen.of,
        groups=groups,
        interactions=chosen.interactions,
        project=project,
    )
    unit = found.unit
    rows = [("group", "share", "alone", "last", "assumptions")]
    rows += [
        (
            each.group,
            number(each.amount, unit) + ("" if found.exact else f" ± {each.error:,.0f}"),
            number(each.alone, unit),
            number(each.last, unit),
            str(len(each.keys)),
        )
        for each in sorted(found.shares, key=lambda each: -abs(each.amount))
    ]
    rows.append(("difference", number(found.difference, unit), "", "", ""))
    pairs = sorted(found.pairs, key=lambda pair: -abs(pair.amount))
    return Reply(
        as_data(found) | {"difference": found.difference},
        (
            f"{found.output}: {found.start} {number(found.before, unit)}, "
            f"{found.end} {number(found.after, unit)}",
        ),
        tuple(rows),
        (
            f"{'every combination' if found.exact else 'sampled orders'}, "
            f"{found.evaluated:,} scenarios",
            *(f"{pair.one} with {pair.other}: {number(pair.amount, unit)}" for pair in pairs),
        ),
    )


def _scale(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve import evaluate
    from jcurve.analysis.marginal import fleet_use, marginal_returns
    from jcurve.analysis.scale import scale_study

    scenario = read(chosen.scenario)
    with Progress(f"scales of {scenario.name}"):
        study = scale_study(scenario, project=project)
        returns = marginal_returns(scenario, project=project)
        uses = fleet_use(evaluate(scenario, project=project))
    rows = [("scale", "npv.go_forward", "over the evidence", "people in proportion", "npv")]
    for point, people, low, high in zip(
        study.points[::2], study.talent_scaled[::2], study.low[::2], study.high[::2], strict=True
    ):
        values = (point.npv_go_forward, low, high, people.npv_go_forward, point.npv)
        own, least, most, scaled, programme = (number(float(each), "USD m") for each in values)
        mark = " (the plan)" if point.scale == 1 else ""
        rows.append((f"{point.scale:g}{mark}", own, f"{least} to {most}", scaled, programme))
    notes = [
        f"smallest best size: {study.best.low_from}; largest: {study.best.high_from}",
        f"with people in proportion the best size is {study.best_talent_scaled:.2f}",
        *(f"{each.label}: best size {each.best:.2f}" for each in study.readings),
        f"what the last 10 USD bn of a year return, against {returns.wacc:.1%} (NPV per dollar):",
        *(
            f"  {each.year}: {_return(each.last)}; all of the year {_return(each.average)}"
            for each in returns.years
        ),
        f"  the whole plan: {_return(returns.whole)}",
        returns.covers,
        *(each.sentence for each in uses),
    ]
    data = {
        "scenario": study.scenario,
        "sentence": study.sentence,
        "points": as_data(study.points),
        "best": as_data(study.best),
        "marginal": [
            {"year": each.year, **_moved(each.last), "average": _moved(each.average)}
            for each in returns.years
        ],
        "whole": _moved(returns.whole),
        "covers": returns.covers,
        "wacc": returns.wacc,
        "plan": as_data(study.plan),
        "talent_scaled": as_data(study.talent_scaled),
        "best_talent_scaled": study.best_talent_scaled,
        "band": {"low": as_data(study.low), "high": as_data(study.high)},
        "readings": as_data(study.readings),
        "fleet": as_data(uses),
    }
    return Reply(data, (study.sentence,), tuple(rows), tuple(notes))


def _return(found: Return) -> str:
    rate = f"{found.rate:.1%} a year" if found.rate == found.rate else f"no rate ({found.reason})"
    return f"{rate} ({found.npv_per_dollar:+.2f})"


def _moved(found: Return) -> dict[str, Any]:
    """A return as data; its rate is called ``return``."""
    made = as_data(found)
    return {"return": made.pop("rate"), **made}


def _drivers(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.sensitivity import EARNINGS_YEAR, drivers

    scenario = read(chosen.scenario)
    found = drivers(scenario, project=project)
    rows: list[tuple[str, ...]] = [
        ("driver", "key", "value", "low", "high", "at low", "at high", f"EPS {EARNINGS_YEAR}", "")
    ]
    rows += [
        (
            each.short_name,
            each.key,
            *(_shortened(text) for text in (each.value, each.low, each.high)),
            *(number(effect, "USD m") for effect in (each.effect_at_low, each.effect_at_high)),
            *(f"{effect:+.2f}" for effect in (each.earnings_at_low, each.earnings_at_high)),
        )
        for each in found
    ]
    heading = (
        f"drivers of {scenario.name}: what each end of a range adds to npv.go_forward, and to "
        "earnings per share"
    )
    return Reply(as_data(found), (heading,), tuple(rows))


def _shortened(text: str) -> str:
    """A value in a table's cell: of a path by year its last point."""
    points = text.split("; ")
    return text if len(points) == 1 else f"… {points[-1]}"


def _implied(chosen: argparse.Namespace, read: Read, project: Project) -> Reply:
    from jcurve.analysis.market_implied import Price, price_implied

    scenario = read(chosen.scenario)
    prices = None
    if chosen.price is not None:
        prices = [Price(quantity(chosen.price, "USD per share", "--price"))]
    with Progress(f"what a price implies in {scenario.name}"):
        lines = price_implied(scenario, prices, project=project)
    rows: list[tuple[str, ...]] = [
        ("price", "response", "AI products", "lower WACC", "higher WACC")
    ]
    for line in lines:
        name = f"{line.price:g} {line.date}".strip()
        for at in range(0, line.elasticities.size, 2):
            amounts = (line.revenues[at], line.at_lower_wacc[at], line.at_higher_wacc[at])
            shown = (number(float(each), "USD m") for each in amounts)
            rows.append((name, f"{line.elasticities[at]:.3g}", *shown))
    first = lines[0]
    up, down = first.half_a_point
    notes = [
        *(line.sentence for line in lines),
        f"in {scenario.name} a share is worth {first.value_per_share:,.0f} USD; half a point of "
        f"the WACC is worth {up:+,.0f} or {down:+,.0f}",
        "none: no demand makes the share worth the price, or none is needed",
        "arithmetic on a price, no advice",
    ]
    heading = (
        f"pairs of beliefs at which a share of the company with its plan is worth its price: the "
        f"response of advertising to compute, and revenue of AI products in {first.year}"
    )
    status = 0 if any((line.revenues > 0).any() for line in lines) else AnswerError.exit_status
    return Reply(as_data(lines), (heading,), tuple(rows), tuple(notes), status)


COMMANDS: Mapping[str, Callable[[argparse.Namespace, Read, Project], Reply]] = {
    "solve": _solve,
    "bridge": _bridge,
    "scale": _scale,
    "drivers": _drivers,
    "implied": _implied,
    "sensitivity": sensitivity,
    "simulate": simulate_draws,
}
