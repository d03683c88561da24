"""Baselines are what their names say, and in every table of a plan the parts sum to the whole."""

from __future__ import annotations

import json
from collections import defaultdict

from hypothesis import given

from scenarios import library
from scenarios.files import scenario_from
from scenarios.tree import build_tree
from tests.optimizer.build import Data, at_most, but, cost, same, solved
from tests.optimizer.drawn import any_scenario, examples

# ------------------------------------------------------------------------------------------------------------------ baselines


@examples(8)
@given(any_scenario())
def test_the_plan_lies_between_hindsight_and_the_simpler_plans(data: Data) -> None:
    """If this fails, WS <= RP <= EEV or RP <= spot only does not hold, so one of the baselines answers another question."""
    plan = solved(data, baselines=True)
    found = {b.name: b for b in plan.baselines.baselines}
    assert not plan.audit.suspect
    objective = plan.summary.objective
    assert at_most(found["perfect_foresight"].objective, objective)
    for name in ("average_future", "spot_only"):
        if found[name].objective is not None and not found[name].note:
            assert at_most(objective, found[name].objective)
    if plan.baselines.vss is not None:
        assert same(plan.baselines.vss, found["average_future"].objective - objective, objective)
    assert same(plan.baselines.evpi, objective - found["perfect_foresight"].objective, objective)


@examples(5)
@given(any_scenario(rules=False))
def test_baselines_are_what_their_names_say(data: Data) -> None:
    """If this fails, hindsight is not the best plan of each future alone, or spot only is not the scenario without offers."""
    rows = data["uncertainty"]["futures"]
    data = but(data, uncertainty=data["uncertainty"] | {"revealed": "after_signing"})
    found = {b.name: b for b in solved(data, baselines=True).baselines.baselines}
    alone = [cost(but(data, uncertainty={"kind": "futures", "futures": [f | {"probability": 1.0}]})) for f in rows]
    weight, tail = data["risk"]["weight"], data["risk"]["tail"]
    weighted = [(f["probability"], x) for f, x in zip(rows, alone, strict=True)]
    assert same(found["perfect_foresight"].objective, (1 - weight) * sum(p * x for p, x in weighted) + weight * cvar(weighted, tail))
    bare = [{k: v for k, v in f.items() if k != "lateness"} for f in rows]  # lateness names an offer
    assert same(found["spot_only"].objective, cost(but(data, offers=[], uncertainty=data["uncertainty"] | {"futures": bare})))


def cvar(weighted: list[tuple[float, float]], tail: float) -> float:
    """Mean of the worst `tail` share, by Rockafellar and Uryasev's minimum over thresholds (attained at one of the values)."""
    return min(eta + sum(p * max(x - eta, 0.0) for p, x in weighted) / tail for _, eta in weighted)


# ------------------------------------------------------------------------------------------------------------------ parts and wholes


@examples(8)
@given(any_scenario())
def test_money_adds_up_in_every_table(data: Data) -> None:
    """If this fails, a table has forgotten a cost that the objective knows, or counts one twice."""
    _money_adds_up(data)


@examples(4)
@given(any_scenario(kind="tree"))
def test_volumes_add_up_in_every_table(data: Data) -> None:
    """If this fails, volumes per node, their summaries and the figures of page one tell different stories."""
    _volumes_add_up(data)


def test_tables_of_the_quickstart_add_up() -> None:
    """If this fails, the scenario that newcomers see first has tables that disagree."""
    data = json.loads(library.read("quickstart"))
    _money_adds_up(data)
    _volumes_add_up(data)


def _money_adds_up(data: Data) -> None:
    plan = solved(data, detail="nodes")
    s = plan.summary
    size = max(1.0, *(abs(f.cost) for f in plan.futures))

    def equal(found: float, expected: float) -> None:
        assert same(found, expected, size)

    for dimension in ("category", "supplier", "source", "period"):
        equal(sum(x.present for x in plan.cost_summaries if x.dimension == dimension), s.expected_cost)
    equal(sum(x.present for x in plan.cost_summaries if x.dimension == "cash_period"), s.expected_cash)
    equal(s.expected_cash + s.expected_penalty, s.expected_cost)
    equal(sum(f.probability * f.cost for f in plan.futures), s.expected_cost)
    equal(sum(f.probability * f.cash for f in plan.futures), s.expected_cash)
    equal(cvar([(f.probability, f.cost) for f in plan.futures], s.tail), s.cvar)
    equal(sum(f.probability * f.tail_share * f.cost for f in plan.futures) / s.tail, s.cvar)
    equal((1 - s.risk_weight) * s.expected_cost + s.risk_weight * s.cvar, s.objective)
    equal(sum(x.probability * x.present for x in plan.costs), s.expected_cost)
    equal(sum(x.probability * x.present for x in plan.costs if x.source_kind == "rule"), sum(r.penalty for r in plan.rules))
    for x in plan.offers:
        equal(sum(c.probability * c.present for c in plan.costs if (c.source_kind, c.source) == ("offer", x.offer)), x.expected_cost)
    tree = build_tree(scenario_from(data))
    for leaf, line in zip(tree.leaves, plan.futures, strict=True):
        path = {tree.ids[n] for n in tree.path(int(leaf))}
        equal(sum(c.present for c in plan.costs if c.node in path), line.cost)


def _volumes_add_up(data: Data) -> None:
    plan = solved(data, detail="nodes")
    s = plan.summary
    means: dict[tuple[str, ...], float] = defaultdict(float)
    nodes: dict[tuple[str, str, str], float] = defaultdict(float)
    for x in plan.flows:
        means[x.kind, x.source, x.product, x.site, x.period] += x.probability * x.volume
        nodes[x.kind, f"{x.source} {x.product}", x.node] += x.volume
    for x in plan.flow_summaries:
        if x.kind != "shortage":
            assert same(means.pop((x.kind, x.source, x.product, x.site, x.period)), x.mean)
            assert x.p5 <= x.p50 <= x.p95
    assert not means
    for kind, source, node in [key for key in nodes if key[0] in ("take", "deliver")]:
        assert same(nodes["take", source, node], nodes["deliver", source, node]), kind
    demand, unmet = (sum(x.probability * x.volume for x in plan.flows if x.kind == kind) for kind in ("demand", "unmet"))
    assert same(demand, s.expected_demand)
    assert same(unmet, s.expected_shortage)
    assert same(sum(f.probability * f.demand for f in plan.futures), demand)
    assert same(sum(f.probability * f.shortage for f in plan.futures), unmet)
    assert same(cvar([(f.probability, f.shortage) for f in plan.futures], s.tail), s.shortage_cvar)
    assert same(sum(f.probability for f in plan.futures if f.shortage > 1e-4), s.shortage_probability)
    places = [x for x in plan.fill_rates if x.site]
    assert same(sum(x.expected_demand for x in places), demand)
    for x in plan.fill_rates:
        assert same(x.fill_rate, 1 - x.expected_shortage / x.expected_asked)
        if not x.site:
            assert same(x.expected_shortage, sum(y.expected_shortage for y in places if y.product == x.product))
    if places:
        assert same(s.fill_rate, 1 - sum(x.expected_shortage for x in places) / sum(x.expected_asked for x in places))
    for x in plan.offers:
        assert same(x.expected_volume, sum(f.probability * f.volume for f in plan.flows if (f.kind, f.source) == ("take", x.offer)))
        assert same(x.signing_probability, sum(a.probability for a in plan.awards if a.offer == x.offer))
