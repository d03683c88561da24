"""What a session says: sentences from stored figures, and the figures as they are stored.

Figures are stored with DIGITS significant digits: what differs from machine to machine lies beyond them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from models.negotiation import Interval, Package
from models.session import Effect, Said, TypeWeight
from optimizer.negotiation.game_words import lever, money, percent, price
from optimizer.negotiation.levers import lever_words
from optimizer.negotiation.moves import Reason
from scenarios.tree import Floats

DIGITS = 10
SHARE = "%"  # ends the format of a share

HELD = "our last concession was not answered, so what we put forward stands"
AS_BEFORE = "our last concession was not answered, so these terms cost what we put forward before"
GUARDED = "the price is lowered until, solved exactly, it leaves us the margin"
LATE = "it is late, and nothing better of theirs is to be expected"
NO_PRICE = "solved exactly, no price of this package leaves us the margin"
NO_TURNS = "our turns are used up"
DEAL_STANDS = "the deal stands; these cost us no more, and they may like one of them better"
NOTHING_BETTER = "they have seen what else costs us as little, and were asked often enough: sign"
NOT_BETTER = "solved exactly, what would be proposed instead gains us no more than their offer"


def figure(value: float) -> float:
    """A number as it is stored."""
    return float(f"{value:.{DIGITS}g}") + 0.0  # no minus zero


def figures(found: Interval) -> Interval:
    """Both ends as they are stored."""
    return Interval(lower=figure(found.lower), upper=figure(found.upper))


def posterior(types: Sequence[str], weights: Floats) -> tuple[TypeWeight, ...]:
    """What is believed, as it is stored."""
    return tuple(TypeWeight(type=kind, weight=figure(weight)) for kind, weight in zip(types, weights.tolist(), strict=True))


def spoken(reason: Reason, currency: str) -> Said:
    """A reason of the strategy's, with money as people say it."""
    amounts = [figure(x) for x in reason.amounts]
    text, left = "", list(amounts)
    for words, name, spec, _ in Formatter().parse(reason.words):
        text += words
        if name is not None:
            amount = left.pop(0)
            text += percent(amount) if str(spec).endswith(SHARE) else money(amount, currency)
    return _said(text, amounts)


def plain(words: str) -> Said:
    """A reason without figures."""
    return _said(words, ())


def package_said(package: Package, unit: str) -> tuple[str, list[float]]:
    """A package in words, and its figures."""
    assert package.price is not None
    told = price(package.price, unit) + (f" with {_terms(package.terms)}" if package.terms else "")
    return told, [package.price, *package.terms.values()]


def stands(package: Package, walk_away: float | None, unit: str) -> Said:
    """A package of ours against its walk-away price."""
    told, amounts = package_said(package, unit)
    if walk_away is None:
        return _said(f"we put forward {told}", amounts)
    return _said(f"we put forward {told}; at these terms we walk away above {price(walk_away, unit)}", [*amounts, walk_away])


def event_said(words: str, package: Package | None, gain: Interval | None, currency: str, unit: str) -> Iterator[Said]:
    """What happened, and what it is worth to us."""
    if package is None:
        yield _said(words, ())
        return
    told, amounts = package_said(package, unit)
    worth = ", which no plan can sign"
    if gain is not None:
        amounts = [*amounts, gain.lower]
        worth = f", {money(abs(gain.lower), currency)} {'better' if gain.lower >= 0 else 'worse'} for us than no deal"
    yield _said(f"{words} at {told}{worth}", amounts)


def belief_said(supplier: str, before: Sequence[TypeWeight], after: Sequence[TypeWeight]) -> Iterator[Said]:
    """Who they now seem to be."""
    if not after:
        return
    top = max(after, key=lambda x: x.weight)
    was = next(x.weight for x in before if x.type == top.type)
    if percent(top.weight) == percent(was):
        return
    yield _said(f"'{supplier}' is now most likely '{top.type}', believed with {percent(top.weight)}; before with {percent(was)}", [top.weight, was])


def effect_said(effect: Effect, currency: str) -> Said:
    """What it does to another talk."""
    way = "less" if effect.change < 0 else "more"
    after, before, change = (money(x, currency) for x in (effect.after, effect.before, abs(effect.change)))
    return _said(f"Doing without '{effect.offer}' now costs {after} instead of {before}, {change} {way}", [effect.after, effect.before, effect.change])


def _said(words: str, amounts: Sequence[float]) -> Said:
    return Said(sentence=f"{words[:1].upper()}{words[1:]}.", amounts=tuple(amounts))


def _terms(values: Mapping[str, float]) -> str:
    return ", ".join(f"{lever(name)} {lever_words(name).value(value)}" for name, value in values.items())
