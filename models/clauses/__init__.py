"""Contract terms. The tuple CLAUSES is the registry; there is no other way in."""

from typing import Annotated

from pydantic import Field

from models.clauses.all_units_tiers import AllUnitsTiers
from models.clauses.buffer_stock import BufferStock
from models.clauses.bundle_discount import BundleDiscount
from models.clauses.cancellation import Cancellation, CancellationNotice
from models.clauses.capacity_share import CapacityShare
from models.clauses.carry_forward import CarryForward
from models.clauses.cumulative_rebate import CumulativeRebate
from models.clauses.currency import CurrencyBand
from models.clauses.deferral import Deferral
from models.clauses.early_termination import EarlyTermination, ExitFee
from models.clauses.escalator import Escalator
from models.clauses.event import Event
from models.clauses.exclusivity import Exclusivity
from models.clauses.expansion import Expansion
from models.clauses.expedite import Expedite
from models.clauses.extension import Extension
from models.clauses.fixed_price import FixedPrice
from models.clauses.force_majeure import ForceMajeure
from models.clauses.growth_rebate import GrowthRebate
from models.clauses.incremental_tiers import IncrementalTiers
from models.clauses.indexed_price import IndexedPrice
from models.clauses.late_delivery import LateDelivery
from models.clauses.make_good import MakeGood
from models.clauses.make_up import MakeUp
from models.clauses.minimum_order import MinimumOrder
from models.clauses.most_favoured import MostFavoured
from models.clauses.payment_days import PaymentDays
from models.clauses.prepayment import Prepayment
from models.clauses.price_review import PriceReview
from models.clauses.requirements import Requirements
from models.clauses.reservation import Reservation
from models.clauses.rolling_forecast import RollingForecast
from models.clauses.step_in import StepIn
from models.clauses.supplier_default import SupplierDefault
from models.clauses.take_or_pay import TakeOrPay
from models.clauses.tier import Tier
from models.clauses.volume_band import VolumeBand

CLAUSES = (
    VolumeBand,
    TakeOrPay,
    Reservation,
    FixedPrice,
    Escalator,
    IndexedPrice,
    AllUnitsTiers,
    IncrementalTiers,
    Prepayment,
    MinimumOrder,
    LateDelivery,
    PaymentDays,
    CurrencyBand,
    Expedite,
    PriceReview,
    GrowthRebate,
    BundleDiscount,
    MostFavoured,
    MakeUp,
    CarryForward,
    EarlyTermination,
    Extension,
    CumulativeRebate,
    MakeGood,
    ForceMajeure,
    SupplierDefault,
    CapacityShare,
    Requirements,
    Exclusivity,
    Deferral,
    Cancellation,
    RollingForecast,
    BufferStock,
    Expansion,
    StepIn,
)

Clause = Annotated[
    VolumeBand
    | TakeOrPay
    | Reservation
    | FixedPrice
    | Escalator
    | IndexedPrice
    | AllUnitsTiers
    | IncrementalTiers
    | Prepayment
    | MinimumOrder
    | LateDelivery
    | PaymentDays
    | CurrencyBand
    | Expedite
    | PriceReview
    | GrowthRebate
    | BundleDiscount
    | MostFavoured
    | MakeUp
    | CarryForward
    | EarlyTermination
    | Extension
    | CumulativeRebate
    | MakeGood
    | ForceMajeure
    | SupplierDefault
    | CapacityShare
    | Requirements
    | Exclusivity
    | Deferral
    | Cancellation
    | RollingForecast
    | BufferStock
    | Expansion
    | StepIn,
    Field(discriminator="kind"),
]

PRICE_FAMILY = (FixedPrice, Escalator, IndexedPrice, PriceReview)  # an offer has at most one of these

__all__ = [
    "CLAUSES",
    "PRICE_FAMILY",
    "AllUnitsTiers",
    "BufferStock",
    "BundleDiscount",
    "Cancellation",
    "CancellationNotice",
    "CapacityShare",
    "CarryForward",
    "Clause",
    "CumulativeRebate",
    "CurrencyBand",
    "Deferral",
    "EarlyTermination",
    "Escalator",
    "Event",
    "Exclusivity",
    "ExitFee",
    "Expansion",
    "Expedite",
    "Extension",
    "FixedPrice",
    "ForceMajeure",
    "GrowthRebate",
    "IncrementalTiers",
    "IndexedPrice",
    "LateDelivery",
    "MakeGood",
    "MakeUp",
    "MinimumOrder",
    "MostFavoured",
    "PaymentDays",
    "Prepayment",
    "PriceReview",
    "Requirements",
    "Reservation",
    "RollingForecast",
    "StepIn",
    "SupplierDefault",
    "TakeOrPay",
    "Tier",
    "VolumeBand",
]
