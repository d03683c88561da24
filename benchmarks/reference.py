"""The reference problem as a scenario, solved by the engine and compared with its known optimum.

`python -m benchmarks.reference --futures 20 --gap 1e-3` prints the objective, the known optimum and how much longer the engine took than HiGHS alone.
The problem's mathematics are in `reference_instance.py`, its optima (found without the engine) in `optima.json`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reference_instance import Reference, make
from models.clauses import TakeOrPay, VolumeBand
from models.offer import Alternative, FreeProfile, Offer, SiteCost, VolumeRange, Window
from models.options import SolveSettings
from models.scenario import Product, Risk, Scenario, Shortage, Site, Spot, Storage, Supplier
from models.uncertainty import DeliverabilityRow, DemandRow, Future, Futures, SpotAvailableRow, SpotPriceRow

OPTIMA = Path(__file__).with_name("optima.json")
START = 2027
MOST_NONZEROS = 200_000_000  # the largest limit that the settings allow: a benchmark is not to be refused for its size
SLACK = 1e-6  # what the known optima themselves may be off


def scenario(futures: int = 20, **sizes: int) -> Scenario:
    """The reference problem `make(futures=futures, **sizes)` as a scenario. One supplier per offer, every table of every future given in full."""
    r = make(futures=futures, **sizes)
    periods, products, sites = r.demand.shape[1:]
    names = tuple(str(START + t) for t in range(periods))
    return Scenario(
        format="offtake/1",
        name=f"Reference problem, {futures} future{'s' if futures != 1 else ''}",
        description="A seeded problem on which versions of the engine and its peers are compared.",
        discount_rate=1 / 0.93 - 1,
        periods=names,
        sites=tuple(Site(id=f"site-{s}") for s in range(sites)),
        products=tuple(Product(id=f"product-{p}", unit="fibre-km") for p in range(products)),
        suppliers=tuple(Supplier(id=f"maker-{o}") for o in range(len(r.price))),
        demand=_demand(r.demand.mean(axis=0)),
        shortage=tuple(Shortage(product=f"product-{p}", kind="lost", cost_per_unit=float(c)) for p, c in enumerate(r.shortage_cost)),
        storage=tuple(Storage(site=f"site-{s}", product=f"product-{p}", holding_cost=r.holding_cost) for p in range(products) for s in range(sites)),
        spot=tuple(Spot(id=f"spot-{p}", product=f"product-{p}", available=_floats(r.available[:, :, p].mean(axis=0))) for p in range(products)),
        offers=tuple(_offer(r, o, names) for o in range(len(r.price))),
        risk=Risk(weight=r.weight, tail=r.tail),
        uncertainty=Futures(kind="futures", revealed="after_signing", futures=tuple(_future(r, f) for f in range(futures))),
        solve=SolveSettings(gap=1e-3, baselines=False, detail="summary"),
    )


def _offer(r: Reference, o: int, periods: tuple[str, ...]) -> Offer:
    return Offer(
        id=f"offer-{o}",
        supplier=f"maker-{o}",
        products=(f"product-{r.product[o]}",),
        window=Window(start=periods[r.start[o]], periods=int(r.end[o] - r.start[o])),
        alternatives=(
            Alternative(
                id="base",
                price=float(r.price[o]),
                volume_per_period=VolumeRange(min=float(r.volume_min[o]), max=float(r.volume_max[o])),
                profile=FreeProfile(kind="free"),
            ),
        ),
        clauses=(VolumeBand(kind="volume_band", up=float(r.band_up[o])), TakeOrPay(kind="take_or_pay", fraction=float(r.take_or_pay[o]))),
        delivery_cost=tuple(SiteCost(site=f"site-{s}", cost=float(c)) for s, c in enumerate(r.delivery[o])),
        signing_cost=float(r.signing_fee[o]),
    )


def _future(r: Reference, f: int) -> Future:
    products = range(r.demand.shape[2])
    return Future(
        id=f"future-{f}",
        probability=float(r.probability[f]),
        demand=_demand(r.demand[f]),
        spot_price=tuple(SpotPriceRow(spot=f"spot-{p}", price=_floats(r.spot_price[f, :, p])) for p in products),
        spot_available=tuple(SpotAvailableRow(spot=f"spot-{p}", available=_floats(r.available[f, :, p])) for p in products),
        deliverability=tuple(DeliverabilityRow(offer=f"offer-{o}", share=_floats(r.rho[f, :, o])) for o in range(len(r.price))),
    )


def _demand(volume: Any) -> tuple[DemandRow, ...]:
    """Rows of a demand table; `volume` [T, P, S]."""
    _, products, sites = volume.shape
    return tuple(DemandRow(site=f"site-{s}", product=f"product-{p}", volume=_floats(volume[:, p, s])) for p in range(products) for s in range(sites))


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(np.asarray(values, dtype=float).tolist())


def known(futures: int) -> tuple[float, float] | None:
    """Proven interval of the optimal objective with the default sizes; None when it is not known."""
    stored = json.loads(OPTIMA.read_text())
    if optimum := stored["optimum"].get(str(futures)):
        return optimum, optimum
    interval = stored["interval"].get(str(futures))
    return (interval[0], interval[1]) if interval else None


@dataclass(frozen=True)
class Result:
    """One run of the engine on the reference problem."""

    futures: int
    objective: float
    bound: float
    gap_asked: float
    known: tuple[float, float] | None  # only for the default sizes
    engine_seconds: float
    highs_seconds: float  # the main search only
    phases: tuple[tuple[str, float], ...] = ()  # (name, seconds) as the engine reports them
    method: str = ""

    @property
    def agrees(self) -> bool | None:
        """Whether objective and bound enclose the known optimum as the gap promises; None when no optimum is known."""
        if self.known is None:
            return None
        low, high = self.known
        near = (self.objective - high) <= (self.gap_asked + SLACK) * abs(self.objective)
        return near and self.objective >= low - SLACK * abs(low) and self.bound <= high + SLACK * abs(high)


def run(futures: int, gap: float, time_limit: float = 3600.0, method: str = "", **sizes: int) -> Result:
    """Make and solve the reference problem. The engine's time is everything from the document to the audited plan.

    `method` ("extensive", "decomposition") forces a method where the settings know one; `Result.method` says what was used.
    """
    from optimizer.engine import solve

    question = scenario(futures, **sizes)
    forced = {"method": method} if method and "method" in SolveSettings.model_fields else {}
    settings = SolveSettings.model_validate(
        {"gap": gap, "time_limit_seconds": time_limit, "baselines": False, "detail": "summary", "max_nonzeros": MOST_NONZEROS, **forced}
    )
    begun = time.perf_counter()
    plan = solve(question, settings)
    seconds = time.perf_counter() - begun
    phases = tuple((phase.name, phase.seconds) for phase in plan.provenance.phases)
    highs = sum(took for name, took in phases if name == "solve (inside HiGHS)")
    proven = None if sizes else known(futures)
    return Result(futures, plan.summary.objective, plan.summary.bound, gap, proven, seconds, highs, phases, plan.provenance.method)


def report(result: Result) -> str:
    """The result in a few lines."""
    lines = [
        f"Reference problem, {result.futures:,} futures, gap asked {result.gap_asked:g}",
        f"  objective      {result.objective:>16,.2f} USD",
        f"  bound          {result.bound:>16,.2f} USD",
    ]
    if result.known is None:
        lines.append("  known optimum               none for these sizes")
    else:
        low, high = result.known
        lines.append(f"  known optimum  {high:>16,.2f} USD" if low == high else f"  known interval {low:>16,.2f} to {high:,.2f} USD")
        lines.append(f"  difference     {(result.objective - high) / abs(high):>16.2e} of the optimum: {'agrees' if result.agrees else 'DISAGREES'}")
    ratio = result.engine_seconds / max(result.highs_seconds, 1e-9)
    lines.append(f"  engine {result.engine_seconds:,.2f} s, of which HiGHS {result.highs_seconds:,.2f} s: ratio {ratio:,.2f}")
    return "\n".join(lines)


def main() -> int:
    """Solve as the command line asks. 0 when the known optimum is reproduced or none is known, otherwise 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reference", description="Solve the reference problem and compare with its known optimum.")
    parser.add_argument("--futures", type=int, nargs="+", default=[20])
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--time-limit", type=float, default=3600.0, help="seconds per run")
    for size in ("offers", "sites", "products", "periods", "seed"):
        parser.add_argument(f"--{size}", type=int)
    given = parser.parse_args()
    sizes = {size: getattr(given, size) for size in ("offers", "sites", "products", "periods", "seed") if getattr(given, size) is not None}
    wrong = 0
    for futures in given.futures:
        result = run(futures, given.gap, given.time_limit, **sizes)
        print(report(result), flush=True)
        wrong += result.agrees is False
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
