"""Business rules in mathematics. The tuple RULES pairs each document with its rule; there is no other way in."""

from __future__ import annotations

from typing import Any

from models import rules as documents
from optimizer.rules.all_or_none import AllOrNone
from optimizer.rules.base import Rule
from optimizer.rules.budget import Budget
from optimizer.rules.capex_smoothing import CapexSmoothing
from optimizer.rules.domestic_share import DomesticShare
from optimizer.rules.exclusive import Exclusive
from optimizer.rules.fill_rate import FillRate
from optimizer.rules.force import Force
from optimizer.rules.origin_share import OriginShare
from optimizer.rules.payment_term import PaymentTerm
from optimizer.rules.prepaid_exposure import PrepaidExposure
from optimizer.rules.requires import Requires
from optimizer.rules.shortage_cvar import ShortageCvar
from optimizer.rules.shortage_probability import ShortageProbability
from optimizer.rules.smallest_share import SmallestShare
from optimizer.rules.spot_share import SpotShare
from optimizer.rules.supplier_count import SupplierCount
from optimizer.rules.supplier_share import SupplierShare
from optimizer.rules.supplier_spend import SupplierSpend
from optimizer.rules.switching_cost import SwitchingCost

RULES: tuple[tuple[type[Any], type[Any]], ...] = (
    (documents.DomesticShare, DomesticShare),
    (documents.OriginShare, OriginShare),
    (documents.SupplierShare, SupplierShare),
    (documents.SupplierCount, SupplierCount),
    (documents.SpotShare, SpotShare),
    (documents.Budget, Budget),
    (documents.FillRate, FillRate),
    (documents.ShortageCvar, ShortageCvar),
    (documents.ShortageProbability, ShortageProbability),
    (documents.SmallestShare, SmallestShare),
    (documents.PrepaidExposure, PrepaidExposure),
    (documents.CapexSmoothing, CapexSmoothing),
    (documents.SupplierSpend, SupplierSpend),
    (documents.PaymentTerm, PaymentTerm),
    (documents.SwitchingCost, SwitchingCost),
    (documents.Exclusive, Exclusive),
    (documents.Requires, Requires),
    (documents.AllOrNone, AllOrNone),
    (documents.Force, Force),
)


def rule_of(terms: Any) -> Rule:
    """The rule that gives a document its meaning."""
    for document, rule in RULES:
        if isinstance(terms, document):
            found: Rule = rule(terms)
            return found
    raise TypeError(f"no rule for {type(terms).__name__}")
