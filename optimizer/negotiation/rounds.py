"""A move of ours: what the strategy wants, held to the guard-rails on exact values, with everything that stood behind it.

    V0        cost without the offer, the others at their current terms
    anchor    the terms that the strategy picks, at the price at which they gain what it asks for; c their exact cost
    puts      up to `choices` packages of cost c (|W - c| <= 0.1 % of V0), or the anchor alone
    never     W > V0 - margin, solved exactly: the price is lowered, or the package stays in the house
    never     more than `unanswered` concessions without one in return: what was put forward stands

Closing is no concession (`strategy`): the last offer, and what is put forward instead of accepting. After a deal, packages that cost us no more, solved
exactly, are put forward beside it (`settlement`).
Reference: Raiffa (1982), The Art and Science of Negotiation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from models.negotiation import Package
from models.session import Advice, OurOffer, Put, Round, Said, ZoneFigures
from optimizer.negotiation.course import sight_of, tactic
from optimizer.negotiation.findings import choices_found
from optimizer.negotiation.moves import Decision, Reason
from optimizer.negotiation.packages import package_of
from optimizer.negotiation.session_words import (
    AS_BEFORE,
    DEAL_STANDS,
    GUARDED,
    HELD,
    LATE,
    NO_PRICE,
    NO_TURNS,
    NOT_BETTER,
    NOTHING_BETTER,
    figure,
    figures,
    plain,
    posterior,
    spoken,
    stands,
)
from optimizer.negotiation.settlement import MOST_ASKS, better_for_them
from optimizer.negotiation.strategy import AHEAD, BETTER, IMPOSSIBLE, LAST, OFFERED, decide
from optimizer.negotiation.turns import Turn
from optimizer.negotiation.verified import Exact, at_cost, exact, verify, walk_away_price
from optimizer.negotiation.zone import joint

SHARE = 0.5  # of types that a zone's floor suits

Said_ = tuple[Said, ...]


def move_of_ours(turn: Turn) -> tuple[OurOffer | Advice, Round]:
    """What to put forward, or what to do about their offer."""
    if turn.course.belief is None:
        return _close(turn, (plain(IMPOSSIBLE),))
    if turn.course.turns >= turn.settings.rounds:
        return _close(turn, (plain(NO_TURNS),))
    decision = decide(sight_of(turn.seat, turn.settings, turn.course))
    reasons = tuple(spoken(reason, turn.currency) for reason in decision.reasons)
    if decision.package is None:
        if any(reason.words == AHEAD and reason.amounts[0] < reason.amounts[1] for reason in decision.reasons):
            reasons = (*reasons, plain(LATE))
        return _advice(turn, "accept" if decision.action == "accept" else "walk away", reasons, decision)
    return _offer(turn, decision, reasons)


def by_hand(turn: Turn, packages: Sequence[Package]) -> tuple[OurOffer, Round]:
    """A person's own move; whoever calls has held it to the guard-rails (`broken`)."""
    found = [one for package in packages if (one := exact(turn.seat.desk, package)) is not None]
    least = min(found, key=lambda one: one.gain.lower)
    conceded = tactic(turn.settings).curve.conceded(turn.time)
    return _put_forward(turn, least, [_put(turn, one) for one in found], least.gain.lower, conceded, (), closing=turn.last, hand=True)


def beside_the_deal(turn: Turn, deal: Package) -> tuple[OurOffer | Advice, Round]:
    """Packages that cost us no more than the deal and that they may like better; once none is left, or they were asked often enough, advice to sign."""
    seat, asked = turn.seat, [record.event for record in turn.records if isinstance(record.event, OurOffer) and record.event.beside is not None]
    stands, move = exact(seat.desk, deal), seat.move("buyer", deal)
    assert stands is not None
    assert move is not None
    found: list[Exact] = []
    if turn.course.belief is not None and len(asked) < MOST_ASKS:
        shown = {cell for ours in asked for package in (*ours.packages, deal) if (cell := seat.place(package)) is not None}
        sight = sight_of(seat, turn.settings, turn.course)
        for cell, q in better_for_them(sight.gains, sight.supplier, sight.belief, move, count=turn.settings.choices, shown=shown):
            one = _no_dearer(turn, package_of(seat.table, cell, figure(float(seat.table.prices[q]))), stands.cost.upper)
            if one is not None and one.package != deal:
                found.append(one)
    if not found:
        return Advice(offer=seat.menu.offer, action="sign"), _round(turn, move.gain, 1.0, (plain(NOTHING_BETTER),))
    event, round_ = _put_forward(turn, stands, [_put(turn, one) for one in found], move.gain, 1.0, (plain(DEAL_STANDS),), closing=True)
    return event.model_copy(update={"beside": deal}), round_


def _no_dearer(turn: Turn, package: Package, cost: float) -> Exact | None:
    """The package, its price lowered if need be until, solved exactly, it costs no more than so much."""
    found = exact(turn.seat.desk, package)
    if found is not None and found.cost.upper <= cost:
        return found
    return at_cost(turn.seat.desk, package, cost, turn.tolerance, most=cost)


def _offer(turn: Turn, decision: Decision, reasons: Said_) -> tuple[OurOffer | Advice, Round]:
    """The strategy's package, within the guard-rails, and what costs the same."""
    assert decision.package is not None
    cell, q = decision.package
    words = [reason.words for reason in decision.reasons]
    closing, instead = LAST in words or BETTER in words, BETTER in words
    anchor = package_of(turn.seat.table, cell, figure(float(turn.seat.table.prices[q])))
    found = (None if closing else _priced(turn, anchor, decision.target)) or _within(turn, anchor)
    if found is not None and not closing and turn.barred(found):
        if turn.stood is None or turn.asked is None or anchor.terms == turn.stood[0].terms:
            return _stand(turn, decision, reasons)
        found, reasons = _priced(turn, anchor, turn.asked), (*reasons, plain(AS_BEFORE))
        if found is None:
            return _stand(turn, decision, reasons[:-1])
    if found is None:
        return _close(turn, (*reasons, plain(NO_PRICE)))
    if instead and turn.open is not None and found.gain.lower <= turn.open:
        return _advice(turn, "accept", (*reasons, plain(NOT_BETTER)), decision)
    if found.cost.upper > turn.limit - turn.tolerance and found.package != anchor:
        reasons = (*reasons, plain(GUARDED))
    puts = [] if closing else _alike(turn, found)
    puts = puts if len(puts) > 1 else [_put(turn, found)]
    return _put_forward(turn, found, puts, decision.target, decision.conceded, reasons, closing=closing)


def _stand(turn: Turn, decision: Decision, reasons: Said_) -> tuple[OurOffer | Advice, Round]:
    """What was put forward stands, as far as it still leaves the margin."""
    assert turn.stood is not None
    anchor, packages = turn.stood
    found = [one for package in packages if (one := _within(turn, package)) is not None]
    if not found:
        return _close(turn, (*reasons, plain(NO_PRICE)))
    whole = exact(turn.seat.desk, anchor)
    first = whole if whole is not None and whole.cost.upper <= turn.limit else found[0]
    return _put_forward(turn, first, [_put(turn, one) for one in found], decision.target, decision.conceded, (*reasons, plain(HELD)), closing=False)


def _priced(turn: Turn, package: Package, gain: float) -> Exact | None:
    """The package's terms at the price on the table at which they gain so much, solved exactly; None if there is none, or it leaves less than the margin."""
    if gain < turn.settings.margin:
        return None
    found = at_cost(turn.seat.desk, package, turn.no_deal.lower - gain, turn.tolerance, most=turn.limit)
    if found is None or found.package.price is None:
        return None
    return found if turn.seat.table.low <= found.package.price <= turn.seat.table.high else None


def _within(turn: Turn, package: Package) -> Exact | None:
    """A package that leaves the margin, solved exactly, its price lowered if need be."""
    found = exact(turn.seat.desk, package)
    if found is not None and found.cost.upper <= turn.limit:
        return found
    return at_cost(turn.seat.desk, package, turn.limit, turn.tolerance, most=turn.limit)


def _alike(turn: Turn, anchor: Exact) -> list[Put]:
    """Packages of the anchor's cost to choose from."""
    seat, settings = turn.seat, turn.settings
    if settings.choices == 1:
        return []
    gains, cost = replace(seat.gains, weights=turn.course.weights), min(anchor.cost.upper, seat.table.no_deal - settings.margin)
    found = choices_found(seat.table, gains, seat.talk.view.supplier, turn.currency, cost, count=settings.choices, margin=settings.margin)
    tidy = found.model_copy(update={"choices": tuple(x for x in found.choices if x.package.price)})
    exactly = (exact(seat.desk, choice.package) for choice in verify(seat.desk, tidy, cost, most=turn.limit).choices)
    return [_put(turn, one) for one in exactly if one is not None]


def _put(turn: Turn, found: Exact) -> Put:
    belief, move = turn.course.belief, turn.seat.move("buyer", found.package)
    chance = 0.0
    if belief is not None and move is not None:
        chance = float(belief.acceptance(move.supplier, sight_of(turn.seat, turn.settings, turn.course).answered))
    walk_away = walk_away_price(turn.seat.desk, found.package, turn.settings.margin)
    return Put(package=found.package, cost=figures(found.cost), gain=figures(found.gain), walk_away=walk_away, chance=figure(chance))


def _put_forward(
    turn: Turn, anchor: Exact, puts: Sequence[Put], target: float, conceded: float, reasons: Said_, *, closing: bool, hand: bool = False
) -> tuple[OurOffer, Round]:
    unit = turn.seat.table.price_unit
    found = _round(turn, target, conceded, (*reasons, *(stands(put.package, put.walk_away, unit) for put in puts))).model_copy(
        update={
            "anchor": anchor.package,
            "cost": figure(anchor.cost.upper),
            "puts": tuple(puts),
            "concession": turn.concedes(anchor),
            "closing": closing,
        }
    )
    return OurOffer(offer=turn.seat.menu.offer, packages=tuple(put.package for put in puts), by_hand=hand), found


def _close(turn: Turn, reasons: Said_) -> tuple[Advice, Round]:
    """When nothing more is put forward: their offer, if it leaves the margin, or nothing."""
    gain = turn.open
    if gain is not None and gain >= turn.settings.margin:
        return _advice(turn, "accept", (*reasons, spoken(Reason(OFFERED, (gain,)), turn.currency)), None)
    return _advice(turn, "walk away", reasons, None)


def _advice(turn: Turn, action: Literal["accept", "walk away"], reasons: Said_, decision: Decision | None) -> tuple[Advice, Round]:
    target, conceded = (turn.settings.margin, 1.0) if decision is None else (decision.target, decision.conceded)
    return Advice(offer=turn.seat.menu.offer, action=action), _round(turn, target, conceded, reasons)


def _round(turn: Turn, target: float, conceded: float, reasons: Said_) -> Round:
    seat, settings = turn.seat, turn.settings
    zone = joint(seat.table, replace(seat.gains, weights=turn.course.weights), margin=settings.margin, share=SHARE)
    low, high = (None, None) if zone.span is None else zone.span
    return Round(
        turn=min(turn.number, settings.rounds),
        time=figure(turn.time),
        no_deal=figures(turn.no_deal),
        target=figure(target),
        conceded=figure(conceded),
        open_gain=None if turn.open is None else figure(turn.open),
        anchor=None,
        cost=None,
        tolerance=figure(turn.tolerance),
        puts=(),
        concession=False,
        unanswered=turn.unanswered,
        closing=True,
        zone=ZoneFigures(chance=figure(zone.chance), floor=None if low is None else figure(low), walk_away=None if high is None else figure(high)),
        posterior=posterior(seat.gains.types, turn.course.weights),
        reasons=reasons,
    )
