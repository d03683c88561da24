"""What must be true of offers, their alternatives and clauses, across a scenario's tables. `models.checks` calls `check_offers`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from models.checker import check_site_costs, listed
from models.clauses import (
    PRICE_FAMILY,
    AllUnitsTiers,
    Cancellation,
    CapacityShare,
    CarryForward,
    CumulativeRebate,
    CurrencyBand,
    Deferral,
    EarlyTermination,
    Event,
    Extension,
    ForceMajeure,
    IncrementalTiers,
    IndexedPrice,
    MakeUp,
    MostFavoured,
    Prepayment,
    PriceReview,
    RollingForecast,
    SupplierDefault,
    TakeOrPay,
    Tier,
)
from models.offer import Alternative, Offer, ShapedProfile

if TYPE_CHECKING:
    from models.checker import Checker


def check_offers(check: Checker) -> None:
    """Add findings about every offer."""
    s = check.scenario
    order = {name: t for t, name in enumerate(check.periods)}
    for i, offer in enumerate(s.offers):
        path = f"offers[{i}]"
        check.refer(f"{path}.supplier", "supplier", offer.supplier)
        for k, product in enumerate(offer.products):
            check.refer(f"{path}.products[{k}]", "product", product)
        if len(set(offer.products)) != len(offer.products):
            check.say(f"{path}.products", "a product is listed twice")
        for k, site in enumerate(offer.sites or ()):
            check.refer(f"{path}.sites[{k}]", "site", site)
        if offer.sites is not None and not offer.sites:
            check.say(f"{path}.sites", "the offer delivers nowhere; list sites, or leave `sites` out for all")
        if offer.currency != s.currency:
            check.refer(f"{path}.currency", "currency", offer.currency)
        check.unit(path, offer.unit, offer.products)
        _window(check, path, offer, order)
        check.register("alternative", "alternatives", (x.id for x in offer.alternatives), prefix=f"{path}.")
        for k, alternative in enumerate(offer.alternatives):
            _alternative(check, f"{path}.alternatives[{k}]", offer, alternative)
        check_site_costs(check, f"{path}.delivery_cost", offer.delivery_cost, offer.products)
        _clauses(check, path, offer)


def _window(check: Checker, path: str, offer: Offer, order: dict[str, int]) -> None:
    start = order.get(offer.window.start)
    if start is None:
        check.refer(f"{path}.window.start", "period", offer.window.start)
    elif start + offer.window.periods > len(order):
        check.say(
            f"{path}.window.periods",
            f"{offer.window.periods} periods from '{offer.window.start}' end after the last period '{check.periods[-1]}'; at most {len(order) - start}",
        )
    if offer.sign != "now":
        if offer.sign not in order:
            check.refer(f"{path}.sign", "period", offer.sign)
        elif start is not None and order[offer.sign] > start:
            check.say(f"{path}.sign", f"it would be signed in '{offer.sign}', after its window has started in '{offer.window.start}'")


def _alternative(check: Checker, path: str, offer: Offer, alternative: Alternative) -> None:
    for field, rows in (("price", alternative.price), ("volume_per_period", alternative.volume_per_period)):
        if not isinstance(rows, tuple):
            continue
        given = [row.product for row in rows]
        for k, product in enumerate(given):
            if product not in offer.products:
                check.say(f"{path}.{field}[{k}].product", f"'{product}' is not among the offer's products ({listed(offer.products)})")
        if len(set(given)) != len(given):
            check.say(f"{path}.{field}", "a product is listed twice")
        missing = [product for product in offer.products if product not in given]
        if missing:
            check.say(f"{path}.{field}", f"nothing is given for {listed(missing)}; every product of the offer needs a row")
    if isinstance(alternative.profile, ShapedProfile) and len(alternative.profile.shape) != offer.window.periods:
        check.say(f"{path}.profile.shape", f"has {len(alternative.profile.shape)} values, but the window has {offer.window.periods} periods")
    if isinstance(alternative.profile, ShapedProfile) and not any(alternative.profile.shape):
        check.say(f"{path}.profile.shape", "is 0 in every period, so nothing could be committed; give some period a share")


def _clauses(check: Checker, path: str, offer: Offer) -> None:
    kinds: set[object] = set()
    family = [c.kind for c in offer.clauses if isinstance(c, PRICE_FAMILY)]
    if len(set(family)) > 1:
        check.say(f"{path}.clauses", f"an offer has one price clause; found {listed(family)}")
    for k, clause in enumerate(offer.clauses):
        where = f"{path}.clauses[{k}]"
        check.unique(where, clause.kind, kinds, f"the clause '{clause.kind}'")
        useless = (isinstance(clause, MakeUp) and clause.price_share < 1) or (isinstance(clause, CarryForward) and clause.cap > 0)
        if useless and not any(isinstance(x, TakeOrPay) for x in offer.clauses):
            check.say(where, f"'{clause.kind}' is about what is owed, and nothing is; add the clause 'take_or_pay', or leave this one out")
        if isinstance(clause, EarlyTermination) and clause.fees and any(isinstance(x, IncrementalTiers) for x in offer.clauses):
            check.say(where, "a contract with 'incremental_tiers' can't be ended early: they credit committed volume; use all-units tiers, or leave one out")
        if isinstance(clause, Prepayment) and clause.guarantee_share > 0:
            _guarantee(check, where, offer)
        if isinstance(clause, Extension) and clause.periods:
            _extension(check, where, offer, clause)
        if (isinstance(clause, Deferral) and clause.share) or (isinstance(clause, Cancellation) and clause.share and clause.notices):
            _moves(check, where, offer, clause)
        if isinstance(clause, RollingForecast) and clause.down < 1:
            _forecast(check, where, offer)
        if isinstance(clause, CapacityShare) and clause.share:
            _capacity(check, where, offer)
        if isinstance(clause, CurrencyBand) and clause.supplier_share and offer.currency in (None, check.scenario.currency):
            check.say(
                where,
                f"shares moves of an exchange rate, but the offer is in {check.scenario.currency} itself; give the offer a `currency`, or leave it out",
            )
        if isinstance(clause, MostFavoured) and check.refer(f"{where}.spot", "spot market", clause.spot):
            _compared(check, where, offer, clause)
        if isinstance(clause, IndexedPrice | PriceReview):
            check.refer(f"{where}.index", "index", clause.index)
        if isinstance(clause, Event) and clause.index is not None:
            check.refer(f"{where}.index", "index", clause.index)
        if isinstance(clause, AllUnitsTiers | IncrementalTiers | CumulativeRebate):
            _tiers(check, f"{where}.tiers", clause.tiers, rising=isinstance(clause, AllUnitsTiers))
        if isinstance(clause, AllUnitsTiers) and any(isinstance(a.profile, ShapedProfile) for a in offer.alternatives):
            check.say(where, "all-units tiers need a flat or a free profile; with a shaped one no single volume sets the tier")


def _guarantee(check: Checker, where: str, offer: Offer) -> None:
    ends = _endings(offer)
    if ends:
        check.say(where, f"a guaranteed prepayment can't stand beside {listed(ends)}: what is left of it is forfeited when the buyer ends the contract")


def _forecast(check: Checker, where: str, offer: Offer) -> None:
    others = [*_breaks(offer), *(x.kind for x in offer.clauses if isinstance(x, Deferral | Cancellation) and x.share)]
    if others:
        check.say(where, f"'rolling_forecast' can't stand beside {listed(others)}, which takes away what was forecast; leave one of them out")


def _endings(offer: Offer) -> list[str]:
    """Clauses by which a contract can be over before its window is."""
    return [x.kind for x in offer.clauses if (isinstance(x, EarlyTermination) and x.fees) or (isinstance(x, Extension) and x.periods)]


def _breaks(offer: Offer) -> list[str]:
    """Those, and clauses about events by which it stands still or is over."""
    return [
        *_endings(offer),
        *(x.kind for x in offer.clauses if isinstance(x, ForceMajeure | SupplierDefault) and (x.index is not None or x.deliverable_below > 0)),
    ]


def _moves(check: Checker, where: str, offer: Offer, clause: Deferral | Cancellation) -> None:
    others = [*_breaks(offer), *(x.kind for x in offer.clauses if isinstance(x, IncrementalTiers))]
    if others:
        check.say(where, f"'{clause.kind}' can't stand beside {listed(others)}, which counts on the volume as it was committed; leave one of them out")
    if isinstance(clause, Cancellation) and clause.notices[0].periods >= offer.window.periods:
        check.say(
            where, f"the shortest notice takes {clause.notices[0].periods} periods, and the window has {offer.window.periods}; nothing could be cancelled"
        )


def _capacity(check: Checker, where: str, offer: Offer) -> None:
    given = {row.product for supplier in check.scenario.suppliers if supplier.id == offer.supplier for row in supplier.capacity}
    missing = [product for product in offer.products if product not in given]
    if missing:
        check.say(where, f"a share of the capacity of '{offer.supplier}' needs to know it; add rows to its `capacity` for {listed(missing)}")


def _extension(check: Checker, where: str, offer: Offer, clause: Extension) -> None:
    window, notice = offer.window.periods, clause.notice_periods
    if clause.periods >= window or clause.periods + notice > window:
        check.say(
            where,
            f"the extension takes {clause.periods} of the {window} periods of the window and is decided {notice} before; the window is the whole contract, "
            "extension included, and has to begin before both",
        )
    others = [x.kind for x in offer.clauses if isinstance(x, IncrementalTiers) or (isinstance(x, EarlyTermination) and x.fees)]
    if others:
        check.say(where, f"an extension can't stand beside {listed(others)}, which counts on volume that may not be wanted; leave one of them out")


def _compared(check: Checker, where: str, offer: Offer, clause: MostFavoured) -> None:
    sold = next((x.product for x in check.scenario.spot if x.id == clause.spot), None)
    if sold is not None and sold not in offer.products:
        check.say(f"{where}.spot", f"the market '{clause.spot}' sells '{sold}', which is not among the offer's products ({listed(offer.products)})")


def _tiers(check: Checker, path: str, tiers: Sequence[Tier], rising: bool) -> None:
    if tiers[0].from_volume != 0:
        check.say(f"{path}[0].from_volume", f"the first tier starts at {tiers[0].from_volume:,g}; it must start at 0 (use discount 0 for a tier at full price)")
    for k, tier in enumerate(tiers):
        if tier.to_volume is not None and tier.to_volume <= tier.from_volume:
            check.say(f"{path}[{k}].to_volume", f"the tier ends at {tier.to_volume:,g}, not above its start {tier.from_volume:,g}")
    for k, (low, high) in enumerate(pairwise(tiers)):
        if low.to_volume is None or low.to_volume > high.from_volume:
            end = "has no upper end" if low.to_volume is None else f"ends at {low.to_volume:,g}"
            check.say(
                f"{path}[{k + 1}].from_volume",
                f"overlaps with the tier before it, which {end}, while this one starts at {high.from_volume:,g}; let each tier start where the one before ends",
            )
        elif low.to_volume < high.from_volume:
            check.say(f"{path}[{k + 1}].from_volume", f"leaves a gap: the tier before it ends at {low.to_volume:,g}, this one starts at {high.from_volume:,g}")
        if rising and high.discount < low.discount:
            check.say(
                f"{path}[{k + 1}].discount",
                f"the discount falls from {low.discount:g} to {high.discount:g}; with all-units tiers it must not fall as volume rises",
            )
    if tiers[-1].to_volume is not None:
        check.say(f"{path}[{len(tiers) - 1}].to_volume", "the last tier has no upper end; leave `to_volume` out (the alternative's max limits the volume)")
