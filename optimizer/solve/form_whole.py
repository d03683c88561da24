"""All futures in one problem."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from models.options import SolveSettings
from models.plan import Phase
from optimizer.instance import Instance
from optimizer.outcome import Values
from optimizer.risk import plain
from optimizer.solve import extensive
from optimizer.solve.forms import FirstStage, columns_held, first_stage_of
from optimizer.solve.handover import Handover
from optimizer.solve.highs import Answer, OnBest
from optimizer.solve.problem import Problem
from optimizer.solve.settle import settle, tidied
from scenarios.tree import Floats

LAST = 1.0  # seconds for what an answer needs however late it is


@dataclass(frozen=True)
class ExtensiveForm:
    """All futures in one problem."""

    instance: Instance
    problem: Problem
    why: str
    handover: Handover = field(default_factory=Handover)
    varied: bool = False  # decisions of the first stage are held

    @property
    def method(self) -> str:
        return extensive.method_of(self.problem) + (f"; {self.why}" if self.why else "")

    @property
    def columns(self) -> int:
        return int(self.problem.matrix.shape[1])

    @property
    def tied(self) -> bool:
        return bool(((self.problem.row_rule >= 0) & (self.problem.row_node < 0)).any())

    @property
    def phases(self) -> tuple[Phase, ...]:
        return ()

    def solve(self, settings: SolveSettings, *, seconds: float, on_best: OnBest | None = None, stop: threading.Event | None = None) -> Answer:
        started = time.monotonic()
        answer = extensive.solve(
            self.problem, gap=settings.gap, seconds=seconds, seed=settings.seed, on_best=on_best, stop=stop,
            tree=None if self.varied else self.instance.tree, handover=self.handover,
        )  # fmt: skip
        left = seconds - (time.monotonic() - started)
        stopped = answer.stop_reason == "user"
        answer = tidied(self.problem, answer, seconds=LAST if stopped else max(left, LAST), seed=settings.seed, stop=None if stopped else stop)
        if plain(self.instance):
            return answer
        left = seconds - (time.monotonic() - started)
        return settle(self.problem, answer, self.instance.tree.probability, seconds=left, seed=settings.seed, stop=stop)

    def values(self, x: Floats) -> Values:
        return self.problem.values(x)

    def first_stage(self, x: Floats) -> FirstStage:
        return first_stage_of(self.problem, x)

    def held(self, chosen: FirstStage, *, loosely: bool = False) -> ExtensiveForm:
        where, values = columns_held(self.problem.keys, chosen)
        if not len(where):
            return self
        inside = np.clip(values, self.problem.lower[where], self.problem.upper[where])
        return replace(self, problem=self.problem.pinned(where, values) if loosely else self.problem.fixed(where, inside), varied=True)

    def unsigned(self) -> ExtensiveForm:
        _, columns = self.problem.keys["signed"]
        return replace(self, problem=self.problem.fixed(columns, np.zeros(len(columns))), varied=True, handover=Handover())  # too far from any plan

    def without_rules(self, rules: list[int]) -> ExtensiveForm:
        return replace(self, problem=self.problem.without_rules(np.isin(self.problem.row_rule, rules)))

    def whole(self) -> Problem:
        return self.problem

    def sample(self) -> Problem:
        return self.problem

    def futures(self) -> Iterator[Problem]:
        return (future_problem(self.instance, self.problem, int(leaf)) for leaf in self.instance.tree.leaves)

    def least(self, settings: SolveSettings, deadline: float, stop: threading.Event | None) -> Floats | None:  # noqa: ARG002
        return None

    def checked(self, x: Floats) -> Iterator[tuple[Problem, Floats]]:
        yield self.problem, x


def future_problem(instance: Instance, problem: Problem, leaf: int) -> Problem:
    """One future cut out: the rows and columns on its path, its own cost, no rule that ties futures together."""
    path = instance.tree.path(leaf)
    on_path = np.zeros(instance.tree.size + 1, dtype=bool)  # the last one stands for what ties futures together, node -1
    on_path[path] = True
    rows, columns = on_path[problem.row_node], on_path[problem.column_node]
    return replace(problem, cost=np.asarray(problem.cash[path].sum(axis=0)).ravel()).part(rows, columns)
