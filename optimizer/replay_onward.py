"""What is still to come, planned anew from where things stand, beside going on as it was planned at signing.

The whole horizon is kept and its past held (`replay_hold`), so that banks, prepayments, rebates, stocks and backlog stand where they stand. Four questions:

    best       the cheapest way on
    planned    takes, notices and later signatures of the plan made at signing, at the same nodes of the tree; everything else as cheap as it can be
    gain       planned - best, never below 0
    worth      of a decision that is still open: the cheapest way on without it - best, never below 0
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.contract import ContractFile, SignedContract
from models.errors import AuditMismatch, Cancelled
from models.options import SolveSettings
from models.replay import Onward
from models.scenario import Scenario
from optimizer.audit import OBJECTIVE_TOLERANCE, audit
from optimizer.bill import make_bill
from optimizer.instance import Instance, build_instance
from optimizer.model import build_model
from optimizer.outcome import Outcome, read_outcome
from optimizer.replay_hold import held, kept, onward_values, without
from optimizer.replay_past import Past, resolve
from optimizer.replay_steps import Planned, onward_words, steps_of
from optimizer.size import refuse_giant
from optimizer.solve.form_whole import ExtensiveForm
from optimizer.solve.highs import Answer
from optimizer.solve.problem import Problem
from scenarios.past import SeenTree
from scenarios.tree import Floats, Tree

HALF = 0.5  # of the time left for each search: something is always left for the next
NOT_POSSIBLE = "Going on as it was planned at signing is no longer possible"
NO_TIME = "There was no time to compare it with going on as it was planned at signing"
ROUNDING = 1e-9  # relative: differences of cost that are none


class OutOfTime(Exception):
    """No time is left for another search."""


class NoWayOn(Exception):
    """No plan keeps all hard rules from where things stand."""


@dataclass
class Searches:
    """Searches under one clock."""

    settings: SolveSettings
    left: Callable[[], float]
    stop: threading.Event | None
    solves: int = 0
    gap: float = 0.0

    def best(self, instance: Instance, problem: Problem, share: float = 1.0) -> Answer | None:
        """The best plan of a problem, to a gap of 0 or as near as a share of the time left allows; None where there is none. Raises OutOfTime, Cancelled."""
        if self.stop is not None and self.stop.is_set():
            raise Cancelled
        if self.left() <= 0:
            raise OutOfTime
        self.solves += 1
        form = ExtensiveForm(instance, problem, "", varied=True)
        answer = form.solve(self.settings.model_copy(update={"gap": 0.0}), seconds=share * self.left(), stop=self.stop)
        if answer.stop_reason == "user":
            raise Cancelled
        if answer.status == "infeasible":
            return None
        if answer.x is None:
            raise OutOfTime
        self.gap = max(self.gap, (answer.objective - answer.bound) / max(1.0, abs(answer.objective)))
        return answer


@dataclass(frozen=True)
class Ahead:
    """What lies ahead: the answer, and of every open decision how often it is taken and what it is worth."""

    onward: Onward
    options: dict[tuple[int, int], tuple[float, float | None]]  # (offer, way to end) -> probability, worth


def look_ahead(
    scenario: Scenario, file: ContractFile, tree: Tree, seen: SeenTree, searches: Searches, open_options: list[tuple[int, int]], broken: bool,
    tell: Callable[[str], None],
) -> Ahead:  # fmt: skip
    """Plan what is to come. `broken`: what happened breaks a contract, so that model and bill need not agree about it. Raises OutOfTime, NoWayOn, Cancelled."""
    instance = build_instance(scenario, seen.tree)
    refuse_giant(instance, searches.settings.max_nonzeros)
    past = resolve(file, instance)
    tell("best way on")
    problem = held(build_model(instance), past)
    answer = searches.best(instance, problem, HALF)
    if answer is None:
        raise NoWayOn
    outcome = _outcome(instance, past, problem, answer, broken)
    planned, on, why_not = None, None, NOT_POSSIBLE
    if past.past:
        tell("as planned")
        try:
            planned = _planned(scenario, file, tree, seen, searches)
            on = None if planned is None else searches.best(instance, kept(problem, planned.decisions), HALF)
        except OutOfTime:
            why_not = NO_TIME
    options: dict[tuple[int, int], tuple[float, float | None]] = {}
    for o, w in open_options:
        tell(f"without {past.contracts[o].endings[w].clause} of {past.contracts[o].offer.id}")
        options[o, w] = (_chance(instance, outcome, o, w), _worth(searches, instance, problem, answer, o, w))
    steps = steps_of(past, seen, outcome, planned)
    gain = 0.0 if past.past == 0 else None if on is None else _cleared(on.objective - answer.objective, answer.objective)
    best = _ahead(instance, past, outcome)
    going_on = best if past.past == 0 else None if on is None else _ahead(instance, past, read_outcome(instance, past.contracts, problem.values(_x(on))))
    found = Onward(best=best, objective=answer.objective, planned=going_on, gain=gain, gap=max(0.0, searches.gap), steps=steps, sentences=())
    return Ahead(found.model_copy(update={"sentences": onward_words(scenario, found, why_not)}), options)


def _planned(scenario: Scenario, file: ContractFile, tree: Tree, seen: SeenTree, searches: Searches) -> Planned | None:
    """What the best plan at signing would do at each node that can still come, the contracts signed as they were."""
    instance = build_instance(scenario, tree)
    start = file.model_copy(update={"today": None, "contracts": tuple(_unborn(x) for x in file.contracts if _signed_now(scenario, x.offer))})
    start = start.model_copy(update={"sites": (), "orders": (), "opened": tuple(x for x in file.opened if x.period is None)})
    past = resolve(start, instance)
    problem = held(build_model(instance), past)
    answer = searches.best(instance, problem, HALF)
    if answer is None:
        return None
    outcome = read_outcome(instance, past.contracts, problem.values(_x(answer)))
    return Planned(outcome, onward_values(problem.values(_x(answer)), seen.origin))


def _signed_now(scenario: Scenario, offer: str) -> bool:
    return next(x for x in scenario.offers if x.id == offer).sign == "now"


def _unborn(contract: SignedContract) -> SignedContract:
    """A contract of the file before anything happened."""
    return contract.model_copy(update={"takes": (), "chosen": (), "notices": (), "invoices": ()})


def _outcome(instance: Instance, past: Past, problem: Problem, answer: Answer, broken: bool) -> Outcome:
    """What the answer does. Raises AuditMismatch where bills disagree with the model."""
    outcome = read_outcome(instance, past.contracts, problem.values(_x(answer)))
    found = audit(instance, past.contracts, outcome)
    if not broken and found.difference(answer.objective) > OBJECTIVE_TOLERANCE:
        raise AuditMismatch(
            f"The audit disagrees with the model (objective {found.objective:,.6f} by audit and {answer.objective:,.6f} by the solver), so nothing is said "
            "of what is to come. This is our fault; please report the contract file."
        )
    return outcome


def _x(answer: Answer) -> Floats:
    assert answer.x is not None
    return answer.x


def _ahead(instance: Instance, past: Past, outcome: Outcome) -> float:
    """Mean present value of all that is billed after the past."""
    tree = instance.tree
    weights = np.where(np.arange(tree.size) > past.past, tree.probability * instance.discount, 0.0)
    return float(make_bill(instance, past.contracts, outcome).total(tree.size) @ weights)


def _chance(instance: Instance, outcome: Outcome, o: int, w: int) -> float:
    return float((outcome.ended[o][w] * instance.tree.probability).sum())


def _worth(searches: Searches, instance: Instance, problem: Problem, answer: Answer, o: int, w: int) -> float | None:
    """What doing without a decision would cost; None where there is no time, or no plan without it."""
    try:
        other = searches.best(instance, without(problem, o, w))
    except OutOfTime:
        return None
    return None if other is None else _cleared(other.objective - answer.objective, answer.objective)


def _cleared(amount: float, size: float) -> float:
    return 0.0 if amount <= ROUNDING * max(1.0, abs(size)) else amount
