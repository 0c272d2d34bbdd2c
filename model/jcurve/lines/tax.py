"""Tax on operating income, without the interest shield: cash tax follows tax depreciation."""

from __future__ import annotations

import numpy as np

from jcurve.engine.line import flow, line, lines, rate, stock
from jcurve.engine.primitives import Family, Row, lag, scan, total, year_sum, year_to_date
from jcurve.ground.units import SHARE, USD_M, Quantity
from jcurve.lines.constants import ONE_YEAR, QUARTERS_IN_YEAR, QUARTERS_PER_YEAR
from jcurve.lines.sets import ASSET_CLASS
from jcurve.lines.vintages import level_charge

__all__: list[str] = []


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


@line(USD_M, flow)
def short_lived_tax_basis(
    tax_placements: Family, bonus_deduction: Family, tax_five_year_share: Family
) -> Row:
    """Cost left after bonus in the five-year recovery class (computers, network)."""
    return total(
        {
            member: (placed - bonus_deduction[member]) * tax_five_year_share[member]
            for member, placed in tax_placements.items()
        }
    )


@line(USD_M, flow)
def medium_lived_tax_basis(
    tax_placements: Family, bonus_deduction: Family, tax_fifteen_year_share: Family
) -> Row:
    """Cost left after bonus in the fifteen-year class (land improvements, some electrical)."""
    return total(
        {
            member: (placed - bonus_deduction[member]) * tax_fifteen_year_share[member]
            for member, placed in tax_placements.items()
        }
    )


@line(USD_M, flow)
def long_lived_tax_basis(
    tax_placements: Family, bonus_deduction: Family, short_lived_tax_basis, medium_lived_tax_basis
) -> Row:
    """Cost left after bonus in the 39-year class (non-residential buildings)."""
    return (
        total(tax_placements)
        - total(bonus_deduction)
        - short_lived_tax_basis
        - medium_lived_tax_basis
    )


@line(USD_M, flow)
def tax_depreciation(
    bonus_deduction: Family, short_lived_tax_basis, medium_lived_tax_basis, long_lived_tax_basis,
    macrs_5: Family, macrs_15: Family, tax_building_life, finance_lease_principal, quarter_of_year,
) -> Row:  # fmt: skip
    """Deduction for property: bonus at once, the rest by MACRS class with the half-year
    convention (never the mid-quarter one); buildings straight line over their recovery period;
    principal on finance leases as it is paid."""
    buildings = level_charge(long_lived_tax_basis, tax_building_life * QUARTERS_PER_YEAR)
    return (
        total(bonus_deduction)
        + macrs(short_lived_tax_basis, macrs_5, quarter_of_year)
        + macrs(medium_lived_tax_basis, macrs_15, quarter_of_year)
        + buildings
        + finance_lease_principal
    )


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
