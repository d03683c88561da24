"""Sentences that a negotiator can say, made of stored figures only."""

from __future__ import annotations

from models.negotiation import Interval, LedgerLine, WalkAway


def money(amount: float, currency: str) -> str:
    """`USD 1,234.50`; large amounts without cents."""
    size = abs(amount)
    digits = 0 if size >= 10_000 else 2 if size >= 0.01 or size == 0 else 6
    return f"{'-' if amount < 0 else ''}{currency} {size:,.{digits}f}"


def span(found: Interval, currency: str) -> str:
    """An interval as one figure where both ends read the same, otherwise as `between ... and ...`."""
    low, high = money(found.lower, currency), money(found.upper, currency)
    return low if low == high else f"between {low} and {high}"


def lever_value(value: float, unit: str) -> str:
    """A lever's value as people say it: shares in per cent."""
    if unit.startswith("share") or unit == "per year" or "relative" in unit:
        return f"{100 * value:,.6g} %"
    return f"{value:,.6g}"


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
    name = line.lever.replace(".", " ").replace("_", " ")
    step = f"{name} from {lever_value(line.value, line.unit)} to {lever_value(line.moved_to, line.unit)}"
    if not line.possible:
        return f"No plan keeps the hard rules with {step}."
    worth = span(Interval(lower=abs(line.worth.lower), upper=abs(line.worth.upper)), currency)
    middle = 0.5 * (line.worth.lower + line.worth.upper)
    if line.worth.lower == line.worth.upper == 0.0 or worth == money(0.0, currency):
        return f"Moving {step} is worth nothing to us: give it away for something that is."
    verb = "is worth" if middle > 0 else "costs us"
    told = f"Moving {step} {verb} {worth}"
    if line.price_equivalent is None:
        return f"{told}; no change of price makes up for it."
    size = span(_sorted(line.price_equivalent), line.price_unit.split(" per ")[0])
    return f"{told}, or {size} per {per} on the price: " + ("ask for it, or take that instead." if middle > 0 else "give it only for more than that.")


def _sorted(found: Interval) -> Interval:
    low, high = sorted((abs(found.lower), abs(found.upper)))
    return Interval(lower=low, upper=high)
