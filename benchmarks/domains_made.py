"""Tables that the desk has made from bundled scenarios, as domains of the tournament.

Scenarios say nothing about a supplier's books, so the supplier around which others are drawn is made up: costs as shares of the headline price.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.domains import TAIL, Setting
from models.suppliers import SupplierType
from optimizer.negotiation.desk import Desk
from optimizer.negotiation.grid import make_table, usual_menu
from scenarios import library

SCENARIOS = ("clause-prepayment", "clause-take_or_pay", "clause-volume_band")


def settings_made(names: tuple[str, ...] = SCENARIOS) -> Iterator[tuple[str, Setting]]:
    """The first offer of each scenario on the desk's usual menu, by the scenario's name."""
    for name in names:
        desk = Desk(library.load(name))
        table = make_table(desk, usual_menu(desk, desk.scenario.offers[0].id))
        yield name, Setting(table, usual_supplier(table.headline))


def usual_supplier(headline: float) -> SupplierType:
    """A supplier that earns something at the headline price."""
    return SupplierType(
        id="plain",
        unit_cost=0.55 * headline,
        capacity_cost=0.1 * headline,
        alternative_margin=0.05 * headline,
        hurdle_rate=0.1,
        risk_weight=0.3,
        tail=TAIL,
    )
