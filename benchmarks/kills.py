"""Kills at random moments: `python -m benchmarks.kills --kills 100`.

A server with 20 runs in its queue, killed (SIGKILL) in turn itself and through one of its solving processes, and started again. Every run that was ever
accepted must end exactly once: with an audited plan, or with a clear failure. No process may outlive its server by five seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.machine import RESULTS, ROOT, machine, sentence, table

QUEUED = 20
ENDS = ("optimal", "feasible", "infeasible", "cancelled", "failed")
PATIENCE_SECONDS = 600.0


@dataclass
class Found:
    """What the kills did."""

    accepted: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    """Accepted runs by state and reason."""
    attempts: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    orphan_seconds: float = 0.0
    """Longest time that a process outlived its server."""
    restart_seconds: float = 0.0
    """Longest time from the start of a server to its first answer."""


class Server:
    """`offtake serve` over one store, started as often as it is killed."""

    def __init__(self, store: str, workers: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        own = {"OFFTAKE_STORE": store, "OFFTAKE_WORKERS": str(workers), "OFFTAKE_KEEP_RUNS": "100000", "OFFTAKE_LEASE_SECONDS": "5"}
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **own}
        self.process: subprocess.Popen[str] | None = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=60, trust_env=False)

    def start(self) -> float:
        """Start it; the seconds until it answers."""
        began = time.monotonic()
        command = [sys.executable, "-m", "api.cli", "serve", "--port", str(self._port)]
        self.process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        if "listens on" not in line:
            raise SystemExit(f"The server does not start: {line}{self.process.stderr.read()}")
        wait_for(lambda: self.client.get("/readyz").status_code == 200, "the server does not answer")
        return time.monotonic() - began

    def kill(self) -> float:
        """Kill it; how long its children outlive it, in seconds."""
        assert self.process is not None
        left = children(self.process.pid)
        with self.process:  # closes its pipe, too
            self.process.kill()
        began = time.monotonic()
        while (left := [pid for pid in left if alive(pid)]) and time.monotonic() - began < 10:
            time.sleep(0.01)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        return time.monotonic() - began

    def kill_a_solve(self, rng: random.Random) -> bool:
        """Kill a process that has the optimizer loaded; whether there was one."""
        assert self.process is not None
        solving = [pid for pid in children(self.process.pid) if "highs" in read(f"/proc/{pid}/maps")]
        if solving:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(solving), signal.SIGKILL)
        return bool(solving)


def main(arguments: list[str] | None = None, folder: Path = RESULTS) -> int:
    """The command; its exit code is 1 if a run was lost or ended twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=4.0, help="longest time between two kills, in seconds")
    parser.add_argument("--scenario", type=Path, default=ROOT / "scenarios" / "library" / "quickstart.json")
    parser.add_argument("--store", default="", help="a file or postgresql://... (default: a temporary file)")
    given = parser.parse_args(arguments)
    on, began = machine(), time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        found = killed(given.store or f"{temporary}/runs.db", given.scenario.read_bytes(), given.kills, given.workers, given.pause, given.seed)
    page = described(found, given, sentence(on), time.monotonic() - began)
    print(page)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kills.md").write_text(page + "\n", encoding="utf-8")
    return 1 if found.faults else 0


def killed(store: str, body: bytes, kills: int, workers: int, pause: float, seed: int) -> Found:
    """Kill and start again, with the queue always full, then wait for every run and look at how it ended."""
    rng, found, server = random.Random(seed), Found(), Server(store, workers)
    try:
        found.restart_seconds = server.start()
        with feeding(server, body, found):
            for number in range(kills):
                time.sleep(rng.uniform(0.0, pause))
                if number % 2:
                    wait_for(lambda: server.kill_a_solve(rng), "nothing is solved")
                    found.kills["solving process"] += 1
                    continue
                found.orphan_seconds = max(found.orphan_seconds, server.kill())
                found.kills["server"] += 1
                found.restart_seconds = max(found.restart_seconds, server.start())
        wait_for(lambda: unfinished(server) == 0, "not every run ends")
        for run_id in found.accepted:
            judge(server, run_id, found)
        doubled = len(every(server)) - len(set(found.accepted))  # the last request may have been made and not answered
        found.faults += [f"{doubled} runs more than were sent"] if doubled > 1 else []
    finally:
        if server.process and server.process.returncode is None:
            server.kill()
        server.client.close()
    if found.orphan_seconds > 5:
        found.faults.append(f"a process outlived its server by {found.orphan_seconds:.1f} s")
    return found


@contextmanager
def feeding(server: Server, body: bytes, found: Found) -> Iterator[None]:
    """While the block lasts, send runs as soon as fewer than QUEUED wait; what a kill interrupts is sent again under the same key."""
    enough = threading.Event()

    def feed() -> None:
        while not enough.wait(0.05):
            with suppress(httpx.TransportError):
                for _ in range(max(0, QUEUED - unfinished(server))):
                    found.accepted.append(accepted(server, body, len(found.accepted)))

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def accepted(server: Server, body: bytes, number: int) -> str:
    """The id of a run that the server has promised to do."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"run-{number}"}
    answer = server.client.post("/v1/runs", content=body, headers=headers, params={"seed": number})
    if answer.status_code != 202:
        raise SystemExit(f"A run is not accepted: {answer.text}")
    return str(answer.json()["id"])


def unfinished(server: Server) -> int:
    """How many runs have not ended."""
    return sum(len(server.client.get("/v1/runs", params={"state": state, "limit": 100}).json()["runs"]) for state in ("queued", "running"))


def every(server: Server) -> list[str]:
    """The ids of all runs."""
    ids: list[str] = []
    address: str | None = "/v1/runs?limit=100"
    while address:
        page = server.client.get(address).json()
        ids += [run["id"] for run in page["runs"]]
        address = page["next"]
    return ids


def judge(server: Server, run_id: str, found: Found) -> None:
    """How a run ended: once, and with a plan or a reason."""
    answer = server.client.get(f"/v1/runs/{run_id}")
    if answer.status_code != 200:
        found.faults.append(f"run {run_id} is lost")
        return
    run = answer.json()
    found.ends[f"{run['state']} ({run['stop_reason']})"] += 1
    found.attempts[run["attempt"]] += 1
    ends = [state for state in told(server.client.get(run["links"]["events"]).text) if state in ENDS]
    if ends != [run["state"]]:
        found.faults.append(f"run {run_id} ended {len(ends)} times: {', '.join(ends)}")
    if run["state"] in ("optimal", "feasible"):
        if not server.client.get(run["links"]["solution"]).json()["audit"]["passed"]:
            found.faults.append(f"the plan of run {run_id} has no audit")
    elif not (run["problem"] or {}).get("detail"):
        found.faults.append(f"run {run_id} does not say why it has no plan")


def told(stream: str) -> list[str]:
    """The states that an event stream tells."""
    data: list[dict[str, Any]] = [json.loads(line[5:]) for line in stream.splitlines() if line.startswith("data:")]
    return [event["state"] for event in data if "state" in event]


def described(found: Found, given: argparse.Namespace, on: str, seconds: float) -> str:
    """The page of results."""
    rows = [[f"kills of a {name}", f"{count:,}"] for name, count in sorted(found.kills.items())]
    rows += [["runs accepted", f"{len(found.accepted):,}"]]
    rows += [[f"ended {how}", f"{count:,}"] for how, count in sorted(found.ends.items())]
    rows += [[f"ended in attempt {number}", f"{count:,}"] for number, count in sorted(found.attempts.items())]
    rows += [["lost, ended twice, or unclear", f"{len(found.faults):,}"]]
    rows += [["longest life of a process after its server's, s", f"{found.orphan_seconds:.2f}"]]
    rows += [["longest start of a server until it is ready, s", f"{found.restart_seconds:.2f}"]]
    kind = "PostgreSQL" if "://" in given.store else "SQLite"
    words = f"{given.scenario.stem}, {given.workers} workers, {QUEUED} runs in the queue, {kind}, seed {given.seed}, {seconds:,.0f} s."
    note = "A run that loses its process twice has failed; how many do depends on how fast the kills come compared with a solve."
    text = f"# Kills\n\n{on}.\n\n`python -m benchmarks.kills --kills {given.kills}`: {words}\n{note}\n\n{table(['what', 'number'], rows)}"
    return text + "".join(f"\n- {fault}" for fault in found.faults)


def wait_for(happened: Callable[[], bool], otherwise: str) -> None:
    """Until it happened; ends the command if it doesn't."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(httpx.TransportError):
            if happened():
                return
        if time.monotonic() > until:
            raise SystemExit(f"After {PATIENCE_SECONDS:.0f} s {otherwise}.")
        time.sleep(0.05)


def children(parent: int) -> list[int]:
    """Processes below `parent`, the one that only tidies up after them left out."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        fields = read(folder / "stat").rpartition(")")[2].split()
        if fields and int(fields[1]) == parent and "resource_tracker" not in read(folder / "cmdline"):
            found.append(int(folder.name))
    return found


def alive(pid: int) -> bool:
    """Whether a process runs, and is not only unburied."""
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return bool(fields) and fields[0] != "Z"


def read(path: str | Path) -> str:
    """What a file of the system says; nothing if it is gone."""
    try:
        return Path(path).read_text("utf-8", errors="replace")
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
