"""Contract terms in mathematics. The tuple CLAUSES pairs each document with its clause; there is no other way in."""

from __future__ import annotations

from typing import Any

from models import clauses as documents
from optimizer.clauses.all_units_tiers import AllUnitsTiers
from optimizer.clauses.base import Clause
from optimizer.clauses.buffer_stock import BufferStock
from optimizer.clauses.bundle_discount import BundleDiscount
from optimizer.clauses.cancellation import Cancellation
from optimizer.clauses.capacity_share import CapacityShare
from optimizer.clauses.carry_forward import CarryForward
from optimizer.clauses.cumulative_rebate import CumulativeRebate
from optimizer.clauses.currency import CurrencyBand
from optimizer.clauses.deferral import Deferral
from optimizer.clauses.early_termination import EarlyTermination
from optimizer.clauses.escalator import Escalator
from optimizer.clauses.exclusivity import Exclusivity
from optimizer.clauses.expansion import Expansion
from optimizer.clauses.expedite import Expedite
from optimizer.clauses.extension import Extension
from optimizer.clauses.fixed_price import FixedPrice
from optimizer.clauses.force_majeure import ForceMajeure
from optimizer.clauses.growth_rebate import GrowthRebate
from optimizer.clauses.incremental_tiers import IncrementalTiers
from optimizer.clauses.indexed_price import IndexedPrice
from optimizer.clauses.late_delivery import LateDelivery
from optimizer.clauses.make_good import MakeGood
from optimizer.clauses.make_up import MakeUp
from optimizer.clauses.minimum_order import MinimumOrder
from optimizer.clauses.most_favoured import MostFavoured
from optimizer.clauses.payment_days import PaymentDays
from optimizer.clauses.prepayment import Prepayment
from optimizer.clauses.price_review import PriceReview
from optimizer.clauses.requirements import Requirements
from optimizer.clauses.reservation import Reservation
from optimizer.clauses.rolling_forecast import RollingForecast
from optimizer.clauses.step_in import StepIn
from optimizer.clauses.supplier_default import SupplierDefault
from optimizer.clauses.take_or_pay import TakeOrPay
from optimizer.clauses.volume_band import VolumeBand

CLAUSES: tuple[tuple[type[Any], type[Any]], ...] = (
    (documents.VolumeBand, VolumeBand),
    (documents.TakeOrPay, TakeOrPay),
    (documents.Reservation, Reservation),
    (documents.FixedPrice, FixedPrice),
    (documents.Escalator, Escalator),
    (documents.IndexedPrice, IndexedPrice),
    (documents.AllUnitsTiers, AllUnitsTiers),
    (documents.IncrementalTiers, IncrementalTiers),
    (documents.Prepayment, Prepayment),
    (documents.MinimumOrder, MinimumOrder),
    (documents.LateDelivery, LateDelivery),
    (documents.PaymentDays, PaymentDays),
    (documents.CurrencyBand, CurrencyBand),
    (documents.Expedite, Expedite),
    (documents.PriceReview, PriceReview),
    (documents.GrowthRebate, GrowthRebate),
    (documents.BundleDiscount, BundleDiscount),
    (documents.MostFavoured, MostFavoured),
    (documents.MakeUp, MakeUp),
    (documents.CarryForward, CarryForward),
    (documents.EarlyTermination, EarlyTermination),
    (documents.Extension, Extension),
    (documents.CumulativeRebate, CumulativeRebate),
    (documents.MakeGood, MakeGood),
    (documents.ForceMajeure, ForceMajeure),
    (documents.SupplierDefault, SupplierDefault),
    (documents.CapacityShare, CapacityShare),
    (documents.Requirements, Requirements),
    (documents.Exclusivity, Exclusivity),
    (documents.Deferral, Deferral),
    (documents.Cancellation, Cancellation),
    (documents.RollingForecast, RollingForecast),
    (documents.BufferStock, BufferStock),
    (documents.Expansion, Expansion),
    (documents.StepIn, StepIn),
)


def clause_of(terms: Any) -> Clause:
    """The clause that gives a document its meaning."""
    for document, clause in CLAUSES:
        if isinstance(terms, document):
            found: Clause = clause(terms)
            return found
    raise TypeError(f"no clause for {type(terms).__name__}")


def clauses_of(given: tuple[Any, ...]) -> tuple[Clause, ...]:
    """The clauses of an offer; every offer has a volume band and a price clause, inert or fixed where none is given."""
    found = list(given)
    if not any(isinstance(terms, documents.VolumeBand) for terms in found):
        found.insert(0, documents.VolumeBand(kind="volume_band"))
    if not any(isinstance(terms, documents.PRICE_FAMILY) for terms in found):
        found.insert(1, documents.FixedPrice(kind="fixed_price"))
    return tuple(clause_of(terms) for terms in found)
