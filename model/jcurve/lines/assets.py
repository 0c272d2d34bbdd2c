"""Assets: placement in service, book depreciation, book value."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, stock
from jcurve.engine.primitives import Family, Row, lag, running_sum, splice, total, value_at
from jcurve.ground.units import USD_M
from jcurve.lines.constants import ASSET_CLASS, MILLION, ONE_QUARTER, QUARTERS_PER_YEAR
from jcurve.lines.vintages import placed, straight_line


@line(USD_M, flow, over=ASSET_CLASS)
def opening_placements(reported_opening_property_net, capex_opening_mix, quarter_index) -> Row:
    """Net property on the books when the timeline starts, taken as placed in its first
    quarter."""
    net = splice(reported_opening_property_net, 0)
    return np.where(np.equal(quarter_index, 0), net * capex_opening_mix, 0)


@line(USD_M, flow, over=ASSET_CLASS)
def placed_in_service(
    bought_additions, leased_additions, opening_placements, placement_lag, placement_delay,
    placement_delayed_share, asset_depreciable,
) -> Row:  # fmt: skip
    """Assets ready for use: what is bought after the placement lag, a share of it later still
    while sites are being built, leased assets at once, plus the opening property. Until then
    they are construction in progress and not depreciated. Land waits for nothing."""
    delayed_share = placement_delayed_share * asset_depreciable
    ready = placed(bought_additions, placement_lag, placement_delay, delayed_share)
    return ready + leased_additions + opening_placements


@line(USD_M, stock, over=ASSET_CLASS)
def construction_in_progress(additions, opening_placements, placed_in_service) -> Row:
    """Bought and not yet placed in service."""
    return running_sum(additions + opening_placements - placed_in_service)


@lines(
    over=ASSET_CLASS,
    scheduled_depreciation=(
        USD_M,
        flow,
        "Straight-line charge of assets in service, over the useful life in force.",
    ),
    catch_up=(
        USD_M,
        flow,
        "Book value expensed at once when a shortened life overtakes a vintage.",
    ),
    write_offs=(USD_M, flow, "Book value of assets retired early."),
)
def depreciation_charge(
    placed_in_service, life_book, life_changes_share, life_rest_follows_from, asset_changes_life,
    life_change_date: Family, life_change_life: Family, life_early_retirement_share,
    life_early_retirement_age, asset_depreciable, quarter_index,
) -> tuple[Row, Row, Row]:  # fmt: skip
    """Two fleets of a class: the share that has followed every change of useful life, and the
    rest, which kept its first life until later changes took it in."""
    age = life_early_retirement_age * QUARTERS_PER_YEAR
    cost = placed_in_service * asset_depreciable
    lives = {slot: life * QUARTERS_PER_YEAR for slot, life in life_change_life.items()}
    first = life_book * QUARTERS_PER_YEAR
    # A change that the rest does not follow is dated at the start, to its first life.
    follows = {
        slot: np.logical_and(date >= life_rest_follows_from, asset_changes_life > 0)
        for slot, date in life_change_date.items()
    }
    rest_dates = {slot: np.where(follows[slot], date, 0) for slot, date in life_change_date.items()}
    rest_lives = {slot: np.where(follows[slot], life, first) for slot, life in lives.items()}
    leading = straight_line(
        cost * life_changes_share, first, life_change_date, lives, quarter_index,
        life_early_retirement_share, age,
    )  # fmt: skip
    rest = straight_line(
        cost * (1 - life_changes_share), first, rest_dates, rest_lives, quarter_index,
        life_early_retirement_share, age,
    )  # fmt: skip
    return (
        leading.depreciation + rest.depreciation,
        leading.catch_up + rest.catch_up,
        leading.write_off + rest.write_off,
    )


@line(USD_M, flow, over=ASSET_CLASS)
def salvage(write_offs, life_salvage_share, life_sellable_share) -> Row:
    """Cash from assets retired early: the share that can be sold, at a share of its book
    value."""
    return write_offs * life_sellable_share * life_salvage_share


@line(USD_M, flow, over=ASSET_CLASS)
def book_depreciation(scheduled_depreciation, catch_up, write_offs, salvage) -> Row:
    """Depreciation expense of the class, with write-offs net of salvage."""
    return scheduled_depreciation + catch_up + write_offs - salvage


@line(USD_M, flow)
def property_depreciation(book_depreciation: Family) -> Row:
    """Depreciation of property and equipment, as the model computes it."""
    return total(book_depreciation)


@line(USD_M, stock, over=ASSET_CLASS)
def property_net_by_class(additions, opening_placements, book_depreciation, salvage) -> Row:
    """Book value, construction in progress included."""
    return running_sum(additions + opening_placements - book_depreciation - salvage)


@line(USD_M, flow)
def salvage_proceeds(salvage: Family) -> Row:
    """Cash from stranded assets, all classes."""
    return total(salvage)


@line(USD_M, stock)
def modelled_property_net(property_net_by_class: Family) -> Row:
    """Property and equipment, net, as the model computes it from what was bought."""
    return total(property_net_by_class)


@line(USD_M, stock, refer={"modelled": "modelled_property_net@with"})
def property_basis(
    reported_property_net, modelled, property_basis_years, quarter_index, last_reported
) -> Row:
    """Reported net property beyond modelled: disposals, impairments and currency, which the
    model does not know. After the last report it runs off evenly, as the assets do to which
    it belongs."""
    beyond = reported_property_net - modelled
    elapsed = (quarter_index - last_reported) / (property_basis_years * QUARTERS_PER_YEAR)
    left = 1 - np.minimum(np.maximum(elapsed, 0), 1)
    return splice(beyond, value_at(beyond, last_reported) * left)


@line(USD_M, flow)
def basis_depreciation(property_basis, history) -> Row:
    """Depreciation of the difference between reported and modelled property; negative where
    less is on the books than modelled. The same in every world."""
    return (1 - history) * (lag(property_basis, ONE_QUARTER) - property_basis)


@line(USD_M, stock)
def property_net(modelled_property_net, property_basis) -> Row:
    """Property and equipment, net, construction in progress included: as reported, then as
    bought less depreciated."""
    return modelled_property_net + property_basis


@line(USD_M, flow, refer={"modelled": "property_depreciation@with"})
def depreciation_and_amortisation(
    reported_depreciation, property_depreciation, modelled, basis_depreciation, other_amortisation
) -> Row:
    """Depreciation and amortisation: as reported, with this world's modelled difference; then
    of property as modelled, of the difference to reported property, and other amortisation."""
    return splice(
        reported_depreciation + property_depreciation - modelled,
        property_depreciation + basis_depreciation + other_amortisation,
    )


@line(USD_M, stock, refer={"accelerators": "property_net_by_class.accelerators"})
def book_above_replacement(accelerators, compute_fleet, compute_legacy, compute_price) -> Row:
    """Sign of impairment: book value of accelerators beyond what the same compute would cost
    today, nothing where it is less. A charge is taken only for assets retired early."""
    bought_again = (compute_fleet - compute_legacy) * compute_price * MILLION
    return np.maximum(accelerators - bought_again, 0)
