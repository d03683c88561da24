"""An attempt at a run on a worker of a Dask cluster.

A worker is sent `attempt_there`, which makes the attempt in a process of its own: the worker's own process may not have children that are watched
(Dask makes it a daemon), and an attempt should be watched as it is on a server. The process opens the store by its address, takes its run if that still
waits, and leaves when the worker does, because the pipe between them closes: the run goes back into the queue then.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

from api.settings import Settings

if TYPE_CHECKING:
    from api.jobs import LocalRunner

LEAVE_SECONDS = 10.0
"""How long an attempt without a worker may take to put its run back."""


def told(settings: Settings, run_id: str, attempt: int) -> str:
    """What a worker needs to know. It holds the store's address, and its password if that has one: use TLS where the network is not yours."""
    return json.dumps({"settings": asdict(settings), "run": run_id, "attempt": attempt})


def attempt_there(order: str) -> int:
    """Make the attempt in a new process; its exit code. Called on a worker."""
    with subprocess.Popen([sys.executable, "-m", "api.cluster_attempt"], stdin=subprocess.PIPE) as process:
        try:
            assert process.stdin
            process.stdin.write(order.encode() + b"\n")  # not as an argument, which everybody on the machine can read
            process.stdin.flush()
            return process.wait()
        finally:
            process.kill()


def main() -> None:
    """Make the attempt that standard input tells of."""
    from api.database.opening import open_store
    from api.jobs import LocalRunner

    order = json.loads(sys.stdin.readline())
    settings = Settings(**order["settings"])
    store = open_store(settings)
    runner = LocalRunner(store, settings)
    threading.Thread(target=_leave_with_the_worker, args=(runner,), daemon=True).start()
    runner.make((order["run"], order["attempt"]))  # or nothing: Dask repeats what a lost worker had, and other servers send it too
    store.close()


def _leave_with_the_worker(runner: LocalRunner) -> None:
    sys.stdin.read()
    runner.leave()
    threading.Event().wait(LEAVE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
