"""The futures of a fan looked at elsewhere: chunks of them travel through an executor, each look with what it needs to begin where the last one ended.

Nothing is remembered elsewhere. A chunk is its futures' data, the first stage and the futures' bases; whoever gets it declares one future, stamps its
own few and looks. So a worker that is lost costs the time of its chunk, and the result does not depend on who did the work. When all of them are lost,
the looks go on at home: what is found then is as certain, but need not be the same to the last digit.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from models.errors import Cancelled, WorkerLost
from models.scenario import Scenario
from optimizer.executor import spread
from optimizer.solve.cuts import Pass, floor_of, joined
from optimizer.solve.fan import Fan, make_fan
from optimizer.solve.highs import Interrupted
from optimizer.solve.parts import separate
from optimizer.solve.recourse import FanRecourse
from optimizer.solve.template import make_template
from scenarios.tree import Floats, Paths

FUTURES = 100  # in a chunk, whoever does the work, so that the answer does not depend on it


@dataclass(frozen=True)
class Chunk:
    """Some futures and where their last look ended."""

    paths: Paths
    bases: Any  # [f, C2 + R] or None


@dataclass(frozen=True)
class Looked:
    """What came home."""

    found: Pass
    columns: Floats  # [f, C2], empty unless asked for
    bases: Any


def look_at(scenario: Scenario, x: Floats, seed: int, wanted: bool, chunk: Chunk) -> Looked:
    """One chunk's look; runs anywhere."""
    looks = FanRecourse(make_fan(make_template(scenario, chunk.paths)), 1, seed)
    if chunk.bases is not None:
        looks.begin_at(chunk.bases)
    if wanted:
        columns, cost = looks.values(x)
        return Looked(Pass(cost, cost * 0.0, np.zeros((len(cost), len(x)))), columns, None)
    return Looked(replace(looks.look(x), multipliers=None), np.zeros((0, 0)), looks.ends())


class LooksElsewhere:
    """The futures of a fan, looked at through an executor; as `recourse.FanRecourse`. `threads`: of this process, when the executor is lost."""

    def __init__(self, scenario: Scenario, paths: Paths, fan: Fan, executor: Executor, threads: int = 2, seed: int = 0) -> None:
        self.scenario, self.fan, self.executor, self.threads, self.seed = scenario, fan, executor, threads, seed
        self._home: FanRecourse | None = None
        self.seconds = self.cold_seconds = 0.0
        self.passes = 0
        starts = range(0, paths.count, FUTURES)
        self._paths = [paths.pick(np.arange(start, min(start + FUTURES, paths.count))) for start in starts]
        self._bases: list[Any] = [None] * len(self._paths)

    @property
    def floor(self) -> Pass:
        """What every future costs at least."""
        return floor_of(self.fan, separate(self.fan))

    def look(self, x: Floats, deadline: float = np.inf, stop: threading.Event | None = None, *, wanted: bool = False) -> Pass:  # noqa: ARG002
        """Look at every future at x; columns stay where they are. Raises Interrupted."""
        try:
            parts = self._spread(x, False, deadline, stop)
        except WorkerLost:
            return self._at_home().look(x, deadline, stop)
        self._bases = [part.bases for part in parts]
        return joined([part.found for part in parts])

    def values(self, x: Floats, deadline: float = np.inf, stop: threading.Event | None = None) -> tuple[Floats, Floats]:
        """Recourse columns at x in their own units [F, C2], and costs [F]."""
        try:
            parts = self._spread(x, True, deadline, stop)
        except WorkerLost:
            return self._at_home().values(x, deadline, stop)
        return np.concatenate([part.columns for part in parts]), np.concatenate([part.found.cost for part in parts])

    def _at_home(self) -> FanRecourse:
        self._home = self._home or FanRecourse(self.fan, self.threads, self.seed)
        return self._home

    def _spread(self, x: Floats, wanted: bool, deadline: float, stop: threading.Event | None) -> list[Looked]:
        if self._home is not None:
            raise WorkerLost("The executor was lost before.")
        started = time.perf_counter()
        chunks = (Chunk(paths, bases) for paths, bases in zip(self._paths, self._bases, strict=True))
        try:
            found = list(spread(self.executor, partial(look_at, self.scenario, x, self.seed, wanted), chunks, stop=stop, deadline=deadline))
        except Cancelled as cut:
            raise Interrupted("user") from cut
        except TimeoutError as cut:
            raise Interrupted("time") from cut
        self.seconds += time.perf_counter() - started
        self.cold_seconds = self.cold_seconds or self.seconds
        self.passes += 1
        return found
