"""Why each offer is signed or not: the best plan that decides otherwise, and the price at which the decision changes.

    W(f)   best cost with the offer on the table and its prices multiplied by f     V   best cost without it
    worth signing where W(f) < V. W never falls in f, so the turning point is enclosed by bisection: between `low`, where W < V, and `high`, where W = V.

Where signing costs exactly as much as not signing (nothing need be committed) the offer is worth as much as doing without, and so it is said.
"""

from __future__ import annotations

from collections.abc import Callable

from models.offer import Alternative, Offer
from models.scenario import Scenario
from models.why import OfferWhy, PriceFlip
from optimizer.explain import money
from optimizer.why_bench import Bench, Valued, dearer, difference, forced
from optimizer.why_words import categories_said, in_figures, middle

FARTHEST = 16.0  # times the price offered: no dearer price is looked at
NEAR = 1e-4  # relative: how closely a price is enclosed


def offer_why(bench: Bench, best: Valued, offer: Offer) -> OfferWhy:
    """Why one offer is signed in the best plan, or not. Raises OutOfTime."""
    signed = best.signed[offer.id] > 0
    other = bench.value(forced(bench.scenario, {offer.id: not signed}))
    flip = None if other is None else _flip(bench, best, other, offer, signed)
    otherwise = None if other is None else difference(other, best)
    found = OfferWhy(
        offer=offer.id, supplier=offer.supplier, signed=signed, possible=other is not None, otherwise=otherwise, flip=flip, sentence=""
    )  # fmt: skip
    return found.model_copy(update={"sentence": _said(found, offer, bench.scenario.currency)})


def _flip(bench: Bench, best: Valued, other: Valued, offer: Offer, signed: bool) -> PriceFlip | None:
    """Where the price turns the decision."""
    without = other if signed else best
    signed = signed and dearer(other, best)
    worth_at = {1.0: signed}

    def worth(factor: float) -> bool:
        if factor not in worth_at:
            here = bench.value(with_prices(bench.scenario, offer, factor))
            worth_at[factor] = here is not None and dearer(without, here)
        return worth_at[factor]

    ends = _enclosed(worth, signed)
    if ends is None:
        return None
    low, high = ends
    while high - low > NEAR * max(low, 0.01):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if worth(middle) else (low, middle)
    currency = offer.currency or bench.scenario.currency
    return PriceFlip(low=low, high=high, price=low * headline(offer), currency=currency)


def _enclosed(worth: Callable[[float], bool], signed: bool) -> tuple[float, float] | None:
    """A factor at which signing is worth it and one at which it is not; None where every price says the same."""
    if signed:
        low, high = 1.0, 1.25
        while worth(high):
            low, high = high, 2.0 * high
            if low > FARTHEST:
                return None
        return low, high
    low, high = 0.75, 1.0
    while not worth(low):
        if low == 0.0:
            return None
        low, high = (low - 0.25 if low > 0.25 else 0.0), low
    return low, high


def with_prices(scenario: Scenario, offer: Offer, factor: float) -> Scenario:
    """The scenario with an offer's prices multiplied."""

    def priced(a: Alternative) -> Alternative:
        price = tuple(x.model_copy(update={"price": factor * x.price}) for x in a.price) if isinstance(a.price, tuple) else factor * a.price
        return a.model_copy(update={"price": price})

    changed = offer.model_copy(update={"alternatives": tuple(priced(a) for a in offer.alternatives)})
    return scenario.model_copy(update={"offers": tuple(changed if x.id == offer.id else x for x in scenario.offers)})


def headline(offer: Offer) -> float:
    """The dearest alternative's price of the first product."""
    return max(a.price[0].price if isinstance(a.price, tuple) else a.price for a in offer.alternatives)


def _said(found: OfferWhy, offer: Offer, currency: str) -> str:
    called = offer.name or offer.id
    if found.otherwise is None:
        return f"{called} is {'signed' if found.signed else 'not signed'} because no plan that decides otherwise keeps the hard rules."
    cost = middle(found.otherwise.objective)
    what = "signed" if found.signed else "not signed"
    instead = "without it" if found.signed else "with it"
    if cost <= 0:
        said = f"{called} makes no difference: the best plan {instead} costs the same."
    else:
        parts = categories_said(found.otherwise, currency) + in_figures(found.otherwise, currency)
        said = f"{called} is {what}: the best plan {instead} costs {money(cost, currency)} more{parts}."
    worth = found.signed and cost > 0
    if found.flip is None:
        never = "It stays so up to sixteen times its price." if worth else "No lower price would make it worth signing."
        return f"{said} {never}"
    factor, price = found.flip.low, found.flip.price
    turn = "It is worth signing up to" if worth else "It would be worth signing up to"
    change = f"{abs(factor - 1):.1%} {'above' if factor >= 1 else 'below'} what is offered"
    return f"{said} {turn} a price of {found.flip.currency} {price:,.6g} ({change})."
