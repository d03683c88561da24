"""The reference problem (frozen copy: changing a line here makes optima.json wrong): a seeded family of contract-versus-spot problems as plain NumPy arrays.

It is the common ground on which the engine, its peers and its own older versions are compared. It uses only the kernel of the model
(reserved volume, upper band, take-or-pay, deliverability, one spot market per product, storage, lost demand, mean-CVaR), so anyone can
write it down in another tool. `make(futures=20)` and so on; the known optima are in optima.json beside this file.

The problem, for futures s, periods t, products p, sites l, offers o (one product each, active for start[o] <= t < end[o]):

  signed[o] in {0,1};  volume_min[o] signed[o] <= V[o,t] <= volume_max[o] signed[o]
  demand[s,t,p,l] = sum_o x[s,o,t,l] + u[s,t,p,l] + short[s,t,p,l] + I[s,t-1,p,l] - I[s,t,p,l]
  sum_l x[s,o,t,l] <= (1 + band_up[o]) rho[s,t,o] V[o,t]
  unused[s,o,t]    >= take_or_pay[o] rho[s,t,o] V[o,t] - sum_l x[s,o,t,l],  unused >= 0
  sum_l u[s,t,p,l] <= available[s,t,p];  all variables >= 0, no initial stock, stock left at the end is worth nothing
  cost_s = sum_o signing_fee[o] signed[o]
         + sum_t discount[t] ( sum_o price[o] (sum_l x + unused) + sum_{o,l} delivery[o,l] x
                               + sum_{p,l} spot_price[s,t,p] u + shortage_cost[p] short + holding_cost I )
  minimise (1 - weight) E[cost] + weight CVaR[cost over the worst `tail` share of futures]

Futures are independent paths (a tree that branches once, after signing). Units: volumes in fibre-km, money in USD.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Reference:
    probability: np.ndarray  # [S]
    discount: np.ndarray  # [T]
    demand: np.ndarray  # [S, T, P, L]
    spot_price: np.ndarray  # [S, T, P]
    available: np.ndarray  # [S, T, P]
    rho: np.ndarray  # [S, T, O] deliverable share of the reserved volume
    product: np.ndarray  # [O]
    start: np.ndarray  # [O]
    end: np.ndarray  # [O]
    price: np.ndarray  # [O]
    volume_min: np.ndarray  # [O] per period
    volume_max: np.ndarray  # [O] per period
    band_up: np.ndarray  # [O]
    take_or_pay: np.ndarray  # [O]
    signing_fee: np.ndarray  # [O]
    delivery: np.ndarray  # [O, L]
    holding_cost: float
    shortage_cost: np.ndarray  # [P]
    weight: float = 0.5
    tail: float = 0.1


def make(
    futures: int = 50, periods: int = 10, sites: int = 10, products: int = 3, offers: int = 20, seed: int = 0
) -> Reference:
    r = np.random.default_rng(seed)
    base = r.uniform(50, 200, (products, sites))
    growth = np.exp(np.cumsum(r.normal(0.12, 0.03, periods)))
    trend = base[None] * growth[:, None, None]
    product = r.integers(0, products, offers)
    start = r.integers(0, 3, offers)
    end = np.minimum(start + r.integers(3, periods + 1, offers), periods)
    market = trend.sum(2).mean(0)  # [P] mean yearly volume per product
    price = r.uniform(22, 34, offers)
    volume_max = r.uniform(0.12, 0.4, offers) * market[product]
    band_up, take_or_pay = r.uniform(0.05, 0.25, offers), r.uniform(0.7, 1.0, offers)
    fee = r.uniform(1e3, 2e4, offers)
    delivery = r.uniform(0.5, 4, (offers, sites))
    shortage = r.uniform(60, 140, products)

    f = np.random.default_rng(seed + 1)  # the futures have their own stream: more futures, same offers
    common = np.cumsum(f.normal(0, 0.10, (futures, periods)), 1)
    local = f.normal(0, 0.08, (futures, periods, products, sites))
    demand = trend[None] * np.exp(common[:, :, None, None] + local)
    spot = 30 * np.exp(np.cumsum(f.normal(0.01, 0.15, (futures, periods, products)), 1) + 0.8 * common[:, :, None])
    share = np.clip(f.normal(0.4, 0.25, (futures, periods, products)), 0.05, 1.2)
    available = trend.sum(2)[None] * share * np.exp(-1.0 * common[:, :, None])
    rho = np.clip(1 - f.exponential(0.03, (futures, periods, offers)), 0.5, 1)
    return Reference(
        np.full(futures, 1 / futures), 0.93 ** np.arange(periods), demand, spot, available, rho, product, start, end,
        price, 0.3 * volume_max, volume_max, band_up, take_or_pay, fee, delivery, 2.0, shortage,
    )
