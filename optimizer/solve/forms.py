"""A question in a form that can be solved: all futures in one problem, or a fan of futures taken apart. What asks does not need to know which.

Which form, and why, is `choose`'s business: taken apart are fans of many futures whose recourse is linear and that no rule ties together; everything
else goes into one problem. `solve.method` forces either.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from models.errors import Finding, InvalidScenario
from models.options import SolveSettings
from models.plan import Phase
from models.scenario import Scenario
from optimizer.instance import Instance
from optimizer.model import build_model
from optimizer.outcome import Values
from optimizer.risk import plain
from optimizer.size import refuse_giant
from optimizer.solve import extensive
from optimizer.solve.blocks import BlockLooks, blocks_in, take_apart, trunk_of
from optimizer.solve.decomposition import Decomposed, Decomposition
from optimizer.solve.elsewhere import LooksElsewhere
from optimizer.solve.fan import Fan, make_fan, with_hindsight
from optimizer.solve.handover import Handover
from optimizer.solve.highs import Answer, Interrupted, OnBest
from optimizer.solve.master import Measure, tidied
from optimizer.solve.problem import PIN, Problem, compile_problem
from optimizer.solve.recourse import FanRecourse
from optimizer.solve.settle import pressed, settle
from optimizer.solve.stamping import layout, stamp_extensive
from optimizer.solve.template import Template, make_template, obstacle, parts_of
from scenarios.tree import Floats, Ints, fan_paths

FIRST_STAGE = ("signed", "volume", "opened")
MANY = 30  # futures from which taking apart pays
SUBTREES, LARGE = 8, 60_000  # subtrees and columns from which taking a tree apart pays
APART = 10  # times as large may be what is taken apart, because most of it stands in arrays
FINEST = 1e-7  # relative gap that a decomposition can prove
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
        return f"decomposition (L-shaped method, one cut per future and pass, {self.fan.count:,} futures on HiGHS simplex), {self.why}"

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
        again = extensive.solve(self.whole(), gap=settings.gap, seconds=left, seed=settings.seed, on_best=on_best, stop=stop)
        return better_of(answer, again, self.columns)

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
            x = pressed(problem, blocks.assembled(found.x, found.columns), seconds=left, seed=settings.seed)
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


def choose(scenario: Scenario, instance: Instance, settings: SolveSettings, executor: Executor | None = None) -> Form:
    """The form in which a scenario is solved; a fan that is taken apart has its futures looked at by `executor`, if one is given.

    Raises InvalidScenario where the settings force a decomposition that is not possible.
    """
    wanted, paths = settings.method, fan_paths(instance.tree)
    reason = "the tree branches later than after signing" if paths is None else obstacle(scenario, paths)
    if not reason and not plain(instance):
        reason = "the objective looks at other probabilities too"
    if paths is None or reason:
        refuse_giant(instance, settings.max_nonzeros)
        return _whole_or_tree(instance, settings, reason)
    refuse_giant(instance, APART * settings.max_nonzeros)
    template = make_template(scenario, paths)
    fan = make_fan(template)
    reason = _tie(template, fan) or _too_fine(settings)
    _refuse(wanted, reason)
    if reason or wanted == "extensive" or (wanted == "auto" and paths.count < MANY):
        refuse_giant(instance, settings.max_nonzeros)
        weight = measure_of(instance).weight
        return ExtensiveForm(instance, stamp_extensive(template, instance.tree, weight, instance.risk_tail), _because(wanted, reason, paths.count))
    why = "as asked" if wanted == "decomposition" else "because there are many futures, their recourse is linear and no rule ties them together"
    return FanForm(instance, template, fan, why, executor)


def _whole_or_tree(instance: Instance, settings: SolveSettings, reason: str) -> Form:
    """What can't be stamped is compiled whole; a tree with enough subtrees is then taken apart."""
    wanted, tree = settings.method, instance.tree
    form = ExtensiveForm(instance, compile_problem(build_model(instance)), "")
    apart = fan_paths(tree) is None or reason == ""
    tie = reason if not apart else _tie_of_tree(form) or _too_fine(settings)
    _refuse(wanted, tie)
    if not tie and (wanted == "decomposition" or (wanted == "auto" and blocks_in(tree) >= SUBTREES and form.columns >= LARGE)):
        return TreeForm(form, "as asked" if wanted == "decomposition" else "because the tree is large and no rule ties its subtrees together")
    return replace(form, why=_because(wanted, tie, len(tree.leaves)))


def _tie_of_tree(form: ExtensiveForm) -> str:
    """Why a tree can't be taken apart where it first branches; empty if it can."""
    tree, problem = form.instance.tree, form.problem
    trunk = np.isin(problem.column_node, trunk_of(tree)) | (problem.column_node < 0)
    if not plain(form.instance):
        return "the objective looks at other probabilities too"
    if form.tied or any(rule.kind == "shortage_cvar" for rule in form.instance.rules):
        return "a rule measured over several futures ties them together (`in: every_future` or `every_node` would not)"
    if problem.integer[~trunk].any():
        return "there are yes-or-no decisions after the first branching"
    if not np.isfinite(problem.upper).all():
        return "some volume has no limit"
    return "" if blocks_in(tree) > 1 else "there is a single future"


def measure_of(instance: Instance) -> Measure:
    """How costs of futures become the objective."""
    tree = instance.tree
    risky = instance.risk_weight > 0 and instance.risk_tail < 1 and len(tree.leaves) > 1
    return Measure(tree.probability[tree.leaves], instance.risk_weight if risky else 0.0, instance.risk_tail)


def _because(wanted: str, reason: str, count: int) -> str:
    if wanted == "extensive":
        return "all futures in one problem, as asked"
    return f"all futures in one problem, because {reason}" if reason and count >= MANY else ""


def _refuse(wanted: str, reason: str) -> None:
    if wanted == "decomposition" and reason:
        raise InvalidScenario([Finding("solve.method", f'"decomposition" is not possible here, because {reason}; use "auto" or "extensive"')])


def _too_fine(settings: SolveSettings) -> str:
    """Why the gap asked for can't be proven by cuts."""
    return f"it proves gaps down to {FINEST:g}, and {settings.gap:g} is asked for" if settings.gap < FINEST else ""


def _tie(template: Template, fan: Fan) -> str:
    """Why the futures can't be taken apart; empty if they can."""
    parts, problem = parts_of(template), template.problem
    if len(parts.shared_rows) or len(parts.shared):
        return "a rule measured on average ties the futures together (`in: every_future` or `every_node` would not)"
    if problem.integer[parts.recourse].any():
        return "there are yes-or-no decisions after signing"
    if not (np.isfinite(problem.upper[parts.first]).all() and np.isfinite(fan.top).all()):
        return "some volume has no limit"
    return ""
