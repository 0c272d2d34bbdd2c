"""Tax on operating income, without the interest shield, and the cash flow that returns are
measured on. Cash tax follows tax depreciation.
"""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, rate, stock
from jcurve.engine.primitives import Family, Row, lag, total, year_sum, year_to_date
from jcurve.engine.scan import scan
from jcurve.ground.units import SHARE, USD_M, Quantity
from jcurve.lines.constants import (
    ASSET_CLASS,
    ONE_QUARTER,
    ONE_YEAR,
    QUARTERS_IN_YEAR,
    QUARTERS_PER_YEAR,
)
from jcurve.lines.vintages import level_charge


def macrs(basis, percentages: Family, quarter_of_year) -> Row:
    """Tax depreciation by a half-year table of yearly percentages.

    The first year's percentage is taken over what is left of the year from the quarter of
    placement, so that nothing is deducted before its vintage; each later year's evenly.
    """
    left_of_year = QUARTERS_IN_YEAR + 1 - quarter_of_year
    first, *later = percentages.values()
    deducted = first * year_to_date(basis / left_of_year)
    placed = year_sum(basis)
    for percent in later:
        placed = lag(placed, ONE_YEAR)
        deducted = deducted + percent * placed / QUARTERS_IN_YEAR
    return deducted


@line(SHARE, rate, over=ASSET_CLASS, annual="mean")
def bonus_rate(tax_bonus_depreciation, tax_bonus_by_acquisition, placement_lag) -> Row:
    """Share of eligible cost deducted at once: by the law in force when the asset is placed in
    service, or by the switch when it was acquired, the mean placement lag earlier."""
    acquired = lag(tax_bonus_depreciation, placement_lag)
    return np.where(tax_bonus_by_acquisition > 0, acquired, tax_bonus_depreciation)


@line(USD_M, flow, over=ASSET_CLASS)
def tax_placements(placed_in_service, leased_additions, asset_depreciable) -> Row:
    """Depreciable cost placed in service, on which tax deductions rest. Leased assets are the
    lessor's for tax: their payments are deducted instead."""
    return (placed_in_service - leased_additions) * asset_depreciable


@line(USD_M, flow, over=ASSET_CLASS)
def bonus_deduction(tax_placements, tax_bonus_eligible, bonus_rate) -> Row:
    """Bonus depreciation of the class."""
    return tax_placements * tax_bonus_eligible * bonus_rate


def _left_after_bonus(placements: Family, bonus: Family, share: Family) -> Row:
    """Cost of a recovery class, by its share of each asset class."""
    return total({name: (cost - bonus[name]) * share[name] for name, cost in placements.items()})


@line(USD_M, flow)
def short_lived_tax_basis(
    tax_placements: Family, bonus_deduction: Family, tax_five_year_share: Family
) -> Row:
    """Cost left after bonus in the five-year recovery class (computers, network)."""
    return _left_after_bonus(tax_placements, bonus_deduction, tax_five_year_share)


@line(USD_M, flow)
def medium_lived_tax_basis(
    tax_placements: Family, bonus_deduction: Family, tax_fifteen_year_share: Family
) -> Row:
    """Cost left after bonus in the fifteen-year class (land improvements, some electrical)."""
    return _left_after_bonus(tax_placements, bonus_deduction, tax_fifteen_year_share)


@line(USD_M, flow)
def long_lived_tax_basis(
    tax_placements: Family, bonus_deduction: Family, short_lived_tax_basis, medium_lived_tax_basis
) -> Row:
    """Cost left after bonus in the 39-year class (non-residential buildings)."""
    left = total(tax_placements) - total(bonus_deduction)
    return left - short_lived_tax_basis - medium_lived_tax_basis


@line(USD_M, flow)
def tax_depreciation(
    bonus_deduction: Family, short_lived_tax_basis, medium_lived_tax_basis, long_lived_tax_basis,
    macrs_5: Family, macrs_15: Family, tax_building_life, finance_lease_principal, quarter_of_year,
) -> Row:  # fmt: skip
    """Deduction for property: bonus at once, the rest by MACRS class with the half-year
    convention (never the mid-quarter one); buildings straight line over their recovery period;
    principal on finance leases as it is paid."""
    buildings = level_charge(long_lived_tax_basis, tax_building_life * QUARTERS_PER_YEAR)
    short = macrs(short_lived_tax_basis, macrs_5, quarter_of_year)
    medium = macrs(medium_lived_tax_basis, macrs_15, quarter_of_year)
    return total(bonus_deduction) + short + medium + buildings + finance_lease_principal


@line(USD_M, flow)
def research_cost(talent_cost, core_cost, tax_research_share) -> Row:
    """Memo: research and development before depreciation: the programme's people and a share
    of core cost."""
    return talent_cost + tax_research_share * core_cost


@line(USD_M, flow)
def research_not_deducted(
    research_cost, tax_research_capitalised, tax_research_life, history
) -> Row:
    """Research that tax law spreads instead of expensing it, less what it lets off of earlier
    quarters: the part done abroad; none where all is expensed, as in the base case."""
    capitalised = (1 - history) * tax_research_capitalised * research_cost
    return capitalised - level_charge(capitalised, tax_research_life * QUARTERS_PER_YEAR)


@line(USD_M, flow)
def tax_timing(
    depreciation_and_amortisation, other_amortisation, tax_depreciation, salvage_proceeds,
    research_not_deducted,
) -> Row:  # fmt: skip
    """What taxable income has beyond book income: book depreciation of property comes back,
    tax depreciation goes off, proceeds of assets written off for tax are income, and research
    that is spread comes back."""
    book = depreciation_and_amortisation - other_amortisation
    return book - tax_depreciation + salvage_proceeds + research_not_deducted


@lines(
    operating_cash_tax=(
        USD_M,
        flow,
        "Cash tax on operating income without the interest shield: the higher of regular and "
        "minimum tax, after loss carry-forward and minimum-tax credit.",
    ),
    operating_loss_carry_forward=(USD_M, stock, "Operating losses for tax not used yet."),
    minimum_tax_credit=(USD_M, stock, "Minimum tax paid beyond regular tax and not used yet."),
    annual="last",
)
def operating_tax(
    operating_income, tax_timing, finance_lease_interest, tax_rate, tax_minimum_rate, tax_loss_limit
) -> tuple[Row, Row, Row]:
    """Taxable income is operating income with book depreciation replaced by tax
    depreciation, less interest on finance leases, which are rent for tax. Losses carry forward
    and offset up to a limit of later income; the corporate minimum tax, on book income adjusted
    for tax depreciation as the law has it, gives a credit against later regular tax."""
    taxable = operating_income + tax_timing - finance_lease_interest

    def step(before: tuple[Row, ...], now: tuple[Row, ...]) -> tuple[Row, ...]:
        losses, credit = before
        income, regular_rate, minimum_rate, limit = now
        used = np.minimum(losses, limit * np.maximum(income, 0))
        losses = losses - used + np.maximum(-income, 0)
        regular = regular_rate * (np.maximum(income, 0) - used)
        minimum = minimum_rate * np.maximum(income, 0)
        credited = np.minimum(credit, np.maximum(regular - minimum, 0))
        paid = np.maximum(regular, minimum) - credited
        credit = credit - credited + np.maximum(minimum - regular, 0)
        return losses, credit, paid

    losses, credit, paid = scan(
        step,
        (Quantity(0, USD_M), Quantity(0, USD_M)),
        (taxable, tax_rate, tax_minimum_rate, tax_loss_limit),
    )
    return paid, losses, credit


@line(USD_M, flow)
def net_operating_profit(operating_income, tax_rate) -> Row:
    """Operating income after tax at the book rate, before financing (NOPAT)."""
    return operating_income * (1 - tax_rate)


# Unlevered cash flow


@line(USD_M, flow)
def share_based_pay(talent_cost, talent_share_based) -> Row:
    """Share-based pay of the programme's people, part of talent cost."""
    return talent_cost * talent_share_based


@line(USD_M, flow)
def unlevered_free_cash_flow(
    ebitda, operating_cash_tax, capex, finance_lease_interest, working_capital, salvage_proceeds,
    startup_stakes, stake_recoveries, share_based_pay, returns_sbc_is_cost,
) -> Row:  # fmt: skip
    """Cash from operations after tax on operating income and after capex and stakes, before
    financing. Finance leases count in full as they are paid, as operating leases do: principal
    in capex, and interest. Share-based pay is a cost unless the switch adds it back."""
    added_back = share_based_pay * (1 - returns_sbc_is_cost)
    moved = working_capital - lag(working_capital, ONE_QUARTER)
    paid = operating_cash_tax + capex + finance_lease_interest + moved + startup_stakes
    return ebitda - paid + salvage_proceeds + stake_recoveries + added_back


@line(USD_M, flow)
def unlevered_free_cash_flow_sbc_added_back(
    unlevered_free_cash_flow, share_based_pay, returns_sbc_is_cost
) -> Row:
    """The same with share-based pay added back, whatever the switch says."""
    return unlevered_free_cash_flow + share_based_pay * returns_sbc_is_cost
