"""Futures drawn from a generator document: any number, from any seed, the same bit for bit whenever the seed is the same.

Around base values (D demand of product p at site s, P price and A volume on offer of spot market m, X index i, R rate of currency c), with regime r_t:

    demand[p,s,t]     D x common_t x site_s,t x product_p,t x branch_t                     (factors with mean 1; a branch as given)
    price[m,t]        P x process_m,t x regime's price factor x price factors of the rivals that have capacity locked in
    available[m,t]    A x regime's factor x (demand of m's product / its base value)^follows_demand x product over those rivals of (1 - market share)
    lead[m,t]         the regime's, or the market's own, + what those rivals add
    deliverable[o,t]  the regime's share for o x product over disruptions of (1 - (1 - share left) x share of the period disrupted)
    late[o,t]         the regime's weeks + sum over disruptions of weeks x share of the period disrupted
    index[i,t]        X x regime's factor x process_i,t;      rate[c,t] = R x process_c,t

Regimes, branches and normal shocks come from the points (`sampling_points`), regimes in strata (`sampling_regimes`). Jumps, outages and rivals come from
random streams of their own, named after what they are about: taking one away leaves everything else as it was (common random numbers).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from models.generator import Geometric, MeanReverting, Wander, own_row
from models.scenario import Scenario
from models.uncertainty import Generated
from scenarios.sampling_points import correlate, normal, points, stream
from scenarios.sampling_processes import locked_in, outages, process, wander
from scenarios.sampling_regimes import Stratum, chain_of, courses, sizes_of, strata_of
from scenarios.tree import Floats, Ints, Paths, States, base_states

LIMITS = {"demand": (0.0, 1e12), "spot_price": (0.0, 1e12), "spot_available": (0.0, 1e12), "spot_lead": (0.0, 120.0), "deliverable": (0.0, 1.0),
          "late_weeks": (0.0, 520.0), "index": (1e-9, 1e12), "fx": (1e-9, 1e12)}  # those of the documents  # fmt: skip


@dataclass(frozen=True)
class _Raw:
    """What the points say, before it is applied to base values."""

    probability: Floats  # [F]
    regime: Ints | None  # [F, T]
    turn: Floats  # [F] uniform, decides on the branch of demand
    shocks: dict[str, Floats]  # [F, T] standard normal, by driver


def draw(scenario: Scenario, generator: Generated, *, futures: int, seed: int) -> Paths:
    """`futures` futures of `generator` around the base values of `scenario`; the same seed gives the same futures.

    Futures of one stratum stand together; the first k of them are no sample of their own.
    """
    base = base_states(scenario)
    years = np.array(scenario.period_years)
    raw = _raw(scenario, generator, futures, seed)
    states = States(*(np.repeat(getattr(base, f.name)[None], futures, axis=0) for f in fields(base)))
    states = replace(states, demand=states.demand * _demand_factor(scenario, generator, raw, years))
    _regimes(scenario, generator, raw.regime, states)
    _processes(scenario, generator, raw, states, base, seed, years)
    _disruptions(scenario, generator, states, seed, years)
    _rivals(scenario, generator, raw.regime, states, seed)
    for name, (low, high) in LIMITS.items():
        np.clip(getattr(states, name), low, high, out=getattr(states, name))
    digits = len(str(futures))
    ids = tuple(f"f{i:0{digits}d}" for i in range(1, futures + 1))
    return Paths(ids, raw.probability, states, raw.regime, tuple(x.id for x in generator.regimes))


def moving(scenario: Scenario, generator: Generated) -> list[str]:
    """Drivers that have normal shocks, those that matter most first: `demand`, `spot:ID`, `index:ID`, `fx:ID`, `product:ID`, `site:ID`."""
    g = generator
    found = ["demand"] if g.demand.common.volatility > 0 else []
    for x in scenario.spot:
        row = own_row(g.spot, "spot", x.id)
        found += [f"spot:{x.id}"] if row is not None and row.price is not None and row.price.volatility > 0 else []
    found += [f"index:{x.index}" for x in g.index if x.level.volatility > 0]
    found += [f"fx:{x.currency}" for x in g.fx if x.rate.volatility > 0]
    for kind, rows, table in (("product", g.demand.products, scenario.products), ("site", g.demand.sites, scenario.sites)):
        wanders = {x.id: own_row(rows, kind, x.id) for x in table}
        found += [f"{kind}:{name}" for name, row in wanders.items() if row is not None and row.volatility > 0]
    return found


def _raw(scenario: Scenario, generator: Generated, futures: int, seed: int) -> _Raw:
    """Regimes, branches and shocks of all futures, stratum by stratum."""
    periods, drivers = len(scenario.periods), moving(scenario, generator)
    chain = chain_of(generator.regimes, periods) if generator.regimes else None
    strata = strata_of(chain) if chain is not None and generator.stratified else [Stratum(1.0)]
    if len(strata) > futures:  # too few to have one of each
        strata = [Stratum(1.0)]
    sizes = sizes_of(strata, futures, generator.least_share)
    steps = periods if chain is not None else 0
    weights, regimes, places, found = [], [], [], []
    for k, (stratum, size) in enumerate(zip(strata, sizes, strict=True)):
        drawn = points(size, steps + 1 + periods * len(drivers), generator.sampling, stream(seed, "points", k))
        if chain is not None:
            regime, place = courses(chain, stratum, drawn[:, :steps])
            regimes.append(regime)
            places.append(place)
        weights.append(np.full(size, stratum.probability / size))
        found.append(drawn[:, steps:])
    uniform = np.concatenate(found)
    shocks = {name: normal(uniform[:, 1 + i * periods : 1 + (i + 1) * periods]) for i, name in enumerate(drivers)}
    if generator.correlations:
        if chain is not None:
            shocks["regime"] = normal(np.concatenate(places))
        _correlate(generator, shocks)
    weight = np.concatenate(weights)
    return _Raw(weight / weight.sum(), np.concatenate(regimes) if chain is not None else None, uniform[:, 0], shocks)


def _correlate(generator: Generated, shocks: dict[str, Floats]) -> None:
    """Tie the drivers of the correlation table together. The regime comes first, because it is drawn already."""
    names = sorted({name for row in generator.correlations for name in row.between}, key=lambda name: (name != "regime", list(shocks).index(name)))
    matrix = np.eye(len(names))
    for row in generator.correlations:
        i, j = (names.index(name) for name in row.between)
        matrix[i, j] = matrix[j, i] = row.value
    correlate(shocks, matrix, names)


def _demand_factor(scenario: Scenario, generator: Generated, raw: _Raw, years: Floats) -> Floats:
    """What base demand is multiplied by. [F, T, P, S] (axes of length 1 where nothing differs)"""
    view, shocks = generator.demand, raw.shocks
    shape = (len(raw.turn), len(years))

    def factor(name: str, row: Wander | None) -> Floats:
        return np.ones(shape) if row is None or name not in shocks else wander(row, years, shocks[name])

    common = factor("demand", view.common) * _branch(scenario, generator, raw.turn)
    by_product = np.stack([factor(f"product:{x.id}", own_row(view.products, "product", x.id)) for x in scenario.products], axis=2)
    by_site = np.stack([factor(f"site:{x.id}", own_row(view.sites, "site", x.id)) for x in scenario.sites], axis=2)
    return np.asarray(common[:, :, None, None] * by_product[:, :, :, None] * by_site[:, :, None, :])


def _branch(scenario: Scenario, generator: Generated, turn: Floats) -> Floats:
    """Factor of the branch that comes true. [F, T]"""
    periods = len(scenario.periods)
    found = np.ones((len(turn), periods))
    low = 0.0
    for branch in generator.demand.branches:
        start = scenario.period_ids.index(branch.from_period)
        phase = np.clip((np.arange(periods) - start + 1) / branch.phase_in_periods, 0.0, 1.0)
        found[(turn >= low) & (turn < low + branch.probability)] = 1.0 + (branch.factor - 1.0) * phase
        low += branch.probability
    return found


def _regimes(scenario: Scenario, generator: Generated, regime: Ints | None, states: States) -> None:
    """Apply what the regime of a period does to markets, deliveries and indices."""
    if regime is None:
        return
    for m, spot in enumerate(scenario.spot):
        rows = [own_row(x.spot, "spot", spot.id) for x in generator.regimes]
        states.spot_price[:, :, m] *= np.array([1.0 if x is None else x.price_factor for x in rows])[regime]
        states.spot_available[:, :, m] *= np.array([1.0 if x is None else x.available_factor for x in rows])[regime]
        own = spot.lead_periods
        states.spot_lead[:, :, m] = np.array([own if x is None or x.lead_periods is None else x.lead_periods for x in rows])[regime]
    rows_of = [{(x.offer, x.supplier): x for x in r.allocation} for r in generator.regimes]
    for o, offer in enumerate(scenario.offers):
        given = [x.get((offer.id, None), x.get((None, offer.supplier))) for x in rows_of]
        states.deliverable[:, :, o] = np.array([1.0 if x is None else x.deliverable_share for x in given])[regime]
        states.late_weeks[:, :, o] = np.array([0.0 if x is None else x.weeks_late for x in given])[regime]
    for i, index in enumerate(scenario.indices):
        states.index[:, :, i] *= np.array([x.index.get(index.id, 1.0) for x in generator.regimes])[regime]


def _processes(scenario: Scenario, generator: Generated, raw: _Raw, states: States, base: States, seed: int, years: Floats) -> None:
    """Apply price processes, what markets owe to the buyer's own demand, index and exchange-rate paths."""
    shape = (len(raw.turn), len(years))

    def factor(driver: str, terms: Geometric | MeanReverting) -> Floats:
        return process(terms, years, raw.shocks.get(driver, np.zeros(shape)), seed, driver)

    for m, spot in enumerate(scenario.spot):
        row = own_row(generator.spot, "spot", spot.id)
        if row is not None and row.price is not None:
            states.spot_price[:, :, m] *= factor(f"spot:{spot.id}", row.price)
        if row is not None and row.follows_demand > 0:
            p = [x.id for x in scenario.products].index(spot.product)
            planned = base.demand[:, p].sum(axis=1)
            asked = states.demand[:, :, p].sum(axis=2) / np.where(planned > 0, planned, 1.0)
            states.spot_available[:, :, m] *= np.where(planned > 0, asked, 1.0) ** row.follows_demand
    indices, currencies = ([x.id for x in table] for table in (scenario.indices, scenario.currencies))
    for index in generator.index:
        states.index[:, :, indices.index(index.index)] *= factor(f"index:{index.index}", index.level)
    for fx in generator.fx:
        states.fx[:, :, currencies.index(fx.currency)] *= factor(f"fx:{fx.currency}", fx.rate)


def _disruptions(scenario: Scenario, generator: Generated, states: States, seed: int, years: Floats) -> None:
    for row in generator.disruptions:
        hit = [o for o, x in enumerate(scenario.offers) if row.offer == x.id or row.supplier == x.supplier]
        share = outages(row, years, len(states.demand), stream(seed, "disruption", row.offer or "", row.supplier or ""))[:, :, None]
        states.deliverable[:, :, hit] *= 1.0 - (1.0 - row.deliverable_share) * share
        states.late_weeks[:, :, hit] += row.weeks_late * share


def _rivals(scenario: Scenario, generator: Generated, regime: Ints | None, states: States, seed: int) -> None:
    names = tuple(x.id for x in generator.regimes)
    for row in generator.rivals:
        uniform = stream(seed, "rival", row.id).random(states.spot_price.shape[:2])
        active = locked_in(row, regime, names, uniform)[:, :, None]
        hit = [m for m, x in enumerate(scenario.spot) if row.spot in (None, x.id)]
        states.spot_available[:, :, hit] *= np.where(active, 1.0 - row.market_share, 1.0)
        states.spot_price[:, :, hit] *= np.where(active, row.price_factor, 1.0)
        states.spot_lead[:, :, hit] += np.where(active, row.added_lead_periods, 0.0)
