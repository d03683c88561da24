"""What earlier and later runs have to do with each other: search, and newer versions of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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


def newer_version(run: Run, store: Store, body: Callable[[Run], bytes]) -> Run | None:
    """The newest later run of a scenario of the same name that says something else: what `run` found belongs to an earlier version of it."""
    if run.request.ask or not run.request.name:
        return None
    for other in recent(store):
        if other.number <= run.number:
            return None
        if not other.request.ask and other.request.name == run.request.name and _differs(run, other, body):
            return other
    return None


def _differs(run: Run, other: Run, body: Callable[[Run], bytes]) -> bool:
    """Whether two runs were sent different scenarios; fingerprints, which also tell options, spare most bodies from being fetched."""
    return other.request.fingerprint != run.request.fingerprint and body(other) != body(run)
