"""A server as a process of its own: `python -m tests.api.served PORT_FILE '{"store": ...}'`. It writes its address into the file and serves until it is
ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from api import logs
from api.app import server
from tests.api.service import STAND_IN, Client, until

ROOT = Path(__file__).parents[2]


@contextmanager
def served(folder: Path, log: Path | None = None, **changes: Any) -> Iterator[tuple[subprocess.Popen[bytes], Client]]:
    """A server process and a client of it; what it writes to standard error is kept in `log`. It does not outlive the block."""
    said = folder / f"address-{os.urandom(4).hex()}"
    command = [sys.executable, "-m", "tests.api.served", str(said), json.dumps(changes)]
    with (log or Path(os.devnull)).open("wb") as stderr, subprocess.Popen(command, cwd=ROOT, stderr=stderr) as running:
        try:
            until(lambda: running.poll() is not None or said.exists())
            with Client(base_url=said.read_text(), timeout=90, trust_env=False) as client:
                yield running, client
        finally:
            running.kill()


def main(said: Path, changes: dict[str, Any]) -> None:
    """Serve."""
    settings = replace(STAND_IN, **changes)
    logs.set_up(settings.log_format, settings.log_level)
    running = server(settings)
    startup = running.startup

    async def told(sockets: Any = None) -> None:
        await startup(sockets)
        part = said.with_suffix(".part")
        part.write_text(f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}")
        part.replace(said)

    running.startup = told  # type: ignore[method-assign]
    running.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
