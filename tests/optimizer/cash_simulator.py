"""A plain simulator of cash: what a plan costs, recomputed future by future from the scenario's document and the plan's volumes.

It shares no code with the model, the bill or the audit: plain loops over futures, periods and invoices, with the meaning of each clause written a second
time in `cash_prices`, `cash_clauses` and `cash_breaches`. `disagreements` compares every amount of the plan with it, and the objectives of the solver, the
plan and the audit. Rules that are priced are left out: their penalties are no cash.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.plan import Plan
from models.scenario import Scenario, Shortage
from tests.optimizer.cash_breaches import FORBIDDEN
from tests.optimizer.cash_clauses import INVOICES
from tests.optimizer.cash_contract import NOW, Contract, Volumes, World, contracts_of, volumes_of, worlds
from tests.optimizer.cash_prices import price

AGREED = 1e-6  # relative above 1
Amount = tuple[str, str, str, int, float]  # source kind, source, category, date, amount in the scenario's currency
Key = tuple[str, str, str, str]  # source kind, source, category, node


def amounts(world: World, plan: Plan, volumes: Volumes) -> Iterator[Amount]:
    """Everything that is paid in one future, and what shortage costs."""
    for contract in contracts_of(world, plan, volumes):
        for category, t, amount in _invoices(contract):
            yield "offer", contract.offer.id, category, t, amount * world.fx(contract.offer.currency, t)
    yield from _spot(world, volumes)
    yield from _sites(world, volumes)
    yield from _sideways(world, volumes)
    for row in plan.capacity_opened:
        if row.node in ("now", *world.nodes):
            supplier = next(x for x in world.scenario.suppliers if x.id == row.supplier)
            step = next(x for x in supplier.capacity_steps if x.id == row.step)
            yield "supplier", supplier.id, "capacity_step", NOW if row.node == "now" else world.nodes.index(row.node), step.cost


def _invoices(c: Contract) -> Iterator[tuple[str, int, float]]:
    """What is paid under one contract, in its own currency."""
    offer, scenario = c.offer, c.world.scenario
    origin = next(x.origin for x in scenario.suppliers if x.id == offer.supplier)
    tariff = next((x for x in scenario.tariffs if x.origin == origin), None)
    yield "signing", c.signed, offer.signing_cost
    for p, t in c.each():
        bought = price(c, p, t) * c.taken(p, t)
        yield "purchase", t, bought
        if tariff is not None:
            yield "tariff", t, tariff.rate[t] * price(c, p, t) * c.made(p, t)
        for site in scenario.sites:
            yield "delivery", t, _cost_to(offer.delivery_cost, site.id, p) * c.volumes.of("deliver", offer.id, p, site.id, c.world.node(t))
    for kind, terms in c.terms.items():
        if kind in INVOICES:
            yield from INVOICES[kind](terms, c)


def _cost_to(rows: tuple, site: str, product: str) -> float:  # type: ignore[type-arg]
    """Delivery cost per unit: a row for the product goes before a row for all."""
    own = [x.cost for x in rows if x.site == site and x.product == product]
    every = [x.cost for x in rows if x.site == site and x.product is None]
    return float((own or every or [0.0])[-1])


def _spot(world: World, volumes: Volumes) -> Iterator[Amount]:
    for spot in world.scenario.spot:
        tariff = next((x for x in world.scenario.tariffs if x.origin == spot.origin), None)
        for t in world.dates:
            left, paid = volumes.of("order", spot.id, spot.product, "", world.node(t)), 0.0
            for block in sorted(spot.blocks, key=lambda x: x.price_factor):  # the cheapest first
                part = min(left, block.share * world.spot_available(spot.id, t))
                paid += part * block.price_factor * world.spot_price(spot.id, t)
                left -= part
            yield "spot", spot.id, "spot_purchase", t, paid
            if tariff is not None:
                yield "spot", spot.id, "tariff", t, tariff.rate[t] * paid
            for site in world.scenario.sites:
                came = volumes.of("receive", spot.id, spot.product, site.id, world.node(t))
                yield "spot", spot.id, "delivery", t, _cost_to(spot.delivery_cost, site.id, spot.product) * came


def _sites(world: World, volumes: Volumes) -> Iterator[Amount]:
    """Holding stock, and what unmet demand costs."""
    for row in world.scenario.storage:
        for t in world.dates:
            held = volumes.of("stock", "", row.product, row.site, world.node(t))
            yield "site", row.site, "holding", t, row.holding_cost * world.years(t) * held
    for site in world.scenario.sites:
        for product in world.scenario.products:
            rows = [x for x in world.scenario.shortage if x.product == product.id and x.site in (None, site.id)]
            rows.sort(key=lambda x: x.site is None)  # the site's own row first
            largest = 0.0
            for t in world.dates if rows else ():
                largest = max(largest, world.demand(site.id, product.id, t))
                short = volumes.of("unmet", "", product.id, site.id, world.node(t))
                yield "site", site.id, "shortage_penalty", t, _penalty(rows[0], short, largest, world.years(t), last=t == world.dates[-1])


def _penalty(row: Shortage, short: float, largest: float, years: float, last: bool) -> float:
    """What a shortage costs: deeper parts cost more, what is lost costs once, what waits costs by the year, and what is left at the end once more."""
    weighted, edges = 0.0, [*(step.above_share * largest for step in row.steps), float("inf")]
    factors, low = [1.0, *(step.cost_factor for step in row.steps)], 0.0
    for edge, factor in zip(edges, factors, strict=True):
        weighted += factor * max(0.0, min(short, edge) - low)
        low = edge
    lost = {"lost": 1.0, "delayed": 0.0, "split": row.lost_share or 0.0}[row.kind]
    found = lost * (row.cost_per_unit or 0.0) * weighted + (1.0 - lost) * (row.cost_per_unit_year or 0.0) * years * weighted
    end = row.cost_per_unit_year if row.terminal_cost_per_unit is None else row.terminal_cost_per_unit
    return found + ((1.0 - lost) * (end or 0.0) * short if last else 0.0)


def _sideways(world: World, volumes: Volumes) -> Iterator[Amount]:
    for t in world.dates:
        for lane in world.scenario.transfers:
            moved = volumes.of("transfer", lane.from_site, lane.product, lane.to_site, world.node(t))
            yield "transfer", f"{lane.from_site}-{lane.to_site}", "transfer", t, lane.cost * moved
        for swap in world.scenario.substitutions:
            met = sum(volumes.of("substitute", swap.substitute, swap.product, site.id, world.node(t)) for site in world.scenario.sites)
            yield "substitution", f"{swap.substitute}-for-{swap.product}", "substitution", t, swap.cost * met


def simulate(scenario: Scenario, plan: Plan) -> tuple[dict[Key, float], float]:
    """Amounts by source, category and node, and the risk-adjusted cost."""
    volumes, found = volumes_of(plan), {}
    costs: list[tuple[float, float]] = []  # of each future, with its probability
    for world in worlds(scenario):
        own: dict[Key, float] = {}
        cost, begins = 0.0, [sum(scenario.period_years[:t]) for t in world.dates]
        for kind, source, category, t, amount in amounts(world, plan, volumes):
            key = (kind, source, category, world.node(t))
            own[key] = own.get(key, 0.0) + amount
            cost += amount / (1.0 + scenario.discount_rate) ** (0.0 if t == NOW else begins[t])
        found |= own
        costs.append((cost, world.probability))
    return found, _risk_adjusted(scenario, costs)


def _risk_adjusted(scenario: Scenario, costs: list[tuple[float, float]]) -> float:
    """The mean, and the mean of the worst futures up to `tail`, weighed."""
    mean = sum(cost * probability for cost, probability in costs)
    room, worst = scenario.risk.tail, 0.0
    for cost, probability in sorted(costs, reverse=True):
        part = min(room, probability)
        worst += part * cost
        room -= part
    return (1.0 - scenario.risk.weight) * mean + scenario.risk.weight * worst / scenario.risk.tail


def differs(a: float, b: float, scale: float = 1.0) -> bool:
    """Whether two amounts are not the same."""
    return abs(a - b) > AGREED * max(scale, abs(a), abs(b))


def disagreements(scenario: Scenario, plan: Plan) -> list[str]:
    """Where plan, audit and simulator say different things, and what the buyer did against a clause."""
    simulated, objective = simulate(scenario, plan)
    said: dict[Key, float] = {}
    for line in plan.costs:
        if line.category != "rule_penalty":
            key = (line.source_kind, line.source, line.category, line.node)
            said[key] = said.get(key, 0.0) + line.amount
    found = [
        f"{' '.join(key)}: the plan says {said.get(key, 0.0):.6f}, the simulator {simulated.get(key, 0.0):.6f}"
        for key in sorted(said.keys() | simulated.keys())
        if differs(said.get(key, 0.0), simulated.get(key, 0.0))
    ]
    for who, value in (("solver", plan.audit.solver_objective), ("plan", plan.summary.objective), ("audit", plan.audit.objective)):
        if not any(line.category == "rule_penalty" for line in plan.costs) and differs(value, objective):
            found.append(f"objective: the {who} says {value:.6f}, the simulator {objective:.6f}")
    for world in worlds(scenario):
        for contract in contracts_of(world, plan, volumes_of(plan)):
            for kind, terms in contract.terms.items():
                complaints = FORBIDDEN[kind](terms, contract) if kind in FORBIDDEN else ()
                found += [f"{contract.offer.id}, {world.nodes[-1]}, {kind}: {complaint}" for complaint in complaints]
    return found
