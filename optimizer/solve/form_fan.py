"""A fan of futures taken apart: the first stage in a master, every future a linear program of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np

from models.options import SolveSettings
from models.plan import Phase
from optimizer.instance import Instance
from optimizer.outcome import Values
from optimizer.size import refuse_giant
from optimizer.solve import extensive, settle
from optimizer.solve.decomposition import Decomposed, Decomposition
from optimizer.solve.elsewhere import LooksElsewhere
from optimizer.solve.fan import Fan, with_hindsight
from optimizer.solve.forms import FIRST_STAGE, GRACE, LAST, FirstStage, better_of, columns_held, first_stage_of, measure_of, phases_of
from optimizer.solve.highs import Answer, Interrupted, OnBest
from optimizer.solve.master import tidied
from optimizer.solve.problem import PIN, Problem
from optimizer.solve.recourse import FanRecourse
from optimizer.solve.stamping import layout, stamp_extensive
from optimizer.solve.template import Template, parts_of
from scenarios.tree import Floats, Ints


@dataclass(frozen=True)
class FanForm:
    """A fan of futures taken apart. An answer's x: first stage [C1], then the recourse of every future [F C2]."""

    instance: Instance
    template: Template
    fan: Fan
    why: str
    executor: Executor | None = None  # who looks at the futures; none: threads of this process
    last: list[Decomposed] = field(default_factory=list)

    @property
    def method(self) -> str:
        return f"decomposition (L-shaped method, one cut per part of a future and pass, {self.fan.count:,} futures on HiGHS simplex), {self.why}"

    @property
    def columns(self) -> int:
        return int(len(self.fan.cost0) + self.fan.cost2.size)

    @property
    def tied(self) -> bool:
        return False

    @property
    def handover(self) -> None:
        return None

    @property
    def phases(self) -> tuple[Phase, ...]:
        return phases_of(self.last)

    def solve(self, settings: SolveSettings, *, seconds: float, on_best: OnBest | None = None, stop: threading.Event | None = None) -> Answer:
        started = time.monotonic()
        looks = self.looks(settings)
        run = Decomposition(
            self.fan, measure_of(self.instance), gap=settings.gap, threads=settings.threads, seed=settings.seed,
            deadline=started + GRACE * seconds, stop=stop, on_best=on_best, looks=looks,
        )  # fmt: skip
        found = run.run()
        self.last.append(found)
        x, objective = None, np.inf
        if found.x is not None:
            x = np.concatenate([tidied(self.fan, found.x, self.fan.unseen, self.fan.cost0), found.columns.ravel()])
            objective = measure_of(self.instance).of(self.costs(x))
        answer = Answer(found.status, found.stop_reason, x, objective, min(found.bound, objective), found.passes, time.monotonic() - started)
        if found.stop_reason != "stalled":
            return answer
        refuse_giant(self.instance, settings.max_nonzeros)
        left = max(seconds - (time.monotonic() - started), LAST)
        whole = self.whole()
        again = extensive.solve(whole, gap=settings.gap, seconds=left, seed=settings.seed, on_best=on_best, stop=stop)
        return better_of(answer, settle.tidied(whole, again, seconds=LAST, seed=settings.seed), self.columns)

    def values(self, x: Floats) -> Values:
        return {name: (index, x[columns]) for name, (index, columns) in layout(self.template).keys().items()}

    def first_stage(self, x: Floats) -> FirstStage:
        return first_stage_of(replace(self.template.problem, keys=self._keys()), x)

    def _keys(self) -> dict[str, tuple[Ints, Ints]]:
        """Kernel variables of the first stage, and their columns in an answer."""
        place = np.full(len(self.template.problem.cost), -1)
        first = parts_of(self.template).first
        place[first] = np.arange(len(first))
        found = {}
        for name in FIRST_STAGE:
            index, columns = self.template.problem.keys[name]
            now = place[columns] >= 0
            found[name] = (index[now], place[columns[now]])
        return found

    def held(self, chosen: FirstStage, *, loosely: bool = False) -> FanForm:
        where, values = columns_held(self._keys(), chosen)
        if not len(where):
            return self
        lower, upper = self.fan.lower.copy(), self.fan.upper.copy()
        inside = np.clip(values, lower[where], upper[where])
        slack = np.where(self.fan.integer[where], 0.0, PIN * np.maximum(1.0, np.abs(values))) if loosely else 0.0
        low, high = np.maximum(lower[where], inside - slack), np.minimum(upper[where], inside + slack)
        lower[where], upper[where] = low, high
        return replace(self, fan=replace(self.fan, lower=lower, upper=upper), last=[])

    def unsigned(self) -> FanForm:
        return self.held({"signed": {tuple(key[:-1]): 0.0 for key in self.template.problem.keys["signed"][0].tolist()}})

    def without_rules(self, rules: list[int]) -> FanForm:
        parts, rule = parts_of(self.template), self.template.problem.row_rule
        later, now = np.isin(rule[parts.recourse_rows], rules), np.isin(rule[parts.first_rows], rules)
        return replace(
            self,
            fan=replace(
                self.fan,
                low=np.where(later, -np.inf, self.fan.low),
                high=np.where(later, np.inf, self.fan.high),
                master_low=np.where(now, -np.inf, self.fan.master_low),
                master_high=np.where(now, np.inf, self.fan.master_high),
            ),
            executor=None,
            last=[],
        )

    def whole(self) -> Problem:
        fan, problem = self.fan, stamp_extensive(self.template, self.instance.tree, measure_of(self.instance).weight, self.instance.risk_tail)
        columns, rows = len(fan.cost0), len(fan.master_low) + fan.low.size
        low, high = (np.concatenate([a, (b / fan.row_scale).ravel()]) for a, b in ((fan.master_low, fan.low), (fan.master_high, fan.high)))
        return replace(
            problem,
            lower=np.concatenate([fan.lower, problem.lower[columns:]]),
            upper=np.concatenate([fan.upper, problem.upper[columns:]]),
            row_lower=np.concatenate([low, problem.row_lower[rows:]]),
            row_upper=np.concatenate([high, problem.row_upper[rows:]]),
        )

    def sample(self) -> Problem:
        return self.template.largest()

    def futures(self) -> Iterator[Problem]:
        return (self.template.future(f) for f in range(self.fan.count))

    def least(self, settings: SolveSettings, deadline: float, stop: threading.Event | None) -> Floats | None:
        try:
            found = FanRecourse(with_hindsight(self.fan), settings.threads, settings.seed).look(np.zeros(0), deadline, stop)
        except Interrupted:
            return None
        return found.constant if found.feasible.all() else None

    def checked(self, x: Floats) -> Iterator[tuple[Problem, Floats]]:
        parts, size = parts_of(self.template), len(self.fan.cost0)
        own = np.zeros(len(self.template.problem.cost))
        own[parts.first] = x[:size]
        for f, recourse in enumerate(x[size:].reshape(self.fan.count, -1)):
            own[parts.recourse] = recourse
            yield self.template.future(f), own.copy()

    def costs(self, x: Floats) -> Floats:
        """What every future costs in an answer. [F]"""
        fan, size = self.fan, len(self.fan.cost0)
        recourse = x[size:].reshape(fan.count, -1) / fan.column_scale
        return np.asarray(fan.cost0 @ x[:size] + x[:size] @ fan.cost1 + fan.money * (recourse * fan.cost2).sum(axis=1))

    def looks(self, settings: SolveSettings) -> FanRecourse | LooksElsewhere:
        """The futures, to be looked at under first stages of the caller's choice."""
        if self.executor is None:
            return FanRecourse(self.fan, settings.threads, settings.seed)
        return LooksElsewhere(self.instance.scenario, self.template.paths, self.fan, self.executor, settings.threads, settings.seed)
