"""A question in a form that can be solved, and what its forms share. What asks does not need to know which it is: all futures in one problem (`form_whole`),
a fan of futures taken apart (`form_fan`), or a tree taken apart (`form_tree`); `choice` says which, and why."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from models.options import SolveSettings
from models.plan import Phase
from optimizer.instance import Instance
from optimizer.outcome import Values
from optimizer.solve.decomposition import Decomposed
from optimizer.solve.handover import Handover
from optimizer.solve.highs import Answer, OnBest
from optimizer.solve.master import Measure
from optimizer.solve.problem import Problem
from scenarios.tree import Floats, Ints

FIRST_STAGE = ("signed", "volume", "opened")
LAST = 5.0  # seconds, at least, for what follows from a tree's decisions
GRACE = 0.9  # of the time: the rest is for the last look, which brings the plan

Key = tuple[int, ...]
FirstStage = Mapping[str, Mapping[Key, float]]  # signed[o,j], volume[o,j,p,t], opened[e] -> value; as indexed in `decisions`, without the node


class Form(Protocol):
    """A question that can be solved, and varied."""

    @property
    def method(self) -> str:
        """How it is solved, in words, and why so."""

    @property
    def columns(self) -> int:
        """Number of columns over all futures."""

    @property
    def tied(self) -> bool:
        """Whether rules tie the futures together."""

    @property
    def handover(self) -> Handover | None:
        """Where a solve on one thread leaves a basis for variants of the question that are solved beside it; None where a solve takes all threads."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Where the time of the last solve went, where it has parts."""

    def solve(self, settings: SolveSettings, *, seconds: float, on_best: OnBest | None = None, stop: threading.Event | None = None) -> Answer:
        """Solve to the settings' gap."""

    def values(self, x: Floats) -> Values:
        """Values of the kernel variables in an answer."""

    def first_stage(self, x: Floats) -> FirstStage:
        """What an answer decides now."""

    def held(self, chosen: FirstStage, *, loosely: bool = False) -> Form:
        """The same with decisions of the first stage held; `loosely`: within a solver's tolerance."""

    def unsigned(self) -> Form:
        """The same with nothing signed, now or later."""

    def without_rules(self, rules: list[int]) -> Form:
        """The same without some rules."""

    def whole(self) -> Problem:
        """All futures in one problem."""

    def sample(self) -> Problem:
        """A problem whose figures are as large and as small as those of the whole."""

    def futures(self) -> Iterator[Problem]:
        """Every future as a problem of its own: it knows what will come."""

    def least(self, settings: SolveSettings, deadline: float, stop: threading.Event | None) -> Floats | None:
        """What every future costs at least, known in advance and with parts of contracts signed; None where that is not at hand. [F]"""

    def checked(self, x: Floats) -> Iterator[tuple[Problem, Floats]]:
        """Problems, with their part of an answer, that together hold every row."""


def first_stage_of(problem: Problem, x: Floats) -> FirstStage:
    """What a solution decides at node 0."""
    found: dict[str, dict[Key, float]] = {}
    for name in FIRST_STAGE:
        keys, columns = problem.keys[name]
        found[name] = {tuple(key[:-1]): float(x[j]) for key, j in zip(keys.tolist(), columns, strict=True) if key[-1] == 0}
    return found


def columns_held(keys: Mapping[str, tuple[Ints, Ints]], chosen: FirstStage) -> tuple[Ints, Floats]:
    """Columns that are held and at what; binaries rounded."""
    where, values = [], []
    for name, amounts in chosen.items():
        index, columns = keys[name]
        for key, j in zip(index.tolist(), columns, strict=True):
            if key[-1] == 0 and tuple(key[:-1]) in amounts:
                where.append(int(j))
                value = amounts[tuple(key[:-1])]
                values.append(value if name == "volume" else float(round(value)))
    return np.array(where, dtype=np.int64), np.array(values, dtype=float)


def better_of(stalled: Answer, whole: Answer, columns: int) -> Answer:
    """What a decomposition that stalled and all futures in one problem know together; the first columns of both are the same."""
    bound = max(stalled.bound, whole.bound)
    if stalled.x is None or whole.objective <= stalled.objective:
        return replace(whole, x=None if whole.x is None else whole.x[:columns], bound=min(bound, whole.objective))
    status = "optimal" if whole.status == "optimal" else "feasible"
    return replace(stalled, status=status, stop_reason=whole.stop_reason, bound=min(bound, stalled.objective))


def phases_of(runs: list[Decomposed]) -> tuple[Phase, ...]:
    """Where the time of the last run went."""
    if not runs:
        return ()
    found = runs[-1]
    parts = {"cold pass": found.cold_seconds, f"{found.passes} passes": found.look_seconds, "master": found.master_seconds, "sample": found.sample_seconds}
    return tuple(Phase(name=f"solve ({name})", seconds=round(seconds, 6)) for name, seconds in parts.items())


def measure_of(instance: Instance) -> Measure:
    """How costs of futures become the objective."""
    tree = instance.tree
    risky = instance.risk_weight > 0 and instance.risk_tail < 1 and len(tree.leaves) > 1
    return Measure(tree.probability[tree.leaves], instance.risk_weight if risky else 0.0, instance.risk_tail)
