"""Keys that scenarios had once, and what became of each: one table.

A key that is gone is refused wherever it is given, with its successor and, where the mapping is
exact, with what says the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from jcurve.assumptions.nodes import Node, Place, Table
from jcurve.ground.errors import ScenarioError

SCHEMA = 2  # The schema of scenario files that this version reads

Pairs = tuple[tuple[str, str], ...]  # Keys and values as texts


@dataclass(frozen=True, slots=True)
class Retired:
    """A key that is gone, or a family of them."""

    key: str  # with ``*`` for any one segment
    successor: str  # what says the same, or the nearest to it; empty for nothing
    why: str  # what the model does instead
    # from the value as written to keys and values that mean exactly the same; None where there are
    # none
    exact: Callable[[Node], Pairs | None] | None = None


def rest_of_one(node: Node) -> Pairs | None:
    """One less the value, digit by digit; of a table, of each of its values."""
    if isinstance(node, Table):
        parts = [(each.key, _left(each.value)) for each in node.entries]
        if None in (text for _, text in parts):
            return None
        return (
            ("advertising.contribution", f"{{{', '.join(f'{key}: {t}' for key, t in parts)}}}"),
        )
    left = _left(node)
    return None if left is None else (("advertising.contribution", left),)


def _left(node: Node) -> str | None:
    text = node if isinstance(node, str) else ""
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(|%|percent|share)\s*", text)
    if found is None:
        return None
    whole = 100 if found[2] in ("%", "percent") else 1
    return f"{(whole - Decimal(found[1])).normalize():f} {found[2]}".strip()


_HISTORY = {"2022Q2": 4.5, "2022Q4": 5.0, "2025Q1": 5.5}
"""Changes that every list of schema 1 had to repeat, and that the base scenario still makes."""


def _one_by_one(node: Node) -> Pairs | None:
    """Changes beyond history, each under its own date; another history as one table, and a
    table as it is."""
    if isinstance(node, Table):
        told = {each.key: each.value for each in node.entries}
        lives = (f"{key}: {life if isinstance(life, str) else ''}" for key, life in told.items())
        return (("life.change", f"{{{', '.join(lives)}}}"),)
    if not isinstance(node, tuple):
        return None
    made: dict[str, str] = {}
    for item in node:
        date = item.get("date") if isinstance(item, Table) else None
        life = item.get("life") if isinstance(item, Table) else None
        texts = [each.value for each in (date, life) if each and isinstance(each.value, str)]
        if len(texts) != 2:
            return None
        made[texts[0]] = texts[1]
    beyond = {date: life for date, life in made.items() if date not in _HISTORY}
    if beyond and all(
        made.get(date) in (f"{life:g}", f"{life}") for date, life in _HISTORY.items()
    ):
        return tuple((f"life.change.{date}", life) for date, life in beyond.items())
    return (("life.change", f"{{{', '.join(f'{date}: {life}' for date, life in made.items())}}}"),)


_RESPONSE = "gains of advertising follow one elasticity of relative compute"
_MARKET = "advertising grows with its market, and by an excess that fades"
_FLEET = "after the plan spending keeps up a fleet, and its share of revenue is a result"
_SPLIT = "the split of compute follows from where it earns most, and is a result"
_CAPEX = "capex without the programme is what keeps up property, and maintenance of AI machines"
_GENERAL = "the mix is that of capex without AI, with and without the programme"
_LET = "compute that earns more so is let, at a price that falls with what is offered"
_PRODUCTS = "products pay for compute by a part of their revenue"
_LEASES = "a lease holds machines of one's own"
_COMMITTED = "what cannot be cancelled is paid in every world"
_TABLE = "it is a constant of a table"

_CONTRIBUTION, _CHANGE = "advertising.contribution", "life.change.2027Q1 and the like"
_ELASTICITY, _EXCESS = "advertising.compute_elasticity", "advertising.excess_years"
_GROWTH = "market.growth, market.growth_far"
_PROPERTY = "capex.property_per_revenue, capex.property_depreciation, capex.maintenance"
_COST_FALL = "products.compute_cost_fall"
_USE = "channel.compute_use.*, products.compute_cost"
_TRAITS, _SUPPLY = "data/companies/meta/traits.csv", "data/companies/meta/supply.csv"

RETIRED: tuple[Retired, ...] = (
    Retired(
        "advertising.variable_cost",
        _CONTRIBUTION,
        "it is stated as what is left of a dollar",
        rest_of_one,
    ),
    Retired("life.changes", _CHANGE, "changes are set one by one", _one_by_one),
    Retired("advertising.price_growth.*", _GROWTH, _MARKET),
    Retired("advertising.tailwind", "advertising.excess_kept", _MARKET),
    Retired("lever.gain_per_doubling.*", _ELASTICITY, _RESPONSE),
    Retired("lever.pass_through.*", _ELASTICITY, _RESPONSE),
    Retired("lever.flywheel.*", _ELASTICITY, _RESPONSE),
    Retired("lever.ceiling.*", _ELASTICITY, _RESPONSE),
    Retired("lever.adoption_lag.*", "advertising.arrival_lag", _RESPONSE),
    Retired("lever.eroded_share.*", _EXCESS, _RESPONSE),
    Retired("lever.erosion_lag.*", _EXCESS, _RESPONSE),
    Retired("capex.steady_state_intensity", "fleet.share", _FLEET),
    Retired("capex.fade_years", "fleet.years", _FLEET),
    Retired("capex.baseline_intensity", _PROPERTY, _CAPEX),
    Retired("capex.baseline_mix.*", "capex.general_mix.*", _GENERAL),
    Retired("programme.stopping_cost", "programme.committed_share", _COMMITTED),
    Retired("compute.ads_share", "compute.training_share", _SPLIT),
    Retired("compute.baseline_ads_share", "", _SPLIT),
    Retired("cloud.price", "rent.over_cost", "rent follows what a unit costs its owner"),
    Retired("own.site_cost", "capex.servers_share", "shells are what machines leave of capex"),
    Retired("lease.compute_share", "lease.shell_cost", _LEASES),
    Retired("channel.*.compute_sales", "leasing.depth_share, rent.over_cost", _LET),
    Retired("channel.*.data_insights", "demand.other", "there is no such product any more"),
    Retired("channel.compute_intensity.*", _USE, _PRODUCTS),
    Retired("channel.efficiency_share.*", _COST_FALL, "all products share it"),
    Retired("inference.efficiency", _COST_FALL, "it is a fall of cost a year"),
    Retired("reality_labs.moved_share", "", "nothing is moved; it counted for nothing"),
    Retired("ecosystem.*", "", "it counted for nothing"),
    Retired("supply.*.*", _SUPPLY, _TABLE),
    Retired("asset.*.*", _TRAITS, _TABLE),
    Retired("lever.on_impressions.*", _TRAITS, _TABLE),
)
"""Every key of schema 1 that schema 2 lacks."""


def retired(key: str) -> Retired | None:
    """What became of ``key`` or of ``key`` in one period, None when it never was one."""
    for text in (key, key.rpartition(".")[0]):
        for each in RETIRED:
            if re.fullmatch(each.key.replace(".", r"\.").replace("*", "[a-z0-9_]+"), text):
                return each
    return None


def refusal(key: str, node: Node | None, place: Place) -> ScenarioError | None:
    """The refusal of a key that is gone and had the value ``node``, None for any other key."""
    found = retired(key)
    if found is None:
        return None
    exact = exactly(found, key, node)
    same = ", ".join(f"{name}={value}" for name, value in exact or ())
    allowed = same or found.successor or "nothing in its place"
    return place.at(place.line, "").error(f"a key that is gone: {found.why}", key, allowed)


def exactly(found: Retired, key: str, node: Node | None) -> Pairs | None:
    """What says exactly the same as ``key`` with the value ``node``, None where nothing does."""
    if node is None or found.exact is None or not re.fullmatch(found.key.replace(".", r"\."), key):
        return None
    return found.exact(node)
