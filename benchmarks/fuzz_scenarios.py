"""Scenarios spoilt at random: `python -m benchmarks.fuzz_scenarios --cases 20000`.

Bundled scenarios are changed in their values, fields, rows and bytes, and read. Each must end as a scenario or as findings, within five seconds of a
processor and a bounded memory; anything else is a fault. What is still a scenario must come back the same when it is written and read again, and one in
ten of the small ones is solved: it must end with a plan that passes its audit, or with an error that the engine knows.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from benchmarks.spoilt import Kind, Wrong, main
from models.errors import AuditMismatch, OfftakeError, SolverFailure
from models.scenario import Scenario
from scenarios import library
from scenarios.files import dump_scenario, parse_scenario

SOLVED = 10  # one in so many scenarios is solved
SMALL = 20_000  # bytes up to which it is
LARGE = ("fibre", "fibre-generated")  # drawn seldom: most of their time is reading

NUMBERS: tuple[Any, ...] = (0, -1, 1, 2, 0.5, -0.5, 1e-9, 1e-320, 1e6, 1e12, 1e15, 1e308, -1e308, 10**400, 2**63, 0.1, -0.0, float("nan"), float("inf"))
TEXTS: tuple[Any, ...] = ("", "x", "now", "nobody", "\ud800", "\x00", "<b>", "=1+1", "../x", "x" * 300, "x" * 100_000, "2027", "é", "null", "1e5")
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [{}], {"kind": "force"}, {"kind": "nothing"}, [1, 2], [0.0] * 300, {"a": {"b": {}}})
BYTES = (b"", b"{", b"}", b"[", b"]", b",", b'"', b"\\u", b"\xff", b"\x00", b"NaN", b"1e999", b"-", b"9" * 5_000, b"[" * 3_000, b'{"a":' * 3_000)
MANY = 50_000
Place = tuple[Any, Any]  # a container, and where in it


@cache
def raw_of(name: str) -> bytes:
    """The text of a bundled scenario."""
    return library.read(name)


def places(data: Any) -> list[Place]:
    """Places in a document: all of them, unless there are very many."""
    found: list[Place] = []
    open_ = [data]
    while open_ and len(found) < MANY:
        here = open_.pop()
        for key in list(here) if isinstance(here, dict) else range(len(here)):
            found.append((here, key))
            if isinstance(here[key], dict | list):
                open_.append(here[key])
    return found


def values(r: random.Random, data: Any) -> None:
    """Some values are others: of the same type, of another, or somebody else's."""
    for _ in range(r.randint(1, 4)):
        where = places(data)
        here, key = r.choice(where)
        there, other = r.choice(where)
        was = here[key]
        like = NUMBERS if isinstance(was, int | float) and not isinstance(was, bool) else TEXTS if isinstance(was, str) else OTHERS
        here[key] = deepcopy(r.choice((r.choice(like), r.choice(like), r.choice(r.choice((NUMBERS, TEXTS, OTHERS))), there[other])))


def numbers(r: random.Random, data: Any) -> None:
    """Numbers are a little, or much, larger or smaller."""
    where = numbers_in(data)
    for here, key in r.choices(where, k=r.randint(1, 8)) if where else ():
        here[key] = here[key] * r.choice((0, -1, 0.5, 0.9, 1.1, 2, 10, 1e3, 1e6, 1e9)) + r.choice((0, 0, 0, 1, -1, 0.01))


def gentle(r: random.Random, data: Any) -> None:
    """Prices, volumes and shares are others, and mostly sound."""
    where = [x for x in numbers_in(data) if isinstance(x[1], str) and x[1] not in ("probability", "periods", "share")]
    for here, key in r.choices(where, k=r.randint(1, 4)) if where else ():
        factor = r.choice((0, 0.3, 0.9, 1.0001, 1.5, 4, 30, 1e4, 1e-4))
        here[key] = here[key] * factor if isinstance(here[key], float) else round(here[key] * factor)


def numbers_in(data: Any) -> list[Place]:
    """Every place that holds a number of ordinary size."""
    return [x for x in places(data) if isinstance(v := x[0][x[1]], int | float) and not isinstance(v, bool) and abs(v) < 1e300]


def fields(r: random.Random, data: Any) -> None:
    """Fields are missing, misspelt, or there that nobody knows."""
    for _ in range(r.randint(1, 3)):
        where = [x for x in places(data) if isinstance(x[0], dict)]
        if not where:
            return
        here, key = r.choice(where)
        what = r.randrange(3)
        if what == 0:
            del here[key]
        elif what == 1:
            here[f"{key}s"] = here.pop(key)
        else:
            here[r.choice(("kind", "id", "note", "price", "x", "", "\ud800", "__proto__"))] = deepcopy(r.choice((*NUMBERS, *TEXTS, *OTHERS)))


def rows(r: random.Random, data: Any) -> None:
    """Rows of tables are missing, twice, moved, or very many."""
    for _ in range(r.randint(1, 3)):
        tables = [here[key] for here, key in places(data) if isinstance(here[key], list)]
        if not tables:
            return
        table = r.choice(tables)
        what = r.randrange(5)
        if what == 0:
            table.clear()
        elif what == 1:
            r.shuffle(table)
        elif table:
            at = r.randrange(len(table))
            table[at : at + 1] = {2: [], 3: [table[at]] * 2}.get(what, [table[at]] * (3 if len(places(data)) > 2_000 else r.choice((3, 50, 2_000))))


def deep(r: random.Random, data: Any) -> None:
    """Something lies very deep."""
    here, key = r.choice(places(data))
    found: Any = 1
    for _ in range(r.choice((10, 100, 200))):
        found = r.choice(([found], {"a": found}))
    here[key] = found


CHANGES: tuple[Callable[[random.Random, Any], None], ...] = (gentle, gentle, gentle, gentle, values, values, values, numbers, fields, fields, rows, deep)


def text(r: random.Random, raw: bytes) -> bytes:
    """Bytes are changed, cut out, doubled or put in; or a field stands twice."""
    changed = bytearray(raw)
    for _ in range(r.randint(1, 4)):
        if changed:
            at, size = r.randrange(len(changed)), r.randint(1, 40)
            new = r.choice((r.choice(BYTES), bytes(r.randrange(256) for _ in range(size)), changed[at : at + size] * 2, b'"name": 1, "name": 2,'))
            changed[at : at + r.choice((0, size))] = new
    return bytes(changed[: r.randrange(len(changed) + 1)] if r.random() < 0.1 else changed)


def case(seed: int) -> tuple[str, bytes]:
    """The document of a seed, and how it was spoilt."""
    r = random.Random(seed)
    name = r.choice(library.names())
    if name in LARGE and r.random() < 0.9:
        name = "quickstart"
    raw, how = raw_of(name), []
    if r.random() < 0.85:
        data = json.loads(raw)
        for change in r.choices(CHANGES, k=r.choice((1, 1, 2))):
            change(r, data)
            how.append(change.__name__)
        raw = json.dumps(data, ensure_ascii=r.random() < 0.5).encode("utf-8", "surrogatepass")
    if not how or r.random() < 0.1:
        raw, how = text(r, raw), [*how, "text"]
    return "+".join(sorted(set(how))), raw


def further(seed: int, scenario: Scenario) -> None:
    """The scenario comes back the same; one in so many is solved."""
    raw = dump_scenario(scenario)
    if parse_scenario(raw) != scenario:
        raise Wrong("it does not come back the same")
    if seed % SOLVED == 0 and len(raw) <= SMALL:
        from optimizer.engine import solve

        limits = {"time_limit_seconds": 5.0, "max_nonzeros": 200_000, "threads": 1, "out_of_sample": 0, "replications": 0, "rolling": 0}
        known = {name: value for name, value in limits.items() if name in type(scenario.solve).model_fields}
        try:
            solve(scenario, scenario.solve.model_copy(update=known))
        except (AuditMismatch, SolverFailure) as error:
            raise Wrong(f"{type(error).__name__}: {error}") from error
        except OfftakeError:
            pass


SCENARIOS = Kind("scenarios", "python -m benchmarks.fuzz_scenarios", ("pydantic", "highspy", "pyomo"), case, parse_scenario, further)

if __name__ == "__main__":
    from benchmarks.fuzz_scenarios import SCENARIOS as HERE  # under a name that other processes find

    raise SystemExit(main(HERE))
