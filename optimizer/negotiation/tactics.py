"""How far to go when: aspirations over time, answering the other side's moves, and when to accept.

Everything works on gains scaled to [0, 1]: 0 = walk-away, 1 = the best gain among packages that the supplier model does not rule out. Time runs from 0
(first turn) to 1 (last turn).

    polynomial    alpha(t) = kappa + (1 - kappa) t^(1/beta)        exponential   alpha(t) = kappa^((1 - t)^beta)
    aspiration    target(t) = 1 - alpha(t), on the gain of the whole package: total cost, not issue by issue

beta < 1 holds out until late (Boulware), beta > 1 gives way early (conceder). Worked number: kappa = 0, beta = 0.5, half of the time gone: alpha = 0.25, so
that three quarters of the way from walk-away to the best package are still asked for.

References: Faratin, Sierra & Jennings (1998), Negotiation decision functions for autonomous agents; Baarslag, Hindriks & Jonker (2014), Effective acceptance
conditions in real-time automated negotiation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from scenarios.tree import Floats

Number = TypeVar("Number", float, Floats)
Form = Literal["polynomial", "exponential"]
LEAST_KAPPA = 1e-9  # the exponential form starts at kappa and could never leave 0


@dataclass(frozen=True)
class Curve:
    """Faratin's time-dependent tactic."""

    beta: float = 1.0  # above 0
    kappa: float = 0.0  # share conceded at the first turn, 0 to 1
    form: Form = "polynomial"
    floor: float = 0.0  # scaled gain that is never gone below

    def conceded(self, time: float) -> float:
        """alpha(t): share of the way from the best package to walk-away that has been conceded."""
        gone = min(max(time, 0.0), 1.0)
        if self.form == "polynomial":
            return float(self.kappa + (1.0 - self.kappa) * gone ** (1.0 / self.beta))
        return float(max(self.kappa, LEAST_KAPPA) ** ((1.0 - gone) ** self.beta))

    def target(self, time: float) -> float:
        """Scaled gain asked for."""
        return self.floor + (1.0 - self.floor) * (1.0 - self.conceded(time))


@dataclass(frozen=True)
class Scale:
    """Gains in money and on [0, 1]."""

    zero: float  # money at walk-away: the margin
    one: float  # money at the best package that is not ruled out

    def of(self, gain: Number) -> Number:
        """Scaled gain; below 0 beyond walk-away, above 1 for packages that were ruled out."""
        return (gain - self.zero) / (self.one - self.zero)

    def money(self, scaled: float) -> float:
        """The gain that has this place on the scale."""
        return self.zero + scaled * (self.one - self.zero)


def plausible(supplier: Floats, weights: Floats, least: float) -> Floats:
    """Whether types that hold at least `least` of the belief would sign. `supplier` [types, ...] are their gains. [...]"""
    return np.asarray(np.einsum("k,k...->...", weights, supplier >= 0.0) >= least - 1e-12)


def scale_of(gains: Floats, possible: Floats, margin: float) -> Scale | None:
    """From walk-away to the best package that is possible; None if none leaves the buyer better off than walk-away."""
    best = float(np.where(possible, gains, -np.inf).max())
    return Scale(margin, best) if best > margin else None


@dataclass(frozen=True)
class Reciprocity:
    """How much is conceded in return for a concession of theirs (Faratin's behaviour-dependent tactics, as limits on the time-dependent one)."""

    least: float = 0.0  # of their concession at least this share is returned
    most: float = np.inf  # and at most this share
    step: float = 0.05  # scaled: smaller concessions are not made, because they would go unnoticed and unanswered
    unanswered: int = 1  # own concessions in a row that need none in return

    def limits(self, last: float, theirs: float) -> tuple[float, float]:
        """Lowest and highest next target. `last`: own last target; `theirs`: what they have conceded since, both on the own scale."""
        given = max(theirs, 0.0)
        low = last - self.most * given if given > 0 else -np.inf
        return low, max(last - self.least * given, low)


def next_tit_for_tat(last: float, theirs: Sequence[float], *, lag: int = 1, ratio: float = 1.0) -> float:
    """Own next target when their concession of the last `lag` offers is returned: absolute tit-for-tat. `theirs`: own scaled gain of their offers."""
    if len(theirs) < 2:
        return last
    return min(max(last - ratio * (theirs[-1] - theirs[max(len(theirs) - 1 - lag, 0)]), 0.0), 1.0)


# --- Acceptance ---------------------------------------------------------------------------------------------------------------------------------


def accepts_next(theirs: float, own_next: float, *, factor: float = 1.0, surplus: float = 0.0) -> bool:
    """AC_next: their offer is as good as what would be offered next."""
    return factor * theirs + surplus >= own_next


def accepts_constant(theirs: float, level: float) -> bool:
    """AC_const: their offer reaches a fixed level."""
    return theirs >= level


def accepts_time(time: float, since: float) -> bool:
    """AC_time: it is late."""
    return time >= since


def accepts_combined(received: Sequence[float], own_next: float, time: float, since: float) -> bool:
    """AC_combi(MAX^W): AC_next; or it is late, and no offer in a window as long as the time that is left was better, so that none is expected any more.

    `received`: scaled gains of their offers, evenly over the time gone, the last one is on the table.
    """
    if not received:
        return False
    if accepts_next(received[-1], own_next):
        return True
    left = max(1.0 - time, 0.0)
    window = max(round(len(received) * left / max(time, 1e-9)), 1)
    return accepts_time(time, since) and received[-1] >= 0.0 and accepts_constant(received[-1], max(received[-window:]))


def look_ahead(own_next: Number, accepted: Number, later: float, *, goes_on: float = 1.0) -> Number:
    """One step ahead: what the own next offer is worth, scaled.

    accepted x own_next + (1 - accepted) x goes_on x later

    `accepted`: probability that they take it; `later`: what is expected if they don't (usually their best offer so far; 0 at the deadline); `goes_on`:
    probability that talks then go on. Worked number: 0.6 offered, accepted with probability 0.5, 0.4 later and talks surely go on: 0.5.
    """
    return accepted * own_next + (1.0 - accepted) * goes_on * max(later, 0.0)
