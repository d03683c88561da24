"""A child process that waits for one task after another, and the pipe to it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


class Standby:
    """Runs `work(channel)` in a process named `name`; started when first needed, replaced when it has ended. For one thread at a time."""

    def __init__(self, work: Callable[[Connection], None], name: str) -> None:
        self._work, self._name = work, name
        self.channel: Any = None
        self.process: Any = None

    @property
    def alive(self) -> bool:
        """Whether there is a process, and it has not ended."""
        return self.process is not None and self.process.is_alive()

    def ensure(self) -> None:
        """There is a process that waits."""
        if self.alive:
            return
        self.end()
        context = multiprocessing.get_context("spawn")
        self.channel, theirs = context.Pipe()
        self.process = context.Process(target=self._work, args=(theirs,), daemon=True, name=self._name)
        self.process.start()
        theirs.close()

    def end(self) -> None:
        """No process and no pipe are left behind."""
        if self.process is not None:
            self.channel.close()
            self.process.kill()
            self.process.join()
            self.process.close()
            self.process = None
