"""What a result rests on: assumptions, how they differ from the base scenario, and sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jcurve.assumptions.paths import Path as Dated
from jcurve.evaluation.naming import area
from jcurve.facts import citations
from jcurve.figures.display import Prose, callout, strong
from jcurve.figures.exhibit import Column, Row, TableExhibit, Value, figures, heading, table
from jcurve.figures.lens import Lens, nothing_to_decide
from jcurve.figures.overrides import quantity, set_values
from jcurve.ground.numbers import (
    billions,
    counted,
    dated,
    differing,
    lowered,
    money,
    percent,
    quarter,
    span,
    spelt,
)
from jcurve.ground.project import Where

if TYPE_CHECKING:
    from jcurve.analysis.sensitivity import Driver
    from jcurve.assumptions import Assumption, Difference, Scenario
    from jcurve.facts.registers import Citation

_KINDS: Mapping[str, str] = {
    "reported": "printed in a filing or release",
    "guided": "said by the company of its future",
    "evidence": "measured or stated by others, cited",
    "estimate": "fitted or filled by a rule from reported figures",
    "judgement": "our choice, with a reason and a range",
}
_SOFT = ("judgement", "estimate")
_LONG = 12  # rows; more are for whoever looks one up, as what the first page lists


def cited_sources(scenario: Scenario, project: Where = None) -> tuple[Citation, ...]:
    """Every source that the scenario's assumptions cite, the most cited first."""
    cited = Counter(key for item in scenario.items for key in item.source)
    found = citations(cited, project)
    return tuple(sorted(found, key=lambda each: (-cited[each.key], each.key)))


def differences(lens: Lens) -> TableExhibit | Prose:
    """What the scenario states differently from the base scenario, and why.

    Members of a family that move for the same reason share a row.
    """
    scenario, stated = lens.case.scenario, lens.case.differences
    if not stated:
        return callout(
            [
                strong("Base case: no overrides. "),
                "Every value with its range, kind and source is in the assumption book.",
            ]
        )
    soft = sum(each.kind in _SOFT for each in stated)
    here = sum(each.set_by == "override" for each in stated)
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for each in stated:
        label = scenario[each.key].label
        same = (_family(each.key, label), each.unit, each.why, each.kind)
        groups.setdefault(same, []).append(each)
    where = "Each is set in the scenario's file, with its reason."
    if here:
        who = "Set" if here == len(stated) else f"{here} of them were set"
        where = f"{who} for this run only, on top of the scenario's file."
    rows = []
    for (_, unit, why, kind), members in groups.items():
        sides = [(each.key, *differing(each.before, each.after, unit)) for each in members]
        before, after = (_members([(key, texts[at]) for key, *texts in sides]) for at in range(2))
        rows.append((_label([scenario[each.key] for each in members]), before, after, why, kind))
    return table(
        [("Assumption", 2.4), ("Base", 2), ("This scenario", 2), ("Why", 2.4), "Kind"],
        rows,
        id="differences",
        title=_differ_title(scenario, len(stated), here, soft),
        subtitle=f"Scenario {scenario.title} against the base scenario",
        source=lens.modelled("sources of each value in the assumption book"),
        reading=f"{where} The other {len(scenario.items) - len(stated)} assumptions are the base "
        "scenario's.",
        dense=True,
    ).model_copy(update={"place": "fold" if len(rows) > _LONG or here == len(stated) else "both"})


def _differ_title(scenario: Scenario, count: int, here: int, soft: int) -> str:
    """How much differs; where a run sets values, how many, as its first page counts them."""
    if here:
        values, rest = counted(len(set_values(scenario)), "value"), count - here
        of = "" if here == 1 else f" of {spelt(here)} assumptions"
        more = f"; {spelt(rest)} more differ as its file has them" if rest else ""
        return f"{values}{of} set for this run{more}"
    if count == 1:
        return "One assumption differs from the base scenario"
    of_them = f"{'all' if soft == count else soft} of them by judgement or estimate"
    return f"This scenario changes {count} assumptions of the base scenario, {of_them}"


def _family(key: str, label: str) -> str:
    """What members of a family share: the key without its last part, where the label names
    the member after a colon; else the key."""
    return key.rpartition(".")[0] if ": " in label else key


def _label(members: Sequence[Assumption]) -> str:
    """What the members of a family share of their labels; the label of a single one."""
    label = members[0].label
    return label.rpartition(": ")[0] if len(members) > 1 else label


def _called(members: Sequence[Assumption]) -> str:
    """The short name of a single assumption before its label; of a family what all share."""
    name, label = members[0].name, _label(members)
    if len(members) > 1 or not name or name == label:
        return label
    return f"{name}: {lowered(label)}"


def _members(texts: list[tuple[str, str]]) -> str:
    """One text for all members where they agree, else each with its name."""
    if len({text for _, text in texts}) == 1:
        return texts[0][1]
    return "; ".join(
        f"{key.rpartition('.')[2].replace('_', ' ')} {text}" for key, text in texts if text
    )


def kinds(lens: Lens) -> TableExhibit:
    """How many assumptions are reported, guided, evidence, estimate and judgement, and how
    many of them cite a secondary source."""
    items = lens.case.scenario.items
    cited = cited_sources(lens.case.scenario, lens.project)
    secondary = {each.key for each in cited if each.is_secondary}

    def counts(own: list[Assumption]) -> tuple[int, int, int]:
        ranged = sum(item.has_range for item in own)
        return len(own), ranged, sum(bool(secondary.intersection(item.source)) for item in own)

    soft = sum(item.kind in _SOFT for item in items)
    return table(
        [
            "Kind",
            ("What it is", 3),
            Column(label="Number"),
            Column(label="With range"),
            Column(label="Secondary"),
        ],
        [
            *(
                (kind.capitalize(), meaning, *counts([one for one in items if one.kind == kind]))
                for kind, meaning in _KINDS.items()
            ),
            Row.of("All", "", *counts(list(items)), role="total"),
        ],
        id="kinds",
        title=f"Judgement and estimates make up {percent(soft / len(items), 0)} of the assumptions",
        subtitle="Assumptions by what their value rests on; secondary: citing a secondary source",
        source=lens.modelled(),
        reading=f"The assumptions cite {len(cited)} sources, {len(secondary)} of them secondary: "
        f"press, data pages and research not checked against a filing. Each judgement has a "
        f"reason and, where it matters, a range.",
    )


def drivers(lens: Lens) -> TableExhibit | Prose:
    """Every driver with its value, its range and what either end does to value and earnings."""
    from jcurve.analysis.sensitivity import EARNINGS_YEAR, drivers

    if not lens.is_open:
        return nothing_to_decide()
    found, base = drivers(lens.case.scenario, project=lens.home), lens.forward.npv
    turned = [
        each.short_name
        for each in found
        if any(end * base < 0 for end in (each.npv_at_low, each.npv_at_high))
    ]

    def effects(decimals: int, group: str) -> tuple[Column, ...]:
        heads = {"decimals": decimals, "group": group, "sign": True}
        return tuple(Column.model_validate({"label": end, **heads}) for end in ("Low", "High"))

    def row(each: Driver) -> tuple[Value, ...]:
        item = lens.case.scenario[each.key]
        ends = (each.value_number, each.low_number, each.high_number)
        shown = (quantity(end, item.unit, item.choices) for end in ends)
        value, low, high = (text.partition(" ")[0] for text in shown)  # the clause says the unit
        path = item.value if isinstance(item.value, Dated) else None
        last = "" if path is None else quarter(path.label(path.periods[-1]))
        year = f" in {last}" if last and last not in each.short_name else ""
        return (
            f"{each.short_name}{year}: {lowered(item.label)}", value, span(low, high), each.kind,
            billions(each.effect_at_low), billions(each.effect_at_high),
            each.earnings_at_low, each.earnings_at_high,
        )  # fmt: skip

    judged = sum(each.kind == "judgement" for each in found)
    return table(
        [
            ("Driver", 4),
            *figures("Value", "Range"),
            "Kind",
            *effects(0, "NPV, USD bn"),
            *effects(2, f"EPS {EARNINGS_YEAR}, USD"),
        ],
        [row(each) for each in found],
        id="drivers",
        title=_drivers_title(turned, base),
        subtitle=f"Each driver alone at either end of its range: change of NPV from today "
        f"({money(base)}) and of EPS; a path by its last year",
        source=lens.modelled("sources of each driver in the assumption book"),
        reading=f"The value of {spelt(judged)} of the {len(found)} drivers is judgement. Effects "
        "do not add up: several at once are a matter of simulation.",
        dense=True,
    )


def _drivers_title(turned: Sequence[str], base: float) -> str:
    if not turned:
        sign = "negative" if base < 0 else "positive"
        return f"Value from today stays {sign} at both ends of every driver's range"
    if len(turned) == 1:
        return f"One driver alone turns the sign of value from today: {lowered(turned[0])}"
    return f"{counted(len(turned), 'driver')} can each turn the sign of value from today"


def book(lens: Lens) -> TableExhibit:
    """Every assumption with its value, range, kind and sources; members of a family that
    rest on the same share a row."""
    items = lens.case.scenario.items
    areas: dict[str, dict[tuple[str, ...], list[Assumption]]] = {}
    for item in items:
        groups = areas.setdefault(item.key.partition(".")[0], {})
        same = (_family(item.key, item.label), item.unit, item.kind, *item.source)
        groups.setdefault(same, []).append(item)
    changed = {each.key for each in lens.case.differences}
    rows: list[Row] = []
    for name, groups in areas.items():
        rows.append(heading(area(name)))
        for (_, _, *basis), members in groups.items():
            star = " *" if any(item.key in changed for item in members) else ""
            label = _called(members) + star
            left = "what the others leave"
            told = [(item.key, left if item.derived else item.shown()) for item in members]
            ranges = _members([(item.key, item.evidence) for item in members])
            rows.append(Row.of(label, _members(told), ranges, ", ".join(basis)))
    return table(
        [("Assumption", 3.4), ("Value", 2.4), ("Range", 1.8), ("Kind and sources", 2.8)],
        rows,
        id="assumption-book",
        title=f"The {len(items)} assumptions of the scenario",
        subtitle="Values with their range and what they rest on",
        source=lens.modelled(),
        notes=[
            "A dated value moves evenly or in steps between its dates; its range is a factor, or "
            "stands for its first and last date.",
            *([f"* differs from the base scenario ({len(changed)} values)."] if changed else []),
        ],
        dense=True,
    )


def sources(lens: Lens) -> TableExhibit:
    """The sources that the assumptions cite, secondary ones marked."""
    cited = cited_sources(lens.case.scenario, lens.project)
    secondary = sum(each.is_secondary for each in cited)
    return table(
        [("Key", 1.4), ("Source", 3), ("What is taken from it", 4), ("As of", 0.8), "Read as"],
        [
            (
                each.key,
                ": ".join(filter(None, (each.publisher, each.title))),
                each.says,
                " to ".join(map(dated, each.date.split(" to "))),
                each.grade + (" !" if each.is_secondary and each.grade != "secondary" else ""),
            )
            for each in cited
        ],
        id="sources",
        title=f"Of {len(cited)} sources cited, {secondary} are secondary",
        subtitle="Most cited first; read as: how the source was checked",
        source="register of sources and evidence",
        reading=f"The most cited is {cited[0].title}.",
        dense=True,
    )
