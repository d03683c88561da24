"""Smallest contradictions: sets of members that can't hold together, while without any one of them they could.

One is found by QuickXplain, first among the rules with all data in force, then among the data with those rules: so rules are blamed before data, and what is
found is minimal all the same. Others lie in what is left when a member of each one found is dropped (Reiter's tree of hitting sets, breadth first).
References: Junker (2004), QuickXplain, AAAI; Reiter (1987), A theory of diagnosis from first principles, Artificial Intelligence 32(1);
Chinneck (2008), Feasibility and Infeasibility in Optimization, chapters 6 and 7.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from models.errors import SolverFailure
from optimizer.conflict_elastic import Elastic
from optimizer.solve.extensive import solve

MOST_DROPPED = 3  # members dropped at once in search of other contradictions
MOST_LOOKS = 200  # sets looked at in search of them
Infeasible = Callable[[Iterable[int]], bool]


class OutOfTime(Exception):
    """No time is left to find out."""


@dataclass
class Oracle:
    """Whether some members can hold together, each set asked once. Raises OutOfTime."""

    elastic: Elastic
    left: Callable[[], float]
    seed: int
    known: dict[frozenset[int], bool] = field(default_factory=dict)
    solves: int = 0

    def infeasible(self, kept: Iterable[int]) -> bool:
        """Whether no plan keeps all of `kept`, whatever happens to the other members."""
        wanted = frozenset(kept)
        if wanted not in self.known:
            self.known[wanted] = self._asked(wanted)
        return self.known[wanted]

    def _asked(self, wanted: frozenset[int]) -> bool:
        if self.left() <= 0:
            raise OutOfTime
        self.solves += 1
        problem = self.elastic.keeping(wanted)
        answer = solve(replace(problem, cost=np.zeros_like(problem.cost)), gap=0.5, seconds=self.left(), seed=self.seed)
        if answer.x is None and answer.status != "infeasible":
            raise OutOfTime
        return answer.x is None


def smallest(infeasible: Infeasible, background: list[int], candidates: list[int]) -> list[int]:
    """Which of `candidates` are needed, beside the `background`, for the contradiction; earlier ones are rather kept than later ones."""
    if infeasible(background):
        return []
    return _needed(infeasible, background, candidates, changed=False)


def _needed(infeasible: Infeasible, background: list[int], candidates: list[int], *, changed: bool) -> list[int]:
    if changed and infeasible(background):
        return []
    if len(candidates) <= 1:
        return candidates
    half = len(candidates) // 2
    first, second = candidates[:half], candidates[half:]
    late = _needed(infeasible, background + first, second, changed=bool(first))
    early = _needed(infeasible, background + late, first, changed=bool(late))
    return early + late


def minimal_conflict(oracle: Oracle, members: list[int]) -> list[int] | None:
    """A smallest contradiction among some members; None where they can hold together."""
    if not oracle.infeasible(members):
        return None
    rules = [g for g in members if oracle.elastic.members[g].is_rule]
    data = [g for g in members if g not in rules]
    blamed = smallest(oracle.infeasible, data, rules)
    if not blamed:
        raise SolverFailure("The limits of the data can't hold together even without rules, which can't be. This is our fault; please report the scenario.")
    return sorted(blamed + smallest(oracle.infeasible, blamed, data))


def conflicts_of(oracle: Oracle, most: int) -> tuple[list[list[int]], bool]:
    """Up to `most` different smallest contradictions, and whether there was time to look for them."""
    everyone = list(range(len(oracle.elastic.members)))
    found: list[list[int]] = []
    queue, seen = deque([frozenset[int]()]), {frozenset[int]()}
    try:
        while queue and len(found) < most and len(seen) < MOST_LOOKS:
            dropped = queue.popleft()
            conflict = next((x for x in found if dropped.isdisjoint(x)), None)
            if conflict is None:
                conflict = minimal_conflict(oracle, [g for g in everyone if g not in dropped])
                if conflict is None:
                    continue
                found.append(conflict)
            for g in conflict:
                if len(dropped) < MOST_DROPPED and dropped | {g} not in seen:
                    seen.add(dropped | {g})
                    queue.append(dropped | {g})
    except OutOfTime:
        return found, False
    return found, True
