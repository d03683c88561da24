"""The L-shaped method for a fan of futures: a small master proposes a first stage, every future answers with its cost and a cut, until both agree.

    upper bound   cost of the best first stage looked at, all futures in it          lower bound   what the master's cuts prove
    in-out        the next look lies a third of the way between the best point so far and the master's proposal (Ben-Ameur & Neto 2007)

1. Start from the solution of a small sample of the futures, found in the same way, so that the dear first look at every future is well spent.
2. Close in on the relaxation, then propose integral first stages by branch and bound on the cuts (`master`), looking at each proposal.
Nothing random, nothing that depends on time or threads: same problem, same answer, unless the clock or the caller cuts it short; what has been
found by then stands with its proven bound.
References: Van Slyke & Wets (1969); Ben-Ameur & Neto (2007), Acceleration of cutting-plane and column generation algorithms, Networks 49(1);
Noyan (2012), Risk-averse two-stage stochastic programming with an application to disaster management, Computers & OR 39(3).
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.solve.blocks import BlockLooks, Blocks
from optimizer.solve.fan import Fan, part_of
from optimizer.solve.highs import Interrupted, OnBest
from optimizer.solve.master import Master, Measure, Proposal
from optimizer.solve.recourse import FanRecourse, Looks
from scenarios.tree import Floats

SAMPLE = 40  # futures in a sample, at least
SAMPLED = 12  # one of so many futures is in the sample
SAMPLE_TIME = 0.5  # of the time left, at most
MOST_PASSES = 400
STEP = 0.35  # longer steps take fewer looks, each of which costs more; measured
LITTLE = 0.5  # of the gap: a look that raises the relaxation's bound by less is better spent on an integral first stage
FINE = 15.0  # the small program knows the cuts so much better than the gap
ROWS_KEPT = 1e-7  # relative; the solver's tolerance


@dataclass(frozen=True)
class Decomposed:
    """What the decomposition found. `x` is None without a first stage that every future can live with."""

    status: str  # optimal, feasible, infeasible, no_solution
    stop_reason: str  # gap, time, user, stalled (rounding hides what would close the gap, or it takes too many passes)
    x: Floats | None  # [C1]
    objective: float
    bound: float
    passes: int
    cold_seconds: float  # first look at every future
    look_seconds: float  # all looks
    master_seconds: float
    sample_seconds: float  # the search over a sample of the futures
    columns: Any = None  # recourse at x, as `values` of the looks gives it


class Decomposition:
    """One run over one fan. `earlier`, a run with another objective over the same costs or another first stage, lends its cuts and its live models:
    a cut says what a future costs, whatever the objective makes of it."""

    def __init__(self, fan: Fan | Blocks, measure: Measure, *, gap: float, threads: int = 2, seed: int = 0, deadline: float = np.inf,
                 stop: threading.Event | None = None, on_best: OnBest | None = None, earlier: Decomposition | None = None,
                 looks: Looks | None = None, final: bool = True) -> None:  # fmt: skip
        self.fan, self.measure, self.gap, self.final = fan, measure, gap, final
        looks = earlier.recourse if earlier is not None else looks
        self.threads, self.seed, self.deadline, self.stop, self.on_best = threads, seed, deadline, stop, on_best
        self.recourse: Looks = looks or (FanRecourse(fan, threads, seed) if isinstance(fan, Fan) else BlockLooks(fan, threads, seed))
        pool = earlier.master.pool if earlier is not None else None
        self.master: Master = Master(fan, measure, max(gap / FINE, 1e-9), self.recourse.floor, seed, pool)
        self.x: Floats | None = None
        self.columns: Any = None  # recourse at x, where the looks brought it
        self.value, self.bound = float("inf"), float("-inf")
        self.halved = False  # whether the last look was half of the way to an integral proposal
        self.master_seconds = self.sample_seconds = 0.0

    def run(self, start: Floats | None = None) -> Decomposed:
        """Search until the gap is closed, time is up or the caller stops."""
        reason, possible = "gap", True
        try:
            started = time.perf_counter()
            first = start if start is not None else self._from_sample()
            self.sample_seconds = time.perf_counter() - started
            possible = self._close_in(first, self._look(first)) and self._propose()
        except Interrupted as cut:
            reason = str(cut)
        found = self.x is not None
        if reason == "gap" and (not self._closed() if found else possible):
            reason = "stalled"
        status = {(True, True): "optimal", (True, False): "feasible"}.get((found, reason == "gap"), "infeasible" if not possible else "no_solution")
        return Decomposed(
            status, reason, self.x, self.value, min(self.bound, self.value), self.recourse.passes,
            self.recourse.cold_seconds, self.recourse.seconds, self.master_seconds, self.sample_seconds, self._columns(),
        )  # fmt: skip

    def _columns(self) -> Any:
        """Recourse at the best first stage; what is looked at elsewhere brings it home only now."""
        return self.recourse.values(self.x)[0] if self.x is not None and self.columns is None and self.final else self.columns

    def _from_sample(self) -> Floats:
        """A first stage that is good for some of the futures; for few futures, something in the middle."""
        if not isinstance(self.fan, Fan) or self.fan.count < 3 * SAMPLE:
            room = np.where(np.isfinite(self.fan.upper), self.fan.upper - self.fan.lower, 0.0)
            return np.asarray(self.fan.lower + np.where(self.fan.integer, 1.0, 0.6) * room)
        size = max(SAMPLE, self.fan.count // SAMPLED)
        chosen = np.linspace(0, self.fan.count - 1, size).round().astype(np.int64)
        some, probability = part_of(self.fan, chosen), self.measure.probability[chosen]
        now = time.monotonic()
        smaller = Decomposition(
            some, Measure(probability / probability.sum(), self.measure.weight, self.measure.tail), gap=max(self.gap, 5e-4), threads=self.threads,
            seed=self.seed, deadline=now + SAMPLE_TIME * (self.deadline - now), stop=self.stop, final=False,
        )  # fmt: skip
        found = smaller.run()
        if found.stop_reason == "user":
            raise Interrupted("user")
        return found.x if found.x is not None else self.fan.lower

    def _look(self, x: Floats) -> float:
        """Look at every future; the objective at x (infinite where some future has no plan)."""
        candidate = self._is_first_stage(x)
        found = self.recourse.look(x, self.deadline, self.stop, wanted=candidate)
        self.master.learn(found, x)
        value = float(self.fan.cost0 @ x) + self.measure.of(found.cost)
        if candidate and value < self.value:
            self.x, self.value, self.columns = x, value, found.columns
            self._tell()
        return value

    def _is_first_stage(self, x: Floats) -> bool:
        """Whether x is integral and keeps the rows of the first stage."""
        return not np.abs(x[self.fan.integer] - np.round(x[self.fan.integer])).max(initial=0.0) > 0 and self._keeps_rows(x)

    def _keeps_rows(self, x: Floats) -> bool:
        """Whether x keeps the rows and bounds of the first stage."""
        fan = self.fan
        activity, size = fan.master @ x, np.maximum(1.0, abs(fan.master) @ np.abs(x))
        slack = ROWS_KEPT * size
        rows = (activity >= fan.master_low - slack).all() and (activity <= fan.master_high + slack).all()
        return bool(rows and (x >= fan.lower).all() and (x <= fan.upper).all())

    def _closed(self, slack: float = 1.0) -> bool:
        return bool(np.isfinite(self.value)) and self.value - self.bound <= max(slack * self.gap * abs(self.value), self.master.noise)

    def _close_in(self, best: Floats, value: float) -> bool:
        """Cuts around the best fractional first stage, from a point and its objective. False if there is none at all."""
        value, last = value if self._keeps_rows(best) else np.inf, best
        for _ in range(MOST_PASSES):
            before = self.bound
            proposal = self._timed_relaxed()
            if proposal is None:
                return False
            self._raise_bound(proposal.bound)
            room = self.gap * abs(value)
            if self._closed() or (np.isfinite(value) and value - proposal.bound <= max(0.8 * room, 1e-9 * abs(value))):
                break
            if np.isfinite(value) and self.bound - before < LITTLE * room and len(self.master.integers):
                break
            point = best + STEP * (proposal.x - best) if np.isfinite(value) else proposal.x
            if np.array_equal(point, last):  # what keeps them apart is rounding
                break
            last, found = point, self._look(point)
            if found < value:
                best, value = point, found
        return True

    def _timed_relaxed(self) -> Proposal | None:
        started = time.perf_counter()
        found = self.master.relaxed()
        self.master_seconds += time.perf_counter() - started
        return found

    def _propose(self) -> bool:
        """Integral proposals until the gap is closed, or as long as they bring something. False if it is proven that no first stage suits every future."""
        last = np.zeros(0)
        for _ in range(MOST_PASSES):
            if self._closed():
                break
            started = time.perf_counter()
            proposal = self.master.integral(self.value, 0.25 * self.gap, self._interrupted)
            self.master_seconds += time.perf_counter() - started
            if proposal is None or proposal.bound == np.inf:
                return self.x is not None
            self._raise_bound(proposal.bound)
            if self._interrupted():
                raise Interrupted("user" if self.stop is not None and self.stop.is_set() else "time")
            if self._closed() or np.array_equal(proposal.x, last):
                break
            point = self._between(proposal.x)
            last = proposal.x if point is proposal.x else np.zeros(0)
            self._look(point)
        return True

    def _between(self, proposal: Floats) -> Floats:
        """What to look at for the sake of an integral proposal: itself; but every other time only half of the way to it where nothing but volumes change,
        which spares looks at wild ones."""
        self.halved = not self.halved and self.x is not None and np.array_equal(proposal[self.fan.integer], self.x[self.fan.integer])
        return proposal if self.x is None or not self.halved else np.asarray(self.x + 0.5 * (proposal - self.x))

    def _interrupted(self) -> bool:
        return time.monotonic() > self.deadline or (self.stop is not None and self.stop.is_set())

    def _raise_bound(self, bound: float) -> None:
        if bound > self.bound:
            self.bound = bound
            self._tell()

    def _tell(self) -> None:
        if self.on_best is not None:
            self.on_best(self.value if self.x is not None else None, self.bound if np.isfinite(self.bound) else None)
