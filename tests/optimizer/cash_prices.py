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
    favoured = c.terms.get("most_favoured")
    return found if favoured is None else min(found, _market(favoured, c, product, t))


def _market(terms: Any, c: Contract, product: str, t: int) -> float:
    """Most that a unit may cost, because a spot market asks no more, in the offer's currency."""
    spot = next((x for x in c.world.scenario.spot if x.id == terms.spot and x.product == product), None)
    asked = 0.0 if spot is None else c.world.spot_price(spot.id, t)
    return (1.0 + terms.margin) * asked / c.world.fx(c.offer.currency, t) if asked > 0 else float("inf")


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


def _shared_rate(terms: Any, c: Contract, t: int) -> float:
    """Of a move of the exchange rate beyond the band the supplier bears its share: what is paid per unit of the currency, against the rate."""
    if c.offer.currency in (None, c.world.scenario.currency):
        return 1.0
    rate, agreed = c.world.fx(c.offer.currency, t), terms.reference or c.world.fx(c.offer.currency, c.signed)
    above, below = rate - (1.0 + terms.band) * agreed, (1.0 - terms.band) * agreed - rate
    paid = rate - terms.supplier_share * above if above > 0 else rate + terms.supplier_share * below if below > 0 else rate
    return paid / rate


def _reviewed(terms: Any, c: Contract, t: int) -> float:
    """Every so many periods the price moves towards the market, within a collar on each move."""
    factor = 1.0
    for review in range(c.window.start + terms.every_periods, t + 1, terms.every_periods):
        market = c.world.level(terms.index, review) / terms.reference
        move = max(terms.share * (market - factor) / factor, terms.floor)
        factor *= 1.0 + (move if terms.cap is None else min(move, terms.cap))
    return factor


PRICES: dict[str, Callable[[Any, Contract, int], float]] = {
    "fixed_price": lambda terms, c, t: 1.0,  # noqa: ARG005
    "escalator": _escalator,
    "indexed_price": _indexed,
    "extension": _extended,
    "currency": _shared_rate,
    "price_review": _reviewed,
    "most_favoured": lambda terms, c, t: 1.0,  # noqa: ARG005  (a ceiling on the price that all others come to)
}
