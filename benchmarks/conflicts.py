"""Contradictions and repairs of random scenarios without a plan, checked by editing documents and by brute force. Writes `results/conflicts.md`.

python -m benchmarks.conflicts --cases 200 --seconds 3600
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from optimizer.conflict import analyse
from scenarios.files import scenario_from
from tests.optimizer.clashing import clashing, conflict_faults, possible, repair_faults

PAGE = Path(__file__).parent / "results" / "conflicts.md"
PATIENCE = 600.0  # seconds for one scenario


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200, help="scenarios without a plan")
    parser.add_argument("--first", type=int, default=1000, help="first seed")
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no scenario after this long")
    asked = parser.parse_args()
    counts, began = dict.fromkeys(("scenarios", "contradictions", "members", "repairs", "widest gap"), 0.0), time.monotonic()
    faults: list[str] = []
    seed = asked.first
    while counts["scenarios"] < asked.cases and time.monotonic() - began < asked.seconds:
        document, seed = clashing(seed), seed + 1
        if not possible(document):
            _one(document, counts, faults)
    PAGE.write_text(_page(asked.first, seed, counts, faults), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def _one(document: dict, counts: dict[str, float], faults: list[str]) -> None:  # type: ignore[type-arg]
    """Look at one scenario without a plan."""
    made, started = scenario_from(document), time.monotonic()
    found = analyse(made, made.solve, lambda: PATIENCE - (time.monotonic() - started), repairs=3)
    counts["scenarios"] += 1
    counts["contradictions"] += len(found.conflicts)
    counts["members"] += sum(len(x.members) for x in found.conflicts)
    counts["repairs"] += len(found.repairs)
    counts["widest gap"] = max([counts["widest gap"], *(x.gap for x in found.repairs)])
    faults += [f"{made.name}: {fault}" for fault in (*conflict_faults(document, found), *repair_faults(document, found))]


def _page(first: int, last: int, counts: dict[str, float], faults: list[str]) -> str:
    said = "\n".join(f"- {fault}" for fault in faults) or "No fault was found."
    looked = f"{counts['contradictions']:.0f} contradictions with {counts['members']:.0f} members, {counts['repairs']:.0f} repairs"
    return f"""# Contradictions and repairs of random scenarios

`python -m benchmarks.conflicts`, seeds {first} to {last - 1}: {counts["scenarios"]:.0f} scenarios without a plan (one site, one product, one or two
periods, two to three offers, two to four rules). Each contradiction was kept alone and then without each of its members, by editing the document; each repair
was made and solved; and changes of one, two or three members for 98.5 % of the cheapest repair's price were tried.

{looked}, widest gap {100 * counts["widest gap"]:.2g} %.

{said}
"""


if __name__ == "__main__":
    main()
