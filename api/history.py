"""What earlier and later runs have to do with each other: search, and newer versions of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from api.store import Run, Store

LOOKED_AT = 1_000
PAGE = 100


def recent(store: Store, state: str | None = None) -> Iterator[Run]:
    """Runs, newest first, as far as anyone looks back."""
    before, left = None, LOOKED_AT
    while left > 0:
        page = store.latest(min(PAGE, left), before, state)
        yield from page
        if len(page) < PAGE:
            return
        before, left = page[-1].number, left - len(page)


def found(store: Store, limit: int, name: str = "", state: str | None = None) -> list[Run]:
    """The newest runs whose scenario's name contains `name`, whatever its case, and that are in `state`."""
    wanted, fitting = name.strip().casefold(), []
    for run in recent(store, state):
        if wanted in run.request.name.casefold():
            fitting.append(run)
        if len(fitting) == limit:
            break
    return fitting


def batches(store: Store, limit: int) -> list[list[Run]]:
    """The newest batches, each as its runs in the order in which they were sent."""
    ids: dict[str, None] = {}
    for run in recent(store):
        if run.request.batch:
            ids[run.request.batch] = None
        if len(ids) == limit:
            break
    return [runs for runs in map(store.batch, ids) if runs]


@dataclass(frozen=True)
class Versions:
    """Other versions of the scenario that a run solved: runs of the same name that were sent something else."""

    older: Run | None = None
    """The last one before the run."""
    newer: Run | None = None
    """The newest of all, unless it says the same as the run: what the run found belongs to an earlier version."""


def versions(run: Run, store: Store, body: Callable[[Run], bytes]) -> Versions:
    """The versions around `run`. A run without a name, or of a question, has none."""
    if run.request.ask or not run.request.name:
        return Versions()
    alike = [other for other in recent(store) if other.request.name == run.request.name and not other.request.ask]
    newest = alike[0] if alike and alike[0].number > run.number and _differs(run, alike[0], body) else None
    older = (other for other in alike if other.number < run.number and _differs(run, other, body))
    return Versions(next(older, None), newest)


def _differs(run: Run, other: Run, body: Callable[[Run], bytes]) -> bool:
    """Whether two runs were sent different scenarios; fingerprints, which also tell options, spare most bodies from being fetched."""
    return other.request.fingerprint != run.request.fingerprint and body(other) != body(run)
