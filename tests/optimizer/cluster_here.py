"""A real Dask cluster on loopback ports of this machine: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass
class ClusterHere:
    """A scheduler and its workers."""

    address: str
    scheduler: subprocess.Popen[bytes]
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, *options: str, first_on_path: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a worker with one thread; packages in a folder given go before those installed."""
        command = ["worker", self.address, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder), *options]
        worker = _start(command, os.pathsep.join(map(str, [*([first_on_path] if first_on_path else []), ROOT])), self.folder)
        self.workers.append(worker)
        return worker


def _start(command: Sequence[str], path: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": path, "DASK_DISTRIBUTED__WORKER__DAEMON": "True"}
    return subprocess.Popen([sys.executable, "-m", "dask", *command], cwd=folder, env=environment, start_new_session=True, **QUIET)  # type: ignore[call-overload,no-any-return]


@contextmanager
def cluster_here(folder: Path, workers: Sequence[Sequence[str]]) -> Iterator[ClusterHere]:
    """A cluster with these workers (options for each); every process is gone at the end."""
    file = folder / "scheduler.json"
    scheduler = _start(["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show", "--scheduler-file", str(file)], str(ROOT), folder)
    running = ClusterHere("", scheduler, folder)
    try:
        running.address = until(lambda: _address(file))
        for options in workers:
            running.add_worker(*options)
        yield running
    finally:
        for process in (*running.workers, scheduler):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(file: Path) -> str:
    try:
        document: Mapping[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):  # not there, or half written
        return ""
    return str(document["address"])


def until(found: Callable[[], Any], seconds: float = 30) -> Any:
    """What `found` gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return result
