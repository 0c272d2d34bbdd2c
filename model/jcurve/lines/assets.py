"""Assets: placement in service, book depreciation, book value."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, stock
from jcurve.engine.primitives import Family, Row, running_sum, splice, total
from jcurve.engine.units import USD_M
from jcurve.lines.constants import QUARTERS_PER_YEAR
from jcurve.lines.sets import ASSET_CLASS
from jcurve.lines.vintages import spread, straight_line

__all__: list[str] = []


@line(USD_M, flow, over=ASSET_CLASS)
def opening_placements(
    reported_opening_property_gross: Row,
    reported_opening_accumulated_depreciation: Row,
    capex_opening_mix: Row,
    quarter_index: Row,
) -> Row:
    """Net property on the books when the timeline starts, taken as placed in its first
    quarter."""
    net = splice(
        reported_opening_property_gross - reported_opening_accumulated_depreciation, 0
    )
    return np.where(np.equal(quarter_index, 0), net * capex_opening_mix, 0)


@line(USD_M, flow, over=ASSET_CLASS)
def placed_in_service(
    additions: Row, opening_placements: Row, placement_lag: Row
) -> Row:
    """Assets ready for use: additions after the placement lag, plus the opening property.
    Until then they are construction in progress and not depreciated."""
    return spread(additions, placement_lag) + opening_placements


@line(USD_M, stock, over=ASSET_CLASS)
def construction_in_progress(
    additions: Row, opening_placements: Row, placed_in_service: Row
) -> Row:
    """Bought and not yet placed in service."""
    return running_sum(additions + opening_placements - placed_in_service)


@lines(
    over=ASSET_CLASS,
    scheduled_depreciation=(
        USD_M,
        flow,
        "Straight-line charge of assets in service, over the useful life in force.",
    ),
    write_offs=(
        USD_M,
        flow,
        "Book value expensed at once: vintages older than a shortened life, early retirement.",
    ),
)
def depreciation_charge(
    placed_in_service: Row,
    life_book: Row,
    life_changes_share: Row,
    life_changes_date: Family,
    life_changes_life: Family,
    life_early_retirement_share: Row,
    life_early_retirement_age: Row,
    asset_depreciable: Row,
    quarter_index: Row,
) -> tuple[Row, Row]:
    """Two fleets of a class: the share that follows the company's changes of useful life,
    and the rest, which keeps its first life."""
    age = life_early_retirement_age * QUARTERS_PER_YEAR
    cost = placed_in_service * asset_depreciable
    lives = {slot: life * QUARTERS_PER_YEAR for slot, life in life_changes_life.items()}
    first = life_book * QUARTERS_PER_YEAR
    changed = straight_line(
        cost * life_changes_share, first, life_changes_date, lives, quarter_index,
        life_early_retirement_share, age,
    )  # fmt: skip
    kept = straight_line(
        cost * (1 - life_changes_share), first, {}, {}, quarter_index,
        life_early_retirement_share, age,
    )  # fmt: skip
    return changed.depreciation + kept.depreciation, changed.write_off + kept.write_off


@line(USD_M, flow, over=ASSET_CLASS)
def book_depreciation(scheduled_depreciation: Row, write_offs: Row) -> Row:
    """Depreciation expense of the class, with write-offs."""
    return scheduled_depreciation + write_offs


@line(USD_M, flow)
def property_depreciation(book_depreciation: Family) -> Row:
    """Depreciation of property and equipment, as the model computes it."""
    return total(book_depreciation)


@line(USD_M, stock, over=ASSET_CLASS)
def property_net_by_class(
    additions: Row, opening_placements: Row, book_depreciation: Row
) -> Row:
    """Book value, construction in progress included."""
    return running_sum(additions + opening_placements - book_depreciation)


@line(USD_M, stock)
def property_net(property_net_by_class: Family) -> Row:
    """Property and equipment, net."""
    return total(property_net_by_class)
