"""Writes models into files, in a child process with limited memory, time and size: a model may take a hundred times the room of its scenario."""

from __future__ import annotations

import multiprocessing
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
from models.errors import InvalidScenario
from scenarios.files import parse_scenario

TICK_SECONDS = 0.1
OURS = "an error inside Offtake; the server's log has the details"


class NoModel(Exception):
    """The model can't be written; the text says why."""


@dataclass
class Exporter:
    """One model at a time, each in a process of its own."""

    settings: Settings
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _closing: threading.Event = field(default_factory=threading.Event)

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

    def close(self) -> None:
        """End what is under way."""
        self._closing.set()

    def _written(self, raw: bytes, path: Path) -> str:
        """Why there is no model in the file; empty if there is."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        child = context.Process(target=export_child, args=(theirs,), daemon=True, name="offtake-export")
        child.start()
        theirs.close()
        until = time.monotonic() + self.settings.export_seconds
        try:
            ours.send((raw, str(path), self.settings.model_nonzeros))
            while not wait([ours, child.sentinel], TICK_SECONDS):
                if time.monotonic() > until:
                    return f"building it takes more than {self.settings.export_seconds:,.0f} s"
                if resident_bytes(child.pid) > self.settings.solve_memory_bytes:
                    return f"building it takes more than {self.settings.solve_memory_bytes / 1e9:,.1f} GB of memory"
                if self._closing.is_set():
                    return "the server is shutting down"
            return str(ours.recv())
        except (EOFError, OSError):
            return "building it takes more than the machine has left"
        finally:
            ours.close()
            child.kill()
            child.join()
            child.close()


def export_child(channel: Connection) -> None:
    """Receive a scenario, write its model, send what was wrong."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_with_the_server()
    with suppress(EOFError, OSError):
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
