"""Tariffs: duty on what comes from an origin, as a share of the price before volume discounts, paid when the goods are.

    charge (tariff):   rate[origin, t(n)] x (price x volume taken of the supplier, or the price of what is ordered)

The model's rows and the bill's are made here from different things: charges on variables there, amounts here. Nothing that a contract says depends on duty.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from optimizer.instance import Instance
from optimizer.ledger import PURCHASE, SPOT, STEP_IN, TARIFF, Ledger
from scenarios.tree import Floats

DUTIABLE = frozenset({PURCHASE, STEP_IN, SPOT})  # a third party's volume is not the supplier's, and its price is what it costs in all


def duties(instance: Instance) -> dict[tuple[str, str], Floats]:
    """Rate at every node, 0 at signing, of the offers and spot markets whose goods bear duty. Keys: ("offer" or "spot", id). [N]"""
    scenario, period = instance.scenario, np.maximum(instance.tree.period, 0)
    rates = {x.origin: np.asarray(x.rate)[period] * (instance.tree.period >= 0) for x in scenario.tariffs}
    origins = {("spot", x.id): x.origin for x in scenario.spot} | {("offer", x.id): scenario.suppliers[x.supplier].origin for x in instance.offers}
    return {key: rates[origin] for key, origin in origins.items() if origin in rates}


def charge_duties(instance: Instance, ledger: Ledger, kind: str) -> None:
    """Charge the duty on everything that is charged for so far under offers, or on spot markets."""
    rates = duties(instance) if instance.scenario.tariffs else {}
    for row in [x for x in ledger.rows if x.source_kind == kind and x.category in DUTIABLE]:
        rate = rates.get((kind, row.source))
        if rate is not None and rate[row.node] > 0:
            ledger.charge(kind, row.source, TARIFF, TARIFF, row.node, [(float(rate[row.node]) * c, v) for c, v in row.terms])


def billed_duties(instance: Instance, amounts: Iterable[tuple[str, str, str, Floats]]) -> list[tuple[str, str, Floats]]:
    """Duty on what is billed, as (source kind, source, amounts) from (source kind, source, category, amounts). [N] each"""
    rates = duties(instance) if instance.scenario.tariffs else {}
    found: dict[tuple[str, str], Floats] = {}
    for kind, source, category, amount in amounts:
        if category in DUTIABLE and (kind, source) in rates:
            found[kind, source] = found.get((kind, source), np.zeros(instance.tree.size)) + rates[kind, source] * amount
    return [(kind, source, amount) for (kind, source), amount in found.items()]
