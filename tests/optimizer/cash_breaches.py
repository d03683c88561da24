"""What the buyer did against a clause, in words (FORBIDDEN): volumes outside what was agreed, and choices from what was not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.optimizer.cash_clauses import beyond, unpaid
from tests.optimizer.cash_contract import Contract

TOLERANCE = 1e-5  # of volumes, relative above 1


def more(a: float, b: float) -> bool:
    """Whether one volume is more than another."""
    return a > b + TOLERANCE * max(1.0, abs(b))


def drawn_from(c: Contract, product: str, comes_in: Callable[[Contract, str, int], float], kind: str, expiry: int | None) -> Iterator[str]:
    """Follow what comes in, lot by lot, the oldest used first: complaints where more is drawn than is there."""
    lots: list[list[float]] = []  # date, what is left of it
    for t in c.dates:
        wanted = c.chosen(kind, product, t)
        for lot in lots:
            if expiry is None or t - lot[0] <= expiry:
                used = min(lot[1], wanted)
                lot[1] -= used
                wanted -= used
        if more(wanted, 0.0):
            yield f"{kind} of {wanted:g} of '{product}' at {t} that is not there"
        lots.append([float(t), comes_in(c, product, t)])


def _bad_make_up(terms: Any, c: Contract) -> Iterator[str]:
    for p in c.offer.products:
        yield from drawn_from(c, p, unpaid, "make_up", terms.expiry_periods)
        yield from (f"make-up of '{p}' at {t} out of what is owed" for t in c.dates if more(0.0, beyond(c, p, t)))


def _bad_carry_forward(terms: Any, c: Contract) -> Iterator[str]:
    for p in c.offer.products:
        yield from drawn_from(c, p, beyond, "carry_forward", terms.expiry_periods)
        yield from (f"credit for '{p}' at {t} above its cap" for t in c.dates if more(c.chosen("carry_forward", p, t), terms.cap * c.owed(p, t)))
        yield from (f"credit for '{p}' at {t} where nothing is short" for t in c.dates if more(0.0, unpaid(c, p, t)))


def _bad_make_good(terms: Any, c: Contract) -> Iterator[str]:
    for p in c.offer.products:
        yield from drawn_from(c, p, lambda c, p, t: c.standing(p, t) - c.ready(p, t) - c.chosen("step_in", p, t), "make_good", terms.expiry_periods)
        yield from (f"'{p}' made good at {t} above its cap" for t in c.dates if more(c.chosen("make_good", p, t), terms.cap * c.ready(p, t)))
        yield from (f"'{p}' made good at {t} and not taken" for t in c.dates if more(0.0, c.on_its_own(p, t)))


def _bad_take(terms: Any, c: Contract) -> Iterator[str]:
    for p, t in c.each():
        if more(c.on_its_own(p, t), (1.0 + terms.up) * c.ready(p, t)) or more((1.0 - terms.down) * c.ready(p, t), c.on_its_own(p, t)):
            yield f"{c.on_its_own(p, t):g} of '{p}' taken at {t}, outside the band"


def _bad_order(terms: Any, c: Contract) -> Iterator[str]:
    for p, t in c.each():
        if more(c.taken(p, t), 0.0) and more(terms.volume, c.taken(p, t)):
            yield f"{c.taken(p, t):g} of '{p}' taken at {t}, less than the minimum order"


def _bad_pause(terms: Any, c: Contract) -> Iterator[str]:  # noqa: ARG001
    for t in c.window:
        yield from (
            f"'{p}' taken at {t}, while the contract stands still" for p in c.offer.products if c.holds("force_majeure", t) and more(c.taken(p, t), 0.0)
        )


def _bad_default(terms: Any, c: Contract) -> Iterator[str]:  # noqa: ARG001
    for t in c.window:
        late = c.failed is not None and t >= c.failed
        yield from (f"'{p}' taken at {t}, after the supplier has failed" for p in c.offer.products if late and more(c.taken(p, t), 0.0))


def _above(c: Contract, kind: str, most: Callable[[str, int], float]) -> Iterator[str]:
    """Volume on top that is more than there may be of it, or that is not taken."""
    for t in c.window:
        for p in c.offer.products:
            if more(c.chosen(kind, p, t), most(p, t) if t in c.dates else 0.0):
                yield f"{kind} of '{p}' at {t} above its most"
            if more(0.0, c.on_its_own(p, t)):
                yield f"{kind} of '{p}' at {t} and not taken"


def _bad_buffer(terms: Any, c: Contract) -> Iterator[str]:
    def laid_in(c: Contract, product: str, t: int) -> float:
        return terms.cap * c.ready(product, t) / terms.fill_periods if t - c.window.start < terms.fill_periods else 0.0

    for p in c.offer.products:
        yield from drawn_from(c, p, laid_in, "buffer_stock", None)
    yield from _above(c, "buffer_stock", lambda p, t: terms.cap * c.standing(p, t))


def _bad_expansion(terms: Any, c: Contract) -> Iterator[str]:
    def most(product: str, t: int) -> float:
        built = t - c.window.start >= terms.after_periods
        return max(c.share(t), terms.priority) * terms.volume_share * c.standing(product, t) if built else 0.0

    yield from _above(c, "expansion", most)


def _bad_step_in(terms: Any, c: Contract) -> Iterator[str]:
    yield from _above(c, "step_in", lambda p, t: terms.cap * (c.standing(p, t) - c.ready(p, t)) if c.holds("step_in", t) else 0.0)


def _bad_end(terms: Any, c: Contract) -> Iterator[str]:
    if c.decided is not None and (not terms.fees or c.decided - c.window.start < terms.fees[0].after_periods):
        yield f"ended at {c.decided}, too early"


def _bad_extension(terms: Any, c: Contract) -> Iterator[str]:
    if c.decided is not None and c.decided + terms.notice_periods != c.window.stop - terms.periods:
        yield f"the extension is decided at {c.decided}"


def _bad_capacity_share(terms: Any, c: Contract) -> Iterator[str]:
    supplier = next(x for x in c.world.scenario.suppliers if x.id == c.offer.supplier)
    for p, t in c.each():
        capacity = next((row.volume[t] for row in supplier.capacity if row.product == p), 0.0)
        if more(c.chosen("capacity_share", p, t), terms.share * c.share(t) * capacity) or more(0.0, c.on_its_own(p, t)):
            yield f"{c.chosen('capacity_share', p, t):g} of '{p}' at {t} is more than the share of the capacity, or on top of less than is taken"


def _bad_requirements(terms: Any, c: Contract) -> Iterator[str]:
    for p, t in c.each():
        if more(terms.share * c.share(t) * c.needed(p, t), c.taken(p, t)):
            yield f"{c.taken(p, t):g} of '{p}' taken at {t}, less than the share of the need"


def _bad_exclusivity(terms: Any, c: Contract) -> Iterator[str]:
    for p, t in c.each():
        if not terms.waivable and more(c.elsewhere(p, t), 0.0):
            yield f"{c.elsewhere(p, t):g} of '{p}' bought elsewhere at {t}"


def _bad_deferral(terms: Any, c: Contract) -> Iterator[str]:
    for p, t in c.each():
        most = terms.share * c.committed[p, t] if t + 1 < c.window.stop else 0.0
        if more(c.chosen("deferral", p, t), most) or more(0.0, c.standing(p, t)):
            yield f"{c.chosen('deferral', p, t):g} of '{p}' put off at {t}, more than may be"


def _bad_cancellation(terms: Any, c: Contract) -> Iterator[str]:
    for p, t in c.each():
        if more(c.cancelled(p, t), terms.share * c.committed[p, t]) or more(0.0, c.standing(p, t)):
            yield f"{c.cancelled(p, t):g} of '{p}' cancelled for {t}, more than may be"


def _bad_forecast(terms: Any, c: Contract) -> Iterator[str]:
    for p, t in c.each():
        said_at = t - terms.periods_ahead
        if terms.down < 1 and said_at >= c.window.start:
            said = c.chosen("rolling_forecast", p, said_at)
            ready, own = c.share(t) * said, c.on_its_own(p, t)
            if more(own, (1.0 + terms.up) * ready) or more((1.0 - terms.down) * ready, own) or more(said, c.committed[p, t]):
                yield f"{own:g} of '{p}' taken at {t}, where {said:g} was forecast"


def _bad_expedite(terms: Any, c: Contract) -> Iterator[str]:
    for p, t in c.each():
        if more(c.chosen("expedite", p, t), terms.cap * c.ready(p, t)):
            yield f"{c.chosen('expedite', p, t):g} of '{p}' expedited at {t}, above the cap"
        if more(0.0, c.on_its_own(p, t)):
            yield f"more of '{p}' on top at {t} than is taken"


FORBIDDEN: dict[str, Callable[[Any, Contract], Iterator[str]]] = {
    "volume_band": _bad_take,
    "minimum_order": _bad_order,
    "make_up": _bad_make_up,
    "carry_forward": _bad_carry_forward,
    "make_good": _bad_make_good,
    "expedite": _bad_expedite,
    "buffer_stock": _bad_buffer,
    "expansion": _bad_expansion,
    "step_in": _bad_step_in,
    "force_majeure": _bad_pause,
    "supplier_default": _bad_default,
    "early_termination": _bad_end,
    "capacity_share": _bad_capacity_share,
    "requirements": _bad_requirements,
    "exclusivity": _bad_exclusivity,
    "deferral": _bad_deferral,
    "cancellation": _bad_cancellation,
    "rolling_forecast": _bad_forecast,
    "extension": _bad_extension,
}
