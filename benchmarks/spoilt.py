"""What inputs that were spoilt at random come to: each is read within a limit of time and memory, and ends as a scenario, as findings, or as a fault.

A kind of input brings a way to make the case of a seed and a way to read it (`Kind`). A case is its seed, and can be read again alone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

from benchmarks.machine import machine, save, sentence, table
from models.errors import InvalidScenario

SECONDS = 5  # of a processor, that reading may take
MEMORY = 2 * 1024**3  # of the process, beyond which an allocation fails
SCENARIO, FINDINGS, FAULT = "scenario", "findings", "fault"


class Wrong(Exception):
    """What came of a case is not what should have."""


@dataclass(frozen=True)
class Kind:
    """Inputs of one kind. `case` makes the input of a seed, and says how it was spoilt; `read` reads it (InvalidScenario: findings); `further` looks on at
    what was read without a mistake, within four times the limit, and raises Wrong."""

    name: str
    command: str
    packages: tuple[str, ...]
    case: Callable[[int], tuple[str, bytes]]
    read: Callable[[bytes], Any]
    further: Callable[[int, Any], None]


@dataclass(frozen=True)
class Verdict:
    """How a case ended: scenario, findings or fault."""

    seed: int
    how: str
    kind: str
    seconds: float
    """Of the processor."""
    detail: str = ""
    megabytes: float = 0.0
    """Most memory that the process has held so far."""


def judge(kind: Kind, seed: int) -> Verdict:
    """Read the input of a seed."""
    how, raw = kind.case(seed)
    signal.signal(signal.SIGPROF, _late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    began = time.process_time()
    ended, detail = FINDINGS, ""
    try:
        read = kind.read(raw)
        ended = SCENARIO
        signal.setitimer(signal.ITIMER_PROF, 4 * SECONDS)
        kind.further(seed, read)
    except InvalidScenario as error:
        if not error.findings or not all(x.message for x in error.findings):
            ended, detail = FAULT, "no findings"
    except Wrong as error:
        ended, detail = FAULT, str(error)
    except TimeoutError:
        ended, detail = FAULT, "took too long"
    except BaseException as error:  # whatever it is, it should not have come through
        ended, detail = FAULT, "".join(traceback.format_exception(error, limit=-4))
    signal.setitimer(signal.ITIMER_PROF, 0)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Verdict(seed, how, ended, time.process_time() - began, detail, most)


def _late(*_: Any) -> None:
    raise TimeoutError


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def page(kind: Kind, found: dict[str, Any], verdicts: list[Verdict], seconds: float) -> str:
    """What came out, for people."""
    kinds = Counter(x.kind for x in verdicts)
    faults = [x for x in verdicts if x.kind == FAULT]
    by_how = Counter((how, x.kind) for x in verdicts for how in x.how.split("+"))
    lines = [[how, *(f"{by_how[how, ended]:,}" for ended in (SCENARIO, FINDINGS, FAULT))] for how in sorted({how for how, _ in by_how})]
    slowest = max(verdicts, key=lambda x: x.seconds)
    text = [
        f"# {kind.name.capitalize()} spoilt at random",
        "",
        f"{sentence(found)}. `{kind.command} --cases {len(verdicts)}`, seeds from {verdicts[0].seed}.",
        "",
        f"{len(verdicts):,} {kind.name} in {seconds:,.0f} s: {kinds[SCENARIO]:,} were still scenarios, {kinds[FINDINGS]:,} ended in findings, "
        f"{kinds[FAULT]:,} in a fault. The slowest took {slowest.seconds:.2f} s of a processor; the process held at most "
        f"{max(x.megabytes for x in verdicts):,.0f} MB of {MEMORY / 1024**2:,.0f}.",
        "",
        "What was spoilt in two ways counts in both lines.",
        "",
        table(["spoilt in", SCENARIO, FINDINGS, FAULT], lines),
        *(f"\nseed {x.seed} ({x.how}): {x.detail.strip().splitlines()[-1]}" for x in faults[:20]),
    ]
    return "\n".join(text)


def main(kind: Kind) -> int:
    """Read as many spoilt inputs as the command line asks for; 1 if any ended in a fault."""
    parser = argparse.ArgumentParser(prog=kind.command, description=f"Read {kind.name} that were spoilt at random.")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--start", type=int, default=0, help="first seed")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--save", action="store_true", help=f"write benchmarks/results/fuzz-{kind.name}.md")
    given = parser.parse_args()
    found = machine() | {"versions": {name: version(name) for name in kind.packages}}
    began, verdicts = time.perf_counter(), list[Verdict]()
    with ProcessPoolExecutor(given.processes, mp_context=multiprocessing.get_context("spawn"), initializer=_bounded) as pool:
        for verdict in pool.map(partial(judge, kind), range(given.start, given.start + given.cases), chunksize=20):
            verdicts.append(verdict)
            if verdict.kind == FAULT:
                print(f"seed {verdict.seed} ({verdict.how}): {verdict.detail}", flush=True)
    written = page(kind, found, verdicts, time.perf_counter() - began)
    print(written)
    if given.save:
        kinds = Counter(x.kind for x in verdicts)
        save(f"fuzz-{kind.name}", found, {"cases": len(verdicts), "start": given.start, "kinds": dict(kinds)}, written)
    return 1 if any(x.kind == FAULT for x in verdicts) else 0
