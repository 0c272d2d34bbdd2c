"""The options of the verbs that ask the model: scale, drivers, implied, solve, bridge,
sensitivity, simulate."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["add_question_verbs"]

Verb = Callable[[str, str, str], argparse.ArgumentParser]
Set = Callable[[argparse.ArgumentParser], None]


def add_question_verbs(verb: Verb, add_set: Set) -> None:
    """Add the verbs.

    Args:
        verb: makes a verb from its name, what it does and an example.
        add_set: adds ``--set``.
    """
    for name, text, example in (
        ("scale", "NPV against the size of the plan, and the return on its last dollars", "base"),
        ("drivers", "what each end of each driver's range is worth", "base"),
        ("implied", "what a share price implies: pairs of beliefs", "base --price 600"),
    ):
        asked = verb(name, text, f"jcurve {name} {example}")
        needed = name == "scale"
        asked.add_argument(
            "scenario",
            nargs=None if needed else "?",
            default=None if needed else "base",
            metavar="SCENARIO",
            help="such as base" if needed else "default: base",
        )
        if name == "implied":
            asked.add_argument(
                "--price",
                metavar="PRICE",
                help="of a share in USD (default: the reference price, and that of the day of the "
                "last results)",
            )
        add_set(asked)
        asked.add_argument("--json", action="store_true", help="print JSON")

    solve = verb("solve", "what must be true", "jcurve solve returns.wacc --for irr=wacc")
    solve.add_argument("key", metavar="KEY", help="the assumption, such as capex.total.2027")
    solve.add_argument(
        "--for",
        dest="target",
        default="npv=0",
        metavar="TARGET",
        help="npv=0, irr=wacc, payback=2032Q4, 'free_cash_flow>0 by 2030' (default: npv=0)",
    )
    solve.add_argument("--against", metavar="KEY", help="for each value of another assumption")
    solve.add_argument(
        "--move",
        type=float,
        metavar="SHARE",
        help="instead of a target: what a share move on a results day implies, such as -0.113",
    )
    _scenario(solve, add_set)

    bridge = verb("bridge", "attribute the difference of two scenarios", "jcurve bridge base bear")
    bridge.add_argument("start", metavar="A", help="scenario")
    bridge.add_argument("end", metavar="B", help="scenario")
    _of(bridge)
    bridge.add_argument(
        "--group",
        action="append",
        default=[],
        metavar="NAME=KEY,KEY",
        help="put assumptions, or all below a first part, into one group",
    )
    bridge.add_argument("--interactions", action="store_true", help="also pairs of groups")
    bridge.add_argument("--json", action="store_true", help="print JSON")

    swings = verb(
        "sensitivity", "what each assumption's range does", "jcurve sensitivity --of npv.go_forward"
    )
    _of(swings)
    swings.add_argument("--top", type=int, default=20, metavar="N", help="rows (default: 20)")
    swings.add_argument(
        "--grid", nargs=2, metavar=("KEY", "KEY"), help="two assumptions at once instead"
    )
    swings.add_argument(
        "--points", type=int, default=7, metavar="N", help="of each side of a grid (default: 7)"
    )
    swings.add_argument(
        "--local",
        action="store_true",
        help="instead: what a small change of each assumption does, from exact derivatives",
    )
    swings.add_argument(
        "--global",
        dest="whole",
        action="store_true",
        help="instead: where the variance comes from, over the whole of every range",
    )
    swings.add_argument(
        "--method", metavar="METHOD", help="of --global: sobol or shapley (default: what fits)"
    )
    _correlate(swings)
    swings.add_argument(
        "--stresses", action="store_true", help="instead: every stress beside the scenario"
    )
    swings.add_argument(
        "--exposure",
        metavar="AMOUNT",
        help="with --stresses: what a position loses, such as '100 USD m'; arithmetic, no advice",
    )
    swings.add_argument(
        "--weighted",
        action="store_true",
        help="instead: what is to be expected over the scenarios of data/scenarios/weights.csv",
    )
    swings.add_argument(
        "--weight",
        action="append",
        default=[],
        metavar="NAME=SHARE",
        help="with --weighted: your own weights instead of the table's; they sum to 1",
    )
    swings.add_argument(
        "--reviews",
        nargs="+",
        metavar="QUARTER",
        help="instead: what the right to stop, cut, pause or redeploy then is worth",
    )
    swings.add_argument(
        "--points-per-scramble",
        type=int,
        default=128,
        metavar="N",
        help="of --reviews, a power of two; each draw is evaluated once for every action "
        "at every date (default: 128)",
    )
    _scenario(swings, add_set)
    _simulate(verb("simulate", "Monte Carlo", "jcurve simulate --draws 16384 --seed 7"), add_set)


def _simulate(parser: argparse.ArgumentParser, add_set: Set) -> None:
    parser.add_argument(
        "--draws",
        type=int,
        default=16_384,
        metavar="N",
        help="rounded up to scrambles times a power of two (default: 16384)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default: 0")
    parser.add_argument(
        "--scrambles", type=int, default=8, metavar="N", help="for error bars (default: 8)"
    )
    parser.add_argument(
        "--vary",
        action="append",
        metavar="KEY",
        help="only this assumption, or all below a first part; may be given several times",
    )
    _correlate(parser)
    parser.add_argument(
        "--by-year",
        action="store_true",
        help="draw each year of a path by itself instead of the path as one; understates risk",
    )
    parser.add_argument(
        "--until",
        metavar="AMOUNT",
        help="stop once the mean NPV is known to within this, such as '2 USD bn'",
    )
    parser.add_argument(
        "--limit",
        default="300 USD bn",
        metavar="AMOUNT",
        help="of net debt, for the risk of passing it (default: 300 USD bn, judgement)",
    )
    parser.add_argument(
        "--confidence", type=float, default=0.95, metavar="P", help="of losses (default: 0.95)"
    )
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="on this machine (default: one a processor, fewer for few draws)",
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster, tcp://…")
    parser.add_argument(
        "--chunk", type=int, default=512, metavar="N", help="scenarios at a time (default: 512)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with what is finished")
    _scenario(parser, add_set)


def _correlate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--correlate",
        action="append",
        default=[],
        metavar="KEY,KEY=VALUE",
        help="a wanted rank correlation beside those on file; may be given several times",
    )
    parser.add_argument(
        "--independent", action="store_true", help="without the correlations on file"
    )


def _of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--of",
        default="npv",
        metavar="OUTPUT",
        help="npv.go_forward, payback, net_cash:2030, … (default: npv)",
    )


def _scenario(parser: argparse.ArgumentParser, add_set: Set) -> None:
    parser.add_argument("-s", "--scenario", default="base", metavar="SCENARIO")
    add_set(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
