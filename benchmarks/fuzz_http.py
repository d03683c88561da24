"""Requests at random over the whole OpenAPI document, against a real server: `python -m benchmarks.fuzz_http --cases 20000`.

Schemathesis draws requests from the document, sound ones and spoilt ones; solves are stand-ins that answer at once, everything else is real. No answer may
be a 5xx other than "full, try again later", none may take longer than the limit, every error must be a problem document (RFC 9457), and the process that
serves may not grow without bound.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.machine import RESULTS, machine, sentence, table
from tests.api.service import STAND_IN, serving

SLOW = 5.0  # seconds that no answer may take
TRY_LATER = 503


@dataclass
class Tally:
    """What came back, of one operation."""

    codes: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)


def main() -> None:
    """Draw, send, count, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found = machine()
    begun = time.perf_counter()
    with serving(STAND_IN, queue=1_000_000, keep_runs=200, max_wait_seconds=0.5) as client:
        known = [client.solve(name, wait=30).json()["id"] for name in ("fine", "also-fine")]
        before = _memory()
        tallies = fuzz(str(client.base_url), given.cases, given.seed, known)
        grown = _memory() - before
    text = report(tallies, given.seed, grown, time.perf_counter() - begun, sentence(found))
    print(text)
    (RESULTS / "fuzz-http.md").write_text(text + "\n", encoding="utf-8")
    if any(tally.faults for tally in tallies.values()):
        raise SystemExit(1)


def fuzz(address: str, cases: int, seed: int, known: list[str]) -> dict[str, Tally]:
    """Send as many requests as asked for, spread over all operations; what came back, by operation. `known`: runs that there are; two of three requests
    about a run are about one of them."""
    import schemathesis

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]
        each = -(-cases // len(operations))
        return {operation.label: _fuzzed(operation, each, seed, known) for operation in operations}


def _fuzzed(operation: Any, cases: int, seed: int, known: list[str]) -> Tally:
    """Half of the cases are sound by the document, half of them are spoilt where that is possible."""
    import hypothesis
    from hypothesis import HealthCheck, Phase
    from schemathesis import GenerationMode

    tally = Tally()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        settings = hypothesis.settings(
            max_examples=-(-cases // 2), deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )  # fmt: skip

        @hypothesis.seed(seed)
        @settings
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            place = sum(tally.codes.values()) % (len(known) + 1)
            if "run_id" in (case.path_parameters or {}) and place < len(known):
                case.path_parameters["run_id"] = known[place]
            _send(case, tally)

        try:
            send()
        except Exception as error:  # where nothing can be spoilt there are no such cases
            if type(error).__name__ not in ("Unsatisfiable", "SkipTest", "Skip"):
                tally.faults.append(f"{type(error).__name__}: {str(error)[:200]}")
    return tally


def _send(case: Any, tally: Tally) -> None:
    begun = time.perf_counter()
    try:
        response = case.call(timeout=2 * SLOW)
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


def _memory() -> float:
    """Most memory that this process, which also serves, has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(tallies: dict[str, Tally], seed: int, grown: float, seconds: float, measured: str) -> str:
    """The page of one run."""
    cases, faults = sum(sum(t.codes.values()) for t in tallies.values()), [f"{name}: {x}" for name, t in tallies.items() for x in t.faults]
    rows = []
    for name, tally in sorted(tallies.items()):
        codes = ", ".join(f"{code}: {count:,}" for code, count in sorted(tally.codes.items()))
        rows.append([f"`{name}`", f"{sum(tally.codes.values()):,}", codes, f"{tally.slowest:.2f}", str(len(tally.faults))])
    head = f"# {cases:,} requests at random: {len(faults)} faults"
    told = (
        f"`python -m benchmarks.fuzz_http`, seed {seed}, {seconds:,.0f} s. The serving process grew by {grown:,.0f} MiB, with what drew the requests "
        f"in it. {measured}"
    )
    listed = "\n".join(f"- {fault}" for fault in faults[:50])
    return "\n\n".join(x for x in (head, told, table(["operation", "requests", "answers", "slowest, s", "faults"], rows), listed) if x)


if __name__ == "__main__":
    main()
