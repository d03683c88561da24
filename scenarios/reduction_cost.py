"""What futures would roughly cost under a simple fixed plan, without a solver: the yardstick by which a tree is compared with the futures it stands for.

The plan contracts a share c of mean demand, spread evenly over the offers whose window covers the period, and buys the rest on the spot market, cheapest
block first. For product p in period t of a future, with D demand of all sites, B what was left open before, rho deliverable share of the offers' mean:

    need     = max(0, D + B - c E[D] rho)
    spot     = cost of filling `need` from the ladder of (price, volume) of p's markets; a market with a lead time of l periods brings 1 - l of its volume now
    unmet    = need - volume bought;  B' = (1 - share lost) unmet
    cost     = discount (spot + unmet x (share lost x cost lost + (1 - share lost) x yearly cost x years))

What the contracts themselves cost is left out: it hardly differs between futures. Transfers, storage and substitution are left out as well.
"""

from __future__ import annotations

import numpy as np

from models.scenario import Scenario
from scenarios.tree import Floats, Paths, States


def rough_cost(scenario: Scenario, paths: Paths, contracted: float) -> Floats:
    """Discounted spot purchases and shortage penalties of every future and period, with a share `contracted` of mean demand under contract. [F, T]"""
    states = paths.states
    demand = states.demand.sum(axis=3)
    mean = np.einsum("f,ftp->tp", paths.probability, demand)
    years = np.array(scenario.period_years)
    discount = (1.0 + scenario.discount_rate) ** -(np.cumsum(years) - years)
    found = np.zeros(demand.shape[:2])
    for p, product in enumerate(scenario.products):
        delivered = contracted * mean[:, p] * _deliverable(scenario, states, product.id)
        lost, penalties = _shortage(scenario, product.id, years)
        price, volume = _ladder(scenario, states, product.id)
        open_before = np.zeros(paths.count)
        for t in range(len(years)):
            need = np.maximum(0.0, demand[:, t, p] + open_before - delivered[:, t])
            before = np.cumsum(volume[:, t], axis=1) - volume[:, t]
            bought = np.clip(need[:, None] - before, 0.0, volume[:, t])
            unmet = np.maximum(0.0, need - bought.sum(axis=1))
            open_before = (1.0 - lost) * unmet
            found[:, t] += discount[t] * ((bought * price[:, t]).sum(axis=1) + unmet * penalties[t])
    return found


def _deliverable(scenario: Scenario, states: States, product: str) -> Floats:
    """Mean deliverable share of the offers for a product in whose window a period lies; 0 where there is none. [F, T]"""
    total, count = np.zeros(states.deliverable.shape[:2]), np.zeros(states.deliverable.shape[1])
    for o, offer in enumerate(scenario.offers):
        if product in offer.products:
            start = scenario.period_ids.index(offer.window.start)
            window = slice(start, start + offer.window.periods)
            total[:, window] += states.deliverable[:, window, o]
            count[window] += 1.0
    return np.asarray(total / np.maximum(count, 1.0))


def _shortage(scenario: Scenario, product: str, years: Floats) -> tuple[float, Floats]:
    """Share of unmet demand that is lost, and its penalty per unit and period [T]; the mean over the product's rows."""
    rows = [x for x in scenario.shortage if x.product == product]
    if not rows:  # no demand either
        return 1.0, np.zeros(len(years))
    lost = float(np.mean([x.lost for x in rows]))
    return lost, np.mean([x.lost * (x.cost_per_unit or 0.0) + (1.0 - x.lost) * (x.cost_per_unit_year or 0.0) * years for x in rows], axis=0)


def _ladder(scenario: Scenario, states: States, product: str) -> tuple[Floats, Floats]:
    """Blocks of the product's spot markets, cheapest first in every future and period: price and volume. [F, T, B] each"""
    shape = (*states.spot_price.shape[:2], 1)
    price, volume = [np.zeros(shape)], [np.zeros(shape)]  # an empty block, for products without a market
    for m, market in enumerate(scenario.spot):
        if market.product == product:
            now = states.spot_available[:, :, m] * np.clip(1.0 - states.spot_lead[:, :, m], 0.0, 1.0)
            price += [(states.spot_price[:, :, m] * block.price_factor)[..., None] for block in market.blocks]
            volume += [(now * block.share)[..., None] for block in market.blocks]
    prices, volumes = np.concatenate(price, axis=2), np.concatenate(volume, axis=2)
    order = np.argsort(prices, axis=2, kind="stable")
    return np.take_along_axis(prices, order, axis=2), np.take_along_axis(volumes, order, axis=2)
