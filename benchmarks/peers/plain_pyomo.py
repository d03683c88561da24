"""The reference problem in plain Pyomo, as a textbook would write it: indexed variables, a rule per family of constraints, HiGHS through `highspy`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pyomo.environ as pyo
from pyomo.contrib.solver.solvers.highs import Highs

from benchmarks.peers import THREADS, Outcome, active, size_of
from benchmarks.reference_instance import Reference, make


def solve(futures: int, gap: float, seconds: float, **sizes: int) -> dict[str, Any]:
    """The extensive form, built, handed to HiGHS and solved to `gap`."""
    r = make(futures=futures, **sizes)
    begun = time.perf_counter()
    model = build(r, range(futures))
    built = time.perf_counter()
    highs = Highs()
    results = highs.solve(model, rel_gap=gap, abs_gap=1e-9, time_limit=seconds, threads=THREADS, raise_exception_on_nonoptimal_result=False)
    done = time.perf_counter()
    inside = results.timing_info.timer.get_total_time("optimize")
    phases = {"build": built - begun, "hand-over": done - built - inside, "solve": inside}
    return Outcome(float(results.incumbent_objective), float(results.objective_bound), phases, size=size_of(highs._solver_model)).plain()


def build(r: Reference, futures: Iterable[int], risk: bool = True) -> pyo.ConcreteModel:
    """The extensive form over some of the futures; without `risk` its objective is the plain sum of their costs `m.cost[s]`."""
    m = pyo.ConcreteModel()
    can = active(r)
    offers, periods, sites = range(len(r.price)), range(len(r.discount)), range(r.delivery.shape[1])
    products = range(len(r.shortage_cost))
    m.F = pyo.Set(initialize=futures)
    m.T, m.P, m.L = pyo.Set(initialize=periods), pyo.Set(initialize=products), pyo.Set(initialize=sites)
    m.OT = pyo.Set(initialize=[(o, t) for o in offers for t in periods if can[o, t]], dimen=2)
    sellers = {(p, t): [o for o in offers if r.product[o] == p and can[o, t]] for p in products for t in periods}

    m.signed = pyo.Var(offers, domain=pyo.Binary)
    m.volume = pyo.Var(m.OT, domain=pyo.NonNegativeReals)
    m.volume_low = pyo.Constraint(m.OT, rule=lambda m, o, t: m.volume[o, t] >= float(r.volume_min[o]) * m.signed[o])
    m.volume_high = pyo.Constraint(m.OT, rule=lambda m, o, t: m.volume[o, t] <= float(r.volume_max[o]) * m.signed[o])

    m.take = pyo.Var(m.F, m.OT, m.L, domain=pyo.NonNegativeReals)
    m.unused = pyo.Var(m.F, m.OT, domain=pyo.NonNegativeReals)
    m.spot = pyo.Var(m.F, m.T, m.P, m.L, domain=pyo.NonNegativeReals)
    m.short = pyo.Var(m.F, m.T, m.P, m.L, domain=pyo.NonNegativeReals)
    m.stock = pyo.Var(m.F, m.T, m.P, m.L, domain=pyo.NonNegativeReals)

    def balance(m: Any, s: int, t: int, p: int, site: int) -> Any:
        before = m.stock[s, t - 1, p, site] if t else 0.0
        taken = pyo.quicksum(m.take[s, o, t, site] for o in sellers[p, t])
        return taken + m.spot[s, t, p, site] + m.short[s, t, p, site] + before - m.stock[s, t, p, site] == float(r.demand[s, t, p, site])

    def within_band(m: Any, s: int, o: int, t: int) -> Any:
        return pyo.quicksum(m.take[s, o, t, site] for site in sites) <= float((1 + r.band_up[o]) * r.rho[s, t, o]) * m.volume[o, t]

    def pays_unused(m: Any, s: int, o: int, t: int) -> Any:
        owed = float(r.take_or_pay[o] * r.rho[s, t, o]) * m.volume[o, t]
        return m.unused[s, o, t] >= owed - pyo.quicksum(m.take[s, o, t, site] for site in sites)

    def within_market(m: Any, s: int, t: int, p: int) -> Any:
        return pyo.quicksum(m.spot[s, t, p, site] for site in sites) <= float(r.available[s, t, p])

    m.balance = pyo.Constraint(m.F, m.T, m.P, m.L, rule=balance)
    m.within_band = pyo.Constraint(m.F, m.OT, rule=within_band)
    m.pays_unused = pyo.Constraint(m.F, m.OT, rule=pays_unused)
    m.within_market = pyo.Constraint(m.F, m.T, m.P, rule=within_market)
    _charge(m, r, offers)
    if risk:
        _weigh(m, r)
    else:
        m.objective = pyo.Objective(expr=pyo.quicksum(m.cost[s] for s in m.F))
    return m


def _charge(m: Any, r: Reference, offers: range) -> None:
    """Cost per future."""

    def cost(m: Any, s: int) -> Any:
        contracts = pyo.quicksum(
            float(r.discount[t])
            * (pyo.quicksum(float(r.price[o] + r.delivery[o, site]) * m.take[s, o, t, site] for site in m.L) + float(r.price[o]) * m.unused[s, o, t])
            for o, t in m.OT
        )
        market = pyo.quicksum(
            float(r.discount[t])
            * (
                float(r.spot_price[s, t, p]) * m.spot[s, t, p, site]
                + float(r.shortage_cost[p]) * m.short[s, t, p, site]
                + r.holding_cost * m.stock[s, t, p, site]
            )
            for t in m.T
            for p in m.P
            for site in m.L
        )
        return m.cost[s] == m.first_cost + contracts + market

    m.first_cost = pyo.Expression(expr=pyo.quicksum(float(r.signing_fee[o]) * m.signed[o] for o in offers))
    m.cost = pyo.Var(m.F)
    m.costs = pyo.Constraint(m.F, rule=cost)


def _weigh(m: Any, r: Reference) -> None:
    """Mean and CVaR of the cost over all futures (Rockafellar & Uryasev 2000)."""
    m.threshold = pyo.Var()
    m.excess = pyo.Var(m.F, domain=pyo.NonNegativeReals)
    m.exceeds = pyo.Constraint(m.F, rule=lambda m, s: m.excess[s] >= m.cost[s] - m.threshold)
    mean = pyo.quicksum(float(r.probability[s]) * m.cost[s] for s in m.F)
    cvar = m.threshold + pyo.quicksum(float(r.probability[s] / r.tail) * m.excess[s] for s in m.F)
    m.objective = pyo.Objective(expr=(1 - r.weight) * mean + r.weight * cvar)
