"""Business rules. The tuple RULES is the registry; there is no other way in."""

from typing import Annotated

from pydantic import Field

from models.rules.all_or_none import AllOrNone
from models.rules.budget import Budget
from models.rules.domestic_share import DomesticShare
from models.rules.exclusive import Exclusive
from models.rules.fill_rate import FillRate
from models.rules.force import Force
from models.rules.requires import Requires
from models.rules.shortage_cvar import ShortageCvar
from models.rules.shortage_probability import ShortageProbability
from models.rules.spot_share import SpotShare
from models.rules.supplier_count import SupplierCount
from models.rules.supplier_share import SupplierShare

RULES = (
    DomesticShare,
    SupplierShare,
    SupplierCount,
    SpotShare,
    Budget,
    FillRate,
    ShortageCvar,
    ShortageProbability,
    Exclusive,
    Requires,
    AllOrNone,
    Force,
)

Rule = Annotated[
    DomesticShare
    | SupplierShare
    | SupplierCount
    | SpotShare
    | Budget
    | FillRate
    | ShortageCvar
    | ShortageProbability
    | Exclusive
    | Requires
    | AllOrNone
    | Force,
    Field(discriminator="kind"),
]

__all__ = [
    "RULES",
    "AllOrNone",
    "Budget",
    "DomesticShare",
    "Exclusive",
    "FillRate",
    "Force",
    "Requires",
    "Rule",
    "ShortageCvar",
    "ShortageProbability",
    "SpotShare",
    "SupplierCount",
    "SupplierShare",
]
