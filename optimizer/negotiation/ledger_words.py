"""Sentences that a negotiator can say, made of stored figures only."""

from __future__ import annotations

from models.negotiation import Interval, LedgerLine, WalkAway
from optimizer.negotiation.levers import PRICE, lever_words


def money(amount: float, currency: str) -> str:
    """`USD 1,234.50`; large amounts without cents."""
    size = abs(amount)
    digits = 0 if size >= 10_000 else 2 if size >= 0.01 or size == 0 else 6
    return f"{'-' if amount < 0 else ''}{currency} {size:,.{digits}f}"


def span(found: Interval, currency: str) -> str:
    """An interval as one figure, to as many digits as both ends share (three at least); otherwise as `between ... and ...`."""
    low, high = money(found.lower, currency), money(found.upper, currency)
    if low == high:
        return low
    size = max(abs(found.lower), abs(found.upper))
    for digits in range(2, -12, -1):
        if size < 100 * 10.0**-digits:
            break
        if round(found.lower, digits) == round(found.upper, digits):
            return f"{'-' if found.lower < 0 else ''}{currency} {abs(round(found.lower, digits)):,.{max(digits, 0)}f}"
    return f"between {low} and {high}"


def walk_away_sentence(found: WalkAway) -> str:
    """When to walk."""
    offer, per = f"'{found.package.offer}'", f"per {found.unit}"
    if found.walk_away is None:
        return f"{offer} is not worth signing at any price: doing without costs less."
    if found.at_least:
        return f"{offer} is worth signing up to at least {money(found.walk_away.lower, found.currency)} {per}; no higher price was tried."
    return f"Walk away from {offer} above {span(found.walk_away, found.currency)} {per}; it stands at {money(found.price, found.currency)} {per}."


def ledger_sentence(line: LedgerLine, currency: str, per: str) -> str:
    """What one step is worth, as it can be said aloud."""
    words = lever_words(line.lever)
    step = f"the {words.title} from {words.value(line.value)} to {words.value(line.moved_to)}"
    if not line.possible:
        return f"No plan keeps the hard rules with {step}."
    worth = span(Interval(lower=abs(line.worth.lower), upper=abs(line.worth.upper)), currency)
    middle = 0.5 * (line.worth.lower + line.worth.upper)
    if line.worth.lower == line.worth.upper == 0.0 or worth == money(0.0, currency):
        return f"Moving {step} is worth nothing to us: give it away for something that is."
    if line.price_equivalent is None:
        return f"Moving {step} {'is worth' if middle > 0 else 'costs us'} {worth}; no change of the price makes up for it."
    size = span(_sorted(line.price_equivalent), line.price_unit.split(" per ")[0])
    if line.lever == PRICE:
        return f"{size} per {per} {'off' if middle > 0 else 'on'} the price {'is worth' if middle > 0 else 'costs us'} {worth} in all."
    if middle > 0:
        return f"Moving {step} is worth {size} per {per} to us ({worth} in all): ask for it, or take {size} off the price instead."
    return f"Moving {step} costs us {size} per {per} ({worth} in all): give it only for more than that off the price."


def _sorted(found: Interval) -> Interval:
    low, high = sorted((abs(found.lower), abs(found.upper)))
    return Interval(lower=low, upper=high)
