"""A real server on a free loopback port, for tests that need processes, streams or a browser."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx

from api.app import server
from api.settings import Settings
from api.store import Request
from api.tracing import Traces
from models.options import SolveSettings
from tests.api import stand_ins

STAND_IN = Settings(port=0, solve=stand_ins.SOLVE)


class Client(httpx.Client):
    """Talks to a server under test."""

    def solve(self, name: str, wait: float = 0, **options: Any) -> httpx.Response:
        """Start a run of a tiny scenario with this name."""
        headers = {"Content-Type": "application/json"} | ({"Prefer": f"wait={wait:g}"} if wait else {}) | options.pop("headers", {})
        return self.post("/v1/runs", content=tiny(name), headers=headers, **options)

    def run_until(self, run_id: str, ready: Callable[[dict[str, Any]], Any], seconds: float = 60) -> dict[str, Any]:
        """The run as soon as it is `ready`."""
        return until(lambda: (run := self.get(f"/v1/runs/{run_id}").json()) and ready(run) and run, seconds)


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What `found` gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return result


def tiny(name: str = "fine", **changes: Any) -> bytes:
    """A sound scenario of one site; the stand-in solve goes by its name."""
    sound = {"format": "offtake/1", "name": name, "periods": ["2027", "2028", "2029"], "sites": [{"id": "ohio"}], "products": [{"id": "cable", "unit": "km"}]}
    return json.dumps({**sound, "demand": [], "shortage": [], **changes}).encode()


def request(name: str = "fine", key: str | None = None, fingerprint: str = "") -> Request:
    """What a store is asked to keep."""
    return Request(name, "USD", SolveSettings(), fingerprint, key)


@contextmanager
def serving(settings: Settings = STAND_IN, traces: Traces | None = None, **changes: Any) -> Iterator[Client]:
    """A client of a server that runs in a thread of this process, until the block ends. Unless a store is named, it has a new one of its own."""
    with tempfile.TemporaryDirectory() as folder, _served(replace(settings, **{"store": f"{folder}/runs.db", **changes}), traces) as client:
        yield client


@contextmanager
def _served(settings: Settings, traces: Traces | None) -> Iterator[Client]:
    running = server(settings, traces=traces)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        until(lambda: running.started or not thread.is_alive())
        assert running.started, "the server did not start"
        port = running.servers[0].sockets[0].getsockname()[1]
        with Client(base_url=f"http://127.0.0.1:{port}", timeout=90, trust_env=False) as client:
            yield client
    finally:
        running.should_exit = True
        thread.join(60)
        assert not thread.is_alive(), "the server did not end"
