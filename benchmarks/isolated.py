"""A measurement in a process of its own, so that its time is not helped by what ran before and its memory is its own.

    run = isolated("benchmarks.peers.linopy_form:solve", {"futures": 20, "gap": 1e-3}, seconds=600)

starts a fresh interpreter, imports the module there, calls the function with the keyword arguments and brings back what it returns (a dictionary of plain
numbers and words). A function that raises, runs out of time or is killed for its memory is a run with an `error`, never an exception here.

Memory is the largest resident size: the process's own high-water mark, or the sum over it and its children, sampled ten times a second, whichever is more.
Pages that processes share are counted for each of them.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EVERY = 0.1  # seconds between looks at the memory
KIB = 1024.0
ERROR = 400  # characters of an error that are kept


@dataclass(frozen=True)
class Run:
    """What a fresh process brought back. `seconds` is the whole process, interpreter and imports included; memory in GiB."""

    task: str
    arguments: dict[str, Any]
    seconds: float
    peak_gib: float
    value: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the function returned."""
        return not self.error


def isolated(task: str, arguments: dict[str, Any], seconds: float = 3600.0) -> Run:
    """Call `task` ("package.module:function") with `arguments` in a fresh interpreter; killed, with all it started, after `seconds`."""
    with tempfile.TemporaryDirectory() as folder:
        answer, words = Path(folder) / "answer.json", Path(folder) / "words.txt"
        command = [sys.executable, "-m", "benchmarks.isolated", task, json.dumps(arguments), str(answer)]
        begun = time.perf_counter()
        with words.open("wb") as file:
            process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                seen, late = _watch(process, begun + seconds)
            finally:
                if process.poll() is None:  # also on Ctrl-C: nothing that was started here survives
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        took = time.perf_counter() - begun
        if answer.exists():
            found = json.loads(answer.read_text())
            return Run(task, arguments, took, max(seen, found["peak_gib"]), found["value"], found["error"])
        said = words.read_text(errors="replace").strip()[-ERROR:]
        reason = f"stopped after {seconds:,.0f} s" if late else f"ended with code {process.returncode}: {said}"
        return Run(task, arguments, took, seen, {}, reason)


def _watch(process: subprocess.Popen[bytes], until: float) -> tuple[float, bool]:
    """Wait for the end: (largest memory seen in GiB, whether time ran out)."""
    seen = 0.0
    while True:
        try:
            process.wait(EVERY)
        except subprocess.TimeoutExpired:
            seen = max(seen, resident(process.pid))
        else:
            return seen, False
        if time.perf_counter() > until:
            return seen, True


def resident(pid: int) -> float:
    """Resident memory of a process and all its children now, in GiB; 0 where /proc does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]
    except OSError:  # it has just ended, or there is no /proc
        return 0.0
    return _field(status, "VmRSS") + sum(resident(child) for child in children)


def peak() -> float:
    """High-water mark of this process's resident memory in GiB. Not getrusage's where it can be helped: that one remembers the parent from before exec."""
    try:
        return _field(Path("/proc/self/status").read_text(), "VmHWM")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / KIB**3 if sys.platform == "darwin" else most / KIB**2


def _field(status: str, name: str) -> float:
    line = next((line for line in status.splitlines() if line.startswith(name + ":")), "")
    return float(line.split()[1]) / KIB**2 if line else 0.0


def main() -> int:
    """The fresh process: call the function, write what it returned."""
    task, arguments, path = sys.argv[1:]
    module, function = task.split(":")
    value: dict[str, Any] = {}
    error = ""
    try:
        value = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    except subprocess.TimeoutExpired as late:  # its own words name paths of this machine
        error = f"stopped after {late.timeout:,.0f} s"
    except Exception as failure:
        traceback.print_exc()
        error = f"{type(failure).__name__}: {failure}"[:ERROR]
    written = Path(path + ".part")
    written.write_text(json.dumps({"value": value, "error": error, "peak_gib": peak()}))
    written.rename(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
