"""What must hold for the model in any scenario that validates."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

import jcurve
from jcurve.assumptions import shipped
from jcurve.assumptions.batch import batch
from jcurve.case import batch_inputs
from jcurve.engine.evaluate import annual, needs
from jcurve.engine.evaluate import evaluate as evaluate_rows
from tests.conftest import RecordFigure
from tests.counts import count
from tests.support.draws import sample_uniform
from tests.support.quarters_back import COMING, LAST, whole

CHUNK = 512
WORLDS = ("with", "without", "stopped")
NOTHING_BOUGHT = {
    "capex.maintenance": 0.0,
    "capex.property_per_revenue": 0.0,
    "fleet.share": 0.005,
    "programme.last_spending": LAST,
    "programme.committed_share": 0.0,
}
CLASSES = ("accelerators", "servers", "network", "buildings", "land")


@lru_cache(maxsize=1)
def base() -> jcurve.Case:
    return jcurve.evaluate("base")


def _batches(seed: int, wanted: list[str], what: str = "base"):  # type: ignore[no-untyped-def]
    """Rows of random valid scenarios, a chunk at a time: every range, and every switch."""
    scenario = jcurve.scenario(what)
    generator = np.random.default_rng(seed)
    left = count("random_scenarios")
    while left > 0:
        size = min(CHUNK, left)
        draws = sample_uniform(scenario, size, generator)
        rows = {**batch(scenario, draws), **_switched(size, generator)}
        yield draws, jcurve.evaluate_batch(rows, wanted, scenario)
        left -= size


def _switched(size: int, generator: np.random.Generator) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    """Values of what has no range of its own: switches, choices, dates of stopping."""
    timeline = base().assembly.timeline
    late = range(timeline.index(COMING), len(timeline))
    choices: dict[str, tuple[float, ...]] = {
        "programme.enabled": (0, 1, 1, 1, 1, 1, 1, 1),
        "programme.scale": (0.0, 0.5, 1.0, 1.0, 1.5),
        "programme.scales_talent": (0, 1),
        "venture.on_balance": (0, 1),
        "returns.sbc_is_cost": (0, 1),
        "returns.terminal_treatment": (0, 1, 2),
        "returns.run_off_from": tuple(late),
        "programme.last_spending": (late[0] - 1, late[8], late[20], late[-1], late[-1]),
        "tax.minimum_rate": (0.0, 0.15, 0.2),
        "power.ceiling": (3_000, 10_000, 100_000),
        "advertising.shock.europe": (0.0, 0.3),
        "compute.price_shock": (-0.2, 0.0, 0.5),
    }
    return {
        key: generator.choice(np.array(values, dtype=np.float64), (1, size))
        for key, values in choices.items()
    }


def test_identities_hold_in_random_scenarios(record_figure: RecordFigure) -> None:
    model = base().assembly.model
    checks = [
        f"{row}@{tag}" if tag else row
        for row in model.outputs
        if row.startswith("check_")
        for tag in model.tags(row)
    ]
    assert len(checks) >= 40
    scale_of = {world: f"total_assets@{world}" for world in WORLDS}
    worst, scenarios = 0.0, 0
    for _, rows in _batches(1, [*checks, *scale_of.values()]):
        scenarios += rows[checks[0]].shape[1]
        for check in checks:
            scale = np.abs(rows[scale_of[check.partition("@")[2] or "with"]]).max(axis=0)
            off = float((np.abs(rows[check]).max(axis=0) / np.maximum(scale, 1.0)).max())
            assert off < 1e-6, check
            worst = max(worst, off)
    assert scenarios == count("random_scenarios")
    record_figure("identities: random scenarios", scenarios)
    record_figure("identities: checks in each", len(checks))
    record_figure("identities: worst", worst, "of total assets")


def test_property_is_cost_less_depreciation_and_never_negative() -> None:
    wanted = [
        f"{line}.{each}@with"
        for line in ("additions", "opening_placements", "placed_in_service", "salvage",
                     "book_depreciation", "property_net_by_class", "construction_in_progress")
        for each in CLASSES
    ]  # fmt: skip
    for _, rows in _batches(2, wanted):
        for each in CLASSES:
            bought = rows[f"additions.{each}@with"] + rows[f"opening_placements.{each}@with"]
            gone = rows[f"book_depreciation.{each}@with"] + rows[f"salvage.{each}@with"]
            book = rows[f"property_net_by_class.{each}@with"]
            scale = bought.sum(axis=0).max()
            np.testing.assert_allclose(np.cumsum(bought - gone, axis=0), book, atol=1e-8 * scale)
            placed = np.cumsum(rows[f"placed_in_service.{each}@with"] - gone, axis=0)
            assert placed.min() > -1e-8 * scale, each


def test_years_follow_from_quarters_in_random_scenarios() -> None:
    """A flow's year is the sum, a balance's the last quarter, a ratio's its own formula."""
    case = base()
    model, timeline = case.assembly.model, case.assembly.timeline
    lines = {
        "flow": ("revenue", "net_income", "capex", "operating_cash_flow", "cash_taxes"),
        "stock": ("total_assets", "cash_and_securities", "debt", "equity", "property_net"),
    }
    ratios = {"operating_margin": ("operating_income", "revenue")}
    every = [*lines["flow"], *lines["stock"], *ratios, "operating_income"]
    scenario = jcurve.scenario("base")
    draws = sample_uniform(scenario, 64, np.random.default_rng(5))
    inputs = batch_inputs(case, batch(scenario, draws))
    keys = [(line, world) for line in every for world in WORLDS]
    wanted = set(keys).union(*(needs(model, key) for key in keys))
    made = [key for key in wanted if key[0] in model.maker]
    values = evaluate_rows(model, inputs, timeline, made)
    values |= {(name, ""): row for name, row in inputs.items()}
    for world in WORLDS:
        for kind, names in lines.items():
            for line in names:
                row = np.broadcast_to(values[line, world], (len(timeline), 64)).reshape(-1, 4, 64)
                year = row.sum(axis=1) if kind == "flow" else row[:, -1]
                found = np.broadcast_to(annual(model, values, (line, world)), year.shape)
                np.testing.assert_allclose(found, year, rtol=1e-12, atol=1e-6)
        for ratio, (above, below) in ratios.items():
            shares = annual(model, values, (above, world)) / np.maximum(
                annual(model, values, (below, world)), 1e-9
            )
            found = annual(model, values, (ratio, world))
            np.testing.assert_allclose(found[4:], shares[4:], rtol=1e-9)


def test_what_is_bought_is_charged_in_full() -> None:
    """Nothing more is bought after 2026: by 2040 servers are charged to the last dollar."""
    scenario = jcurve.scenario(
        "base",
        {
            "capex.total": whole("capex.total", {2026: 0, 2030: 0}),
            **NOTHING_BOUGHT,
            "lease.yearly_starts": {2026: 0, 2032: 0},
        },
    )
    generator = np.random.default_rng(6)
    draws = sample_uniform(jcurve.scenario("base"), 128, generator)
    kept = {
        key: draw
        for key, draw in draws.items()
        if not key.startswith(("capex.", "lease.")) and scenario.assumptions[key].has_range
    }
    wanted = [
        f"{line}.{each}@with"
        for line in ("bought_additions", "opening_placements", "book_depreciation", "salvage")
        for each in CLASSES[:3]
    ]
    rows = jcurve.evaluate_batch(batch(scenario, kept), wanted, scenario)
    for each in CLASSES[:3]:
        cost = rows[f"bought_additions.{each}@with"] + rows[f"opening_placements.{each}@with"]
        charged = rows[f"book_depreciation.{each}@with"] + rows[f"salvage.{each}@with"]
        np.testing.assert_allclose(charged.sum(axis=0), cost.sum(axis=0), rtol=1e-9)


def _stepped(keys: dict[str, float], wanted: list[str], size: int = 128):  # type: ignore[no-untyped-def]
    """Random scenarios as they are, and with some assumptions multiplied."""
    scenario = jcurve.scenario("base")
    draws = sample_uniform(scenario, size, np.random.default_rng(11))
    rows = batch(scenario, draws)
    more = {**rows, **{key: rows[key] * factor for key, factor in keys.items()}}
    return (
        jcurve.evaluate_batch(rows, wanted, scenario),
        jcurve.evaluate_batch(more, wanted, scenario),
    )


@pytest.mark.parametrize(
    "key",
    ["advertising.contribution", "demand.agents", "demand.assistant", "leasing.yield"],
)
def test_what_compute_earns_never_lowers_npv_in_random_scenarios(key: str) -> None:
    """More of it helps the world with most compute most; a hundredth for the rounding of dates."""
    less, more = _stepped({key: 1.01}, ["npv", "npv.go_forward"])
    for view in ("npv", "npv.go_forward"):
        gained = more[view] - less[view]
        assert (gained >= -1e-3 * np.abs(less[view]).max()).mean() >= 0.99


def test_a_dearer_accelerator_never_raises_compute_in_random_scenarios() -> None:
    """While the plan is in dollars; after it the plan is a fleet, bought at any price."""
    wanted = [f"compute_in_service@{world}" for world in WORLDS]
    end = base().assembly.timeline.index("2030Q4") + 1
    cheap, dear = _stepped({"compute.list_price": 1.2}, wanted)
    for line in wanted:
        assert (dear[line][:end] <= cheap[line][:end] * (1 + 1e-12)).all()
        assert (dear[line] < cheap[line]).any()


def test_longer_lives_move_no_cash_before_tax_in_random_scenarios() -> None:
    wanted = [f"{line}@{world}" for line in ("ebitda", "capex") for world in WORLDS]
    first = base().assembly.timeline.index(COMING)
    short, long = _stepped({"life.book.buildings": 1.25}, [*wanted, "operating_income@with"])
    for line in wanted:
        np.testing.assert_allclose(short[line], long[line], rtol=1e-9, atol=1e-3)
    gained = (long["operating_income@with"] - short["operating_income@with"])[first:]
    assert (gained[:8] > 0).all()


def test_repurchases_are_never_paid_for_with_debt_in_random_scenarios() -> None:
    scenario = jcurve.scenario("base", {"financing.repurchase_share.2034": 1.0})
    draws = sample_uniform(scenario, 256, np.random.default_rng(13))
    wanted = [f"{line}@{each}" for line in ("repurchases", "debt_change") for each in WORLDS]
    rows = jcurve.evaluate_batch(batch(scenario, draws), wanted, scenario)
    first = base().assembly.timeline.index(COMING)
    for world in WORLDS:
        bought = rows[f"repurchases@{world}"][first:]
        drawn = rows[f"debt_change@{world}"][first:]
        assert (bought > 0).any()
        assert (drawn[bought > 0] <= 1e-6).all()


def test_worlds_agree_before_the_programme_and_the_stopped_one_until_the_valuation_date() -> None:
    case = base()
    start = case.assembly.timeline.index("2023Q1")
    valued = case.assembly.timeline.index(LAST)
    for line in ("capex", "revenue", "total_costs", "unlevered_free_cash_flow", "equity"):
        assert (case.row(line, "with")[:start] == case.row(line, "without")[:start]).all(), line
        assert (
            case.row(line, "with")[: valued + 1] == case.row(line, "stopped")[: valued + 1]
        ).all(), line


def _differences(case: jcurve.Case, view: str) -> list[str]:
    """Lines of a view that are not exactly zero throughout."""
    model = case.assembly.model
    return [
        row
        for row in sorted(model.worldly)
        if row in model.outputs
        and row not in ("programme_stop", "planned_stop")
        and np.nan_to_num(case.row(row, view)).any()
    ]


@pytest.mark.parametrize("name", ["no_programme", "bear", "bull", "stress_power_delay"])
def test_without_a_programme_every_programme_line_is_exactly_zero(name: str) -> None:
    case = jcurve.evaluate(jcurve.scenario(name, {"programme.enabled": 0}))
    assert _differences(case, "programme") == []
    assert case["npv"] == 0.0
    assert case["payback"] is None
    assert case["irr"] is None


@pytest.mark.parametrize("name", ["stop_now", "bear", "bull", "stress_eu_regulatory"])
def test_a_programme_ended_at_the_valuation_date_has_no_go_forward_lines(name: str) -> None:
    case = jcurve.evaluate(jcurve.scenario(name, {"programme.last_spending": LAST}))
    assert _differences(case, "go_forward") == []
    assert case["npv.go_forward"] == 0.0


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_scenario_evaluates_and_ties(name: str) -> None:
    case = jcurve.evaluate(name)
    broken = [check for check in case.checks() if not check.holds]
    assert not broken
    for row in case.values.values():
        assert not np.isinf(row).any()


def test_history_is_reported_and_the_forecast_starts_without_a_step() -> None:
    case = base()
    last = case.assembly.timeline.index(LAST)
    for line, fact in (
        ("revenue", "reported_revenue"),
        ("total_costs", "reported_total_costs"),
        ("advertising", "reported_advertising"),
        ("capex", "reported_capex"),
        ("operating_cash_flow", "reported_operating_cash_flow"),
        ("cash_and_securities", "reported_cash_and_securities"),
        ("debt", "reported_long_term_debt"),
        ("equity", "reported_equity"),
    ):
        shown = case.row(line, "with")[last - 13 : last + 1]
        np.testing.assert_allclose(
            shown, case.row(fact)[last - 13 : last + 1], rtol=5e-3, err_msg=line
        )
    # A year after the join each flow has moved no more than growth explains; capex is guided
    # to double, and unusual charges fall away.
    for line in ("revenue", "advertising", "core_cost", "share_based_compensation"):
        row = case.row(line, "with")
        before, after = row[last - 3 : last + 1].sum(), row[last + 1 : last + 5].sum()
        assert 0.95 < after / before < 1.35, line


def _move(key: str, low: float, high: float, wanted: list[str]) -> tuple[dict, dict]:  # type: ignore[type-arg]
    cases = [jcurve.evaluate(jcurve.scenario("base", {key: value})) for value in (low, high)]
    return tuple({name: case[name] for name in wanted} for case in cases)  # type: ignore[return-value]


def test_a_longer_life_never_lowers_early_earnings_nor_moves_cash_before_tax() -> None:
    longer = jcurve.evaluate(jcurve.scenario("base", {"life.change.2027Q1": 6.5}))
    first = base().assembly.timeline.index("2027Q1")
    gained = longer.row("operating_income", "with") - base().row("operating_income", "with")
    assert (gained[first : first + 16] > 0).all()
    np.testing.assert_allclose(
        longer.row("ebitda", "with"), base().row("ebitda", "with"), rtol=1e-12
    )


def test_a_dearer_accelerator_never_raises_compute_in_dollar_years_nor_moves_the_fleet_rule() -> (
    None
):
    cheap, dear = (
        jcurve.evaluate(jcurve.scenario("base", {"compute.price_shock": value}))
        for value in (-0.2, 0.4)
    )
    end = base().assembly.timeline.index("2030Q4") + 1
    for world in WORLDS:
        fewer, more = dear.row("compute_owned", world), cheap.row("compute_owned", world)
        assert (fewer[:end] <= more[:end]).all()
    reached = [each.row("fleet_over_frontier", "with")[-1] for each in (cheap, dear)]
    assert reached[1] == pytest.approx(reached[0], rel=0.01)
    assert dear.row("capex", "with")[-4:].sum() > cheap.row("capex", "with")[-4:].sum()


def test_compute_waits_where_there_is_no_power_and_leaves_with_what_is_retired() -> None:
    held = jcurve.evaluate(jcurve.scenario("base", {"power.ceiling": 5000}))
    fleet, runs = held.row("compute_fleet", "with"), held.row("compute_owned", "with")
    last = held.assembly.timeline.index(LAST)
    assert (runs[: last + 1] == fleet[: last + 1]).all()
    assert held.row("power", "with")[-1] == pytest.approx(5000)
    assert runs[-1] < fleet[-1]
    np.testing.assert_allclose(held.row("compute_waiting", "with"), fleet - runs)
    assert held["npv"] != base()["npv"]
    retired = jcurve.evaluate(
        jcurve.scenario("base", {"life.early_retirement_share.accelerators": 0.2})
    )
    assert retired.row("compute_owned", "with")[-1] < base().row("compute_owned", "with")[-1]
    ranking = retired.row("ranking_compute", "with")[-1]
    assert ranking < base().row("ranking_compute", "with")[-1]


def test_no_benefit_from_any_lever_or_channel_never_pays_back() -> None:
    scenario = jcurve.scenario("base")
    nothing = {
        key: 0.0
        for key in scenario.assumptions
        if key.startswith(("channel.probability.", "saving.rate."))
    } | {"advertising.compute_elasticity": 0.001, "leasing.yield": 0.05}
    case = jcurve.evaluate(jcurve.scenario("base", nothing))
    assert case["payback"] is None
    assert case.headlines()["programme"]["payback"]["reason"] == "never within the horizon"
    assert case["npv"] < base()["npv"]


def test_capex_of_nothing_is_depreciated_by_nothing() -> None:
    case = jcurve.evaluate(
        jcurve.scenario(
            "base",
            {
                "capex.total": whole("capex.total", {2026: 0, 2030: 0}),
                **NOTHING_BOUGHT,
                "lease.yearly_starts": {2026: 0, 2032: 0},
            },
        )
    )
    end = case.assembly.timeline.index("2040Q4")
    assert case.row("capex", "with")[-40:].sum() == 0.0
    # Buildings bought by mid 2026 are charged for fifteen and a half years.
    for each in ("accelerators", "servers", "network"):
        assert case.row(f"book_depreciation.{each}", "with")[end - 16 :].sum() == pytest.approx(
            0.0, abs=1e-6
        )


def test_each_dollar_of_a_lease_lands_once() -> None:
    """A lease more: operating cost, capex and interest together are what is paid."""
    starts = {2026: 12000, 2027: 60000, 2028: 65000, 2029: 72000, 2030: 60000, 2031: 30000, 2032: 0}
    fewer = {**starts, 2027: 40000}
    for operating in (1.0, 0.7, 0.0):
        one, two = (
            jcurve.evaluate(
                jcurve.scenario(
                    "base",
                    {
                        "lease.yearly_starts": schedule,
                        "lease.operating_share": operating,
                        "lease.sublet_share": 0.0,
                    },
                )
            )
            for schedule in (fewer, starts)
        )

        def more(line: str, world: str, one=one, two=two) -> np.ndarray:  # type: ignore[no-untyped-def, type-arg]
            return two.row(line, world) - one.row(line, world)

        paid = more("lease_payments", "with")
        parts = sum(
            more(line, "with")
            for line in ("lease_cost", "finance_lease_principal", "finance_lease_interest")
        )
        np.testing.assert_allclose(parts, paid, atol=1e-6)
        assert paid.sum() > 0
        # With the programme, principal is inside the plan while it is in dollars: it buys less
        # property instead.
        end = one.assembly.timeline.index("2030Q4") + 1
        np.testing.assert_allclose(more("capex", "with")[:end], 0.0, atol=1e-6)
        bought = sum(more(f"purchases_by_class.{each}", "with") for each in CLASSES)[:end]
        principal = more("finance_lease_principal", "with")[:end]
        np.testing.assert_allclose(bought, -principal, atol=1e-6)
        # Stopped, what is signed is still paid: on top of the baseline's capex.
        np.testing.assert_allclose(
            more("capex", "stopped"), more("finance_lease_principal", "stopped"), atol=1e-6
        )
        # The shells that come with a lease are filled with machines, which cost and earn as well.
        for world in ("with", "stopped"):
            machines = sum(
                more(line, world)
                for line in ("energy_cost", "operations_cost", "uplift_cost", "new_product_cost")
            )
            costs = more("total_costs", world) - more("property_depreciation", world) - machines
            np.testing.assert_allclose(costs, more("lease_cost", world), atol=1e-6)
            flow = more("unlevered_free_cash_flow", world) + more("operating_cash_tax", world)
            moved = np.diff(more("working_capital", world), prepend=0.0)
            flow -= more("revenue", world) - machines - moved
            cash = more("lease_cost", world) + more("finance_lease_interest", world)
            np.testing.assert_allclose(flow, -cash - more("capex", world), atol=1e-6)
        # Leased assets come at their present value, and nothing is left owing at the end.
        added = sum(more(f"leased_additions.{each}", "with") for each in CLASSES)
        np.testing.assert_allclose(added, more("finance_leases_started", "with"), atol=1e-6)


def test_leases_are_repaid_by_the_end_of_their_term() -> None:
    case = jcurve.evaluate(
        jcurve.scenario(
            "base", {"lease.term": 5, "lease.yearly_starts": {2026: 9000, 2027: 0, 2032: 0}}
        )
    )
    owed, rented = (
        case.row(f"{kind}_lease_liability", "with")
        - case.assembly.history[f"reported_{kind}_lease_liabilities"].at(LAST)
        for kind in ("finance", "operating")
    )
    end = case.assembly.timeline.index("2034Q1")
    assert owed.max() > 1000
    assert rented.max() > 1000
    np.testing.assert_allclose(owed[end:], 0, atol=1e-6)
    np.testing.assert_allclose(rented[end:], 0, atol=1e-6)
    principal = case.row("finance_lease_principal", "with")
    started = case.row("finance_leases_started", "with")
    assert principal.sum() == pytest.approx(started.sum())


def test_what_is_newly_signed_starts_after_its_delay() -> None:
    more = jcurve.evaluate(jcurve.scenario("base", {"lease.yearly_signings": 8000}))
    signed = more.row("lease_signings", "with")
    started = more.row("lease_starts", "with") - base().row("lease_starts", "with")
    np.testing.assert_allclose(started[8:], signed[:-8], atol=1e-9)


def test_costs_and_supplies_add_up() -> None:
    case = base()
    parts = sum(
        case.row(line, "with")
        for line in (
            "core_cost", "reality_labs_cost", "unusual_costs", "programme_cost",
            "depreciation_and_amortisation",
        )
    )  # fmt: skip
    np.testing.assert_allclose(
        parts - case.row("cost_savings", "with"), case.row("total_costs", "with")
    )
    supply = sum(
        case.row(f"spending_by_supply.{each}", "with")
        for each in case.assembly.company.sets["supply"]
    )
    bought = (
        case.row("capex", "with")
        + case.row("energy_cost", "with")
        + case.row("cloud_spending", "with")
    )
    np.testing.assert_allclose(supply, bought)
