"""The term ledger: what one step of every lever of every offer is worth to the buyer, in money and in price.

W(p, w) cost with the offer signed at price p and terms w, w' the terms with one lever moved:

    worth              W(p, w) - W(p, w')                       positive: the step helps us
    price equivalent   p' - p with W(p', w') = W(p, w)          what we could pay more for it, per unit

Steps of several levers together are not worth the sum of each alone; Shapley shares divide what a package is worth among its levers by the average of what
each adds in every order:

    share_i = sum_S |S|! (n - |S| - 1)! / n! (v(S + i) - v(S))

Reference: Shapley (1953), A value for n-person games. Worked number: take-or-pay dropped from 80 % to 70 % saves 41,000 on 100,000 units that are paid in
every future: worth 41,000, price equivalent 0.41.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, combinations
from math import factorial
from threading import Event

import numpy as np

from models.errors import Conflict, Finding, Infeasible, InvalidScenario
from models.negotiation import Interval, LedgerLine, LedgerPair, LeverLine, OfferLedger, Package, ShapleyShare, TermLedger
from optimizer.algebra import PauseGC
from optimizer.negotiation.desk import Desk, Once, Solved, difference
from optimizer.negotiation.held import hold
from optimizer.negotiation.ledger_words import ledger_sentence
from optimizer.negotiation.levers import PRICE, allowed, headline, levers_of
from optimizer.solve.highs import Live

MOST_SHARES = 6  # levers among which a package is shared out: 2^6 values
ROUNDING = 1e-9  # relative: worth that is no more than the solver's rounding
CLOSE = 1e-3  # relative: how closely a price equivalent is enclosed
HAIR = 0.3 * CLOSE  # how far on either side of where it should be it is looked for
MOST_STEPS = 12


@dataclass(frozen=True)
class Move:
    """One step of one lever."""

    line: LeverLine
    to: float
    toward: str  # buyer or supplier


def term_ledger(
    desk: Desk, offers: Iterable[str] | None = None, *, both_ways: bool = False, on_offer: Callable[[OfferLedger], None] | None = None
) -> TermLedger:
    """The ledger of some offers, by default all: every lever one step toward the buyer (where there is no room, toward the supplier), or one each way. Raises
    Infeasible where no plan keeps the hard rules, and what `Desk` raises."""
    names = [x.id for x in desk.scenario.offers] if offers is None else list(offers)
    before, known = desk.solves, {name: Once(partial(_moves, desk, name, both_ways)) for name in names}
    with PauseGC(), ThreadPoolExecutor(max(1, desk.settings.threads)) as pool:  # nearly all that is made is freed without the collector
        with _compiled_ahead(desk, pool, known):
            if not desk.best().possible:
                raise Infeasible([Conflict("rules", "no plan keeps the hard rules, whatever is signed; `offtake solve` names those that can't hold together")])
        stands = {pool.submit(desk.signed, Package(offer=name)): name for name in dict.fromkeys(names)}
        lines: dict[str, list[Future[LedgerLine]]] = {}
        try:
            for done in as_completed(stands):  # lines of any offer whose value is known keep every thread busy
                name, solved = stands[done], done.result()
                moves = known[name]() if solved.possible else []
                for move in moves:
                    if move.line.lever == PRICE:  # an offer's own terms are seen between prices that are compiled, and which ones must not be chance
                        desk.prepare(moved(Package(offer=name), PRICE, move.to))
                lines[name] = [pool.submit(_line, desk, Package(offer=name), solved, move) for move in moves]
            found = []
            for name in names:
                found.append(_offer_ledger(desk, name, [line.result() for line in lines[name]]))
                if on_offer is not None:
                    on_offer(found[-1])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return TermLedger(format="offtake-ledger/1", scenario=desk.scenario.name, currency=desk.scenario.currency, offers=tuple(found), solves=desk.solves - before)


@contextmanager
def _compiled_ahead(desk: Desk, pool: ThreadPoolExecutor, moves: dict[str, Once]) -> Iterator[None]:
    """Compile terms that will be asked for while something else takes one thread; nothing of it goes on afterwards but the contract at hand."""
    enough = Event()

    def compile_moved() -> None:
        gc.collect()  # what the scenario was declared in: while the solver is at work this takes no time
        plain = [Package(offer=name) for name in moves]
        steps = ((at, move) for at in plain for move in moves[at.offer]() if move.line.lever != PRICE)
        for package in chain(plain, (moved(at, move.line.lever, move.to) for at, move in steps)):
            if enough.is_set():
                return
            desk.prepare(package)

    try:
        if desk.settings.threads > 1 and desk.spliceable:
            pool.submit(compile_moved)
        yield
    finally:
        enough.set()


def _moves(desk: Desk, offer: str, both_ways: bool) -> list[Move]:
    return [move for line in levers_of(desk.scenario, offer).levers for move in moves_of(desk, offer, line, both_ways)]


def _offer_ledger(desk: Desk, offer: str, lines: list[LedgerLine]) -> OfferLedger:
    package = Package(offer=offer)
    top, stands = headline(desk.scenario, package), desk.signed(package)
    return OfferLedger(
        offer=offer,
        supplier=levers_of(desk.scenario, offer).supplier,
        headline_price=top.price,
        price_unit=top.per,
        signed=stands.interval if stands.possible else None,
        lines=tuple(sorted(lines, key=lambda line: (line.lever != PRICE, -abs(line.worth.upper + line.worth.lower)))),
    )


def moves_of(desk: Desk, offer: str, line: LeverLine, both_ways: bool) -> list[Move]:
    """Steps of a lever that its range and the offer's other terms allow."""
    found = []
    for toward in ("buyer", "supplier"):
        sign = 1.0 if (line.buyer_prefers == "higher") == (toward == "buyer") else -1.0
        to = float(np.round(min(max(line.value + sign * line.step, line.low), line.high), 12))
        if to != line.value and allowed(desk.scenario, moved(Package(offer=offer), line.lever, to)):
            found.append(Move(line, to, toward))
            if not both_ways:
                break
    return found


def moved(package: Package, lever: str, to: float) -> Package:
    """The package with one lever moved."""
    return package.model_copy(update={"price": to} if lever == PRICE else {"terms": {**package.terms, lever: to}})


def _slope(desk: Desk, package: Package, stands: Solved) -> float:
    """How fast cost rises with the price, from one step of it."""
    price = headline(desk.scenario, package).price
    if price == 0.0:
        return 0.0
    lower = desk.signed(package.model_copy(update={"price": 0.99 * price}))
    return (stands.upper - lower.upper) / (0.01 * price) if lower.possible else 0.0


def _line(desk: Desk, package: Package, stands: Solved, move: Move) -> LedgerLine:
    top, to = headline(desk.scenario, package), moved(package, move.line.lever, move.to)
    if move.line.lever == PRICE:  # other lines may ask for it as well, so that it belongs to no chain
        there = desk.signed(to)
        equal: Interval | None = Interval(lower=move.line.value - move.to, upper=move.line.value - move.to)
    else:
        chain: list[Live] = []
        with desk.chained(chain):
            there = desk.signed(to)
        equal = price_equivalent(desk, to, stands, there, package, chain) if there.possible else None
        desk.forget(to)  # nobody asks for these terms again, and a ledger has many
    worth = worth_of(stands, there)
    line = LedgerLine(
        offer=package.offer,
        lever=move.line.lever,
        title=move.line.title,
        unit=move.line.unit,
        value=move.line.value,
        moved_to=move.to,
        toward=move.toward,  # type: ignore[arg-type]
        worth=worth,
        price_equivalent=equal,
        price_unit=top.per,
        possible=there.possible,
        sentence="",
    )
    return line.model_copy(update={"sentence": ledger_sentence(line, desk.scenario.currency, top.unit)})


def worth_of(stands: Solved, there: Solved) -> Interval:
    """What moving from one to the other saves; what is rounding is nothing."""
    if not there.possible:
        return Interval(lower=0.0, upper=0.0)
    found, noise = difference(stands, there), ROUNDING * max(1.0, abs(stands.upper))
    return Interval(lower=0.0, upper=0.0) if max(abs(found.lower), abs(found.upper)) <= noise else found


def price_equivalent(desk: Desk, package: Package, stands: Solved, there: Solved, plain: Package, chain: list[Live]) -> Interval | None:
    """How much the price may move at the moved terms (`package`) until cost is what it was (`plain`): where a plan that is held says so and no other is
    cheaper; where plans can't be held, enclosed between two prices by the secant rule. `chain` of the solver in which the moved terms were solved."""
    price = headline(desk.scenario, plain).price
    noise = ROUNDING * max(1.0, abs(stands.upper))
    gap = stands.upper - there.upper
    if abs(gap) <= noise:
        return Interval(lower=0.0, upper=0.0)
    with desk.chained(chain):
        held = _by_holding(desk, package, stands.upper, there, noise)
    if held is not None:
        return Interval(lower=held.lower - price, upper=held.upper - price)
    slope = desk.slope(package, there) or _slope(desk, plain, stands)
    if slope <= 0.0:
        return None
    seen = {price: -gap}  # price -> W(price, w') - W(p, w); it only rises
    before, here = price, price + gap / slope * (1.0 - HAIR)
    for _ in range(MOST_STEPS):
        here = max(here, 0.0)
        near = package if before == price else package.model_copy(update={"price": before})
        solved = desk.signed(package.model_copy(update={"price": here}), near)
        seen[here] = solved.upper - stands.upper if solved.possible else np.inf
        enclosed = _enclosed(seen, noise)
        if enclosed is not None and enclosed[1] - enclosed[0] <= CLOSE * abs(0.5 * (enclosed[0] + enclosed[1]) - price):
            return Interval(lower=enclosed[0] - price, upper=enclosed[1] - price)
        if here == 0.0 and seen[here] > noise:
            return None
        before, here = here, _next(seen, slope, gap)
    enclosed = _enclosed(seen, noise)
    return None if enclosed is None else Interval(lower=enclosed[0] - price, upper=enclosed[1] - price)


def _by_holding(desk: Desk, package: Package, cost: float, there: Solved, noise: float) -> Interval | None:
    """The price at which a package costs so much: where what it signs at another price does, unless another plan is cheaper there. None where plans can't
    be held, or the steps lead nowhere."""
    here, at = there, package
    for _ in range(MOST_STEPS):
        held = hold(desk, at, here)
        met = None if held is None else held.meets(cost, noise, roughly=True)
        if met is None:
            return None
        if met.price == at.price:
            return None
        further = package.model_copy(update={"price": met.price})
        here, at = desk.signed(further, at, basis=met.basis), further
        if abs(here.upper - cost) <= 2 * noise and here.upper - here.lower <= noise:
            wide = 2 * noise / met.slope
            return Interval(lower=max(met.price - wide, 0.0), upper=met.price + wide)
        if not here.possible or here.upper - here.lower > noise:
            return None
    return None


def _enclosed(seen: dict[float, float], noise: float) -> tuple[float, float] | None:
    """The highest price that is surely not too high, and the lowest that surely is; one price where cost is met to rounding."""
    met = [p for p, excess in seen.items() if abs(excess) <= noise]
    if met:
        return min(met), max(met)
    below, above = [p for p, excess in seen.items() if excess < 0], [p for p, excess in seen.items() if excess > 0]
    return (max(below), min(above)) if below and above else None


def _next(seen: dict[float, float], slope: float, gap: float) -> float:
    """The next price to try: where the line through the two best ones crosses, a hair beyond, so that the price is enclosed soon."""
    below, above = [p for p, excess in seen.items() if excess < 0], [p for p, excess in seen.items() if excess > 0]
    nearest = sorted(seen, key=lambda p: abs(seen[p]))[:2]
    p, q = nearest[0], nearest[-1]
    rise = (seen[p] - seen[q]) / (p - q) if p != q and np.isfinite(seen[q]) else slope
    rise = rise if rise > 0 else slope
    hair = HAIR * abs(gap / slope)
    to = p - seen[p] / rise + (hair if seen[p] < 0 else -hair)
    if below and above and not max(below) < to < min(above):
        to = 0.5 * (max(below) + min(above))
    return to


def pairs(desk: Desk, offer: str, moves: dict[str, float]) -> tuple[LedgerPair, ...]:
    """Every two steps together against the sum of each alone."""
    stands = desk.signed(Package(offer=offer))
    alone = {lever: worth_of(stands, desk.signed(moved(Package(offer=offer), lever, to))) for lever, to in moves.items()}
    found = []
    for first, second in combinations(moves, 2):
        both = moved(moved(Package(offer=offer), first, moves[first]), second, moves[second])
        apart = Interval(lower=alone[first].lower + alone[second].lower, upper=alone[first].upper + alone[second].upper)
        found.append(LedgerPair(offer=offer, first=first, second=second, together=worth_of(stands, desk.signed(both)), sum_of_each=apart))
    return tuple(found)


def shapley(desk: Desk, package: Package) -> tuple[ShapleyShare, ...]:
    """Each moved lever's share of what the package is worth against the offer as it stands. At most MOST_SHARES levers."""
    moves = dict(package.terms) | ({} if package.price is None else {PRICE: package.price})
    if len(moves) > MOST_SHARES:
        raise InvalidScenario([Finding("terms", f"shares are worked out for at most {MOST_SHARES} levers, and {len(moves)} are moved")], "package")
    plain = Package(offer=package.offer, alternative=package.alternative)
    stands, levers = desk.signed(plain), list(moves)

    def value(some: frozenset[str]) -> float:
        at = plain
        for lever in sorted(some):
            at = moved(at, lever, moves[lever])
        return stands.upper - desk.signed(at).upper

    known = {frozenset(some): value(frozenset(some)) for size in range(len(levers) + 1) for some in combinations(levers, size)}
    found, n = [], len(levers)
    for lever in levers:
        without = [(some, worth) for some, worth in known.items() if lever not in some]
        share = sum(factorial(len(some)) * factorial(n - len(some) - 1) / factorial(n) * (known[some | {lever}] - worth) for some, worth in without)
        found.append(ShapleyShare(lever=lever, worth=float(share)))
    return tuple(found)
