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

LEFT_OUT: dict[str, str] = {}
"""Operations of the service that the client has no method for, each with the reason. A test compares this and the methods with the OpenAPI document."""

__all__ = ["LEFT_OUT", "Client", "Event", "Refusal", "Unreachable"]
