"""What each clause puts on the bill, as an accountant would say it, written from its plain-English meaning: lines of category, date and amount in the
offer's currency (INVOICES). What moves the price is in `cash_prices`, what a clause forbids in `cash_breaches`; every clause is in one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.optimizer.cash_contract import Contract
from tests.optimizer.cash_prices import base_price, price

Line = tuple[str, int, float]  # category, date, amount


def part_inside(tier: Any, low: float, high: float) -> float:
    """How much of the volume from `low` to `high` lies inside a tier."""
    top = high if tier.to_volume is None else min(high, tier.to_volume)
    return max(0.0, top - max(low, tier.from_volume))


def _slices(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        for tier in terms.tiers:
            yield "volume_discount", t, -tier.discount * price(c, p, t) * part_inside(tier, 0.0, c.committed[p, t])


def _rebate(terms: Any, c: Contract) -> Iterator[Line]:
    so_far = dict.fromkeys(c.offer.products, 0.0)
    for p, t in c.each():
        now = so_far[p] + c.made(p, t)
        for tier in terms.tiers:
            yield "volume_rebate", t, -tier.discount * price(c, p, t) * part_inside(tier, so_far[p], now)
        so_far[p] = now


def _prepayment(terms: Any, c: Contract) -> Iterator[Line]:
    left = terms.amount
    for p in c.offer.products:
        left += terms.share_of_first_period * base_price(c, p) * c.committed[p, c.window.start]
        for t in c.window:
            left += terms.share_of_contract_value * base_price(c, p) * c.committed[p, t]
    yield "prepayment", c.signed, left
    yield "guarantee_fee", c.signed, terms.guarantee_fee * terms.guarantee_share * left
    for t in c.dates:
        credit = min(left, terms.credit_per_unit * sum(c.made(p, t) for p in c.offer.products))
        left -= credit
        yield "prepayment_credit", t, -credit
    if c.failed is not None:
        yield "guarantee", c.failed, -terms.guarantee_share * left


def _reservation(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        fee = terms.fee_per_unit or terms.share_of_price * base_price(c, p)
        yield "reservation", t, fee * c.standing(p, t)
        yield "reservation_credit", t, -terms.deductible * fee * min(c.on_its_own(p, t), c.standing(p, t))


def unpaid(c: Contract, product: str, t: int) -> float:
    """What take-or-pay makes the buyer pay for: owed, not taken, and not met from credit."""
    return max(0.0, c.owed(product, t) - c.on_its_own(product, t)) - c.chosen("carry_forward", product, t)


def beyond(c: Contract, product: str, t: int) -> float:
    """What is taken beyond what is owed and not declared as make-up."""
    return max(0.0, c.on_its_own(product, t) - c.owed(product, t)) - c.chosen("make_up", product, t)


def _take_or_pay(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "take_or_pay", t, terms.price_share * price(c, p, t) * unpaid(c, p, t)


def _make_up(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "make_up_credit", t, -(1.0 - terms.price_share) * price(c, p, t) * c.chosen("make_up", p, t)


def _make_good(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "make_good_credit", t, -(1.0 - terms.price_share) * price(c, p, t) * c.chosen("make_good", p, t)


def _damages(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "damages", t, -min(terms.cap, c.late(t) * terms.damages_per_week) * price(c, p, t) * c.made(p, t)


def _exit(terms: Any, c: Contract) -> Iterator[Line]:
    if c.decided is None:
        return
    share = 0.0
    for fee in terms.fees:
        if fee.after_periods <= c.decided - c.window.start:
            share = fee.share
    for p in c.offer.products:
        for t in range(c.decided + terms.notice_periods, c.window.stop):
            yield "exit_fee", c.decided, share * base_price(c, p) * c.committed[p, t]


def _capacity_share(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "capacity_share_premium", t, (terms.price_factor - 1.0) * price(c, p, t) * c.chosen("capacity_share", p, t)


def _exclusivity(terms: Any, c: Contract) -> Iterator[Line]:
    for t in sorted({t for p, t in c.each() if c.elsewhere(p, t) > 1e-4}):
        if terms.waivable:
            yield "waiver_fee", t, terms.waiver_fee


def _deferral(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "deferral_fee", t, terms.fee_share * base_price(c, p) * c.chosen("deferral", p, t)


def _cancellation(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        for notice in terms.notices:
            yield "cancellation_fee", t, notice.fee_share * base_price(c, p) * c.chosen(f"cancellation_{notice.periods}", p, t)


def _delay(terms: Any, c: Contract) -> Iterator[Line]:
    worth = (1.0 + c.world.scenario.discount_rate) ** (-terms.days / 365.0)  # of money that is paid so many days later
    for p, t in c.each():
        yield "payment_delay", t, -(1.0 - worth) * price(c, p, t) * c.made(p, t)


def _expedite(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "expedite_premium", t, terms.premium * price(c, p, t) * c.chosen("expedite", p, t)


def _bundle(terms: Any, c: Contract) -> Iterator[Line]:
    sites = [x.id for x in c.world.scenario.sites if c.offer.sites is None or x.id in c.offer.sites]
    for t in c.dates:
        parts = [c.made(p, t) for p in c.offer.products]
        if terms.across == "sites":
            parts = [sum(c.volumes.of("deliver", c.offer.id, p, s, c.world.node(t)) for p in c.offer.products) for s in sites]
        if min(parts) >= terms.min_volume - 1e-6 * max(1.0, terms.min_volume):
            yield from (("bundle_discount", t, -terms.discount * price(c, p, t) * c.made(p, t)) for p in c.offer.products)


def _growth(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        if terms.base_volume is not None or t > c.window.start:
            before = c.made(p, t - 1) if terms.base_volume is None else terms.base_volume
            yield "growth_rebate", t, -terms.discount * price(c, p, t) * max(0.0, c.made(p, t) - before)


def _buffer(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "buffer_fee", t, terms.holding_fee * c.world.years(t) * terms.cap * c.standing(p, t)


def _expansion(terms: Any, c: Contract) -> Iterator[Line]:
    for p in c.offer.products:
        for t in list(c.window)[terms.after_periods :]:
            yield "expansion", c.signed, terms.payment_per_unit * terms.volume_share * c.committed[p, t]


def _step_in(terms: Any, c: Contract) -> Iterator[Line]:
    for p, t in c.each():
        yield "third_party", t, terms.cost_per_unit * c.chosen("step_in", p, t)
        yield "step_in_credit", t, -price(c, p, t) * c.chosen("step_in", p, t)


INVOICES: dict[str, Callable[[Any, Contract], Iterator[Line]]] = {
    "all_units_tiers": lambda terms, c: iter(()),  # noqa: ARG005  (it sets the base price)
    "incremental_tiers": _slices,
    "cumulative_rebate": _rebate,
    "prepayment": _prepayment,
    "reservation": _reservation,
    "take_or_pay": _take_or_pay,
    "make_up": _make_up,
    "make_good": _make_good,
    "late_delivery": _damages,
    "early_termination": _exit,
    "payment_days": _delay,
    "expedite": _expedite,
    "growth_rebate": _growth,
    "bundle_discount": _bundle,
    "capacity_share": _capacity_share,
    "exclusivity": _exclusivity,
    "deferral": _deferral,
    "cancellation": _cancellation,
    "buffer_stock": _buffer,
    "expansion": _expansion,
    "step_in": _step_in,
}
