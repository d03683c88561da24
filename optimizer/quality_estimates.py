"""Figures of a fixed first stage on fresh futures, with confidence intervals from independent batches.

K batches of futures are drawn independently of each other. Within a batch futures may depend on each other (scrambled Sobol points, antithetic pairs,
strata), so that only batches count as independent observations. Future l of batch k has weight w_kl, sum_l w_kl = 1; the figure itself is
estimated from all futures together, with weights w_kl / K; its error is, to first order, the mean of influences psi_l:

    mean          m = sum w C             psi = C - m
    quantile      q = F^-1(p)             interval of F(q) by batches, read off the estimated distribution function (Woodruff 1952)
    CVaR          c = q + E(C - q)+/tail  psi = q + (C - q)+/tail - c,   q the (1 - tail) quantile  (the derivative in q is zero at the optimum)
    probability   r = sum w 1             psi = 1 - r
    fill rate     r = 1 - U/A             psi = ((1 - r) asked - unmet)/A
    interval      estimate +- t_{K-1} s / sqrt(K),   s the standard deviation of the batches' means of psi

Where futures are counted (quantiles, probabilities), s^2 has w^2/12 added, w the weight of one future in its batch: evenly spread points can give every
batch the same count, which then is still a rounded figure (Sheppard's correction).

One threshold q for all batches matters: a CVaR of each batch on its own would be too small on average, by an amount that shrinks with the batch only.
Reference: Owen (2013), Monte Carlo theory, methods and examples, chapter 17 (replicated quasi-Monte Carlo); Rockafellar & Uryasev (2000), Optimization
of conditional value-at-risk; Woodruff (1952), Confidence intervals for medians and other position measures, JASA 47; Hanley & Lippman-Hand (1983),
If nothing goes wrong, is everything all right? JAMA 249 (no event in n trials: at most 3/n).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.trial import Trial
from scenarios.tree import Floats, Ints

CONFIDENCE = 0.95
METHOD = (
    "Student's t on the means of independently drawn batches; CVaR linearised at the common threshold (Rockafellar & Uryasev), "
    "quantiles by inverting the distribution function (Woodruff)"
)


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence interval."""

    value: float
    low: float
    high: float

    def within(self, least: float, most: float) -> Interval:
        """The interval cut to values that are possible."""
        return Interval(*(float(np.clip(x, least, most)) for x in (self.value, self.low, self.high)))


@dataclass(frozen=True)
class Sample:
    """A first stage tried on K batches of futures, N in all; those in which a hard rule can't be kept are left out of everything but `not_kept`."""

    cost: Floats  # [N]
    unmet: Floats  # [N] volume
    asked: Floats | None  # [N] volume asked for; None where it can't be told
    short: Floats  # [N] 1 where any demand is unmet
    weight: Floats  # [N] sums to 1
    batch: Ints  # [N]
    batches: int
    tried: int  # futures, those left out included
    not_kept: float  # probability
    effective: float  # futures of equal weight that would be as telling (Kish)


def pool(trials: Sequence[Trial], weights: Sequence[Floats], lost: Floats | None) -> Sample:
    """The batches' trials together. `lost`: share of unmet demand that is lost, by product, which tells how much is asked for again; None if unknown."""
    cost = np.concatenate([x.cost for x in trials])
    weight = np.concatenate([w / w.sum() for w in weights]) / len(trials)
    batch = np.repeat(np.arange(len(trials)), [len(x.cost) for x in trials])
    kept = np.isfinite(cost)
    unmet = np.concatenate([x.unmet for x in trials])[kept]
    demand = np.concatenate([x.demand for x in trials])[kept]
    short = unmet.sum(axis=(1, 2))
    seen = 1e-6 * max(1.0, float(demand.sum(axis=(1, 2)).max(initial=0.0)))
    asked = None
    if lost is not None:
        carried = (1.0 - lost)[:, None] * unmet[:, :, :-1]
        asked = demand.sum(axis=(1, 2)) + carried.sum(axis=(1, 2))
    share = float(weight[kept].sum())
    found = weight[kept] / share if share > 0 else weight[kept]
    effective = 1.0 / float((found**2).sum()) if share > 0 else 0.0
    return Sample(
        cost[kept], short, asked, (short > seen).astype(float), found, batch[kept], len(trials), len(cost), 0.0 if kept.all() else 1.0 - share, effective
    )


def spread(sample: Sample, influence: Floats, *, step: float = 0.0) -> float:
    """Half the width of the interval of a figure with these influences ([N]); `step`: weight of one future, where futures are counted."""
    means = np.bincount(sample.batch, sample.weight * influence, sample.batches) * sample.batches
    variance = float(means.var(ddof=1)) + (sample.batches * step) ** 2 / 12.0
    return student(sample.batches - 1, 0.5 + CONFIDENCE / 2) * float(np.sqrt(variance / sample.batches))


def student(freedom: int, level: float) -> float:
    """Quantile of Student's t distribution."""
    from scipy.special import stdtrit  # scipy.stats would take a second to import

    return float(stdtrit(freedom, level))


def quantile(values: Floats, weights: Floats, level: float) -> float:
    """The least value whose cumulated probability reaches the level."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order[min(int(np.searchsorted(reached, level - 1e-12)), len(order) - 1)]])


def beyond(cost: Floats, threshold: float, tail: float) -> Floats:
    """threshold + (cost - threshold)+ / tail: its mean is at least the CVaR, and is the CVaR at the (1 - tail) quantile."""
    return np.asarray(threshold + np.maximum(cost - threshold, 0.0) / tail)


def weighed(sample: Sample, risk_weight: float, tail: float) -> Floats:
    """What each future adds to the risk-adjusted cost; the weighted mean is (1 - weight) mean + weight CVaR. [N]"""
    threshold = quantile(sample.cost, sample.weight, 1.0 - tail)
    return (1.0 - risk_weight) * sample.cost + risk_weight * beyond(sample.cost, threshold, tail)


def mean_of(sample: Sample, values: Floats, *, step: float = 0.0) -> Interval:
    """Interval of the mean of some values, one per future."""
    centre = float(sample.weight @ values)
    half = spread(sample, values - centre, step=step)
    return Interval(centre, centre - half, centre + half)


def quantile_of(sample: Sample, level: float) -> Interval:
    """Interval of a quantile of cost."""
    q = quantile(sample.cost, sample.weight, level)
    below = (sample.cost <= q).astype(float)
    half = spread(sample, below - float(sample.weight @ below), step=float(sample.weight[sample.cost == q].max()))
    low, high = (quantile(sample.cost, sample.weight, float(np.clip(x, 0.0, 1.0))) for x in (level - half, level + half))
    return Interval(q, low, high)


def share_of(sample: Sample, event: Floats) -> Interval:
    """Interval of the probability of an event (1 where it happened). What never happened has at most the probability 3/n, n the effective futures."""
    found = mean_of(sample, event, step=1.0 / sample.effective)
    few = min(1.0, 3.0 / sample.effective)
    if found.value <= 0.0:
        return Interval(0.0, 0.0, few)
    return Interval(1.0, 1.0 - few, 1.0) if found.value >= 1.0 - 1e-12 else found.within(0.0, 1.0)


def fill_rate_of(sample: Sample) -> Interval | None:
    """Interval of 1 - unmet / asked; None where the volume asked for can't be told."""
    if sample.asked is None:
        return None
    asked = float(sample.weight @ sample.asked)
    if asked <= 0:
        return Interval(1.0, 1.0, 1.0)
    missed = float(sample.weight @ sample.unmet) / asked
    if missed <= 0:
        return Interval(1.0, 1.0 - min(1.0, 3.0 / sample.effective), 1.0)
    half = spread(sample, (missed * sample.asked - sample.unmet) / asked)
    return Interval(1.0 - missed, 1.0 - missed - half, 1.0 - missed + half).within(0.0, 1.0)


def figures_of(sample: Sample, risk_weight: float, tail: float) -> dict[str, Interval]:
    """Every figure of page one that fresh futures can say something about."""
    found = {
        "expected_cost": mean_of(sample, sample.cost),
        "cvar": mean_of(sample, weighed(sample, 1.0, tail)),
        "objective": mean_of(sample, weighed(sample, risk_weight, tail)),
        "cost_p95": quantile_of(sample, 0.95),
        "cost_p99": quantile_of(sample, 0.99),
        "shortage_probability": share_of(sample, sample.short),
    }
    rate = fill_rate_of(sample)
    return found | ({"fill_rate": rate} if rate is not None else {})
