"""Relations that every optimum must satisfy, whatever the scenario: what uncertainty, risk, names, order, units, threads and processes may not change."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plan import Plan
from models.rules import MONEY_RULES
from tests.optimizer.build import Data, at_most, but, cost, same, solved
from tests.optimizer.drawn import any_scenario, examples


def contents(plan: Plan) -> Data:
    """A plan without what tells runs and documents apart: times, the document's hash, the words on foresight."""
    found = plan.model_dump(mode="json")
    for name in ("created", "phases", "scenario_sha256", "foresight"):
        del found["provenance"][name]
    return found


# ------------------------------------------------------------------------------------------------------------------ uncertainty and risk


@examples(6)
@given(any_scenario())
def test_one_future_is_the_deterministic_problem(data: Data) -> None:
    """If this fails, a future's data are read differently from the same data given as base values."""
    future = {k: v for k, v in data["uncertainty"]["futures"][0].items() if k in ("demand_factor", "spot_price_factor", "spot_available_factor", "index", "fx")}
    alone = but(data, uncertainty={"kind": "futures", "futures": [{"id": "certain", "probability": 1.0} | future]})
    base = but(data, uncertainty={"kind": "certain"})

    def times(values: list[float], name: str) -> list[float]:
        return [v * f for v, f in zip(values, future.get(name, [1.0] * len(values)), strict=True)]

    for row in base["demand"]:
        row["volume"] = times(row["volume"], "demand_factor")
    for market in base["spot"]:
        market["price"], market["available"] = times(market["price"], "spot_price_factor"), times(market["available"], "spot_available_factor")
    base["indices"][0]["level"] = future["index"]["inputs"]
    for currency in (*alone["currencies"], *base["currencies"]):
        currency["rate_now"] = 1.1
    base["currencies"][0]["rate"] = future.get("fx", {}).get("EUR", base["currencies"][0]["rate"])
    assert contents(solved(alone)) == contents(solved(base))


@examples(5)
@given(any_scenario())
def test_weight_zero_is_the_expectation(data: Data) -> None:
    """If this fails, risk is counted although the buyer does not care about it."""
    plan = solved(but(data, risk={"weight": 0.0, "tail": 0.05}))
    assert same(plan.summary.objective, plan.summary.expected_cost)
    assert same(plan.summary.objective, sum(f.probability * f.cost for f in plan.futures))


@examples(5)
@given(any_scenario())
def test_tail_one_is_the_expectation(data: Data) -> None:
    """If this fails, CVaR over all futures is not their mean."""
    plan = solved(but(data, risk={"weight": 0.7, "tail": 1.0}))
    assert same(plan.summary.cvar, plan.summary.expected_cost)
    assert same(plan.summary.objective, cost(but(data, risk={"weight": 0.0, "tail": 0.3})))


@examples(5)
@given(any_scenario(rules=False))
def test_one_tail_future_is_the_worst_case(data: Data) -> None:
    """If this fails, a tail within the least likely future does not minimise the largest cost of any future."""
    least = min(f["probability"] for f in data["uncertainty"]["futures"])
    plan = solved(but(data, risk={"weight": 1.0, "tail": least}))
    worst = plan.summary.objective
    assert same(worst, max(f.cost for f in plan.futures))
    assert same(worst, cost(but(data, risk={"weight": 1.0, "tail": least / 50})))
    assert at_most(worst, max(f.cost for f in solved(but(data, risk={"weight": 0.0})).futures))
    alone = [but(data, uncertainty={"kind": "futures", "futures": [f | {"probability": 1.0}]}) for f in data["uncertainty"]["futures"]]
    assert at_most(max(map(cost, alone)), worst)


@pytest.mark.parametrize("revealed", ["by_data", "after_signing"])
@examples(4)
@given(data=any_scenario())
def test_splitting_a_future_into_twins_changes_nothing(revealed: str, data: Data) -> None:
    """If this fails, a plan depends on how often a future is written down."""
    first, *others = data["uncertainty"]["futures"]
    twins = [first | {"id": f"{first['id']}-{i}", "probability": share * first["probability"]} for i, share in enumerate((0.25, 0.75))]
    whole, split = (but(data, uncertainty={"kind": "futures", "revealed": revealed, "futures": rows}) for rows in ([first, *others], [*twins, *others]))
    assert same(cost(whole), cost(split))


@examples(6)
@given(any_scenario(kind="tree"), st.integers(0, 20))
def test_splitting_a_node_into_twins_changes_nothing(data: Data, which: int) -> None:
    """If this fails, a tree's branches are not weighted by their probabilities alone."""
    nodes = data["uncertainty"]["nodes"]
    root = nodes[which % len(nodes)]
    below = {root["id"]}
    for node in nodes:
        below |= {node["id"]} if node["parent"] in below else set()
    copies = [n | {"id": f"{n['id']}-twin", "parent": f"{n['parent']}-twin" if n["parent"] in below else n["parent"]} for n in nodes if n["id"] in below]
    share = {root["id"]: 0.375, f"{root['id']}-twin": 0.625}
    split = [n | {"probability": n["probability"] * share.get(n["id"], 1.0)} for n in (*nodes, *copies)]
    assert same(cost(data), cost(but(data, uncertainty={"kind": "tree", "nodes": split})))


@examples(8)
@given(any_scenario(kind="tree"))
def test_futures_and_the_tree_they_form_have_the_same_plan(data: Data) -> None:
    """If this fails, the two ways of giving uncertainty become different trees."""
    nodes = {n["id"]: n for n in data["uncertainty"]["nodes"]}
    for i, node in enumerate(nodes.values()):
        node["index"]["inputs"] += i / 64  # siblings must differ, or they are not told apart as futures
    parents = {n["parent"] for n in nodes.values()}
    rows, first = [], {}
    for leaf in [n for n in nodes if n not in parents]:
        path = [leaf]
        while nodes[path[0]]["parent"] is not None:
            path.insert(0, nodes[path[0]]["parent"])
        for name in path:
            first.setdefault(name, f"{nodes[name]['period']}.{leaf}")
        rows.append(_as_future(leaf, [nodes[name] for name in path], data))
    renamed = [n | {"id": first[n["id"]], "parent": first.get(n["parent"])} for n in nodes.values()]
    given_tree = contents(solved(but(data, uncertainty={"kind": "tree", "nodes": renamed})))
    given_futures = contents(solved(but(data, uncertainty={"kind": "futures", "futures": rows})))
    short = {line["future"]: line["future"].split(".")[1] for line in given_tree["futures"]}  # a leaf of a given tree is called by its node
    for plan in (given_tree, given_futures):
        for table, column in (("futures", "future"), ("rules", "where")):
            for line in plan[table]:
                line[column] = short.get(line[column], line[column])
        plan["audit"] = {name: plan["audit"][name] for name in ("passed", "sandwich", "suspect")}  # rows in another order round otherwise
        del plan["numerics"]
    assert given_tree == given_futures


def _as_future(name: str, path: list[Data], data: Data) -> Data:
    """The nodes of a path as one future; what a node does not give takes its base value."""
    first = data["offers"][0]["id"]
    own = {x["id"]: x for x in data["spot"]}
    late = [(n.get("lateness") or [{"weeks": 0.0}])[0]["weeks"] for n in path]
    share = [(n.get("deliverability") or [{"share": 1.0}])[0]["share"] for n in path]
    lead = [(n.get("spot_lead") or [{"lead_periods": own["spot-cable"]["lead_periods"]}])[0]["lead_periods"] for n in path]
    return {
        "id": name,
        "probability": float(np.prod([n["probability"] for n in path])),
        **{f: [n.get(f, 1.0) for n in path] for f in ("demand_factor", "spot_price_factor", "spot_available_factor")},
        "index": {"inputs": [n["index"]["inputs"] for n in path]},
        "fx": {"EUR": [n.get("fx", {"EUR": 1.1})["EUR"] for n in path]},
        "lateness": [{"offer": first, "weeks": late}],
        "deliverability": [{"supplier": "home", "share": share}],
        "spot_lead": [{"spot": "spot-cable", "lead_periods": lead}],
    }


@examples(6)
@given(any_scenario())
def test_knowing_the_future_right_after_signing_never_costs_more(data: Data) -> None:
    """If this fails, knowing more makes a plan dearer."""
    knowing, learning = (but(data, uncertainty=data["uncertainty"] | {"revealed": x}) for x in ("after_signing", "by_data"))
    assert at_most(cost(knowing), cost(learning))


# ------------------------------------------------------------------------------------------------------------------ names, order, units

TABLES = ("sites", "products", "suppliers", "demand", "shortage", "spot", "offers", "rules")


@examples(6)
@given(any_scenario())
def test_the_order_of_tables_changes_nothing(data: Data) -> None:
    """If this fails, an index of one table is used in another."""
    turned = but(data, **{name: data[name][::-1] for name in TABLES})
    turned["uncertainty"]["futures"].reverse()
    for x in turned["offers"]:
        x["alternatives"].reverse()
        x["clauses"].reverse()
        x["products"].reverse()
    assert same(cost(data), cost(turned))


@examples(5)
@given(any_scenario())
def test_swapping_ids_changes_nothing(data: Data) -> None:
    """If this fails, something is sorted or looked up by its name."""
    ids = [[x["id"] for x in data[name]] for name in ("sites", "products", "suppliers", "offers", "spot")] + [[f["id"] for f in data["uncertainty"]["futures"]]]
    new = {old: other for names in ids for old, other in zip(names, names[::-1], strict=True)}

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {k: renamed(v) for k, v in part.items()}
        return [renamed(x) for x in part] if isinstance(part, list) else new.get(part, part) if isinstance(part, str) else part

    assert same(cost(data), cost(renamed(data)))


MONEY = {"amount", "signing_cost", "waiver_fee", "per_supplier"}  # and a capacity step's cost
PER_UNIT = {"price", "cost", "cost_per_unit", "cost_per_unit_year", "terminal_cost_per_unit", "holding_cost", "fee_per_unit", "credit_per_unit", "per_unit"}
PER_UNIT |= {"holding_fee", "payment_per_unit"}
VOLUME = {"volume", "available", "initial", "from_volume", "to_volume", "committed_volume_per_period", "above", "base_volume", "min_volume"}
IN_MONEY = {*MONEY_RULES, "payment_term"}  # what their violation is measured in
PER_VOLUME_RULES = {"domestic_share", "supplier_share", "spot_share", "shortage_cvar", "smallest_share"}


def rescaled(part: Any, money: float, volume: float, key: str = "") -> Any:
    """A scenario in other units: every amount of money x `money`, every volume x `volume`."""
    if isinstance(part, list):
        return [rescaled(x, money, volume, key) for x in part]
    if isinstance(part, dict):
        own = {k: rescaled(v, money, volume, k) for k, v in part.items()}
        if part.get("kind") in MONEY_RULES and "max" in part:
            own["max"] = part["max"] * money
        elif part.get("kind") == "shortage_cvar":
            own["max"] = part["max"] * volume
        if "violation_price" in part and part["kind"] not in IN_MONEY:
            own["violation_price"] = part["violation_price"] * money / (volume if part["kind"] in PER_VOLUME_RULES else 1.0)
        if "opens_when" in part:
            own["cost"] = part["cost"] * money
        if key == "volume_per_period":
            own = {k: v * volume for k, v in part.items()}
        return own
    if not isinstance(part, float):
        return part
    factor = money if key in MONEY else money / volume if key in PER_UNIT else volume if key in VOLUME or key == "capacity" else 1.0
    return part * factor


@examples(6)
@given(any_scenario())
def test_money_times_1000_scales_the_cost_by_1000(data: Data) -> None:
    """If this fails, an amount of money enters the cost in another way than in proportion, or a tolerance depends on the currency."""
    assert same(1000 * cost(data), cost(rescaled(data, 1000.0, 1.0)))


@examples(6)
@given(any_scenario())
def test_volumes_times_1000_at_prices_over_1000_leave_the_cost(data: Data) -> None:
    """If this fails, a volume is compared with something that is not a volume, or a tolerance depends on the unit."""
    assert same(cost(data), cost(rescaled(data, 1.0, 1000.0)))


# ------------------------------------------------------------------------------------------------------------------ the same again


@examples(4)
@given(any_scenario())
def test_threads_never_change_the_plan(data: Data) -> None:
    """If this fails, a plan depends on how many models were solved side by side."""
    assert contents(solved(data, baselines=True, threads=1)) == contents(solved(data, baselines=True, threads=2))


def test_processes_never_change_the_plan() -> None:
    """If this fails, a plan depends on the order of a set or on memory addresses."""
    code = (
        "import json; from scenarios import library; from tests.optimizer.build import solved; from tests.optimizer.test_identities import contents;"
        "print(json.dumps(contents(solved(json.loads(library.read('quickstart')), baselines=True))))"
    )
    root = Path(__file__).parents[2]
    runs = [subprocess.Popen([sys.executable, "-c", code], cwd=root, env=os.environ | {"PYTHONHASHSEED": x}, stdout=subprocess.PIPE) for x in ("1", "2")]
    first, second = (run.communicate(timeout=120)[0] for run in runs)
    assert first
    assert first == second
