"""How long the service takes to answer while it is busy: `python -m benchmarks.service_latency --seconds 60`.

`offtake serve` with two workers solves two real scenarios on the machine's processors, and 200 event streams follow them. Meanwhile requests are sent at a
steady rate, in turn to `/healthz` and for the state of a run, each on its own schedule: one that is late delays no other, and its time counts from when
it was due. The target: the 99th percentile of each within 100 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.machine import RESULTS, ROOT, machine, sentence, table
from scenarios import library

TARGET_SECONDS = 0.1
SOLVES = 2
LIMITS = httpx.Limits(max_connections=64, keepalive_expiry=2.0)  # before the server, which closes idle connections after five seconds, can be in the way
START_SECONDS = 120.0
"""Longest time until both solves are under way and every stream is open."""


@dataclass
class Measured:
    """What was asked, and how long each answer took, in seconds."""

    took: dict[str, list[float]] = field(default_factory=lambda: {"health": [], "status": []})
    faults: list[str] = field(default_factory=list)
    events: int = 0
    """Heard on all streams."""


def main(arguments: list[str] | None = None, folder: Path = RESULTS) -> int:
    """The command; its exit code is 1 if the target is missed, or if something else was measured than what was meant."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_latency", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second")
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--futures", type=int, default=2000, help="of the scenario that is solved; it must last longer than the measurement")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/service-latency.md")
    given = parser.parse_args(arguments)
    on = machine()
    with tempfile.TemporaryDirectory() as temporary, served(f"{temporary}/runs.db") as address:
        found = measured(address, given)
    page = described(found, given, sentence(on))
    print(page)
    if given.write:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "service-latency.md").write_text(page + "\n", encoding="utf-8")
    return 1 if found.faults or any(np.quantile(took, 0.99) > TARGET_SECONDS for took in found.took.values()) else 0


@contextmanager
def served(store: str) -> Iterator[str]:
    """The address of a server as people start it, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"OFFTAKE_STORE": store, "OFFTAKE_WORKERS": str(SOLVES), "OFFTAKE_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    running = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT), **own}, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(60)


def measured(address: str, given: argparse.Namespace) -> Measured:
    """Start the solves and the streams, ask, and end everything."""
    found, context = Measured(), multiprocessing.get_context("spawn")
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
        wait_for(lambda: client.get("/readyz").status_code == 200, "the server does not answer")
        runs = [started(client, given.futures, seed) for seed in range(SOLVES)]
        wait_for(lambda: all(state(client, run) == "running" for run in runs), "the solves do not begin")
        heard, opened, end = context.Value("q", 0), context.Value("q", 0), context.Event()
        listening = context.Process(target=listen, args=(address, runs, given.streams, heard, opened, end), daemon=True)
        listening.start()
        try:
            wait_for(lambda: opened.value == given.streams, "not every stream opens")
            before = heard.value
            asyncio.run(ask(address, runs[0], given.rate, given.seconds, found))
            found.events = heard.value - before
            if opened.value != given.streams:
                found.faults.append(f"{given.streams - opened.value} streams ended early")
            found.faults += [f"the solve {run} was over before the measurement: use more --futures" for run in runs if state(client, run) != "running"]
        finally:
            end.set()
            listening.join(30)
            for run in runs:
                client.post(f"/v1/runs/{run}/cancel")
    return found


def started(client: httpx.Client, futures: int, seed: int) -> str:
    """The id of a run that lasts."""
    scenario: dict[str, Any] = json.loads(library.read("fibre-generated"))
    scenario["uncertainty"] |= {"futures": futures, "seed": seed + 1}
    scenario["solve"] |= {"gap": 1e-9, "time_limit_seconds": 3600}
    answer = client.post("/v1/runs", json=scenario)
    answer.raise_for_status()
    return str(answer.json()["id"])


def state(client: httpx.Client, run: str) -> str:
    return str(client.get(f"/v1/runs/{run}").json()["state"])


async def ask(address: str, run: str, rate: float, seconds: float, found: Measured) -> None:
    """Send requests at a steady rate and note how long after its time each was answered."""
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False, limits=LIMITS) as client:
        for path in ("/healthz", f"/v1/runs/{run}"):
            await client.get(path)
        began = time.perf_counter()

        async def one(number: int) -> None:
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            what, path = (("health", "/healthz"), ("status", f"/v1/runs/{run}"))[number % 2]
            try:
                answer = await client.get(path)
            except httpx.HTTPError as error:
                found.faults.append(f"{what}: {type(error).__name__}")
                return
            found.took[what].append(time.perf_counter() - due)
            if answer.status_code != 200:
                found.faults.append(f"{what}: status {answer.status_code}")

        async with asyncio.TaskGroup() as asking:
            for number in range(int(rate * seconds)):
                asking.create_task(one(number))


def listen(address: str, runs: list[str], streams: int, heard: Any, opened: Any, end: Any) -> None:
    """A process of its own, so that reading the streams does not delay what is measured: hold event streams open until `end`."""

    async def follow(client: httpx.AsyncClient, number: int) -> None:
        async with client.stream("GET", f"/v1/runs/{runs[number % len(runs)]}/events") as answer:
            opened.value += 1
            async for line in answer.aiter_lines():
                heard.value += line.startswith("id:")
        opened.value -= 1

    async def everything() -> None:
        limits = httpx.Limits(max_connections=streams + 1)
        async with httpx.AsyncClient(base_url=address, timeout=None, trust_env=False, limits=limits) as client:
            following = [asyncio.create_task(follow(client, number)) for number in range(streams)]
            await asyncio.to_thread(end.wait)
            for one in following:
                one.cancel()
            await asyncio.gather(*following, return_exceptions=True)

    asyncio.run(everything())


def described(found: Measured, given: argparse.Namespace, on: str) -> str:
    """The page of results."""
    rows = []
    for what, took in found.took.items():
        p50, p99 = (1000 * np.quantile(took, share) for share in (0.5, 0.99)) if took else (np.nan, np.nan)
        rows.append([what, f"{len(took):,}", f"{p50:.1f}", f"{p99:.1f}", f"{1000 * max(took, default=np.nan):.1f}"])
    words = (
        f"{SOLVES} solves of `fibre-generated` with {given.futures:,} futures, {given.streams} event streams that heard {found.events:,} events, "
        f"{given.rate:g} requests per second for {given.seconds:g} s. Target: p99 within {1000 * TARGET_SECONDS:g} ms."
    )
    head = ["asked for", "answers", "p50, ms", "p99, ms", "longest, ms"]
    text = f"# The service under load\n\n{on}.\n\n`python -m benchmarks.service_latency`: {words}\n\n{table(head, rows)}"
    return text + "".join(f"\n- {fault}" for fault in sorted(set(found.faults)))


def wait_for(happened: Any, otherwise: str) -> None:
    """Until it happened; ends the command if it doesn't."""
    until = time.monotonic() + START_SECONDS
    while True:
        with suppress(httpx.TransportError):
            if happened():
                return
        if time.monotonic() > until:
            raise SystemExit(f"After {START_SECONDS:.0f} s {otherwise}.")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
