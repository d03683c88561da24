"""Every clause and every rule at once: what each phase of solving, auditing and reporting takes. Writes `results/everything.md`.

    python -m benchmarks.everything

The scenario is made from the registries (`tests/optimizer/everything.py`). Its plan is compared with the simulator of cash; ends with code 1 where they
disagree, or where the gap that was asked for is not proven.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.machine import RESULTS, machine, sentence, table
from models.options import override
from optimizer.engine import solve
from optimizer.report import html_report
from scenarios.files import scenario_from
from tests.optimizer.cash_simulator import disagreements
from tests.optimizer.everything import everything

PAGE = RESULTS / "everything.md"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gap", type=float, default=1e-3, help="relative gap to prove")
    parser.add_argument("--seconds", type=float, default=600.0, help="time limit of the solve")
    parser.add_argument("--dry", action="store_true", help="write no page")
    asked = parser.parse_args()
    measured, document = sentence(machine()), scenario_from(everything())
    plan = solve(document, override(document.solve, gap=asked.gap, time_limit_seconds=asked.seconds))
    started = time.monotonic()
    page = html_report(plan, document)
    rows = [[phase.name, f"{phase.seconds:.2f}"] for phase in plan.provenance.phases] + [["report (HTML)", f"{time.monotonic() - started:.2f}"]]
    found, s, n = disagreements(document, plan), plan.summary, plan.numerics
    clauses, kept = sum(len(x.clauses) for x in document.offers), sum(rule.violation == 0 for rule in plan.rules)
    text = f"""# Every clause and every rule at once

`python -m benchmarks.everything`. {measured}

{clauses} clauses in {len(document.offers)} offers, {len(document.rules)} rules ({kept} of them kept), {plan.provenance.futures} futures,
{plan.provenance.nodes} nodes: {n.rows} rows, {n.columns} columns, {n.integers} of them whole.
Objective {s.objective:,.2f}, bound {s.bound:,.2f}, gap {s.gap:.1e} ({plan.status}),
largest violation in the audit {plan.audit.largest_violation:.0e}, {len(plan.costs)} amounts, {len(found)} of them other than the simulator of cash says;
a report of {len(page) // 1024} KiB.

{table(["phase", "s"], rows)}
"""
    if not asked.dry:
        PAGE.write_text(text, encoding="utf-8")
    print(text, *found, sep="\n")
    return 1 if found or s.gap > asked.gap else 0


if __name__ == "__main__":
    raise SystemExit(main())
