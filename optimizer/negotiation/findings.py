"""Results of the games as documents."""

from __future__ import annotations

from itertools import product

import numpy as np

from models.bargain import (
    Bargain,
    BargainLine,
    ChancePoint,
    Choice,
    CounterOffer,
    EquivalentPackages,
    Estimate,
    MovedLever,
    TypeLine,
    Zone,
    ZoneLine,
    ZoneOpener,
)
from models.negotiation import Interval, Package
from optimizer.negotiation.bargaining import MEANS, SOLUTIONS, Agreement, ideal, pareto, solve
from optimizer.negotiation.game_words import bargain_sentences, choice_sentences, counter_sentences, zone_sentences
from optimizer.negotiation.packages import PRICE, SAME_COST, Equivalents, counter_offer, equivalent_packages, most_to_gain, package_of
from optimizer.negotiation.supplier import SupplierGains
from optimizer.negotiation.table import Table
from optimizer.negotiation.zone import ROUNDING, Joint, closest, joint, opener, walk_aways


def zone_found(table: Table, supplier: SupplierGains, name: str, currency: str, *, base: int = 0, margin: float = 0.0, share: float = 0.5) -> Zone:
    """The zone of possible agreement with supplier `name`, and what to move from the terms of cell `base`."""
    found = joint(table, supplier, margin=margin, share=share)
    out = Zone(
        offer=table.offer,
        currency=currency,
        price_unit=table.price_unit,
        margin=margin,
        estimate=_estimate(supplier, name, share),
        chance=found.chance,
        span=None if found.span is None else Interval(lower=found.span[0], upper=found.span[1]),
        base=base,
        floor_chances=tuple(ChancePoint(price=p, chance=found.chance_at(base, p)) for p in table.prices.tolist()),
        closest=closest(found),
        lines=tuple(_line(table, found, c) for c in range(len(table.cells))),
        types=tuple(
            TypeLine(type=kind, weight=weight, largest_sum=_finite(most))
            for kind, weight, most in zip(supplier.types, supplier.weights.tolist(), found.sums.tolist(), strict=True)
        ),
        opener=_opener(table, found, base),
    )
    return out.model_copy(update={"sentences": tuple(zone_sentences(out))})


def bargain_found(table: Table, supplier: SupplierGains, name: str, currency: str, *, power: float = 0.5, share: float | None = 0.5) -> Bargain:
    """What every solution picks from the packages of a table, by all three means."""
    ours, theirs = np.where(np.isfinite(table.gains), table.gains, -np.inf).ravel(), supplier.weighed(share).ravel()
    most = ideal(ours, theirs)
    efficient = pareto(ours, theirs)
    picks = [solve(ours, theirs, solution, means, power) for means, solution in product(MEANS, SOLUTIONS)]
    out = Bargain(
        offer=table.offer,
        currency=currency,
        price_unit=table.price_unit,
        power=power,
        estimate=_estimate(supplier, name, share),
        most=most[0] if most else None,
        supplier_most=most[1] if most else None,
        efficient=int(((ours[efficient] >= 0) & (theirs[efficient] >= 0)).sum()),
        lines=tuple(_pick(table, pick) for pick in picks if pick is not None),
    )
    return out.model_copy(update={"sentences": tuple(bargain_sentences(out))})


def counter_found(
    table: Table,
    supplier: SupplierGains,
    name: str,
    currency: str,
    theirs: tuple[int, float],
    target: float,
    *,
    margin: float = 0.0,
    share: float | None = 0.5,
) -> CounterOffer:
    """The smallest counter to their package (cell, price)."""
    cell, price = theirs
    found = counter_offer(table, supplier, theirs, target, margin=margin, share=share)
    most = None if found is None else _finite(float(walk_aways(table, margin)[found.cell]))
    before, after = package_of(table, cell, price), None if found is None else package_of(table, found.cell, found.price)
    out = CounterOffer(
        offer=table.offer,
        currency=currency,
        price_unit=table.price_unit,
        estimate=_estimate(supplier, name, share),
        theirs=before,
        their_gain=table.gain(before),
        margin=margin,
        target=max(target, margin),
        package=after,
        moves=() if after is None or found is None else tuple(_move(lever, before, after) for lever in found.moves),
        gain=None if found is None else found.gain,
        supplier_gain=None if found is None else found.supplier,
        chance=None if found is None else _chance(supplier, found.cell, found.price),
        walk_away=most,
        at_least=most is not None and most >= float(table.prices[-1]) - ROUNDING,
        most_to_gain=most_to_gain(table, supplier, share=share),
    )
    return out.model_copy(update={"sentences": tuple(counter_sentences(out))})


def choices_found(
    table: Table, supplier: SupplierGains, name: str, currency: str, cost: float, *, count: int = 3, margin: float = 0.0, scale: float | None = None
) -> EquivalentPackages:
    """Packages that cost the same, to let the supplier choose from."""
    found = equivalent_packages(table, supplier, cost, count=count, margin=margin, scale=scale)
    out = EquivalentPackages(
        offer=table.offer,
        currency=currency,
        price_unit=table.price_unit,
        estimate=_estimate(supplier, name, None),
        cost=cost,
        tolerance=SAME_COST * abs(table.no_deal),
        choices=_choices(table, supplier, found),
        scale=found.scale,
        chance=found.value,
        bound=found.bound,
        method=found.method,
    )
    return out.model_copy(update={"sentences": tuple(choice_sentences(out))})


def _estimate(supplier: SupplierGains, name: str, share: float | None) -> Estimate:
    return Estimate(supplier=name, types=supplier.types, weights=tuple(supplier.weights.tolist()), share=share)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _line(table: Table, found: Joint, c: int) -> ZoneLine:
    possible = np.isfinite(found.room[c])
    return ZoneLine(
        terms=dict(table.cells[c].terms),
        floor=_finite(found.floor[c]),
        walk_away=_finite(found.walk_away[c]),
        chance=float(found.chances[c]),
        room=_finite(found.room[c]),
        price=float(found.best[c]) if possible else None,
        missing=_finite(found.missing[c]),
    )


def _opener(table: Table, found: Joint, base: int) -> ZoneOpener | None:
    named = opener(table, found, base)
    if named is None:
        return None
    move = MovedLever(lever=named.lever, before=dict(table.cells[base].terms)[named.lever], after=named.value)
    return ZoneOpener(move=move, line=named.cell, room=named.room, missing=named.missing)


def _pick(table: Table, pick: Agreement) -> BargainLine:
    places = [divmod(i, len(table.prices)) for i in pick.packages]
    return BargainLine(
        solution=pick.solution,
        means=pick.means,
        packages=tuple(package_of(table, c, float(table.prices[q])) for c, q in places),
        chances=pick.chances,
        payment=pick.payment,
        gain=pick.buyer,
        supplier_gain=pick.supplier,
    )


def _move(lever: str, before: Package, after: Package) -> MovedLever:
    if lever == PRICE:
        assert before.price is not None
        assert after.price is not None
        return MovedLever(lever=lever, before=before.price, after=after.price)
    return MovedLever(lever=lever, before=before.terms[lever], after=after.terms[lever])


def _chance(supplier: SupplierGains, cell: int, price: float) -> float:
    return float(((supplier.at(cell, price) >= 0) * supplier.weights).sum())


def _choices(table: Table, supplier: SupplierGains, found: Equivalents) -> tuple[Choice, ...]:
    chances = (supplier.weights[:, None] * found.accept).sum(axis=0).tolist()
    return tuple(
        Choice(package=package_of(table, c, p), cost=cost, gain=table.no_deal - cost, chance=chance)
        for c, p, cost, chance in zip(found.cells, found.prices, found.costs, chances, strict=True)
    )
