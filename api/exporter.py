"""Writes models into files, in a child process with limited memory, time and size: a model may take a hundred times the room of its scenario.

The process stays for a minute, because loading the optimizer takes longer than most models do."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from api.checker import Busy
from api.child import leave_with_the_server
from api.memory import resident_bytes
from api.settings import Settings
from api.standby import Standby
from models.errors import InvalidScenario
from scenarios.files import parse_scenario

TICK_SECONDS = 0.1
IDLE_SECONDS = 60.0
"""How long the process is kept for the next model."""
KEPT_BYTES = 400_000_000
"""What it may hold while it waits."""
OURS = "an error inside Offtake; the server's log has the details"


class NoModel(Exception):
    """The model can't be written; the text says why."""


@dataclass
class Exporter:
    """One model at a time, in a process of its own."""

    settings: Settings
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)
    _child: Standby = field(default_factory=lambda: Standby(export_child, "offtake-export"))
    _leaving: threading.Timer | None = None

    def export(self, raw: bytes) -> Path:
        """A temporary MPS file of the scenario in `raw`; whoever asked removes it. Blocks: call it from a thread. Raises NoModel, Busy."""
        if not self._turn.acquire(timeout=self.settings.check_seconds):
            raise Busy
        handle, name = tempfile.mkstemp(prefix="offtake-", suffix=".mps")
        os.close(handle)
        path = Path(name)
        try:
            said = self._written(raw, path)
            if said:
                raise NoModel(f"The model can't be written: {said}.")
            return path
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            self._turn.release()

    @property
    def process(self) -> int | None:
        """Number of the process that waits for the next model."""
        return int(self._child.process.pid) if self._child.alive else None

    def close(self) -> None:
        """End what is under way, and the process."""
        self._closing.set()
        with self._turn:
            self._end()

    def _written(self, raw: bytes, path: Path) -> str:
        """Why there is no model in the file; empty if there is."""
        self._ensure()
        until, said = time.monotonic() + self.settings.export_seconds, None
        try:
            self._child.channel.send((raw, str(path), self.settings.model_nonzeros))
            while not wait([self._child.channel, self._child.process.sentinel], TICK_SECONDS):
                if time.monotonic() > until:
                    return f"building it takes more than {self.settings.export_seconds:,.0f} s"
                if resident_bytes(self._child.process.pid) > self.settings.solve_memory_bytes:
                    return f"building it takes more than {self.settings.solve_memory_bytes / 1e9:,.1f} GB of memory"
                if self._closing.is_set():
                    return "the server is shutting down"
            said = str(self._child.channel.recv())
            return said
        except (EOFError, OSError):
            return "building it takes more than the machine has left"
        finally:
            if said is None or self._closing.is_set() or resident_bytes(self._child.process.pid) > KEPT_BYTES:
                self._end()
            else:
                self._leaving = threading.Timer(IDLE_SECONDS, self._leave)
                self._leaving.daemon = True
                self._leaving.start()

    def _ensure(self) -> None:
        """A process that waits for a model."""
        if self._leaving is not None:
            self._leaving.cancel()
        self._child.ensure()

    def _leave(self) -> None:
        """Nobody asked for a model for a while."""
        if self._turn.acquire(blocking=False):  # else somebody asks just now
            try:
                self._end()
            finally:
                self._turn.release()

    def _end(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        self._child.end()


def export_child(channel: Connection) -> None:
    """Receive one scenario after another, write its model, send what was wrong."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_with_the_server()
    with suppress(EOFError, OSError):
        while True:
            channel.send(_exported(*channel.recv()))


def _exported(raw: bytes, path: str, most: int) -> str:
    from optimizer.model_file import write_model  # a second of imports

    try:
        write_model(parse_scenario(raw), Path(path), most_nonzeros=most)
    except InvalidScenario as error:
        return error.findings[0].message
    except Exception:
        traceback.print_exc()
        return OURS
    return ""
