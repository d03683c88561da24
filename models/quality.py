"""How far the plan's figures hold beyond the futures it was made for: fresh futures, replications, re-planning as time goes by, stability.

Money is in the scenario's currency, present value, penalties included. "Fresh" futures are drawn with seeds that the plan was not made with.
Intervals are two-sided unless the field says otherwise; `confidence` is the share of repetitions in which such an interval holds the true figure.
"""

from __future__ import annotations

from typing import Literal

from models.base import Document

Figure = Literal["expected_cost", "cvar", "objective", "cost_p95", "cost_p99", "fill_rate", "shortage_probability"]


class Estimate(Document):
    """An estimated figure with its confidence interval."""

    value: float
    low: float
    high: float


class FigureEstimate(Estimate):
    """A figure of the plan, estimated on fresh futures."""

    figure: Figure


class CostQuantile(Document):
    """A quantile of cost over the futures the plan was made for, and over fresh ones."""

    level: float
    """Share of probability at or below it."""
    chosen: float
    fresh: float


class OutOfSample(Document):
    """The plan's first stage tried on fresh futures."""

    futures: int
    """Fresh futures tried."""
    asked: int
    """Fresh futures asked for; more than were tried if time ran out."""
    batches: int
    """Independent batches they were drawn in; intervals come from the spread between batches."""
    confidence: float
    figures: tuple[FigureEstimate, ...]
    quantiles: tuple[CostQuantile, ...]
    not_kept: float
    """Probability of futures in which a hard rule can't be kept after this first stage. All figures are those of the other futures."""
    method: str
    """How the intervals are made, in words."""


class Replications(Document):
    """The plan's distance from the true optimum, by solving again on independent samples (Mak, Morton & Wood 1999)."""

    replications: int
    futures: int
    """Futures of each replication."""
    confidence: float
    gap: float
    """Mean over the replications of the plan's cost minus the proven bound on what the best first stage would cost. Never too small on average."""
    gap_high: float
    """One-sided limit: the plan costs at most this much more than the best there is for all futures, with the given confidence."""
    relative_gap_high: float | None
    """`gap_high` / |risk-adjusted cost of the plan|; None where that cost is 0."""
    objective: float
    """Risk-adjusted cost of the plan over all replications' futures."""
    evpi: Estimate | None
    """What knowing the future would save against this plan; the interval holds the expected value of perfect information. None: some future has no plan."""
    vss: Estimate | None
    """What the average future's first stage costs more than this plan; the interval holds the value of the stochastic solution. None: it breaks hard rules."""
    method: str


class Rolling(Document):
    """The first stage as signed, everything after it re-planned every period from what is then known."""

    paths: int
    """Futures walked through."""
    confidence: float
    cost: Estimate
    """Expected cost when each period's decisions know the past and expect the conditional mean of the rest."""
    foresight: Estimate
    """Expected cost on the same futures when each is known right after signing, as the plan assumes."""
    clairvoyant: Estimate
    """Expected cost on the same futures when each is known before signing: no plan and no policy can cost less."""
    lost: Estimate
    """`cost` - `foresight`: how much of the plan's cost rests on knowing more than a buyer can."""
    stuck: float
    """Probability of futures in which the policy could not keep a hard rule later on. All figures are those of the other futures."""
    policy: str
    """What the policy knows and does, in words."""


class StabilityLine(Document):
    """The award for a number of futures, over several draws of that many."""

    futures: int
    runs: int
    same_award: int
    """Runs that sign the same offers now as this plan."""
    objective_mean: float
    """Of what each run promises; rises with the number of futures, because few futures are easy to please."""
    objective_spread: float
    """Standard deviation between the runs."""


class StabilityOffer(Document):
    """One offer's product in the runs with a number of futures."""

    futures: int
    offer: str
    product: str
    signed_share: float
    """Share of the runs that sign the offer now."""
    volume_mean: float
    """Mean committed volume over the window; 0 in runs that do not sign it."""
    volume_spread: float
    """Standard deviation between the runs."""
    plan_volume: float
    """Committed volume in this plan."""


class Stability(Document):
    """How the award changes with the number of futures and the seed."""

    lines: tuple[StabilityLine, ...]
    offers: tuple[StabilityOffer, ...]


class Quality(Document):
    """How far the plan's figures hold. None where not asked for, or where there is nothing to draw fresh futures from; `notes` say why."""

    out_of_sample: OutOfSample | None
    replications: Replications | None
    rolling: Rolling | None
    stability: Stability | None
    sentences: tuple[str, ...]
    """The same in words, for page one."""
    notes: tuple[str, ...]
