"""Values that explanations are made of: the best plan of a scenario that differs in one thing, searched to a gap of 0 and audited.

At the usual gap a solver may call two different decisions equally good. Where futures are taken apart the gap is the least that can be proven.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from models.errors import AuditMismatch, Cancelled
from models.negotiation import Interval
from models.options import SolveSettings
from models.rules import Force
from models.scenario import Scenario
from models.why import CategoryDifference, Difference, Figures
from optimizer.audit import audit
from optimizer.conflict_members import Member, changed
from optimizer.contracts import build_contracts
from optimizer.instance import build_instance
from optimizer.outcome import read_outcome
from optimizer.solve.choice import FINEST, choose
from optimizer.solve.form_whole import ExtensiveForm
from optimizer.tail import weighed
from scenarios.tree import Tree, build_tree

EXACT = 0.0
ROUNDING = 1e-9  # relative: differences of cost that are none


class OutOfTime(Exception):
    """No time is left for another value."""


@dataclass(frozen=True)
class Valued:
    """The best plan of a scenario."""

    lower: float  # objective, as far as proven
    upper: float
    figures: Figures
    categories: dict[str, float]  # expected present cost by category of the ledger
    signed: dict[str, float]  # probability of signing, by offer

    @property
    def award(self) -> tuple[str, ...]:
        """Offers signed in some future."""
        return tuple(x for x, chance in self.signed.items() if chance > 0)


@dataclass
class Bench:
    """Where a scenario and its variants are valued."""

    scenario: Scenario
    settings: SolveSettings
    left: Callable[[], float]
    stop: threading.Event | None = None
    solves: int = 0
    _tree: Tree | None = field(default=None)

    @property
    def tree(self) -> Tree:
        """The scenario's futures: those of every variant that says no others, so that only what is asked about differs."""
        if self._tree is None:
            self._tree = build_tree(self.scenario)
        return self._tree

    def lifted(self, member: Member, theta: float | None = None) -> Tree:
        """The futures with a limit of the data moved, by default as far as it goes; the scenario's own where they would not match them one by one."""
        tree = build_tree(changed(self.scenario, [(member, member.at(member.most if theta is None else theta))]))
        return tree if tree.ids == self.tree.ids else self.tree

    def value(self, scenario: Scenario, tree: Tree | None = None) -> Valued | None:
        """The best plan of a variant; None where none keeps the hard rules. Raises OutOfTime, Cancelled."""
        if self.stop is not None and self.stop.is_set():
            raise Cancelled
        if self.left() <= 0:
            raise OutOfTime
        self.solves += 1
        instance = build_instance(scenario, tree or self.tree)
        form = choose(scenario, instance, self.settings)
        exact = EXACT if isinstance(form, ExtensiveForm) else max(FINEST, self.settings.gap)
        answer = form.solve(self.settings.model_copy(update={"gap": exact}), seconds=self.left(), stop=self.stop)
        if answer.stop_reason == "user":
            raise Cancelled
        if answer.status == "infeasible":
            return None
        if answer.x is None or answer.status != "optimal":
            raise OutOfTime
        contracts = build_contracts(instance)
        outcome = read_outcome(instance, contracts, form.values(answer.x))
        found = audit(instance, contracts, outcome)
        if not found.passed(answer.objective):
            raise AuditMismatch(
                f"The audit disagrees with the model (largest violation {found.violation:.2e} at {found.where or 'none'}, objective {found.objective:,.6f} "
                f"by audit and {answer.objective:,.6f} by the solver), so nothing is explained. This is our fault; please report the scenario."
            )
        weights = instance.tree.probability * instance.discount
        categories: dict[str, float] = {}
        for row in found.bill.rows:
            categories[row.category] = categories.get(row.category, 0.0) + weighed(row.amount, weights)
        unmet = float((outcome.unmet.sum(axis=(0, 1)) * instance.tree.probability).sum())
        signed = {x.id: float(instance.tree.probability[outcome.signed[o].sum(axis=0) > 0.5].sum()) for o, x in enumerate(instance.offers)}
        figures = Figures(objective=answer.objective, expected_cost=found.expected, cvar=found.cvar, expected_shortage=unmet)
        return Valued(min(answer.bound, answer.objective), answer.objective, figures, categories, signed)


def difference(other: Valued, best: Valued) -> Difference:
    """other - best, by category too; what is rounding is none."""
    names = sorted({*other.categories, *best.categories})
    parts = {x: other.categories.get(x, 0.0) - best.categories.get(x, 0.0) for x in names}
    categories = [CategoryDifference(category=x, amount=v) for x, v in sorted(parts.items(), key=lambda x: -abs(x[1])) if v]
    return Difference(
        objective=Interval(lower=_cleared(other.lower - best.upper, best.upper), upper=_cleared(other.upper - best.lower, best.upper)),
        expected_cost=other.figures.expected_cost - best.figures.expected_cost,
        cvar=other.figures.cvar - best.figures.cvar,
        expected_shortage=other.figures.expected_shortage - best.figures.expected_shortage,
        categories=tuple(categories),
    )


def _cleared(amount: float, size: float) -> float:
    return 0.0 if abs(amount) <= ROUNDING * max(1.0, abs(size)) else amount


def dearer(one: Valued | None, other: Valued) -> bool:
    """Whether `one` is surely dearer than `other`, beyond rounding; no plan at all is."""
    return one is None or one.lower - other.upper > ROUNDING * 10 * max(1.0, abs(other.upper))


def forced(scenario: Scenario, decisions: dict[str, bool]) -> Scenario:
    """The scenario with some offers signed, and others not."""
    rules = tuple(Force(kind="force", offer=offer, signed=signed) for offer, signed in decisions.items())
    return scenario.model_copy(update={"rules": (*scenario.rules, *rules)})


def kept(scenario: Scenario, best: Valued) -> Scenario:
    """The scenario with what the best plan signs in every future or in none held; what it signs in some stays open."""
    sure = {offer: chance > 0.5 for offer, chance in best.signed.items() if np.isclose(chance, 0.0) or np.isclose(chance, 1.0)}
    return forced(scenario, sure)
