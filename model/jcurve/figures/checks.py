"""How the numbers were made and what was checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jcurve.figures.lens import Lens
from jcurve.figures.table import Column, TableExhibit, table

if TYPE_CHECKING:
    from jcurve.case import Case, Check

__all__ = ["checks"]


def checks(case: Case) -> TableExhibit:
    """Every identity of the model with its largest breach in any world and quarter."""
    lens = Lens(case)
    found = case.checks()
    worst: dict[str, Check] = {}
    for each in found:
        name = each.row.partition("@")[0]
        if name not in worst or each.worst / each.scale > worst[name].worst / worst[name].scale:
            worst[name] = each
    broken = [each for each in found if not each.holds]
    largest = max((each.worst / each.scale for each in worst.values()), default=0.0)
    return table(
        [
            Column(label="Identity", style="text", weight=1.4),
            Column(label="What must be zero", style="text", weight=3),
            Column(label="Largest breach", style="text"),
            Column(label="Holds", style="text"),
        ],
        [
            (
                name.removeprefix("check_").replace("_", " ").capitalize(),
                " ".join(each.definition.split()).removesuffix(": 0."),
                _relative(each.worst / each.scale),
                "yes" if each.holds else f"no: {each.row} {each.at}".rstrip(),
            )
            for name, each in worst.items()
        ],
        id="checks",
        title=f"All {len(found)} identities hold"
        if not broken
        else f"{len(broken)} of {len(found)} identities are broken",
        subtitle="Largest breach in any world and quarter, relative to the largest amount in it; "
        "a millionth is allowed",
        source=lens.modelled(),
        reading=f"The largest relative breach is {_relative(largest)}, which is rounding. "
        f"A report with a broken identity is not published."
        if not broken
        else "A report with a broken identity is not published.",
        dense=True,
    )


def _relative(value: float) -> str:
    """A tiny ratio as a power of ten."""
    if value == 0:
        return "0"
    return f"below 1e{math.floor(math.log10(value)) + 1:d}"
