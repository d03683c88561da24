"""Business rules. The tuple RULES is the registry; there is no other way in."""

from typing import Annotated

from pydantic import Field

from models.rules.all_or_none import AllOrNone
from models.rules.budget import Budget
from models.rules.capex_smoothing import CapexSmoothing
from models.rules.domestic_share import DomesticShare
from models.rules.exclusive import Exclusive
from models.rules.fill_rate import FillRate
from models.rules.force import Force
from models.rules.origin_share import OriginShare
from models.rules.payment_term import PaymentTerm
from models.rules.prepaid_exposure import PrepaidExposure
from models.rules.requires import Requires
from models.rules.shortage_cvar import ShortageCvar
from models.rules.shortage_probability import ShortageProbability
from models.rules.smallest_share import SmallestShare
from models.rules.spot_share import SpotShare
from models.rules.supplier_count import SupplierCount
from models.rules.supplier_share import SupplierShare
from models.rules.supplier_spend import SupplierSpend
from models.rules.switching_cost import SwitchingCost

RULES = (
    DomesticShare,
    OriginShare,
    SupplierShare,
    SupplierCount,
    SpotShare,
    Budget,
    FillRate,
    ShortageCvar,
    ShortageProbability,
    SmallestShare,
    PrepaidExposure,
    CapexSmoothing,
    SupplierSpend,
    PaymentTerm,
    SwitchingCost,
    Exclusive,
    Requires,
    AllOrNone,
    Force,
)

MONEY_RULES = frozenset({"budget", "capex_smoothing", "prepaid_exposure", "supplier_spend", "switching_cost"})  # violations are money, mostly of what is paid
CATEGORY_RULES = frozenset(
    {"capex_smoothing", "payment_term", "prepaid_exposure", "supplier_spend"}
)  # of these, the ones that count some charges and not others

Rule = Annotated[
    DomesticShare
    | OriginShare
    | SupplierShare
    | SupplierCount
    | SpotShare
    | Budget
    | FillRate
    | ShortageCvar
    | ShortageProbability
    | SmallestShare
    | PrepaidExposure
    | CapexSmoothing
    | SupplierSpend
    | PaymentTerm
    | SwitchingCost
    | Exclusive
    | Requires
    | AllOrNone
    | Force,
    Field(discriminator="kind"),
]

__all__ = [
    "CATEGORY_RULES",
    "MONEY_RULES",
    "RULES",
    "AllOrNone",
    "Budget",
    "CapexSmoothing",
    "DomesticShare",
    "Exclusive",
    "FillRate",
    "Force",
    "OriginShare",
    "PaymentTerm",
    "PrepaidExposure",
    "Requires",
    "Rule",
    "ShortageCvar",
    "ShortageProbability",
    "SmallestShare",
    "SpotShare",
    "SupplierCount",
    "SupplierShare",
    "SupplierSpend",
    "SwitchingCost",
]
