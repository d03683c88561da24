"""From what was found in a history to the document that futures are drawn from (`models.uncertainty.Generated`).

The history has its step, the scenario its periods of y years. Regimes: the chain of a step to the power of steps per period. Volatilities and speeds are
per year and need no change. Jumps of a mean-reverting price come anywhere in a period and have faded at its end, while the generator lets them count in
full: their first two moments are scaled by (1 - exp(-k y)) / (k y) and (1 - exp(-2 k y)) / (2 k y), the means of exp(-k u) and exp(-2 k u) over it.
"""

from __future__ import annotations

from math import exp, expm1, isnan, log10, sqrt
from typing import Any

import numpy as np

from models.generator import (
    Correlation,
    DemandView,
    Disruption,
    FxProcess,
    Geometric,
    IndexProcess,
    Jumps,
    MeanReverting,
    ProductWander,
    Regime,
    RegimeAllocation,
    RegimeSpot,
    SiteWander,
    SpotProcess,
    Wander,
)
from models.uncertainty import Generated
from scenarios.fitting_chain import over
from scenarios.fitting_correlation import Tie
from scenarios.fitting_demand import DemandFit, FactorFit
from scenarios.fitting_jumps import LARGEST_DEVIATION, LARGEST_MEAN, LARGEST_RATE
from scenarios.fitting_markets import Market, Outages
from scenarios.fitting_parts import JumpFit
from scenarios.fitting_prices import FASTEST, PriceFit
from scenarios.fitting_regimes import RegimeFit
from scenarios.tree import Floats

DIGITS = 4
WEEKS_PER_YEAR = 365.25 / 7
LARGEST_VOLATILITY, LARGEST_DRIFT, LARGEST_LEAD, LARGEST_FACTOR = 3.0, 1.0, 120.0, 1e4  # of the documents
LONGEST_OUTAGE = 50.0  # of the documents, in years
PROBABILITY_DIGITS = 6


def rounded(value: float, digits: int = DIGITS) -> float:
    """`value` with so many significant digits; more would claim what no history tells."""
    return round(value, digits - 1 - int(np.floor(log10(abs(value))))) if value else 0.0


def process_of(fit: PriceFit, period_years: float, drift: bool) -> Geometric | MeanReverting:
    """The process of a price, an index or a rate; its drift only if asked for."""
    volatility = min(rounded(fit.volatility.value), LARGEST_VOLATILITY)
    if fit.speed is None:
        growth = float(np.clip(rounded(fit.drift.value), -LARGEST_DRIFT, LARGEST_DRIFT)) if drift else 0.0
        return Geometric(kind="geometric", volatility=volatility, drift=growth, jumps=_jumps(fit.chosen.jumps, 0.0, period_years))
    speed = min(rounded(fit.speed.value), FASTEST)
    return MeanReverting(kind="mean_reverting", volatility=volatility, speed=speed, jumps=_jumps(fit.chosen.jumps, speed, period_years))


def _jumps(found: JumpFit | None, speed: float, years: float) -> Jumps | None:
    if found is None:
        return None
    first, second = (-expm1(-n * speed * years) / (n * speed * years) if speed else 1.0 for n in (1, 2))
    mean = found.mean.value * first
    deviation = sqrt(max(found.variance * second - mean**2, 0.0))
    return Jumps(
        rate_per_year=min(rounded(found.rate.value), LARGEST_RATE),
        mean=float(np.clip(rounded(mean), -LARGEST_MEAN, LARGEST_MEAN)),
        deviation=min(rounded(deviation), LARGEST_DEVIATION),
    )


def regimes_of(fit: RegimeFit, markets: tuple[Market, ...], shares: dict[str, Floats], step_years: float, period_years: float) -> tuple[Regime, ...]:
    """The regimes per period. `shares` are what suppliers delivered in each. [R] by supplier"""
    moves, _ = over(fit.moves, period_years / step_years)
    initial = _probabilities(fit.probabilities[-1] @ moves)
    found = []
    for r, name in enumerate(fit.names):
        row = _probabilities(moves[r])
        allocation = [RegimeAllocation(supplier=k, deliverable_share=rounded(float(share[r]))) for k, share in shares.items() if rounded(share[r]) < 1]
        found.append(
            Regime(
                id=name,
                initial=initial[r],
                moves={other: p for other, p in zip(fit.names, row, strict=True) if p > 0},
                spot=tuple(_spot(market, r, period_years) for market in markets),
                allocation=tuple(allocation),
            )
        )
    return tuple(found)


def _spot(market: Market, r: int, period_years: float) -> RegimeSpot:
    lead = None if market.lead_weeks is None or isnan(market.lead_weeks[r]) else float(market.lead_weeks[r]) / WEEKS_PER_YEAR / period_years
    available = 1.0 if market.available is None or isnan(market.available[r]) else float(market.available[r])
    return RegimeSpot(
        spot=market.spot,
        price_factor=min(rounded(market.price[r].value), LARGEST_FACTOR) if market.price and not isnan(market.price[r].value) else 1.0,
        available_factor=min(rounded(available), LARGEST_FACTOR),
        lead_periods=None if lead is None else min(rounded(lead), LARGEST_LEAD),
    )


def _probabilities(values: Floats) -> list[float]:
    """Rounded so that they still sum to 1."""
    found = [round(float(value), PROBABILITY_DIGITS) for value in values]
    largest = int(np.argmax(values))
    found[largest] = round(found[largest] + 1.0 - sum(found), PROBABILITY_DIGITS)
    return found


def demand_of(fit: DemandFit | None) -> DemandView:
    """The factors of demand."""
    if fit is None:
        return DemandView()
    return DemandView(
        common=Wander(**_wander(fit.common)),
        sites=tuple(SiteWander(site=row.driver.partition(":")[2], **_wander(row)) for row in fit.sites),
        products=tuple(ProductWander(product=row.driver.partition(":")[2], **_wander(row)) for row in fit.products),
    )


def _wander(row: FactorFit) -> dict[str, Any]:
    return {"volatility": min(rounded(row.volatility.value), LARGEST_VOLATILITY), "persistence": rounded(row.persistence)}


def _disruption(found: Outages) -> Disruption:
    rate, years = min(rounded(found.rate.value), LARGEST_RATE), min(rounded(found.mean_years), LONGEST_OUTAGE)
    return Disruption(supplier=found.supplier, rate_per_year=rate, mean_years=years, deliverable_share=rounded(found.share))


def settings_of(
    prices: tuple[PriceFit, ...],
    regimes: tuple[Regime, ...],
    demand: DemandFit | None,
    outages: tuple[Outages, ...],
    ties: tuple[Tie, ...],
    *,
    period_years: float,
    drift: bool,
    futures: int,
    seed: int,
) -> Generated:
    """Everything as one document."""
    processes = {price.driver: process_of(price, period_years, drift) for price in prices}

    def those(kind: str) -> list[tuple[str, Geometric | MeanReverting]]:
        return [(driver.partition(":")[2], process) for driver, process in processes.items() if driver.startswith(f"{kind}:")]

    return Generated(
        kind="generated",
        futures=futures,
        seed=seed,
        regimes=regimes,
        demand=demand_of(demand),
        spot=tuple(SpotProcess(spot=name, price=process) for name, process in those("spot")),
        index=tuple(IndexProcess(index=name, level=process) for name, process in those("index")),
        fx=tuple(FxProcess(currency=name, rate=process) for name, process in those("fx")),
        disruptions=tuple(map(_disruption, outages)),
        correlations=tuple(Correlation(between=tie.drivers, value=tie.value) for tie in ties if tie.value),
    )


def settings_table(settings: Generated) -> dict[str, Any]:
    """The settings as a table for people: what was found, without empty lists and what stands at its default untouched."""
    table = settings.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return {name: value for name, value in table.items() if value not in ([], {})}


def yearly_spread(fit: PriceFit, step_years: float) -> float:
    """Standard deviation of the logarithm's change over a year that the process implies (regimes apart)."""
    one = fit.chosen
    jumped = one.jumps.variance * one.jumps.rate.value if one.jumps else 0.0
    if fit.speed is None:
        return sqrt(fit.volatility.value**2 + jumped)
    variance = (one.deviation**2 + jumped * step_years) / (1 - one.carry**2)
    return sqrt(2 * variance * (1 - exp(-fit.speed.value)))
