"""Re-planning every period with only what is then known, beside the plan's own foresight and the clairvoyant.

After signing, a fan's futures are planned as if each were known at once. A buyer knows the past and has an expectation. So, for a future l and every
period t, given the first stage and what was decided before t (both stand):

    decide t:   plan the rest of the horizon for the future  (data of l up to t, conditional mean of the data after t given l's data in t),
                carry out period t's part of it, forget the rest
    cost        of what was carried out, in the future that came true:   clairvoyant_l <= foresight_l <= rolling_l, in every future

The conditional means are least-squares regressions over a pool of other futures: each datum in a later period on a constant, its own value in t, the
mean of each kind of data in t and the market regime in t, clipped to the pool's range. The policy hedges nothing, so that a wiser one may cost less:
the cost of not knowing lies between 0 and what is found here.
Reference: Bertsekas (2017), Dynamic Programming and Optimal Control I, section 6.2 (certainty-equivalent control); Longstaff & Schwartz (2001),
Valuing American options by simulation, Review of Financial Studies 14 (conditional expectations by regression).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from models.options import SolveSettings
from models.quality import Estimate, Rolling
from models.scenario import Scenario
from optimizer.quality_chains import Chain, Decision, chains, signed_now
from optimizer.quality_estimates import CONFIDENCE, student
from optimizer.solve.extensive import solve
from optimizer.trial import FirstStage
from scenarios.tree import Floats, Paths, States

FEWEST = 3  # batches without which there is no interval
POLICY = (
    "each period's decisions know the data up to that period and expect the conditional mean of the rest (least squares on the state of the market, "
    "over a pool of other futures); the first stage and everything decided before stand"
)


@dataclass(frozen=True)
class Walk:
    """What some futures cost, walked through by the policy. Batches of futures are independent of each other."""

    weight: Sequence[Floats]  # per batch [F]
    cost: Sequence[Floats]  # under the policy; infinite where it could not keep a hard rule
    foresight: Sequence[Floats]
    clairvoyant: Sequence[Floats]


def expectations(pool: Paths, paths: Paths) -> list[Paths]:
    """For every period t the futures as they are expected in t: own data up to t, conditional means after it. [T] of F futures."""
    periods = paths.states.demand.shape[1]
    return [Paths(paths.ids, paths.probability, _expected(pool, paths, t), paths.regime, paths.regimes) for t in range(periods)]


def _expected(pool: Paths, paths: Paths, t: int) -> States:
    common = [np.concatenate([_kinds(x, t), _regimes(x, t)], axis=1) for x in (pool, paths)]
    root = np.sqrt(pool.probability)
    found = []
    for f in fields(States):
        known, data = getattr(pool.states, f.name), getattr(paths.states, f.name).copy()
        flat, out = known.reshape(*known.shape[:2], -1), data.reshape(*data.shape[:2], -1)
        for c in range(flat.shape[2]):
            later = flat[:, t + 1 :, c]
            if not later.size or np.ptp(later, axis=0).max() == 0.0:
                out[:, t + 1 :, c] = later[0] if later.size else 0.0
                continue
            left, right = (np.column_stack([np.ones(len(x)), own[:, t, c], x]) for x, own in zip(common, (flat, out), strict=True))
            size = np.maximum(np.abs(left).max(axis=0), 1e-12)
            slope = np.linalg.lstsq(root[:, None] * left / size, root[:, None] * later, rcond=1e-9)[0]
            out[:, t + 1 :, c] = np.clip(right / size @ slope, later.min(axis=0), later.max(axis=0))
        found.append(out.reshape(data.shape))
    return States(*found)


def _kinds(paths: Paths, t: int) -> Floats:
    """Mean over sites, markets, offers of each kind of data in period t. [F, kinds that exist]"""
    kinds = [getattr(paths.states, f.name)[:, t].reshape(paths.count, -1) for f in fields(States)]
    return np.column_stack([kind.mean(axis=1) for kind in kinds if kind.shape[1]])


def _regimes(paths: Paths, t: int) -> Floats:
    """Indicators of the regimes in period t, without the first. [F, R - 1]"""
    if paths.regime is None:
        return np.zeros((paths.count, 0))
    return np.stack([(paths.regime[:, t] == r).astype(float) for r in range(1, len(paths.regimes))], axis=1).reshape(paths.count, -1)


def walk(scenario: Scenario, first: FirstStage, paths: Paths, pool: Paths, settings: SolveSettings, enough: Callable[[], bool]) -> Floats | None:
    """Cost of every future under the policy; None if time ran out. [F]"""
    made: list[dict[tuple[int, Decision], float]] = [dict(signed_now(first)) for _ in paths.ids]
    cost = np.zeros(paths.count)
    for t, expected in enumerate(expectations(pool, paths)):
        for f, chain in enumerate(chains(scenario, expected)):
            if enough():
                return None
            if np.isfinite(cost[f]):
                cost[f] = _step(chain, made[f], t, settings)
    return cost


def _step(chain: Chain, made: dict[tuple[int, Decision], float], t: int, settings: SolveSettings) -> float:
    """Decide period t given what was decided before, note it, and return what the future costs as it is expected now."""
    answer = solve(chain.holding(made), gap=1e-6, seconds=settings.time_limit_seconds, seed=settings.seed)
    if answer.x is None:
        return float("inf")
    made.update(chain.read(answer.x, t))
    return answer.objective


def rolling(found: Walk) -> Rolling | None:
    """What the walks say; None with fewer than FEWEST batches or if the policy got stuck everywhere."""
    if len(found.cost) < FEWEST:
        return None
    kept = [np.isfinite(cost) & np.isfinite(fan) & np.isfinite(known) for cost, fan, known in zip(found.cost, found.foresight, found.clairvoyant, strict=True)]
    share = np.array([float(w[k].sum() / w.sum()) for w, k in zip(found.weight, kept, strict=True)])
    if not share.mean() > 0:
        return None

    def mean(values: Sequence[Floats]) -> Estimate:
        sums = np.array([float((w[k] / w.sum()) @ v[k]) for w, k, v in zip(found.weight, kept, values, strict=True)])
        centre = float(sums.mean() / share.mean())
        spread = float((sums - centre * share).std(ddof=1)) / float(share.mean())
        half = student(len(sums) - 1, 0.5 + CONFIDENCE / 2) * spread / float(np.sqrt(len(sums)))
        return Estimate(value=centre, low=centre - half, high=centre + half)

    return Rolling(
        paths=sum(len(x) for x in found.cost),
        confidence=CONFIDENCE,
        cost=mean(found.cost),
        foresight=mean(found.foresight),
        clairvoyant=mean(found.clairvoyant),
        lost=mean([a - b for a, b in zip(found.cost, found.foresight, strict=True)]),
        stuck=0.0 if all(k.all() for k in kept) else 1.0 - float(share.mean()),
        policy=POLICY,
    )
