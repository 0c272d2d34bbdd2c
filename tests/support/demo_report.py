"""A notebook as a run leaves it, with every kind of block: made-up numbers, test data only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from jcurve.figures import (
    Cell,
    Column,
    Cover,
    Exhibit,
    KeyFigure,
    Prose,
    Row,
    TableExhibit,
    callout,
    chart,
    plotting,
    prose,
    ref,
    strong,
    style,
    table,
)
from jcurve.figures.display import Displayed, Run

__all__ = ["code", "cumulative_chart", "demo_notebook", "markdown", "notebook"]

SOURCE = "Test data, made up; no filing says this"
YEARS = list(range(2019, 2041))
CUMULATIVE = [
    -2.0, -4.0, -8.0, -15.0, -22.0, -35.0, -60.0, -95.0, -130.0, -150.0, -148.0,
    -130.0, -100.0, -60.0, -20.0, 30.0, 85.0, 140.0, 190.0, 240.0, 280.0, 310.0,
]  # fmt: skip


def code(*shown: Displayed, source: str = "show()") -> dict[str, Any]:
    """A code cell that displayed these objects."""
    outputs = []
    for item in shown:
        data, metadata = item._repr_mimebundle_()
        outputs.append({"output_type": "display_data", "data": data, "metadata": metadata})
    return {
        "cell_type": "code",
        "metadata": {},
        "source": source,
        "execution_count": 1,
        "outputs": outputs,
    }


def markdown(source: str) -> dict[str, Any]:
    """A markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any], title: str = "") -> dict[str, Any]:
    """A notebook of these cells."""
    metadata: dict[str, Any] = {"title": title} if title else {}
    numbered = [cell | {"id": f"cell-{index}"} for index, cell in enumerate(cells)]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": numbered}


def cover(**changed: Any) -> Cover:
    """The cover of the demonstration."""
    return Cover(
        **{
            "kicker": "Example Platforms · Scenario report",
            "title": "The build-out pays back in 2033, if compute keeps lifting advertising",
            "subtitle": "Base case: 1,120 bn of capex earns 11.4% a year against a hurdle of 9%",
            "figures": (
                KeyFigure(label="Net present value", value="84 bn", note="USD, at 9.0%"),
                KeyFigure(label="Rate of return", value="11.4%", note="a year, nominal"),
                KeyFigure(label="Payback", value="2033 Q2", note="10.5 years after start"),
                KeyFigure(label="Deepest point", value="−150 bn", note="in 2028 Q1"),
                KeyFigure(label="Terminal share", value="38%", note="of net present value"),
            ),
            "summary": (
                prose(
                    [
                        "Cumulative cash flow falls to ",
                        strong("−150 bn in 2028"),
                        " before advertising gains outrun depreciation and energy (",
                        ref("jcurve"),
                        "). Payback moves by two years for every tenth of uplift that fails"
                        " to arrive",
                        Run(note="All figures in this document are made up for a test."),
                        ".",
                    ]
                ).paragraphs[0],
            ),
            "status": (
                ("Scenario", "base"),
                ("View", "programme"),
                ("Data through", "2026 Q2"),
                ("Valuation date", "30 June 2026"),
                ("Hash", "4f1c9a2be07d"),
            ),
            "disclaimer": "Analysis, not investment advice.",
            "date": date(2026, 6, 30),
        }
        | changed
    )


def cumulative_chart(**changed: Any) -> Exhibit:
    """The J-curve of the demonstration."""
    with style.house():
        figure, axes = style.plot(height=66)
        plotting.line(axes, YEARS, CUMULATIVE, "programme", "Programme")
        plotting.line(axes, YEARS, [0.62 * y - 12 for y in CUMULATIVE], "go_forward", "Go-forward")
        plotting.line(axes, YEARS, [0.58 * y - 6 for y in CUMULATIVE], "low", "Bear")
        style.years(axes, 2019, 2040, 3)
        style.numbers(axes.yaxis)
        style.zero_line(axes)
        style.forecast_from(axes, 2026.5)
        plotting.point(axes, 2028, -150.0, "Trough: −150 bn, 2028", shift=(6, -3))
        plotting.point(axes, 2033.4, 0.0, "Payback: 2033", shift=(-4, 6))
        plotting.label_ends(axes)
    return chart(
        figure,
        **{
            "id": "jcurve",
            "title": "Cash goes 150 bn under before it comes back",
            "subtitle": "Cumulative incremental free cash flow, USD bn",
            "source": SOURCE,
            "alt": "Line chart of cumulative cash flow from 2019 to 2040: it falls to −150 bn in "
            "2028, crosses zero in 2033 and ends at 310 bn.",
            "reading": [
                "The programme is deepest in the red in 2028 at −150 bn and crosses zero in 2033. "
                "Counted from today on, it does so a year earlier."
            ],
        }
        | changed,
    )


def capex_chart() -> Exhibit:
    """Stacked bars."""
    years = list(range(2021, 2031))
    parts = {
        "Accelerators": [6, 12, 12, 22, 41, 78, 110, 118, 112, 105],
        "Networking": [2, 4, 4, 5, 9, 15, 21, 22, 21, 20],
        "Buildings": [7, 10, 8, 8, 14, 24, 32, 34, 32, 30],
        "Power": [2, 3, 3, 3, 6, 12, 17, 18, 17, 16],
    }
    with style.house():
        figure, axes = style.plot(height=62)
        bottom = [0.0] * len(years)
        for look, (name, values) in zip(style.CATEGORIES, parts.items(), strict=False):
            plotting.bars(axes, years, values, look, bottom=bottom, label=name)
            bottom = [low + value for low, value in zip(bottom, values, strict=True)]
        style.years(axes, 2021, 2030)
        style.numbers(axes.yaxis)
        style.forecast_from(axes, 2025.5)
        plotting.label_stack(axes)
    return chart(
        figure,
        id="capex",
        title="Accelerators take two thirds of the money from 2026",
        subtitle="Capital expenditure by class, USD bn",
        source=[SOURCE, "guidance of 29 July 2026"],
        alt="Stacked bars of capital expenditure by class, rising from 17 bn in 2021 to 192 bn "
        "in 2028, mostly accelerators.",
        reading="Spending on accelerators rises from 6 bn to 118 bn. Buildings and power follow "
        "at a third of that.",
        notes=["Finance leases are counted when the asset is placed in service."],
    )


def small_chart(name: str, title: str, role: str) -> Exhibit:
    """One of two charts side by side."""
    with style.house():
        figure, axes = style.plot(width="half", height=48)
        years = list(range(2024, 2033))
        plotting.line(axes, years, [31, 33, 34, 33, 31, 30, 31, 33, 35], role, role.title())
        plotting.line(axes, years, [31, 33, 35, 36, 36, 37, 37, 38, 38], "without", "Without")
        style.years(axes, 2024, 2032, 2)
        style.numbers(axes.yaxis)
        plotting.label_ends(axes)
    return chart(
        figure,
        id=name,
        title=title,
        subtitle="Per cent of revenue",
        source=SOURCE,
        reading=(),
        alt=f"Two lines from 2024 to 2032; {role} dips below the other from 2027 on.",
        width="half",
    )


def statement() -> TableExhibit:
    """A statement with history and forecast, sub-totals and notes."""
    columns = [Column(label="USD bn", style="text")]
    for year in range(2022, 2034):
        columns.append(
            Column(
                label=str(year),
                decimals=1,
                group="Reported" if year < 2026 else "Forecast",
                forecast=year >= 2026,
            )
        )
    grow = [116.6 * 1.14**index for index in range(12)]
    costs = [-0.46 * value for value in grow]
    depreciation = [-8.7 * 1.25**index for index in range(12)]
    rows = [
        Row(cells=("Income",), role="heading"),
        Row(cells=("Revenue", *grow)),
        Row(cells=("Costs before depreciation", *costs), indent=1),
        Row(
            cells=("Depreciation", Cell(value=depreciation[0], note=0), *depreciation[1:]), indent=1
        ),
        Row(
            cells=(
                "Operating income",
                *[a + b + c for a, b, c in zip(grow, costs, depreciation, strict=True)],
            ),
            role="subtotal",
        ),
        Row(
            cells=(
                "Operating margin",
                *[(a + b + c) / a for a, b, c in zip(grow, costs, depreciation, strict=True)],
            ),
            style="percent",
            decimals=0,
        ),
        Row(cells=("Cash",), role="heading"),
        Row(cells=("Capital expenditure", *[-0.31 * value for value in grow])),
        Row(cells=("Change in working capital", None, *[0.4] * 11)),
        Row(cells=("Free cash flow", *[0.11 * value for value in grow]), role="total"),
    ]
    return table(
        columns,
        rows,
        id="statement",
        title="Depreciation overtakes the growth of revenue in 2027",
        subtitle="Programme, fiscal years",
        source=SOURCE,
        notes=["Lives of servers lengthened to 5.5 years in 2025."],
        reading="Operating margin falls to its lowest in 2033. Free cash flow stays positive "
        "throughout.",
    )


def book(count: int = 60) -> TableExhibit:
    """A long assumption book with text to wrap."""
    rows = [
        (
            f"lever.gain_per_doubling.member_{index}",
            0.012 + index / 1000,
            "share",
            "judgement" if index % 3 else "reported",
            "Between what two studies find, taken at the lower end because the larger one "
            "was made by the seller of the method."
            if index % 4 == 0
            else "As guided.",
        )
        for index in range(count)
    ]
    return table(
        [
            Column(label="Assumption", style="text", weight=3),
            Column(label="Value", decimals=3),
            Column(label="Unit", style="text"),
            Column(label="Kind", style="text"),
            Column(label="Rationale", style="text", weight=4),
        ],
        rows,
        id="book",
        title="What the result rests on",
        subtitle="All assumptions of the scenario",
        source=SOURCE,
        reading=(),
        dense=True,
    )


def findings() -> Prose:
    """Generated paragraphs."""
    return prose(
        ["Uplift must reach ", strong("4.2%"), " of revenue by 2029."],
        ["Accelerators must serve ", strong("five years"), "; a year less costs 31 bn."],
        ["Power must stay under 80 dollars a megawatt-hour (", ref("statement"), ")."],
    )


def _sections() -> Iterable[dict[str, Any]]:
    yield markdown("# A notebook's own title\n")
    yield code(cover(), source='scenario = "base"  # name of the scenario')
    yield markdown(
        "## The answer\n\nThe programme is worth having if *three* things hold. "
        "They are set out below; [the curve](#jcurve) shows when."
    )
    yield code(findings())
    yield code(cumulative_chart())
    yield markdown(
        "## Capex and depreciation\n\nSpending follows guidance until 2027 and fades after it. "
        "A budget of $200bn to $300bn is a matter of money, not of mathematics, while "
        "$NPV = \\sum_t \\frac{C_t}{(1+r)^t}$ is the other way round."
    )
    yield code(capex_chart())
    yield code(statement())
    yield markdown("### By channel\n\nTwo channels carry the gain; the third is a hope.")
    yield code(
        small_chart("margin", "Margin dips by six points", "with"),
        small_chart("margin-judged", "Judged, it dips as far", "judgement"),
    )
    yield code(callout([strong("A limit. "), "Nothing here says what rivals do in the meantime."]))
    yield markdown(
        "## Method and checks\n\n1. Facts win over estimates.\n2. Gaps are errors.\n"
        "   - save where a rule fills them\n3. Every total is reconciled.\n\n"
        "| Check | Result | Allowed |\n|:--|--:|--:|\n| Quarters sum to year | 0.0 | 0.5 |\n"
        "| Segments sum to total | 0.1 | 0.5 |\n\n> A forecast is an opinion with a date."
    )
    yield markdown("## Appendix: assumptions")
    yield code(book())


def demo_notebook() -> dict[str, Any]:
    """The whole demonstration."""
    return notebook(*_sections())
