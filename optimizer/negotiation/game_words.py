"""What the games found, in sentences that a negotiator can say; every number in them is a stored one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from models.bargain import Bargain, BargainLine, CounterOffer, EquivalentPackages, MovedLever, Zone, ZoneLine
from models.negotiation import Package
from optimizer.negotiation.levers import lever_words

WHAT = {
    "nash": "Nash's solution",
    "kalai_smorodinsky": "The same share of what each could have at best (Kalai and Smorodinsky)",
    "egalitarian": "Equal gains",
    "utilitarian": "The largest sum of gains",
}
BY = {"none": "with the packages as they are", "lotteries": "if lots may be drawn between two packages", "side payments": "if money may be paid on top"}


def money(amount: float, currency: str) -> str:
    """An amount as people say it. (`optimizer.explain` has one for whole plans, without decimals, and brings the solver along.)"""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(amount) >= size:
            return f"{currency} {amount / size:,.2f} {word}"
    return f"{currency} {amount:,.0f}" if abs(amount) >= 1000 else f"{currency} {amount:,.2f}"


def price(amount: float, unit: str) -> str:
    """`USD 24.50 per km`, from a unit of `USD per km`."""
    currency, _, per = unit.partition(" per ")
    return f"{currency} {amount:,.2f}{f' per {per}' if per else ''}"


def percent(share: float) -> str:
    """A share in per cent, never quite 0 or 100 unless it is."""
    if 1e-12 < share < 5e-5:
        return "almost 0 %"
    text = f"{100 * share:.3g}"
    return "almost 100 %" if text == "100" and share < 1 - 1e-12 else f"{text if share > 1e-12 else '0'} %"


def lever(name: str) -> str:
    """A lever's name as words."""
    return lever_words(name).title


def terms(values: Mapping[str, float]) -> str:
    """Terms in a row."""
    return ", ".join(f"{lever(name)} {lever_words(name).value(value)}" for name, value in values.items())


def package(what: Package, unit: str) -> str:
    """A package as people say it."""
    assert what.price is not None
    return f"{price(what.price, unit)}{f' with {terms(what.terms)}' if what.terms else ''}"


def move(what: MovedLever, unit: str) -> str:
    """One lever moved."""
    if what.lever == "price":
        return f"the price from {price(what.before, unit)} to {price(what.after, unit)}"
    return f"{lever(what.lever)} from {lever_words(what.lever).value(what.before)} to {lever_words(what.lever).value(what.after)}"


def zone_sentences(found: Zone) -> Iterator[str]:
    """Where we stand on the terms at hand, whether any terms suit both, and what to move."""
    base = found.lines[found.base]
    yield f"On the terms at hand, {_stand(base, found)}."
    yield from _doubt(found)
    if found.opener is None:
        yield "No single lever leads from them to terms that are possible." if base.room is None else "No single lever would do better."
    else:
        yield _opening(found)


def _stand(line: ZoneLine, found: Zone) -> str:
    """Where both stand on some terms. The ends of the table are said to be just that: nothing beyond them was looked at."""
    unit, lowest, highest = found.price_unit, found.floor_chances[0].price, found.floor_chances[-1].price
    if line.room is None:
        return "no package is possible"
    if line.walk_away is None:
        return "no price on the table leaves us what we want" + ("" if line.floor is None else f"; the supplier gains from {price(line.floor, unit)}")
    ours = f"we walk away above {price(line.walk_away, unit)}"
    if line.walk_away >= highest - 1e-9:
        ours = f"we can pay {price(line.walk_away, unit)}, the highest price on the table"
    if line.floor is None:
        return f"{ours}, and no price on the table suits the supplier"
    verdict = "so there is room for a deal" if line.floor <= line.walk_away + 1e-9 else "so nothing suits both"
    theirs = f"the supplier begins to gain at {price(line.floor, unit)}"
    if line.floor <= lowest + 1e-9:
        theirs = f"the supplier gains at {price(line.floor, unit)} already, the lowest"
        theirs += "" if line.walk_away >= highest - 1e-9 else " price on the table"
    return f"{ours}, and {theirs}, {verdict} (a chance of {percent(line.chance)} by what we believe about it)"


def _doubt(found: Zone) -> Iterator[str]:
    """How sure it is that some package suits both, and the proof where none does."""
    sums = [x.largest_sum for x in found.types if x.largest_sum is not None]
    if found.chance > 0:
        unit = found.price_unit
        where = "" if found.span is None else f", at prices from {price(found.span.lower, unit)} to {price(found.span.upper, unit)}"
        yield f"Over all terms on the table{where}, a deal that suits both exists with a chance of {percent(found.chance)}."
        return
    wanted = f" and the {money(found.margin, found.currency)} that we want" if found.margin else ""
    if not sums:
        yield "No deal suits both: the supplier can deliver no package that we could sign."
    elif max(sums) < 0:
        short = money(-max(sums), found.currency)
        yield f"No package on the table suits both, not even with money on top: at the best one, both together fall {short} short of no deal{wanted}."
    else:
        more = money(max(sums), found.currency)
        yield f"No package on the table suits both, though at the best one both together have {more} more than no deal{wanted}: money on top could make a deal."
    if found.closest is not None:
        line = found.lines[found.closest]
        assert line.missing is not None
        assert line.price is not None
        where = f" with {terms(line.terms)}" if line.terms else ""
        yield f"Least is missing{where}: {money(line.missing, found.currency)}."


def _opening(found: Zone) -> str:
    assert found.opener is not None
    base, opened = found.lines[found.base], found.opener
    said = f"Of single levers, moving {move(opened.move, found.price_unit)} helps most"
    if opened.missing > 0:
        still = f"then {money(opened.missing, found.currency)} is missing for both to agree"
        return f"{said}: {still}{'' if base.missing is None else f', instead of {money(base.missing, found.currency)}'}."
    each = f"{said}: both can then be {money(opened.room, found.currency)} better off"
    if base.room is not None and base.room >= 0:
        return f"{each}{' than we ask' if found.margin else ''}, instead of {money(base.room, found.currency)}."
    return f"{each}{' than we ask' if found.margin else ''}, where now nothing suits both."


def bargain_sentences(found: Bargain) -> Iterator[str]:
    """What each could have at best, and what solutions pick."""
    if found.most is None or found.supplier_most is None:
        yield "No package on the table suits both as it is."
    else:
        ours, theirs = money(found.most, found.currency), money(found.supplier_most, found.currency)
        yield f"At best we gain {ours} without a loss to the supplier, and the supplier {theirs} without a loss to us."
    for line in found.lines:
        yield f"{WHAT[line.solution]}, {BY[line.means]}: {_picked(line, found)}."


def _picked(line: BargainLine, found: Bargain) -> str:
    first = package(line.packages[0], found.price_unit)
    if len(line.packages) == 2:
        first = f"{first}, with a chance of {percent(line.chances[0])}, else {package(line.packages[1], found.price_unit)}"
    if line.means == "side payments" and line.payment:
        who = "we pay the supplier" if line.payment > 0 else "the supplier pays us"
        first = f"{first}, and {who} {money(abs(line.payment), found.currency)}"
    return f"{first}; we gain {money(line.gain, found.currency)}, the supplier {money(line.supplier_gain, found.currency)}"


def counter_sentences(found: CounterOffer) -> Iterator[str]:
    """What their package is worth, and what to say to it."""
    worth = f"Their package is worth {money(found.their_gain, found.currency)} to us against no deal" if found.their_gain >= 0 else None
    worth = worth or f"Their package leaves us {money(-found.their_gain, found.currency)} worse off than no deal"
    yield f"{worth}; we want {money(found.target, found.currency)}."
    if found.package is None or found.gain is None or found.chance is None or found.supplier_gain is None:
        most = "no package" if found.most_to_gain is None else f"at most {money(found.most_to_gain, found.currency)}"
        yield f"No package on the table brings us there and is borne by the supplier; what it is thought to bear leaves us {most}."
        return
    if not found.moves:
        yield "We can take it as it stands."
        return
    yield f"If you move {' and '.join(move(x, found.price_unit) for x in found.moves)}, we have a deal."
    supplier = f"the supplier is thought to gain {money(found.supplier_gain, found.currency)}, with a chance of {percent(found.chance)} that it gains at all"
    yield f"We then gain {money(found.gain, found.currency)}; {supplier}."
    if found.walk_away is not None:
        most = price(found.walk_away, found.price_unit)
        yield f"At those terms we can pay {most}, the highest price on the table." if found.at_least else f"At those terms we walk away above {most}."


def choice_sentences(found: EquivalentPackages) -> Iterator[str]:
    """What to put on the table, and how likely one of it is taken."""
    if not found.choices:
        yield f"No package on the table costs us {money(found.cost, found.currency)} and suits any supplier that we believe in."
        return
    said = "; or ".join(package(x.package, found.price_unit) for x in found.choices)
    if len(found.choices) == 1:
        yield f"There is one package to put forward, and nothing to choose from: {said}."
        yield "Packages to choose from differ in two terms besides the price, and suit the supplier; more levers on the menu make more of them."
    else:
        yield f"Take your pick, it is the same to us: {said}."
    yield f"{'It' if len(found.choices) == 1 else 'Each'} costs us {money(found.cost, found.currency)}, to within {money(found.tolerance, found.currency)}."
    proof = "no other set has more" if found.method == "exact" else f"the search was cut short, and no other set has more than {percent(found.bound)}"
    yield f"The supplier is thought to take {'it' if len(found.choices) == 1 else 'one of them'} with a chance of {percent(found.chance)}; {proof}."
