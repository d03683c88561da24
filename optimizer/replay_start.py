"""A contract file made from a plan, so that nobody types it: what the plan signs now, and on request what it does along one future up to a period.

Invoices are left out: they come from the suppliers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from models.contract import (
    ChosenRow,
    CommittedRow,
    ContractFile,
    NoticeRow,
    Observed,
    OpenedStep,
    SignedContract,
    SiteState,
    SpotOrder,
    TakenRow,
)
from models.errors import Finding, InvalidScenario
from models.plan import Award, FlowLine, Plan
from models.scenario import Scenario
from models.uncertainty import DeliverabilityRow, DemandRow, LatenessRow, SpotAvailableRow, SpotLeadRow, SpotPriceRow
from optimizer.clauses import clauses_of
from optimizer.clauses.ending import endings_of
from optimizer.clauses.obligation import elections_of
from optimizer.instance import slack
from scenarios.files import dump_scenario
from scenarios.tree import Floats, Tree, build_tree


def contract_file(scenario: Scenario, plan: Plan, today: str | None = None, future: str | None = None) -> ContractFile:
    """The contracts that `plan`, a plan of `scenario`, signs; with `today`, all that it does along `future` up to the end of that period.

    `future` may be left out where there is only one. Raises InvalidScenario: nothing signed, no rows per node, no such future.
    """
    tree = None if today is None else build_tree(scenario)
    path = [0] if tree is None or today is None else _path(scenario, tree, today, future)
    nodes = ["now"] if tree is None else [tree.ids[n] for n in path]
    awards = [x for x in plan.awards if x.node in nodes]
    if not awards:
        raise InvalidScenario([Finding("awards", "the plan signs nothing by then, so that there is no contract to keep")], "plan")
    if strangers := sorted({x.offer for x in awards} - {x.id for x in scenario.offers}):
        raise InvalidScenario([Finding("awards", f"the plan signs '{strangers[0]}', which the scenario does not have; it is another scenario's plan")], "plan")
    if today is not None and not plan.flows and plan.flow_summaries:
        said = 'the plan has no rows per node; solve it with `"detail": "nodes"` in `solve`, or make the file without `today`'
        raise InvalidScenario([Finding("flows", said)], "plan")
    flows = [x for x in plan.flows if x.node in nodes]
    return ContractFile(
        contracts=tuple(_contract(scenario, award, flows, nodes) for award in awards),
        today=today,
        node=None if tree is None else nodes[-1],
        observed=Observed() if tree is None else _observed(scenario, tree, path[1:]),
        sites=() if tree is None else tuple(_sites(flows, nodes[-1])),
        orders=tuple(SpotOrder(spot=x.source, period=x.period, volume=x.volume) for x in flows if x.kind == "order"),
        opened=tuple(
            OpenedStep(supplier=x.supplier, step=x.step, period=None if x.node == "now" else scenario.period_ids[nodes.index(x.node) - 1])
            for x in plan.capacity_opened
            if x.node in nodes
        ),
    )


def belongs(plan: Plan, scenario: Scenario) -> None:
    """Whether a plan that came from elsewhere is one of this scenario. Raises InvalidScenario."""
    if plan.provenance.scenario_sha256 != hashlib.sha256(dump_scenario(scenario)).hexdigest():
        raise InvalidScenario([Finding("", "the plan is not this scenario's: its `provenance.scenario_sha256` is another; solve the scenario again")], "plan")


def _path(scenario: Scenario, tree: Tree, today: str, future: str | None) -> list[int]:
    """Nodes from the signing to the end of `today` on one future."""
    if today not in scenario.period_ids:
        raise InvalidScenario(
            [Finding("today", f"there is no period '{today}'; the scenario has {scenario.period_ids[0]} to {scenario.period_ids[-1]}")], "question"
        )
    if future is None and len(tree.futures) > 1:
        told = f"say along which future; the scenario has {', '.join(tree.futures[:8])}{' ...' if len(tree.futures) > 8 else ''}"
        raise InvalidScenario([Finding("future", told)], "question")
    at = [leaf for name, leaf in zip(tree.futures, tree.leaves, strict=True) if future in (None, name) or name.startswith(f"{future} and ")]
    if not at:
        told = f"there is no future '{future}'; the scenario has {', '.join(tree.futures[:8])}{' ...' if len(tree.futures) > 8 else ''}"
        raise InvalidScenario([Finding("future", told)], "question")
    return tree.path(int(at[0]))[: scenario.period_ids.index(today) + 2]


def _contract(scenario: Scenario, award: Award, flows: list[FlowLine], nodes: list[str]) -> SignedContract:
    offer = next(x for x in scenario.offers if x.id == award.offer)
    mine = [x for x in flows if x.source == offer.id]
    periods, window = scenario.period_ids, scenario.period_ids.index(offer.window.start)
    over = periods[: len(nodes) - 1]
    there = {(x.product, x.period) for x in mine if x.kind == "deliver"}
    takes = [TakenRow(product=x.product, period=x.period, site=x.site, volume=x.volume) for x in mine if x.kind == "deliver"]
    sites = offer.sites or tuple(x.id for x in scenario.sites)
    for period in over:
        if period in periods[window : window + offer.window.periods]:
            takes += [TakenRow(product=p, period=period, site=sites[0], volume=0.0) for p in offer.products if (p, period) not in there]
    elections = {x.label for x in elections_of(clauses_of(offer.clauses))}
    return SignedContract(
        offer=offer.id,
        alternative=award.alternative,
        volumes=tuple(CommittedRow(product=x.product, period=x.period, volume=x.volume) for x in award.volumes),
        takes=tuple(sorted(takes, key=lambda x: (periods.index(x.period), x.product, str(x.site)))),
        chosen=tuple(ChosenRow(clause=x.kind, product=x.product, period=x.period, volume=x.volume) for x in mine if x.kind in elections),
        notices=tuple(_notices(scenario, award, mine, over)),
    )


def _notices(scenario: Scenario, award: Award, flows: list[FlowLine], over: tuple[str, ...]) -> Iterator[NoticeRow]:
    """Words given: where volume was given up, and where an extension was decided the other way."""
    offer = next(x for x in scenario.offers if x.id == award.offer)
    start = scenario.period_ids.index(offer.window.start)
    end = start + offer.window.periods
    given = next((x for x in flows if x.kind == "given_up"), None)
    for ending in endings_of(clauses_of(offer.clauses)):
        for t, period in enumerate(over):
            if not ending.possible(np.array(t), start, end):
                continue
            later = scenario.period_ids[t + ending.notice : end]
            rest = sum(x.volume for x in award.volumes if given is not None and x.product == given.product and x.period in later)
            if given is not None and given.period == period and abs(rest - given.volume) <= slack(rest):
                yield NoticeRow(clause=ending.clause, period=period)
                return
            if ending.last is not None and (given is None or over.index(given.period) > t):
                yield NoticeRow(clause=ending.clause, period=period, ends=False)


def _observed(scenario: Scenario, tree: Tree, path: list[int]) -> Observed:
    """The data of the nodes that were passed."""
    states = tree.states.at(np.array(path, dtype=np.int64))

    def series(values: Floats) -> tuple[float, ...]:
        return tuple(values.tolist())

    demand = [
        DemandRow(site=s.id, product=p.id, volume=series(states.demand[:, i, j]))
        for i, p in enumerate(scenario.products)
        for j, s in enumerate(scenario.sites)
        if states.demand[:, i, j].any()
    ]
    return Observed(
        index={x.id: series(states.index[:, i]) for i, x in enumerate(scenario.indices)},
        fx={x.id: series(states.fx[:, i]) for i, x in enumerate(scenario.currencies)},
        deliverability=tuple(DeliverabilityRow(offer=x.id, share=series(states.deliverable[:, i])) for i, x in enumerate(scenario.offers)),
        lateness=tuple(LatenessRow(offer=x.id, weeks=series(states.late_weeks[:, i])) for i, x in enumerate(scenario.offers)),
        demand=tuple(demand),
        spot_price=tuple(SpotPriceRow(spot=x.id, price=series(states.spot_price[:, i])) for i, x in enumerate(scenario.spot)),
        spot_available=tuple(SpotAvailableRow(spot=x.id, available=series(states.spot_available[:, i])) for i, x in enumerate(scenario.spot)),
        spot_lead=tuple(SpotLeadRow(spot=x.id, lead_periods=series(states.spot_lead[:, i])) for i, x in enumerate(scenario.spot)),
    )


def _sites(flows: list[FlowLine], node: str) -> Iterator[SiteState]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    for x in flows:
        if x.node == node and x.kind in ("stock", "unmet"):
            found.setdefault((x.site, x.product), {})[x.kind] = x.volume
    for (site, product), values in found.items():
        yield SiteState(site=site, product=product, **values)
