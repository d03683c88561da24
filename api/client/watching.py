"""Following a run: its events as they happen, taken up again where a connection broke or a server was restarted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import SSEError, connect_sse

from api.client.talking import Talk, Unreachable, accepted
from api.store import TERMINAL

AGAIN_SECONDS = 0.5
"""Before the first new try; twice as long before each further one, up to ten times this."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a run."""

    number: int
    """Rises by one; where to go on from."""
    kind: str
    """`state` or `progress`."""
    data: dict[str, Any]

    @property
    def last(self) -> bool:
        """Whether the run is over."""
        return self.kind == "state" and self.data.get("state") in TERMINAL


def events(talk: Talk, run_id: str, after: int, patience: float) -> Iterator[Event]:
    """Events of a run since the one numbered `after`, until the run is over. Raises Refusal, and Unreachable when nobody answers for `patience` seconds."""
    silent_since, pause = None, AGAIN_SECONDS
    while True:
        try:
            with connect_sse(talk.http, "GET", f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": str(after)}) as source:
                if _over(source.response):
                    return
                silent_since, pause = None, AGAIN_SECONDS
                for message in source.iter_sse():
                    if not message.data:  # a sign of life, which comes with the id of the last event
                        continue
                    event = Event(int(message.id), message.event, json.loads(message.data))
                    after = event.number
                    yield event
                    if event.last:
                        return
        except (httpx.TransportError, SSEError) as error:
            silent_since = silent_since or time.monotonic()
            if time.monotonic() - silent_since > patience:
                raise Unreachable(f"The service at {talk.http.base_url} has been silent for {patience:,.0f} s: {error or type(error).__name__}.") from error
        time.sleep(pause)
        pause = min(2 * pause, 10 * AGAIN_SECONDS)


def _over(answer: httpx.Response) -> bool:
    """Whether everything was seen. Raises Refusal, and SSEError where no events come: from a service that can't tell just now, or from something else."""
    if answer.status_code == httpx.codes.NO_CONTENT:
        return True
    if answer.is_success and answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        return False
    answer.read()
    if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        accepted(answer)
    raise SSEError(f"it sends no events (status {answer.status_code})")
