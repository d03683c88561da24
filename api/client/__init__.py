"""A client of the service for Python programs, typed by the documents that the service itself uses: `pip install 'offtake[client]'`.

from api.client import Client
from scenarios.library import load

with Client("http://127.0.0.1:8000") as client:
    run = client.wait(client.submit(load("quickstart")).id, on_progress=print)
    plan = client.solution(run.id)
"""

from __future__ import annotations

from api.client.client import Client
from api.client.talking import Refusal, Unreachable
from api.client.watching import Event

_SHARING = "Links are made and ended by people, on a run's page; a script that does so asks the route itself."
LEFT_OUT: dict[str, str] = {
    "POST /v1/runs/{run_id}/shares": _SHARING,
    "GET /v1/runs/{run_id}/shares": _SHARING,
    "DELETE /v1/runs/{run_id}/shares/{share_id}": _SHARING,
    "GET /metrics": "It is for Prometheus, whose format it has.",
    "GET /v1/audit": "It is for those who run the service, who have `offtake audit`.",
}
"""Operations of the service that the client has no method for, each with the reason. A test compares this and the methods with the OpenAPI document."""

__all__ = ["LEFT_OUT", "Client", "Event", "Refusal", "Unreachable"]
