"""What a unit costs under a contract, as an accountant would say it: the list price, the tier that was reached, and what moves the price (PRICES)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.optimizer.cash_contract import Contract


def base_price(c: Contract, product: str) -> float:
    """List price after the tier that the committed volume reaches: the smallest of all products and periods counts."""
    price = c.list_price[product]
    if "all_units_tiers" in c.terms:
        least, discount = min(c.committed[p, t] for p in c.offer.products for t in c.window), 0.0
        for tier in c.terms["all_units_tiers"].tiers:
            if least >= tier.from_volume - 1e-6 * max(1.0, tier.from_volume):
                discount = tier.discount
        price *= 1.0 - discount
    return price


def price(c: Contract, product: str, t: int) -> float:
    """What a unit costs in a period."""
    found = base_price(c, product)
    for kind, terms in c.terms.items():
        if kind in PRICES:
            found *= PRICES[kind](terms, c, t)
    return found


def _escalator(terms: Any, c: Contract, t: int) -> float:
    grown = 1.0
    for earlier in range(c.window.start, t):
        grown *= (1.0 + terms.rate) ** c.world.years(earlier)
    return grown


def _indexed(terms: Any, c: Contract, t: int) -> float:
    read = t - terms.lag_periods
    level = c.world.level(terms.index, read) if read >= 0 else terms.reference
    move = level / terms.reference - 1.0
    if move < terms.floor:
        move = terms.floor
    if terms.cap is not None and move > terms.cap:
        move = terms.cap
    return 1.0 + terms.weight * move


def _extended(terms: Any, c: Contract, t: int) -> float:
    return terms.price_factor if c.window.stop - t <= terms.periods else 1.0


PRICES: dict[str, Callable[[Any, Contract, int], float]] = {
    "fixed_price": lambda terms, c, t: 1.0,  # noqa: ARG005
    "escalator": _escalator,
    "indexed_price": _indexed,
    "extension": _extended,
}
