"""What the executors' tests let run elsewhere: functions that other processes can import."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from models.errors import Conflict, Infeasible
from models.options import override
from models.scenario import Scenario


def square(chunk: int) -> tuple[int, int]:
    """The chunk's square and who worked it out."""
    return chunk * chunk, os.getpid()


def picky(chunk: int) -> int:
    """Chunks from 3 on fail, each in its own words."""
    if chunk >= 3:
        raise Infeasible([Conflict("rules[0]", f"{chunk} is too many", float(chunk), "units")])
    return chunk


def shy(_chunk: int) -> None:
    """Raises what can't travel."""

    class Shy(Exception):
        """Nobody can import this."""

    raise Shy("not by name")


def until_told(mark: Path, stop: threading.Event, chunk: int) -> int:
    """From chunk 1 on waits for `stop`, after a sign that it has begun; raises if nobody stops it."""
    if chunk:
        mark.touch()
        if not stop.wait(60):
            raise AssertionError("nobody stopped it")
    return chunk


def killed(_chunk: int) -> None:
    """The end of this process, as the kernel ends it when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_once(mark: Path, when: bool) -> None:
    """The end of this process, in the middle of what it does, if nobody has come here before; who it was is left in `mark`."""
    if when:
        try:
            with mark.open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def planned(mark: Path | None, fatal: int, job: tuple[Scenario, int]) -> tuple[str, float]:
    """A real plan with a seed of its own, everything in it but its provenance, and the objective; seed `fatal` kills the first process that has solved it."""
    from optimizer.engine import solve

    scenario, seed = job
    plan = solve(scenario, override(scenario.solve, seed=seed, threads=1, baselines=seed % 2 == 0))
    if mark is not None:
        killed_once(mark, seed == fatal)
    return plan.model_dump_json(exclude={"provenance", "quality"}), plan.summary.objective
