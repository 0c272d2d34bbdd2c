"""What a result rests on: assumptions, how they differ from the base scenario, and sources."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jcurve.assumptions.paths import Path as Dated
from jcurve.figures.lens import MILLIONS, Lens, joined, money, percent
from jcurve.figures.prose import Prose, callout, strong
from jcurve.figures.table import Column, Row, TableExhibit, table
from jcurve.ground.project import Project

if TYPE_CHECKING:
    from jcurve.analysis.sensitivity import Swing
    from jcurve.assumptions import Assumption, Difference, Scenario
    from jcurve.case import Case

__all__ = [
    "Ground",
    "book",
    "differences",
    "grounds",
    "kinds",
    "range_text",
    "ranking",
    "sources",
    "swings",
]

_KINDS: Mapping[str, str] = {
    "reported": "printed in a filing or release",
    "guided": "said by the company of its future",
    "evidence": "measured or stated by others, cited",
    "estimate": "fitted or filled by a rule from reported figures",
    "judgement": "our choice, with a reason and a range",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A source that assumptions of a scenario cite.

    Attributes:
        key: as assumptions cite it.
        title: what it is.
        says: what is taken from it.
        date: of the source or of what it says.
        grade: how it was read.
        secondary: whether an exhibit that rests on it must say so.
        count: how many assumptions cite it.
    """

    key: str
    title: str
    says: str
    date: str
    grade: str
    secondary: bool
    count: int


def grounds(scenario: Scenario, project: Project | str | Path | None = None) -> tuple[Ground, ...]:
    """Every source that the scenario's assumptions cite, the most cited first."""
    from jcurve.facts import citations

    cited = Counter(key for item in scenario.items for key in item.source)
    found = [
        Ground(
            key=each.key,
            title=f"{each.publisher}: {each.title}" if each.publisher else each.title,
            says=each.says,
            date=each.date,
            grade=each.grade,
            secondary=each.is_secondary,
            count=cited[each.key],
        )
        for each in citations(cited, project)
    ]
    return tuple(sorted(found, key=lambda each: (-each.count, each.key)))


def differences(case: Case) -> TableExhibit | Prose:
    """What the scenario states differently from the base scenario, and why.

    Members of a family that move for the same reason share a row.
    """
    lens, scenario = Lens(case), case.scenario
    stated = case.differences
    if not stated:
        return callout(
            [
                strong("Base case: no overrides. "),
                "Every value with its range, kind and source is in the assumption book.",
            ]
        )
    soft = sum(each.kind in ("judgement", "estimate") for each in stated)
    here = sum(each.set_by == "override" for each in stated)
    groups: dict[tuple[str, ...], list[Difference]] = {}
    for each in stated:
        groups.setdefault(
            (_family(each.key, each.label), each.unit, each.why, each.kind), []
        ).append(each)
    rows = [
        (
            _label([each.label for each in same]),
            unit,
            _members([(each.key, each.before) for each in same]),
            _members([(each.key, each.after) for each in same]),
            why,
            kind,
        )
        for (_, unit, why, kind), same in groups.items()
    ]
    return table(
        [
            Column(label="Assumption", style="text", weight=2.4),
            Column(label="Unit", style="text"),
            Column(label="Base", style="text", weight=2),
            Column(label="This scenario", style="text", weight=2),
            Column(label="Why", style="text", weight=2.4),
            Column(label="Kind", style="text"),
        ],
        rows,
        id="differences",
        title=f"{len(stated)} assumptions differ from the base scenario, "
        f"{'all' if soft == len(stated) else soft} of them by judgement or estimate"
        if len(stated) > 1
        else "One assumption differs from the base scenario",
        subtitle=f"Scenario {scenario.title} against the base scenario",
        source=lens.modelled("sources of each value in the assumption book"),
        reading=f"{_where_set(here, len(stated))} "
        f"The other {len(scenario.items) - len(stated)} assumptions are the base scenario's.",
        dense=True,
    )


def _where_set(here: int, count: int) -> str:
    if not here:
        return "Each is set in the scenario's file, with its reason."
    if here == count:
        return "Set for this run alone, on top of the scenario's file."
    return f"{here} of them were set for this run alone, on top of the scenario's file."


def _family(key: str, label: str) -> str:
    """What members of a family share: the key without its last part, where the label names
    the member after a colon; else the key."""
    return key.rpartition(".")[0] if ": " in label else key


def _label(labels: list[str]) -> str:
    """The label that the members of a family share."""
    return labels[0].rpartition(": ")[0] if len(labels) > 1 else labels[0]


def _members(texts: list[tuple[str, str]]) -> str:
    """One text for all members where they agree, else each with its name."""
    if len({text for _, text in texts}) == 1:
        return texts[0][1]
    return "; ".join(
        f"{key.rpartition('.')[2].replace('_', ' ')} {text}" for key, text in texts if text
    )


def kinds(case: Case, project: Project | str | Path | None = None) -> TableExhibit:
    """How many assumptions are reported, guided, evidence, estimate and judgement, and how
    many of them cite a secondary source."""
    lens, items = Lens(case), case.scenario.items
    cited = grounds(case.scenario, project)
    secondary = {each.key for each in cited if each.secondary}
    rows = []
    for kind, meaning in _KINDS.items():
        own = [item for item in items if item.kind == kind]
        rows.append(
            Row(
                cells=(
                    kind.capitalize(),
                    meaning,
                    len(own),
                    sum(item.has_range for item in own),
                    sum(bool(secondary.intersection(item.source)) for item in own),
                )
            )
        )
    soft = sum(item.kind in ("judgement", "estimate") for item in items)
    total = (
        "All",
        "",
        len(items),
        sum(item.has_range for item in items),
        sum(bool(secondary.intersection(item.source)) for item in items),
    )
    rows.append(Row(cells=total, role="total"))
    return table(
        [
            Column(label="Kind", style="text"),
            Column(label="What it is", style="text", weight=3),
            Column(label="Number"),
            Column(label="With range"),
            Column(label="Secondary"),
        ],
        rows,
        id="kinds",
        title=f"{percent(soft / len(items), 0)} of the assumptions are judgement or estimate",
        subtitle="Assumptions by what their value rests on; secondary: those that cite a "
        "secondary source",
        source=lens.modelled(),
        reading=f"They cite {len(cited)} sources, {len(secondary)} of them secondary: press, data "
        f"pages and research that was not checked against a filing. What is judgement has a "
        f"reason and, where it matters, a range.",
    )


def ranking(
    case: Case, view: str = "programme", project: Project | str | Path | None = None
) -> tuple[Swing, ...]:
    """Every assumption with a range at both of its ends, by how far it moves ``npv`` of the
    view, the furthest first."""
    from jcurve.analysis.question import Question
    from jcurve.analysis.sensitivity import ranged, ranked, tornado
    from jcurve.ground.project import find_project

    output = f"npv.{view}"
    home = project if isinstance(project, Project) else find_project(project)
    ask = Question.of(case.scenario, output, home)
    return ranked(tornado(ask, ranged(case.scenario), ask.valid), output)


def swings(
    case: Case,
    view: str = "programme",
    project: Project | str | Path | None = None,
    count: int = 12,
) -> TableExhibit | Prose:
    """The assumptions whose own range moves net present value most, one at a time."""
    lens = Lens(case, view)
    if lens.is_empty:
        return callout(
            [
                strong("No range moves the answer. "),
                "The two cases are the same whatever the assumptions are, and so is the value.",
            ]
        )
    output = f"npv.{view}"
    every = ranking(case, view, project)
    found = every[:count]
    base = found[0].base[output] / MILLIONS
    ends = [(_bn(swing.at_low[output]), _bn(swing.at_high[output])) for swing in found]
    turned = sum(
        any((value > 0) != (base > 0) for value in _known(swing, output)) for swing in every
    )
    return table(
        [
            Column(label="Assumption", style="text", weight=3),
            Column(label="Range", style="text", weight=2.4),
            Column(label="Kind", style="text"),
            Column(label="Low", group="NPV, USD bn, at", decimals=0),
            Column(label="High", group="NPV, USD bn, at", decimals=0),
        ],
        [
            (lens.called(swing.key), range_text(case.scenario[swing.key]), swing.kind, *pair)
            for swing, pair in zip(found, ends, strict=True)
        ],
        id="swings",
        title=_swing_title(turned, base),
        subtitle=f"Net present value with one assumption at either end of its range, all others "
        f"as they are ({money(base)})",
        source=lens.modelled(),
        reading=f"Of {len(every)} assumptions with a range these {len(found)} move the value most, "
        f"and {sum(swing.kind == 'judgement' for swing in found)} of them are judgement. "
        f"Ranges of several at once are a matter of simulation, not of adding these up.",
        dense=True,
    )


def _bn(value: float) -> float | None:
    """USD m in USD bn; None where the end of a range breaks a rule between assumptions."""
    return None if math.isnan(value) else value / MILLIONS


def _known(swing: Swing, output: str) -> list[float]:
    ends = (swing.at_low[output], swing.at_high[output])
    return [value for value in ends if not math.isnan(value)]


def _swing_title(turned: int, base: float) -> str:
    side = "negative" if base < 0 else "positive"
    if not turned:
        return f"NPV stays {side} at both ends of every range"
    if turned == 1:
        return "One assumption can turn the sign of the value within its own range"
    return f"{turned} assumptions can each turn the sign of the value within their own range"


def book(case: Case) -> TableExhibit:
    """Every assumption with its value, range, kind and sources; members of a family that
    rest on the same share a row."""
    groups: dict[tuple[str, ...], list[Assumption]] = {}
    for item in case.scenario.items:
        area = item.key.partition(".")[0]
        same = (area, _family(item.key, item.label), item.unit, item.kind, *item.source)
        groups.setdefault(same, []).append(item)
    changed = {each.key for each in case.differences}
    rows: list[Row] = []
    for area in dict.fromkeys(area for area, *_ in groups):
        rows.append(Row(cells=(area.replace("_", " ").capitalize(),), role="heading"))
        for group, members in groups.items():
            if group[0] != area:
                continue
            star = " *" if any(item.key in changed for item in members) else ""
            first = members[0]
            rows.append(
                Row(
                    cells=(
                        _label([item.label for item in members]) + star,
                        first.unit,
                        _members([(item.key, _value(item)) for item in members]),
                        _members([(item.key, range_text(item)) for item in members]),
                        ", ".join((first.kind, *first.source)),
                    )
                )
            )
    return table(
        [
            Column(label="Assumption", style="text", weight=3.4),
            Column(label="Unit", style="text", weight=0.8),
            Column(label="Value", style="text", weight=2.4),
            Column(label="Range", style="text", weight=1.8),
            Column(label="Kind and sources", style="text", weight=2.8),
        ],
        rows,
        id="assumption-book",
        title=f"The {len(case.scenario.items)} assumptions of the scenario",
        subtitle="Values with their range and what they rest on; rates as shares of one",
        source=Lens(case).modelled(),
        notes=[
            "A dated value moves evenly or in steps between its dates; its range is a factor, or "
            "stands for its first and last date.",
            *([f"* differs from the base scenario ({len(changed)} values)."] if changed else []),
        ],
        dense=True,
    )


def _value(item: Assumption) -> str:
    return "what the others leave" if item.derived else item.text()


def range_text(item: Assumption) -> str:
    """Low to high: factors where they were given so, else the ends of a path."""
    item = item.book
    low, high = item.low, item.high
    if low is None or high is None or item.derived:
        return ""
    if item.low_factor is not None and item.high_factor is not None:
        return f"{item.low_factor:g} to {item.high_factor:g} times"
    if not isinstance(low, Dated) or not isinstance(high, Dated):
        return f"{item.text(low)} to {item.text(high)}"
    ends = [
        f"{low.label(at)}: {item.text(low.at(at))} to {item.text(high.at(at))}"
        for at in dict.fromkeys((low.periods[0], low.periods[-1]))
    ]
    return "; ".join(ends)


def sources(case: Case, project: Project | str | Path | None = None) -> TableExhibit:
    """The sources that the assumptions cite, secondary ones marked."""
    cited = grounds(case.scenario, project)
    secondary = [each for each in cited if each.secondary]
    most = [each.key for each in cited[:2]]
    return table(
        [
            Column(label="Key", style="text", weight=1.4),
            Column(label="Source", style="text", weight=3),
            Column(label="What is taken from it", style="text", weight=4),
            Column(label="As of", style="text", weight=0.8),
            Column(label="Read as", style="text"),
        ],
        [
            (
                each.key,
                each.title,
                each.says,
                each.date,
                f"{each.grade}{' !' if each.secondary and each.grade != 'secondary' else ''}",
            )
            for each in cited
        ],
        id="sources",
        title=f"{len(cited)} sources are cited, {len(secondary)} of them secondary",
        subtitle="Most cited first; read as: how the source was checked",
        source="register of sources and evidence in the project's data folder",
        reading=f"The most cited are {joined(most)}.",
        dense=True,
    )
