"""Where volume goes: every site's balance, spot arrivals, and what moving, holding and missing it costs.

    demand_is_served[p,s,n]:  stock[parent] (1 - spoilage) + deliveries arriving + spot received + transfers in + substituted need + unmet
                              >= demand + (1 - lost) unmet[parent] + stock + transfers out + used as substitute
    unmet_within_need[p,s,n]: unmet <= demand + (1 - lost) unmet[parent]   (the bounds of unmet say so already where nothing is carried)
    spot_is_received[i,n]:    sum_s receive[i,s,n] <= sum of orders arriving at n

The balance is an inequality: volume that must be taken and can't be used is left aside at no cost. Unmet demand is capped by what is asked for;
without that cap a site where shortage is cheap could be short of more than it needs and send the rest, which nobody supplied, elsewhere.
Reference: Birge & Louveaux (2011), Introduction to Stochastic Programming, section 1.3.
"""

from __future__ import annotations

from optimizer.decisions import Kernel
from optimizer.ledger import DELIVERY, HOLDING, SHORTAGE, SPOT, SUBSTITUTION, TRANSFER, Term
from optimizer.rows import Bounds, Index, constrain
from optimizer.varying import settled


def build_balance(kernel: Kernel) -> None:
    """Declare the balance and charge what it costs."""
    supply: dict[Index, list[Term]] = {}
    constant = _stocks(kernel, supply)
    _contracts(kernel, supply)
    _spot(kernel, supply)
    _sideways(kernel, supply)
    _shortage(kernel, supply)
    demand = kernel.instance.tree.states.demand
    rows: dict[Index, Bounds] = {(p, s, n): (settled(demand[n, p, s]) - constant.get((p, s, n), 0.0), terms, None) for (p, s, n), terms in supply.items()}
    constrain(kernel.model, "demand_is_served", rows)


def _stocks(kernel: Kernel, supply: dict[Index, list[Term]]) -> dict[Index, float]:
    """Stock carried in and out, holding cost; returns what initial stock brings."""
    instance, tree = kernel.instance, kernel.instance.tree
    brought: dict[Index, float] = {}
    for (p, s), x in instance.stocks.items():
        site = instance.scenario.sites[s].id
        for n in instance.nodes:
            row = supply.setdefault((p, s, n), [])
            parent = int(tree.parent[n])
            if parent > 0:
                row.append((1.0 - x.spoilage, kernel.stock[p, s, parent]))
            else:
                brought[p, s, n] = x.initial * (1.0 - x.spoilage)
            row.append((-1.0, kernel.stock[p, s, n]))
            years = float(instance.years[tree.period[n]])
            kernel.ledger.charge("site", site, "storage", HOLDING, n, [(x.holding * years, kernel.stock[p, s, n])])
    return brought


def _contracts(kernel: Kernel, supply: dict[Index, list[Term]]) -> None:
    instance = kernel.instance
    for c in kernel.contracts:
        o, offer = c.offer.index, c.offer
        covered = set(c.nodes)
        for n in instance.nodes:
            for source, share in kernel.offer_arrivals[o][n]:
                if source in covered:
                    for local, p in enumerate(offer.products):
                        for s in offer.sites:
                            supply.setdefault((p, s, n), []).append((share, kernel.deliver[o, local, s, source]))
        for n in c.nodes:
            rate = instance.rate(offer, n)
            costs = [(rate * float(offer.delivery[p, s]), kernel.deliver[o, p, s, n]) for p in range(len(offer.products)) for s in offer.sites]
            kernel.ledger.charge("offer", offer.id, "delivery", DELIVERY, n, costs)


def _spot(kernel: Kernel, supply: dict[Index, list[Term]]) -> None:
    instance = kernel.instance
    price = instance.tree.states.spot_price
    rows: dict[Index, Bounds] = {}
    for x in instance.spots:
        blocks = range(len(x.share))
        for n in instance.nodes:
            spend = [(settled(price[n, x.index] * x.factor[b]), kernel.order[x.index, b, n]) for b in blocks]
            kernel.ledger.charge("spot", x.id, "spot", SPOT, n, spend)
            sites = [s for s in range(len(instance.scenario.sites)) if (x.index, s, n) in kernel.receive]
            if not sites:
                continue
            for s in sites:
                supply.setdefault((x.product, s, n), []).append((1.0, kernel.receive[x.index, s, n]))
            kernel.ledger.charge("spot", x.id, "delivery", DELIVERY, n, [(float(x.delivery[s]), kernel.receive[x.index, s, n]) for s in sites])
            arriving = [(-share, kernel.order[x.index, b, m]) for m, share in kernel.spot_arrivals[x.index][n] for b in blocks]
            rows[x.index, n] = (None, [*((1.0, kernel.receive[x.index, s, n]) for s in sites), *arriving], 0.0)
    constrain(kernel.model, "spot_is_received", rows)


def _sideways(kernel: Kernel, supply: dict[Index, list[Term]]) -> None:
    """Transfers between sites and substitution between products."""
    instance = kernel.instance
    for (r, n), moved in kernel.move.items():
        lane = instance.lanes[r]
        supply.setdefault((lane.product, lane.target, n), []).append((1.0, moved))
        supply.setdefault((lane.product, lane.origin, n), []).append((-1.0, moved))
        sites = instance.scenario.sites
        kernel.ledger.charge("transfer", f"{sites[lane.origin].id}-{sites[lane.target].id}", "transfer", TRANSFER, n, [(lane.cost, moved)])
    for (u, s, n), met in kernel.swap.items():
        swap = instance.swaps[u]
        supply.setdefault((swap.product, s, n), []).append((1.0, met))
        supply.setdefault((swap.substitute, s, n), []).append((-swap.ratio, met))
        products = instance.scenario.products
        name = f"{products[swap.substitute].id}-for-{products[swap.product].id}"
        kernel.ledger.charge("substitution", name, "substitution", SUBSTITUTION, n, [(swap.cost, met)])


def _shortage(kernel: Kernel, supply: dict[Index, list[Term]]) -> None:
    """Unmet demand, its penalty, and what of it is carried to the next period.

    charge (shortage_penalty):  sum_b factor_b (lost cost_lost + (1 - lost) cost_year years) unmet_b, and at the end (1 - lost) terminal sum_b unmet_b
    """
    instance, tree = kernel.instance, kernel.instance.tree
    leaves = set(tree.leaves.tolist())
    within: dict[Index, Bounds] = {}
    for (p, s), x in instance.shortage.items():
        blocks, site = range(len(x.width)), instance.scenario.sites[s].id
        for n in instance.nodes:
            row = supply.setdefault((p, s, n), [])
            row += [(1.0, kernel.unmet[p, s, b, n]) for b in blocks]
            parent = int(tree.parent[n])
            if parent > 0 and x.lost < 1:
                carried: list[Term] = [(-(1.0 - x.lost), kernel.unmet[p, s, b, parent]) for b in blocks]
                row += carried
                within[p, s, n] = (None, [*((1.0, kernel.unmet[p, s, b, n]) for b in blocks), *carried], settled(tree.states.demand[n, p, s]))
            rate = x.rate(float(instance.years[tree.period[n]]))
            end = (1.0 - x.lost) * x.terminal if n in leaves else 0.0
            kernel.ledger.charge("site", site, "shortage", SHORTAGE, n, [(rate * float(x.factor[b]) + end, kernel.unmet[p, s, b, n]) for b in blocks])
    constrain(kernel.model, "unmet_within_need", within)
