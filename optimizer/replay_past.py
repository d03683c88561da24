"""What has happened so far, as the engine sees outcomes: a contract file's rows in the arrays that bills and models read.

Node t + 1 of the trees here is period t for as long as it is over; what lies beyond it is empty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract import ContractFile, SignedContract
from models.errors import Finding, InvalidScenario
from models.scenario import Scenario
from optimizer.clauses.deal import Contract
from optimizer.contracts import build_contracts
from optimizer.instance import Instance, OfferData, shape_of, slack
from optimizer.outcome import Outcome
from scenarios.past import SeenTree, doubtful, past_states, reached, seen_from, undecided
from scenarios.tree import Floats, Ints, Tree, build_tree

WHAT = "contract file"  # what messages call it


@dataclass(frozen=True)
class Signed:
    """One contract of the file, resolved."""

    place: int  # in the file
    document: SignedContract
    contract: Contract
    j: int  # alternative, after tiers
    schedule: Floats  # [Po, T] committed volumes


@dataclass(frozen=True)
class Past:
    """A contract file on some tree that begins with the periods that are over."""

    instance: Instance
    contracts: tuple[Contract, ...]
    signed: tuple[Signed, ...]
    outcome: Outcome
    past: int  # periods that are over


def seen_tree(scenario: Scenario, file: ContractFile, tree: Tree | None = None) -> SeenTree:
    """The scenario's tree from the end of the file's `today`. Raises InvalidScenario with everything that has to be known and is not."""
    tree, past = tree or build_tree(scenario), length_of(scenario, file)
    if past == 0:
        return seen_from(scenario, tree, np.zeros(1, dtype=np.int64), tree.states.at(slice(0, 0)))
    at = reached(tree, past, file.node)
    if not len(at):
        known = ", ".join(tree.ids[n] for n in np.flatnonzero(tree.period == past - 1)[:8])
        raise InvalidScenario([Finding("node", f"the tree has no node '{file.node}' in {file.today}; there it has {known}")], WHAT)
    found = _unknown(scenario, file, tree, at, past)
    if found:
        raise InvalidScenario(found, WHAT)
    return seen_from(scenario, tree, at, past_states(scenario, tree, at, file.observed, past))


def length_of(scenario: Scenario, file: ContractFile) -> int:
    """Number of periods that are over."""
    return 0 if file.today is None else scenario.period_ids.index(file.today) + 1


def resolve(file: ContractFile, instance: Instance) -> Past:
    """The file's rows as an outcome. Raises InvalidScenario where the contract does not give what they say."""
    contracts, past = build_contracts(instance), length_of(instance.scenario, file)
    by_id = {c.offer.id: c for c in contracts}
    found: list[Finding] = []
    each = [_signed(i, document, by_id[document.offer], instance.scenario, found) for i, document in enumerate(file.contracts)]
    signed = tuple(x for x in each if x is not None)
    for one in signed:
        found += _rights(one, instance, past)
    if found:
        raise InvalidScenario(found, WHAT)
    return Past(instance, contracts, signed, _outcome(instance, contracts, signed, file), past)


def signing_node(offer: OfferData) -> int:
    """Where an offer that has been signed was signed."""
    return offer.sign + 1


def _unknown(scenario: Scenario, file: ContractFile, tree: Tree, at: Ints, past: int) -> list[Finding]:
    """What bills depend on, the futures disagree about, and nothing was said of."""
    apart, seen, found = doubtful(tree, at, past), file.observed, []
    offers = {x.id: (o, x) for o, x in enumerate(scenario.offers)}
    for i, index in enumerate(scenario.indices):
        if undecided(apart.index[:, i]) and index.id not in seen.index:
            found.append(Finding("observed.index", f"says nothing of '{index.id}', on which futures differ; give its level in each period that is over"))
    for contract in file.contracts:
        o, offer = offers[contract.offer]
        for field, data in (("deliverability", apart.deliverable), ("lateness", apart.late_weeks)):
            told = any(row.offer == offer.id or row.supplier == offer.supplier for row in getattr(seen, field))
            if undecided(data[:, o]) and not told:
                found.append(Finding(f"observed.{field}", f"says nothing of offer '{offer.id}', on which futures differ; give a row with one value per period"))
    return found


def _signed(place: int, document: SignedContract, contract: Contract, scenario: Scenario, found: list[Finding]) -> Signed | None:
    """A contract of the file with the alternative, and the tier, that its volumes fall into; None with a finding where they fall into none."""
    offer, periods = contract.offer, scenario.period_ids
    local = {scenario.products[p].id: i for i, p in enumerate(offer.products)}
    schedule = np.zeros((len(offer.products), len(periods)))
    for row in document.volumes:
        for t in range(offer.start, offer.end) if row.period is None else (periods.index(row.period),):
            schedule[local[row.product], t] = row.volume
    wanted = [j for j, a in enumerate(contract.alternatives) if document.alternative in (a.id, a.id.rsplit("/tier-", 1)[0])]
    window = schedule[:, offer.start : offer.end]
    for j in reversed(wanted):  # a volume between two tiers is in the higher one
        a = contract.alternatives[j]
        shape = shape_of(a.profile, offer.end - offer.start)
        low, high = a.low[:, None] * shape, a.high[:, None] * shape
        if ((window >= low - slack(float(low.max()))) & (window <= high + slack(float(high.max())))).all():
            return Signed(place, document, contract, j, schedule)
    ranges = "; ".join(f"{a.id}: {_ranges(a.low, a.high)}" for a in (contract.alternatives[j] for j in wanted))
    told = f"do not lie within what alternative '{document.alternative}' of '{offer.id}' lets commit ({ranges or 'nothing'}); correct them or the alternative"
    found.append(Finding(f"contracts[{place}].volumes", told))
    return None


def _ranges(low: Floats, high: Floats) -> str:
    return ", ".join(f"{a:g} to {b:g}" for a, b in zip(low.tolist(), high.tolist(), strict=True))


def _rights(one: Signed, instance: Instance, past: int) -> list[Finding]:
    """Rows under clauses that give no such right, and words that had to be given and are not there."""
    path, found, periods = f"contracts[{one.place}]", [], instance.scenario.period_ids
    elections, endings = {x.label for x in one.contract.elections}, {x.clause: x for x in one.contract.endings}
    for k, row in enumerate(one.document.chosen):
        if row.clause not in elections:
            told = f"clause '{row.clause}' lets nothing be declared here; those that do: {', '.join(sorted(elections)) or 'none'}"
            found.append(Finding(f"{path}.chosen[{k}].clause", told))
    given = {(x.clause, x.period) for x in one.document.notices}
    over = [periods.index(x.period) for x in one.document.notices if x.ends]
    for k, notice in enumerate(one.document.notices):
        if notice.clause not in endings:
            told = f"the contract can't end under clause '{notice.clause}'; clauses under which it can: {', '.join(sorted(endings)) or 'none'}"
            found.append(Finding(f"{path}.notices[{k}].clause", told))
    for clause, ending in endings.items():
        if ending.last is None:
            continue
        for t in range(past):
            asked = ending.possible(np.array(t), one.contract.offer.start, one.contract.offer.end) and not any(said <= t for said in over)
            if asked and (clause, periods[t]) not in given:
                told = f"says nothing of {clause}, which had to be decided in {periods[t]}; add a row, with `ends` true or false"
                found.append(Finding(f"{path}.notices", told))
    return found


def _outcome(instance: Instance, contracts: tuple[Contract, ...], signed: tuple[Signed, ...], file: ContractFile) -> Outcome:
    """All rows in arrays."""
    scenario, n, years, sites = instance.scenario, instance.tree.size, len(instance.years), len(instance.scenario.sites)
    order = {name: t for t, name in enumerate(scenario.period_ids)}
    found = Outcome(
        signed=tuple(np.zeros((len(c.alternatives), n)) for c in contracts),
        volume=tuple(np.zeros((len(c.offer.products), years, n)) for c in contracts),
        take=tuple(np.zeros((len(c.offer.products), n)) for c in contracts),
        elected=tuple(np.zeros((len(c.elections), len(c.offer.products), n)) for c in contracts),
        ended=tuple(np.zeros((len(c.endings), n)) for c in contracts),
        deliver=tuple(np.zeros((len(c.offer.products), sites, n)) for c in contracts),
        order=tuple(np.zeros((len(x.share), n)) for x in instance.spots),
        receive=tuple(np.zeros((sites, n)) for _ in instance.spots),
        stock=np.zeros((len(scenario.products), sites, n)),
        move=np.zeros((len(instance.lanes), n)),
        swap=np.zeros((len(instance.swaps), sites, n)),
        unmet=np.zeros((len(scenario.products), sites, n)),
        opened=np.zeros((len(instance.steps), n)),
    )
    product, site = {x.id: p for p, x in enumerate(scenario.products)}, {x.id: s for s, x in enumerate(scenario.sites)}
    for one in signed:
        offer, o = one.contract.offer, one.contract.offer.index
        m = signing_node(offer)
        found.signed[o][one.j, m] = 1.0
        found.volume[o][:, :, m] = one.schedule
        local = {p: i for i, p in enumerate(offer.products)}
        for row in one.document.takes:
            p, at = local[product[row.product]], order[row.period] + 1
            found.take[o][p, at] += row.volume
            found.deliver[o][p, offer.sites[0] if row.site is None else site[row.site], at] += row.volume
        elections, endings = [x.label for x in one.contract.elections], [x.clause for x in one.contract.endings]
        for chosen in one.document.chosen:
            found.elected[o][elections.index(chosen.clause), local[product[chosen.product]], order[chosen.period] + 1] = chosen.volume
        for notice in one.document.notices:
            found.ended[o][endings.index(notice.clause), order[notice.period] + 1] = float(notice.ends)
    _outside(instance, file, found, order, product, site)
    return found


def _outside(instance: Instance, file: ContractFile, found: Outcome, order: dict[str, int], product: dict[str, int], site: dict[str, int]) -> None:
    """What the sites have, what was ordered in spot markets (its cheapest block first), and the capacity that was opened."""
    last, spots = length_of(instance.scenario, file), {x.id: x for x in instance.spots}
    for row in file.sites:
        found.stock[product[row.product], site[row.site], last] = row.stock
        found.unmet[product[row.product], site[row.site], last] = row.unmet
    for ordered in file.orders:
        spot, at, left = spots[ordered.spot], order[ordered.period] + 1, ordered.volume
        room = spot.share * instance.tree.states.spot_available[at, spot.index]
        for b in range(len(room)):
            part = left if b == len(room) - 1 else min(left, float(room[b]))
            found.order[spot.index][b, at], left = part, left - part
    steps = {(instance.scenario.suppliers[e.supplier].id, e.id): e.index for e in instance.steps}
    for x in file.opened:
        found.opened[steps[x.supplier, x.step], 0 if x.period is None else order[x.period] + 1] = 1.0
