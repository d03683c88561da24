"""Requests at random over the whole OpenAPI document, against a real server: `python -m benchmarks.fuzz_http --cases 20000`.

Schemathesis draws requests from the document, sound ones and spoilt ones; solves are stand-ins that answer at once, everything else is real. No answer may
be a 5xx other than "full, try again later", none may take longer than the limit, every error must be a problem document (RFC 9457), and the process that
serves, which does nothing else, may not grow without bound. Drawing takes longer than answering, so several processes draw.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from api.memory import resident_bytes
from benchmarks.machine import RESULTS, machine, sentence, table
from scenarios.files import dump_scenario
from tests.api.served import served
from tests.optimizer.report_plan import report_scenario

SLOW = 5.0  # seconds that no answer may take
TRY_LATER = 503
SOUND, SPOILT = "sound", "spoilt"
WAITING = {"Content-Type": "application/json", "Prefer": "wait=30"}


@dataclass(frozen=True)
class Piece:
    """Cases of one operation that one process draws and sends: as many of each kind. The same seed gives the same requests."""

    label: str
    kinds: tuple[str, ...]
    cases: int
    seed: int


@dataclass
class Tally:
    """What came back, of one operation."""

    codes: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Requests that were answered."""
        return self.codes.total()

    def add(self, other: Tally) -> None:
        """Count what another piece of the same operation came to."""
        self.codes += other.codes
        self.slowest = max(self.slowest, other.slowest)
        self.faults += other.faults


def main() -> None:
    """Draw, send, count, print, and write the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz_http", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=3, help="that draw requests")
    given = parser.parse_args()
    found, begun, held = machine(), time.perf_counter(), list[float]()
    settings = {"queue": 1_000_000, "keep_runs": 1_000_000, "max_wait_seconds": 0.5}  # nothing is full, and the known runs are not forgotten
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), store=f"{folder}/runs.db", **settings) as (server, client):
        scenarios = [dump_scenario(report_scenario().model_copy(update={"name": name})) for name in ("fine", "also-fine")]  # that fit the stand-in's plan
        known = tuple(client.post("/v1/runs", content=x, headers=WAITING).json()["id"] for x in scenarios)
        look = lambda: held.append(resident_bytes(server.pid) / 1024**2)  # noqa: E731
        tallies = fuzz(str(client.base_url).rstrip("/"), given.cases, given.seed, known, given.processes, look)
    print(file=sys.stderr)
    text = report(tallies, given.seed, held, time.perf_counter() - begun, sentence(found))
    print(text)
    (RESULTS / "fuzz-http.md").write_text(text + "\n", encoding="utf-8")
    if any(tally.faults for tally in tallies.values()):
        raise SystemExit(1)


def fuzz(address: str, cases: int, seed: int, known: tuple[str, ...], processes: int, look: Callable[[], None]) -> dict[str, Tally]:
    """Send as many requests as asked for, spread over all operations; what came back, by operation. What an operation has too few different requests
    for, as one without parameters has, the others make up for. `known`: runs that there are; two of three requests about a run are about one of them.
    `look` is called after each operation."""
    found = operations(address)
    drawing = {label: (SOUND, SPOILT) if _has_input(operation) else (SOUND,) for label, operation in found.items()}
    tallies, round_ = {label: Tally() for label in found}, 0
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool, _dropped_at_the_end(pool):
        while drawing and (missing := cases - sum(tally.sent for tally in tallies.values())) > 0:
            each = -(-missing // sum(map(len, drawing.values())))
            pieces = [Piece(label, kinds, each, seed + 1_000_000 * round_) for label, kinds in drawing.items()]
            sending = {pool.submit(send_piece, address, piece, known): piece.label for piece in pieces}
            for done in as_completed(sending):
                label, by_kind = sending[done], done.result()
                for tally in by_kind.values():
                    tallies[label].add(tally)
                look()
                print(f"\r{sum(tally.sent for tally in tallies.values()):,} of {cases:,} requests", end="", file=sys.stderr, flush=True)
                if not (left := tuple(kind for kind, tally in by_kind.items() if tally.sent == each)):
                    del drawing[label]
                else:
                    drawing[label] = left
            round_ += 1
    return tallies


@contextmanager
def _dropped_at_the_end(pool: ProcessPoolExecutor) -> Iterator[None]:
    """Whoever interrupts the command does not wait for what was to be sent."""
    try:
        yield
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@cache
def operations(address: str) -> dict[str, Any]:
    """The operations of the document, by label. What Schemathesis prepares for each is kept with them."""
    import schemathesis

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        return {operation.label: operation for operation in (found.ok() for found in schema.get_all_operations())}


def _has_input(operation: Any) -> bool:
    """Whether there is something to spoil: any text in a path is a sound one, and a thousand vain attempts would be made."""
    return bool(len(operation.body) + len(operation.query) + len(operation.headers))


def send_piece(address: str, piece: Piece, known: tuple[str, ...]) -> dict[str, Tally]:
    """Draw and send the cases of a piece; what came back, by kind."""
    warnings.simplefilter("ignore")
    return {kind: _sent(operations(address)[piece.label], kind, piece.cases, piece.seed, known) for kind in piece.kinds}


def _sent(operation: Any, kind: str, cases: int, seed: int, known: tuple[str, ...]) -> Tally:
    import hypothesis
    import requests
    from hypothesis import HealthCheck, Phase
    from schemathesis import GenerationMode

    tally, mode = Tally(), GenerationMode.POSITIVE if kind == SOUND else GenerationMode.NEGATIVE
    settings = hypothesis.settings(
        max_examples=cases, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )  # fmt: skip
    with requests.Session() as session:
        session.trust_env = False
        session.headers.clear()  # a case brings its own

        @hypothesis.seed(seed)
        @settings
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            place = tally.sent % (len(known) + 1)
            if "run_id" in (case.path_parameters or {}) and place < len(known):
                case.path_parameters["run_id"] = known[place]
            _send(case, session, tally)

        try:
            send()
        except Exception as error:  # where nothing can be spoilt there are no such cases
            if type(error).__name__ not in ("Unsatisfiable", "SkipTest", "Skip"):
                tally.faults.append(f"{type(error).__name__}: {str(error)[:200]}")
    return tally


def _send(case: Any, session: Any, tally: Tally) -> None:
    begun = time.perf_counter()
    try:
        response = case.call(session=session, timeout=2 * SLOW)
    except Exception as error:
        tally.faults.append(f"no answer: {type(error).__name__}: {str(error)[:200]}")
        return
    took = time.perf_counter() - begun
    tally.codes[response.status_code] += 1
    tally.slowest = max(tally.slowest, took)
    kind = response.headers.get("content-type", [""])
    if response.status_code >= 500 and response.status_code != TRY_LATER:
        tally.faults.append(f"{response.status_code} after {case.as_curl_command()[:400]}")
    elif response.status_code >= 400 and not str(kind).startswith(("['application/problem+json", "application/problem+json")):
        tally.faults.append(f"{response.status_code} as {kind} after {case.as_curl_command()[:400]}")
    elif took > SLOW:
        tally.faults.append(f"{took:.1f} s after {case.as_curl_command()[:400]}")


def report(tallies: dict[str, Tally], seed: int, held: list[float], seconds: float, measured: str) -> str:
    """The page of one run. `held`: MiB that the server held, from the first operation to the last."""
    cases, faults = sum(t.sent for t in tallies.values()), [f"{name}: {x}" for name, t in tallies.items() for x in t.faults]
    rows = []
    for name, tally in sorted(tallies.items()):
        codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(tally.codes.items()))
        rows.append([f"`{name}`", f"{tally.sent:,}", codes, f"{tally.slowest:.2f}", str(len(tally.faults))])
    head = f"# {cases:,} requests at random: {len(faults)} faults"
    told = (
        f"`python -m benchmarks.fuzz_http`, seed {seed}, {seconds:,.0f} s. The serving process held {held[0]:,.0f} MiB after the first operation, "
        f"{held[len(held) // 2]:,.0f} halfway and {held[-1]:,.0f} at the end, {max(held):,.0f} at most. {measured}"
    )
    listed = "\n".join(f"- {fault}" for fault in faults[:50])
    return "\n\n".join(x for x in (head, told, table(["operation", "requests", "answers", "slowest, s", "faults"], rows), listed) if x)


if __name__ == "__main__":
    main()
