"""A server that is asked to end does so in good order, whatever is going on."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx

from tests.api.served import served
from tests.api.service import Client
from tests.api.stores import opened
from tests.api.test_jobs import children

STREAMS = 20
GRACE = 15.0
"""Seconds: more than the five for which open connections are waited for, and less than what an orchestrator allows."""


def follow(client: Client, run_id: str, ready: Barrier) -> str:
    """Everything that a stream says until it ends in good order (httpx raises where it breaks off)."""
    with httpx.stream("GET", client.base_url.join(f"/v1/runs/{run_id}/events"), timeout=60, trust_env=False) as answer:
        lines = answer.iter_lines()
        text = next(lines)
        ready.wait(60)
        return text + "\n".join(lines)


def test_a_server_under_load_ends_in_its_grace(address: str, tmp_path: Path) -> None:
    """A deployment would cut off everyone who follows a run, lose the runs under way, hang until it is killed, or leave processes behind."""
    ready = Barrier(STREAMS + 1)
    with served(tmp_path, store=address, workers=1) as (server, client), ThreadPoolExecutor(STREAMS) as threads:
        running, waiting = (client.solve("patient").json()["id"] for _ in range(2))
        client.run_until(running, lambda run: run["progress"] and run["progress"]["incumbent"])
        streams = [threads.submit(follow, client, running, ready) for _ in range(STREAMS)]
        ready.wait(60)
        solving = children(server.pid)
        assert solving
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        server.wait(GRACE)
        assert time.monotonic() - began < GRACE
        heard = [stream.result(30) for stream in streams]
        assert not [pid for pid in solving if Path(f"/proc/{pid}").exists()]
    assert all(text.count('"queued"') == 2 for text in heard), "each hears that the run went back"
    with opened(address) as store:
        assert [(run.state, run.attempt, run.losses) for run in (store.get(running), store.get(waiting))] == [("queued", 2, 0), ("queued", 1, 0)]
