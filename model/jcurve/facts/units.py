"""The closed list of units in which facts are stated."""

from __future__ import annotations

__all__ = ["UNITS"]

UNITS: frozenset[str] = frozenset(
    {
        "EUR bn",
        "GPUs",
        "GW",
        "GWh",
        "H100e",
        "MW",
        "TFLOPS",
        "USD",
        "USD bn",
        "USD bn per GW",
        "USD m",
        "USD m per GW",
        "USD m per GW per year",
        "USD m per MW",
        "USD m per MW per year",
        "USD m per person",
        "USD m per rack",
        "USD per GPU",
        "USD per GPU-hour",
        "USD per MWh",
        "USD per million tokens",
        "USD per month",
        "USD per person",
        "USD per share",
        "W",
        "basis points",
        "billion",
        "count",
        "elasticity",
        "index",
        "kW",
        "million",
        "million shares",
        "none",
        "people",
        "percent",
        "percent of capex",
        "percent per year",
        "share",
        "text",
        "thousand",
        "x",
        "year",
        "years",
    }
)
