"""The reference problem in linopy: labelled arrays of variables, one statement per family of constraints, handed to HiGHS without a file.

An offer's variables exist in its active periods only; elsewhere they are absent, and count as zero in sums (linopy's v1 semantics, said with `fillna(0)`).
"""

from __future__ import annotations

import time
from typing import Any

import linopy
import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.peers import THREADS, Outcome, active, size_of
from benchmarks.reference_instance import Reference, make


def solve(futures: int, gap: float, seconds: float, **sizes: int) -> dict[str, Any]:
    """The extensive form, built, handed to HiGHS and solved to `gap`."""
    r = make(futures=futures, **sizes)
    begun = time.perf_counter()
    model = build(r)
    built = time.perf_counter()
    options = {"mip_rel_gap": gap, "mip_abs_gap": 1e-9, "time_limit": seconds, "threads": THREADS, "output_flag": False}
    model.solve(solver_name="highs", io_api="direct", progress=False, **options)
    done = time.perf_counter()
    highs = model.solver_model
    inside = float(highs.getRunTime())
    phases = {"build": built - begun, "hand-over": done - built - inside, "solve": inside}
    return Outcome(float(model.objective.value), float(highs.getInfo().mip_dual_bound), phases, size=size_of(highs)).plain()


def build(r: Reference) -> linopy.Model:
    """The extensive form over all futures."""
    names = {"future": r.demand.shape[0], "period": r.demand.shape[1], "product": r.demand.shape[2], "site": r.demand.shape[3], "offer": len(r.price)}
    axis = {name: pd.RangeIndex(size, name=name) for name, size in names.items()}

    def data(values: Any, *dims: str) -> xr.DataArray:
        return xr.DataArray(np.asarray(values), coords=[axis[d] for d in dims], dims=dims)

    linopy.options["semantics"] = "v1"
    m = linopy.Model()
    can = data(active(r), "offer", "period")
    product_of = data(r.product, "offer").rename("product")
    discount = data(r.discount, "period")
    rho = data(r.rho, "future", "period", "offer")
    price = data(r.price, "offer")

    def variable(name: str, *dims: str, mask: xr.DataArray | None = None) -> linopy.Variable:
        return m.add_variables(lower=0, coords=[axis[d] for d in dims], mask=mask, name=name)

    signed = m.add_variables(coords=[axis["offer"]], binary=True, name="signed")
    volume = variable("volume", "offer", "period", mask=can)
    reserved = volume.fillna(0)
    m.add_constraints(reserved - data(r.volume_min, "offer") * signed >= 0, name="volume_low", mask=can)
    m.add_constraints(reserved - data(r.volume_max, "offer") * signed <= 0, name="volume_high", mask=can)

    everywhere = can.expand_dims(future=axis["future"])
    at_sites = everywhere.expand_dims(site=axis["site"]).transpose("future", "offer", "period", "site")
    take = variable("take", "future", "offer", "period", "site", mask=at_sites)
    unused = variable("unused", "future", "offer", "period", mask=everywhere)
    spot = variable("spot", "future", "period", "product", "site")
    short = variable("short", "future", "period", "product", "site")
    stock = variable("stock", "future", "period", "product", "site")

    bought = take.fillna(0).groupby(product_of).sum().reindex(product=axis["product"]).fillna(0)  # a product may have no offer
    m.add_constraints(bought + spot + short + stock.shift(period=1).fillna(0) - stock == data(r.demand, "future", "period", "product", "site"), name="balance")
    taken = take.fillna(0).sum("site")
    m.add_constraints(taken - (1 + data(r.band_up, "offer")) * rho * reserved <= 0, name="within_band", mask=everywhere)
    m.add_constraints(unused.fillna(0) + taken - data(r.take_or_pay, "offer") * rho * reserved >= 0, name="pays_unused", mask=everywhere)
    m.add_constraints(spot.sum("site") <= data(r.available, "future", "period", "product"), name="within_market")

    contracts = (discount * (price + data(r.delivery, "offer", "site")) * take.fillna(0)).sum(["offer", "period", "site"]) + (
        discount * price * unused.fillna(0)
    ).sum(["offer", "period"])
    market = (
        discount * data(r.spot_price, "future", "period", "product") * spot
        + discount * data(r.shortage_cost, "product") * short
        + discount * r.holding_cost * stock
    ).sum(["period", "product", "site"])
    cost = m.add_variables(coords=[axis["future"]], name="cost")
    m.add_constraints(cost - contracts - market - (data(r.signing_fee, "offer") * signed).sum() == 0, name="costs")
    threshold = m.add_variables(name="threshold")
    excess = variable("excess", "future")
    m.add_constraints(excess - cost + threshold >= 0, name="exceeds")
    probability = data(r.probability, "future")
    m.add_objective((1 - r.weight) * (probability * cost).sum() + r.weight * threshold + (r.weight / r.tail * probability * excess).sum())
    return m
