"""What-ifs applied to futures: every future is changed over some periods, probabilities stay.

    supplier_out      deliverable = min(deliverable, share left)     demand        demand x factor
    spot_gone         available x share left                         price_spike   price x factor
    glut              price x factor, available x factor             index_shock   level x factor
    rival_locks_in    available x (1 - market share), price x factor, lead + periods added
    late_deliveries   weeks late + weeks                             fx_shock      rate x factor (not at signing)

What is changed stays within the limits of the documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from models.scenario import Scenario
from models.stress import DemandChanged, FxShock, Glut, IndexShock, LateDeliveries, PriceSpike, RivalLocksIn, SpotGone, SupplierOut, WhatIf
from scenarios.sampling import LIMITS
from scenarios.tree import Ints, Paths, States, base_states

WORSE_DEMAND = 1.5
OUT_FOR = 2  # periods


def apply(scenario: Scenario, paths: Paths, what_if: WhatIf) -> Paths:
    """The futures with `what_if` in every one of them; the given ones stay as they are."""
    states = States(*(getattr(paths.states, f.name).copy() for f in fields(States)))
    start, end = _when(scenario, what_if)
    _change(scenario, states.at(slice(None), slice(start, end)), what_if)
    for name, (low, high) in LIMITS.items():
        np.clip(getattr(states, name), low, high, out=getattr(states, name))
    return Paths(paths.ids, paths.probability, states, paths.regime, paths.regimes)


def _when(scenario: Scenario, what_if: WhatIf) -> tuple[int, int]:
    """First period, and the first one after it."""
    periods = scenario.period_ids
    start = 0 if what_if.from_period is None else periods.index(what_if.from_period)
    return start, len(periods) if what_if.periods is None else min(start + what_if.periods, len(periods))


def _change(scenario: Scenario, states: States, what_if: WhatIf) -> None:
    """Change `states` [F, periods concerned, ...] in place."""
    match what_if:
        case SupplierOut():
            for o in _offers(scenario, what_if.offer, what_if.supplier):
                np.minimum(states.deliverable[..., o], what_if.share_left, out=states.deliverable[..., o])
        case LateDeliveries():
            for o in _offers(scenario, what_if.offer, what_if.supplier):
                states.late_weeks[..., o] += what_if.weeks
        case DemandChanged():
            some, sites = _which(scenario.products, what_if.product), _which(scenario.sites, what_if.site)
            states.demand[..., some[:, None], sites] *= what_if.factor
        case SpotGone():
            states.spot_available[..., _which(scenario.spot, what_if.spot)] *= what_if.share_left
        case Glut():
            states.spot_price[..., _which(scenario.spot, what_if.spot)] *= what_if.price_factor
            states.spot_available[..., _which(scenario.spot, what_if.spot)] *= what_if.available_factor
        case PriceSpike():
            states.spot_price[..., _which(scenario.spot, what_if.spot)] *= what_if.factor
        case RivalLocksIn():
            some = _which(scenario.spot, what_if.spot)
            states.spot_available[..., some] *= 1.0 - what_if.market_share
            states.spot_price[..., some] *= what_if.price_factor
            states.spot_lead[..., some] += what_if.added_lead_periods
        case FxShock():
            states.fx[..., _which(scenario.currencies, what_if.currency)] *= what_if.factor
        case IndexShock():
            states.index[..., _which(scenario.indices, what_if.index)] *= what_if.factor


def _which(table: Sequence[Any], name: str | None) -> Ints:
    """Positions of one row of a table, or of all of them."""
    return np.array([i for i, row in enumerate(table) if name in (None, row.id)], dtype=np.int64)


def _offers(scenario: Scenario, offer: str | None, supplier: str | None) -> list[int]:
    return [o for o, x in enumerate(scenario.offers) if (offer is None or x.id == offer) and (supplier is None or x.supplier == supplier)]


def default_what_ifs(scenario: Scenario, supplier: str | None = None) -> tuple[WhatIf, ...]:
    """A set for a scenario that has none: a supplier out for two periods, demand + 50 %, no spot market in the period of most demand, a glut.

    `supplier`: the one that the plan relies on most; by default the one that offers most.
    """
    found: list[WhatIf] = []
    supplier = supplier or largest_supplier(scenario)
    periods = scenario.period_ids
    if supplier is not None:
        start = min(periods.index(x.window.start) for x in scenario.offers if x.supplier == supplier)
        lasts = min(OUT_FOR, len(periods) - start)
        found.append(SupplierOut(id="supplier-out", kind="supplier_out", supplier=supplier, from_period=periods[start], periods=lasts))
    found.append(DemandChanged(id="more-demand", kind="demand", factor=WORSE_DEMAND))
    if scenario.spot:
        found.append(SpotGone(id="no-spot", kind="spot_gone", from_period=periods[_peak(scenario)], periods=1))
        found.append(Glut(id="glut", kind="glut"))
    return tuple(found)


def largest_supplier(scenario: Scenario) -> str | None:
    """The supplier that can be committed to most, in money at the offers' prices; None without offers."""
    worth: dict[str, float] = {}
    for offer in scenario.offers:
        most = 0.0
        for a in offer.alternatives:
            prices = [x.price for x in a.price] if isinstance(a.price, tuple) else [a.price] * len(offer.products)
            volumes = [x.max for x in a.volume_per_period] if isinstance(a.volume_per_period, tuple) else [a.volume_per_period.max] * len(offer.products)
            most = max(most, sum(p * v for p, v in zip(prices, volumes, strict=True)))
        worth[offer.supplier] = worth.get(offer.supplier, 0.0) + most * offer.window.periods
    return max(worth, key=worth.__getitem__) if worth else None


def _peak(scenario: Scenario) -> int:
    """The period of most demand, each product measured by its own total."""
    demand = base_states(scenario).demand.sum(axis=2)
    return int(np.argmax((demand / np.maximum(demand.sum(axis=0), 1e-9)).sum(axis=1)))


def describe(scenario: Scenario, what_if: WhatIf) -> str:
    """What is assumed, in a sentence."""
    said = _said(scenario, what_if)
    start, end = _when(scenario, what_if)
    periods = scenario.period_ids
    if end - start == len(periods):
        when = "in every period"
    elif end - start == 1:
        when = f"in {periods[start]}"
    else:
        when = f"from {periods[start]} to {periods[end - 1]}"
    return f"{said} {when}."


def _said(scenario: Scenario, what_if: WhatIf) -> str:
    match what_if:
        case SupplierOut():
            return f"{_who(scenario, what_if.offer, what_if.supplier)} delivers {_left(what_if.share_left, 'nothing', 'of what is committed')}"
        case LateDeliveries():
            return f"{_who(scenario, what_if.offer, what_if.supplier)} delivers {what_if.weeks:g} weeks later"
        case DemandChanged():
            what = f" for {_name(scenario.products, what_if.product)}" if what_if.product else ""
            where = f" of {_name(scenario.sites, what_if.site)}" if what_if.site else ""
            return f"Demand{where}{what} is {what_if.factor:g} times what it is otherwise"
        case SpotGone():
            return f"{_market(scenario, what_if.spot)} {_left(what_if.share_left, 'has nothing on offer', 'of the usual volume on offer', 'has ')}"
        case Glut():
            return (
                f"There is a glut: {_market(scenario, what_if.spot, 'the spot market')} has {what_if.available_factor:g} times the volume "
                f"at {what_if.price_factor:g} times the price"
            )
        case PriceSpike():
            return f"{_market(scenario, what_if.spot)} costs {what_if.factor:g} times what it costs otherwise"
        case RivalLocksIn():
            return f"A rival locks in {100 * what_if.market_share:g} % of {_market(scenario, what_if.spot, 'the spot market')}" + (
                f", prices are {what_if.price_factor:g} times as high" if what_if.price_factor > 1 else ""
            )
        case FxShock():
            return f"{what_if.currency or 'Every foreign currency'} costs {what_if.factor:g} times as much"
        case IndexShock():
            return f"{_name(scenario.indices, what_if.index) if what_if.index else 'Every index'} stands at {what_if.factor:g} times its level"


def _left(share: float, nothing: str, of: str, verb: str = "") -> str:
    return nothing if share == 0 else f"{verb}{100 * share:g} % {of}"


def _market(scenario: Scenario, spot: str | None, every: str = "The spot market") -> str:
    return every if spot is None else _name(scenario.spot, spot)


def _name(table: Sequence[Any], name: str | None) -> str:
    """What people call a row of a table."""
    return next(str(row.name or row.id) for row in table if row.id == name)


def _who(scenario: Scenario, offer: str | None, supplier: str | None) -> str:
    if offer is not None:
        return _name(scenario.offers, offer)
    return "Every supplier" if supplier is None else _name(scenario.suppliers, supplier)
