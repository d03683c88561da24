"""From outcome and audit to the Plan document: ids return here, once. Every table is a group-by of the same flows and bills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.plan import (
    Award,
    AwardVolume,
    CapacityOpened,
    CostLine,
    CostSummary,
    FillRateLine,
    FlowLine,
    FlowSummary,
    FutureLine,
    OfferOutcome,
    RuleOutcome,
    Summary,
)
from optimizer.algebra import PauseGC
from optimizer.audit import Findings
from optimizer.baselines import fill_rate
from optimizer.clauses import clauses_of
from optimizer.clauses.deal import Contract
from optimizer.clauses.ending import Ending, endings_of
from optimizer.clauses.obligation import elections_of
from optimizer.instance import Instance, OfferData
from optimizer.ledger import NO_CASH
from optimizer.outcome import Outcome, asked_for
from optimizer.rules import rule_of
from optimizer.tail import tail_mean, tail_shares, weighed, worst_expectation
from scenarios.tree import Floats

VISIBLE = 1e-9  # relative to the largest flow of its kind; anything smaller is the solver's dust


@dataclass(frozen=True)
class Tables:
    """All tables of a plan."""

    summary: Summary
    awards: tuple[Award, ...]
    offers: tuple[OfferOutcome, ...]
    capacity_opened: tuple[CapacityOpened, ...]
    futures: tuple[FutureLine, ...]
    fill_rates: tuple[FillRateLine, ...]
    flow_summaries: tuple[FlowSummary, ...]
    cost_summaries: tuple[CostSummary, ...]
    rules: tuple[RuleOutcome, ...]
    flows: tuple[FlowLine, ...]
    costs: tuple[CostLine, ...]


def make_tables(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome, found: Findings, objective: float, bound: float, nodes: bool) -> Tables:
    """Tables of an audited outcome; rows per node only if `nodes`."""
    with PauseGC():  # objects that all stay: the collector would look through them again and again
        return _tables(instance, contracts, outcome, found, objective, bound, nodes)


def _tables(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome, found: Findings, objective: float, bound: float, nodes: bool) -> Tables:
    flows = list(_flows(instance, outcome))
    return Tables(
        summary=_summary(instance, outcome, found, objective, bound),
        awards=_awards(instance, contracts, outcome),
        offers=_offers(instance, contracts, outcome, found),
        capacity_opened=tuple(
            CapacityOpened(
                supplier=instance.scenario.suppliers[e.supplier].id, step=e.id, node=instance.tree.ids[m], probability=float(instance.tree.probability[m])
            )
            for e in instance.steps
            for m in np.flatnonzero(outcome.opened[e.index] > 0.5)
        ),
        futures=_futures(instance, outcome, found),
        fill_rates=_fill_rates(instance, outcome),
        flow_summaries=tuple(_flow_summaries(instance, flows)),
        cost_summaries=tuple(_cost_summaries(instance, found)),
        rules=_rules(instance, found),
        flows=tuple(_flow_lines(instance, flows)) if nodes else (),
        costs=tuple(_cost_lines(instance, found)) if nodes else (),
    )


def _summary(instance: Instance, outcome: Outcome, found: Findings, objective: float, bound: float) -> Summary:
    tree = instance.tree
    probability, radius = tree.probability[tree.leaves], instance.scenario.risk.radius
    shortage = _path_sums(instance, outcome.unmet.sum(axis=(0, 1)))
    demand = _path_sums(instance, tree.states.demand.sum(axis=(1, 2)))
    cash = weighed(found.path_cash, probability)
    seen = 1e-6 * max(1.0, float(demand.max(initial=0.0)))
    return Summary(
        objective=objective,
        bound=bound,
        gap=max(0.0, objective - bound) / max(abs(objective), 1e-9) if np.isfinite(bound) else 1.0,
        expected_cost=found.expected,
        cvar=found.cvar,
        risk_weight=instance.risk_weight,
        tail=instance.risk_tail,
        expected_cash=cash,
        expected_penalty=found.expected - cash,
        expected_demand=weighed(demand, probability),
        expected_shortage=weighed(shortage, probability),
        fill_rate=fill_rate(instance, outcome.unmet),
        shortage_probability=float(probability[shortage > seen].sum()),
        shortage_cvar=tail_mean(shortage, probability, instance.risk_tail),
        worst_expected_cost=worst_expectation(found.path_costs, probability, radius) if radius > 0 else None,
    )


def _path_sums(instance: Instance, amount: Floats) -> Floats:
    """Sum of a node amount over each leaf's path, node 0 left out. [L]"""
    return instance.tree.summed(np.where(instance.tree.period >= 0, amount, 0.0))[instance.tree.leaves]


def _period(instance: Instance, n: int) -> str:
    """Period id of a node; node 0 counts in the first period."""
    return instance.scenario.period_ids[max(int(instance.tree.period[n]), 0)]


def _awards(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome) -> tuple[Award, ...]:
    scenario, tree = instance.scenario, instance.tree
    found = []
    for contract in contracts:
        offer, clauses = contract.offer, tuple(clause.explain() for clause in clauses_of(contract.offer.clauses))
        for m in contract.signing_nodes:
            for j in np.flatnonzero(outcome.signed[offer.index][:, m] > 0.5):
                a = contract.alternatives[int(j)]
                volume = outcome.volume[offer.index][:, :, m]
                found.append(
                    Award(
                        offer=offer.id,
                        supplier=scenario.suppliers[offer.supplier].id,
                        alternative=a.id,
                        node=tree.ids[m],
                        period=None if m == 0 else _period(instance, m),
                        probability=float(tree.probability[m]),
                        volumes=tuple(
                            AwardVolume(product=scenario.products[p].id, period=scenario.period_ids[t], volume=float(volume[local, t]))
                            for local, p in enumerate(offer.products)
                            for t in range(offer.start, offer.end)
                        ),
                        committed_value=float((volume * a.price[:, None]).sum()) * instance.rate(offer, m),
                        clauses=clauses,
                    )
                )
    return tuple(found)


def _offers(instance: Instance, contracts: tuple[Contract, ...], outcome: Outcome, found: Findings) -> tuple[OfferOutcome, ...]:
    tree = instance.tree
    cost: dict[str, float] = {}
    for row in found.bill.rows:
        if row.source_kind == "offer":
            cost[row.source] = cost.get(row.source, 0.0) + weighed(row.amount, tree.probability * instance.discount)
    rows = []
    for contract in contracts:
        offer = contract.offer
        signed = outcome.signed[offer.index].sum(axis=0) > 0.5
        now = np.flatnonzero(outcome.signed[offer.index][:, 0] > 0.5)
        rows.append(
            OfferOutcome(
                offer=offer.id,
                supplier=instance.scenario.suppliers[offer.supplier].id,
                signed=bool(signed.any()),
                signing_probability=float(tree.probability[signed].sum()),
                alternative=contract.alternatives[int(now[0])].id if len(now) else None,
                expected_volume=float((outcome.take[offer.index].sum(axis=0) * tree.probability).sum()),
                expected_cost=cost.get(offer.id, 0.0),
            )
        )
    return tuple(rows)


def _futures(instance: Instance, outcome: Outcome, found: Findings) -> tuple[FutureLine, ...]:
    tree = instance.tree
    probability = tree.probability[tree.leaves]
    demand = _path_sums(instance, tree.states.demand.sum(axis=(1, 2)))
    shortage = _path_sums(instance, outcome.unmet.sum(axis=(0, 1)))
    asked = _path_sums(instance, asked_for(instance, outcome.unmet).sum(axis=(0, 1)))
    tail = tail_shares(found.path_costs, probability, instance.risk_tail)
    return tuple(
        FutureLine(
            future=name,
            probability=float(probability[i]),
            cost=float(found.path_costs[i]),
            cash=float(found.path_cash[i]),
            demand=float(demand[i]),
            shortage=float(shortage[i]),
            fill_rate=1.0 - float(shortage[i] / asked[i]) if asked[i] > 0 else 1.0,
            tail_share=float(tail[i]),
        )
        for i, name in enumerate(tree.futures)
    )


def _fill_rates(instance: Instance, outcome: Outcome) -> tuple[FillRateLine, ...]:
    scenario, probability = instance.scenario, instance.tree.probability
    demand = np.einsum("nps,n->ps", instance.tree.states.demand[1:], probability[1:])
    unmet, asked = (np.einsum("psn,n->ps", x, probability) for x in (outcome.unmet, asked_for(instance, outcome.unmet)))
    rows = []
    for p, product in enumerate(scenario.products):
        places = [("", demand[p].sum(), asked[p].sum(), unmet[p].sum())]
        places += [(site.id, demand[p, s], asked[p, s], unmet[p, s]) for s, site in enumerate(scenario.sites)]
        rows += [
            FillRateLine(
                product=product.id,
                site=site,
                unit=product.unit,
                expected_demand=float(wanted),
                expected_asked=float(whole),
                expected_shortage=float(missed),
                fill_rate=1.0 - float(missed / whole),
            )
            for site, wanted, whole, missed in places
            if wanted > 0
        ]
    return tuple(rows)


Flow = tuple[str, str, str, str, Floats]  # kind, source, product, site, [N]


def _flows(instance: Instance, outcome: Outcome) -> Iterator[Flow]:
    """All volumes, by kind; rows that are zero everywhere are left out."""
    scenario = instance.scenario
    products, sites = [x.id for x in scenario.products], [x.id for x in scenario.sites]
    demand = np.moveaxis(instance.tree.states.demand, 0, 2)

    def every() -> Iterator[Flow]:
        for offer in instance.offers:
            for local, p in enumerate(offer.products):
                yield "take", offer.id, products[p], "", outcome.take[offer.index][local]
                for s in offer.sites:
                    yield "deliver", offer.id, products[p], sites[s], outcome.deliver[offer.index][local, s]
                for election, volume in zip(elections_of(clauses_of(offer.clauses)), outcome.elected[offer.index], strict=True):
                    yield election.label, offer.id, products[p], "", volume[local]
                for ending, decided in zip(endings_of(clauses_of(offer.clauses)), outcome.ended[offer.index], strict=True):
                    yield "given_up", offer.id, products[p], "", _given_up(instance, offer, outcome.volume[offer.index][local], ending, decided)
        for x in instance.spots:
            yield "order", x.id, products[x.product], "", outcome.order[x.index].sum(axis=0)
            for s in range(len(sites)):
                yield "receive", x.id, products[x.product], sites[s], outcome.receive[x.index][s]
        for r, lane in enumerate(instance.lanes):
            yield "transfer", sites[lane.origin], products[lane.product], sites[lane.target], outcome.move[r]
        for u, swap in enumerate(instance.swaps):
            for s in range(len(sites)):
                yield "substitute", products[swap.substitute], products[swap.product], sites[s], outcome.swap[u, s]
        for p, product in enumerate(products):
            for s, site in enumerate(sites):
                yield "demand", "", product, site, demand[p, s] * (instance.tree.period >= 0)
                yield "unmet", "", product, site, outcome.unmet[p, s]
                yield "stock", "", product, site, outcome.stock[p, s]
            yield "shortage", "", product, "", outcome.unmet[p].sum(axis=0)

    dust = VISIBLE * max(1.0, float(demand.max(initial=0.0)))
    for kind, source, product, site, volume in every():
        cleaned = np.where(np.abs(volume) > dust, volume, 0.0)
        if np.any(cleaned):
            yield kind, source, product, site, cleaned


def _given_up(instance: Instance, offer: OfferData, volume: Floats, ending: Ending, decided: Floats) -> Floats:
    """Committed volume [T, N] of a product that is given up where an offer is ended: of its window's periods after the notice. [N]"""
    tree, found = instance.tree, np.zeros(instance.tree.size)
    for m in np.flatnonzero(decided).tolist():
        signing = 0 if offer.sign < 0 else next(n for n in tree.path(m) if tree.period[n] == offer.sign)
        found[m] = volume[int(tree.period[m]) + ending.notice : offer.end, signing].sum()
    return found


def _flow_lines(instance: Instance, flows: list[Flow]) -> Iterator[FlowLine]:
    ids, periods, probability = _columns(instance)
    for kind, source, product, site, volume in flows:
        if kind != "shortage":
            nodes = np.flatnonzero(volume)
            for n, amount in zip(nodes.tolist(), volume[nodes].tolist(), strict=True):
                yield FlowLine(
                    kind=kind, source=source, product=product, site=site, node=ids[n], period=periods[n], probability=probability[n], volume=amount
                )  # fmt: skip


def _columns(instance: Instance) -> tuple[tuple[str, ...], list[str], list[float]]:
    """Id, period id and probability of every node, as plain values."""
    names = instance.scenario.period_ids
    return instance.tree.ids, [names[t] for t in np.maximum(instance.tree.period, 0).tolist()], instance.tree.probability.tolist()


def _flow_summaries(instance: Instance, flows: list[Flow]) -> Iterator[FlowSummary]:
    tree = instance.tree
    nodes = [np.flatnonzero(tree.period == t) for t in range(len(instance.years))]
    periods = [(name, members, tree.probability[members]) for name, members in zip(instance.scenario.period_ids, nodes, strict=True)]
    for kind, source, product, site, volume in flows:
        for period, members, weights in periods:
            values = volume[members]
            if np.any(values):
                p5, p50, p95 = quantiles(values, weights, (0.05, 0.5, 0.95))
                yield FlowSummary(
                    kind=kind, source=source, product=product, site=site, period=period,
                    mean=weighed(values, weights) / float(weights.sum()), p5=p5, p50=p50, p95=p95,
                )  # fmt: skip


def quantiles(values: Floats, weights: Floats, levels: tuple[float, ...]) -> tuple[float, ...]:
    """Weighted quantiles: the least value whose cumulated probability reaches the level."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    found = np.minimum(np.searchsorted(reached, np.array(levels) - 1e-12), len(order) - 1)
    return tuple(values[order[found]].tolist())


def _cost_lines(instance: Instance, found: Findings) -> Iterator[CostLine]:
    ids, periods, probability = _columns(instance)
    for row in found.bill.rows:
        nodes = np.flatnonzero(row.amount)
        present = row.amount * instance.discount
        for n, amount, discounted in zip(nodes.tolist(), row.amount[nodes].tolist(), present[nodes].tolist(), strict=True):
            yield CostLine(
                node=ids[n], period=periods[n], probability=probability[n], source_kind=row.source_kind, source=row.source,
                clause=row.clause, category=row.category, amount=amount, present=discounted,
            )  # fmt: skip


def _cost_summaries(instance: Instance, found: Findings) -> Iterator[CostSummary]:
    """Expected cost by category, supplier, source and period, and cash by period; the rows of each but the last sum to the expected cost."""
    tree, scenario = instance.tree, instance.scenario
    supplier_of = {o.id: scenario.suppliers[o.supplier].id for o in instance.offers}
    periods = np.maximum(tree.period, 0)
    groups: dict[tuple[str, str], tuple[float, float]] = {}

    def add(dimension: str, key: str, nominal: float, present: float) -> None:
        before = groups.get((dimension, key), (0.0, 0.0))
        groups[dimension, key] = (before[0] + nominal, before[1] + present)

    for row in found.bill.rows:
        expected = row.amount * tree.probability
        nominal, present = float(expected.sum()), float((expected * instance.discount).sum())
        who = supplier_of.get(row.source, row.source) if row.source_kind in ("offer", "supplier") else {"spot": "spot market"}.get(row.source_kind, "none")
        add("category", row.category, nominal, present)
        add("supplier", who, nominal, present)
        add("source", f"{row.source_kind}:{row.source}", nominal, present)
        by_period = (np.bincount(periods, weights=x, minlength=len(instance.years)).tolist() for x in (expected, expected * instance.discount))
        for period, *amounts in zip(scenario.period_ids, *by_period, strict=True):
            add("period", period, *amounts)
            if row.category not in NO_CASH:
                add("cash_period", period, *amounts)
    for (dimension, key), (nominal, present) in groups.items():
        yield CostSummary(dimension=dimension, key=key, expected=nominal, present=present)


def _rules(instance: Instance, found: Findings) -> tuple[RuleOutcome, ...]:
    rows = []
    for i, (terms, measures) in enumerate(zip(instance.rules, found.bill.measures, strict=True)):
        if not measures:
            continue
        tightest = min(measures, key=lambda m: (-m.violation, m.slack))
        billed = [row for row in found.bill.rows if row.source == f"rules[{i}]"]
        rows.append(
            RuleOutcome(
                path=f"rules[{i}]",
                kind=terms.kind,
                text=rule_of(terms).explain() + (f" ({terms.name})" if terms.name else ""),
                hard=terms.violation_price is None,
                value=tightest.value,
                limit=tightest.limit,
                where=tightest.where,
                binding=bool(tightest.slack <= 1e-6 * tightest.scale),
                violation=tightest.violation if tightest.violation > 1e-6 * tightest.scale else 0.0,
                penalty=sum((weighed(row.amount, instance.tree.probability * instance.discount) for row in billed), 0.0),
            )
        )
    return tuple(rows)
