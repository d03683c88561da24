"""A tree taken apart where it first branches."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from models.options import SolveSettings
from models.plan import Phase
from optimizer.outcome import Values
from optimizer.solve.blocks import BlockLooks, blocks_in, take_apart
from optimizer.solve.decomposition import Decomposed, Decomposition
from optimizer.solve.form_whole import ExtensiveForm
from optimizer.solve.forms import GRACE, LAST, FirstStage, better_of, phases_of
from optimizer.solve.highs import Answer, OnBest
from optimizer.solve.master import Measure
from optimizer.solve.problem import Problem
from optimizer.solve.settle import pressed
from scenarios.tree import Floats


@dataclass(frozen=True)
class TreeForm:
    """A tree taken apart where it first branches. An answer's x is that of all futures in one problem."""

    form: ExtensiveForm
    why: str
    last: list[Decomposed] = field(default_factory=list)

    @property
    def method(self) -> str:
        return f"decomposition (L-shaped method, one cut per subtree and pass, {blocks_in(self.form.instance.tree):,} subtrees on HiGHS simplex), {self.why}"

    @property
    def columns(self) -> int:
        return self.form.columns

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
        blocks = take_apart(self.form.problem, self.form.instance.tree)
        looks = BlockLooks(blocks, settings.threads, settings.seed)
        run = Decomposition(
            blocks, Measure(np.ones(blocks.count), 0.0, 1.0), gap=settings.gap, threads=settings.threads, seed=settings.seed,
            deadline=started + GRACE * seconds, stop=stop, on_best=on_best, looks=looks,
        )  # fmt: skip
        found = run.run()
        self.last.append(found)
        spent, problem = time.monotonic() - started, self.form.problem
        left = max(seconds - spent, LAST)
        x, objective = None, np.inf
        if found.x is not None:
            x = pressed(problem, blocks.assembled(found.x, found.columns), seconds=left, seed=settings.seed, integers=False)
            objective = float(problem.cost @ x) + problem.offset
        answer = Answer(found.status, found.stop_reason, x, objective, min(found.bound + problem.offset, objective), found.passes, spent)
        if found.stop_reason != "stalled":
            return answer
        return better_of(answer, self.form.solve(settings, seconds=left, on_best=on_best, stop=stop), self.columns)

    def values(self, x: Floats) -> Values:
        return self.form.values(x)

    def first_stage(self, x: Floats) -> FirstStage:
        return self.form.first_stage(x)

    def held(self, chosen: FirstStage, *, loosely: bool = False) -> TreeForm:
        return replace(self, form=self.form.held(chosen, loosely=loosely), last=[])

    def unsigned(self) -> TreeForm:
        return replace(self, form=self.form.unsigned(), last=[])

    def without_rules(self, rules: list[int]) -> TreeForm:
        return replace(self, form=self.form.without_rules(rules), last=[])

    def whole(self) -> Problem:
        return self.form.problem

    def sample(self) -> Problem:
        return self.form.problem

    def futures(self) -> Iterator[Problem]:
        return self.form.futures()

    def least(self, settings: SolveSettings, deadline: float, stop: threading.Event | None) -> Floats | None:
        return self.form.least(settings, deadline, stop)

    def checked(self, x: Floats) -> Iterator[tuple[Problem, Floats]]:
        return self.form.checked(x)
