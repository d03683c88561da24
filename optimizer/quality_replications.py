"""How far the plan is from the true optimum, and what information is worth, by solving again on independent samples.

Replication k draws n fresh futures, finds the best first stage for them (proven bound B_k, which is what counts, never the incumbent) and tries the
candidate x on the same futures (common random numbers). With q the threshold of the candidate's CVaR over all replications,

    f_k(x)    (1 - weight) sum_l w_l C_l(x) + weight (q + sum_l w_l (C_l(x) - q)+ / tail)
    gap       G_k = f_k(x) - B_k;   E B_k <= optimum <= E f_k(x), so that the mean of G_k is at least the true gap
    upper     mean G + t_{M-1, 0.95} s_G / sqrt(M), one-sided

Two replications or one say too little about their spread; then each is judged by the spread over its own futures, against that replication's own best
first stage (with its own threshold): s_k^2 = n/(n-1) sum_l w_l^2 n (D_l - G_k)^2, D_l the difference in future l, and
upper = mean G + z_0.95 sqrt(mean s_k^2 / (n M)), which takes futures as independent (Sobol points and strata make the true spread smaller).

    EVPI      in  [mean(B_k - WS_k), mean(f_k(x) - WS_k)] + sampling error,    WS_k the futures of k planned with hindsight
    VSS       in  [mean(f_k(x_EV) - f_k(x)), mean(f_k(x_EV) - B_k)] + sampling error,    x_EV the average future's first stage
Rules measured over several futures at once are imposed on nobody: the rivals are no dearer for it, so that the gap is none too small as long as the
candidate keeps those rules by itself.

Both ends of the intervals are widened by t_{M-1, 0.975} s / sqrt(M); the value is the one for this plan: f_k(x) - WS_k and f_k(x_EV) - f_k(x).
Reference: Mak, Morton & Wood (1999), OR Letters 24; Bayraksan & Morton (2006), Assessing solution quality in stochastic programs, Mathematical
Programming 108; Birge & Louveaux (2011), Introduction to Stochastic Programming, chapters 4 and 9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import OfftakeError
from models.quality import Estimate, Replications
from optimizer.quality_estimates import CONFIDENCE, beyond, quantile, student
from optimizer.quality_judge import Judge, seeds
from optimizer.trial import Best, FirstStage
from scenarios.tree import Floats

MANY = 3  # replications from which their own spread is used
BETWEEN = "multiple replications: Student's t on the gaps, against proven bounds (Mak, Morton & Wood)"
WITHIN = "one or two replications: spread over the futures of each, taken as independent, against proven bounds (Bayraksan & Morton)"


@dataclass(frozen=True)
class Replication:
    """One independent sample: what the candidate, the average future's plan, the best first stage and hindsight cost in each of its n futures."""

    weight: Floats  # [n]
    cost: Floats  # [n] under the candidate
    best: Best
    average: Floats  # [n] under the average future's first stage; infinite where it breaks a hard rule
    known: Floats  # [n] planned with hindsight
    known_bound: Floats  # [n]


def replicate(judge: Judge, first: FirstStage, average: FirstStage | None, count: int, futures: int) -> list[Replication]:
    """Independent replications, those of `count` that have a plan and for which there is time. `average`: the average future's first stage, if it has one."""
    found: list[Replication] = []
    for seed in seeds(judge, "replications", count):
        if judge.enough():
            break
        paths = judge.fresh(futures, seed)
        try:
            best = judge.rival(paths)
            known, bound = judge.hindsight(paths)
            cost = judge.try_out(first, paths).cost
            simple = judge.try_out(average, paths).cost if average is not None else np.full(futures, np.inf)
        except OfftakeError:
            continue  # no time, or no plan that keeps the hard rules
        found.append(Replication(paths.probability, cost, best, simple, known, bound))
    return found


def compare(judge: Judge, found: Sequence[Replication]) -> Replications | None:
    """What the replications say; None where the candidate can't be carried through some future or nothing is proven."""
    if not found or not all(np.isfinite(x.cost).all() and np.isfinite(x.best.bound) for x in found):
        return None
    ours = _weighed(judge, found, [x.cost for x in found])
    bounds = np.array([x.best.bound for x in found])
    objective = float(ours.mean())
    gaps = ours - bounds
    gap, high = float(gaps.mean()), (_between if len(found) >= MANY else _within)(judge, found, gaps)
    high = max(high, gap, 0.0)
    return Replications(
        replications=len(found),
        futures=len(found[0].cost),
        confidence=CONFIDENCE,
        gap=gap,
        gap_high=high,
        relative_gap_high=high / abs(objective) if abs(objective) > 1e-9 else None,
        objective=objective,
        evpi=_evpi(judge, found, ours, bounds),
        vss=_vss(judge, found, ours, bounds),
        method=BETWEEN if len(found) >= MANY else WITHIN,
    )


def _between(judge: Judge, found: Sequence[Replication], gaps: Floats) -> float:
    del judge, found
    return float(gaps.mean()) + student(len(gaps) - 1, CONFIDENCE) * float(gaps.std(ddof=1)) / float(np.sqrt(len(gaps)))


def _within(judge: Judge, found: Sequence[Replication], gaps: Floats) -> float:
    """The one-sided limit from the spread over each replication's futures."""
    variance = 0.0
    threshold = _threshold(judge, found, [x.cost for x in found])
    for x in found:
        own = quantile(x.best.cost, x.weight, 1.0 - judge.tail)
        difference = _each(judge, x.cost, threshold) - _each(judge, x.best.cost, own)
        n, centre = len(difference), float(x.weight @ difference)
        variance += float((x.weight**2 * (difference - centre) ** 2).sum()) * n / max(n - 1, 1)
    from scipy.special import ndtri

    return float(gaps.mean()) + float(ndtri(CONFIDENCE)) * float(np.sqrt(variance)) / len(found)


def _evpi(judge: Judge, found: Sequence[Replication], ours: Floats, bounds: Floats) -> Estimate | None:
    if not all(np.isfinite(x.known).all() and np.isfinite(x.known_bound).all() for x in found):
        return None
    known = _weighed(judge, found, [x.known for x in found])
    return _estimate(ours - known, bounds - known, ours - _weighed(judge, found, [x.known_bound for x in found]))


def _vss(judge: Judge, found: Sequence[Replication], ours: Floats, bounds: Floats) -> Estimate | None:
    if not all(np.isfinite(x.average).all() for x in found):
        return None
    average = _weighed(judge, found, [x.average for x in found])
    return _estimate(average - ours, average - ours, average - bounds)


def _estimate(values: Floats, low: Floats, high: Floats) -> Estimate | None:
    """The interval from the lower limit of one mean to the upper limit of another; neither value is ever negative. None for a single replication."""
    if len(values) < MANY:
        return None
    t = student(len(values) - 1, 0.5 + CONFIDENCE / 2) / float(np.sqrt(len(values)))
    least, most = float(low.mean()) - t * float(low.std(ddof=1)), float(high.mean()) + t * float(high.std(ddof=1))
    return Estimate(value=max(0.0, float(values.mean())), low=max(0.0, least), high=max(0.0, most))


def _weighed(judge: Judge, found: Sequence[Replication], costs: Sequence[Floats]) -> Floats:
    """Risk-adjusted cost in every replication, with one CVaR threshold for all. [M]"""
    threshold = _threshold(judge, found, costs)
    return np.array([float(x.weight @ _each(judge, cost, threshold)) for x, cost in zip(found, costs, strict=True)])


def _threshold(judge: Judge, found: Sequence[Replication], costs: Sequence[Floats]) -> float:
    return quantile(np.concatenate(costs), np.concatenate([x.weight for x in found]), 1.0 - judge.tail)


def _each(judge: Judge, cost: Floats, threshold: float) -> Floats:
    return (1.0 - judge.risk_weight) * cost + judge.risk_weight * beyond(cost, threshold, judge.tail)
