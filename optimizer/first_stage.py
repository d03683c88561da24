"""First stages from elsewhere than a solver: what a plan signs now, and nothing signed at all."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from models.plan import Plan
from models.scenario import Scenario
from optimizer.clauses.deal import Contract
from optimizer.contracts import build_contracts
from optimizer.instance import Instance, build_instance
from optimizer.trial import FirstStage
from scenarios.tree import Paths, States, base_states, grow

SOME = 1e-6  # volume beyond which something is committed

Decided = dict[str, dict[tuple[int, ...], float]]


def nothing_signed(scenario: Scenario) -> FirstStage:
    """The first stage in which nothing is signed, committed or opened: all is left to the spot market and to what can be signed later."""
    return _nothing(*_known(scenario))


def first_stage_of_plan(scenario: Scenario, plan: Plan) -> FirstStage:
    """What `plan`, a plan of `scenario`, signs, commits and opens now."""
    instance, contracts = _known(scenario)
    found = _nothing(instance, contracts)
    by_id = {contract.offer.id: contract for contract in contracts}
    products = {x.id: p for p, x in enumerate(scenario.products)}
    periods = {name: t for t, name in enumerate(scenario.period_ids)}
    for award in plan.awards:
        if award.period is None:
            contract = by_id[award.offer]
            o, j = contract.offer.index, [a.id for a in contract.alternatives].index(award.alternative)
            found["signed"][o, j] = 1.0
            for line in award.volumes:
                found["volume"][o, j, contract.offer.products.index(products[line.product]), periods[line.period]] = line.volume
    opened = {(x.supplier, x.step) for x in plan.capacity_opened if x.node == "now"}
    for e in instance.steps:
        if (scenario.suppliers[e.supplier].id, e.id) in opened:
            found["opened"][e.index,] = 1.0
    return found


def award_of(scenario: Scenario, first: FirstStage) -> tuple[str, ...]:
    """Ids of the offers under which a first stage commits to anything, in the scenario's order. A signature without a volume is none."""
    signed = {key[0] for key, value in first["volume"].items() if value > SOME}
    return tuple(offer.id for o, offer in enumerate(scenario.offers) if o in signed)


def average_path(paths: Paths) -> Paths:
    """One future with the mean of the data of each period: the average future."""
    states = States(*(np.average(getattr(paths.states, f.name), axis=0, weights=paths.probability)[None] for f in fields(States)))
    return Paths(("average",), np.ones(1), states)


def _known(scenario: Scenario) -> tuple[Instance, tuple[Contract, ...]]:
    """What does not depend on the futures, on the base values."""
    base = base_states(scenario)
    path = Paths(("base",), np.ones(1), States(*(getattr(base, f.name)[None] for f in fields(base))))
    instance = build_instance(scenario, grow(scenario, path))
    return instance, build_contracts(instance)


def _nothing(instance: Instance, contracts: tuple[Contract, ...]) -> Decided:
    now = [contract for contract in contracts if contract.offer.sign < 0]
    return {
        "signed": {(c.offer.index, j): 0.0 for c in now for j in range(len(c.alternatives))},
        "volume": {
            (c.offer.index, j, p, t): 0.0
            for c in now
            for j in range(len(c.alternatives))
            for p in range(len(c.offer.products))
            for t in range(c.offer.start, c.offer.end)
        },
        "opened": {(e.index,): 0.0 for e in instance.steps},
    }
