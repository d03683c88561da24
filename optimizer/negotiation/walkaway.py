"""Walk-away prices.

Signing costs W(p) at headline price p, not signing V0. W only rises with p.

    walk-away price   sup{p : W(p) < V0 - margin}

How it is found depends on what is known of W:

    two solves     payments are the same in every future (all is paid, taken or not, at prices that are known): W(p) = R + p A, whatever the risk weight
    plans held     what the best plan signs is held, and the price found at which that costs V0 - margin; if a search proves that no other plan is cheaper
                   there, that is it, otherwise the cheaper one is held next (`held`): one or two searches, whatever the risk weight
    breakpoints    nobody minds risk, and no rule and no credit counts money: W is concave and piecewise linear. Newton from the left,
                   p <- p + (V0 - margin - W(p)) / b(p), b expected discounted units paid at p: never overshoots, and ends after finitely many steps
    bracket        where neither can be: W only rises, and the price is enclosed between one that is surely worth it and one that surely is not

Where W flattens onto V0 (nothing need be committed) the walk-away price is where it does. References: Eisner & Severance (1976), Mathematical techniques
for efficient record segmentation in large shared databases, Journal of the ACM 23(4); Geoffrion & Nauss (1977), Management Science 23(5).
Worked number: 100 units must be bought, elsewhere at 12 each: V0 = 1,200. Signed for 100 units at p: W = 100 p. Walk-away price 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import numpy as np

from models.clauses import Prepayment
from models.negotiation import Interval, Package, WalkAway
from models.offer import FreeProfile
from models.rules import CATEGORY_RULES, MONEY_RULES
from optimizer.halt import Halt
from optimizer.negotiation.calloff import call_off
from optimizer.negotiation.desk import Desk, Solved, difference
from optimizer.negotiation.held import TINY, Held, hold
from optimizer.negotiation.ledger_words import walk_away_sentence
from optimizer.negotiation.levers import headline, packaged, price_of, refused
from optimizer.negotiation.splice import Misfit
from optimizer.risk import plain

RESOLUTION = 1e-7  # relative: how closely a price is enclosed
FLAT = 1e-9  # relative: differences of cost that are rounding
MOST_STEPS = 60
DOUBLINGS = 30
FAR, BEYOND = 0.08, 1.5  # relative: from where on a price is far from another; and how far beyond a price that costs may reach the target is looked as well


def walk_away(desk: Desk, package: Package, margin: float = 0.0, *, holding: bool = True) -> WalkAway:
    """The walk-away price of a package, whatever its own price; without `holding` plans, which takes longer, to compare. Raises what `Desk` raises, and
    InvalidScenario where there is no deal to walk away to."""
    top = headline(desk.scenario, package)
    before = desk.solves
    desk.side_by_side(package)
    no_deal = desk.no_deal(package.offer)
    if not no_deal.possible:
        raise refused("offer", f"without offer '{package.offer}' no plan keeps the hard rules, so that no price is too high; price a rule (`violation_price`)")
    found = _found(desk, package, no_deal, margin, holding)
    signed = desk.signed(package)
    result = WalkAway(
        package=package,
        currency=top.currency,
        unit=top.unit,
        price=price_of(desk.scenario, package),
        walk_away=found.price,
        at_least=found.at_least,
        no_deal=no_deal.interval,
        signed=signed.interval if signed.possible else None,
        gain=difference(no_deal, signed) if signed.possible else None,
        margin=margin,
        method=found.method,  # type: ignore[arg-type]
        solves=desk.solves - before,
        sentence="",
    )
    return result.model_copy(update={"sentence": walk_away_sentence(result)})


@dataclass(frozen=True)
class _Found:
    method: str
    price: Interval | None
    at_least: bool = False


def _found(desk: Desk, package: Package, no_deal: Solved, margin: float, holding: bool) -> _Found:
    price = max(price_of(desk.scenario, package), headline(desk.scenario, package).price) or 1.0
    slack = FLAT * max(1.0, abs(no_deal.upper))

    tried: list[float] = []

    def at(p: float) -> Solved:
        nearest = min(tried, key=lambda q: abs(q - p), default=None)
        tried.append(p)
        return desk.signed(package.model_copy(update={"price": p}), None if nearest is None else package.model_copy(update={"price": nearest}))

    if certain_payments(desk, package):
        return _straight(at, price, no_deal, margin)
    if holding and (found := _holding(desk, package, no_deal, margin, slack)) is not None:
        return found
    if concave(desk, package):
        return _newton(desk, package, at, price, no_deal, margin, slack)
    return _bracketed(at, price, no_deal, margin, slack)


def certain_payments(desk: Desk, package: Package) -> bool:
    """Whether a signed package is paid the same in every future, whatever is taken."""
    if not plain(desk.instance) or money_in_rules(desk):
        return False
    offer = packaged(desk.scenario, package)
    kinds = {clause.kind: clause for clause in offer.clauses}
    pay = kinds.get("take_or_pay")
    band, fixed = kinds.get("volume_band"), kinds.keys() - {"take_or_pay", "volume_band", "fixed_price", "escalator", "reservation"}
    if fixed or pay is None or pay.fraction < 1.0 or pay.price_share != 1.0 or (band is not None and band.up > 0) or len(offer.alternatives) > 1:  # type: ignore[union-attr]
        return False
    one = offer.alternatives[0]
    ranges = one.volume_per_period if isinstance(one.volume_per_period, tuple) else (one.volume_per_period,)
    o = desk.scenario.offers.index(next(x for x in desk.scenario.offers if x.id == offer.id))
    states = desk.tree.states
    certain = bool((states.deliverable[:, o] == 1.0).all()) and (offer.currency in (None, desk.scenario.currency)) and offer.sign == "now"
    return certain and all(r.min == r.max for r in ranges) and not isinstance(one.profile, FreeProfile)


def money_in_rules(desk: Desk) -> bool:
    """Whether a rule counts money, so that a price can forbid plans."""
    return any(rule.kind in MONEY_RULES | CATEGORY_RULES for rule in desk.scenario.rules) or any(step.prepaid > 0 for step in desk.instance.steps)


def concave(desk: Desk, package: Package) -> bool:
    """Whether cost is concave in the package's price: nobody minds risk, no rule counts money, and no credit does: what is prepaid in proportion to the
    price, and credited by the unit until it is used up, costs the more by which the deposit exceeds the credits, which is convex."""
    for clause in packaged(desk.scenario, package).clauses:
        if isinstance(clause, Prepayment) and clause.credit_per_unit > 0 and clause.share_of_first_period + clause.share_of_contract_value > 0:
            return False
    averse = desk.instance.risk_weight > 0 and len(desk.tree.leaves) > 1 and desk.instance.risk_tail < 1
    return not averse and plain(desk.instance) and not money_in_rules(desk)


def expected_units(desk: Desk, package: Package, solved: Solved) -> float:
    """b(p): expected discounted money per unit of headline price."""
    assert solved.outcome is not None
    calls = call_off(desk.scenario, solved.instance, package, solved.outcome())
    return float((desk.tree.probability * desk.instance.discount * calls.units).sum())


def _straight(at: Callable[[float], Solved], price: float, no_deal: Solved, margin: float) -> _Found:
    """R + p A = V0 - margin."""
    free, paid = at(0.0), at(price)
    if not (free.possible and paid.possible):
        return _Found("two solves", None)
    slope = (paid.upper - free.upper) / price
    if slope <= 0:
        return _Found("two solves", Interval(lower=price, upper=price), at_least=True) if free.upper < no_deal.lower - margin else _Found("two solves", None)
    low, high = (no_deal.lower - margin - free.upper) / slope, (no_deal.upper - margin - free.lower) / slope
    return _Found("two solves", Interval(lower=low, upper=high) if low >= 0 else None)


def _holding(desk: Desk, package: Package, no_deal: Solved, margin: float, slack: float) -> _Found | None:
    """Hold what is signed in the best plan at a price, find the price at which that costs as much as no deal, and see whether another plan is cheaper there.
    A price far from any that is known is solved first, without the parts of what is known, from near the package as it stands; beside it one beyond, from near
    no deal, in case the price that is looked for turns out to be far from the first one. None where plans can't be held, or the steps lead nowhere."""
    target, not_worth_it = no_deal.lower - margin - slack, no_deal.upper - margin - slack
    seen: dict[float, Held] = {}

    def priced(price: float) -> Package:
        return package.model_copy(update={"price": price})

    def look(price: float) -> Held | None:
        held = hold(desk, priced(price), desk.signed(priced(price), package if seen else None, anew=bool(seen)))
        if held is not None:
            seen[price] = held
        return held

    def look_further(price: float) -> bool:
        beyond = BEYOND * price
        with _aside(desk, priced(beyond), package) as ahead:
            here = look(price)
            if here is not None and not _far(here.first.aims_at(target), price):
                return True
            with suppress(Misfit):  # `look` builds what is not spliced
                desk.keep(priced(beyond), ahead())
        return look(beyond) is not None or here is not None

    if look(price_of(desk.scenario, package)) is None:
        return None
    for _ in range(MOST_STEPS):
        aims = {p: held.first.aims_at(target) for p, held in seen.items()}
        near = min(aims, key=lambda p: abs(aims[p] - p) / max(aims[p], p, TINY))
        to = max(aims[near], 0.0)
        if not np.isfinite(to):
            return None
        if _far(to, near):
            further = to > near
            for p in (to, BEYOND * to) if further else (to,):  # in order: prices are seen between two that are compiled, and which two must not be chance
                desk.prepare(priced(p))
            if to in seen or not (look_further(to) if further else look(to)):
                return None
            continue
        met = seen[near].meets(target, slack)
        if met is None:
            return None
        price = met.price + max(0.4 * RESOLUTION * met.price, 2.0 * slack / met.slope if met.slope > 0 else 0.0)
        far = price - near > FAR * price
        here = desk.signed(package.model_copy(update={"price": price}), seen[near].package, basis=met.basis, anew=far)
        if here.lower >= not_worth_it:
            return _Found("plans held", Interval(lower=met.price, upper=price))
        held = hold(desk, package.model_copy(update={"price": price}), here)
        if held is None or here.upper > target or price in seen:
            return None
        seen = {price: held}
    return None


def _far(price: float, other: float) -> bool:
    """Whether a price, which may be infinite, is far from another."""
    return not np.isfinite(price) or abs(price - other) > FAR * max(price, other)


@contextmanager
def _aside(desk: Desk, package: Package, near: Package) -> Iterator[Callable[[], Solved]]:
    """A function that says what a package costs signed, which is worked out beside what is done inside where a thread is to spare, and when asked for
    otherwise. Whether anybody asks must not hang on time; leaving without stops it."""
    halt = Halt(desk.stop)
    begin = partial(desk.aside, package, near, desk.basis_without(package), halt)
    if desk.settings.threads < 2:
        yield begin
        return
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(begin)
        try:
            yield ahead.result
        finally:
            halt.set()


def _newton(desk: Desk, package: Package, at: Callable[[float], Solved], price: float, no_deal: Solved, margin: float, slack: float) -> _Found:
    """Newton from the left."""
    target = no_deal.lower - margin
    p, here = 0.0, at(0.0)
    if here.upper >= target - slack:
        return _Found("breakpoints", None)
    if price > 0 and at(price).upper < target - slack:  # concave: any price that is worth it is a sound beginning, and one nearer to the end
        p, here = price, at(price)
    for _ in range(MOST_STEPS):
        units = expected_units(desk, package.model_copy(update={"price": p}), here)
        if units <= 0:
            return _Found("breakpoints", Interval(lower=p, upper=p), at_least=True)
        step = (target - here.upper) / units
        p, here = p + step, at(p + step)
        if not here.possible:
            break
        if here.upper >= target - slack or step <= RESOLUTION * 1e-3 * max(p, 1.0):
            wide = (no_deal.upper - no_deal.lower + here.upper - here.lower) / units
            return _Found("breakpoints", Interval(lower=p, upper=p + wide))
    return _bracketed(at, price, no_deal, margin, slack)


def _bracketed(at: Callable[[float], Solved], price: float, no_deal: Solved, margin: float, slack: float) -> _Found:
    """Enclose the price: surely worth it at one end, surely not at the other. Between them Brent's method, on W - V0 + margin."""
    seen: dict[float, tuple[float, float]] = {}

    def excess(p: float) -> float:
        solved = at(p)
        most, least = solved.upper - no_deal.lower + margin, solved.lower - no_deal.upper + margin
        seen[p] = most, least
        return min(0.5 * (most + least), 1e300) + slack

    low, high = price, price
    if excess(price) >= 0:
        while excess(low) >= 0:
            if low == 0.0:
                return _Found("bracket", None)
            high, low = low, 0.0 if low < 0.1 * price else _further(seen, low, high, -1)
    else:
        for _ in range(DOUBLINGS):
            low, high = high, _further(seen, high, low, +1)
            if excess(high) >= 0:
                break
        else:
            return _Found("bracket", Interval(lower=high, upper=high), at_least=True)
    root = _root(excess, low, high)
    for p in (root * (1 - 0.4 * RESOLUTION), root * (1 + 0.4 * RESOLUTION)):
        excess(p)
    worth_it = [p for p, (most, _) in seen.items() if most + slack < 0]
    not_worth_it = [p for p, (_, least) in seen.items() if least + slack >= 0]
    return _Found("bracket", Interval(lower=max(worth_it), upper=min(not_worth_it)))


def _further(seen: dict[float, tuple[float, float]], here: float, before: float, way: int) -> float:
    """The next price to try: a little beyond where the line through the last two would cross, not too far away."""
    rise = (seen[here][0] - seen[before][0]) / (here - before) if here != before else 0.0
    step = 1.1 * abs(seen[here][0]) / rise if rise > 0 and np.isfinite(rise) else 0.05 * here
    return max(here + way * min(max(step, 0.02 * here), here if way > 0 else 0.5 * here), 0.0)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function crosses zero between two ends of different signs."""
    from scipy.optimize import brentq  # here, because importing it takes a while

    while not np.isfinite(function(high)) or function(high) >= 1e299:  # a price that no plan keeps the rules at says nothing of how far it is too high
        middle = 0.5 * (low + high)
        if function(middle) < 0:
            low = middle
        else:
            high = middle
        if high - low <= RESOLUTION * high:
            return high
    return float(brentq(function, low, high, xtol=0.1 * RESOLUTION * max(high, 1e-9), rtol=4 * np.finfo(float).eps))
