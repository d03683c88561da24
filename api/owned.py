"""The store as one caller sees it: own runs, all of them for an admin, a single one under a share link. Routes get nothing else.

A run of somebody else looks like one that never was: the same 404, in the same words. What only supervisors of runs need is not here, so a route that
reaches for it fails at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from api.access import Caller
from api.store import Event, Log, Part, Request, Run, Store


class OwnedStore:
    """What `caller` may see and do of `store`; made for one request."""

    def __init__(self, store: Store, caller: Caller) -> None:
        self._store, self._caller = store, caller
        self._seen: set[str] = set()
        """Runs that were looked up in this request and may be seen: their parts need no second look."""

    def create(self, request: Request, body: bytes) -> tuple[Run, bool]:
        """A run of the caller."""
        return self._store.create(replace(request, owner=self._caller.owner), body)

    def create_all(self, asked: Sequence[tuple[Request, bytes]]) -> tuple[list[Run], bool]:
        """Runs of the caller."""
        return self._store.create_all([(replace(request, owner=self._caller.owner), body) for request, body in asked])

    def batch(self, batch_id: str) -> list[Run]:
        return [run for run in self._store.batch(batch_id) if self._may_change(run)]

    def read_log(self, run_id: str, offset: int, limit: int) -> Log:
        return self._store.read_log(run_id, offset, limit) if self._sees(run_id) else Log(offset, "")

    def ready(self) -> None:
        self._store.ready()

    def get(self, run_id: str) -> Run | None:
        run = self._store.get(run_id)
        if run is None or not self._may_see(run):
            return None
        self._seen.add(run_id)
        return run

    def content(self, run_id: str, part: Part) -> bytes | None:
        return self._store.content(run_id, part) if self._sees(run_id) else None

    def events(self, run_id: str, after: int) -> list[Event]:
        return self._store.events(run_id, after) if self._sees(run_id) else []

    def latest(self, limit: int, before: int | None = None, state: str | None = None, tag: str | None = None) -> list[Run]:
        if self._caller.scope is None:
            return []
        found = self._store.latest(limit, before, state, tag, owner=None if self._caller.sees_all else self._caller.owner)
        self._seen |= {run.id for run in found}
        return found

    def ahead(self, run: Run) -> int:
        return self._store.ahead(run)

    def pulse(self) -> dict[str, int]:
        return self._store.pulse()

    def stop(self, run_id: str) -> Run | None:
        return self._store.stop(run_id) if self._owns(run_id) else None

    def cancel(self, run_id: str) -> Run | None:
        return self._store.cancel(run_id) if self._owns(run_id) else None

    def _may_see(self, run: Run) -> bool:
        return self._may_change(run) or run.id == self._caller.shared

    def _may_change(self, run: Run) -> bool:
        return self._caller.owns(run.request.owner)

    def _sees(self, run_id: str) -> bool:
        return run_id in self._seen or self.get(run_id) is not None

    def _owns(self, run_id: str) -> bool:
        run = self._store.get(run_id)
        return run is not None and self._may_change(run)
