"""The verbs that ask the model: scale, drivers, implied, solve, bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from jcurve.commands.progress import Progress
from jcurve.commands.texts import attributes, draw, money, number, quantity, table
from jcurve.commands.verb import Answer, Context, verb
from jcurve.ground.errors import AnswerError, UsageError

if TYPE_CHECKING:
    from jcurve.analysis.marginal import Return
    from jcurve.analysis.solving import Solution

_NO_ANSWER = AnswerError.exit_status


@verb("jcurve scale base", overrides=True, cluster="answers")
def scale(context: Context, scenario: Annotated[str, "such as base"]) -> Answer:
    """NPV against the size of the plan, and the return on its last dollars."""
    from jcurve import evaluate
    from jcurve.analysis import fleet_use, marginal_returns, scale_study

    read, project = context.scenario(scenario), context.project
    with Progress(f"scales of {read.name}"):
        study = scale_study(read, project=project)
        returns = marginal_returns(read, project=project)
        uses = fleet_use(evaluate(read, project=project))
    rows = [["scale", "npv.go_forward", "over the evidence", "people in proportion", "npv"]]
    for point, people, low, high in zip(
        study.points[::2], study.talent_scaled[::2], study.low[::2], study.high[::2], strict=True
    ):
        mark = " (the plan)" if point.scale == 1 else ""
        own, scaled, whole = money(point.npv_go_forward, people.npv_go_forward, point.npv)
        span = f"{number(low)} to {number(high)}"
        rows.append([f"{point.scale:g}{mark}", own, span, scaled, whole])
    lines = [
        study.sentence,
        *table(rows),
        f"smallest best size: {study.best.low_from}; largest: {study.best.high_from}",
        f"with people in proportion the best size is {study.best_talent_scaled:.2f}",
        *(f"{each.label}: best size {each.best:.2f}" for each in study.readings),
        f"what the last $10bn of a year return, against {returns.wacc:.1%} (NPV per dollar):",
        *(
            f"  {each.year}: {_as_text(each.last)}; all of the year {_as_text(each.average)}"
            for each in returns.years
        ),
        f"  the whole plan: {_as_text(returns.whole)}",
        returns.covers,
        *(each.sentence for each in uses),
    ]
    years = [
        {"year": each.year, **_as_data(each.last), "average": _as_data(each.average)}
        for each in returns.years
    ]
    data = {
        **attributes(study, "scenario sentence points best"),
        "marginal": years,
        "whole": _as_data(returns.whole),
        **attributes(returns, "covers wacc"),
        **attributes(study, "plan talent_scaled best_talent_scaled"),
        "band": attributes(study, "low high"),
        "readings": study.readings,
        "fleet": uses,
    }
    return Answer(data, lines)


def _as_text(found: Return) -> str:
    rate = f"{found.rate:.1%} a year" if found.rate == found.rate else f"no rate ({found.reason})"
    return f"{rate} ({found.npv_per_dollar:+.2f})"


def _as_data(found: Return) -> dict[str, Any]:
    return {"return": found.rate, **attributes(found, "amount npv npv_per_dollar reason")}


@verb("jcurve drivers base", overrides=True)
def drivers(context: Context, scenario: Annotated[str, ""] = "base") -> Answer:
    """What each end of each driver's range is worth."""
    from jcurve.analysis.sensitivity import EARNINGS_YEAR, drivers

    read = context.scenario(scenario)
    found = drivers(read, project=context.project)
    rows = [
        ["driver", "key", "value", "low", "high", "at low", "at high", f"EPS {EARNINGS_YEAR}", ""]
    ]
    for each in found:
        values = map(_last_point, (each.value, each.low, each.high))
        effects = money(each.effect_at_low, each.effect_at_high)
        earnings = (f"{each.earnings_at_low:+.2f}", f"{each.earnings_at_high:+.2f}")
        rows.append([each.short_name, each.key, *values, *effects, *earnings])
    heading = (
        f"drivers of {read.name}: what each end of a range adds to npv.go_forward, and to "
        "earnings per share"
    )
    return Answer(found, [heading, *table(rows)])


def _last_point(text: str) -> str:
    """A value in a table's cell: of a path by year its last point."""
    *before, last = text.split("; ")
    return f"… {last}" if before else text


@verb("jcurve implied base --price 600", overrides=True)
def implied(
    context: Context,
    scenario: Annotated[str, ""] = "base",
    *,
    price: Annotated[
        str | None, "of a share in USD (default: the reference and the last results day's price)"
    ] = None,
) -> Answer:
    """What a share price implies: pairs of beliefs."""
    from jcurve.analysis.market_implied import Price, price_implied

    read, prices = context.scenario(scenario), None
    if price is not None:
        prices = [Price(quantity(price, "--price", "USD per share"))]
    with Progress(f"what a price implies in {read.name}"):
        found = price_implied(read, prices, project=context.project)
    rows = [["price", "response", "AI products", "lower WACC", "higher WACC"]]
    for each in found:
        name = f"{each.price:g} {each.date}".strip()
        for at in range(0, each.elasticities.size, 2):
            revenues = money(each.revenues[at], each.at_lower_wacc[at], each.at_higher_wacc[at])
            rows.append([name, f"{each.elasticities[at]:.3g}", *revenues])
    first = found[0]
    up, down = first.half_a_point
    lines = [
        "pairs of beliefs at which a share of the company with its plan is worth its price: the "
        f"response of advertising to compute, and revenue of AI products in {first.year}",
        *table(rows),
        *(each.sentence for each in found),
        f"in {read.name} a share is worth {first.value_per_share:,.0f} USD; half a point of "
        f"the WACC is worth {up:+,.0f} or {down:+,.0f}",
        "none: no demand makes the share worth the price, or none is needed",
        "arithmetic on a price, no advice",
    ]
    answered = any((each.revenues > 0).any() for each in found)
    return Answer(found, lines, 0 if answered else _NO_ANSWER)


@verb("jcurve solve returns.wacc --for irr=wacc", overrides=True, cluster="answers")
def solve(
    context: Context,
    key: Annotated[str, "the assumption, such as capex.total.2027"],
    *,
    target: Annotated[
        str, "--for", "npv=0, irr=wacc, payback=2032Q4, 'free_cash_flow>0 by 2030'", "TARGET"
    ] = "npv=0",
    against: Annotated[str | None, "for each value of another assumption", "KEY"] = None,
    move: Annotated[
        float | None,
        "instead of a target: a move of the share on results, such as -0.113",
        "SHARE",
    ] = None,
    scenario: Annotated[str, "-s", "--scenario"] = "base",
) -> Answer:
    """What must be true."""
    from jcurve.analysis import frontier, implied, solve

    read, project = context.scenario(scenario), context.project
    if move is not None:
        found = implied(read, key, move, project=project)
        heading = (
            f"a move of {move:+.1%} is {number(found.change)} of market value; {found.output} "
            f"would have to go from {number(found.before)} to {number(found.after)} (arithmetic, "
            "no advice)"
        )
        status = 0 if found.solution.value is not None else _NO_ANSWER
        return Answer(found, [heading, *_solution(found.solution)], status)
    if against is None:
        one = solve(read, key, target, project=project)
        return Answer(one, _solution(one), 0 if one.value is not None else _NO_ANSWER)
    edge = frontier(read, key, against, target, project=project)
    rows = [[edge.across, edge.down, ""]]
    for x, y, text, standing, reason in zip(
        edge.xs, edge.ys, edge.texts, edge.standings, edge.reasons, strict=True
    ):
        value = text if ";" not in text else f"{y:+.3g} of the way"
        rows.append([draw(read[edge.across], x), value, standing or reason])
    lines = [f"{edge.goal}: pairs that do it", *table(rows)]
    return Answer(edge, lines, 0 if any(edge.standings) else _NO_ANSWER)


def _solution(found: Solution) -> list[str]:
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
    return lines


@verb("jcurve bridge base bear")
def bridge(
    context: Context,
    start: Annotated[str, "scenario", "A"],
    end: Annotated[str, "scenario", "B"],
    *,
    of: Annotated[str, "npv.go_forward, payback, net_cash:2030, …", "OUTPUT"] = "npv",
    group: Annotated[
        list[str], "put assumptions, or all below a first part, into one group", "NAME=KEY,KEY"
    ],
    interactions: Annotated[bool, "also pairs of groups"] = False,
) -> Answer:
    """Attribute the difference of two scenarios."""
    from jcurve.analysis import bridge

    groups: dict[str, list[str]] = {}
    for text in group:
        name, sign, keys = text.partition("=")
        if not sign or not name.strip() or not keys.strip():
            raise UsageError("not a group", where="--group", received=text, allowed="NAME=KEY,KEY")
        groups[name.strip()] = [key.strip() for key in keys.split(",")]
    one, other = context.scenario(start), context.scenario(end)
    found = bridge(
        one, other, of, groups=groups, interactions=interactions, project=context.project
    )
    unit = found.unit
    rows = [["group", "share", "alone", "assumptions"]]
    for each in sorted(found.shares, key=lambda each: -abs(each.amount)):
        share = number(each.amount, unit) + ("" if found.exact else f" ± {each.error:,.0f}")
        rows.append([each.group, share, number(each.alone, unit), str(len(each.keys))])
    rows.append(["difference", number(found.difference, unit), "", ""])
    lines = [
        f"{found.output}: {found.start} {number(found.before, unit)}, "
        f"{found.end} {number(found.after, unit)}",
        *table(rows),
        f"{'every combination' if found.exact else 'sampled orders'}, "
        f"{found.evaluated:,} scenarios",
    ]
    for pair in sorted(found.pairs, key=lambda pair: -abs(pair.amount)):
        lines.append(f"{pair.one} with {pair.other}: {number(pair.amount, unit)}")
    return Answer(attributes(found) | {"difference": found.difference}, lines)


VERBS = (scale, drivers, implied, solve, bridge)
