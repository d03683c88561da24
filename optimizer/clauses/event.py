"""Events that neither party decides, and what they leave of a contract: the part of the kernel behind force majeure and supplier default.

An event holds at nodes that the data mark: an index that stands at a level or above, or less of the committed volume that can be delivered than a share.
There the contract stands still, or it is over from there on. e[n] is 1 where it stands still or is over, else 0. Clauses see what is left of the committed
volume, (1 - e) V: the row `left_is_the_rest` in `ending`. e is data, so nothing has to be decided, and what is known at a node is all that is used there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from models.clauses.event import Event
from optimizer.instance import Instance, OfferData
from optimizer.protocols import ByClass
from optimizer.wording import number, percent
from scenarios.tree import Floats

if TYPE_CHECKING:
    from optimizer.clauses.statement import Statement


@runtime_checkable
class Stops(Protocol, metaclass=ByClass):
    """A clause under which a contract stands still while an event lasts, or is over from then on."""

    for_good: bool
    """Whether it is over."""

    @property
    def terms(self) -> Any:
        """The clause's document: an `Event`."""

    def stops(self, instance: Instance, offer: OfferData) -> Floats:
        """1 at nodes at which it stands still or is over, as data for the model. [N], or [N, F] where futures stand side by side"""

    def stopped(self, statement: Statement) -> Floats:
        """The same, recomputed from the statement. [N]"""


@dataclass(frozen=True)
class Interruption:
    """Where events leave a contract as it is, as data for the model. [N], or [N, F] where futures stand side by side"""

    stands: Floats  # 1 where it neither stands still nor is over
    fails: Floats  # 1 at the first node of the window at which it is over


def interruption_of(clauses: Iterable[Any], instance: Instance, offer: OfferData) -> Interruption | None:
    """What events leave of a contract with these clauses; None where none of them is about any event. That depends on no data, so that all futures alike have
    or have not what is declared for it."""
    tree, about = instance.tree, [clause for clause in clauses if isinstance(clause, Stops) and happens(clause.terms)]
    if not about:
        return None
    found = [(clause.for_good, clause.stops(instance, offer)) for clause in about]
    stops = sum((marks for _, marks in found), np.zeros(tree.states.deliverable[:, offer.index].shape))
    over = np.minimum(sum((marks for for_good, marks in found if for_good), np.zeros_like(stops)), 1.0)
    fails = np.zeros_like(over)
    for n in np.flatnonzero((tree.period >= offer.start) & (tree.period < offer.end)).tolist():
        before = int(tree.parent[n])
        fails[n] = over[n] * (1.0 - over[before]) if tree.period[before] >= offer.start else over[n]
    return Interruption(1.0 - np.minimum(stops, 1.0), fails)


def marks(event: Event, instance: Instance, offer: OfferData) -> Floats:
    """1 at nodes at which the event holds, as data for the model; never at node 0. [N], or [N, F]"""
    states = instance.tree.states
    found = states.deliverable[:, offer.index] < event.deliverable_below
    if event.index is not None and event.from_level is not None:
        found = found | (states.index[:, [x.id for x in instance.scenario.indices].index(event.index)] >= event.from_level)
    found[0] = False
    return found.astype(float)


def marked(event: Event, statement: Statement) -> Floats:
    """1 at nodes at which the event holds, from the statement; never at node 0. [N]"""
    low = np.where(statement.deliverable < event.deliverable_below, 1.0, 0.0)
    high = (
        np.where(statement.index[event.index] >= event.from_level, 1.0, 0.0) if event.index is not None and event.from_level is not None else statement.nothing
    )
    return np.asarray(np.maximum(low, high) * (np.arange(len(low)) > 0))


def interrupted(statement: Statement, clauses: Iterable[Any]) -> Statement:
    """A statement of what was committed, with what events leave of it."""
    paused, failed = statement.nothing, statement.failed
    for clause in clauses:
        if isinstance(clause, Stops) and clause.for_good:
            failed = np.maximum(failed, clause.stopped(statement))
        elif isinstance(clause, Stops):
            paused = np.maximum(paused, clause.stopped(statement))
    stands = np.where((paused > 0) | (failed > 0), 0.0, 1.0)
    return replace(statement, failed=failed, in_force=np.where(failed > 0, 0.0, statement.in_force), volume=statement.volume * stands, stands=stands)


def amid(event: Event) -> dict[str, tuple[float, ...]]:
    """Data of a worked example over three periods, of which the event holds in the middle one."""
    level = event.from_level
    return {"deliverable": (1.0, 0.5 * event.deliverable_below, 1.0)} if level is None else {"levels": (0.5 * level, level, 0.5 * level)}


def happens(event: Event) -> str:
    """When the event holds, in words: `the index 'embargo' stands at 2 or above`; empty if never."""
    parts = [] if event.index is None or event.from_level is None else [f"the index '{event.index}' stands at {number(event.from_level)} or above"]
    if event.deliverable_below > 0:
        parts.append(f"less than {percent(event.deliverable_below)} of the committed volume can be delivered")
    return " or ".join(parts)
