"""Small random scenarios whose hard rules mostly can't hold together, and what is checked of the contradictions and repairs found for them.

`clashing(seed)` always gives the same document. Contradictions are checked by editing the document, repairs by making them, and by brute force: everything
that one, two or three members can do for a little less than the cheapest repair costs.
"""

from __future__ import annotations

import copy
import re
from itertools import combinations
from random import Random
from typing import Any

from models.infeasibility import Infeasibility
from models.scenario import Scenario
from optimizer.conflict import patched
from optimizer.conflict_elastic import make_elastic
from optimizer.conflict_members import Member, members_of
from optimizer.instance import build_instance
from optimizer.solve.choice import choose
from optimizer.solve.extensive import solve
from scenarios.files import scenario_from
from scenarios.tree import build_tree

Row = dict[str, Any]
CHEAPER = 0.985  # of the price: what brute force tries to get away with
UNLIMITED = 5_000.0  # of a volume: far beyond what any of these scenarios needs


def clashing(seed: int) -> Row:
    """One site, one product, one or two periods, two suppliers, a spot market perhaps, and more rules than can be kept."""
    r = Random(seed)
    periods = ["1", "2"][: r.choice([1, 1, 2])]

    def series(low: float, high: float) -> list[float]:
        return [float(r.randint(int(low), int(high))) for _ in periods]

    suppliers: list[Row] = [{"id": "home", "domestic": True}, {"id": "abroad"}]
    for supplier in suppliers:
        if r.random() < 0.6:
            supplier["capacity"] = [{"product": "cable", "volume": series(20, 90)}]
    offers = []
    for name in ("home", "abroad", "abroad")[: r.choice([2, 2, 3])]:
        low = float(r.choice([0, 0, 20, 40]))
        offer: Row = {
            "id": f"{name}-{len(offers)}", "supplier": name, "products": ["cable"], "window": {"start": "1", "periods": len(periods)},
            "alternatives": [{"id": "base", "price": float(r.randint(6, 14)), "volume_per_period": {"min": low, "max": low + r.randint(20, 90)}}],
        }  # fmt: skip
        if r.random() < 0.3:
            offer["clauses"] = [r.choice([{"kind": "minimum_order", "volume": 25.0}, {"kind": "volume_band", "down": 0.2}])]
        offers.append(offer)
    data: Row = {
        "format": "offtake/1", "name": f"clashing {seed}", "periods": periods, "sites": [{"id": "campus"}],
        "products": [{"id": "cable", "unit": "km"}], "suppliers": suppliers,
        "demand": [{"site": "campus", "product": "cable", "volume": series(80, 150)}],
        "shortage": [{"product": "cable", "kind": r.choice(["lost", "delayed"])}], "offers": offers,
        "rules": [_rule(r, offers) for _ in range(r.choice([2, 3, 3, 4]))],
        "solve": {"gap": 0.0, "baselines": False, "seed": 1},
    }  # fmt: skip
    data["shortage"][0]["cost_per_unit" if data["shortage"][0]["kind"] == "lost" else "cost_per_unit_year"] = 100.0
    if r.random() < 0.6:
        data["spot"] = [{"id": "exchange", "product": "cable", "price": series(12, 25), "available": series(10, 60)}]
    if r.random() < 0.3:
        data["storage"] = [{"site": "campus", "product": "cable", "capacity": 30.0, "initial": float(r.choice([0, 10]))}]
    return data


def _rule(r: Random, offers: list[Row]) -> Row:
    offer = r.choice(offers)["id"]
    return r.choice(
        [
            lambda: {"kind": "fill_rate", "min": r.choice([0.8, 0.95, 1.0])},
            lambda: {"kind": "budget", "max": float(r.randint(3, 12) * 100)},
            lambda: {"kind": "domestic_share", "min": r.choice([0.5, 0.7, 0.9])},
            lambda: {"kind": "supplier_share", "supplier": "abroad", "min": r.choice([0.3, 0.6])},
            lambda: {"kind": "spot_share", "max": r.choice([0.0, 0.1]), "in": r.choice(["expected", "every_node"])},
            lambda: {"kind": "supplier_count", "min": r.choice([1, 2, 3])},
            lambda: {"kind": "supplier_count", "max": 1},
            lambda: {"kind": "shortage_cvar", "max": float(r.choice([0, 5, 20]))},
            lambda: {"kind": "force", "offer": offer, "signed": r.random() < 0.5},
            lambda: {"kind": "exclusive", "offers": [offers[0]["id"], offers[1]["id"]]},
            lambda: {"kind": "requires", "offer": offers[0]["id"], "needs": offers[1]["id"]},
        ]
    )()


def possible(document: Row) -> bool:
    """Whether some plan keeps all hard rules of a document."""
    scenario: Scenario = scenario_from(document)
    form = choose(scenario, build_instance(scenario, build_tree(scenario)), scenario.solve)
    answer = form.solve(scenario.solve.model_copy(update={"gap": 0.5}), seconds=60.0)
    assert answer.x is not None or answer.status == "infeasible"
    return answer.x is not None


def lifted(document: Row, paths: list[str]) -> Row:
    """The document without the limits at some paths: rules are removed, volumes become as large or as small as they can."""
    found = copy.deepcopy(document)
    gone = {int(x[1]) for x in (re.match(r"rules\[(\d+)\]", path) for path in paths) if x}
    for path in paths:
        if path.endswith(".initial"):
            put(found, path, document["storage"][0]["capacity"])  # as much as fits
        elif not path.startswith("rules["):
            put(found, path, {"min": 0.0, "down": 1.0}.get(path.rpartition(".")[2], 0.0 if ".clauses[" in path else UNLIMITED))
    found["rules"] = [rule for i, rule in enumerate(found["rules"]) if i not in gone]
    return found


def put(document: Row, path: str, value: object) -> None:
    """Write a value where a path of findings leads."""
    *way, last = [int(x) if x.isdigit() else x for x in re.findall(r"\w+", path)]
    place: Any = document
    for step in way:
        place = place[step]
    place[last] = value


def conflict_faults(document: Row, found: Infeasibility) -> list[str]:
    """What is wrong with the contradictions that were found: one that can be kept, one that is not minimal, or none where there is no plan."""
    if bool(found.conflicts) == possible(document):
        return ["a contradiction where there is a plan, or none where there is no plan"]
    made, faults = scenario_from(document), []
    everything = [m.path for m in members_of(build_instance(made, build_tree(made)))]
    for conflict in found.conflicts:
        own = [x.path for x in conflict.members]
        same_rule = {x.partition(".")[0] for x in own if x.startswith("rules[")}  # a rule's other limit goes and comes with it
        others = [x for x in everything if x not in own and x.partition(".")[0] not in same_rule]
        faults += [f"{own} can hold together"] if possible(lifted(document, others)) else []
        faults += [f"{path} is not needed in {own}" for path in own if not possible(lifted(document, [*others, path]))]
    return faults


def repair_faults(document: Row, found: Infeasibility) -> list[str]:
    """What is wrong with the repairs that were found: none, one that is not enough or miscounted, or one that brute force beats."""
    if not found.repairs:
        return ["no repair"]
    made, faults = scenario_from(document), []
    for repair in found.repairs:
        faults += [] if possible(patched(made, repair).model_dump(mode="json", by_alias=True)) else [f"not enough: {repair.sentence}"]
        faults += [] if abs(repair.price - sum(x.price for x in repair.changes)) <= 1e-6 else [f"miscounted: {repair.sentence}"]
        faults += [] if 0 <= repair.gap < 0.1 else [f"not proven: {repair.sentence} ({repair.gap})"]
    cheapest = min(x.price for x in found.repairs)
    faults += [] if found.repairs[0].price == cheapest else ["the first is not the cheapest"]
    beaten = cheaper_by_force(document, CHEAPER * cheapest)
    return faults + ([] if beaten is None else [f"{beaten} is cheaper than {cheapest}"])


def cheaper_by_force(document: Row, price: float) -> dict[str, float] | None:
    """Changes of one, two or three members that together cost `price` and are enough; None where none of those tried are."""
    made = scenario_from(document)
    elastic = make_elastic(made, build_tree(made))
    splits = {1: [(1.0,)], 2: [(0.2, 0.8), (0.5, 0.5), (0.8, 0.2)], 3: [(1 / 3, 1 / 3, 1 / 3)]}
    for count, shares in splits.items():
        for chosen in combinations(range(len(elastic.members)), count):
            for share in shares if count < 3 or len(elastic.members) < 9 else ():
                theta = {g: min(price * part, elastic.members[g].most) for g, part in zip(chosen, share, strict=True)}
                dropped = [g for g in chosen if not elastic.members[g].way and theta[g] >= 1.0]
                moved = {g: _whole(elastic.members[g], amount) for g, amount in theta.items() if elastic.members[g].way}
                if solve(elastic.at(moved, dropped), gap=0.5, seconds=60.0, seed=1).x is not None:
                    return {elastic.members[g].path: amount for g, amount in theta.items()}
    return None


def _whole(member: Member, theta: float) -> float:
    """As many whole steps as a price buys."""
    return int(theta * member.scale + 1e-9) / member.scale if member.whole else theta
