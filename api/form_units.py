"""Units in the headers of the form: what a schema can't say about a number.

`money` is the scenario's currency, `unit` the unit of the product; the page puts both in. Shares and factors are recognised by their bounds and names.
"""

from __future__ import annotations

from typing import Any

UNITS: dict[str, tuple[str, ...]] = {
    "money": (
        "Offer.signing_cost", "CapacityStep.cost", "OpensWhen.prepaid", "Prepayment.amount", "Budget.max", "PrepaidExposure.max",
        "SupplierSpend.max", "SwitchingCost.per_supplier", "Exclusivity.waiver_fee",
    ),
    "money/year": ("CapexSmoothing.max",),
    "money/unit": (
        "Alternative.price", "Shortage.cost_per_unit", "Shortage.terminal_cost_per_unit", "SiteCost.cost", "Transfer.cost", "Substitution.cost", "Spot.price",
        "Reservation.fee_per_unit", "Prepayment.credit_per_unit", "SwitchingCost.per_unit",
        "SpotPriceRow.price", "ProductPrice.price", "Expansion.payment_per_unit", "StepIn.cost_per_unit",
    ),
    "money/unit and year": ("Shortage.cost_per_unit_year", "Storage.holding_cost", "BufferStock.holding_fee"),
    "unit": (
        "DemandRow.volume", "CapacityRow.volume", "CapacityStep.volume", "OpensWhen.committed_volume_per_period", "Storage.capacity", "Storage.initial",
        "Transfer.capacity", "Spot.available", "VolumeRange.min", "VolumeRange.max", "MinimumOrder.volume", "ShortageCvar.max",
        "ShortageProbability.above", "SwitchingCost.volume", "GrowthRebate.base_volume", "BundleDiscount.min_volume",
        "SpotAvailableRow.available", "ProductVolume.min", "ProductVolume.max",
    ),
    "years": ("Period.years", "Disruption.mean_years"),
    "periods": (
        "Window.periods", "CapacityStep.build_periods", "Spot.lead_periods", "IndexedPrice.lag_periods", "Rival.periods", "Rival.added_lead_periods",
        "SpotLeadRow.lead_periods", "MakeUp.expiry_periods", "CarryForward.expiry_periods", "MakeGood.expiry_periods",
        "ExitFee.after_periods", "EarlyTermination.notice_periods", "Extension.periods", "PriceReview.every_periods",
        "Extension.notice_periods", "CancellationNotice.periods", "RollingForecast.periods_ahead", "BufferStock.fill_periods", "Expansion.after_periods",
    ),
    "days": ("PaymentDays.days",),
    "weeks": ("Disruption.weeks_late", "LatenessRow.weeks"),
    "times the volume": ("ShapedProfile.shape",),
    "share of the maximum": ("FreeProfile.ramp",),
    "seconds": ("SolveSettings.time_limit_seconds",),
    "money per unit of it": ("Currency.rate", "Currency.rate_now", "CurrencyBand.reference"),
    "1 = at signing": ("Index.level", "ForceMajeure.from_level", "SupplierDefault.from_level", "StepIn.from_level"),
    "share of the price": ("Tariff.rate", "Deferral.fee_share", "CancellationNotice.fee_share"),
    "per year": ("Scenario.discount_rate", "Escalator.rate"),
    "of the substitute per need met": ("Substitution.ratio",),
}  # fmt: skip
_OF = {field: unit for unit, fields in UNITS.items() for field in fields}
SHARE = "share, 0 to 1"


def unit_of(owner: str, name: str, schema: dict[str, Any]) -> str:
    """The unit of field `name` of the document `owner`; empty where it has none."""
    if schema.get("type") not in ("number", "integer") and "anyOf" not in schema:
        return ""
    known = _OF.get(f"{owner}.{name}", "")
    if known:
        return known
    if name.endswith("factor"):
        return "×"
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    return SHARE if schema.get("type") == "number" and low in (0, 1e-6) and schema.get("maximum") == 1 else ""
